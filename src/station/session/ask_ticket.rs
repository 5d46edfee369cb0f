//! The ticket with which this workstation asks for an account that is active elsewhere (R-ACC-1).
//!
//! Invariant: a ticket is made at random for one sign-in and never shown in a log. Deliberately absent: asking
//! (`account_takeover`).

use crate::domain::people::stated_purpose::Stated;
use secrecy::{ExposeSecret as _, SecretString};

/// A ticket for an account that is active elsewhere, with the purpose it is asked for.
#[derive(Debug, Clone)]
pub struct AskTicket {
    secret: SecretString,
    stated: Stated,
}

impl PartialEq for AskTicket {
    fn eq(&self, other: &Self) -> bool {
        self.secret.expose_secret() == other.secret.expose_secret()
    }
}

impl Eq for AskTicket {}

impl AskTicket {
    /// A fresh random ticket for a sign-in.
    pub fn new(stated: Stated) -> Self {
        let part = || uuid::Uuid::new_v4().simple().to_string();
        Self {
            secret: format!("{}{}", part(), part()).into(),
            stated,
        }
    }

    /// The secret that is shown to the server.
    pub(super) fn secret(&self) -> SecretString {
        self.secret.clone()
    }

    /// The purpose that was stated at the sign-in.
    pub(super) fn stated(&self) -> &Stated {
        &self.stated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::Purpose;

    #[test]
    fn a_ticket_is_made_anew_each_time_and_is_not_shown() {
        let stated = Stated::new(Purpose::Traffic, "", "").unwrap();
        let (one, other) = (AskTicket::new(stated.clone()), AskTicket::new(stated));
        assert_ne!(one, other);
        assert_eq!(one.secret.expose_secret().len(), 64);
        assert!(!format!("{one:?}").contains(one.secret.expose_secret()));
    }
}
