//! Simulated cameras checked with ONVIF clients that nobody here wrote (`packaging/outside-clients.sh` installs them).
//!
//! Invariant: a missing client fails the test; nothing is skipped. Deliberately absent: Vedetta's own ONVIF code.

use crate::simulated;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use vedetta::sim::{control, onvif};

/// A client has this long for everything it does.
const LONGEST: Duration = Duration::from_secs(120);

fn installed(path: &str) -> PathBuf {
    let target = option_env!("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let path = target.join("outside").join(path);
    assert!(
        path.exists(),
        "{} is missing: run packaging/outside-clients.sh first",
        path.display()
    );
    path
}

/// Runs a client against a fresh dome and its control endpoint; its output is shown when it fails.
async fn run(mut client: Command) {
    let device = simulated::device();
    let (camera, _) = onvif::serve(device.clone()).await.unwrap();
    let (control, _) = control::serve(vec![device]).await.unwrap();
    client
        .args([camera.ip().to_string(), camera.port().to_string()])
        .args([
            simulated::USER,
            simulated::PASSWORD,
            &format!("http://{control}"),
            "cam-07",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(LONGEST, client.output())
        .await
        .expect("the client took too long")
        .unwrap();
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
    client
        .env("NODE_PATH", installed("node/node_modules"))
        .arg("tests/outside/node_client.js");
    run(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reply_is_valid_by_the_wsdls() {
    let mut client = Command::new(installed("schemas/bin/python"));
    client.arg("tests/outside/validate.py");
    run(client).await;
}
