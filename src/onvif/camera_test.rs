//! Testing a camera before it is saved: does it answer, does it let us in, what does it offer.
//!
//! Invariant: nothing is changed on the camera and no stream is opened; what a camera did not say is `None`.
//! Deliberately absent: words for people, deciding whether it may be saved.

use super::{Camera, Endpoint, Limits, OnvifError, StreamOffer};
use crate::domain::privacy::camera_side::MaskOptions;

/// The findings of a test.
#[derive(Debug, Clone)]
pub struct TestReport {
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    /// Camera's clock minus ours, seconds.
    pub clock_offset_s: Option<i64>,
    /// Streams, largest picture first, or what went wrong in asking for them.
    pub streams: Result<Vec<StreamOffer>, OnvifError>,
    /// Whether the camera has motors that can be moved over ONVIF.
    pub ptz: bool,
    /// Masks the camera itself can hold; `None`: none, or the camera does not say.
    pub masks: Option<MaskOptions>,
}

/// Tests a camera without changing anything on it.
///
/// # Errors
/// [`OnvifError`] when the camera does not answer or refuses the account: nothing else is known then.
pub async fn test(endpoint: Endpoint, limits: Limits) -> Result<TestReport, OnvifError> {
    let camera = Camera::connect(endpoint, limits).await?;
    let streams = camera.streams().await;
    let ptz = matches!(camera.ptz().await, Ok(Some(_)));
    let masks = match camera.masks().await {
        Ok(Some(masks)) => masks.options().await.ok(),
        Ok(None) | Err(_) => None,
    };
    let facts = camera.facts();
    Ok(TestReport {
        manufacturer: facts.manufacturer.clone(),
        model: facts.model.clone(),
        clock_offset_s: facts.clock_offset_s,
        streams,
        ptz,
        masks,
    })
}
