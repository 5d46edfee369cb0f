//! The gate every command passes: pan and tilt limits, zoom ceiling (R-PTZ-1, R-PTZ-2).
//!
//! Invariant: no sequence of commands that pass here brings a dome beyond a limit, as long as it keeps the motion bounds of
//! the plan and obeys each command within `command_delay_s`. A dome that is already beyond one may only come back.
//! How: what is left to the limit is counted from the farthest the dome may get by the orders already given (`reach`), and
//! the speed is such that the new order cannot use it up before the next one, or its own timeout, takes effect.
//! Ceilings that depend on where the dome looks are in `ceiling_by_place`; every way to move passes both here.
//! Deliberately absent: declared events that raise a ceiling (the caller passes the limits in force).

use super::Velocity;
use super::ceiling_by_place::Regions;
pub use super::limit_hit::LimitHit;
use crate::domain::camera::{CameraKind, Pose};
use crate::domain::privacy::axes::{nearest_turn, speed_share, velocity_within};
use crate::domain::privacy::{Interval, PoseInterval, PoseKnowledge};
use crate::domain::site::{CameraPlan, Limits};

/// A share of the highest speed that is not worth moving for.
const CRAWL: f64 = 0.01;
/// A picture this much beyond a ceiling is beyond it for certain, not by an error of the zoom's reading.
const CERTAINLY: f64 = 1.05;
/// Room for rounding at a limit: degrees, and natural logarithm of magnification.
const ROUNDING: f64 = 1e-6;

/// The velocity that may be sent instead of the wanted one, and the limit that took the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowed {
    /// The velocity to send; slower than wanted, or zero on an axis, near a limit.
    pub velocity: Velocity,
    /// The limit that slowed or stopped it.
    pub hit: Option<LimitHit>,
}

/// The velocity that may be sent now. `reach` is [`PoseTracker::reach`](crate::domain::privacy::PoseTracker::reach) at
/// this moment, `command_delay_s` of the plan ahead, and `settled` is
/// [`PoseTracker::settled`](crate::domain::privacy::PoseTracker::settled), until every earlier order is over; `lasting_s` the timeout that goes to the camera with the command (or, if longer, the time until the next
/// command), seconds.
pub fn velocity(
    camera: &CameraPlan,
    reach: &PoseKnowledge,
    settled: &PoseKnowledge,
    wanted: Velocity,
    lasting_s: f64,
) -> Allowed {
    let wanted = wanted.clamped();
    let gates = [
        zoom_gate(camera, reach),
        pan_gate(camera, reach),
        tilt_gate(camera, reach),
    ];
    let motion = &camera.motion;
    let seconds = lasting_s.max(0.0) + motion.command_delay_s;
    let through = |v: f64, gate: &Gate, highest: f64| {
        let room = if v > 0.0 { gate.above } else { gate.below };
        let share = (room - ROUNDING) / (highest * seconds);
        if v == 0.0 || speed_share(motion, v) <= share {
            return (v, None);
        }
        let most = if share < CRAWL {
            0.0
        } else {
            velocity_within(motion, share)
        };
        (v.signum() * most.min(v.abs()), Some(gate.named))
    };
    let (zoom, zoom_hit) = through(wanted.zoom, &gates[0], motion.zoom_speed_ln_s);
    let (pan, pan_hit) = through(wanted.pan, &gates[1], motion.pan_speed_deg_s);
    let (tilt, tilt_hit) = through(wanted.tilt, &gates[2], motion.tilt_speed_deg_s);
    let (velocity, region_hit) = Regions::of(camera).brake(settled, Velocity { pan, tilt, zoom }, seconds);
    Allowed {
        velocity,
        hit: zoom_hit.or(pan_hit).or(tilt_hit).or(region_hit),
    }
}

/// The room left on an axis: upwards and downwards, in the axis's own units; infinite where nothing limits it.
struct Gate {
    below: f64,
    above: f64,
    named: LimitHit,
}

impl Gate {
    fn open(named: LimitHit) -> Self {
        Self {
            below: f64::INFINITY,
            above: f64::INFINITY,
            named,
        }
    }
}

fn zoom_gate(camera: &CameraPlan, reach: &PoseKnowledge) -> Gate {
    let Some(ceiling) = camera.limits.zoom_ceiling else {
        return Gate::open(LimitHit::PoseNotKnown);
    };
    let named = LimitHit::ZoomCeiling { ceiling };
    match (reach, &camera.lens) {
        (PoseKnowledge::Within(poses), Some(lens)) => Gate {
            below: f64::INFINITY,
            above: (ceiling / lens.magnification(poses.hfov.lo)).ln(),
            named,
        },
        // Zooming out never shows more of a face.
        (PoseKnowledge::Unknown(_), _) | (_, None) => Gate {
            below: f64::INFINITY,
            above: 0.0,
            named: LimitHit::PoseNotKnown,
        },
    }
}

fn pan_gate(camera: &CameraPlan, reach: &PoseKnowledge) -> Gate {
    let Some([low, high]) = camera.limits.pan_deg else {
        return Gate::open(LimitHit::PanLimit);
    };
    let PoseKnowledge::Within(poses) = reach else {
        return Gate {
            below: 0.0,
            above: 0.0,
            named: LimitHit::PoseNotKnown,
        };
    };
    let turn = nearest_turn(poses.pan.middle(), f64::midpoint(low, high)) - poses.pan.middle();
    let (lo, hi) = (poses.pan.lo + turn, poses.pan.hi + turn);
    Gate {
        below: lo - low,
        above: high - hi,
        named: LimitHit::PanLimit,
    }
}

fn tilt_gate(camera: &CameraPlan, reach: &PoseKnowledge) -> Gate {
    let Some([low, high]) = camera.limits.tilt_deg else {
        return Gate::open(LimitHit::TiltLimit);
    };
    match reach {
        PoseKnowledge::Within(poses) => Gate {
            below: poses.tilt.lo - low,
            above: high - poses.tilt.hi,
            named: LimitHit::TiltLimit,
        },
        PoseKnowledge::Unknown(_) => Gate {
            below: 0.0,
            above: 0.0,
            named: LimitHit::PoseNotKnown,
        },
    }
}

/// Whether an absolute move, a preset or home may go to this pose.
///
/// # Errors
/// [`LimitHit`]: the limit that the pose lies beyond.
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
    if limits
        .pan_deg
        .is_some_and(|range| outside(nearest_turn(target.pan_deg, f64::midpoint(range[0], range[1])), range))
    {
        return Err(LimitHit::PanLimit);
    }
    if limits.tilt_deg.is_some_and(|range| outside(target.tilt_deg, range)) {
        return Err(LimitHit::TiltLimit);
    }
    let broken = Regions::of(camera).broken_by(&exactly(target));
    broken.first().map_or(Ok(()), |hit| Err(*hit))
}

/// Whether an absolute move or a preset may be sent: the target, and everything between. `from` is
/// [`PoseTracker::reach`](crate::domain::privacy::PoseTracker::reach) at this moment, no time ahead, and `settled` is
/// [`PoseTracker::settled`](crate::domain::privacy::PoseTracker::settled), `command_delay_s` and the longest timeout ahead.
///
/// # Errors
/// The limit that the target or some pose on the way lies beyond.
pub fn passage(
    camera: &CameraPlan,
    from: &PoseKnowledge,
    settled: &PoseKnowledge,
    target: &Pose,
) -> Result<(), LimitHit> {
    position(camera, target)?;
    Regions::of(camera).passage(from, settled, target)
}

fn exactly(pose: &Pose) -> PoseInterval {
    let one = |v: f64| Interval { lo: v, hi: v };
    PoseInterval {
        pan: one(pose.pan_deg),
        tilt: one(pose.tilt_deg),
        hfov: one(pose.hfov_deg),
    }
}

/// The ceiling that a picture is certainly beyond, however it came there: an event that ended, somebody else at the dome.
/// Such a picture is covered whole.
pub fn beyond_ceiling(camera: &CameraPlan, knowledge: &PoseKnowledge) -> Option<LimitHit> {
    let (PoseKnowledge::Within(poses), Some(lens)) = (knowledge, &camera.lens) else {
        return None;
    };
    let least = lens.magnification(poses.hfov.hi);
    let beyond = |ceiling: f64| least > ceiling * CERTAINLY;
    if let Some(ceiling) = camera.limits.zoom_ceiling.filter(|ceiling| beyond(*ceiling)) {
        return Some(LimitHit::ZoomCeiling { ceiling });
    }
    // Certain only if even the pose that is allowed most is beyond: the highest tilt has the farthest ground.
    let px_m = camera.limits.density_ceiling_px_m?;
    let ceiling = match &camera.ground {
        Some(ground) => ground.magnification_at(lens, poses.tilt.hi, px_m),
        None => 1.0,
    };
    beyond(ceiling).then_some(LimitHit::DensityCeiling { px_m, ceiling })
}

/// Whether a pose that the camera does not tell may be gone to or saved as a preset: only where nothing is limited.
///
/// # Errors
/// [`LimitHit::PoseNotKnown`] when the camera has any limit.
pub fn unknown_target(camera: &CameraPlan) -> Result<(), LimitHit> {
    if camera.limits == Limits::default() {
        Ok(())
    } else {
        Err(LimitHit::PoseNotKnown)
    }
}

/// The digital zoom that may be shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AllowedZoom {
    /// Enlargement, 1 or more.
    pub factor: f64,
    /// The limit that allows no more, where less than wanted is allowed.
    pub hit: Option<LimitHit>,
}

/// The digital zoom that may be shown beside the optical one, whatever stream the frame is of and however large the window;
/// `knowledge` is that of the frame shown. A fixed camera, and one without a lens model, has no optical zoom.
pub fn digital_zoom(camera: &CameraPlan, knowledge: &PoseKnowledge, wanted: f64) -> AllowedZoom {
    let wanted = if wanted.is_finite() { wanted.max(1.0) } else { 1.0 };
    let regions = Regions::of(camera);
    let flat = camera
        .limits
        .zoom_ceiling
        .map(|ceiling| LimitHit::ZoomCeiling { ceiling });
    if flat.is_none() && regions.is_empty() {
        return AllowedZoom {
            factor: wanted,
            hit: None,
        };
    }
    let (lowest, optical) = match (knowledge, &camera.lens) {
        (PoseKnowledge::Within(poses), Some(lens)) => {
            let here = regions.lowest_ceiling(poses);
            let lowest = flat.into_iter().chain(here).min_by(|a, b| {
                let ceiling = |hit: &LimitHit| hit.ceiling().unwrap_or(f64::INFINITY);
                ceiling(a).total_cmp(&ceiling(b))
            });
            (lowest, lens.magnification(poses.hfov.lo))
        }
        // Nothing but a sector or the ground depends on where a camera looks that does not move.
        (PoseKnowledge::Unknown(_), Some(_)) if camera.kind == CameraKind::Fixed && regions.is_empty() => (flat, 1.0),
        (PoseKnowledge::Unknown(_), Some(_)) => {
            let hit = (wanted > 1.0).then_some(LimitHit::PoseNotKnown);
            return AllowedZoom { factor: 1.0, hit };
        }
        (_, None) => (flat, 1.0),
    };
    let most = lowest
        .and_then(|hit| hit.ceiling())
        .map_or(f64::INFINITY, |ceiling| ceiling / optical);
    if wanted <= most {
        return AllowedZoom {
            factor: wanted,
            hit: None,
        };
    }
    AllowedZoom {
        factor: most.max(1.0),
        hit: lowest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::{Chance, Dome, dome_plan, lens, tight};
    use crate::domain::privacy::{PoseTracker, WholeReason};
    use crate::domain::ptz::Order;
    use crate::domain::site::MotionBounds;
    use proptest::prelude::*;
    use std::time::Duration;

    const CEILING: f64 = 4.0;
    /// Timeout that goes with every continuous move of these tests, seconds; the dome of the trials keeps it.
    const LASTING_S: f64 = 0.5;

    /// The velocity allowed to a dome without earlier orders.
    fn velocity_at(camera: &CameraPlan, here: &PoseKnowledge, wanted: Velocity) -> Allowed {
        velocity(camera, here, here, wanted, LASTING_S)
    }

    fn limited(motion: MotionBounds) -> CameraPlan {
        let limits = Limits {
            pan_deg: Some([-40.0, 60.0]),
            tilt_deg: Some([-60.0, 0.0]),
            zoom_ceiling: Some(CEILING),
            ..Limits::default()
        };
        CameraPlan {
            limits,
            ..dome_plan(motion, lens(), Vec::new())
        }
    }

    fn pose(pan_deg: f64, tilt_deg: f64, magnification: f64) -> Pose {
        Pose {
            pan_deg,
            tilt_deg,
            hfov_deg: lens().hfov_of(magnification),
        }
    }

    /// The farthest a dome came, lowest and highest pan, tilt and magnification; and where it was when first nothing was left
    /// of what was wanted.
    struct Driven {
        farthest: [[f64; 2]; 3],
        first_refused: Option<[f64; 3]>,
    }

    /// Drives a dome through the gate.
    fn drive(
        seed: u64,
        motion: &MotionBounds,
        seconds: f64,
        gated: bool,
        mut wanted: impl FnMut(&mut Dome) -> Option<Order>,
    ) -> Driven {
        let plan = limited(motion.clone());
        let mut dome = Dome::new(seed, motion.clone(), &lens()).obedient().wide();
        let mut tracker = PoseTracker::new(&plan);
        let mut farthest = [[f64::INFINITY, f64::NEG_INFINITY]; 3];
        let mut first_refused = None;
        let (mut next_order, mut next_status) = (motion.status_delay_s, motion.status_delay_s);
        while dome.now_s() < seconds {
            dome.tick();
            let now = dome.now_s();
            if now >= next_status {
                next_status = now + 0.1;
                let (sent, received, pose, moving) = dome.status(true);
                tracker.on_status(sent, received, pose, moving);
            }
            if now >= next_order {
                next_order = now + dome.chance.between(0.05, LASTING_S);
                let order = match wanted(&mut dome) {
                    Some(Order::Velocity(v)) if gated => {
                        let reach = tracker.reach(dome.now(), Duration::from_secs_f64(motion.command_delay_s));
                        let allowed = velocity(&plan, &reach, &reach, v, LASTING_S).velocity;
                        if allowed.is_zero() && !v.is_zero() && matches!(reach, PoseKnowledge::Within(_)) {
                            let pose = dome.pose(now);
                            let here = [pose.pan_deg, pose.tilt_deg, lens().magnification(pose.hfov_deg)];
                            first_refused.get_or_insert(here);
                        }
                        Some(Order::Velocity(allowed))
                    }
                    Some(Order::Position(target)) => position(&plan, &target).ok().map(|()| Order::Position(target)),
                    other => other,
                };
                if let Some(order) = order {
                    tracker.on_command(dome.now(), order);
                    dome.order(order);
                }
            }
            let pose = dome.pose(now);
            let values = [pose.pan_deg, pose.tilt_deg, lens().magnification(pose.hfov_deg)];
            for (range, value) in farthest.iter_mut().zip(values) {
                *range = [range[0].min(value), range[1].max(value)];
            }
        }
        Driven {
            farthest,
            first_refused,
        }
    }

    /// A hand that pushes one way for seconds, with other orders in between.
    fn pushing(seed: u64) -> impl FnMut(&mut Dome) -> Option<Order> {
        move |dome| {
            if dome.chance.one_in(4.0) {
                return Some(dome.some_order()).filter(|order| *order != Order::SomewhereElse);
            }
            let mut phase = Chance(seed ^ (dome.now_s() / 4.0) as u64);
            let mut push = || [-1.0, 0.0, 0.3, 1.0, 1.0][(phase.share() * 5.0) as usize];
            Some(Order::Velocity(Velocity {
                pan: push(),
                tilt: push(),
                zoom: push(),
            }))
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

        #[test]
        fn r_ptz_1_r_ptz_2_no_sequence_of_moves_passes_a_limit(
            seed in any::<u64>(),
            motion in prop_oneof![Just(tight()), Just(MotionBounds::default()),
                Just(MotionBounds { speed_per_velocity: 1.5, zoom_error_ln: 0.001, ..tight() }), Just(unhurried())],
        ) {
            let [pan, tilt, magnification] = drive(seed, &motion, 15.0, true, pushing(seed)).farthest;
            prop_assert!(pan[0] >= -40.0 - 1e-6 && pan[1] <= 60.0 + 1e-6, "pan {pan:?}");
            prop_assert!(tilt[0] >= -60.0 - 1e-6 && tilt[1] <= 1e-6, "tilt {tilt:?}");
            prop_assert!(magnification[1] <= CEILING * (1.0 + 1e-5), "magnification {magnification:?}");
        }
    }

    #[test]
    fn r_ptz_2_without_the_gate_the_same_moves_pass_the_limits() {
        let beyond = |seed: u64| {
            let [pan, tilt, magnification] = drive(seed, &tight(), 15.0, false, pushing(seed)).farthest;
            pan[0] < -40.0 || pan[1] > 60.0 || tilt[0] < -60.0 || tilt[1] > 0.0 || magnification[1] > CEILING
        };
        assert!((0..20).filter(|seed| beyond(*seed)).count() > 10);
    }

    #[test]
    fn a_held_key_comes_near_the_limit_and_stays_inside() {
        for (index, velocity) in [
            (
                0,
                Velocity {
                    pan: 1.0,
                    ..Velocity::ZERO
                },
            ),
            (
                1,
                Velocity {
                    tilt: 1.0,
                    ..Velocity::ZERO
                },
            ),
            (
                2,
                Velocity {
                    zoom: 1.0,
                    ..Velocity::ZERO
                },
            ),
        ] {
            let farthest = drive(5, &tight(), 20.0, true, |_| Some(Order::Velocity(velocity))).farthest[index][1];
            println!("axis {index}: came to {farthest:.2}");
            let [near, limit] = [[25.0, 60.0], [-15.0, 0.0], [2.0, CEILING]][index];
            assert!(farthest > near && farthest <= limit + 1e-6, "axis {index}: {farthest}");
        }
    }

    /// Bounds of a dome that takes five seconds for its whole zoom.
    fn unhurried() -> MotionBounds {
        MotionBounds {
            zoom_speed_ln_s: 0.6,
            video_delay_s: 0.5,
            status_delay_s: 0.3,
            command_delay_s: 0.6,
            speed_per_velocity: 1.05,
            ..MotionBounds::default()
        }
    }

    #[test]
    fn r_ptz_2_a_held_zoom_slows_down_and_is_refused_only_near_the_ceiling() {
        let zoom_in = Velocity {
            zoom: 1.0,
            ..Velocity::ZERO
        };
        for motion in [unhurried(), tight()] {
            for seed in 0..20 {
                // Once it was seen to stand.
                let hand = |dome: &mut Dome| (dome.now_s() > 2.0).then_some(Order::Velocity(zoom_in));
                let driven = drive(seed, &motion, 20.0, true, hand);
                let farthest = driven.farthest[2][1];
                assert!(
                    farthest > 0.9 * CEILING && farthest <= CEILING * (1.0 + 1e-5),
                    "{farthest}"
                );
                let refused = driven
                    .first_refused
                    .map_or(CEILING, |[_, _, magnification]| magnification);
                assert!(refused > 0.85 * CEILING, "seed {seed}: refused at {refused}");
            }
        }
    }

    #[test]
    fn a_limit_that_stops_is_named() {
        let plan = limited(tight());
        let at = |pan: f64, tilt: f64, magnification: f64| {
            let pose = pose(pan, tilt, magnification);
            let one = |v: f64| crate::domain::privacy::Interval { lo: v, hi: v };
            PoseKnowledge::Within(crate::domain::privacy::PoseInterval {
                pan: one(pose.pan_deg),
                tilt: one(pose.tilt_deg),
                hfov: one(pose.hfov_deg),
            })
        };
        let all = Velocity {
            pan: 1.0,
            tilt: 1.0,
            zoom: 1.0,
        };
        let stopped = velocity_at(&plan, &at(60.0, 0.0, CEILING), all);
        assert_eq!(
            stopped,
            Allowed {
                velocity: Velocity::ZERO,
                hit: Some(LimitHit::ZoomCeiling { ceiling: CEILING })
            }
        );
        let back = Velocity {
            pan: -1.0,
            tilt: -1.0,
            zoom: -1.0,
        };
        assert_eq!(
            velocity_at(&plan, &at(60.0, 0.0, CEILING), back),
            Allowed {
                velocity: back,
                hit: None
            }
        );
        let slowed = velocity_at(
            &plan,
            &at(40.0, -30.0, 1.0),
            Velocity {
                pan: 1.0,
                ..Velocity::ZERO
            },
        );
        assert!(slowed.velocity.pan > 0.2 && slowed.velocity.pan < 0.6, "{slowed:?}");
        assert_eq!(slowed.hit, Some(LimitHit::PanLimit));
        // A turn more or less is the same place, and one already beyond may come back.
        let beyond = at(65.0 + 360.0, -30.0, 1.0);
        assert_eq!(velocity_at(&plan, &beyond, all).velocity.pan, 0.0);
        assert_eq!(velocity_at(&plan, &beyond, back).velocity.pan, -1.0);
    }

    #[test]
    fn r_ptz_2_with_an_unknown_pose_nobody_zooms_in_under_a_ceiling() {
        let plan = limited(tight());
        let unknown = PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        let zoom_in = Velocity {
            zoom: 0.3,
            ..Velocity::ZERO
        };
        let refused = velocity_at(&plan, &unknown, zoom_in);
        assert_eq!(
            refused,
            Allowed {
                velocity: Velocity::ZERO,
                hit: Some(LimitHit::PoseNotKnown)
            }
        );
        let zoom_out = Velocity {
            zoom: -0.3,
            ..Velocity::ZERO
        };
        assert_eq!(
            velocity_at(&plan, &unknown, zoom_out),
            Allowed {
                velocity: zoom_out,
                hit: None
            }
        );
        assert_eq!(digital_zoom(&plan, &unknown, 2.0).factor, 1.0);
        let free = dome_plan(tight(), lens(), Vec::new());
        assert_eq!(
            velocity_at(&free, &unknown, zoom_in),
            Allowed {
                velocity: zoom_in,
                hit: None
            }
        );
    }

    #[test]
    fn r_ptz_1_a_move_to_a_place_beyond_a_limit_is_refused_by_name() {
        let plan = limited(tight());
        assert_eq!(position(&plan, &pose(10.0, -10.0, CEILING)), Ok(()));
        assert_eq!(position(&plan, &pose(10.0 - 360.0, -10.0, 1.0)), Ok(()));
        let ceiling = LimitHit::ZoomCeiling { ceiling: CEILING };
        assert_eq!(position(&plan, &pose(10.0, -10.0, CEILING * 1.01)), Err(ceiling));
        assert_eq!(position(&plan, &pose(61.0, -10.0, 1.0)), Err(LimitHit::PanLimit));
        assert_eq!(position(&plan, &pose(10.0, 1.0, 1.0)), Err(LimitHit::TiltLimit));
        assert_eq!(position(&plan, &pose(f64::NAN, 1.0, 1.0)), Err(LimitHit::PoseNotKnown));
        assert_eq!(unknown_target(&plan), Err(LimitHit::PoseNotKnown));
        assert_eq!(unknown_target(&dome_plan(tight(), lens(), Vec::new())), Ok(()));
    }

    #[test]
    fn r_ptz_2_digital_zoom_counts_towards_the_same_ceiling() {
        let plan = limited(tight());
        let one = |v: f64| crate::domain::privacy::Interval { lo: v, hi: v };
        let at_2 = PoseKnowledge::Within(crate::domain::privacy::PoseInterval {
            pan: one(0.0),
            tilt: one(0.0),
            hfov: one(lens().hfov_of(2.0)),
        });
        assert_eq!(digital_zoom(&plan, &at_2, 1.5), AllowedZoom { factor: 1.5, hit: None });
        let cut = digital_zoom(&plan, &at_2, 8.0);
        assert!((cut.factor - 2.0).abs() < 1e-9 && cut.hit == Some(LimitHit::ZoomCeiling { ceiling: CEILING }));
        assert_eq!(digital_zoom(&plan, &at_2, f64::NAN).factor, 1.0);
    }
}
