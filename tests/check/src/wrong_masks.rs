//! Masks drawn wrong, as other programs draw them, so that the search for leaks is seen to find one.
//!
//! Invariant: only for cameras of a simulator on this machine; any other camera keeps its cover.
//! Deliberately absent: a way into the officers' program.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use vedetta::domain::camera::{CameraId, Pose};
use vedetta::domain::privacy::picture_motion::Claim;
use vedetta::domain::privacy::{Interval, PoseInterval, PoseKnowledge, WholeReason};
use vedetta::domain::site::CameraPlan;
use vedetta::station::{Beside, PoseSource, TrackedPose};

/// The pose of the latest status, as if it were that of the frame and certain; of a recording the position recorded nearest to it.
#[derive(Debug, Clone, Copy)]
pub struct LastReportedPose;

impl PoseSource for LastReportedPose {
    fn pose(&self, camera: &CameraPlan, tracked: PoseKnowledge, beside: &Beside) -> PoseKnowledge {
        if !is_on_this_machine(&camera.onvif) {
            return TrackedPose.pose(camera, tracked, beside);
        }
        exactly(beside.reported)
    }

    fn recorded_pose(&self, camera: &CameraPlan, known: PoseKnowledge, nearest: Option<Pose>) -> PoseKnowledge {
        if is_on_this_machine(&camera.onvif) {
            exactly(nearest)
        } else {
            TrackedPose.recorded_pose(camera, known, nearest)
        }
    }
}

fn exactly(pose: Option<Pose>) -> PoseKnowledge {
    match pose {
        Some(pose) => PoseKnowledge::Within(PoseInterval {
            pan: certain(pose.pan_deg),
            tilt: certain(pose.tilt_deg),
            hfov: certain(pose.hfov_deg),
        }),
        None => PoseKnowledge::Unknown(WholeReason::PoseNotKnown),
    }
}

/// The picture as the only witness: the middle of what it last claimed is certain, also of pictures it claims nothing of, and
/// whatever statuses and orders allow. The zoom, of which it claims nothing, is that of the last status.
#[derive(Debug, Default)]
pub struct WitnessAlone(Mutex<HashMap<CameraId, Claim>>);

impl PoseSource for WitnessAlone {
    fn pose(&self, camera: &CameraPlan, tracked: PoseKnowledge, beside: &Beside) -> PoseKnowledge {
        if !is_on_this_machine(&camera.onvif) {
            return TrackedPose.pose(camera, tracked, beside);
        }
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claim) = beside.claim {
            claims.insert(camera.id.clone(), claim);
        }
        match (claims.get(&camera.id), beside.reported) {
            (Some(claim), Some(reported)) => PoseKnowledge::Within(PoseInterval {
                pan: certain(claim.pan.middle()),
                tilt: certain(claim.tilt.middle()),
                hfov: certain(reported.hfov_deg),
            }),
            (_, _) => tracked,
        }
    }

    /// No picture of a recording is looked at.
    fn recorded_pose(&self, camera: &CameraPlan, known: PoseKnowledge, nearest: Option<Pose>) -> PoseKnowledge {
        TrackedPose.recorded_pose(camera, known, nearest)
    }
}

fn certain(v: f64) -> Interval {
    Interval { lo: v, hi: v }
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
        let beside = Beside {
            reported: Some(reported),
            ..Beside::default()
        };
        let [first, alone] = [&LastReportedPose as &dyn PoseSource, &after_a_claim(&plan.cameras[0])]
            .map(|wrong| wrong.pose(&plan.cameras[0], tracked, &beside));
        assert_eq!(first, alone);
        let recorded = LastReportedPose.recorded_pose(&plan.cameras[0], tracked, Some(reported));
        assert_eq!(first, recorded);
        first
    }

    /// A witness that claimed the pose a little while ago, of another picture.
    fn after_a_claim(camera: &CameraPlan) -> WitnessAlone {
        let (alone, about) = (WitnessAlone::default(), |v| Interval {
            lo: v - 1.0,
            hi: v + 1.0,
        });
        let arrived = std::time::Instant::now();
        let beside = Beside {
            reported: None,
            arrived: Some(arrived),
            claim: Some(Claim {
                arrived,
                pan: about(10.0),
                tilt: about(-5.0),
            }),
        };
        alone.pose(camera, PoseKnowledge::Unknown(WholeReason::PoseNotKnown), &beside);
        alone
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
