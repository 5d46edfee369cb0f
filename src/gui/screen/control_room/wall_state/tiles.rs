//! The tiles of the wall: which camera is on which, its streams, and how they do.
//!
//! Invariant: a picture older than three seconds is never taken for live (R-LIV-2); an answer to an older opening is
//! dropped. Deliberately absent: which stream suits a tile (`streams`), what is written over it (`tile_face`).

use super::open_view::Open;
use crate::domain::camera::{CameraId, StreamRole};
use crate::domain::digital_zoom::Crop;
use crate::domain::live::diagnosis::{Measured, Verdict, judge};
use crate::domain::live::freshness::{Freshness, freshness};
use crate::domain::live::stream_selection::{Attention, Pixels, to_show};
use crate::domain::refusal::RefusalKind;
use crate::gui::session_port::Feed;
use crate::media::frame::FrameSlot;
use crate::station::{Refusal, ViewState};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long until a view that was refused for a passing reason is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// A verdict must last this long before the tile says it.
const LASTING: Duration = Duration::from_secs(3);
/// A stream is judged by its figures when it has been shown in the same way for so long.
const SETTLED: Duration = Duration::from_secs(5);

/// What is on a tile.
pub enum Content {
    /// Not visible now.
    Closed,
    Opening,
    Open(Open),
    Refused {
        why: Arc<Refusal>,
        at: Instant,
    },
}

/// The large stream of a tile that is bigger than the small one's picture.
struct Large {
    /// Identity of its opening.
    ticket: u64,
    open: Option<Open>,
    refused_at: Option<Instant>,
}

/// A camera on a tile.
pub struct Placed {
    camera: CameraId,
    /// Identity of the last opening; an answer to an older one is dropped.
    ticket: u64,
    /// The small stream.
    content: Content,
    large: Option<Large>,
    /// The stream that suits the tile.
    wanted: StreamRole,
    /// The part of the picture that was chosen to fill the tile.
    crop: Crop,
    /// Which stream is shown and how much of it is decoded, and since when that is so.
    shown_as: (Option<StreamRole>, Attention),
    since: Instant,
    /// What the figures say, and since when.
    verdict: Option<(Verdict, Instant)>,
    /// Counts of the last measurement.
    drawn_before: u64,
    came_before: u64,
}

/// What became of an answer to an opening.
pub enum Answered {
    /// The answer belongs to another opening.
    NotMine,
    Taken,
    /// The large stream was refused; the small one goes on.
    LargeRefused(Arc<Refusal>),
}

/// The figures of what a tile shows.
pub struct Measurement {
    /// Something was drawn, or came, since the last measurement.
    pub drew: bool,
    pub came: bool,
    /// Whether the large stream is shown and the small one is there to go back to.
    pub can_lower: bool,
    /// Pictures per second; 0 received while the figures have not settled.
    pub received_fps: f64,
    pub decoded_fps: f64,
    pub shown_fps: f64,
}

impl Placed {
    /// A camera whose stream is not open yet.
    pub fn new(camera: CameraId, now: Instant) -> Placed {
        Placed {
            camera,
            ticket: 0,
            content: Content::Closed,
            large: None,
            wanted: StreamRole::Sub,
            crop: Crop::WHOLE,
            shown_as: (None, Attention::Whole),
            since: now,
            verdict: None,
            drawn_before: 0,
            came_before: 0,
        }
    }

    /// The camera.
    pub fn camera(&self) -> &CameraId {
        &self.camera
    }

    /// The part of the picture that was chosen to fill the tile.
    pub fn crop(&self) -> Crop {
        self.crop
    }

    /// Lets a part of the picture fill the tile.
    pub fn show_part(&mut self, crop: Crop) {
        self.crop = crop;
    }

    /// Identity of the small stream's last opening; 0 when it is closed.
    pub fn ticket(&self) -> u64 {
        self.ticket
    }

    /// The small stream.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The small stream's view, if it is open.
    pub fn small(&self) -> Option<&Open> {
        match &self.content {
            Content::Open(open) => Some(open),
            Content::Closed | Content::Opening | Content::Refused { .. } => None,
        }
    }

    fn large(&self) -> Option<&Open> {
        self.large.as_ref().and_then(|large| large.open.as_ref())
    }

    /// The view whose picture the tile shows.
    pub fn shown(&self, now: Instant) -> Option<&Open> {
        let (large, small) = (self.large(), self.small());
        let age = |open: Option<&Open>| open.and_then(|open| open.age(now));
        match to_show(self.wanted, age(large), age(small)) {
            StreamRole::Main => large.or(small),
            StreamRole::Sub => small.or(large),
        }
    }

    /// Identity of the opening whose picture the tile shows.
    pub fn shown_ticket(&self, now: Instant) -> u64 {
        let shown = self.shown(now);
        let large = self.large.as_ref().filter(|large| {
            let open = large.open.as_ref();
            open.is_some_and(|open| shown.is_some_and(|shown| std::ptr::eq(open, shown)))
        });
        large.map_or(self.ticket, |large| large.ticket)
    }

    /// The slots of both streams, each with the identity of its opening.
    pub fn slots(&self) -> impl Iterator<Item = (u64, FrameSlot)> {
        let slot = |ticket: u64, open: &Open| (ticket, open.feed().slot().clone());
        let small = self.small().map(|open| slot(self.ticket, open));
        let large = self
            .large
            .as_ref()
            .and_then(|large| Some(slot(large.ticket, large.open.as_ref()?)));
        small.into_iter().chain(large)
    }

    /// Size of the small stream's picture, once there is one.
    pub fn small_size(&self) -> Option<Pixels> {
        let frame = self.small()?.feed().slot().latest()?;
        Some(Pixels {
            width: frame.width,
            height: frame.height,
        })
    }

    /// The stream that was last found to suit the tile.
    pub fn wanted(&self) -> StreamRole {
        self.wanted
    }

    /// Closes both streams; the view is asked for again when the tile is visible.
    pub fn close(&mut self) {
        self.content = Content::Closed;
        self.large = None;
        self.ticket = 0;
    }

    /// Whether the view should be asked for (again) now. `may_watch` is what the audit path says.
    pub fn wants_opening(&self, now: Instant, may_watch: bool) -> bool {
        match &self.content {
            Content::Closed => true,
            Content::Refused { why, at } => match &**why {
                Refusal::Kind(RefusalKind::Rule(_)) => false,
                // Every question is recorded: it is asked again when the answer can be another.
                Refusal::GraceOver | Refusal::OutboxFilling => may_watch,
                Refusal::SchoolHours { until } => until.is_some_and(|until| now >= until),
                _ => now.saturating_duration_since(*at) >= ASK_AGAIN,
            },
            Content::Opening | Content::Open(_) => false,
        }
    }

    /// The small stream is asked for; its answer will carry this ticket.
    pub fn opening(&mut self, ticket: u64) {
        self.ticket = ticket;
        self.content = Content::Opening;
    }

    /// Takes the stream that suits the tile; whether the large one should be asked for now.
    pub fn suit(&mut self, wanted: StreamRole, now: Instant) -> bool {
        self.wanted = wanted;
        let may_be_asked = self.large.as_ref().is_none_or(|large| {
            large
                .refused_at
                .is_some_and(|at| now.saturating_duration_since(at) >= ASK_AGAIN)
        });
        wanted == StreamRole::Main && may_be_asked
    }

    /// The large stream is asked for; its answer will carry this ticket.
    pub fn opening_large(&mut self, ticket: u64) {
        self.large = Some(Large {
            ticket,
            open: None,
            refused_at: None,
        });
    }

    /// Takes the answer to one of its openings.
    pub fn answered(&mut self, ticket: u64, answer: &Result<Arc<dyn Feed>, Arc<Refusal>>, at: Instant) -> Answered {
        if let Some(large) = self.large.as_mut().filter(|large| large.ticket == ticket) {
            return match answer {
                Ok(feed) => {
                    large.open = Some(Open::new(feed.clone()));
                    Answered::Taken
                }
                Err(why) => {
                    large.refused_at = Some(at);
                    Answered::LargeRefused(why.clone())
                }
            };
        }
        if self.ticket != ticket {
            return Answered::NotMine;
        }
        self.content = match answer {
            Ok(feed) => Content::Open(Open::new(feed.clone())),
            Err(why) => Content::Refused { why: why.clone(), at },
        };
        Answered::Taken
    }

    /// Closes a large stream that is no longer needed, and says how much of each stream is decoded, `most` at most.
    pub fn attend(&mut self, most: Attention, now: Instant) {
        let shown = self.shown(now).map(|open| open.feed().stream());
        if self.wanted == StreamRole::Sub && shown != Some(StreamRole::Main) {
            self.large = None;
        }
        // The small stream rests behind a large one that has a picture, and is there again at once.
        let resting = shown == Some(StreamRole::Main) && self.wanted == StreamRole::Main;
        let small = if resting { most.min(Attention::KeyFrames) } else { most };
        if let Some(open) = self.small() {
            open.feed().attend(small);
        }
        if let Some(open) = self.large() {
            open.feed().attend(most);
        }
        let shown_as = (shown, most);
        if self.shown_as != shown_as {
            (self.shown_as, self.since) = (shown_as, now);
        }
    }

    /// Measures what the tile shows and judges it; call it about twice a second. `seen`: somebody can see it.
    pub fn measure(&mut self, now: Instant, seen: bool) -> Option<Measurement> {
        let open = self.shown(now)?;
        let (drawn, came) = (open.drawn().count(), open.feed().slot().count());
        open.drawn().measure(now);
        let figures = open.feed().figures();
        let shown_fps = open.drawn().per_second();
        // After a reconnection the figures begin anew.
        let live = open.feed().state() == ViewState::Live;
        let settled = live && now.saturating_duration_since(self.since) >= SETTLED;
        let measurement = Measurement {
            drew: drawn != self.drawn_before,
            came: came != self.came_before,
            can_lower: open.feed().stream() == StreamRole::Main && self.small().is_some(),
            received_fps: if settled { figures.received_fps } else { 0.0 },
            decoded_fps: figures.decoded_fps,
            shown_fps,
        };
        let (_, attention) = self.shown_as;
        let verdict = settled.then(|| {
            judge(&Measured {
                received_fps: figures.received_fps,
                decoded_fps: figures.decoded_fps,
                shown_fps: seen.then_some(shown_fps),
                announced_fps: figures.announced_fps,
                loss: figures.loss,
                jitter_ms: figures.jitter_ms,
                behind: figures.on_arrival,
                attention,
            })
        });
        (self.drawn_before, self.came_before) = (drawn, came);
        if !live {
            self.since = now;
        }
        self.judged(verdict, now);
        Some(measurement)
    }

    fn judged(&mut self, verdict: Option<Verdict>, now: Instant) {
        let same = |a: &Verdict, b: &Verdict| std::mem::discriminant(a) == std::mem::discriminant(b);
        let since = match (&self.verdict, &verdict) {
            (Some((before, since)), Some(verdict)) if same(before, verdict) => *since,
            _ => now,
        };
        self.verdict = verdict.map(|verdict| (verdict, since));
    }

    /// What the figures have been saying for a while, if it is not that all is well.
    pub fn lasting_verdict(&self, now: Instant) -> Option<Verdict> {
        let (verdict, since) = self.verdict?;
        let lasts = now.saturating_duration_since(since) >= LASTING;
        (lasts && verdict != Verdict::Well).then_some(verdict)
    }

    /// Follows a view that a rule of time closed. It is asked for again when that can have changed: a supervisor
    /// `opened` the school's camera, the calendar did, the server is back, or an officer goes on in their own name.
    pub fn follow_closed(&mut self, opened: bool, at: Instant) {
        if let Some(why) = self.small().and_then(Open::closed_for_a_time) {
            self.content = Content::Refused { why: Arc::new(why), at };
        }
        if self.large().and_then(Open::closed_for_a_time).is_some() {
            self.large = None;
        }
        let closed =
            matches!(&self.content, Content::Refused { why, .. } if matches!(**why, Refusal::SchoolHours { .. }));
        if closed && opened {
            self.content = Content::Closed;
        }
    }
}

/// How a camera does, for the dot in the list and the words on the tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    NotShown,
    Starting,
    Live,
    Late,
    NotLive,
    Refused,
}

/// How the camera on this tile does, judged by the view that is shown (its small stream when none is named).
pub fn condition(placed: &Placed, shown: Option<&Open>, now: Instant) -> Condition {
    match (&placed.content, shown) {
        (_, Some(open)) | (Content::Open(open), None) => match (freshness(open.age(now)), open.feed().state()) {
            (_, ViewState::Closed { .. }) => Condition::Refused,
            (Freshness::Live, _) => Condition::Live,
            (Freshness::Late, _) => Condition::Late,
            (Freshness::NotLive, ViewState::Connecting) => Condition::Starting,
            (Freshness::NotLive, ViewState::Live | ViewState::Retrying { .. }) => Condition::NotLive,
        },
        (Content::Closed, None) => Condition::NotShown,
        (Content::Opening, None) => Condition::Starting,
        (Content::Refused { .. }, None) => Condition::Refused,
    }
}
