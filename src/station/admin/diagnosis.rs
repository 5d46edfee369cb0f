//! What repairs need of a camera, without an image (R-MNT-1).
//!
//! Invariant: nothing here opens a stream, and a maintainer's session never asks for the credentials of one.
//! Deliberately absent: pan mechanics, logs of the camera (later).

use super::camera_drift::{MaskSyncState, sync_masks};
use crate::domain::audit::details::recordings::{DiagnosticsClose, DiagnosticsOpen};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{CameraId, StreamRole};
use crate::domain::site::CameraPlan;
use crate::onvif::StreamOffer;
use crate::station::camera::connection::Connections;
use crate::station::record::health::Need;
use crate::station::record::outbox::Recorded;
use crate::station::refusal::{CameraTrouble, Refusal, TroubleKind};
use crate::station::session::authorised_act::{Intent, Right};
use crate::station::session::signed_in::Session;
use std::time::{Duration, Instant};

/// A profile's stream as the camera declares it; what really comes may differ.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredStream {
    pub role: StreamRole,
    /// `H264`, `H265`, `JPEG`…; empty when not declared.
    pub codec: String,
    /// Pixels; 0 when not declared.
    pub width: u32,
    /// Pixels; 0 when not declared.
    pub height: u32,
    /// Declared limit, frames per second; `None` when not declared.
    pub fps: Option<f64>,
}

/// What the maintainer sees of a camera: figures, never a picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagnosis {
    pub reachable: bool,
    pub round_trip: Option<Duration>,
    pub manufacturer: String,
    pub model: String,
    pub firmware: String,
    /// Camera's clock minus ours, seconds.
    pub clock_offset_s: Option<f64>,
    /// One per profile.
    pub streams: Vec<DeclaredStream>,
    pub ptz: bool,
    /// How its own masks and limits stand to the plan; `None` where it does not say.
    pub mask_sync: Option<MaskSyncState>,
    pub trouble: Option<CameraTrouble>,
}

impl Session {
    /// What repairs need, without an image (R-MNT-1). Recorded. One row per camera of the plan.
    ///
    /// # Errors
    /// Who refuses. What is wrong with the camera is in [`Diagnosis::trouble`].
    pub async fn diagnose(&self, camera: &CameraId) -> Result<Diagnosis, Refusal> {
        let plan = self.0.camera(camera)?;
        let intent = Intent::new(DiagnosticsOpen::default(), &plan, Right::Figures, Need::Server);
        let mut act = self.0.intend(intent).await?;
        let diagnosis = match examine(&self.0.cameras, &plan, act.recorded()).await {
            Ok(diagnosis) => diagnosis,
            Err(refusal) => return Err(act.failed(refusal).await),
        };
        let close = DiagnosticsClose {
            reachable: Some(diagnosis.reachable),
        };
        act.settle(Outcome::Done, None).await?;
        if let Some(state) = &diagnosis.mask_sync {
            state.record(&act).await?;
        }
        act.also(close, Outcome::Done).await?;
        Ok(diagnosis)
    }
}

/// Asks a camera for everything a repair needs, over a fresh connection: a diagnosis from an old one says little.
async fn examine(cameras: &Connections, plan: &CameraPlan, proof: &Recorded) -> Result<Diagnosis, Refusal> {
    cameras.forget(&plan.id);
    let connection = match cameras.connection(plan, proof).await {
        Ok(connection) => connection,
        Err(Refusal::Camera(trouble)) => {
            return Ok(Diagnosis {
                trouble: Some(trouble),
                ..Diagnosis::default()
            });
        }
        Err(refusal) => return Err(refusal),
    };
    let asked = Instant::now();
    let clock = connection.camera.clock_offset().await;
    let facts = connection.camera.facts();
    let mut diagnosis = Diagnosis {
        reachable: true,
        round_trip: clock.is_ok().then(|| asked.elapsed()),
        manufacturer: facts.manufacturer.clone().unwrap_or_default(),
        model: facts.model.clone().unwrap_or_default(),
        firmware: facts.firmware.clone().unwrap_or_default(),
        clock_offset_s: clock
            .as_ref()
            .ok()
            .copied()
            .or(facts.clock.map(|clock| clock.camera_minus_ours_s))
            .map(|seconds| seconds as f64),
        ..Diagnosis::default()
    };
    if let Err(error) = clock {
        diagnosis.trouble = Some(error.into());
    }
    // An account for figures may be refused here: then there is nothing to list.
    match connection.streams().await {
        Ok(streams) => diagnosis.streams = streams.iter().map(DeclaredStream::of).collect(),
        Err(Refusal::Camera(trouble)) if matches!(trouble.kind, TroubleKind::SeveralViews | TroubleKind::ViewGone) => {
            diagnosis.trouble.get_or_insert(trouble);
        }
        Err(refusal) => tracing::debug!(camera = %plan.id, %refusal, "no list of streams"),
    }
    match connection.ptz().await {
        Ok(_) => diagnosis.ptz = true,
        // Without motors by the camera's own word.
        Err(Refusal::NotSupported) => {}
        Err(refusal) => {
            tracing::debug!(camera = %plan.id, %refusal, "its motors are not known");
            if let Refusal::Camera(trouble) = refusal {
                diagnosis.trouble.get_or_insert(trouble);
            }
        }
    }
    match sync_masks(&connection, plan, false).await {
        Ok(state) => diagnosis.mask_sync = Some(state),
        Err(refusal) => tracing::debug!(camera = %plan.id, %refusal, "its masks and limits cannot be read"),
    }
    Ok(diagnosis)
}

impl DeclaredStream {
    fn of(offer: &StreamOffer) -> DeclaredStream {
        DeclaredStream {
            role: offer.role,
            codec: offer.codec.clone(),
            width: offer.width,
            height: offer.height,
            fps: offer.fps,
        }
    }
}
