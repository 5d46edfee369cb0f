//! The dialogue of who holds a dome that others ask for: who, of which body, why; hand over or not (R-PTZ-3).
//!
//! Invariant: it answers the person it shows, also when somebody else asks meanwhile. Deliberately absent: who asks next;
//! they are shown once this one is answered.

use crate::domain::ptz::lease::Asking;
use crate::domain::site::CameraPlan;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Keymap};
use crate::gui::sentences;
use crate::gui::session_port::DomeLeases;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{body, heading, labelled, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::{Holder, Refusal};
use iced::widget::{column, container};
use iced::{Element, Fill, Task};
use std::sync::Arc;

/// The buttons in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    HandOver,
    Decline,
}

/// The dialogue.
pub struct HandOver {
    desk: Arc<dyn DomeLeases>,
    camera: CameraPlan,
    asking: Asking<Holder>,
    form: Form<Place>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Answered(Result<(), Arc<Refusal>>),
}

impl HandOver {
    /// The dialogue for a dome of ours that somebody asked for.
    pub fn new(desk: Arc<dyn DomeLeases>, camera: CameraPlan, asking: Asking<Holder>, keymap: &Keymap) -> HandOver {
        let key = keymap.key(Command::HandOver);
        let form = Form::default()
            .keyed(Place::HandOver, Icon::Done, fl!("hand-over-give"), key)
            .button(Place::Decline, Icon::Refused, fl!("hand-over-keep"));
        HandOver {
            desk,
            camera,
            asking,
            form,
        }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Next<Message> {
        match message {
            // The key that opened it hands over, wherever the keyboard stands.
            Message::Form(form::Message::Command(Command::HandOver)) => {
                return self.update(Message::Form(form::Message::Pressed(Place::HandOver)));
            }
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(place) => return self.answer(place == Place::HandOver),
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Answered(Ok(())) => return Next::Close,
            Message::Answered(Err(why)) => self.form.fail(sentences::refusal(&why)),
        }
        Next::None
    }

    fn answer(&mut self, yes: bool) -> Next<Message> {
        self.form.wait();
        let (camera, to) = (self.camera.id.clone(), self.asking.by.clone());
        let answered = if yes {
            self.desk.hand_over(camera, to)
        } else {
            self.desk.decline(camera, to)
        };
        Next::Run(Task::perform(answered, |answer| {
            Message::Answered(answer.map_err(Arc::new))
        }))
    }

    /// The dialogue.
    pub fn view(&self) -> Element<'_, Message> {
        let title = column![
            heading(fl!("hand-over-title")),
            quiet(format!("{} · {}", self.camera.number, self.camera.name))
        ];
        let who = column![
            labelled(Icon::Person, self.asking.by.display_name.as_str(), Tone::Other),
            quiet(self.asking.by.agency.as_str()),
        ]
        .spacing(2);
        let why = container(body(self.asking.reason.as_str()))
            .padding(12)
            .width(Fill)
            .style(theme::inset);
        let foot = self.form.foot(fl!("hand-over-later"));
        let content = column![title, who, why, quiet(fl!("hand-over-recorded")), foot];
        self.form.scope(content.spacing(14).width(620)).map(Message::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;

    fn answered(commands: &[Command]) -> Vec<String> {
        let desk = fake::desk(8, 2);
        let lease = desk.leases().into_iter().find(|lease| lease.ours).unwrap();
        let camera = desk.plan().camera(&lease.camera).unwrap().clone();
        let mut dialogue = HandOver::new(desk.clone(), camera, lease.asking[0].clone(), &Keymap::default());
        for command in commands {
            dialogue.update(Message::Form(form::Message::Command(*command)));
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
