//! Recordings under a clearance (R-REC-1, R-EXP-5): refused without, seen within, and nothing beyond or after its withdrawal; a
//! picture of one is a copy.
//!
//! Deliberately absent: the screens.

use super::place::{Place, reason, until};
use super::{first, now_ms};
use crate::town::Town;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use vedetta::domain::camera::{CameraId, CameraKind, StreamRole};
use vedetta::domain::people::Purpose;
use vedetta::domain::people::clearance::{ClearanceError, ClearanceStatus, Extent, Verdict, Wish, Withdrawal};
use vedetta::domain::refusal::RefusalKind;
use vedetta::station::{ExportProgress, ExportReason, Refusal, Session};

async fn export(session: &Session, camera: &CameraId, from_ms: i64, to_ms: i64) -> Result<(), Refusal> {
    let (progress, _) = watch::channel(ExportProgress::default());
    let reason = ExportReason {
        purpose: Purpose::UrbanSecurity,
        reason: "prova".into(),
        protocol_no: "1/2026".into(),
    };
    session.export(camera, from_ms, to_ms, reason, progress).await.map(drop)
}

/// Asked for by the operator and refused by the commander, whose answer comes back.
async fn refused_by_the_commander(place: &Place, operator: &Session, extent: Extent) {
    let wish = Wish {
        controller: operator.plan().cameras[0].controller.clone(),
        extent,
        purpose: Purpose::JudicialPoliceInitiative,
        reason: reason("danneggiamento"),
        protocol_no: "7/2026".into(),
    };
    operator.request_clearance(wish).await.expect("a request");
    let console = place.station_named("console").await;
    let commander = place.sign_in(&console, "comandante").await;
    let mut waiting = commander.clearances();
    let id = waiting.wait_for(|all| !all.is_empty()).await.expect("told")[0].id;
    let refuse = Verdict::Refuse {
        reason: reason("manca la denuncia"),
    };
    commander.answer_clearance(id, refuse).await.expect("an answer");
    until("the refusal", 20, || {
        let told = operator.clearances();
        let told = told.borrow();
        told.iter()
            .any(|state| state.clearance.standing(now_ms()) == ClearanceStatus::Refused)
    })
    .await;
    commander.sign_out().await.expect("a sign-out");
}

#[tokio::test(flavor = "multi_thread")]
async fn r_rec_1_an_operator_sees_recordings_under_a_clearance_and_nothing_beyond() {
    let place = Town::of(2, 0).simulated();
    let station = place.station().await;
    let operator = place.sign_in(&station, "operatore").await;
    let camera = first(&operator, CameraKind::Fixed, false);
    let to = now_ms() - 5_000;
    let not_cleared = Refusal::Kind(RefusalKind::Clearance(ClearanceError::NotCleared));
    let view = operator.view(&camera, StreamRole::Sub).await.expect("a view");
    until("frames", 20, || view.slot().count() > 2).await;
    drop(view);
    assert_eq!(
        operator.play(&camera, to - 10_000, to).await.err(),
        Some(not_cleared.clone())
    );
    assert_eq!(
        export(&operator, &camera, to - 10_000, to).await,
        Err(not_cleared.clone())
    );

    let extent = Extent {
        cameras: [camera.clone()].into(),
        from_ms: to - 30_000,
        to_ms: to,
        export: true,
    };
    refused_by_the_commander(&place, &operator, extent.clone()).await;
    assert_eq!(
        export(&operator, &camera, to - 10_000, to).await,
        Err(not_cleared.clone())
    );

    // Asked again and approved.
    place.clear(&operator, extent).await;
    let playback = operator
        .play(&camera, to - 20_000, to + 60_000)
        .await
        .expect("a playback");
    until("played frames", 20, || playback.slot().count() > 10).await;
    drop(playback);
    export(&operator, &camera, to - 10_000, to).await.expect("an export");
    assert_eq!(export(&operator, &camera, to - 40_000, to).await, Err(not_cleared));
    operator.sign_out().await.expect("a sign-out");

    let steps: Vec<String> = place
        .bodies("clearance")
        .await
        .iter()
        .filter_map(|body| Some(body["parameters"]["step"].as_str()?.to_owned()))
        .collect();
    assert_eq!(steps, ["requested", "refused", "requested", "approved"]);
    let opened = place.bodies("playback_open").await;
    let under = opened
        .iter()
        .find(|body| body["result"] == "intent")
        .expect("an intent");
    assert_eq!(
        (
            &under["purpose"],
            &under["protocol_no"],
            &under["parameters"]["clearance"]
        ),
        (&"judicial_police_initiative".into(), &"7/2026".into(), &2.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r_exp_5_a_picture_of_a_recording_is_a_copy_and_takes_a_clearance_that_lets_copies_be_taken() {
    let place = Town::of(2, 0).simulated();
    let station = place.station().await;
    let operator = place.sign_in(&station, "operatore").await;
    let camera = first(&operator, CameraKind::Fixed, false);
    let to = now_ms() - 5_000;
    let mut extent = Extent {
        cameras: [camera.clone()].into(),
        from_ms: to - 30_000,
        to_ms: to,
        export: false,
    };
    place.clear(&operator, extent.clone()).await;
    let playback = operator.play(&camera, to - 20_000, to).await.expect("a playback");
    until("played frames", 20, || playback.slot().count() > 10).await;
    let refused = operator.snapshot_of_recording(&playback).await;
    let not_cleared = Refusal::Kind(RefusalKind::Clearance(ClearanceError::NotCleared));
    assert_eq!(refused, Err(not_cleared), "to be seen only");

    extent.export = true;
    place.clear(&operator, extent).await;
    let path = operator.snapshot_of_recording(&playback).await.expect("a picture");
    let png = std::fs::read(path).expect("a file");
    assert!(png.starts_with(b"\x89PNG"));
    drop(playback);
    operator.sign_out().await.expect("a sign-out");

    let taken = place.bodies("snapshot").await;
    let result_of = |result: &str| taken.iter().find(|body| body["result"] == result).expect("an entry");
    let done = result_of("done");
    assert_eq!(done["parameters"]["sha256"], hex::encode(Sha256::digest(&png)));
    assert_eq!(result_of("intent")["protocol_no"], "7/2026");
}

/// The commander ends the one clearance in force.
async fn withdrawn_by(commander: &Session) {
    let mut known = commander.clearances();
    let in_force = |all: &Vec<vedetta::station::ClearanceState>| {
        let mut found = all.iter();
        let found = found.find(|state| state.clearance.standing(now_ms()) == ClearanceStatus::InForce);
        found.map(|state| state.id)
    };
    let told = known.wait_for(|all| in_force(all).is_some()).await.expect("told");
    let id = in_force(&told).expect("one in force");
    drop(told);
    let reason = reason("denuncia ritirata");
    let withdrawal = Withdrawal { reason };
    commander
        .withdraw_clearance(id, withdrawal)
        .await
        .expect("a withdrawal");
}

#[tokio::test(flavor = "multi_thread")]
async fn r_rec_1_a_withdrawn_clearance_ends_the_open_playback_and_the_open_export_and_leaves_no_file() {
    let place = Town::of(2, 0).simulated();
    let station = place.station().await;
    let operator = place.sign_in(&station, "operatore").await;
    let camera = first(&operator, CameraKind::Fixed, false);
    let to = now_ms() - 5_000;
    let from = to - 3_600_000;
    let extent = Extent {
        cameras: [camera.clone()].into(),
        from_ms: from,
        to_ms: to,
        export: true,
    };
    place.clear(&operator, extent).await;
    let console = place.station_named("console").await;
    let commander = place.sign_in(&console, "comandante").await;
    let playback = operator.play(&camera, from, to).await.expect("a playback");
    until("played frames", 20, || playback.slot().count() > 10).await;
    // An hour of recording takes longer than its withdrawal.
    let (progress, mut told) = watch::channel(ExportProgress::default());
    let reason = ExportReason {
        purpose: Purpose::UrbanSecurity,
        reason: "prova".into(),
        protocol_no: "1/2026".into(),
    };
    let copy = operator.export(&camera, from, to, reason, progress);
    let withdrawal = async {
        told.wait_for(|now| now.bytes > 0).await.expect("bytes are written");
        withdrawn_by(&commander).await;
    };
    let (copy, ()) = tokio::join!(copy, withdrawal);
    let ended = Refusal::Kind(RefusalKind::Clearance(ClearanceError::Ended));
    assert_eq!(copy.err(), Some(ended.clone()));
    let mut state = playback.state();
    until("the end", 20, || state.borrow_and_update().ended).await;
    let seen = state.borrow().clone();
    assert_eq!(seen.ended_by, Some(ended));
    assert!(playback.slot().latest().is_none(), "a picture stayed on the screen");
    let again = operator.play(&camera, from, to).await.err();
    let not_cleared = Refusal::Kind(RefusalKind::Clearance(ClearanceError::NotCleared));
    assert_eq!(again, Some(not_cleared));
    let evidence = place.path("at-sala-operativa/evidence");
    until("the file to go", 20, || {
        std::fs::read_dir(&evidence).map_or(true, |found| found.count() == 0)
    })
    .await;
    commander.sign_out().await.expect("a sign-out");
    operator.sign_out().await.expect("a sign-out");
    let steps: Vec<_> = place.bodies("clearance").await;
    let last = steps.last().expect("a step");
    assert_eq!(last["parameters"]["step"], "withdrawn");
    assert_eq!(last["parameters"]["withdrawn_because"], "denuncia ritirata");
    assert_eq!(last["person"], "comandante");
    let closed = place.bodies("playback_close").await;
    assert_eq!(
        closed[0]["parameters"]["why"],
        "not cleared: the clearance ended or was withdrawn"
    );
    let copies = place.bodies("export_start").await;
    assert!(copies.iter().any(|body| body["result"] == "refused"), "{copies:?}");
}
