//! Masks, declared events and diagnostics at the fake desk.
//!
//! Deliberately absent: what becomes of a proposal.

use super::{Fake, number};
use std::time::Duration;
use vedetta::domain::camera::{CameraId, StreamRole};
use vedetta::domain::privacy::declared_event::{Change, Declaration};
use vedetta::domain::site::Mask;
use vedetta::domain::site::orientation::OrientationPart;
use vedetta::gui::session_port::{Answer, DeclaredEvents, InForce, Maintain, Masks};
use vedetta::station::{
    CameraTrouble, DeclaredStream, Diagnosis, MaskProposal, MaskSyncState, ProposedMask, TroubleKind, Verdict,
};

impl DeclaredEvents for Fake {
    fn declared(&self) -> Vec<InForce> {
        let dome = self.plan.cameras.last().filter(|camera| camera.limits.has_ceiling());
        dome.map(|camera| InForce {
            id: 1,
            camera: camera.id.clone(),
            change: Change::Ceilings,
            display_name: "Mar. Ca. Luca Bruni".into(),
            ends: self.opened + Duration::from_secs(581),
        })
        .into_iter()
        .collect()
    }

    fn declare(&self, camera: CameraId, what: Declaration) -> Answer<()> {
        self.note(format!("declare {camera} {:?} {} min", what.change, what.minutes));
        Box::pin(async { Ok(()) })
    }

    fn end_declared(&self, id: u64) -> Answer<()> {
        self.note(format!("end {id}"));
        Box::pin(async { Ok(()) })
    }
}

impl Masks for Fake {
    fn draft_mask(&self, camera: CameraId, mask: Option<Mask>) {
        self.note(format!("draft {camera} {}", mask.is_some()));
    }

    fn begin_calibration(&self, camera: CameraId) -> Answer<Vec<OrientationPart>> {
        self.note(format!("calibrate {camera}"));
        Box::pin(async { Ok(Vec::new()) })
    }

    fn end_calibration(&self, camera: CameraId) {
        self.note(format!("calibrated {camera}"));
    }

    fn propose_mask(&self, camera: CameraId, proposal: MaskProposal) -> Answer<()> {
        self.note(format!("propose {camera} {}", proposal.reason));
        Box::pin(async { Ok(()) })
    }

    fn proposals(&self) -> Answer<Vec<ProposedMask>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn decide_proposal(&self, id: u64, verdict: Verdict) -> Answer<()> {
        self.note(format!("decide {id} {verdict:?}"));
        Box::pin(async { Ok(()) })
    }

    fn check_camera(&self, camera: CameraId) -> Answer<MaskSyncState> {
        let kept = kept(&camera, false);
        Box::pin(async move { Ok(kept) })
    }

    fn write_to_camera(&self, camera: CameraId) -> Answer<MaskSyncState> {
        self.note(format!("write to {camera}"));
        let kept = kept(&camera, true);
        Box::pin(async move { Ok(kept) })
    }
}

impl Maintain for Fake {
    fn diagnose(&self, camera: CameraId) -> Answer<Diagnosis> {
        let trouble = (number(&camera) % 5 == 2).then(|| CameraTrouble {
            kind: TroubleKind::Unreachable,
            detail: "no route".into(),
        });
        let diagnosis = Diagnosis {
            reachable: trouble.is_none(),
            round_trip: Some(Duration::from_millis(12)),
            manufacturer: "Vedetta".into(),
            model: "SIM-1".into(),
            firmware: "1.0.3".into(),
            clock_offset_s: Some(-0.4),
            streams: vec![
                declared(StreamRole::Main, 1280, 720),
                declared(StreamRole::Sub, 640, 360),
            ],
            ptz: number(&camera).is_multiple_of(4),
            mask_sync: Some(kept(&camera, false)),
            trouble,
        };
        Box::pin(async move { Ok(diagnosis) })
    }
}

/// Every eighth camera lost a mask, until it is written again.
fn kept(camera: &CameraId, written: bool) -> MaskSyncState {
    let open = (number(camera) % 8 == 4 && !written).then_some((0, 0.4));
    MaskSyncState {
        open: open.into_iter().collect(),
        ..MaskSyncState::default()
    }
}

fn declared(role: StreamRole, width: u32, height: u32) -> DeclaredStream {
    DeclaredStream {
        role,
        codec: "H264".into(),
        width,
        height,
        fps: Some(25.0),
    }
}
