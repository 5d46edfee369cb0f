//! What a camera with masks gives out: an obscured copy, searched whole for the hue of private windows, and the words of the
//! log about it (R-PRV-1, R-EXP-3).
//!
//! Deliberately absent: what the copy looks like without its cover (`covered_copies`), the screen.

use super::place::until;
use super::{first, now_ms};
use crate::town::Town;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use vedetta::domain::camera::{CameraId, CameraKind, StreamRole};
use vedetta::domain::people::Purpose;
use vedetta::domain::privacy::PoseKnowledge;
use vedetta::sim::film;
use vedetta::station::{ExportProgress, ExportReason, Exported, Refusal, Session};

async fn export(session: &Session, camera: &CameraId, from_ms: i64, to_ms: i64) -> Result<Exported, Refusal> {
    let (progress, _) = watch::channel(ExportProgress::default());
    let reason = ExportReason {
        purpose: Purpose::JudicialPoliceInitiative,
        reason: "danneggiamento".into(),
        protocol_no: "9/2026".into(),
    };
    session.export(camera, from_ms, to_ms, reason, progress).await
}

/// Turns the dome past two masked houses, and stands before each.
async fn look_around(session: &Session, dome: &CameraId) {
    let view = session.view(dome, StreamRole::Sub).await.expect("a view");
    let presets = session.presets(dome).await.expect("presets");
    let houses: Vec<_> = presets
        .iter()
        .filter(|preset| preset.name.starts_with("Casa"))
        .collect();
    assert!(houses.len() >= 2, "{presets:?}");
    for house in houses.iter().take(2) {
        session.call_preset(dome, &house.token).await.expect("within limits");
        let called = Instant::now();
        until("the dome standing before a house", 20, || {
            let still = |pose: PoseKnowledge| pose.steady(1.0).is_some();
            called.elapsed() > Duration::from_secs(2) && still(view.pose(Instant::now()))
        })
        .await;
        let stood = Instant::now();
        until("a while", 5, || stood.elapsed() > Duration::from_secs(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_exp_3_a_masked_camera_gives_an_obscured_copy_that_says_so_everywhere() {
    let place = Town::of(3, 1).simulated();
    let station = place.station_named("console").await;
    let session = place.sign_in(&station, "comandante").await;
    let dome = first(&session, CameraKind::Dome, true);
    let fixed = first(&session, CameraKind::Fixed, true);
    let open = first(&session, CameraKind::Fixed, false);
    let from = now_ms();
    look_around(&session, &dome).await;
    let to = now_ms() - 300;
    for (camera, copy) in [(&dome, "obscured"), (&fixed, "obscured"), (&open, "original")] {
        let exported = export(&session, camera, from, to).await.expect("an export");
        assert_eq!(
            exported.obscured.is_some(),
            copy == "obscured",
            "{camera}: {exported:?}"
        );
        let name = exported.path.to_string_lossy().into_owned();
        assert_eq!(name.ends_with(".obscured.mp4"), copy == "obscured", "{name}");
        let path = exported.path.clone();
        let found = tokio::task::spawn_blocking(move || film::search(&path))
            .await
            .expect("a search");
        let found = found.expect("a film");
        assert_eq!(found.frames_searched, exported.frames, "{camera}");
        println!("{camera}: {copy}, {exported:?}, {found:?}");
        assert_eq!(found.leaked_pixels, 0, "{camera}");
        let shown = exported.obscured.map_or(0, |copy| exported.frames - copy.whole);
        assert!(
            copy == "original" || shown > 50,
            "{camera}: only {shown} frames show anything"
        );
    }

    // A recorder that kept no positions: all would be covered, and nothing is made.
    place.fault(&dome, serde_json::json!({"status": "no_position"})).await;
    let files = || {
        std::fs::read_dir(place.path("at-console/evidence"))
            .expect("the folder")
            .count()
    };
    let (before, version) = (files(), session.plan().version);
    let refused = export(&session, &dome, from, to).await.err();
    assert_eq!((refused, files()), (Some(Refusal::NoPoseRecorded), before));
    session.sign_out().await.expect("a sign-out");

    let started = place.bodies("export_start").await;
    let ended = place.bodies("export_end").await;
    for (camera, copy) in [(&dome, "obscured"), (&fixed, "obscured"), (&open, "original")] {
        let of = |bodies: &[serde_json::Value]| {
            let found = bodies.iter().find(|body| body["camera"] == camera.as_str());
            found.expect("an event").clone()
        };
        for body in [of(&started), of(&ended)] {
            let said = &body["parameters"];
            assert_eq!(
                (&said["copy"], &said["re_encoded"], &said["plan_version"]),
                (&copy.into(), &(copy == "obscured").into(), &version.into()),
                "{body}"
            );
        }
        let partly = of(&ended)["parameters"]["covered_partly"].as_u64();
        assert_eq!(
            partly.is_some_and(|frames| frames > 0),
            copy == "obscured",
            "{camera}: {partly:?}"
        );
    }
}
