//! Ceilings that depend on where the dome looks, tried with random domes: whatever is sent through the gate, no picture
//! ever shows a sector, or the ground, larger than its ceiling, and no axis enters a sector it must not (R-PTZ-1, R-PTZ-2).
//! What is shown is judged by projecting points of the sector, not by the code under test.

use super::limits::{Allowed, LimitHit, digital_zoom, passage, velocity};
use super::sector::{Sector, SectorRule};
use super::{Order, Velocity};
use crate::domain::camera::{Direction, LensModel, Pose};
use crate::domain::privacy::camera_geometry::project;
use crate::domain::privacy::test_dome::{Dome, dome_plan, lens, tight};
use crate::domain::privacy::{Interval, PoseInterval, PoseKnowledge, PoseTracker, WholeReason};
use crate::domain::site::{CameraPlan, Ground, MotionBounds};
use proptest::prelude::*;
use std::time::Duration;

/// Timeout that goes with every continuous move of these tests, seconds.
const LASTING_S: f64 = 0.5;
/// Pixels per metre of the whole camera: «recognise».
const DENSITY: f64 = 125.0;

fn at(azimuth_deg: f64, elevation_deg: f64) -> Direction {
    Direction {
        azimuth_deg,
        elevation_deg,
    }
}

fn rectangle(azimuth: [f64; 2], elevation: [f64; 2]) -> Vec<Direction> {
    let [[west, east], [low, high]] = [azimuth, elevation];
    vec![at(west, low), at(east, low), at(east, high), at(west, high)]
}

fn points_of(azimuth: [f64; 2], elevation: [f64; 2]) -> Vec<Direction> {
    let along = |[low, high]: [f64; 2], i: u32| low + (high - low) * f64::from(i) / 12.0;
    (0..13)
        .flat_map(|i| (0..13).map(move |j| at(along(azimuth, i), along(elevation, j))))
        .collect()
}

const CALM: ([f64; 2], [f64; 2], f64) = ([20.0, 45.0], [-35.0, -8.0], 2.5);
const YARD: ([f64; 2], [f64; 2]) = ([-60.0, -40.0], [-40.0, -5.0]);

/// A camera with a density ceiling everywhere, a calm sector, and a yard that must not be looked at.
fn camera(motion: MotionBounds) -> CameraPlan {
    let mut camera = dome_plan(motion, lens(), Vec::new());
    let sector = |id: &str, rule, corners| Sector {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        rule,
        corners,
    };
    camera.ground = Some(Ground {
        height_m: 8.0,
        picture_width_px: 1920,
    });
    camera.limits.density_ceiling_px_m = Some(DENSITY);
    camera.limits.sectors = vec![
        sector("piazza", SectorRule::ZoomCeiling(CALM.2), rectangle(CALM.0, CALM.1)),
        sector("cortile", SectorRule::NoLook, rectangle(YARD.0, YARD.1)),
    ];
    camera
}

fn shows(lens: &LensModel, pose: Pose, points: &[Direction]) -> bool {
    let mut seen = points.iter().filter_map(|point| project(lens, pose, *point));
    seen.any(|p| p.iter().all(|v| (0.0..=1.0).contains(v)))
}

/// The rule that a picture, enlarged `digitally` in its middle, breaks; `None`: none.
fn wrong(camera: &CameraPlan, pose: Pose, digitally: f64) -> Option<String> {
    let lens = camera.lens.as_ref().unwrap();
    let total = lens.magnification(pose.hfov_deg) * digitally;
    let shown = Pose {
        hfov_deg: lens.hfov_of(total),
        ..pose
    };
    if total > CALM.2 * 1.001 && shows(lens, shown, &points_of(CALM.0, CALM.1)) {
        return Some(format!("the calm sector at {total:.2}×: {pose:?}"));
    }
    // The ground in the middle of the picture, worked out from similar triangles; the widest view is always allowed.
    let sine = (-pose.tilt_deg).to_radians().sin();
    let distance = if sine > 0.0 { (8.0 / sine).min(100.0) } else { 100.0 };
    let metres_wide = 2.0 * distance * (shown.hfov_deg.to_radians() / 2.0).tan();
    let density = 1920.0 / metres_wide;
    if density > DENSITY * 1.001 && total > 1.0 + 1e-6 {
        return Some(format!("{density:.0} pixels per metre at {total:.2}×: {pose:?}"));
    }
    let inside = |v: f64, [low, high]: [f64; 2]| (low + 1e-3..=high - 1e-3).contains(&v);
    // Its great-circle sides bulge beyond the parallels: inside the rectangle is inside the sector but near its lower side.
    if inside(pose.pan_deg, YARD.0) && inside(pose.tilt_deg, [YARD.1[0] + 1.5, YARD.1[1]]) {
        return Some(format!("it looks into the yard: {pose:?}"));
    }
    None
}

/// Drives a dome at random through the gate (or past it) and checks every moment.
fn drive(seed: u64, motion: &MotionBounds, gated: bool) -> Option<String> {
    let plan = camera(motion.clone());
    let mut dome = Dome::new(seed, motion.clone(), &lens()).obedient().wide();
    let mut tracker = PoseTracker::new(&plan);
    let ahead = Duration::from_secs_f64(motion.command_delay_s);
    let (mut next_order, mut next_status) = (1.0, motion.status_delay_s);
    let mut push = Velocity::ZERO;
    while dome.now_s() < 20.0 {
        dome.tick();
        let now = dome.now_s();
        if now >= next_status {
            next_status = now + 0.1;
            let (sent, received, pose, moving) = dome.status(true);
            tracker.on_status(sent, received, pose, moving);
        }
        if now >= next_order {
            next_order = now + dome.chance.between(0.05, LASTING_S);
            if dome.chance.one_in(8.0) {
                let mut axis = || [-1.0, 0.0, 0.2, 1.0, 1.0][(dome.chance.share() * 5.0) as usize];
                push = Velocity {
                    pan: axis(),
                    tilt: axis(),
                    zoom: axis(),
                };
            }
            let wanted = if dome.chance.one_in(3.0) {
                dome.some_order()
            } else {
                Order::Velocity(push)
            };
            let reach = tracker.reach(dome.now(), ahead);
            let settled = tracker.settled(dome.now(), ahead + Duration::from_secs_f64(LASTING_S));
            let order = match wanted {
                Order::Velocity(v) if gated => {
                    let allowed = velocity(&plan, &reach, &settled, v, LASTING_S);
                    Some(Order::Velocity(allowed.velocity))
                }
                Order::Position(target) if gated => {
                    let here = tracker.reach(dome.now(), Duration::ZERO);
                    passage(&plan, &here, &settled, &target)
                        .ok()
                        .map(|()| Order::Position(target))
                }
                Order::SomewhereElse if gated => None,
                other => Some(other),
            };
            if let Some(order) = order {
                tracker.on_command(dome.now(), order);
                dome.order(order);
            }
        }
        let here = wrong(&plan, dome.pose(now), 1.0);
        if here.is_some() {
            return here;
        }
        if gated && now > motion.video_delay_s {
            let knowledge = tracker.knowledge(dome.now());
            let allowed = digital_zoom(&plan, &knowledge, dome.chance.between(1.0, 12.0)).factor;
            let taken = now - dome.chance.between(motion.video_delay_min_s, motion.video_delay_s);
            let pose = dome.pose(taken);
            if let Some(beyond) = wrong(&plan, pose, allowed) {
                return Some(format!("{allowed:.2}× digital: {beyond}"));
            }
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn r_ptz_2_no_sequence_of_moves_presets_and_digital_zoom_passes_a_ceiling_of_a_place(
        seed in any::<u64>(),
        motion in prop_oneof![Just(tight()), Just(MotionBounds::default()),
            Just(MotionBounds { speed_per_velocity: 1.5, zoom_error_ln: 0.001, ..tight() })],
    ) {
        prop_assert_eq!(drive(seed, &motion, true), None);
    }
}

#[test]
fn r_ptz_2_without_the_gate_the_same_moves_pass_the_ceilings_of_places() {
    let beyond = (0..20).filter(|seed| drive(*seed, &tight(), false).is_some()).count();
    assert!(beyond > 10, "{beyond} of 20");
}

fn within(pose: Pose, half: f64) -> PoseKnowledge {
    let near = |v: f64| Interval {
        lo: v - half,
        hi: v + half,
    };
    PoseKnowledge::Within(PoseInterval {
        pan: near(pose.pan_deg),
        tilt: near(pose.tilt_deg),
        hfov: Interval {
            lo: pose.hfov_deg,
            hi: pose.hfov_deg,
        },
    })
}

fn looking(pan_deg: f64, tilt_deg: f64, magnification: f64) -> Pose {
    Pose {
        pan_deg,
        tilt_deg,
        hfov_deg: lens().hfov_of(magnification),
    }
}

/// The velocity allowed to a dome without earlier orders.
fn held(camera: &CameraPlan, here: &PoseKnowledge, wanted: Velocity) -> Allowed {
    velocity(camera, here, here, wanted, LASTING_S)
}

const ALL: Velocity = Velocity {
    pan: 1.0,
    tilt: 0.0,
    zoom: 1.0,
};

#[test]
fn r_ptz_2_pixels_per_metre_are_those_of_en_62676_4() {
    let ground = Ground {
        height_m: 8.0,
        picture_width_px: 1920,
    };
    // 30° down the ground is 16 m away; a picture 60° wide is 18.5 m wide there.
    let pose = Pose {
        pan_deg: 0.0,
        tilt_deg: -30.0,
        hfov_deg: 60.0,
    };
    assert!((ground.density_px_m(pose) - 103.9).abs() < 0.1);
    let up = Pose { tilt_deg: 10.0, ..pose };
    assert!((ground.density_px_m(up) - 16.63).abs() < 0.01);
    let at_125 = ground.magnification_at(&lens(), -10.0, 125.0);
    let zoomed = Pose {
        tilt_deg: -10.0,
        hfov_deg: lens().hfov_of(at_125),
        ..pose
    };
    assert!((ground.density_px_m(zoomed) - 125.0).abs() < 1e-6);
    assert_eq!(ground.magnification_at(&lens(), -80.0, 25.0), 1.0);
}

#[test]
fn r_ptz_2_a_way_beyond_straight_down_passes_the_nearest_ground() {
    // At full speed the box of what is possible soon reaches below the lens and on.
    let mut plan = camera(MotionBounds::default());
    plan.limits.sectors.clear();
    let level = within(looking(100.0, -20.0, 1.0), 0.1);
    let down_and_in = Velocity {
        pan: 0.0,
        tilt: -1.0,
        zoom: 0.2,
    };
    assert_eq!(held(&plan, &level, down_and_in).velocity.zoom, 0.0);
}

#[test]
fn r_ptz_2_the_stream_that_is_shown_does_not_matter() {
    // The plan has one width, that of the largest stream: with fewer pixels a sub stream shows less, never more.
    let main = camera(tight());
    let here = within(looking(100.0, -20.0, 1.0), 0.1);
    let most = digital_zoom(&main, &here, 100.0);
    let lens = lens();
    let shown = Pose {
        hfov_deg: lens.hfov_of(most.factor),
        ..looking(100.0, -20.1, 1.0)
    };
    for width in [1920, 640, 320] {
        let ground = Ground {
            picture_width_px: width,
            ..main.ground.unwrap()
        };
        assert!(ground.density_px_m(shown) <= DENSITY * (1.0 + 1e-9), "{width}");
    }
    assert!(matches!(most.hit, Some(LimitHit::DensityCeiling { .. })));
}

#[test]
fn r_ptz_2_far_from_every_sector_a_hand_is_not_slowed_down() {
    let mut plan = camera(tight());
    plan.limits.density_ceiling_px_m = None;
    let allowed = held(&plan, &within(looking(150.0, -20.0, 3.0), 0.5), ALL);
    assert_eq!((allowed.velocity, allowed.hit), (ALL, None));
    // The same zoom near the calm sector: it may turn away but not zoom on.
    let near = held(&plan, &within(looking(60.0, -20.0, 2.4), 0.5), ALL);
    assert!(near.velocity.zoom < 0.3, "{near:?}");
    assert!(
        matches!(near.hit, Some(LimitHit::SectorCeiling { sector: 0, .. })),
        "{near:?}"
    );
}

#[test]
fn r_ptz_2_a_dome_that_is_beyond_may_only_come_back() {
    let mut plan = camera(tight());
    plan.limits.density_ceiling_px_m = None;
    // Zoomed in on the calm sector: an event ended.
    let inside = within(looking(30.0, -20.0, 8.0), 0.1);
    let hand = |pan, zoom| Velocity { pan, tilt: 0.0, zoom };
    assert!(held(&plan, &inside, hand(1.0, 1.0)).velocity.is_zero());
    let out = hand(0.0, -1.0);
    assert_eq!(held(&plan, &inside, out).velocity, out);
    // Somebody turned it into the yard: it may turn out of it, not farther in.
    let yard = within(looking(-42.0, -20.0, 1.0), 0.1);
    assert_eq!(held(&plan, &yard, hand(1.0, 0.0)).velocity, hand(1.0, 0.0));
    assert!(held(&plan, &yard, hand(-1.0, 0.0)).velocity.is_zero());
}

#[test]
fn r_ptz_1_a_move_that_leads_through_a_sector_is_refused_by_name() {
    let mut plan = camera(tight());
    plan.limits.density_ceiling_px_m = None;
    let from = within(looking(-80.0, -20.0, 1.0), 0.1);
    assert_eq!(passage(&plan, &from, &from, &looking(-70.0, -20.0, 1.0)), Ok(()));
    let through = passage(&plan, &from, &from, &looking(-20.0, -20.0, 1.0));
    assert_eq!(through, Err(LimitHit::NoLook { sector: 1 }));
    let above = within(looking(-80.0, 10.0, 1.0), 0.1);
    assert_eq!(passage(&plan, &above, &above, &looking(-20.0, 10.0, 1.0)), Ok(()));
    let zoomed = within(looking(5.0, -20.0, 6.0), 0.1);
    assert!(matches!(
        passage(&plan, &zoomed, &zoomed, &looking(60.0, -20.0, 6.0)),
        Err(LimitHit::SectorCeiling { sector: 0, .. })
    ));
    let unknown = PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
    assert_eq!(
        passage(&plan, &unknown, &unknown, &looking(60.0, -20.0, 1.0)),
        Err(LimitHit::PoseNotKnown)
    );
}
