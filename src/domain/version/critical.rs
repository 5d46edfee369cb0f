//! Marks on what an older reader must not pass over: a newer program writes one beside a field that says what must not be
//! seen or done.
//!
//! Invariant: a mark that this program does not know asks for an update, whatever else stands there; a text without marks is
//! written without the list, byte for byte as before there were marks. Deliberately absent: what is done about it
//! (`domain::site::signed_form`, the workstation).

use super::Release;
use serde::{Deserialize, Serialize};

/// The marks that this program understands: it reads what they stand for. A field is added here in the release that
/// first writes it.
pub const UNDERSTOOD: &[&str] = &[];

/// What stands in the place of a mark where a thing could not be read at all and nothing says why.
const NOT_READ: &str = "not_read";

/// A mark: whoever does not know `what` must not use the thing it stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Critical {
    /// The field, or the meaning of one, by a name that is never given again.
    pub what: String,
    /// The first release that understands it; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Release>,
}

impl Critical {
    /// The mark on a thing that could not be read.
    pub fn not_read() -> Self {
        Self {
            what: NOT_READ.to_owned(),
            since: None,
        }
    }
}

/// This program is older than what it read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a newer program is needed{}", .since.as_ref().map(|since| format!(": release {since}")).unwrap_or_default())]
pub struct UpdateNeeded {
    /// The release that understands everything that is marked, if all of its marks say so.
    pub since: Option<Release>,
}

/// Whether a reader that understands `understood` must leave alone what has these marks.
pub fn update_needed(marks: &[Critical], understood: &[&str]) -> Option<UpdateNeeded> {
    let unknown = || marks.iter().filter(|mark| !understood.contains(&mark.what.as_str()));
    unknown().next()?;
    let releases: Option<Vec<&Release>> = unknown().map(|mark| mark.since.as_ref()).collect();
    Some(UpdateNeeded {
        since: releases.and_then(|releases| releases.into_iter().max().cloned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(what: &str, since: Option<&str>) -> Critical {
        Critical {
            what: what.into(),
            since: since.map(|since| since.parse().unwrap()),
        }
    }

    #[test]
    fn r_prv_1_only_a_mark_that_is_not_understood_asks_for_an_update_and_names_the_highest_release() {
        let marks = [
            mark("halls", Some("1.9")),
            mark("mute", Some("1.12")),
            mark("glare", Some("3")),
        ];
        let since = |understood: &[&str]| update_needed(&marks, understood).map(|update| update.since);
        assert_eq!(since(&["halls", "mute", "glare"]), None);
        assert_eq!(since(&["glare"]), Some("1.12".parse().ok()));
        assert_eq!(since(&[]), Some("3".parse().ok()));
        assert_eq!(update_needed(&[], &[]), None);
        let unsaid = [mark("halls", Some("1.9")), mark("mute", None)];
        assert_eq!(update_needed(&unsaid, &[]), Some(UpdateNeeded { since: None }));
        assert!(update_needed(&[Critical::not_read()], UNDERSTOOD).is_some());
    }

    #[test]
    fn a_mark_says_its_release_in_the_log() {
        let said = |since| update_needed(&[mark("halls", since)], &[]).map(|update| update.to_string());
        assert_eq!(
            said(Some("1.12")).as_deref(),
            Some("a newer program is needed: release 1.12")
        );
        assert_eq!(said(None).as_deref(), Some("a newer program is needed"));
    }
}
