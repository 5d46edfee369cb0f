//! Strict reading: a name that nobody knows is an error, on its line. For what people write (TOML), and for what is read to be
//! written again, where a field that is passed over would be lost.
//!
//! Invariant: every unknown name is found, not only the first, up to where the text cannot be read at all; and they are told before
//! anything else that is wrong with it, because a misspelt name is most often why another one is missing.
//! Deliberately absent: files, words for people.

use serde::de::DeserializeOwned;
use serde_ignored::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A place of a text that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// Counts from 1.
    pub line: usize,
    /// The name at the beginning of that line; empty when the line has none.
    pub field: String,
    /// In the reader's own words.
    pub why: String,
}

/// Why a JSON text was not read whole.
#[derive(Debug, thiserror::Error)]
pub enum NotWhole {
    #[error("not the JSON that was expected")]
    Syntax(#[from] serde_json::Error),
    #[error("unknown field `{0}`: a newer program wrote it")]
    Unknown(String),
}

/// Reads TOML that a person wrote.
///
/// # Errors
/// Every unknown name, in the order of the file; without one, the first thing that cannot be read.
pub fn toml<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Misread>> {
    let mut unknown = Vec::new();
    let read = toml::Deserializer::parse(text)
        .and_then(|deserializer| serde_ignored::deserialize(deserializer, |path| unknown.push(steps(&path))));
    if !unknown.is_empty() {
        let table = DeTable::parse(text).map(Spanned::into_inner).ok();
        let mut misread: Vec<Misread> = unknown
            .iter()
            .map(|steps| {
                let at = table.as_ref().map_or(0, |table| place(table, steps));
                Misread::at(text, at, format!("unknown field `{}`", last_name(steps)))
            })
            .collect();
        misread.sort_by_key(|misread| misread.line);
        return Err(misread);
    }
    read.map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let why = error.message().lines().collect::<Vec<_>>().join(" ");
        vec![Misread::at(text, at, why)]
    })
}

/// What is wrong with a file, in one line for whoever wrote it: `line 3: unknown field …`.
pub fn told(misread: &[Misread]) -> String {
    let lines = misread.iter().map(|one| format!("line {}: {}", one.line, one.why));
    lines.collect::<Vec<_>>().join("; ")
}

/// Reads JSON that is to be written again.
///
/// # Errors
/// [`NotWhole`]: it has a field that is not known here, or is not what was expected.
pub fn json<T: DeserializeOwned>(text: &str) -> Result<T, NotWhole> {
    let mut unknown = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = serde_ignored::deserialize(&mut deserializer, |path| {
        unknown.get_or_insert_with(|| path.to_string());
    })?;
    deserializer.end()?;
    match unknown {
        None => Ok(read),
        Some(path) => Err(NotWhole::Unknown(path)),
    }
}

impl Misread {
    fn at(text: &str, offset: usize, why: String) -> Self {
        let line = line_at(text, offset);
        Self {
            line,
            field: text.lines().nth(line - 1).map(name_in).unwrap_or_default(),
            why,
        }
    }
}

/// The line of an offset in a text, counted from 1.
pub fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

/// The name a line begins with: of a value, or of a table.
pub fn name_in(line: &str) -> String {
    let name = line
        .trim()
        .trim_start_matches('[')
        .split(['=', ']'])
        .next()
        .unwrap_or_default();
    name.trim().to_owned()
}

/// A step from a value to one inside it.
enum Step {
    Name(String),
    Index(usize),
}

fn steps(path: &Path<'_>) -> Vec<Step> {
    let (parent, step) = match path {
        Path::Root => return Vec::new(),
        Path::Seq { parent, index } => (parent, Some(Step::Index(*index))),
        Path::Map { parent, key } => (parent, Some(Step::Name(key.clone()))),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => (parent, None),
    };
    let mut all = steps(parent);
    all.extend(step);
    all
}

fn last_name(steps: &[Step]) -> &str {
    let name = |step: &'_ Step| matches!(step, Step::Name(_));
    match steps.iter().rfind(|step| name(step)) {
        Some(Step::Name(name)) => name,
        _ => "",
    }
}

/// Where the last name of a path stands. The name of a variant is in the text and not in the path: a table with one entry
/// is passed through.
fn place(table: &DeTable<'_>, steps: &[Step]) -> usize {
    let mut at = 0;
    let mut inside: Option<&DeValue<'_>> = None;
    for step in steps {
        inside = match step {
            Step::Index(index) => inside
                .and_then(DeValue::as_array)
                .and_then(|array| array.get(*index))
                .map(Spanned::get_ref),
            Step::Name(name) => {
                let here = match inside {
                    None => Some(table),
                    Some(value) => value.as_table(),
                };
                let found = here.and_then(|here| entry(here, name));
                if let Some((key, value)) = found {
                    at = key;
                    Some(value)
                } else {
                    return at;
                }
            }
        };
    }
    at
}

/// The offset of a name in a table, or in the only table that is in it, and the value there.
fn entry<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<(usize, &'a DeValue<'i>)> {
    let found = table.iter().find(|(key, _)| key.get_ref() == name);
    if let Some((key, value)) = found {
        return Some((key.span().start, value.get_ref()));
    }
    let mut only = table.iter();
    match (only.next(), only.next()) {
        (Some((_, value)), None) => entry(value.get_ref().as_table()?, name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    struct House {
        name: String,
        #[serde(default)]
        rooms: Vec<Room>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Room {
        door: Option<Door>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Door {
        Shut,
        Open { degrees: u8 },
    }

    fn wrong(text: &str) -> Vec<(usize, String)> {
        let misread = toml::<House>(text).unwrap_err();
        misread.into_iter().map(|one| (one.line, one.why)).collect()
    }

    #[test]
    fn every_unknown_name_of_a_file_is_found_on_its_line() {
        let text = "name = \"a\"\ncolor = 1\n\n[[rooms]]\ndoor = \"shut\"\n\n[[rooms]]\ndor = \"shut\"\n";
        assert_eq!(
            wrong(text),
            [(2, "unknown field `color`".into()), (8, "unknown field `dor`".into())]
        );
        // In a variant of an enum TOML itself refuses it.
        let inside = wrong("name = \"a\"\nrooms = [{ door = { open = { degrees = 3, degres = 4 } } }]\n");
        assert!(inside[0].0 == 2 && inside[0].1.contains("degres"), "{inside:?}");
        // The misspelt name, not the one that is missing for it.
        assert_eq!(wrong("nome = \"a\"\n"), [(1, "unknown field `nome`".into())]);
        let house = toml::<House>("name = \"a\"\nrooms = [{ door = { open = { degrees = 3 } } }]\n").unwrap();
        assert_eq!(house.rooms[0].door, Some(Door::Open { degrees: 3 }));
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let lines: Vec<usize> = wrong("name = \"a\"\n\nrooms = 3\n")
            .into_iter()
            .map(|one| one.0)
            .collect();
        assert_eq!(lines, [3]);
        assert_eq!(wrong("\nname = \"a\n").len(), 1);
    }

    #[test]
    fn json_to_be_written_again_has_no_field_that_would_be_lost() {
        assert!(json::<House>(r#"{"name":"a","rooms":[{"door":"shut"}]}"#).is_ok());
        let lost = json::<House>(r#"{"name":"a","rooms":[{"door":"shut","lock":null}]}"#).unwrap_err();
        assert_eq!(
            lost.to_string(),
            "unknown field `rooms.0.lock`: a newer program wrote it"
        );
        assert!(matches!(json::<House>("{}"), Err(NotWhole::Syntax(_))));
        assert!(matches!(json::<House>(r#"{"name":"a"} x"#), Err(NotWhole::Syntax(_))));
    }
}
