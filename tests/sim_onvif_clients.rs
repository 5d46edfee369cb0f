//! Simulated cameras checked with ONVIF clients that nobody here wrote (`packaging/outside-clients.sh` installs them).
//!
//! Invariant: a missing client fails the test; nothing is skipped. Deliberately absent: Vedetta's own ONVIF code.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use vedetta::domain::camera::{CameraKind, LensModel, StreamRole};
use vedetta::domain::site::{Limits, MotionBounds};
use vedetta::sim::device::{Credentials, Device, Recorded};
use vedetta::sim::town::{CameraSite, Codec, Mount, StreamSpec};
use vedetta::sim::{control, onvif};

/// A client has this long for everything it does.
const LONGEST: Duration = Duration::from_secs(120);

fn dome() -> CameraSite {
    let stream = |role, codec, width, height| StreamSpec { role, codec, width, height, fps: 25, bitrate_kbit: 1_000 };
    CameraSite {
        id: "cam-07".parse().unwrap(),
        number: 7,
        name: "Piazza Grande".into(),
        place: "Piazza Grande, lato scuola".into(),
        kind: CameraKind::Dome,
        mount: Mount { position_m: [0.0, 0.0, 8.0], heading_deg: 0.0 },
        lens: LensModel {
            pan_range_deg: [-180.0, 180.0],
            tilt_range_deg: [-90.0, 10.0],
            hfov_by_zoom: vec![[0.0, 60.0], [0.5, 12.0], [1.0, 2.5]],
            aspect: 16.0 / 9.0,
            roll_deg: 0.0,
            upside_down: false,
        },
        masks: Vec::new(),
        limits: Limits::default(),
        motion: MotionBounds::default(),
        streams: vec![
            stream(StreamRole::Main, Codec::H265, 1280, 720),
            stream(StreamRole::Sub, Codec::H264, 640, 360),
        ],
        fixed_pose: None,
    }
}

fn device() -> Arc<Device> {
    let device = Device::new(
        dome(),
        Credentials {
            user: "operatore".into(),
            password: "parola segreta".into(),
            figures_user: "figure".into(),
            figures_password: "numeri".into(),
        },
    );
    device.set_rtsp_port(5554);
    device.set_recorder(Box::new(|| {
        Some(Recorded { rtsp_path: "/replay".into(), from_ms: 1_790_000_000_000, to_ms: 1_790_000_060_000 })
    }));
    device
}

fn installed(path: &str) -> PathBuf {
    let target = option_env!("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let path = target.join("outside").join(path);
    assert!(path.exists(), "{} is missing: run packaging/outside-clients.sh first", path.display());
    path
}

/// Runs a client against a fresh dome and its control endpoint; its output is shown when it fails.
async fn run(mut client: Command) {
    let device = device();
    let (camera, _) = onvif::serve(device.clone()).await.unwrap();
    let (control, _) = control::serve(vec![device]).await.unwrap();
    client
        .args([camera.ip().to_string(), camera.port().to_string()])
        .args(["operatore", "parola segreta", &format!("http://{control}"), "cam-07"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(LONGEST, client.output()).await.expect("the client took too long").unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn onvif_zeep_finds_a_camera_as_the_standard_says() {
    let mut client = Command::new(installed("venv/bin/python"));
    client.arg("tests/outside/zeep_client.py");
    run(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn npm_onvif_finds_a_camera_as_the_standard_says() {
    let mut client = Command::new("node");
    client.env("NODE_PATH", installed("node/node_modules")).arg("tests/outside/node_client.js");
    run(client).await;
}
