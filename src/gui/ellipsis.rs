//! Texts that do not fit on their line: cut, with an ellipsis.
//!
//! Deliberately absent: how much room there is.

/// A text of so many letters at most; one that is longer ends in an ellipsis, and not in a blank or a dot before it.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end_matches([' ', '·']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_does_not_fit_ends_in_an_ellipsis() {
        let name = "operatore · Polizia Locale di Borgo Verde";
        assert_eq!(cut(name, 41), name);
        assert_eq!(cut(name, 35), "operatore · Polizia Locale di Borg…");
        assert_eq!(cut(name, 13), "operatore…");
        assert_eq!([cut("12 · Piazza", 1), cut("12", 0)], ["…", "…"]);
    }
}
