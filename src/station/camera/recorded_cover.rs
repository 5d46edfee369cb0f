//! What may be seen of a recording, by the plan as it is now: the one cover of playback and export.
//!
//! Invariant: a mask that is approved while a recording is shown covers from then on; while the server is known to have a
//! newer plan than this workstation, or when the camera's geometry is no longer the one its poses were read with, everything
//! is covered, and so it is while the camera says that its picture lies otherwise than planned: since when nobody knows. Nothing that is lifted live is lifted here. Deliberately absent: how a cover follows
//! (`domain::privacy::recorded`), where the positions come from (`playback`).

use super::plan_in_force::Policy;
use crate::domain::privacy::recorded::{RecordedCover, RecordedPoses};
use crate::domain::privacy::{Cover, PoseKnowledge, WholeReason};
use crate::domain::site::CameraPlan;
use crate::station::machine::pose_source::PoseSource;
use std::sync::{Arc, Mutex, PoisonError};

/// The cover of one stretch of one camera's recording.
pub struct RecordedSight {
    policy: Arc<Policy>,
    /// As planned when the positions were read.
    camera: CameraPlan,
    poses: Option<RecordedPoses>,
    pose_source: Arc<dyn PoseSource>,
    /// Its picture lies otherwise than planned.
    turned: bool,
    /// By which version of the plan; nothing before the first frame.
    by: Mutex<Option<(u64, RecordedCover)>>,
}

impl RecordedSight {
    /// For a camera as planned, with the poses recorded with the video; `None` for one that does not move.
    pub fn new(
        policy: &Arc<Policy>,
        camera: &CameraPlan,
        poses: Option<RecordedPoses>,
        pose_source: &Arc<dyn PoseSource>,
    ) -> Self {
        Self {
            policy: Arc::clone(policy),
            camera: camera.clone(),
            poses,
            pose_source: Arc::clone(pose_source),
            turned: false,
            by: Mutex::default(),
        }
    }

    /// With what the camera says of its picture now: whether it lies otherwise than planned.
    pub fn turned(mut self, turned: bool) -> Self {
        self.turned = turned;
        self
    }

    /// What must be covered on a frame of this time of recording, Unix milliseconds.
    pub fn cover(&self, recorded_ms: Option<i64>) -> Cover {
        let plan = match self.policy.current_plan() {
            Ok(plan) => plan,
            Err(reason) => return Cover::Whole(reason),
        };
        let mut by = self.by.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cover)) = by.as_ref().filter(|(version, _)| *version == plan.version) {
            return self.by_pose(cover, recorded_ms);
        }
        if plan
            .camera(&self.camera.id)
            .is_some_and(|planned| planned.update_needed().is_some())
        {
            return Cover::Whole(WholeReason::UpdateNeeded);
        }
        let same = |planned: &&CameraPlan| planned.lens == self.camera.lens && planned.motion == self.camera.motion;
        let Some(planned) = plan.camera(&self.camera.id).filter(same) else {
            return Cover::Whole(WholeReason::PlanNotCurrent);
        };
        let cover = RecordedCover::new(planned, self.poses.clone());
        let now = self.by_pose(&cover, recorded_ms);
        *by = Some((plan.version, cover));
        now
    }

    fn by_pose(&self, cover: &RecordedCover, recorded_ms: Option<i64>) -> Cover {
        if self.turned {
            return cover.of(&PoseKnowledge::Unknown(WholeReason::OrientationChanged));
        }
        let (known, nearest) = (cover.knowledge(recorded_ms), cover.nearest(recorded_ms));
        cover.of(&self.pose_source.recorded_pose(&self.camera, known, nearest))
    }

    /// Whether every frame was covered as the plan now says: it has not changed for this camera since [`RecordedSight::new`].
    pub fn is_unchanged(&self) -> bool {
        self.policy.current_plan().is_ok_and(|plan| {
            plan.camera(&self.camera.id).is_some_and(|now| {
                let then = &self.camera;
                (&now.masks, &now.limits.sectors, &now.lens, &now.motion)
                    == (&then.masks, &then.limits.sectors, &then.lens, &then.motion)
            })
        })
    }
}
