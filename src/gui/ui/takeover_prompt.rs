//! The question at the workstation where an account is active: another one asks for it; yield it, or keep it (R-ACC-1).
//!
//! Invariant: it is answered by a button, never by time passing here: the server says what a silence means; Enter keeps.
//! Deliberately absent: ending the session (`app`).

use crate::domain::people::takeover::Unanswered;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::Command;
use crate::gui::sentences;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{body, heading, labelled, over, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::{Knock, Refusal};
use iced::widget::{column, container};
use iced::{Element, Fill};
use std::sync::Arc;
use std::time::Instant;

/// The buttons in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Keep,
    Yield,
}

/// What happens in it.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Answered(Result<(), Arc<Refusal>>),
}

/// A command of the keyboard.
pub fn command(command: Command) -> Message {
    Message::Form(form::Message::Command(command))
}

/// The question.
pub struct TakeoverPrompt {
    knock: Knock,
    unanswered: Unanswered,
    until: Instant,
    form: Form<Place>,
}

impl TakeoverPrompt {
    /// The question, when a knock asks for the account; it may be answered until then.
    pub fn new(knock: Knock, until: impl Fn(i64) -> Instant) -> Option<TakeoverPrompt> {
        let asks = knock.asks?;
        let form = Form::default()
            .button(Place::Keep, Icon::Refused, fl!("yield-keep"))
            .button(Place::Yield, Icon::SignOut, fl!("yield-yield"));
        Some(TakeoverPrompt {
            until: until(asks.until_ms),
            unanswered: asks.unanswered,
            knock,
            form,
        })
    }

    /// Whether it is this knock that is asked about.
    pub fn is_of(&self, knock: &Knock) -> bool {
        self.knock.is_same(knock)
    }

    /// Changes the state; done, says whether the account is yielded.
    pub fn update(&mut self, message: Message) -> Next<Message, bool> {
        match message {
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(place) => {
                    self.form.wait();
                    return Next::Done(place == Place::Yield);
                }
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Answered(Ok(())) => return Next::Close,
            Message::Answered(Err(why)) => self.form.fail(sentences::refusal(&why)),
        }
        Next::None
    }

    /// The question over what stays in sight.
    pub fn over<'a>(&'a self, under: Element<'a, Message>, now: Instant) -> Element<'a, Message> {
        let left = sentences::countdown(self.until.saturating_duration_since(now));
        let silence = match self.unanswered {
            Unanswered::Keeps => fl!("yield-silence-keeps", left = left),
            Unanswered::Yields => fl!("yield-silence-yields", left = left),
        };
        let station = labelled(Icon::Person, self.knock.station.as_str(), Tone::Other);
        let content = column![
            heading(fl!("yield-title")),
            container(station).padding(12).width(Fill).style(theme::inset),
            body(fl!("yield-what")),
            labelled(Icon::Warning, silence, Tone::Attention),
            quiet(fl!("yield-not-you")),
            self.form.foot(fl!("hand-over-later")),
        ];
        let content = self.form.scope(content.spacing(14).width(620));
        over(under, content.map(Message::Form), command(Command::Back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::Asks;

    fn knock(asks: Option<Asks>) -> Knock {
        Knock {
            station: "ufficio".parse().unwrap(),
            at_ms: 7,
            asks,
        }
    }

    fn question() -> TakeoverPrompt {
        let asks = Asks {
            until_ms: 60_000,
            unanswered: Unanswered::Keeps,
        };
        TakeoverPrompt::new(knock(Some(asks)), |_| Instant::now()).unwrap()
    }

    #[test]
    fn r_acc_1_enter_keeps_the_account_and_it_is_yielded_only_by_its_own_button() {
        assert!(
            TakeoverPrompt::new(knock(None), |_| Instant::now()).is_none(),
            "nobody asks"
        );
        let enter = || command(Command::Confirm);
        assert!(matches!(question().update(enter()), Next::Done(false)));
        let mut yields = question();
        yields.update(command(Command::Next));
        assert!(matches!(yields.update(enter()), Next::Done(true)));
        assert!(matches!(yields.update(enter()), Next::None), "answered once");
        assert!(matches!(question().update(command(Command::Back)), Next::Close));
    }
}
