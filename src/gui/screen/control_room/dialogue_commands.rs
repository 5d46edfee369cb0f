//! Opening the dialogues and the tools of the room by a key, and what the room does when they are done.
//!
//! Invariant: no key counts as held while a dialogue is open. Deliberately absent: the dialogues and the tools (`work`).

use super::effect::Notice;
use super::work::Tool;
use super::work::dialogues::{self, Dialogue, Outcome};
use super::work::dome_calibration::{self, DomeCalibration};
use super::work::mask_drawing::{self, MaskDrawing};
use super::{ControlRoom, Message};
use crate::domain::people::Level;
use crate::gui::dialogue::change_purpose::ChangePurpose;
use crate::gui::dialogue::clearance_answer::ClearanceAnswer;
use crate::gui::dialogue::clearance_request::{Asked, ClearanceRequest};
use crate::gui::dialogue::clearances_in_force::ClearancesInForce;
use crate::gui::dialogue::declare_event::Declare;
use crate::gui::dialogue::export::Export;
use crate::gui::dialogue::extend_grace::ExtendGrace;
use crate::gui::dialogue::hand_over::HandOver;
use crate::gui::dialogue::request_dome::RequestDome;
use crate::gui::i18n::fl;
use crate::gui::input::Command;
use crate::gui::sentences;
use crate::gui::session_port::DomeLease;
use crate::gui::theme::Tone;
use iced::Task;

/// Length of the range that the export dialogue offers, milliseconds.
const EXPORT_MS: i64 = 60_000;

impl ControlRoom {
    pub(super) fn dialogue_command(&mut self, command: Command) -> Task<Message> {
        match self.work.dialogue().map(|dialogue| dialogue.command(command)) {
            Some(message) => self.dialogue_message(message),
            None => Task::none(),
        }
    }

    pub(super) fn dialogue_message(&mut self, message: dialogues::Message) -> Task<Message> {
        match self.work.dialogue_message(message, self.now.clock) {
            Outcome::Run(task) => return task.map(Message::Dialogue),
            Outcome::Closed => {}
            Outcome::DomeRequested { camera, urgent } => {
                if let Some(notice) = self.notifications.dome_requested(camera, urgent, &self.session) {
                    self.say(notice);
                }
            }
            Outcome::ClearanceAsked(Asked::Requested) => {
                self.say(Notice::said(Tone::Normal, fl!("clearance-sent")));
            }
            Outcome::ClearanceAsked(Asked::OpenedAtOnce) => {
                let key = self.keymap.named(Command::Playback);
                self.say(Notice::said(Tone::Normal, fl!("clearance-opened-at-once", key = key)));
            }
            Outcome::PurposeChanged => {
                self.session.read_purpose();
                let purpose = sentences::stated(self.session.stated());
                self.say(Notice::said(Tone::Normal, fl!("purpose-changed", purpose = purpose)));
            }
        }
        Task::none()
    }

    fn open(&mut self, dialogue: Dialogue) -> Task<Message> {
        self.ptz.release_all();
        self.work.open(dialogue);
        Task::none()
    }

    /// A copy of the selected camera's recording.
    pub(super) fn open_export(&mut self) -> Task<Message> {
        let Some(camera) = self.selected_plan().cloned() else {
            return self.nothing_selected();
        };
        let end = sentences::unix_ms(self.now.clock);
        let dialogue = Export::new(self.desk(), camera, end - EXPORT_MS, end);
        self.open(Dialogue::Export(Box::new(dialogue)))
    }

    /// An event on the selected camera.
    pub(super) fn open_declare(&mut self) -> Task<Message> {
        let Some(camera) = self.selected_plan().cloned() else {
            return self.nothing_selected();
        };
        let dialogue = Declare::new(self.desk(), camera);
        self.open(Dialogue::Declare(Box::new(dialogue)))
    }

    /// Asks whoever holds the lease on the selected dome for it.
    pub(super) fn open_request_dome(&mut self) -> Task<Message> {
        let dome = self.selected_plan().cloned();
        let lease = dome.and_then(|dome| Some((self.session.lease_of(&dome.id)?.clone(), dome)));
        let Some((lease, dome)) = lease else {
            return Task::none();
        };
        let dialogue = RequestDome::new(self.desk(), dome, lease);
        self.open(Dialogue::Ask(Box::new(dialogue)))
    }

    /// Answers who asks for a dome of ours, the selected one first.
    pub(super) fn open_hand_over(&mut self) -> Task<Message> {
        let selected = self.selected_camera();
        let asked = |lease: &&DomeLease| lease.ours && !lease.asking.is_empty();
        let all = || self.session.leases().iter().filter(asked);
        let lease = all()
            .find(|lease| Some(&lease.camera) == selected.as_ref())
            .or_else(|| all().next());
        let plan = self.session.plan();
        let found = lease.and_then(|lease| Some((plan.camera(&lease.camera)?.clone(), lease.asking.first()?.clone())));
        let Some((camera, asking)) = found else {
            self.say(Notice::said(Tone::Normal, fl!("hand-over-nobody")));
            return Task::none();
        };
        let dialogue = HandOver::new(self.desk(), camera, asking, &self.keymap);
        self.open(Dialogue::HandOver(Box::new(dialogue)))
    }

    /// Clearances: a supervisor answers, everybody else asks.
    pub(super) fn open_clearances(&mut self) -> Task<Message> {
        let clock = self.now.clock;
        if self.session.person().level == Level::Supervisor {
            let dialogue = ClearanceAnswer::new(self.desk(), clock);
            return self.open(Dialogue::Answer(Box::new(dialogue)));
        }
        let camera = self.selected_plan().map(|camera| camera.number);
        let dialogue = ClearanceRequest::new(self.desk(), camera, clock);
        self.open(Dialogue::Request(Box::new(dialogue)))
    }

    /// The clearances in force, for who decides on them; everybody else sees their own beside the request.
    pub(super) fn open_clearances_in_force(&mut self) -> Task<Message> {
        if self.session.person().level != Level::Supervisor {
            return self.open_clearances();
        }
        let dialogue = ClearancesInForce::new(self.desk(), self.now.clock);
        self.open(Dialogue::InForce(Box::new(dialogue)))
    }

    /// Another purpose in the middle of a shift.
    pub(super) fn open_change_purpose(&mut self) -> Task<Message> {
        let dialogue = ChangePurpose::new(self.desk());
        self.open(Dialogue::Purpose(Box::new(dialogue)))
    }

    /// Going on in one's own name while the server is away.
    pub(super) fn open_extend_grace(&mut self) -> Task<Message> {
        let dialogue = ExtendGrace::new(self.desk());
        self.open(Dialogue::ExtendGrace(Box::new(dialogue)))
    }

    /// Opens the mask editor on the selected camera, or closes it.
    pub(super) fn toggle_mask_editor(&mut self) -> Task<Message> {
        if let Tool::DrawingMasks(_) = self.work.tool() {
            self.work.take_up(Tool::Watching, self.session.desk().as_ref());
            return Task::none();
        }
        let Some(camera) = self.selected_plan().cloned() else {
            return self.nothing_selected();
        };
        let desk = self.session.desk().as_ref();
        let (drawing, asked) = MaskDrawing::begin(camera, desk);
        self.work.take_up(Tool::DrawingMasks(drawing), desk);
        asked.map(Message::Masks)
    }

    pub(super) fn mask_message(&mut self, message: mask_drawing::Message) -> Task<Message> {
        if matches!(message, mask_drawing::Message::Settled(_)) {
            // What was approved is in the plan already.
            self.read_plan();
        }
        let effect = self.work.mask_message(message, &self.session);
        self.carry_out(effect, Message::Masks)
    }

    /// Opens the calibration panel on the selected dome, or closes it.
    pub(super) fn toggle_calibration(&mut self) -> Task<Message> {
        let desk = self.session.desk().as_ref();
        if let Tool::Calibrating(_) = self.work.tool() {
            self.work.take_up(Tool::Watching, desk);
            return Task::none();
        }
        let begun = self.selected_plan().cloned();
        let Some((calibration, asked)) = begun.and_then(|camera| DomeCalibration::begin(camera, desk)) else {
            return self.not_a_dome();
        };
        self.work.take_up(Tool::Calibrating(calibration), desk);
        self.carry_out(asked, Message::Calibration)
    }

    pub(super) fn calibration_message(&mut self, message: dome_calibration::Message) -> Task<Message> {
        let effect = self.work.calibration_message(message, self.session.desk().as_ref());
        self.carry_out(effect, Message::Calibration)
    }

    /// Lets a click on the selected camera's picture be the tool's; `false` when it is not meant for the tool.
    pub(super) fn point_in_picture(&mut self, at: Option<[f64; 2]>) -> bool {
        let now = self.now.instant;
        let measures = matches!(self.work.tool(), Tool::Calibrating(_));
        let pose = self.wall.selected_view(now).map(|open| {
            let feed = open.feed();
            if measures { feed.motors(now) } else { feed.pose(now) }
        });
        let Some(camera) = self.selected_camera() else {
            return false;
        };
        self.work
            .point(&camera, at, pose.as_ref(), self.session.desk().as_ref())
    }
}
