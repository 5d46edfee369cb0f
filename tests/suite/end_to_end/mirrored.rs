//! A dome whose plan does not say how its picture lay, and that is mirrored by a click in its own web page (R-PRV-1).
//!
//! Deliberately absent: a plan that says it, and what is compared (`domain::site::orientation`).

use super::first;
use super::place::until;
use crate::town::Town;
use serde_json::json;
use std::time::Instant;
use vedetta::domain::camera::{CameraKind, StreamRole};
use vedetta::domain::privacy::{Cover, WholeReason};

#[tokio::test(flavor = "multi_thread")]
async fn r_prv_1_a_mirrored_picture_is_covered_whole_also_where_the_plan_says_nothing_of_it() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let dome = first(&session, CameraKind::Dome, true);
    let planned = session
        .plan()
        .camera(&dome)
        .and_then(|camera| camera.orientation.clone());
    assert_eq!(planned, None);
    let view = session.view(&dome, StreamRole::Sub).await.expect("a view");
    let cover = || view.cover(Instant::now());
    let shows = || matches!(*cover(), Cover::Parts(_));
    until("its picture", 30, shows).await;
    place.fault(&dome, json!({"says_mirrored": true})).await;
    until("the cover", 60, || {
        *cover() == Cover::Whole(WholeReason::OrientationChanged)
    })
    .await;
    place.fault(&dome, json!({"says_mirrored": false})).await;
    until("its picture again", 60, shows).await;
}
