//! Import circles among the files of a room, and the wings of `src/station`.
//!
//! A file imports another when a path in it leads there: in a `use`, or written out in the code. A path through a `pub use`
//! leads to the file that the name comes from. What a file takes from a module it lies in, and what a
//! module takes from the files it consists of only to pass it on (`pub use`), is natural in Rust and not counted.
//! Deliberately absent: methods; a call of a method tells no path.

use super::{code_of, source_root, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module by its path from `src`: `["station", "camera", "watched"]`.
type Module = Vec<String>;

/// The wings of the station, and the wings each may import from.
const WINGS: &[(&str, &[&str])] = &[
    ("record", &[]),
    ("machine", &["record"]),
    ("camera", &["record", "machine"]),
    ("session", &["record", "machine", "camera"]),
    ("act", &["record", "machine", "camera", "session"]),
    ("admin", &["record", "machine", "camera", "session"]),
];

/// A path as it is written, `["crate", "station", "act"]`, and whether a `pub use` passes it on.
struct Written {
    path: Vec<String>,
    /// The name it has in the file.
    name: String,
    passed_on: bool,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Reads the paths of a `use` tree, or a single path, from its first word on.
fn read_tree(text: &str, before: &[String], found: &mut Vec<(Vec<String>, String)>) -> usize {
    let word: String = text.chars().take_while(|c| is_word(*c) || *c == '*').collect();
    let mut path = before.to_vec();
    path.push(word.clone());
    let mut at = word.len();
    let rest = &text[at..];
    if let Some(next) = rest.strip_prefix("::") {
        at += 2;
        if let Some(list) = next.strip_prefix('{') {
            at += 1 + read_list(list, &path, found);
            return at;
        }
        if next.starts_with(|c: char| is_word(c) || c == '*') {
            return at + read_tree(next, &path, found);
        }
    }
    let alias = rest.trim_start().strip_prefix("as ");
    let name = alias.map_or(word, |alias| {
        alias.trim_start().chars().take_while(|c| is_word(*c)).collect()
    });
    if path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    found.push((path, name));
    at
}

/// Reads the entries of a list up to its closing brace.
fn read_list(text: &str, before: &[String], found: &mut Vec<(Vec<String>, String)>) -> usize {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '}' => return at + 1,
            c if is_word(c) || c == '*' => {
                at += read_tree(&text[at..], before, found);
                // An alias, up to the comma.
                at += text[at..].find([',', '}']).unwrap_or(text.len() - at);
            }
            c => at += c.len_utf8(),
        }
    }
    at
}

/// Every path in the code that begins at `crate`, `super`, `self` or one of `children`.
fn written_in(code: &str, children: &BTreeSet<String>) -> Vec<Written> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(start) = code[at..].find(is_word) {
        let start = at + start;
        let word: String = code[start..].chars().take_while(|c| is_word(*c)).collect();
        at = start + word.len();
        let begins = !code[..start].ends_with("::") && code[at..].starts_with("::");
        let leads = matches!(word.as_str(), "crate" | "super" | "self") || children.contains(&word);
        if !begins || !leads {
            continue;
        }
        let mut found = Vec::new();
        at = start + read_tree(&code[start..], &[], &mut found);
        let statement = code[..start].trim_end();
        let passed_on = statement.strip_suffix("use").is_some_and(|before| {
            let before = before.trim_end();
            before.ends_with("pub") || before.ends_with(')')
        });
        all.extend(found.into_iter().map(|(path, name)| Written { path, name, passed_on }));
    }
    all
}

/// The code before the tests at the end of a file.
fn without_tests(code: &str) -> &str {
    let is_block = |at: &usize| {
        let rest = &code[at + "#[cfg(test)]".len()..];
        rest.trim_start().starts_with("mod ") && rest.find('{') < rest.find(';')
    };
    let mut tests = code.match_indices("#[cfg(test)]").map(|(at, _)| at).filter(is_block);
    tests.next().map_or(code, |at| &code[..at])
}

/// The files of a room and what each imports.
struct Room {
    files: BTreeMap<Module, Vec<Written>>,
}

fn module_of(path: &Path) -> Module {
    let inside = path.strip_prefix(source_root()).expect("inside src").with_extension("");
    let mut module: Module = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

impl Room {
    fn read(room: &str) -> Self {
        let paths = sources(&source_root());
        let texts: BTreeMap<Module, String> = paths
            .iter()
            .map(|path| (module_of(path), code_of(path)))
            .filter(|(module, _)| module.first().is_some_and(|first| first == room))
            .collect();
        let is_tested_only = |module: &Module| {
            (1..module.len()).any(|depth| {
                let text = texts.get(&module[..depth]).map_or("", String::as_str);
                let declared: String = text.split_whitespace().collect();
                let name = &module[depth];
                ["", "pub", "pub(crate)", "pub(super)", "pub(incrate::station)"]
                    .iter()
                    .any(|seen| declared.contains(&format!("#[cfg(test)]{seen}mod{name};")))
            })
        };
        let kept: BTreeSet<Module> = texts.keys().filter(|module| !is_tested_only(module)).cloned().collect();
        let children = |module: &Module| -> BTreeSet<String> {
            let below = kept
                .iter()
                .filter(|other| other.len() == module.len() + 1 && other.starts_with(module));
            below.filter_map(|child| child.last().cloned()).collect()
        };
        let files = kept
            .iter()
            .map(|module| {
                let written = written_in(without_tests(&texts[module]), &children(module));
                (module.clone(), written)
            })
            .collect();
        Self { files }
    }

    /// A path of a file from `src` on.
    fn absolute(file: &Module, path: &[String]) -> Module {
        if path[0] == "crate" {
            return path[1..].to_vec();
        }
        let ups = path.iter().take_while(|part| *part == "super").count();
        let own = path
            .iter()
            .take_while(|part| *part == "super" || *part == "self")
            .count();
        let base = &file[..file.len().saturating_sub(ups)];
        base.iter().chain(&path[own..]).cloned().collect()
    }

    /// The file that a path leads to; `None` outside the room.
    fn file_of(&self, path: &[String], depth: usize) -> Option<Module> {
        let module = (1..=path.len()).rev().map(|length| &path[..length]);
        let module = module
            .into_iter()
            .find(|module| self.files.contains_key(*module))?
            .to_vec();
        let passed_on = path.get(module.len()).filter(|_| depth < 8).and_then(|name| {
            let from = self.files[&module].iter().find(|written| written.name == *name)?;
            let mut on = Self::absolute(&module, &from.path);
            on.extend_from_slice(&path[module.len() + 1..]);
            (on != path).then_some(on)
        });
        match passed_on {
            Some(on) => self.file_of(&on, depth + 1),
            None => Some(module),
        }
    }

    /// The files that each file imports.
    fn imports(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let of = |file: &Module, written: &Written| {
            let path = Self::absolute(file, &written.path);
            let target = self.file_of(&path, 0)?;
            let own_part = written.passed_on && target.starts_with(file);
            (!file.starts_with(&target) && !own_part).then_some(target)
        };
        self.files
            .iter()
            .map(|(file, all)| {
                (
                    file.clone(),
                    all.iter().filter_map(|written| of(file, written)).collect(),
                )
            })
            .collect()
    }

    /// The circles: sets of files of which each reaches each other one.
    fn circles(&self) -> BTreeSet<Vec<String>> {
        let imports = self.imports();
        let reached = |from: &Module| {
            let mut seen = BTreeSet::new();
            let mut waiting: Vec<&Module> = imports[from].iter().collect();
            while let Some(next) = waiting.pop() {
                if seen.insert(next) {
                    waiting.extend(&imports[next]);
                }
            }
            seen
        };
        let reach: BTreeMap<&Module, BTreeSet<&Module>> = imports.keys().map(|file| (file, reached(file))).collect();
        reach
            .iter()
            .filter(|(file, seen)| seen.contains(*file))
            .map(|(file, seen)| {
                let both = seen.iter().filter(|other| reach[**other].contains(*file));
                both.map(|module| module[1..].join("::")).collect()
            })
            .collect()
    }
}

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    let mut wrong = Vec::new();
    for room in super::allowed().keys() {
        let circles = Room::read(room).circles();
        wrong.extend(circles.iter().map(|circle| format!("{room}: a circle of {circle:?}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn wings_of_the_station_import_only_downwards() {
    let wing_of = |module: &Module| {
        module
            .get(1)
            .filter(|name| WINGS.iter().any(|(wing, _)| wing == name))
            .cloned()
    };
    let mut wrong = Vec::new();
    for (file, targets) in Room::read("station").imports() {
        let Some(wing) = wing_of(&file) else { continue };
        let may = WINGS
            .iter()
            .find(|(name, _)| *name == wing)
            .map_or(&[][..], |(_, may)| may);
        for target in targets {
            if wing_of(&target).is_some_and(|other| other != wing && !may.contains(&other.as_str())) {
                wrong.push(format!("{} imports {}", file.join("::"), target.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_folder_of_the_station_has_more_than_twelve_files() {
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for path in sources(&source_root().join("station")) {
        let folder = path.parent().expect("in a folder").to_string_lossy().into_owned();
        *folders.entry(folder).or_default() += 1;
    }
    folders.retain(|_, files| *files > 12);
    assert!(folders.is_empty(), "{folders:#?}");
}

#[test]
fn only_the_session_wing_gives_methods_to_the_inside_of_a_session() {
    let session = source_root().join("station/session");
    let outside = sources(&source_root())
        .into_iter()
        .filter(|path| !path.starts_with(&session));
    let wrong: Vec<_> = outside
        .filter(|path| code_of(path).contains("impl SessionInner"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reader_of_paths_sees_every_form() {
    let code = "pub use part::{One, other::Two as Three};\nuse crate::{a::B, c::{self, d::*}};\nfn f(x: super::E) -> part::F<g::H> { self::i() }";
    let children = BTreeSet::from(["part".to_owned()]);
    let seen: Vec<(String, String, bool)> = written_in(code, &children)
        .into_iter()
        .map(|written| (written.path.join("::"), written.name, written.passed_on))
        .collect();
    let expected = [
        ("part::One", "One", true),
        ("part::other::Two", "Three", true),
        ("crate::a::B", "B", false),
        ("crate::c", "self", false),
        ("crate::c::d::*", "*", false),
        ("super::E", "E", false),
        ("part::F", "F", false),
        ("self::i", "i", false),
    ];
    let expected = expected.map(|(path, name, on)| (path.to_owned(), name.to_owned(), on));
    assert_eq!(seen, expected);
}
