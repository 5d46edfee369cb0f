//! The log checked from outside: a verifier in Python that has only exported files and public keys, and a witness.
//!
//! Deliberately absent: Vedetta's own code on the verifying side.

use crate::attacks::admin;
use crate::event_fixture;
use crate::server_holds::copied;
use crate::town::Town;
use crate::town_hall::{Export, ITALIAN, PLAIN, PROGRAM, Running, TownHall, log_signer, log_vkey, promise, run};
use serde_json::Value;
use sha2::Digest as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use vedetta::domain::audit::checkpoint::{self, Checkpoint};
use vedetta::domain::audit::cosignature::{CosignatureKind, WitnessKey};
use vedetta::domain::audit::hash::Hash;
use vedetta::domain::audit::leaf::leaf_hash;
use vedetta::domain::audit::note::{SignerKey, VerifierKey};
use vedetta::domain::audit::proof::{consistency_recipe, cook};
use vedetta::domain::audit::tree::{NodeId, empty_root, node_hash};
use vedetta::domain::audit::witness::Ask;
use vedetta::domain::doctor::Finding;
use vedetta::protocol::LogPage;

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

#[tokio::test]
async fn r_aud_2_bodies_that_do_not_read_are_set_aside_between_their_neighbours_and_a_stranger_accepts_that() {
    let mut hall = Town::new().open().await;
    let key = log_vkey(&hall);
    let mut station = hall.station("manutenzione");
    let deep = "[".repeat(20_000);
    let surrogate = "{\"station\":\"manutenzione\",\"person\":\"\\ud800\"}";
    let mut batch = Vec::new();
    for text in [surrogate, "a\0\u{1b}[2Jb", "[1]", "", deep.as_str()] {
        batch.extend(station.events(1));
        let known = event_fixture::body(&station.id);
        batch.push(event_fixture::sealed_text(&mut station.chain, &known, text.into()));
    }
    batch.extend(station.events(1));
    let placed = promise(&station.submit(&batch).await.unwrap(), &key);
    let indices: Vec<u64> = placed.entries.iter().map(|entry| entry.index).collect();
    assert_eq!(
        indices,
        [0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15],
        "each with its record behind it"
    );
    assert_eq!(promise(&station.submit(&batch).await.unwrap(), &key), placed, "once");

    let (console, token) = admin(&hall).await;
    let page: LogPage = console.get(console.log_url("entries"), &token).await.unwrap();
    for (event, index) in batch.iter().zip(&indices) {
        let kept = &page.entries[usize::try_from(*index).unwrap()];
        assert_eq!(
            (kept.index, kept.body.as_ref()),
            (*index, Some(&event.body)),
            "byte for byte"
        );
    }
    let found: Vec<Finding> = console.get(console.url("/v1/doctor"), &token).await.unwrap();
    let told = Finding::SetAside {
        station: station.id.clone(),
        count: 5,
    };
    assert!(found.contains(&told), "{found:?}");
    console.delete("/v1/sessions/current", &token).await;
    let read = ["log", "read", "--data", hall.data_text(), "--user", "amministratore"];
    let read = hall.command(&read, Some(&hall.password("amministratore")));
    let read = String::from_utf8(read.stdout).unwrap();
    assert!(
        read.contains("a\u{fffd}\u{fffd}[2Jb"),
        "a terminal obeys none of it: {read:.3000}"
    );
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    let found = figures(&python("verify_log.py", &hall.export(), &[]));
    assert_eq!(found["stations"], 2, "{found}");
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
async fn offered(witness: &Running, ask: impl Into<reqwest::Body>) -> u16 {
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
    for _ in 0..3 {
        assert_eq!(offer(5, Hash([7; 32]), 5, vec![]).await, 422, "two roots for one size");
    }
    assert_eq!(evidence(), 1, "however often it is offered");
    for wrong in 1..4 {
        let proof = vec![Hash([wrong; 32])];
        assert_eq!(offer(9, Hash([wrong; 32]), 5, proof).await, 422, "not a continuation");
    }
    assert_eq!(evidence(), 2, "of proofs that are not accepted the newest");
    assert_eq!(offer(9, Hash([7; 32]), 3, vec![]).await, 409);
    let stranger = checkpoint::sign(seen, &SignerKey::new(&seen.origin, &[9; 32]).unwrap());
    let ask = Ask {
        old: 5,
        proof: vec![],
        note: stranger,
    };
    assert_eq!(offered(witness, ask.encode()).await, 403);
    assert_eq!(evidence(), 2, "what the log did not sign leaves nothing");
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

/// Root of a tree with these leaves (RFC 9162 §2.1.1).
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&root(left), &root(right))
        }
    }
}

/// The request to cosign a tree with these leaves after the one with the first `old` of them.
fn ask(signer: &SignerKey, old: usize, leaves: &[Hash]) -> String {
    let subtree = |id: NodeId| {
        let start = usize::try_from(id.index << id.level).unwrap();
        Some(root(&leaves[start..start + (1 << id.level)]))
    };
    let recipe = consistency_recipe(old as u64, leaves.len() as u64).unwrap();
    let checkpoint = Checkpoint {
        origin: signer.verifier().name().to_owned(),
        size: leaves.len() as u64,
        root: root(leaves),
    };
    let ask = Ask {
        old: old as u64,
        proof: cook(&recipe, subtree).unwrap(),
        note: checkpoint::sign(&checkpoint, signer),
    };
    ask.encode()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_two_witness_processes_on_one_folder_never_cosign_a_log_and_its_fork() {
    let hall = Town::new().prepared();
    let (signer, logs) = (log_signer(&hall), [log_vkey(&hall).to_string()]);
    let (mut one, two) = (witness(&hall, &logs).await, witness(&hall, &logs).await);
    assert_eq!(one.said["vkey"], two.said["vkey"], "one key");
    let mut leaves: Vec<Hash> = Vec::new();
    for round in 0..16usize {
        // Both continue what was cosigned, each in its own way, and come at the same moment.
        let mut stories = ["vera", "falsa"].map(|word| {
            let mut story = leaves.clone();
            story.push(leaf_hash(format!("{word} {round}").as_bytes()));
            story
        });
        let asks = stories.each_ref().map(|story| ask(&signer, round, story));
        let answers = tokio::join!(offered(&one, asks[0].clone()), offered(&two, asks[1].clone()));
        let taken = match answers {
            (200, 409) => 0,
            (409, 200) => 1,
            other => panic!("round {round}: {other:?}"),
        };
        // The other story under the same size, to whoever did not see it happen, is a fork.
        let fork = ask(&signer, round + 1, &stories[1 - taken]);
        for witness in [&one, &two] {
            assert_eq!(offered(witness, fork.clone()).await, 422, "round {round}");
        }
        leaves = std::mem::take(&mut stories[taken]);
        if round == 7 {
            // An overlap: one of them ends in the middle, and another begins beside the one that stays.
            one.child.kill().await.unwrap();
            one = witness(&hall, &logs).await;
        }
    }
    let origin = signer.verifier().name().to_owned();
    for witness in [&one, &two] {
        let note = monitored(witness, &origin).await.unwrap();
        let seen = checkpoint::verify(&note, &signer.verifier()).unwrap();
        assert_eq!((seen.size, seen.root), (16, root(&leaves)), "both tell the one story");
    }
}

#[tokio::test]
async fn r_aud_2_a_witness_refuses_nonsense_and_cosigns_what_comes_after_it() {
    let hall = Town::new().prepared();
    let (signer, logs) = (log_signer(&hall), [log_vkey(&hall).to_string()]);
    let witness = witness(&hall, &logs).await;
    let leaves = [leaf_hash(b"uno"), leaf_hash(b"due")];
    let good = ask(&signer, 0, &leaves);
    let (_, note) = good.split_once("\n\n").unwrap();
    let hash = format!("{}\n", "A".repeat(43) + "=");
    for nonsense in [
        String::new(),
        "{}".to_owned(),
        "old".to_owned(),
        "old 0\n".to_owned(),
        note.to_owned(),
        format!("old -1\n\n{note}"),
        format!("old 00\n\n{note}"),
        format!("old 18446744073709551616\n\n{note}"),
        format!("size 0\n\n{note}"),
        format!("old 0\nnot base64\n\n{note}"),
        format!("old 0\nAAAA\n\n{note}"),
        format!("old 0\n{}\n{note}", hash.repeat(66)),
        format!("old 3\n\n{note}"),
    ] {
        assert_eq!(offered(&witness, nonsense.clone()).await, 400, "{nonsense:.60}");
    }
    assert_eq!(offered(&witness, vec![0xff, 0xfe, 0x00]).await, 400, "no text at all");
    let elsewhere = SignerKey::new("vedetta/020001/altrove", &[9; 32]).unwrap();
    assert_eq!(offered(&witness, ask(&elsewhere, 0, &leaves)).await, 404);
    assert_eq!(monitored(&witness, signer.verifier().name()).await, None);
    assert_eq!(offered(&witness, good.clone()).await, 200);
    let evidence = hall.dir.path().join("testimone/evidence");
    assert_eq!(std::fs::read_dir(evidence).unwrap().count(), 0, "nonsense is no fork");
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

/// A log without a server: a checkpoint of one entry, asked for as the first, and another of the same size.
fn log_and_fork() -> (SignerKey, [Ask; 2]) {
    let signer = SignerKey::new("vedetta/020001/borgo-vedetta", &[6; 32]).unwrap();
    let first = [1, 2].map(|root| {
        let checkpoint = Checkpoint {
            origin: signer.verifier().name().to_owned(),
            size: 1,
            root: Hash([root; 32]),
        };
        Ask {
            old: 0,
            proof: vec![],
            note: checkpoint::sign(&checkpoint, &signer),
        }
    });
    (signer, first)
}

/// What a witness of this log in this folder is started with.
fn witnessing<'a>(folder: &'a Path, log: &'a str) -> Vec<&'a str> {
    let folder = folder.to_str().unwrap();
    vec![
        "witness",
        "--data",
        folder,
        "--name",
        "carabinieri/testimone",
        "--log",
        log,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_two_witness_processes_begun_together_on_one_folder_cosign_one_of_two_histories() {
    let (signer, [log, fork]) = log_and_fork();
    let key = signer.verifier().to_string();
    for _ in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("testimone");
        let arguments = witnessing(&folder, &key);
        let (one, other) = tokio::join!(run(PLAIN, &arguments, None), run(PLAIN, &arguments, None));
        assert_eq!(one.said["vkey"], other.said["vkey"], "one key");
        let (first, second) = tokio::join!(offered(&one, log.encode()), offered(&other, fork.encode()));
        let mut told = [first, second];
        told.sort_unstable();
        assert_eq!(told, [200, 409], "one of them, and the other process knows it");
        let [taken, left] = if first == 200 { [&log, &fork] } else { [&fork, &log] };
        for process in [&one, &other] {
            let from = |ask: &Ask| Ask { old: 1, ..ask.clone() }.encode();
            assert_eq!(offered(process, from(taken)).await, 200);
            assert_eq!(offered(process, from(left)).await, 422);
        }
    }
}

/// How a program that must not start ends.
async fn ends(arguments: &[&str]) -> (bool, String) {
    let mut command = tokio::process::Command::new(PROGRAM);
    command.args(arguments).env("LC_ALL", ITALIAN).kill_on_drop(true);
    let ended = tokio::time::timeout(Duration::from_secs(30), command.output()).await;
    let output = ended.expect("it goes on as if nothing were wrong").unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_witness_folder_put_back_while_it_was_stopped_does_not_start_where_its_memory_lies_elsewhere() {
    let (signer, [log, fork]) = log_and_fork();
    let (key, dir) = (signer.verifier().to_string(), tempfile::tempdir().unwrap());
    let [folder, old, newer, memory] = ["testimone", "copia", "nuova", "memoria"].map(|name| dir.path().join(name));
    let mut arguments = witnessing(&folder, &key);
    arguments.extend(["--memory", memory.to_str().unwrap()]);
    let stopped = async |mut witness: Running| witness.child.kill().await.unwrap();
    stopped(run(PLAIN, &arguments, None).await).await;
    copied(&folder, &old);
    let witness = run(PLAIN, &arguments, None).await;
    assert_eq!(offered(&witness, log.encode()).await, 200);
    stopped(witness).await;
    std::fs::rename(&folder, &newer).unwrap();
    copied(&old, &folder);
    let (well, said) = ends(&arguments).await;
    assert!(!well && said.contains("rimettere la cartella più recente"), "{said}");
    // Nor one that is begun anew under the same name: it is another witness.
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(!ends(&arguments).await.0);
    // The newest is put back: it goes on, and knows what it knew.
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::rename(&newer, &folder).unwrap();
    let witness = run(PLAIN, &arguments, None).await;
    assert_eq!(offered(&witness, fork.encode()).await, 409);
    assert_eq!(offered(&witness, Ask { old: 1, ..log }.encode()).await, 200);
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
