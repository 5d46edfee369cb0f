//! Holds the documents to what is so: rules and the tests that carry their ids, events, links, commands, and the openings of doc
//! comments. Names of modules and files in headers are in `references`.
//!
//! Invariant: everything is read as text, so that what hides from these tests hides from a reader too.
//! Deliberately absent: judging whether a sentence is true where no file, name or command can be asked.

mod references;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below a folder of the repository with one of these endings, in order.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![root().join(folder)]);
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("readable entry").path();
            let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                waiting.push(path);
            } else if endings.contains(&ending.as_str()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The documents: Markdown at the top, in `docs`, and beside what it explains.
fn documents() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(|name| root().join(name))
        .to_vec();
    for folder in ["docs", "src", "benches", "assets", "tests"] {
        all.extend(files(folder, &["md"]));
    }
    all
}

/// Runs of letters, digits, `-` and `_`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
}

/// The id at the head of a word: three capitals and a number between dashes.
fn rule_id(word: &str) -> Option<String> {
    let rest = word.strip_prefix("R-")?;
    let (kind, number) = rest.split_once('-')?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    let kind_fits = kind.len() == 3 && kind.bytes().all(|b| b.is_ascii_uppercase());
    (kind_fits && !digits.is_empty()).then(|| format!("R-{kind}-{digits}"))
}

/// The ids that the name of a test carries, at its head or after another one.
fn ids_of_test(name: &str) -> BTreeSet<String> {
    let parts: Vec<&str> = name.split('_').collect();
    let mut ids = BTreeSet::new();
    for window in parts.windows(3) {
        let [r, kind, number] = window else { continue };
        let fits = *r == "r" && kind.len() == 3 && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        if fits {
            ids.insert(format!("R-{}-{number}", kind.to_uppercase()));
        }
    }
    ids
}

/// Rules of `docs/rules.md`, and whether each is marked «not yet».
fn rules() -> BTreeMap<String, bool> {
    let text = read(&root().join("docs/rules.md"));
    let mut all = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| R-")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "id, rule, source, test: {line}");
        let mark = cells[3];
        assert!(mark.is_empty() || mark == "not yet", "the last column: {line}");
        assert!(!cells[1].is_empty() && !cells[2].is_empty(), "text and source: {line}");
        assert_eq!(rule_id(cells[0]).as_deref(), Some(cells[0]), "an id: {line}");
        let before = all.insert(cells[0].to_owned(), mark == "not yet");
        assert!(before.is_none(), "{} stands twice", cells[0]);
    }
    assert!(!all.is_empty());
    all
}

/// Names of test functions: those that an attribute ending in `test]` or a `proptest!` block goes before.
fn tests_of(text: &str) -> Vec<String> {
    let (mut names, mut is_test) = (Vec::new(), false);
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            is_test |= line.contains("test") && !line.contains("cfg(");
        } else if let Some(name) = line.split("fn ").nth(1).filter(|_| !line.starts_with("//")) {
            if is_test {
                names.push(name.split(['(', '<']).next().unwrap_or_default().to_owned());
            }
            is_test = false;
        } else if !line.is_empty() && !line.starts_with("//") {
            is_test = false;
        }
    }
    names
}

/// Test functions of the whole tree.
fn tests() -> Vec<String> {
    let sources = ["src", "tests"].into_iter().flat_map(|folder| files(folder, &["rs"]));
    sources.flat_map(|path| tests_of(&read(&path))).collect()
}

#[test]
fn every_rule_that_is_cited_is_in_the_list() {
    let known = rules();
    let mut unknown = BTreeSet::new();
    let mut texts: Vec<PathBuf> = documents();
    for folder in ["src", "tests", "benches", "packaging", "fuzz", "i18n"] {
        texts.extend(files(folder, &["rs", "sh", "py", "js", "toml", "sql", "ftl"]));
    }
    for path in texts {
        let text = read(&path);
        for id in words(&text).filter_map(rule_id).filter(|id| !known.contains_key(id)) {
            unknown.insert(format!("{} cites {id}", relative(&path)));
        }
    }
    for name in tests() {
        for id in ids_of_test(&name).into_iter().filter(|id| !known.contains_key(id)) {
            unknown.insert(format!("the test {name} names {id}"));
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn a_rule_is_marked_not_yet_exactly_when_no_test_carries_its_id() {
    let held: BTreeSet<String> = tests().iter().flat_map(|name| ids_of_test(name)).collect();
    let mut wrong = Vec::new();
    for (id, not_yet) in rules() {
        match (held.contains(&id), not_yet) {
            (true, true) => wrong.push(format!("{id} is marked «not yet» and has a test")),
            (false, false) => wrong.push(format!("{id} has no test and is not marked «not yet»")),
            (true, false) | (false, true) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn snake_case(variant: &str) -> String {
    let mut name = String::new();
    for c in variant.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

/// Wire names of the operations, from the variants of the enumeration.
fn operations() -> BTreeSet<String> {
    let text = read(&root().join("src/domain/audit/operation.rs"));
    let (_, after) = text
        .split_once("pub enum Operation {")
        .expect("the vocabulary of events");
    let (variants, _) = after.split_once("\n}").expect("its end");
    variants
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//") && !line.starts_with('#'))
        .filter_map(|line| line.strip_suffix(','))
        .map(snake_case)
        .collect()
}

#[test]
fn every_operation_of_the_log_is_explained_and_no_other() {
    let text = read(&root().join("docs/events.md"));
    let all = operations();
    assert!(all.contains("view_open"), "{all:?}");
    let mentioned: BTreeSet<&str> = text.split('`').skip(1).step_by(2).collect();
    let missing: Vec<_> = all.iter().filter(|name| !mentioned.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "docs/events.md does not explain {missing:?}");
    let (mut in_table, mut invented) = (false, Vec::new());
    for line in text.lines() {
        in_table = line.starts_with("| operation |") || (in_table && line.starts_with('|'));
        let name = line.strip_prefix("| `").and_then(|rest| rest.split('`').next());
        invented.extend(name.filter(|name| in_table && !all.contains(*name)));
    }
    assert!(invented.is_empty(), "no such operation: {invented:?}");
}

#[test]
fn the_page_of_events_is_the_one_its_types_make() {
    let made = vedetta::domain::audit::details::reference::events_page().expect("a text");
    let page = read(&root().join("docs/events.md"));
    let differs = made.lines().zip(page.lines()).find(|(made, page)| made != page);
    assert!(
        made == page,
        "docs/events.md is not what the types say, first {differs:?}. Run\n\n    \
         cargo run -p vedetta-check --example events > docs/events.md.new && mv docs/events.md.new docs/events.md\n"
    );
}

/// Where the links of a document go, without those to other sites.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("](") {
        let target: String = text[at + 2..].chars().take_while(|c| *c != ')').collect();
        let path = target.split('#').next().unwrap_or_default();
        if !path.is_empty() && !path.contains("://") {
            found.push(path.to_owned());
        }
    }
    found
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let (mut dead, mut followed) = (Vec::new(), 0);
    for path in documents() {
        for link in links(&read(&path)) {
            followed += 1;
            let target = path.parent().expect("in a folder").join(&link);
            if !target.exists() {
                dead.push(format!("{} links to {link}", relative(&path)));
            }
        }
    }
    assert!(followed > 20, "{followed} links are not all there are");
    assert!(dead.is_empty(), "{dead:#?}");
}

/// Command lines of a document: lines of its shell blocks, and code between backquotes.
fn commands(text: &str) -> Vec<String> {
    let (mut all, mut in_block) = (Vec::new(), false);
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block && line.trim() == "```sh";
        } else if in_block || line.starts_with("    ") {
            all.push(line.split(" #").next().unwrap_or_default().trim().to_owned());
        } else {
            all.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    all.retain(|command| command.contains(' '));
    all
}

/// What `vedetta-audit` says of a subcommand; `None` when there is none.
fn help_of(path: &[&str]) -> Option<String> {
    let program = env!("CARGO_BIN_EXE_vedetta-audit");
    let output = Command::new(program)
        .args(path)
        .arg("--help")
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(said)
}

/// What is wrong with a command line of `vedetta-audit`: an unknown subcommand or option.
fn fault_of_audit_command(command: &str) -> Option<String> {
    let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    let is_name = |word: &&&str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !word.starts_with('-');
    let path: Vec<&str> = arguments.iter().take_while(is_name).copied().collect();
    let help = match help_of(&path) {
        Some(help) if help.contains(&format!("vedetta-audit {}", path.join(" "))) => help,
        _ => return Some(format!("no such subcommand: {command}")),
    };
    let unknown = arguments
        .iter()
        .filter(|word| word.starts_with("--"))
        .find(|option| !help.contains(*option));
    unknown.map(|option| format!("{option} is no option of: {command}"))
}

fn fault_of_command(command: &str) -> Option<String> {
    let parts: Vec<&str> = command.split_whitespace().collect();
    let exists = |path: &str| root().join(path).exists();
    let after = |flag: &str| Some(*parts.get(parts.iter().position(|part| *part == flag)? + 1)?);
    match parts.first().copied()? {
        "bash" => {
            let script = parts.get(1).copied().unwrap_or_default();
            (!exists(script)).then(|| format!("no such script: {command}"))
        }
        "vedetta-audit" => fault_of_audit_command(command),
        "cargo" => {
            let declared = read(&root().join("Cargo.toml"));
            let known = |name: &str, folder: &str| {
                declared.contains(&format!("name = \"{name}\"")) || exists(&format!("{folder}/{name}.rs"))
            };
            let equipment = read(&root().join("tests/check/Cargo.toml"));
            let is_example = |name: &str| {
                after("-p") == Some("vedetta-check")
                    && (equipment.contains(&format!("name = \"{name}\""))
                        || exists(&format!("tests/check/examples/{name}.rs"))
                        || exists(&format!("tests/check/examples/{name}/main.rs")))
            };
            let example = after("--example").filter(|name| !is_example(name));
            let bench = after("--bench").filter(|name| !known(name, "benches"));
            example
                .or(bench)
                .map(|name| format!("no such example or benchmark: {name} in {command}"))
        }
        script if script.ends_with(".sh") && script.contains('/') => {
            (!exists(script)).then(|| format!("no such script: {command}"))
        }
        _ => None,
    }
}

#[test]
fn every_command_in_the_documents_names_what_exists() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in documents() {
        for command in commands(&read(&path)) {
            seen += usize::from(command.starts_with("vedetta-audit ") || command.starts_with("bash "));
            let fault = fault_of_command(&command);
            wrong.extend(fault.map(|fault| format!("{}: {fault}", relative(&path))));
        }
    }
    assert!(seen > 20, "{seen} commands are not all there are");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Openings that say nothing without the line before.
const OPENINGS: [&str; 5] = ["The same", "It ", "They ", "This ", "These "];

/// First lines of the doc comments of a file.
fn openings(text: &str) -> Vec<&str> {
    let (mut found, mut inside) = (Vec::new(), false);
    for line in text.lines().map(str::trim_start) {
        let doc = line.strip_prefix("/// ").or_else(|| line.strip_prefix("//! "));
        let continues = line == "///" || line == "//!";
        found.extend(doc.filter(|_| !inside));
        inside = doc.is_some() || continues;
    }
    found
}

#[test]
fn no_doc_comment_opens_with_a_pronoun_or_the_same() {
    let mut wrong = Vec::new();
    for path in files("src", &["rs"]) {
        let name = relative(&path);
        let text = read(&path);
        let bad = openings(&text)
            .into_iter()
            .filter(|line| OPENINGS.iter().any(|opening| line.starts_with(opening)));
        wrong.extend(bad.map(|line| format!("{name}: {line}")));
    }
    assert!(wrong.is_empty(), "{} of them: {wrong:#?}", wrong.len());
}

#[test]
fn the_readme_is_one_page() {
    let lines = read(&root().join("README.md")).lines().count();
    assert!(lines <= 80, "{lines} lines");
}

#[test]
fn the_changelog_says_each_thing_once() {
    let text = read(&root().join("CHANGELOG.md"));
    let mut seen = BTreeSet::new();
    for entry in text.split("\n- ").skip(1) {
        let words = entry.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(seen.insert(words), "twice: {entry}");
    }
}

#[test]
fn the_readers_of_text_see_what_they_must() {
    let carried: Vec<_> = ids_of_test("r_prv_1_and_r_exp_3_hold").into_iter().collect();
    assert_eq!(carried, ["R-EXP-3", "R-PRV-1"]);
    assert!(ids_of_test("read_or_abc_1").is_empty());
    assert_eq!(rule_id("R-AUD-7"), Some("R-AUD-7".to_owned()));
    assert_eq!(rule_id("R-AU-7"), None);
    let text = "#[tokio::test]\nasync fn r_a() {}\nfn b() {}\n#[cfg(test)]\nfn c() {}\n#[test]\n#[ignore]\nfn d() {}";
    assert_eq!(tests_of(text), ["r_a", "d"]);
    assert_eq!(links("[a](b.md#c) [d](https://e) [f](#g)"), ["b.md"]);
    assert_eq!(commands("```sh\na b  # c\n```\nand `d e` or `f`"), ["a b", "d e"]);
    assert_eq!(openings("/// One\n/// two\nfn a() {}\n/// Three"), ["One", "Three"]);
    assert_eq!(snake_case("PtzStart"), "ptz_start");
}
