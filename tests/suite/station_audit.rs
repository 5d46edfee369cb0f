//! The workstation against the real audit server: sign-in, the road, delivery, and what shows when something was taken.
//!
//! Deliberately absent: cameras that answer (nobody listens at the plan's addresses).

use crate::contractor::of_the_contractor;
use crate::town::Town;
use crate::town_hall::TownHall;
use secrecy::SecretString;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use vedetta::domain::camera::StreamRole;
use vedetta::domain::people::{Purpose, Rule};
use vedetta::domain::refusal::RefusalKind;
use vedetta::station::{
    AuditState, ExportProgress, ExportReason, Refusal, SecretsChoice, Session, SignInError, Station, StationConfig,
    StationError, TrackedPose, TroubleKind, ViewState,
};

fn config(hall: &TownHall, station: &str, data: &Path) -> StationConfig {
    StationConfig {
        enrolment: hall.data().join("stations").join(station),
        data: data.to_owned(),
        evidence: data.join("evidence"),
        secrets: SecretsChoice::ProtectedFile,
        pose_source: std::sync::Arc::new(TrackedPose),
    }
}

/// Opens a workstation; one that was dropped a moment ago may still hold its folder.
pub async fn open(hall: &TownHall, station: &str, data: &Path) -> Station {
    let opened = soon(async {
        loop {
            match Station::open(config(hall, station, data)).await {
                Err(StationError::Outbox { .. }) => tokio::task::yield_now().await,
                other => return other,
            }
        }
    });
    opened.await.unwrap()
}

pub async fn sign_in(hall: &TownHall, station: &Station, user: &str) -> Session {
    station
        .sign_in(user.to_owned(), hall.password(user), Purpose::UrbanSecurity)
        .await
        .unwrap()
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what)
        .await
        .expect("in time")
}

async fn refused_view(session: &Session) -> Option<Refusal> {
    session.view(&"cam-01".parse().unwrap(), StreamRole::Sub).await.err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_1_what_an_operator_did_is_in_the_log_when_they_sign_out() {
    let hall = Town::new().open().await;
    let data = tempfile::tempdir().unwrap();
    let station = open(&hall, "sala-operativa", data.path()).await;
    let session = sign_in(&hall, &station, "operatore").await;
    assert_eq!(session.plan().cameras.len(), 2);
    let view = session.view(&"cam-01".parse().unwrap(), StreamRole::Sub).await.unwrap();
    let mut state = view.state();
    let retrying = soon(state.wait_for(|state| matches!(state, ViewState::Retrying { .. })))
        .await
        .unwrap()
        .clone();
    assert!(matches!(retrying, ViewState::Retrying { trouble, .. } if trouble.kind == TroubleKind::Unreachable));
    let refused = session.diagnose(&"cam-01".parse().unwrap()).await;
    assert_eq!(refused.err(), Some(Refusal::Kind(RefusalKind::Rule(Rule::NoGrant))));
    drop(view);
    let delivery = soon(session.sign_out()).await.unwrap();
    // Sign-in; view: intent, failed, close; diagnosis refused; sign-out.
    assert_eq!(delivery.written, 6);
    assert_eq!((delivery.durable, delivery.included, delivery.verified), (6, 6, 6));
    let (valid, report) = hall.verify();
    assert!(valid, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_mnt_1_the_maintainer_is_given_figures_at_their_own_workstation() {
    let hall = Town::new().open().await;
    let data = tempfile::tempdir().unwrap();
    let station = open(&hall, "manutenzione", data.path()).await;
    let session = station
        .sign_in("manutentore".into(), hall.password("manutentore"), Purpose::Maintenance)
        .await
        .unwrap();
    assert_eq!(
        refused_view(&session).await,
        Some(Refusal::Kind(RefusalKind::Rule(Rule::MaintainerSeesNoImage)))
    );
    let diagnosis = session.diagnose(&"cam-02".parse().unwrap()).await.unwrap();
    assert!(!diagnosis.reachable);
    assert_eq!(diagnosis.trouble.unwrap().kind, TroubleKind::Unreachable);
    // A copy is refused, and what is recorded of it has not the purpose that was stated for it.
    let reason = ExportReason {
        purpose: Purpose::JudicialPoliceInitiative,
        reason: "danneggiamento".into(),
        protocol_no: "7/2026".into(),
    };
    let (progress, _) = watch::channel(ExportProgress::default());
    let to = jiff::Timestamp::now().as_millisecond();
    let camera = "cam-01".parse().unwrap();
    let copy = session.export(&camera, to - 60_000, to, reason, progress).await;
    assert!(matches!(copy.err(), Some(Refusal::Kind(RefusalKind::Rule(_)))));
    let delivery = soon(session.sign_out()).await.unwrap();
    assert_eq!(delivery.verified, delivery.written);
    let log = of_the_contractor(&hall).await;
    let copies: Vec<_> = log.iter().filter(|body| body["operation"] == "export_start").collect();
    assert!(!copies.is_empty(), "{log:#?}");
    for body in log {
        assert_eq!(body["purpose"], "maintenance", "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_acc_1_a_wrong_password_signs_nobody_in_and_is_an_event_once_there_is_a_log() {
    let hall = Town::new().open().await;
    let data = tempfile::tempdir().unwrap();
    let station = open(&hall, "sala-operativa", data.path()).await;
    let wrong = || station.sign_in("operatore".into(), "no".to_owned().into(), Purpose::Traffic);
    assert_eq!(wrong().await.err(), Some(RefusalKind::WrongCredentials.into()));
    let session = sign_in(&hall, &station, "operatore").await;
    let before = session.health().borrow().delivery.written;
    assert_eq!(wrong().await.err(), Some(RefusalKind::WrongCredentials.into()));
    let mut health = session.health();
    soon(health.wait_for(|health| health.delivery.written > before))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_events_of_a_dead_server_are_delivered_to_the_one_that_comes_back() {
    let mut hall = Town::new().open().await;
    let data = tempfile::tempdir().unwrap();
    let station = open(&hall, "sala-operativa", data.path()).await;
    let session = sign_in(&hall, &station, "operatore").await;
    let mut health = session.health();
    soon(health.wait_for(|health| health.audit == AuditState::Delivered))
        .await
        .unwrap();
    hall.crash().await;
    // Within the grace a view may be opened; its events wait. Nobody new signs in.
    let newcomer = station.sign_in("comandante".into(), hall.password("comandante"), Purpose::UrbanSecurity);
    assert!(matches!(newcomer.await.err(), Some(SignInError::ServerAway { .. })));
    drop(session.view(&"cam-01".parse().unwrap(), StreamRole::Sub).await.unwrap());
    let delivery = soon(session.sign_out()).await.unwrap();
    assert!(delivery.verified < delivery.written);
    drop(station);
    hall.start().await;
    let station = open(&hall, "sala-operativa", data.path()).await;
    let session = sign_in(&hall, &station, "comandante").await;
    let mut health = session.health();
    let fine = |health: &vedetta::station::Health| health.audit == AuditState::Delivered && health.delivery.written > 0;
    soon(health.wait_for(fine)).await.unwrap();
    let (valid, report) = hall.verify();
    assert!(valid, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_taking_the_outbox_away_shows_at_the_next_sign_in() {
    let hall = Town::new().open().await;
    let data = tempfile::tempdir().unwrap();
    let station = open(&hall, "sala-operativa", data.path()).await;
    soon(sign_in(&hall, &station, "operatore").await.sign_out())
        .await
        .unwrap();
    drop(station);
    let fresh = tempfile::tempdir().unwrap();
    let station = open(&hall, "sala-operativa", fresh.path()).await;
    let session = sign_in(&hall, &station, "operatore").await;
    let mut health = session.health();
    soon(health.wait_for(|health| matches!(health.audit, AuditState::Broken { .. })))
        .await
        .unwrap();
    let refused = session.drive_ptz(&"cam-02".parse().unwrap()).await.err();
    assert!(
        matches!(refused, Some(Refusal::LogNotTrusted { .. })),
        "only live view is left: {refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_acc_3_a_session_ended_by_the_server_ends_here_within_seconds() {
    let hall = Town::new().open().await;
    let data = tempfile::tempdir().unwrap();
    let station = open(&hall, "sala-operativa", data.path()).await;
    let session = sign_in(&hall, &station, "operatore").await;
    let view = session.view(&"cam-01".parse().unwrap(), StreamRole::Sub).await.unwrap();
    // The same person signs in again at the same workstation: the earlier session is over.
    let _second = sign_in(&hall, &station, "operatore").await;
    let mut state = view.state();
    soon(state.wait_for(|state| matches!(state, ViewState::Closed { .. })))
        .await
        .unwrap();
    assert_eq!(
        refused_view(&session).await,
        Some(Refusal::Kind(RefusalKind::SessionEnded))
    );
}

/// Loses what the signer remembered, and goes on under another name.
async fn new_origin(hall: &mut TownHall) -> serde_json::Value {
    std::fs::remove_file(hall.data().join("signer/borgo-vedetta.json")).unwrap();
    let arguments = ["log", "new-origin", "--data", hall.data_text(), "--reason"];
    let without = hall.command(&[&arguments[..], &[" "]].concat(), None);
    assert!(!without.status.success(), "not without a reason");
    let output = hall.command(&[&arguments[..], &["disco del firmatario guasto"]].concat(), None);
    assert!(output.status.success(), "{output:?}");
    hall.start().await;
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_workstation_follows_a_log_to_its_new_name_and_still_sees_a_rewritten_one() {
    let mut hall = Town::new().open().await;
    let data = tempfile::tempdir().unwrap();
    let station = open(&hall, "sala-operativa", data.path()).await;
    soon(sign_in(&hall, &station, "operatore").await.sign_out())
        .await
        .unwrap();
    drop(station);
    hall.stop().await;
    let (database, yesterday) = (hall.data().join("audit.db"), data.path().join("yesterday.db"));
    std::fs::copy(&database, &yesterday).unwrap();
    for number in [2, 3] {
        let begun = new_origin(&mut hall).await;
        let origin = format!("vedetta/020001/borgo-vedetta/{number}");
        assert_eq!(begun["origin"], origin.as_str());
        // What this workstation verified before is the beginning of what it verifies now.
        let station = open(&hall, "sala-operativa", data.path()).await;
        let delivery = soon(sign_in(&hall, &station, "operatore").await.sign_out())
            .await
            .unwrap();
        assert_eq!(delivery.verified, delivery.written);
        drop(station);
        hall.stop().await;
        let (valid, report) = hall.verify();
        assert!(valid, "{report}");
        assert_eq!(report["logs"][0]["origin"], origin.as_str());
    }
    // The same words over a database that lacks what this workstation saw verified: that is another history.
    std::fs::copy(&yesterday, &database).unwrap();
    for leftover in ["audit.db-wal", "audit.db-shm"] {
        let _ = std::fs::remove_file(hall.data().join(leftover));
    }
    new_origin(&mut hall).await;
    let station = open(&hall, "sala-operativa", data.path()).await;
    let session = sign_in(&hall, &station, "operatore").await;
    let mut health = session.health();
    soon(health.wait_for(|health| matches!(health.audit, AuditState::Broken { .. })))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_another_key_for_a_pinned_log_that_nobody_vouches_for_is_refused_and_marked() {
    let mut hall = Town::new().open().await;
    let data = tempfile::tempdir().unwrap();
    let station = open(&hall, "sala-operativa", data.path()).await;
    soon(sign_in(&hall, &station, "operatore").await.sign_out())
        .await
        .unwrap();
    hall.stop().await;
    new_origin(&mut hall).await;
    hall.stop().await;
    std::fs::remove_file(hall.data().join("signer/borgo-vedetta.successions")).unwrap();
    hall.start().await;
    drop(station);
    let station = open(&hall, "sala-operativa", data.path()).await;
    let password = hall.password("operatore");
    let refused = station
        .sign_in("operatore".into(), password, Purpose::UrbanSecurity)
        .await;
    assert!(matches!(refused.err(), Some(SignInError::NotRecorded { .. })));
    let kept = std::fs::read_dir(data.path().join("logs")).unwrap();
    let evidence = kept.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("evidence-borgo-vedetta-")
    });
    assert_eq!(evidence.count(), 1, "what was offered is kept");
}

/// A copy of a folder with everything in it.
fn copied(from: &Path, to: &Path) {
    let mut copy = std::process::Command::new("cp");
    assert!(copy.arg("-a").args([from, to]).status().unwrap().success());
}

/// Puts the server's folder back as it was before the last session of this workstation, for good. Leaves the server stopped.
async fn lose_a_session(hall: &mut TownHall, data: &Path) {
    let copy = hall.dir.path().join("copia");
    for old in [true, false] {
        let station = open(hall, "sala-operativa", data).await;
        soon(sign_in(hall, &station, "operatore").await.sign_out())
            .await
            .unwrap();
        drop(station);
        hall.stop().await;
        if old {
            copied(&hall.data(), &copy);
            hall.start().await;
        }
    }
    std::fs::remove_dir_all(hall.data()).unwrap();
    copied(&copy, &hall.data());
}

/// The log goes on past what the control room's workstation saw, before it shows that.
async fn others_work(hall: &TownHall) {
    for _ in 0..8 {
        let (console, token) = crate::attacks::admin(hall).await;
        let left = console.delete("/v1/sessions/current", &token).await;
        assert!(left.is_success());
    }
    let grown = hall.station("console");
    grown.checkpoint_of(&crate::town_hall::log_vkey(hall), 16).await;
}

async fn refused_sign_in(hall: &TownHall, station: &Station, user: &str) -> SignInError {
    let asked = station.sign_in(user.to_owned(), hall.password(user), Purpose::UrbanSecurity);
    asked.await.err().unwrap()
}

/// Waits until the server serves nobody because a workstation showed what it forgot.
async fn stopped_by_a_workstation(hall: &TownHall) {
    let sala = hall.station("sala-operativa");
    soon(async {
        while !sala.text(sala.url("/readyz")).await.contains("put back from a copy") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_who_signs_in_at_a_server_that_was_put_back_reads_what_happened_and_what_to_do() {
    let mut hall = Town::new().open().await;
    let data = tempfile::tempdir().unwrap();
    lose_a_session(&mut hall, data.path()).await;
    hall.start().await;
    let station = open(&hall, "sala-operativa", data.path()).await;
    // The workstation shows what it verified before anybody is let in.
    let refused = refused_sign_in(&hall, &station, "operatore").await;
    stopped_by_a_workstation(&hall).await;
    assert_eq!(refused_sign_in(&hall, &station, "comandante").await, refused);
    let command = format!(
        "vedetta-audit log new-beginning --data {} --controller borgo-vedetta --first … --second … --reason …",
        hall.data_text()
    );
    let put_back = RefusalKind::PutBack {
        seen_by: "sala-operativa".parse().unwrap(),
        command: command.clone(),
    };
    assert_eq!(refused, put_back.into());
    let read = vedetta::gui::sentences::sign_in(&refused);
    assert!(read.contains("sala-operativa") && read.contains(&command), "{read}");
    assert!(read.contains("la copia più recente"), "{read}");
}

/// What `log new-beginning` says by the word of these two accounts.
fn new_beginning(hall: &TownHall, two: [(&str, &SecretString); 2]) -> std::process::Output {
    let [(first, password), (second, other)] = two;
    let arguments = [
        "log",
        "new-beginning",
        "--data",
        hall.data_text(),
        "--first",
        first,
        "--second",
        second,
        "--reason",
        "disco perso",
    ];
    let secrets = [("VEDETTA_PASSWORD", password), ("VEDETTA_SECOND_PASSWORD", other)];
    hall.command_of(&arguments, &secrets)
}

/// Second accounts named, and reasons, of new names that were refused, in the order of the log.
fn refused_names(hall: &TownHall) -> Vec<(String, String)> {
    let bodies = std::fs::read_to_string(hall.export().dir.join("bodies.jsonl")).unwrap();
    let bodies = bodies.lines().map(|line| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        serde_json::from_str::<serde_json::Value>(entry["body"].as_str().unwrap()).unwrap()
    });
    let refused = bodies.filter(|body| body["parameters"]["change"] == "log_origin" && body["result"] == "refused");
    let said = refused.map(|body| {
        let told = &body["parameters"];
        let named = told["and_by"].as_str().unwrap_or_default().to_owned();
        (named, told["why"].as_str().unwrap().to_owned())
    });
    said.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_lost_history_is_left_only_by_the_word_of_two_supervisors_and_everybody_is_told() {
    let mut hall = Town::new().open().await;
    let vice = crate::second_person::second_supervisor(&hall).await;
    let (first, data) = (hall.password("comandante"), tempfile::tempdir().unwrap());
    lose_a_session(&mut hall, data.path()).await;
    hall.start().await;
    others_work(&hall).await;
    let station = open(&hall, "sala-operativa", data.path()).await;
    refused_sign_in(&hall, &station, "operatore").await;
    stopped_by_a_workstation(&hall).await;
    drop(station);
    hall.stop().await;

    let plain = [
        "log",
        "new-origin",
        "--data",
        hall.data_text(),
        "--reason",
        "disco perso",
    ];
    assert!(!hall.command(&plain, None).status.success(), "an administrator alone");
    let operator = hall.password("operatore");
    for (name, other) in [("comandante", &first), ("operatore", &operator), ("vice", &first)] {
        let refused = new_beginning(&hall, [("comandante", &first), (name, other)]);
        assert!(!refused.status.success(), "{name}: {refused:?}");
    }
    let lately = new_beginning(&hall, [("comandante", &first), ("vice", &vice)]);
    assert!(!lately.status.success(), "one gave the other the password: {lately:?}");
    crate::attacks::database(&hall, "UPDATE credential_given SET at_ms = at_ms - 2592000000").await;
    let begun = new_beginning(&hall, [("comandante", &first), ("vice", &vice)]);
    assert!(begun.status.success(), "{begun:?}");
    hall.start().await;
    for _ in 0..2 {
        let station = open(&hall, "sala-operativa", data.path()).await;
        let session = sign_in(&hall, &station, "operatore").await;
        let mut health = session.health();
        let told = soon(health.wait_for(|health| !health.begun_anew.is_empty())).await;
        let told = told.unwrap().begun_anew.clone();
        let names = ["Comm. Andrea Villa".to_owned(), "Isp. Maria Serra".to_owned()];
        assert!(
            told.iter()
                .any(|(_, begun)| begun.accepted_by == names && begun.had > 0),
            "{told:?}"
        );
        let delivery = soon(session.sign_out()).await.unwrap();
        assert_eq!(
            delivery.verified, delivery.written,
            "the lost entries of this workstation were given again"
        );
    }
    let mut logs = std::fs::read_dir(data.path().join("logs")).unwrap().flatten();
    let evidence = logs
        .find(|entry| entry.file_name().to_string_lossy().starts_with("evidence-"))
        .unwrap();
    let note = std::fs::read_to_string(evidence.path().join("pinned.note")).unwrap();
    assert!(note.starts_with("vedetta/020001/borgo-vedetta\n"), "{note}");
    hall.stop().await;
    let said = std::fs::read_to_string(hall.data().join("signer/borgo-vedetta.successions")).unwrap();
    assert!(said.contains("Isp. Maria Serra") && said.contains("evidence"), "{said}");
    assert!(hall.verify().0);
    let one_person = "both accounts are of one person";
    let refused = [
        (
            "",
            "workstations saw signed what this server lost: two supervisors have to accept that",
        ),
        ("comandante", one_person),
        (
            "operatore",
            "operatore is no supervisor who looks after this controller",
        ),
        ("vice", "wrong_credentials"),
        ("vice", one_person),
    ];
    let refused = refused.map(|(named, why)| (named.to_owned(), why.to_owned()));
    assert_eq!(refused_names(&hall), refused, "every refusal is in the log");
}
