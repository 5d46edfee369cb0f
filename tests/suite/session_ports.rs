//! The ports of the screens (`src/gui/session_port`): each act is the session's own.
//!
//! A port calls a method of `Session` by its name. Where `Session` has none of that name, the port's own method is meant, which
//! would call itself for ever; the compiler is content with that.
//! Deliberately absent: what the acts do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)]);
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found
}

fn name(rest: &str) -> String {
    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Methods in every `impl Session { … }` of a file.
fn own_methods(code: &str) -> BTreeSet<String> {
    let blocks = code.split("\nimpl Session {").skip(1);
    let bodies = blocks.map(|rest| rest.split("\n}").next().unwrap_or_default());
    bodies
        .flat_map(|body| body.split("fn ").skip(1).map(name).collect::<Vec<_>>())
        .collect()
}

/// Methods that a port calls on the session.
fn called(code: &str) -> BTreeSet<String> {
    ["session.", "Session::"]
        .into_iter()
        .flat_map(|before| code.split(before).skip(1).map(name))
        .filter(|method| method.chars().next().is_some_and(char::is_lowercase) && method != "clone")
        .collect()
}

#[test]
fn every_act_of_a_port_is_a_method_of_the_session_itself() {
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    let own: BTreeSet<String> = sources("src/station")
        .iter()
        .flat_map(|path| own_methods(&read(path)))
        .collect();
    let ports: BTreeSet<String> = sources("src/gui/session_port")
        .iter()
        .flat_map(|path| called(&read(path)))
        .collect();
    let missing: Vec<_> = ports.difference(&own).collect();
    assert!(missing.is_empty(), "no methods of Session: {missing:?}");
    assert!(ports.len() > 50, "only {} calls were read", ports.len());
}
