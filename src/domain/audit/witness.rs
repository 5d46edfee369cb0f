//! What a witness is asked and what it answers: C2SP tlog-witness, without the network.
//!
//! Request: `old <size>`, the hashes of the consistency proof in base64, one a line, an empty line, the signed checkpoint.
//! Invariant: a witness that says yes has seen proof that the new checkpoint continues the last one it said yes to.
//! Deliberately absent: memory and clock (arguments), and anything of the log beside origin, size and root.

use super::checkpoint::{self, Checkpoint, CheckpointError};
use super::hash::Hash;
use super::note::{MAX_NOTE, VerifierKey};
use super::proof::{MAX_PATH, verify_consistency};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Longest request read, bytes.
pub const MAX_ASK: usize = MAX_NOTE + 64 * MAX_PATH;

/// A checkpoint handed to a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Size of the checkpoint the witness is thought to know.
    pub old: u64,
    /// From `old` to the new checkpoint.
    pub proof: Vec<Hash>,
    /// The new checkpoint, signed.
    pub note: String,
}

/// The text is not a request to a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a request to a witness")]
pub struct BadAsk;

/// Why a witness does not cosign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    #[error("old is larger than the checkpoint")]
    Backwards,
    /// Ask again with this size.
    #[error("the witness knows size {0}")]
    KnowsOther(u64),
    /// Two roots for one size, both signed by the log: the two checkpoints prove by themselves that it has two histories.
    #[error("another root for a size that was seen")]
    Fork,
    /// From the size that is known to a larger one by a proof that does not hold. Nobody can tell a fork by it: whoever has the log's
    /// public checkpoint can send it with a wrong proof.
    #[error("proof not accepted")]
    NotProven,
}

impl Ask {
    /// The text that travels.
    pub fn encode(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            text.push_str(&BASE64.encode(hash.0));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.note);
        text
    }

    /// Reads the text of a request.
    ///
    /// # Errors
    /// [`BadAsk`]: it is too long, or a line is not what the format says.
    pub fn parse(text: &str) -> Result<Self, BadAsk> {
        if text.len() > MAX_ASK {
            return Err(BadAsk);
        }
        let (head, note) = text.split_once("\n\n").ok_or(BadAsk)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or(BadAsk)?;
        let number: u64 = old.parse().map_err(|_| BadAsk)?;
        if number.to_string() != old {
            return Err(BadAsk);
        }
        let hash = |line: &str| Hash::try_from(BASE64.decode(line).ok()?.as_slice()).ok();
        let proof: Vec<Hash> = lines.map(hash).collect::<Option<_>>().ok_or(BadAsk)?;
        if proof.len() > MAX_PATH {
            return Err(BadAsk);
        }
        Ok(Self {
            old: number,
            proof,
            note: note.to_owned(),
        })
    }
}

/// The origin a note claims, not yet verified: which log's key to check it with.
pub fn claimed_origin(note: &str) -> Option<&str> {
    note.split('\n').next().filter(|origin| !origin.is_empty())
}

/// Checks a request against the last checkpoint cosigned (the empty tree before the first).
///
/// # Errors
/// [`Objection`]: why the checkpoint must not be cosigned.
pub fn examine(ask: &Ask, key: &VerifierKey, known: &Checkpoint) -> Result<Checkpoint, Objection> {
    let offered = checkpoint::verify(&ask.note, key)?;
    if ask.old > offered.size {
        return Err(Objection::Backwards);
    }
    // First of all, as tlog-witness says: only an ask from the size that is known tells a fork from an old request.
    if ask.old != known.size {
        return Err(Objection::KnowsOther(known.size));
    }
    if offered.size == known.size && offered.root != known.root {
        return Err(Objection::Fork);
    }
    verify_consistency(known.size, &known.root, offered.size, &offered.root, &ask.proof)
        .map_err(|_| Objection::NotProven)?;
    Ok(offered)
}

#[cfg(test)]
mod tests {
    use super::super::leaf::leaf_hash;
    use super::super::note::SignerKey;
    use super::super::proof::{consistency_recipe, cook};
    use super::super::tree::{Frontier, NodeId, empty_root};
    use super::*;
    use std::collections::HashMap;

    const ORIGIN: &str = "vedetta/020001/prova";

    struct Town {
        signer: SignerKey,
        nodes: HashMap<NodeId, Hash>,
        roots: Vec<Hash>,
    }

    fn town(salt: u8, size: u64) -> Town {
        let mut frontier = Frontier::default();
        let (mut nodes, mut roots) = (HashMap::new(), vec![empty_root()]);
        for n in 0..size {
            // The first three leaves are those of every town.
            let salt = if n < 3 { 0 } else { salt };
            nodes.extend(frontier.append(leaf_hash(&[salt, n as u8])));
            roots.push(frontier.root());
        }
        Town {
            signer: SignerKey::new(ORIGIN, &[1; 32]).unwrap(),
            nodes,
            roots,
        }
    }

    impl Town {
        fn at(&self, size: u64) -> Checkpoint {
            Checkpoint {
                origin: ORIGIN.into(),
                size,
                root: self.roots[size as usize],
            }
        }

        fn ask(&self, old: u64, size: u64) -> Ask {
            let recipe = consistency_recipe(old, size).unwrap();
            Ask {
                old,
                proof: cook(&recipe, |id| self.nodes.get(&id).copied()).unwrap(),
                note: checkpoint::sign(&self.at(size), &self.signer),
            }
        }
    }

    #[test]
    fn r_aud_2_a_witness_follows_one_history_and_objects_to_a_second() {
        let (ours, theirs) = (town(1, 9), town(2, 9));
        let key = ours.signer.verifier();
        let empty = ours.at(0);
        assert_eq!(examine(&ours.ask(0, 5), &key, &empty), Ok(ours.at(5)));
        assert_eq!(examine(&ours.ask(5, 9), &key, &ours.at(5)), Ok(ours.at(9)));
        assert_eq!(examine(&ours.ask(9, 9), &key, &ours.at(9)), Ok(ours.at(9)), "again");
        let stale = examine(&ours.ask(0, 9), &key, &ours.at(5));
        assert_eq!(stale, Err(Objection::KnowsOther(5)));
        assert_eq!(examine(&theirs.ask(5, 9), &key, &ours.at(5)), Err(Objection::NotProven));
        let wrong_proof = Ask {
            proof: theirs.ask(5, 9).proof,
            ..ours.ask(5, 9)
        };
        assert_eq!(
            examine(&wrong_proof, &key, &ours.at(5)),
            Err(Objection::NotProven),
            "the log's own checkpoint, by a proof of somebody else"
        );
        assert_eq!(examine(&theirs.ask(9, 9), &key, &ours.at(9)), Err(Objection::Fork));
        for (asked, why) in [
            (ours.ask(0, 9), "an old request"),
            (theirs.ask(5, 9), "of another history"),
        ] {
            assert_eq!(
                examine(&asked, &key, &ours.at(9)),
                Err(Objection::KnowsOther(9)),
                "{why}"
            );
        }
        let backwards = Ask {
            old: 9,
            ..ours.ask(0, 5)
        };
        assert_eq!(examine(&backwards, &key, &ours.at(9)), Err(Objection::Backwards));
        let stranger = SignerKey::new(ORIGIN, &[3; 32]).unwrap().verifier();
        assert!(matches!(
            examine(&ours.ask(0, 5), &stranger, &empty),
            Err(Objection::Checkpoint(_))
        ));
    }

    #[test]
    fn requests_read_back_and_other_spellings_do_not() {
        let ask = town(1, 9).ask(3, 9);
        let text = ask.encode();
        assert_eq!(Ask::parse(&text), Ok(ask));
        assert_eq!(claimed_origin(&Ask::parse(&text).unwrap().note), Some(ORIGIN));
        for bad in [
            "",
            "old 3",
            "old 03\n\nx",
            "new 3\n\nx",
            "old 3\nAAAA\n\nx",
            "old -1\n\nx",
        ] {
            assert_eq!(Ask::parse(bad), Err(BadAsk), "{bad:?}");
        }
    }
}
