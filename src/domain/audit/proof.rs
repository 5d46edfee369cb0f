//! Inclusion and consistency proofs: made from complete subtrees, checked as RFC 9162 says.
//!
//! Invariant: a check needs only the proof, hashes and sizes; it trusts nothing else and ends in at most 64 steps.
//! Deliberately absent: where nodes come from (a lookup is an argument).

use super::hash::Hash;
use super::tree::{NodeId, cover, fold, node_hash};

/// Longest proof there is: one hash per level of a tree of 2^63 leaves, and one to begin with.
pub const MAX_PATH: usize = 65;

/// The recipe of a proof: for each hash of the path, the complete subtrees it folds from, left to right.
pub type Recipe = Vec<Vec<NodeId>>;

/// Recipe of `PATH(index, D[size])`, RFC 9162 §2.1.3.1; `None` when `index >= size`.
pub fn inclusion_recipe(index: u64, size: u64) -> Option<Recipe> {
    if index >= size {
        return None;
    }
    let (mut start, mut end) = (0, size);
    let mut recipe = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            recipe.push(cover(middle, end));
            end = middle;
        } else {
            recipe.push(cover(start, middle));
            start = middle;
        }
    }
    recipe.reverse();
    Some(recipe)
}

/// Recipe of `PROOF(from, D[to])`, RFC 9162 §2.1.4.1; empty for equal sizes or an empty beginning,
/// `None` when `from > to`.
pub fn consistency_recipe(from: u64, to: u64) -> Option<Recipe> {
    if from > to {
        return None;
    }
    if from == 0 || from == to {
        return Some(Vec::new());
    }
    let (mut start, mut end) = (0, to);
    let mut recipe = Vec::new();
    // SUBPROOF: go down to where the old tree ends.
    while from != end {
        let middle = start + split(end - start);
        if from <= middle {
            recipe.push(cover(middle, end));
            end = middle;
        } else {
            recipe.push(cover(start, middle));
            start = middle;
        }
    }
    // The old tree itself is known to the checker when it is the leftmost subtree.
    if start != 0 {
        recipe.push(cover(start, end));
    }
    recipe.reverse();
    Some(recipe)
}

/// Turns a recipe into hashes; `None` when a node is missing.
pub fn cook(recipe: &Recipe, mut node: impl FnMut(NodeId) -> Option<Hash>) -> Option<Vec<Hash>> {
    let subtree = |ids: &Vec<NodeId>| fold(&ids.iter().map(|id| node(*id)).collect::<Option<Vec<_>>>()?);
    recipe.iter().map(subtree).collect()
}

/// Largest power of two smaller than `n`, for `n > 1`.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("sizes or index do not fit each other")]
    Range,
    #[error("the proof has the wrong number of hashes")]
    Length,
    #[error("the root computed from the proof is not the one claimed")]
    Root,
}

/// RFC 9162 §2.1.3.2: is `leaf` at `index` of the tree of `size` leaves with this root?
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    if path.len() > MAX_PATH {
        return Err(ProofError::Length);
    }
    let (mut fnode, mut snode, mut hash) = (index, size - 1, *leaf);
    for part in path {
        if snode == 0 {
            return Err(ProofError::Length);
        }
        if fnode & 1 == 1 || fnode == snode {
            hash = node_hash(part, &hash);
            while fnode & 1 == 0 && fnode != 0 {
                fnode >>= 1;
                snode >>= 1;
            }
        } else {
            hash = node_hash(&hash, part);
        }
        fnode >>= 1;
        snode >>= 1;
    }
    if snode != 0 {
        return Err(ProofError::Length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// RFC 9162 §2.1.4.2: is the tree of `from` leaves the beginning of the tree of `to` leaves?
/// Every tree continues the empty one.
pub fn verify_consistency(
    from: u64,
    from_root: &Hash,
    to: u64,
    to_root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if from > to {
        return Err(ProofError::Range);
    }
    if path.len() > MAX_PATH {
        return Err(ProofError::Length);
    }
    if from == 0 || from == to {
        if !path.is_empty() {
            return Err(ProofError::Length);
        }
        let same = if from == 0 {
            *from_root == super::tree::empty_root()
        } else {
            from_root == to_root
        };
        return if same { Ok(()) } else { Err(ProofError::Root) };
    }
    let mut parts = path.iter();
    let mut first = *from_root;
    if !from.is_power_of_two() {
        first = *parts.next().ok_or(ProofError::Length)?;
    }
    let (mut fnode, mut snode) = (from - 1, to - 1);
    while fnode & 1 == 1 {
        fnode >>= 1;
        snode >>= 1;
    }
    let (mut old, mut new) = (first, first);
    for part in parts {
        if snode == 0 {
            return Err(ProofError::Length);
        }
        if fnode & 1 == 1 || fnode == snode {
            old = node_hash(part, &old);
            new = node_hash(part, &new);
            while fnode & 1 == 0 && fnode != 0 {
                fnode >>= 1;
                snode >>= 1;
            }
        } else {
            new = node_hash(&new, part);
        }
        fnode >>= 1;
        snode >>= 1;
    }
    if snode != 0 {
        return Err(ProofError::Length);
    }
    if old == *from_root && new == *to_root {
        Ok(())
    } else {
        Err(ProofError::Root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::leaf::leaf_hash;
    use crate::domain::audit::tree::Frontier;
    use std::collections::HashMap;

    struct Grown {
        nodes: HashMap<NodeId, Hash>,
        roots: Vec<Hash>,
        oracle: ct_merkle::mem_backed_tree::MemoryBackedTree<sha2::Sha256, Vec<u8>>,
    }

    fn grow(size: u64) -> Grown {
        let mut frontier = Frontier::default();
        let mut oracle = ct_merkle::mem_backed_tree::MemoryBackedTree::new();
        let mut nodes = HashMap::new();
        let mut roots = vec![frontier.root()];
        for n in 0..size {
            nodes.extend(frontier.append(leaf_hash(&n.to_be_bytes())));
            oracle.push(n.to_be_bytes().to_vec());
            roots.push(frontier.root());
        }
        Grown { nodes, roots, oracle }
    }

    fn path_bytes(path: &[Hash]) -> Vec<u8> {
        path.iter().flat_map(|hash| hash.0).collect()
    }

    #[test]
    fn inclusion_agrees_with_the_oracle_and_holds_for_every_leaf() {
        for size in [1, 2, 3, 5, 8, 13, 64, 65, 100] {
            let grown = grow(size);
            let root = grown.roots[size as usize];
            for index in 0..size {
                let recipe = inclusion_recipe(index, size).unwrap();
                let path = cook(&recipe, |id| grown.nodes.get(&id).copied()).unwrap();
                assert_eq!(
                    path_bytes(&path),
                    grown.oracle.prove_inclusion(index as usize).as_bytes()
                );
                let leaf = leaf_hash(&index.to_be_bytes());
                verify_inclusion(&leaf, index, size, &path, &root).unwrap();
                assert_eq!(
                    verify_inclusion(&root, index, size, &path, &root),
                    wrong_unless_single(size)
                );
                for bad in 0..path.len() {
                    let mut path = path.clone();
                    path[bad].0[7] ^= 1;
                    assert_eq!(
                        verify_inclusion(&leaf, index, size, &path, &root),
                        Err(ProofError::Root)
                    );
                }
                let longer: Vec<_> = path.iter().copied().chain([root]).collect();
                assert!(verify_inclusion(&leaf, index, size, &longer, &root).is_err());
                if let Some((_, shorter)) = path.split_last() {
                    assert!(verify_inclusion(&leaf, index, size, shorter, &root).is_err());
                }
            }
        }
        assert!(inclusion_recipe(3, 3).is_none());
        assert_eq!(
            verify_inclusion(&Hash([0; 32]), 3, 3, &[], &Hash([0; 32])),
            Err(ProofError::Range)
        );
    }

    fn wrong_unless_single(size: u64) -> Result<(), ProofError> {
        if size == 1 { Ok(()) } else { Err(ProofError::Root) }
    }

    #[test]
    fn consistency_agrees_with_the_oracle_and_holds_for_every_pair() {
        let to = 70u64;
        let grown = grow(to);
        for from in 1..=to {
            for until in from..=to {
                let recipe = consistency_recipe(from, until).unwrap();
                let path = cook(&recipe, |id| grown.nodes.get(&id).copied()).unwrap();
                let (old, new) = (grown.roots[from as usize], grown.roots[until as usize]);
                verify_consistency(from, &old, until, &new, &path).unwrap();
                if from < until {
                    assert!(
                        verify_consistency(from, &new, until, &new, &path).is_err(),
                        "{from} {until}"
                    );
                    assert!(
                        verify_consistency(from, &old, until, &old, &path).is_err(),
                        "{from} {until}"
                    );
                    assert!(verify_consistency(from, &old, until, &new, &path[1..]).is_err());
                }
                if until == to && from < to {
                    assert_eq!(
                        path_bytes(&path),
                        grown.oracle.prove_consistency((to - from) as usize).as_bytes()
                    );
                }
            }
        }
        assert!(consistency_recipe(4, 3).is_none());
        assert_eq!(consistency_recipe(0, 3), Some(vec![]));
        verify_consistency(0, &grown.roots[0], 5, &grown.roots[5], &[]).unwrap();
        assert!(verify_consistency(0, &grown.roots[1], 5, &grown.roots[5], &[]).is_err());
    }

    #[test]
    fn sizes_near_the_end_of_the_numbers_do_not_panic() {
        let zero = Hash([0; 32]);
        let path = vec![zero; 64];
        assert!(verify_inclusion(&zero, u64::MAX - 1, u64::MAX, &path, &zero).is_err());
        assert!(verify_consistency(u64::MAX - 1, &zero, u64::MAX, &zero, &path).is_err());
        assert!(inclusion_recipe(1 << 62, u64::MAX >> 1).is_some());
    }
}
