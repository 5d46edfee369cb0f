//! Whether an event's person, session, workstation and purpose agree with the session and the level that the server keeps
//! (R-ACC-1, R-MNT-1).
//!
//! Invariant: an event is never lost for it: what does not agree is marked. Deliberately absent: where sessions are kept.

use crate::domain::camera::StationId;
use crate::domain::people::{Level, Purpose};

/// How far the clocks of a workstation and of the server may be apart and still agree, and how long the last events of a session may
/// follow its end, ms.
const CLOCKS_AGREE_MS: i64 = 15 * 60_000;

/// Whom an event of a workstation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    pub station: &'a StationId,
    /// Account name; empty where nobody signed in.
    pub person: &'a str,
    pub session: &'a str,
    /// Its person is the name that was typed at a sign-in which was refused: there is no session.
    pub is_refused_sign_in: bool,
    /// When the workstation says that it happened, Unix ms.
    pub at_ms: i64,
}

/// A session as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    pub person: String,
    pub station: StationId,
    /// When it ended, Unix ms; `None` while it goes on, and where nobody wrote it down.
    pub ended_ms: Option<i64>,
    /// How long its workstation may go on without the server, ms: it may not know of the end.
    pub grace_ms: i64,
}

/// What does not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Disagreement {
    #[error("a person without a session")]
    NoSession,
    #[error("a session that was never begun")]
    UnknownSession,
    #[error("a session of another person")]
    OtherPerson,
    #[error("a session at another workstation")]
    OtherStation,
    #[error("a session that was over")]
    SessionOver,
    #[error("a purpose that the person's level does not have")]
    OtherPurpose,
}

/// What of a claim does not agree with the session that it names, at `now_ms` by the server's clock (Unix ms); `None`: nothing, or
/// it names nobody. Where the workstation's clock is ahead, nobody knows whether a session was over.
pub fn disagreement(claim: Claim<'_>, kept: Option<&KeptSession>, now_ms: i64) -> Option<Disagreement> {
    if claim.session.is_empty() {
        let names_nobody = claim.person.is_empty() || claim.is_refused_sign_in;
        return (!names_nobody).then_some(Disagreement::NoSession);
    }
    let Some(kept) = kept else {
        return Some(Disagreement::UnknownSession);
    };
    if kept.person != claim.person {
        Some(Disagreement::OtherPerson)
    } else if kept.station != *claim.station {
        Some(Disagreement::OtherStation)
    } else if kept
        .ended_ms
        .is_some_and(|ended| is_over(claim.at_ms, ended, kept.grace_ms, now_ms))
    {
        Some(Disagreement::SessionOver)
    } else {
        None
    }
}

fn is_over(at_ms: i64, ended_ms: i64, grace_ms: i64, now_ms: i64) -> bool {
    let may_follow = ended_ms.saturating_add(grace_ms).saturating_add(CLOCKS_AGREE_MS);
    at_ms > may_follow && at_ms <= now_ms.saturating_add(CLOCKS_AGREE_MS)
}

/// Whether a person of this level has no such purpose, whatever their workstation says. `stated` is `None` for one that is none, or
/// that this version does not know.
pub fn is_other_purpose(level: Level, stated: Option<Purpose>) -> bool {
    level.only_purpose().is_some_and(|only| stated != Some(only))
}

/// Whether a purpose may be one that somebody's level does not have: only then their level is worth looking up.
pub fn may_be_other_purpose(stated: Option<Purpose>) -> bool {
    is_other_purpose(Level::Maintainer, stated)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;

    fn kept(station: &StationId, ended_ms: Option<i64>) -> KeptSession {
        KeptSession {
            person: "neri".into(),
            station: station.clone(),
            ended_ms,
            grace_ms: 60 * MINUTE_MS,
        }
    }

    fn claim<'a>(station: &'a StationId, person: &'a str, session: &'a str) -> Claim<'a> {
        Claim {
            station,
            person,
            session,
            is_refused_sign_in: false,
            at_ms: 0,
        }
    }

    #[test]
    fn r_acc_1_an_event_in_anothers_name_does_not_agree() {
        let (sala, altra): (StationId, StationId) = ("sala".parse().unwrap(), "altra".parse().unwrap());
        let kept = kept(&sala, None);
        let of = |station, person, session| {
            disagreement(claim(station, person, session), (session == "s1").then_some(&kept), 0)
        };
        assert_eq!(of(&sala, "neri", "s1"), None);
        assert_eq!(of(&sala, "", ""), None, "what nobody signed in for");
        assert_eq!(of(&sala, "neri", ""), Some(Disagreement::NoSession));
        let typed = Claim {
            is_refused_sign_in: true,
            ..claim(&sala, "neri", "")
        };
        assert_eq!(disagreement(typed, None, 0), None, "a name that was typed");
        assert_eq!(of(&sala, "neri", "s2"), Some(Disagreement::UnknownSession));
        assert_eq!(of(&sala, "villa", "s1"), Some(Disagreement::OtherPerson));
        assert_eq!(of(&sala, "", "s1"), Some(Disagreement::OtherPerson));
        assert_eq!(of(&altra, "neri", "s1"), Some(Disagreement::OtherStation));
    }

    #[test]
    fn r_acc_1_a_session_is_good_until_its_end_and_as_long_as_its_workstation_may_not_know() {
        let sala: StationId = "sala".parse().unwrap();
        let ended = 1_000 * MINUTE_MS;
        let of = |at_ms, now_ms| {
            let claim = Claim {
                at_ms,
                ..claim(&sala, "neri", "s1")
            };
            disagreement(claim, Some(&kept(&sala, Some(ended))), now_ms)
        };
        let last = ended + 75 * MINUTE_MS;
        for (at_ms, now_ms, found) in [
            (ended - MINUTE_MS, last + 1, None),
            (last, last, None),
            (last + 1, last + 1, Some(Disagreement::SessionOver)),
            (last + 1, last + 500 * MINUTE_MS, Some(Disagreement::SessionOver)),
            // By a clock that is ahead nobody knows.
            (last + 16 * MINUTE_MS, last, None),
        ] {
            assert_eq!(of(at_ms, now_ms), found, "{at_ms} {now_ms}");
        }
    }

    #[test]
    fn r_mnt_1_a_contractor_has_one_purpose_and_others_state_theirs() {
        for stated in [None, Some(Purpose::UrbanSecurity), Some(Purpose::Maintenance)] {
            let is_maintenance = stated == Some(Purpose::Maintenance);
            assert_eq!(
                is_other_purpose(Level::Maintainer, stated),
                !is_maintenance,
                "{stated:?}"
            );
            assert_eq!(may_be_other_purpose(stated), !is_maintenance, "{stated:?}");
            assert!(!is_other_purpose(Level::Operator, stated), "{stated:?}");
        }
    }
}
