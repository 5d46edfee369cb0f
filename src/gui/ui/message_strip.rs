//! The bottom strip: what needs an act, newest first, with its button, and a history that can be reopened.
//!
//! Invariant: nothing important disappears by itself; a notice goes only when a person puts it away, and then it is in
//! the history. Deliberately absent: making sentences (`sentences`).

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
use std::time::SystemTime;

/// Notices kept, put away ones included.
const KEPT: usize = 200;
/// Notices shown when the history is closed.
const SHOWN: usize = 2;
/// Height of the closed strip, for notices of two lines each: always the same, so that a message never moves the wall.
const HEIGHT: f32 = 106.0;

/// One sentence with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub at: SystemTime,
    pub tone: Tone,
    pub words: String,
    /// A camera that the notice's button goes to.
    pub camera: Option<CameraId>,
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
    pub fn say(&mut self, at: SystemTime, tone: Tone, words: String, camera: Option<CameraId>) {
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

    /// Notices that were not put away, with their index, newest first.
    pub fn pending(&self) -> Vec<(usize, &Notice)> {
        self.notices
            .iter()
            .enumerate()
            .filter(|(_, notice)| !notice.put_away)
            .collect()
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

    #[test]
    fn the_same_sentence_again_is_one_notice_and_nothing_leaves_by_itself() {
        let mut strip = MessageStrip::default();
        for second in 0..50 {
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second);
            strip.say(at, Tone::Attention, "Zoom oltre il limite.".into(), None);
        }
        strip.say(SystemTime::UNIX_EPOCH, Tone::Normal, "Salvata.".into(), None);
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
