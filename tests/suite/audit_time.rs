//! Clocks that are wrong, certificates that ran out, a signer without its memory.
//!
//! Deliberately absent: setting the machine's clock; the signer's own memory is moved instead.

use crate::town::Town;
use crate::town_hall::{client, command, log_vkey};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair};
use serde_json::Value;
use std::time::{Duration, Instant};
use vedetta::domain::audit::leaf::Leaf;
use vedetta::protocol::LogPage;

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
    let console = hall.station("console");
    let grant = console
        .sign_in("amministratore", &hall.password("amministratore"))
        .await
        .unwrap();
    let page: LogPage = console.get(console.log_url("entries"), &grant.token).await.unwrap();
    let order: Vec<_> = page
        .entries
        .iter()
        .take(times.len())
        .map(|entry| entry.leaf.clone())
        .collect();
    assert_eq!(
        order,
        events.iter().map(|event| event.leaf.clone()).collect::<Vec<_>>(),
        "the order they came in"
    );
    // The skew shows: when the server took each in stands beside what the station's clock said.
    let now = jiff::Timestamp::now().as_millisecond();
    for entry in &page.entries[..times.len()] {
        assert!((entry.received_ms - now).abs() < 600_000);
    }
    let ahead = Leaf::parse(&page.entries[2].leaf).unwrap().time.as_millisecond();
    assert!(ahead - page.entries[2].received_ms > 9 * YEAR_MS);
    let url = console.log_url("search?person=rossi&from=2036-01-01T00:00:00Z&to=2037-01-01T00:00:00Z");
    let found: LogPage = console.get(url, &grant.token).await.unwrap();
    assert_eq!(found.entries.len(), 1, "found under the time it claimed");
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
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
    // As if the last signature had been made a year from now: the clock was ahead and was put right.
    let path = hall.data().join("signer/borgo-vedetta.json");
    let kept = std::fs::read_to_string(&path).unwrap();
    let mut state: Value = serde_json::from_str(&kept).unwrap();
    let time = state["time_ms"].as_i64().unwrap();
    state["time_ms"] = (time + YEAR_MS).into();
    std::fs::write(&path, state.to_string()).unwrap();
    hall.start().await;
    let mut again = hall.station("sala-operativa");
    again.chain = sala.chain.clone();
    let more = again.events(3);
    again.submit(&more).await.unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while again
        .client
        .get(again.url("/readyz"))
        .send()
        .await
        .unwrap()
        .status()
        .is_success()
    {
        assert!(Instant::now() < until, "it seems ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
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
