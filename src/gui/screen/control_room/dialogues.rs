//! Asking for a dome and handing it over, asking for a clearance and answering, going on without the server: the dialogues over the room, and what the
//! room says when something of it changed.
//!
//! Invariant: what others ask of this person, and what became of what this person asked, is said in the strip once.
//! Deliberately absent: the dialogues themselves (`screen`).

use super::{Action, ControlRoom};
use crate::domain::camera::CameraId;
use crate::domain::people::Level;
use crate::domain::people::clearance::{Answer, Standing};
use crate::gui::clearing::cameras_words;
use crate::gui::desk::Hold;
use crate::gui::desktop_notice;
use crate::gui::i18n::fl;
use crate::gui::keymap::Command;
use crate::gui::screen::ask_dome::{self, AskDome};
use crate::gui::screen::clearance_answer::{self, ClearanceAnswer};
use crate::gui::screen::clearance_request::{self, ClearanceRequest};
use crate::gui::screen::go_on::{self, GoOn};
use crate::gui::screen::hand_over::{self, HandOver};
use crate::gui::theme::Tone;
use crate::gui::words;
use crate::station::ClearanceState;
use iced::{Element, Task};
use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

/// A dialogue over the room.
pub enum Dialogue {
    Ask(Box<AskDome>),
    HandOver(Box<HandOver>),
    Request(Box<ClearanceRequest>),
    Answer(Box<ClearanceAnswer>),
    GoOn(Box<GoOn>),
}

/// What happens in it.
#[derive(Clone)]
pub enum Message {
    Ask(ask_dome::Message),
    HandOver(hand_over::Message),
    Request(clearance_request::Message),
    Answer(clearance_answer::Message),
    GoOn(go_on::Message),
}

impl Dialogue {
    fn command(&self, command: Command) -> Message {
        match self {
            Dialogue::Ask(_) => Message::Ask(ask_dome::Message::Command(command)),
            Dialogue::HandOver(_) => Message::HandOver(hand_over::Message::Command(command)),
            Dialogue::Request(_) => Message::Request(clearance_request::Message::Command(command)),
            Dialogue::Answer(_) => Message::Answer(clearance_answer::Message::Command(command)),
            Dialogue::GoOn(_) => Message::GoOn(go_on::Message::Command(command)),
        }
    }

    /// What closes it.
    pub fn close(&self) -> Message {
        self.command(Command::Back)
    }

    /// The dialogue.
    pub fn view(&self, now: SystemTime) -> Element<'_, Message> {
        match self {
            Dialogue::Ask(dialogue) => dialogue.view().map(Message::Ask),
            Dialogue::HandOver(dialogue) => dialogue.view().map(Message::HandOver),
            Dialogue::Request(dialogue) => dialogue.view(now).map(Message::Request),
            Dialogue::Answer(dialogue) => dialogue.view(now).map(Message::Answer),
            Dialogue::GoOn(dialogue) => dialogue.view().map(Message::GoOn),
        }
    }
}

/// What was said already.
#[derive(Default)]
pub struct Followed {
    /// Domes this person asked for, and of whom; `true`: urgently.
    asked: HashMap<CameraId, (String, bool)>,
    /// Who was announced as asking for, or taking, which dome of ours.
    announced: HashSet<(CameraId, String, bool)>,
    /// How each clearance stood.
    clearances: HashMap<u64, Standing>,
    /// What there was at the beginning is no news.
    begun: bool,
}

impl ControlRoom {
    pub(super) fn dialogue_command(&mut self, command: Command) -> Action {
        match self.dialogue.as_ref().map(|dialogue| dialogue.command(command)) {
            Some(message) => self.dialogue_message(message),
            None => Action::None,
        }
    }

    pub(super) fn dialogue_message(&mut self, message: Message) -> Action {
        let now = self.now.clock;
        match (&mut self.dialogue, message) {
            (Some(Dialogue::Ask(dialogue)), Message::Ask(message)) => match dialogue.update(message) {
                ask_dome::Action::None => Action::None,
                ask_dome::Action::Run(task) => run(task, Message::Ask),
                ask_dome::Action::Close => self.close_dialogue(),
                ask_dome::Action::Said { urgent } => {
                    let camera = dialogue.camera().id.clone();
                    self.asked(camera, urgent);
                    self.close_dialogue()
                }
            },
            (Some(Dialogue::HandOver(dialogue)), Message::HandOver(message)) => match dialogue.update(message) {
                hand_over::Action::None => Action::None,
                hand_over::Action::Run(task) => run(task, Message::HandOver),
                hand_over::Action::Close => self.close_dialogue(),
            },
            (Some(Dialogue::Request(dialogue)), Message::Request(message)) => match dialogue.update(message) {
                clearance_request::Action::None => Action::None,
                clearance_request::Action::Run(task) => run(task, Message::Request),
                clearance_request::Action::Close => self.close_dialogue(),
                clearance_request::Action::Sent => {
                    self.say(Tone::Normal, fl!("clearance-sent"), None);
                    self.close_dialogue()
                }
            },
            (Some(Dialogue::Answer(dialogue)), Message::Answer(message)) => match dialogue.update(message, now) {
                clearance_answer::Action::None => Action::None,
                clearance_answer::Action::Run(task) => run(task, Message::Answer),
                clearance_answer::Action::Close => self.close_dialogue(),
            },
            (Some(Dialogue::GoOn(dialogue)), Message::GoOn(message)) => match dialogue.update(message) {
                go_on::Action::None => Action::None,
                go_on::Action::Run(task) => run(task, Message::GoOn),
                go_on::Action::Close => self.close_dialogue(),
            },
            // The answer to a dialogue that was closed meanwhile; the strip tells what came of it.
            (_, _) => Action::None,
        }
    }

    fn close_dialogue(&mut self) -> Action {
        self.dialogue = None;
        Action::None
    }

    /// Asks whoever holds the selected dome for it.
    pub(super) fn open_ask_dome(&mut self) -> Action {
        let Some(camera) = self.selected_dome().cloned() else {
            return self.not_a_dome();
        };
        let Some(hold) = self.hold_of(&camera.id).cloned() else {
            return Action::None;
        };
        self.release_all();
        let (dialogue, task) = AskDome::new(self.desk.clone(), camera, hold);
        self.dialogue = Some(Dialogue::Ask(Box::new(dialogue)));
        run(task, Message::Ask)
    }

    /// Answers who asks for a dome of ours, the selected one first.
    pub(super) fn open_hand_over(&mut self) -> Action {
        let selected = self.selected_camera();
        let asked = |hold: &&Hold| hold.ours && !hold.asking.is_empty();
        let all = || self.holds.iter().filter(asked);
        let hold = all()
            .find(|hold| Some(&hold.camera) == selected.as_ref())
            .or_else(|| all().next());
        let found = hold.and_then(|hold| Some((self.plan.camera(&hold.camera)?.clone(), hold.asking.first()?.clone())));
        let Some((camera, asking)) = found else {
            self.say(Tone::Normal, fl!("hand-over-nobody"), None);
            return Action::None;
        };
        self.release_all();
        let dialogue = HandOver::new(self.desk.clone(), camera, asking);
        self.dialogue = Some(Dialogue::HandOver(Box::new(dialogue)));
        Action::None
    }

    /// Clearances: a supervisor answers, everybody else asks.
    pub(super) fn open_clearances(&mut self) -> Action {
        self.release_all();
        if self.person.level == Level::Supervisor {
            let (dialogue, task) = ClearanceAnswer::new(self.desk.clone(), self.now.clock);
            self.dialogue = Some(Dialogue::Answer(Box::new(dialogue)));
            return run(task, Message::Answer);
        }
        let camera = self.selected_plan().map(|camera| camera.number);
        let (dialogue, task) = ClearanceRequest::new(self.desk.clone(), camera, self.now.clock);
        self.dialogue = Some(Dialogue::Request(Box::new(dialogue)));
        run(task, Message::Request)
    }

    /// Going on in one's own name while the server is away.
    pub(super) fn open_go_on(&mut self) -> Action {
        self.release_all();
        let (dialogue, task) = GoOn::new(self.desk.clone());
        self.dialogue = Some(Dialogue::GoOn(Box::new(dialogue)));
        run(task, Message::GoOn)
    }

    /// What this person asked for is followed until it is answered.
    fn asked(&mut self, camera: CameraId, urgent: bool) {
        let Some(hold) = self.hold_of(&camera).cloned() else {
            return;
        };
        let sentence = if urgent {
            fl!("ask-taking", name = hold.display_name.as_str())
        } else {
            fl!("ask-sent", name = hold.display_name.as_str(), body = hold.body.as_str())
        };
        self.say(Tone::Other, sentence, Some(camera.clone()));
        self.followed.asked.insert(camera, (hold.display_name, urgent));
    }

    /// Says what changed since the last look, and on the desktop that somebody waits for a clearance.
    pub(super) fn follow(&mut self) -> Task<super::Message> {
        self.follow_answers();
        self.follow_askers();
        let to_answer = self.follow_clearances();
        self.followed.begun = true;
        if to_answer {
            Task::future(desktop_notice::show(fl!("clearance-desktop"))).discard()
        } else {
            Task::none()
        }
    }

    fn follow_answers(&mut self) {
        let me = self.person.user.clone();
        let mut said = Vec::new();
        let holds = &self.holds;
        self.followed.asked.retain(|camera, (of, urgent)| {
            let hold = holds.iter().find(|hold| &hold.camera == camera);
            let waits = |hold: &Hold| {
                hold.asking.iter().any(|asking| asking.by.user == me)
                    || hold.passes_to.as_ref().is_some_and(|to| to.user == me)
            };
            let sentence = match hold {
                None => (Tone::Normal, fl!("ask-free")),
                Some(hold) if hold.ours => (Tone::Normal, fl!("ask-yours")),
                // The word of it may still be on its way here.
                Some(hold) if waits(hold) || *urgent => return true,
                Some(_) => (Tone::Other, fl!("ask-declined", name = of.as_str())),
            };
            said.push((camera.clone(), sentence));
            false
        });
        for (camera, (tone, sentence)) in said {
            self.say(tone, sentence, Some(camera));
        }
    }

    fn follow_askers(&mut self) {
        let mut now = HashSet::new();
        let mut said = Vec::new();
        for hold in self.holds.iter().filter(|hold| hold.ours) {
            for asking in &hold.asking {
                let key = (hold.camera.clone(), asking.by.user.clone(), false);
                if !self.followed.announced.contains(&key) {
                    let sentence = fl!(
                        "hand-over-asked",
                        name = asking.by.display_name.as_str(),
                        body = asking.by.body.as_str(),
                        reason = asking.reason.as_str()
                    );
                    said.push((hold.camera.clone(), sentence));
                }
                now.insert(key);
            }
            if let Some(to) = &hold.passes_to {
                let key = (hold.camera.clone(), to.user.clone(), true);
                if !self.followed.announced.contains(&key) {
                    let sentence = fl!(
                        "hand-over-taken",
                        name = to.display_name.as_str(),
                        body = to.body.as_str()
                    );
                    said.push((hold.camera.clone(), sentence));
                }
                now.insert(key);
            }
        }
        self.followed.announced = now;
        for (camera, sentence) in said {
            self.say(Tone::Act, sentence, Some(camera));
        }
    }

    /// Whether something new waits for this person's answer.
    fn follow_clearances(&mut self) -> bool {
        let mut to_answer = false;
        let now_ms = words::unix_ms(self.now.clock);
        let all = self.desk.clearances();
        for state in &all {
            let stands = state.clearance.standing(now_ms);
            let before = self.followed.clearances.insert(state.id, stands);
            let ours = state.clearance.asked_by == self.person.user;
            // A request that waits for this person is said also when it is older than their sign-in.
            let news = before != Some(stands) && (self.followed.begun || (!ours && stands == Standing::Waiting));
            if let Some((tone, sentence)) = self.clearance_news(state, stands, ours).filter(|_| news) {
                to_answer |= stands == Standing::Waiting;
                self.say(tone, sentence, None);
            }
        }
        let gone = |id: &u64| !all.iter().any(|state| state.id == *id);
        let over: Vec<(u64, Standing)> = self.followed.clearances.extract_if(|id, _| gone(id)).collect();
        for (id, stood) in over {
            if stood == Standing::InForce && self.person.level != Level::Supervisor {
                self.say(Tone::Normal, fl!("clearance-was-over", id = id.to_string()), None);
            }
        }
        to_answer
    }

    fn clearance_news(&self, state: &ClearanceState, stands: Standing, ours: bool) -> Option<(Tone, String)> {
        let id = state.id.to_string();
        let asked = &state.clearance.wish.extent;
        match (stands, &state.clearance.answer) {
            (Standing::Waiting, _) if !ours => {
                let sentence = fl!(
                    "clearance-notice",
                    name = state.by.display_name.as_str(),
                    body = state.by.body.as_str(),
                    cameras = cameras_words(&self.plan, asked)
                );
                Some((Tone::Act, sentence))
            }
            (Standing::InForce, Some(Answer::Granted { until_ms, extent, .. })) if ours => {
                let sentence = fl!(
                    "clearance-granted",
                    id = id,
                    until = words::typed_time(*until_ms),
                    cameras = cameras_words(&self.plan, extent)
                );
                Some((Tone::Normal, sentence))
            }
            (Standing::Refused, Some(Answer::Refused { reason, .. })) if ours => {
                let sentence = fl!("clearance-was-refused", id = id, reason = reason.as_str());
                Some((Tone::Attention, sentence))
            }
            _ => None,
        }
    }
}

fn run<M: Send + 'static>(task: Task<M>, wrap: fn(M) -> Message) -> Action {
    Action::Run(task.map(wrap).map(super::Message::Dialogue))
}
