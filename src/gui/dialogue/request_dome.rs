//! The dialogue that asks the holder of a dome for it, or takes it over urgently, with a reason (R-PTZ-3).
//!
//! Invariant: nothing is asked or taken without a reason. Deliberately absent: whether the level may take over (the
//! server says so; the button is offered to supervisors).

use crate::domain::people::Level;
use crate::domain::reason::Reason;
use crate::domain::site::CameraPlan;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::sentences;
use crate::gui::session_port::{DomeLease, DomeLeases};
use crate::gui::theme::Tone;
use crate::gui::ui::controls::{body, heading, labelled, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::Refusal;
use iced::widget::column;
use iced::{Element, Task};
use std::sync::Arc;

/// The parts in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Reason,
    Ask,
    TakeOver,
}

/// The dialogue.
pub struct RequestDome {
    desk: Arc<dyn DomeLeases>,
    camera: CameraPlan,
    lease: DomeLease,
    form: Form<Place>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Answered(Said, Result<(), Arc<Refusal>>),
}

/// What was said to the holder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    /// The dome passes as soon as its holder lets go.
    pub urgent: bool,
}

impl RequestDome {
    /// The dialogue for a dome that somebody else holds.
    pub fn new(desk: Arc<dyn DomeLeases>, camera: CameraPlan, lease: DomeLease) -> RequestDome {
        let mut form = Form::default().field(Place::Reason, fl!("ask-reason"), "").button(
            Place::Ask,
            Icon::Leased,
            fl!("ask-start"),
        );
        if desk.person().level == Level::Supervisor {
            form = form.button(Place::TakeOver, Icon::Warning, fl!("ask-take-over"));
        }
        RequestDome {
            desk,
            camera,
            lease,
            form,
        }
    }

    /// The dome it is about.
    pub fn camera(&self) -> &CameraPlan {
        &self.camera
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Next<Message, Said> {
        match message {
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(place) => return self.say(place == Place::TakeOver),
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Answered(said, Ok(())) => return Next::Done(said),
            Message::Answered(_, Err(why)) => self.form.fail(sentences::refusal(&why)),
        }
        Next::None
    }

    fn say(&mut self, urgent: bool) -> Next<Message, Said> {
        let Ok(reason) = Reason::try_from(self.form.typed(Place::Reason).to_owned()) else {
            self.form.fail(fl!("ask-no-reason"));
            return Next::None;
        };
        self.form.wait();
        let camera = self.camera.id.clone();
        let said = if urgent {
            self.desk.take_over(camera, reason)
        } else {
            self.desk.ask_for_dome(camera, reason)
        };
        Next::Run(Task::perform(said, move |answer| {
            Message::Answered(Said { urgent }, answer.map_err(Arc::new))
        }))
    }

    /// The dialogue.
    pub fn view(&self) -> Element<'_, Message> {
        let title = column![
            heading(fl!("ask-title")),
            quiet(format!("{} · {}", self.camera.number, self.camera.name))
        ];
        let held = fl!(
            "panel-held-by",
            name = self.lease.display_name.as_str(),
            body = self.lease.agency.as_str()
        );
        let mut content = column![
            title,
            labelled(Icon::Leased, held, Tone::Other),
            self.form.input(Place::Reason),
            quiet(fl!("ask-recorded")),
        ];
        if self.form.has(Place::TakeOver) {
            content = content.push(body(fl!("ask-take-over-hint")));
        }
        let content = content.push(self.form.foot(fl!("export-cancel")));
        self.form.scope(content.spacing(14).width(620)).map(Message::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake::{self, Fake};
    use crate::gui::input::Command;

    fn dialogue(desk: Arc<Fake>) -> (RequestDome, Arc<Fake>) {
        let lease = desk.leases().remove(0);
        let camera = desk.plan().camera(&lease.camera).unwrap().clone();
        (RequestDome::new(desk.clone(), camera, lease), desk)
    }

    fn act(message: form::Message<Place>) -> Message {
        Message::Form(message)
    }

    #[test]
    fn r_ptz_3_nobody_asks_or_takes_over_without_a_reason() {
        let (mut dialogue, desk) = dialogue(fake::supervisor(4, 1));
        for button in [Place::Ask, Place::TakeOver] {
            assert!(matches!(
                dialogue.update(act(form::Message::Pressed(button))),
                Next::None
            ));
        }
        assert!(dialogue.form.error().is_some() && desk.said().is_empty());
        dialogue.update(act(form::Message::Typed(Place::Reason, "rapina".into())));
        assert!(matches!(
            dialogue.update(act(form::Message::Pressed(Place::Ask))),
            Next::Run(_)
        ));
        assert_eq!(desk.said(), ["ask cam-04 rapina"]);
    }

    #[test]
    fn r_ptz_3_the_urgent_takeover_is_offered_to_a_supervisor_and_reached_by_the_keyboard() {
        let (operator, _) = dialogue(fake::desk(4, 1));
        assert!(!operator.form.has(Place::TakeOver));
        let (mut dialogue, desk) = dialogue(fake::supervisor(4, 1));
        dialogue.update(act(form::Message::Typed(Place::Reason, "rapina".into())));
        dialogue.update(act(form::Message::Command(Command::Previous)));
        dialogue.update(act(form::Message::Command(Command::Confirm)));
        assert_eq!(desk.said(), ["take over cam-04 rapina"]);
    }
}
