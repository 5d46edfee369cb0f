//! What is known of a dome's pose in a recording, from the positions recorded with the video, and the cover of a recording.
//!
//! A recorded position was true at some moment no farther from its time than `status_delay_s`. Between two of them each
//! axis moves no faster than its highest speed, so a frame's pose lies where those around it can be reached from. Positions
//! that agree for a while and follow each other closely are one rest, as they are [live](super::pose_tracker): from the second to the
//! last but one of them the dome may only creep, so slowly that they could not tell, and is taken not to have gone away and come
//! back between two of them. Positions farther apart than that are trusted one by one.
//!
//! A position at the end of the lens bounds the zoom from below alone ([`lens_end`](super::lens_end)).
//!
//! Invariant: a frame without a position near it is covered whole; playback and export ask the one [`RecordedCover`].
//! Deliberately absent: orders; nobody knows now who moved the dome then, so outside a rest it may have moved at full speed
//! at any moment.

use super::axes::{axes_of, common, hfov_of, nearest_turn};
use super::evidence::SETTLED_S;
use super::lens_end::LensEnd;
use super::speed_envelope::Axes3;
use super::{Cover, Interval, PoseInterval, PoseKnowledge, PreparedMasks, WholeReason};
use crate::domain::camera::Pose;
use crate::domain::site::{CameraPlan, MotionBounds};

/// A pan or tilt interval wider than this on each side of its middle says nothing. Degrees.
const WIDEST_DEG: f64 = 90.0;
/// Positions that agree show a rest only when no farther apart than this: in more, a dome may turn away and come back, or be
/// pushed away from the end of its way and return to it. Seconds.
const AWAY_AND_BACK_S: f64 = 0.4;
/// Recorders stamp frames and positions by clocks that differ by this much, seconds.
const CLOCKS_S: f64 = 0.1;

/// The cover of one camera's recording, from the plan's masks and the poses recorded with the video.
#[derive(Debug, Clone)]
pub struct RecordedCover {
    masks: PreparedMasks,
    /// `None` for a camera that does not move.
    poses: Option<RecordedPoses>,
}

impl RecordedCover {
    /// By the masks of `camera` as planned now, whatever the plan was when it was recorded.
    pub fn new(camera: &CameraPlan, poses: Option<RecordedPoses>) -> Self {
        Self {
            masks: PreparedMasks::new(camera),
            poses,
        }
    }

    /// Every pose the dome may have had when the recorded frame of this moment was taken, Unix milliseconds; a frame without a
    /// time has no pose.
    pub fn knowledge(&self, recorded_ms: Option<i64>) -> PoseKnowledge {
        match (&self.poses, recorded_ms) {
            (Some(poses), Some(at_ms)) => poses.knowledge(at_ms),
            (_, _) => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
        }
    }

    /// The position recorded nearest to this moment, Unix milliseconds, as if it were exact: what a cover must not rest on.
    pub fn nearest(&self, recorded_ms: Option<i64>) -> Option<Pose> {
        self.poses.as_ref()?.nearest(recorded_ms?)
    }

    /// The cover of a frame whose pose is known like this.
    pub fn of(&self, knowledge: &PoseKnowledge) -> Cover {
        self.masks.cover(knowledge)
    }
}

/// The positions of a stretch of recording.
#[derive(Debug, Clone)]
pub struct RecordedPoses {
    /// In time order; no two overlap.
    seen: Vec<Seen>,
    motion: MotionBounds,
    /// From where on a position says no more than «at least» of the zoom.
    lens_end: Option<LensEnd>,
}

/// One position, or those of one rest.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// The times of the first and the last of them, Unix milliseconds.
    first_ms: i64,
    last_ms: i64,
    low: Axes3,
    high: Axes3,
}

impl Seen {
    fn seconds(&self) -> f64 {
        self.last_ms.abs_diff(self.first_ms) as f64 / 1000.0
    }

    /// How far it lies from a moment, seconds.
    fn away(&self, at_ms: i64) -> f64 {
        let ms = (self.first_ms.saturating_sub(at_ms)).max(at_ms.saturating_sub(self.last_ms));
        ms.max(0) as f64 / 1000.0
    }
}

/// Positions in a row that agree, while they are put together.
struct Row {
    seen: Seen,
    longest_gap_s: f64,
    members: Vec<Seen>,
}

impl RecordedPoses {
    /// Takes those of a camera as planned now in any order, each with its time, Unix milliseconds. Positions that make no sense are
    /// left out.
    pub fn new(mut poses: Vec<(i64, Pose)>, camera: &CameraPlan) -> Self {
        poses.sort_by_key(|(at_ms, _)| *at_ms);
        let mut all = Self {
            seen: Vec::new(),
            motion: camera.motion.clone(),
            lens_end: LensEnd::of(camera),
        };
        let mut row: Option<Row> = None;
        for (at_ms, pose) in poses {
            let Some(mut at) = axes_of(pose) else { continue };
            if let Some(row) = &row {
                at[0] = nearest_turn(at[0], row.seen.low[0]);
            }
            let one = Seen {
                first_ms: at_ms,
                last_ms: at_ms,
                low: at,
                high: at,
            };
            if row.as_mut().is_some_and(|row| all.extend(row, one)) {
                continue;
            }
            all.keep(row.take());
            row = Some(Row {
                seen: one,
                longest_gap_s: 0.0,
                members: vec![one],
            });
        }
        all.keep(row);
        all
    }

    /// The stretch whose positions may say something of a frame between two moments, Unix milliseconds.
    ///
    /// A dome at rest may have none in it: positions are written when they change (ONVIF Streaming 5.1.2.1.1), and one from farther
    /// back does not show that it rested, for it may have been turned away and back.
    pub fn stretch((from_ms, to_ms): (i64, i64), motion: &MotionBounds) -> (i64, i64) {
        let around_ms = (motion.pose_lost_after_s * 1000.0).ceil() as i64;
        (from_ms.saturating_sub(around_ms), to_ms.saturating_add(around_ms))
    }

    /// Whether there is no position at all.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Takes a position into a row, if it agrees with it.
    fn extend(&self, row: &mut Row, one: Seen) -> bool {
        let gap = row.seen.away(one.first_ms);
        let low: Axes3 = std::array::from_fn(|axis| row.seen.low[axis].min(one.low[axis]));
        let high: Axes3 = std::array::from_fn(|axis| row.seen.high[axis].max(one.high[axis]));
        let error = self.error();
        let agrees = (0..3).all(|axis| high[axis] - low[axis] <= 2.0 * error[axis] + 1e-9);
        if !agrees || gap > AWAY_AND_BACK_S {
            return false;
        }
        let (first_ms, last_ms) = (row.seen.first_ms, one.last_ms);
        row.seen = Seen {
            first_ms,
            last_ms,
            low,
            high,
        };
        row.longest_gap_s = row.longest_gap_s.max(gap);
        row.members.push(one);
        true
    }

    /// Writes a row down: as one rest when it is long enough to be one, otherwise position by position.
    fn keep(&mut self, row: Option<Row>) {
        let Some(Row {
            seen,
            longest_gap_s,
            members,
        }) = row
        else {
            return;
        };
        // Its first and its last position may agree with the others by chance: the dome passed there on its way in, or turned
        // away and came past once more. So it surely stood from the second to the last but one.
        let [first, from, .., to, last] = members.as_slice() else {
            self.seen.extend(members);
            return;
        };
        let stood = Seen {
            first_ms: from.first_ms,
            last_ms: to.last_ms,
            ..seen
        };
        let surely = stood.seconds() - 2.0 * self.delay();
        if surely < SETTLED_S {
            self.seen.extend(members);
            return;
        }
        // Between two positions it may have crept half the way there and back.
        let error = self.error();
        let aside: Axes3 = std::array::from_fn(|axis| {
            let creep = (seen.high[axis] - seen.low[axis] + 2.0 * error[axis]) / surely;
            creep * (longest_gap_s + 2.0 * self.delay()) / 2.0
        });
        self.seen.push(*first);
        self.seen.push(Seen {
            low: std::array::from_fn(|axis| seen.low[axis] - aside[axis]),
            high: std::array::from_fn(|axis| seen.high[axis] + aside[axis]),
            ..stood
        });
        self.seen.push(*last);
    }

    /// Every pose the dome may have had when the frame of this moment was taken.
    pub fn knowledge(&self, at_ms: i64) -> PoseKnowledge {
        let next = self.seen.partition_point(|seen| seen.last_ms < at_ms);
        let around = self.seen.iter().skip(next.saturating_sub(1)).take(3);
        let mut bounds: Option<[Interval; 3]> = None;
        let mut pan = None;
        for seen in around.filter(|seen| seen.away(at_ms) <= self.motion.pose_lost_after_s) {
            let mut seen = *seen;
            let turned = nearest_turn(seen.low[0], *pan.get_or_insert(seen.low[0])) - seen.low[0];
            (seen.low[0], seen.high[0]) = (seen.low[0] + turned, seen.high[0] + turned);
            let Some(shared) = common(bounds, self.reach(&seen, at_ms)) else {
                return PoseKnowledge::Unknown(WholeReason::TooUncertain);
            };
            bounds = Some(shared);
        }
        let Some([pan, tilt, zoom]) = bounds else {
            return PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        };
        if pan.half_width() > WIDEST_DEG || tilt.half_width() > WIDEST_DEG {
            return PoseKnowledge::Unknown(WholeReason::TooUncertain);
        }
        PoseKnowledge::Within(PoseInterval {
            pan,
            tilt,
            hfov: Interval {
                lo: hfov_of(zoom.hi),
                hi: hfov_of(zoom.lo),
            },
        })
    }

    /// The middle of the position, or rest, nearest to a moment.
    fn nearest(&self, at_ms: i64) -> Option<Pose> {
        let next = self.seen.partition_point(|seen| seen.last_ms < at_ms);
        let around = self.seen.iter().skip(next.saturating_sub(1)).take(2);
        let seen = around.min_by(|a, b| a.away(at_ms).total_cmp(&b.away(at_ms)))?;
        let [pan_deg, tilt_deg, zoom] = std::array::from_fn(|axis| f64::midpoint(seen.low[axis], seen.high[axis]));
        Some(Pose {
            pan_deg,
            tilt_deg,
            hfov_deg: hfov_of(zoom),
        })
    }

    /// Where the dome may be at a moment, having been there then.
    fn reach(&self, seen: &Seen, at_ms: i64) -> [Interval; 3] {
        let motion = &self.motion;
        let speed = [motion.pan_speed_deg_s, motion.tilt_speed_deg_s, motion.zoom_speed_ln_s];
        let error = self.error();
        let onwards = at_ms.saturating_sub(seen.last_ms) as f64 / 1000.0;
        let back = seen.first_ms.saturating_sub(at_ms) as f64 / 1000.0;
        let seconds = (onwards.max(back) + self.delay()).max(0.0);
        let mut reach = std::array::from_fn(|axis| {
            let way = error[axis] + speed[axis] * seconds;
            Interval {
                lo: seen.low[axis] - way,
                hi: seen.high[axis] + way,
            }
        });
        if let Some(end) = self.lens_end.filter(|end| end.is_told_by(seen.high[2])) {
            reach[2].hi = end.most();
        }
        reach
    }

    /// How far the moment of a position may lie from its time, seconds.
    fn delay(&self) -> f64 {
        self.motion.status_delay_s + CLOCKS_S
    }

    fn error(&self) -> Axes3 {
        let motion = &self.motion;
        [motion.pose_error_deg, motion.pose_error_deg, motion.zoom_error_ln]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::Direction;
    use crate::domain::privacy::test_dome::{Chance, Dome, TICK, dome_plan, lens, tight};
    use proptest::prelude::*;

    fn bounded(motion: MotionBounds) -> CameraPlan {
        dome_plan(motion, lens(), Vec::new())
    }

    /// Positions of a dome that moves at random, or stands between moves, their times and the dome.
    fn recorded(seed: u64, every: usize, motion: &MotionBounds, busy: usize) -> (Dome, Vec<i64>, RecordedPoses) {
        let mut dome = Dome::new(seed, motion.clone(), &lens());
        let mut positions = Vec::new();
        for i in 0..900 {
            if i % busy == 0 {
                let order = dome.some_order();
                dome.order(order);
            }
            dome.tick();
            if i % every == 0 {
                // Stamped with the time it is written; it is a little older, and not exact.
                if let (_, _, Some(pose), _) = dome.told(true) {
                    positions.push(((dome.now_s() * 1000.0) as i64, pose));
                }
            }
        }
        let times = positions.iter().map(|(at_ms, _)| *at_ms).collect();
        (dome, times, RecordedPoses::new(positions, &bounded(motion.clone())))
    }

    /// Whether what is known of this moment rests on two positions that agree, too close together to turn away and be back
    /// between them, and the dome did so all the same: what the rule of a rest takes not to happen.
    fn away_and_back_in_a_rest(dome: &Dome, times: &[i64], poses: &RecordedPoses, at_s: f64) -> bool {
        let at_ms = (at_s * 1000.0) as i64;
        let next = times.partition_point(|time| *time < at_ms);
        let close = |two: &[i64]| (two[1] - two[0]) as f64 / 1000.0 <= AWAY_AND_BACK_S;
        let rests = |seen: &Seen| seen.first_ms < at_ms && at_ms < seen.last_ms;
        let between = times.get(next.saturating_sub(1)..=next);
        if !between.is_some_and(|two| two.len() == 2 && close(two)) || !poses.seen.iter().any(rests) {
            return false;
        }
        let around = AWAY_AND_BACK_S + 2.0 * poses.delay();
        let steps = (around / TICK) as i32;
        let path: Vec<Axes3> = (-steps..=steps)
            .filter_map(|i| axes_of(dome.pose(at_s + f64::from(i) * TICK)))
            .collect();
        (0..3).any(|axis| {
            let moves = || {
                path.windows(2)
                    .map(|two| nearest_turn(two[1][axis], two[0][axis]) - two[0][axis])
            };
            moves().any(|by| by > 1e-9) && moves().any(|by| by < -1e-9)
        })
    }

    /// The first moment at which the dome looked elsewhere than is known, and how many were left out
    /// because it went away and back in a rest.
    fn first_wrong((dome, times, poses): &(Dome, Vec<i64>, RecordedPoses)) -> (Option<String>, usize) {
        let mut exempt = 0;
        for at_s in (0..180).map(|i| f64::from(i) * 0.05) {
            let PoseKnowledge::Within(known) = poses.knowledge((at_s * 1000.0) as i64) else {
                continue;
            };
            if away_and_back_in_a_rest(dome, times, poses, at_s) {
                exempt += 1;
                continue;
            }
            let truly = dome.pose(at_s);
            let pan = nearest_turn(truly.pan_deg, known.pan.middle());
            let near = |interval: Interval, v: f64| interval.lo - 1e-6 <= v && v <= interval.hi + 1e-6;
            if !(near(known.pan, pan) && near(known.tilt, truly.tilt_deg) && near(known.hfov, truly.hfov_deg)) {
                return (Some(format!("{at_s} s: {known:?} {truly:?}")), exempt);
            }
        }
        (None, exempt)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

        #[test]
        fn r_prv_1_the_pose_of_every_recorded_frame_lies_in_what_is_known(
            seed in any::<u64>(), every in 5usize..60, busy in prop_oneof![Just(37usize), 150usize..600],
        ) {
            prop_assert_eq!(first_wrong(&recorded(seed, every, &tight(), busy)).0, None);
        }
    }

    #[test]
    fn r_prv_1_positions_too_far_apart_to_show_a_rest_are_trusted_one_by_one() {
        // A dome at the end of its tilt turns away and is pushed back, again and again, between positions that all agree.
        let agreeing = |every_ms: i64| (0..40).map(|i| (i * every_ms, pose(10.0))).collect();
        let half_width_at = |every_ms: i64| {
            let poses = RecordedPoses::new(agreeing(every_ms), &bounded(tight()));
            half_width(&poses, 20 * every_ms + every_ms / 2)
        };
        assert!(half_width_at(390) < 1.0, "{}", half_width_at(390));
        assert!(
            half_width_at(410) > 0.2 * tight().pan_speed_deg_s,
            "{}",
            half_width_at(410)
        );
    }

    #[test]
    fn few_moments_of_a_rest_are_left_out_of_the_property() {
        let (mut asked, mut exempt) = (0, 0);
        for seed in 0..200 {
            exempt += first_wrong(&recorded(seed, 10, &tight(), 300)).1;
            asked += 180;
        }
        assert!(20 * exempt < asked, "{exempt} of {asked}");
    }

    fn pose(pan_deg: f64) -> Pose {
        Pose {
            pan_deg,
            tilt_deg: -10.0,
            hfov_deg: 50.0,
        }
    }

    fn half_width(poses: &RecordedPoses, at_ms: i64) -> f64 {
        match poses.knowledge(at_ms) {
            PoseKnowledge::Within(known) => known.pan.half_width(),
            PoseKnowledge::Unknown(_) => f64::INFINITY,
        }
    }

    #[test]
    fn r_prv_1_far_from_every_position_the_frame_is_covered_whole() {
        let poses = RecordedPoses::new(vec![(10_000, pose(10.0)), (10_200, pose(10.0))], &bounded(tight()));
        assert!(matches!(poses.knowledge(10_100), PoseKnowledge::Within(_)));
        let unknown = PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        assert_eq!(poses.knowledge(14_000), unknown);
        assert_eq!(poses.knowledge(0), unknown);
        assert_eq!(RecordedPoses::new(Vec::new(), &bounded(tight())).knowledge(0), unknown);
    }

    #[test]
    fn every_position_that_may_say_something_of_a_range_lies_in_the_stretch_that_is_asked_for() {
        let (first, last) = RecordedPoses::stretch((10_000, 20_000), &tight());
        let says = |at_ms: i64, of_ms: i64| {
            let poses = RecordedPoses::new(vec![(at_ms, pose(10.0))], &bounded(tight()));
            poses.knowledge(of_ms) != PoseKnowledge::Unknown(WholeReason::PoseNotKnown)
        };
        assert!(says(first, 10_000) && says(last, 20_000), "what is asked for is of use");
        assert!(
            !says(first - 1, 10_000) && !says(last + 1, 20_000),
            "nothing of use is left out"
        );
    }

    #[test]
    fn r_prv_1_a_dome_that_stood_is_known_closely_and_before_and_after_it_may_have_moved_at_full_speed() {
        // Also across the seam of ±180°, and under bounds so wide that one position alone says nothing.
        for (motion, middle) in [(tight(), 20.0), (MotionBounds::default(), 179.9)] {
            let mut chance = Chance(3);
            let noisy = |i: i64| {
                let pan: f64 = middle + chance.between(-0.2, 0.2);
                (i * 200, pose((pan + 180.0).rem_euclid(360.0) - 180.0))
            };
            let poses = RecordedPoses::new((0..50).map(noisy).collect(), &bounded(motion.clone()));
            // The first and the last position may agree by chance: the rest ends a position before them.
            let surely = ((motion.status_delay_s + CLOCKS_S) * 1000.0) as i64 + 200;
            assert!(half_width(&poses, 5_000) < 1.0, "{}", half_width(&poses, 5_000));
            for edge in [surely - 60, 9_800 - surely + 60] {
                let wide = half_width(&poses, edge);
                let inside = half_width(&poses, 5_000);
                assert!(
                    wide > inside + 0.03 * motion.pan_speed_deg_s,
                    "{wide} at {edge} ms, {inside} inside"
                );
            }
        }
    }

    #[test]
    fn r_prv_1_a_position_at_the_end_of_the_lens_says_no_more_than_at_least() {
        let known = |hfov_deg: f64, tells_view: bool| {
            let mut camera = bounded(tight());
            camera.habits.tells_view = tells_view;
            let stood = (0..50).map(|i| (i * 200, Pose { hfov_deg, ..pose(5.0) })).collect();
            match RecordedPoses::new(stood, &camera).knowledge(5_000) {
                PoseKnowledge::Within(known) => known.hfov,
                PoseKnowledge::Unknown(why) => panic!("{why:?}"),
            }
        };
        let end = lens().narrowest_hfov_deg();
        let cropped = known(end, false);
        assert!(cropped.lo < 0.02 * end && cropped.hi < 1.1 * end, "{cropped:?}");
        for tight in [known(end, true), known(1.1 * end, false)] {
            assert!(tight.hi < 1.1 * tight.lo, "{tight:?}");
        }
    }

    #[test]
    fn the_nearest_position_is_that_of_the_time_on_either_side() {
        let poses = RecordedPoses::new(
            vec![(1_000, pose(10.0)), (2_000, pose(20.0)), (3_000, pose(30.0))],
            &bounded(tight()),
        );
        let pan = |at_ms| poses.nearest(at_ms).map(|pose| pose.pan_deg.round());
        let near = [0, 1_400, 1_600, 2_400, 9_000].map(pan);
        assert_eq!(near, [10.0, 10.0, 20.0, 20.0, 30.0].map(Some));
        assert_eq!(RecordedPoses::new(Vec::new(), &bounded(tight())).nearest(0), None);
    }

    #[test]
    fn positions_with_a_hole_between_them_are_no_rest() {
        let with_hole = (0..20).chain(60..80).map(|i| (i * 200, pose(5.0))).collect();
        let poses = RecordedPoses::new(with_hole, &bounded(tight()));
        assert_eq!(
            poses.knowledge(7_900),
            PoseKnowledge::Unknown(WholeReason::PoseNotKnown)
        );
        assert!(half_width(&poses, 2_000) < 1.0 && half_width(&poses, 5_500) > 30.0);
    }

    #[test]
    fn r_prv_1_a_recording_without_poses_or_times_is_covered_whole_and_a_fixed_camera_needs_neither() {
        let corner = |azimuth_deg, elevation_deg| Direction {
            azimuth_deg,
            elevation_deg,
        };
        let house = vec![corner(0.0, -12.0), corner(8.0, -12.0), corner(8.0, -4.0)];
        let dome = dome_plan(tight(), lens(), vec![house]);
        let whole = Cover::Whole(WholeReason::PoseNotKnown);
        let stood = (0..50).map(|i| (i * 200, pose(5.0))).collect();
        let known = RecordedCover::new(&dome, Some(RecordedPoses::new(stood, &dome)));
        let at = |cover: &RecordedCover, ms| cover.of(&cover.knowledge(ms));
        assert!(matches!(at(&known, Some(5_000)), Cover::Parts(parts) if parts.len() == 1));
        assert_eq!(at(&known, None), whole);
        assert_eq!(at(&RecordedCover::new(&dome, None), Some(5_000)), whole);
        let fixed = CameraPlan {
            masks: Vec::new(),
            ..dome
        };
        assert_eq!(at(&RecordedCover::new(&fixed, None), None), Cover::Parts(Vec::new()));
    }
}
