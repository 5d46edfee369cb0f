//! The site plan: controllers, cameras, lens models, masks and limits, as the server keeps and signs it.
//!
//! Invariant: a plan that deserialises is syntactically whole; `SitePlan::check` says whether it makes sense. Unknown fields are
//! passed over; a file written by hand is read strictly (`file`), and so is a plan that is to be signed again (`signed_form`).
//! Deliberately absent: credentials (released per session by the server), people.

mod bounds;
pub mod change;
mod dome_delays;
pub mod dome_habits;
pub mod file;
pub mod orientation;
mod plan_error;
mod return_home;
pub mod short_name;
pub mod signed_form;
mod speed_table;
pub mod video_view;

pub use bounds::{Limits, MotionBounds};
pub use dome_delays::{DomeDelays, TargetMove};
pub use dome_habits::{DomeHabits, ReportedPosition};
pub use orientation::Orientation;
pub use plan_error::{CameraError, PlanError};
pub use return_home::{ReturnHome, ReturnHomeError};
pub use speed_table::{Axis, SpeedRow, SpeedTable};
pub use video_view::VideoView;

use super::camera::{CameraId, CameraKind, ControllerId, Direction, LensModel, MaskId};
use super::privacy::convex::{self, ShapeError};
use super::privacy::mask;
use super::privacy::mosaic::CoverStyle;
use super::privacy::school_calendar::SchoolCalendar;
use super::ptz::sector::{Sector, SectorRule};
use super::version::critical::{self, Critical, UpdateNeeded};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Everything a workstation must know about the place it watches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SitePlan {
    /// Grows with every change; named in each event as `policy_version`.
    pub version: u64,
    pub controllers: Vec<Controller>,
    pub cameras: Vec<CameraPlan>,
    /// Marks on what concerns every camera: whoever does not know one uses nothing of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<Critical>,
}

/// A municipality (*titolare*).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Needed for ceilings in pixels per metre.
    #[serde(default)]
    pub ground: Option<Ground>,
    /// For a camera at a school: when its pictures may be seen (R-PRV-2).
    #[serde(default)]
    pub school: Option<SchoolCalendar>,
    /// The server makes an ONVIF user on the camera for each session and removes it after, where the camera lets it.
    #[serde(default)]
    pub personal_users: bool,
    /// Which of the device's video sources and views it is; `None`: the device has only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<VideoView>,
    /// How its picture lay when it was calibrated or its masks were drawn; any difference covers it whole. `None`: not
    /// known, and not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orientation: Option<Orientation>,
    /// How far a dome's statuses can be believed, by the self-test at its calibration.
    #[serde(default, skip_serializing_if = "DomeHabits::is_unknown")]
    pub habits: DomeHabits,
    /// When and where a dome goes back that nobody steers any more; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_home: Option<ReturnHome>,
    /// Marks on what concerns this camera: whoever does not know one shows and moves nothing of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<Critical>,
}

/// The facts that turn a field of view into pixels per metre of the ground (EN 62676-4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ground {
    /// The lens above the ground, metres.
    pub height_m: f64,
    /// Width of the picture of the camera's *largest* stream, pixels.
    pub picture_width_px: u32,
}

/// A privacy mask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    pub id: MaskId,
    /// The hidden place, in words: «Finestre di via Roma 4».
    pub name: String,
    pub shape: MaskShape,
    /// Permanent masks are never lifted; the others by a supervisor, for minutes, with a reason.
    #[serde(default = "yes")]
    pub permanent: bool,
    /// Why it is there, in words.
    #[serde(default)]
    pub reason: String,
    /// How it is hidden.
    #[serde(default, skip_serializing_if = "CoverStyle::is_solid")]
    pub style: CoverStyle,
    /// Who drew and who approved this version of the mask; `None`: it came with the first plan.
    #[serde(default)]
    pub revision: Option<Revision>,
}

/// A version of a mask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Counts from 1.
    pub number: u32,
    /// Account names: two different people.
    pub author: String,
    pub approver: String,
    /// When it was approved, Unix milliseconds.
    pub approved_ms: i64,
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

impl SitePlan {
    /// Whether only a newer program may use this plan at all.
    pub fn update_needed(&self) -> Option<UpdateNeeded> {
        critical::update_needed(&self.critical, critical::UNDERSTOOD)
    }

    /// The camera with this identity, if the plan has it.
    pub fn camera(&self, id: &CameraId) -> Option<&CameraPlan> {
        self.cameras.iter().find(|camera| &camera.id == id)
    }

    /// The controller with this identity, if the plan has it.
    pub fn controller(&self, id: &ControllerId) -> Option<&Controller> {
        self.controllers.iter().find(|controller| &controller.id == id)
    }
    /// Whether the plan makes sense. Everything that is wrong, not only the first; empty when nothing is.
    pub fn check(&self) -> Vec<PlanError> {
        let mut errors = Vec::new();
        let mut seen = HashSet::new();
        for controller in &self.controllers {
            if !seen.insert(&controller.id) {
                errors.push(PlanError::ControllerTwice(controller.id.clone()));
            }
            let digits = controller.istat.len() == 6 && controller.istat.bytes().all(|b| b.is_ascii_digit());
            if !digits {
                errors.push(PlanError::Istat(controller.id.clone()));
            }
        }
        errors.extend(self.update_needed().map(PlanError::UpdateNeeded));
        let (mut ids, mut numbers) = (HashSet::new(), HashSet::new());
        for camera in &self.cameras {
            let mut push = |trouble| {
                errors.push(PlanError::Camera {
                    camera: camera.id.clone(),
                    trouble,
                })
            };
            if !ids.insert(&camera.id) {
                push(CameraError::Twice);
            }
            if !numbers.insert(camera.number) {
                push(CameraError::NumberTwice(camera.number));
            }
            if self.controller(&camera.controller).is_none() {
                push(CameraError::NoSuchController(camera.controller.clone()));
            }
            camera.check(&mut push);
        }
        errors
    }
}

impl CameraPlan {
    /// Whether only a newer program may show and move this camera.
    pub fn update_needed(&self) -> Option<UpdateNeeded> {
        critical::update_needed(&self.critical, critical::UNDERSTOOD)
    }

    /// Whether some part of its pictures must never be seen.
    pub fn hides_anything(&self) -> bool {
        let no_look = |sector: &Sector| sector.rule == SectorRule::NoLook;
        !self.masks.is_empty() || self.limits.sectors.iter().any(no_look)
    }

    /// Whether what is known of the pose of a camera planned like `other` holds for this plan: same view, same geometry, same
    /// bounds and habits, and both compared with an orientation or neither.
    pub fn is_followed_like(&self, other: &Self) -> bool {
        self.lens == other.lens
            && self.motion == other.motion
            && self.view == other.view
            && self.habits == other.habits
            && self.orientation.is_some() == other.orientation.is_some()
    }

    fn check(&self, push: &mut impl FnMut(CameraError)) {
        if let Some(update) = self.update_needed() {
            push(CameraError::UpdateNeeded(update));
        }
        match (&self.lens, self.kind) {
            (None, CameraKind::Dome) => push(CameraError::DomeWithoutLens),
            (None, CameraKind::Fixed | CameraKind::Mobile) => {}
            (Some(lens), _) => {
                if let Err(error) = lens.check() {
                    push(CameraError::Lens(error));
                }
            }
        }
        let mut ids = HashSet::new();
        for mask in &self.masks {
            if !ids.insert(&mask.id) {
                push(CameraError::MaskTwice(mask.id.clone()));
            }
            let wrong = |error| CameraError::Mask {
                mask: mask.id.clone(),
                error,
            };
            let result = match &mask.shape {
                MaskShape::Directions(_) if self.kind != CameraKind::Dome => {
                    push(CameraError::WrongKindOfMask(mask.id.clone()));
                    Ok(())
                }
                MaskShape::Picture(_) if self.kind == CameraKind::Dome => {
                    push(CameraError::WrongKindOfMask(mask.id.clone()));
                    Ok(())
                }
                MaskShape::Directions(corners) => mask::pieces(corners).map(drop),
                MaskShape::Picture(corners) if corners.iter().flatten().all(|v| (0.0..=1.0).contains(v)) => {
                    convex::simple(corners).map(drop)
                }
                MaskShape::Picture(_) => Err(ShapeError::OutOfRange),
            };
            if let Err(error) = result {
                push(wrong(error));
            }
        }
        self.limits.check(push);
        if self.kind != CameraKind::Dome && !self.limits.sectors.is_empty() {
            push(CameraError::SectorsOfAFixedCamera);
        }
        match &self.ground {
            None if self.limits.needs_ground() => push(CameraError::NoGround),
            Some(ground) if !ground.is_sound() => push(CameraError::Ground),
            None | Some(_) => {}
        }
        if let Some(Err(error)) = self.school.as_ref().map(SchoolCalendar::check) {
            push(CameraError::School(error));
        }
        if self.return_home.as_ref().is_some_and(|home| !home.is_sound()) {
            push(CameraError::ReturnHome);
        }
        if self.kind == CameraKind::Dome {
            self.motion.check(push);
        }
    }
}

impl Ground {
    fn is_sound(&self) -> bool {
        (0.5..=200.0).contains(&self.height_m) && (1..=32_768).contains(&self.picture_width_px)
    }
}

#[cfg(test)]
mod tests;
