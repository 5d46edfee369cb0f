//! Clocks that are wrong, certificates that ran out, a signer without its memory.
//!
//! Deliberately absent: setting the machine's clock; the signer's own memory is moved instead.

use crate::town::Town;
use crate::town_hall::{Station, TownHall, becomes, client, command, log_vkey};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair};
use reqwest::StatusCode;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use vedetta::domain::audit::leaf::{Leaf, leaf_hash};
use vedetta::domain::doctor::Finding;
use vedetta::protocol::{LogPage, RefusalKind};

const YEAR_MS: i64 = 365 * 86_400_000;

#[tokio::test]
async fn r_aud_2_clocks_wrong_by_years_change_no_order_and_lose_nothing() {
    let mut hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    // A year back, ten years ahead, and the hour that October has twice and March lacks.
    let times = [
        "2026-11-22T14:00:00Z",
        "2025-11-22T14:00:01Z",
        "2036-11-22T14:00:02Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
        "2026-03-29T00:59:59Z",
        "2026-03-29T01:00:00Z",
        "2026-11-22T14:00:03Z",
    ];
    let events: Vec<_> = times
        .iter()
        .map(|time| sala.event_of("rossi", "cam-01", time.parse().unwrap()))
        .collect();
    for event in &events {
        sala.submit(std::slice::from_ref(event)).await.unwrap();
    }
    // Nothing is signed by these clocks; one that is right lets the signer sign all of it.
    let right = sala.events(1);
    sala.submit(&right).await.unwrap();
    sala.checkpoint_of(&log_vkey(&hall), times.len() as u64 + 1).await;
    let console = hall.station("console");
    let grant = console
        .sign_in("amministratore", &hall.password("amministratore"))
        .await
        .unwrap();
    let page: LogPage = console.get(console.log_url("entries"), &grant.token).await.unwrap();
    // Between them stands the server's mark that the person has no session.
    let of_the_server = |leaf: &str| Leaf::parse(leaf).unwrap().station.as_str() == "server";
    let mut entries = page.entries;
    entries.retain(|entry| !of_the_server(&entry.leaf));
    let order: Vec<_> = entries.iter().map(|entry| entry.leaf.clone()).collect();
    assert_eq!(
        order,
        events
            .iter()
            .chain(&right)
            .map(|event| event.leaf.clone())
            .collect::<Vec<_>>(),
        "the order they came in"
    );
    // The skew shows: when the server took each in stands beside what the station's clock said.
    let now = jiff::Timestamp::now().as_millisecond();
    for entry in &entries {
        assert!((entry.received_ms - now).abs() < 600_000);
    }
    let ahead = Leaf::parse(&entries[2].leaf).unwrap().time.as_millisecond();
    assert!(ahead - entries[2].received_ms > 9 * YEAR_MS);
    let url = console.log_url("search?person=rossi&from=2036-01-01T00:00:00Z&to=2037-01-01T00:00:00Z");
    let found: LogPage = console.get(url, &grant.token).await.unwrap();
    assert_eq!(found.entries.len(), 1, "found under the time it claimed");
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
}

/// As if the last signature had been made by so much later, ms. The server is stopped.
fn last_signed_by(hall: &TownHall, later_ms: i64) {
    let path = hall.data().join("signer/borgo-vedetta.json");
    let kept = std::fs::read_to_string(&path).unwrap();
    let mut state: Value = serde_json::from_str(&kept).unwrap();
    let time = state["time_ms"].as_i64().unwrap();
    state["time_ms"] = (time + later_ms).into();
    std::fs::write(&path, state.to_string()).unwrap();
}

/// Waits until the signer has tried twice more, by its lines in the log; how often it was refused by then.
async fn tried_again(said: &Path) -> usize {
    let refused = || {
        let text = std::fs::read_to_string(said).unwrap();
        text.matches("no workstation's clock agrees").count()
            + text.matches("from that of the nearest workstation").count()
    };
    let (before, until) = (refused(), Instant::now() + Duration::from_secs(20));
    while refused() < before + 2 {
        assert!(Instant::now() < until, "the signer does not try");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    refused()
}

/// An event of the control room whose clock is so far from the right time, handed over.
async fn event_off_by(sala: &mut Station, days: i64) {
    let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    let event = sala.event_of("rossi", "cam-01", time);
    sala.submit(std::slice::from_ref(&event)).await.unwrap();
}

#[tokio::test]
async fn r_aud_2_a_server_clock_far_after_the_last_signature_signs_once_a_workstation_agrees() {
    let mut hall = Town::new().open().await;
    let key = log_vkey(&hall);
    let mut sala = hall.station("sala-operativa");
    let events = sala.events(5);
    sala.submit(&events).await.unwrap();
    let before = sala.checkpoint_of(&key, 5).await;
    hall.stop().await;
    // A quiet night is six hours.
    last_signed_by(&hall, -7 * 3_600_000);
    let said = hall.start_heard().await;
    let mut again = hall.station("sala-operativa");
    again.chain = sala.chain.clone();
    event_off_by(&mut again, -100).await;
    becomes(&again, StatusCode::SERVICE_UNAVAILABLE).await;
    event_off_by(&mut again, 100).await;
    assert!(tried_again(&said).await > 0);
    assert_eq!(again.checkpoint_of(&key, 5).await, before, "nothing new is signed");
    let (console, token) = crate::attacks::admin(&hall).await;
    let found: Vec<Finding> = console.get(console.url("/v1/doctor"), &token).await.unwrap();
    assert!(
        found
            .iter()
            .any(|found| matches!(found, Finding::ClockAhead { log, .. } if log == key.name())),
        "{found:?}"
    );
    let right = again.events(1);
    again.submit(&right).await.unwrap();
    becomes(&again, StatusCode::OK).await;
    // Two that are off, the sign-in, the reading, the right one.
    again.checkpoint_of(&key, 10).await;
    hall.stop().await;
    assert!(hall.verify().0);
}

#[tokio::test]
async fn r_aud_2_the_first_signature_of_a_log_waits_for_a_workstation_that_agrees() {
    let mut hall = Town::new().prepared();
    let said = hall.start_heard().await;
    let key = log_vkey(&hall);
    let mut sala = hall.station("sala-operativa");
    event_off_by(&mut sala, 100).await;
    becomes(&sala, StatusCode::SERVICE_UNAVAILABLE).await;
    event_off_by(&mut sala, -100).await;
    assert!(tried_again(&said).await > 0);
    assert_eq!(sala.checkpoint_of(&key, 0).await.size, 0);
    let right = sala.events(1);
    sala.submit(&right).await.unwrap();
    becomes(&sala, StatusCode::OK).await;
    sala.checkpoint_of(&key, 3).await;
    hall.stop().await;
    assert!(hall.verify().0);
}

#[tokio::test]
async fn r_aud_2_a_server_clock_that_ran_back_signs_nothing_and_loses_nothing() {
    let mut hall = Town::new().open().await;
    let key = log_vkey(&hall);
    let mut sala = hall.station("sala-operativa");
    let events = sala.events(5);
    sala.submit(&events).await.unwrap();
    let before = sala.checkpoint_of(&key, 5).await;
    hall.stop().await;
    // The clock was ahead and was put right.
    last_signed_by(&hall, YEAR_MS);
    hall.start().await;
    let mut again = hall.station("sala-operativa");
    again.chain = sala.chain.clone();
    let more = again.events(3);
    again.submit(&more).await.unwrap();
    becomes(&again, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(again.checkpoint_of(&key, 5).await, before, "nothing new is signed");
    // One recorded command beside the running server, and it signs again.
    let arguments = [
        "log",
        "accept-time",
        "--data",
        hall.data_text(),
        "--reason",
        "orologio rimesso",
    ];
    let accepted = hall.command(&arguments, None);
    assert!(accepted.status.success(), "{accepted:?}");
    hall.station("console").checkpoint_of(&key, 9).await;
    let exported = hall.export();
    let recorded = std::fs::read_dir(&exported.dir).unwrap().flatten().any(|file| {
        let text = std::fs::read_to_string(file.path()).unwrap_or_default();
        text.contains("log_time") && text.contains("orologio rimesso")
    });
    assert!(recorded, "who reads the log finds the order");
    hall.stop().await;
    assert!(hall.verify().0);
}

#[tokio::test]
async fn r_aud_2_a_leap_second_is_refused_as_another_spelling_and_the_right_one_enters() {
    let mut hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    let time = "2016-12-31T23:59:59.500Z";
    let event = sala.event_of("rossi", "cam-01", time.parse().unwrap());
    assert!(event.leaf.contains(time), "{}", event.leaf);
    for odd in [
        "2016-12-31T23:59:60.000Z",
        "2016-12-31T23:59:60.500Z",
        "2016-12-31T23:59:61.000Z",
    ] {
        let mut leap = event.clone();
        leap.leaf = leap.leaf.replace(time, odd);
        leap.leaf_hash = leaf_hash(leap.leaf.as_bytes());
        let refused = sala.submit(&[leap]).await.unwrap_err();
        assert_eq!(refused, (StatusCode::BAD_REQUEST, RefusalKind::Malformed), "{odd}");
    }
    let next = sala.event_of("rossi", "cam-01", "2017-01-01T00:00:00Z".parse().unwrap());
    // Nothing is signed by clocks of another year: the last is right.
    let right = sala.events(1).remove(0);
    sala.submit(&[event, next, right]).await.unwrap();
    // The server's own two: an event had no place, and nobody is signed in as the person.
    sala.checkpoint_of(&log_vkey(&hall), 5).await;
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    assert_eq!(report["logs"][0]["size"], 5, "each once");
}

#[tokio::test]
async fn r_aud_2_a_server_clock_far_ahead_of_everybody_signs_only_when_a_workstation_agrees_or_on_order() {
    for on_order in [false, true] {
        let mut hall = Town::new().open().await;
        let key = log_vkey(&hall);
        let mut sala = hall.station("sala-operativa");
        let events = sala.events(5);
        sala.submit(&events).await.unwrap();
        let before = sala.checkpoint_of(&key, 5).await;
        hall.stop().await;
        // As if the last signature had been made a year ago, and the clock had jumped since.
        last_signed_by(&hall, -YEAR_MS);
        hall.start().await;
        let mut again = hall.station("sala-operativa");
        again.chain = sala.chain.clone();
        let a_year_ago = jiff::Timestamp::from_millisecond(jiff::Timestamp::now().as_millisecond() - YEAR_MS);
        let old = again.event_of("rossi", "cam-01", a_year_ago.unwrap());
        again.submit(&[old]).await.unwrap();
        becomes(&again, StatusCode::SERVICE_UNAVAILABLE).await;
        assert_eq!(again.checkpoint_of(&key, 5).await, before, "nothing new is signed");
        if on_order {
            let words = [
                "log",
                "accept-time",
                "--data",
                hall.data_text(),
                "--reason",
                "orologio giusto",
            ];
            let accepted = hall.command(&words, None);
            assert!(accepted.status.success(), "{accepted:?}");
        } else {
            let agreeing = again.events(1);
            again.submit(&agreeing).await.unwrap();
        }
        again.checkpoint_of(&key, 7).await;
        becomes(&again, StatusCode::OK).await;
        hall.stop().await;
        let (ok, report) = hall.verify();
        assert!(ok, "{report}");
    }
}

#[tokio::test]
async fn r_aud_2_a_signer_without_its_memory_never_begins_anew_in_silence() {
    let mut hall = Town::new().open().await;
    hall.stop().await;
    std::fs::remove_file(hall.data().join("signer/borgo-vedetta.json")).unwrap();
    let output = command(&["serve", "--data", hall.data_text()], None);
    assert!(!output.status.success());
    assert!(
        !hall.data().join("signer/borgo-vedetta.json").exists(),
        "nothing was made up"
    );
}

#[tokio::test]
async fn r_acc_6_a_certificate_that_ran_out_does_not_get_past_the_handshake() {
    let hall = Town::new().open().await;
    let ca_key = KeyPair::from_pem(&std::fs::read_to_string(hall.data().join("keys/ca.key")).unwrap()).unwrap();
    let mut authority = CertificateParams::default();
    authority.distinguished_name = rcgen::DistinguishedName::new();
    authority.distinguished_name.push(DnType::CommonName, "Vedetta CA");
    let dir = hall.dir.path().join("scaduta");
    std::fs::create_dir_all(&dir).unwrap();
    let issue = |year: i32| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["sala-operativa.station.vedetta".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let ca_key = KeyPair::from_pem(&ca_key.serialize_pem()).unwrap();
        let signed = params.signed_by(&key, &Issuer::new(authority.clone(), ca_key)).unwrap();
        std::fs::write(dir.join("cert.pem"), signed.pem()).unwrap();
        std::fs::write(dir.join("key.pem"), key.serialize_pem()).unwrap();
        client(Some(&dir), &hall.data())
    };
    let url = format!("{}/healthz", hall.base);
    assert!(
        issue(2090).get(&url).send().await.is_ok(),
        "the same authority, still valid"
    );
    assert!(issue(2021).get(&url).send().await.is_err(), "ran out");
}
