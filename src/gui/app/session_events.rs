//! Who is at the machine: the lock, cameras and the site plan, a session the server ended, an account that is wanted at another
//! workstation (both ends), a machine that is no workstation yet.
//!
//! Invariant: when the session is over nothing of the person stays on any screen. Deliberately absent: signing in and
//! out (`app`), when it locks (`domain::people::lock`).

use super::{App, Message, Screen};
use crate::domain::people::lock;
use crate::gui::i18n::fl;
use crate::gui::screen::cameras::{self, Cameras};
use crate::gui::screen::control_room;
use crate::gui::screen::enrol;
use crate::gui::screen::sign_in;
use crate::gui::theme::Tone;
use crate::gui::ui::form::Next;
use crate::gui::ui::takeover_prompt::{self, TakeoverPrompt};
use crate::gui::ui::takeover_request::{self, Stands};
use crate::gui::ui::unlock::{self, Unlock};
use crate::gui::window_content;
use crate::station::{AskStep, AskTicket, AskedFor, StationError, enrol_machine};
use iced::Task;
use std::sync::Arc;
use std::time::Instant;

impl App {
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

    /// Tells the lock what happened, and does what follows.
    pub(super) fn touched(&mut self, input: lock::Input) -> Task<Message> {
        let (Some(desk), Some(lock)) = (self.desk(), &mut self.lock) else {
            return Task::none();
        };
        match lock.handle(input, Instant::now()) {
            Some(lock::Change::Locked) => {
                self.unlock = Some(Unlock::new(desk.person().display_name));
                let recorded = desk.record_lock(input != lock::Input::Lock);
                let recorded = Task::perform(recorded, |answer| Message::Locked(answer.map_err(Arc::new)));
                // A key that is held is not let go behind the card.
                if let Screen::Work(pane) = &mut self.screen {
                    drop(pane.update(window_content::Message::Room(control_room::Message::Unfocused)));
                }
                recorded
            }
            Some(lock::Change::Unlocked) => {
                self.unlock = None;
                Task::none()
            }
            None => Task::none(),
        }
    }

    pub(super) fn unlock_message(&mut self, message: unlock::Message) -> Task<Message> {
        let (Some(desk), Some(card)) = (self.desk(), &mut self.unlock) else {
            return Task::none();
        };
        match card.update(message) {
            unlock::Action::None => Task::none(),
            unlock::Action::Prove(password) => Task::perform(desk.unlock(password), |answer| {
                Message::Unlock(unlock::Message::Answered(answer.map_err(Arc::new)))
            }),
            unlock::Action::Opened => self.touched(lock::Input::Proven),
            unlock::Action::SignOut => self.sign_out(),
        }
    }

    /// A step of asking for an account that is active elsewhere.
    pub(super) fn ask_for_account(&mut self, ticket: AskTicket, step: AskStep) -> Task<Message> {
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

    /// The question whether the account is yielded to another workstation.
    pub(super) fn wanted_message(&mut self, message: takeover_prompt::Message) -> Task<Message> {
        let (Some(desk), Some(question)) = (self.desk(), &mut self.wanted) else {
            return Task::none();
        };
        match question.update(message) {
            Next::None => Task::none(),
            Next::Run(task) => task.map(Message::Wanted),
            Next::Close => {
                self.wanted = None;
                Task::none()
            }
            Next::Done(false) => Task::perform(desk.keep_account(), |answer| {
                Message::Wanted(takeover_prompt::Message::Answered(answer.map_err(Arc::new)))
            }),
            Next::Done(true) => self.leave(|desk| desk.yield_account()),
        }
    }

    pub(super) fn open_cameras(&mut self) -> Task<Message> {
        match self.desk() {
            Some(desk) if desk.keeps_cameras() || desk.approves_cameras() => {
                let (screen, task) = Cameras::new(desk);
                self.cameras = Some(Box::new(screen));
                task.map(Message::Cameras)
            }
            _ => Task::none(),
        }
    }

    pub(super) fn cameras_message(&mut self, message: cameras::Message) -> Task<Message> {
        let Some(screen) = &mut self.cameras else {
            return Task::none();
        };
        match screen.update(message) {
            cameras::Action::None => Task::none(),
            cameras::Action::Run(task) => task.map(Message::Cameras),
            cameras::Action::Close => {
                self.cameras = None;
                Task::none()
            }
        }
    }

    /// Nothing of the person who was here stays.
    pub(super) fn nobody_here(&mut self) {
        (self.lock, self.unlock, self.account_admin) = (None, None, None);
        (self.cameras, self.knocked, self.wanted) = (None, None, None);
    }

    /// The server ended the session: every picture goes with the screen, at once.
    pub(super) fn session_over(&mut self) -> Option<Task<Message>> {
        if !self.desk().is_some_and(|desk| desk.has_ended()) {
            return None;
        }
        self.nobody_here();
        let windows = self.windows.close_all();
        let shown = self.show_sign_in(None);
        if let Screen::SignIn(screen) = &mut self.screen {
            screen.tell(fl!("sign-in-session-over"));
        }
        Some(Task::batch([windows, shown]))
    }

    /// Somebody tries the account elsewhere, or asks for it: told once, and asked as long as they ask.
    pub(super) fn follow_knock(&mut self) {
        let Some(desk) = self.desk() else { return };
        let knock = desk.knock();
        let asks = knock.as_ref().filter(|knock| knock.asks.is_some());
        let goes_on = |question: &TakeoverPrompt| asks.is_some_and(|knock| question.is_of(knock));
        self.wanted = self.wanted.take().filter(goes_on);
        let Some(knock) = knock.filter(|knock| Some(knock) != self.knocked.as_ref()) else {
            return;
        };
        let asked_before = self
            .knocked
            .as_ref()
            .is_some_and(|before| before.asks.is_some() && before.is_same(&knock));
        if knock.asks.is_some() && !asked_before {
            self.wanted = TakeoverPrompt::new(knock.clone(), |ms| desk.moment(ms));
            if let Some(card) = &mut self.unlock {
                card.tell(fl!("lock-wanted", station = knock.station.as_str()));
            }
        }
        if !self.knocked.as_ref().is_some_and(|before| before.is_same(&knock)) {
            let sentence = fl!("lock-knock", station = knock.station.as_str());
            if let Screen::Work(pane) = &mut self.screen {
                pane.room_mut().tell(Tone::Act, sentence);
            }
        }
        self.knocked = Some(knock);
    }
}
