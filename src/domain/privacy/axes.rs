//! Small arithmetic of a dome's axes: angles on the circle, zoom as a logarithm, speeds by velocity, time in seconds.
//!
//! Invariant: what is not a sound number never becomes an axis value. Deliberately absent: state.

use super::Interval;
use super::speed_envelope::Axes3;
use crate::domain::camera::Pose;
use crate::domain::site::MotionBounds;
use std::time::Instant;

/// Cameras round velocities to steps: a velocity that is not zero may be this share of the highest speed more.
const VELOCITY_STEP: f64 = 0.02;

/// The share 0..1 of its highest speed at which an axis may move under a velocity command.
pub fn speed_share(motion: &MotionBounds, velocity: f64) -> f64 {
    if velocity == 0.0 {
        0.0
    } else {
        (velocity.abs() * motion.speed_per_velocity + VELOCITY_STEP).min(1.0)
    }
}

/// The largest velocity whose [`speed_share`] is no more than `share`; 0 when every velocity is more.
pub fn velocity_within(motion: &MotionBounds, share: f64) -> f64 {
    if share >= 1.0 {
        1.0
    } else {
        ((share - VELOCITY_STEP) / motion.speed_per_velocity).clamp(0.0, 1.0)
    }
}

/// Seconds from `base` to `at`, negative when it lies before.
pub(super) fn after(base: Instant, at: Instant) -> f64 {
    match at.checked_duration_since(base) {
        Some(later) => later.as_secs_f64(),
        None => -base.saturating_duration_since(at).as_secs_f64(),
    }
}

/// The intersection of two intervals per axis; `None` when it is empty. Pan intervals that could meet on both sides of
/// the circle stay as the narrower of the two is.
pub(super) fn common(a: Option<[Interval; 3]>, b: [Interval; 3]) -> Option<[Interval; 3]> {
    let Some(a) = a else { return Some(b) };
    let mut shared = [b[0]; 3];
    for axis in 0..3 {
        let (mut first, second) = (a[axis], b[axis]);
        if axis == 0 {
            let shift = nearest_turn(first.middle(), second.middle()) - first.middle();
            first = Interval {
                lo: first.lo + shift,
                hi: first.hi + shift,
            };
            if first.half_width() + second.half_width() >= 180.0 {
                shared[axis] = if first.half_width() < second.half_width() {
                    first
                } else {
                    second
                };
                continue;
            }
        }
        shared[axis] = Interval {
            lo: first.lo.max(second.lo),
            hi: first.hi.min(second.hi),
        };
        if shared[axis].lo > shared[axis].hi {
            return None;
        }
    }
    Some(shared)
}

/// Whether a pan interval contains a turning point of ±180°.
pub(super) fn crosses_seam(low: f64, high: f64) -> bool {
    ((low + 180.0) / 360.0).floor() != ((high + 180.0) / 360.0).floor()
}

/// The angle that is `angle` but for whole turns, and nearest to `to`. Degrees.
pub fn nearest_turn(angle: f64, to: f64) -> f64 {
    angle + ((to - angle) / 360.0).round() * 360.0
}

pub(super) fn axes_of(pose: Pose) -> Option<Axes3> {
    let sound =
        pose.pan_deg.abs() <= 1e4 && pose.tilt_deg.abs() <= 360.0 && pose.hfov_deg > 0.0 && pose.hfov_deg < 180.0;
    sound.then(|| {
        [
            pose.pan_deg,
            pose.tilt_deg,
            -(pose.hfov_deg.to_radians() / 2.0).tan().ln(),
        ]
    })
}

pub(super) fn hfov_of(zoom_ln: f64) -> f64 {
    2.0 * (-zoom_ln).exp().atan().to_degrees()
}
