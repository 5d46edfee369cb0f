//! What a part of the control room wants done after it changed its own state.
//!
//! Invariant: a part touches no other part; whatever concerns the others it says here, and the room does it. Deliberately
//! absent: doing it.

use crate::domain::camera::CameraId;
use crate::gui::theme::Tone;
use crate::gui::ui::message_strip::{Concern, Stay};
use crate::station::Refusal;
use iced::Task;
use std::sync::Arc;

/// A notice for the message strip.
pub enum Notice {
    Said {
        tone: Tone,
        sentence: String,
        /// The camera that the notice's button goes to.
        camera: Option<CameraId>,
        stay: Stay,
    },
    /// What others asked was answered, here or elsewhere.
    Settled(Concern),
    /// The station refused an act on this camera.
    Refused {
        why: Arc<Refusal>,
        camera: Option<CameraId>,
    },
}

impl Notice {
    /// A sentence that concerns no single camera.
    pub fn said(tone: Tone, sentence: String) -> Self {
        Self::Said {
            tone,
            sentence,
            camera: None,
            stay: stay(tone),
        }
    }

    /// Why a key did nothing.
    pub fn passing(sentence: String) -> Self {
        Self::Said {
            tone: Tone::Attention,
            sentence,
            camera: None,
            stay: Stay::Passing,
        }
    }

    /// What others ask, until it is answered.
    pub fn asked(concern: Concern, camera: Option<CameraId>, sentence: String) -> Self {
        Self::Said {
            tone: Tone::Act,
            sentence,
            camera,
            stay: Stay::UntilSettled(concern),
        }
    }

    /// A sentence about one camera.
    pub fn of_camera(camera: CameraId, tone: Tone, sentence: String) -> Self {
        Self::Said {
            tone,
            sentence,
            camera: Some(camera),
            stay: stay(tone),
        }
    }
}

/// What is only told passes; a warning stays.
fn stay(tone: Tone) -> Stay {
    match tone {
        Tone::Normal | Tone::Other => Stay::Passing,
        Tone::Attention | Tone::Act => Stay::UntilPutAway,
    }
}

/// A task to run, whose messages go to the part, and notices for the strip.
pub struct Effect<M> {
    pub task: Task<M>,
    pub notices: Vec<Notice>,
}

impl<M: 'static> Effect<M> {
    /// Nothing to do.
    pub fn none() -> Self {
        Self::run(Task::none())
    }

    /// A task and no notice.
    pub fn run(task: Task<M>) -> Self {
        Self {
            task,
            notices: Vec::new(),
        }
    }

    /// One notice and no task.
    pub fn say(notice: Notice) -> Self {
        Self {
            task: Task::none(),
            notices: vec![notice],
        }
    }

    /// The station's refusal of an act on this camera.
    pub fn refused(why: Arc<Refusal>, camera: Option<CameraId>) -> Self {
        Self::say(Notice::Refused { why, camera })
    }
}
