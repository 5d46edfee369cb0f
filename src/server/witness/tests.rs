//! The witness by itself, on a folder of its own: one history, one memory, and a disk that nobody fills.
//!
//! Deliberately absent: the program (`tests/suite/audit_outside.rs`).

use super::*;
use crate::domain::audit::leaf::leaf_hash;
use crate::domain::audit::note::SignerKey;
use crate::domain::audit::tree::Frontier;

/// A log of one entry, asked for from the beginning.
fn first_of(key: &SignerKey, entry: &[u8]) -> Ask {
    let mut tree = Frontier::default();
    tree.append(leaf_hash(entry));
    let first = Checkpoint {
        origin: key.verifier().name().to_owned(),
        size: 1,
        root: tree.root(),
    };
    Ask {
        old: 0,
        proof: Vec::new(),
        note: checkpoint::sign(&first, key),
    }
}

async fn open(dir: &Path, key: &SignerKey) -> Witness {
    let opened = Witness::open(dir, "vicino", None, &[key.verifier()], None).await;
    opened.unwrap()
}

#[tokio::test]
async fn r_aud_2_two_witness_processes_on_one_folder_cosign_one_history() {
    let dir = tempfile::tempdir().unwrap();
    let key = SignerKey::new("vedetta/020001/borgo", &[4; 32]).unwrap();
    let (one, other) = (open(dir.path(), &key).await, open(dir.path(), &key).await);
    let log = first_of(&key, b"a");
    let fork = Ask {
        old: 1,
        ..first_of(&key, b"b")
    };
    assert!(one.add(&log, 1).await.unwrap().unwrap().is_ok());
    assert_eq!(
        other.add(&fork, 2).await.unwrap().unwrap(),
        Err(Objection::Fork),
        "the other process knows what the first cosigned"
    );
}

#[tokio::test]
async fn r_aud_2_a_witness_whose_folder_is_put_back_while_it_runs_cosigns_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let key = SignerKey::new("vedetta/020001/borgo", &[4; 32]).unwrap();
    let witness = open(dir.path(), &key).await;
    let path = seen_path(dir.path(), "vedetta/020001/borgo");
    let before = fs::read(&path).unwrap();
    assert!(witness.add(&first_of(&key, b"a"), 1).await.unwrap().unwrap().is_ok());
    fs::write(&path, before).unwrap();
    assert!(matches!(
        witness.add(&first_of(&key, b"b"), 2).await,
        Err(ServerError::Signer { .. })
    ));
}

#[tokio::test]
async fn r_aud_2_a_witness_cosigns_nothing_while_another_process_has_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let key = SignerKey::new("vedetta/020001/borgo", &[4; 32]).unwrap();
    let witness = open(dir.path(), &key).await;
    let other = lock(dir.path()).await.unwrap();
    let log = first_of(&key, b"a");
    assert!(matches!(witness.add(&log, 1).await, Err(ServerError::AlreadyRunning)));
    drop(other);
    assert!(witness.add(&log, 2).await.unwrap().unwrap().is_ok());
}

#[tokio::test]
async fn r_aud_2_a_witness_does_not_open_a_folder_that_another_process_is_about_to_write() {
    let dir = tempfile::tempdir().unwrap();
    let key = SignerKey::new("vedetta/020001/borgo", &[4; 32]).unwrap();
    let other = lock(dir.path()).await.unwrap();
    let refused = Witness::open(dir.path(), "vicino", None, &[key.verifier()], None).await;
    assert!(matches!(refused.err(), Some(ServerError::AlreadyRunning)));
    assert!(!dir.path().join("witness.key").exists(), "no second key");
    drop(other);
    open(dir.path(), &key).await;
}

/// Files and folders of the evidence.
fn kept(dir: &Path) -> Vec<String> {
    let all = fs::read_dir(dir.join("evidence")).unwrap().flatten();
    let mut names: Vec<_> = all.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn r_aud_2_what_a_witness_refuses_takes_its_room_once_and_only_with_the_logs_signature() {
    let dir = tempfile::tempdir().unwrap();
    let key = SignerKey::new("vedetta/020001/borgo", &[4; 32]).unwrap();
    let witness = open(dir.path(), &key).await;
    let first = first_of(&key, b"a");
    assert!(witness.add(&first, 1).await.unwrap().unwrap().is_ok());
    let offer = async |size: u64, root: u8, proof: u8, by: &SignerKey, now_s: u64| {
        let offered = Checkpoint {
            origin: "vedetta/020001/borgo".to_owned(),
            size,
            root: Hash([root; 32]),
        };
        let ask = Ask {
            old: 1,
            proof: if size == 1 { Vec::new() } else { vec![Hash([proof; 32])] },
            note: checkpoint::sign(&offered, by),
        };
        witness.add(&ask, now_s).await.unwrap().unwrap().unwrap_err()
    };
    let stranger = SignerKey::new("vedetta/020001/borgo", &[9; 32]).unwrap();
    assert!(matches!(offer(1, 7, 0, &stranger, 2).await, Objection::Checkpoint(_)));
    assert!(matches!(offer(9, 7, 0, &stranger, 2).await, Objection::Checkpoint(_)));
    assert!(kept(dir.path()).is_empty(), "not the log's word");
    for n in 0..20 {
        assert_eq!(offer(9, n % 3, n, &key, u64::from(n)).await, Objection::NotProven);
    }
    let unproven = format!("{}-unproven.ask", short("vedetta/020001/borgo"));
    assert_eq!(kept(dir.path()), [unproven.as_str()], "one file a log");
    for n in 0..20 {
        assert_eq!(offer(1, 7, 0, &key, 100 + n).await, Objection::Fork);
    }
    assert_eq!(kept(dir.path()).len(), 2, "a fork once: {:?}", kept(dir.path()));
    for n in 20..60 {
        assert_eq!(offer(1, n, 0, &key, 200).await, Objection::Fork);
    }
    assert_eq!(kept(dir.path()).len(), 17, "and no disk is filled with forks");
    let fork = dir.path().join("evidence").join(&kept(dir.path())[0]);
    assert_eq!(fs::read_to_string(fork.join("seen.note")).unwrap(), first.note);
}

#[tokio::test]
async fn r_aud_2_a_witness_remembers_outside_its_folder_before_a_cosignature_leaves() {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key = SignerKey::new("vedetta/020001/borgo", &[4; 32]).unwrap();
    let (memory, logs) = (outside.path().join("memoria"), key.verifier());
    let open = || {
        Witness::open(
            dir.path(),
            "vicino",
            None,
            std::slice::from_ref(&logs),
            Some(memory.as_path()),
        )
    };
    let witness = open().await.unwrap();
    let path = seen_path(dir.path(), "vedetta/020001/borgo");
    let (before, known) = (fs::read(&path).unwrap(), fs::read(dir.path().join("origins")).unwrap());
    assert!(witness.add(&first_of(&key, b"a"), 1).await.unwrap().unwrap().is_ok());
    drop(witness);
    let newest = fs::read(&path).unwrap();
    // Put back while none ran, to the log's beginning and to a time when it was not followed.
    fs::write(&path, before).unwrap();
    let refused = open().await.err();
    assert!(
        matches!(
            refused,
            Some(ServerError::WitnessPutBack {
                remembered: 1,
                here: Some(0),
                ..
            })
        ),
        "{refused:?}"
    );
    fs::write(dir.path().join("origins"), "").unwrap();
    let refused = open().await.err();
    assert!(
        matches!(refused, Some(ServerError::WitnessPutBack { here: None, .. })),
        "{refused:?}"
    );
    fs::write(dir.path().join("origins"), known).unwrap();
    fs::write(&path, newest).unwrap();
    let witness = open().await.unwrap();
    // A memory that cannot be written: nothing leaves.
    fs::remove_file(&memory).unwrap();
    fs::create_dir(&memory).unwrap();
    let again = Ask {
        old: 1,
        ..first_of(&key, b"a")
    };
    assert!(witness.add(&again, 3).await.is_err());
}
