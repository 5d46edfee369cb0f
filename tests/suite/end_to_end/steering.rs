//! Taps and boxes on a simulated dome: how far it turns is what the hand asked for, whatever its delays (R-PTZ-1).
//!
//! Deliberately absent: how long anything takes (`benches/steering.sh`), notches (`notches`).

use super::first;
use super::place::{Place, until};
use crate::town::Town;
use serde_json::json;
use std::time::{Duration, Instant};
use vedetta::domain::camera::{CameraId, CameraKind, StreamRole};
use vedetta::domain::ptz::steering::PictureVelocity;
use vedetta::station::{LiveView, Session};

/// Pan, tilt and field of view of the dome in truth, degrees.
async fn truth(place: &Place, dome: &CameraId) -> [f64; 3] {
    let pose = place.truth(dome).await["pose"].clone();
    ["pan_deg", "tilt_deg", "hfov_deg"].map(|name| pose[name].as_f64().expect("a pose"))
}

/// What a tap of a fifth of a second to the right moved the dome, widths of the picture.
async fn tapped(place: &Place, session: &Session, view: &LiveView, dome: &CameraId, pressed: bool) -> f64 {
    until("the dome standing", 20, || {
        view.pose(Instant::now()).steady(0.6).is_some()
    })
    .await;
    let right = PictureVelocity::of_keys([1.0, 0.0, 0.0]);
    let [before, tilt, hfov] = truth(place, dome).await;
    let gesture = session.drive_ptz(dome).await.expect("the dome is free");
    if pressed {
        gesture.velocity(right).await.expect("within limits");
    }
    let held = Duration::from_millis(200);
    gesture.tap(right, held).await.expect("within limits");
    gesture.end().await.expect("it arrives");
    until("the dome standing", 20, || {
        view.pose(Instant::now()).steady(0.6).is_some()
    })
    .await;
    let [after, ..] = truth(place, dome).await;
    let turned = (after - before).to_radians() * tilt.to_radians().cos();
    turned.tan() / (2.0 * (hfov.to_radians() / 2.0).tan())
}

#[tokio::test(flavor = "multi_thread")]
async fn r_ptz_1_a_tap_turns_a_dome_by_a_tenth_of_the_picture_whatever_its_delays_and_its_zoom() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let dome = first(&session, CameraKind::Dome, true);
    let view = session.view(&dome, StreamRole::Sub).await.expect("a view");
    until("the dome's pose", 30, || {
        view.pose(Instant::now()).steady(0.6).is_some()
    })
    .await;
    for jitter_ms in [0, 300] {
        place.fault(&dome, json!({ "move_jitter_ms": jitter_ms })).await;
        for pressed in [false, true, true] {
            let moved = tapped(&place, &session, &view, &dome, pressed).await;
            assert!(
                (0.08..=0.12).contains(&moved),
                "{moved} at {jitter_ms} ms, pressed: {pressed}"
            );
        }
        let gesture = session.drive_ptz(&dome).await.expect("the dome is free");
        gesture
            .box_zoom([[0.25, 0.25], [0.75, 0.75]])
            .await
            .expect("below the ceiling");
        gesture.end().await.expect("it arrives");
    }
    let [.., hfov] = truth(&place, &dome).await;
    let plan = session.plan();
    let lens = plan
        .camera(&dome)
        .and_then(|camera| camera.lens.clone())
        .expect("a lens");
    let zoom = lens.magnification(hfov);
    assert!((zoom - 4.0).abs() < 0.1, "two boxes of half the picture make {zoom}×");
    session
        .call_home(&dome)
        .await
        .expect_err("a ceiling needs to know where home is");
}
