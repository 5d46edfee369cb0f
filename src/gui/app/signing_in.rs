//! The way to a session and out of it: a machine that is no workstation yet, the sign-in screen, asking for an account that is
//! active elsewhere, seating the person, signing out.
//!
//! Invariant: leaving a session drops its state before anything else is shown. Deliberately absent: what the screens do.

use super::session_state::{SessionState, Shown};
use super::{App, Credentials, Message, Screen};
use crate::domain::people::Level;
use crate::domain::people::stated_purpose::{NoProtocolNumber, Stated};
use crate::domain::saved_wall::Arrangements;
use crate::gui::i18n::fl;
use crate::gui::screen::diagnostics::Diagnostics;
use crate::gui::screen::enrol;
use crate::gui::screen::sign_in::{self, SignIn};
use crate::gui::session_port::{Answer, Desk};
use crate::gui::theme::Tone;
use crate::gui::ui::takeover_request::{self, Stands};
use crate::station::{
    AskStep, AskTicket, AskedFor, Claim, Delivery, Refusal, SavedWallsError, SecretsChoice, SignInError, Station,
    StationError, enrol_machine,
};
use futures::future::BoxFuture;
use iced::Task;
use std::sync::Arc;
use std::time::Instant;

impl App {
    /// Opens the station.
    pub(super) fn open_station(&mut self) -> Task<Message> {
        self.screen = Screen::Starting;
        let config = self.options.station.clone();
        Task::perform(Station::open(config), |answer| {
            Message::Opened(answer.map_err(Arc::new))
        })
    }

    /// Whether nothing was ever enrolled here: the folder has no facts of a workstation.
    pub(super) fn is_new_machine(&self, error: &StationError) -> bool {
        matches!(error, StationError::NotEnrolled { .. }) && !self.options.station.is_enrolled()
    }

    pub(super) fn enrol_message(&mut self, message: enrol::Message) -> Task<Message> {
        let Screen::Enrol(screen) = &mut self.screen else {
            return Task::none();
        };
        match screen.update(message) {
            enrol::Action::None => Task::none(),
            enrol::Action::Enrol { address, code } => {
                let config = self.options.station.clone();
                let enrolled = async move { enrol_machine(config, &address, &code).await };
                Task::perform(enrolled, Message::Enrolled)
            }
        }
    }

    /// The sign-in screen, which tells what the latest sign-out `delivered`.
    pub(super) fn show_sign_in(
        &mut self,
        credentials: Option<Credentials>,
        delivered: Option<Delivery>,
    ) -> Task<Message> {
        let less_safe = self.options.station.secrets == SecretsChoice::ProtectedFile;
        let less_safe = less_safe.then(|| fl!("sign-in-protected-file"));
        let standing: Vec<_> = less_safe.into_iter().chain(self.keyboard.told.clone()).collect();
        let screen = SignIn::new((!standing.is_empty()).then(|| standing.join("\n")));
        self.screen = Screen::SignIn(Box::new(screen), delivered);
        match credentials {
            Some(Credentials {
                user,
                password,
                purpose,
            }) => {
                let claim = Claim {
                    user,
                    password,
                    code: None,
                };
                match Stated::new(purpose, "", "") {
                    Ok(stated) => self.ask_to_sign_in(claim, stated),
                    Err(NoProtocolNumber) => Task::none(),
                }
            }
            None => Task::none(),
        }
    }

    fn ask_to_sign_in(&mut self, claim: Claim, stated: Stated) -> Task<Message> {
        let Some(station) = self.station.clone() else {
            return Task::none();
        };
        let asked = async move { station.sign_in_with(claim, stated).await };
        Task::perform(asked, |answer| {
            Message::SignedIn(answer.map(|session| Arc::new(session) as Arc<dyn Desk>))
        })
    }

    pub(super) fn sign_in_message(&mut self, message: sign_in::Message) -> Task<Message> {
        let Screen::SignIn(screen, _) = &mut self.screen else {
            return Task::none();
        };
        let next = screen.update(message);
        self.sign_in_action(next)
    }

    fn sign_in_action(&mut self, action: sign_in::Action) -> Task<Message> {
        match action {
            sign_in::Action::None => Task::none(),
            sign_in::Action::SignIn { claim, stated } => self.ask_to_sign_in(claim, stated),
            sign_in::Action::Ask { ticket, step } => self.ask_for_account(ticket, step),
            sign_in::Action::ChoosePassword { claim, new } => match self.station.clone() {
                Some(station) => Task::perform(async move { station.choose_password(claim, new).await }, |answer| {
                    Message::SignIn(sign_in::Message::Changed(answer))
                }),
                None => Task::none(),
            },
        }
    }

    /// A step of asking for an account that is active elsewhere.
    fn ask_for_account(&mut self, ticket: AskTicket, step: AskStep) -> Task<Message> {
        let Some(station) = self.station.clone() else {
            return Task::none();
        };
        let asked = async move { station.ask_for_account(&ticket, step).await };
        Task::perform(asked, |answer| {
            let stands = match answer {
                Ok(AskedFor::In(session)) => return Message::SignedIn(Ok(Arc::new(session))),
                Ok(AskedFor::ActiveAt(station)) => Ok(Stands::ActiveAt(station)),
                Ok(AskedFor::Waiting {
                    station,
                    left,
                    unanswered,
                }) => Ok(Stands::Waiting {
                    station,
                    left,
                    unanswered,
                }),
                Ok(AskedFor::Kept { station, answered }) => Ok(Stands::Kept { station, answered }),
                Err(error) => Err(error),
            };
            Message::SignIn(sign_in::Message::Elsewhere(takeover_request::Message::Stands(stands)))
        })
    }

    /// Somebody was let in, or was not.
    pub(super) fn signed_in(&mut self, answer: Result<Arc<dyn Desk>, SignInError>) -> Task<Message> {
        let desk = match answer {
            Ok(desk) => desk,
            Err(error) => {
                tracing::warn!(%error, "sign-in refused");
                let Screen::SignIn(screen, _) = &mut self.screen else {
                    return Task::none();
                };
                let next = screen.failed(&error);
                return self.sign_in_action(next);
            }
        };
        let (shown, task) = if desk.person().level == Level::Maintainer {
            let (screen, task) = Diagnostics::new(desk.clone(), self.keyboard.keymap.clone());
            (
                Shown::Diagnostics(Box::new(screen)),
                Some(task.map(Message::Diagnostics)),
            )
        } else {
            let reading = self.windows.read(desk.person().user);
            let reading = reading.map(|reading| seating(reading, desk.clone()));
            (Shown::Seating, reading)
        };
        let seats = matches!(shown, Shown::Seating);
        self.screen = Screen::Session(Box::new(SessionState::new(desk, shown, Instant::now())));
        match task {
            Some(task) => task,
            None if seats => self.seat(Ok(Arrangements::default())),
            None => Task::none(),
        }
    }

    /// What the person at this desk keeps was read; nothing follows where they have left meanwhile.
    pub(super) fn seated(
        &mut self,
        desk: &Arc<dyn Desk>,
        kept: Result<Arrangements, Arc<SavedWallsError>>,
    ) -> Task<Message> {
        match &self.screen {
            Screen::Session(session) if session.is_seating(desk) => self.seat(kept),
            _ => Task::none(),
        }
    }

    /// Shows the walls as the person left them.
    fn seat(&mut self, kept: Result<Arrangements, Arc<SavedWallsError>>) -> Task<Message> {
        let Screen::Session(session) = &mut self.screen else {
            return Task::none();
        };
        let unread = kept
            .as_ref()
            .err()
            .inspect(|error| tracing::warn!(%error, "saved walls"))
            .is_some();
        let (pane, opening) = self
            .windows
            .seat(&session.desk, &self.keyboard.keymap, kept.unwrap_or_default());
        session.shown = Shown::Work(pane);
        if unread {
            session.tell(Tone::Attention, fl!("walls-unread"));
        }
        for sentence in &self.keyboard.told {
            session.tell(Tone::Attention, sentence.clone());
        }
        opening.map(Message::Windows)
    }

    /// Signs the person out.
    pub(super) fn sign_out(&mut self) -> Task<Message> {
        self.leave(|desk| desk.sign_out(), signed_out)
    }

    /// Ends the session because the account goes on at another workstation.
    pub(super) fn yield_account(&mut self) -> Task<Message> {
        self.leave(|desk| desk.yield_account(), signed_out)
    }

    /// Ends the program, the session before it.
    pub(super) fn close(&mut self) -> Task<Message> {
        match &self.screen {
            Screen::Session(_) => self.leave(|desk| desk.sign_out(), |_| Message::Closed),
            _ => iced::exit(),
        }
    }

    /// Ends the session by `how`, and leaves nothing of it on the screen.
    fn leave(
        &mut self,
        how: fn(&dyn Desk) -> Answer<Delivery>,
        then: fn(Result<Delivery, Refusal>) -> Message,
    ) -> Task<Message> {
        let Screen::Session(session) = std::mem::replace(&mut self.screen, Screen::SigningOut) else {
            return Task::none();
        };
        let kept = session.pane().map_or_else(Task::none, |pane| self.windows.keep(pane));
        let kept = kept.map(Message::Windows);
        let windows = self.windows.close_all();
        let left = Task::perform(how(session.desk.as_ref()), then);
        Task::batch([kept, windows, left])
    }

    /// The server ended the session: every picture goes with the screen, at once.
    pub(super) fn session_over(&mut self) -> Option<Task<Message>> {
        let Screen::Session(session) = &self.screen else {
            return None;
        };
        if !session.desk.has_ended() {
            return None;
        }
        let windows = self.windows.close_all();
        let shown = self.show_sign_in(None, None);
        if let Screen::SignIn(screen, _) = &mut self.screen {
            screen.tell(fl!("sign-in-session-over"));
        }
        Some(Task::batch([windows, shown]))
    }
}

/// What a person keeps, being read for their desk.
fn seating(reading: BoxFuture<'static, Result<Arrangements, SavedWallsError>>, desk: Arc<dyn Desk>) -> Task<Message> {
    Task::perform(reading, move |kept| {
        Message::Seated(desk.clone(), kept.map_err(Arc::new))
    })
}

fn signed_out(answer: Result<Delivery, Refusal>) -> Message {
    let answer = answer.inspect_err(|error| tracing::warn!(%error, "sign-out"));
    Message::SignedOut(answer.ok())
}
