//! The promise of this room, tried with random domes: what the tracker says contains the true pose, the cover contains the
//! true mask, it is small when the dome stands, and the test can fail (R-PRV-1, R-PTZ-1).

use super::camera_clock::CameraClock;
use super::camera_geometry::project;
use super::test_dome::{Chance, Dome, TICK, dome_plan, lens, star, tight};
use super::{Cover, Interval, Polygon, PoseInterval, PoseKnowledge, PoseTracker, PreparedMasks, WholeReason, convex};
use crate::domain::camera::{Direction, LensModel, MoveState, Pose};
use crate::domain::ptz::{Order, Velocity};
use crate::domain::site::MotionBounds;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Whether some polygon contains the point; single precision at the border.
fn covered(cover: &Cover, p: [f64; 2]) -> bool {
    let inside = |polygon: &Polygon| {
        let ring: Vec<[f64; 2]> = polygon.points.iter().map(|v| v.map(f64::from)).collect();
        let signed = convex::area(&ring).signum();
        (0..ring.len()).all(|i| signed * convex::turn(ring[i], ring[(i + 1) % ring.len()], p) >= -1e-7)
    };
    match cover {
        Cover::Whole(_) => true,
        Cover::Parts(parts) => parts.iter().any(inside),
    }
}

fn in_picture(p: [f64; 2]) -> bool {
    p.iter().all(|v| (0.0..=1.0).contains(v))
}

fn within(poses: &PoseInterval, pose: Pose) -> bool {
    let turn = ((poses.pan.middle() - pose.pan_deg) / 360.0).round() * 360.0;
    let near = |i: Interval, v: f64| i.lo - 1e-6 <= v && v <= i.hi + 1e-6;
    near(poses.pan, pose.pan_deg + turn) && near(poses.tilt, pose.tilt_deg) && near(poses.hfov, pose.hfov_deg)
}

/// The result of one run.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    frames: u32,
    /// Frames of which the pose was known within an interval.
    known: u32,
    /// Frames whose true pose was outside the interval.
    wrong: u32,
    /// Points of masks seen in a picture, and how many of them were not covered.
    seen: u32,
    leaks: u32,
}

/// How the pose that is known becomes the pose that is used: as it is, or, to see the test fail, without uncertainty.
type Use = fn(PoseKnowledge) -> PoseKnowledge;

fn as_it_is(knowledge: PoseKnowledge) -> PoseKnowledge {
    knowledge
}

fn without_uncertainty(knowledge: PoseKnowledge) -> PoseKnowledge {
    let middle = |i: Interval| Interval {
        lo: i.middle(),
        hi: i.middle(),
    };
    match knowledge {
        PoseKnowledge::Within(p) => PoseKnowledge::Within(PoseInterval {
            pan: middle(p.pan),
            tilt: middle(p.tilt),
            hfov: middle(p.hfov),
        }),
        PoseKnowledge::Unknown(_) => knowledge,
    }
}

/// Who moves the dome.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mover {
    /// The dome is moved from this workstation, by orders.
    Here,
    /// Others, by orders nobody here hears of; only ever onwards in one direction.
    Elsewhere,
}

fn trial(seed: u64, motion: MotionBounds, lens: LensModel, mover: Mover, used: Use) -> Tally {
    let mut dome = Dome::new(seed, motion.clone(), &lens);
    let mut chance = Chance(seed ^ 0x5eed);
    let mut plan = dome_plan(motion.clone(), lens.clone(), Vec::new());
    plan.motion.unannounced_movers = mover == Mover::Elsewhere;
    let mut tracker = PoseTracker::new(&plan);
    let honest = chance.one_in(2.0);
    let direction = [0; 3].map(|_| if chance.one_in(2.0) { 1.0 } else { -1.0 });
    let (mut next_order, mut next_status) = (chance.between(0.5, 4.0), motion.status_delay_s);
    let mut tally = Tally::default();
    while dome.now_s() < 9.0 {
        dome.tick();
        let now = dome.now_s();
        if now >= next_order {
            next_order = now + chance.between(0.1, 2.5);
            if mover == Mover::Here {
                let order = dome.some_order();
                tracker.on_command(dome.now(), order);
                dome.order(order);
            } else {
                let quiet = chance.one_in(2.0);
                dome.shove(direction.map(|sign| if quiet { 0.0 } else { sign * chance.share().powi(2) }));
            }
        }
        if now >= next_status {
            next_status = now + chance.between(0.08, 0.3);
            let (sent, received, pose, moving) = dome.status(honest);
            let pose = if chance.one_in(12.0) { None } else { pose };
            if !chance.one_in(6.0) {
                tracker.on_status(sent, received, pose, moving);
            }
            // One that was on its way for too long says something old; it must not count.
            let late = Duration::from_secs_f64(motion.status_delay_s + 0.2);
            if chance.one_in(10.0) && now > 3.0 {
                let old = dome.pose(now - 2.5);
                tracker.on_status(
                    received.checked_sub(late).unwrap_or(received),
                    received,
                    Some(old),
                    MoveState::Idle,
                );
            }
        }
        if ((now / TICK).round() as u32).is_multiple_of(7) && now > motion.video_delay_s {
            let taken = now - chance.between(motion.video_delay_min_s, motion.video_delay_s);
            look(
                &mut tally,
                &mut chance,
                &plan,
                dome.pose(taken),
                used(tracker.knowledge(dome.now())),
            );
        }
    }
    tally
}

/// Runs a dome that pushes its status ten times a second, by a clock of its own, over a way that holds many of them up
/// for long, and that is asked once a second. `by_its_clock`: the clock is used; otherwise each status is taken for a
/// new one.
fn told(seed: u64, motion: MotionBounds, by_its_clock: bool) -> Tally {
    let mut dome = Dome::new(seed, motion.clone(), &lens());
    let mut chance = Chance(seed ^ 0x7e11);
    let plan = dome_plan(motion.clone(), lens(), Vec::new());
    let (mut tracker, mut clock) = (PoseTracker::new(&plan), CameraClock::default());
    let quick = Duration::from_secs_f64(motion.status_delay_s / 2.0);
    let skew_ms = chance.between(-1e11, 1e11) as i64;
    let camera_ms = |seconds: f64| (seconds * 1000.0).round() as i64 + skew_ms;
    let (mut next_order, mut next_sent, mut next_asked) = (chance.between(1.0, 5.0), 0.0, motion.status_delay_s);
    let mut under_way: VecDeque<(f64, i64, Pose)> = VecDeque::new();
    let mut tally = Tally::default();
    while dome.now_s() < 12.0 {
        dome.tick();
        let now = dome.now_s();
        if now >= next_order {
            next_order = now + chance.between(0.1, 2.5);
            let order = dome.some_order();
            tracker.on_command(dome.now(), order);
            dome.order(order);
        }
        if now >= next_asked {
            next_asked = now + chance.between(0.9, 1.1);
            let (sent, received, pose, moving) = dome.status(true);
            let took = received.duration_since(sent).as_secs_f64();
            clock.on_asked(sent, received, camera_ms(now - chance.share() * took), quick);
            tracker.on_status(sent, received, pose, moving);
        }
        if now >= next_sent {
            next_sent = now + chance.between(0.08, 0.12);
            let held_up = if chance.one_in(3.0) {
                chance.between(0.0, 1.5)
            } else {
                0.02
            };
            let before = under_way.back().map_or(0.0, |(arrives, _, _)| *arrives);
            let mut pose = dome.pose(now - chance.share() * motion.status_delay_s / 2.0);
            pose.pan_deg += chance.between(-1.0, 1.0) * motion.pose_error_deg;
            under_way.push_back(((now + held_up).max(before), camera_ms(now), pose));
        }
        while under_way.front().is_some_and(|(arrives, _, _)| *arrives <= now) {
            let Some((_, sent_ms, pose)) = under_way.pop_front() else {
                break;
            };
            let at = if by_its_clock {
                clock.on_sent(dome.now(), sent_ms, quick)
            } else {
                Some(dome.now())
            };
            if let Some(at) = at {
                tracker.on_status(at, at, Some(pose), MoveState::Unknown);
            }
        }
        if ((now / TICK).round() as u32).is_multiple_of(7) && now > motion.video_delay_s {
            let taken = now - chance.between(motion.video_delay_min_s, motion.video_delay_s);
            let knowledge = tracker.knowledge(dome.now());
            look(&mut tally, &mut chance, &plan, dome.pose(taken), knowledge);
        }
    }
    tally
}

/// Checks one frame: a mask somewhere near the picture, and whether every point of the mask that shows is covered.
fn look(
    tally: &mut Tally,
    chance: &mut Chance,
    plan: &crate::domain::site::CameraPlan,
    pose: Pose,
    knowledge: PoseKnowledge,
) {
    tally.frames += 1;
    let PoseKnowledge::Within(poses) = knowledge else {
        return;
    };
    tally.known += 1;
    tally.wrong += u32::from(!within(&poses, pose));
    let off = pose.hfov_deg * 0.8;
    let middle = Direction {
        azimuth_deg: pose.pan_deg + chance.between(-off, off),
        elevation_deg: (pose.tilt_deg + chance.between(-off, off) / 2.0).clamp(-90.0, 90.0),
    };
    let radius = (pose.hfov_deg * chance.between(0.02, 0.6)).min(40.0);
    let (corners, inside) = star(chance, middle, radius);
    let lens = plan.lens.clone().unwrap();
    let cover = PreparedMasks::new(&dome_plan(plan.motion.clone(), lens.clone(), vec![corners])).cover(&knowledge);
    for point in inside {
        if let Some(p) = project(&lens, pose, point).filter(|p| in_picture(*p)) {
            tally.seen += 1;
            tally.leaks += u32::from(!covered(&cover, p));
        }
    }
}

fn any_lens() -> impl Strategy<Value = LensModel> {
    (
        any::<bool>(),
        any::<bool>(),
        -10.0f64..10.0,
        prop_oneof![Just(16.0 / 9.0), Just(4.0 / 3.0), Just(0.5625)],
    )
        .prop_map(|(upside_down, mirrored, roll_deg, aspect)| LensModel {
            upside_down,
            mirrored,
            roll_deg,
            aspect,
            ..lens()
        })
}

fn any_bounds() -> impl Strategy<Value = MotionBounds> {
    prop_oneof![
        1 => Just(MotionBounds::default()),
        3 => Just(tight()),
        2 => Just(MotionBounds { command_delay_s: 1.5, status_delay_s: 0.1, ..tight() }),
        2 => Just(MotionBounds { speed_per_velocity: 1.5, video_delay_s: 0.9, pose_error_deg: 0.05, ..tight() }),
    ]
}

#[test]
fn r_prv_1_a_mask_that_is_covered_somewhere_in_view_was_near() {
    let mut chance = Chance(11);
    let interval = |middle: f64, half: f64| Interval {
        lo: middle - half,
        hi: middle + half,
    };
    let (mut seen, mut far) = (0, 0);
    for _ in 0..2_000 {
        let at = |chance: &mut Chance| [chance.between(-180.0, 180.0), chance.between(-70.0, 20.0)];
        let ([azimuth_deg, elevation_deg], [pan, tilt]) = (at(&mut chance), at(&mut chance));
        let middle = Direction {
            azimuth_deg,
            elevation_deg,
        };
        let (corners, _) = star(&mut chance, middle, 12.0);
        let poses = PoseInterval {
            pan: interval(pan, chance.between(0.0, 30.0)),
            tilt: interval(tilt, chance.between(0.0, 8.0)),
            hfov: interval(chance.between(5.0, 55.0), 2.0),
        };
        let plan = dome_plan(tight(), lens(), vec![corners.clone()]);
        let near = PreparedMasks::new(&plan).may_come_into_view(&poses);
        far += u32::from(!near);
        for share in [0.0, 0.5, 1.0] {
            let pose = Pose {
                pan_deg: poses.pan.at(share),
                tilt_deg: poses.tilt.at(chance.share()),
                hfov_deg: poses.hfov.hi,
            };
            let in_view = corners.iter().filter_map(|corner| project(&lens(), pose, *corner));
            if in_view.into_iter().any(in_picture) {
                seen += 1;
                assert!(near, "{corners:?} at {pose:?} of {poses:?}");
            }
        }
    }
    assert!(seen > 100 && far > 300, "{seen} in view, {far} far");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn r_prv_1_the_cover_contains_the_mask_however_the_dome_is_moved(
        seed in any::<u64>(), bounds in any_bounds(), lens in any_lens(),
    ) {
        let tally = trial(seed, bounds, lens, Mover::Here, as_it_is);
        prop_assert_eq!((tally.wrong, tally.leaks), (0, 0), "{:?}", tally);
    }

    #[test]
    fn r_prv_1_the_cover_contains_the_mask_when_others_move_the_dome_unheard(
        seed in any::<u64>(), bounds in any_bounds(), lens in any_lens(),
    ) {
        let tally = trial(seed, bounds, lens, Mover::Elsewhere, as_it_is);
        prop_assert_eq!((tally.wrong, tally.leaks), (0, 0), "{:?}", tally);
    }

    #[test]
    fn r_prv_1_the_cover_contains_the_mask_when_the_dome_tells_its_status_by_itself(
        seed in any::<u64>(), bounds in any_bounds(),
    ) {
        let tally = told(seed, bounds, true);
        prop_assert_eq!((tally.wrong, tally.leaks), (0, 0), "{:?}", tally);
    }

    /// Geometry alone: any box of poses, any of its poses, any mask.
    #[test]
    fn r_prv_1_the_cover_contains_the_mask_for_every_pose_of_a_box(
        seed in any::<u64>(), lens in any_lens(),
        pan in -190.0f64..190.0, tilt in -90.0f64..90.0, hfov in prop_oneof![1.5f64..6.0, 6.0f64..62.0],
        spread in prop_oneof![Just([0.0, 0.0, 0.0]), [0.0f64..1.0, 0.0f64..1.0, 0.0f64..0.05], [0.0f64..25.0, 0.0f64..15.0, 0.0f64..0.5]],
    ) {
        let mut chance = Chance(seed);
        let spread_of = |middle: f64, half: f64| Interval { lo: middle - half, hi: middle + half };
        let poses = PoseInterval {
            pan: spread_of(pan, spread[0]),
            tilt: spread_of(tilt, spread[1]),
            hfov: Interval { lo: hfov * (1.0 - spread[2]), hi: hfov * (1.0 + spread[2]) },
        };
        let plan = dome_plan(tight(), lens, Vec::new());
        let mut tally = Tally::default();
        for _ in 0..20 {
            let mut corner = || if chance.one_in(2.0) { chance.share().round() } else { chance.share() };
            let pose = Pose {
                pan_deg: poses.pan.at(corner()), tilt_deg: poses.tilt.at(corner()), hfov_deg: poses.hfov.at(corner()),
            };
            look(&mut tally, &mut chance, &plan, pose, PoseKnowledge::Within(poses));
        }
        prop_assert_eq!((tally.wrong, tally.leaks), (0, 0), "{:?}", tally);
    }
}

#[test]
fn r_prv_1_without_the_uncertainty_the_same_trials_leak() {
    let leaks: u32 = (0..20)
        .map(|seed| trial(seed, tight(), lens(), Mover::Here, without_uncertainty).leaks)
        .sum();
    assert!(leaks > 100, "only {leaks} leaks");
}

#[test]
fn r_prv_1_a_status_that_was_held_up_and_taken_for_a_new_one_leaks() {
    let tallies = |by_its_clock| -> Vec<Tally> { (0..30).map(|seed| told(seed, tight(), by_its_clock)).collect() };
    let wrong = |tallies: &[Tally]| -> u32 { tallies.iter().map(|tally| tally.wrong).sum() };
    assert!(wrong(&tallies(false)) > 50);
    let told = tallies(true);
    let known: u32 = told.iter().map(|tally| tally.known).sum();
    let frames: u32 = told.iter().map(|tally| tally.frames).sum();
    assert!(known * 3 > frames, "known in {known} of {frames} frames");
    assert_eq!(wrong(&told), 0);
}

#[test]
fn the_trials_look_at_masks_and_the_pose_is_mostly_known() {
    let (mut frames, mut known, mut seen) = (0, 0, 0);
    for seed in 0..20 {
        let mover = if seed % 2 == 0 { Mover::Here } else { Mover::Elsewhere };
        let tally = trial(seed, tight(), lens(), mover, as_it_is);
        println!("{mover:?} {tally:?}");
        (frames, known, seen) = (frames + tally.frames, known + tally.known, seen + tally.seen);
    }
    assert!(seen > 10_000, "{seen} points seen");
    assert!(known * 2 > frames, "known in {known} of {frames} frames");
}

fn stand(motion: MotionBounds, seconds: u32, hz: u32) -> (PoseTracker, Instant) {
    let plan = dome_plan(motion, lens(), Vec::new());
    let mut tracker = PoseTracker::new(&plan);
    let begin = Instant::now();
    let pose = Pose {
        pan_deg: 20.0,
        tilt_deg: -15.0,
        hfov_deg: 60.0,
    };
    let mut now = begin;
    for i in 0..=seconds * hz {
        now = begin + Duration::from_secs(1) * i / hz;
        tracker.on_status(now, now + Duration::from_millis(40), Some(pose), MoveState::Idle);
    }
    (tracker, now + Duration::from_secs(1) / hz)
}

/// Cover and mask as shares of the picture, for a mask of 10° × 10° in its middle.
fn areas(knowledge: &PoseKnowledge) -> (f64, f64) {
    let corners = [[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0]]
        .map(|[a, e]: [f64; 2]| Direction {
            azimuth_deg: 20.0 + a,
            elevation_deg: -15.0 + e,
        })
        .to_vec();
    let pose = Pose {
        pan_deg: 20.0,
        tilt_deg: -15.0,
        hfov_deg: 60.0,
    };
    let ring: Vec<[f64; 2]> = corners.iter().map(|d| project(&lens(), pose, *d).unwrap()).collect();
    let masks = PreparedMasks::new(&dome_plan(tight(), lens(), vec![corners]));
    let Cover::Parts(parts) = masks.cover(knowledge) else {
        unreachable!("whole: {knowledge:?}")
    };
    let area_of = |p: &Polygon| convex::area(&p.points.iter().map(|v| v.map(f64::from)).collect::<Vec<_>>()).abs();
    (parts.iter().map(area_of).sum(), convex::area(&ring).abs())
}

#[test]
fn r_prv_1_when_the_dome_stands_the_cover_takes_at_most_2_percent_more_of_the_picture() {
    for (motion, hz) in [
        (MotionBounds::default(), 1),
        (MotionBounds::default(), 5),
        (tight(), 10),
    ] {
        let (tracker, now) = stand(motion, 20, hz);
        let (cover, mask) = areas(&tracker.knowledge(now));
        let excess = cover - mask;
        println!(
            "polled at {hz} Hz: mask {:.2} %, cover {:.2} %, excess {:.2} %",
            mask * 100.0,
            cover * 100.0,
            excess * 100.0
        );
        assert!((0.0..=0.02).contains(&excess), "{excess}");
    }
}

#[test]
fn r_prv_1_an_unknown_pose_covers_the_whole_picture_and_says_why() {
    let corners = vec![
        Direction {
            azimuth_deg: 0.0,
            elevation_deg: 0.0,
        },
        Direction {
            azimuth_deg: 5.0,
            elevation_deg: 0.0,
        },
        Direction {
            azimuth_deg: 5.0,
            elevation_deg: 5.0,
        },
    ];
    let masks = PreparedMasks::new(&dome_plan(tight(), lens(), vec![corners]));
    let (mut tracker, now) = stand(tight(), 5, 10);
    assert!(matches!(masks.cover(&tracker.knowledge(now)), Cover::Parts(_)));
    let lost = now + Duration::from_secs(4);
    assert_eq!(
        masks.cover(&tracker.knowledge(lost)),
        Cover::Whole(WholeReason::PoseNotKnown)
    );
    tracker.on_restart(lost);
    assert_eq!(
        masks.cover(&tracker.knowledge(lost)),
        Cover::Whole(WholeReason::CameraRestarted)
    );
    let fresh = PoseTracker::new(&dome_plan(tight(), lens(), Vec::new()));
    assert_eq!(
        masks.cover(&fresh.knowledge(now)),
        Cover::Whole(WholeReason::PoseNotKnown)
    );
}

#[test]
fn after_a_restart_the_pose_is_known_again_when_the_dome_is_seen_to_stand() {
    let (mut tracker, now) = stand(tight(), 5, 10);
    tracker.on_restart(now);
    let pose = Pose {
        pan_deg: -100.0,
        tilt_deg: -5.0,
        hfov_deg: 30.0,
    };
    let mut known_after = None;
    for i in 1..40u32 {
        let received = now + Duration::from_millis(100) * i;
        tracker.on_status(received, received, Some(pose), MoveState::Idle);
        if known_after.is_none() && matches!(tracker.knowledge(received), PoseKnowledge::Within(_)) {
            known_after = Some(i);
        }
    }
    assert!(
        known_after.is_some_and(|tenths| (7..20).contains(&tenths)),
        "{known_after:?}"
    );
}

#[test]
fn a_status_that_betrays_unheard_motion_opens_the_interval_at_once() {
    let (mut tracker, now) = stand(
        MotionBounds {
            video_delay_min_s: 0.0,
            ..tight()
        },
        5,
        10,
    );
    let PoseKnowledge::Within(before) = tracker.knowledge(now) else {
        unreachable!("not known")
    };
    let moved = Pose {
        pan_deg: 26.0,
        tilt_deg: -15.0,
        hfov_deg: 60.0,
    };
    tracker.on_status(now, now, Some(moved), MoveState::Idle);
    let PoseKnowledge::Within(after) = tracker.knowledge(now) else {
        return;
    };
    assert!(
        before.pan.half_width() < 1.0 && after.pan.half_width() > 5.0,
        "{before:?} {after:?}"
    );
}

#[test]
fn r_prv_1_of_two_orders_on_their_way_the_earlier_may_be_obeyed_last() {
    let at = |pan_deg: f64| Pose {
        pan_deg,
        tilt_deg: -15.0,
        hfov_deg: 60.0,
    };
    let right = Velocity {
        pan: 1.0,
        ..Velocity::ZERO
    };
    for second in [Order::Velocity(right), Order::Position(at(40.0))] {
        let (mut tracker, now) = stand(tight(), 5, 10);
        tracker.on_command(now, Order::Position(at(30.0)));
        tracker.on_command(now + Duration::from_millis(100), second);
        // The second order was obeyed first; then the first leads back.
        let seen = now + Duration::from_millis(600);
        tracker.on_status(seen, seen, Some(at(36.0)), MoveState::Moving);
        let PoseKnowledge::Within(poses) = tracker.knowledge(seen + Duration::from_millis(500)) else {
            unreachable!("not known")
        };
        assert!(poses.pan.lo < 30.0, "{second:?}: {poses:?}");
    }
}

#[test]
fn while_another_holds_the_dome_the_interval_is_open_from_the_newest_status_on() {
    let (mut tracker, now) = stand(tight(), 5, 10);
    let half_width = |tracker: &PoseTracker, at: Instant| match tracker.knowledge(at) {
        PoseKnowledge::Within(poses) => poses.pan.half_width(),
        PoseKnowledge::Unknown(_) => f64::INFINITY,
    };
    let later = now + Duration::from_millis(300);
    let alone = half_width(&tracker, later);
    tracker.on_other_holder(now, true);
    assert!(alone < 1.0 && half_width(&tracker, later) > 15.0);
}

#[test]
fn a_mask_out_of_view_costs_no_polygon_and_one_around_the_view_covers_it() {
    let sky: Vec<Direction> = (0..12)
        .map(|i| Direction {
            azimuth_deg: f64::from(i) * 30.0,
            elevation_deg: 10.0,
        })
        .collect();
    let masks = PreparedMasks::new(&dome_plan(tight(), lens(), vec![sky]));
    let at = |tilt: f64| {
        let one = |v: f64| Interval { lo: v, hi: v };
        PoseKnowledge::Within(PoseInterval {
            pan: one(170.0),
            tilt: one(tilt),
            hfov: one(20.0),
        })
    };
    assert_eq!(masks.cover(&at(-20.0)), Cover::Parts(Vec::new()));
    let up = masks.cover(&at(40.0));
    for x in 0..=10 {
        for y in 0..=10 {
            assert!(covered(&up, [f64::from(x) / 10.0, f64::from(y) / 10.0]), "{x} {y}");
        }
    }
}

#[test]
fn the_cover_of_32_masks_in_view_is_quick() {
    let masks: Vec<Vec<Direction>> = (0..32)
        .map(|i| {
            let (x, y) = (f64::from(i % 8) * 6.0 - 21.0, f64::from(i / 8) * 6.0 - 9.0);
            (0..12)
                .map(|k| {
                    let (sin, cos) = (f64::from(k) / 12.0 * std::f64::consts::TAU).sin_cos();
                    Direction {
                        azimuth_deg: 20.0 + x + 2.5 * cos,
                        elevation_deg: -15.0 + y + 2.5 * sin,
                    }
                })
                .collect()
        })
        .collect();
    let masks = PreparedMasks::new(&dome_plan(tight(), lens(), masks));
    let (tracker, now) = stand(tight(), 20, 10);
    let rounds = 200;
    let (mut parts, mut covering, mut knowing) = (0, Duration::MAX, Duration::MAX);
    for i in 0..rounds {
        let begin = Instant::now();
        let knowledge = tracker.knowledge(now + Duration::from_millis(i));
        knowing = knowing.min(begin.elapsed());
        let begin = Instant::now();
        if let Cover::Parts(polygons) = masks.cover(&knowledge) {
            parts += polygons.len();
        }
        covering = covering.min(begin.elapsed());
    }
    println!("32 masks of 12 points: cover {covering:?}, pose {knowing:?}");
    assert_eq!(parts, 32 * rounds as usize);
    // The aim is 50 µs with optimisation; this is the plain test build on a busy machine.
    assert!(covering < Duration::from_millis(5), "{covering:?}");
}
