//! A log that goes on under another name and key, because what its signer remembered is lost.
//!
//! The tree stays as it is; who vouches for it begins anew as `<origin>/2`, `/3` and so on. The key of the site plan, which
//! workstations pin at enrolment, says so in a signed statement, and a workstation still holds the new checkpoints
//! against the last one it verified: a new name is no way to rewrite the log. What two supervisors accepted is: where the server
//! lost entries for good, the statement carries their word, and the log begins anew at the size and root that it names.
//! Invariant: a key is followed only along statements that name each key before it, from the first one, without a gap.
//! Deliberately absent: the proof of consistency (see `proof`), keys at rest.

use super::hash::Hash;
use super::new_beginning::{Acceptance, NewBeginning};
use super::note::{SignerKey, Statement, VerifierKey};
use crate::domain::camera::ControllerId;
use serde::{Deserialize, Serialize};

/// Successions of one log at most: each is the loss of something that should never be lost.
const MOST: usize = 99;

/// The content of a statement of succession: the log's next name and key, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Succession {
    pub controller: ControllerId,
    /// 2 for the first succession, then one more each time.
    pub number: u32,
    /// Verifier key that vouched before.
    pub former: String,
    /// Verifier key that vouches from now on.
    pub vkey: String,
    /// Leaves the log had, and its root.
    pub size: u64,
    pub root: Hash,
    /// Why, in the administrator's words.
    pub reason: String,
    /// Two supervisors accepted that entries are lost: the log begins anew here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
}

/// A [`Succession`] as JSON text, signed as these bytes under [`Statement::Succession`] by the key of the site plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedSuccession {
    pub succession: String,
    pub signature: String,
}

impl SignedSuccession {
    /// The statement, when the plan's key signed it.
    pub fn open(&self, plan_key: &VerifierKey) -> Option<Succession> {
        plan_key
            .verify_statement(Statement::Succession, &self.succession, &self.signature)
            .ok()?;
        serde_json::from_str(&self.succession).ok()
    }
}

/// A log's key that may be trusted: the first one seen, the pinned one, or one that [`follow`] was led to from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    key: VerifierKey,
    beginning: Option<NewBeginning>,
}

impl TrustedKey {
    /// The verifier key that the statements lead to.
    pub fn into_key(self) -> VerifierKey {
        self.key
    }

    /// The last new beginning that was accepted on the way from the pinned key to this one.
    pub fn beginning(&self) -> Option<&NewBeginning> {
        self.beginning.as_ref()
    }
}

/// Why an offered key is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SuccessionError {
    #[error("a statement of succession is not signed by the plan's key")]
    NotGenuine,
    #[error("the statements of succession do not lead from the first name to the offered key")]
    Broken,
    #[error("the offered key does not succeed the pinned one")]
    Unrelated,
}

/// The name of a log after `number - 1` successions.
pub fn name(origin: &str, number: u32) -> String {
    format!("{origin}/{number}")
}

/// A name taken apart: the log's first name, and which of its names it is, 1 for the first.
pub fn parts(origin: &str) -> (&str, u32) {
    // `vedetta/<istat code>/<controller slug>`, and a number after a succession.
    let end = origin.match_indices('/').nth(2).map(|(at, _)| at);
    let number = end.and_then(|end| origin[end + 1..].parse().ok());
    match (end, number) {
        (Some(end), Some(number)) if name(&origin[..end], number) == origin && number > 1 => (&origin[..end], number),
        _ => (origin, 1),
    }
}

impl Succession {
    /// Signs the statement with the key of the site plan.
    ///
    /// # Errors
    /// The statement cannot be written as JSON; its fields always can.
    pub fn sign(&self, plan_key: &SignerKey) -> Result<SignedSuccession, serde_json::Error> {
        let succession = serde_json::to_string(self)?;
        let signature = plan_key.sign_statement(Statement::Succession, &succession);
        Ok(SignedSuccession { succession, signature })
    }
}

/// Takes `offered` for the key of this controller's log, if it may be. `origin` is the log's first name; `pinned` is the
/// key trusted so far, if any.
///
/// # Errors
/// [`SuccessionError`]: a statement is missing, not signed by the plan's key, of another log, or leads to another key.
pub fn follow(
    signed: &[SignedSuccession],
    plan_key: &VerifierKey,
    controller: &ControllerId,
    origin: &str,
    pinned: Option<&VerifierKey>,
    offered: &VerifierKey,
) -> Result<TrustedKey, SuccessionError> {
    let (mut known, mut beginnings) = (Vec::new(), Vec::new());
    if signed.len() > MOST {
        return Err(SuccessionError::Broken);
    }
    for (number, statement) in (2u32..).zip(signed) {
        plan_key
            .verify_statement(Statement::Succession, &statement.succession, &statement.signature)
            .map_err(|_| SuccessionError::NotGenuine)?;
        let read: Option<Succession> = serde_json::from_str(&statement.succession).ok();
        let read = read.filter(|read| read.controller == *controller && read.number == number);
        let read = read.ok_or(SuccessionError::Broken)?;
        let former: VerifierKey = read.former.parse().map_err(|_| SuccessionError::Broken)?;
        let next: VerifierKey = read.vkey.parse().map_err(|_| SuccessionError::Broken)?;
        let before = known.last().cloned();
        let continues = match &before {
            Some(before) => *before == former,
            None => former.name() == origin,
        };
        if !continues || next.name() != name(origin, number) {
            return Err(SuccessionError::Broken);
        }
        if before.is_none() {
            known.push(former);
        }
        known.push(next);
        if let Some(accepted) = read.accepted {
            if !accepted.is_by_two_people() {
                return Err(SuccessionError::Broken);
            }
            let (size, root) = (read.size, read.root);
            beginnings.push((known.len() - 1, NewBeginning { size, root, accepted }));
        }
    }
    let last = known.last();
    let leads = last.map_or(offered.name() == origin, |last| last == offered);
    if !leads {
        return Err(SuccessionError::Broken);
    }
    match pinned {
        Some(pinned) if pinned != offered && !known.contains(pinned) => Err(SuccessionError::Unrelated),
        _ => Ok(TrustedKey {
            key: offered.clone(),
            // Who sees the log for the first time has nothing that could be lost.
            beginning: pinned
                .and_then(|pinned| known.iter().position(|known| known == pinned))
                .and_then(|had| beginnings.into_iter().rfind(|(at, _)| *at > had))
                .map(|(_, beginning)| beginning),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::new_beginning::Accepter;
    use crate::domain::audit::tree::empty_root;

    const ORIGIN: &str = "vedetta/020001/borgo";

    fn key(name: &str, seed: u8) -> SignerKey {
        SignerKey::new(name, &[seed; 32]).unwrap()
    }

    fn step(number: u32, former: &SignerKey, next: &SignerKey) -> Succession {
        Succession {
            controller: "borgo".parse().unwrap(),
            number,
            former: former.verifier().to_string(),
            vkey: next.verifier().to_string(),
            size: 0,
            root: empty_root(),
            reason: "disco del firmatario guasto".into(),
            accepted: None,
        }
    }

    #[test]
    fn a_name_says_which_of_the_logs_names_it_is() {
        assert_eq!(parts(ORIGIN), (ORIGIN, 1));
        assert_eq!(parts(&name(ORIGIN, 2)), (ORIGIN, 2));
        assert_eq!(parts(&name(ORIGIN, 17)), (ORIGIN, 17));
        for odd in [
            "vedetta/020001/borgo/02",
            "vedetta/020001/borgo/1",
            "vedetta/020001/borgo/2/3",
            "altro",
            "",
        ] {
            assert_eq!(parts(odd), (odd, 1), "nobody's later name");
        }
    }

    #[test]
    fn r_aud_2_a_key_is_followed_only_along_genuine_statements_without_a_gap() {
        let plan = key("vedetta/plan", 9);
        let (first, second, third) = (key(ORIGIN, 1), key(&name(ORIGIN, 2), 2), key(&name(ORIGIN, 3), 3));
        let chain = [
            step(2, &first, &second).sign(&plan).unwrap(),
            step(3, &second, &third).sign(&plan).unwrap(),
        ];
        let borgo: ControllerId = "borgo".parse().unwrap();
        let ask = |signed: &[SignedSuccession], pinned: Option<&SignerKey>, offered: &SignerKey| {
            let pinned = pinned.map(SignerKey::verifier);
            let trusted = follow(
                signed,
                &plan.verifier(),
                &borgo,
                ORIGIN,
                pinned.as_ref(),
                &offered.verifier(),
            );
            trusted.map(|trusted| assert_eq!(trusted.into_key(), offered.verifier()))
        };
        for pinned in [None, Some(&first), Some(&second), Some(&third)] {
            assert_eq!(ask(&chain, pinned, &third), Ok(()));
        }
        assert_eq!(ask(&[], Some(&first), &first), Ok(()), "nothing was lost");
        assert_eq!(ask(&[], None, &first), Ok(()));
        assert_eq!(ask(&chain[..1], Some(&first), &second), Ok(()));

        use SuccessionError::{Broken, NotGenuine, Unrelated};
        assert_eq!(ask(&[], Some(&first), &second), Err(Broken), "nobody said so");
        assert_eq!(ask(&[], None, &second), Err(Broken));
        assert_eq!(ask(&chain[1..], Some(&second), &third), Err(Broken), "a gap");
        assert_eq!(ask(&chain, Some(&first), &second), Err(Broken), "an older key again");
        assert_eq!(ask(&chain, Some(&first), &first), Err(Broken), "the lost key again");
        let stranger = key(ORIGIN, 7);
        assert_eq!(ask(&chain, Some(&stranger), &third), Err(Unrelated));
        assert_eq!(ask(&[], Some(&stranger), &first), Err(Unrelated));
        let forged = [step(2, &first, &second).sign(&first).unwrap()];
        assert_eq!(ask(&forged, Some(&first), &second), Err(NotGenuine));
        let mut altered = chain[0].clone();
        altered.succession = altered.succession.replace("guasto", "rotto");
        assert_eq!(ask(&[altered], Some(&first), &second), Err(NotGenuine));
        let elsewhere = Succession {
            controller: "altrove".parse().unwrap(),
            ..step(2, &first, &second)
        };
        assert_eq!(
            ask(&[elsewhere.sign(&plan).unwrap()], Some(&first), &second),
            Err(Broken)
        );
        let misnamed = key("vedetta/020001/altro/2", 2);
        let wrong = [step(2, &first, &misnamed).sign(&plan).unwrap()];
        assert_eq!(ask(&wrong, Some(&first), &misnamed), Err(Broken));
    }

    #[test]
    fn r_aud_2_a_new_beginning_is_followed_only_by_who_had_the_log_before_and_by_the_word_of_two() {
        let plan = key("vedetta/plan", 9);
        let (first, second, third) = (key(ORIGIN, 1), key(&name(ORIGIN, 2), 2), key(&name(ORIGIN, 3), 3));
        let accepter = |user: &str, name: &str| Accepter {
            user: user.into(),
            display_name: name.into(),
        };
        let anew = |other: Accepter| Succession {
            size: 4,
            accepted: Some(Acceptance {
                accepted_by: accepter("villa", "Comm. Andrea Villa"),
                and_by: other,
                evidence: vec!["nota".into()],
                at_ms: 1,
            }),
            ..step(2, &first, &second)
        };
        let serra = anew(accepter("serra", "Isp. Maria Serra"));
        let chain = [
            serra.sign(&plan).unwrap(),
            step(3, &second, &third).sign(&plan).unwrap(),
        ];
        let ask = |signed: &[SignedSuccession], pinned: Option<&SignerKey>, offered: &SignerKey| {
            let (borgo, pinned) = ("borgo".parse().unwrap(), pinned.map(SignerKey::verifier));
            let offered = offered.verifier();
            let followed = follow(signed, &plan.verifier(), &borgo, ORIGIN, pinned.as_ref(), &offered);
            followed.map(|trusted| trusted.beginning().map(|beginning| beginning.size))
        };
        assert_eq!(ask(&chain[..1], Some(&first), &second), Ok(Some(4)));
        assert_eq!(ask(&chain, Some(&first), &third), Ok(Some(4)), "a later name too");
        assert_eq!(ask(&chain, Some(&second), &third), Ok(None), "followed already");
        assert_eq!(ask(&chain, None, &third), Ok(None), "nothing to lose");
        let one = anew(accepter("avilla", "comm.  andrea VILLA")).sign(&plan).unwrap();
        assert_eq!(ask(&[one], Some(&first), &second), Err(SuccessionError::Broken));
    }
}
