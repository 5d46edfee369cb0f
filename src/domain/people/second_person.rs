//! Who counts as another person, and what of an account waits for one.
//!
//! Four eyes are worth something only where nobody can make themselves the second pair: an account that has what a supervisor has
//! comes into use by the word of another supervisor, who is also the one that is given its first password. The administrator
//! orders it and never holds it. Who gave somebody a password or a second factor may know it still, so what they propose is not
//! approved by that account for a while. Invariant: no one person's acts alone bring a supervisor's account into use, but on the server's
//! own machine, where whoever sits holds every key.
//! Deliberately absent: what needs two people (`site::change`, masks, pruning).

use super::{Grant, Holder, Level, Person, Rule};

/// Whether both are one human being, as far as names say: the account, or the name of the person in whatever letters.
pub fn is_same_person((user, name): (&str, &str), (other_user, other_name): (&str, &str)) -> bool {
    let plain = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    user == other_user || !name.trim().is_empty() && plain(name) == plain(other_name)
}

/// Time after giving somebody a password or second factor in which the giver's own acts are not approved by that account, ms. A
/// person whose password was used by somebody else finds it out in it: their own no longer works.
pub const GIVEN_LATELY_MS: i64 = 30 * 24 * 3_600_000;

/// Who gave an account its password or second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Giver {
    pub user: String,
    pub display_name: String,
    /// Unix ms.
    pub at_ms: i64,
}

/// Whether `who` is another person than the author of what waits for one, also by who gave `who` what they sign in with.
///
/// # Errors
/// [`Rule::FourEyes`]: they are one person, or the author gave `who` a password or second factor within [`GIVEN_LATELY_MS`].
pub fn may_approve(who: &Person, givers: &[Giver], (user, name): (&str, &str), now_ms: i64) -> Result<(), Rule> {
    let gave = |giver: &&Giver| {
        now_ms.saturating_sub(giver.at_ms) < GIVEN_LATELY_MS
            && is_same_person((&giver.user, &giver.display_name), (user, name))
    };
    let one = is_same_person((&who.user, &who.display_name), (user, name));
    if one || givers.iter().any(|giver| gave(&giver)) {
        Err(Rule::FourEyes)
    } else {
        Ok(())
    }
}

/// Whether somebody is the author of what waits for another person.
pub fn is_author(who: &Person, author: &Holder) -> bool {
    is_same_person((&who.user, &who.display_name), (&author.user, &author.display_name))
}

/// What is done to an account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Given<'a> {
    /// The account itself, or use of one that was disabled.
    Account,
    Password,
    SecondFactor,
    /// The grants it then has, in the place of these.
    Grants {
        before: &'a [Grant],
        after: &'a [Grant],
    },
}

/// Whether an account of this level has to be admitted by another supervisor before it is used with what it is given. Grants that
/// only go make nobody a supervisor.
pub fn waits_for_a_supervisor(level: Level, given: Given<'_>) -> bool {
    level == Level::Supervisor
        && match given {
            Given::Account | Given::Password | Given::SecondFactor => true,
            Given::Grants { before, after } => after.iter().any(|grant| !before.contains(grant)),
        }
}

/// Whether this person may admit a supervisor's account. That they have the office is asked of `decide`.
///
/// # Errors
/// [`Rule::FourEyes`]: it is their own.
pub fn may_admit(who: &Person, admitted: &Person) -> Result<(), Rule> {
    let own = is_same_person((&who.user, &who.display_name), (&admitted.user, &admitted.display_name));
    if own { Err(Rule::FourEyes) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::Action;

    #[test]
    fn one_person_with_two_accounts_is_one_person() {
        let same = |a, b| is_same_person(a, b);
        assert!(
            same(("villa", "Comm. Andrea Villa"), ("villa", "A. Villa")),
            "one account"
        );
        assert!(same(
            ("villa", "Comm. Andrea Villa"),
            ("avilla", "  comm.  ANDREA villa ")
        ));
        assert!(!same(("villa", "Comm. Andrea Villa"), ("serra", "Isp. Maria Serra")));
        assert!(!same(("a", ""), ("b", "")), "without names nothing is known");
    }

    #[test]
    fn who_gave_somebody_a_password_is_not_approved_by_them_for_a_while() {
        let person = |user: &str, display_name: &str| Person {
            user: user.into(),
            display_name: display_name.into(),
            agency: String::new(),
            level: Level::Supervisor,
            grants: Vec::new(),
        };
        let (serra, riva) = (person("serra", "Isp. Maria Serra"), ("riva", "Dott. Paolo Riva"));
        let given = |name: &str, at_ms| Giver {
            user: "riva".into(),
            display_name: name.into(),
            at_ms,
        };
        let ask = |givers: &[Giver], author, now| may_approve(&serra, givers, author, now);
        assert_eq!(ask(&[], riva, 0), Ok(()));
        assert_eq!(ask(&[], ("mserra", "isp.  maria SERRA"), 0), Err(Rule::FourEyes));
        let last = GIVEN_LATELY_MS;
        assert_eq!(ask(&[given("Dott. Paolo Riva", 1)], riva, last), Err(Rule::FourEyes));
        assert_eq!(ask(&[given("Dott. Paolo Riva", 1)], riva, last + 1), Ok(()));
        let other_account = ("paolo", "dott. paolo riva");
        assert_eq!(
            ask(&[given("Dott. Paolo Riva", 1)], other_account, 2),
            Err(Rule::FourEyes)
        );
        assert_eq!(
            ask(&[given("Dott. Paolo Riva", 1)], ("villa", "Comm. Andrea Villa"), 2),
            Ok(())
        );
        let twice = [given("Dott. Paolo Riva", 1), given("Dott. Paolo Riva", last)];
        assert_eq!(ask(&twice, riva, last + 5), Err(Rule::FourEyes), "the last time counts");
    }

    #[test]
    fn what_makes_a_supervisor_waits_and_what_takes_away_does_not() {
        let grant = |action| Grant {
            controller: "borgo".parse().unwrap(),
            cameras: Vec::new(),
            actions: vec![action],
            hours: Vec::new(),
        };
        let (less, more) = (
            vec![grant(Action::Live)],
            vec![grant(Action::Live), grant(Action::Clear)],
        );
        let (grows, shrinks) = (
            Given::Grants {
                before: &less,
                after: &more,
            },
            Given::Grants {
                before: &more,
                after: &less,
            },
        );
        for given in [Given::Account, Given::Password, Given::SecondFactor, grows] {
            assert!(waits_for_a_supervisor(Level::Supervisor, given), "{given:?}");
            for level in [
                Level::Operator,
                Level::ForceOperator,
                Level::Maintainer,
                Level::SystemAdministrator,
            ] {
                assert!(!waits_for_a_supervisor(level, given), "{level:?} {given:?}");
            }
        }
        assert!(!waits_for_a_supervisor(Level::Supervisor, shrinks));
    }
}
