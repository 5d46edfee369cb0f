//! What cameras keep of the plan by themselves: asked one camera at a time, said when one does not, written again by a
//! supervisor (R-PRV-3).
//!
//! Invariant: a drift is said until somebody puts it away; it never uncovers anything here, because the cover does not
//! depend on the camera. Deliberately absent: asking and recording (`station`).

use super::{Action, ControlRoom, Message, may_see};
use crate::domain::camera::CameraId;
use crate::domain::privacy::camera_side;
use crate::gui::i18n::fl;
use crate::gui::input::Command;
use crate::gui::sentences;
use crate::gui::theme::Tone;
use crate::station::{MaskSyncState, Refusal};
use iced::Task;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The first round begins when the wall has had time to open.
const FIRST: Duration = Duration::from_secs(15);
/// From the end of a round to the next. Each question is an event of its own.
const EVERY: Duration = Duration::from_secs(6 * 3600);

/// The rounds of one window.
pub(super) struct MaskSyncRounds {
    /// Cameras still to be asked in this round.
    waiting: Vec<CameraId>,
    asking: bool,
    /// `None` in every window but the first: one asks for all.
    next_round: Option<Instant>,
    known: HashMap<CameraId, MaskSyncState>,
}

impl MaskSyncRounds {
    pub(super) fn new(asks: bool, now: Instant) -> Self {
        Self {
            waiting: Vec::new(),
            asking: false,
            next_round: asks.then(|| now + FIRST),
            known: HashMap::new(),
        }
    }

    /// What was last heard of a camera.
    pub(super) fn of(&self, camera: &CameraId) -> Option<&MaskSyncState> {
        self.known.get(camera)
    }
}

impl ControlRoom {
    /// Asks the next camera, when it is time.
    pub(super) fn check_next(&mut self) -> Task<Message> {
        if self.keeping.asking {
            return Task::none();
        }
        if self.keeping.waiting.is_empty() {
            if self.keeping.next_round.is_none_or(|at| self.now.instant < at) {
                return Task::none();
            }
            let here = self.desk.circumstances();
            let keeps =
                |camera: &&_| may_see(&self.person, &here, camera) && camera_side::has_something_to_keep(camera);
            let cameras = self.plan.cameras.iter().rev().filter(keeps);
            self.keeping.waiting = cameras.map(|camera| camera.id.clone()).collect();
            self.keeping.next_round = Some(self.now.instant + EVERY);
        }
        let Some(camera) = self.keeping.waiting.pop() else {
            return Task::none();
        };
        self.keeping.asking = true;
        Task::perform(self.desk.check_camera(camera.clone()), move |answer| {
            Message::MaskSyncState {
                camera: camera.clone(),
                answer: answer.map_err(Arc::new),
                written: false,
            }
        })
    }

    /// Writes masks and limits to the selected camera.
    pub(super) fn write_to_camera(&mut self) -> Action {
        let Some(camera) = self.selected_camera() else {
            return self.nothing_selected();
        };
        let written = self.desk.write_to_camera(camera.clone());
        Action::Run(Task::perform(written, move |answer| Message::MaskSyncState {
            camera: camera.clone(),
            answer: answer.map_err(Arc::new),
            written: true,
        }))
    }

    /// What a camera keeps is known, or it could not be asked.
    pub(super) fn kept(&mut self, camera: CameraId, answer: Result<MaskSyncState, Arc<Refusal>>, written: bool) {
        if !written {
            self.keeping.asking = false;
        }
        let kept = match answer {
            Ok(kept) => kept,
            Err(why) if written => return self.refused(&why, Some(camera)),
            // A camera that does not answer says so on its tile.
            Err(_) => return,
        };
        let said = match sentences::drift(&kept) {
            Some(drift) => {
                let key = self.keymap.named(Command::WriteToCamera);
                Some((Tone::Attention, format!("{drift} {}", fl!("drift-do", key = key))))
            }
            None if !written => None,
            None if kept.cannot.is_empty() => Some((Tone::Normal, fl!("written-kept"))),
            None => Some((Tone::Attention, fl!("written-cannot"))),
        };
        if let Some((tone, sentence)) = said {
            let sentence = match self.plan.camera(&camera) {
                Some(planned) => format!("{} · {}: {sentence}", planned.number, planned.name),
                None => sentence,
            };
            self.say(tone, sentence, Some(camera.clone()));
        }
        self.keeping.known.insert(camera, kept);
    }
}
