//! The gate every command passes: pan and tilt limits, zoom ceiling (R-PTZ-1, R-PTZ-2).
//!
//! Invariant: no sequence of commands that pass here brings a dome beyond a limit, as long as it keeps the motion bounds of
//! the plan and obeys each command within `command_delay_s`. A dome that is already beyond one may only come back.
//! How: what is left to the limit is counted from the farthest the dome may get by the orders already given (`reach`), and
//! the speed is such that the new order cannot use it up before the next one, or its own timeout, takes effect.
//! Deliberately absent: declared events that raise a ceiling (the caller passes the limits in force).

use super::Velocity;
use crate::domain::camera::Pose;
use crate::domain::privacy::PoseKnowledge;
use crate::domain::privacy::tracker::{speed_share, velocity_within};
use crate::domain::site::CameraPlan;

/// A share of the highest speed that is not worth moving for.
const CRAWL: f64 = 0.01;
/// Room for rounding at a limit: degrees, and natural logarithm of magnification.
const ROUNDING: f64 = 1e-6;

/// Which limit stopped a command. Several at once: the first of zoom, pan, tilt is named.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum LimitHit {
    #[error("zoom beyond the ceiling of {ceiling:.1}×")]
    ZoomCeiling { ceiling: f64 },
    #[error("beyond the pan limit")]
    PanLimit,
    #[error("beyond the tilt limit")]
    TiltLimit,
    #[error("the pose is not known, and a limit depends on it")]
    PoseNotKnown,
}

/// What may be sent instead of what was wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowed {
    /// The velocity to send; slower than wanted, or zero on an axis, near a limit.
    pub velocity: Velocity,
    /// The limit that slowed or stopped it.
    pub hit: Option<LimitHit>,
}

/// The velocity that may be sent now. `reach` is [`PoseTracker::reach`](crate::domain::privacy::PoseTracker::reach) at
/// this moment, `command_delay_s` of the plan ahead; `lasting_s` the timeout that goes to the camera with the command (or, if
/// longer, the time until the next command), seconds.
pub fn velocity(camera: &CameraPlan, reach: &PoseKnowledge, wanted: Velocity, lasting_s: f64) -> Allowed {
    let wanted = wanted.clamped();
    let gates = [zoom_gate(camera, reach), pan_gate(camera, reach), tilt_gate(camera, reach)];
    let motion = &camera.motion;
    let seconds = lasting_s.max(0.0) + motion.command_delay_s;
    let through = |v: f64, gate: &Gate, highest: f64| {
        let room = if v > 0.0 { gate.above } else { gate.below };
        let share = (room - ROUNDING) / (highest * seconds);
        if v == 0.0 || speed_share(motion, v) <= share {
            return (v, None);
        }
        let most = if share < CRAWL { 0.0 } else { velocity_within(motion, share) };
        (v.signum() * most.min(v.abs()), Some(gate.named))
    };
    let (zoom, zoom_hit) = through(wanted.zoom, &gates[0], motion.zoom_speed_ln_s);
    let (pan, pan_hit) = through(wanted.pan, &gates[1], motion.pan_speed_deg_s);
    let (tilt, tilt_hit) = through(wanted.tilt, &gates[2], motion.tilt_speed_deg_s);
    Allowed { velocity: Velocity { pan, tilt, zoom }, hit: zoom_hit.or(pan_hit).or(tilt_hit) }
}

/// What is left on an axis: upwards and downwards, in its own units; infinite where nothing limits it.
struct Gate {
    below: f64,
    above: f64,
    named: LimitHit,
}

impl Gate {
    fn open(named: LimitHit) -> Self {
        Self { below: f64::INFINITY, above: f64::INFINITY, named }
    }
}

fn zoom_gate(camera: &CameraPlan, reach: &PoseKnowledge) -> Gate {
    let Some(ceiling) = camera.limits.zoom_ceiling else { return Gate::open(LimitHit::PoseNotKnown) };
    let named = LimitHit::ZoomCeiling { ceiling };
    match (reach, &camera.lens) {
        (PoseKnowledge::Within(poses), Some(lens)) => Gate {
            below: f64::INFINITY,
            above: (ceiling / lens.magnification(poses.hfov.lo)).ln(),
            named,
        },
        // Zooming out never shows more of a face.
        (PoseKnowledge::Unknown(_), _) | (_, None) => {
            Gate { below: f64::INFINITY, above: 0.0, named: LimitHit::PoseNotKnown }
        }
    }
}

fn pan_gate(camera: &CameraPlan, reach: &PoseKnowledge) -> Gate {
    let Some([low, high]) = camera.limits.pan_deg else { return Gate::open(LimitHit::PanLimit) };
    let PoseKnowledge::Within(poses) = reach else {
        return Gate { below: 0.0, above: 0.0, named: LimitHit::PoseNotKnown };
    };
    let turn = nearest_turn_into(poses.pan.middle(), low, high) - poses.pan.middle();
    let (lo, hi) = (poses.pan.lo + turn, poses.pan.hi + turn);
    Gate { below: lo - low, above: high - hi, named: LimitHit::PanLimit }
}

fn tilt_gate(camera: &CameraPlan, reach: &PoseKnowledge) -> Gate {
    let Some([low, high]) = camera.limits.tilt_deg else { return Gate::open(LimitHit::TiltLimit) };
    match reach {
        PoseKnowledge::Within(poses) => {
            Gate { below: poses.tilt.lo - low, above: high - poses.tilt.hi, named: LimitHit::TiltLimit }
        }
        PoseKnowledge::Unknown(_) => Gate { below: 0.0, above: 0.0, named: LimitHit::PoseNotKnown },
    }
}

/// The angle, but for whole turns, that is nearest to the middle of a range.
fn nearest_turn_into(angle: f64, low: f64, high: f64) -> f64 {
    angle + ((f64::midpoint(low, high) - angle) / 360.0).round() * 360.0
}

/// Whether an absolute move, a preset or home may go to this pose.
///
/// # Errors
/// The limit it lies beyond.
pub fn position(camera: &CameraPlan, target: &Pose) -> Result<(), LimitHit> {
    let finite = target.pan_deg.is_finite() && target.tilt_deg.is_finite() && target.hfov_deg > 0.0;
    if !finite {
        return Err(LimitHit::PoseNotKnown);
    }
    let limits = &camera.limits;
    if let Some(ceiling) = limits.zoom_ceiling {
        let lens = camera.lens.as_ref().ok_or(LimitHit::PoseNotKnown)?;
        if (lens.magnification(target.hfov_deg) / ceiling).ln() > ROUNDING {
            return Err(LimitHit::ZoomCeiling { ceiling });
        }
    }
    let outside = |v: f64, [low, high]: [f64; 2]| v < low - ROUNDING || v > high + ROUNDING;
    if limits.pan_deg.is_some_and(|range| outside(nearest_turn_into(target.pan_deg, range[0], range[1]), range)) {
        return Err(LimitHit::PanLimit);
    }
    if limits.tilt_deg.is_some_and(|range| outside(target.tilt_deg, range)) {
        return Err(LimitHit::TiltLimit);
    }
    Ok(())
}

/// What digital zoom may be shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AllowedZoom {
    /// 1 or more.
    pub factor: f64,
    pub hit: Option<LimitHit>,
}

/// The digital zoom that may be shown beside the optical one; `knowledge` is that of the frame shown. A camera without a
/// lens model has no optical zoom.
pub fn digital_zoom(camera: &CameraPlan, knowledge: &PoseKnowledge, wanted: f64) -> AllowedZoom {
    let wanted = if wanted.is_finite() { wanted.max(1.0) } else { 1.0 };
    let Some(ceiling) = camera.limits.zoom_ceiling else { return AllowedZoom { factor: wanted, hit: None } };
    let most = match (knowledge, &camera.lens) {
        (PoseKnowledge::Within(poses), Some(lens)) => ceiling / lens.magnification(poses.hfov.lo),
        (PoseKnowledge::Unknown(_), Some(_)) => {
            let hit = (wanted > 1.0).then_some(LimitHit::PoseNotKnown);
            return AllowedZoom { factor: 1.0, hit };
        }
        (_, None) => ceiling,
    };
    if wanted <= most {
        return AllowedZoom { factor: wanted, hit: None };
    }
    AllowedZoom { factor: most.max(1.0), hit: Some(LimitHit::ZoomCeiling { ceiling }) }
}
