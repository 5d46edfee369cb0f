//! Testing a camera before it is saved: does it answer, does it let us in, what does it offer.
//!
//! Invariant: nothing is changed on the camera and no stream is opened; a question that failed is an error and never «no».
//! Deliberately absent: words for people, deciding whether it may be saved.

use super::{Camera, Endpoint, Limits, OnvifError, OnvifErrorKind, StreamOffer};
use crate::domain::privacy::camera_side::MaskOptions;
use crate::domain::site::{Orientation, VideoView};

/// The findings of a test.
#[derive(Debug, Clone)]
pub struct TestReport {
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    /// Camera's clock minus ours, seconds.
    pub clock_offset_s: Option<i64>,
    /// Streams of every view, largest picture first, or what went wrong in asking for them.
    pub streams: Result<Vec<StreamOffer>, OnvifError>,
    /// Every view of the device that has a stream, in the order of its tokens; empty when it declares none.
    pub views: Vec<VideoView>,
    /// The view that was tested: the planned one, or the only one; `None`: it cannot be told, or none is declared.
    pub view: Option<VideoView>,
    /// Whether the tested view has motors that can be moved over ONVIF, or what went wrong in asking.
    pub ptz: Result<bool, OnvifError>,
    /// Masks the camera itself can hold in the tested view; `None`: it takes none. Or what went wrong in asking.
    pub masks: Result<Option<MaskOptions>, OnvifError>,
    /// How the picture lies, or what went wrong in asking.
    pub orientation: Result<Orientation, OnvifError>,
    /// The device lets its users search recordings by words or by pictures, that is for faces (26.06); `None`: it does not say.
    pub searches_people: Option<bool>,
}

impl TestReport {
    /// What went wrong, with what was asked; empty when every question was answered.
    pub fn troubles(&self) -> Vec<(&'static str, &OnvifError)> {
        let asked = [
            ("streams", self.streams.as_ref().err()),
            ("ptz", self.ptz.as_ref().err()),
            ("masks", self.masks.as_ref().err()),
            ("orientation", self.orientation.as_ref().err()),
        ];
        asked
            .into_iter()
            .filter_map(|(what, error)| Some((what, error?)))
            .collect()
    }
}

/// Tests a camera without changing anything on it, through the planned view or its only one.
///
/// # Errors
/// [`OnvifError`] when the camera does not answer or refuses the account: nothing else is known then.
pub async fn test(endpoint: Endpoint, limits: Limits, planned: Option<VideoView>) -> Result<TestReport, OnvifError> {
    let camera = Camera::connect(endpoint, limits).await?.showing(planned.clone());
    let streams = camera.all_streams().await;
    let mut views: Vec<VideoView> = streams
        .iter()
        .flatten()
        .filter_map(|offer| offer.view.clone())
        .collect();
    views.sort();
    views.dedup();
    let view = match (planned, views.as_slice()) {
        (Some(planned), _) => views.contains(&planned).then_some(planned),
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    };
    let facts = camera.facts();
    Ok(TestReport {
        manufacturer: facts.manufacturer.clone(),
        model: facts.model.clone(),
        clock_offset_s: facts.clock.map(|clock| clock.camera_minus_ours_s),
        ptz: camera.ptz().await.map(|motors| motors.is_some()),
        masks: masks(&camera).await,
        orientation: camera.orientation().await,
        searches_people: camera.searches_people().await,
        streams,
        views,
        view,
    })
}

async fn masks(camera: &Camera) -> Result<Option<MaskOptions>, OnvifError> {
    let Some(masks) = camera.masks().await? else {
        return Ok(None);
    };
    match masks.options().await {
        Ok(options) => Ok(Some(options)),
        Err(error) if error.kind() == OnvifErrorKind::NotSupported => Ok(None),
        Err(error) => Err(error),
    }
}
