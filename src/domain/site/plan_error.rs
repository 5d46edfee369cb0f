//! The faults of a site plan, of the whole and of one camera.
//!
//! Invariant: what stands in a fault is from the plan, never a secret: a plan has none. Deliberately absent: finding them
//! (`SitePlan::check`), words for people.

use crate::domain::camera::{CameraId, ControllerId, LensError, MaskId};
use crate::domain::privacy::convex::ShapeError;
use crate::domain::privacy::school_calendar::CalendarError;
use crate::domain::version::critical::UpdateNeeded;

/// Something in a plan that cannot be worked with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    #[error("controller {0} is in the plan twice")]
    ControllerTwice(ControllerId),
    #[error("the ISTAT code of controller {0} is not six digits")]
    Istat(ControllerId),
    #[error("it has a mark that is not known")]
    UpdateNeeded(#[source] UpdateNeeded),
    #[error("camera {camera}")]
    Camera {
        camera: CameraId,
        #[source]
        trouble: CameraError,
    },
}

/// Faults of one camera of a plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CameraError {
    #[error("it is in the plan twice")]
    Twice,
    #[error("another camera has the number {0} too")]
    NumberTwice(u32),
    #[error("there is no controller {0}")]
    NoSuchController(ControllerId),
    #[error("a dome needs a lens model")]
    DomeWithoutLens,
    #[error("its lens model")]
    Lens(#[source] LensError),
    #[error("mask {0} is there twice")]
    MaskTwice(MaskId),
    #[error("mask {0} has the wrong kind of shape: directions are for domes, picture points for all others")]
    WrongKindOfMask(MaskId),
    #[error("mask {mask}")]
    Mask {
        mask: MaskId,
        #[source]
        error: ShapeError,
    },
    #[error("sector {0} is there twice")]
    SectorTwice(MaskId),
    #[error("sector {sector}")]
    Sector {
        sector: MaskId,
        #[source]
        error: ShapeError,
    },
    #[error("sectors are for domes")]
    SectorsOfAFixedCamera,
    #[error("a ceiling in pixels per metre needs the height of the lens and the width of the picture")]
    NoGround,
    #[error("the height of the lens or the width of the picture is out of range")]
    Ground,
    #[error("its school calendar")]
    School(#[source] CalendarError),
    #[error("the limit {0} is empty, out of range or not a number")]
    Limit(&'static str),
    #[error("the motion bound {0} is out of range or not a number")]
    Motion(&'static str),
    #[error("the time of its return, or the name of the preset it returns to, is out of range")]
    ReturnHome,
    #[error("it has a mark that is not known")]
    UpdateNeeded(#[source] UpdateNeeded),
}
