//! Hostile bytes where the audit path reads some: seeded mutations of good ones, many thousands, in the normal run.
//!
//! Invariant: no panic, and what is accepted is what was written. `fuzz/` has the same doors for cargo-fuzz.
//! Deliberately absent: the network (tests of the server).

use crate::event_fixture;
use crate::town_hall::borgo;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use vedetta::domain::audit::chain::{Moment, StationChain};
use vedetta::domain::audit::checkpoint::{self, Checkpoint};
use vedetta::domain::audit::cosignature::{CosignatureKind, Cosigner};
use vedetta::domain::audit::event::{Body, RetentionClass};
use vedetta::domain::audit::hash::Hash;
use vedetta::domain::audit::leaf::{Leaf, commitment};
use vedetta::domain::audit::note::{SignerKey, VerifierKey};
use vedetta::domain::audit::tile::{Tile, bundle, unbundle};
use vedetta::domain::audit::tlog_proof::{OpenedEvent, TlogProof};
use vedetta::domain::audit::witness::{Ask, examine};
use vedetta::domain::audit::witness_policy::{Policy, any_of};
use vedetta::domain::camera::StationId;
use vedetta::protocol::{EventBatch, SubmittedEvent};
use vedetta::station::record::outbox::{Directory, Opening, Outbox, RecordKey};

const ROUNDS: u32 = 20_000;

/// Flips, cuts, repeats, swaps and inserts.
fn mutate(random: &mut StdRng, good: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..bytes.len().max(1));
        match random.random_range(0..6) {
            0 => bytes.truncate(at),
            1 => bytes.extend_from_within(at.min(bytes.len())..),
            2 if !bytes.is_empty() => bytes[at] ^= 1 << random.random_range(0..8),
            3 => bytes.insert(at.min(bytes.len()), (random.next_u32() & 0xff) as u8),
            4 if !bytes.is_empty() => drop(bytes.remove(at)),
            _ if bytes.len() > 1 => {
                let other = random.random_range(0..bytes.len());
                bytes.swap(at.min(other), other);
            }
            _ => {}
        }
    }
    bytes
}

fn sala() -> StationId {
    "sala".parse().unwrap()
}

fn body() -> Body {
    Body {
        agency: "Polizia Locale".into(),
        session: "s".into(),
        act: uuid::Uuid::from_u128(5),
        camera: Some("cam-01".parse().unwrap()),
        ..event_fixture::body(&sala())
    }
}

fn batch() -> (EventBatch, Vec<String>) {
    let mut chain = StationChain::new(sala());
    let mut events = Vec::new();
    let mut leaves = Vec::new();
    for n in 0..3 {
        let at = Moment {
            boot: uuid::Uuid::nil(),
            time: "2026-11-22T14:00:00Z".parse().unwrap(),
            mono_ms: n,
        };
        let sealed = chain.seal(RetentionClass::Police, at, [7; 32], &body()).unwrap();
        chain.advance(sealed.leaf_hash);
        leaves.push(sealed.leaf.clone());
        events.push(SubmittedEvent {
            leaf: sealed.leaf,
            salt: hex::encode(sealed.salt),
            body: sealed.body,
        });
    }
    let log = borgo();
    (EventBatch { log, events }, leaves)
}

#[test]
fn mutated_batches_and_leaves_are_read_without_a_panic_and_accepted_only_as_they_were() {
    let mut random = StdRng::seed_from_u64(1);
    let (good, leaves) = batch();
    let text = serde_json::to_vec(&good).unwrap();
    let mut whole = 0;
    for _ in 0..ROUNDS {
        let Ok(read) = serde_json::from_slice::<EventBatch>(&mutate(&mut random, &text)) else {
            continue;
        };
        for event in &read.events {
            let Ok(leaf) = Leaf::parse(&event.leaf) else { continue };
            let mut salt = [0; 32];
            if hex::decode_to_slice(&event.salt, &mut salt).is_ok() {
                whole += u32::from(commitment(&salt, event.body.as_bytes()) == leaf.commit);
            }
        }
        let leaf = mutate(&mut random, leaves[1].as_bytes());
        if let Ok(text) = std::str::from_utf8(&leaf)
            && let Ok(leaf) = Leaf::parse(text)
        {
            assert_eq!(leaf.encode(), text, "one spelling");
        }
    }
    assert!(whole > 0, "some mutations do not touch an event");
}

/// A log's key, a witness, and the checkpoint of 42 entries that they sign.
fn signed_tree() -> (SignerKey, Cosigner, Checkpoint) {
    let origin = "vedetta/020001/borgo";
    let checkpoint = Checkpoint {
        origin: origin.into(),
        size: 42,
        root: Hash([5; 32]),
    };
    (
        SignerKey::new(origin, &[1; 32]).unwrap(),
        Cosigner::new("testimone", CosignatureKind::Ed25519, &[2; 32]).unwrap(),
        checkpoint,
    )
}

#[test]
fn mutated_checkpoints_and_requests_to_a_witness_are_refused_without_a_panic() {
    let mut random = StdRng::seed_from_u64(2);
    let (signer, witness, checkpoint) = signed_tree();
    let mut note = checkpoint::sign(&checkpoint, &signer);
    note.push_str(&witness.cosign(&checkpoint.text(), 1_800_000_000).unwrap());
    let ask = Ask {
        old: 42,
        proof: vec![],
        note: note.clone(),
    };
    let (key, witness_key) = (signer.verifier(), witness.verifier());
    for _ in 0..ROUNDS {
        let Ok(changed) = String::from_utf8(mutate(&mut random, note.as_bytes())) else {
            continue;
        };
        if let Ok(read) = checkpoint::verify(&changed, &key) {
            assert_eq!(read, checkpoint);
        }
        let _ = witness_key.seen(&changed);
        let _ = changed.parse::<VerifierKey>();
        let Ok(changed) = String::from_utf8(mutate(&mut random, ask.encode().as_bytes())) else {
            continue;
        };
        if let Ok(ask) = Ask::parse(&changed)
            && let Ok(read) = examine(&ask, &key, &checkpoint)
        {
            assert_eq!(read, checkpoint);
        }
    }
}

#[test]
fn mutated_tiles_and_their_paths_are_read_without_a_panic() {
    let mut random = StdRng::seed_from_u64(3);
    let (_, leaves) = batch();
    let good = bundle(leaves.iter().map(String::as_bytes));
    for _ in 0..ROUNDS {
        let changed = mutate(&mut random, &good);
        if let Ok(read) = unbundle(&changed) {
            assert_eq!(bundle(read), changed, "one reading");
        }
        let Ok(path) = String::from_utf8(mutate(&mut random, b"entries/x001/x234/067.p/3")) else {
            continue;
        };
        if let Ok(tile) = path.parse::<Tile>() {
            assert_eq!(tile.to_string(), path);
        }
    }
}

#[test]
fn mutated_outbox_segments_are_recovered_or_reported_without_a_panic() {
    let mut random = StdRng::seed_from_u64(4);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let opening = |folder: &std::path::Path| Opening {
        medium: Box::new(Directory::open(folder).unwrap()),
        key: RecordKey::from_bytes(&[3; 32]).unwrap(),
        station: sala(),
        delivered: BTreeMap::new(),
        clock: jiff::Timestamp::now,
    };
    let good = dir.path().join("good");
    runtime.block_on(async {
        let (outbox, _) = Outbox::open(opening(&good)).unwrap();
        for _ in 0..6 {
            outbox.append(event_fixture::event(body())).await.unwrap();
        }
    });
    let read = |name: &str| std::fs::read(good.join(name)).unwrap();
    let (segment, state) = (read("000000000001.seg"), read("state"));
    let mut seen = 0;
    for round in 0..300 {
        let folder = dir.path().join("changed");
        std::fs::create_dir_all(&folder).unwrap();
        let (changed, changed_state) = match round % 3 {
            0 => (segment.clone(), mutate(&mut random, &state)),
            _ => (mutate(&mut random, &segment), state.clone()),
        };
        let touched = changed != segment || changed_state != state;
        std::fs::write(folder.join("000000000001.seg"), changed).unwrap();
        std::fs::write(folder.join("state"), changed_state).unwrap();
        let (outbox, damage) = Outbox::open(opening(&folder)).unwrap();
        let kept = outbox.waiting(&borgo(), usize::MAX);
        assert!(kept.len() <= 6);
        assert!(
            !touched || !damage.is_empty() || kept.len() == 6,
            "round {round}: something went unseen"
        );
        seen += u32::from(!damage.is_empty());
        drop(outbox);
        // The writing thread lets go of the folder a moment after its last handle.
        while std::fs::remove_dir_all(&folder).is_err() {}
        while Directory::open(&folder).is_err() {}
        drop(std::fs::remove_dir_all(&folder));
    }
    assert!(seen > 200, "{seen} of 300 were damage");
}

#[test]
fn mutated_policies_and_proofs_are_refused_without_a_panic() {
    let mut random = StdRng::seed_from_u64(3);
    let (signer, witness, checkpoint) = signed_tree();
    let proof = TlogProof {
        event: Some(OpenedEvent {
            leaf: "{}".into(),
            salt: "00".repeat(32),
            body: "{}".into(),
        }),
        index: 7,
        path: vec![Hash([6; 32]); 5],
        note: checkpoint::sign(&checkpoint, &signer),
    };
    let policy = any_of(&[signer.verifier()], &[witness.verifier()]);
    let believed = Policy::parse(policy.as_bytes()).unwrap();
    for _ in 0..ROUNDS {
        if let Ok(changed) = Policy::parse(&mutate(&mut random, policy.as_bytes())) {
            let _ = changed.accept(&proof.note);
        }
        let Ok(changed) = String::from_utf8(mutate(&mut random, proof.encode().as_bytes())) else {
            continue;
        };
        if let Ok(changed) = TlogProof::parse(&changed) {
            assert!(
                changed.verify(&believed).is_err(),
                "nothing is proven of an event that never was"
            );
        }
    }
}
