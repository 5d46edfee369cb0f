//! The control endpoint: the truth about every camera, its faults and its alarms, as JSON on a loopback port.
//!
//! Invariant: what a test reads here is the camera's true state, not what its faults make it say.
//! Deliberately absent: authentication; the port exists only next to a simulator, on the loopback interface.

use super::control_call::{Answer, Devices, find, read};
use super::control_sight;
use super::device::{Alarm, Device};
use super::dome::Vector;
use super::faults::Order;
use crate::domain::camera::{CameraKind, NormalisedPosition, Pose};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Json;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// An alarm that is fired without saying for how long ends after this.
const ALARM: Duration = Duration::from_secs(2);

/// The true state of a camera now.
#[derive(Debug, Serialize)]
struct Truth<'a> {
    id: &'a str,
    name: &'a str,
    kind: CameraKind,
    /// Make of a dome.
    make: &'static str,
    pose: Pose,
    /// `null` for fixed cameras.
    position: Option<NormalisedPosition>,
    moving: bool,
    viewers: usize,
    /// How often somebody asked for a key frame.
    key_frames_wanted: u64,
    /// How often somebody asked where the dome looks.
    statuses_asked: u64,
    rebooting: bool,
    motion: bool,
    tamper: bool,
    /// Names and levels of its accounts.
    users: Vec<(String, &'static str)>,
    faults: super::faults::Faults,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AlarmOrder {
    /// `null`: on now, off after two seconds.
    #[serde(default)]
    active: Option<bool>,
}

/// Opens the control endpoint on the loopback interface and answers until the task is aborted.
///
/// # Errors
/// No port could be opened on the loopback interface.
pub async fn serve(devices: Vec<Arc<Device>>) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let router = Router::new()
        .route("/cameras", get(all))
        .route("/cameras/{id}", get(one))
        .route("/cameras/{id}/faults", post(faults))
        .route("/cameras/{id}/drive", post(drive))
        .route("/cameras/{id}/motion", post(motion))
        .route("/cameras/{id}/tamper", post(tamper))
        .merge(control_sight::routes())
        .with_state(Arc::new(devices));
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the control endpoint ended");
        }
    });
    Ok((address, task))
}

fn truth(device: &Device) -> Result<Value, (StatusCode, String)> {
    let now = Instant::now();
    let faults = device.faults();
    let site = device.site();
    let truth = Truth {
        id: site.id.as_str(),
        name: &site.name,
        kind: site.kind,
        make: site.make.name,
        pose: device.true_pose(now),
        position: device.dome().map(|dome| dome.position(now)),
        moving: device.moving(now),
        viewers: device.viewers(),
        key_frames_wanted: device.key_frames_wanted(),
        statuses_asked: device.statuses_asked(),
        rebooting: faults.rebooting(now),
        motion: device.alarmed(Alarm::Motion),
        tamper: device.alarmed(Alarm::Tamper),
        users: device
            .accounts()
            .into_iter()
            .map(|it| (it.user, it.level.word()))
            .collect(),
        faults,
    };
    serde_json::to_value(truth).map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

async fn all(State(devices): State<Devices>) -> Answer {
    devices
        .iter()
        .map(|device| truth(device))
        .collect::<Result<Vec<_>, _>>()
        .map(|list| Json(Value::Array(list)))
}

async fn one(State(devices): State<Devices>, Path(id): Path<String>) -> Answer {
    truth(find(&devices, &id)?).map(Json)
}

async fn faults(State(devices): State<Devices>, Path(id): Path<String>, body: Bytes) -> Answer {
    let device = find(&devices, &id)?;
    let order: Order = read(&body)?;
    device
        .order(&order, Instant::now())
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    truth(device).map(Json)
}

/// Somebody else moves the dome: shares −1..1 of the highest speeds, for so many milliseconds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Push {
    pan: f64,
    tilt: f64,
    zoom: f64,
    ms: u64,
}

async fn drive(State(devices): State<Devices>, Path(id): Path<String>, body: Bytes) -> Answer {
    let device = find(&devices, &id)?;
    let push: Push = read(&body)?;
    let shares = [push.pan, push.tilt, push.zoom].map(|v| if v.is_finite() { v.clamp(-1.0, 1.0) } else { 0.0 });
    let velocity = Vector {
        pan_tilt: Some([shares[0], shares[1]]),
        zoom: Some(shares[2]),
    };
    let Some(mut dome) = device.dome() else {
        return Err((StatusCode::BAD_REQUEST, format!("{id} is no dome")));
    };
    dome.drive(Instant::now(), velocity, Duration::from_millis(push.ms.min(60_000)));
    drop(dome);
    truth(device).map(Json)
}

async fn motion(State(devices): State<Devices>, Path(id): Path<String>, body: Bytes) -> Answer {
    alarm(&devices, &id, Alarm::Motion, &body)
}

async fn tamper(State(devices): State<Devices>, Path(id): Path<String>, body: Bytes) -> Answer {
    alarm(&devices, &id, Alarm::Tamper, &body)
}

fn alarm(devices: &Devices, id: &str, alarm: Alarm, body: &Bytes) -> Answer {
    let device = find(devices, id)?.clone();
    let order: AlarmOrder = read(body)?;
    device.alarm(alarm, order.active.unwrap_or(true), SystemTime::now());
    let told = truth(&device)?;
    if order.active.is_none() {
        tokio::spawn(async move {
            tokio::time::sleep(ALARM).await;
            device.alarm(alarm, false, SystemTime::now());
        });
    }
    Ok(Json(told))
}
