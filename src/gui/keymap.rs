//! Keys: which chord means which command. A table that a workstation may change.
//!
//! Invariant (tested): no chord means two things. Deliberately absent: what a command does (the screens).

use crate::domain::wall::Layout;
use crate::gui::i18n::fl;
use iced::keyboard::key::{Code, Key, Named, Physical};
use iced::keyboard::{self, Modifiers};
use std::collections::HashMap;
use std::fmt;

/// A direction that a dome is turned in, or that a choice moves in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    Left,
    Right,
    Up,
    Down,
}

/// Everything that can be done by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    Next,
    Previous,
    NextArea,
    PreviousArea,
    Confirm,
    Back,
    Arrow(Direction),
    ZoomIn,
    ZoomOut,
    Stop,
    /// A digit of a camera's number.
    Digit(u8),
    CallPreset(u8),
    SavePreset(u8),
    Layout(Layout),
    /// The wall alone in the window, or the rooms around it again.
    WallAlone,
    /// Take the selected dome, or ask its holder for it.
    AskHold,
    /// Answer who asks for a dome of ours.
    HandOver,
    /// Ask for a clearance, or answer one.
    Clearances,
    Snapshot,
    Export,
    /// Declare an event on the selected camera.
    Declare,
    /// Change the purpose in the middle of a shift.
    ChangePurpose,
    /// Go on in one's own name although the server is away for too long.
    ExtendGrace,
    /// Draw masks on the selected camera.
    Masks,
    /// Calibrate the selected dome.
    Calibrate,
    /// Write masks and limits to the selected camera.
    WriteToCamera,
    Search,
    Playback,
    /// The figures of every stream on its tile.
    Figures,
    History,
    /// One more window with a wall of its own.
    NewWindow,
    /// The saved walls.
    SavedWalls,
    /// The selected tile goes through the cameras by itself; pressed again, more slowly; then not any more.
    CameraTour,
    Help,
    SignOut,
    /// Lock the workstation.
    Lock,
    /// The list of enabled people.
    People,
    /// Cameras and the site plan.
    Cameras,
    /// In that list: confirm the account, end its session.
    ConfirmAccount,
    EndAccount,
}

/// Whether the key went down or up. Only held commands care about up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    Down,
    Up,
}

/// A key with its modifiers, as the table writes it: `Alt+Shift+3`, `F6`, `/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Chord {
    ctrl: bool,
    alt: bool,
    /// Only for keys whose character does not already depend on it.
    shift: bool,
    key: String,
}

impl Chord {
    /// Reads a chord from text; the last part is the key.
    pub fn parse(text: &str) -> Option<Chord> {
        let mut chord = Chord {
            ctrl: false,
            alt: false,
            shift: false,
            key: String::new(),
        };
        let mut rest = text;
        while let Some((modifier, after)) = rest
            .split_once('+')
            .filter(|(m, after)| !m.is_empty() && !after.is_empty())
        {
            match modifier {
                "Ctrl" => chord.ctrl = true,
                "Alt" => chord.alt = true,
                "Shift" => chord.shift = true,
                _ => return None,
            }
            rest = after;
        }
        chord.key = if rest.chars().count() == 1 {
            rest.to_uppercase()
        } else {
            rest.to_owned()
        };
        (!chord.key.is_empty()).then_some(chord)
    }

    /// The chord of a key event. Digits are known by their place, so that `Alt+Shift+1` is one on every keyboard.
    pub fn of(key: &Key, modified: &Key, physical: &Physical, modifiers: Modifiers) -> Option<Chord> {
        let (ctrl, alt) = (modifiers.control(), modifiers.alt());
        let digit = digit_of(physical).filter(|_| alt);
        let (shift, key) = match (digit, modified, key) {
            (Some(digit), _, _) => (modifiers.shift(), digit.to_string()),
            (None, Key::Character(character), _) => (false, character.to_uppercase()),
            (None, Key::Named(_), Key::Named(named)) | (None, Key::Unidentified, Key::Named(named)) => {
                (modifiers.shift(), name_of(*named)?.to_owned())
            }
            (None, Key::Named(named), _) => (modifiers.shift(), name_of(*named)?.to_owned()),
            (None, Key::Unidentified, _) => return None,
        };
        Some(Chord { ctrl, alt, shift, key })
    }
}

/// As it stands on the keys of the reader's keyboard: `Alt+Maiusc+3`, `Invio`, `←`.
impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (on, name) in [
            (self.ctrl, "Ctrl"),
            (self.alt, "Alt"),
            (self.shift, fl!("key-shift").as_str()),
        ] {
            if on {
                write!(f, "{name}+")?;
            }
        }
        f.write_str(match self.key.as_str() {
            "Left" => "←",
            "Right" => "→",
            "Up" => "↑",
            "Down" => "↓",
            "Enter" => return f.write_str(&fl!("key-enter")),
            "Space" => return f.write_str(&fl!("key-space")),
            other => other,
        })
    }
}

fn digit_of(physical: &Physical) -> Option<u8> {
    let Physical::Code(code) = physical else { return None };
    const CODES: [(Code, u8); 9] = [
        (Code::Digit1, 1),
        (Code::Digit2, 2),
        (Code::Digit3, 3),
        (Code::Digit4, 4),
        (Code::Digit5, 5),
        (Code::Digit6, 6),
        (Code::Digit7, 7),
        (Code::Digit8, 8),
        (Code::Digit9, 9),
    ];
    CODES.iter().find(|(known, _)| known == code).map(|(_, digit)| *digit)
}

fn name_of(named: Named) -> Option<&'static str> {
    Some(match named {
        Named::Enter => "Enter",
        Named::Escape => "Esc",
        Named::Tab => "Tab",
        Named::Space => "Space",
        Named::ArrowLeft => "Left",
        Named::ArrowRight => "Right",
        Named::ArrowUp => "Up",
        Named::ArrowDown => "Down",
        Named::F1 => "F1",
        Named::F2 => "F2",
        Named::F3 => "F3",
        Named::F4 => "F4",
        Named::F5 => "F5",
        Named::F6 => "F6",
        Named::F7 => "F7",
        Named::F8 => "F8",
        Named::F9 => "F9",
        Named::F10 => "F10",
        Named::F11 => "F11",
        _ => return None,
    })
}

/// The table in force.
#[derive(Debug, Clone)]
pub struct Keymap(HashMap<Chord, Command>);

/// The keys as the program comes (`docs/officer.md`). F6 goes to the next area, so the layouts go from F2 to F10 around it.
const DEFAULT: [(&str, Command); 77] = [
    ("Tab", Command::Next),
    ("Shift+Tab", Command::Previous),
    ("F6", Command::NextArea),
    ("Shift+F6", Command::PreviousArea),
    ("Enter", Command::Confirm),
    ("Esc", Command::Back),
    ("Left", Command::Arrow(Direction::Left)),
    ("Right", Command::Arrow(Direction::Right)),
    ("Up", Command::Arrow(Direction::Up)),
    ("Down", Command::Arrow(Direction::Down)),
    ("+", Command::ZoomIn),
    ("=", Command::ZoomIn),
    ("-", Command::ZoomOut),
    ("Space", Command::Stop),
    ("0", Command::Digit(0)),
    ("1", Command::Digit(1)),
    ("2", Command::Digit(2)),
    ("3", Command::Digit(3)),
    ("4", Command::Digit(4)),
    ("5", Command::Digit(5)),
    ("6", Command::Digit(6)),
    ("7", Command::Digit(7)),
    ("8", Command::Digit(8)),
    ("9", Command::Digit(9)),
    ("Alt+1", Command::CallPreset(1)),
    ("Alt+2", Command::CallPreset(2)),
    ("Alt+3", Command::CallPreset(3)),
    ("Alt+4", Command::CallPreset(4)),
    ("Alt+5", Command::CallPreset(5)),
    ("Alt+6", Command::CallPreset(6)),
    ("Alt+7", Command::CallPreset(7)),
    ("Alt+8", Command::CallPreset(8)),
    ("Alt+9", Command::CallPreset(9)),
    ("Alt+Shift+1", Command::SavePreset(1)),
    ("Alt+Shift+2", Command::SavePreset(2)),
    ("Alt+Shift+3", Command::SavePreset(3)),
    ("Alt+Shift+4", Command::SavePreset(4)),
    ("Alt+Shift+5", Command::SavePreset(5)),
    ("Alt+Shift+6", Command::SavePreset(6)),
    ("Alt+Shift+7", Command::SavePreset(7)),
    ("Alt+Shift+8", Command::SavePreset(8)),
    ("Alt+Shift+9", Command::SavePreset(9)),
    ("F2", Command::Layout(Layout::One)),
    ("F3", Command::Layout(Layout::Four)),
    ("F4", Command::Layout(Layout::Nine)),
    ("F5", Command::Layout(Layout::Sixteen)),
    ("F7", Command::Layout(Layout::TwentyFive)),
    ("F8", Command::Layout(Layout::ThirtySix)),
    ("F9", Command::Layout(Layout::SixtyFour)),
    ("F10", Command::Layout(Layout::OneLarge)),
    ("F11", Command::WallAlone),
    ("G", Command::AskHold),
    ("L", Command::HandOver),
    ("N", Command::Clearances),
    ("S", Command::Snapshot),
    ("E", Command::Export),
    ("D", Command::Declare),
    ("F", Command::ChangePurpose),
    ("Ctrl+G", Command::ExtendGrace),
    ("M", Command::Masks),
    ("K", Command::Calibrate),
    ("Ctrl+M", Command::WriteToCamera),
    ("/", Command::Search),
    ("P", Command::Playback),
    ("I", Command::Figures),
    ("H", Command::History),
    ("Ctrl+N", Command::NewWindow),
    ("W", Command::SavedWalls),
    ("R", Command::CameraTour),
    ("?", Command::Help),
    ("F1", Command::Help),
    ("Ctrl+Q", Command::SignOut),
    ("Ctrl+L", Command::Lock),
    ("Ctrl+P", Command::People),
    ("Ctrl+T", Command::Cameras),
    ("C", Command::ConfirmAccount),
    ("T", Command::EndAccount),
];

impl Default for Keymap {
    fn default() -> Self {
        Keymap(
            DEFAULT
                .iter()
                .filter_map(|(chord, command)| Some((Chord::parse(chord)?, *command)))
                .collect(),
        )
    }
}

impl Keymap {
    /// Makes `chord` mean `command`, whatever it meant before.
    pub fn remap(&mut self, chord: Chord, command: Command) {
        self.0.insert(chord, command);
    }

    /// The command of a key event, and whether the key went down or up. Repeats of a held key are no command.
    pub fn command(&self, event: &keyboard::Event) -> Option<(Command, Edge)> {
        let (chord, edge) = match event {
            keyboard::Event::KeyPressed {
                key,
                modified_key,
                physical_key,
                modifiers,
                repeat: false,
                ..
            } => (Chord::of(key, modified_key, physical_key, *modifiers)?, Edge::Down),
            keyboard::Event::KeyReleased {
                key,
                modified_key,
                physical_key,
                modifiers,
                ..
            } => (Chord::of(key, modified_key, physical_key, *modifiers)?, Edge::Up),
            keyboard::Event::KeyPressed { .. } | keyboard::Event::ModifiersChanged(_) => return None,
        };
        self.0.get(&chord).map(|command| (*command, edge))
    }

    /// The chords of a command, for the help and the buttons' hints, shortest first.
    pub fn chords(&self, command: Command) -> Vec<String> {
        let mut chords: Vec<String> = self
            .0
            .iter()
            .filter(|(_, other)| **other == command)
            .map(|(chord, _)| chord.to_string())
            .collect();
        chords.sort_by_key(|chord| (chord.len(), chord.clone()));
        chords
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iced::keyboard::Location;

    fn press(key: Key, modified_key: Key, physical: Code, modifiers: Modifiers, repeat: bool) -> keyboard::Event {
        keyboard::Event::KeyPressed {
            key,
            modified_key,
            physical_key: Physical::Code(physical),
            location: Location::Standard,
            modifiers,
            text: None,
            repeat,
        }
    }

    #[test]
    fn no_chord_means_two_things_and_every_chord_can_be_read() {
        assert_eq!(Keymap::default().0.len(), DEFAULT.len());
        for layout in Layout::ALL {
            assert!(
                !Keymap::default().chords(Command::Layout(layout)).is_empty(),
                "{layout:?}"
            );
        }
    }

    #[test]
    fn digits_with_alt_and_shift_are_known_by_their_place() {
        let keymap = Keymap::default();
        let typed = press(
            Key::Character("!".into()),
            Key::Character("!".into()),
            Code::Digit1,
            Modifiers::ALT | Modifiers::SHIFT,
            false,
        );
        assert_eq!(keymap.command(&typed), Some((Command::SavePreset(1), Edge::Down)));
    }

    #[test]
    fn characters_are_known_by_what_they_write() {
        let keymap = Keymap::default();
        let slash = Key::Character("/".into());
        let italian = press(Key::Character("7".into()), slash, Code::Digit7, Modifiers::SHIFT, false);
        assert_eq!(keymap.command(&italian), Some((Command::Search, Edge::Down)));
    }

    #[test]
    fn the_repeats_of_a_held_key_are_not_commands() {
        let keymap = Keymap::default();
        let left = Key::Named(Named::ArrowLeft);
        let held = press(left.clone(), left, Code::ArrowLeft, Modifiers::empty(), true);
        assert_eq!(keymap.command(&held), None);
    }

    #[test]
    fn a_chord_can_be_given_another_meaning() {
        let mut keymap = Keymap::default();
        keymap.remap(Chord::parse("Ctrl+S").unwrap(), Command::Snapshot);
        assert_eq!(keymap.chords(Command::Snapshot), ["S", "Ctrl+S"]);
        assert!(Chord::parse("Hyper+S").is_none());
        assert_eq!(Chord::parse("+").unwrap().to_string(), "+");
    }

    #[test]
    fn keys_are_called_by_the_names_on_an_italian_keyboard() {
        let written = |text| Chord::parse(text).unwrap().to_string();
        assert_eq!(written("Shift+Tab"), "Maiusc+Tab");
        assert_eq!((written("Enter"), written("Space")), ("Invio".into(), "Spazio".into()));
    }
}
