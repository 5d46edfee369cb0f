//! One camera of the town: where it hangs, what it can do, what it must not show, which streams it gives.
//!
//! Deliberately absent: its state (pose, faults, viewers), which is `sim::device`'s.

use crate::domain::camera::{CameraId, CameraKind, LensModel, Pose, StreamRole};
use crate::domain::site::{Limits, Mask, MotionBounds};
use crate::sim::makes::Make;

/// The plan lets a dome that crops beyond its lens zoom to this share of the lens's highest magnification.
const CROPS_FROM: f64 = 0.9;

/// Where a camera hangs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mount {
    /// Metres in the town frame: east, north, up.
    pub position_m: [f64; 3],
    /// Compass azimuth (degrees, clockwise from north) of the camera frame's azimuth zero.
    pub heading_deg: f64,
}

/// Compression of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    H264,
    H265,
}

/// One stream that a camera gives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StreamSpec {
    pub role: StreamRole,
    pub codec: Codec,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames per second.
    pub fps: u32,
    /// Kilobits per second aimed at.
    pub bitrate_kbit: u32,
}

impl StreamSpec {
    /// The RTSP mount, `/main` or `/sub`.
    pub fn mount(&self) -> &'static str {
        match self.role {
            StreamRole::Main => "/main",
            StreamRole::Sub => "/sub",
        }
    }
}

/// One camera, as it is bolted to its wall or pole.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSite {
    pub id: CameraId,
    /// The number officers type.
    pub number: u32,
    /// «Piazza Garibaldi, varco».
    pub name: String,
    /// Street or square.
    pub place: String,
    pub kind: CameraKind,
    pub mount: Mount,
    pub lens: LensModel,
    /// One for each front with private windows that this camera can see. Directions for domes, picture for fixed.
    pub masks: Vec<Mask>,
    pub limits: Limits,
    /// True bounds of the dome's motion (the device must not move faster than this).
    pub motion: MotionBounds,
    /// Main first, then sub.
    pub streams: Vec<StreamSpec>,
    /// The pose of a camera that does not move, in the frame of its mount.
    pub fixed_pose: Option<Pose>,
    /// Habits of a dome; the common ones for a camera that does not move.
    pub make: Make,
}

impl CameraSite {
    /// Hangs a dome of this make here: its bounds of motion, and the end of its lens where it goes on by cropping, which the plan's
    /// ceiling keeps away from.
    pub(in crate::sim) fn fit(&mut self, make: Make) {
        self.motion = make.bounds(self.motion.clone());
        if let Some(end) = make.crops_beyond {
            let [wide, tele] = [self.lens.widest_hfov_deg(), self.lens.hfov_of(end)];
            let tan = |hfov: f64| (hfov / 2.0).to_radians().tan();
            let hfov = |z: f64| 2.0 * (tan(wide) * (tan(tele) / tan(wide)).powf(z)).atan().to_degrees();
            self.lens.hfov_by_zoom = (0..=20).map(|k| f64::from(k) / 20.0).map(|z| [z, hfov(z)]).collect();
            // What lies beyond is cropped without a word in the status.
            let within = CROPS_FROM * end;
            self.limits.zoom_ceiling = Some(self.limits.zoom_ceiling.map_or(within, |ceiling| ceiling.min(within)));
        }
        self.make = make;
    }

    /// The stream of this role.
    pub fn stream(&self, role: StreamRole) -> Option<&StreamSpec> {
        self.streams.iter().find(|stream| stream.role == role)
    }
}
