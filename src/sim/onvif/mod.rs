//! ONVIF services of one simulated camera.

pub mod soap;
pub mod xml;

/// Namespace of the Device service.
pub const DEVICE: &str = "http://www.onvif.org/ver10/device/wsdl";
/// Namespace of the Media service.
pub const MEDIA: &str = "http://www.onvif.org/ver10/media/wsdl";
/// Namespace of the Media2 service.
pub const MEDIA2: &str = "http://www.onvif.org/ver20/media/wsdl";
/// Namespace of the PTZ service.
pub const PTZ: &str = "http://www.onvif.org/ver20/ptz/wsdl";
/// Namespace of the Events service.
pub const EVENTS: &str = "http://www.onvif.org/ver10/events/wsdl";
/// Namespace of the Recording service.
pub const RECORDING: &str = "http://www.onvif.org/ver10/recording/wsdl";
/// Namespace of the Search service.
pub const SEARCH: &str = "http://www.onvif.org/ver10/search/wsdl";
/// Namespace of the Replay service.
pub const REPLAY: &str = "http://www.onvif.org/ver10/replay/wsdl";
