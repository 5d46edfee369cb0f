//! The crate of the fuzz targets (`fuzz/Cargo.toml`) has every crate that its rooms use, as the program itself has it.
//!
//! Invariant: the rooms are those that the fuzz crate takes in by path. Deliberately absent: building the targets, which takes
//! a nightly compiler; a crate that only the tests of a room use is wanted all the same.

use super::{code_of, sources};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn manifest(path: &str) -> toml::Table {
    let text = std::fs::read_to_string(root().join(path)).expect("a manifest");
    toml::from_str(&text).expect("TOML")
}

fn table<'a>(of: &'a toml::Table, name: &str) -> &'a toml::Table {
    of[name].as_table().expect("a table")
}

/// The files that the fuzz crate takes in: a module that has a folder stands for all of it.
fn fuzzed_files() -> Vec<PathBuf> {
    let text = std::fs::read_to_string(root().join("fuzz/src/lib.rs")).expect("the fuzz crate");
    let mut files = Vec::new();
    for line in text.lines() {
        let path = line
            .strip_prefix("#[path = \"../../")
            .and_then(|rest| rest.strip_suffix("\"]"));
        let Some(path) = path else { continue };
        match path.strip_suffix("mod.rs") {
            Some(folder) => files.extend(sources(&root().join(folder))),
            None => files.push(root().join(path)),
        }
    }
    files
}

/// The name of a crate in code.
fn in_code(package: &str) -> String {
    match package {
        "md-5" => "md5".to_owned(),
        _ => package.replace('-', "_"),
    }
}

/// Whether code has a path that begins with this crate.
fn uses(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

/// How the program has a crate: what stands in its manifest, or in its workspace's.
fn as_the_program_has_it<'a>(manifest: &'a toml::Table, package: &str) -> &'a toml::Value {
    let own = &table(manifest, "dependencies")[package];
    let shared = own
        .get("workspace")
        .is_some_and(|shared| shared.as_bool() == Some(true));
    match shared {
        true => &table(table(manifest, "workspace"), "dependencies")[package],
        false => own,
    }
}

#[test]
fn the_fuzz_crate_has_every_crate_that_its_rooms_use_as_the_program_has_it() {
    let (program, fuzz) = (manifest("Cargo.toml"), manifest("fuzz/Cargo.toml"));
    let code: Vec<String> = fuzzed_files().iter().map(|path| code_of(path)).collect();
    assert!(code.len() > 100, "{} files are not all there are", code.len());
    let named: BTreeSet<&str> = table(&program, "dependencies")
        .keys()
        .map(String::as_str)
        .filter(|package| code.iter().any(|code| uses(code, &in_code(package))))
        .collect();
    assert!(named.contains("serde_json") && named.contains("md-5"), "{named:?}");
    let (mut has, mut wrong) = (BTreeSet::new(), Vec::new());
    for (package, how) in table(&fuzz, "dependencies") {
        has.insert(package.as_str());
        if package != "libfuzzer-sys" && how != as_the_program_has_it(&program, package) {
            wrong.push(format!("{package} is had in another way"));
        }
    }
    wrong.extend(named.difference(&has).map(|package| format!("{package} is missing")));
    let idle = has.difference(&named).filter(|package| **package != "libfuzzer-sys");
    wrong.extend(idle.map(|package| format!("{package} is used by no room")));
    assert!(wrong.is_empty(), "fuzz/Cargo.toml: {wrong:#?}");
}

#[test]
fn the_finder_of_crates_sees_every_form() {
    for code in [
        "use hex::FromHex;",
        "let a = hex::encode(b);",
        "(hex::decode(c))",
        "::<hex::Error>",
    ] {
        assert!(uses(code, "hex"), "{code}");
    }
    for code in [
        "crate::hex::encode",
        "my_hex::encode",
        "use hexagon::Tile;",
        "let hex = 1;",
    ] {
        assert!(!uses(code, "hex"), "{code}");
    }
}
