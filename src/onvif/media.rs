//! Media2 and Media services.
use crate::domain::camera::StreamRole;

/// One stream a camera offers.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamOffer {
    /// Profile token.
    pub profile: String,
    pub name: String,
    /// By resolution: the largest is the main stream, the others are sub streams.
    pub role: StreamRole,
    /// As declared: `H264`, `H265`, `JPEG`…; empty when not declared. What really comes may differ.
    pub codec: String,
    /// Declared; 0 when not declared.
    pub width: u32,
    pub height: u32,
    /// Declared limit; `None` when not declared.
    pub fps: Option<f64>,
    /// RTSP address on the device's host, without credentials.
    pub uri: String,
}
