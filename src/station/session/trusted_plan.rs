//! The checks that the server must pass before a session begins: genuine plan, followed log keys, matching chains.
//!
//! Invariant: an older or unsigned plan is never taken; a genuine plan that only a newer program can use is told as that, never
//! as forged; a log's key is replaced only along its successions; what shows that a
//! log is not what it was is stored as evidence. Deliberately absent: the checks of a delivery (`record::courier`).

use super::sign_in_error::SignInError;
use crate::domain::audit::note::{Statement, VerifierKey};
use crate::domain::audit::succession;
use crate::domain::camera::ControllerId;
use crate::domain::site::{SitePlan, signed_form};
use crate::protocol::{SessionGrant, SignedPlan};
use crate::station::machine::workstation::Workstation;
use crate::station::record::trusted_checkpoints::TrustedCheckpointError;
use std::sync::Arc;

/// The error and the whole chain of its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl Workstation {
    /// The plan inside a signed one: verified over the bytes as they came, then read.
    ///
    /// # Errors
    /// [`SignInError::PlanNotGenuine`]: the signature is not by the plan's key; [`SignInError::UpdateNeeded`]: only a newer program
    /// can use the plan.
    pub(in crate::station) fn genuine_plan(&self, signed: &SignedPlan) -> Result<SitePlan, SignInError> {
        self.plan_key
            .verify_statement(Statement::Plan, &signed.plan, &signed.signature)
            .map_err(|error| {
                tracing::error!(%error, "the site plan is not genuine");
                SignInError::PlanNotGenuine
            })?;
        let plan = signed_form::read(&signed.plan).map_err(|update| {
            tracing::error!(error = %update, "the site plan is for a newer program");
            SignInError::UpdateNeeded(update)
        })?;
        for error in plan.check() {
            tracing::warn!(error = %with_causes(&error), "the site plan does not make sense");
        }
        Ok(plan)
    }

    /// Stores the newest plan version this workstation ever had; an older plan is somebody's old copy, however genuine.
    ///
    /// # Errors
    /// [`SignInError::PlanNotGenuine`]: `version` is older; [`SignInError::NotRecorded`]: the disk refuses.
    pub(in crate::station) async fn keep_plan_version(self: &Arc<Self>, version: u64) -> Result<(), SignInError> {
        let trusted = Arc::clone(&self.trusted);
        let stored = tokio::task::spawn_blocking(move || trusted.keep_plan_version(version)).await;
        stored
            .map_err(|error| SignInError::NotRecorded {
                detail: error.to_string(),
            })?
            .map_err(|error| match error {
                TrustedCheckpointError::OlderPlan { .. } => {
                    tracing::error!(%error, "the site plan is not current");
                    SignInError::PlanNotGenuine
                }
                other => other.into(),
            })
    }

    /// Pins each log's key at first sight or along its successions.
    ///
    /// # Errors
    /// [`SignInError::NotRecorded`]: a log has a key that nothing leads to, or the disk refuses;
    /// [`SignInError::PlanNotGenuine`]: a key cannot be read, or its log is not in the plan.
    pub(super) async fn pin_keys(self: &Arc<Self>, grant: &SessionGrant, plan: &SitePlan) -> Result<(), SignInError> {
        let mut keys = Vec::new();
        for given in &grant.log_keys {
            let key: VerifierKey = given.vkey.parse().map_err(|_| SignInError::PlanNotGenuine)?;
            let controller = plan.controller(&given.controller).ok_or(SignInError::PlanNotGenuine)?;
            let pinned = self.trusted.get(&given.controller).map(|trusted| trusted.key);
            let followed = succession::follow(
                &given.successions,
                &self.plan_key,
                &given.controller,
                &controller.log_origin(),
                pinned.as_ref(),
                &key,
            );
            match followed {
                Ok(trusted) => keys.push((given.controller.clone(), trusted)),
                Err(error) => {
                    tracing::error!(log = %given.controller, name = key.name(), %error, "a log's key is not followed");
                    if pinned.is_none_or(|pinned| pinned == key) {
                        return Err(SignInError::PlanNotGenuine);
                    }
                    return Err(self.other_key(given.controller.clone(), &key).await);
                }
            }
        }
        let (this, home) = (Arc::clone(self), grant.home.clone());
        let pinned = tokio::task::spawn_blocking(move || {
            keys.into_iter()
                .try_for_each(|(log, key)| this.trusted.pin_key(&log, key))?;
            this.trusted.set_home(&home)
        });
        pinned.await.map_err(|error| SignInError::NotRecorded {
            detail: error.to_string(),
        })??;
        Ok(())
    }

    /// Marks a log that came with a key that nothing leads to, and stores the offered key as evidence.
    async fn other_key(self: &Arc<Self>, log: ControllerId, offered: &VerifierKey) -> SignInError {
        let (this, offered, marked) = (Arc::clone(self), offered.to_string(), log.clone());
        let marked = tokio::task::spawn_blocking(move || {
            let offered = [("offered.vkey", offered.as_str())];
            let now = jiff::Timestamp::now();
            this.trusted
                .mark_broken(&marked, "the log has another key", &offered, now);
        });
        if let Err(error) = marked.await {
            tracing::error!(%error, %log, "the mark against the log could not be stored");
        }
        TrustedCheckpointError::KeyChanged { log }.into()
    }

    /// Compares the server's chains with this outbox and marks a log whose chain is ahead of it: something was taken away here. A chain
    /// that is behind is not judged: the courier gives again what the server lacks, and its checkpoints prove whether it is the log.
    ///
    /// # Errors
    /// The server does not tell its chains.
    pub(super) async fn check_heads(self: &Arc<Self>) -> Result<(), SignInError> {
        for head in self.server.heads().await? {
            if self.trusted.get(&head.log).is_none() {
                continue;
            }
            let ours = self.outbox.next_seq(&head.log);
            if head.next_seq <= ours {
                continue;
            }
            let why = format!(
                "the server has {} events of this workstation, the outbox knows of {ours}",
                head.next_seq
            );
            let this = Arc::clone(self);
            let marked = tokio::task::spawn_blocking(move || {
                this.trusted.mark_broken(&head.log, &why, &[], jiff::Timestamp::now());
            });
            let _ = marked.await;
        }
        Ok(())
    }
}
