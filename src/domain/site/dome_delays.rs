//! A dome's delays as its calibration measured them, narrower than the bounds of its plan.
//!
//! The plan's [`MotionBounds`](super::MotionBounds) hold whatever happens. Delays are counted on for the cover as long as
//! nothing contradicts them ([`DomePose`](crate::domain::privacy::DomePose) says how they are doubted).
//! Each delay is given with its spread as the least and the most that was measured, margin included. Seconds.
//! Invariant: a range is not empty and lies within 0..60 s. Deliberately absent: speeds ([`SpeedTable`](super::SpeedTable)),
//! how they are measured ([`delay_trial`](crate::domain::ptz::delay_trial)).

use serde::{Deserialize, Serialize};

/// The longest delay that makes sense, seconds.
const LONGEST_S: f64 = 60.0;

/// The delays and ways of one dome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomeDelays {
    /// Age of the pose in a status when the camera answers: least, most; the way of question and answer comes to it. Seconds.
    pub status_age_s: [f64; 2],
    /// Age of the light in a picture when it leaves the decoder: least, most. Seconds.
    pub picture_age_s: [f64; 2],
    /// From sending a velocity or a Stop until the dome begins to obey it: least, most. Seconds.
    pub command_s: [f64; 2],
    /// From the latest beginning until it surely moves, or stands, as it was told. Seconds.
    pub ramp_s: f64,
    /// Stop, zero velocity and every later velocity are obeyed, in the order in which they were sent.
    #[serde(default)]
    pub obeys: bool,
    /// How it goes to a target; for a dome whose statuses tell another place while it moves
    /// ([`ReportedPosition`](super::ReportedPosition)). `None`: not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_move: Option<TargetMove>,
    /// The capture time that comes with a picture (RFC 3550 §6.4.1, by the camera's clock) is no farther than this from the
    /// light, seconds, with the steps by which its clock is set counted in. `None`: it was not measured, and capture times are not
    /// used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_error_s: Option<f64>,
}

/// How slowly a dome goes to a target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TargetMove {
    /// The longest from sending the move until the dome begins it, seconds; also where it is on its way elsewhere then, by a target or
    /// a velocity.
    pub begins_s: f64,
    /// The lowest speeds at which it goes to a target, ramps included: pan and tilt in degrees a second, zoom in natural
    /// logarithm of magnification a second.
    pub slowest: [f64; 3],
}

impl DomeDelays {
    /// The name of what is wrong, for `CameraError::Motion`; `None`: nothing.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let delay = |v: f64| (0.0..=LONGEST_S).contains(&v);
        let range = |[least, most]: [f64; 2]| delay(least) && delay(most) && least <= most;
        let target =
            |report: &TargetMove| delay(report.begins_s) && report.slowest.iter().all(|v| (1e-3..=2000.0).contains(v));
        let checks = [
            ("delays.status_age_s", range(self.status_age_s)),
            ("delays.picture_age_s", range(self.picture_age_s)),
            ("delays.command_s", range(self.command_s)),
            ("delays.ramp_s", delay(self.ramp_s)),
            ("delays.target_move", self.target_move.as_ref().is_none_or(target)),
            ("delays.capture_error_s", self.capture_error_s.is_none_or(delay)),
        ];
        checks.into_iter().find(|(_, sound)| !sound).map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn delays() -> DomeDelays {
        DomeDelays {
            status_age_s: [0.02, 0.1],
            picture_age_s: [0.1, 0.2],
            command_s: [0.05, 0.15],
            ramp_s: 0.2,
            obeys: true,
            target_move: None,
            capture_error_s: None,
        }
    }

    #[test]
    fn delays_that_are_none_are_named() {
        assert_eq!(delays().fault(), None);
        let turned = DomeDelays {
            status_age_s: [0.2, 0.1],
            ..delays()
        };
        assert_eq!(turned.fault(), Some("delays.status_age_s"));
        let standing = TargetMove {
            begins_s: 1.0,
            slowest: [0.0, 1.0, 1.0],
        };
        let never = DomeDelays {
            target_move: Some(standing),
            ..delays()
        };
        assert_eq!(never.fault(), Some("delays.target_move"));
        let nothing = DomeDelays {
            ramp_s: f64::NAN,
            ..delays()
        };
        assert_eq!(nothing.fault(), Some("delays.ramp_s"));
    }

    #[test]
    fn a_plan_without_delays_is_written_as_before() {
        let motion = crate::domain::site::MotionBounds::default();
        assert!(!serde_json::to_string(&motion).unwrap().contains("delays"));
        let with = crate::domain::site::MotionBounds {
            delays: Some(delays()),
            ..motion
        };
        let back: crate::domain::site::MotionBounds =
            serde_json::from_str(&serde_json::to_string(&with).unwrap()).unwrap();
        assert_eq!(back, with);
    }
}
