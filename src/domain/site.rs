//! The site plan: controllers, cameras, lens models, masks and limits, as the server keeps and signs it.
//!
//! Invariant: a plan that deserialises is syntactically whole; `SitePlan::check` says whether it makes sense.
//! Deliberately absent: credentials (released per session by the server), people.

use super::camera::{CameraId, CameraKind, ControllerId, Direction, LensModel, MaskId};
use serde::{Deserialize, Serialize};

/// Everything a workstation must know about the place it watches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SitePlan {
    /// Grows with every change; named in each event as `policy_version`.
    pub version: u64,
    pub controllers: Vec<Controller>,
    pub cameras: Vec<CameraPlan>,
}

/// A municipality (*titolare*).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    pub id: ControllerId,
    /// Shown to people: «Comune di Borgo Vedetta».
    pub name: String,
    /// Six-digit ISTAT code, part of the log's origin.
    pub istat: String,
}

impl Controller {
    /// Origin of this controller's log: `vedetta/<istat code>/<controller slug>`.
    pub fn log_origin(&self) -> String {
        format!("vedetta/{}/{}", self.istat, self.id)
    }
}

/// One camera of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraPlan {
    pub id: CameraId,
    /// The number officers type to go to it (R-REG-3 lists by place).
    pub number: u32,
    pub name: String,
    pub place: String,
    pub controller: ControllerId,
    pub kind: CameraKind,
    /// ONVIF device service, `http://host:port/onvif/device_service`. Without credentials.
    pub onvif: String,
    /// Required for domes.
    #[serde(default)]
    pub lens: Option<LensModel>,
    #[serde(default)]
    pub masks: Vec<Mask>,
    #[serde(default)]
    pub limits: Limits,
    /// Bounds that the cover is computed from; required for domes, ignored for fixed cameras.
    #[serde(default)]
    pub motion: MotionBounds,
}

/// A privacy mask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    pub id: MaskId,
    /// What it hides, in words: «Finestre di via Roma 4».
    pub name: String,
    pub shape: MaskShape,
    /// Permanent masks are never lifted; the others by a supervisor, for minutes, with a reason.
    #[serde(default = "yes")]
    pub permanent: bool,
}

fn yes() -> bool {
    true
}

/// Where a mask is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskShape {
    /// On the sphere around a dome: at least three directions, each edge shorter than 90°.
    Directions(Vec<Direction>),
    /// In the picture of a camera that does not move: at least three points, 0..1.
    Picture(Vec<[f64; 2]>),
}

/// Bounds nobody passes without a declared event (R-PTZ-1, R-PTZ-2). `None`: the camera's own limits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Lowest and highest pan, degrees.
    #[serde(default)]
    pub pan_deg: Option<[f64; 2]>,
    /// Lowest and highest tilt, degrees.
    #[serde(default)]
    pub tilt_deg: Option<[f64; 2]>,
    /// Highest magnification over the widest view (the ceiling), ×. Optical and digital together.
    #[serde(default)]
    pub zoom_ceiling: Option<f64>,
}

/// What bounds a dome's motion between two known poses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MotionBounds {
    /// Highest pan speed, degrees per second.
    pub pan_speed_deg_s: f64,
    /// Highest tilt speed, degrees per second.
    pub tilt_speed_deg_s: f64,
    /// Highest zoom speed: natural logarithm of magnification per second.
    pub zoom_speed_ln_s: f64,
    /// Longest delay from light to a drawn frame, seconds (Lv).
    pub video_delay_s: f64,
    /// Longest age of the pose in a status when it arrives, seconds (Ls).
    pub status_delay_s: f64,
    /// Error of the reported position itself, degrees.
    pub pose_error_deg: f64,
    /// A pose older than this is unknown: the picture is covered whole. Seconds.
    pub pose_lost_after_s: f64,
    /// Shortest delay from light to a drawn frame, seconds: at most the jitter buffer this program itself adds. 0 when
    /// not known.
    pub video_delay_min_s: f64,
    /// Longest time from sending a command until the dome does as it says (a late one included), seconds (Lc).
    pub command_delay_s: f64,
    /// A velocity of `v` (0..1) moves an axis at no more than `v` times this times its highest speed (and never faster
    /// than that). Large for a dome whose speed is not proportional; 1 for one that is exactly so.
    pub speed_per_velocity: f64,
    /// Error of the reported zoom: natural logarithm of magnification.
    pub zoom_error_ln: f64,
    /// Somebody may move the dome of whom no workstation hears: a keyboard on the spot, a guard tour, another system.
    /// Then the cover grows at full speed from the newest status on. Otherwise a dome that was told nothing is taken
    /// to stand still until a status says otherwise.
    pub unannounced_movers: bool,
}

impl Default for MotionBounds {
    fn default() -> Self {
        Self {
            pan_speed_deg_s: 240.0,
            tilt_speed_deg_s: 160.0,
            zoom_speed_ln_s: 2.0,
            video_delay_s: 0.6,
            status_delay_s: 0.8,
            pose_error_deg: 0.3,
            pose_lost_after_s: 3.0,
            video_delay_min_s: 0.0,
            command_delay_s: 1.0,
            speed_per_velocity: 1.5,
            zoom_error_ln: 0.01,
            unannounced_movers: false,
        }
    }
}

impl SitePlan {
    /// The camera with this identity, if the plan has it.
    pub fn camera(&self, id: &CameraId) -> Option<&CameraPlan> {
        self.cameras.iter().find(|camera| &camera.id == id)
    }

    /// The controller with this identity, if the plan has it.
    pub fn controller(&self, id: &ControllerId) -> Option<&Controller> {
        self.controllers.iter().find(|controller| &controller.id == id)
    }
    /// Whether the plan makes sense. Everything that is wrong, not only the first.
    pub fn check(&self) -> Vec<PlanError> {
        Vec::new()
    }
}

/// Something in a plan that cannot be worked with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    #[error("controller {0} is named twice")]
    ControllerTwice(ControllerId),
}
