//! Mask sync: which masks and limits of the plan the cameras keep by themselves. One camera is asked at a time; a camera
//! that lost something is said, and a supervisor writes it again (R-PRV-3).
//!
//! Invariant: a drift is said until somebody puts it away; it never uncovers anything here, because the cover does not
//! depend on the camera. Deliberately absent: asking and recording (`station`).

use super::effect::{Effect, Notice};
use super::now::Now;
use super::session_facts::SessionFacts;
use crate::domain::camera::CameraId;
use crate::domain::privacy::camera_side;
use crate::gui::i18n::fl;
use crate::gui::input::{Command, Keymap};
use crate::gui::sentences;
use crate::gui::session_port::Desk;
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
pub struct MaskSyncRounds {
    /// Cameras still to be asked in this round.
    waiting: Vec<CameraId>,
    asking: bool,
    /// `None` in every window but the first: one asks for all.
    next_round: Option<Instant>,
    known: HashMap<CameraId, MaskSyncState>,
}

/// What a camera answered.
#[derive(Clone)]
pub enum Message {
    /// A camera was asked in a round.
    Checked {
        camera: CameraId,
        answer: Result<MaskSyncState, Arc<Refusal>>,
    },
    /// Masks and limits were written to it, and it was asked after that.
    Written {
        camera: CameraId,
        answer: Result<MaskSyncState, Arc<Refusal>>,
    },
}

impl MaskSyncRounds {
    /// The rounds of a window; `asks` in the program's first window only.
    pub fn new(asks: bool, now: Instant) -> Self {
        Self {
            waiting: Vec::new(),
            asking: false,
            next_round: asks.then(|| now + FIRST),
            known: HashMap::new(),
        }
    }

    /// What was last heard of a camera.
    pub fn of(&self, camera: &CameraId) -> Option<&MaskSyncState> {
        self.known.get(camera)
    }

    /// Asks the next camera, when it is time.
    pub fn check_next(&mut self, session: &SessionFacts, now: Now) -> Task<Message> {
        if self.asking {
            return Task::none();
        }
        if self.waiting.is_empty() {
            if self.next_round.is_none_or(|at| now.instant < at) {
                return Task::none();
            }
            let may_see = session.may_see();
            let cameras = session.plan().cameras.iter().rev();
            let asked = cameras.filter(|camera| may_see(camera) && camera_side::has_something_to_keep(camera));
            self.waiting = asked.map(|camera| camera.id.clone()).collect();
            self.next_round = Some(now.instant + EVERY);
        }
        let Some(camera) = self.waiting.pop() else {
            return Task::none();
        };
        self.asking = true;
        let checked = session.desk().check_camera(camera.clone());
        Task::perform(checked, move |answer| Message::Checked {
            camera: camera.clone(),
            answer: answer.map_err(Arc::new),
        })
    }

    /// Takes what a camera answered. One that does not answer a round says so on its tile.
    pub fn update(&mut self, message: Message, keymap: &Keymap) -> Effect<Message> {
        let (camera, answer, written) = match message {
            Message::Checked { camera, answer } => {
                self.asking = false;
                (camera, answer, false)
            }
            Message::Written { camera, answer } => (camera, answer, true),
        };
        let state = match answer {
            Ok(state) => state,
            Err(why) if written => return Effect::refused(why, Some(camera)),
            Err(_) => return Effect::none(),
        };
        let said =
            sentence(&state, written, keymap).map(|(tone, sentence)| Notice::of_camera(camera.clone(), tone, sentence));
        self.known.insert(camera, state);
        said.map_or_else(Effect::none, Effect::say)
    }
}

/// Writes masks and limits to a camera.
pub fn write_to_camera(camera: CameraId, desk: &dyn Desk) -> Task<Message> {
    let written = desk.write_to_camera(camera.clone());
    Task::perform(written, move |answer| Message::Written {
        camera: camera.clone(),
        answer: answer.map_err(Arc::new),
    })
}

/// The sentence about what a camera keeps: a drift always, anything else only after writing.
fn sentence(state: &MaskSyncState, written: bool, keymap: &Keymap) -> Option<(Tone, String)> {
    match sentences::drift(state) {
        Some(drift) => {
            let key = keymap.named(Command::WriteToCamera);
            Some((Tone::Attention, format!("{drift} {}", fl!("drift-do", key = key))))
        }
        None if !written => None,
        None if state.cannot.is_empty() => Some((Tone::Normal, fl!("written-kept"))),
        None => Some((Tone::Attention, fl!("written-cannot"))),
    }
}
