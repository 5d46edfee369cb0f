//! How the site plan is administered: a change is in force at once where one person may make it, and waits for a second
//! one where it takes two (`domain::site::change`).
//!
//! Invariant: what changes is durable in the log of each camera's controller, with before and after, before it is kept or
//! answered; a plan another server process signed is taken up before anything is changed here. Deliberately absent: who may
//! (`http`), camera accounts.

use super::{Plans, Trouble};
use crate::domain::audit::details::configuration::{SiteChanged, SiteStep, SiteWord};
use crate::domain::audit::event::Outcome;
use crate::domain::audit::note::Statement;
use crate::domain::people::Person;
use crate::domain::site::change::{Approval, Difference, SiteChange, SiteFault, differences};
use crate::domain::site::{SitePlan, signed_form};
use crate::protocol::{Changed, RefusalKind, SiteProposal, Verdict};
use crate::server::causes::causes;
use crate::server::dome_leases::holder;
use crate::server::log::recorder::Act;
use crate::server::people::sessions::SignedIn;
use crate::server::store::StoreError;
use std::sync::{Arc, PoisonError};

/// Changes that wait at once.
const MOST_WAITING: usize = 64;
/// Longest reason, characters.
const MOST_REASON: usize = 500;

impl From<SiteFault> for Trouble {
    fn from(fault: SiteFault) -> Self {
        Self::Refused(RefusalKind::Site(fault))
    }
}

/// What is written into each event of a change.
struct Story<'a> {
    who: &'a SignedIn,
    step: SiteStep,
    author: &'a str,
    reason: &'a str,
    /// Whether a camera was tested before; `None` where that is no question.
    tested: Option<bool>,
    number: Number,
}

/// The version the plan then has, or the number of the proposal.
enum Number {
    Plan(u64),
    Proposal(u64),
}

fn line(reason: &str) -> Result<String, Trouble> {
    let reason: String = reason.trim().chars().take(MOST_REASON).collect();
    if reason.is_empty() || reason.chars().any(char::is_control) {
        return Err(SiteFault::Text.into());
    }
    Ok(reason)
}

impl Plans {
    /// Changes the plan, or proposes it where a second person must approve.
    ///
    /// # Errors
    /// It makes no sense, is not this person's to change, or cannot be recorded.
    pub async fn change_site(
        &self,
        who: &SignedIn,
        change: SiteChange,
        (reason, tested): (&str, Option<bool>),
        now_ms: i64,
    ) -> Result<Changed, Trouble> {
        let _alone = self.proposals.lock().await;
        self.refresh().await?;
        let reason = line(reason)?;
        let plan = self.current();
        let next = change.apply(&plan, |controller| who.person.keeps(controller), None)?;
        let differences = differences(&plan, &next);
        if differences.is_empty() {
            return Err(SiteFault::Nothing.into());
        }
        let mut story = Story {
            who,
            step: SiteStep::Done,
            author: &who.person.user,
            reason: &reason,
            tested,
            number: Number::Plan(next.version),
        };
        if !differences.iter().any(Difference::needs_two) {
            self.record_site(&differences, &story, Outcome::Done).await?;
            self.put_in_force(next).await?;
            return Ok(Changed::InForce {
                version: self.current().version,
            });
        }
        if self.store.site_proposals().await?.len() >= MOST_WAITING {
            return Err(SiteFault::TooMany.into());
        }
        let mut proposal = SiteProposal {
            id: 0,
            author: holder(who),
            at_ms: now_ms,
            reason: reason.clone(),
            change,
            differences,
        };
        proposal.id = self.store.add_site_proposal(&proposal).await?;
        (story.step, story.number) = (SiteStep::Proposed, Number::Proposal(proposal.id));
        self.record_site(&proposal.differences, &story, Outcome::Intent).await?;
        self.store.open_site_proposal(proposal.id).await?;
        self.told().await;
        Ok(Changed::Waits { proposal: proposal.id })
    }

    /// What waits for somebody who looks after all of its controllers.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn site_proposals(&self, reader: &Person) -> Result<Vec<SiteProposal>, StoreError> {
        let mut all = self.store.site_proposals().await?;
        all.retain(|proposal| {
            let mut controllers = proposal.differences.iter().flat_map(Difference::controllers);
            controllers.all(|controller| reader.keeps(controller))
        });
        Ok(all)
    }

    /// Answers a proposal. Approved, the next version of the plan is in force when this returns.
    ///
    /// # Errors
    /// There is none any more, the plan changed so that it makes no sense now, or it cannot be recorded.
    pub async fn decide_site(&self, id: u64, who: &SignedIn, verdict: Verdict, now_ms: i64) -> Result<(), Trouble> {
        let _alone = self.proposals.lock().await;
        self.refresh().await?;
        let all = self.site_proposals(&who.person).await?;
        let proposal = all.into_iter().find(|proposal| proposal.id == id);
        let proposal = proposal.ok_or(RefusalKind::NotFound)?;
        let mut story = Story {
            who,
            step: SiteStep::Declined,
            author: &proposal.author.user,
            reason: &proposal.reason,
            tested: None,
            number: Number::Proposal(id),
        };
        if verdict == Verdict::Decline {
            self.record_site(&proposal.differences, &story, Outcome::Refused)
                .await?;
            self.close(id).await?;
            return Ok(());
        }
        let plan = self.current();
        let approval = Approval {
            author: &proposal.author.user,
            approver: &who.person.user,
            approved_ms: now_ms,
        };
        let next = proposal
            .change
            .apply(&plan, |controller| who.person.keeps(controller), Some(approval))?;
        let differences = differences(&plan, &next);
        (story.step, story.number) = (SiteStep::Approved, Number::Plan(next.version));
        self.record_site(&differences, &story, Outcome::Done).await?;
        self.close(id).await?;
        self.put_in_force(next).await
    }

    /// Two processes may be told an answer at once: one counts.
    async fn close(&self, id: u64) -> Result<(), Trouble> {
        if self.store.close_site_proposal(id).await? {
            self.told().await;
            Ok(())
        } else {
            Err(RefusalKind::NotFound.into())
        }
    }

    async fn record_site(
        &self,
        differences: &[Difference],
        story: &Story<'_>,
        outcome: Outcome,
    ) -> Result<(), Trouble> {
        for difference in differences {
            let (before, after) = difference.told();
            let (plan, proposal) = match story.number {
                Number::Plan(version) => (Some(version), None),
                Number::Proposal(number) => (None, Some(number)),
            };
            let changed = SiteChanged {
                change: Some(SiteWord::SitePlan),
                step: Some(story.step),
                author: Some(story.author.to_owned()),
                reason: Some(story.reason.to_owned()),
                before: Some(before),
                after: Some(after),
                plan,
                proposal,
                tested: story.tested,
            };
            let mut controllers: Vec<_> = difference.controllers().collect();
            controllers.dedup();
            for controller in controllers {
                let act = Act {
                    person: Some(&story.who.person),
                    session: &story.who.session.session,
                    at: Some(&story.who.session.station),
                    camera: Some(&difference.camera),
                    purpose: Some(story.who.session.purpose),
                    ..Act::default()
                };
                self.recorder.record(controller, changed.clone(), outcome, act).await?;
            }
        }
        Ok(())
    }

    /// Signs a plan and keeps it; from then on it is the one in force, here and in every other server process.
    ///
    /// # Errors
    /// It cannot be kept: another process signed this version first.
    pub(super) async fn put_in_force(&self, next: SitePlan) -> Result<(), Trouble> {
        let text = serde_json::to_string(&next).map_err(|_| RefusalKind::Unavailable)?;
        let signature = self.key.sign_statement(Statement::Plan, &text);
        self.store.add_plan(next.version, &text, &signature).await?;
        self.take_up(next);
        self.told().await;
        Ok(())
    }

    fn take_up(&self, plan: SitePlan) {
        self.recorder.set_policy_version(plan.version);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(plan);
        self.changes.beat();
    }

    /// Takes up a newer plan that another server process signed.
    ///
    /// # Errors
    /// The store does not answer, or holds a plan that this key did not sign.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let verifier = self.key.verifier();
        let Some(kept) = self.store.plan(&verifier.to_string()).await? else {
            return Ok(());
        };
        let plan: SitePlan =
            signed_form::read_whole(&kept.plan).map_err(|error| StoreError::Corrupt(causes(&error).to_string()))?;
        if plan.version > self.current().version {
            verifier
                .verify_statement(Statement::Plan, &kept.plan, &kept.signature)
                .map_err(|error| StoreError::Corrupt(format!("the plan is not the one that was signed: {error}")))?;
            self.take_up(plan);
        }
        Ok(())
    }

    async fn told(&self) {
        self.changes.beat();
        if let Err(error) = self.store.tell().await {
            // They ask again within a second.
            tracing::warn!(error = %causes(&error), "the other servers are not told of the site plan");
        }
    }
}
