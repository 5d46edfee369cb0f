//! What is written over a tile's picture: the camera, its state, and a mark for everything a person must know.
//!
//! Invariant: a picture that is not live says so (R-LIV-2). Deliberately absent: drawing (`widget::wall`), what is on
//! a tile (`tiles`).

use super::open_view::Open;
use super::stream_stats;
use super::tiles::{Condition, Content, Placed, condition};
use crate::domain::camera::CameraKind;
use crate::domain::live::overload::Level;
use crate::domain::privacy::declared_event::Change;
use crate::domain::privacy::{Cover, WholeReason};
use crate::domain::ptz::steering;
use crate::domain::refusal::RefusalKind;
use crate::domain::site::CameraPlan;
use crate::domain::site::short_name::short_name;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::screen::control_room::now::Now;
use crate::gui::sentences;
use crate::gui::session_port::{DomeLease, InForce};
use crate::gui::theme::Tone;
use crate::gui::widget::wall::{Face, Mark, StateWords};
use crate::station::{Holder, Refusal, ViewState};
use std::time::{Duration, Instant, SystemTime};

/// Magnification from which a tile says it.
const SHOWN_FROM: f64 = 1.05;

/// Brightness of a picture that is not live.
const DIMMED: f32 = 0.35;

/// How bright the picture is drawn.
pub fn brightness(condition: Condition) -> f32 {
    match condition {
        Condition::Live | Condition::Late => 1.0,
        Condition::NotShown | Condition::Starting | Condition::NotLive | Condition::Refused => DIMMED,
    }
}

/// What is written over the tile; `shown` is the view whose picture is drawn.
pub fn face(plan: &CameraPlan, placed: &Placed, shown: Option<&Open>, said: Said<'_>, now: Now) -> Face {
    let condition = condition(placed, shown, now.instant);
    let age = shown.and_then(|open| open.age(now.instant));
    let time = age
        .and_then(|age| now.clock.checked_sub(age))
        .map(|taken| sentences::clock(&sentences::in_rome(taken)));
    let mut marks = Vec::new();
    marks.extend(said.lease.into_iter().flat_map(lease_marks));
    marks.extend(watched(said.watching));
    if let Some(dwell) = said.tour {
        marks.push(Mark {
            icon: Icon::Retry,
            words: fl!("mark-tour", n = dwell.as_secs().to_string()),
            short: String::new(),
            tone: Tone::Normal,
        });
    }
    marks.extend(out_of_hours(plan, condition, now.clock));
    marks.extend(late(condition, age));
    marks.extend(given_up(said.level).or_else(|| {
        let verdict = placed.lasting_verdict(now.instant)?;
        (condition == Condition::Live).then(|| stream_stats::mark(verdict))
    }));
    let figures = match shown.filter(|_| said.figures) {
        Some(open) => stream_stats::lines(&open.feed().figures(), open.drawn().per_second()),
        None => Vec::new(),
    };
    Face {
        title: format!("{} · {}", plan.number, short_name(&plan.name, &plan.place)),
        place: plan.place.clone(),
        time: time.unwrap_or_default(),
        marks,
        state: match (placed.content(), shown) {
            (Content::Refused { why, .. }, None) => Some(refused(why)),
            _ => state(shown, condition, age, now.instant),
        },
        figures,
        part: None,
        selected: false,
        focused: false,
    }
}

/// A mark for the magnification in force of a dome that is zoomed in, as far as its pose is known.
pub fn zoomed(plan: &CameraPlan, shown: Option<&Open>, now: Instant) -> Option<Mark> {
    let lens = plan.lens.as_ref().filter(|_| plan.kind == CameraKind::Dome)?;
    let zoom = steering::magnification(lens, &shown?.feed().pose(now))?;
    (zoom >= SHOWN_FROM).then(|| {
        let words = sentences::times(zoom);
        Mark {
            icon: Icon::Search,
            short: words.clone(),
            words,
            tone: Tone::Normal,
        }
    })
}

/// Marks for the dome's lease: who holds it, and who asks for it when it is ours.
fn lease_marks(lease: &DomeLease) -> Vec<Mark> {
    let (words, short, tone) = if lease.ours {
        (fl!("mark-held-by-you"), fl!("mark-held-by-you"), Tone::Normal)
    } else {
        let words = format!("{} · {}", lease.display_name, lease.agency);
        (words, lease.display_name.clone(), Tone::Other)
    };
    let mut marks = vec![Mark {
        icon: Icon::Leased,
        words,
        short,
        tone,
    }];
    if let Some(asking) = lease.asking.first().filter(|_| lease.ours) {
        marks.push(Mark {
            icon: Icon::Warning,
            words: fl!("mark-asked", name = asking.by.display_name.as_str()),
            short: asking.by.display_name.clone(),
            tone: Tone::Act,
        });
    }
    marks
}

/// A mark for who else watches: name and agency, the name alone where there is less room.
fn watched(others: &[Holder]) -> Option<Mark> {
    let first = others.first()?;
    let more = match others.len() {
        1 => String::new(),
        count => format!(" +{}", count - 1),
    };
    Some(Mark {
        icon: Icon::Person,
        words: format!("{} · {}{more}", first.display_name, first.agency),
        short: format!("{}{more}", first.display_name),
        tone: Tone::Other,
    })
}

/// What is said of a tile beside its stream.
#[derive(Clone, Copy, Default)]
pub struct Said<'a> {
    pub lease: Option<&'a DomeLease>,
    /// Who else watches it.
    pub watching: &'a [Holder],
    /// What it has been brought down to.
    pub level: Level,
    /// Whether its figures are shown.
    pub figures: bool,
    /// How long each camera stays on a tile that goes through them by itself.
    pub tour: Option<Duration>,
}

/// A school's camera says why its pictures may be seen now.
fn out_of_hours(plan: &CameraPlan, condition: Condition, clock: SystemTime) -> Option<Mark> {
    let calendar = plan.school.as_ref().filter(|_| condition == Condition::Live)?;
    let now = sentences::in_rome(clock);
    calendar.is_open(now.timestamp(), now.time_zone()).then(|| Mark {
        icon: Icon::Clock,
        words: fl!("mark-out-of-hours"),
        short: fl!("mark-out-of-hours-short"),
        tone: Tone::Normal,
    })
}

/// A picture that is late says so.
fn late(condition: Condition, age: Option<Duration>) -> Option<Mark> {
    let age = age.filter(|_| condition == Condition::Late)?;
    Some(Mark {
        icon: Icon::Clock,
        words: fl!("tile-last-picture", age = sentences::span(age)),
        short: sentences::span(age),
        tone: Tone::Attention,
    })
}

/// What overload takes from a tile is said on it.
fn given_up(level: Level) -> Option<Mark> {
    let (words, short) = match level {
        Level::Whole => return None,
        Level::Lower => (fl!("overload-lower"), fl!("overload-lower-short")),
        Level::KeyFrames => (fl!("overload-key-frames"), fl!("overload-key-frames-short")),
    };
    Some(Mark {
        icon: Icon::Warning,
        words,
        short,
        tone: Tone::Attention,
    })
}

fn refused(why: &Refusal) -> StateWords {
    let words = match why {
        Refusal::Kind(RefusalKind::Rule(_)) => fl!("tile-no-permission"),
        Refusal::SchoolHours { .. } => sentences::whole_cover(WholeReason::SchoolHours),
        _ => fl!("tile-not-live"),
    };
    StateWords {
        icon: Icon::Refused,
        words,
        detail: sentences::refusal(why),
        tone: Tone::Attention,
    }
}

fn state(shown: Option<&Open>, condition: Condition, age: Option<Duration>, now: Instant) -> Option<StateWords> {
    let say = |icon, words, detail, tone| {
        Some(StateWords {
            icon,
            words,
            detail,
            tone,
        })
    };
    match (
        condition,
        shown.map(|open| (open.feed().state(), open.feed().cover(now))),
    ) {
        (Condition::Refused, Some((ViewState::Closed { why }, _))) => Some(refused(&why)),
        (Condition::Starting, _) => say(Icon::Waiting, fl!("tile-connecting"), String::new(), Tone::Normal),
        (Condition::NotLive, Some((ViewState::Retrying { trouble, since, .. }, _))) => {
            let since = sentences::span(now.saturating_duration_since(since));
            let detail = fl!(
                "tile-trouble-since",
                trouble = sentences::trouble(&trouble),
                since = since
            );
            say(Icon::NoSignal, fl!("tile-reconnecting"), detail, Tone::Attention)
        }
        (Condition::NotLive, _) => {
            let detail = age
                .map(|age| fl!("tile-last-picture", age = sentences::span(age)))
                .unwrap_or_default();
            say(Icon::Warning, fl!("tile-not-live"), detail, Tone::Attention)
        }
        (Condition::Live | Condition::Late, Some((_, cover))) => match &*cover {
            Cover::Whole(reason) => say(
                Icon::Covered,
                sentences::whole_cover(*reason),
                fl!("tile-covered-detail"),
                Tone::Attention,
            ),
            Cover::Parts(_) => None,
        },
        (Condition::Live | Condition::Late | Condition::NotShown | Condition::Refused, _) => None,
    }
}

/// A mark for a declared event in force on the camera, with the time that is left of it.
pub fn declared(event: &InForce, now: Instant) -> Mark {
    let left = sentences::countdown(event.ends.saturating_duration_since(now));
    let words = match event.change {
        Change::Ceilings => fl!("mark-event", left = left.as_str()),
        Change::Mask(_) => fl!("mark-lifted", left = left.as_str()),
        Change::School => fl!("mark-school", left = left.as_str()),
    };
    Mark {
        icon: Icon::Warning,
        words,
        short: left,
        tone: Tone::Attention,
    }
}
