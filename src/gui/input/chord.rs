//! Chords: a key with its modifiers.
//!
//! One set of names, the Italian one, in the file of keys and in the table: `Alt+Maiusc+3`, `F6`, `/`, `Invio`; upper or
//! lower case. Shown in the reader's language. Invariant: every chord that can be read from text can be pressed.
//! Deliberately absent: what a chord means (`bindings`).

use crate::gui::i18n::fl;
use iced::keyboard::Modifiers;
use iced::keyboard::key::{self, Code, Named, Physical};
use std::fmt;
use std::str::FromStr;

/// A key with its modifiers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Chord {
    ctrl: bool,
    alt: bool,
    /// Only for keys whose character does not already depend on it.
    shift: bool,
    key: Key,
}

/// A key: the character that it writes, or its place in [`NAMED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Character(char),
    Named(usize),
}

/// The text names no chord.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChordError {
    #[error("no key is named")]
    Empty,
    #[error("{0:?} is no modifier")]
    Modifier(String),
    #[error("{0:?} is no key")]
    Key(String),
    /// A character is known by what it writes, which shift changes already.
    #[error("shift with the character {0:?}")]
    ShiftedCharacter(char),
}

/// Keys that have a name, with the name.
const NAMED: [(Named, &str); 28] = [
    (Named::Enter, "Invio"),
    (Named::Escape, "Esc"),
    (Named::Tab, "Tab"),
    (Named::Space, "Spazio"),
    (Named::ArrowLeft, "Sinistra"),
    (Named::ArrowRight, "Destra"),
    (Named::ArrowUp, "Su"),
    (Named::ArrowDown, "Giù"),
    (Named::F1, "F1"),
    (Named::F2, "F2"),
    (Named::F3, "F3"),
    (Named::F4, "F4"),
    (Named::F5, "F5"),
    (Named::F6, "F6"),
    (Named::F7, "F7"),
    (Named::F8, "F8"),
    (Named::F9, "F9"),
    (Named::F10, "F10"),
    (Named::F11, "F11"),
    (Named::F12, "F12"),
    (Named::Home, "Inizio"),
    (Named::End, "Fine"),
    (Named::PageUp, "PagSu"),
    (Named::PageDown, "PagGiù"),
    (Named::Insert, "Ins"),
    (Named::Delete, "Canc"),
    (Named::Pause, "Pausa"),
    (Named::ContextMenu, "Menu"),
];

impl Chord {
    /// The chord of a key event. Digits are known by their place, so that `Alt+Maiusc+1` is one on every keyboard.
    pub fn of(key: &key::Key, modified: &key::Key, physical: &Physical, modifiers: Modifiers) -> Option<Chord> {
        let (ctrl, alt) = (modifiers.control(), modifiers.alt());
        let digit = digit_of(physical).filter(|_| alt);
        let (shift, key) = match (digit, modified, key) {
            (Some(digit), _, _) => (modifiers.shift(), Key::Character(digit)),
            (None, key::Key::Character(written), _) => (false, Key::Character(single(&written.to_uppercase())?)),
            (None, key::Key::Named(_) | key::Key::Unidentified, key::Key::Named(named)) => {
                (modifiers.shift(), place_of(*named)?)
            }
            (None, key::Key::Named(named), _) => (modifiers.shift(), place_of(*named)?),
            (None, key::Key::Unidentified, _) => return None,
        };
        Some(Chord { ctrl, alt, shift, key })
    }
}

/// Reads a chord as the file of keys writes it; the last part is the key.
impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Chord, ChordError> {
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        let mut rest = text.trim();
        // The key may be `+` itself.
        while let Some((modifier, after)) = rest
            .split_once('+')
            .filter(|(modifier, after)| !modifier.is_empty() && !after.is_empty())
        {
            match modifier.trim().to_lowercase().as_str() {
                "ctrl" => ctrl = true,
                "alt" => alt = true,
                "maiusc" => shift = true,
                _ => return Err(ChordError::Modifier(modifier.to_owned())),
            }
            rest = after.trim();
        }
        let key = match single(&rest.to_uppercase()) {
            Some(character) => Key::Character(character),
            None if rest.is_empty() => return Err(ChordError::Empty),
            None => named(rest).ok_or_else(|| ChordError::Key(rest.to_owned()))?,
        };
        match key {
            Key::Character(character) if shift && !(alt && ('1'..='9').contains(&character)) => {
                Err(ChordError::ShiftedCharacter(character))
            }
            key => Ok(Chord { ctrl, alt, shift, key }),
        }
    }
}

/// As it stands on the keys of the reader's keyboard: `Alt+Maiusc+3`, `Invio`, `←`.
impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shift = fl!("key-shift");
        for (on, name) in [(self.ctrl, "Ctrl"), (self.alt, "Alt"), (self.shift, shift.as_str())] {
            if on {
                write!(f, "{name}+")?;
            }
        }
        let place = match self.key {
            Key::Character(character) => return write!(f, "{character}"),
            Key::Named(place) => place,
        };
        match NAMED.get(place) {
            Some((Named::ArrowLeft, _)) => f.write_str("←"),
            Some((Named::ArrowRight, _)) => f.write_str("→"),
            Some((Named::ArrowUp, _)) => f.write_str("↑"),
            Some((Named::ArrowDown, _)) => f.write_str("↓"),
            Some((Named::Enter, _)) => f.write_str(&fl!("key-enter")),
            Some((Named::Space, _)) => f.write_str(&fl!("key-space")),
            Some((Named::Home, _)) => f.write_str(&fl!("key-home")),
            Some((Named::End, _)) => f.write_str(&fl!("key-end")),
            Some((Named::PageUp, _)) => f.write_str(&fl!("key-page-up")),
            Some((Named::PageDown, _)) => f.write_str(&fl!("key-page-down")),
            Some((Named::Delete, _)) => f.write_str(&fl!("key-delete")),
            Some((Named::Pause, _)) => f.write_str(&fl!("key-pause")),
            Some((_, name)) => f.write_str(name),
            None => Ok(()),
        }
    }
}

/// The only character of a text.
fn single(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

fn named(text: &str) -> Option<Key> {
    let wanted = text.to_lowercase();
    let place = NAMED.iter().position(|(_, name)| name.to_lowercase() == wanted)?;
    Some(Key::Named(place))
}

fn place_of(named: Named) -> Option<Key> {
    NAMED.iter().position(|(known, _)| *known == named).map(Key::Named)
}

fn digit_of(physical: &Physical) -> Option<char> {
    let Physical::Code(code) = physical else { return None };
    const CODES: [(Code, char); 9] = [
        (Code::Digit1, '1'),
        (Code::Digit2, '2'),
        (Code::Digit3, '3'),
        (Code::Digit4, '4'),
        (Code::Digit5, '5'),
        (Code::Digit6, '6'),
        (Code::Digit7, '7'),
        (Code::Digit8, '8'),
        (Code::Digit9, '9'),
    ];
    CODES.iter().find(|(known, _)| known == code).map(|(_, digit)| *digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(text: &str) -> Result<Chord, ChordError> {
        text.parse()
    }

    #[test]
    fn keys_are_called_by_the_names_on_an_italian_keyboard() {
        let written = |text| chord(text).unwrap().to_string();
        assert_eq!(written("maiusc+tab"), "Maiusc+Tab");
        assert_eq!((written("invio"), written("SPAZIO")), ("Invio".into(), "Spazio".into()));
        assert_eq!(written("Sinistra"), "←");
        assert_eq!((written("+"), written("Ctrl++")), ("+".into(), "Ctrl++".into()));
    }

    #[test]
    fn text_that_names_no_chord_says_what_is_wrong_with_it() {
        assert_eq!(chord("  "), Err(ChordError::Empty));
        assert_eq!(chord("Hyper+S"), Err(ChordError::Modifier("Hyper".into())));
        assert_eq!(chord("Ctrl+Enter"), Err(ChordError::Key("Enter".into())));
        assert_eq!(chord("Maiusc+S"), Err(ChordError::ShiftedCharacter('S')));
        assert!(chord("Alt+Maiusc+3").is_ok());
    }

    #[test]
    fn digits_with_alt_and_shift_are_known_by_their_place() {
        let written = key::Key::Character("!".into());
        let modifiers = Modifiers::ALT | Modifiers::SHIFT;
        let pressed = Chord::of(&written, &written, &Physical::Code(Code::Digit1), modifiers);
        assert_eq!(pressed, chord("Alt+Maiusc+1").ok());
    }

    #[test]
    fn characters_are_known_by_what_they_write() {
        let (seven, slash) = (key::Key::Character("7".into()), key::Key::Character("/".into()));
        let pressed = Chord::of(&seven, &slash, &Physical::Code(Code::Digit7), Modifiers::SHIFT);
        assert_eq!(pressed, chord("/").ok());
    }
}
