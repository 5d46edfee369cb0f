//! The RFC 6962/9162 Merkle tree, kept as hashes of complete subtrees.
//!
//! Invariant: a node once complete never changes, so stored nodes are only ever added. What is not complete (the right
//! edge) is folded from complete nodes when it is asked for.
//! Deliberately absent: storage of the nodes.

use super::hash::Hash;
use sha2::{Digest, Sha256};

/// `SHA-256(0x01 ‖ left ‖ right)`: RFC 9162 §2.1.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([1])
            .chain_update(left.0)
            .chain_update(right.0)
            .finalize()
            .into(),
    )
}

/// Root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// A complete subtree: `2^level` leaves beginning at leaf `index · 2^level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    pub level: u8,
    pub index: u64,
}

/// The complete subtrees that make up leaves `start..end`, from left to right.
///
/// `start` must be a multiple of the smallest power of two that holds `end - start`, as every subtree of RFC 9162 is.
pub fn cover(start: u64, end: u64) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    let mut at = start;
    while at < end {
        let level = (63 - (end - at).leading_zeros()) as u8;
        nodes.push(NodeId {
            level,
            index: at >> level,
        });
        at += 1 << level;
    }
    nodes
}

/// Hash of a subtree from the hashes of its [`cover`]; `None` for no nodes.
pub fn fold(hashes: &[Hash]) -> Option<Hash> {
    hashes
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| node_hash(&left, &right))
}

/// The right edge of a growing tree: what is needed to append and to know the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Hashes of `cover(0, size)`.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// A tree of `size` leaves whose [`cover`] has these hashes; `None` when their number does not fit.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        fold(&self.peaks).unwrap_or_else(empty_root)
    }

    /// Adds a leaf hash and returns every node that is now complete, the leaf itself first.
    pub fn append(&mut self, leaf: Hash) -> Vec<(NodeId, Hash)> {
        let mut node = NodeId {
            level: 0,
            index: self.size,
        };
        let mut hash = leaf;
        let mut complete = vec![(node, hash)];
        while node.index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            node = NodeId {
                level: node.level + 1,
                index: node.index >> 1,
            };
            complete.push((node, hash));
        }
        self.peaks.push(hash);
        self.size += 1;
        complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::leaf::leaf_hash;

    #[test]
    fn cover_is_the_binary_of_the_size() {
        assert_eq!(cover(0, 0), vec![]);
        let ids: Vec<_> = cover(0, 11).into_iter().map(|n| (n.level, n.index)).collect();
        assert_eq!(ids, vec![(3, 0), (1, 4), (0, 10)]);
        let ids: Vec<_> = cover(8, 15).into_iter().map(|n| (n.level, n.index)).collect();
        assert_eq!(ids, vec![(2, 2), (1, 6), (0, 14)]);
    }

    #[test]
    fn roots_agree_with_the_oracle() {
        let mut oracle = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root(), empty_root());
        for n in 0..300u32 {
            let leaf = format!("leaf {n}").into_bytes();
            frontier.append(leaf_hash(&leaf));
            oracle.push(leaf);
            assert_eq!(
                frontier.root().0.as_slice(),
                oracle.root().as_bytes().as_slice(),
                "size {}",
                n + 1
            );
        }
        assert!(Frontier::from_peaks(3, vec![]).is_none());
    }
}
