//! A sentence for people before it is in a language: the key of a message in `i18n/it/vedetta.ftl` and its arguments.
//!
//! Invariant: a key and its arguments are written in one place, [`sentence`] and [`Message::with`], where
//! `tests/suite/i18n.rs` looks for them. Deliberately absent: languages, and how a number or a time is written in one.

use std::time::{Duration, Instant};

/// A message with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    key: &'static str,
    arguments: Vec<(&'static str, Argument)>,
}

/// What stands in a sentence in the place of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    Text(String),
    /// A number with so many places after the decimal sign of the language.
    Decimal {
        value: f64,
        places: usize,
    },
    /// A length of time, in words.
    Span(Duration),
    /// A moment to come, as the clock of the room shows it.
    Moment(Instant),
    /// A moment of a recording, Unix milliseconds, with its seconds, as the clock of the room shows it.
    Clock(i64),
    /// A part of the sentence that is a message itself.
    Message(Box<Message>),
}

/// The message with this key, without arguments.
pub const fn sentence(key: &'static str) -> Message {
    Message {
        key,
        arguments: Vec::new(),
    }
}

impl Message {
    /// The message with one more argument.
    #[must_use]
    pub fn with(mut self, name: &'static str, argument: impl Into<Argument>) -> Self {
        self.arguments.push((name, argument.into()));
        self
    }

    /// The key in `i18n/it/vedetta.ftl`.
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// The arguments by name.
    pub fn arguments(&self) -> &[(&'static str, Argument)] {
        &self.arguments
    }
}

impl Argument {
    /// A number with `places` after the decimal sign.
    pub fn decimal(value: f64, places: usize) -> Self {
        Self::Decimal { value, places }
    }
}

impl From<Message> for Argument {
    fn from(message: Message) -> Self {
        Self::Message(Box::new(message))
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {
        $(impl From<$number> for Argument {
            fn from(number: $number) -> Self {
                Self::Text(number.to_string())
            }
        })*
    };
}

whole_numbers!(u32, u64, i64, usize);
