//! Delay trial: a dome's delays from the drives of its [speed trial](super::speed_trial), as a part of its calibration.
//!
//! Nobody here can tell when a dome began to obey, only when a status or a picture showed it. What a drive shows is a *sum*: from
//! the command until the dome obeyed, and the age of the status that tells it. Each part is no longer than the sum, since no
//! part is negative, and that is what is stated of it:
//!
//! * A status that came at `r` and shows a way `w` made at no more than the drive's highest speed `v` belongs to a dome that obeyed,
//!   delay and age together, within `r − w/v` of the command: its age is no more, and the delay of the drive's command no more
//!   than the least of these.
//! * From the first status on that shows what all later ones show, the dome stood: the Stop, its ramp included, took no longer. A
//!   ramp from the highest speed is longer in proportion.
//! * Where the picture had turned as far as a status tells, the picture's age is that of the status more or less what lies between
//!   their arrivals. A status is no younger than nothing and no older than measured; so is the picture, then.
//!
//! To what was seen a margin is added ([`MARGIN_S`], and [`MARGIN_SHARE`] of the spread among drives). What a plan bounds is never
//! stated wider.
//!
//! Invariant (tested with domes that do whatever their delays let them, and with every make of the simulated town): delays lie
//! within what is stated of them. An axis that was not seen to begin and to stand often enough, or a dome that did not stand
//! after its Stop, leaves the dome unmeasured, not badly measured. Deliberately absent: driving, asking and looking (the station); moves to
//! a target (`TargetMove`) and the error of capture times, which nothing here shows.

use super::speed_trial::{Drive, Driven, PictureTurn, VELOCITIES, error, forwards, range, room, speed, value};
use crate::domain::camera::Pose;
use crate::domain::privacy::axes::{nearest_turn, speed_share};
use crate::domain::site::{Axis, CameraPlan, DomeDelays, SpeedRow, SpeedTable};
use std::time::{Duration, Instant};

/// Drives that each axis must show.
const FEWEST_DRIVES: usize = 2;
/// Drives of an axis by which alone the age of statuses is measured.
const ENOUGH_DRIVES: usize = 6;
/// Pictures that must have turned in a stream's drives.
const FEWEST_PICTURES: usize = 30;
/// A drive that made the errors of two positions in no less than this tells its delays too coarsely, seconds.
const COARSEST_S: f64 = 0.35;
/// Drives that did not reach this share of the speed that others of their axis reached are left out: they tell it more coarsely.
const NEARLY: f64 = 0.4;
/// Statuses and pictures that came later than this after the first that shows a motion say nothing of ages: while a dome speeds up
/// it falls ever farther behind its highest speed, which would count as age.
const EARLY_S: f64 = 0.12;
/// A dome stands that tells the same for this long.
const STANDS_S: f64 = 0.3;
/// Statuses of a standing dome are no farther apart than this share of their error.
const SAME: f64 = 1.0 / 3.0;
/// A drive must be faster for its pictures to tell when it began, degrees a second.
const QUICK_DEG_S: f64 = 5.0;
/// Added to everything that was measured, seconds.
const MARGIN_S: f64 = 0.03;
/// Added beside it, as a share of the spread among drives.
const MARGIN_SHARE: f64 = 0.25;

/// Why drives do not tell a dome's delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDelays {
    #[error("too few drives of an axis show when it began and when it stood")]
    TooFew(Axis),
    #[error("the dome was not seen to stand after a Stop within the time of its plan")]
    NotStanding(Axis),
}

/// Seconds between two moments; negative when the second lies before the first.
fn between(from: Instant, to: Instant) -> f64 {
    match to.checked_duration_since(from) {
        Some(later) => later.as_secs_f64(),
        None => -from.saturating_duration_since(to).as_secs_f64(),
    }
}

/// A status of a drive: seconds since its first command, and the way made since the rest before.
#[derive(Debug, Clone, Copy)]
struct Way {
    sent_s: f64,
    received_s: f64,
    way: f64,
}

/// For how long after the Stop of a drive its statuses are asked for.
pub fn watched_after_stop(camera: &CameraPlan) -> Duration {
    let motion = &camera.motion;
    let seconds = motion.command_delay_s + motion.status_delay_s + 2.0 * STANDS_S;
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// What was measured of a dome's motion at its calibration.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredMotion {
    pub speeds: SpeedTable,
    pub delays: Result<DomeDelays, NoDelays>,
}

/// What one drive bounds. Seconds.
#[derive(Debug, Clone, Copy)]
struct Seen {
    axis: Axis,
    /// The longest from the command until the axis began.
    begins_s: f64,
    /// The highest age of a status.
    oldest_s: f64,
    /// The longest from the Stop until the axis stood.
    stands_s: f64,
    /// A speed that it surely reached.
    reached: f64,
}

/// The short drives that are made beside those of the speed trial: to and fro on each axis, so many times.
pub const TIMES: usize = 3;
/// A short drive lasts this long.
const SHORT: Duration = Duration::from_millis(800);
/// A short drive is expected to be no faster than so many times what slower ones showed.
const EXPECTED: f64 = 2.0;

/// A short drive from this pose, forwards or backwards (`sign`), as quick as the room allows by the speeds measured in the drives
/// `made` so far; `None` where there is no room. One that comes to an end of the axis all the same is not measured by.
pub fn short_drive(
    camera: &CameraPlan,
    (speeds, made): (&SpeedTable, &[Driven]),
    from: Pose,
    axis: Axis,
    sign: f64,
) -> Option<Drive> {
    let room = room(camera, made, from, axis, sign)?;
    let share = |row: &SpeedRow| (row.speed + row.spread) / row.velocity;
    let seen = speeds.rows(axis).iter().map(share).fold(0.0, f64::max);
    let expected = |velocity: f64| {
        let planned = fastest(camera, speeds, axis, velocity);
        if seen > 0.0 {
            planned.min(EXPECTED * seen * velocity)
        } else {
            planned
        }
    };
    let seconds = SHORT.as_secs_f64() + camera.motion.command_delay_s;
    let fits = |velocity: &&f64| expected(**velocity) * seconds <= room;
    VELOCITIES.iter().rev().find(fits).map(|velocity| Drive {
        axis,
        velocity: velocity.copysign(sign),
        lasting: SHORT,
    })
}

/// The delays that follow from the drives of one dome, whose speeds were measured before.
///
/// # Errors
/// [`NoDelays`]: which axis does not tell enough, or does not obey a Stop.
pub fn delays(camera: &CameraPlan, speeds: &SpeedTable, driven: &[Driven]) -> Result<DomeDelays, NoDelays> {
    let planned = &camera.motion;
    // What the first look says of ages, the second look knows.
    let coarse = all(camera, speeds, driven, planned.status_delay_s)?;
    let known_s = oldest(&coarse, planned.status_delay_s);
    let seen = all(camera, speeds, driven, known_s)?;
    let few = |axis: &Axis| seen.iter().filter(|one: &&Seen| one.axis == *axis).count() < FEWEST_DRIVES;
    if let Some(axis) = Axis::ALL.into_iter().find(few) {
        return Err(NoDelays::TooFew(axis));
    }
    let oldest_s = oldest(&seen, planned.status_delay_s);
    let latest_s = highest(seen.iter().map(|one| one.begins_s)).min(planned.command_delay_s);
    let stands_s = Axis::ALL
        .into_iter()
        .map(|axis| stands(camera, &seen, axis))
        .fold(0.0, f64::max);
    let stands_s = stands_s.clamp(latest_s, planned.command_delay_s);
    let picture_age_s = picture_age(camera, speeds, driven, oldest_s);
    Ok(DomeDelays {
        status_age_s: [0.0, up(oldest_s).min(planned.status_delay_s)],
        picture_age_s: picture_age_s.map_or([planned.video_delay_min_s, planned.video_delay_s], |[least, most]| {
            [
                down(least).max(planned.video_delay_min_s),
                up(most).min(planned.video_delay_s),
            ]
        }),
        command_s: [0.0, up(latest_s).min(planned.command_delay_s)],
        ramp_s: up(stands_s - latest_s),
        obeys: true,
        target_move: None,
        capture_error_s: None,
    })
}

/// A time in whole milliseconds, not shorter; so a plan is read with the very number that was approved.
fn up(seconds: f64) -> f64 {
    (seconds * 1_000.0).ceil() / 1_000.0
}

/// A time in whole milliseconds, not longer.
fn down(seconds: f64) -> f64 {
    (seconds * 1_000.0).floor() / 1_000.0
}

/// What the drives bound, with statuses no older than `age_s` when they came.
fn all(camera: &CameraPlan, speeds: &SpeedTable, driven: &[Driven], age_s: f64) -> Result<Vec<Seen>, NoDelays> {
    let mut seen = Vec::new();
    for made in driven {
        seen.extend(seen_of(camera, speeds, made, age_s)?);
    }
    let best = Axis::ALL.map(|axis| {
        let of_axis = seen.iter().filter(|one| one.axis == axis);
        of_axis.map(|one| one.reached).fold(0.0, f64::max)
    });
    seen.retain(|one| one.reached >= NEARLY * best[one.axis as usize]);
    Ok(seen)
}

/// The highest age of a status, no more than `planned`. One status tells of every axis, so the axis that tells it best counts.
fn oldest(seen: &[Seen], planned: f64) -> f64 {
    let of_axis = |axis| seen.iter().filter(move |one| one.axis == axis);
    let enough = Axis::ALL
        .into_iter()
        .filter(|axis| of_axis(*axis).count() >= ENOUGH_DRIVES);
    let each = enough.map(|axis| highest(of_axis(axis).map(|one| one.oldest_s)));
    each.fold(planned, f64::min)
}

/// The longest from a Stop until an axis stands that moved at its highest speed.
fn stands(camera: &CameraPlan, seen: &[Seen], axis: Axis) -> f64 {
    let of_axis = || seen.iter().filter(move |one| one.axis == axis);
    let after_stop = highest(of_axis().map(|one| one.stands_s));
    // A ramp from the highest speed is longer in proportion, and what was seen is no shorter than its ramp.
    let best = of_axis().map(|one| one.reached).fold(0.0, f64::max);
    let longer = |one: &Seen| one.stands_s * (highest_speed(camera, axis) / one.reached - 1.0);
    let fastest = of_axis().filter(|one| one.reached >= 0.9 * best);
    fastest.map(longer).fold(0.0, f64::max) + after_stop
}

/// The highest of what was measured, margin included.
fn highest(measured: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = measured.clone().fold(0.0, f64::max);
    let least = measured.fold(most, f64::min);
    most + MARGIN_S + MARGIN_SHARE * (most - least)
}

/// What one drive bounds; `None` where it tells too little, or may have come to an end of the axis.
fn seen_of(camera: &CameraPlan, speeds: &SpeedTable, made: &Driven, age_s: f64) -> Result<Option<Seen>, NoDelays> {
    let planned = &camera.motion;
    let axis = made.drive.axis;
    let error = error(camera, axis);
    let fastest = fastest(camera, speeds, axis, made.drive.velocity);
    let Some(ways) = ways(camera, made, fastest).filter(|_| !comes_to_an_end(camera, made)) else {
        return Ok(None);
    };
    let reached = reached(&ways, error, age_s);
    if 4.0 * error > COARSEST_S * reached {
        return Ok(None);
    }
    let sum = |at: &Way| at.received_s - (at.way - 2.0 * error) / fastest;
    let moved = ways.iter().filter(|at| at.way > 2.0 * error);
    let Some(first) = moved.clone().next() else {
        return Ok(None);
    };
    let early = moved.take_while(|at| at.received_s <= first.received_s + EARLY_S);
    let sums = early.map(sum);
    let begins_s = sums.clone().fold(f64::INFINITY, f64::min);
    let oldest_s = sums.fold(0.0, f64::max);
    let stopped_s = between(made.begun, made.stopped);
    let stood = stood(&ways, SAME * error).map(|stood_s| (stood_s - stopped_s).max(0.0));
    let in_time = stood.filter(|after_stop| *after_stop <= planned.command_delay_s + planned.status_delay_s);
    let stands_s = in_time.ok_or(NoDelays::NotStanding(axis))?;
    Ok(Some(Seen {
        axis,
        begins_s,
        oldest_s,
        stands_s,
        reached,
    }))
}

/// The highest speed of an axis under a velocity: as measured, or as planned.
fn fastest(camera: &CameraPlan, speeds: &SpeedTable, axis: Axis, velocity: f64) -> f64 {
    let planned = speed_share(&camera.motion, velocity) * highest_speed(camera, axis);
    speeds.at_most(axis, velocity).map_or(planned, |most| most.min(planned))
}

/// A speed that the axis surely reached.
fn reached(ways: &[Way], error: f64, age_s: f64) -> f64 {
    let mut reached = 0.0;
    for (i, to) in ways.iter().enumerate() {
        for from in &ways[..i] {
            let way = to.way - from.way - 2.0 * error;
            reached = f64::max(reached, way / (to.received_s - from.sent_s + age_s));
        }
    }
    reached
}

/// Whether a drive came so near an end of its axis that it may have been stopped by it.
fn comes_to_an_end(camera: &CameraPlan, made: &Driven) -> bool {
    let axis = made.drive.axis;
    let Some([low, high]) = range(camera, axis) else {
        return true;
    };
    let mut places = made
        .statuses
        .iter()
        .filter_map(|status| value(camera, axis, status.pose));
    let forwards = forwards(camera, made) > 0.0;
    places.any(|at| if forwards { at > high } else { at < low })
}

fn highest_speed(camera: &CameraPlan, axis: Axis) -> f64 {
    let motion = &camera.motion;
    match axis {
        Axis::Pan => motion.pan_speed_deg_s,
        Axis::Tilt => motion.tilt_speed_deg_s,
        Axis::Zoom => motion.zoom_speed_ln_s,
    }
}

/// The statuses of a drive no faster than `fastest` as ways; `None` where the turns of a pan cannot be counted.
fn ways(camera: &CameraPlan, made: &Driven, fastest: f64) -> Option<Vec<Way>> {
    let axis = made.drive.axis;
    let start = value(camera, axis, made.from)?;
    let forwards = forwards(camera, made);
    let (mut before, mut before_s) = (start, 0.0);
    let mut ways = Vec::with_capacity(made.statuses.len());
    for status in &made.statuses {
        let received_s = between(made.begun, status.received);
        let mut at = value(camera, axis, status.pose)?;
        if axis == Axis::Pan {
            if fastest * (received_s - before_s + camera.motion.status_delay_s) >= 180.0 {
                return None;
            }
            at = nearest_turn(at, before);
        }
        (before, before_s) = (at, received_s);
        ways.push(Way {
            sent_s: between(made.begun, status.sent),
            received_s,
            way: forwards * (at - start),
        });
    }
    Some(ways)
}

/// From when on the statuses tell one place, seconds; `None` when they do not for long enough.
fn stood(ways: &[Way], apart: f64) -> Option<f64> {
    let last = ways.last()?;
    let (mut low, mut high, mut since) = (last.way, last.way, last.received_s);
    for at in ways.iter().rev() {
        (low, high) = (low.min(at.way), high.max(at.way));
        if high - low > apart {
            break;
        }
        since = at.received_s;
    }
    (last.received_s - since >= STANDS_S).then_some(since)
}

/// The least and the highest age of a picture when it leaves the decoder, over all streams; `None` where one was not seen to
/// turn often enough, or there is none. `oldest_s`: the highest age of a status.
fn picture_age(camera: &CameraPlan, speeds: &SpeedTable, driven: &[Driven], oldest_s: f64) -> Option<[f64; 2]> {
    let planned = &camera.motion;
    let streams = driven.iter().map(|made| made.pictures.len()).max().filter(|n| *n > 0)?;
    let mut hull: Option<[f64; 2]> = None;
    for stream in 0..streams {
        let ages = driven.iter().flat_map(|made| ages(camera, made, stream, oldest_s));
        let ages: Vec<[f64; 2]> = ages.collect();
        if ages.len() < FEWEST_PICTURES {
            return None;
        }
        let least = ages.iter().map(|age| age[0]).fold(f64::INFINITY, f64::min);
        let begun = driven
            .iter()
            .filter_map(|made| oldest_picture(camera, speeds, made, stream));
        let begun: Vec<(f64, f64)> = begun.collect();
        // As of statuses: slow drives tell it more coarsely.
        let best = begun.iter().map(|(fastest, _)| *fastest).fold(0.0, f64::max);
        let quick = begun.iter().filter(|(fastest, _)| *fastest >= NEARLY * best);
        let begun: Vec<f64> = quick.map(|(_, oldest_s)| *oldest_s).collect();
        let most = ages.iter().map(|age| age[1]).fold(0.0, f64::max) + MARGIN_S;
        let most = if begun.is_empty() {
            most
        } else {
            most.min(highest(begun.iter().copied()))
        };
        hull = Some(hull.map_or([least, most], |hull| [hull[0].min(least), hull[1].max(most)]));
    }
    let [least, most] = hull?;
    let most = most.clamp(planned.video_delay_min_s, planned.video_delay_s);
    Some([(least - MARGIN_S).clamp(planned.video_delay_min_s, most), most])
}

/// The highest speed of a drive, and the highest age that a picture of it may have had: as of a status, since a picture that turned
/// is of a dome that obeyed.
fn oldest_picture(camera: &CameraPlan, speeds: &SpeedTable, made: &Driven, stream: usize) -> Option<(f64, f64)> {
    let axis = made.drive.axis;
    if axis == Axis::Zoom || comes_to_an_end(camera, made) {
        return None;
    }
    let fastest = fastest(camera, speeds, axis, made.drive.velocity);
    let pictures = made.pictures.get(stream)?;
    let turned = pictures
        .iter()
        .filter(|picture| picture.turned_deg > 2.0 * picture.error_deg);
    let mut sums = turned.map(|picture| {
        let arrived_s = between(made.begun, picture.arrived);
        (
            arrived_s,
            arrived_s - (picture.turned_deg - picture.error_deg) / fastest,
        )
    });
    let (first_s, first) = sums.next().filter(|_| fastest > QUICK_DEG_S)?;
    let early = sums.take_while(|(arrived_s, _)| *arrived_s <= first_s + EARLY_S);
    Some((fastest, early.map(|(_, sum)| sum).fold(first, f64::max)))
}

/// The ages that each picture of a drive may have had.
fn ages(camera: &CameraPlan, made: &Driven, stream: usize, oldest_s: f64) -> Vec<[f64; 2]> {
    let axis = made.drive.axis;
    let error = error(camera, axis);
    let bounds = speed(camera, made, oldest_s).filter(|[slowest, _]| 4.0 * error <= COARSEST_S * slowest);
    let Some([slowest, fastest]) = bounds.filter(|_| axis != Axis::Zoom) else {
        return Vec::new();
    };
    let (Some(ways), Some(pictures)) = (ways(camera, made, fastest), made.pictures.get(stream)) else {
        return Vec::new();
    };
    let planned = &camera.motion;
    let steady_from = planned.command_delay_s;
    let stopped_s = between(made.begun, made.stopped);
    // Statuses that surely were taken at the drive's own speed, as far as they are compared with pictures.
    let steady: Vec<&Way> = (ways.iter())
        .filter(|at| at.sent_s - oldest_s >= steady_from && at.received_s <= stopped_s)
        .collect();
    let age = |picture: &PictureTurn| {
        let arrived_s = between(made.begun, picture.arrived);
        let slack = 2.0 * error + picture.error_deg;
        let (mut least, mut most) = (planned.video_delay_min_s, f64::INFINITY);
        for at in &steady {
            // The picture shows the dome so much farther on than the status.
            let [near, far] = [-slack, slack].map(|off| picture.turned_deg - at.way + off);
            let soonest = near / if near > 0.0 { fastest } else { slowest };
            let latest = far / if far > 0.0 { slowest } else { fastest };
            least = f64::max(least, arrived_s - at.received_s - latest);
            most = f64::min(most, arrived_s - at.sent_s + oldest_s - soonest);
        }
        [least, most]
    };
    let (Some(first), Some(last)) = (steady.first(), steady.last()) else {
        return Vec::new();
    };
    let turning = pictures
        .iter()
        .filter(|picture| (first.way..=last.way).contains(&picture.turned_deg));
    turning.map(age).filter(|[least, most]| least <= most).collect()
}

#[cfg(test)]
pub(crate) mod tests;
