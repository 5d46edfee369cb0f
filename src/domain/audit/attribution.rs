//! Whether an event's person, session and workstation agree with the session that the server keeps (R-ACC-1).
//!
//! Invariant: an event is never lost for it: what does not agree is marked. Deliberately absent: where sessions are kept.

use crate::domain::camera::StationId;

/// Whom an event of a workstation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    pub station: &'a StationId,
    /// Account name; empty where nobody signed in.
    pub person: &'a str,
    pub session: &'a str,
    /// Its person is the name that was typed at a sign-in which was refused: there is no session.
    pub is_refused_sign_in: bool,
}

/// A session as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    pub person: String,
    pub station: StationId,
}

/// What does not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    #[error("a person without a session")]
    NoSession,
    #[error("a session that was never begun")]
    UnknownSession,
    #[error("a session of another person")]
    OtherPerson,
    #[error("a session at another workstation")]
    OtherStation,
}

/// What of a claim does not agree with the session that it names; `None`: nothing, or it names nobody.
pub fn disagreement(claim: Claim<'_>, kept: Option<&KeptSession>) -> Option<Disagreement> {
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
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_acc_1_an_event_in_anothers_name_does_not_agree() {
        let (sala, altra): (StationId, StationId) = ("sala".parse().unwrap(), "altra".parse().unwrap());
        let kept = KeptSession {
            person: "neri".into(),
            station: sala.clone(),
        };
        let of = |station, person, session| {
            let claim = Claim {
                station,
                person,
                session,
                is_refused_sign_in: false,
            };
            disagreement(claim, (session == "s1").then_some(&kept))
        };
        assert_eq!(of(&sala, "neri", "s1"), None);
        assert_eq!(of(&sala, "", ""), None, "what nobody signed in for");
        assert_eq!(of(&sala, "neri", ""), Some(Disagreement::NoSession));
        let typed = Claim {
            station: &sala,
            person: "neri",
            session: "",
            is_refused_sign_in: true,
        };
        assert_eq!(disagreement(typed, None), None, "a name that was typed");
        assert_eq!(of(&sala, "neri", "s2"), Some(Disagreement::UnknownSession));
        assert_eq!(of(&sala, "villa", "s1"), Some(Disagreement::OtherPerson));
        assert_eq!(of(&sala, "", "s1"), Some(Disagreement::OtherPerson));
        assert_eq!(of(&altra, "neri", "s1"), Some(Disagreement::OtherStation));
    }
}
