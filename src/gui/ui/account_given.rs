//! What a supervisor's account begins with, shown once to the other supervisor who let it into use.
//!
//! Invariant: password and second factor are in no `Debug` output and are gone with this panel. Deliberately absent: letting the account
//! into use (the screen of people).

use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, fixed_key};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, heading, labelled, over, quiet};
use crate::station::AccountAnswer;
use iced::widget::{column, container, text};
use iced::{Element, Fill};
use secrecy::ExposeSecret as _;
use std::sync::Arc;

/// What an account begins with.
pub struct AccountGiven {
    name: String,
    answer: Arc<AccountAnswer>,
}

impl AccountGiven {
    /// The panel, where the answer has something to hand over.
    pub fn of(name: &str, answer: Arc<AccountAnswer>) -> Option<AccountGiven> {
        let name = name.to_owned();
        answer.password.is_some().then_some(AccountGiven { name, answer })
    }

    /// The panel over what lies beneath; `close` puts it away.
    pub fn over<'a, M: Clone + 'a>(&'a self, under: Element<'a, M>, close: M) -> Element<'a, M> {
        let secrets = [
            (fl!("people-given-password"), &self.answer.password, theme::TITLE),
            (fl!("people-given-factor"), &self.answer.second_factor, theme::BODY),
        ];
        let mut content = column![heading(fl!("people-given", name = self.name.as_str()))].spacing(14);
        for (label, secret, size) in secrets {
            let Some(secret) = secret else { continue };
            let words = text(secret.expose_secret()).size(size).font(theme::STRONG);
            content = content
                .push(quiet(label))
                .push(container(words).padding(16).center_x(Fill));
        }
        let once = labelled(Icon::Warning, fl!("people-given-once"), Tone::Attention);
        let key = fixed_key(Command::Back);
        let closing = action(Icon::Close, fl!("export-close"), Some(&key), true, Some(close.clone()));
        over(under, content.push(once).push(closing).width(560).into(), close)
    }
}
