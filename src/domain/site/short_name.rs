//! The name of a camera where its place is written beside it: without the place that the name repeats.
//!
//! Invariant: never empty for a name that is not; nothing but the place and the small word before it is left out.
//! Deliberately absent: shortening to a width (the screens).

/// Words that lead to a place and say nothing without it.
const LINKS: [&str; 14] = [
    "di", "in", "a", "da", "su", "della", "del", "dello", "dell'", "nella", "nel", "alla", "al", "presso",
];

/// `name` without `place` at its end: "Varco ZTL di Via Roma" at "Via Roma" is "Varco ZTL". A name that is the place, or
/// does not end with it, stays whole.
pub fn short_name<'a>(name: &'a str, place: &str) -> &'a str {
    let (name, place) = (name.trim(), place.trim());
    let Some(at) = name
        .len()
        .checked_sub(place.len())
        .filter(|at| name.is_char_boundary(*at))
    else {
        return name;
    };
    let (before, end) = name.split_at(at);
    let whole_word = before.ends_with(|c: char| !c.is_alphanumeric());
    if place.is_empty() || !whole_word || end.to_lowercase() != place.to_lowercase() {
        return name;
    }
    let cut = |text: &'a str| text.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')');
    let short = cut(before);
    let short = match short.rsplit_once(' ') {
        Some((rest, last)) if LINKS.contains(&last.to_lowercase().as_str()) => cut(rest),
        _ => short,
    };
    if short.is_empty() { name } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_place_is_not_said_twice() {
        for (name, place, short) in [
            ("Varco ZTL di Via Roma", "Via Roma", "Varco ZTL"),
            ("Dome Via Roma / Via Mazzini", "Via Roma / Via Mazzini", "Dome"),
            ("Scuola – Via Verdi", "via verdi", "Scuola"),
            ("Ingresso (nord), Piazza Città", "Piazza Città", "Ingresso (nord)"),
            ("Piazza Città", "Piazza Città", "Piazza Città"),
            ("Via Roma nord", "Via Roma", "Via Roma nord"),
            ("Controvia Roma", "via Roma", "Controvia Roma"),
            ("Varco", "", "Varco"),
            ("", "Via Roma", ""),
        ] {
            assert_eq!(short_name(name, place), short, "{name} at {place}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_never_emptied_and_nothing_is_added(name in "\\PC{0,24}", place in "\\PC{0,12}") {
            let short = short_name(&name, &place);
            prop_assert!(name.contains(short));
            prop_assert_eq!(short.is_empty(), name.trim().is_empty());
        }
    }
}
