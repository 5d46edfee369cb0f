//! The log checked from outside: a verifier in Python that has only exported files and public keys, and a witness.
//!
//! Deliberately absent: Vedetta's own code on the verifying side.

use crate::town_hall::{Export, PLAIN, Running, TownHall, run};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use vedetta::domain::audit::checkpoint::{self, Checkpoint};
use vedetta::domain::audit::cosignature::WitnessKey;
use vedetta::domain::audit::hash::Hash;
use vedetta::domain::audit::note::{SignerKey, VerifierKey};
use vedetta::domain::audit::witness::Ask;

/// Runs a Python program of `tests/outside` with the packages that `packaging/outside-clients.sh` installed.
fn python(program: &str, export: &Export, witnesses: &[&str]) -> Output {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let python = target.join("outside/log/bin/python3");
    assert!(
        python.exists(),
        "{} is missing: run packaging/outside-clients.sh",
        python.display()
    );
    let mut command = Command::new(python);
    command.arg("-B").arg(format!("tests/outside/{program}"));
    command
        .arg(&export.dir)
        .arg(&export.key)
        .args(witnesses)
        .output()
        .unwrap()
}

fn figures(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn witness(hall: &TownHall, logs: &[String]) -> Running {
    let dir = hall.dir.path().join("testimone");
    let mut arguments = vec![
        "witness",
        "--data",
        dir.to_str().unwrap(),
        "--name",
        "carabinieri/testimone",
    ];
    for log in logs {
        arguments.extend(["--log", log]);
    }
    run(PLAIN, &arguments, None).await
}

/// Tells the server whom to ask; it is read at the next start.
fn name_witness(hall: &TownHall, witness: &Running) {
    let text = format!(
        "[[witness]]\nurl = \"{}\"\nvkey = \"{}\"\n",
        witness.base,
        witness.said["vkey"].as_str().unwrap()
    );
    std::fs::write(hall.data().join("server.toml"), text).unwrap();
}

fn witnessed(hall: &TownHall, log: &str) -> Option<Checkpoint> {
    let note = std::fs::read_to_string(hall.data().join("signer/borgo-vedetta.witnessed")).ok()?;
    checkpoint::verify(&note, &log.parse::<VerifierKey>().unwrap()).ok()
}

async fn until_witnessed(hall: &TownHall, log: &str, size: u64) -> Checkpoint {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match witnessed(hall, log) {
            Some(seen) if seen.size >= size => return seen,
            seen => assert!(Instant::now() < until, "not witnessed in time: {seen:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn metric(hall: &TownHall, name: &str) -> u64 {
    let station = hall.stranger();
    let page = station
        .client
        .get(station.url("/metrics"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let line = page.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("no {name} in {page}"))
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn r_exp_3_a_stranger_accepts_the_log_and_refuses_it_with_any_byte_changed() {
    let mut hall = TownHall::prepared();
    let key = hall.export().key;
    let witness = witness(&hall, std::slice::from_ref(&key)).await;
    name_witness(&hall, &witness);
    hall.start().await;
    for name in ["sala-operativa", "manutenzione"] {
        let mut station = hall.station(name);
        let events = station.events(3);
        station.submit(&events).await.unwrap();
    }
    until_witnessed(&hall, &key, 6).await;
    hall.stop().await;
    let vkey = witness.said["vkey"].as_str().unwrap();
    let export = hall.export();
    let figures = figures(&python("flip_log.py", &export, &[vkey]));
    println!("{figures}");
    assert_eq!((&figures["entries"], &figures["bodies"]), (&6.into(), &6.into()));
    assert!(figures["changes"].as_u64().unwrap() > 15_000, "{figures}");
    assert_eq!(figures["accepted"], serde_json::json!([]));
    let other = WitnessKey::to_string(
        &vedetta::domain::audit::cosignature::Cosigner::new("altro", &[1; 32])
            .unwrap()
            .verifier(),
    );
    assert!(
        !python("verify_log.py", &export, &[&other]).status.success(),
        "another witness"
    );
}

#[tokio::test]
async fn r_aud_2_a_log_of_several_tiles_is_accepted_and_the_verification_is_an_event_in_it() {
    let mut hall = TownHall::open().await;
    let mut station = hall.station("sala-operativa");
    for batch in station.events(600).chunks(200) {
        station.submit(batch).await.unwrap();
    }
    // Through the running server, and by itself when there is none.
    assert!(hall.verify().0);
    hall.stop().await;
    assert!(hall.verify().0);
    let export = hall.export();
    let found = figures(&python("verify_log.py", &export, &[]));
    assert_eq!((&found["entries"], &found["stations"]), (&602.into(), &2.into()));
    let bodies = std::fs::read_to_string(export.dir.join("bodies.jsonl")).unwrap();
    assert_eq!(bodies.matches("log_verify").count(), 2);
}

#[tokio::test]
async fn r_aud_2_the_witness_follows_keeps_its_memory_and_refuses_a_fork_with_proof() {
    let mut hall = TownHall::prepared();
    let key = hall.export().key;
    let logs = [key.clone()];
    let mut first = witness(&hall, &logs).await;
    name_witness(&hall, &first);
    hall.start().await;
    let mut station = hall.station("sala-operativa");
    let events = station.events(5);
    station.submit(&events).await.unwrap();
    let seen = until_witnessed(&hall, &key, 5).await;
    let vkey: WitnessKey = first.said["vkey"].as_str().unwrap().parse().unwrap();
    let note = std::fs::read_to_string(hall.data().join("signer/borgo-vedetta.witnessed")).unwrap();
    assert!(vkey.seen(&note).unwrap() > 1_700_000_000);
    assert_eq!(metric(&hall, "vedetta_log_unwitnessed_size").await, 0);

    // Away: nothing stops, and the span nobody else has seen is shown.
    first.child.kill().await.unwrap();
    let events = station.events(7);
    station.submit(&events).await.unwrap();
    station.checkpoint_of(&key.parse().unwrap(), 12).await;
    assert_eq!(metric(&hall, "vedetta_log_unwitnessed_size").await, 7);
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    assert_eq!(
        (&report["logs"][0]["size"], &report["logs"][0]["witnessed_size"]),
        (&12.into(), &5.into())
    );

    // Back with its memory: another history of the same log, signed with the log's own key, is refused and kept.
    let second = witness(&hall, &logs).await;
    let signer = log_signer(&hall);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let offer = async |size: u64, root: Hash, old: u64, proof: Vec<Hash>| {
        let forged = Checkpoint {
            origin: seen.origin.clone(),
            size,
            root,
        };
        let ask = Ask {
            old,
            proof,
            note: checkpoint::sign(&forged, &signer),
        };
        let request = client
            .post(format!("{}/add-checkpoint", second.base))
            .body(ask.encode());
        request.send().await.unwrap().status().as_u16()
    };
    let evidence = || {
        std::fs::read_dir(hall.dir.path().join("testimone/evidence"))
            .unwrap()
            .count()
    };
    assert_eq!(offer(5, Hash([7; 32]), 5, vec![]).await, 422, "two roots for one size");
    assert_eq!(
        offer(9, Hash([7; 32]), 5, vec![Hash([1; 32])]).await,
        422,
        "not a continuation"
    );
    assert_eq!(evidence(), 2);
    assert_eq!(offer(9, Hash([7; 32]), 3, vec![]).await, 409);
    let stranger = checkpoint::sign(&seen, &SignerKey::new(&seen.origin, &[9; 32]).unwrap());
    let ask = Ask {
        old: 5,
        proof: vec![],
        note: stranger,
    };
    let answer = client
        .post(format!("{}/add-checkpoint", second.base))
        .body(ask.encode())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 403);
    let answer = client
        .post(format!("{}/add-checkpoint", second.base))
        .body("x".repeat(200_000))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 413);

    // The true log goes on.
    name_witness(&hall, &second);
    hall.start().await;
    until_witnessed(&hall, &key, 13).await;
}

#[tokio::test]
async fn r_aud_2_a_witness_that_lost_its_memory_does_not_begin_anew() {
    let hall = TownHall::prepared();
    let key = hall.export().key;
    let mut first = witness(&hall, std::slice::from_ref(&key)).await;
    first.child.kill().await.unwrap();
    let seen = hall.dir.path().join("testimone/seen");
    for file in std::fs::read_dir(seen).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    let dir = hall.dir.path().join("testimone");
    let arguments = [
        "witness",
        "--data",
        dir.to_str().unwrap(),
        "--name",
        "carabinieri/testimone",
        "--log",
        &key,
    ];
    assert!(!hall.command(&arguments, None).status.success());
}

/// The log's own private key: what only a forger inside the town hall has.
fn log_signer(hall: &TownHall) -> SignerKey {
    use base64::Engine as _;
    let text = std::fs::read_to_string(hall.data().join("keys/log-borgo-vedetta.key")).unwrap();
    let parts: Vec<&str> = text.trim_end().splitn(5, '+').collect();
    let raw = base64::engine::general_purpose::STANDARD.decode(parts[4]).unwrap();
    SignerKey::new(parts[2], raw[1..].try_into().unwrap()).unwrap()
}
