//! `keys.toml`: the file in which a workstation gives commands other keys.
//!
//! One command a line, `foto = "S"` or `aiuto = ["?", "F1"]`; an empty list takes the keys away. The names are those of
//! [`super::bindings`], Italian in every language of the program. Invariant: whatever the file holds, what comes of it is a
//! table in which no chord means two things in one context; a line that is wrong changes nothing and is told with its
//! number. Deliberately absent: where the file is and how much of it is read (`station::read_keys_toml`).

use super::bindings::{Keymap, Row, TABLE};
use super::chord::{Chord, ChordError};
use crate::gui::i18n::fl;
use std::collections::BTreeMap;

/// A line that changes nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("keys.toml, line {line}: {why}")]
pub struct Fault {
    /// From 1.
    pub line: usize,
    #[source]
    pub why: Why,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The line is not `name = "key"` or `name = ["key", "key"]` of TOML.
    #[error("not a command with its keys")]
    Form,
    #[error("{0:?} is no command")]
    Command(String),
    /// Its keys are the same on every workstation.
    #[error("the keys of {0:?} are fixed")]
    Fixed(&'static str),
    #[error("{0:?} has its keys already")]
    Twice(&'static str),
    #[error("not a key")]
    Chord(#[from] ChordError),
    /// The chord would mean two things in one context.
    #[error("{chord:?} is the key of {by:?}")]
    Taken { chord: Chord, by: &'static str },
}

/// The keys of each command that the file names, by its row; and the line that says so.
type Said = BTreeMap<usize, (usize, Vec<Chord>)>;

/// Reads the file: the table in force, and every line that is wrong, in their order.
pub fn read(text: &str) -> (Keymap, Vec<Fault>) {
    let (mut said, mut faults) = (Said::new(), Vec::new());
    for (line, content) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        match entry(content) {
            Ok(None) => {}
            Ok(Some((row, _))) if said.contains_key(&row) => faults.push(Fault {
                line,
                why: Why::Twice(TABLE[row].name),
            }),
            Ok(Some((row, chords))) => drop(said.insert(row, (line, chords))),
            Err(why) => faults.push(Fault { line, why }),
        }
    }
    // A line that is dropped puts the usual keys back, which another line may have counted upon.
    while let Some((row, fault)) = taken_twice(&said) {
        said.remove(&row);
        faults.push(fault);
    }
    faults.sort_by_key(|fault| fault.line);
    let keymap = Keymap::of(
        TABLE
            .iter()
            .enumerate()
            .map(|(at, row)| (row, chords_of(&said, at, row))),
    );
    (keymap, faults)
}

/// What one line says; nothing where it is empty or a comment.
fn entry(line: &str) -> Result<Option<(usize, Vec<Chord>)>, Why> {
    let table: toml::Table = line.parse().map_err(|_| Why::Form)?;
    let mut entries = table.into_iter();
    let Some((name, value)) = entries.next() else {
        return Ok(None);
    };
    let at = TABLE.iter().position(|row| row.name == name);
    let at = at.ok_or(Why::Command(name))?;
    if TABLE[at].fixed {
        return Err(Why::Fixed(TABLE[at].name));
    }
    let keys = match value {
        toml::Value::String(key) => vec![toml::Value::String(key)],
        toml::Value::Array(keys) => keys,
        _ => return Err(Why::Form),
    };
    let chord = |key: toml::Value| Ok(key.as_str().ok_or(Why::Form)?.parse::<Chord>()?);
    let chords = keys.into_iter().map(chord).collect::<Result<Vec<_>, Why>>()?;
    Ok(Some((at, chords)))
}

fn chords_of(said: &Said, at: usize, row: &Row) -> Vec<Chord> {
    said.get(&at)
        .map_or_else(|| row.default_chords(), |(_, chords)| chords.clone())
}

/// The last line of the file whose chord another command has in one of its contexts, and that fault.
fn taken_twice(said: &Said) -> Option<(usize, Fault)> {
    let mut lines: Vec<_> = said.iter().collect();
    lines.sort_by_key(|(_, (line, _))| std::cmp::Reverse(*line));
    lines.into_iter().find_map(|(&at, (line, chords))| {
        let others = TABLE.iter().enumerate();
        let others = others.filter(|(other, row)| *other != at && row.meets(&TABLE[at]));
        let taken = others.into_iter().find_map(|(other, row)| {
            let theirs = chords_of(said, other, row);
            let chord = chords.iter().find(|chord| theirs.contains(chord))?.clone();
            Some(Why::Taken { chord, by: row.name })
        });
        taken.map(|why| (at, Fault { line: *line, why }))
    })
}

/// What is wrong with a line, for the person who wrote it.
pub fn sentence(fault: &Fault) -> String {
    let why = match &fault.why {
        Why::Form => fl!("keys-file-form"),
        Why::Command(name) => fl!("keys-file-command", name = name.as_str()),
        Why::Fixed(name) => fl!("keys-file-fixed", name = (*name).to_owned()),
        Why::Twice(name) => fl!("keys-file-twice", name = (*name).to_owned()),
        Why::Chord(ChordError::Empty) => fl!("keys-file-empty"),
        Why::Chord(ChordError::Modifier(name)) => fl!("keys-file-modifier", name = name.as_str()),
        Why::Chord(ChordError::Key(name)) => fl!("keys-file-key", name = name.as_str()),
        Why::Chord(ChordError::ShiftedCharacter(written)) => fl!("keys-file-shift", key = written.to_string()),
        Why::Taken { chord, by } => fl!("keys-file-taken", key = chord.to_string(), by = (*by).to_owned()),
    };
    fl!("keys-file-line", line = fault.line.to_string(), why = why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::input::{Command, Context};
    use proptest::prelude::*;

    fn faults(text: &str) -> Vec<(usize, Why)> {
        read(text).1.into_iter().map(|fault| (fault.line, fault.why)).collect()
    }

    #[test]
    fn a_command_gets_the_keys_that_the_file_gives_it_and_only_those() {
        let (keymap, faults) = read("# della sala\n\nfoto = \"Ctrl+S\"\naiuto = [\"F12\", \"?\"]\nronda = []\n");
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(keymap.chords(Command::Snapshot), ["Ctrl+S"]);
        assert_eq!(keymap.chords(Command::Help), ["F12", "?"]);
        assert_eq!(keymap.key(Command::CameraTour), None);
        assert_eq!(keymap.command(Context::Wall, &"S".parse().unwrap()), None);
        assert_eq!(
            keymap.command(Context::Wall, &"ctrl+s".parse().unwrap()),
            Some(Command::Snapshot)
        );
    }

    #[test]
    fn the_file_in_the_documents_has_every_command_that_can_be_changed_with_its_usual_keys() {
        let text = include_str!("../../../docs/keys.toml");
        let (keymap, faults) = read(text);
        assert!(faults.is_empty(), "{faults:?}");
        for row in &TABLE {
            let line = format!("\n{} = ", row.name);
            assert_eq!(text.contains(&line), !row.fixed, "{}", row.name);
            assert_eq!(
                keymap.chords(row.command),
                Keymap::default().chords(row.command),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn a_faulty_line_is_told_by_its_number_and_leaves_the_usual_key() {
        let text = "foto = \nscatto = \"S\"\nconferma = \"A\"\nronda = \"Hyper+R\"\nstorico = 7\naiuto = \"F12\"\n\
                    aiuto = \"F1\"\ncerca = \"Maiusc+C\"\n[tasti]\n";
        let told = faults(text);
        assert_eq!(
            told,
            [
                (1, Why::Form),
                (2, Why::Command("scatto".into())),
                (3, Why::Fixed("conferma")),
                (4, Why::Chord(ChordError::Modifier("Hyper".into()))),
                (5, Why::Form),
                (7, Why::Twice("aiuto")),
                (8, Why::Chord(ChordError::ShiftedCharacter('C'))),
                (9, Why::Command("tasti".into())),
            ]
        );
        let (keymap, faults) = read(text);
        assert_eq!(keymap.key(Command::Snapshot).as_deref(), Some("S"));
        assert_eq!(keymap.chords(Command::Help), ["F12"]);
        assert!(sentence(&faults[1]).contains("riga 2") && sentence(&faults[1]).contains("scatto"));
    }

    #[test]
    fn two_commands_may_change_places_and_a_third_may_not_take_a_key_of_theirs() {
        let (keymap, told) = read("foto = \"E\"\nestrazione = \"S\"\n");
        assert!(told.is_empty(), "{told:?}");
        assert_eq!(keymap.key(Command::Export).as_deref(), Some("S"));
        let taken = |key: &str, by| Why::Taken {
            chord: key.parse().unwrap(),
            by,
        };
        assert_eq!(faults("ronda = \"S\"\n"), [(1, taken("S", "foto"))]);
        assert_eq!(faults("foto = \"Invio\"\n"), [(1, taken("Invio", "conferma"))]);
        assert_eq!(faults("foto = \"X\"\nronda = \"X\"\n"), [(2, taken("X", "foto"))]);
        // The key counted upon comes back with the line that was to give it away.
        assert_eq!(
            faults("foto = \"E\"\nestrazione = \"H\"\n"),
            [(1, taken("E", "estrazione")), (2, taken("H", "storico"))]
        );
    }

    #[test]
    fn the_same_key_in_two_contexts_is_no_fault() {
        assert!(faults("nuova-telecamera = \"S\"\n").is_empty());
        assert_eq!(faults("nuova-telecamera = \"/\"\n").len(), 1);
    }

    proptest! {
        #[test]
        fn whatever_the_file_holds_no_chord_means_two_things(
            lines in proptest::collection::vec((0..TABLE.len(), "[A-H]|F[1-9]|Alt\\+[1-3]|Invio|,,"), 0..40)
        ) {
            let text: String = lines.iter().map(|(at, key)| format!("{} = \"{key}\"\n", TABLE[*at].name)).collect();
            let (keymap, _) = read(&text);
            for context in Context::ALL {
                let mut all = std::collections::HashSet::new();
                for row in TABLE.iter().filter(|row| row.contexts.contains(&context)) {
                    for chord in keymap.chords(row.command) {
                        prop_assert!(all.insert(chord.clone()), "{chord} in {context:?}");
                    }
                }
            }
        }
    }
}
