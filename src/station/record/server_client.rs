//! Calls to the central server: mutual TLS with the enrolment's certificate, its CA and no other, bounded in time and size.
//!
//! Invariant: no answer larger than [`protocol::MAX_BODY`] is read, no call lasts longer than [`TOTAL`], the token
//! leaves only towards the enrolled server (no redirects, no proxy); every call says which versions of the protocol are spoken here and,
//! once something is trusted, shows the checkpoints that were verified last.
//! Deliberately absent: retrying, and what an answer means.

mod answer;
mod error;

pub use answer::ServerClock;
pub use error::ServerError;

use super::trusted_checkpoints::TrustedCheckpoints;
use crate::domain::audit::hash::Hash;
use crate::domain::camera::{CameraId, ControllerId, StationId};
use crate::domain::doctor::Finding;
use crate::domain::people::account::AccountName;
use crate::domain::people::clearance::{self, Ratification, Wish, Withdrawal};
use crate::domain::people::stated_purpose::Stated;
use crate::domain::privacy::declared_event::Declaration;
use crate::domain::version::protocol::{HEADER, SPOKEN};
use crate::protocol::{
    AccountAnswer, AccountAsk, AccountChange, AccountView, AskAnswer, AskState, BatchReceipt, Because,
    CameraCredential, CameraView, Certified, Changed, ClearanceState, ConsistencyProof, CredentialNeed,
    CredentialRequest, DeclaredState, Enrol, EnrolmentCode, EventBatch, EventProof, InclusionProof, LeaseRequest,
    LeaseState, MOST_PINNED, MaskProposal, NewCode, PINNED, PasswordChange, PasswordConfirmation, PermitRequest,
    PolicyState, ProposedMask, PutCamera, Removal, Renewal, SessionGrant, SessionRequest, SessionView, SignedPlan,
    SiteProposal, StationHead, StationView, Verdict,
};
use answer::bounded;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use error::{away, unintelligible};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Identity, Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(3);
/// Longest call.
pub const TOTAL: Duration = Duration::from_secs(10);

/// The part of an enrolment that calls to the server need.
#[derive(Clone, Copy)]
pub struct ServerAccess<'a> {
    pub station: &'a StationId,
    /// `https://host:port`, without a slash at the end.
    pub server: &'a str,
    /// Private key and certificate of this workstation, PEM.
    pub identity: &'a SecretString,
    /// The only authority a server certificate may come from, PEM.
    pub ca: &'a [u8],
}

/// The server, as this workstation may call it. Cheap to clone.
#[derive(Clone)]
pub struct ServerClient {
    http: Arc<RwLock<reqwest::Client>>,
    base: String,
    station: StationId,
    clock: ServerClock,
    /// What is shown of the logs.
    trusted: Option<Arc<TrustedCheckpoints>>,
}

/// The enrolment's certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the enrolment's certificates cannot be used")]
pub struct BadCertificates(#[from] reqwest::Error);

impl ServerClient {
    /// A client with an enrolment's certificate; contacts nobody.
    ///
    /// # Errors
    /// [`BadCertificates`]: key, certificate or authority are not PEM that can be used.
    pub fn new(access: ServerAccess<'_>) -> Result<Self, BadCertificates> {
        Ok(Self {
            http: Arc::new(RwLock::new(client(access)?)),
            base: access.server.to_owned(),
            station: access.station.clone(),
            clock: ServerClock::default(),
            trusted: None,
        })
    }

    /// Shows the server over every call which checkpoints are trusted here, as they change: by them it knows whether it was put back.
    #[must_use]
    pub fn showing(self, trusted: Arc<TrustedCheckpoints>) -> Self {
        Self {
            trusted: Some(trusted),
            ..self
        }
    }

    /// Signs a person in.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused with wrong credentials, locked out, an account that is active elsewhere, a
    /// workstation that is not enabled.
    pub async fn sign_in(&self, request: &SessionRequest) -> Result<SessionGrant, ServerError> {
        self.json(self.request(Method::POST, "/v1/sessions").json(request))
            .await
    }

    /// Asks for an account that is active elsewhere, or how it stands.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the ticket is not of this workstation, or it is over.
    pub async fn ask_for_account(&self, ask: &AccountAsk) -> Result<AskState, ServerError> {
        self.json(self.request(Method::POST, "/v1/sessions/asked").json(ask))
            .await
    }

    /// Answers the workstation that asks for the account of this session.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when nobody asks, or the session has ended.
    pub async fn answer_ask(&self, token: &SecretString, answer: AskAnswer) -> Result<(), ServerError> {
        let request = self.request(Method::POST, "/v1/sessions/current/asked");
        self.body(request.bearer_auth(token.expose_secret()).json(&answer))
            .await
            .map(drop)
    }

    /// Changes the purpose of the session.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the purpose needs a protocol number, or the session has ended.
    pub async fn change_purpose(&self, token: &SecretString, stated: &Stated) -> Result<(), ServerError> {
        let request = self.request(Method::POST, "/v1/sessions/current/purpose");
        self.body(request.bearer_auth(token.expose_secret()).json(stated))
            .await
            .map(drop)
    }

    /// Chooses another password.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused with wrong credentials, or a new password that is not taken.
    pub async fn choose_password(&self, request: &PasswordChange) -> Result<(), ServerError> {
        self.body(self.request(Method::POST, "/v1/password").json(request))
            .await
            .map(drop)
    }

    /// Confirms by password that the person of the session is at the workstation.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused with a wrong password, locked out, or when the session has ended.
    pub async fn prove(&self, token: &SecretString, proof: &PasswordConfirmation) -> Result<(), ServerError> {
        let request = self.request(Method::POST, "/v1/sessions/current/proof");
        self.body(request.bearer_auth(token.expose_secret()).json(proof))
            .await
            .map(drop)
    }

    /// Every account, for the periodic check.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not read accounts, or the session has ended.
    pub async fn people(&self, token: &SecretString) -> Result<Vec<AccountView>, ServerError> {
        let request = self.request(Method::GET, "/v1/people");
        self.json(request.bearer_auth(token.expose_secret())).await
    }

    /// Changes an account.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not administer that account, there is none, or the session
    /// has ended.
    pub async fn change_account(
        &self,
        token: &SecretString,
        user: &AccountName,
        change: &AccountChange,
    ) -> Result<AccountAnswer, ServerError> {
        let request = self.request(Method::POST, &format!("/v1/people/{user}"));
        self.json(request.bearer_auth(token.expose_secret()).json(change)).await
    }

    /// Sessions running now.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not read accounts, or the session has ended.
    pub async fn sessions(&self, token: &SecretString) -> Result<Vec<SessionView>, ServerError> {
        let request = self.request(Method::GET, "/v1/sessions");
        self.json(request.bearer_auth(token.expose_secret())).await
    }

    /// Ends somebody's session.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not, the account has no session, or this one has ended.
    pub async fn end_session(
        &self,
        token: &SecretString,
        user: &AccountName,
        because: &Because,
    ) -> Result<(), ServerError> {
        let request = self.request(Method::DELETE, &format!("/v1/people/{user}/sessions"));
        let request = request.bearer_auth(token.expose_secret()).json(because);
        self.body(request).await.map(drop)
    }

    /// The enrolled workstations.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not read workstations, or the session has ended.
    pub async fn workstations(&self, token: &SecretString) -> Result<Vec<StationView>, ServerError> {
        let request = self.request(Method::GET, "/v1/workstations");
        self.json(request.bearer_auth(token.expose_secret())).await
    }

    /// What is wrong with the server and what is worth knowing.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level does not keep the server, or the session has ended.
    pub async fn findings(&self, token: &SecretString) -> Result<Vec<Finding>, ServerError> {
        let request = self.request(Method::GET, "/v1/doctor");
        self.json(request.bearer_auth(token.expose_secret())).await
    }

    /// Creates a code that enrols one workstation.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not enrol, the name is taken, or the session has ended.
    pub async fn enrolment_code(&self, token: &SecretString, new: &NewCode) -> Result<EnrolmentCode, ServerError> {
        let request = self.request(Method::POST, "/v1/workstations/codes");
        self.json(request.bearer_auth(token.expose_secret()).json(new)).await
    }

    /// Revokes a workstation.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not, it is this very workstation, there is none of that name,
    /// or the session has ended.
    pub async fn revoke_workstation(
        &self,
        token: &SecretString,
        station: &StationId,
        because: &Because,
    ) -> Result<(), ServerError> {
        let request = self.request(Method::DELETE, &format!("/v1/workstations/{station}"));
        let request = request.bearer_auth(token.expose_secret()).json(because);
        self.body(request).await.map(drop)
    }

    /// A certificate for a new key of this workstation.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the workstation was revoked, or the key is none.
    pub async fn renew(&self, public_key: String) -> Result<Certified, ServerError> {
        let path = format!("/v1/stations/{}/certificate", self.station);
        self.json(self.request(Method::POST, &path).json(&Renewal { public_key }))
            .await
    }

    /// Uses another certificate for calls from now on.
    ///
    /// # Errors
    /// [`BadCertificates`]: the certificate of before stays in use.
    pub fn use_certificate(&self, access: ServerAccess<'_>) -> Result<(), BadCertificates> {
        let client = client(access)?;
        *self.http.write().unwrap_or_else(PoisonError::into_inner) = client;
        Ok(())
    }

    /// Ends the token's session.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the session has ended already.
    pub async fn sign_out(&self, token: &SecretString) -> Result<(), ServerError> {
        let request = self.request(Method::DELETE, "/v1/sessions/current");
        self.body(request.bearer_auth(token.expose_secret())).await.map(drop)
    }

    /// The site plan, not yet verified.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the session has ended.
    pub async fn plan(&self, token: &SecretString) -> Result<SignedPlan, ServerError> {
        self.json(self.request(Method::GET, "/v1/plan").bearer_auth(token.expose_secret()))
            .await
    }

    /// A camera's account.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when a rule or the grants keep the account back, the camera is not known, or the
    /// session has ended.
    pub async fn credential(
        &self,
        token: &SecretString,
        camera: &CameraId,
        need: CredentialNeed,
    ) -> Result<CameraCredential, ServerError> {
        let request = self.request(Method::POST, &format!("/v1/cameras/{camera}/credentials"));
        self.json(
            request
                .bearer_auth(token.expose_secret())
                .json(&CredentialRequest { need }),
        )
        .await
    }

    /// Takes, renews, releases or passes on the lease of a dome, as `what` says.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when somebody else has the lease or takes it over, the level is too low, there
    /// is no such lease or request, or the session has ended.
    pub async fn lease(
        &self,
        token: &SecretString,
        camera: &CameraId,
        what: &LeaseRequest,
    ) -> Result<LeaseState, ServerError> {
        let request = self.request(Method::POST, &format!("/v1/cameras/{camera}/hold"));
        self.json(request.bearer_auth(token.expose_secret()).json(what)).await
    }

    /// The state in force after revision `after`: plan version, declared events, leases, clearances. Long poll: the server
    /// answers within a second, at once when something changed.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the session has ended.
    pub async fn policy(&self, token: &SecretString, after: u64) -> Result<PolicyState, ServerError> {
        let request = self.request(Method::GET, &format!("/v1/policy?after={after}"));
        self.json(request.bearer_auth(token.expose_secret())).await
    }

    /// Asks whether pictures of a school camera may be seen.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused during school hours, without the grant, or when the session has ended.
    pub async fn permit(
        &self,
        token: &SecretString,
        camera: &CameraId,
        ask: &PermitRequest,
    ) -> Result<(), ServerError> {
        let request = self.request(Method::POST, &format!("/v1/cameras/{camera}/permit"));
        let request = request.bearer_auth(token.expose_secret()).json(ask);
        self.body(request).await.map(drop)
    }

    /// Declares an event.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused without the grant, when the declaration makes no sense, or when the session has
    /// ended.
    pub async fn declare(
        &self,
        token: &SecretString,
        camera: &CameraId,
        what: &Declaration,
    ) -> Result<DeclaredState, ServerError> {
        let request = self.request(Method::POST, &format!("/v1/cameras/{camera}/declared"));
        self.json(request.bearer_auth(token.expose_secret()).json(what)).await
    }

    /// Ends a declared event before its time.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when there is no such event, without the grant, or when the session has ended.
    pub async fn end_declared(&self, token: &SecretString, id: u64) -> Result<(), ServerError> {
        let request = self.request(Method::DELETE, &format!("/v1/declared/{id}"));
        self.body(request.bearer_auth(token.expose_secret())).await.map(drop)
    }

    /// Proposes a mask.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused without the grant, when the mask makes no sense, or when the session has ended.
    pub async fn propose_mask(
        &self,
        token: &SecretString,
        camera: &CameraId,
        proposal: &MaskProposal,
    ) -> Result<ProposedMask, ServerError> {
        let request = self.request(Method::POST, &format!("/v1/cameras/{camera}/masks"));
        self.json(request.bearer_auth(token.expose_secret()).json(proposal))
            .await
    }

    /// The changes of masks that wait for a supervisor.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the session has ended.
    pub async fn proposals(&self, token: &SecretString) -> Result<Vec<ProposedMask>, ServerError> {
        let request = self.request(Method::GET, "/v1/proposals");
        self.json(request.bearer_auth(token.expose_secret())).await
    }

    /// Approves or declines a change of masks.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when there is none, a rule wants another person, or the session has ended.
    pub async fn decide_proposal(&self, token: &SecretString, id: u64, verdict: Verdict) -> Result<(), ServerError> {
        let request = self.request(Method::POST, &format!("/v1/proposals/{id}"));
        let request = request.bearer_auth(token.expose_secret()).json(&verdict);
        self.body(request).await.map(drop)
    }

    /// Every camera of the controllers whose cameras this person administers.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not administer cameras, or the session has ended.
    pub async fn cameras(&self, token: &SecretString) -> Result<Vec<CameraView>, ServerError> {
        let request = self.request(Method::GET, "/v1/cameras");
        self.json(request.bearer_auth(token.expose_secret())).await
    }

    /// Adds a camera or changes one.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not, the plan would make no sense, or the session has ended.
    pub async fn put_camera(&self, token: &SecretString, put: &PutCamera) -> Result<Changed, ServerError> {
        let request = self.request(Method::POST, "/v1/cameras");
        self.json(request.bearer_auth(token.expose_secret()).json(put)).await
    }

    /// Takes a camera out of the plan.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not, the camera is not in the plan, or the session has ended.
    pub async fn remove_camera(
        &self,
        token: &SecretString,
        camera: &CameraId,
        removal: &Removal,
    ) -> Result<Changed, ServerError> {
        let request = self.request(Method::POST, &format!("/v1/cameras/{camera}/removal"));
        self.json(request.bearer_auth(token.expose_secret()).json(removal))
            .await
    }

    /// Changes of the plan that wait for a second person.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the level may not administer cameras, or the session has ended.
    pub async fn site_proposals(&self, token: &SecretString) -> Result<Vec<SiteProposal>, ServerError> {
        let request = self.request(Method::GET, "/v1/site/proposals");
        self.json(request.bearer_auth(token.expose_secret())).await
    }

    /// Approves, declines or withdraws a change of the plan.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when there is none, a rule wants another person, the plan changed meanwhile, or
    /// the session has ended.
    pub async fn decide_site(&self, token: &SecretString, id: u64, verdict: Verdict) -> Result<(), ServerError> {
        let request = self.request(Method::POST, &format!("/v1/site/proposals/{id}"));
        let request = request.bearer_auth(token.expose_secret()).json(&verdict);
        self.body(request).await.map(drop)
    }

    /// Asks for a clearance.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused without the grants, when the wish makes no sense, or when the session has ended.
    pub async fn request_clearance(&self, token: &SecretString, wish: &Wish) -> Result<ClearanceState, ServerError> {
        let request = self.request(Method::POST, "/v1/clearances");
        self.json(request.bearer_auth(token.expose_secret()).json(wish)).await
    }

    /// Opens the recent past at once.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused without the grants, when the wish makes no sense or reaches too far back, or when
    /// the session has ended.
    pub async fn open_at_once(&self, token: &SecretString, wish: &Wish) -> Result<ClearanceState, ServerError> {
        let request = self.request(Method::POST, "/v1/recordings/at-once");
        self.json(request.bearer_auth(token.expose_secret()).json(wish)).await
    }

    /// A supervisor's answer to recordings that were opened at once.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when there is none, it is the person's own, the level may not, or the session
    /// has ended.
    pub async fn ratify_clearance(
        &self,
        token: &SecretString,
        id: u64,
        ratification: &Ratification,
    ) -> Result<ClearanceState, ServerError> {
        let request = self.request(Method::POST, &format!("/v1/clearances/{id}/ratification"));
        self.json(request.bearer_auth(token.expose_secret()).json(ratification))
            .await
    }

    /// A supervisor's answer to a request for clearance.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when there is none, it is the person's own, the level may not, or the session
    /// has ended.
    pub async fn answer_clearance(
        &self,
        token: &SecretString,
        id: u64,
        verdict: &clearance::Verdict,
    ) -> Result<ClearanceState, ServerError> {
        let request = self.request(Method::POST, &format!("/v1/clearances/{id}"));
        self.json(request.bearer_auth(token.expose_secret()).json(verdict))
            .await
    }

    /// A supervisor's withdrawal of a clearance that is in force.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when there is none, it is not in force, the level may not, or the session has
    /// ended.
    pub async fn withdraw_clearance(
        &self,
        token: &SecretString,
        id: u64,
        withdrawal: &Withdrawal,
    ) -> Result<ClearanceState, ServerError> {
        let request = self.request(Method::POST, &format!("/v1/clearances/{id}/withdrawal"));
        self.json(request.bearer_auth(token.expose_secret()).json(withdrawal))
            .await
    }

    /// Sends a batch of events.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused on a gap, on another event of the same number, or when the batch is too large.
    pub async fn post_events(&self, batch: &EventBatch, pinned: Option<&str>) -> Result<BatchReceipt, ServerError> {
        // A server of before takes the first checkpoint for that of the batch's log.
        let mut request = self.bare(Method::POST, &format!("/v1/stations/{}/events", self.station));
        if let Some(note) = pinned {
            request = request.header(PINNED, BASE64.encode(note));
        }
        self.json(request.json(batch)).await
    }

    /// The heads of this workstation's chains on the server.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the workstation is not enabled.
    pub async fn heads(&self) -> Result<Vec<StationHead>, ServerError> {
        self.json(self.request(Method::GET, &format!("/v1/stations/{}/heads", self.station)))
            .await
    }

    /// The newest checkpoint, a signed note, not yet verified.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when there is no such log.
    pub async fn checkpoint(&self, log: &ControllerId) -> Result<String, ServerError> {
        let bytes = self
            .body(self.request(Method::GET, &format!("/v1/logs/{log}/checkpoint")))
            .await?;
        String::from_utf8(bytes).map_err(|error| unintelligible(StatusCode::OK, &error))
    }

    /// Inclusion proof (RFC 9162 §2.1.3) of the leaf at `index` in the tree of `size`, not yet verified.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when there is no such log, or no such tree is signed yet.
    pub async fn inclusion(&self, log: &ControllerId, index: u64, size: u64) -> Result<Vec<Hash>, ServerError> {
        let path = format!("/v1/logs/{log}/inclusion?index={index}&size={size}");
        let proof: InclusionProof = self.json(self.request(Method::GET, &path)).await?;
        hashes(&proof.path)
    }

    /// Proof of the entry that this workstation has at `seq`, not yet verified.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when the log has no such entry, or it is not signed yet.
    pub async fn proof(&self, log: &ControllerId, seq: u64) -> Result<EventProof, ServerError> {
        let path = format!("/v1/stations/{}/proof?log={log}&seq={seq}", self.station);
        self.json(self.request(Method::GET, &path)).await
    }

    /// Consistency proof (RFC 9162 §2.1.4) between the trees of `from` and `to`, not yet verified.
    ///
    /// # Errors
    /// [`ServerError`], as every call; refused when there is no such log, or no such trees are signed yet.
    pub async fn consistency(&self, log: &ControllerId, from: u64, to: u64) -> Result<Vec<Hash>, ServerError> {
        let path = format!("/v1/logs/{log}/consistency?from={from}&to={to}");
        let proof: ConsistencyProof = self.json(self.request(Method::GET, &path)).await?;
        hashes(&proof.path)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.bare(method, path);
        for note in self
            .trusted
            .iter()
            .flat_map(|trusted| trusted.shown())
            .take(MOST_PINNED)
        {
            request = request.header(PINNED, BASE64.encode(note));
        }
        request
    }

    /// A call that shows no checkpoint.
    fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let http = self.http.read().unwrap_or_else(PoisonError::into_inner);
        http.request(method, format!("{}{path}", self.base))
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ServerError> {
        let bytes = self.body(request).await?;
        serde_json::from_slice(&bytes).map_err(|error| unintelligible(StatusCode::OK, &error))
    }

    async fn body(&self, request: RequestBuilder) -> Result<Vec<u8>, ServerError> {
        bounded(request, Some(&self.clock)).await
    }

    /// The server's clock, as its answers tell it.
    pub fn clock(&self) -> &ServerClock {
        &self.clock
    }
}

/// Over every call: the versions of the protocol that this program speaks.
fn spoken() -> HeaderMap {
    let said = HeaderValue::try_from(SPOKEN.to_string()).ok();
    said.map(|said| (HeaderName::from_static(HEADER), said))
        .into_iter()
        .collect()
}

/// A client of a machine that is no workstation yet.
fn stranger(trust: Option<&[u8]>) -> Result<reqwest::Client, ServerError> {
    let builder = reqwest::Client::builder()
        .tls_backend_rustls()
        .default_headers(spoken())
        .https_only(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(TOTAL);
    let builder = match trust {
        Some(authority) => builder.tls_certs_only(Certificate::from_pem_bundle(authority).map_err(away)?),
        None => builder.tls_danger_accept_invalid_certs(true),
    };
    builder.build().map_err(away)
}

/// The certificate of the authority of whatever server answers there, PEM. It proves nothing by itself: the caller
/// compares its fingerprint with the one in the code, and nothing else is said on this connection.
///
/// # Errors
/// [`ServerError::Away`] without an answer in time, [`ServerError::Unintelligible`] for one that is no text,
/// [`ServerError::Refused`] when the server cannot read its own file.
pub async fn fetch_authority(server: &str) -> Result<String, ServerError> {
    let request = stranger(None)?.get(format!("{server}/v1/authority"));
    String::from_utf8(bounded(request, None).await?).map_err(|error| unintelligible(StatusCode::OK, &error))
}

/// Shows the code and the new key to the server that this authority vouches for.
///
/// # Errors
/// [`ServerError`], as every call; refused when the code is not good, or the key is none.
pub async fn enrol(server: &str, authority: &[u8], ask: &Enrol) -> Result<Certified, ServerError> {
    let request = stranger(Some(authority))?.post(format!("{server}/v1/enrolments"));
    let bytes = bounded(request.json(ask), None).await?;
    serde_json::from_slice(&bytes).map_err(|error| unintelligible(StatusCode::OK, &error))
}

/// A client that shows the enrolment's certificate and trusts its authority only.
fn client(access: ServerAccess<'_>) -> Result<reqwest::Client, BadCertificates> {
    Ok(reqwest::Client::builder()
        .tls_backend_rustls()
        .tls_certs_only(Certificate::from_pem_bundle(access.ca)?)
        .identity(Identity::from_pem(access.identity.expose_secret().as_bytes())?)
        .default_headers(spoken())
        .https_only(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .build()?)
}

fn hashes(texts: &[String]) -> Result<Vec<Hash>, ServerError> {
    texts
        .iter()
        .map(|text| text.parse().map_err(|error| unintelligible(StatusCode::OK, &error)))
        .collect()
}

#[cfg(test)]
mod tests;
