//! Asking for one's own account while it is active at another workstation (R-ACC-1).
//!
//! Invariant: password and code are shown once, at the sign-in that was refused; what is asked with afterwards is a ticket
//! that was made here for that sign-in and is good at this workstation only. Deliberately absent: answering (`sign_out`).

use super::ask_ticket::AskTicket;
use super::sign_in_error::SignInError;
use super::signed_in::Session;
use crate::domain::camera::StationId;
use crate::domain::people::takeover::Unanswered;
use crate::protocol::{AccountAsk, AskState, AskStep};
use crate::station::machine::workstation::Station;
use std::time::Duration;

/// How an account stands that is active elsewhere.
pub enum AskedFor {
    /// The account is active there; nobody was asked yet.
    ActiveAt(StationId),
    /// Asked: so long it may still be answered there, and what becomes of it then.
    Waiting {
        station: StationId,
        left: Duration,
        unanswered: Unanswered,
    },
    /// The account stays there; `answered`: because somebody said so.
    Kept { station: StationId, answered: bool },
    /// The account is active here now.
    In(Session),
}

impl Station {
    /// Takes a step of a takeover with a ticket; [`AskStep::Look`] waits up to a second for something to change.
    ///
    /// # Errors
    /// [`SignInError::AskOver`] when the ticket is over, or as [`Station::sign_in`] once the account passes.
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
            AskState::Granted(grant) => AskedFor::In(self.let_in(*grant, ticket.stated().clone()).await?),
        })
    }
}
