//! The life of a session at the fake desk: purpose, lock, the account asked for elsewhere, sign-out.
//!
//! Deliberately absent: an end that the server decides.

use super::{Fake, takeover};
use secrecy::SecretString;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;
use vedetta::domain::people::stated_purpose::Stated;
use vedetta::gui::session_port::{Answer, SessionLife};
use vedetta::station::{Delivery, Knock};

impl SessionLife for Fake {
    fn change_purpose(&self, stated: Stated) -> Answer<()> {
        self.note(format!("purpose {:?} {}", stated.purpose(), stated.protocol_no()));
        *self.stated.lock().unwrap_or_else(PoisonError::into_inner) = stated;
        Box::pin(async { Ok(()) })
    }

    fn lock_after(&self) -> Option<Duration> {
        None
    }

    fn record_lock(&self, by_itself: bool) -> Answer<()> {
        self.note(format!("lock {by_itself}"));
        Box::pin(async { Ok(()) })
    }

    fn unlock(&self, _: SecretString) -> Answer<()> {
        self.note("unlock".to_owned());
        Box::pin(async { Ok(()) })
    }

    fn knock(&self) -> Option<Knock> {
        let wanted = self.wanted.load(Ordering::Relaxed);
        takeover::knock().filter(|_| wanted)
    }

    fn yield_account(&self) -> Answer<Delivery> {
        self.note("yield".into());
        Box::pin(async { Ok(Delivery::default()) })
    }

    fn keep_account(&self) -> Answer<()> {
        self.note("keep".into());
        self.wanted.store(false, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    }

    fn has_ended(&self) -> bool {
        false
    }

    fn sign_out(&self) -> Answer<Delivery> {
        self.note("sign out".into());
        Box::pin(async { Ok(Delivery::default()) })
    }
}
