//! Notches of zoom on a simulated dome under its ceiling (R-PTZ-2).
//!
//! Deliberately absent: held keys, presets (`others`).

use super::first;
use super::place::until;
use crate::town::Town;
use std::time::Instant;
use vedetta::domain::camera::{CameraKind, StreamRole};
use vedetta::station::Refusal;

#[tokio::test(flavor = "multi_thread")]
async fn r_ptz_2_a_notch_of_zoom_stops_at_the_ceiling_and_only_the_next_is_refused() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let dome = first(&session, CameraKind::Dome, true);
    let view = session.view(&dome, StreamRole::Sub).await.expect("a view");
    let plan = session.plan();
    let camera = plan.camera(&dome).expect("planned");
    let (lens, ceiling) = (camera.lens.as_ref().expect("a lens"), camera.limits.zoom_ceiling);
    let ceiling = ceiling.expect("a ceiling");
    let magnification = || {
        let standing = view.pose(Instant::now()).steady(1.0);
        standing.map(|pose| lens.magnification(pose.hfov_deg))
    };
    until("the dome's pose", 20, || magnification().is_some()).await;

    let gesture = session.drive_ptz(&dome).await.expect("the dome is free");
    gesture.zoom_by(0.1).await.expect("outwards");
    gesture.zoom_by(ceiling / 1.1).await.expect("below the ceiling");
    gesture
        .zoom_by(1.25)
        .await
        .expect("a notch that would pass the ceiling goes to it");
    let refused = gesture.zoom_by(1.25).await.err();
    assert!(
        matches!(refused, Some(Refusal::ZoomCeiling { ceiling: named }) if named == ceiling),
        "{refused:?}"
    );
    gesture.end().await.expect("it arrives");
    until("the dome at its ceiling", 20, || {
        magnification().is_some_and(|at| (at / ceiling - 1.0).abs() < 0.02)
    })
    .await;
    let truth = place.truth(&dome).await;
    let at = lens.magnification(truth["pose"]["hfov_deg"].as_f64().expect("a pose"));
    assert!(at > ceiling * 0.99 && at < ceiling * 1.001, "{at} under {ceiling}");

    // By what the dome itself says, too.
    let gesture = session.drive_ptz(&dome).await.expect("the dome is free");
    let refused = gesture.zoom_by(1.25).await.err();
    assert!(matches!(refused, Some(Refusal::ZoomCeiling { .. })), "{refused:?}");
    gesture.zoom_by(0.8).await.expect("outwards");
    gesture.end().await.expect("it arrives");
    drop(view);
    session.sign_out().await.expect("a sign-out");
    let started = place.bodies("ptz_start").await;
    let refused = started.iter().filter(|body| body["result"] == "refused");
    assert_eq!(refused.count(), 2, "{started:?}");
}
