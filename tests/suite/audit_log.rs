//! The commands on a log: verifying finds every change, an export can be checked by a stranger.
//!
//! Deliberately absent: calls over the network (tests of the server).

use crate::town::Town;
use crate::town_hall::{TownHall, command};
use std::collections::BTreeMap;
use std::path::Path;
use vedetta::domain::audit::checkpoint;
use vedetta::domain::audit::hash::Hash;
use vedetta::domain::audit::leaf::{commitment, leaf_hash};
use vedetta::domain::audit::note::VerifierKey;
use vedetta::domain::audit::tile::unbundle;
use vedetta::domain::audit::tree::Frontier;
use vedetta::protocol::MAX_BATCH;

/// A log of `count` events of two stations, signed, with the server stopped.
async fn log_of(count: usize) -> TownHall {
    let mut hall = Town::new().open().await;
    for name in ["sala-operativa", "manutenzione"] {
        let mut station = hall.station(name);
        let events = station.events(count / 2);
        for batch in events.chunks(MAX_BATCH) {
            station.submit(batch).await.unwrap();
        }
    }
    hall.stop().await;
    hall
}

/// Ways to change a log of twenty events past every trigger, and what is found and where.
fn changes() -> Vec<(String, &'static str, u64)> {
    let flip = |column: &str, table: &str, index: u32| {
        format!(
            "UPDATE {table} SET {column} = substr({column}, 1, 9) || char(unicode(substr({column}, 10, 1)) + 1) || \
             substr({column}, 11) WHERE idx = {index}"
        )
    };
    let cases: Vec<(String, &'static str, u64)> = vec![
        (flip("body", "body", 5), "body", 5),
        ("UPDATE body SET salt = zeroblob(32) WHERE idx = 6".into(), "body", 6),
        ("DELETE FROM body WHERE idx = 7".into(), "body", 7),
        (flip("leaf", "leaf", 8), "leaf", 8),
        ("DELETE FROM leaf WHERE idx = 9".into(), "missing", 9),
        (
            "UPDATE leaf SET hash = zeroblob(32) WHERE idx = 10".into(),
            "leaf_hash",
            10,
        ),
        ("UPDATE leaf SET station = 'altra' WHERE idx = 11".into(), "columns", 11),
        (
            "UPDATE node SET hash = zeroblob(32) WHERE level = 2 AND idx = 3".into(),
            "node",
            12,
        ),
        (
            "DELETE FROM body WHERE idx >= 16; DELETE FROM leaf WHERE idx >= 16".into(),
            "shortened",
            16,
        ),
        (
            "UPDATE leaf SET leaf = CAST(x'ff00ff' AS TEXT) WHERE idx = 13".into(),
            "unreadable",
            13,
        ),
    ];
    let found = |statement: &str, index: u64| (statement.to_owned(), "found", index);
    [
        cases,
        vec![
            // Somebody hides what they did from whoever searches.
            found("DELETE FROM found WHERE idx = 4", 4),
            found("UPDATE found SET person = operation WHERE idx = 5", 5),
            found("UPDATE found SET time_s = time_s - 86400 WHERE idx = 6", 6),
            // Concerns the whole: twenty events, and the verification of before.
            found("UPDATE word SET text = 'nessuno' WHERE text = 'cam-01'", 21),
        ],
    ]
    .concat()
}

#[tokio::test]
async fn r_aud_2_verify_finds_every_kind_of_change_and_names_where() {
    let hall = log_of(20).await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    assert_eq!(
        (&report["logs"][0]["size"], &report["logs"][0]["stations"]),
        (&20.into(), &2.into())
    );
    let whole = std::fs::read(hall.data().join("audit.db")).unwrap();
    for (statement, what, index) in changes() {
        std::fs::write(hall.data().join("audit.db"), &whole).unwrap();
        hall.tamper(&statement).await;
        let (ok, report) = hall.verify();
        assert!(!ok, "{statement}");
        let broken = &report["logs"][0]["broken"];
        assert_eq!(
            (&broken["what"], &broken["index"]),
            (&what.into(), &index.into()),
            "{statement}: {report}"
        );
        remove_wal(&hall.data());
    }
    std::fs::write(hall.data().join("audit.db"), &whole).unwrap();
    assert!(hall.verify().0, "put back, it holds again");
    let output = {
        hall.tamper("UPDATE body SET body = '{}' WHERE idx = 3").await;
        command(&["log", "verify", "--data", hall.data_text()], None)
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("Il registro NON è integro") && said.contains("voce 3"),
        "{said}"
    );
}

fn remove_wal(data: &Path) {
    for name in ["audit.db-wal", "audit.db-shm"] {
        drop(std::fs::remove_file(data.join(name)));
    }
}

#[tokio::test]
async fn r_aud_2_verify_refuses_another_signature_and_another_history() {
    let hall = log_of(10).await;
    let state = hall.data().join("signer/borgo-vedetta.json");
    let whole = std::fs::read_to_string(&state).unwrap();
    let mut other: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let note = other["note"].as_str().unwrap().replacen("\n10\n", "\n11\n", 1);
    other["note"] = note.into();
    std::fs::write(&state, other.to_string()).unwrap();
    let (ok, report) = hall.verify();
    assert!(!ok);
    assert_eq!(report["logs"][0]["broken"]["what"], "signature", "{report}");
    let output = command(&["serve", "--data", hall.data_text()], None);
    assert!(
        !output.status.success(),
        "the server does not go on from a state it did not sign"
    );
    std::fs::write(&state, &whole).unwrap();

    // A whole other history, consistent in itself, under the same name: only the signature tells.
    let theirs = log_of(10).await;
    std::fs::copy(theirs.data().join("audit.db"), hall.data().join("audit.db")).unwrap();
    let (ok, report) = hall.verify();
    assert!(!ok);
    assert_eq!(report["logs"][0]["broken"]["what"], "root", "{report}");
}

#[tokio::test]
async fn an_export_can_be_checked_from_its_files_alone() {
    let hall = log_of(600).await;
    let out = hall.dir.path().join("estratto");
    let arguments = ["log", "export", "--data", hall.data_text(), out.to_str().unwrap()];
    assert!(command(&arguments, None).status.success());
    assert!(
        !command(&arguments, None).status.success(),
        "nothing is written over an export"
    );
    let out = out.join("borgo-vedetta");
    let key: VerifierKey = std::fs::read_to_string(out.join("key")).unwrap().parse().unwrap();
    let signed = checkpoint::verify(&std::fs::read_to_string(out.join("checkpoint")).unwrap(), &key).unwrap();
    assert_eq!(signed.size, 601, "the export itself is in it");

    let mut frontier = Frontier::default();
    let mut nodes = BTreeMap::new();
    let mut commits = Vec::new();
    let leaves = std::fs::read_to_string(out.join("leaves.jsonl")).unwrap();
    for line in leaves.lines() {
        nodes.extend(frontier.append(leaf_hash(line.as_bytes())));
        let leaf: serde_json::Value = serde_json::from_str(line).unwrap();
        commits.push(leaf["commit"].as_str().unwrap().parse::<Hash>().unwrap());
    }
    assert_eq!((frontier.size(), frontier.root()), (signed.size, signed.root));
    let bodies = std::fs::read_to_string(out.join("bodies.jsonl")).unwrap();
    assert_eq!(bodies.lines().count(), 601);
    for (index, line) in bodies.lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["index"], index);
        let salt: [u8; 32] = hex::decode(line["salt"].as_str().unwrap()).unwrap().try_into().unwrap();
        assert_eq!(
            commitment(&salt, line["body"].as_str().unwrap().as_bytes()),
            commits[index]
        );
    }
    // Tiles: full ones, partial ones, one level up, and the entries.
    let tile = |path: &str| std::fs::read(out.join("tile").join(path)).unwrap();
    assert_eq!(
        (tile("0/000").len(), tile("0/001").len(), tile("0/002.p/89").len()),
        (8192, 8192, 89 * 32)
    );
    let up = tile("1/000.p/2");
    for (n, hash) in up.chunks(32).enumerate() {
        let id = vedetta::domain::audit::tree::NodeId {
            level: 8,
            index: n as u64,
        };
        assert_eq!(hash, nodes[&id].0);
    }
    let entries = tile("entries/002.p/89");
    let entries = unbundle(&entries).unwrap();
    assert_eq!(entries, leaves.lines().skip(512).map(str::as_bytes).collect::<Vec<_>>());
}

#[tokio::test]
async fn preparing_keeps_secrets_to_this_account_and_never_overwrites() {
    use std::os::unix::fs::PermissionsExt as _;
    let hall = Town::new().prepared();
    let mode = |name: &str| std::fs::metadata(hall.data().join(name)).unwrap().permissions().mode() & 0o777;
    let secrets = [
        "people.toml",
        "audit.db",
        "keys/ca.key",
        "keys/plan.key",
        "stations/sala-operativa/key.pem",
    ];
    for secret in secrets {
        assert_eq!(mode(secret), 0o600, "{secret}");
    }
    assert_eq!(mode("keys"), 0o700);
    let again = hall.prepare();
    assert!(!again.status.success());
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("contiene già un registro"),
        "{again:?}"
    );
    let nowhere = hall.dir.path().join("altrove");
    let output = command(&["serve", "--data", nowhere.to_str().unwrap()], None);
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("non è ancora stata preparata"),
        "{output:?}"
    );
}

#[tokio::test]
async fn one_server_at_a_time_uses_a_data_directory() {
    let hall = Town::new().open().await;
    let second = command(&["serve", "--data", hall.data_text()], None);
    assert!(!second.status.success());
    assert!(
        String::from_utf8_lossy(&second.stderr).contains("Un altro server"),
        "{second:?}"
    );
}
