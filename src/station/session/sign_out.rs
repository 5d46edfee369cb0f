//! How a session ends here: signing out, or yielding the account to the workstation that asks for it (R-ACC-1).
//!
//! Invariant: every view and gesture ends and is recorded before the sign-out is; the server hears of it last, so that
//! nobody is signed in elsewhere while a picture is still open here. Deliberately absent: who asks (`session`).

use super::signed_in::Session;
use crate::domain::audit::details::any_operation::Cause;
use crate::domain::audit::details::presence::SignOut;
use crate::domain::audit::details::{Details, Say as _};
use crate::domain::audit::event::Outcome;
use crate::protocol::AskAnswer;
use crate::station::record::health::{Delivery, Health};
use crate::station::refusal::Refusal;
use std::time::Duration;

/// How long a sign-out waits for views and gestures to end, and then for delivery.
const PATIENCE: Duration = Duration::from_secs(5);

impl Session {
    /// Closes every view, records the sign-out, ends the session on the server, waits (bounded) for delivery.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`]: the session is over all the same.
    pub async fn sign_out(self) -> Result<Delivery, Refusal> {
        let recorded = self.close(SignOut::default().into()).await;
        let inner = &self.0;
        if let Err(error) = inner.station.server.sign_out(&inner.facts.token).await {
            tracing::warn!(%error, "the session could not be ended on the server");
        }
        recorded?;
        Ok(self.delivered().await)
    }

    /// Signs out and passes the account to the workstation that asks for it.
    ///
    /// # Errors
    /// As [`Session::sign_out`].
    pub async fn yield_account(self) -> Result<Delivery, Refusal> {
        let recorded = self.close(SignOut::default().because(Cause::Yielded)).await;
        let inner = &self.0;
        let answer = AskAnswer { yields: true };
        if let Err(error) = inner.station.server.answer_ask(&inner.facts.token, answer).await {
            tracing::warn!(%error, "the account could not be yielded; the session is ended");
            if let Err(error) = inner.station.server.sign_out(&inner.facts.token).await {
                tracing::warn!(%error, "the session could not be ended on the server");
            }
        }
        recorded?;
        Ok(self.delivered().await)
    }

    /// Refuses the account to the workstation that asks for it.
    ///
    /// # Errors
    /// [`Refusal::Kind(RefusalKind::NotFound)`] when nobody asks any more; [`Refusal::ServerAway`].
    pub async fn refuse_takeover(&self) -> Result<(), Refusal> {
        let answer = AskAnswer { yields: false };
        Ok(self.0.station.server.answer_ask(&self.0.facts.token, answer).await?)
    }

    /// Ends every view and gesture here, then records the sign-out.
    async fn close(&self, sign_out: Details) -> Result<(), Refusal> {
        let inner = &self.0;
        inner.end();
        let mut open = inner.open_acts.subscribe();
        if tokio::time::timeout(PATIENCE, open.wait_for(|open| *open == 0))
            .await
            .is_err()
        {
            tracing::warn!("some views or gestures did not end before the sign-out");
        }
        inner.record(sign_out, Outcome::Done).await.map(drop)
    }

    /// Waits (bounded) until every event is delivered, and returns how far the delivery is; it goes on in the background.
    async fn delivered(&self) -> Delivery {
        let inner = &self.0;
        let mut status = inner.station.outbox.status();
        let _ = tokio::time::timeout(PATIENCE, status.wait_for(|status| status.pending == 0)).await;
        let mut health = inner.station.health.clone();
        let written = status.borrow().written;
        let all = |health: &Health| health.delivery.verified >= written;
        let _ = tokio::time::timeout(Duration::from_secs(1), health.wait_for(all)).await;
        health.borrow().delivery.clone()
    }
}
