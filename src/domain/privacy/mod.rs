//! Privacy that holds while the dome moves: what is known of the pose, and the cover that follows from it.
//!
//! Invariant: the cover contains the true mask for every trajectory inside the speed bounds and every delay inside the
//! delay bounds. Deliberately absent: drawing (the wall's shader, the snapshot), polling (the station).
//!
//! [`school_calendar`] and [`declared_event`] say when a picture may be seen at all and what is lifted for minutes.
//! [`pose_tracker`] says which poses are possible, [`camera_geometry`] how a direction becomes a point of the picture,
//! [`mask`] cuts masks into convex pieces once, [`cover`] grows and projects them for every pose that is possible, and
//! [`mosaic`] says which colours a cover that is not solid may have. [`picture_motion`] reads from decoded pictures how far
//! the dome turned, and may narrow what the tracker says, never widen it.

pub mod axes;
pub mod calibration;
pub mod camera_clock;
pub mod camera_geometry;
pub mod camera_side;
mod certain;
pub mod commanded_motion;
mod common_box;
pub mod convex;
mod counted;
pub mod cover;
pub mod declared_event;
mod dome_pose;
mod evidence;
mod lens_end;
pub mod mask;
pub mod mosaic;
pub mod picture_motion;
pub mod pose_tracker;
mod reckoning;
pub mod recorded;
pub mod school_calendar;
pub mod speed_envelope;
mod told_target;
pub mod told_view;
pub mod turned_view;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod steering_trials;
#[cfg(test)]
pub(crate) mod test_dome;
#[cfg(test)]
pub(crate) mod test_make;

pub use cover::{PreparedMasks, cover};
pub use dome_pose::{DomePose, PictureTime};
pub use mosaic::CoverStyle;
pub use pose_tracker::PoseTracker;

use crate::domain::camera::Pose;

/// Fields of view whose ratio is more than this are not one.
const KNOWN_ZOOM: f64 = 1.25;

/// A closed interval, `lo <= hi`. Pan intervals may run past ±180°: 170..190 is one interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub lo: f64,
    pub hi: f64,
}

impl Interval {
    /// The middle.
    pub fn middle(&self) -> f64 {
        f64::midpoint(self.lo, self.hi)
    }

    /// Half the width.
    pub fn half_width(&self) -> f64 {
        (self.hi - self.lo) / 2.0
    }

    /// The value at a share 0..1 of the width.
    pub fn at(&self, share: f64) -> f64 {
        self.lo + share * (self.hi - self.lo)
    }

    /// Whether the value lies in it.
    pub fn contains(&self, value: f64) -> bool {
        self.lo <= value && value <= self.hi
    }
}

/// Every pose the dome may have had when the frame was taken. Degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoseInterval {
    pub pan: Interval,
    pub tilt: Interval,
    pub hfov: Interval,
}

/// The knowledge of a dome's pose at the time of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PoseKnowledge {
    Within(PoseInterval),
    Unknown(WholeReason),
}

impl PoseInterval {
    /// Whether the field of view is known well enough to measure by. It is not where the picture may be cropped beyond the end of
    /// the lens.
    pub fn is_zoom_known(&self) -> bool {
        self.hfov.hi <= KNOWN_ZOOM * self.hfov.lo
    }
}

impl PoseKnowledge {
    /// The middle of the known pose, when pan and tilt are known to `within_deg` on each side, and the zoom too: good enough to
    /// measure or draw by.
    pub fn steady(&self, within_deg: f64) -> Option<Pose> {
        match self {
            Self::Within(poses)
                if poses.pan.half_width() <= within_deg
                    && poses.tilt.half_width() <= within_deg
                    && poses.is_zoom_known() =>
            {
                Some(Pose {
                    pan_deg: poses.pan.middle(),
                    tilt_deg: poses.tilt.middle(),
                    hfov_deg: poses.hfov.middle(),
                })
            }
            Self::Within(_) | Self::Unknown(_) => None,
        }
    }
}

/// Why the whole picture is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WholeReason {
    /// No status yet, or none for longer than its limit.
    PoseNotKnown,
    /// The camera restarted or homes.
    CameraRestarted,
    /// The interval of poses is too wide to say anything.
    TooUncertain,
    /// The dome has been saying for a long time that it moves, and stands: it will never prove that it rests.
    NeverAtRest,
    /// School calendar.
    SchoolHours,
    /// The zoom is beyond its ceiling: an event ended, or somebody else moved the dome (R-PTZ-2).
    BeyondCeiling,
    /// The server has a newer plan, and it is not here yet: what must be covered is not known.
    PlanNotCurrent,
    /// The plan, or what it says of the camera, is for a newer program: what must be covered is not known.
    UpdateNeeded,
    /// The picture is turned, mirrored, cropped or zoomed digitally otherwise than when masks were placed, or it is not yet
    /// known whether it is.
    OrientationChanged,
}

/// The part of a picture that must not be seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Cover {
    /// Convex polygons; empty when nothing masked is in view.
    Parts(Vec<Polygon>),
    /// Everything.
    Whole(WholeReason),
}

/// A convex polygon in picture coordinates (0..1, y downwards), clipped to the picture, at least three points.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    pub points: Vec<[f32; 2]>,
    pub style: CoverStyle,
    /// Only perhaps masked: the pose is not known well enough to tell. As opaque as the rest.
    pub band: bool,
}

impl From<Vec<[f32; 2]>> for Polygon {
    /// A solid polygon of the cover.
    fn from(points: Vec<[f32; 2]>) -> Self {
        Self {
            points,
            style: CoverStyle::Solid,
            band: false,
        }
    }
}
