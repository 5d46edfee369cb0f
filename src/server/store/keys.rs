//! What an entry of the log is found by: its words, and the numbers that the database gives them.
//!
//! Invariant: reading the words of a body never fails, whatever a newer workstation wrote in it, and every database takes
//! them: the NUL that PostgreSQL has no place for in a text is kept as U+FFFD. The body keeps it as it was written.
//! Deliberately absent: finding (`search`).

use crate::domain::audit::event::Body;

/// Longest word kept, characters.
const MAX_WORD: usize = 128;

/// What an entry is found by; empty where it has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    pub person: String,
    pub camera: String,
    pub operation: String,
    pub purpose: String,
    pub result: String,
    /// Wall clock of the station, Unix seconds.
    pub time_s: i64,
}

impl Keys {
    /// Reads the words of a body, whatever else is in it: a newer workstation must never lose an event here.
    pub fn of(body: &serde_json::Value, time: jiff::Timestamp) -> Self {
        let word = |name: &str| {
            let text = body.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
            Self::word(text)
        };
        Self {
            person: word("person"),
            camera: word("camera"),
            operation: word("operation"),
            purpose: word("purpose"),
            result: word("result"),
            time_s: time.as_second(),
        }
    }

    /// What an event is found by that is set aside: nothing but its time.
    pub fn of_set_aside(time: jiff::Timestamp) -> Self {
        Self {
            time_s: time.as_second(),
            ..Self::default()
        }
    }

    /// As much of a text as is kept, and as it is kept.
    pub fn word(text: &str) -> String {
        let kept = |c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c };
        text.chars().take(MAX_WORD).map(kept).collect()
    }

    /// The words of an event of the server itself.
    pub fn of_own(body: &Body, time: jiff::Timestamp) -> Self {
        Self::of(&serde_json::to_value(body).unwrap_or_default(), time)
    }
}

/// The numbers of [`Keys`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Words {
    pub person: i64,
    pub camera: i64,
    pub operation: i64,
    pub purpose: i64,
    pub result: i64,
}
