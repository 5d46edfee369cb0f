//! Another purpose in the middle of a session: what is done from now on is done for it.
//!
//! Invariant: intent and outcome are recorded, and the server agreed, before any event carries the new purpose; what is
//! open goes on under it. Deliberately absent: purposes of recordings, which each access states for itself.

use super::authorised_act::why;
use super::signed_in::Session;
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::people::stated_purpose::Stated;
use crate::domain::refusal::RefusalKind;
use crate::station::record::event_body::{Parameters, parameters};
use crate::station::refusal::Refusal;
use serde_json::Value;

fn named(stated: &Stated) -> Parameters {
    parameters([
        (
            "purpose_to",
            serde_json::to_value(stated.purpose()).unwrap_or(Value::Null),
        ),
        ("protocol_no_to", stated.protocol_no().into()),
        ("note", stated.note().into()),
    ])
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
        let record = async |outcome, with| inner.record(Operation::PurposeChange, outcome, with).await;
        record(Outcome::Intent, named(&stated)).await?;
        match inner.station.server.change_purpose(&inner.facts.token, &stated).await {
            Ok(()) => {
                inner.stated.send_replace(stated.clone());
                record(Outcome::Done, named(&stated)).await.map(drop)
            }
            Err(error) => {
                let refusal = Refusal::from(error);
                let mut with = named(&stated);
                with.insert("why".into(), why(&refusal));
                record(refusal.outcome(), with).await?;
                Err(refusal)
            }
        }
    }
}
