//! The dialogue by which an officer goes on in their own name for a quarter of an hour, when the server is away for
//! longer than the grace or too many records wait for it (the table in `docs/log.md`).
//!
//! Invariant: it only asks; the station records name and reason before anything may go on.
//! Deliberately absent: how long (a rule of the station).

use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::sentences;
use crate::gui::session_port::Watch;
use crate::gui::ui::controls::{body, heading, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::Refusal;
use iced::widget::column;
use iced::{Element, Task};
use std::sync::Arc;

/// The parts in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Reason,
    Start,
}

/// The dialogue.
pub struct ExtendGrace {
    desk: Arc<dyn Watch>,
    form: Form<Place>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Answered(Result<(), Arc<Refusal>>),
}

impl ExtendGrace {
    /// The dialogue, with the keyboard in its field.
    pub fn new(desk: Arc<dyn Watch>) -> ExtendGrace {
        let form = Form::default().field(Place::Reason, fl!("export-reason"), "").button(
            Place::Start,
            Icon::Warning,
            fl!("go-on-start"),
        );
        ExtendGrace { desk, form }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Next<Message> {
        match message {
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(_) => return self.start(),
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Answered(Ok(())) => return Next::Close,
            Message::Answered(Err(why)) => self.form.fail(sentences::refusal(&why)),
        }
        Next::None
    }

    fn start(&mut self) -> Next<Message> {
        if self.desk.may_watch() {
            return Next::None;
        }
        let reason = self.form.typed(Place::Reason).trim().to_owned();
        if reason.is_empty() {
            self.form.fail(fl!("refusal-no-reason"));
            return Next::None;
        }
        self.form.wait();
        Next::Run(Task::perform(self.desk.extend_grace(reason), |answer| {
            Message::Answered(answer.map_err(Arc::new))
        }))
    }

    /// The dialogue.
    pub fn view(&self) -> Element<'_, Message> {
        let content = column![heading(fl!("go-on-title"))].spacing(14).width(620);
        let content: Element<'_, form::Message<Place>> = if self.desk.may_watch() {
            let close = form::closing(fl!("export-close"));
            content.push(body(fl!("go-on-not-needed"))).push(close).into()
        } else {
            content
                .push(body(fl!("go-on-what")))
                .push(self.form.input(Place::Reason))
                .push(quiet(fl!("go-on-recorded")))
                .push(self.form.foot(fl!("export-cancel")))
                .into()
        };
        self.form.scope(content).map(Message::Form)
    }
}
