//! A simulated dome for the tests of the simulator itself.
//!
//! Deliberately absent: video; the RTSP port is a number nobody listens on.

use std::sync::Arc;
use vedetta::domain::camera::{CameraKind, LensModel, StreamRole};
use vedetta::domain::site::{Limits, MotionBounds};
use vedetta::sim::device::{Credentials, Device, Recorded};
use vedetta::sim::town::{CameraSite, Codec, Mount, StreamSpec};

pub const USER: &str = "operatore";
pub const PASSWORD: &str = "parola & segreta";
pub const FIGURES: &str = "figure";
pub const FIGURES_PASSWORD: &str = "numeri";
/// The first recorded moment, Unix milliseconds; a minute follows.
pub const RECORDED_FROM_MS: u64 = 1_790_000_000_000;

/// A dome with both codecs.
pub fn dome() -> CameraSite {
    let stream = |role, codec, width, height| StreamSpec {
        role,
        codec,
        width,
        height,
        fps: 25,
        bitrate_kbit: 1_000,
    };
    CameraSite {
        id: "cam-07".parse().unwrap(),
        number: 7,
        name: "Piazza Grande".into(),
        place: "Piazza Grande, lato scuola".into(),
        kind: CameraKind::Dome,
        mount: Mount {
            position_m: [0.0, 0.0, 8.0],
            heading_deg: 0.0,
        },
        lens: LensModel {
            pan_range_deg: [-180.0, 180.0],
            tilt_range_deg: [-90.0, 10.0],
            hfov_by_zoom: vec![[0.0, 60.0], [0.5, 12.0], [1.0, 2.5]],
            aspect: 16.0 / 9.0,
            roll_deg: 0.0,
            upside_down: false,
            mirrored: false,
        },
        masks: Vec::new(),
        limits: Limits::default(),
        motion: MotionBounds::default(),
        streams: vec![
            stream(StreamRole::Main, Codec::H265, 1280, 720),
            stream(StreamRole::Sub, Codec::H264, 640, 360),
        ],
        fixed_pose: None,
        make: vedetta::sim::makes::COMMON,
    }
}

/// The dome as a device, with a recorder that holds a minute.
pub fn device() -> Arc<Device> {
    let device = Device::new(
        dome(),
        Credentials {
            user: USER.into(),
            password: PASSWORD.into(),
            figures_user: FIGURES.into(),
            figures_password: FIGURES_PASSWORD.into(),
        },
    );
    device.set_rtsp_port(5554);
    device.set_recorder(Box::new(|| {
        Some(Recorded {
            rtsp_path: "/replay".into(),
            from_ms: RECORDED_FROM_MS,
            to_ms: RECORDED_FROM_MS + 60_000,
        })
    }));
    device
}
