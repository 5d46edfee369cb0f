//! Calls to the control endpoint: the camera and the order that one names, and what it is answered.
//!
//! Invariant: an empty body is an empty order; what cannot be read is refused with a sentence. Deliberately absent: routes
//! (`control`, `control_sight`).

use super::device::Device;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Json;
use serde_json::Value;
use std::sync::Arc;

/// Cameras of the town, in the order of their numbers.
pub(super) type Devices = Arc<Vec<Arc<Device>>>;
/// JSON, or a status and a sentence.
pub(super) type Answer = Result<Json<Value>, (StatusCode, String)>;

/// The camera of that name.
///
/// # Errors
/// 404 where there is none.
pub(super) fn find<'a>(devices: &'a Devices, id: &str) -> Result<&'a Arc<Device>, (StatusCode, String)> {
    let found = devices.iter().find(|device| device.site().id.as_str() == id);
    found.ok_or_else(|| (StatusCode::NOT_FOUND, format!("no camera {id}")))
}

/// The order in a body; an empty body is an empty order.
///
/// # Errors
/// 400 where it is none.
pub(super) fn read<T: Default + serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, (StatusCode, String)> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}
