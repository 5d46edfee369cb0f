//! Signing a person in: the server decides, this workstation checks what it is given and records it.
//!
//! Invariant: no session without a genuine plan, pinned log keys and a durable sign-in event.
//! Deliberately absent: passwords at rest; the password lives as long as the call, its hash as long as the session.

use super::ask_ticket::AskTicket;
use super::sign_in_error::SignInError;
use super::signed_in::{Facts, Session};
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::presence::{SignIn, SignInRefused};
use crate::domain::audit::event::{Event, Outcome};
use crate::domain::people::Purpose;
use crate::domain::people::stated_purpose::Stated;
use crate::protocol::{PasswordChange, SessionGrant, SessionRequest};
use crate::station::machine::workstation::{Station, Workstation};
use crate::station::record::event_body::{body_without_person, class_of};
use crate::station::record::outbox::Recorded;
use crate::station::record::server_client::ServerError;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// The claim of a person who signs in: name, password and second factor.
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
    /// [`SignInError`]: wrong credentials, locked out, a new password that is not taken, or no answer of the server.
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

    /// Signs a person in with a second factor, and with note and protocol number beside the purpose.
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
            Ok(grant) => {
                let session = self.let_in(grant, stated).await?;
                let begun = session.clone();
                // Nobody waits for the hash.
                tokio::spawn(async move { begun.accepted(request.password).await });
                Ok(session)
            }
            Err(error) => match self.0.refused_sign_in(&request, error).await {
                SignInError::ActiveElsewhere(_) => Err(SignInError::ActiveElsewhere(Some(ticket))),
                why => Err(why),
            },
        }
    }

    /// Takes up a session that was given; ends it again when it cannot be accepted here.
    pub(in crate::station) async fn let_in(&self, grant: SessionGrant, stated: Stated) -> Result<Session, SignInError> {
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
            stated: stated.at_level(grant.person.level),
            person: grant.person,
            session: grant.session,
            token: grant.token,
            home: grant.home,
            kind: grant.kind,
            lock_after: (grant.lock_after_s > 0).then(|| Duration::from_secs(grant.lock_after_s)),
            let_in_alone: grant.let_in_alone,
            plan: Arc::new(plan),
        };
        self.0.record_sign_in(&facts).await?;
        Ok(Session::start(Arc::clone(&self.0), facts))
    }
}

impl Workstation {
    async fn record_sign_in(&self, facts: &Facts) -> Result<Recorded, SignInError> {
        let mut body = body_without_person(&self.id, SignIn::default(), Outcome::Done);
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
        if let Some(log) = self.trusted.home() {
            let refused = SignInRefused::default().because(why.to_string());
            let mut body = body_without_person(&self.id, refused, Outcome::Refused);
            body.person = request.user.chars().take(64).collect();
            body.purpose = Some(request.purpose);
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
