//! C2SP tlog-proof: one file that proves, without the network, that an event stands in a log and that witnesses saw it.
//!
//! Lines: `c2sp.org/tlog-proof@v1`, `extra <base64>`, `index <n>`, the hashes of the inclusion proof in base64, an empty line, the
//! cosigned checkpoint. The extra data of ours is an [`OpenedEvent`] as JSON: leaf, salt and body, from which whoever holds the
//! file reckons the leaf hash himself.
//! Invariant: what [`TlogProof::verify`] gives back is bound to the checkpoint by hashes alone; nothing of the extra data is believed
//! before. Deliberately absent: whose keys are believed (`policy`).

use super::event::Body;
use super::hash::Hash;
use super::leaf::{self, Leaf, Salt};
use super::note::MAX_NOTE;
use super::proof::{MAX_PATH, verify_inclusion};
use super::witness_policy::{Accepted, NotAccepted, Policy};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// Longest proof read, bytes: base64 of an opened event, the hashes, a note.
pub const MAX_PROOF: usize = 2 * (leaf::MAX_LEAF + 2 * leaf::MAX_BODY) + 64 * MAX_PATH + MAX_NOTE;

/// What opens an event of the log to whoever is given it: each text byte for byte as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedEvent {
    /// Leaf, UTF-8 JSON text.
    pub leaf: String,
    /// Salt, 32 bytes, lower-case hex.
    pub salt: String,
    /// Body, UTF-8 JSON text.
    pub body: String,
}

/// The content of a proof file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// The event; `None`: whoever verifies has it from elsewhere.
    pub event: Option<OpenedEvent>,
    /// Place in the log, from 0.
    pub index: u64,
    /// From the leaf's sibling up.
    pub path: Vec<Hash>,
    /// The checkpoint with the lines of log and witnesses.
    pub note: String,
}

/// What a proof proves.
#[derive(Debug, Clone)]
pub struct Proven {
    pub leaf: Leaf,
    pub body: Body,
    pub index: u64,
    pub accepted: Accepted,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    #[error("not a proof file (tlog-proof, version 1)")]
    Malformed,
    #[error("the proof holds no event of Vedetta")]
    NoEvent,
    #[error("the checkpoint")]
    NotAccepted(#[from] NotAccepted),
    #[error("the event does not stand in the log at the place the proof says")]
    NotIncluded,
    #[error("the words of the event are not those the log committed to")]
    OtherWords,
}

impl TlogProof {
    /// The text of the file.
    pub fn encode(&self) -> String {
        let mut text = format!("{FIRST_LINE}\n");
        if let Some(event) = &self.event {
            // A struct of texts cannot fail to serialise; an empty one would be refused by `parse`.
            let extra = serde_json::to_vec(event).unwrap_or_default();
            text.push_str(&format!("extra {}\n", BASE64.encode(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            text.push_str(&format!("{}\n", BASE64.encode(hash.0)));
        }
        text.push('\n');
        text.push_str(&self.note);
        text
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`TlogProofError::Malformed`]: a line is not what the format says; [`TlogProofError::NoEvent`]: the extra data is another
    /// program's.
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        let bad = TlogProofError::Malformed;
        if text.len() > MAX_PROOF {
            return Err(bad);
        }
        let (head, note) = text.split_once("\n\n").ok_or(bad.clone())?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(bad);
        }
        let mut next = lines.next().ok_or(bad.clone())?;
        let mut event = None;
        if let Some(extra) = next.strip_prefix("extra ") {
            let raw = BASE64.decode(extra).map_err(|_| bad.clone())?;
            event = Some(serde_json::from_slice(&raw).map_err(|_| TlogProofError::NoEvent)?);
            next = lines.next().ok_or(bad.clone())?;
        }
        let number = next.strip_prefix("index ").ok_or(bad.clone())?;
        let index: u64 = number.parse().map_err(|_| bad.clone())?;
        let hash = |line: &str| Hash::try_from(BASE64.decode(line).ok()?.as_slice()).ok();
        let path: Vec<Hash> = lines.map(hash).collect::<Option<_>>().ok_or(bad.clone())?;
        if index.to_string() != number || path.len() > MAX_PATH {
            return Err(bad);
        }
        Ok(Self {
            event,
            index,
            path,
            note: note.to_owned(),
        })
    }

    /// Checks checkpoint, place and words.
    ///
    /// # Errors
    /// [`TlogProofError`]: what does not hold.
    pub fn verify(&self, policy: &Policy) -> Result<Proven, TlogProofError> {
        let event = self.event.as_ref().ok_or(TlogProofError::NoEvent)?;
        let accepted = policy.accept(&self.note)?;
        let hash = leaf::leaf_hash(event.leaf.as_bytes());
        let seen = &accepted.checkpoint;
        verify_inclusion(&hash, self.index, seen.size, &self.path, &seen.root)
            .map_err(|_| TlogProofError::NotIncluded)?;
        let read = Leaf::parse(&event.leaf).map_err(|_| TlogProofError::NoEvent)?;
        let mut salt: Salt = [0; 32];
        hex::decode_to_slice(&event.salt, &mut salt).map_err(|_| TlogProofError::OtherWords)?;
        if leaf::commitment(&salt, event.body.as_bytes()) != read.commit {
            return Err(TlogProofError::OtherWords);
        }
        let body = serde_json::from_str(&event.body).map_err(|_| TlogProofError::NoEvent)?;
        Ok(Proven {
            leaf: read,
            body,
            index: self.index,
            accepted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::{self, Checkpoint};
    use super::super::cosignature::{CosignatureKind, Cosigner};
    use super::super::event::RetentionClass;
    use super::super::event_fixture::body;
    use super::super::leaf::VERSION;
    use super::super::note::{NoteError, SignerKey};
    use super::super::proof::{cook, inclusion_recipe};
    use super::super::tree::Frontier;
    use super::super::witness_policy::any_of;
    use super::*;
    use std::collections::HashMap;

    const ORIGIN: &str = "vedetta/020001/prova";
    const INDEX: u64 = 3;

    fn opened() -> OpenedEvent {
        let salt = [9; 32];
        let body = serde_json::to_string(&body()).unwrap();
        let leaf = Leaf {
            v: VERSION,
            station: "sala".parse().unwrap(),
            boot: uuid::Uuid::nil(),
            seq: 0,
            prev: None,
            time: jiff::Timestamp::UNIX_EPOCH,
            mono_ms: 1,
            class: RetentionClass::Police,
            commit: leaf::commitment(&salt, body.as_bytes()),
        };
        OpenedEvent {
            leaf: leaf.encode(),
            salt: hex::encode(salt),
            body,
        }
    }

    /// A proof of the event among nine others, and the policy that believes it.
    fn proof() -> (TlogProof, Policy) {
        let event = opened();
        let (mut frontier, mut nodes) = (Frontier::default(), HashMap::new());
        for n in 0..10 {
            let ours = leaf::leaf_hash(event.leaf.as_bytes());
            let hash = if n == INDEX { ours } else { leaf::leaf_hash(&[n as u8]) };
            nodes.extend(frontier.append(hash));
        }
        let checkpoint = Checkpoint {
            origin: ORIGIN.into(),
            size: 10,
            root: frontier.root(),
        };
        let log = SignerKey::new(ORIGIN, &[1; 32]).unwrap();
        let witness = Cosigner::new("testimone", CosignatureKind::MlDsa44, &[2; 32]).unwrap();
        let mut note = checkpoint::sign(&checkpoint, &log);
        note.push_str(&witness.cosign(&checkpoint.text(), 7).unwrap());
        let recipe = inclusion_recipe(INDEX, 10).unwrap();
        let proof = TlogProof {
            event: Some(event),
            index: INDEX,
            path: cook(&recipe, |id| nodes.get(&id).copied()).unwrap(),
            note,
        };
        let policy = any_of(&[log.verifier()], &[witness.verifier()]);
        (proof, Policy::parse(policy.as_bytes()).unwrap())
    }

    #[test]
    fn r_exp_3_a_proof_reads_back_and_proves_its_event() {
        let (proof, policy) = proof();
        let text = proof.encode();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
        let read = TlogProof::parse(&text).unwrap();
        assert_eq!(read, proof);
        let proven = read.verify(&policy).unwrap();
        assert_eq!((proven.index, proven.body), (INDEX, body()));
        assert_eq!(proven.accepted.cosigned, [("testimone".to_owned(), 7)]);
        let without = TlogProof { event: None, ..proof };
        let text = without.encode();
        assert_eq!(TlogProof::parse(&text), Ok(without.clone()));
        assert_eq!(without.verify(&policy).unwrap_err(), TlogProofError::NoEvent);
    }

    #[test]
    fn r_exp_3_a_proof_of_other_words_another_place_or_without_a_witness_proves_nothing() {
        let (proof, policy) = proof();
        let with = |change: &dyn Fn(&mut TlogProof)| {
            let mut changed = proof.clone();
            change(&mut changed);
            changed.verify(&policy).unwrap_err()
        };
        let event = |change: fn(&mut OpenedEvent)| {
            let mut changed = opened();
            change(&mut changed);
            with(&|proof| proof.event = Some(changed.clone()))
        };
        assert_eq!(event(|event| event.body.push(' ')), TlogProofError::OtherWords);
        assert_eq!(event(|event| event.salt = "00".repeat(32)), TlogProofError::OtherWords);
        assert_eq!(event(|event| event.salt.push('0')), TlogProofError::OtherWords);
        assert_eq!(event(|event| event.leaf.push(' ')), TlogProofError::NotIncluded);
        assert_eq!(with(&|proof| proof.index = 4), TlogProofError::NotIncluded);
        assert_eq!(with(&|proof| proof.path.truncate(1)), TlogProofError::NotIncluded);
        let unwitnessed = with(&|proof| {
            let end = proof.note.trim_end().rfind('\n').unwrap();
            proof.note.truncate(end + 1);
        });
        assert_eq!(unwitnessed, TlogProofError::NotAccepted(NotAccepted::Quorum));
        let forged = with(&|proof| {
            let at = proof.note.len() - 10;
            let other = if proof.note.as_bytes()[at] == b'A' { "B" } else { "A" };
            proof.note.replace_range(at..=at, other);
        });
        assert!(matches!(
            forged,
            TlogProofError::NotAccepted(NotAccepted::Witness(NoteError::WrongSignature))
        ));
    }

    #[test]
    fn proofs_in_another_spelling_are_refused() {
        let text = proof().0.encode();
        let hash = format!("{}\n", BASE64.encode([7; 32]));
        let high = format!("index 3\n{}", hash.repeat(MAX_PATH));
        for bad in [
            String::new(),
            text.replace("@v1", "@v2"),
            text.replace("index 3", "index 03"),
            text.replace("index 3", "index -3"),
            text.replace("index 3\n", ""),
            text.replace("index 3\n", &high),
            text.replace("extra ", "extra x"),
            text.replace("\n\n", "\n"),
            text.repeat(1 + MAX_PROOF / text.len()),
        ] {
            assert_eq!(
                TlogProof::parse(&bad).map(drop),
                Err(TlogProofError::Malformed),
                "{bad:.80}"
            );
        }
        let others = text.replace(
            text.split('\n').nth(1).unwrap(),
            &format!("extra {}", BASE64.encode("another program's")),
        );
        assert_eq!(TlogProof::parse(&others), Err(TlogProofError::NoEvent));
    }
}
