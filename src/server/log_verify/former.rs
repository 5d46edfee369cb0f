//! What was vouched for under a log's earlier names.
//!
//! Invariant: what two supervisors accepted as lost is not asked for; the place of the last new beginning is.
//! Deliberately absent: comparing it with the log (`log_verify`).

use super::What;
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::audit::note::VerifierKey;
use crate::domain::camera::ControllerId;
use crate::domain::message::sentence;
use crate::server::config::{DataDir, read_text};
use crate::server::error::ServerError;
use crate::server::keys::load_signer;
use crate::server::successions::{aside, successions};

/// What was vouched for under a log's earlier names: what witnesses cosigned last, and each statement of succession, with
/// what it means when it is not in the log.
///
/// # Errors
/// A file is there and cannot be read.
pub(super) fn former_checkpoints(
    data: &DataDir,
    controller: &ControllerId,
) -> Result<Vec<(Checkpoint, What)>, ServerError> {
    let plan_key = load_signer(&data.plan_key())?.verifier();
    let mut all = Vec::new();
    for signed in successions(data, controller)? {
        let unreadable = || ServerError::Broken {
            detail: "a succession is not the one that was signed".into(),
            what: sentence("broken-statement"),
        };
        let said = signed.open(&plan_key).ok_or_else(unreadable)?;
        let former: VerifierKey = said.former.parse().map_err(|_| unreadable())?;
        let witnessed = aside(&data.witnessed(controller), said.number);
        if witnessed.exists() {
            let seen = checkpoint::verify(&read_text(&witnessed)?, &former);
            all.push((seen.map_err(|_| unreadable())?, What::Witness));
        }
        let begun = Checkpoint {
            origin: former.name().to_owned(),
            size: said.size,
            root: said.root,
        };
        if said.accepted.is_some() {
            // Two supervisors accepted that what was vouched for before may be lost.
            all.clear();
        }
        all.push((begun, What::Succession));
    }
    Ok(all)
}
