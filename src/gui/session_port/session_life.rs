//! The life of a session: stated purpose, lock, request for the account, sign-out.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::people::stated_purpose::Stated;
use crate::station::{Delivery, Knock, Session};
use secrecy::SecretString;
use std::time::Duration;

/// What becomes of the session itself.
pub trait SessionLife: SignedIn {
    /// States another purpose from now on.
    fn change_purpose(&self, stated: Stated) -> Answer<()>;
    /// Time without any input after which the workstation locks; `None`: never.
    fn lock_after(&self) -> Option<Duration>;
    /// Records that the workstation was locked; `by_itself`: for want of input.
    fn record_lock(&self, by_itself: bool) -> Answer<()>;
    /// Unlocks with the password of whoever is signed in.
    fn unlock(&self, password: SecretString) -> Answer<()>;
    /// The workstation that asks for this account now.
    fn knock(&self) -> Option<Knock>;
    /// Signs out, and passes the account to the workstation that asks for it.
    fn yield_account(&self) -> Answer<Delivery>;
    /// Refuses the account to the workstation that asks for it.
    fn keep_account(&self) -> Answer<()>;
    /// Whether the server ended the session, or it was signed out.
    fn has_ended(&self) -> bool;
    /// Ends the session: views, moves and playbacks are ended and recorded first. Returns what was delivered to the log.
    fn sign_out(&self) -> Answer<Delivery>;
}

impl SessionLife for Session {
    fn change_purpose(&self, stated: Stated) -> Answer<()> {
        act(self, async move |session| session.change_purpose(stated).await)
    }

    fn lock_after(&self) -> Option<Duration> {
        Session::lock_after(self)
    }

    fn record_lock(&self, by_itself: bool) -> Answer<()> {
        act(self, async move |session| session.record_lock(by_itself).await)
    }

    fn unlock(&self, password: SecretString) -> Answer<()> {
        act(self, async move |session| session.unlock(password).await)
    }

    fn knock(&self) -> Option<Knock> {
        Session::knock(self)
    }

    fn yield_account(&self) -> Answer<Delivery> {
        Box::pin(Session::yield_account(self.clone()))
    }

    fn keep_account(&self) -> Answer<()> {
        act(self, async move |session| session.refuse_takeover().await)
    }

    fn has_ended(&self) -> bool {
        *Session::ended(self).borrow()
    }

    fn sign_out(&self) -> Answer<Delivery> {
        Box::pin(Session::sign_out(self.clone()))
    }
}
