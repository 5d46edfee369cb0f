//! The question before an act that wants a reason: what will happen, why, and that it is recorded.
//!
//! Invariant: nothing is done without a reason. Deliberately absent: doing it (the screen it was opened from).

use crate::domain::reason::Reason;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::Command;
use crate::gui::theme::Tone;
use crate::gui::ui::controls::{heading, labelled, over, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use iced::Element;
use iced::widget::column;

/// The parts in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Reason,
    Do,
}

/// What happens in it.
pub type Message = form::Message<Place>;

/// The question, about an act `A`.
pub struct ReasonDialog<A> {
    act: A,
    title: String,
    /// What will happen, in one line.
    what: String,
    form: Form<Place>,
}

impl<A: Clone> ReasonDialog<A> {
    /// The question, with the keyboard in its field; `words` are on the button that does it.
    pub fn new(act: A, title: String, what: String, words: String) -> ReasonDialog<A> {
        let form =
            Form::default()
                .field(Place::Reason, fl!("export-reason"), "")
                .button(Place::Do, Icon::Warning, words);
        ReasonDialog { act, title, what, form }
    }

    /// Changes the state; done, gives the act and its reason.
    pub fn update(&mut self, message: Message) -> Next<Message, (A, Reason)> {
        match self.form.update(message) {
            Step::Next(next) => next,
            Step::Pressed(_) => match Reason::try_from(self.form.typed(Place::Reason).to_owned()) {
                Ok(reason) => Next::Done((self.act.clone(), reason)),
                Err(_) => {
                    self.form.fail(fl!("ask-no-reason"));
                    Next::None
                }
            },
        }
    }

    /// Why it was not done, where it was tried.
    #[cfg(test)]
    pub fn error(&self) -> Option<&str> {
        self.form.error()
    }

    /// A command of the keyboard.
    pub fn command(command: Command) -> Message {
        form::Message::Command(command)
    }

    /// The question over what it is about.
    pub fn over<'a>(&'a self, under: Element<'a, Message>) -> Element<'a, Message> {
        let content = column![
            heading(self.title.as_str()),
            labelled(Icon::Warning, self.what.as_str(), Tone::Attention),
            self.form.input(Place::Reason),
            quiet(fl!("because-recorded")),
            self.form.foot(fl!("export-cancel")),
        ];
        over(
            under,
            self.form.scope(content.spacing(14).width(560)),
            form::Message::Command(Command::Back),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_done_without_a_reason() {
        let mut question = ReasonDialog::new(7, "titolo".into(), "che cosa".into(), "fai".into());
        let enter = || form::Message::Command(Command::Confirm);
        assert!(matches!(question.update(enter()), Next::None));
        assert!(question.error().is_some());
        question.update(form::Message::Typed(Place::Reason, " smarrita ".into()));
        let done = question.update(enter());
        assert!(matches!(done, Next::Done((7, reason)) if reason.as_str() == "smarrita"));
        assert!(matches!(
            question.update(form::Message::Command(Command::Back)),
            Next::Close
        ));
    }
}
