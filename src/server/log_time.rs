//! The server's clock accepted by order, where the signer refuses it (`domain::audit::signing_time`).
//!
//! Works beside a running server and without one. Invariant: who reads the log finds the order and its reason before the first
//! entry that was signed by it. Deliberately absent: setting a clock.

use super::config::DataDir;
use super::console;
use super::error::ServerError;
use super::keys::load_signer;
use super::log::signer::Signer;
use super::now::now_ms;
use super::store::Store;
use crate::domain::camera::ControllerId;
use crate::protocol::ConsoleAct;
use serde::Serialize;

/// A time that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AcceptedTime {
    pub controller: ControllerId,
    /// Of the last signature, Unix ms; 0 where there is none.
    pub signed_ms: i64,
    /// By the server's clock, Unix ms: what the next signature is held against.
    pub now_ms: i64,
}

/// Accepts the present time of the server's clock for a controller's log; `None` is the first controller.
///
/// # Errors
/// There is no reason or no such log, the order cannot be recorded, or the signer's state is not genuine or cannot be written.
pub async fn accept(
    data: &DataDir,
    controller: Option<ControllerId>,
    reason: &str,
) -> Result<AcceptedTime, ServerError> {
    let reason: String = reason.trim().chars().take(500).collect();
    if reason.is_empty() {
        return Err(ServerError::NoReason);
    }
    data.check_set_up()?;
    let store = Store::open(data).await?;
    let logs = store.logs().await?;
    let mut wanted = logs.into_iter().filter(|log| {
        controller
            .as_ref()
            .is_none_or(|controller| log.controller == *controller)
    });
    let log = wanted.next().ok_or(ServerError::NotSetUp)?;
    let controller = log.controller.clone();
    let signer = Signer::open(data, log, load_signer(&data.log_key(&controller))?)?;
    let accepted = AcceptedTime {
        signed_ms: signer.published().borrow().time_ms,
        now_ms: now_ms(),
        controller: controller.clone(),
    };
    let act = ConsoleAct::TimeAccepted {
        signed_ms: accepted.signed_ms,
        now_ms: accepted.now_ms,
        reason,
    };
    console::record(data, &store, &[(controller, act)]).await?;
    signer.accept_time(accepted.now_ms).await?;
    store.close().await;
    Ok(accepted)
}
