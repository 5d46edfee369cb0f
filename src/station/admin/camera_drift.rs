//! Masks and limits of the plan inside a camera: writing them there, and noticing that they drift from it (R-PRV-3).
//!
//! Invariant: the camera is asked or written to only after the intent is durable, and a drift is an event of its own. What
//! is compared is the plan with what was read back, never with what was sent.
//! Deliberately absent: masks of a dome (no camera makes them follow it; only its limits are written).

use crate::domain::audit::details::EventKind;
use crate::domain::audit::details::plan::{CameraDrift, CameraWritten};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{CameraId, CameraKind};
use crate::domain::people::Action;
use crate::domain::privacy::camera_side::{PtzLimits, fit, left_open, planned_polygons};
use crate::domain::site::CameraPlan;
use crate::domain::site::orientation::OrientationPart;
use crate::onvif::{DeviceMask, OnvifErrorKind};
use crate::station::camera::connection::Connection;
use crate::station::record::health::Need;
use crate::station::refusal::Refusal;
use crate::station::session::authorised_act::{Act, Intent, Right};
use crate::station::session::signed_in::Session;

/// The difference between a camera's own masks and limits and the plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MaskSyncState {
    /// Masks of the plan that the camera leaves open, by their place among the picture masks, with the open share.
    pub open: Vec<(usize, f64)>,
    /// Its limits let the dome pass those of the plan.
    pub wider_limits: bool,
    /// In what its picture lies otherwise than planned: it is covered whole for that.
    pub turned: Vec<OrientationPart>,
    /// The camera takes no masks, or no limits, though the plan has some.
    pub cannot: Vec<&'static str>,
}

impl MaskSyncState {
    /// Whether masks or limits inside the camera differ from the plan.
    pub fn drifts(&self) -> bool {
        !self.open.is_empty() || self.wider_limits || !self.turned.is_empty()
    }

    /// Records a drift, beside the act that found it.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`].
    pub(super) async fn record(&self, act: &Act) -> Result<(), Refusal> {
        if !self.drifts() {
            return Ok(());
        }
        let drift = CameraDrift {
            open_masks: Some(self.open.clone()),
            wider_limits: Some(self.wider_limits),
            orientation: (!self.turned.is_empty()).then(|| serde_json::json!(self.turned)),
            ..CameraDrift::default()
        };
        act.also(drift, Outcome::Failed).await.map(drop)
    }
}

impl Session {
    /// Writes masks and limits to a camera that takes them and reads them back.
    ///
    /// # Errors
    /// The refusal of the act, or [`Refusal::Camera`].
    pub async fn write_to_camera(&self, camera: &CameraId) -> Result<MaskSyncState, Refusal> {
        self.sync(camera, true).await
    }

    /// Reads the masks and limits inside a camera and compares them with the plan. A drift is recorded.
    ///
    /// # Errors
    /// The refusal of the act, or [`Refusal::Camera`].
    pub async fn check_camera(&self, camera: &CameraId) -> Result<MaskSyncState, Refusal> {
        self.sync(camera, false).await
    }

    async fn sync(&self, camera: &CameraId, write: bool) -> Result<MaskSyncState, Refusal> {
        let plan = self.0.camera(camera)?;
        let (what, right): (EventKind, _) = if write {
            (CameraWritten::default().into(), Right::Grant(Action::Lift))
        } else {
            (CameraDrift::default().into(), Right::Grant(Action::Live))
        };
        let act = self.0.intend(Intent::new(what, &plan, right, Need::Act)).await?;
        let connection = match self.0.cameras.connection(&plan, act.recorded()).await {
            Ok(connection) => connection,
            Err(refusal) => return Err(act.failed(refusal).await),
        };
        let state = match sync_masks(&connection, &plan, write).await {
            Ok(state) => state,
            Err(refusal) => return Err(act.failed(refusal).await),
        };
        state.record(&act).await?;
        let (drifts, cannot) = (Some(state.drifts()), Some(state.cannot.join(", ")));
        let found: EventKind = if write {
            CameraWritten { drifts, cannot }.into()
        } else {
            CameraDrift {
                drifts,
                cannot,
                ..CameraDrift::default()
            }
            .into()
        };
        act.done(Some(found.into())).await?;
        Ok(state)
    }
}

/// Compares masks and limits inside a camera with the plan, after writing the plan to it (`write`) or as they are.
///
/// # Errors
/// What is wrong with the camera.
pub(super) async fn sync_masks(
    connection: &Connection,
    plan: &CameraPlan,
    write: bool,
) -> Result<MaskSyncState, Refusal> {
    let mut state = MaskSyncState::default();
    let polygons = planned_polygons(plan);
    if plan.kind != CameraKind::Dome && !polygons.is_empty() {
        let there = match connection.camera.masks().await? {
            None => None,
            Some(masks) => match masks.options().await {
                Err(error) if error.kind() == OnvifErrorKind::NotSupported => None,
                Err(error) => return Err(error.into()),
                Ok(options) if write => match masks.write(&fit(&polygons, &options)).await {
                    Ok(there) => Some(there),
                    // It promised more than it takes: what it has is compared all the same.
                    Err(error) if error.kind() == OnvifErrorKind::Fault => Some(masks.list().await?),
                    Err(error) => return Err(error.into()),
                },
                Ok(_) => Some(masks.list().await?),
            },
        };
        match there {
            None => state.cannot.push("masks"),
            Some(there) => state.open = left_open(&polygons, &enabled(there)),
        }
    }
    if let Some(planned) = &plan.orientation {
        state.turned = planned.differences(&connection.camera.orientation().await?);
    } else if let Ok(seen) = connection.camera.orientation().await {
        state.turned = seen.upright().differences(&seen);
    }
    if let Some(planned) = PtzLimits::planned(plan).filter(|_| plan.kind == CameraKind::Dome) {
        let limits = connection.camera.configured_limits().await?;
        let there = match (&limits, write) {
            (None, _) => None,
            (Some(limits), true) => limits.write(&planned).await?,
            (Some(limits), false) => limits.read().await?,
        };
        match there {
            None => state.cannot.push("limits"),
            Some(there) => state.wider_limits = there.is_wider_than(&planned),
        }
    }
    Ok(state)
}

fn enabled(masks: Vec<DeviceMask>) -> Vec<Vec<[f64; 2]>> {
    let enabled = masks.into_iter().filter(|mask| mask.enabled);
    enabled.map(|mask| mask.polygon).collect()
}
