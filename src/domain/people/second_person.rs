//! Who counts as another person, and what of an account waits for one.
//!
//! Four eyes are worth something only where nobody can make themselves the second pair: an account that has what a supervisor has
//! comes into use by the word of another supervisor, who is also the one that is given its first password. The administrator
//! orders it and never holds it. Invariant: no one person's acts alone bring a supervisor's account into use, but on the server's
//! own machine, where whoever sits holds every key.
//! Deliberately absent: what needs two people (`site::change`, masks, pruning).

use super::{Grant, Holder, Level, Person, Rule};

/// Whether both are one human being, as far as names say: the account, or the name of the person in whatever letters.
pub fn is_same_person((user, name): (&str, &str), (other_user, other_name): (&str, &str)) -> bool {
    let plain = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    user == other_user || !name.trim().is_empty() && plain(name) == plain(other_name)
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
