//! The makes of dome that the town can hang: how each obeys, moves and tells where it is.
//!
//! Invariant: [`COMMON`] is the town's dome without a habit of its own, and what the plan says of a make is true of it
//! (`planned_makes`): the plan never promises less than the dome does. Deliberately absent: faults that come and go (`faults`).

use crate::domain::camera::LensModel;
use crate::domain::site::{DomeDelays, DomeHabits, MotionBounds, ReportedPosition, SpeedRow, SpeedTable, TargetMove};

/// What a status says the position is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Where the dome was when the status was sampled.
    Position,
    /// After an absolute move its target, at once and as IDLE.
    Target,
    /// Where it last stood still; the new place only when it has arrived.
    Arrival,
}

/// How a picture is turned before it is coded (`VideoSourceConfiguration/Extension/Rotate`, Media2 5.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Turned {
    #[default]
    Upright,
    /// `Mode` ON without `Degree`.
    HalfTurn,
    /// `Mirror`: left and right exchanged.
    Mirrored,
}

/// One make of dome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Make {
    /// What `--make` calls it.
    pub name: &'static str,
    /// The habit in one line, with its place in the standard where it has one.
    pub habit: &'static str,
    /// From the arrival of a command until the motors obey, milliseconds.
    pub command_delay_ms: u64,
    /// Age of what a status says, milliseconds; `None`: a quarter to a half of the plan's bound.
    pub status_delay_ms: Option<u64>,
    /// From rest to the highest speed, seconds.
    pub ramp_s: f64,
    pub told: Told,
    /// Reported pan and tilt are multiples of this, degrees; 0 is exact.
    pub step_deg: f64,
    /// MOVING from the first command on, for ever.
    pub never_idle: bool,
    /// The lens ends at this magnification, and cropping goes on for as much again without a word in the status; `None`: the
    /// whole range is the lens.
    pub crops_beyond: Option<f64>,
    pub turned: Turned,
    /// Share of the highest speed by commanded share, ascending, from [0, 0] to [1, 1].
    pub speeds: &'static [[f64; 2]],
    /// A velocity lasts until a stop, whatever its timeout.
    pub ignores_timeout: bool,
    /// `PTZStatus/FieldOfView` (common.xsd, 24.12) is given.
    pub tells_view: bool,
}

const EVEN: &[[f64; 2]] = &[[0.0, 0.0], [1.0, 1.0]];
/// Quick at small values, slow in the middle.
const OWN_TABLE: &[[f64; 2]] = &[
    [0.0, 0.0],
    [0.02, 0.05],
    [0.1, 0.12],
    [0.3, 0.16],
    [0.5, 0.3],
    [0.8, 0.75],
    [1.0, 1.0],
];

/// The dome that hangs where nothing else was asked for.
pub const COMMON: Make = Make {
    name: "comune",
    habit: "the town's own, as it always was",
    command_delay_ms: 0,
    status_delay_ms: None,
    ramp_s: 0.4,
    told: Told::Position,
    step_deg: 0.0,
    never_idle: false,
    crops_beyond: None,
    turned: Turned::Upright,
    speeds: EVEN,
    ignores_timeout: false,
    tells_view: false,
};

/// A dome of today that answers well: what the others are compared with.
const PRECISE: Make = Make {
    name: "preciso",
    habit: "PTZStatus/FieldOfView; short delays",
    command_delay_ms: 40,
    status_delay_ms: Some(40),
    ramp_s: 0.2,
    tells_view: true,
    ..COMMON
};

/// Every make, by name.
pub const MAKES: [Make; 13] = [
    COMMON,
    PRECISE,
    Make {
        name: "medio",
        habit: "100-800 ms between a command and the motion",
        command_delay_ms: 300,
        status_delay_ms: Some(300),
        ramp_s: 0.5,
        ..COMMON
    },
    Make {
        name: "lento",
        habit: "100-800 ms between a command and the motion",
        command_delay_ms: 800,
        status_delay_ms: Some(800),
        ramp_s: 1.0,
        ..COMMON
    },
    Make {
        name: "grossolano",
        habit: "positions in whole steps",
        command_delay_ms: 150,
        status_delay_ms: Some(100),
        step_deg: 1.0,
        ..COMMON
    },
    Make {
        name: "bersaglio",
        habit: "the target reported instead of the position",
        command_delay_ms: 200,
        status_delay_ms: Some(0),
        told: Told::Target,
        ..COMMON
    },
    Make {
        name: "bersaglio-lento",
        habit: "the target at once, the head starts 3 s later",
        command_delay_ms: 3_000,
        status_delay_ms: Some(0),
        told: Told::Target,
        ..COMMON
    },
    Make {
        name: "arrivo",
        habit: "a position only after arrival",
        command_delay_ms: 150,
        told: Told::Arrival,
        ..COMMON
    },
    Make {
        name: "inquieto",
        habit: "MOVING that never ends",
        command_delay_ms: 100,
        never_idle: true,
        ..PRECISE
    },
    Make {
        name: "digitale",
        habit: "normalised digital zoom changes the crop, the status says only the lens",
        crops_beyond: Some(4.0),
        tells_view: false,
        ..PRECISE
    },
    Make {
        name: "specchio",
        habit: "Rotate/Mirror (25.12); without Reverse the pan direction is swapped too",
        turned: Turned::Mirrored,
        ..PRECISE
    },
    Make {
        name: "capovolto",
        habit: "Rotate Mode ON without Degree is 180 degrees, directions turned with it",
        turned: Turned::HalfTurn,
        ..PRECISE
    },
    Make {
        name: "scalino",
        habit: "own speed table; Timeout ignored",
        speeds: OWN_TABLE,
        ignores_timeout: true,
        command_delay_ms: 100,
        ..PRECISE
    },
];

/// A make that nobody builds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no make of dome is called «{0}»; known are {known}", known = MAKES.map(|make| make.name).join(", "))]
pub struct UnknownMake(pub String);

impl Make {
    /// What a self-test at its calibration finds of its statuses.
    pub fn habits(&self) -> DomeHabits {
        DomeHabits {
            reports: match self.told {
                Told::Position => ReportedPosition::Present,
                Told::Target => ReportedPosition::Target,
                Told::Arrival => ReportedPosition::Arrival,
            },
            never_idle: self.never_idle,
            tells_view: self.tells_view,
        }
    }

    /// The make of that name.
    ///
    /// # Errors
    /// Nobody builds it.
    pub fn by_name(name: &str) -> Result<Self, UnknownMake> {
        let found = MAKES.into_iter().find(|make| make.name == name);
        found.ok_or_else(|| UnknownMake(name.to_owned()))
    }

    /// The lens as a calibration finds it, of a dome whose upright picture is `upright`'s.
    pub fn lens(&self, upright: LensModel) -> LensModel {
        match self.turned {
            Turned::Upright => upright,
            Turned::HalfTurn => LensModel {
                roll_deg: upright.roll_deg + 180.0,
                ..upright
            },
            Turned::Mirrored => LensModel {
                mirrored: true,
                ..upright
            },
        }
    }

    /// The signed share of the highest speed that a commanded share −1…1 gives.
    pub fn speed_of(&self, commanded: f64) -> f64 {
        let wanted = commanded.abs().min(1.0);
        let pair = self.speeds.windows(2).find(|pair| wanted <= pair[1][0]);
        let share = pair.map_or(1.0, |pair| {
            let [[from, slow], [to, fast]] = [pair[0], pair[1]];
            slow + (wanted - from) / (to - from) * (fast - slow)
        });
        share.copysign(commanded)
    }

    /// Bounds of motion as the plan states them, from those of the town's own dome.
    ///
    /// As there, a status is half the bound old at the most when it is answered and the other half is left for its way; 0.2 s
    /// are left for the way of a command.
    pub fn bounds(&self, common: MotionBounds) -> MotionBounds {
        let old = self.status_delay_ms.map_or(0.0, |ms| ms as f64 / 1_000.0 + 0.15);
        let steepest = self.speeds.iter().skip(1).map(|[asked, given]| given / asked);
        MotionBounds {
            status_delay_s: common.status_delay_s.max(old),
            command_delay_s: self.command_delay_ms as f64 / 1_000.0 + self.ramp_s + 0.2,
            pose_error_deg: common.pose_error_deg.max(self.step_deg * 0.75),
            speed_per_velocity: common.speed_per_velocity * steepest.fold(1.0, f64::max),
            speeds: self.speed_table(&common),
            delays: Some(self.delays(&common)),
            ..common
        }
    }

    /// What a calibration would measure of its delays. A status is as old as the make says, or a quarter to half of the
    /// plan's bound (`onvif::ptz`), when it is answered; 0.2 s are left for the way of a command, as in the bounds. A picture is
    /// stamped with the moment it was due and painted no later than three others wait to be encoded (0.12 s). A move to a target that
    /// comes while the dome goes the other way finds it as much farther off as it goes until it obeys, and brakes, turns and brakes
    /// again: twice its delay and two and a half ramps.
    fn delays(&self, common: &MotionBounds) -> DomeDelays {
        let begins_s = self.command_delay_ms as f64 / 1_000.0;
        let [youngest_s, oldest_s] = self
            .status_delay_ms
            .map_or([0.25, 0.5].map(|share| share * common.status_delay_s), |ms| {
                [ms as f64 / 1_000.0; 2]
            });
        let speeds = [common.pan_speed_deg_s, common.tilt_speed_deg_s, common.zoom_speed_ln_s];
        let target_move = TargetMove {
            begins_s: 2.0 * (begins_s + 0.2) + 2.5 * self.ramp_s,
            slowest: speeds.map(|speed| 0.9 * speed),
        };
        DomeDelays {
            status_age_s: [youngest_s, oldest_s + 0.01],
            picture_age_s: [common.video_delay_min_s, common.video_delay_s],
            command_s: [begins_s, begins_s + 0.2],
            ramp_s: self.ramp_s,
            obeys: true,
            target_move: Some(target_move),
            capture_error_s: Some(0.12),
        }
    }

    /// What a calibration would measure of its speeds.
    fn speed_table(&self, common: &MotionBounds) -> SpeedTable {
        let rows = |highest: f64| {
            let row = |step: u32| {
                let velocity = f64::from(step) / 40.0;
                let speed = self.speed_of(velocity) * highest;
                SpeedRow {
                    velocity,
                    speed,
                    spread: 0.02 * speed,
                }
            };
            (1..=40).map(row).collect()
        };
        SpeedTable {
            pan: rows(common.pan_speed_deg_s),
            tilt: rows(common.tilt_speed_deg_s),
            zoom: rows(common.zoom_speed_ln_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_make_has_a_name_of_its_own_and_a_whole_speed_table() {
        for (place, make) in MAKES.iter().enumerate() {
            assert!(
                MAKES[..place].iter().all(|other| other.name != make.name),
                "{}",
                make.name
            );
            assert_eq!(Make::by_name(make.name), Ok(*make));
            assert_eq!((make.speeds[0], make.speeds.last()), ([0.0; 2], Some(&[1.0; 2])));
            assert!(
                make.speeds
                    .windows(2)
                    .all(|pair| pair[0][0] < pair[1][0] && pair[0][1] <= pair[1][1])
            );
        }
        assert_eq!(Make::by_name("ignoto"), Err(UnknownMake("ignoto".to_owned())));
    }

    #[test]
    fn the_plan_never_promises_less_than_the_table_gives() {
        for make in MAKES {
            let bounds = make.bounds(MotionBounds::default());
            for step in 1..=100 {
                let asked = f64::from(step) / 100.0;
                let given = make.speed_of(asked);
                assert!(
                    given <= asked * bounds.speed_per_velocity + 1e-9,
                    "{} at {asked}",
                    make.name
                );
                assert_eq!(make.speed_of(-asked), -given);
            }
            assert!(bounds.command_delay_s >= make.command_delay_ms as f64 / 1_000.0 + make.ramp_s);
            assert!(bounds.pose_error_deg >= make.step_deg / 2.0);
        }
    }
}
