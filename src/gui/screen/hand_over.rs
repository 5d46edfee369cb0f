//! The dialogue of who holds a dome that others ask for: who, of which body, why; hand over or not (R-PTZ-3).
//!
//! Invariant: it answers the person it shows, also when somebody else asks meanwhile. Deliberately absent: who asks next;
//! they are shown once this one is answered.

use crate::domain::ptz::lease::Asking;
use crate::domain::site::CameraPlan;
use crate::gui::desk::Desk;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::{Command, Direction};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, heading, labelled, quiet};
use crate::gui::words;
use crate::station::{Holder, Refusal};
use iced::widget::{column, container, row};
use iced::{Element, Fill, Task};
use std::sync::Arc;

/// The buttons in the order of the keyboard.
const HAND_OVER: usize = 0;
const DECLINE: usize = 1;
const PLACES: usize = 2;

/// The dialogue.
pub struct HandOver {
    desk: Arc<dyn Desk>,
    camera: CameraPlan,
    asking: Asking<Holder>,
    place: usize,
    waiting: bool,
    error: Option<String>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Command(Command),
    HandOver,
    Decline,
    Answered(Result<(), Arc<Refusal>>),
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    Close,
}

impl HandOver {
    /// The dialogue for a dome of ours that somebody asked for.
    pub fn new(desk: Arc<dyn Desk>, camera: CameraPlan, asking: Asking<Holder>) -> HandOver {
        HandOver {
            desk,
            camera,
            asking,
            place: HAND_OVER,
            waiting: false,
            error: None,
        }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Command(Command::Back) => return Action::Close,
            Message::Command(Command::Next | Command::Previous) => self.place = (self.place + 1) % PLACES,
            Message::Command(Command::Arrow(Direction::Left)) => self.place = HAND_OVER,
            Message::Command(Command::Arrow(Direction::Right)) => self.place = DECLINE,
            Message::Command(Command::Confirm) if self.place == DECLINE => return self.answer(false),
            Message::Command(Command::Confirm | Command::HandOver) | Message::HandOver => return self.answer(true),
            Message::Decline => return self.answer(false),
            Message::Command(_) => {}
            Message::Answered(Ok(())) => return Action::Close,
            Message::Answered(Err(why)) => {
                self.waiting = false;
                self.error = Some(words::refusal(&why));
            }
        }
        Action::None
    }

    fn answer(&mut self, yes: bool) -> Action {
        if self.waiting {
            return Action::None;
        }
        self.waiting = true;
        let (camera, to) = (self.camera.id.clone(), self.asking.by.clone());
        let answered = if yes {
            self.desk.hand_over(camera, to)
        } else {
            self.desk.decline(camera, to)
        };
        Action::Run(Task::perform(answered, |answer| {
            Message::Answered(answer.map_err(Arc::new))
        }))
    }

    /// The dialogue.
    pub fn view(&self) -> Element<'_, Message> {
        let free = !self.waiting;
        let title = column![
            heading(fl!("hand-over-title")),
            quiet(format!("{} · {}", self.camera.number, self.camera.name))
        ];
        let who = column![
            labelled(Icon::Person, self.asking.by.display_name.as_str(), Tone::Other),
            quiet(self.asking.by.body.as_str()),
        ]
        .spacing(2);
        let why = container(body(self.asking.reason.as_str()))
            .padding(12)
            .width(Fill)
            .style(theme::inset);
        let give = action(
            Icon::Done,
            fl!("hand-over-give"),
            Some(&"L".to_owned()),
            self.place == HAND_OVER,
            free.then_some(Message::HandOver),
        );
        let keep = action(
            Icon::Refused,
            fl!("hand-over-keep"),
            None,
            self.place == DECLINE,
            free.then_some(Message::Decline),
        );
        let later = action(
            Icon::Close,
            fl!("hand-over-later"),
            Some(&"Esc".to_owned()),
            false,
            Some(Message::Command(Command::Back)),
        );
        let mut content = column![title, who, why, quiet(fl!("hand-over-recorded"))];
        if let Some(error) = &self.error {
            content = content.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        content
            .push(row![give, keep, later].spacing(theme::GAP))
            .spacing(14)
            .width(620)
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;

    fn answered(commands: &[Command]) -> Vec<String> {
        let desk = fake::desk(8, 2);
        let hold = desk.holds().into_iter().find(|hold| hold.ours).unwrap();
        let camera = desk.plan().camera(&hold.camera).unwrap().clone();
        let mut dialogue = HandOver::new(desk.clone(), camera, hold.asking[0].clone());
        for command in commands {
            dialogue.update(Message::Command(*command));
        }
        desk.said()
    }

    #[test]
    fn r_ptz_3_the_holder_hands_over_or_not_by_the_keyboard_and_once() {
        assert_eq!(
            answered(&[Command::HandOver, Command::HandOver]),
            ["hand over cam-07 conti"]
        );
        assert_eq!(answered(&[Command::Confirm]), ["hand over cam-07 conti"]);
        assert_eq!(answered(&[Command::Next, Command::Confirm]), ["decline cam-07 conti"]);
        assert!(answered(&[Command::Back]).is_empty());
    }
}
