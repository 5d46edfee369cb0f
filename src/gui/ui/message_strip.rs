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
use crate::gui::ui::controls::{action, body, quiet};
use iced::alignment::Vertical;
use iced::widget::{column, container, row, scrollable, text};
use iced::{Element, Fill};
use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

/// Notices kept, put away ones included.
const KEPT: usize = 200;
/// Notices shown when the history is closed.
const SHOWN: usize = 2;
/// Height of the closed strip, for notices of two lines each: always the same, so that a message never moves the wall.
const HEIGHT: f32 = 106.0;

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

    /// The strip. `focus` is the place of the keyboard among the pending notices.
    pub fn view(&self, focus: Option<usize>) -> Element<'_, Message> {
        let pending = self.pending();
        let history = action(
            Icon::History,
            fl!("strip-history"),
            None,
            false,
            Some(Message::ToggleHistory),
        );
        if self.open {
            let all = self
                .notices
                .iter()
                .enumerate()
                .map(|(index, notice)| line(index, notice, false));
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
            let more = pending.len().saturating_sub(SHOWN);
            let shown = pending.iter().take(SHOWN).enumerate();
            let lines = column(shown.map(|(place, (index, notice))| line(*index, notice, focus == Some(place))));
            if more > 0 {
                side = side.push(quiet(fl!("strip-more", n = more.to_string())));
            }
            lines.spacing(4).width(Fill).into()
        };
        let strip = row![lines, side]
            .spacing(theme::GAP)
            .padding(8)
            .align_y(Vertical::Center);
        container(strip).height(HEIGHT).align_y(Vertical::Center).into()
    }
}

fn line(index: usize, notice: &Notice, focused: bool) -> Element<'_, Message> {
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
        body(notice.words.as_str()).width(Fill),
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
