//! Leaf and commitment: what enters the tree, and how it hides and binds the body.
//!
//! Invariant: a leaf has exactly one encoding (fields in the order below, no spaces, time in UTC with three decimals),
//! and [`Leaf::parse`] refuses every other spelling, so «same bytes» and «same leaf» are the same question.
//! Deliberately absent: names of people (they are in the body, which can be pruned; the leaf stays for ever).

use super::event::RetentionClass;
use super::hash::Hash;
use crate::domain::camera::StationId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of the leaf format written here.
pub const VERSION: u8 = 1;
/// Longest leaf accepted, bytes. C2SP entry bundles allow 65,535; ours never pass a few hundred.
pub const MAX_LEAF: usize = 1024;
/// Longest body accepted, bytes.
pub const MAX_BODY: usize = 32 * 1024;

/// Random bytes that make a commitment unguessable; stored beside the body and pruned with it.
pub type Salt = [u8; 32];

/// One entry of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// Format version, [`VERSION`].
    pub v: u8,
    pub station: StationId,
    /// Random per start of the station's program: `mono_ms` counts within one boot.
    pub boot: uuid::Uuid,
    /// Position in this station's chain in this log, from 0, no gaps.
    pub seq: u64,
    /// Leaf hash of the station's previous event in this log; empty text at `seq` 0.
    #[serde(with = "prev_text")]
    pub prev: Option<Hash>,
    /// Wall clock of the station. Never used for order.
    #[serde(with = "time_text")]
    pub time: jiff::Timestamp,
    /// Monotonic clock of the station, milliseconds since its program started.
    pub mono_ms: u64,
    pub class: RetentionClass,
    /// [`commitment`] to the body.
    pub commit: Hash,
}

/// Why a text is not a leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    #[error("leaf longer than {MAX_LEAF} bytes")]
    TooLong,
    #[error("leaf does not parse: {0}")]
    Syntax(String),
    #[error("leaf version {0} is not known")]
    Version(u8),
    #[error("leaf is not in its one exact encoding")]
    NotCanonical,
    #[error("prev must be empty at seq 0 and only there")]
    PrevAtStart,
}

impl Leaf {
    /// The leaf in its one encoding.
    pub fn encode(&self) -> String {
        // A struct of numbers, slugs and hex cannot fail to serialise; an empty leaf would be refused by `parse`.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a leaf and refuses any spelling but the exact one.
    pub fn parse(text: &str) -> Result<Self, LeafError> {
        if text.len() > MAX_LEAF {
            return Err(LeafError::TooLong);
        }
        let leaf: Leaf = serde_json::from_str(text).map_err(|error| LeafError::Syntax(error.to_string()))?;
        if leaf.v != VERSION {
            return Err(LeafError::Version(leaf.v));
        }
        if leaf.prev.is_none() != (leaf.seq == 0) {
            return Err(LeafError::PrevAtStart);
        }
        if leaf.encode() != text {
            return Err(LeafError::NotCanonical);
        }
        Ok(leaf)
    }
}

/// `SHA-256(0x02 ‖ salt ‖ body)`.
pub fn commitment(salt: &Salt, body: &[u8]) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([2])
            .chain_update(salt)
            .chain_update(body)
            .finalize()
            .into(),
    )
}

/// `SHA-256(0x00 ‖ leaf)`: RFC 9162 §2.1.1.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into())
}

mod prev_text {
    use super::Hash;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(prev: &Option<Hash>, serializer: S) -> Result<S::Ok, S::Error> {
        match prev {
            Some(hash) => serializer.collect_str(hash),
            None => serializer.serialize_str(""),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Hash>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            Ok(None)
        } else {
            text.parse().map(Some).map_err(D::Error::custom)
        }
    }
}

mod time_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(time: &jiff::Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{time:.3}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<jiff::Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf {
        Leaf {
            v: VERSION,
            station: "sala-operativa".parse().unwrap(),
            boot: uuid::Uuid::from_u128(7),
            seq: 0,
            prev: None,
            time: "2026-11-22T14:00:00Z".parse().unwrap(),
            mono_ms: 1234,
            class: RetentionClass::Police,
            commit: commitment(&[9; 32], b"{}"),
        }
    }

    #[test]
    fn r_aud_2_a_leaf_has_exactly_one_spelling() {
        let text = leaf().encode();
        assert!(text.contains("\"time\":\"2026-11-22T14:00:00.000Z\""), "{text}");
        assert_eq!(Leaf::parse(&text).unwrap(), leaf());
        for other in [
            text.replace(',', ", "),
            text.replace("00.000Z", "00Z"),
            text.replace("\"v\":1", "\"v\":1.0"),
            text.replace("\"v\":1", "\"v\":2"),
            text.replace("\"mono_ms\":1234", "\"mono_ms\":1234,\"more\":1"),
            text.replace("\"seq\":0", "\"seq\":1"),
            format!("{text} "),
        ] {
            assert!(Leaf::parse(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn commitment_depends_on_salt_and_body() {
        assert_ne!(commitment(&[1; 32], b"a"), commitment(&[2; 32], b"a"));
        assert_ne!(commitment(&[1; 32], b"a"), commitment(&[1; 32], b"b"));
        // Domain separation: a commitment is never a leaf hash of the same bytes.
        let joined: Vec<u8> = [1u8; 32].into_iter().chain(*b"a").collect();
        assert_ne!(commitment(&[1; 32], b"a"), leaf_hash(&joined));
    }
}
