//! Whole programs together: simulator, audit server and the workstation without its screen.
//!
//! Deliberately absent: the window; the tour of `packaging/demo.sh` has it.

mod camera_accounts;
mod cameras_lost;
mod copies;
mod mirrored;
mod notches;
mod one_account;
mod others;
mod personal_users;
pub mod place;
mod reconnect;
mod recordings;
mod revoked;
mod steering;
mod told;
mod two_desks;

use crate::town::Town;
use place::{Place, until};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use vedetta::domain::camera::{CameraKind, StreamRole};
use vedetta::domain::people::clearance::Extent;
use vedetta::domain::people::{Purpose, Rule};
use vedetta::domain::privacy::{Cover, PoseKnowledge};
use vedetta::domain::ptz::steering::PictureVelocity;
use vedetta::domain::refusal::RefusalKind;
use vedetta::sim::reserved_hue;
use vedetta::station::{ExportProgress, ExportReason, LiveView, Refusal, Session, TroubleKind, ViewState};

fn first(session: &Session, kind: CameraKind, masked: bool) -> vedetta::domain::camera::CameraId {
    let plan = session.plan();
    let found = plan
        .cameras
        .iter()
        .find(|camera| camera.kind == kind && camera.masks.is_empty() != masked);
    found
        .unwrap_or_else(|| panic!("no {kind:?} camera with masks: {masked}"))
        .id
        .clone()
}

fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_millis() as i64
}

fn leaked_in_png(path: &std::path::Path) -> usize {
    let file = std::io::BufReader::new(std::fs::File::open(path).expect("the snapshot"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("a picture");
    let step = info.color_type.samples();
    pixels
        .chunks_exact(step)
        .filter(|pixel| reserved_hue::is_reserved([pixel[0], pixel[1], pixel[2]]))
        .count()
}

/// The dome turns while the key is held and stops after.
async fn turns_while_the_key_is_held(session: &Session, dome: &LiveView) {
    let pan = |now| match dome.pose(now) {
        PoseKnowledge::Within(pose) => Some((pose.pan.lo + pose.pan.hi) / 2.0),
        PoseKnowledge::Unknown(_) => None,
    };
    let before = pan(Instant::now()).expect("a pose");
    let gesture = session.drive_ptz(&dome.camera().id).await.expect("the dome is free");
    let held = Instant::now();
    let mut repeat = tokio::time::interval(Duration::from_millis(200));
    while held.elapsed() < Duration::from_secs(2) {
        repeat.tick().await;
        gesture
            .velocity(PictureVelocity::of_keys([2.5, 0.0, 0.0]))
            .await
            .expect("within limits");
    }
    gesture.end().await.expect("it stops");
    until("the new pose", 10, || {
        pan(Instant::now()).is_some_and(|pan| (pan - before).abs() > 5.0)
    })
    .await;
}

/// Zooming in ends at the ceiling, with its name.
async fn zooms_no_further_than_the_ceiling(session: &Session, dome: &LiveView) {
    let gesture = session.drive_ptz(&dome.camera().id).await.expect("the dome is free");
    let mut repeat = tokio::time::interval(Duration::from_millis(200));
    let mut refused = None;
    for _ in 0..40 {
        if let Err(refusal) = gesture.zoom_by(1.5).await {
            refused = Some(refusal);
            break;
        }
        repeat.tick().await;
    }
    gesture.end().await.expect("it stops");
    assert!(matches!(refused, Some(Refusal::ZoomCeiling { .. })), "{refused:?}");
}

/// A copy and a playback of a camera without masks: the original (what a masked one gives is in `copies`).
async fn exports_and_plays(place: &Place, session: &Session) {
    let open_camera = first(session, CameraKind::Fixed, false);
    let (progress, _) = watch::channel(ExportProgress::default());
    let reason = ExportReason {
        purpose: Purpose::UrbanSecurity,
        reason: "prova".into(),
        protocol_no: "1/2026".into(),
    };
    let to = now_ms() - 5_000;
    let extent = Extent {
        cameras: [open_camera.clone()].into(),
        from_ms: to - 60_000,
        to_ms: to,
        export: true,
    };
    place.clear(session, extent).await;
    let exported = session
        .export(&open_camera, to - 10_000, to, reason, progress)
        .await
        .expect("an export");
    assert!(exported.frames >= 100 && exported.obscured.is_none(), "{exported:?}");
    is_proven(place, &exported.path).await;

    let playback = session.play(&open_camera, to - 20_000, to).await.expect("a playback");
    until("played frames", 20, || playback.slot().count() > 10).await;
}

/// Waits for the proof beside a file, and lets the program verify both as whoever was given them does.
async fn is_proven(place: &Place, file: &Path) {
    let proof = PathBuf::from(format!("{}.tlog-proof", file.display()));
    until("the proof beside a file", 20, || proof.exists()).await;
    let (good, said) = place.verify_copy(&proof, file);
    assert!(good, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r_aud_1_an_officers_hour_is_recorded_and_verifies() {
    let place = Town::of(5, 1).simulated();
    let station = place.station().await;
    let wrong = station
        .sign_in(
            "operatore".into(),
            "sbagliata".to_owned().into(),
            Purpose::UrbanSecurity,
        )
        .await;
    assert_eq!(wrong.err(), Some(RefusalKind::WrongCredentials.into()));
    let session = place.sign_in(&station, "operatore").await;

    // Live: a fixed camera and a dome.
    let fixed = session
        .view(&first(&session, CameraKind::Fixed, true), StreamRole::Sub)
        .await
        .expect("a fixed view");
    let dome = session
        .view(&first(&session, CameraKind::Dome, true), StreamRole::Sub)
        .await
        .expect("a dome view");
    until("frames of both", 20, || {
        fixed.slot().count() > 10 && dome.slot().count() > 10
    })
    .await;
    assert_eq!(*fixed.state().borrow(), ViewState::Live);
    assert!(matches!(&*fixed.cover(Instant::now()), Cover::Parts(parts) if !parts.is_empty()));
    until("the dome's pose", 10, || {
        matches!(dome.pose(Instant::now()), PoseKnowledge::Within(_))
    })
    .await;
    turns_while_the_key_is_held(&session, &dome).await;
    zooms_no_further_than_the_ceiling(&session, &dome).await;

    // Snapshot: what it shows has nothing of the private windows.
    let snapshot = session.snapshot(&fixed).await.expect("a snapshot");
    assert_eq!(leaked_in_png(&snapshot), 0);
    is_proven(&place, &snapshot).await;
    exports_and_plays(&place, &session).await;

    drop((fixed, dome));
    let delivery = session.sign_out().await.expect("a sign-out");
    assert!(delivery.written > 12, "{delivery:?}");
    assert_eq!(
        (delivery.durable, delivery.included, delivery.verified),
        (delivery.written, delivery.written, delivery.written)
    );
    let (good, said) = place.verify();
    assert!(good, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preset_moves_right_after_a_gesture_and_stop_stops_it() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let camera = first(&session, CameraKind::Dome, true);
    let dome = session.view(&camera, StreamRole::Sub).await.expect("a dome view");
    // Angle of the picture, once the dome stands: where it moves, far more angles are possible.
    let hfov = || match dome.pose(Instant::now()) {
        PoseKnowledge::Within(pose) if pose.hfov.half_width() < 0.05 * pose.hfov.middle() => Some(pose.hfov.middle()),
        PoseKnowledge::Within(_) | PoseKnowledge::Unknown(_) => None,
    };
    until("the dome's pose", 20, || hfov().is_some()).await;
    let wide = hfov().expect("a pose");
    let zoom_by = async |factor| {
        let gesture = session.drive_ptz(&camera).await.expect("the dome is free");
        gesture.zoom_by(factor).await.expect("within the ceiling");
        gesture.end().await.expect("it arrives");
    };
    zoom_by(2.5).await;
    session.save_preset(&camera, "vicino").await.expect("a preset");
    until("the narrow pose", 10, || hfov().is_some_and(|at| at < wide * 0.8)).await;
    let narrow = hfov().expect("a pose");
    zoom_by(0.1).await;
    let presets = session.presets(&camera).await.expect("presets");
    let preset = presets
        .iter()
        .find(|preset| preset.name == "vicino")
        .expect("the one just saved");

    // Let go of the key and called at once: the end of the gesture must not stop the dome on its way.
    let gesture = session.drive_ptz(&camera).await.expect("the dome is free");
    gesture
        .velocity(PictureVelocity::of_keys([1.0, 0.0, 0.0]))
        .await
        .expect("within limits");
    drop(gesture);
    session
        .call_preset(&camera, &preset.token)
        .await
        .expect("within limits");
    until("the preset reached", 20, || {
        hfov().is_some_and(|at| (at - narrow).abs() < 0.2)
    })
    .await;

    // A Stop by hand, with no gesture before it, ends the way to a preset.
    zoom_by(0.1).await;
    until("the wide pose", 10, || hfov().is_some_and(|at| at > wide * 0.9)).await;
    session
        .call_preset(&camera, &preset.token)
        .await
        .expect("within limits");
    let gesture = session.drive_ptz(&camera).await.expect("the dome is free");
    gesture
        .velocity(PictureVelocity::of_keys([0.0, 0.0, 0.0]))
        .await
        .expect("a Stop");
    gesture.end().await.expect("it stops");
    until("the dome standing", 10, || hfov().is_some()).await;
    let at = hfov().expect("a pose");
    assert!(at > narrow + 1.0, "stood only at {at}°, the preset is at {narrow}°");
}

#[tokio::test(flavor = "multi_thread")]
async fn r_mnt_1_the_maintainer_gets_figures_and_no_image() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "manutentore").await;
    let camera = session.plan().cameras[0].id.clone();
    let view = session.view(&camera, StreamRole::Sub).await;
    assert_eq!(
        view.err(),
        Some(Refusal::Kind(RefusalKind::Rule(Rule::MaintainerSeesNoImage)))
    );
    let facts = session.diagnose(&camera).await.expect("figures");
    assert!(
        facts.reachable && !facts.model.is_empty() && !facts.streams.is_empty(),
        "{facts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_fails_says_why_and_comes_back() {
    let place = Town::of(2, 0).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let camera = session.plan().cameras[0].id.clone();
    let view = session.view(&camera, StreamRole::Sub).await.expect("a view");
    until("frames", 20, || view.slot().count() > 5).await;
    place.fault(&camera, serde_json::json!({"reboot": 4})).await;
    until("the trouble", 20, || {
        matches!(&*view.state().borrow(), ViewState::Retrying { .. })
    })
    .await;
    let seen = view.slot().count();
    until("frames again", 40, || view.slot().count() > seen + 5).await;

    place
        .fault(
            &camera,
            serde_json::json!({"credentials": "refuse", "drop_stream": true}),
        )
        .await;
    until("a wrong password", 40, || {
        matches!(&*view.state().borrow(), ViewState::Retrying { trouble, .. } if trouble.kind == TroubleKind::WrongPassword)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_server_live_goes_on_and_evidence_waits() {
    let mut place = Town::of(2, 0).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let camera = session.plan().cameras[0].id.clone();
    let view = session.view(&camera, StreamRole::Sub).await.expect("a view");
    until("frames", 20, || view.slot().count() > 5).await;
    place.server.kill();
    until("the banner", 20, || {
        matches!(
            session.health().borrow().server,
            vedetta::station::ServerState::Away { .. }
        )
    })
    .await;
    let seen = view.slot().count();
    until("frames go on", 10, || view.slot().count() > seen + 10).await;
    let to = now_ms() - 5_000;
    assert_eq!(
        session.play(&camera, to - 10_000, to).await.err(),
        Some(Refusal::ServerAway)
    );
    // R-ACC-1: an outage does not keep an officer out of a workstation that locked itself.
    let wrong = session.unlock("un'altra parola".into()).await;
    assert_eq!(wrong, Err(Refusal::WrongPassword));
    let right = session.unlock(place.password("operatore")).await;
    assert_eq!(right, Ok(()));
}
