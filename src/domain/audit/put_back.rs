//! Whether a log was put back: a workstation holds a checkpoint, signed by the log itself, that its server does not have.
//!
//! Invariant: the workstation's checkpoint was verified with the log's key before it is asked about here. So nobody makes a server
//! stop with one that they made up, and an old one, whoever shows it, is in the log.
//! Deliberately absent: what a workstation does when its server forgot (`station::record::courier`).

use super::checkpoint::Checkpoint;
use super::hash::Hash;

/// Whether `pinned` is beyond what the signer remembers, or another history of the same size.
pub fn is_beyond(pinned: &Checkpoint, signed_size: u64, signed_root: &Hash) -> bool {
    pinned.size > signed_size || pinned.size == signed_size && pinned.root != *signed_root
}

/// Whether `pinned` is of another history than the log, which may have grown past it since it was put back. `there` is the root of the
/// log at the size of `pinned`; `None` while it has fewer entries, because they are being given to it again: then only what the signer
/// remembers counts.
pub fn is_elsewhere(pinned: &Checkpoint, (signed_size, signed_root): (u64, &Hash), there: Option<&Hash>) -> bool {
    is_beyond(pinned, signed_size, signed_root) || there.is_some_and(|root| *root != pinned.root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_aud_2_a_checkpoint_that_the_signer_does_not_remember_says_that_it_was_put_back() {
        let pinned = Checkpoint {
            origin: "vedetta/020001/borgo".into(),
            size: 5,
            root: Hash([5; 32]),
        };
        assert!(is_beyond(&pinned, 4, &Hash([4; 32])));
        assert!(is_beyond(&pinned, 5, &Hash([6; 32])), "another history");
        assert!(!is_beyond(&pinned, 5, &Hash([5; 32])));
        assert!(
            !is_beyond(&pinned, 6, &Hash([6; 32])),
            "what the log has at that size says the rest"
        );
    }

    #[test]
    fn r_aud_2_a_log_that_grew_past_a_checkpoint_with_another_root_is_another_history() {
        let pinned = Checkpoint {
            origin: "vedetta/020001/borgo".into(),
            size: 5,
            root: Hash([5; 32]),
        };
        let (grown, other) = (Hash([6; 32]), Hash([9; 32]));
        assert!(is_elsewhere(&pinned, (6, &grown), Some(&other)));
        assert!(!is_elsewhere(&pinned, (6, &grown), Some(&Hash([5; 32]))));
        assert!(
            !is_elsewhere(&pinned, (6, &grown), None),
            "the signer remembers more, and the entries come back"
        );
        assert!(is_elsewhere(&pinned, (4, &grown), None), "beyond all the same");
    }
}
