//! The language of the terminal, and messages said in it.
//!
//! Invariant: Italian unless the terminal is an English one. Deliberately absent: the sentences (`i18n/`).

use vedetta::domain::message::Message;
use vedetta::gui::i18n::{self, Language};
use vedetta::gui::sentences;

/// The variables that name the language, in the order in which they count (POSIX.1-2017 §8.2).
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// Speaks the language of the terminal from now on.
pub fn choose_language() {
    i18n::choose(language(|name| std::env::var(name).ok()));
}

/// The language that the variables name; the first one that is set and not empty counts.
fn language(variable: impl Fn(&str) -> Option<String>) -> Language {
    let named = VARIABLES
        .iter()
        .filter_map(|name| variable(name))
        .find(|value| !value.is_empty());
    match named {
        Some(value) if value.starts_with("en") => Language::English,
        _ => Language::Italian,
    }
}

/// The sentence with this key in the language of the terminal: `fl!("key")` or `fl!("key", name = value)`.
macro_rules! fl {
    ($($words:tt)*) => {
        i18n_embed_fl::fl!(vedetta::gui::i18n::LOADER, $($words)*)
    };
}
pub(crate) use fl;

/// A message in the language of the terminal.
pub fn say(message: &Message) -> String {
    sentences::say(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_names_the_language() {
        let of = |set: &[(&str, &str)]| {
            language(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[]), Language::Italian);
        assert_eq!(of(&[("LANG", "C")]), Language::Italian);
        assert_eq!(of(&[("LANG", "en_GB.UTF-8")]), Language::English);
        assert_eq!(of(&[("LC_ALL", ""), ("LANG", "en_GB.UTF-8")]), Language::English);
        assert_eq!(
            of(&[("LC_ALL", "it_IT.UTF-8"), ("LANG", "en_GB.UTF-8")]),
            Language::Italian
        );
        assert_eq!(of(&[("LC_MESSAGES", "en"), ("LANG", "it_IT")]), Language::English);
    }
}
