//! Speed trial: a dome's speed table from statuses taken while it was driven at known velocities, as a part of its calibration.
//! What its delays are follows from the same drives ([`delay_trial`](super::delay_trial)).
//!
//! Each axis is driven at rising velocities, there and back. Of a drive only the statuses count that were taken when every
//! ramp was over and before the Stop was sent; two of them bound the speed by how far apart they can have been taken and by the
//! error of their positions, and the bounds of all pairs must agree. One row holds the hull of the drives at its velocity.
//!
//! Invariant (tested): the true speed of a dome that keeps the delays and errors of its plan lies in its row. A drive whose
//! statuses contradict each other, that may have come to the end of its range, or that did not certainly move gives no row.
//! Deliberately absent: driving and asking (the station), limits (every drive passes the gate like a hand's).

use super::Velocity;
use crate::domain::camera::Pose;
use crate::domain::privacy::axes::nearest_turn;
use crate::domain::site::{Axis, CameraPlan, Orientation, SpeedRow, SpeedTable};
use std::time::{Duration, Instant};

/// The velocities that are tried on each axis.
pub const VELOCITIES: [f64; 9] = [0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.6, 0.8, 1.0];
/// A drive lasts this long after its ramp at most, seconds.
const LONGEST_S: f64 = 3.0;
/// A drive that cannot last this long after its ramp tells too little, seconds.
const SHORTEST_S: f64 = 0.8;
/// What is left free before an end of a range, degrees (zoom: hundredths of the natural logarithm).
const MARGIN: f64 = 2.0;
/// A pan range of this or more is a whole turn, degrees.
const WHOLE_TURN_DEG: f64 = 359.5;
/// Pairs of statuses nearer than this tell nothing, seconds.
const APART_S: f64 = 0.3;

/// A drive that is to be made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drive {
    pub axis: Axis,
    /// With its sign, −1..1.
    pub velocity: f64,
    /// From the first command to the Stop.
    pub lasting: Duration,
}

impl Drive {
    /// The velocity to command.
    pub fn command(&self) -> Velocity {
        let on = |axis| if axis == self.axis { self.velocity } else { 0.0 };
        Velocity {
            pan: on(Axis::Pan),
            tilt: on(Axis::Tilt),
            zoom: on(Axis::Zoom),
        }
    }
}

/// A drive that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Driven {
    pub drive: Drive,
    /// The pose in which the dome was known to stand before.
    pub from: Pose,
    /// Just before its first command was sent, and just before its Stop was.
    pub begun: Instant,
    pub stopped: Instant,
    /// In the order they came, also those after the Stop.
    pub statuses: Vec<DriveStatus>,
    /// How the picture turned meanwhile, for each stream that was looked at.
    pub pictures: Vec<Vec<PictureTurn>>,
}

/// A status of a drive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriveStatus {
    /// Just before the question left, and when the answer was complete.
    pub sent: Instant,
    pub received: Instant,
    pub pose: Pose,
}

/// How far a picture had turned since the drive's first one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureTurn {
    /// When it left the decoder.
    pub arrived: Instant,
    /// Angle, without its sign, degrees.
    pub turned_deg: f64,
    /// Bound of its error, degrees.
    pub error_deg: f64,
}

/// The drive at a velocity (with its sign) from this pose, after those `made` so far; `None` where the axis has not enough room for
/// one.
pub fn drive(camera: &CameraPlan, made: &[Driven], from: Pose, axis: Axis, velocity: f64) -> Option<Drive> {
    let room = room(camera, made, from, axis, velocity)?;
    let motion = &camera.motion;
    let highest = match axis {
        Axis::Pan => motion.pan_speed_deg_s,
        Axis::Tilt => motion.tilt_speed_deg_s,
        Axis::Zoom => motion.zoom_speed_ln_s,
    };
    let fastest = highest * (velocity.abs() * motion.speed_per_velocity).min(1.0);
    // It goes on for as long after the Stop as it may have begun late.
    let seconds = room / fastest - 2.0 * motion.command_delay_s;
    (seconds >= SHORTEST_S).then(|| Drive {
        axis,
        velocity,
        lasting: Duration::from_secs_f64(motion.command_delay_s + seconds.min(LONGEST_S)),
    })
}

/// The table that follows from drives of one dome; an axis that gave no row stays without.
pub fn table(camera: &CameraPlan, driven: &[Driven]) -> SpeedTable {
    let rows = |axis| {
        VELOCITIES
            .into_iter()
            .filter_map(|velocity| {
                let same =
                    |made: &&Driven| made.drive.axis == axis && (made.drive.velocity.abs() - velocity).abs() < 1e-9;
                let age_s = camera.motion.status_delay_s;
                let bounds = driven.iter().filter(same).filter_map(|made| speed(camera, made, age_s));
                let hull = bounds.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])?;
                Some(SpeedRow {
                    velocity,
                    speed: f64::midpoint(hull[0], hull[1]),
                    spread: (hull[1] - hull[0]) / 2.0,
                })
            })
            .collect()
    };
    SpeedTable {
        pan: rows(Axis::Pan),
        tilt: rows(Axis::Tilt),
        zoom: rows(Axis::Zoom),
    }
}

/// Lowest and highest speed that explain a drive whose statuses were no older than `age_s` when they came; `None` where it
/// tells nothing.
pub(super) fn speed(camera: &CameraPlan, made: &Driven, age_s: f64) -> Option<[f64; 2]> {
    let motion = &camera.motion;
    let axis = made.drive.axis;
    let error = error(camera, axis);
    let [low, high] = range(camera, axis)?;
    let mut samples: Vec<[f64; 2]> = Vec::new();
    for DriveStatus { received, pose, .. } in &made.statuses {
        let received_s = received.saturating_duration_since(made.begun).as_secs_f64();
        let steady = received_s - age_s >= motion.command_delay_s && *received <= made.stopped;
        if !steady {
            continue;
        }
        let mut at = value(camera, axis, *pose)?;
        if axis == Axis::Pan {
            at = samples.last().map_or(at, |[_, before]| nearest_turn(at, *before));
        } else if at - low < error || high - at < error {
            return None;
        }
        samples.push([received_s, at]);
    }
    let forwards = forwards(camera, made);
    let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
    for (i, [earlier, from]) in samples.iter().enumerate() {
        for [later, to] in &samples[i + 1..] {
            let (way, seconds) = ((to - from) * forwards, later - earlier);
            if seconds < APART_S.max(age_s + 0.05) {
                continue;
            }
            // Each was taken no longer before it came than that.
            let [shortest, longest] = [seconds - age_s, seconds + age_s];
            let lowest = way - 2.0 * error;
            least = least.max(lowest / if lowest > 0.0 { longest } else { shortest });
            most = most.min((way + 2.0 * error) / shortest);
        }
    }
    (least > 0.0 && least <= most && most.is_finite()).then_some([least, most])
}

/// Whether the sign of a velocity does not say which way the dome turns: the picture was turned, and the commands with it. Zoom is
/// never turned.
fn signs_unknown(camera: &CameraPlan, axis: Axis) -> bool {
    axis != Axis::Zoom && camera.orientation.as_ref().is_some_and(Orientation::turns_commands)
}

/// The room that an axis has under a velocity from this pose, in the units of [`error`]. Where the sign of a velocity does not say
/// which way it goes, the drives `made` do; before the first of them it is the lesser of both ways.
pub(super) fn room(camera: &CameraPlan, made: &[Driven], from: Pose, axis: Axis, velocity: f64) -> Option<f64> {
    let [low, high] = range(camera, axis)?;
    let here = value(camera, axis, from)?;
    let same = made.iter().find(|made| made.drive.axis == axis);
    let as_told = same.map(|same| forwards(camera, same) * same.drive.velocity.signum());
    Some(match as_told.or((!signs_unknown(camera, axis)).then_some(1.0)) {
        None => (high - here).min(here - low),
        Some(as_told) if as_told * velocity > 0.0 => high - here,
        Some(_) => here - low,
    })
}

/// Which way an axis went in a drive, 1 or −1: as its velocity says, or as its statuses tell where a sign does not say it.
pub(super) fn forwards(camera: &CameraPlan, made: &Driven) -> f64 {
    let (told, axis) = (made.drive.velocity.signum(), made.drive.axis);
    let Some(start) = value(camera, axis, made.from).filter(|_| signs_unknown(camera, axis)) else {
        return told;
    };
    let (mut before, mut farthest) = (start, 0.0f64);
    for at in made
        .statuses
        .iter()
        .filter_map(|status| value(camera, axis, status.pose))
    {
        before = if axis == Axis::Pan {
            nearest_turn(at, before)
        } else {
            at
        };
        if (before - start).abs() > farthest.abs() {
            farthest = before - start;
        }
    }
    if farthest == 0.0 { told } else { farthest.signum() }
}

/// The error of a reported position, degrees (zoom: natural logarithm of magnification).
pub(super) fn error(camera: &CameraPlan, axis: Axis) -> f64 {
    match axis {
        Axis::Pan | Axis::Tilt => camera.motion.pose_error_deg,
        Axis::Zoom => camera.motion.zoom_error_ln,
    }
}

/// The ends of an axis, lower first, less the margin: degrees of pan and tilt, natural logarithm of magnification. A pan that
/// turns the whole circle and has no limit has none.
pub(super) fn range(camera: &CameraPlan, axis: Axis) -> Option<[f64; 2]> {
    let lens = camera.lens.as_ref()?;
    let limits = &camera.limits;
    let within = |[a, b]: [f64; 2], limit: Option<[f64; 2]>| {
        let [low, high] = limit.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        [a.min(b).max(low) + MARGIN, a.max(b).min(high) - MARGIN]
    };
    let [left, right] = lens.pan_range_deg;
    let turns_round = (right - left).abs() >= WHOLE_TURN_DEG && limits.pan_deg.is_none();
    Some(match axis {
        Axis::Pan if turns_round => [f64::NEG_INFINITY, f64::INFINITY],
        Axis::Pan => within(lens.pan_range_deg, limits.pan_deg),
        Axis::Tilt => within(lens.tilt_range_deg, limits.tilt_deg),
        Axis::Zoom => {
            let ceiling = limits.zoom_ceiling.map_or(f64::INFINITY, f64::ln);
            let most = lens.magnification(lens.narrowest_hfov_deg()).ln().min(ceiling);
            [MARGIN / 100.0, most - MARGIN / 100.0]
        }
    })
}

/// A pose along an axis, in the units of [`error`].
pub(super) fn value(camera: &CameraPlan, axis: Axis, pose: Pose) -> Option<f64> {
    Some(match axis {
        Axis::Pan => pose.pan_deg,
        Axis::Tilt => pose.tilt_deg,
        Axis::Zoom => camera.lens.as_ref()?.magnification(pose.hfov_deg).ln(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::{Chance, dome_plan, lens, tight};
    use crate::domain::site::Limits;
    use proptest::prelude::*;

    fn camera() -> CameraPlan {
        dome_plan(tight(), lens(), Vec::new())
    }

    fn pose(pan_deg: f64, tilt_deg: f64, magnification: f64) -> Pose {
        Pose {
            pan_deg,
            tilt_deg,
            hfov_deg: lens().hfov_of(magnification),
        }
    }

    /// A dome that moves an axis at `truly` after a delay and a ramp, and reports late and wrongly within the plan's bounds.
    fn made(drive: Drive, truly: f64, chance: &mut Chance) -> Driven {
        let motion = camera().motion;
        let begun = Instant::now();
        let start = [0.0, -30.0, 1.0];
        let begins = chance.between(0.0, motion.command_delay_s);
        let lasting = drive.lasting.as_secs_f64();
        let axis = Axis::ALL.iter().position(|axis| *axis == drive.axis).unwrap();
        let at = |seconds: f64| {
            let mut axes = start;
            axes[axis] += drive.velocity.signum() * truly * (seconds - begins).max(0.0);
            axes
        };
        let error = [motion.pose_error_deg, motion.pose_error_deg, motion.zoom_error_ln];
        let statuses = (1..).map(|i| f64::from(i) * 0.1).take_while(|now| *now < lasting);
        let statuses = statuses.map(|now| {
            let mut axes = at(now - chance.between(0.0, motion.status_delay_s));
            for (value, error) in axes.iter_mut().zip(error) {
                *value += chance.between(-error, error);
            }
            let pan = (axes[0] + 180.0).rem_euclid(360.0) - 180.0;
            let received = begun + Duration::from_secs_f64(now);
            DriveStatus {
                sent: received,
                received,
                pose: pose(pan, axes[1], axes[2].exp()),
            }
        });
        Driven {
            statuses: statuses.collect(),
            drive,
            from: pose(start[0], start[1], start[2].exp()),
            begun,
            stopped: begun + drive.lasting,
            pictures: Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn the_true_speed_lies_in_its_row(
            seed in any::<u64>(), at in 2usize..9, axis in 0usize..3, share in 0.3f64..1.0,
        ) {
            let (camera, mut chance) = (camera(), Chance(seed));
            let axis = Axis::ALL[axis];
            let velocity = VELOCITIES[at];
            let highest = [60.0, 40.0, 0.8][axis as usize];
            let truly = highest * velocity * share;
            let from = pose(0.0, -30.0, 1f64.exp());
            let drives = [velocity, -velocity].into_iter().filter_map(|v| drive(&camera, &[], from, axis, v));
            let driven: Vec<Driven> = drives.map(|drive| made(drive, truly, &mut chance)).collect();
            let table = table(&camera, &driven);
            for row in table.rows(axis) {
                prop_assert_eq!(row.velocity, velocity);
                prop_assert!((row.speed - truly).abs() <= row.spread + 1e-9, "{row:?} {truly}");
                prop_assert!(table.at_most(axis, velocity).unwrap() + 1e-9 >= truly);
            }
        }
    }

    #[test]
    fn a_long_drive_at_a_middle_velocity_gives_a_narrow_row() {
        let camera = camera();
        let drive = drive(&camera, &[], pose(0.0, -30.0, 1.0), Axis::Pan, 0.4).unwrap();
        let table = table(&camera, &[made(drive, 20.0, &mut Chance(7))]);
        let row = table.pan[0];
        assert!((row.speed - 20.0).abs() < 1.0 && row.spread < 1.5, "{row:?}");
        assert!(table.tilt.is_empty());
    }

    #[test]
    fn a_drive_that_stood_for_a_part_or_did_not_move_gives_no_row() {
        let camera = camera();
        let drive = drive(&camera, &[], pose(0.0, -30.0, 1.0), Axis::Pan, 0.4).unwrap();
        let mut stuck = made(drive, 20.0, &mut Chance(7));
        let middle = stuck.statuses.len() * 2 / 3;
        let there = stuck.statuses[middle].pose;
        stuck.statuses[middle..]
            .iter_mut()
            .for_each(|status| status.pose = there);
        let still = made(drive, 0.0, &mut Chance(7));
        assert!(table(&camera, &[stuck]).is_empty() && table(&camera, &[still]).is_empty());
    }

    #[test]
    fn r_ptz_1_a_drive_stays_within_lens_and_limits() {
        let mut camera = camera();
        let from = pose(0.0, -30.0, 1.0);
        camera.limits.pan_deg = Some([-50.0, 50.0]);
        for velocity in VELOCITIES {
            if let Some(drive) = drive(&camera, &[], from, Axis::Pan, velocity) {
                let farthest = 60.0 * velocity * (drive.lasting.as_secs_f64() + camera.motion.command_delay_s);
                assert!(farthest <= 48.0 + 1e-9, "{drive:?}");
            }
        }
        assert_eq!(drive(&camera, &[], from, Axis::Pan, 1.0), None);
        assert_eq!(drive(&camera, &[], from, Axis::Zoom, -0.2), None);
    }

    #[test]
    fn a_dome_that_turns_its_commands_with_its_picture_is_measured_as_well_as_another() {
        let turned = CameraPlan {
            orientation: Some(Orientation {
                mirror: Some(true),
                ..Orientation::default()
            }),
            ..camera()
        };
        let from = pose(0.0, -30.0, 1.0);
        let told = drive(&camera(), &[], from, Axis::Pan, 0.4).unwrap();
        let mut goes_back = made(Drive { velocity: -0.4, ..told }, 20.0, &mut Chance(7));
        goes_back.drive.velocity = 0.4;
        let row = table(&turned, std::slice::from_ref(&goes_back)).pan[0];
        assert!((row.speed - 20.0).abs() <= row.spread && row.spread < 1.5, "{row:?}");
        assert!(
            table(&camera(), std::slice::from_ref(&goes_back)).is_empty(),
            "a sign counts where nothing is turned"
        );
        // Near one end: until a drive has shown which way it goes, only what is free both ways.
        let near = pose(60.0, -30.0, 1.0);
        let limited = CameraPlan {
            limits: Limits {
                pan_deg: Some([-90.0, 90.0]),
                ..turned.limits.clone()
            },
            ..turned
        };
        let free = |driven: &[Driven], velocity| room(&limited, driven, near, Axis::Pan, velocity).unwrap();
        assert_eq!([free(&[], 0.4), free(&[], -0.4)], [28.0, 28.0]);
        let known = [goes_back];
        assert_eq!([free(&known, 0.4), free(&known, -0.4)], [148.0, 28.0]);
        assert_eq!(
            room(&limited, &known, pose(0.0, -30.0, 1.0), Axis::Zoom, -0.4),
            room(&camera(), &[], pose(0.0, -30.0, 1.0), Axis::Zoom, -0.4)
        );
    }
}
