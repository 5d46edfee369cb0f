//! The dialogue by which an officer goes on in their own name for a quarter of an hour, when the server is away for
//! longer than the grace or too many records wait for it (the table of the audit path).
//!
//! Invariant: it only asks; the station records name and reason before anything may go on.
//! Deliberately absent: how long (a rule of the station).

use crate::gui::desk::Desk;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::Command;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, heading, labelled, quiet};
use crate::gui::words;
use crate::station::Refusal;
use iced::widget::{column, row};
use iced::{Element, Task, widget};
use std::sync::Arc;

const REASON: &str = "go-on-reason";

/// The dialogue.
pub struct GoOn {
    desk: Arc<dyn Desk>,
    reason: String,
    error: Option<String>,
    waiting: bool,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Reason(String),
    Command(Command),
    Start,
    Answered(Result<(), Arc<Refusal>>),
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    Close,
}

impl GoOn {
    /// The dialogue, with the keyboard in its field.
    pub fn new(desk: Arc<dyn Desk>) -> (GoOn, Task<Message>) {
        let dialogue = GoOn {
            desk,
            reason: String::new(),
            error: None,
            waiting: false,
        };
        (dialogue, widget::operation::focus(REASON))
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Reason(reason) => self.reason = reason,
            Message::Command(Command::Back) => return Action::Close,
            Message::Command(Command::Confirm) | Message::Start => return self.start(),
            Message::Command(_) => {}
            Message::Answered(Ok(())) => return Action::Close,
            Message::Answered(Err(why)) => {
                self.waiting = false;
                self.error = Some(words::refusal(&why));
            }
        }
        Action::None
    }

    fn start(&mut self) -> Action {
        if self.waiting || self.desk.may_watch() {
            return Action::None;
        }
        let reason = self.reason.trim();
        if reason.is_empty() {
            self.error = Some(fl!("refusal-no-reason"));
            return Action::None;
        }
        self.waiting = true;
        let answer = self.desk.go_on(reason.to_owned());
        Action::Run(Task::perform(answer, |answer| {
            Message::Answered(answer.map_err(Arc::new))
        }))
    }

    /// The dialogue.
    pub fn view(&self) -> Element<'_, Message> {
        let content = column![heading(fl!("go-on-title"))].spacing(14).width(620);
        let close = |words| {
            let back = Message::Command(Command::Back);
            action(Icon::Close, words, Some(&"Esc".to_owned()), false, Some(back))
        };
        if self.desk.may_watch() {
            return content
                .push(body(fl!("go-on-not-needed")))
                .push(close(fl!("export-close")))
                .into();
        }
        let reason = field(
            fl!("export-reason"),
            REASON,
            &self.reason,
            false,
            Message::Reason,
            Message::Start,
        );
        let mut form = content
            .push(body(fl!("go-on-what")))
            .push(reason)
            .push(quiet(fl!("go-on-recorded")));
        if let Some(error) = &self.error {
            form = form.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        let start = action(
            Icon::Warning,
            fl!("go-on-start"),
            None,
            false,
            (!self.waiting).then_some(Message::Start),
        );
        form.push(row![start, close(fl!("export-cancel"))].spacing(theme::GAP))
            .into()
    }
}
