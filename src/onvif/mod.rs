//! Speaks ONVIF to cameras and recorders; one file per service.
//!
//! Invariant: nothing a device sends is parsed before [`xml_guard`] has bounded it (size, depth, number of elements, no
//! DTD), no answer is waited for longer than [`Limits`] says, and what a device did not say is `None` or a clear
//! [`OnvifError`], never a default. Credentials leave only towards the address the endpoint names.
//!
//! Deliberately absent: pictures and RTSP (`media`), deciding whether a movement is allowed (`domain::ptz`,
//! `station`), words for the screen, and the simulator.

pub mod account_trial;
pub mod camera;
pub mod camera_test;
pub mod device;
pub mod discovery;
pub mod endpoint;
pub mod error;
pub mod events;
pub mod masks;
pub mod media;
pub mod metadata;
mod orientation;
mod oxvif_transport;
pub mod profile;
pub mod ptz;
pub mod ptz_limits;
pub mod ptz_response;
pub mod ptz_spaces;
pub mod recording;
mod recording_search;
mod recording_source;
pub mod soap_channel;
pub mod soap_fault;
pub mod transport;
pub mod username_token;
pub mod users;
mod view;
pub mod xaddr;
pub mod xml_guard;

pub use account_trial::AccountTrial;
pub use camera::Camera;
pub use camera_test::TestReport;
pub use device::DeviceFacts;
pub use endpoint::{Endpoint, Limits, Trust};
pub use error::{OnvifError, OnvifErrorKind};
pub use events::{Event, Subscription};
pub use masks::{DeviceMask, Masks};
pub use media::StreamOffer;
pub use ptz::{MoveState, Preset, Ptz, PtzStatus, Velocity};
pub use ptz_limits::ConfiguredLimits;
pub use recording::{RecordedPosition, Recording};
