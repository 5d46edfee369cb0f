//! Lists of which a reader takes what it can read: an element that a newer program wrote in a way of its own is passed over.
//!
//! Only for lists where less is safe: what relieves, what is allowed, what is shown. A list of what must not be seen is never
//! read so. Invariant: the order stays. Deliberately absent: `cameras` of a plan, which are replaced, not passed over
//! (`domain::site::signed_form`).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a list and passes over what cannot be read.
///
/// # Errors
/// It is no list, or no JSON.
pub fn known_only<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let all = Vec::<Value>::deserialize(deserializer)?;
    Ok(all
        .into_iter()
        .filter_map(|one| serde_json::from_value(one).ok())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        One,
        Two { n: u8 },
    }

    #[derive(Debug, Deserialize)]
    struct List {
        #[serde(deserialize_with = "known_only")]
        words: Vec<Word>,
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_the_rest_keeps_its_order() {
        let read = |text: &str| serde_json::from_str::<List>(text).map(|list| list.words);
        let words = read(r#"{"words":[{"two":{"n":2}},"three",{"two":{"n":2,"m":3}},{"four":{}},"one",7]}"#);
        assert_eq!(words.unwrap(), [Word::Two { n: 2 }, Word::Two { n: 2 }, Word::One]);
        assert!(read(r#"{"words":"one"}"#).is_err() && read("{}").is_err());
    }
}
