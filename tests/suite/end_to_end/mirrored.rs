//! Domes whose picture is mirrored or turned: by a click in the device's own web page, where the plan says nothing of it, and at
//! calibration, where the plan says so (R-PRV-1).
//!
//! Deliberately absent: what is compared (`domain::site::orientation`), where its masks fall (`benches/leak.sh --make specchio`).

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

#[tokio::test(flavor = "multi_thread")]
async fn r_prv_1_a_picture_that_was_turned_when_it_was_calibrated_is_shown_and_covered_when_somebody_turns_it_back() {
    let place = Town::of(1, 2)
        .makes(&["cam-02=specchio", "cam-03=capovolto"])
        .simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let plan = session.plan();
    let domes = plan.cameras.iter().filter(|camera| camera.kind == CameraKind::Dome);
    let domes: Vec<_> = domes
        .map(|camera| (camera.id.clone(), camera.orientation.clone()))
        .collect();
    assert_eq!(domes.len(), 2);
    for (dome, planned) in domes {
        assert!(planned.is_some_and(|planned| planned.turns_commands()), "{dome}");
        let view = session.view(&dome, StreamRole::Sub).await.expect("a view");
        let cover = || view.cover(Instant::now());
        until("its picture", 30, || matches!(*cover(), Cover::Parts(_))).await;
        if dome.as_str() == "cam-03" {
            place.fault(&dome, json!({"says_mirrored": true})).await;
            until("the cover", 60, || {
                *cover() == Cover::Whole(WholeReason::OrientationChanged)
            })
            .await;
        }
    }
}
