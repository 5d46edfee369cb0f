//! Parameters as typed fields: how a field is described, how it gets into the JSON object of a body and out of it again.
//!
//! Invariant: a value is taken out only when it encodes to what it was read from; whatever else it is (a word of a newer
//! program, a number in another form) stays where it is, so that no signed byte is lost. Deliberately absent: the operations.

use crate::domain::audit::operation::RetentionClass;
use crate::domain::camera::{CameraId, StationId};
use crate::domain::people::clearance::Step;
use crate::domain::people::{Purpose, Rule, StationKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A parameter, as `docs/events.md` tells it.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Wire name.
    pub name: &'static str,
    /// What the value is: a word for people, and the words it may be where they are listed.
    pub value: &'static str,
    pub words: &'static [&'static str],
    /// The lines of its doc comment.
    pub meaning: &'static [&'static str],
}

/// Parameters that are written together, and when.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// The lines of the doc comment: what the event is, and when it is written.
    pub written: &'static [&'static str],
    pub fields: &'static [Field],
}

/// The parameters of an operation.
pub trait Fields: Sized {
    /// Who writes it: `W` a workstation, `S` the server.
    const BY: &'static str;
    /// What it is, and when it is written.
    const WRITTEN: &'static [&'static str];
    /// One group; several where the operation covers changes of several kinds.
    const GROUPS: &'static [Group];

    /// Adds the parameters that are given to those of a body.
    fn write(&self, into: &mut Map<String, Value>);

    /// Takes the parameters it knows out of those of a body.
    fn read(from: &mut Map<String, Value>) -> Self;

    /// Whether the first field of the type is there and can be read.
    fn fits(from: &Map<String, Value>) -> bool;
}

/// A type that a parameter may have.
pub trait Typed: Serialize + DeserializeOwned {
    /// The word for it in `docs/events.md`.
    const VALUE: &'static str;
    /// The words it may be; empty where they are not listed.
    const WORDS: &'static [&'static str] = &[];
}

macro_rules! typed {
    ($($type:ty: $value:literal),* $(,)?) => {
        $(impl Typed for $type {
            const VALUE: &'static str = $value;
        })*
    };
}

typed! {
    String: "text",
    bool: "`true` or `false`",
    u32: "number",
    u64: "number",
    i64: "number",
    f64: "number",
    Option<u64>: "number or `null`",
    Option<String>: "text or `null`",
    Value: "JSON",
    StationId: "workstation",
    Vec<CameraId>: "cameras",
    Vec<(u64, u64)>: "pairs",
    Vec<(usize, f64)>: "pairs",
    Rule: "rule",
}

/// Lists the words of a type that other rules own.
macro_rules! foreign_words {
    ($($type:ty: $($word:literal)*;)*) => {
        $(impl Typed for $type {
            const VALUE: &'static str = "word";
            const WORDS: &'static [&'static str] = &[$($word),*];
        })*
    };
}

foreign_words! {
    Purpose: "urban_security" "public_order" "judicial_police_initiative" "judicial_police_delegated" "crime_seen_live"
        "traffic" "civil_protection" "waste" "data_subject_request" "maintenance";
    StationKind: "control_room" "remote" "maintainer";
    RetentionClass: "police" "standard";
    Step: "requested" "approved" "shortened" "refused" "withdrawn"
        "opened_at_once" "ratified" "not_ratified" "expired";
}

/// Defines a closed set of words of the log, each with its wire name.
macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $about:literal])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $about])* #[serde(rename = $word)] $variant),*
        }

        impl $crate::domain::audit::details::field::Typed for $name {
            const VALUE: &'static str = "word";
            const WORDS: &'static [&'static str] = &[$($word),*];
        }
    };
}

/// Defines the parameters of an operation: a structure of optional fields, its description, and the way into a body and
/// out of it. The doc comment says what the event is and when it is written; that of a field what it means, with its unit.
macro_rules! parameters {
    ($(#[doc = $written:literal])+ $name:ident by $by:literal {
        $($(#[doc = $meaning:literal])+ $field:ident: $type:ty),* $(,)?
    }) => {
        $(#[doc = $written])+
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $($(#[doc = $meaning])+ pub $field: Option<$type>),*
        }

        impl $crate::domain::audit::details::field::Fields for $name {
            const BY: &'static str = $by;
            const WRITTEN: &'static [&'static str] = &[$($written),+];
            const GROUPS: &'static [$crate::domain::audit::details::field::Group] =
                &[$crate::domain::audit::details::field::Group {
                    written: &[$($written),+],
                    fields: &[$($crate::domain::audit::details::field::Field {
                        name: stringify!($field),
                        value: <$type as $crate::domain::audit::details::field::Typed>::VALUE,
                        words: <$type as $crate::domain::audit::details::field::Typed>::WORDS,
                        meaning: &[$($meaning),+],
                    }),*],
                }];

            fn write(&self, _into: &mut serde_json::Map<String, serde_json::Value>) {
                $($crate::domain::audit::details::field::put(_into, stringify!($field), self.$field.as_ref());)*
            }

            fn read(_from: &mut serde_json::Map<String, serde_json::Value>) -> Self {
                Self {
                    $($field: $crate::domain::audit::details::field::take(_from, stringify!($field))),*
                }
            }

            fn fits(_from: &serde_json::Map<String, serde_json::Value>) -> bool {
                let fitting: &[bool] = &[
                    $($crate::domain::audit::details::field::look::<$type>(_from, stringify!($field)).is_some()),*
                ];
                fitting.first().is_none_or(|fits| *fits)
            }
        }
    };
}

pub(super) use parameters;
pub(super) use words;

/// Adds a parameter that is given.
pub(super) fn put<T: Typed>(into: &mut Map<String, Value>, name: &str, value: Option<&T>) {
    // No type of a parameter has a map whose keys are no text: nothing else makes this fail.
    if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
        into.insert(name.to_owned(), value);
    }
}

/// A parameter, when it is there and reads as this type without losing anything.
pub(super) fn look<T: Typed>(from: &Map<String, Value>, name: &str) -> Option<T> {
    let value = from.get(name)?;
    let read = T::deserialize(value).ok()?;
    (serde_json::to_value(&read).ok()? == *value).then_some(read)
}

/// Takes a parameter out, when it is there and reads as this type without losing anything.
pub(super) fn take<T: Typed>(from: &mut Map<String, Value>, name: &str) -> Option<T> {
    let read = look(from, name)?;
    from.remove(name);
    Some(read)
}
