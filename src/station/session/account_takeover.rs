//! Asking for one's own account while it is active at another workstation (R-ACC-1).
//!
//! Invariant: password and code are shown once, at the sign-in that was refused; what is asked with afterwards is a ticket
//! that was made here for that sign-in and is good at this workstation only. Deliberately absent: answering (`sign_out`).

use super::sign_in::SignInError;
use super::signed_in::Session;
use crate::domain::camera::StationId;
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::takeover::Unanswered;
use crate::protocol::{AccountAsk, AskState, AskStep};
use crate::station::machine::workstation::Station;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// What this workstation asks with for an account that is active elsewhere, and what for.
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
    /// A new one for a sign-in.
    pub fn new(stated: Stated) -> Self {
        let part = || uuid::Uuid::new_v4().simple().to_string();
        Self {
            secret: format!("{}{}", part(), part()).into(),
            stated,
        }
    }

    /// What is shown to the server.
    pub(in crate::station) fn secret(&self) -> SecretString {
        self.secret.clone()
    }
}

/// How an account stands that is active elsewhere.
pub enum AskedFor {
    /// It is active there; nobody was asked yet.
    ActiveAt(StationId),
    /// Asked: so long it may still be answered there, and what becomes of it then.
    Waiting {
        station: StationId,
        left: Duration,
        unanswered: Unanswered,
    },
    /// It stays there; `answered`: because somebody said so.
    Kept { station: StationId, answered: bool },
    /// It is active here now.
    In(Session),
}

impl Station {
    /// A step with a ticket; a look waits up to a second for something to change.
    ///
    /// # Errors
    /// The ticket is over, or as [`Station::sign_in`] once the account passes.
    pub async fn ask_for_account(&self, ticket: &AskTicket, step: AskStep) -> Result<AskedFor, SignInError> {
        let ask = AccountAsk {
            ticket: ticket.secret(),
            step,
        };
        Ok(match self.0.server.ask_for_account(&ask).await? {
            AskState::ActiveAt { station } => AskedFor::ActiveAt(station),
            AskState::Waiting {
                station,
                left_ms,
                unanswered,
            } => AskedFor::Waiting {
                station,
                left: Duration::from_millis(left_ms),
                unanswered,
            },
            AskState::Kept { station, answered } => AskedFor::Kept { station, answered },
            AskState::Granted(grant) => AskedFor::In(self.let_in(*grant, ticket.stated.clone()).await?),
        })
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
