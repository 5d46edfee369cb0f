//! One simulated camera: what its RTSP side and its ONVIF side share.
//!
//! Invariant: one true pose, a function of time; pictures and `GetStatus` are both taken from it.
//! Deliberately absent: sockets, XML, pictures.

use super::faults::Faults;
use super::town::CameraSite;
use crate::domain::camera::Pose;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Instant;

/// Who may enter: an account that may stream, and a User-level account that may only read figures.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub user: String,
    pub password: SecretString,
    pub figures_user: String,
    pub figures_password: SecretString,
}

/// What the recorder holds of a camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Path on the camera's RTSP port, with its slash: `/replay`.
    pub rtsp_path: String,
    /// Capture time of the oldest frame, Unix milliseconds.
    pub from_ms: u64,
    /// Capture time of the newest frame, Unix milliseconds.
    pub to_ms: u64,
}

/// Tells what the recorder holds now; `None` while it holds nothing.
pub type RecorderView = Box<dyn Fn() -> Option<Recorded> + Send + Sync>;

/// Renders one JPEG for the snapshot URI; the device offers a snapshot only when it has one of these.
pub type SnapshotRenderer = Box<dyn Fn() -> Option<Vec<u8>> + Send + Sync>;

/// One simulated camera.
pub struct Device {
    site: CameraSite,
}

/// Counts one viewer of a stream until dropped.
pub struct Viewer(Arc<Device>);

impl Device {
    pub fn new(site: CameraSite, credentials: Credentials) -> Arc<Self>;
    pub fn site(&self) -> &CameraSite;
    /// Where the camera truly looks. Fixed cameras never move.
    pub fn true_pose(&self, now: Instant) -> Pose;
    pub fn moving(&self, now: Instant) -> bool;
    /// A copy of the faults now.
    pub fn faults(&self) -> Faults;
    /// The password of an account that may stream now; `None` for the figures account, strangers, and refused credentials.
    pub fn stream_account(&self, user: &str) -> Option<SecretString>;
    pub fn set_rtsp_port(&self, port: u16);
    pub fn rtsp_port(&self) -> u16;
    /// Called by the RTSP side for each playing session; the count falls when the value is dropped.
    pub fn viewer(self: &Arc<Self>) -> Viewer;
    pub fn viewers(&self) -> usize;
    pub fn set_recorder(&self, view: RecorderView);
    pub fn set_snapshot(&self, renderer: SnapshotRenderer);
}
