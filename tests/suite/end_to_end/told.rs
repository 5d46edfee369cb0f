//! A dome that sends its status by itself, in the metadata beside its video: known as closely, and asked less; and when the
//! stream is late, damaged or empty, asked as before (R-PRV-1).
//!
//! Deliberately absent: what a late status means for the cover (`domain::privacy`).

use super::first;
use super::place::{Place, until};
use crate::town::Town;
use serde_json::json;
use std::time::{Duration, Instant};
use vedetta::domain::camera::{CameraId, CameraKind, StreamRole};
use vedetta::domain::ptz::steering::PictureVelocity;
use vedetta::station::LiveView;

/// How often the dome is asked in two seconds.
async fn asked(place: &Place, dome: &CameraId) -> u64 {
    let count = async || place.truth(dome).await["statuses_asked"].as_u64().expect("a count");
    let before = count().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    count().await - before
}

/// Waits until it is asked as often as wanted.
async fn until_asked(what: &str, place: &Place, dome: &CameraId, wanted: impl Fn(u64) -> bool) {
    let (begun, mut seen) = (Instant::now(), Vec::new());
    while begun.elapsed() < Duration::from_secs(60) {
        seen.push(asked(place, dome).await);
        if seen.last().is_some_and(|count| wanted(*count)) {
            return;
        }
    }
    panic!("{what}: asked {seen:?} times in two seconds each");
}

fn pan(view: &LiveView) -> Option<f64> {
    view.pose(Instant::now()).steady(1.0).map(|pose| pose.pan_deg)
}

const RARELY: fn(u64) -> bool = |count| count <= 4;
const OFTEN: fn(u64) -> bool = |count| count >= 6;

#[tokio::test(flavor = "multi_thread")]
async fn r_prv_1_a_dome_that_tells_its_status_by_itself_is_asked_less_and_followed_all_the_same() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let dome = first(&session, CameraKind::Dome, true);
    place.fault(&dome, json!({"metadata": "sent"})).await;
    // The town takes the fault up within a tenth of a second; a workstation that looks earlier finds no metadata.
    until_asked("nobody watches", &place, &dome, |count| count == 0).await;
    let view = session.view(&dome, StreamRole::Sub).await.expect("a view");
    until("the dome's pose", 30, || pan(&view).is_some()).await;
    until_asked("it tells by itself", &place, &dome, RARELY).await;
    // The picture comes beside the metadata.
    let shown = view.slot().count();
    until("frames beside the metadata", 30, || view.slot().count() > shown + 5).await;
    let before = pan(&view).expect("a pose");

    let gesture = session.drive_ptz(&dome).await.expect("the dome is free");
    let held = Instant::now();
    while held.elapsed() < Duration::from_secs(2) {
        gesture
            .velocity(PictureVelocity::of_keys([2.0, 0.0, 0.0]))
            .await
            .expect("within limits");
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    gesture.end().await.expect("it stops");
    until("the new pose", 20, || {
        pan(&view).is_some_and(|at| (at - before).abs() > 5.0)
    })
    .await;
    let truth = place.truth(&dome).await["pose"]["pan_deg"].as_f64().expect("a pose");
    let known = pan(&view).expect("a pose");
    assert!((truth - known).abs() < 1.0, "known at {known}°, in truth at {truth}°");

    for trouble in ["late", "empty", "malformed"] {
        place.fault(&dome, json!({"metadata": trouble})).await;
        until_asked(trouble, &place, &dome, OFTEN).await;
        until("the dome's pose", 20, || pan(&view).is_some()).await;
        place.fault(&dome, json!({"metadata": "sent"})).await;
        until_asked(&format!("well again after {trouble}"), &place, &dome, RARELY).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dome_with_few_connections_gives_them_to_its_picture() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let dome = first(&session, CameraKind::Dome, true);
    place.fault(&dome, json!({"metadata": "sent", "sessions": 1})).await;
    until_asked("nobody watches", &place, &dome, |count| count == 0).await;
    let view = session.view(&dome, StreamRole::Sub).await.expect("a view");
    until("frames over the only connection", 30, || view.slot().count() > 25).await;
    until_asked("asked as before", &place, &dome, OFTEN).await;

    place.fault(&dome, json!({"sessions": 2})).await;
    until_asked("told over the second connection", &place, &dome, RARELY).await;
    // No picture any more: the connection of the metadata is free for it again.
    place.fault(&dome, json!({"silence": true})).await;
    until_asked("asked again while no picture comes", &place, &dome, OFTEN).await;
    let before = view.slot().count();
    place.fault(&dome, json!({"silence": false, "sessions": 1})).await;
    until("frames again", 60, || view.slot().count() > before + 25).await;
}
