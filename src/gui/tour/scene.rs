//! What the program says of itself while the scripted tour watches: which screen, where the pictures are.
//!
//! Invariant: nothing here is taken as proof of what is shown; latency, frame rate and leaks are read from pixels.
//! Deliberately absent: any way to act. The tour acts with keys and mouse, like a person.

use crate::domain::camera::CameraId;
use crate::domain::wall::Layout;
use crate::station::{Delivery, Exported, Health};
use serde::Serialize;
use std::path::PathBuf;

/// Which screen is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScreenName {
    /// Starting, signing out, or broken.
    #[default]
    Between,
    SignIn,
    /// A lock lies over everything.
    Locked,
    ControlRoom,
    FullScreen,
    Playback,
    Export,
    /// Another dialogue over the wall.
    Dialogue,
    Diagnostics,
}

/// A rectangle of the window, in physical pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PixelRect {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// One picture in the window.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenePicture {
    pub camera: CameraId,
    /// The picture itself, without letterbox bars.
    pub picture: PixelRect,
    /// Frames per second received from the camera, by the client's own figures.
    pub received_fps: f64,
    /// The tile is marked live.
    pub live: bool,
    /// The whole picture is covered.
    pub covered: bool,
    /// Polygons that cover parts of it now.
    pub cover_parts: usize,
}

/// What stands in the fields of the sign-in screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignInFields {
    pub user: String,
    /// Characters.
    pub password: usize,
    /// Its place in the list.
    pub purpose: usize,
    pub protocol_no: String,
    pub note: String,
}

/// A camera of the site plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneCamera {
    pub id: CameraId,
    /// What officers type to go to it.
    pub number: u32,
    pub dome: bool,
    pub masked: bool,
}

/// The program as it sees itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scene {
    pub screen: ScreenName,
    /// On the sign-in screen.
    pub sign_in: Option<SignInFields>,
    /// Account name of who is signed in.
    pub person: Option<String>,
    /// Cameras of the plan in force.
    pub cameras: Vec<SceneCamera>,
    pub pictures: Vec<ScenePicture>,
    /// How the wall is divided; `None` where there is no wall.
    pub layout: Option<Layout>,
    /// Lines of the camera list, as they lie before it is scrolled.
    pub listed: Vec<(CameraId, PixelRect)>,
    pub selected: Option<CameraId>,
    /// Sentences on the screen that answer an act (message strip, sign-in error), newest first.
    pub notices: Vec<String>,
    /// A notice says that zoom was refused at a ceiling.
    pub refused_at_ceiling: bool,
    pub health: Option<Health>,
    /// What the latest sign-out delivered; `None` while somebody is signed in.
    pub delivery: Option<Delivery>,
    /// Playback position, Unix milliseconds.
    pub playback_ms: Option<i64>,
    /// The snapshot that the latest notice of one names.
    pub snapshot: Option<PathBuf>,
    /// The latest export written.
    pub exported: Option<Exported>,
    /// Rows of the diagnostic screen that are filled.
    pub diagnosed: usize,
    /// Rows the diagnostic screen should have.
    pub planned: usize,
    /// Magnification of the selected dome, when its pose is known.
    pub magnification: Option<f64>,
}
