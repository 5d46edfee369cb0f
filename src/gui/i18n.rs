//! Languages: Italian (source and fallback) and English, from `i18n/*/vedetta.ftl`.
//!
//! Invariant: a key that Italian lacks does not compile; `tests/suite/i18n.rs` holds the other languages to the same keys.
//! Deliberately absent: sentences about refusals and troubles (`sentences`).

use i18n_embed::LanguageLoader;
use i18n_embed::fluent::{FluentLanguageLoader, fluent_language_loader};
use std::sync::LazyLock;
use unic_langid::{LanguageIdentifier, langid};

#[derive(rust_embed::RustEmbed)]
#[folder = "i18n/"]
struct Localizations;

/// The loader behind [`fl!`].
pub static LOADER: LazyLock<FluentLanguageLoader> = LazyLock::new(|| {
    let loader = fluent_language_loader!();
    load(&loader, Language::Italian);
    loader
});

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    Italian,
    English,
}

impl Language {
    fn id(self) -> LanguageIdentifier {
        match self {
            Language::Italian => langid!("it"),
            Language::English => langid!("en"),
        }
    }
}

/// Switches the interface to `language`.
pub fn choose(language: Language) {
    load(&LOADER, language);
}

/// The language in force.
pub fn language() -> Language {
    if LOADER.current_language() == Language::English.id() {
        Language::English
    } else {
        Language::Italian
    }
}

fn load(loader: &FluentLanguageLoader, language: Language) {
    if let Err(error) = loader.load_languages(&Localizations, &[language.id()]) {
        tracing::error!(%error, "the words of the interface cannot be loaded");
    }
    // The terminal fonts of control rooms show isolation marks as boxes, and both languages run left to right.
    loader.set_use_isolating(false);
}

/// The sentence with this key in the language in force: `fl!("key")` or `fl!("key", name = value)`.
#[macro_export]
macro_rules! fl {
    ($key:literal) => {
        i18n_embed_fl::fl!($crate::gui::i18n::LOADER, $key)
    };
    ($key:literal, $($args:tt)*) => {
        i18n_embed_fl::fl!($crate::gui::i18n::LOADER, $key, $($args)*)
    };
}
pub use fl;
