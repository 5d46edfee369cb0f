//! What the town says about each camera site.
//!
//! Deliberately absent: the town itself (streets, houses, people); this file only holds what a device must know.

use crate::domain::camera::{CameraId, CameraKind, LensModel, Pose, StreamRole};
use crate::domain::site::{Limits, Mask, MotionBounds};

/// How a stream is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    H264,
    H265,
}

/// One stream of a camera.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamSpec {
    pub role: StreamRole,
    pub codec: Codec,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames per second.
    pub fps: u32,
    /// Kilobits per second.
    pub bitrate_kbit: u32,
}

/// A place in the town where a camera hangs, and the camera that hangs there.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSite {
    pub id: CameraId,
    pub number: u32,
    pub name: String,
    pub place: String,
    pub kind: CameraKind,
    /// Where the camera hangs: metres east, north, up.
    pub mount: [f64; 3],
    pub lens: LensModel,
    pub masks: Vec<Mask>,
    pub limits: Limits,
    pub motion: MotionBounds,
    pub streams: Vec<StreamSpec>,
    /// Where a fixed camera looks; `None` for domes.
    pub fixed_pose: Option<Pose>,
}
