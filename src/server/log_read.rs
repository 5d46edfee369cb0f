//! `log read`: asks the running server for pages of the log or of a search, as the administrator, over the same door as
//! everybody.
//!
//! Invariant: no way past the server: signing in and reading are events like any other.
//! Deliberately absent: reading the database file.

use super::config::{DataDir, read_text};
use super::error::ServerError;
use super::setup::CONSOLE;
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::Purpose;
use crate::domain::version::protocol::{HEADER, SPOKEN};
use crate::protocol::{LogEntry, LogPage, Refusal, SessionGrant, SignIn};
use crate::server::causes::causes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// What to read.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose log; the workstation's own when none is named.
    pub controller: Option<ControllerId>,
    pub from: u64,
    /// Most entries.
    pub limit: u64,
    /// What to look for, as names and values of the search call; empty: everything, in the order of the log.
    pub filter: Vec<(&'static str, String)>,
}

pub(super) fn remote(error: impl std::fmt::Display) -> ServerError {
    ServerError::Remote(error.to_string())
}

pub(super) fn client(data: &DataDir) -> Result<Client, ServerError> {
    let console: StationId = CONSOLE.parse().map_err(remote)?;
    let dir = data.station(&console);
    let identity = [read_text(&dir.join("cert.pem"))?, read_text(&dir.join("key.pem"))?].concat();
    let identity = reqwest::Identity::from_pem(identity.as_bytes()).map_err(remote)?;
    let ca = reqwest::Certificate::from_pem(read_text(&dir.join("ca.pem"))?.as_bytes()).map_err(remote)?;
    let said = HeaderValue::try_from(SPOKEN.to_string()).map_err(remote)?;
    let spoken = HeaderMap::from_iter([(HeaderName::from_static(HEADER), said)]);
    Client::builder()
        .tls_certs_only([ca])
        .identity(identity)
        .default_headers(spoken)
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(remote)
}

pub(super) async fn ask<T: serde::de::DeserializeOwned>(request: RequestBuilder) -> Result<T, ServerError> {
    send(request).await?.json().await.map_err(remote)
}

pub(super) async fn send(request: RequestBuilder) -> Result<reqwest::Response, ServerError> {
    let response = request.send().await.map_err(remote)?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    match response.json::<Refusal>().await {
        Ok(refusal) => Err(ServerError::Refused(refusal.why)),
        Err(_) => Err(ServerError::Remote(format!("status {status}"))),
    }
}

/// Signs in, reads, signs out. Entries come in the order of the log, each handed to `each`.
///
/// # Errors
/// The server does not answer, or refuses.
pub async fn read(
    data: &DataDir,
    user: &str,
    password: SecretString,
    wanted: &Wanted,
    mut each: impl FnMut(&LogEntry),
) -> Result<u64, ServerError> {
    let address = read_text(&data.address())?;
    let base = address.trim();
    let client = client(data)?;
    let sign_in = SignIn {
        user: user.to_owned(),
        password,
        code: None,
        purpose: Purpose::Maintenance,
    };
    let grant: SessionGrant = ask(client.post(format!("{base}/v1/sessions")).json(&sign_in)).await?;
    let token = grant.token.expose_secret().to_owned();
    let controller = wanted.controller.clone().unwrap_or(grant.home);
    let outcome = if wanted.filter.is_empty() {
        pages(&client, base, &token, &controller, wanted, &mut each).await
    } else {
        found(&client, base, &token, &controller, wanted, &mut each).await
    };
    let end = client
        .delete(format!("{base}/v1/sessions/current"))
        .bearer_auth(&token)
        .send()
        .await;
    if let Err(error) = end {
        tracing::warn!(error = %causes(&error), "the session was not ended");
    }
    outcome
}

async fn pages(
    client: &Client,
    base: &str,
    token: &str,
    controller: &ControllerId,
    wanted: &Wanted,
    each: &mut impl FnMut(&LogEntry),
) -> Result<u64, ServerError> {
    let mut from = wanted.from;
    let mut count = 0;
    // Each page is an event of the log itself: what the reading adds is not read, or it would never end.
    let mut end = None;
    while count < wanted.limit && end.is_none_or(|end| from < end) {
        let limit = (wanted.limit - count).min(500);
        let url = format!("{base}/v1/logs/{controller}/entries?from={from}&limit={limit}");
        let page: LogPage = ask(client.get(url).bearer_auth(token)).await?;
        let end = *end.get_or_insert(page.size);
        let Some(last) = page.entries.last() else { break };
        from = last.index + 1;
        for entry in page.entries.iter().filter(|entry| entry.index < end) {
            each(entry);
            count += 1;
        }
    }
    Ok(count)
}

async fn found(
    client: &Client,
    base: &str,
    token: &str,
    controller: &ControllerId,
    wanted: &Wanted,
    each: &mut impl FnMut(&LogEntry),
) -> Result<u64, ServerError> {
    let url = format!("{base}/v1/logs/{controller}/search");
    let mut after: Option<String> = None;
    let mut count = 0;
    while count < wanted.limit {
        let limit = (wanted.limit - count).min(500).to_string();
        let mut url = reqwest::Url::parse(&url).map_err(remote)?;
        let mut query = url.query_pairs_mut();
        query.extend_pairs(&wanted.filter).append_pair("limit", &limit);
        if let Some(after) = &after {
            query.append_pair("after", after);
        }
        drop(query);
        let page: LogPage = ask(client.get(url).bearer_auth(token)).await?;
        page.entries.iter().for_each(&mut *each);
        count += page.entries.len() as u64;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(count)
}
