//! Another purpose in the middle of a session: what is done from now on is done for it.
//!
//! Invariant: intent and outcome are recorded, and the server agreed, before any event carries the new purpose; what is
//! open goes on under it. Deliberately absent: purposes of recordings, which each access states for itself.

use super::authorised_act::why;
use super::signed_in::Session;
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::presence::PurposeChange;
use crate::domain::audit::event::Outcome;
use crate::domain::people::stated_purpose::Stated;
use crate::domain::refusal::RefusalKind;
use crate::station::refusal::Refusal;

fn named(stated: &Stated) -> PurposeChange {
    PurposeChange {
        purpose_to: Some(stated.purpose()),
        protocol_no_to: Some(stated.protocol_no().to_owned()),
        note: Some(stated.note().to_owned()),
        ..PurposeChange::default()
    }
}

impl Session {
    /// Changes the purpose in force. Not cancel-safe: the server may have agreed already.
    ///
    /// # Errors
    /// The session is over, the server is away, or it cannot be recorded: the purpose before stays in force.
    pub async fn change_purpose(&self, stated: Stated) -> Result<(), Refusal> {
        let inner = &self.0;
        if inner.has_ended() {
            return Err(Refusal::Kind(RefusalKind::SessionEnded));
        }
        let stated = stated.at_level(inner.facts.person.level);
        inner.record(named(&stated), Outcome::Intent).await?;
        match inner.station.server.change_purpose(&inner.facts.token, &stated).await {
            Ok(()) => {
                inner.stated.send_replace(stated.clone());
                inner.record(named(&stated), Outcome::Done).await.map(drop)
            }
            Err(error) => {
                let refusal = Refusal::from(error);
                let refused = named(&stated).because(why(&refusal));
                inner.record(refused, refusal.outcome()).await?;
                Err(refusal)
            }
        }
    }
}
