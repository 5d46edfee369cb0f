//! The words of the interface: the same keys in every language, all of them used, none missing.
//!
//! Deliberately absent: judging the words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Keys with the variables that their sentence uses.
fn messages(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let file = root().join("i18n").join(language).join("vedetta.ftl");
    let text = std::fs::read_to_string(file).unwrap();
    let mut messages = BTreeMap::new();
    for line in text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
    {
        let (key, sentence) = line.split_once(" = ").unwrap_or((line, ""));
        assert!(!sentence.is_empty(), "{language}: not a message: {line}");
        let variables = sentence
            .split("{ $")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once(" }")?.0.to_owned()));
        let before = messages.insert(key.to_owned(), variables.collect());
        assert!(before.is_none(), "{language}: {key} twice");
    }
    messages
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Keys in every `fl!("…")` and `sentence("…")` of the sources, comments left out.
fn used() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut used = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let code: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let code = code.join("\n");
        let calls = ["fl!(", "sentence("].map(|call| code.split(call).skip(1));
        for call in calls.into_iter().flatten() {
            if let Some((key, _)) = call
                .trim_start()
                .strip_prefix('"')
                .and_then(|rest| rest.split_once('"'))
            {
                used.insert(key.to_owned());
            }
        }
    }
    used
}

#[test]
fn every_language_has_the_same_keys_and_variables() {
    let (italian, english) = (messages("it"), messages("en"));
    assert_eq!(italian.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>());
    for (key, variables) in &italian {
        assert_eq!(Some(variables), english.get(key), "{key}");
    }
}

#[test]
fn every_key_is_used_and_every_used_key_exists() {
    let known: BTreeSet<String> = messages("it").into_keys().collect();
    let used = used();
    assert!(used.len() > 100, "the search for keys finds too little");
    assert_eq!(
        known.difference(&used).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "never used"
    );
    assert_eq!(
        used.difference(&known).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "missing"
    );
}
