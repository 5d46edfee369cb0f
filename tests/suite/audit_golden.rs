//! The golden corpus: leaves, proofs, checkpoints and tiles as they were first written, kept for ever.
//!
//! They were made by another implementation (Python, from the written formats), not by the code under test.
//! Invariant: what is in `tests/golden` is never regenerated; a change that no longer reads it breaks every log there is.
//! Deliberately absent: a switch that rewrites the files.

use std::collections::{BTreeSet, HashMap};
use vedetta::domain::audit::checkpoint;
use vedetta::domain::audit::details::Parameters;
use vedetta::domain::audit::details::reference::events_page;
use vedetta::domain::audit::event::Body;
use vedetta::domain::audit::hash::Hash;
use vedetta::domain::audit::leaf::{Leaf, commitment, leaf_hash};
use vedetta::domain::audit::note::{SignerKey, VerifierKey};
use vedetta::domain::audit::proof::{consistency_recipe, cook, inclusion_recipe, verify_consistency, verify_inclusion};
use vedetta::domain::audit::tree::Frontier;

#[derive(serde::Deserialize)]
struct Golden {
    key: String,
    seed: String,
    entries: Vec<Entry>,
    checkpoints: Vec<String>,
    inclusion: Vec<Inclusion>,
    consistency: Vec<Consistency>,
}

#[derive(serde::Deserialize)]
struct Entry {
    leaf: String,
    salt: String,
    body: String,
    leaf_hash: Hash,
}

#[derive(serde::Deserialize)]
struct Inclusion {
    index: u64,
    size: u64,
    path: Vec<Hash>,
}

#[derive(serde::Deserialize)]
struct Consistency {
    from: u64,
    to: u64,
    path: Vec<Hash>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/audit-v1.json")).unwrap()
}

#[test]
fn r_aud_2_the_first_logs_still_read_and_verify() {
    let golden = golden();
    let key: VerifierKey = golden.key.parse().unwrap();
    let seed: [u8; 32] = hex::decode(&golden.seed).unwrap().try_into().unwrap();
    let signer = SignerKey::new(key.name(), &seed).unwrap();
    let mut frontier = Frontier::default();
    let mut nodes = HashMap::new();
    let mut roots = vec![frontier.root()];
    for entry in &golden.entries {
        let leaf = Leaf::parse(&entry.leaf).unwrap();
        assert_eq!(leaf.encode(), entry.leaf);
        assert_eq!(leaf_hash(entry.leaf.as_bytes()), entry.leaf_hash);
        let salt: [u8; 32] = hex::decode(&entry.salt).unwrap().try_into().unwrap();
        assert_eq!(commitment(&salt, entry.body.as_bytes()), leaf.commit);
        nodes.extend(frontier.append(entry.leaf_hash));
        roots.push(frontier.root());
    }
    for note in &golden.checkpoints {
        let checkpoint = checkpoint::verify(note, &key).unwrap();
        assert_eq!(checkpoint.root, roots[checkpoint.size as usize]);
        assert_eq!(
            &checkpoint::sign(&checkpoint, &signer),
            note,
            "Ed25519 is deterministic"
        );
    }
    for proof in &golden.inclusion {
        let (leaf, root) = (
            golden.entries[proof.index as usize].leaf_hash,
            roots[proof.size as usize],
        );
        verify_inclusion(&leaf, proof.index, proof.size, &proof.path, &root).unwrap();
        let recipe = inclusion_recipe(proof.index, proof.size).unwrap();
        assert_eq!(cook(&recipe, |id| nodes.get(&id).copied()).unwrap(), proof.path);
    }
    for proof in &golden.consistency {
        let (old, new) = (roots[proof.from as usize], roots[proof.to as usize]);
        verify_consistency(proof.from, &old, proof.to, &new, &proof.path).unwrap();
        let recipe = consistency_recipe(proof.from, proof.to).unwrap();
        assert_eq!(cook(&recipe, |id| nodes.get(&id).copied()).unwrap(), proof.path);
    }
}

/// Bodies that workstations and server wrote before the fields had their names of today, and before their parameters had
/// types: one of each operation, outcome and set of parameters.
#[test]
fn r_aud_2_bodies_that_were_written_read_and_encode_to_the_same_bytes() {
    let corpus = include_str!("../golden/events.jsonl");
    let mut seen = BTreeSet::new();
    for line in corpus.lines() {
        let body: Body = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(serde_json::to_string(&body).unwrap(), line);
        let mut again = Body {
            parameters: Parameters::default(),
            ..body.clone()
        };
        again.say(body.said());
        assert_eq!(serde_json::to_string(&again).unwrap(), line, "through the types");
        seen.insert(
            serde_json::to_value(body.operation)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    // Every operation that the page explains, so that a new one without a row is told.
    let page = events_page().unwrap();
    let explained = page.lines().filter_map(|line| {
        let (operation, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let by = rest.split(" | ").next()?;
        ["W", "S", "W, S"].contains(&by).then(|| operation.to_owned())
    });
    assert_eq!(seen, explained.collect());
}
