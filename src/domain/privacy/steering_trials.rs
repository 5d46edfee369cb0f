//! What a hand sees while it steers past masks, in virtual time: domes of several makes moved as a person moves them. Held by
//! assertions: the cover contains the mask, always (R-PRV-1). Printed: how much of the picture is left, and when it is back
//! (`cargo nextest run steering_figures --no-capture`).

use super::camera_geometry::project;
use super::test_dome::{Chance, dome_plan};
use super::test_make::{MadeDome, Make, ROWS, Tells, makes};
use super::{Cover, DomePose, Interval, PictureTime, Polygon, PoseInterval, PoseKnowledge, PreparedMasks, convex};
use crate::domain::camera::{Direction, Pose};
use crate::domain::ptz::{Order, Velocity};
use crate::domain::site::{CameraPlan, DomeDelays, DomeHabits};
use proptest::prelude::*;

/// Between two pictures, seconds.
const PICTURES_S: f64 = 0.04;
/// A held velocity is said again after this, seconds.
const REPEAT_S: f64 = 0.2;

/// Act of a hand.
#[derive(Debug, Clone, Copy)]
enum Hand {
    /// Holds a velocity from a moment until another.
    Hold([f64; 2], [f64; 3]),
    /// Sends the dome by this far (pan, tilt, logarithm of zoom) from where it stands.
    Send(f64, [f64; 3]),
}

/// What was seen of one run.
#[derive(Debug, Clone, Default)]
struct Seen {
    pictures: u32,
    /// Of the pictures without a mask in their middle, while a hand moves the dome: how many, and how many were free there.
    middle: [u32; 2],
    /// Excess of the cover over that of the true pose, shares of the picture, while a hand moves the dome.
    excess: Vec<f64>,
    whole: u32,
    /// From release to the first picture from which the excess is no more than 15 % of it, seconds.
    back_s: Vec<f64>,
    /// From release to the first picture from which the cover is that of a dome known to stand, seconds.
    stands_s: Vec<f64>,
    leaks: u32,
    wrong: u32,
    doubts: u32,
}

fn rectangle(azimuth: f64, elevation: f64, width: f64, height: f64) -> Vec<Direction> {
    let (w, h) = (width / 2.0, height / 2.0);
    [[-w, -h], [w, -h], [w, h], [-w, h]]
        .map(|[a, e]| Direction {
            azimuth_deg: azimuth + a,
            elevation_deg: elevation + e,
        })
        .to_vec()
}

/// Houses along a street: windows every 30 degrees, which pass the middle of the picture.
pub(super) fn street() -> Vec<Vec<Direction>> {
    (-5..=5)
        .map(|i| rectangle(f64::from(i) * 30.0 + 15.0, -12.0, 9.0, 9.0))
        .collect()
}

pub(super) fn camera(make: &Make, masks: Vec<Vec<Direction>>) -> CameraPlan {
    CameraPlan {
        habits: make.ways,
        ..dome_plan(make.bounds(), super::test_dome::lens(), masks)
    }
}

fn inside(polygons: &[Polygon], p: [f64; 2]) -> bool {
    polygons.iter().any(|polygon| {
        let ring: Vec<[f64; 2]> = polygon.points.iter().map(|v| v.map(f64::from)).collect();
        let signed = convex::area(&ring).signum();
        (0..ring.len()).all(|i| signed * convex::turn(ring[i], ring[(i + 1) % ring.len()], p) >= -1e-7)
    })
}

pub(super) fn covers(cover: &Cover, p: [f64; 2]) -> bool {
    match cover {
        Cover::Whole(_) => true,
        Cover::Parts(parts) => inside(parts, p),
    }
}

/// The knowledge of a pose to `error_deg`.
fn within(pose: Pose, error_deg: f64) -> PoseKnowledge {
    let near = |v: f64, error: f64| Interval {
        lo: v - error,
        hi: v + error,
    };
    PoseKnowledge::Within(PoseInterval {
        pan: near(pose.pan_deg, error_deg),
        tilt: near(pose.tilt_deg, error_deg),
        hfov: near(pose.hfov_deg, 0.02 * pose.hfov_deg * error_deg.min(1.0)),
    })
}

pub(super) fn contains(poses: &PoseInterval, pose: Pose) -> bool {
    let turn = ((poses.pan.middle() - pose.pan_deg) / 360.0).round() * 360.0;
    let near = |i: Interval, v: f64| i.lo - 1e-6 <= v && v <= i.hi + 1e-6;
    near(poses.pan, pose.pan_deg + turn) && near(poses.tilt, pose.tilt_deg) && near(poses.hfov, pose.hfov_deg)
}

/// Points of the masks, their edges included.
pub(super) fn points(masks: &[Vec<Direction>]) -> Vec<Direction> {
    let mut points = Vec::new();
    for mask in masks {
        let (a, b) = (mask[0], mask[2]);
        for i in 0..5 {
            for j in 0..5 {
                let at = |from: f64, to: f64, k: i32| from + (to - from) * (0.02 + 0.24 * f64::from(k));
                points.push(Direction {
                    azimuth_deg: at(a.azimuth_deg, b.azimuth_deg, i),
                    elevation_deg: at(a.elevation_deg, b.elevation_deg, j),
                });
            }
        }
    }
    points
}

/// Shares of the picture that a cover takes, by a grid.
fn taken(cover: &Cover) -> f64 {
    let Cover::Parts(parts) = cover else { return 1.0 };
    let (columns, rows) = (48, 27);
    let mut hit = 0u32;
    for x in 0..columns {
        for y in 0..rows {
            let p = [
                (f64::from(x) + 0.5) / f64::from(columns),
                (f64::from(y) + 0.5) / f64::from(rows),
            ];
            hit += u32::from(inside(parts, p));
        }
    }
    f64::from(hit) / f64::from(columns * rows)
}

/// State of a hand that follows a script: which order is due.
struct Acting {
    script: Vec<Hand>,
    next_say: f64,
    held: bool,
    releases: Vec<f64>,
    /// Zero velocities that follow a release.
    stops: Vec<f64>,
    sent: usize,
}

impl Acting {
    fn new(script: Vec<Hand>) -> Self {
        Self {
            script,
            next_say: 0.0,
            held: false,
            releases: Vec::new(),
            stops: Vec::new(),
            sent: 0,
        }
    }

    /// Whether a hand moves the dome now, or did just now.
    fn busy(&self, now: f64) -> bool {
        self.script.iter().any(|hand| match hand {
            Hand::Hold([from, to], _) => (*from..=*to).contains(&now),
            Hand::Send(at, _) => (*at..=*at + 1.0).contains(&now),
        })
    }

    fn order(&mut self, now: f64, here: Pose) -> Option<Order> {
        let holding = self.script.iter().find_map(|hand| match hand {
            Hand::Hold([from, to], velocity) if (*from..*to).contains(&now) => Some(*velocity),
            Hand::Hold(..) | Hand::Send(..) => None,
        });
        if let Some([pan, tilt, zoom]) = holding {
            self.stops.clear();
            let say = !self.held || now >= self.next_say;
            self.held = true;
            if say {
                self.next_say = now + REPEAT_S;
                return Some(Order::Velocity(Velocity { pan, tilt, zoom }));
            }
            return None;
        }
        if self.held {
            self.held = false;
            self.releases.push(now);
            self.stops = vec![now + 0.04, now + 0.16, now + 0.4, now + 0.9];
            return Some(Order::Stop);
        }
        if self.stops.first().is_some_and(|at| now >= *at) {
            self.stops.remove(0);
            return Some(Order::Stop);
        }
        let due: Vec<[f64; 3]> = self
            .script
            .iter()
            .filter_map(|hand| match hand {
                Hand::Send(at, by) if now >= *at => Some(*by),
                Hand::Hold(..) | Hand::Send(..) => None,
            })
            .collect();
        let [pan, tilt, zoom] = *due.get(self.sent)?;
        self.sent += 1;
        let narrower = 2.0
            * ((here.hfov_deg.to_radians() / 2.0).tan() * (-zoom).exp())
                .atan()
                .to_degrees();
        let lens = super::test_dome::lens();
        Some(Order::Position(Pose {
            pan_deg: here.pan_deg + pan,
            tilt_deg: (here.tilt_deg + tilt).clamp(-90.0, 30.0),
            hfov_deg: narrower.clamp(lens.narrowest_hfov_deg(), lens.widest_hfov_deg()),
        }))
    }
}

/// Runs one dome under one hand; `believed` replaces the habits of the plan, `used` the knowledge that covers are made for.
fn run(
    make: &Make,
    seed: u64,
    start: Pose,
    script: Vec<Hand>,
    masks: &[Vec<Direction>],
    believed: Option<DomeDelays>,
    used: fn(PoseKnowledge) -> PoseKnowledge,
) -> Seen {
    let mut plan = camera(make, masks.to_vec());
    if believed.is_some() {
        plan.motion.delays = believed;
    }
    let (mut dome, mut chance) = (MadeDome::new(make, seed, start), Chance(seed ^ 0xfeed));
    let mut known = DomePose::new(&plan);
    let (prepared, inside_masks) = (PreparedMasks::new(&plan), points(masks));
    let end = script.iter().fold(0.0f64, |end, hand| match hand {
        Hand::Hold([_, to], _) => end.max(*to),
        Hand::Send(at, _) => end.max(*at),
    }) + 3.0;
    let mut acting = Acting::new(script);
    let (mut next_status, mut way, mut next_picture) = (0.6, 0.03, 0.6);
    // Pictures on their way: when each arrives, and when it was taken.
    let mut pictures: Vec<(f64, f64)> = Vec::new();
    let mut after: Vec<(f64, f64, f64)> = Vec::new();
    let mut seen = Seen::default();
    while dome.now_s() < end {
        dome.tick();
        let now = dome.now_s();
        if let Some(order) = acting.order(now, dome.pose(now)) {
            known.on_command(dome.instant(now), order);
            dome.order(order);
        }
        if now >= next_status {
            let (sent, received, pose, moving) = dome.status(way);
            known.on_status(sent, received, pose, moving);
            way = chance.between(0.005, 0.04);
            next_status = now
                + if acting.busy(now) || acting.busy(now - 2.0) {
                    0.05f64.max(2.0 * way)
                } else {
                    0.2
                };
        }
        if now >= next_picture {
            let [least, most] = dome.make.habits.picture_age_s;
            let arrives = (now + chance.between(least, most)).max(pictures.last().map_or(0.0, |(at, _)| *at));
            pictures.push((arrives.min(now + most), now));
            next_picture = now + PICTURES_S;
        }
        while let Some((arrived, taken_at)) = pictures.first().copied().filter(|(arrives, _)| *arrives <= now) {
            pictures.remove(0);
            let picture = PictureTime {
                arrived: dome.instant(arrived),
                waited: std::time::Duration::ZERO,
                captured: dome.captured(taken_at),
                behind: std::time::Duration::ZERO,
            };
            let pose = dome.pose(taken_at);
            let knowledge = used(known.knowledge_of(picture, dome.instant(now)));
            let cover = prepared.cover(&knowledge);
            if now > 2.0 {
                let excess = look(&mut seen, &cover, &prepared.cover(&within(pose, 0.0)), acting.busy(now));
                // As well as it is ever known: the position's error, and what a standing dome may creep.
                let standing = prepared.cover(&within(pose, 1.5 * plan.motion.pose_error_deg));
                after.push((now, excess, taken(&cover) - taken(&standing)));
            }
            if let PoseKnowledge::Within(poses) = &knowledge {
                seen.wrong += u32::from(!contains(poses, pose));
            }
            for point in &inside_masks {
                if let Some(p) = project(&super::test_dome::lens(), pose, *point)
                    && p.iter().all(|v| (0.0..=1.0).contains(v))
                {
                    seen.leaks += u32::from(!covers(&cover, p));
                }
            }
        }
    }
    for release in &acting.releases {
        let last = |bad: &dyn Fn(&(f64, f64, f64)) -> bool| {
            let at = after
                .iter()
                .rev()
                .find(|picture| bad(picture))
                .map_or(*release, |(at, _, _)| *at);
            (at - release).max(0.0)
        };
        seen.back_s.push(last(&|(_, excess, _)| *excess > 0.15));
        seen.stands_s.push(last(&|(_, _, more)| *more > 0.02));
    }
    seen.doubts = known.doubts();
    seen
}

/// Takes down one picture; what the cover takes beside that of the true pose.
fn look(seen: &mut Seen, cover: &Cover, true_cover: &Cover, busy: bool) -> f64 {
    seen.pictures += 1;
    seen.whole += u32::from(matches!(cover, Cover::Whole(_)));
    let excess = taken(cover) - taken(true_cover);
    if busy {
        seen.excess.push(excess);
        if !covers(true_cover, [0.5, 0.5]) {
            seen.middle[0] += 1;
            seen.middle[1] += u32::from(!covers(cover, [0.5, 0.5]));
        }
    }
    excess
}

fn looking(magnification: f64) -> Pose {
    Pose {
        pan_deg: -60.0,
        tilt_deg: -14.0,
        hfov_deg: super::test_dome::lens().hfov_of(magnification),
    }
}

/// The commanded value that crosses half a picture in a second, on the pan axis: one that was measured.
fn default_speed(make: &Make, pose: Pose) -> f64 {
    ((0.5 * pose.hfov_deg / make.full[0]) * ROWS).round().clamp(1.0, ROWS) / ROWS
}

fn as_it_is(knowledge: PoseKnowledge) -> PoseKnowledge {
    knowledge
}

fn held(make: &Make, seed: u64, magnification: f64) -> Seen {
    let start = looking(magnification);
    let pan = default_speed(make, start);
    let script = vec![Hand::Hold([3.0, 5.0], [pan, 0.0, 0.0])];
    run(make, seed, start, script, &street(), None, as_it_is)
}

/// Clicks, notches and a preset where no mask lies between.
fn sent(make: &Make, seed: u64) -> Seen {
    let script = vec![
        Hand::Send(3.0, [12.0, -4.0, 0.0]),
        Hand::Send(6.0, [0.0, 0.0, 0.25]),
        Hand::Send(6.3, [0.0, 0.0, 0.25]),
        Hand::Send(6.6, [0.0, 0.0, 0.25]),
        Hand::Send(10.0, [40.0, -6.0, -0.5]),
    ];
    let house = vec![rectangle(-140.0, -6.0, 9.0, 7.0)];
    run(make, seed, looking(1.0), script, &house, None, as_it_is)
}

fn share(values: &[f64], at: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .get(((sorted.len() as f64 - 1.0) * at).round() as usize)
        .copied()
        .unwrap_or(0.0)
}

#[test]
fn steering_figures() {
    for make in makes() {
        for magnification in [1.0, 4.0] {
            let mut all = Seen::default();
            for seed in 0..12 {
                let seen = held(&make, seed, magnification);
                assert_eq!((seen.leaks, seen.wrong), (0, 0), "{} at {magnification}×", make.name);
                all.middle = [all.middle[0] + seen.middle[0], all.middle[1] + seen.middle[1]];
                all.excess.extend(seen.excess);
                all.back_s.extend(seen.back_s);
                all.stands_s.extend(seen.stands_s);
                all.whole += seen.whole;
                all.pictures += seen.pictures;
                all.doubts += seen.doubts;
            }
            let mean = all.excess.iter().sum::<f64>() / all.excess.len().max(1) as f64;
            println!(
                "{:12} {magnification}×: middle free {:5.1} %, excess mean {:4.1} % p95 {:4.1} %, back p50 {:.2} s p99 {:.2} s, stands p50 {:.2} s p99 {:.2} s, whole {} of {}, doubts {}",
                make.name,
                100.0 * f64::from(all.middle[1]) / f64::from(all.middle[0].max(1)),
                100.0 * mean,
                100.0 * share(&all.excess, 0.95),
                share(&all.back_s, 0.5),
                share(&all.back_s, 0.99),
                share(&all.stands_s, 0.5),
                share(&all.stands_s, 0.99),
                all.whole,
                all.pictures,
                all.doubts,
            );
        }
        let whole: u32 = (0..12).map(|seed| sent(&make, seed).whole).sum();
        println!(
            "{:12} click, notches, preset without a mask between: whole {whole} pictures",
            make.name
        );
    }
}

/// Clicks one after another along a row of windows that lies above the middle, each as soon as the dome stands.
fn clicked_along(make: &Make, seed: u64) -> Seen {
    let sends = (0..6).map(|i| Hand::Send(4.0 + 1.3 * f64::from(i), [4.0, 0.0, 0.0]));
    let windows: Vec<_> = (-9..3)
        .map(|i| rectangle(f64::from(i) * 8.0, -14.0 + 4.0, 7.0, 4.0))
        .collect();
    run(make, seed, looking(4.0), sends.collect(), &windows, None, as_it_is)
}

#[test]
fn a_row_of_clicks_leaves_what_lies_below_the_windows_in_sight() {
    for make in makes()
        .iter()
        .filter(|make| make.habits.command_s[1] <= 0.35 && make.ways == DomeHabits::ORDINARY)
    {
        let (mut all, mut free) = (0, 0);
        for seed in 0..6 {
            let seen = clicked_along(make, seed);
            assert_eq!((seen.leaks, seen.wrong), (0, 0), "{}", make.name);
            (all, free) = (all + seen.middle[0], free + seen.middle[1]);
        }
        println!("{}: {free} of {all} pictures free in the middle", make.name);
        assert_eq!(free, all, "{}", make.name);
    }
}

/// What hands do at random for ten seconds: held keys in every direction, taps, clicks, notches, also one over another.
fn at_random(seed: u64) -> Vec<Hand> {
    let mut chance = Chance(seed ^ 0x4a4d);
    let mut script = Vec::new();
    let mut at = 2.0;
    while at < 11.0 {
        if chance.one_in(2.5) {
            let by = [
                chance.between(-25.0, 25.0),
                chance.between(-10.0, 10.0),
                chance.between(-0.5, 0.5),
            ];
            script.push(Hand::Send(at, by.map(|v| if chance.one_in(3.0) { 0.0 } else { v })));
            at += chance.between(0.05, 1.5);
        } else {
            let lasting = chance.between(0.05, 1.5);
            let velocity = [0; 3].map(|_| {
                if chance.one_in(2.0) {
                    0.0
                } else {
                    chance.between(-1.0, 1.0).powi(3)
                }
            });
            script.push(Hand::Hold([at, at + lasting], velocity));
            at += lasting + chance.between(0.0, 1.0);
        }
    }
    script
}

/// Habits in which every delay is held to be its shortest.
fn too_narrow(make: &Make) -> DomeDelays {
    let least = |[least, _]: [f64; 2]| [least, least + 0.01];
    DomeDelays {
        status_age_s: [0.0, make.habits.status_age_s[1]],
        picture_age_s: least(make.habits.picture_age_s),
        command_s: least(make.habits.command_s),
        ramp_s: 0.02,
        ..make.habits.clone()
    }
}

fn middle_alone(knowledge: PoseKnowledge) -> PoseKnowledge {
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

fn random_run(make: &Make, seed: u64, believed: Option<DomeDelays>, used: fn(PoseKnowledge) -> PoseKnowledge) -> Seen {
    let mut chance = Chance(seed ^ 0x57a7);
    let start = Pose {
        pan_deg: chance.between(-100.0, 60.0),
        tilt_deg: chance.between(-30.0, 0.0),
        hfov_deg: super::test_dome::lens().hfov_of(chance.between(1.0, 8.0)),
    };
    run(make, seed, start, at_random(seed), &street(), believed, used)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn r_prv_1_the_cover_contains_the_mask_for_every_make_that_keeps_to_its_habits(
        seed in any::<u64>(), make in any::<prop::sample::Index>(),
    ) {
        let makes = makes();
        let make = make.get(&makes);
        let seen = random_run(make, seed, None, as_it_is);
        prop_assert_eq!((seen.leaks, seen.wrong, seen.doubts), (0, 0, 0), "{}", make.name);
    }
}

#[test]
fn r_prv_1_with_delays_that_a_trial_measured_the_cover_contains_the_mask_and_nothing_is_doubted() {
    // Of one that tells where it last stood nothing can be measured while it is driven.
    for make in makes().into_iter().filter(|make| make.tells != Tells::Arrival) {
        let measured = crate::domain::ptz::delay_trial::tests::measured(&make, 11).unwrap();
        let target_move = make.habits.target_move;
        let delays = DomeDelays {
            target_move,
            ..measured
        };
        for seed in 0..6 {
            let seen = random_run(&make, seed, Some(delays.clone()), as_it_is);
            assert_eq!((seen.leaks, seen.wrong, seen.doubts), (0, 0, 0), "{} {seed}", make.name);
        }
    }
}

#[test]
fn r_prv_1_without_the_uncertainty_every_make_leaks() {
    for make in makes() {
        let leaks: u32 = (0..8)
            .map(|seed| random_run(&make, seed, None, middle_alone).leaks)
            .sum();
        assert!(leaks > 20, "{}: only {leaks} leaks", make.name);
    }
}

#[test]
fn r_prv_1_habits_that_are_not_this_domes_are_doubted() {
    for make in makes() {
        let doubts: u32 = (0..16)
            .map(|seed| random_run(&make, seed, Some(too_narrow(&make)), as_it_is).doubts)
            .sum();
        println!("{}: {doubts} doubts in 16 runs", make.name);
        if make.name.starts_with("late") {
            assert!(doubts > 4, "{}: only {doubts} doubts", make.name);
        }
    }
}
