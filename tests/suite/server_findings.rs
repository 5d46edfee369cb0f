//! What a running server says is wrong with it: to whom, recorded, with each fault planted, and the command that its clock names typed.
//!
//! Deliberately absent: the command `doctor` (`server_holds`), the screen (`gui::screen::server_findings`).

use crate::attacks::{admin, database};
use crate::event_fixture;
use crate::town::Town;
use crate::town_hall::{Station, TownHall};
use secrecy::SecretString;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};
use vedetta::domain::audit::event::{Body, Operation, Outcome};
use vedetta::domain::doctor::Finding;
use vedetta::domain::people::Rule;
use vedetta::protocol::{LogPage, RefusalKind};

async fn looked(console: &Station, token: &SecretString) -> Result<Vec<Finding>, RefusalKind> {
    console.get(console.url("/v1/doctor"), token).await
}

/// What has to be done.
fn wrong(mut found: Vec<Finding>) -> Vec<Finding> {
    found.retain(Finding::is_wrong);
    found
}

/// Bodies of the log that have these words, as the administrator reads them.
async fn entries_with(console: &Station, token: &SecretString, words: &str) -> usize {
    let page: LogPage = console.get(console.log_url("entries?limit=500"), token).await.unwrap();
    let bodies = page.entries.iter().filter_map(|entry| entry.body.as_ref());
    bodies.filter(|body| body.contains(words)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_3_the_administrator_alone_reads_how_the_server_is_and_it_is_recorded_either_way() {
    let hall = Town::new().open().await;
    let sala = hall.station("sala-operativa");
    for user in ["comandante", "operatore"] {
        let token = sala.sign_in(user, &hall.password(user)).await.unwrap().token;
        let refused = looked(&sala, &token).await;
        assert_eq!(refused.unwrap_err(), RefusalKind::Rule(Rule::NoGrant), "{user}");
        sala.delete("/v1/sessions/current", &token).await;
    }
    let (console, token) = admin(&hall).await;
    assert_eq!(entries_with(&console, &token, "\"office\":\"KeepStations\"").await, 2);
    assert_eq!(entries_with(&console, &token, "\"read\":\"server\"").await, 0);
    let found = looked(&console, &token).await.unwrap();
    assert!(wrong(found.clone()).is_empty(), "{found:?}");
    for known in [Finding::OneSupervisor, Finding::NoWitness { log: log_of(&hall) }] {
        assert!(found.contains(&known), "{known:?}: {found:?}");
    }
    assert_eq!(entries_with(&console, &token, "\"read\":\"server\"").await, 1);
}

fn log_of(hall: &TownHall) -> String {
    crate::town_hall::log_vkey(hall).name().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_that_is_planted_is_found_by_the_running_server_and_no_other() {
    let hall = Town::new().open().await;
    let (console, token) = admin(&hall).await;
    let keys = hall.data().join("keys");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o755)).unwrap();
    let station = || "manutenzione".parse().unwrap();
    let until = "UPDATE station SET certificate_until_ms = 1 WHERE station = 'manutenzione'";
    let quarantine = "UPDATE station SET quarantined = 1 WHERE station = 'manutenzione'";
    for plant in [until, quarantine] {
        database(&hall, plant).await;
    }
    let mut found = wrong(looked(&console, &token).await.unwrap());
    found.sort_by_key(|finding| finding.message().key());
    assert_eq!(
        found,
        [
            Finding::Certificate { station: station() },
            Finding::KeysOpen {
                path: keys.display().to_string()
            },
            Finding::Quarantined { station: station() },
        ]
    );
    std::fs::rename(&keys, hall.data().join("altrove")).unwrap();
    let found = wrong(looked(&console, &token).await.unwrap());
    assert!(found.contains(&Finding::FolderUnread), "{found:?}");
    assert!(
        found.contains(&Finding::Quarantined { station: station() }),
        "what cannot be looked at hides nothing else: {found:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_acc_1_what_events_name_that_is_not_so_is_found_by_the_running_server_and_by_the_command_and_no_other_is() {
    let mut hall = Town::new().open().await;
    let (console, token) = admin(&hall).await;
    let (mut sala, mut other) = (hall.station("sala-operativa"), hall.station("manutenzione"));
    let now = jiff::Timestamp::now();
    let named = [
        sala.event_of("rossi", "cam-01", now),
        sala.event_of("neri", "cam-01", now),
    ];
    sala.submit(&named).await.unwrap();
    // Whoever writes what looks like the server's own mark accuses nobody.
    let forged = Body {
        operation: Operation::StationRefused,
        result: Outcome::Done,
        ..event_fixture::body(&other.id)
    };
    let forged = serde_json::to_string(&forged).unwrap().replace("chiara.neri", "");
    let forged = forged.replacen('{', "{\"parameters\":{\"at_station\":\"console\"},", 1);
    let known = event_fixture::body(&other.id);
    let forged = event_fixture::sealed_text(&mut other.chain, &known, forged);
    other.submit(std::slice::from_ref(&forged)).await.unwrap();
    let station = sala.id.clone();
    let found = wrong(looked(&console, &token).await.unwrap());
    assert_eq!(found, [Finding::InAnothersName { station, count: 2 }]);
    console.delete("/v1/sessions/current", &token).await;
    hall.stop().await;
    let output = hall.command(&["doctor", "--data", hall.data_text(), "--json"], None);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = said["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["wrong"] == true)
        .collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(names[0]["name"], "doctor-in-anothers-name");
    assert!(!output.status.success(), "an alarm is a status too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_clock_that_is_not_signed_names_the_command_and_typed_as_it_stands_it_cures() {
    let mut hall = Town::new().open().await;
    // The first signature of all follows none; at its end the server signs what it recorded.
    let (console, token) = admin(&hall).await;
    console.delete("/v1/sessions/current", &token).await;
    hall.stop().await;
    let state = hall.data().join("signer/borgo-vedetta.json");
    let mut last: serde_json::Value = serde_json::from_slice(&std::fs::read(&state).unwrap()).unwrap();
    let ahead = last["time_ms"].as_i64().unwrap() + 86_400_000;
    last["time_ms"] = ahead.into();
    std::fs::write(&state, last.to_string()).unwrap();
    let said = hall.start_heard().await;
    let (console, token) = admin(&hall).await;
    let found = wrong(looked(&console, &token).await.unwrap());
    let [Finding::ClockBehind { log, command }] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(*log, log_of(&hall));
    let until = Instant::now() + Duration::from_secs(30);
    while !std::fs::read_to_string(&said).unwrap().contains(command) {
        assert!(Instant::now() < until, "the log line names the same command: {command}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let typed = command.replace('…', "orologio-rimesso");
    let words: Vec<&str> = typed.split(' ').collect();
    assert_eq!(words[0], "vedetta-audit");
    let done = hall.command(&words[1..], None);
    assert!(done.status.success(), "{done:?}");
    while !wrong(looked(&console, &token).await.unwrap()).is_empty() {
        assert!(Instant::now() < until, "signed again in time");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    hall.stop().await;
    assert!(hall.verify().0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_witness_that_is_silent_for_hours_is_found_by_the_command_and_by_the_running_server() {
    use vedetta::domain::audit::cosignature::{CosignatureKind, Cosigner};
    let witness = Cosigner::new("vicino", CosignatureKind::MlDsa44, &[5; 32]).unwrap();
    let (vkey, nobody) = (witness.verifier(), "http://127.0.0.1:9");
    let settings = format!("[[witness]]\nurl = \"{nobody}\"\nvkey = \"{vkey}\"\n");
    let mut hall = Town::new().settings(&settings).open().await;
    let mut sala = hall.station("sala-operativa");
    let event = sala.events(1);
    sala.submit(&event).await.unwrap();
    sala.checkpoint_of(&crate::town_hall::log_vkey(&hall), 1).await;
    let (console, token) = admin(&hall).await;
    let found = looked(&console, &token).await.unwrap();
    assert!(
        found
            .iter()
            .any(|found| matches!(found, Finding::Unwitnessed { .. }) && !found.is_wrong()),
        "not at once: {found:?}"
    );
    hall.stop().await;
    hall.tamper("UPDATE leaf SET received_ms = received_ms - 7300000").await;
    let output = hall.command(&["doctor", "--data", hall.data_text(), "--json"], None);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("\"doctor-witness-silent\""), "{said}");
    assert!(!output.status.success(), "somebody has to look at the witness");
    hall.start().await;
    let (console, token) = admin(&hall).await;
    let found = wrong(looked(&console, &token).await.unwrap());
    assert!(
        matches!(found[..], [Finding::WitnessSilent { hours: 2, .. }]),
        "{found:?}"
    );
}
