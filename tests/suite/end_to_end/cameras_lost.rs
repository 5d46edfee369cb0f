//! Every camera goes at once while a dome is held in motion: the end of the move is in the log all the same (R-AUD-1).
//!
//! Deliberately absent: one camera that goes and comes back (`reconnect`), a server that goes.

use super::first;
use super::place::{until, until_answered};
use crate::town::Town;
use std::time::Instant;
use vedetta::domain::camera::{CameraKind, StreamRole};
use vedetta::domain::privacy::PoseKnowledge;
use vedetta::domain::ptz::steering::PictureVelocity;
use vedetta::station::ViewState;

#[tokio::test(flavor = "multi_thread")]
async fn r_aud_1_a_dome_that_is_lost_while_it_turns_has_the_end_of_its_move_recorded_as_failed() {
    let mut place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let dome = first(&session, CameraKind::Dome, true);
    let view = session.view(&dome, StreamRole::Sub).await.expect("a view");
    until("the dome's pose", 20, || {
        matches!(view.pose(Instant::now()), PoseKnowledge::Within(_))
    })
    .await;
    let pan = async || place.truth(&dome).await["pose"]["pan_deg"].as_f64().expect("a pose");
    let before = pan().await;
    let gesture = session.drive_ptz(&dome).await.expect("the dome is free");
    until_answered("the dome turning", 20, async || {
        let right = PictureVelocity::of_keys([1.0, 0.0, 0.0]);
        gesture.velocity(right).await.expect("within limits");
        (pan().await - before).abs() > 2.0
    })
    .await;
    place.sim.kill();
    let ended = gesture.end().await;
    assert!(ended.is_err(), "nobody knows that it stands");
    until("the trouble on the tile", 30, || {
        matches!(&*view.state().borrow(), ViewState::Retrying { .. })
    })
    .await;
    until_answered("the failed end in the log", 60, async || {
        let ends = place.bodies("ptz_end").await;
        ends.iter().any(|body| body["result"] == "failed")
    })
    .await;
    // The workstation goes on: whoever is there leaves, and the log holds.
    drop(view);
    session.sign_out().await.expect("a sign-out");
    let ends = place.bodies("ptz_end").await;
    assert_eq!(ends.len(), 1, "one end of one move: {ends:?}");
    assert_eq!(ends[0]["camera"], serde_json::json!(dome));
    let (good, said) = place.verify();
    assert!(good, "{said}");
}
