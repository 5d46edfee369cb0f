//! Masks drawn wrong, as other programs draw them, so that the search for leaks is seen to find one.
//!
//! Invariant: only for cameras of a simulator on this machine; any other camera keeps its cover.
//! Deliberately absent: a way into the officers' program.

use vedetta::domain::camera::Pose;
use vedetta::domain::privacy::{Interval, PoseInterval, PoseKnowledge, WholeReason};
use vedetta::domain::site::CameraPlan;
use vedetta::station::PoseSource;

/// The pose of the latest status, as if it were that of the frame and certain.
#[derive(Debug, Clone, Copy)]
pub struct LastReportedPose;

impl PoseSource for LastReportedPose {
    fn pose(&self, camera: &CameraPlan, tracked: PoseKnowledge, reported: Option<Pose>) -> PoseKnowledge {
        if !is_on_this_machine(&camera.onvif) {
            return tracked;
        }
        let certain = |v: f64| Interval { lo: v, hi: v };
        match reported {
            Some(pose) => PoseKnowledge::Within(PoseInterval {
                pan: certain(pose.pan_deg),
                tilt: certain(pose.tilt_deg),
                hfov: certain(pose.hfov_deg),
            }),
            None => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
        }
    }
}

/// Whether the address is one of a simulator beside this program.
fn is_on_this_machine(onvif: &str) -> bool {
    let rest = onvif.strip_prefix("http://127.0.0.1:");
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;

    /// A dome at this address, with its latest status.
    fn drawn_with(onvif: &str) -> PoseKnowledge {
        let mut plan = fake::plan(1, 1);
        plan.cameras[0].onvif = onvif.to_owned();
        let reported = Pose {
            pan_deg: 10.0,
            tilt_deg: -5.0,
            hfov_deg: 60.0,
        };
        let tracked = PoseKnowledge::Unknown(WholeReason::PoseNotKnown);
        LastReportedPose.pose(&plan.cameras[0], tracked, Some(reported))
    }

    #[test]
    fn r_prv_1_only_a_simulator_on_this_machine_gets_wrong_masks() {
        let wrong = drawn_with("http://127.0.0.1:8000/onvif/device_service");
        assert!(matches!(wrong, PoseKnowledge::Within(pose) if pose.pan.lo == 10.0 && pose.pan.hi == 10.0));
        for elsewhere in [
            "http://192.0.2.7/onvif/device_service",
            "http://127.0.0.1.example:80/onvif/device_service",
            "http://127.0.0.1:@192.0.2.7/onvif/device_service",
            "https://127.0.0.1:8000/onvif/device_service",
        ] {
            assert!(
                matches!(drawn_with(elsewhere), PoseKnowledge::Unknown(_)),
                "{elsewhere}"
            );
        }
    }
}
