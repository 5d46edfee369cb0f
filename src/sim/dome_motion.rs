//! How a dome moves: position and speed of each axis as a closed function of time.
//!
//! Invariant: no axis ever passes its speed, its acceleration or its end stops, whatever is commanded and whenever.
//! Units are the axis' own: degrees for pan and tilt, natural logarithm of magnification for zoom; seconds.
//! Deliberately absent: clocks (time is an argument), ONVIF spaces, jitter of the network.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// History remembered behind the newest command: for status answers about the past, and for the recorder.
pub const HISTORY: Duration = Duration::from_secs(3600);
/// Slower than this is standing still, units per second.
const STILL: f64 = 1e-9;

/// The limits of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AxisBounds {
    /// End stops, `low < high`.
    pub low: f64,
    pub high: f64,
    /// The axis turns round without end stops; `low` and `high` are the same place.
    pub endless: bool,
    /// Highest speed, units per second.
    pub speed: f64,
    /// Acceleration and deceleration, units per second squared.
    pub acceleration: f64,
}

/// The goal of one axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// Move at this signed speed for this long, then stop.
    Drive { speed: f64, lasting: Duration },
    /// Go to this position at no more than this speed.
    Reach { position: f64, speed: f64 },
    /// Brake and stand.
    Halt,
}

/// One stretch of constant acceleration.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    seconds: f64,
    acceleration: f64,
}

/// The way of one axis from one command to the next.
#[derive(Debug, Clone, PartialEq)]
struct Course {
    position: f64,
    speed: f64,
    stretches: Vec<Stretch>,
}

impl Course {
    fn resting(position: f64) -> Self {
        Self {
            position,
            speed: 0.0,
            stretches: Vec::new(),
        }
    }

    fn seconds(&self) -> f64 {
        self.stretches.iter().map(|stretch| stretch.seconds).sum()
    }

    /// Position and speed after `t` seconds; after the last stretch the axis stands.
    fn at(&self, mut t: f64) -> (f64, f64) {
        let (mut position, mut speed) = (self.position, self.speed);
        for stretch in &self.stretches {
            let part = stretch.seconds.min(t.max(0.0));
            position += speed * part + 0.5 * stretch.acceleration * part * part;
            speed += stretch.acceleration * part;
            t -= stretch.seconds;
            if t <= 0.0 {
                return (position, speed);
            }
        }
        (position, 0.0)
    }

    /// Position and speed at the end of the last stretch.
    fn end(&self) -> (f64, f64) {
        self.stretches
            .iter()
            .fold((self.position, self.speed), |(position, speed), stretch| {
                let (t, a) = (stretch.seconds, stretch.acceleration);
                (position + speed * t + 0.5 * a * t * t, speed + a * t)
            })
    }

    /// The first `seconds` of this course.
    fn cut(mut self, seconds: f64) -> Self {
        let mut left = seconds;
        for stretch in &mut self.stretches {
            stretch.seconds = stretch.seconds.min(left.max(0.0));
            left -= stretch.seconds;
        }
        self.stretches.retain(|stretch| stretch.seconds > 0.0);
        self
    }

    fn then(mut self, seconds: f64, acceleration: f64) -> Self {
        if seconds > 0.0 {
            self.stretches.push(Stretch { seconds, acceleration });
        }
        self
    }
}

impl AxisBounds {
    /// The position as it is reported: within the stops, or within one turn.
    fn within(&self, position: f64) -> f64 {
        if self.endless {
            self.low + (position - self.low).rem_euclid(self.high - self.low)
        } else {
            position.clamp(self.low, self.high)
        }
    }

    fn course(&self, position: f64, speed: f64, goal: Goal) -> Course {
        match goal {
            Goal::Halt => self.halt(Course {
                position,
                speed,
                stretches: Vec::new(),
            }),
            Goal::Reach {
                position: target,
                speed: limit,
            } => self.reach(position, speed, target, limit),
            Goal::Drive { speed: wanted, lasting } => self.drive(position, speed, wanted, lasting.as_secs_f64()),
        }
    }

    /// Brakes at the end of `course`.
    fn halt(&self, course: Course) -> Course {
        let (_, speed) = course.end();
        course.then(speed.abs() / self.acceleration, -speed.signum() * self.acceleration)
    }

    fn drive(&self, position: f64, speed: f64, wanted: f64, seconds: f64) -> Course {
        let wanted = wanted.clamp(-self.speed, self.speed);
        let start = Course {
            position,
            speed,
            stretches: Vec::new(),
        };
        if wanted.abs() < STILL || seconds <= 0.0 {
            return self.halt(start);
        }
        if self.endless {
            let change = wanted - speed;
            let course = start
                .then(change.abs() / self.acceleration, change.signum() * self.acceleration)
                .then(seconds, 0.0);
            return self.halt(course.cut(seconds));
        }
        let stop = if wanted > 0.0 { self.high } else { self.low };
        let course = self.reach(position, speed, stop, wanted.abs());
        if course.seconds() <= seconds {
            course
        } else {
            self.halt(course.cut(seconds))
        }
    }

    /// The quickest way to `target` that brakes in time; from a speed in the wrong direction it brakes first.
    fn reach(&self, position: f64, speed: f64, target: f64, limit: f64) -> Course {
        let limit = limit.clamp(self.speed * 1e-3, self.speed);
        let a = self.acceleration;
        let braked = position + speed * speed.abs() / (2.0 * a);
        let target = if self.endless {
            let turn = self.high - self.low;
            braked + (target - braked + turn / 2.0).rem_euclid(turn) - turn / 2.0
        } else {
            target.clamp(self.low, self.high)
        };
        let sign = if target < braked { -1.0 } else { 1.0 };
        let mut course = Course {
            position,
            speed,
            stretches: Vec::new(),
        };
        let mut v = sign * speed;
        let mut distance = sign * (target - position);
        if v < 0.0 {
            course = course.then(-v / a, sign * a);
            distance += v * v / (2.0 * a);
            v = 0.0;
        }
        if v > limit {
            course = course.then((v - limit) / a, -sign * a);
            distance -= (v * v - limit * limit) / (2.0 * a);
            v = limit;
        }
        let peak = (a * distance + v * v / 2.0).max(v * v).sqrt().min(limit);
        let ramps = (2.0 * peak * peak - v * v) / (2.0 * a);
        let cruise = if peak > STILL {
            ((distance - ramps) / peak).max(0.0)
        } else {
            0.0
        };
        course
            .then((peak - v) / a, sign * a)
            .then(cruise, 0.0)
            .then(peak / a, -sign * a)
    }
}

/// The three axes of a dome, in the order pan, tilt, zoom.
#[derive(Debug, Clone)]
pub struct Motion {
    bounds: [AxisBounds; 3],
    legs: VecDeque<Leg>,
}

#[derive(Debug, Clone)]
struct Leg {
    since: Instant,
    courses: [Course; 3],
}

impl Motion {
    /// A dome that stands at `position` (pan, tilt, zoom).
    pub fn resting(bounds: [AxisBounds; 3], position: [f64; 3], now: Instant) -> Self {
        let courses = position.map(Course::resting);
        Self {
            bounds,
            legs: VecDeque::from([Leg { since: now, courses }]),
        }
    }

    /// The limits of the axes.
    pub fn bounds(&self) -> &[AxisBounds; 3] {
        &self.bounds
    }

    /// Where the dome was, or will be when nothing more is commanded.
    pub fn position(&self, at: Instant) -> [f64; 3] {
        let state = self.state(at);
        std::array::from_fn(|axis| self.bounds[axis].within(state[axis].0))
    }

    /// Signed speed of each axis, units per second.
    pub fn speed(&self, at: Instant) -> [f64; 3] {
        self.state(at).map(|(_, speed)| speed)
    }

    /// Whether each axis is on its way.
    pub fn moving(&self, at: Instant) -> [bool; 3] {
        let leg = self.leg(at);
        let t = at.saturating_duration_since(leg.since).as_secs_f64();
        std::array::from_fn(|axis| t < leg.courses[axis].seconds())
    }

    /// Gives new goals from `now` on; an axis with `None` goes on as it was.
    pub fn command(&mut self, now: Instant, goals: [Option<Goal>; 3]) {
        let state = self.state(now);
        let old = self.leg(now).clone();
        let t = now.saturating_duration_since(old.since).as_secs_f64();
        let courses = std::array::from_fn(|axis| {
            let (position, speed) = state[axis];
            match goals[axis] {
                Some(goal) => self.bounds[axis].course(position, speed, goal),
                None => rest_of(&old.courses[axis], t),
            }
        });
        self.legs.retain(|leg| leg.since <= now);
        self.legs.push_back(Leg { since: now, courses });
        while self.legs.len() > 1
            && self
                .legs
                .get(1)
                .is_some_and(|next| now.duration_since(next.since) > HISTORY)
        {
            self.legs.pop_front();
        }
    }

    fn leg(&self, at: Instant) -> &Leg {
        let later = self.legs.partition_point(|leg| leg.since <= at);
        &self.legs[later.saturating_sub(1)]
    }

    fn state(&self, at: Instant) -> [(f64, f64); 3] {
        let leg = self.leg(at);
        let t = at.saturating_duration_since(leg.since).as_secs_f64();
        std::array::from_fn(|axis| leg.courses[axis].at(t))
    }
}

/// The rest of a course after `t` seconds.
fn rest_of(course: &Course, t: f64) -> Course {
    let (position, speed) = course.at(t);
    let mut gone = t;
    let stretches = course
        .stretches
        .iter()
        .filter_map(|stretch| {
            let skipped = stretch.seconds.min(gone.max(0.0));
            gone -= skipped;
            let seconds = stretch.seconds - skipped;
            (seconds > 0.0).then_some(Stretch { seconds, ..*stretch })
        })
        .collect();
    Course {
        position,
        speed,
        stretches,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pan() -> AxisBounds {
        AxisBounds {
            low: -180.0,
            high: 180.0,
            endless: true,
            speed: 100.0,
            acceleration: 250.0,
        }
    }

    fn tilt() -> AxisBounds {
        AxisBounds {
            low: -90.0,
            high: 10.0,
            endless: false,
            speed: 80.0,
            acceleration: 200.0,
        }
    }

    fn zoom() -> AxisBounds {
        AxisBounds {
            low: 0.0,
            high: 3.0,
            endless: false,
            speed: 1.5,
            acceleration: 4.0,
        }
    }

    fn dome(now: Instant) -> Motion {
        Motion::resting([pan(), tilt(), zoom()], [0.0, -20.0, 0.0], now)
    }

    fn after(now: Instant, ms: u64) -> Instant {
        now + Duration::from_millis(ms)
    }

    fn all(goal: Goal) -> [Option<Goal>; 3] {
        [Some(goal); 3]
    }

    fn drive_pan(speed: f64, seconds: u64) -> [Option<Goal>; 3] {
        let lasting = Duration::from_secs(seconds);
        [Some(Goal::Drive { speed, lasting }), None, None]
    }

    fn reach_pan(position: f64, speed: f64) -> [Option<Goal>; 3] {
        [Some(Goal::Reach { position, speed }), None, None]
    }

    #[test]
    fn a_drive_ends_with_its_timeout() {
        let now = Instant::now();
        let mut dome = dome(now);
        dome.command(now, drive_pan(50.0, 1));
        assert!(dome.moving(after(now, 900))[0]);
        assert!((dome.speed(after(now, 900))[0] - 50.0).abs() < 1e-9);
        assert_eq!(dome.moving(after(now, 1_201)), [false; 3]);
        // 0.2 s ramp up, 0.8 s cruise, 0.2 s ramp down at 50°/s.
        assert!((dome.position(after(now, 5_000))[0] - 50.0).abs() < 1e-6);
    }

    #[test]
    fn halt_brakes_and_does_not_jump() {
        let now = Instant::now();
        let mut dome = dome(now);
        dome.command(now, drive_pan(100.0, 60));
        let stop = after(now, 1_000);
        let before = dome.position(stop)[0];
        dome.command(stop, all(Goal::Halt));
        assert!((dome.position(stop)[0] - before).abs() < 1e-9);
        let way = dome.position(after(now, 3_000))[0] - before;
        assert!(
            (way - 100.0 * 100.0 / (2.0 * 250.0)).abs() < 1e-6,
            "braking distance {way}"
        );
        assert!(!dome.moving(after(now, 1_401))[0]);
    }

    #[test]
    fn the_past_stays_readable_after_a_new_command() {
        let now = Instant::now();
        let mut dome = dome(now);
        dome.command(now, drive_pan(100.0, 60));
        let early = dome.position(after(now, 500));
        dome.command(after(now, 700), all(Goal::Halt));
        assert_eq!(dome.position(after(now, 500)), early);
    }

    #[test]
    fn an_endless_axis_takes_the_short_way_round() {
        let now = Instant::now();
        let mut dome = Motion::resting([pan(), tilt(), zoom()], [170.0, 0.0, 0.0], now);
        dome.command(now, reach_pan(-170.0, 100.0));
        assert!(dome.speed(after(now, 50))[0] > 0.0);
        assert!((dome.position(after(now, 3_000))[0] + 170.0).abs() < 1e-6);
    }

    #[test]
    fn a_command_to_one_axis_leaves_the_others_on_their_way() {
        let now = Instant::now();
        let mut dome = dome(now);
        dome.command(now, reach_pan(40.0, 60.0));
        dome.command(
            after(now, 200),
            [
                None,
                None,
                Some(Goal::Reach {
                    position: 1.0,
                    speed: 1.0,
                }),
            ],
        );
        let end = dome.position(after(now, 6_000));
        assert!((end[0] - 40.0).abs() < 1e-6 && (end[2] - 1.0).abs() < 1e-6, "{end:?}");
    }

    fn goal() -> impl Strategy<Value = Goal> {
        prop_oneof![
            (-300.0..300.0f64, 0u64..4_000).prop_map(|(speed, ms)| Goal::Drive {
                speed,
                lasting: Duration::from_millis(ms)
            }),
            (-400.0..400.0f64, 0.0..300.0f64).prop_map(|(position, speed)| Goal::Reach { position, speed }),
            Just(Goal::Halt),
        ]
    }

    proptest! {
        #[test]
        fn no_command_breaks_speed_acceleration_or_stops(
            script in prop::collection::vec((0u64..1_500, goal(), goal(), goal()), 1..8)
        ) {
            let start = Instant::now();
            let mut dome = dome(start);
            let mut now = start;
            let mut last = (dome.position(now), dome.speed(now));
            let step = Duration::from_millis(10);
            let dt = step.as_secs_f64();
            for (wait, a, b, c) in script {
                dome.command(now, [Some(a), Some(b), Some(c)]);
                let until = now + Duration::from_millis(wait);
                while now < until {
                    now += step;
                    let (position, speed) = (dome.position(now), dome.speed(now));
                    for axis in 0..3 {
                        let bounds = dome.bounds()[axis];
                        prop_assert!(speed[axis].abs() <= bounds.speed + 1e-6);
                        prop_assert!((speed[axis] - last.1[axis]).abs() <= bounds.acceleration * dt + 1e-6);
                        prop_assert!((bounds.low - 1e-6..=bounds.high + 1e-6).contains(&position[axis]));
                        let mut moved = (position[axis] - last.0[axis]).abs();
                        if bounds.endless {
                            moved = moved.min((bounds.high - bounds.low) - moved);
                        }
                        prop_assert!(moved <= bounds.speed * dt + 1e-6);
                    }
                    last = (position, speed);
                }
            }
        }

        #[test]
        fn every_target_within_the_stops_is_reached(
            first in goal(), wait in 0u64..800, target in -90.0..10.0f64, speed in 5.0..80.0f64
        ) {
            let now = Instant::now();
            let mut dome = dome(now);
            dome.command(now, [None, Some(first), None]);
            dome.command(after(now, wait), [None, Some(Goal::Reach { position: target, speed }), None]);
            let end = after(now, 120_000);
            prop_assert!((dome.position(end)[1] - target).abs() < 1e-6);
            prop_assert!(!dome.moving(end)[1]);
        }
    }
}
