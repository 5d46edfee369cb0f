//! Accounts and sessions of the people, looked after by supervisor and system administrator.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::reason::Reason;
use crate::station::{AccountAnswer, AccountChange, AccountView, Session, SessionView};

/// Accounts, and who is signed in.
pub trait Accounts: SignedIn {
    /// Whether the accounts are this person's to look after.
    fn administers_accounts(&self) -> bool;
    /// Accounts of the people this person looks after.
    fn people(&self) -> Answer<Vec<AccountView>>;
    /// Changes an account: confirms, disables, lets a supervisor's into use; gives what it begins with, once.
    fn change_account(&self, user: String, change: AccountChange) -> Answer<AccountAnswer>;
    /// Sessions that are open now.
    fn sessions(&self) -> Answer<Vec<SessionView>>;
    /// Ends somebody's session.
    fn end_session(&self, user: String, reason: Reason) -> Answer<()>;
}

impl Accounts for Session {
    fn administers_accounts(&self) -> bool {
        Session::may_see_accounts(self)
    }

    fn people(&self) -> Answer<Vec<AccountView>> {
        act(self, async move |session| session.people().await)
    }

    fn change_account(&self, user: String, change: AccountChange) -> Answer<AccountAnswer> {
        act(self, async move |session| session.change_account(&user, &change).await)
    }

    fn sessions(&self) -> Answer<Vec<SessionView>> {
        act(self, async move |session| session.sessions().await)
    }

    fn end_session(&self, user: String, reason: Reason) -> Answer<()> {
        act(self, async move |session| session.end_session(&user, reason).await)
    }
}
