//! Whether a log was put back: a workstation holds a checkpoint, signed by the log itself, that its server does not remember.
//!
//! Invariant: the workstation's checkpoint was verified with the log's key before it is asked about here, so that nobody makes a
//! server stop. Deliberately absent: what a workstation does when its server forgot (`station::record::courier`).

use super::checkpoint::Checkpoint;
use super::hash::Hash;

/// Whether `pinned` is beyond what the signer remembers, or another history of the same size.
pub fn is_beyond(pinned: &Checkpoint, signed_size: u64, signed_root: &Hash) -> bool {
    pinned.size > signed_size || pinned.size == signed_size && pinned.root != *signed_root
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
            "a proof of consistency says the rest"
        );
    }
}
