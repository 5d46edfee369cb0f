//! What a look at the audit server can find: its keys, disk, database, clock, signatures, witnesses, workstations,
//! supervisors, users on cameras.
//!
//! One vocabulary for the command `vedetta-audit doctor`, for the call and for the administrator's screen. Invariant: each finding
//! has one sentence, which says what to do. Deliberately absent: looking (`server::doctor`), passwords and keys.

use crate::domain::audit::signing_time::TimeFault;
use crate::domain::camera::{CameraId, StationId};
use crate::domain::message::{Message, sentence};
use serde::{Deserialize, Serialize};

/// Something that was found. Wire names are for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// Other accounts of the machine can read the folder of the keys.
    KeysOpen { path: String },
    /// The disk of the log is nearly full; MiB.
    Disk { free: u64 },
    /// The data folder cannot be looked at.
    FolderUnread,
    /// The database takes no row.
    NoRow,
    /// The database does not say what is in it.
    DatabaseUnread,
    /// The time of the last signature is later than the clock; `command` accepts the clock.
    ClockBehind { log: String, command: String },
    /// The clock is far after the last signature, or there is none yet, and no workstation's clock agrees; `command` accepts the clock.
    ClockAhead { log: String, command: String },
    /// What is new is not signed, for another reason than the clock.
    NotSigned { log: String },
    /// The database has fewer entries than were signed.
    Shorter { log: String },
    /// A workstation holds a later checkpoint than the signer.
    PutBack { log: String },
    /// No witness is asked to cosign.
    NoWitness { log: String },
    /// Entries are signed that no witness saw.
    Unwitnessed { log: String, count: u64 },
    /// Entries wait for a witness longer than [`SILENT_MS`].
    WitnessSilent { log: String, count: u64, hours: u64 },
    /// A workstation said two things under one number.
    Quarantined { station: StationId },
    /// The certificate of a workstation ends soon and was not renewed.
    Certificate { station: StationId },
    /// Events of a workstation named a person, session or purpose that is not as the server keeps it: so many times within a month.
    InAnothersName { station: StationId, count: u64 },
    /// Events of a workstation were set aside or had no place: so many within a month.
    SetAside { station: StationId, count: u64 },
    /// A camera has users that nobody here made or entered.
    UnknownUsers { camera: CameraId, users: Vec<String> },
    /// Fewer than two supervisors are in use.
    OneSupervisor,
    /// A finding that a newer server knows.
    #[serde(other)]
    Unknown,
}

/// A witness is asked again within seconds: entries that none has seen for so long say that none answers, ms.
const SILENT_MS: i64 = 3_600_000;

impl Finding {
    /// What no witness saw of a log, the oldest of it for `waiting_ms`.
    pub fn unwitnessed(log: &str, count: u64, waiting_ms: i64) -> Self {
        let log = log.to_owned();
        match u64::try_from(waiting_ms / SILENT_MS) {
            Ok(hours @ 1..) => Self::WitnessSilent { log, count, hours },
            _ => Self::Unwitnessed { log, count },
        }
    }

    /// A log whose signer refuses the clock, with the command that accepts it.
    pub fn clock(log: &str, fault: TimeFault, command: &str) -> Self {
        let (log, command) = (log.to_owned(), command.to_owned());
        match fault {
            TimeFault::RunsBack { .. } => Self::ClockBehind { log, command },
            TimeFault::Ahead { .. } | TimeFault::Apart { .. } => Self::ClockAhead { log, command },
        }
    }

    /// Whether something has to be done; otherwise it is worth knowing.
    pub fn is_wrong(&self) -> bool {
        !matches!(
            self,
            Self::NoWitness { .. } | Self::Unwitnessed { .. } | Self::OneSupervisor
        )
    }

    /// The sentence for people.
    pub fn message(&self) -> Message {
        match self {
            Self::KeysOpen { path } => sentence("doctor-keys-open").with("path", path.as_str()),
            Self::Disk { free } => sentence("doctor-disk").with("free", *free),
            Self::FolderUnread => sentence("doctor-folder-unread"),
            Self::NoRow => sentence("doctor-no-row"),
            Self::DatabaseUnread => sentence("doctor-database-unread"),
            Self::ClockBehind { log, command } => sentence("doctor-clock-behind")
                .with("log", log.as_str())
                .with("command", command.as_str()),
            Self::ClockAhead { log, command } => sentence("doctor-clock-ahead")
                .with("log", log.as_str())
                .with("command", command.as_str()),
            Self::NotSigned { log } => sentence("doctor-not-signed").with("log", log.as_str()),
            Self::Shorter { log } => sentence("doctor-shorter").with("log", log.as_str()),
            Self::PutBack { log } => sentence("doctor-put-back").with("log", log.as_str()),
            Self::NoWitness { log } => sentence("doctor-no-witness").with("log", log.as_str()),
            Self::Unwitnessed { log, count } => sentence("doctor-unwitnessed")
                .with("log", log.as_str())
                .with("count", *count),
            Self::WitnessSilent { log, count, hours } => sentence("doctor-witness-silent")
                .with("log", log.as_str())
                .with("count", *count)
                .with("hours", *hours),
            Self::Quarantined { station } => sentence("doctor-quarantined").with("station", station.as_str()),
            Self::Certificate { station } => sentence("doctor-certificate").with("station", station.as_str()),
            Self::InAnothersName { station, count } => sentence("doctor-in-anothers-name")
                .with("station", station.as_str())
                .with("count", *count),
            Self::SetAside { station, count } => sentence("doctor-set-aside")
                .with("station", station.as_str())
                .with("count", *count),
            Self::UnknownUsers { camera, users } => sentence("doctor-unknown-users")
                .with("camera", camera.as_str())
                .with("users", users.join(", ")),
            Self::OneSupervisor => sentence("doctor-one-supervisor"),
            Self::Unknown => sentence("doctor-unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_aud_2_a_witness_that_sees_nothing_for_an_hour_is_silent() {
        let of = |waiting_ms| Finding::unwitnessed("vedetta/020001/borgo", 3, waiting_ms);
        for waiting_ms in [-5 * SILENT_MS, 0, SILENT_MS - 1] {
            assert!(!of(waiting_ms).is_wrong(), "{waiting_ms}");
        }
        for (waiting_ms, since) in [(SILENT_MS, 1), (50 * SILENT_MS - 1, 49)] {
            let found = of(waiting_ms);
            assert!(found.is_wrong());
            assert!(
                matches!(found, Finding::WitnessSilent { count: 3, hours, .. } if hours == since),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_finding_keeps_its_wire_name_and_one_of_a_newer_server_is_read_as_unknown() {
        let command = "vedetta-audit log accept-time --controller borgo --reason …".to_owned();
        let behind = Finding::ClockBehind {
            log: "vedetta/020001/borgo".to_owned(),
            command,
        };
        let text = serde_json::to_string(&behind).unwrap();
        assert_eq!(
            text,
            "{\"finding\":\"clock_behind\",\"log\":\"vedetta/020001/borgo\",\
             \"command\":\"vedetta-audit log accept-time --controller borgo --reason …\"}"
        );
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), behind);
        let newer: Vec<Finding> =
            serde_json::from_str("[{\"finding\":\"one_supervisor\"},{\"finding\":\"on_fire\",\"where\":\"attic\"}]")
                .unwrap();
        assert_eq!(newer, [Finding::OneSupervisor, Finding::Unknown]);
        assert!(newer[1].is_wrong(), "what is not known is not called harmless");
    }
}
