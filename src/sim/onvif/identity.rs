//! How a camera names itself: its endpoint reference (WS-Addressing) and its scopes, for the Device service and for discovery.
//!
//! Invariant: neither changes while the camera runs. Deliberately absent: who asks for them.

use crate::domain::camera::CameraKind;

/// The stable name of a camera as a URN: an identifier hashed from its own, as UUID version 8.
pub fn endpoint(id: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(format!("vedetta-sim {id}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    format!("urn:uuid:{}", uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// The scopes of a camera (ONVIF Core, 7.3.3.2).
pub fn scopes(site: &crate::sim::town::CameraSite, recorder: bool) -> Vec<String> {
    let mut scopes = vec![
        "onvif://www.onvif.org/Profile/Streaming".to_owned(),
        "onvif://www.onvif.org/Profile/T".to_owned(),
        "onvif://www.onvif.org/type/video_encoder".to_owned(),
        "onvif://www.onvif.org/hardware/vedetta-sim".to_owned(),
        format!("onvif://www.onvif.org/name/{}", percent_encoded(&site.name)),
        format!("onvif://www.onvif.org/location/{}", percent_encoded(&site.place)),
    ];
    if recorder {
        scopes.push("onvif://www.onvif.org/Profile/G".to_owned());
    }
    if site.kind == CameraKind::Dome {
        scopes.push("onvif://www.onvif.org/type/ptz".to_owned());
    }
    scopes
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
