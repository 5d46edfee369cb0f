//! Holds the import table of the rooms (`src/lib.rs`) and the tidiness of files.
//!
//! Deliberately absent: a parser. Paths are read as text; a path that hides from this reader hides from people too.

mod circles;
mod fuzz_rooms;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).expect("readable source folder") {
            let path = entry.expect("readable entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The sources of the library and its programs, and those of the checker.
fn all_sources() -> Vec<PathBuf> {
    let mut all = sources(&source_root());
    all.extend(sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check")));
    all
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn room_of(path: &Path) -> String {
    let inside = path.strip_prefix(source_root()).expect("inside src");
    let first = inside
        .components()
        .next()
        .expect("not empty")
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Code without comments, so that a doc link is not an import.
fn code_of(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("readable source");
    text.lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every `crate::<room>` path, also inside `use crate::{a, b::c}`.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0_i32;
            let mut entry = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth < 0 || (c == ',' && depth == 0) {
                    rooms.insert(first_segment(&entry));
                    entry.clear();
                } else {
                    entry.push(c);
                }
                if depth < 0 {
                    break;
                }
            }
        } else {
            rooms.insert(first_segment(rest));
        }
    }
    rooms
}

fn first_segment(path: &str) -> String {
    path.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("domain", &[][..]),
        ("protocol", &["domain"][..]),
        ("onvif", &["domain"][..]),
        ("media", &["domain"][..]),
        ("station", &["domain", "protocol", "onvif", "media"][..]),
        ("gui", &["domain", "station", "media"][..]),
        ("server", &["domain", "protocol"][..]),
        ("sim", &["domain"][..]),
    ])
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let table = allowed();
    let mut wrong = Vec::new();
    for path in sources(&source_root()) {
        let room = room_of(&path);
        if room == "bin" || room == "lib" {
            continue;
        }
        let may = table
            .get(room.as_str())
            .unwrap_or_else(|| panic!("{} is in no known room", path.display()));
        for named in rooms_named(&code_of(&path)) {
            if table.contains_key(named.as_str()) && named != room && !may.contains(&named.as_str()) {
                wrong.push(format!("{} imports {named}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_interface_takes_only_frames_from_media() {
    let mut wrong = Vec::new();
    for path in sources(&source_root().join("gui")) {
        for (at, _) in code_of(&path).match_indices("crate::media") {
            let code = code_of(&path);
            if !code[at..].starts_with("crate::media::frame") {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Declared `#[cfg(test)] mod name;` beside it.
fn is_a_test_module(path: &Path) -> bool {
    let beside = path.with_file_name("mod.rs");
    let name = path.file_stem().expect("named").to_string_lossy().into_owned();
    let declared: String = std::fs::read_to_string(beside)
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let public = format!("#[cfg(test)]pub(crate)mod{name};");
    declared.contains(&format!("#[cfg(test)]mod{name};")) || declared.contains(&public)
}

#[test]
fn the_rules_are_pure() {
    let banned = [
        "tokio::",
        "iced",
        "gstreamer",
        "reqwest",
        "std::fs",
        "std::net",
        "Instant::now",
        "SystemTime::now",
        "async fn",
    ];
    let mut wrong = Vec::new();
    for path in sources(&source_root().join("domain")) {
        if is_a_test_module(&path) {
            continue;
        }
        let code = code_of(&path);
        let before_tests = code.split("#[cfg(test)]").next().unwrap_or("");
        for word in banned {
            if before_tests.contains(word) {
                wrong.push(format!("{} has {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn media_and_onvif_know_no_screen() {
    let mut wrong = Vec::new();
    for room in ["domain", "protocol", "onvif", "media", "station", "server", "sim"] {
        for path in sources(&source_root().join(room)) {
            if code_of(&path).contains("iced::") {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_what_it_is_for_and_stays_small() {
    let mut wrong = Vec::new();
    for path in all_sources() {
        let text = std::fs::read_to_string(&path).expect("readable source");
        if !text.starts_with("//!") {
            wrong.push(format!("{} does not start with //!", path.display()));
        }
        let lines = text.lines().count();
        if lines > 700 {
            wrong.push(format!("{} has {lines} lines", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_room_is_a_drawer() {
    for path in all_sources() {
        let name = path.file_stem().expect("named").to_string_lossy().into_owned();
        let folder = path
            .parent()
            .and_then(Path::file_name)
            .expect("in a folder")
            .to_string_lossy()
            .into_owned();
        for drawer in ["utils", "util", "helpers", "manager", "types", "common", "misc"] {
            assert!(name != drawer && folder != drawer, "{} is a drawer", path.display());
        }
    }
}

/// The tests of a file with their lengths, from the line of the name to the closing brace at the same depth.
fn tests_with_lengths(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let is_attribute = |line: &&str| {
        let line = line.trim();
        line.starts_with("#[")
            && line
                .trim_end_matches(']')
                .split(['(', ' '])
                .any(|part| part.ends_with("test"))
    };
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| is_attribute(line)) {
        let named = lines[at..].iter().position(|line| line.contains("fn "));
        let Some(begin) = named.map(|n| at + n) else { continue };
        let depth = lines[begin].len() - lines[begin].trim_start().len();
        let closes = |line: &&str| line.trim_end() == format!("{}}}", " ".repeat(depth));
        let length = lines[begin..]
            .iter()
            .position(closes)
            .map_or(lines.len() - begin, |n| n + 1);
        let name = lines[begin].split("fn ").nth(1).map(first_segment).unwrap_or_default();
        found.push((name, length));
    }
    found
}

#[test]
fn no_test_is_longer_than_eighty_lines() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    let suite = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite"));
    for path in all_sources().into_iter().chain(suite) {
        let text = std::fs::read_to_string(&path).expect("readable source");
        for (name, lines) in tests_with_lengths(&text) {
            seen += 1;
            if lines > 80 {
                wrong.push(format!("{}: {name} has {lines} lines", path.display()));
            }
        }
    }
    assert!(seen > 1_000, "{seen} tests are not all there are");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_measure_of_tests_sees_every_form() {
    let text = "#[test]\nfn one() {\n}\n    #[tokio::test(flavor = \"multi_thread\")]\n    #[ignore]\n    async fn two() {\n        {\n        }\n    }\n\
                #[cfg(test)]\nmod tests;\n";
    let expected = [("one".to_owned(), 2), ("two".to_owned(), 4)];
    assert_eq!(tests_with_lengths(text), expected);
}

/// Ways to give a parameter of an event a name where it is written or read.
const FREE_PARAMETERS: [&str; 7] = [
    "parameters([",
    "parameters.insert(",
    "parameters.extend(",
    "parameters.get(",
    "parameters[\"",
    "[\"parameters\"]",
    "fn with(mut self, name: &str",
];

fn free_parameters(code: &str) -> Vec<&'static str> {
    let joined: String = code
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("( [", "([");
    let named = |way: &&str| joined.contains(*way);
    FREE_PARAMETERS.into_iter().filter(named).collect()
}

#[test]
fn no_parameter_of_an_event_has_a_name_outside_the_audit_rules() {
    let (root, mut wrong, mut looked_at) = (source_root(), Vec::new(), 0);
    for path in all_sources() {
        let code = code_of(&path);
        let speaks_of_events =
            code.contains("audit::event") || code.contains("audit::details") || code.contains("recorder");
        if path.starts_with(root.join("domain/audit")) || !speaks_of_events {
            continue;
        }
        looked_at += 1;
        for way in free_parameters(&code) {
            wrong.push(format!("{}: {way}", path.display()));
        }
    }
    assert!(looked_at > 40, "{looked_at} files are not all that record");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_finder_of_free_parameters_sees_every_form() {
    for code in [
        "body.parameters.insert(\"why\".into(), word);",
        "act.done(parameters([(\"spans\", count.into())])).await",
        "parameters(\n    [(\"spans\", 1)])",
        "assert_eq!(body.parameters[\"why\"], \"no_grant\");",
        "pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {",
    ] {
        assert!(!free_parameters(code).is_empty(), "{code}");
    }
    assert!(free_parameters("sentence(\"broken-entry\").with(\"index\", at)").is_empty());
    assert!(free_parameters("parameters: Parameters::default(),").is_empty());
}

/// The entries at the top level of every `kind name { … }` in code: the fields of a struct, the variants of an enum.
fn entries_of(code: &str, kind: &str, name: &str) -> Vec<usize> {
    let mut counts = Vec::new();
    for (at, found) in code.match_indices(&format!("{kind} {name}")) {
        let rest = &code[at + found.len()..];
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = rest.trim_start_matches(|c: char| "<>, ".contains(c) || c.is_alphanumeric());
        let Some(body) = rest.strip_prefix('{') else { continue };
        let (mut depth, mut entries, mut written) = (0_i32, 0, false);
        for c in body.chars() {
            match c {
                '{' | '(' | '[' | '<' => depth += 1,
                '}' if depth == 0 => break,
                '}' | ')' | ']' | '>' => depth -= 1,
                ',' if depth == 0 => {
                    entries += usize::from(written);
                    written = false;
                }
                // What stands in an attribute or a type's arguments is no entry of its own.
                c if depth == 0 && c.is_alphanumeric() => written = true,
                _ => {}
            }
        }
        counts.push(entries + usize::from(written));
    }
    counts
}

/// Structs that own parts, and how many fields they may have.
const OWNERS: [(&str, &str, usize); 2] = [
    ("gui/app.rs", "App", 10),
    ("gui/screen/control_room/mod.rs", "ControlRoom", 12),
];

#[test]
fn who_owns_the_parts_of_the_interface_has_few_of_them() {
    for (file, name, most) in OWNERS {
        let code = code_of(&source_root().join(file));
        let [fields] = entries_of(&code, "struct", name)[..] else {
            panic!("{file} has not one {name}")
        };
        assert!(fields <= most, "{name} has {fields} fields");
    }
}

#[test]
fn no_message_of_the_interface_has_more_than_twenty_variants() {
    let mut seen = 0;
    for path in sources(&source_root().join("gui")) {
        for variants in entries_of(&code_of(&path), "enum", "Message") {
            seen += 1;
            assert!(variants <= 20, "{} has {variants}", path.display());
        }
    }
    assert!(seen > 20, "{seen} messages read");
}

#[test]
fn screens_never_import_each_other() {
    let folder = source_root().join("gui/screen");
    let mut wrong = Vec::new();
    for path in sources(&folder) {
        let inside = path.strip_prefix(&folder).expect("inside the folder");
        let own = inside.iter().next().expect("not empty").to_string_lossy();
        let own = own.trim_end_matches(".rs");
        let code = code_of(&path);
        for (at, found) in code.match_indices("gui::screen::") {
            let named = first_segment(&code[at + found.len()..]);
            if named != own {
                wrong.push(format!("{} imports {named:?}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_key_is_named_outside_the_table_of_keys() {
    let names = ["Esc", "Tab", "Enter", "Invio", "Maiusc", "←", "→", "↑", "↓"];
    let is_key = |text: &str| {
        let letter = text.chars().count() == 1 && text.chars().all(|c| c.is_ascii_uppercase() || c == '/');
        let function = text.strip_prefix('F').is_some_and(|n| n.parse::<u8>().is_ok());
        letter || function || names.contains(&text) || text.starts_with("Ctrl+") || text.starts_with("Alt+")
    };
    let gui = source_root().join("gui");
    let mut wrong = Vec::new();
    for path in sources(&gui) {
        let inside = path.strip_prefix(&gui).expect("inside the folder");
        if ["input", "tour", "fake"].iter().any(|part| inside.starts_with(part)) {
            continue;
        }
        let code = code_of(&path);
        let before_tests = code.split("#[cfg(test)]\nmod").next().unwrap_or("");
        if inside.ends_with("tests.rs") {
            continue;
        }
        let quoted = before_tests.split('"').skip(1).step_by(2);
        wrong.extend(
            quoted
                .filter(|text| is_key(text))
                .map(|text| format!("{}: {text:?}", inside.display())),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_counter_of_entries_sees_fields_and_variants() {
    let code = "#[derive(A, B)] struct S { pub a: Vec<(u8, u8)>, b: Option<C> } enum Message<P> { #[x(y)] A(P, P), B { c: u8, d: u8 }, C, }";
    assert_eq!(entries_of(code, "struct", "S"), [2]);
    assert_eq!(entries_of(code, "enum", "Message"), [3]);
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let code =
        "use crate::media::frame::Frame; use crate::{domain::camera, onvif::{self, ptz}, server}; crate::sim::run()";
    let named = rooms_named(code);
    for room in ["media", "domain", "onvif", "server", "sim"] {
        assert!(named.contains(room), "{room} in {named:?}");
    }
}
