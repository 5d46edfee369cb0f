//! What somebody else does to a dome beside this program: a preset that lies beyond the limits, and motion that nobody here
//! ordered (R-PTZ-1, R-PTZ-2, R-PRV-1).
//!
//! Deliberately absent: somebody who takes the dome as the rules say (`two_desks`).

use super::first;
use super::place::{Place, until};
use crate::town::Town;
use std::time::{Duration, Instant};
use vedetta::domain::camera::{CameraId, CameraKind, StreamRole};
use vedetta::domain::privacy::PoseKnowledge;
use vedetta::onvif::{Camera, Endpoint, Limits, Ptz};
use vedetta::station::{LiveView, Refusal, Session};

/// The motors of a camera, past the station.
async fn motors(place: &Place, session: &Session, camera: &CameraId) -> Ptz {
    let file = std::fs::read_to_string(place.path("site/cameras.toml")).expect("the accounts");
    let file: toml::Value = toml::from_str(&file).expect("TOML");
    let accounts = file["camera"].as_array().expect("accounts");
    let account = accounts
        .iter()
        .find(|account| account["id"].as_str() == Some(camera.as_str()));
    let account = account.expect("the camera's account");
    let text = |name: &str| account[name].as_str().expect("text").to_owned();
    let url = session.plan().camera(camera).expect("planned").onvif.clone();
    let endpoint = Endpoint::new(url, text("user"), text("password").into());
    let camera = Camera::connect(endpoint, Limits::default()).await.expect("it answers");
    camera.ptz().await.expect("it answers").expect("a dome")
}

async fn push(place: &Place, camera: &CameraId, order: serde_json::Value) {
    let answer = reqwest::Client::new()
        .post(format!("{}/cameras/{camera}/drive", place.control))
        .json(&order)
        .send()
        .await
        .expect("the control endpoint answers");
    assert!(answer.status().is_success());
}

/// Angle of the picture and uncertainty of pan, degrees, when the pose is known.
fn known(view: &LiveView) -> Option<(f64, f64)> {
    match view.pose(Instant::now()) {
        PoseKnowledge::Within(poses) => Some((poses.hfov.middle(), poses.pan.half_width())),
        PoseKnowledge::Unknown(_) => None,
    }
}

fn still(view: &LiveView) -> Option<f64> {
    view.pose(Instant::now()).steady(1.0).map(|pose| pose.hfov_deg)
}

#[tokio::test(flavor = "multi_thread")]
async fn r_ptz_2_a_preset_beyond_the_ceiling_is_neither_saved_nor_called() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let dome = first(&session, CameraKind::Dome, true);
    let view = session.view(&dome, StreamRole::Sub).await.expect("a view");
    until("the dome's pose", 20, || still(&view).is_some()).await;
    let wide = still(&view).expect("a pose");
    let ceiling = session
        .plan()
        .camera(&dome)
        .and_then(|camera| camera.limits.zoom_ceiling);
    let narrowest = wide / ceiling.expect("a ceiling");

    // Somebody at the camera itself zooms in, to short of the end of the lens, where its zoom would not be known, and keeps the place.
    push(&place, &dome, serde_json::json!({"zoom": 1.0, "ms": 4_300})).await;
    until("the dome beyond the ceiling, standing", 30, || {
        still(&view).is_some_and(|hfov| hfov < narrowest * 0.8)
    })
    .await;
    let ceiling_named = |refusal: Option<Refusal>| matches!(refusal, Some(Refusal::ZoomCeiling { .. }));
    let saved = session.save_preset(&dome, "troppo vicino").await.err();
    assert!(ceiling_named(saved.clone()), "{saved:?}");
    let beyond = motors(&place, &session, &dome)
        .await
        .set_preset("di altri")
        .await
        .expect("a preset");
    push(&place, &dome, serde_json::json!({"zoom": -1.0, "ms": 6_000})).await;
    until("the dome wide again", 30, || {
        still(&view).is_some_and(|hfov| hfov > wide * 0.95)
    })
    .await;

    let called = session.call_preset(&dome, &beyond).await.err();
    assert!(ceiling_named(called.clone()), "{called:?}");
    let truth = place.truth(&dome).await;
    assert!(
        truth["pose"]["hfov_deg"]
            .as_f64()
            .is_some_and(|hfov| hfov > wide * 0.95),
        "{truth}"
    );
    let presets = session.presets(&dome).await.expect("presets");
    assert!(
        presets.iter().all(|preset| preset.name != "troppo vicino"),
        "{presets:?}"
    );
    drop(view);
    session.sign_out().await.expect("a sign-out");
    for operation in ["preset_save", "preset_call"] {
        let bodies = place.bodies(operation).await;
        let refused = bodies.iter().find(|body| body["result"] == "refused");
        assert!(
            refused.is_some_and(|body| body["parameters"]["why"].is_string()),
            "{bodies:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_prv_1_motion_that_nobody_here_ordered_is_noticed_and_opens_the_cover() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let dome = first(&session, CameraKind::Dome, true);
    let view = session.view(&dome, StreamRole::Sub).await.expect("a view");
    until("the dome known closely", 30, || {
        known(&view).is_some_and(|(_, pan)| pan < 1.0)
    })
    .await;
    push(&place, &dome, serde_json::json!({"pan": 1.0, "ms": 2_500})).await;
    // Not before a status betrays it, and then widely: as far as it may have gone.
    let pushed = Instant::now();
    until("the motion noticed", 3, || {
        known(&view).is_none_or(|(_, pan)| pan > 10.0)
    })
    .await;
    println!("noticed after {:?}", pushed.elapsed());
    assert!(
        pushed.elapsed() < Duration::from_millis(2_500),
        "noticed only when it was over"
    );
    until("the dome known closely again", 30, || {
        pushed.elapsed() > Duration::from_millis(2_500) && known(&view).is_some_and(|(_, pan)| pan < 1.0)
    })
    .await;
}
