//! Whatever bytes come, the readers of the audit formats refuse or read them: they never panic, and what they read they
//! write back the same.
//!
//! Deliberately absent: coverage-guided fuzzing.

use proptest::prelude::*;
use vedetta::domain::audit::checkpoint::Checkpoint;
use vedetta::domain::audit::hash::Hash;
use vedetta::domain::audit::leaf::{Leaf, leaf_hash};
use vedetta::domain::audit::note::{SignerKey, VerifierKey};
use vedetta::domain::audit::proof::{consistency_recipe, cook, inclusion_recipe, verify_consistency, verify_inclusion};
use vedetta::domain::audit::tile::{Tile, TileKind, bundle, unbundle};
use vedetta::domain::audit::tree::Frontier;

proptest! {
    #[test]
    fn any_text_is_refused_or_read(text in "\\PC{0,200}", lines in "([a-z0-9/+=— ]{0,40}\n){0,8}") {
        for text in [&text, &lines] {
            if let Ok(leaf) = Leaf::parse(text) {
                prop_assert_eq!(&leaf.encode(), text);
            }
            if let Ok(tile) = text.parse::<Tile>() {
                prop_assert_eq!(&tile.to_string(), text);
            }
            if let Ok(key) = text.parse::<VerifierKey>() {
                prop_assert_eq!(key.to_string(), text.trim_end());
            }
            drop(Checkpoint::parse(text));
            if let Ok(signer) = SignerKey::new("log", &[1; 32]) {
                prop_assert!(signer.verifier().open(text).is_err());
            }
        }
    }

    #[test]
    fn any_bytes_are_a_bundle_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        if let Ok(leaves) = unbundle(&bytes) {
            prop_assert_eq!(bundle(leaves), bytes);
        }
    }

    #[test]
    fn a_leaf_with_one_byte_changed_is_another_leaf_or_none(at in 0usize..400, bit in 0u8..7) {
        let golden: serde_json::Value = serde_json::from_str(include_str!("../golden/audit-v1.json"))?;
        let text = golden["entries"][4]["leaf"].as_str().unwrap_or_default();
        let leaf = Leaf::parse(text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut bytes = text.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert_ne!(leaf_hash(&bytes), leaf_hash(text.as_bytes()));
        if let Ok(Ok(other)) = std::str::from_utf8(&bytes).map(Leaf::parse) {
            prop_assert_ne!(other, leaf);
        }
    }

    #[test]
    fn tile_paths_read_back(level in 0u8..8, index in 0u64..1 << 50, width in 1u64..=256, entries: bool) {
        let kind = if entries { TileKind::Entries } else { TileKind::Hashes(level) };
        let tile = Tile { kind, index, width };
        prop_assert_eq!(tile.to_string().parse::<Tile>(), Ok(tile));
    }

    #[test]
    fn every_proof_of_a_random_tree_holds_and_no_shuffled_one_does(size in 1u64..400, a: u64, b: u64, cut: usize) {
        let mut frontier = Frontier::default();
        let (mut nodes, mut roots) = (std::collections::HashMap::new(), vec![frontier.root()]);
        for n in 0..size {
            nodes.extend(frontier.append(leaf_hash(&n.to_be_bytes())));
            roots.push(frontier.root());
        }
        let root = frontier.root();
        let index = a % size;
        let leaf = leaf_hash(&index.to_be_bytes());
        let path = inclusion_recipe(index, size).and_then(|recipe| cook(&recipe, |id| nodes.get(&id).copied()));
        let path = path.unwrap_or_default();
        prop_assert!(verify_inclusion(&leaf, index, size, &path, &root).is_ok());
        let other = b % size;
        if other != index {
            prop_assert!(verify_inclusion(&leaf, other, size, &path, &root).is_err());
        }
        let from = b % (size + 1);
        let path = consistency_recipe(from, size).and_then(|recipe| cook(&recipe, |id| nodes.get(&id).copied()));
        let mut path = path.unwrap_or_default();
        let old = roots[usize::try_from(from).unwrap_or(0)];
        prop_assert!(verify_consistency(from, &old, size, &root, &path).is_ok());
        if !path.is_empty() {
            let at = cut % path.len();
            path[at] = Hash([0; 32]);
            prop_assert!(verify_consistency(from, &old, size, &root, &path).is_err());
        }
    }
}
