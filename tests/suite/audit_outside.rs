//! The log checked from outside: a verifier in Python that has only exported files and public keys, and a witness.
//!
//! Deliberately absent: Vedetta's own code on the verifying side.

use crate::town::Town;
use crate::town_hall::{Export, PLAIN, Running, TownHall, log_signer, log_vkey, run};
use serde_json::Value;
use sha2::Digest as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use vedetta::domain::audit::checkpoint::{self, Checkpoint};
use vedetta::domain::audit::cosignature::{CosignatureKind, WitnessKey};
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

/// A witness of these logs, beside the town hall.
pub async fn witness(hall: &TownHall, logs: &[String]) -> Running {
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
pub fn name_witness(hall: &TownHall, witness: &Running) {
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

/// The last checkpoint that was cosigned, once it is of this size.
pub async fn until_witnessed(hall: &TownHall, log: &str, size: u64) -> Checkpoint {
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
    let page = station.text(station.url("/metrics")).await;
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
    let mut hall = Town::new().prepared();
    let key = log_vkey(&hall).to_string();
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
    // The export itself is an event, and the last entry.
    assert_eq!((&figures["entries"], &figures["bodies"]), (&7.into(), &7.into()));
    assert!(figures["changes"].as_u64().unwrap() > 15_000, "{figures}");
    assert_eq!(figures["accepted"], serde_json::json!([]));
    let other = WitnessKey::to_string(
        &vedetta::domain::audit::cosignature::Cosigner::new("altro", CosignatureKind::MlDsa44, &[1; 32])
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
    let mut hall = Town::new().open().await;
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
    assert_eq!((&found["entries"], &found["stations"]), (&603.into(), &2.into()));
    let bodies = std::fs::read_to_string(export.dir.join("bodies.jsonl")).unwrap();
    assert_eq!(bodies.matches("log_verify").count(), 2);
    let last = bodies.lines().last().unwrap();
    assert!(last.contains("log_read") && last.contains("export"), "R-AUD-3: {last}");
}

/// What a monitor reads of a log at a witness.
async fn monitored(witness: &Running, origin: &str) -> Option<String> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let hash = hex::encode(sha2::Sha256::digest(origin));
    let answer = client
        .get(format!("{}/{hash}/checkpoint", witness.base))
        .send()
        .await
        .unwrap();
    if answer.status() == 404 {
        return None;
    }
    Some(answer.error_for_status().unwrap().text().await.unwrap())
}

/// What a witness answers to a checkpoint that is offered to it.
async fn offered(witness: &Running, ask: String) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("{}/add-checkpoint", witness.base)).body(ask);
    request.send().await.unwrap().status().as_u16()
}

/// Offers a witness that saw five entries other ones under the log's own key, and other nonsense.
async fn a_fork_is_refused_and_kept_as_proof(hall: &TownHall, witness: &Running, seen: &Checkpoint) {
    let signer = log_signer(hall);
    let offer = async |size: u64, root: Hash, old: u64, proof: Vec<Hash>| {
        let forged = Checkpoint {
            origin: seen.origin.clone(),
            size,
            root,
        };
        let note = checkpoint::sign(&forged, &signer);
        offered(witness, Ask { old, proof, note }.encode()).await
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
    let stranger = checkpoint::sign(seen, &SignerKey::new(&seen.origin, &[9; 32]).unwrap());
    let ask = Ask {
        old: 5,
        proof: vec![],
        note: stranger,
    };
    assert_eq!(offered(witness, ask.encode()).await, 403);
    assert_eq!(offered(witness, "x".repeat(200_000)).await, 413);
}

#[tokio::test]
async fn r_aud_2_the_witness_follows_keeps_its_memory_and_refuses_a_fork_with_proof() {
    let mut hall = Town::new().prepared();
    let key = log_vkey(&hall).to_string();
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
    assert_eq!(
        monitored(&first, &seen.origin).await,
        Some(note),
        "what a monitor reads"
    );
    assert_eq!(monitored(&first, "vedetta/020001/altrove").await, None);
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
    a_fork_is_refused_and_kept_as_proof(&hall, &second, &seen).await;

    // The true log goes on.
    name_witness(&hall, &second);
    hall.start().await;
    until_witnessed(&hall, &key, 13).await;
}

#[tokio::test]
async fn r_aud_2_a_witness_that_lost_its_memory_does_not_begin_anew() {
    let hall = Town::new().prepared();
    let key = log_vkey(&hall).to_string();
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

/// Forgets the signer's state, begins the log anew under another name, and starts the witness with both keys. The server runs
/// in the end; the new key is given back.
async fn under_a_new_name(hall: &mut TownHall, witnessing: &mut Running, first_key: &str) -> String {
    std::fs::remove_file(hall.data().join("signer/borgo-vedetta.json")).unwrap();
    let reason = "disco del firmatario guasto";
    let output = hall.command(
        &["log", "new-origin", "--data", hall.data_text(), "--reason", reason],
        None,
    );
    assert!(output.status.success(), "{output:?}");
    witnessing.child.kill().await.unwrap();
    let begun: Value = serde_json::from_slice(&output.stdout).unwrap();
    let key = begun["vkey"].as_str().unwrap().to_owned();
    *witnessing = witness(hall, &[first_key.to_owned(), key.clone()]).await;
    name_witness(hall, witnessing);
    hall.start().await;
    key
}

#[tokio::test]
async fn r_aud_2_a_witness_told_of_a_new_name_goes_on_from_what_it_saw_and_leaves_the_old_one() {
    let mut hall = Town::new().prepared();
    let first_key = log_vkey(&hall).to_string();
    let mut first = witness(&hall, std::slice::from_ref(&first_key)).await;
    name_witness(&hall, &first);
    hall.start().await;
    let mut station = hall.station("sala-operativa");
    let events = station.events(5);
    station.submit(&events).await.unwrap();
    until_witnessed(&hall, &first_key, 5).await;
    hall.stop().await;
    let (database, yesterday) = (hall.data().join("audit.db"), hall.dir.path().join("yesterday.db"));
    std::fs::copy(&database, &yesterday).unwrap();
    hall.start().await;
    station.base = hall.base.clone();
    let more = station.events(5);
    station.submit(&more).await.unwrap();
    until_witnessed(&hall, &first_key, 10).await;
    let old_signer = log_signer(&hall);

    // The signer's memory is lost: the log goes on under another name, and the Carabinieri are told its key.
    hall.stop().await;
    let second_key = under_a_new_name(&mut hall, &mut first, &first_key).await;
    let seen = until_witnessed(&hall, &second_key, 11).await;
    assert_eq!(seen.origin, "vedetta/020001/borgo-vedetta/2");
    // Under the name of before nothing is cosigned any more: two names would be two histories.
    let ask = Ask {
        old: 10,
        proof: vec![],
        note: checkpoint::sign(
            &Checkpoint {
                origin: old_signer.verifier().name().to_owned(),
                size: 12,
                root: Hash([7; 32]),
            },
            &old_signer,
        ),
    };
    assert_eq!(offered(&first, ask.encode()).await, 404);

    // A new name over another history: the database of yesterday, grown in another way beyond what was seen.
    hall.stop().await;
    std::fs::copy(&yesterday, &database).unwrap();
    remove_wal(&hall.data());
    under_a_new_name(&mut hall, &mut first, &first_key).await;
    let mut other = hall.station("manutenzione");
    let events = other.events(20);
    other.submit(&events).await.unwrap();
    let evidence = hall.dir.path().join("testimone/evidence");
    let until = Instant::now() + Duration::from_secs(30);
    while std::fs::read_dir(&evidence).unwrap().count() == 0 {
        assert!(Instant::now() < until, "the witness saw nothing");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        metric(&hall, "vedetta_log_unwitnessed_size").await > 20,
        "nothing of it is cosigned"
    );
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(!ok);
    assert_eq!(report["logs"][0]["broken"]["what"], "witness", "{report}");
}

fn remove_wal(data: &std::path::Path) {
    for name in ["audit.db-wal", "audit.db-shm"] {
        drop(std::fs::remove_file(data.join(name)));
    }
}
