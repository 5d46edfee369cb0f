//! The dialogues over the room, one at a time: exporting, declaring an event, asking for a dome and handing it over,
//! asking for a clearance and answering, going on without the server.
//!
//! Invariant: while one is open every key goes to it. Deliberately absent: the dialogues themselves (`dialogue`), what the
//! room says of what came of them later (`notifications`).

use super::{Action, ControlRoom};
use crate::domain::people::Level;
use crate::gui::dialogue::change_purpose::{self, ChangePurpose};
use crate::gui::dialogue::clearance_answer::{self, ClearanceAnswer};
use crate::gui::dialogue::clearance_request::{self, ClearanceRequest};
use crate::gui::dialogue::declare_event::{self, Declare};
use crate::gui::dialogue::export::{self, Export};
use crate::gui::dialogue::extend_grace::{self, ExtendGrace};
use crate::gui::dialogue::hand_over::{self, HandOver};
use crate::gui::dialogue::request_dome::{self, RequestDome};
use crate::gui::i18n::fl;
use crate::gui::input::Command;
use crate::gui::sentences;
use crate::gui::session_port::DomeLease;
use crate::gui::theme::Tone;
use crate::gui::ui::form::{self, Next};
use iced::{Element, Subscription, Task};

/// Length of the range that the export dialogue offers, milliseconds.
const EXPORT_MS: i64 = 60_000;

/// A dialogue over the room.
pub enum Dialogue {
    Export(Box<Export>),
    Declare(Box<Declare>),
    Ask(Box<RequestDome>),
    HandOver(Box<HandOver>),
    Request(Box<ClearanceRequest>),
    Answer(Box<ClearanceAnswer>),
    ExtendGrace(Box<ExtendGrace>),
    Purpose(Box<ChangePurpose>),
}

/// What happens in it.
#[derive(Clone)]
pub enum Message {
    Export(export::Message),
    Declare(declare_event::Message),
    Ask(request_dome::Message),
    HandOver(hand_over::Message),
    Request(clearance_request::Message),
    Answer(clearance_answer::Message),
    ExtendGrace(extend_grace::Message),
    Purpose(change_purpose::Message),
}

impl Dialogue {
    fn command(&self, command: Command) -> Message {
        match self {
            Dialogue::Export(_) => Message::Export(export::Message::Form(form::Message::Command(command))),
            Dialogue::Declare(_) => Message::Declare(declare_event::Message::Form(form::Message::Command(command))),
            Dialogue::Ask(_) => Message::Ask(request_dome::Message::Form(form::Message::Command(command))),
            Dialogue::HandOver(_) => Message::HandOver(hand_over::Message::Form(form::Message::Command(command))),
            Dialogue::Request(_) => Message::Request(clearance_request::Message::Form(form::Message::Command(command))),
            Dialogue::Answer(_) => Message::Answer(clearance_answer::Message::Form(form::Message::Command(command))),
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
    pub fn view(&self, now: super::Now) -> Element<'_, Message> {
        match self {
            Dialogue::Export(dialogue) => dialogue.view().map(Message::Export),
            Dialogue::Declare(dialogue) => dialogue.view(now.instant).map(Message::Declare),
            Dialogue::Ask(dialogue) => dialogue.view().map(Message::Ask),
            Dialogue::HandOver(dialogue) => dialogue.view().map(Message::HandOver),
            Dialogue::Request(dialogue) => dialogue.view(now.clock).map(Message::Request),
            Dialogue::Answer(dialogue) => dialogue.view(now.clock).map(Message::Answer),
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

impl ControlRoom {
    /// The open export dialogue.
    pub fn export(&self) -> Option<&Export> {
        match &self.dialogue {
            Some(Dialogue::Export(export)) => Some(export),
            _ => None,
        }
    }

    pub(super) fn dialogue_command(&mut self, command: Command) -> Action {
        match self.dialogue.as_ref().map(|dialogue| dialogue.command(command)) {
            Some(message) => self.dialogue_message(message),
            None => Action::None,
        }
    }

    pub(super) fn dialogue_message(&mut self, message: Message) -> Action {
        let now = self.now.clock;
        match (&mut self.dialogue, message) {
            (Some(Dialogue::Export(dialogue)), Message::Export(message)) => {
                let next = dialogue.update(message);
                self.after(next, Message::Export)
            }
            (Some(Dialogue::Declare(dialogue)), Message::Declare(message)) => {
                let next = dialogue.update(message);
                self.after(next, Message::Declare)
            }
            (Some(Dialogue::Ask(dialogue)), Message::Ask(message)) => {
                let (next, camera) = (dialogue.update(message), dialogue.camera().id.clone());
                if let Next::Done(said) = &next {
                    self.asked(camera, said.urgent);
                }
                self.after(next, Message::Ask)
            }
            (Some(Dialogue::HandOver(dialogue)), Message::HandOver(message)) => {
                let next = dialogue.update(message);
                self.after(next, Message::HandOver)
            }
            (Some(Dialogue::Request(dialogue)), Message::Request(message)) => {
                let next = dialogue.update(message);
                if matches!(next, Next::Done(())) {
                    self.say(Tone::Normal, fl!("clearance-sent"), None);
                }
                self.after(next, Message::Request)
            }
            (Some(Dialogue::Answer(dialogue)), Message::Answer(message)) => {
                let next = dialogue.update(message, now);
                self.after(next, Message::Answer)
            }
            (Some(Dialogue::ExtendGrace(dialogue)), Message::ExtendGrace(message)) => {
                let next = dialogue.update(message);
                self.after(next, Message::ExtendGrace)
            }
            (Some(Dialogue::Purpose(dialogue)), Message::Purpose(message)) => {
                let next = dialogue.update(message);
                if matches!(next, Next::Done(())) {
                    self.stated = self.desk.stated();
                    let now = sentences::stated(&self.stated);
                    self.say(Tone::Normal, fl!("purpose-changed", purpose = now), None);
                }
                self.after(next, Message::Purpose)
            }
            // The answer to a dialogue that was closed meanwhile; the strip tells what came of it.
            (_, _) => Action::None,
        }
    }

    fn after<M: Send + 'static, D>(&mut self, next: Next<M, D>, wrap: fn(M) -> Message) -> Action {
        match next {
            Next::None => Action::None,
            Next::Run(task) => run(task, wrap),
            Next::Close | Next::Done(_) => {
                self.dialogue = None;
                Action::None
            }
        }
    }

    fn open<M: Send + 'static>(&mut self, dialogue: Dialogue, focus: Task<M>, wrap: fn(M) -> Message) -> Action {
        self.release_all();
        self.dialogue = Some(dialogue);
        run(focus, wrap)
    }

    /// A copy of the selected camera's recording.
    pub(super) fn open_export(&mut self) -> Action {
        let Some(camera) = self.selected_plan().cloned() else {
            return self.nothing_selected();
        };
        let end = sentences::unix_ms(self.now.clock);
        let (dialogue, focus) = Export::new(self.desk.clone(), camera, end - EXPORT_MS, end);
        self.open(Dialogue::Export(Box::new(dialogue)), focus, Message::Export)
    }

    /// An event on the selected camera.
    pub(super) fn open_declare(&mut self) -> Action {
        let Some(camera) = self.selected_plan().cloned() else {
            return self.nothing_selected();
        };
        let (dialogue, focus) = Declare::new(self.desk.clone(), camera);
        self.open(Dialogue::Declare(Box::new(dialogue)), focus, Message::Declare)
    }

    /// Asks whoever holds the selected dome for it.
    pub(super) fn open_ask_dome(&mut self) -> Action {
        let Some(camera) = self.selected_dome().cloned() else {
            return self.not_a_dome();
        };
        let Some(hold) = self.hold_of(&camera.id).cloned() else {
            return Action::None;
        };
        let (dialogue, focus) = RequestDome::new(self.desk.clone(), camera, hold);
        self.open(Dialogue::Ask(Box::new(dialogue)), focus, Message::Ask)
    }

    /// Answers who asks for a dome of ours, the selected one first.
    pub(super) fn open_hand_over(&mut self) -> Action {
        let selected = self.selected_camera();
        let asked = |hold: &&DomeLease| hold.ours && !hold.asking.is_empty();
        let all = || self.holds.iter().filter(asked);
        let hold = all()
            .find(|hold| Some(&hold.camera) == selected.as_ref())
            .or_else(|| all().next());
        let found = hold.and_then(|hold| Some((self.plan.camera(&hold.camera)?.clone(), hold.asking.first()?.clone())));
        let Some((camera, asking)) = found else {
            self.say(Tone::Normal, fl!("hand-over-nobody"), None);
            return Action::None;
        };
        let (dialogue, focus) = HandOver::new(self.desk.clone(), camera, asking, &self.keymap);
        self.open(Dialogue::HandOver(Box::new(dialogue)), focus, Message::HandOver)
    }

    /// Clearances: a supervisor answers, everybody else asks.
    pub(super) fn open_clearances(&mut self) -> Action {
        if self.person.level == Level::Supervisor {
            let (dialogue, focus) = ClearanceAnswer::new(self.desk.clone(), self.now.clock);
            return self.open(Dialogue::Answer(Box::new(dialogue)), focus, Message::Answer);
        }
        let camera = self.selected_plan().map(|camera| camera.number);
        let (dialogue, focus) = ClearanceRequest::new(self.desk.clone(), camera, self.now.clock);
        self.open(Dialogue::Request(Box::new(dialogue)), focus, Message::Request)
    }

    /// Another purpose in the middle of a shift.
    pub(super) fn open_change_purpose(&mut self) -> Action {
        let (dialogue, focus) = ChangePurpose::new(self.desk.clone());
        self.open(Dialogue::Purpose(Box::new(dialogue)), focus, Message::Purpose)
    }

    /// Going on in one's own name while the server is away.
    pub(super) fn open_go_on(&mut self) -> Action {
        let (dialogue, focus) = ExtendGrace::new(self.desk.clone());
        self.open(Dialogue::ExtendGrace(Box::new(dialogue)), focus, Message::ExtendGrace)
    }
}

fn run<M: Send + 'static>(task: Task<M>, wrap: fn(M) -> Message) -> Action {
    Action::Run(task.map(wrap).map(super::Message::Dialogue))
}
