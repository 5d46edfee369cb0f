//! The commands on people, workstations, sessions, cameras and the site plan: each signs in as somebody, asks the running server, signs out.
//!
//! Invariant: no way past the server: who may is decided there, and everything is an event like any other; a secret comes
//! back once, to who asked. Deliberately absent: words on the terminal (`vedetta-audit`).

mod site;

use super::config::{DataDir, read_text};
use super::error::ServerError;
use super::log_read::{ask, client, remote, send};
use crate::domain::camera::StationId;
use crate::domain::people::Purpose;
use crate::domain::people::account::AccountName;
use crate::domain::reason::Reason;
use crate::protocol::{
    AccountAnswer, AccountChange, AccountView, Because, EnrolmentCode, NewAccount, NewCode, PasswordChange,
    RefusalKind, SessionGrant, SessionView, SignIn, StationView,
};
use crate::server::causes::causes;
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};

/// Who gives a command.
pub struct Claim {
    pub user: String,
    pub password: SecretString,
    pub code: Option<SecretString>,
}

/// Somebody signed in at the console.
pub struct AdminClient {
    client: Client,
    base: String,
    token: SecretString,
}

/// A name as it goes into a path.
fn name(user: &str) -> Result<AccountName, ServerError> {
    AccountName::read(user).ok_or(ServerError::Refused(RefusalKind::NotFound))
}

/// With the reason, when there is one.
fn because(request: RequestBuilder, reason: Option<Reason>) -> RequestBuilder {
    match reason {
        Some(reason) => request.json(&Because { reason }),
        None => request,
    }
}

impl AdminClient {
    /// Signs in.
    ///
    /// # Errors
    /// The server does not answer, or refuses.
    pub async fn open(data: &DataDir, claim: Claim) -> Result<Self, ServerError> {
        let base = read_text(&data.address())?.trim().to_owned();
        let client = client(data)?;
        let sign_in = SignIn {
            user: claim.user,
            password: claim.password,
            code: claim.code,
            purpose: Purpose::Maintenance,
        };
        let grant: SessionGrant = ask(client.post(format!("{base}/v1/sessions")).json(&sign_in)).await?;
        Ok(Self {
            client,
            base,
            token: grant.token,
        })
    }

    /// Signs out.
    pub async fn close(self) {
        let ended = send(self.of(self.client.delete(self.url("/v1/sessions/current")))).await;
        if let Err(error) = ended {
            tracing::warn!(error = %causes(&error), "the session was not ended");
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn of(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.token.expose_secret())
    }

    /// Every account.
    ///
    /// # Errors
    /// As every command here: the server does not answer, or refuses.
    pub async fn people(&self) -> Result<Vec<AccountView>, ServerError> {
        ask(self.of(self.client.get(self.url("/v1/people")))).await
    }

    /// A new account.
    ///
    /// # Errors
    /// As [`Self::people`].
    pub async fn add(&self, new: &NewAccount) -> Result<AccountAnswer, ServerError> {
        ask(self.of(self.client.post(self.url("/v1/people"))).json(new)).await
    }

    /// Changes an account.
    ///
    /// # Errors
    /// As [`Self::people`].
    pub async fn change(&self, user: &str, change: &AccountChange) -> Result<AccountAnswer, ServerError> {
        let url = self.url(&format!("/v1/people/{}", name(user)?));
        ask(self.of(self.client.post(url)).json(change)).await
    }

    /// Sessions running now.
    ///
    /// # Errors
    /// As [`Self::people`].
    pub async fn sessions(&self) -> Result<Vec<SessionView>, ServerError> {
        ask(self.of(self.client.get(self.url("/v1/sessions")))).await
    }

    /// Ends somebody's session.
    ///
    /// # Errors
    /// As [`Self::people`].
    pub async fn end(&self, user: &str, reason: Option<Reason>) -> Result<(), ServerError> {
        let url = self.url(&format!("/v1/people/{}/sessions", name(user)?));
        send(because(self.of(self.client.delete(url)), reason)).await.map(drop)
    }

    /// Every workstation.
    ///
    /// # Errors
    /// As [`Self::people`].
    pub async fn workstations(&self) -> Result<Vec<StationView>, ServerError> {
        ask(self.of(self.client.get(self.url("/v1/workstations")))).await
    }

    /// A code for one more workstation.
    ///
    /// # Errors
    /// As [`Self::people`].
    pub async fn code(&self, new: &NewCode) -> Result<EnrolmentCode, ServerError> {
        ask(self.of(self.client.post(self.url("/v1/workstations/codes"))).json(new)).await
    }

    /// Revokes a workstation.
    ///
    /// # Errors
    /// As [`Self::people`].
    pub async fn revoke(&self, station: &StationId, reason: Option<Reason>) -> Result<(), ServerError> {
        let url = self.url(&format!("/v1/workstations/{station}"));
        send(because(self.of(self.client.delete(url)), reason)).await.map(drop)
    }
}

/// Chooses another password at the console.
///
/// # Errors
/// The server does not answer, or refuses.
pub async fn choose_password(data: &DataDir, claim: Claim, new_password: SecretString) -> Result<(), ServerError> {
    let base = read_text(&data.address()).map_err(remote)?;
    let change = PasswordChange {
        user: claim.user,
        password: claim.password,
        code: claim.code,
        new_password,
    };
    let url = format!("{}/v1/password", base.trim());
    send(client(data)?.post(url).json(&change)).await.map(drop)
}
