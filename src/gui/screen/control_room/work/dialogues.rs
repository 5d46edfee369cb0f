//! The dialogues over the room, one at a time: exporting, declaring an event, asking for a dome and handing it over,
//! asking for a clearance, answering, those in force, going on without the server, changing the purpose.
//!
//! Invariant: a dialogue changes nothing of the room; what came of it is said by its outcome. Deliberately absent: the
//! dialogues themselves (`dialogue`), opening them (`dialogue_commands`), what is said of their answers later
//! (`notifications`).

use crate::domain::camera::CameraId;
use crate::gui::dialogue::change_purpose::{self, ChangePurpose};
use crate::gui::dialogue::clearance_answer::{self, ClearanceAnswer};
use crate::gui::dialogue::clearance_request::{self, ClearanceRequest};
use crate::gui::dialogue::clearances_in_force::{self, ClearancesInForce};
use crate::gui::dialogue::declare_event::{self, Declare};
use crate::gui::dialogue::export::{self, Export};
use crate::gui::dialogue::extend_grace::{self, ExtendGrace};
use crate::gui::dialogue::hand_over::{self, HandOver};
use crate::gui::dialogue::request_dome::{self, RequestDome};
use crate::gui::input::Command;
use crate::gui::screen::control_room::now::Now;
use crate::gui::ui::form::{self, Next};
use iced::{Element, Subscription, Task};
use std::time::SystemTime;

/// A dialogue over the room.
pub enum Dialogue {
    Export(Box<Export>),
    Declare(Box<Declare>),
    Ask(Box<RequestDome>),
    HandOver(Box<HandOver>),
    Request(Box<ClearanceRequest>),
    Answer(Box<ClearanceAnswer>),
    InForce(Box<ClearancesInForce>),
    ExtendGrace(Box<ExtendGrace>),
    Purpose(Box<ChangePurpose>),
}

/// What happens in a dialogue.
#[derive(Clone)]
pub enum Message {
    Export(export::Message),
    Declare(declare_event::Message),
    Ask(request_dome::Message),
    HandOver(hand_over::Message),
    Request(clearance_request::Message),
    Answer(clearance_answer::Message),
    InForce(clearances_in_force::Message),
    ExtendGrace(extend_grace::Message),
    Purpose(change_purpose::Message),
}

/// What came of a dialogue. Every outcome but the first closes it.
pub enum Outcome {
    /// The dialogue goes on.
    Run(Task<Message>),
    Closed,
    /// The holder of this dome was asked for it, or it is being taken over.
    DomeRequested {
        camera: CameraId,
        urgent: bool,
    },
    ClearanceAsked(clearance_request::Asked),
    PurposeChanged,
}

fn outcome<M: Send + 'static, D>(next: Next<M, D>, wrap: fn(M) -> Message, done: impl FnOnce(D) -> Outcome) -> Outcome {
    match next {
        Next::None => Outcome::Run(Task::none()),
        Next::Run(task) => Outcome::Run(task.map(wrap)),
        Next::Close => Outcome::Closed,
        Next::Done(said) => done(said),
    }
}

fn closed<D>(_: D) -> Outcome {
    Outcome::Closed
}

impl Dialogue {
    /// Changes the dialogue and tells what came of it; the message of a dialogue that was closed meanwhile is dropped.
    pub fn update(&mut self, message: Message, clock: SystemTime) -> Outcome {
        match (self, message) {
            (Dialogue::Export(dialogue), Message::Export(message)) => {
                outcome(dialogue.update(message), Message::Export, closed)
            }
            (Dialogue::Declare(dialogue), Message::Declare(message)) => {
                outcome(dialogue.update(message), Message::Declare, closed)
            }
            (Dialogue::Ask(dialogue), Message::Ask(message)) => {
                let next = dialogue.update(message);
                outcome(next, Message::Ask, |said| Outcome::DomeRequested {
                    camera: dialogue.camera().id.clone(),
                    urgent: said.urgent,
                })
            }
            (Dialogue::HandOver(dialogue), Message::HandOver(message)) => {
                outcome(dialogue.update(message), Message::HandOver, closed)
            }
            (Dialogue::Request(dialogue), Message::Request(message)) => {
                outcome(dialogue.update(message), Message::Request, Outcome::ClearanceAsked)
            }
            (Dialogue::Answer(dialogue), Message::Answer(message)) => {
                outcome(dialogue.update(message, clock), Message::Answer, closed)
            }
            (Dialogue::InForce(dialogue), Message::InForce(message)) => {
                outcome(dialogue.update(message, clock), Message::InForce, closed)
            }
            (Dialogue::ExtendGrace(dialogue), Message::ExtendGrace(message)) => {
                outcome(dialogue.update(message), Message::ExtendGrace, closed)
            }
            (Dialogue::Purpose(dialogue), Message::Purpose(message)) => {
                outcome(dialogue.update(message), Message::Purpose, |()| Outcome::PurposeChanged)
            }
            (_, _) => Outcome::Run(Task::none()),
        }
    }

    /// What a key means to it.
    pub fn command(&self, command: Command) -> Message {
        match self {
            Dialogue::Export(_) => Message::Export(export::Message::Form(form::Message::Command(command))),
            Dialogue::Declare(_) => Message::Declare(declare_event::Message::Form(form::Message::Command(command))),
            Dialogue::Ask(_) => Message::Ask(request_dome::Message::Form(form::Message::Command(command))),
            Dialogue::HandOver(_) => Message::HandOver(hand_over::Message::Form(form::Message::Command(command))),
            Dialogue::Request(_) => Message::Request(clearance_request::Message::Form(form::Message::Command(command))),
            Dialogue::Answer(_) => Message::Answer(clearance_answer::Message::Form(form::Message::Command(command))),
            Dialogue::InForce(_) => {
                Message::InForce(clearances_in_force::Message::Form(form::Message::Command(command)))
            }
            Dialogue::ExtendGrace(_) => {
                Message::ExtendGrace(extend_grace::Message::Form(form::Message::Command(command)))
            }
            Dialogue::Purpose(_) => Message::Purpose(change_purpose::Message::Form(form::Message::Command(command))),
        }
    }

    /// What closes it.
    pub fn close(&self) -> Message {
        self.command(Command::Back)
    }

    /// The dialogue.
    pub fn view(&self, now: Now) -> Element<'_, Message> {
        match self {
            Dialogue::Export(dialogue) => dialogue.view().map(Message::Export),
            Dialogue::Declare(dialogue) => dialogue.view(now.instant).map(Message::Declare),
            Dialogue::Ask(dialogue) => dialogue.view().map(Message::Ask),
            Dialogue::HandOver(dialogue) => dialogue.view().map(Message::HandOver),
            Dialogue::Request(dialogue) => dialogue.view(now.clock).map(Message::Request),
            Dialogue::Answer(dialogue) => dialogue.view(now.clock).map(Message::Answer),
            Dialogue::InForce(dialogue) => dialogue.view(now.clock).map(Message::InForce),
            Dialogue::ExtendGrace(dialogue) => dialogue.view().map(Message::ExtendGrace),
            Dialogue::Purpose(dialogue) => dialogue.view().map(Message::Purpose),
        }
    }

    /// What it listens to.
    pub fn subscription(&self) -> Subscription<Message> {
        match self {
            Dialogue::Export(dialogue) => dialogue.subscription().map(Message::Export),
            _ => Subscription::none(),
        }
    }
}
