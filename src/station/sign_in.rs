//! Signing a person in: the server decides, this workstation checks what it is given and records it.
//!
//! Invariant: no session without a genuine plan, pinned log keys and a durable sign-in event.
//! Deliberately absent: passwords at rest; the password lives as long as the call.

use super::account_takeover::AskTicket;
use super::authorised_act::class_of;
use super::outbox::Recorded;
use super::refusal::Refusal;
use super::server_client::ServerError;
use super::session::{Facts, Session};
use super::trusted_checkpoints::PinError;
use super::workstation::{Station, Workstation, body_without_person};
use crate::domain::audit::event::{Event, Operation, Outcome};
use crate::domain::audit::note::{Statement, VerifierKey};
use crate::domain::audit::succession;
use crate::domain::camera::ControllerId;
use crate::domain::people::Purpose;
use crate::domain::people::stated_purpose::{NoProtocolNumber, Stated};
use crate::domain::refusal::RefusalKind;
use crate::domain::site::SitePlan;
use crate::protocol::{PasswordChange, SessionGrant, SessionRequest, SignedPlan};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// Why a sign-in failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SignInError {
    /// By the server, or by this workstation for the same reason.
    #[error(transparent)]
    Refused(Refusal),
    /// With what it can be asked for, once a sign-in found it so.
    #[error("the account is active on another workstation")]
    ActiveElsewhere(Option<AskTicket>),
    #[error("the account cannot be asked for any more")]
    AskOver,
    #[error("the server does not answer: {detail}")]
    ServerAway { detail: String },
    #[error("the site plan's signature is wrong")]
    PlanNotGenuine,
    #[error("the sign-in cannot be recorded: {detail}")]
    NotRecorded { detail: String },
}

impl SignInError {
    /// Whether this is why.
    pub fn is(&self, kind: &RefusalKind) -> bool {
        matches!(self, Self::Refused(Refusal::Kind(why)) if why == kind)
    }
}

impl From<RefusalKind> for SignInError {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::AlreadyActiveElsewhere => Self::ActiveElsewhere(None),
            RefusalKind::NotFound => Self::AskOver,
            other => Self::Refused(other.into()),
        }
    }
}

impl From<ServerError> for SignInError {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Refused { why, .. } => why.into(),
            ServerError::Away { .. } => Self::ServerAway {
                detail: error.to_string(),
            },
            ServerError::RefusedOtherwise { .. } | ServerError::Unintelligible { .. } => Self::Refused(error.into()),
        }
    }
}

impl From<NoProtocolNumber> for SignInError {
    fn from(_: NoProtocolNumber) -> Self {
        RefusalKind::NoProtocolNumber.into()
    }
}

impl From<PinError> for SignInError {
    fn from(error: PinError) -> Self {
        Self::NotRecorded {
            detail: error.to_string(),
        }
    }
}

/// What somebody says of themselves.
#[derive(Debug, Clone)]
pub struct Claim {
    pub user: String,
    pub password: SecretString,
    /// The code of the second factor, when the account has one.
    pub code: Option<SecretString>,
}

impl Station {
    /// Chooses another password, with the present one.
    ///
    /// # Errors
    /// Who or what refuses.
    pub async fn choose_password(&self, claim: Claim, new_password: SecretString) -> Result<(), SignInError> {
        let ask = PasswordChange {
            user: claim.user,
            password: claim.password,
            code: claim.code,
            new_password,
        };
        Ok(self.0.server.choose_password(&ask).await?)
    }

    /// Signs a person in: asks the server, verifies the plan's signature, records the sign-in. Needs the server.
    ///
    /// # Errors
    /// Who or what refuses; a refusal is recorded when this workstation already has a log.
    pub async fn sign_in(
        &self,
        user: String,
        password: SecretString,
        purpose: Purpose,
    ) -> Result<Session, SignInError> {
        let claim = Claim {
            user,
            password,
            code: None,
        };
        self.sign_in_with(claim, Stated::new(purpose, "", "")?).await
    }

    /// The same with a second factor, and with note and protocol number beside the purpose.
    ///
    /// # Errors
    /// As [`Station::sign_in`].
    pub async fn sign_in_with(&self, claim: Claim, stated: Stated) -> Result<Session, SignInError> {
        if let Some(detail) = self.0.standing.borrow().outbox_closed.clone() {
            return Err(SignInError::NotRecorded { detail });
        }
        let ticket = AskTicket::new(stated.clone());
        let request = SessionRequest {
            user: claim.user,
            password: claim.password,
            code: claim.code,
            purpose: stated.purpose(),
            note: stated.note().to_owned(),
            protocol_no: stated.protocol_no().to_owned(),
            ticket: Some(ticket.secret()),
        };
        match self.0.server.sign_in(&request).await {
            Ok(grant) => self.let_in(grant, stated).await,
            Err(error) => match self.0.refused_sign_in(&request, error).await {
                SignInError::ActiveElsewhere(_) => Err(SignInError::ActiveElsewhere(Some(ticket))),
                why => Err(why),
            },
        }
    }

    /// Takes up a session that was given; ends it again when it cannot be accepted here.
    pub(super) async fn let_in(&self, grant: SessionGrant, stated: Stated) -> Result<Session, SignInError> {
        self.0.contact.reached();
        let token = grant.token.clone();
        match self.accept(grant, stated).await {
            Ok(session) => Ok(session),
            Err(error) => {
                if let Err(error) = self.0.server.sign_out(&token).await {
                    tracing::warn!(%error, "the session that was not accepted could not be ended on the server");
                }
                Err(error)
            }
        }
    }

    async fn accept(&self, grant: SessionGrant, stated: Stated) -> Result<Session, SignInError> {
        let plan = self.0.genuine_plan(&self.0.server.plan(&grant.token).await?)?;
        self.0.keep_plan_version(plan.version).await?;
        self.0.pin_keys(&grant, &plan).await?;
        self.0.check_heads().await?;
        self.0.contact.set_grace(Duration::from_secs(grant.grace_s));
        let facts = Facts {
            person: grant.person,
            stated,
            session: grant.session,
            token: grant.token,
            home: grant.home,
            kind: grant.kind,
            lock_after: (grant.lock_after_s > 0).then(|| Duration::from_secs(grant.lock_after_s)),
            plan: Arc::new(plan),
        };
        self.0.record_sign_in(&facts).await?;
        Ok(Session::start(Arc::clone(&self.0), facts))
    }
}

/// The error and the whole chain of its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl Workstation {
    pub(super) fn genuine_plan(&self, signed: &SignedPlan) -> Result<SitePlan, SignInError> {
        self.plan_key
            .verify_statement(Statement::Plan, &signed.plan, &signed.signature)
            .map_err(|error| {
                tracing::error!(%error, "the site plan is not genuine");
                SignInError::PlanNotGenuine
            })?;
        let plan: SitePlan = serde_json::from_str(&signed.plan).map_err(|error| {
            tracing::error!(%error, "the site plan cannot be read");
            SignInError::PlanNotGenuine
        })?;
        for error in plan.check() {
            tracing::warn!(error = %with_causes(&error), "the site plan does not make sense");
        }
        Ok(plan)
    }

    /// Remembers the newest version this workstation ever had; an older one is somebody's old copy, however genuine.
    pub(super) async fn keep_plan_version(self: &Arc<Self>, version: u64) -> Result<(), SignInError> {
        let pins = Arc::clone(&self.pins);
        let kept = tokio::task::spawn_blocking(move || pins.keep_plan_version(version)).await;
        kept.map_err(|error| SignInError::NotRecorded {
            detail: error.to_string(),
        })?
        .map_err(|error| match error {
            PinError::OlderPlan { .. } => {
                tracing::error!(%error, "the site plan is not current");
                SignInError::PlanNotGenuine
            }
            other => other.into(),
        })
    }

    /// Pins each log's key at first sight or along its successions, and refuses one that comes from elsewhere.
    async fn pin_keys(self: &Arc<Self>, grant: &SessionGrant, plan: &SitePlan) -> Result<(), SignInError> {
        let mut keys = Vec::new();
        for given in &grant.log_keys {
            let key: VerifierKey = given.vkey.parse().map_err(|_| SignInError::PlanNotGenuine)?;
            let controller = plan.controller(&given.controller).ok_or(SignInError::PlanNotGenuine)?;
            let pinned = self.pins.get(&given.controller).map(|pin| pin.key);
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
                .try_for_each(|(log, key)| this.pins.pin_key(&log, key))?;
            this.pins.set_home(&home)
        });
        pinned.await.map_err(|error| SignInError::NotRecorded {
            detail: error.to_string(),
        })??;
        Ok(())
    }

    /// A log came with a key that nothing leads to: it is marked, and what was offered is kept.
    async fn other_key(self: &Arc<Self>, log: ControllerId, offered: &VerifierKey) -> SignInError {
        let (this, offered, marked) = (Arc::clone(self), offered.to_string(), log.clone());
        let marked = tokio::task::spawn_blocking(move || {
            let offered = [("offered.vkey", offered.as_str())];
            let now = jiff::Timestamp::now();
            this.pins.mark_broken(&marked, "the log has another key", &offered, now);
        });
        if let Err(error) = marked.await {
            tracing::error!(%error, %log, "the mark against the log could not be kept");
        }
        PinError::KeyChanged { log }.into()
    }

    /// The server's chains must not be ahead of this outbox, nor behind what it proved to have: either would show that
    /// something was taken away.
    async fn check_heads(self: &Arc<Self>) -> Result<(), SignInError> {
        for head in self.server.heads().await? {
            let Some(pin) = self.pins.get(&head.log) else { continue };
            let ours = self.outbox.next_seq(&head.log);
            let why = if head.next_seq > ours {
                format!(
                    "the server has {} events of this workstation, the outbox knows of {ours}",
                    head.next_seq
                )
            } else if head.next_seq < pin.next_seq {
                format!(
                    "the server has {} events of this workstation, it had {}",
                    head.next_seq, pin.next_seq
                )
            } else {
                continue;
            };
            let this = Arc::clone(self);
            let marked = tokio::task::spawn_blocking(move || {
                this.pins.mark_broken(&head.log, &why, &[], jiff::Timestamp::now());
            });
            let _ = marked.await;
        }
        Ok(())
    }

    async fn record_sign_in(&self, facts: &Facts) -> Result<Recorded, SignInError> {
        let mut body = body_without_person(&self.id, Operation::SignIn, Outcome::Done);
        facts.fill(&mut body);
        let event = Event {
            log: facts.home.clone(),
            class: class_of(facts.stated.purpose()),
            body,
        };
        self.outbox
            .append(event)
            .await
            .map_err(|error| SignInError::NotRecorded {
                detail: error.to_string(),
            })
    }

    /// Records a refused sign-in with the name that was typed, as far as there is a log to record it in.
    async fn refused_sign_in(&self, request: &SessionRequest, error: ServerError) -> SignInError {
        if error.is_away() {
            self.contact.away();
        } else {
            self.contact.reached();
        }
        let why = SignInError::from(error);
        if let Some(log) = self.pins.home() {
            let mut body = body_without_person(&self.id, Operation::SignInRefused, Outcome::Refused);
            body.person = request.user.chars().take(64).collect();
            body.purpose = Some(request.purpose);
            body.parameters.insert("why".into(), why.to_string().into());
            let event = Event {
                log,
                class: class_of(request.purpose),
                body,
            };
            if let Err(error) = self.outbox.append(event).await {
                tracing::error!(%error, "a refused sign-in could not be recorded");
            }
        }
        why
    }
}
