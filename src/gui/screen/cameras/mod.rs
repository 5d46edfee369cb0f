//! Cameras and the site plan, looked after: the list with its state, looking for cameras on the network, the form with its
//! test, removing, and what waits for a second person. For the system administrator; the supervisor approves.
//!
//! Invariant: it only asks; the server decides, records and signs. Removing needs a reason. Deliberately absent: masks,
//! ceilings and calendars (drawn on the wall), a plan from a file (`vedetta-audit plan`).

mod form;
mod view;

use crate::domain::camera::CameraId;
use crate::gui::i18n::fl;
use crate::gui::input::{Command, Context, Direction};
use crate::gui::session_port::CameraAdmin;
use crate::gui::theme::Tone;
use crate::gui::ui::admin_reason::{self, ReasonDialog};
use crate::gui::ui::form::Next;
use crate::gui::{sentences, site_sentences};
use crate::station::{CameraView, Changed, FoundCamera, Refusal, SiteProposal, Verdict};
use form::Form;
use iced::{Task, widget};
use std::sync::Arc;

const TABLE: &str = "cameras-table";
/// Height of a line, logical pixels, and how many stay above the chosen one.
const ROW: f32 = 32.0;
const ABOVE: usize = 6;

/// The screen.
pub struct Cameras {
    desk: Arc<dyn CameraAdmin>,
    /// By number; `None` until they were read.
    rows: Option<Vec<CameraView>>,
    /// What waits stands above the cameras.
    waiting: Vec<SiteProposal>,
    /// In the list of what waits, and then of cameras.
    chosen: usize,
    stage: Stage,
    said: Option<(Tone, String)>,
}

/// What is on the screen beside the list.
enum Stage {
    List,
    /// The network is being asked.
    Finding,
    Found {
        all: Vec<FoundCamera>,
        chosen: usize,
    },
    Form(Box<Form>),
    /// A camera is about to be removed: the reason is being typed.
    Removing(Box<ReasonDialog<CameraId>>),
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    Listed(Result<Vec<CameraView>, Arc<Refusal>>),
    Waiting(Result<Vec<SiteProposal>, Arc<Refusal>>),
    Choose(usize),
    New,
    Edit,
    Find,
    Found(Result<Vec<FoundCamera>, Arc<Refusal>>),
    Take(usize),
    Form(form::Message),
    Remove,
    Because(admin_reason::Message),
    Decide(Verdict),
    Changed(Result<Changed, Arc<Refusal>>),
    Decided(Result<(), Arc<Refusal>>),
    Command(Command),
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    Close,
}

impl Cameras {
    /// The screen, its lists being read.
    pub fn new(desk: Arc<dyn CameraAdmin>) -> (Cameras, Task<Message>) {
        let screen = Cameras {
            desk,
            rows: None,
            waiting: Vec::new(),
            chosen: 0,
            stage: Stage::List,
            said: None,
        };
        let reading = screen.read();
        (screen, reading)
    }

    fn read(&self) -> Task<Message> {
        Task::batch([
            Task::perform(self.desk.administered_cameras(), |answer| {
                Message::Listed(answer.map_err(Arc::new))
            }),
            Task::perform(self.desk.site_proposals(), |answer| {
                Message::Waiting(answer.map_err(Arc::new))
            }),
        ])
    }

    fn camera(&self) -> Option<&CameraView> {
        let at = self.chosen.checked_sub(self.waiting.len())?;
        self.rows.as_ref()?.get(at)
    }

    fn proposal(&self) -> Option<&SiteProposal> {
        self.waiting.get(self.chosen)
    }

    fn count(&self) -> usize {
        self.waiting.len() + self.rows.as_ref().map_or(0, Vec::len)
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Listed(Ok(mut rows)) => {
                rows.sort_by_key(|row| row.settings.number);
                self.rows = Some(rows);
                self.chosen = self.chosen.min(self.count().saturating_sub(1));
            }
            Message::Waiting(Ok(waiting)) => {
                self.waiting = waiting;
                self.chosen = self.chosen.min(self.count().saturating_sub(1));
            }
            Message::Found(Ok(all)) if matches!(self.stage, Stage::Finding) => {
                self.stage = Stage::Found { all, chosen: 0 };
            }
            Message::Found(Ok(_)) => {}
            Message::Listed(Err(why)) | Message::Waiting(Err(why)) | Message::Decided(Err(why)) => self.fail(&why),
            Message::Found(Err(why)) | Message::Changed(Err(why)) => return self.failed(&why),
            Message::Changed(Ok(changed)) => {
                self.stage = Stage::List;
                self.said = Some((Tone::Normal, site_sentences::changed(changed)));
                return Action::Run(self.read());
            }
            Message::Decided(Ok(())) => {
                self.said = Some((Tone::Normal, fl!("people-done")));
                return Action::Run(self.read());
            }
            Message::Choose(at) => self.chosen = at,
            Message::New => return self.open(Form::new(&self.desk, None)),
            Message::Edit => return self.edit(),
            Message::Find => return self.find(),
            Message::Take(at) => return self.take(at),
            Message::Form(message) => return self.form(message),
            Message::Remove => return self.ask_to_remove(),
            Message::Because(message) => return self.answer(message),
            Message::Decide(verdict) => return self.decide(verdict),
            Message::Command(command) => return self.command(command),
        }
        Action::None
    }

    fn fail(&mut self, why: &Refusal) {
        self.said = Some((Tone::Attention, sentences::refusal(why)));
    }

    /// What was typed stays.
    fn failed(&mut self, why: &Refusal) -> Action {
        match &mut self.stage {
            Stage::Form(form) => form.failed(sentences::refusal(why)),
            Stage::Finding => {
                self.stage = Stage::List;
                self.fail(why);
            }
            Stage::List | Stage::Found { .. } | Stage::Removing(_) => self.fail(why),
        }
        Action::None
    }

    fn command(&mut self, command: Command) -> Action {
        match &mut self.stage {
            Stage::Form(_) if command == Command::Back => self.stage = Stage::List,
            Stage::Form(_) => return self.form(form::Message::Command(command)),
            Stage::Removing(_) => return self.answer(ReasonDialog::<CameraId>::command(command)),
            Stage::Finding | Stage::Found { .. } if command == Command::Back => self.stage = Stage::List,
            Stage::Finding => {}
            Stage::Found { all, chosen } => match command {
                Command::Confirm => {
                    let at = *chosen;
                    return self.take(at);
                }
                other => step(chosen, all.len(), other),
            },
            Stage::List => return self.list_command(command),
        }
        Action::None
    }

    /// Where the keyboard is.
    pub fn context(&self) -> Context {
        match self.stage {
            Stage::List => Context::CameraList,
            Stage::Form(_) | Stage::Finding | Stage::Found { .. } | Stage::Removing(_) => Context::Form,
        }
    }

    fn list_command(&mut self, command: Command) -> Action {
        match command {
            Command::Back | Command::Cameras => Action::Close,
            Command::NewCamera => self.update(Message::New),
            Command::FindCameras => self.find(),
            Command::Confirm => self.edit(),
            Command::RemoveCamera => self.ask_to_remove(),
            Command::Approve => self.decide(Verdict::Approve),
            Command::Decline => self.decide(Verdict::Decline),
            other => {
                let (before, count) = (self.chosen, self.count());
                step(&mut self.chosen, count, other);
                if self.chosen == before {
                    return Action::None;
                }
                Action::Run(self.show_chosen())
            }
        }
    }

    /// Scrolls the chosen line into view, with some above it.
    fn show_chosen(&self) -> Task<Message> {
        let above = self.chosen.saturating_sub(ABOVE);
        let y = above as f32 * ROW;
        widget::operation::scroll_to(TABLE, widget::operation::AbsoluteOffset { x: 0.0, y })
    }

    fn open(&mut self, form: Form) -> Action {
        if !self.desk.administers_cameras() {
            return Action::None;
        }
        self.said = None;
        self.stage = Stage::Form(Box::new(form));
        Action::None
    }

    fn edit(&mut self) -> Action {
        match self.camera().map(|row| row.settings.clone()) {
            Some(settings) => self.open(Form::of(&self.desk, settings)),
            None => Action::None,
        }
    }

    fn find(&mut self) -> Action {
        if !self.desk.administers_cameras() {
            return Action::None;
        }
        (self.stage, self.said) = (Stage::Finding, None);
        Action::Run(Task::perform(self.desk.find_cameras(), |answer| {
            Message::Found(answer.map_err(Arc::new))
        }))
    }

    fn take(&mut self, at: usize) -> Action {
        let Stage::Found { all, .. } = &self.stage else {
            return Action::None;
        };
        let Some(found) = all.get(at).cloned() else {
            return Action::None;
        };
        let opened = Form::new(&self.desk, Some(found));
        self.open(opened)
    }

    fn form(&mut self, message: form::Message) -> Action {
        let Stage::Form(form) = &mut self.stage else {
            return Action::None;
        };
        let before = form.place();
        match form.update(message) {
            form::Action::None if form.place() != before => Action::Run(form.show_place()),
            form::Action::None => Action::None,
            form::Action::Run(task) => Action::Run(task.map(Message::Form)),
            form::Action::Save(put) => Action::Run(Task::perform(self.desk.put_camera(*put), |answer| {
                Message::Changed(answer.map_err(Arc::new))
            })),
        }
    }

    fn ask_to_remove(&mut self) -> Action {
        if let Some(row) = self.camera().filter(|_| self.desk.administers_cameras()) {
            let settings = &row.settings;
            let title = format!("{} · {}", settings.number, settings.name);
            let what = fl!("cameras-sure", camera = settings.id.as_str());
            let question = ReasonDialog::new(settings.id.clone(), title, what, fl!("cameras-remove"));
            (self.stage, self.said) = (Stage::Removing(Box::new(question)), None);
        }
        Action::None
    }

    fn answer(&mut self, message: admin_reason::Message) -> Action {
        let Stage::Removing(question) = &mut self.stage else {
            return Action::None;
        };
        match question.update(message) {
            Next::None => Action::None,
            Next::Run(task) => Action::Run(task.map(Message::Because)),
            Next::Close => {
                self.stage = Stage::List;
                Action::None
            }
            Next::Done((camera, reason)) => {
                self.stage = Stage::List;
                let removed = self.desk.remove_camera(camera, reason.as_str().to_owned());
                Action::Run(Task::perform(removed, |answer| {
                    Message::Changed(answer.map_err(Arc::new))
                }))
            }
        }
    }

    fn decide(&mut self, verdict: Verdict) -> Action {
        let Some(proposal) = self.proposal().filter(|proposal| self.may_decide(proposal, verdict)) else {
            return Action::None;
        };
        let decided = self.desk.decide_site(proposal.id, verdict);
        Action::Run(Task::perform(decided, |answer| {
            Message::Decided(answer.map_err(Arc::new))
        }))
    }

    /// Another person approves or declines; one's own is taken back.
    fn may_decide(&self, proposal: &SiteProposal, verdict: Verdict) -> bool {
        let own = proposal.author.user == self.desk.person().user;
        match verdict {
            Verdict::Approve => self.desk.approves_cameras() && !own,
            Verdict::Decline => own || self.desk.approves_cameras(),
        }
    }
}

fn step(chosen: &mut usize, count: usize, command: Command) {
    match command {
        Command::Arrow(Direction::Down) | Command::Next if count > 0 => *chosen = (*chosen + 1) % count,
        Command::Arrow(Direction::Up) | Command::Previous if count > 0 => *chosen = (*chosen + count - 1) % count,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake::{self, Fake};

    fn screen(desk: Arc<Fake>) -> (Cameras, Arc<Fake>) {
        let (mut screen, _) = Cameras::new(desk.clone());
        let plan = desk.plan();
        screen.update(Message::Listed(Ok(fake::camera_admin::views(&plan))));
        screen.update(Message::Waiting(Ok(fake::camera_admin::proposals(&plan))));
        (screen, desk)
    }

    #[test]
    fn r_acc_2_a_supervisor_approves_and_changes_nothing() {
        let (mut screen, desk) = screen(fake::supervisor(4, 1));
        for command in [
            Command::NewCamera,
            Command::FindCameras,
            Command::Confirm,
            Command::RemoveCamera,
        ] {
            screen.update(Message::Command(Command::Arrow(Direction::Down)));
            screen.update(Message::Command(command));
            assert!(matches!(screen.stage, Stage::List), "{command:?}");
            screen.update(Message::Choose(0));
        }
        assert_eq!(desk.said().len(), 0);
        screen.update(Message::Command(Command::Approve));
        assert_eq!(desk.said(), ["decide site 3 Approve"]);
    }

    #[test]
    fn removing_wants_a_reason_says_so_and_goes_by_the_keyboard() {
        let (mut screen, desk) = screen(fake::administrator(4, 1));
        screen.update(Message::Command(Command::Arrow(Direction::Down)));
        screen.update(Message::Command(Command::RemoveCamera));
        screen.update(Message::Command(Command::Confirm));
        let Stage::Removing(question) = &screen.stage else {
            panic!("no question");
        };
        assert!(question.error().is_some() && desk.said().is_empty(), "no reason yet");
        let typed = crate::gui::ui::form::Message::Typed(admin_reason::Place::Reason, "palo abbattuto".into());
        screen.update(Message::Because(typed));
        screen.update(Message::Command(Command::Confirm));
        assert_eq!(desk.said(), ["remove cam-01 palo abbattuto"]);
        screen.update(Message::Changed(Ok(Changed::InForce { version: 8 })));
        assert!(matches!(screen.stage, Stage::List) && screen.said.is_some());
        screen.update(Message::Command(Command::RemoveCamera));
        screen.update(Message::Command(Command::Back));
        assert!(matches!(screen.stage, Stage::List), "Esc closes the question only");
    }

    #[test]
    fn what_was_found_fills_the_form() {
        let (mut screen, desk) = screen(fake::administrator(4, 1));
        screen.update(Message::Command(Command::FindCameras));
        assert_eq!(desk.said(), ["find cameras"]);
        screen.update(Message::Found(Ok(fake::camera_admin::found())));
        screen.update(Message::Command(Command::Arrow(Direction::Down)));
        screen.update(Message::Command(Command::Confirm));
        let Stage::Form(form) = &screen.stage else {
            panic!("no form");
        };
        assert_eq!(form.text(form::Place::Onvif), "http://192.0.2.32/onvif/device_service");
        screen.update(Message::Command(Command::Back));
        assert!(matches!(screen.stage, Stage::List));
        assert!(matches!(screen.update(Message::Command(Command::Back)), Action::Close));
    }
}
