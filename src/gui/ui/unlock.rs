//! The card over a locked workstation: the wall stays in sight, the controls do not; the same person opens it again.
//!
//! Invariant: the password is wiped from the field as it is handed over. Deliberately absent: when it locks
//! (`domain::people::lock`), asking the server (`app`).

use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::Command;
use crate::gui::sentences;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, field, heading, labelled, quiet};
use crate::gui::widget::focus_scope::{FocusScope, Stop};
use crate::station::Refusal;
use iced::widget::{column, container, mouse_area, opaque, row, stack};
use iced::{Element, Fill};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;

const PASSWORD: &str = "unlock-password";

/// The card.
pub struct Unlock {
    /// Whose workstation it is.
    name: String,
    password: SecretString,
    waiting: bool,
    error: Option<String>,
}

/// What happens on the card.
#[derive(Clone)]
pub enum Message {
    Password(SecretString),
    Command(Command),
    Open,
    Leave,
    Answered(Result<(), Arc<Refusal>>),
    /// A click beside the card.
    Nothing,
}

/// What the parent does next.
pub enum Action {
    None,
    Prove(SecretString),
    Opened,
    SignOut,
}

impl Unlock {
    /// The card of a person, with the keyboard in its field.
    pub fn new(name: String) -> Unlock {
        Unlock {
            name,
            password: SecretString::default(),
            waiting: false,
            error: None,
        }
    }

    /// Says something on the card.
    pub fn tell(&mut self, sentence: String) {
        self.error = Some(sentence);
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            // A key that came right after Enter must not bring back what was handed over.
            Message::Password(_) if self.waiting => {}
            Message::Password(password) => (self.password, self.error) = (password, None),
            Message::Open | Message::Command(Command::Confirm) => {
                if !self.waiting && !self.password.expose_secret().is_empty() {
                    self.waiting = true;
                    return Action::Prove(std::mem::take(&mut self.password));
                }
            }
            Message::Leave | Message::Command(Command::SignOut) => return Action::SignOut,
            Message::Answered(Ok(())) => return Action::Opened,
            Message::Answered(Err(why)) => (self.waiting, self.error) = (false, Some(sentences::refusal(&why))),
            Message::Command(_) | Message::Nothing => {}
        }
        Action::None
    }

    /// The card over what stays in sight; nothing under it is reached by the pointer.
    pub fn over<'a>(&'a self, under: Element<'a, Message>) -> Element<'a, Message> {
        let input = |text: String| Message::Password(text.into());
        let password = field(
            fl!("sign-in-password"),
            PASSWORD,
            self.password.expose_secret(),
            true,
            input,
            Message::Open,
        );
        let open = action(
            Icon::SignOut,
            fl!("lock-open"),
            Some(&fl!("key-enter")),
            true,
            (!self.waiting).then_some(Message::Open),
        );
        let leave = action(Icon::Close, fl!("bar-sign-out"), None, false, Some(Message::Leave));
        let mut card = column![
            heading(fl!("lock-title")),
            quiet(fl!("lock-hint", name = self.name.as_str())),
            password,
            row![open, leave].spacing(theme::GAP),
        ];
        if let Some(error) = &self.error {
            card = card.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        let stops = vec![Stop::Field(PASSWORD.into())];
        let card = FocusScope::new(card.spacing(12), stops, Some(0), Message::Command, |_| Message::Nothing);
        let card = container(card).padding(20).width(460).style(theme::card);
        let low = container(opaque(card)).center_x(Fill).align_bottom(Fill).padding(32);
        stack![under, opaque(mouse_area(low).on_press(Message::Nothing))].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_leaves_it_locked_and_says_so() {
        let mut card = Unlock::new("Ag. Neri".into());
        assert!(matches!(card.update(Message::Open), Action::None), "empty");
        card.update(Message::Password("sbagliata".into()));
        assert!(matches!(
            card.update(Message::Command(Command::Confirm)),
            Action::Prove(_)
        ));
        assert!(card.password.expose_secret().is_empty());
        card.update(Message::Answered(Err(Arc::new(Refusal::WrongPassword))));
        assert!(card.error.is_some() && !card.waiting);
        assert!(matches!(card.update(Message::Answered(Ok(()))), Action::Opened));
    }
}
