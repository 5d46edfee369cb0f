//! The part of the control endpoint that a count of what is seen needs: the truth at past moments, walkers, presets, the site.
//!
//! Invariant: what is answered is true by the simulator's own motion and town; nothing here moves a dome.
//! Deliberately absent: what the client shows, which is counted from its window.

use super::control_call::{Answer, Devices, find, read};
use super::device::Device;
use super::live::unix_ms;
use super::sight_test::{SIZE_M, Walker};
use super::town::View;
use crate::domain::camera::{CameraKind, Direction, LensModel, Pose};
use crate::domain::site::Mask;
use crate::sim::makes::Turned;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Json;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Moments in one question.
const MOST_MOMENTS: usize = 20_000;

/// The routes of this part.
pub(super) fn routes() -> Router<Devices> {
    Router::new()
        .route("/cameras/{id}/site", get(site))
        .route("/cameras/{id}/truth", post(truth))
        .route("/cameras/{id}/presets", post(presets))
        .route("/cameras/{id}/walker", post(walk))
        .route("/walkers", get(walkers).delete(clear))
}

/// What hangs at a place, and what it must not show.
#[derive(Serialize)]
struct Site<'a> {
    make: &'static str,
    habit: &'static str,
    kind: CameraKind,
    height_m: f64,
    lens: &'a LensModel,
    masks: &'a [Mask],
    zoom_ceiling: Option<f64>,
    turned: &'static str,
    command_delay_ms: u64,
    status_delay_ms: Option<u64>,
}

async fn site(State(devices): State<Devices>, Path(id): Path<String>) -> Answer {
    let site = find(&devices, &id)?.site();
    told(&Site {
        make: site.make.name,
        habit: site.make.habit,
        kind: site.kind,
        height_m: site.mount.position_m[2],
        lens: &site.lens,
        masks: &site.masks,
        zoom_ceiling: site.limits.zoom_ceiling,
        turned: match site.make.turned {
            Turned::Upright => "upright",
            Turned::HalfTurn => "half_turn",
            Turned::Mirrored => "mirrored",
        },
        command_delay_ms: site.make.command_delay_ms,
        status_delay_ms: site.make.status_delay_ms,
    })
}

fn told(value: &impl Serialize) -> Answer {
    serde_json::to_value(value)
        .map(Json)
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Moments {
    /// Unix milliseconds, within the last hour; none is now.
    at_ms: Vec<u64>,
}

/// Where a camera truly looked, and where everybody was from it.
#[derive(Serialize)]
struct Moment {
    at_ms: u64,
    pose: Pose,
    moving: bool,
    walkers: Vec<Seen>,
}

/// A walker from a camera.
#[derive(Serialize)]
struct Seen {
    name: String,
    feet: Direction,
    head: Direction,
    /// Share of its figure inside the picture.
    inside: f64,
    /// Its whole figure, as a share of the picture's area.
    area: f64,
}

async fn truth(State(devices): State<Devices>, Path(id): Path<String>, body: Bytes) -> Answer {
    let device = find(&devices, &id)?;
    let mut asked: Moments = read(&body)?;
    if asked.at_ms.len() > MOST_MOMENTS {
        return Err((StatusCode::BAD_REQUEST, format!("at most {MOST_MOMENTS} moments")));
    }
    if asked.at_ms.is_empty() {
        asked.at_ms.push(unix_ms());
    }
    told(&asked.at_ms.iter().map(|at| moment(device, *at)).collect::<Vec<_>>())
}

fn moment(device: &Device, at_ms: u64) -> Moment {
    let (now, clock) = (Instant::now(), unix_ms());
    let ago = Duration::from_millis(clock.saturating_sub(at_ms));
    let site = device.site();
    let pose = device.true_pose_then(at_ms);
    let (width, height) = (1_600, (1_600.0 / site.lens.aspect) as usize);
    let view = View::new(&site.mount, pose, width, height);
    let walkers = device.sight().walkers();
    Moment {
        at_ms,
        pose,
        moving: device.moving(now.checked_sub(ago).unwrap_or(now)),
        walkers: walkers
            .iter()
            .map(|walker| seen(walker, &view, device, at_ms))
            .collect(),
    }
}

/// The figure of a walker in a view: the rectangle around its corners, which is upright as long as the picture is.
fn seen(walker: &Walker, view: &View, device: &Device, at_ms: u64) -> Seen {
    let [feet, head] = walker.directions(&device.site().mount, at_ms);
    let corners = walker.board(view, at_ms).map(|corner| view.to_camera(corner));
    let mut share = [0.0; 2];
    if corners.iter().all(|corner| corner.z > 0.0) {
        let places = corners.map(|corner| view.to_picture(corner));
        let size = [view.width as f64, view.height as f64];
        let (mut whole, mut inside) = (1.0, 1.0);
        for axis in 0..2 {
            let low = places.iter().map(|place| place[axis]).fold(f64::MAX, f64::min);
            let high = places.iter().map(|place| place[axis]).fold(f64::MIN, f64::max);
            whole *= (high - low) / size[axis];
            let part = high.min(size[axis]) - low.max(0.0);
            inside *= part.max(0.0) / (high - low).max(1e-9);
        }
        share = [inside, whole];
    }
    let [inside, area] = share;
    Seen {
        name: walker.name.clone(),
        feet,
        head,
        inside,
        area,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    name: String,
    pan_deg: f64,
    tilt_deg: f64,
    hfov_deg: f64,
}

/// Replaces the presets of a dome, as an installer would.
async fn presets(State(devices): State<Devices>, Path(id): Path<String>, body: Bytes) -> Answer {
    let device = find(&devices, &id)?;
    let stored: Vec<Stored> = read(&body)?;
    if !stored
        .iter()
        .all(|it| [it.pan_deg, it.tilt_deg, it.hfov_deg].iter().all(|v| v.is_finite()))
    {
        return Err((StatusCode::BAD_REQUEST, "a direction is no number".to_owned()));
    }
    let mut dome = device
        .dome()
        .ok_or_else(|| (StatusCode::BAD_REQUEST, format!("{id} is no dome")))?;
    let poses = stored.into_iter().map(|it| {
        let pose = Pose {
            pan_deg: it.pan_deg,
            tilt_deg: it.tilt_deg,
            hfov_deg: it.hfov_deg,
        };
        (it.name, pose)
    });
    dome.replace_presets(poses);
    told(&dome.presets().len())
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Walk {
    name: String,
    /// In the frame of the camera that is walked around.
    azimuth_deg: f64,
    elevation_deg: f64,
    speed_deg_s: f64,
    /// From now until the first step, milliseconds.
    in_ms: u64,
}

/// Sends a walker around a camera.
async fn walk(State(devices): State<Devices>, Path(id): Path<String>, body: Bytes) -> Answer {
    let device = find(&devices, &id)?;
    let walk: Walk = read(&body)?;
    let numbers = [walk.azimuth_deg, walk.elevation_deg, walk.speed_deg_s];
    if walk.name.is_empty() || !numbers.iter().all(|v| v.is_finite()) || walk.elevation_deg > -1.0 {
        return Err((
            StatusCode::BAD_REQUEST,
            "a walker has a name and is below the horizon".to_owned(),
        ));
    }
    let mount = &device.site().mount;
    let walker = Walker {
        name: walk.name,
        around_m: mount.position_m,
        azimuth_deg: walk.azimuth_deg + mount.heading_deg,
        elevation_deg: walk.elevation_deg,
        speed_deg_s: walk.speed_deg_s,
        since_ms: unix_ms() + walk.in_ms,
    };
    if !device.sight().walk(walker.clone()) {
        return Err((StatusCode::BAD_REQUEST, "too many walk already".to_owned()));
    }
    told(&walker)
}

async fn walkers(State(devices): State<Devices>) -> Answer {
    let walkers = devices.first().map(|device| device.sight().walkers());
    told(&serde_json::json!({ "walkers": walkers.unwrap_or_default(), "size_m": SIZE_M }))
}

async fn clear(State(devices): State<Devices>) -> Answer {
    for device in devices.iter() {
        device.sight().clear();
    }
    Ok(Json(Value::Bool(true)))
}
