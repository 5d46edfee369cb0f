//! Every public function of `domain` is named by product code: a rule that only its own tests call rules nothing.
//!
//! Names are read as text with word boundaries, so a name that something else has too is not seen.
//! Deliberately absent: other rooms, whose functions the compiler or the screens show to be in use.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Functions that no product code names, and why they stay.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("events_page", "makes docs/events.md; a test compares the two"),
    (
        "project",
        "the projection's inverse, by which the properties of covers are proven",
    ),
    ("serialize", "called by what serde derives (`with = …`)"),
    (
        "unbundle",
        "reads an entry bundle of the log as an examiner does; the server only writes them",
    ),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).expect("a readable source folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// The file without comments, and without what stands under `#[cfg(test)]` at its end.
fn product_code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a readable source");
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
    let code = code.join("\n");
    let end = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
    code[..end].to_owned()
}

/// Files and folders that are declared as modules under `#[cfg(test)]`.
fn test_modules(files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for file in files {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let folder = match name.as_str() {
            "mod" | "lib" | "main" => file.parent().expect("a folder").to_path_buf(),
            _ => file.with_extension(""),
        };
        let code = product_code(file);
        for (at, mark) in code.match_indices("#[cfg(test)]") {
            let declared = code[at + mark.len()..].split(';').next().unwrap_or("");
            if let Some(module) = declared.split_whitespace().skip_while(|word| *word != "mod").nth(1) {
                found.insert(folder.join(module));
                found.insert(folder.join(format!("{module}.rs")));
            }
        }
    }
    found
}

/// Every word of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

/// Names of the public functions of a text.
fn public_functions(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in code.lines().map(str::trim_start) {
        let Some(rest) = line.strip_prefix("pub ") else {
            continue;
        };
        let rest = rest.strip_prefix("const ").unwrap_or(rest);
        if let Some(name) = rest.strip_prefix("fn ").and_then(|rest| words(rest).next()) {
            found.push(name.to_owned());
        }
    }
    found
}

/// Functions of `rules` whose names stand nowhere in `product` but where they are declared.
fn uncalled(rules: &[String], product: &[String]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for code in product {
        let mut before = "";
        for word in words(code) {
            if before != "fn" {
                named.insert(word);
            }
            before = word;
        }
    }
    let functions = rules.iter().flat_map(|code| public_functions(code));
    functions.filter(|name| !named.contains(name.as_str())).collect()
}

#[test]
fn every_public_function_of_the_domain_is_named_by_product_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = sources(&root);
    let tests = test_modules(&files);
    files.retain(|file| !file.ancestors().any(|path| tests.contains(path)));
    let read = |file: &PathBuf| product_code(file);
    let product: Vec<String> = files.iter().map(read).collect();
    let rules: Vec<String> = files
        .iter()
        .filter(|file| file.starts_with(root.join("domain")))
        .map(read)
        .collect();
    let found = uncalled(&rules, &product);
    let excepted: BTreeSet<String> = EXCEPTIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let dead: Vec<&String> = found.difference(&excepted).collect();
    assert!(
        dead.is_empty(),
        "no product code names {dead:?}: call them or remove them"
    );
    let stale: Vec<&String> = excepted.difference(&found).collect();
    assert!(stale.is_empty(), "no longer exceptions: {stale:?}");
}

#[test]
fn a_function_that_only_its_declaration_and_longer_names_have_is_found() {
    let rules = ["pub fn lonely() {}\npub const fn used(&self) {}\nfn own() {}".to_owned()];
    let product = [rules[0].clone(), "lonely_too(); x.used();".to_owned()];
    assert_eq!(uncalled(&rules, &product), BTreeSet::from(["lonely".to_owned()]));
}
