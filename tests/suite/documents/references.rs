//! Every module and file that a doc comment names between backquotes exists in the tree.
//!
//! What is followed: text with `::` (a path of modules, then an item), text with `/` or with the ending of a source file, and lone
//! names in a bracket of their own, which by custom say where something is instead.
//! Deliberately absent: paths that programs make while they run, addresses of HTTP calls, and names of other crates.

use super::{files, read, relative, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Endings that only files of this tree have.
const OURS: [&str; 6] = [".rs", ".md", ".sh", ".py", ".ftl", ".sql"];

/// What is known of the tree.
struct Tree {
    /// Module path (`src/domain/people`, without ending) → text of its file.
    modules: BTreeMap<PathBuf, String>,
    /// Last segment of every module.
    names: BTreeSet<String>,
    /// Type name → texts of the files that declare it.
    types: BTreeMap<String, Vec<String>>,
    /// Every name that is declared.
    declared: BTreeSet<String>,
    /// Crates from outside, as paths write them.
    outside: BTreeSet<String>,
}

/// The path of a file as a module: without ending, without `mod`.
fn module_of(file: &Path) -> PathBuf {
    let path = file.strip_prefix(root()).unwrap_or(file).with_extension("");
    if path.ends_with("mod") {
        path.parent().map(Path::to_path_buf).unwrap_or_default()
    } else {
        path
    }
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

impl Tree {
    fn read() -> Self {
        let mut tree = Self {
            modules: BTreeMap::new(),
            names: BTreeSet::new(),
            types: BTreeMap::new(),
            declared: BTreeSet::new(),
            outside: BTreeSet::new(),
        };
        for folder in ["src", "tests", "benches", "fuzz"] {
            for file in files(folder, &["rs"]) {
                let text = read(&file);
                tree.note_declarations(&text);
                let module = module_of(&file);
                tree.names
                    .extend(module.file_name().map(|name| name.to_string_lossy().into_owned()));
                tree.modules.insert(module, text);
            }
        }
        for line in read(&root().join("Cargo.toml")).lines() {
            let name = line.split([' ', '=', '.']).next().unwrap_or_default();
            tree.outside.insert(name.replace('-', "_"));
        }
        tree.outside.extend(["std", "core", "alloc"].map(str::to_owned));
        tree
    }

    fn note_declarations(&mut self, text: &str) {
        const KINDS: [&str; 8] = [
            "struct ", "enum ", "trait ", "type ", "fn ", "const ", "static ", "mod ",
        ];
        for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
            for kind in KINDS {
                let Some((before, after)) = line.split_once(kind) else {
                    continue;
                };
                if !before.is_empty() && !before.ends_with([' ', '(']) {
                    continue;
                }
                let name = identifier(after);
                if KINDS[..4].contains(&kind) {
                    self.types.entry(name.clone()).or_default().push(text.to_owned());
                }
                self.declared.insert(name);
            }
        }
    }

    /// Whether the path names a module of the tree followed by at most an item and its member.
    fn resolves(&self, base: &Path, segments: &[&str]) -> bool {
        let mut at = base.to_path_buf();
        for (index, segment) in segments.iter().enumerate() {
            let next = at.join(segment);
            if self.modules.contains_key(&next) || self.is_folder_of_modules(&next) {
                at = next;
                continue;
            }
            let rest = &segments[index..];
            let here = self.modules.get(&at);
            return rest.len() <= 2 && index > 0 && here.is_some_and(|text| has_word(text, segment));
        }
        true
    }

    fn is_folder_of_modules(&self, path: &Path) -> bool {
        self.modules
            .keys()
            .any(|module| module.starts_with(path) && module != path)
    }

    /// Whether a type of the tree has this member.
    fn has_member(&self, of: &str, member: &str) -> bool {
        let texts = self.types.get(of).into_iter().flatten();
        let elsewhere = self.modules.values().filter(|text| text.contains(&format!(" {of} {{")));
        texts.chain(elsewhere).any(|text| has_word(text, member))
    }

    /// A path with `::`, as seen from a file.
    fn follow_path(&self, from: &Path, path: &str) -> bool {
        let path = path.split(['(', '<', ' ']).next().unwrap_or(path);
        let mut segments: Vec<&str> = path.split("::").collect();
        let mut base = module_of(from);
        if segments[0] == "crate" {
            segments.remove(0);
            base = PathBuf::from("src");
        }
        while segments.first() == Some(&"super") {
            segments.remove(0);
            base.pop();
        }
        let Some(first) = segments.first().copied() else {
            return true;
        };
        if self.outside.contains(first) && !self.names.contains(first) {
            return true;
        }
        if first.starts_with(char::is_uppercase) {
            return self.types.contains_key(first)
                && segments.get(1).is_none_or(|member| self.has_member(first, member));
        }
        // From the file's own module outwards, then from the roots.
        let outwards = base.ancestors().map(Path::to_path_buf);
        let roots = ["src", "tests/suite"].map(PathBuf::from);
        outwards.chain(roots).any(|base| self.resolves(&base, &segments))
    }
}

fn has_word(text: &str, word: &str) -> bool {
    super::words(text).any(|found| found == word)
}

/// A path of files, as seen from a file; `true` for what is none.
fn follow_file(from: &Path, path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let ours = OURS.iter().any(|ending| path.ends_with(ending));
    let folders = [
        "src",
        "tests",
        "benches",
        "packaging",
        "docs",
        "i18n",
        "assets",
        "fuzz",
        "shared",
        "..",
        ".",
    ];
    if first == "target" || path.contains(['<', '{', '…']) || !(ours || folders.contains(&first)) {
        return true;
    }
    // A star stands for a name.
    let sure: PathBuf = Path::new(path)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains('*'))
        .collect();
    let beside = from.parent().unwrap_or(from);
    let bases = [root().to_path_buf(), root().join("src"), beside.to_path_buf()];
    bases.iter().any(|base| base.join(&sure).exists())
}

/// Text between backquotes.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Names that fill a bracket by themselves: `(see «a» and «b»)` with backquotes for the marks.
fn bracketed(comment: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for inside in comment.split('(').skip(1).filter_map(|rest| rest.split(')').next()) {
        let plain: String = inside.split('`').step_by(2).collect();
        let joined = plain.replace([',', ' '], "");
        if ["", "see", "and", "seeand"].contains(&joined.as_str()) {
            names.extend(quoted(inside).filter(|name| !name.is_empty() && identifier(name) == **name));
        }
    }
    names
}

/// The doc comments of a file, each as one line of text.
fn doc_comments(text: &str, mark: &str) -> Vec<String> {
    let (mut all, mut current) = (Vec::new(), String::new());
    for line in text.lines().map(str::trim_start) {
        match line.strip_prefix(mark) {
            Some(doc) => {
                current.push_str(doc);
                current.push(' ');
            }
            None if current.is_empty() => {}
            None => all.push(std::mem::take(&mut current)),
        }
    }
    all.push(current);
    all
}

/// References of one comment that lead nowhere.
fn dead(tree: &Tree, file: &Path, comment: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for text in quoted(comment).filter(|text| !text.contains(' ') && !text.starts_with('/')) {
        let path = text.trim_end_matches("()").trim_end_matches('/');
        let good = if path.contains("::") {
            !path.starts_with(|c: char| c.is_alphabetic()) || tree.follow_path(file, path)
        } else if path.contains('/') || OURS.iter().any(|ending| path.ends_with(ending)) {
            follow_file(file, path)
        } else {
            true
        };
        if !good {
            wrong.push(text.to_owned());
        }
    }
    let unknown = |name: &&str| !tree.names.contains(*name) && !tree.declared.contains(*name);
    let outside = |name: &&str| !tree.outside.contains(*name);
    wrong.extend(
        bracketed(comment)
            .into_iter()
            .filter(unknown)
            .filter(outside)
            .map(str::to_owned),
    );
    wrong
}

#[test]
fn every_module_and_file_named_in_a_header_exists() {
    let tree = Tree::read();
    let (mut wrong, mut followed) = (Vec::new(), 0);
    for folder in ["src", "tests", "benches", "fuzz"] {
        for file in files(folder, &["rs"]) {
            let text = read(&file);
            for comment in doc_comments(&text, "//!") {
                followed += quoted(&comment)
                    .filter(|text| text.contains("::") || text.contains('/'))
                    .count();
                let found = dead(&tree, &file, &comment);
                wrong.extend(found.iter().map(|text| format!("{}: {text}", relative(&file))));
            }
        }
    }
    assert!(followed > 200, "{followed} references are not all there are");
    assert!(wrong.is_empty(), "{} of them: {wrong:#?}", wrong.len());
}

#[test]
fn every_file_named_in_a_doc_comment_or_a_document_exists() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for file in files(folder, &["rs"]) {
            for comment in doc_comments(&read(&file), "///") {
                let named = quoted(&comment).filter(|text| !text.contains([' ', ':']) && !text.starts_with('/'));
                let dead = named.filter(|text| !follow_file(&file, text.trim_end_matches('/')));
                wrong.extend(dead.map(|text| format!("{}: {text}", relative(&file))));
            }
        }
    }
    let tree = Tree::read();
    for document in super::documents() {
        let text = read(&document);
        for line in text.lines() {
            let found = dead(&tree, &document, &line.replace(['(', ')'], " "));
            wrong.extend(found.iter().map(|text| format!("{}: {text}", relative(&document))));
        }
    }
    assert!(wrong.is_empty(), "{} of them: {wrong:#?}", wrong.len());
}

#[test]
fn the_reader_of_references_tells_what_exists_from_what_does_not() {
    let tree = Tree::read();
    let file = root().join("src/domain/audit/leaf.rs");
    for good in [
        "`domain::people`",
        "`people::decide`",
        "`Leaf::parse`",
        "`super::tree`",
        "`docs/log.md`",
        "(see `tree`)",
    ] {
        assert!(dead(&tree, &file, good).is_empty(), "{good}");
    }
    let bad = [
        "`domain::nowhere`",
        "`people::nothing_of_it`",
        "`Leaf::nothing_of_it`",
        "`docs/nowhere.md`",
        "(`nowhere`)",
    ];
    for bad in bad {
        assert_eq!(dead(&tree, &file, bad).len(), 1, "{bad}");
    }
}
