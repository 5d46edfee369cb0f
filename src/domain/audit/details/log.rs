//! Events of the log itself: reading, verifying, holds, pruning, and what does not fit.
//!
//! Invariant: whoever reads the log says in it what they asked for. Deliberately absent: what they found.

use super::field::{Typed, parameters, words};
use crate::domain::audit::hash::Hash;
use crate::domain::camera::StationId;
use serde::{Deserialize, Serialize};

/// Where a reading of the log begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ReadFrom {
    /// Of a page: index of an entry.
    Index(u64),
    /// Of a search: RFC 3339, by the clocks of the stations.
    Time(String),
}

impl Typed for ReadFrom {
    const VALUE: &'static str = "number or text";
}

impl Typed for Hash {
    const VALUE: &'static str = "SHA-256, hexadecimal";
}

words! {
    /// A list that is read and is no log.
    ListWord {
        People = "people",
        Server = "server",
    }
}

parameters! {
    /// Entries, or a list that is no log, are given out: before (R-AUD-3).
    LogRead by "S" {
        /// Index of the first entry of a page; earliest moment of a search, RFC 3339
        from: ReadFrom,
        /// Most entries of a page
        limit: u32,
        /// Account name that is searched, as asked, at most 128 characters, as the next five
        person: String,
        /// Camera that is searched
        camera: String,
        /// Operation that is searched
        operation: String,
        /// Purpose that is searched
        purpose: String,
        /// Result that is searched
        result: String,
        /// Place where the page before ended: Unix seconds, a point, index
        after: String,
        /// Moment a search goes up to, without it, RFC 3339
        to: String,
        /// Whether these are one's own entries
        own: bool,
        /// List that is no log: accounts, or what is wrong with the server
        read: ListWord,
        /// Whether the whole log is written to files
        export: bool,
        /// Number of entries of an exported log
        size: u64,
    }
}

parameters! {
    /// A log was recomputed and holds.
    LogVerify by "S" {
        /// Number of entries of the log
        size: u64,
        /// Root hash over them, hexadecimal
        root: String,
    }
}

words! {
    /// What is done with a hold.
    HoldWord {
        Set = "set",
        Lifted = "lifted",
    }
}

parameters! {
    /// A hold on entries is set or lifted.
    LogHold by "S" {
        /// Act
        hold: HoldWord,
        /// Beginning of the range, Unix milliseconds
        from_ms: i64,
        /// End of the range, Unix milliseconds
        to_ms: i64,
        /// Authority that asked for it
        authority: String,
        /// Protocol number of the request
        protocol_no: String,
        /// Number of the hold that is lifted
        id: i64,
    }
}

parameters! {
    /// Bodies past their floor are removed; the record itself is never pruned.
    LogPruned by "S" {
        /// Number of the order
        order: i64,
        /// Account name of who asked for it; `person` approved it
        asked_by: String,
        /// First index, and one past the last
        spans: Vec<(u64, u64)>,
    }
}

parameters! {
    /// A workstation asked in another's name (`asked_for`) or with a code that was not good (`refused`); or its events were taken, and the person, session or purpose they name is not as the server keeps them (`done`).
    StationRefused by "S" {}
}

words! {
    /// What is wrong with an event that is set aside.
    AsideWord {
        /// The body is no JSON object that can be read.
        Unreadable = "unreadable",
        /// The database does not take what the body is found by, or the body itself.
        Database = "database",
        /// The leaf is none of this format.
        Leaf = "leaf",
        /// The salt is not 32 bytes.
        Salt = "salt",
        /// The body is longer than a body may be.
        TooLong = "too_long",
        /// The leaf does not commit to the body.
        Commitment = "commitment",
        /// The body names another station.
        OtherStation = "other_station",
    }
}

parameters! {
    /// An event of a station is not like others. `done`: it has its place in the log and its body is kept byte for byte, found by no word; this record stands beside it and is never pruned. `refused`: it has no place, and is told of once while the server runs.
    EventSetAside by "S" {
        /// Index of the entry that is set aside
        index: u64,
        /// Station whose event it is
        station: StationId,
        /// The sequence number; absent where no leaf says it
        seq: u64,
        /// What is wrong with it
        fault: AsideWord,
    }
}

parameters! {
    /// An outbox was opened and something in it was not as it was written.
    OutboxDamage by "W" {
        /// Damage that was found, in English
        detail: String,
        /// Number of the file; `null` where it is none of them
        segment: Option<u64>,
        /// First record that cannot be read
        lost_from: u64,
        /// Number of records that cannot be read
        lost_count: u64,
    }
}

parameters! {
    /// A station offered other bytes under a sequence number that the log has.
    Equivocation by "S" {
        /// Station that offered them
        station: StationId,
        /// The sequence number
        seq: u64,
        /// Leaf hash of the bytes it offered
        offered_leaf_hash: Hash,
    }
}
