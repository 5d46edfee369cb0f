//! A purpose as somebody states it: with a note, and with the protocol number of the request where the purpose needs one.
//!
//! Invariant: a purpose that needs a number has one; note and number are short and have no control characters.
//! Deliberately absent: when it is asked for (signing in, changing it), what is done under it.

use super::{Level, Purpose};
use serde::{Deserialize, Serialize};

/// Longest protocol number, characters.
pub const MOST_PROTOCOL: usize = 60;
/// Longest note, characters.
pub const MOST_NOTE: usize = 200;

impl Purpose {
    /// The purpose that counts for a person of this level who stated this one.
    pub fn at_level(self, level: Level) -> Self {
        level.only_purpose().unwrap_or(self)
    }

    /// Whether somebody else's request is behind it, so that its protocol number is to be named.
    pub fn needs_protocol_no(self) -> bool {
        matches!(self, Self::JudicialPoliceDelegated | Self::DataSubjectRequest)
    }
}

impl Level {
    /// The purpose under which everything at this level is done, where there is but one: a contractor is there for
    /// maintenance (R-MNT-1).
    pub fn only_purpose(self) -> Option<Purpose> {
        match self {
            Self::Maintainer => Some(Purpose::Maintenance),
            Self::Operator | Self::Supervisor | Self::ForceOperator | Self::SystemAdministrator => None,
        }
    }
}

/// A purpose that needs the protocol number of the request was stated without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this purpose needs the protocol number of the request")]
pub struct NoProtocolNumber;

/// A purpose with its note and protocol number, as a person stated it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Typed", into = "Typed")]
pub struct Stated {
    purpose: Purpose,
    note: String,
    protocol_no: String,
}

/// A stated purpose as it was typed, or as it travels; not yet checked.
#[derive(Serialize, Deserialize)]
struct Typed {
    purpose: Purpose,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    protocol_no: String,
}

impl TryFrom<Typed> for Stated {
    type Error = NoProtocolNumber;

    fn try_from(typed: Typed) -> Result<Self, NoProtocolNumber> {
        Self::new(typed.purpose, &typed.note, &typed.protocol_no)
    }
}

impl From<Stated> for Typed {
    fn from(stated: Stated) -> Self {
        Self {
            purpose: stated.purpose,
            note: stated.note,
            protocol_no: stated.protocol_no,
        }
    }
}

/// Without control characters and what surrounds it, no longer than `most`.
pub(super) fn cleaned(typed: &str, most: usize) -> String {
    let typed = typed.trim().chars().filter(|c| !c.is_control());
    typed.take(most).collect()
}

impl Default for Stated {
    /// Urban security, which most watch for, with nothing beside it.
    fn default() -> Self {
        Self {
            purpose: Purpose::UrbanSecurity,
            note: String::new(),
            protocol_no: String::new(),
        }
    }
}

impl Stated {
    /// A purpose with the note and the number typed beside it; either may be empty.
    ///
    /// # Errors
    /// [`NoProtocolNumber`]: the purpose needs a protocol number, and the one given is empty.
    pub fn new(purpose: Purpose, note: &str, protocol_no: &str) -> Result<Self, NoProtocolNumber> {
        let stated = Self {
            purpose,
            note: cleaned(note, MOST_NOTE),
            protocol_no: cleaned(protocol_no, MOST_PROTOCOL),
        };
        if purpose.needs_protocol_no() && stated.protocol_no.is_empty() {
            return Err(NoProtocolNumber);
        }
        Ok(stated)
    }

    /// What counts for a person of this level: the contractor repairs, whatever was stated, so that no watching for another
    /// purpose stands in the register under their name (R-MNT-1).
    pub fn at_level(self, level: Level) -> Self {
        Self {
            purpose: self.purpose.at_level(level),
            ..self
        }
    }

    /// The purpose.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The note beside the purpose; may be empty.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The protocol number of the request; may be empty where the purpose needs none.
    pub fn protocol_no(&self) -> &str {
        &self.protocol_no
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_rec_1_a_request_of_others_names_its_protocol_number() {
        for purpose in [Purpose::JudicialPoliceDelegated, Purpose::DataSubjectRequest] {
            assert_eq!(Stated::new(purpose, "nota", " \n"), Err(NoProtocolNumber));
            let stated = Stated::new(purpose, "", " 12/2026 ").unwrap();
            assert_eq!((stated.purpose(), stated.protocol_no()), (purpose, "12/2026"));
        }
        assert!(Stated::new(Purpose::Traffic, "", "").is_ok());
    }

    #[test]
    fn r_mnt_1_the_contractor_is_there_for_maintenance_whatever_was_stated() {
        let stated = Stated::new(Purpose::UrbanSecurity, "dome ferma", "7/2026").unwrap();
        let contractor = stated.clone().at_level(Level::Maintainer);
        assert_eq!(contractor.purpose(), Purpose::Maintenance);
        assert_eq!((contractor.note(), contractor.protocol_no()), ("dome ferma", "7/2026"));
        for level in [
            Level::Operator,
            Level::Supervisor,
            Level::ForceOperator,
            Level::SystemAdministrator,
        ] {
            assert_eq!(stated.clone().at_level(level), stated);
        }
    }

    #[test]
    fn what_travels_is_read_by_the_same_rule() {
        let read = |text: &str| serde_json::from_str::<Stated>(text);
        assert!(read(r#"{"purpose":"judicial_police_delegated"}"#).is_err());
        // A newer workstation may say more.
        assert_eq!(
            read(r#"{"purpose":"traffic","other":1}"#).unwrap(),
            read(r#"{"purpose":"traffic"}"#).unwrap()
        );
        let stated = read(r#"{"purpose":"traffic","note":" mercato\u0007 "}"#).unwrap();
        assert_eq!(stated.note(), "mercato");
        assert_eq!(
            serde_json::to_string(&stated).unwrap(),
            r#"{"purpose":"traffic","note":"mercato"}"#
        );
        let long = Stated::new(Purpose::Waste, &"a".repeat(MOST_NOTE + 9), "").unwrap();
        assert_eq!(long.note().len(), MOST_NOTE);
    }
}
