//! The bottom strip: what needs an act, newest first, with its button, and a history that can be reopened.
//!
//! Invariant: nothing important disappears by itself. What only answers a key leaves after [`PASSING`], a request when it was
//! answered, all else when a person puts it away; whatever left is in the history. What must be acted on stands above the
//! rest. Deliberately absent: making sentences (`sentences`), saying that a request was answered (`notifications`).

use crate::domain::camera::CameraId;
use crate::gui::i18n::fl;
use crate::gui::icons::{Icon, icon};
use crate::gui::sentences;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, quiet};
use iced::alignment::Vertical;
use iced::widget::{column, container, responsive, row, scrollable, text};
use iced::{Element, Fill};
use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

/// Notices kept, put away ones included.
const KEPT: usize = 200;
/// Notices shown when the history is closed.
const SHOWN: usize = 2;
/// Height of the closed strip, for [`room`]: always the same, so that a message never moves the wall.
const HEIGHT: f32 = 106.0;
/// A strip that is narrower writes its words small, logical pixels.
const NARROW: f32 = 1100.0;
/// What stands beside the words of a notice: sign, time, the buttons that put it away and open the history; and the one that goes to
/// its camera, logical pixels.
const BESIDE: f32 = 370.0;
const GO: f32 = 85.0;
/// Width of a letter, as a share of the size of the text, on the average of the program's font and words that are not cut.
const LETTER: f32 = 0.54;

/// How long a notice that answers a key stands.
pub const PASSING: Duration = Duration::from_secs(30);

/// How long a notice stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Stay {
    /// The answer to a key that was pressed just now.
    Passing,
    /// Until this is settled, here or elsewhere.
    UntilSettled(Concern),
    UntilPutAway,
}

/// What others ask of this person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// A clearance, by its number.
    Clearance(u64),
    /// A dome that a user asks for.
    Dome { dome: CameraId, user: String },
    /// The clock of this machine, until it is put right.
    Clock,
}

/// One sentence with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub at: SystemTime,
    pub tone: Tone,
    pub words: String,
    /// A camera that the notice's button goes to.
    pub camera: Option<CameraId>,
    stay: Stay,
    put_away: bool,
}

/// What a hand does to the strip.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    PutAway(usize),
    GoTo(CameraId),
    ToggleHistory,
}

/// The strip's notices.
#[derive(Debug, Default)]
pub struct MessageStrip {
    /// Newest first.
    notices: VecDeque<Notice>,
    open: bool,
}

impl MessageStrip {
    /// Adds a notice; the same sentence again only renews its time.
    pub fn say(&mut self, at: SystemTime, tone: Tone, words: String, camera: Option<CameraId>, stay: Stay) {
        if let Some(first) = self
            .notices
            .front_mut()
            .filter(|first| first.words == words && first.camera == camera)
        {
            first.at = at;
            first.put_away = false;
            return;
        }
        self.notices.push_front(Notice {
            at,
            tone,
            words,
            camera,
            stay,
            put_away: false,
        });
        self.notices.truncate(KEPT);
    }

    /// Puts a notice away or opens the history. Going to a camera is for the parent.
    pub fn update(&mut self, message: &Message) {
        match message {
            Message::PutAway(index) => {
                if let Some(notice) = self.notices.get_mut(*index) {
                    notice.put_away = true;
                }
            }
            Message::GoTo(_) => {}
            Message::ToggleHistory => self.open = !self.open,
        }
    }

    /// Puts away what only answered a key some time before `now`. A clock that was put back lets it stand longer.
    pub fn tidy(&mut self, now: SystemTime) {
        for notice in &mut self.notices {
            let old = now.duration_since(notice.at).is_ok_and(|age| age >= PASSING);
            notice.put_away |= old && notice.stay == Stay::Passing;
        }
    }

    /// Puts away what stood until this was settled.
    pub fn settle(&mut self, concern: &Concern) {
        for notice in &mut self.notices {
            notice.put_away |= matches!(&notice.stay, Stay::UntilSettled(until) if until == concern);
        }
    }

    /// Notices that were not put away, with their index: those that must be acted on first, each kind newest first.
    pub fn pending(&self) -> Vec<(usize, &Notice)> {
        let all = self.notices.iter().enumerate();
        let mut pending: Vec<_> = all.filter(|(_, notice)| !notice.put_away).collect();
        pending.sort_by_key(|(_, notice)| notice.tone != Tone::Act);
        pending
    }

    /// Whether the history is open.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The strip. `focus` is the place of the keyboard among the pending notices, `key` that of the history.
    pub fn view(&self, focus: Option<usize>, key: Option<String>) -> Element<'_, Message> {
        if self.open {
            return self.strip(focus, key.as_ref(), f32::INFINITY);
        }
        let strip = responsive(move |size| self.strip(focus, key.as_ref(), size.width));
        container(strip).height(HEIGHT).into()
    }

    fn strip(&self, focus: Option<usize>, key: Option<&String>, width: f32) -> Element<'_, Message> {
        let pending = self.pending();
        let history = action(
            Icon::History,
            fl!("strip-history"),
            key,
            false,
            Some(Message::ToggleHistory),
        );
        if self.open {
            let all = self
                .notices
                .iter()
                .enumerate()
                .map(|(index, notice)| line(index, notice, false, width));
            let list: Element<'_, Message> = if self.notices.is_empty() {
                quiet(fl!("strip-nothing")).into()
            } else {
                scrollable(column(all).spacing(4))
                    .height(220)
                    .width(Fill)
                    .style(theme::scroll)
                    .into()
            };
            return row![list, history].spacing(theme::GAP).padding(8).into();
        }
        let mut side = column![history].spacing(4);
        let lines: Element<'_, Message> = if pending.is_empty() {
            container(quiet(fl!("strip-nothing")))
                .padding([6, 4])
                .width(Fill)
                .into()
        } else {
            let shown = shown(&pending, width);
            let more = pending.len() - shown;
            let shown = pending.iter().take(shown).enumerate();
            let lines = shown.map(|(place, (index, notice))| line(*index, notice, focus == Some(place), width));
            let lines = column(lines);
            if more > 0 {
                side = side.push(quiet(fl!("strip-more", n = more.to_string())));
            }
            lines.spacing(4).width(Fill).into()
        };
        let strip = row![lines, side]
            .spacing(theme::GAP)
            .padding([5, 8])
            .align_y(Vertical::Center);
        container(strip).height(Fill).align_y(Vertical::Center).into()
    }
}

/// Size of the words in a strip of this width.
fn size(width: f32) -> f32 {
    if width < NARROW { theme::SMALL } else { theme::BODY }
}

/// Lines of words that the closed strip of this width has room for.
fn room(width: f32) -> usize {
    if width < NARROW { 5 } else { 4 }
}

/// Lines that the words of a notice take in a strip of this width.
fn lines(notice: &Notice, width: f32) -> usize {
    let beside = BESIDE + if notice.camera.is_some() { GO } else { 0.0 };
    let letters = ((width - beside) / (size(width) * LETTER)).max(1.0) as usize;
    notice.words.chars().count().div_ceil(letters).max(1)
}

/// How many of the notices that wait are shown whole: [`SHOWN`] at most, and the first one in any case.
fn shown(pending: &[(usize, &Notice)], width: f32) -> usize {
    let mut room = room(width);
    let fits = pending.iter().take(SHOWN).take_while(|(_, notice)| {
        let taken = lines(notice, width);
        let fits = taken <= room;
        room = room.saturating_sub(taken);
        fits
    });
    fits.count().max(1).min(pending.len())
}

fn line(index: usize, notice: &Notice, focused: bool, width: f32) -> Element<'_, Message> {
    let sign = match notice.tone {
        Tone::Normal => Icon::Done,
        Tone::Attention | Tone::Act => Icon::Warning,
        Tone::Other => Icon::Leased,
    };
    let mut line = row![
        icon(sign, theme::BODY).color(notice.tone.colour()),
        text(sentences::clock(&sentences::in_rome(notice.at)))
            .size(theme::SMALL)
            .color(theme::QUIET),
        text(notice.words.as_str()).size(size(width)).width(Fill),
    ]
    .spacing(10)
    .align_y(Vertical::Center);
    if let Some(camera) = &notice.camera {
        let go = Message::GoTo(camera.clone());
        line = line.push(action(Icon::Camera, fl!("strip-go-to-camera"), None, focused, Some(go)));
    }
    if !notice.put_away {
        let away = Message::PutAway(index);
        line = line.push(action(Icon::Close, fl!("strip-put-away"), None, focused, Some(away)));
    }
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_notice_is_cut_where_the_window_is_narrow() {
        let asks = "15 · Cupola 15: Mar. Elena Conti (Carabinieri, Stazione locale) chiede la telecamera: «Inseguimento a piedi \
                    verso il parco, giubbotto rosso». Premere L per rispondere.";
        let count = |words: [&str; 3], width: f32| {
            let mut strip = MessageStrip::default();
            for (second, words) in (0..).zip(words) {
                strip.say(
                    at(second),
                    Tone::Act,
                    words.into(),
                    Some("cam-15".parse().unwrap()),
                    Stay::UntilPutAway,
                );
            }
            shown(&strip.pending(), width)
        };
        // 1366 at 150 % and at 100 %, 1920 at 100 %.
        let long = [asks, &asks.replace('L', "N"), &asks.replace('L', "M")];
        assert_eq!([911.0, 1366.0, 1920.0].map(|width| count(long, width)), [1, 2, 2]);
        assert_eq!(count(["a", "b", "c"], 911.0), 2, "short ones");
        let answer = "4 · Telecamera 4: la telecamera non accetta maschere proprie: quelle del piano coprono qui.";
        assert_eq!(
            count(["a", answer, asks], 911.0),
            2,
            "what answers a key, under the others' request"
        );
        let endless = asks.repeat(4);
        assert_eq!(count([&endless, "b", &endless], 911.0), 1, "one is there in any case");
        assert_eq!(shown(&[], 911.0), 0);
    }

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn words(strip: &MessageStrip) -> Vec<&str> {
        strip
            .pending()
            .iter()
            .map(|(_, notice)| notice.words.as_str())
            .collect()
    }

    #[test]
    fn what_answers_a_key_leaves_by_itself_and_what_must_be_acted_on_stays_above() {
        let mut strip = MessageStrip::default();
        strip.say(
            at(0),
            Tone::Act,
            "Account usato altrove.".into(),
            None,
            Stay::UntilPutAway,
        );
        strip.say(
            at(1),
            Tone::Attention,
            "Maschere diverse.".into(),
            None,
            Stay::UntilPutAway,
        );
        strip.say(
            at(2),
            Tone::Attention,
            "Zoom oltre il limite.".into(),
            None,
            Stay::Passing,
        );
        let all = ["Account usato altrove.", "Zoom oltre il limite.", "Maschere diverse."];
        assert_eq!(words(&strip), all);
        strip.tidy(at(2) + PASSING - Duration::from_millis(1));
        assert_eq!(words(&strip), all);
        strip.tidy(at(0));
        strip.tidy(at(2) + PASSING);
        assert_eq!(words(&strip), ["Account usato altrove.", "Maschere diverse."]);
    }

    #[test]
    fn a_request_leaves_when_it_is_answered_and_no_other_one_with_it() {
        let mut strip = MessageStrip::default();
        for id in [7, 8] {
            let stay = Stay::UntilSettled(Concern::Clearance(id));
            strip.say(at(id), Tone::Act, format!("nullaosta {id}"), None, stay);
        }
        strip.tidy(at(99_999));
        strip.settle(&Concern::Clearance(7));
        assert_eq!(words(&strip), ["nullaosta 8"]);
    }

    #[test]
    fn the_same_sentence_again_is_one_notice_and_a_notice_put_away_is_in_the_history() {
        let mut strip = MessageStrip::default();
        for second in 0..50 {
            strip.say(
                at(second),
                Tone::Attention,
                "Zoom oltre il limite.".into(),
                None,
                Stay::UntilPutAway,
            );
        }
        strip.say(at(0), Tone::Normal, "Salvata.".into(), None, Stay::UntilPutAway);
        assert_eq!(strip.pending().len(), 2);
        strip.update(&Message::PutAway(0));
        assert_eq!(strip.pending().len(), 1);
        assert_eq!(
            strip.notices.len(),
            2,
            "a notice that was put away stays in the history"
        );
    }
}
