//! The account is active at another workstation: where, asking for it, waiting for the answer (R-ACC-1). Part of the sign-in
//! screen.
//!
//! Invariant: while it waits there is always one question at the server, which answers when something changed or after a
//! second. Deliberately absent: asking the server (`app`), the other end (`takeover_prompt`).

use crate::domain::camera::StationId;
use crate::domain::people::takeover::Unanswered;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::Command;
use crate::gui::sentences;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{body, labelled, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::{AskStep, AskTicket, SignInError};
use iced::widget::{column, container};
use iced::{Element, Fill};
use std::time::Duration;

/// The one button.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Ask,
}

/// How the account stands, as the server said.
#[derive(Debug, Clone, PartialEq)]
pub enum Stands {
    ActiveAt(StationId),
    Waiting {
        station: StationId,
        left: Duration,
        unanswered: Unanswered,
    },
    Kept {
        station: StationId,
        answered: bool,
    },
}

/// What happens in it.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Stands(Result<Stands, SignInError>),
}

/// What the screen does next.
pub enum Action {
    None,
    /// Ask the server, with this ticket.
    Step(AskTicket, AskStep),
    /// The request is over; why, in words, when it was not given up.
    Over(Option<String>),
    /// The request is over, and the server is told that nobody waits any more.
    GiveUp(AskTicket),
}

/// An account that is active elsewhere.
pub struct TakeoverRequest {
    ticket: AskTicket,
    at: Option<StationId>,
    /// Asked: how long it may still be answered, and what a silence means.
    waiting: Option<(Duration, Unanswered)>,
    form: Form<Place>,
}

impl TakeoverRequest {
    /// A sign-in found it so; the first step asks where.
    pub fn new(ticket: AskTicket) -> (TakeoverRequest, Action) {
        let step = Action::Step(ticket.clone(), AskStep::Look);
        let form = Form::default().button(Place::Ask, Icon::Person, fl!("elsewhere-ask"));
        let elsewhere = TakeoverRequest {
            ticket,
            at: None,
            waiting: None,
            form,
        };
        (elsewhere, step)
    }

    /// A command of the keyboard.
    pub fn command(command: Command) -> Message {
        Message::Form(form::Message::Command(command))
    }

    /// Changes the state and says what to do.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Form(message) => match self.form.update::<()>(message) {
                Step::Pressed(Place::Ask) => {
                    self.form.wait();
                    Action::Step(self.ticket.clone(), AskStep::Ask)
                }
                Step::Next(Next::Close) => Action::GiveUp(self.ticket.clone()),
                Step::Next(_) => Action::None,
            },
            Message::Stands(Ok(Stands::ActiveAt(station))) => {
                self.at = Some(station);
                Action::None
            }
            Message::Stands(Ok(Stands::Waiting {
                station,
                left,
                unanswered,
            })) => {
                (self.at, self.waiting) = (Some(station), Some((left, unanswered)));
                Action::Step(self.ticket.clone(), AskStep::Look)
            }
            Message::Stands(Ok(Stands::Kept { station, answered })) => {
                let station = station.as_str();
                Action::Over(Some(if answered {
                    fl!("elsewhere-kept", station = station)
                } else {
                    fl!("elsewhere-silent", station = station)
                }))
            }
            Message::Stands(Err(why)) => Action::Over(Some(sentences::sign_in(&why))),
        }
    }

    /// What is shown instead of the fields.
    pub fn view(&self) -> Element<'_, Message> {
        let at = self.at.as_ref().map_or("…", |station| station.as_str());
        let at = container(labelled(Icon::Person, at, Tone::Other))
            .padding(12)
            .width(Fill)
            .style(theme::inset);
        let content = column![body(fl!("elsewhere-title")), at];
        let content = match self.waiting {
            None => content
                .push(quiet(fl!("elsewhere-what")))
                .push(self.form.foot(fl!("export-cancel"))),
            Some((left, unanswered)) => {
                let left = sentences::countdown(left);
                let silence = match unanswered {
                    Unanswered::Keeps => fl!("elsewhere-wait-keeps", left = left),
                    Unanswered::Yields => fl!("elsewhere-wait-yields", left = left),
                };
                content
                    .push(labelled(Icon::AuditWaiting, silence, Tone::Attention))
                    .push(form::closing(fl!("elsewhere-give-up")))
            }
        };
        self.form.scope(content.spacing(14)).map(Message::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::stated_purpose::Stated;

    fn waiting() -> Message {
        Message::Stands(Ok(Stands::Waiting {
            station: "sala".parse().unwrap(),
            left: Duration::from_secs(40),
            unanswered: Unanswered::Keeps,
        }))
    }

    #[test]
    fn r_acc_1_who_finds_the_account_active_asks_by_enter_and_waits_for_the_answer() {
        let (mut elsewhere, first) = TakeoverRequest::new(AskTicket::new(Stated::default()));
        assert!(matches!(first, Action::Step(_, AskStep::Look)), "where is it active?");
        elsewhere.update(Message::Stands(Ok(Stands::ActiveAt("sala".parse().unwrap()))));
        let enter = || TakeoverRequest::command(Command::Confirm);
        assert!(matches!(elsewhere.update(enter()), Action::Step(_, AskStep::Ask)));
        assert!(matches!(elsewhere.update(enter()), Action::None), "asked once");
        assert!(matches!(elsewhere.update(waiting()), Action::Step(_, AskStep::Look)));
        let kept = Stands::Kept {
            station: "sala".parse().unwrap(),
            answered: true,
        };
        let over = elsewhere.update(Message::Stands(Ok(kept)));
        assert!(matches!(over, Action::Over(Some(words)) if words.contains("sala")));
    }

    #[test]
    fn escape_gives_the_request_for_the_account_up() {
        let (mut elsewhere, _) = TakeoverRequest::new(AskTicket::new(Stated::default()));
        elsewhere.update(waiting());
        let escape = TakeoverRequest::command(Command::Back);
        assert!(matches!(elsewhere.update(escape), Action::GiveUp(_)));
    }
}
