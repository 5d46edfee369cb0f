//! The end of a lens, from which some cameras go on by cropping the picture: at the end of its range a status says of the
//! zoom no more than «at least this».
//!
//! Digital zoom changes the crop (ONVIF PTZ 5.7.1.5), and a camera may leave its told zoom at the end of the lens meanwhile. So
//! a status that tells the end bounds the zoom from below alone, as one that tells less bounds it on both sides. From above it is bounded by
//! what was known before of that moment ([`PoseTracker`](super::PoseTracker)): who drives the zoom, how fast, for how long; and by
//! [`MOST_CROPPED`]. Statuses at the end agree whatever the zoom does, so they show that pan and tilt rest, and of the zoom nothing
//! that its drives did not let them: a rest there closes it only where nothing but targets within the lens was ordered since the
//! dome stood below its end. A target is the end of the way to it: assumed, a camera that is sent to the end of its range does not crop.
//!
//! Proof that the cover holds. Scales of one direction of the lens are copies of each other about the middle of the picture, and the
//! [cover](super::cover()) contains every copy between its smallest and its largest. So a zoom that is open from the end of the lens on
//! covers each mask outwards, from where it lies without a crop to the edge of the picture, and leaves the rest free.
//!
//! Invariant: a dome that tells the field of view of its pictures has no such end: what it tells is compared
//! ([`told_view`](super::told_view)). Deliberately absent: finding such a camera at its calibration; until then each is taken for one.

use super::axes::{axes_of, hfov_of};
use super::{Interval, PoseInterval};
use crate::domain::camera::{LensModel, Pose};
use crate::domain::site::CameraPlan;

/// The most that a camera enlarges a part of its sensor: a hundredth of 8,192 pixels is no picture any more.
const MOST_CROPPED: f64 = 100.0;

/// The highest zoom that a dome tells, as the axis has it: natural logarithm of magnification.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LensEnd {
    zoom: f64,
    error: f64,
}

impl LensEnd {
    /// By the plan; `None` for a dome that tells the field of view of its pictures, and for one whose lens is not known.
    pub fn of(camera: &CameraPlan) -> Option<Self> {
        let lens = camera.lens.as_ref().filter(|_| !camera.habits.tells_view)?;
        let narrowest = Pose {
            pan_deg: 0.0,
            tilt_deg: 0.0,
            hfov_deg: lens.narrowest_hfov_deg(),
        };
        let [_, _, zoom] = axes_of(narrowest)?;
        let error = camera.motion.zoom_error_ln;
        Some(Self { zoom, error })
    }

    /// Whether a told zoom may be the end, of a picture that is cropped.
    pub fn is_told_by(&self, zoom: f64) -> bool {
        zoom >= self.zoom - 2.0 * self.error
    }

    /// The highest zoom of a picture whose status tells the end.
    pub fn most(&self) -> f64 {
        self.zoom + MOST_CROPPED.ln()
    }
}

/// Cuts poses to what a lens can do, its crop included where it has an `end`; tilt and zoom that lie outside of that altogether
/// count all the same.
pub(super) fn within(
    lens: Option<&LensModel>,
    end: Option<LensEnd>,
    slack_deg: f64,
    poses: PoseInterval,
) -> PoseInterval {
    let Some(lens) = lens else { return poses };
    let cut = |interval: Interval, range: [f64; 2]| {
        let cut = Interval {
            lo: interval.lo.max(range[0].min(range[1])),
            hi: interval.hi.min(range[0].max(range[1])),
        };
        if cut.lo <= cut.hi { cut } else { interval }
    };
    let [a, b] = lens.tilt_range_deg;
    let narrowest = end.map_or_else(|| lens.narrowest_hfov_deg(), |end| hfov_of(end.most()));
    PoseInterval {
        pan: poses.pan,
        tilt: cut(poses.tilt, [a.min(b) - slack_deg, a.max(b) + slack_deg]),
        hfov: cut(poses.hfov, [narrowest, lens.widest_hfov_deg()]),
    }
}

#[cfg(test)]
mod tests;
