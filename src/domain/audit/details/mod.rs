//! What an event says: the operation with its parameters, as types; the one way into a body and the one way out.
//!
//! | file | what |
//! |---|---|
//! | [`presence`] | signing in and out, purpose, lock, grace |
//! | [`live`] | live pictures and domes |
//! | [`plan`] | masks, and accounts of cameras |
//! | [`configuration`] | everything else that is administered |
//! | [`recordings`] | clearances, playback, exports, technical figures |
//! | [`log`] | the log itself |
//! | [`any_operation`] | parameters that any operation may carry |
//! | [`reference`] | `docs/events.md`, made of these types |
//!
//! Invariant: reading a body and writing it again gives the parameters it had, whatever they are: what these types do not
//! know, or know in another form, is passed on untouched. No parameter has a name outside this folder.
//! Deliberately absent: who says it and where (`event::Body`), and whether it may be done.

pub mod any_operation;
pub mod configuration;
mod field;
pub mod live;
pub mod log;
pub mod plan;
pub mod presence;
pub mod recordings;
pub mod reference;

use super::operation::Operation;
use crate::domain::camera::StationId;
use crate::domain::people::Rule;
use any_operation::{Common, Why};
use field::{Fields, Group};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The parameters of a body, as they are encoded. Only `Body::say` and `Body::because` add one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(Map<String, Value>);

impl Parameters {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what is said to what there is.
    pub(super) fn add(&mut self, details: &Details) {
        details.write(&mut self.0);
    }

    /// Adds why something was refused, failed or ended.
    pub(super) fn add_why(&mut self, why: Why) {
        let common = Common {
            why: Some(why),
            ..Common::default()
        };
        common.write(&mut self.0);
    }
}

/// An operation in the reference: who writes it, when, and with which parameters.
#[derive(Debug, Clone, Copy)]
struct Entry {
    operation: Operation,
    by: &'static str,
    written: &'static [&'static str],
    groups: &'static [Group],
}

/// Lists the operations by wing, each with the type of its parameters: both have one name.
macro_rules! operations {
    ($($title:literal $wing:ident: $($name:ident),+;)*) => {
        /// What happened, with its parameters: one variant for each [`Operation`].
        #[derive(Debug, Clone, PartialEq)]
        pub enum EventKind {
            $($($name($wing::$name),)+)*
        }

        impl EventKind {
            /// The operation.
            pub fn operation(&self) -> Operation {
                match self {
                    $($(Self::$name(_) => Operation::$name,)+)*
                }
            }

            fn write(&self, into: &mut Map<String, Value>) {
                match self {
                    $($(Self::$name(fields) => fields.write(into),)+)*
                }
            }

            fn read(operation: Operation, from: &mut Map<String, Value>) -> Self {
                match operation {
                    $($(Operation::$name => Self::$name(Fields::read(from)),)+)*
                }
            }
        }

        $($(impl From<$wing::$name> for EventKind {
            fn from(fields: $wing::$name) -> Self {
                Self::$name(fields)
            }
        })+)*

        /// Every operation, by wing.
        const WINGS: &[(&str, &[Entry])] = &[$(($title, &[$(Entry {
            operation: Operation::$name,
            by: <$wing::$name as Fields>::BY,
            written: <$wing::$name as Fields>::WRITTEN,
            groups: <$wing::$name as Fields>::GROUPS,
        }),+])),*];
    };
}

operations! {
    "Being there" presence:
        SignIn, SignInRefused, SignOut, PurposeChange, AccountAsk, WorkstationLock, GraceExtended;
    "Live pictures and domes" live:
        ViewOpen, ViewPulse, ViewClose, PtzStart, PtzEnd, PresetCall, PresetSave, DomeHold, EventDeclared,
        MaskLift, EventEnded, Snapshot;
    "Masks and cameras" plan:
        MaskChange, CameraWritten, CameraDrift, CredentialReleased;
    "Administration" configuration:
        ConfigurationChange;
    "Recordings" recordings:
        Clearance, RecordingSearch, PlaybackOpen, PlaybackSeek, PlaybackClose, ExportStart, ExportEnd, DiagnosticsOpen,
        DiagnosticsClose;
    "The log itself" log:
        LogRead, LogVerify, LogHold, LogPruned, Equivocation, EventSetAside, StationRefused, OutboxDamage;
}

/// What an event says: what happened, what any event may add, and what a newer program said that this one does not know.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    pub kind: EventKind,
    pub common: Common,
    unknown: Map<String, Value>,
}

impl<T: Into<EventKind>> From<T> for Details {
    fn from(kind: T) -> Self {
        Self {
            kind: kind.into(),
            common: Common::default(),
            unknown: Map::new(),
        }
    }
}

impl Details {
    /// Reads what a body says: its operation and its parameters.
    pub fn read(operation: Operation, parameters: &Parameters) -> Self {
        let mut rest = parameters.0.clone();
        let kind = EventKind::read(operation, &mut rest);
        Self {
            kind,
            common: Common::read(&mut rest),
            unknown: rest,
        }
    }

    fn write(&self, into: &mut Map<String, Value>) {
        into.extend(self.unknown.clone());
        self.kind.write(into);
        self.common.write(into);
    }

    /// Names the workstation where the person was, in an event of the server.
    #[must_use]
    pub fn at(mut self, station: Option<&StationId>) -> Self {
        self.common.at_station = station.cloned();
        self
    }
}

/// Adding to what happened why it did not, or what was asked for.
pub trait Say: Into<Details> {
    /// With the reason why it was refused, failed or ended.
    fn because(self, why: impl Into<Why>) -> Details {
        let mut details: Details = self.into();
        details.common.why = Some(why.into());
        details
    }

    /// With the rule by which the server refused.
    fn refused_by(self, rule: Rule) -> Details {
        let mut details: Details = self.into();
        details.common.rule = Some(rule);
        details
    }

    /// With what was asked for in vain, cut.
    fn asked_for(self, text: &str) -> Details {
        let mut details: Details = self.into();
        details.common.asked(text);
        details
    }
}

impl<T: Into<Details>> Say for T {}

#[cfg(test)]
mod tests;
