//! Making this machine a workstation, and renewing its certificate: the key is made here and never leaves.
//!
//! A new machine is given an address and a code. The code carries the fingerprint of the server's authority: the first
//! contact only fetches that certificate and compares it; the code itself is shown to a server proven by it.
//! Invariant: what was enrolled or renewed is stored whole before it is used. Deliberately absent: asking a person (`gui`).

use super::config::{FACTS, SecretsError, StationConfig, StationError};
use super::enrolment::{Enrolment, StationToml, text};
use super::secrets::Vault;
use crate::domain::enrolment_code::EnrolmentCode;
use crate::protocol::{Certified, Enrol};
use crate::station::record::outbox::{create_private_dir, replace_file};
use crate::station::record::server_client::{ServerClient, ServerError, enrol, fetch_authority};
use crate::station::refusal::Refusal;
use rcgen::KeyPair;
use secrecy::SecretString;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked whether the certificate is to be renewed.
const LOOK: Duration = Duration::from_secs(3600);

/// Why a machine was not enrolled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EnrolError {
    #[error("that is no code")]
    NotACode,
    #[error("the server does not answer: {detail}")]
    Unreachable { detail: String },
    /// Most likely this machine's clock is wrong.
    #[error("the server cannot be believed: {detail}")]
    CertificateNotInTime { detail: String },
    /// The authority is not the one of the code: perhaps somebody between.
    #[error("another server answers")]
    AnotherServer,
    #[error("the code is used, expired or unknown")]
    CodeRefused,
    /// Something else is refused, or the answer is not understood.
    #[error(transparent)]
    Refused(Refusal),
    /// No place for this machine's key. Found out before the code is spent.
    #[error(transparent)]
    NoSecrets(#[from] SecretsError),
    #[error("the enrolment cannot be stored: {detail}")]
    NotKept { detail: String },
}

impl From<ServerError> for EnrolError {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Away { .. } => Self::Unreachable {
                detail: error.to_string(),
            },
            ServerError::CertificateNotInTime { detail } => Self::CertificateNotInTime { detail },
            other => Self::Refused(other.into()),
        }
    }
}

fn not_stored(error: impl std::fmt::Display) -> EnrolError {
    EnrolError::NotKept {
        detail: error.to_string(),
    }
}

/// Makes this machine a workstation.
///
/// # Errors
/// [`EnrolError`]; nothing is left behind.
pub async fn enrol_machine(config: StationConfig, address: &str, code: &str) -> Result<(), EnrolError> {
    let done = enrol_with(config, address, code).await;
    if let Err(error) = &done {
        tracing::warn!(%error, "this machine was not enrolled");
    }
    done
}

async fn enrol_with(config: StationConfig, address: &str, code: &str) -> Result<(), EnrolError> {
    let read = EnrolmentCode::read(code).ok_or(EnrolError::NotACode)?;
    let secrets = config.secrets;
    let tried = tokio::task::spawn_blocking(move || Vault::try_out(secrets)).await;
    tried.map_err(not_stored)??;
    let server = server_address(address);
    let authority = fetch_authority(&server).await?;
    if !read.is_of(authority.as_bytes()) {
        return Err(EnrolError::AnotherServer);
    }
    let key = KeyPair::generate().map_err(not_stored)?;
    let ask = Enrol {
        code: read.to_string().into(),
        public_key: hex::encode(key.public_key_raw()),
    };
    let certified = match enrol(&server, authority.as_bytes(), &ask).await {
        Ok(certified) => certified,
        Err(error) if error.is_unknown_station() => return Err(EnrolError::CodeRefused),
        Err(error) => return Err(error.into()),
    };
    let stored = tokio::task::spawn_blocking(move || store(&config, &server, &authority, &key, &certified)).await;
    stored.map_err(not_stored)?.map_err(not_stored)
}

/// As typed: `server`, `server:8443` or the whole address.
fn server_address(typed: &str) -> String {
    let typed = typed.trim().trim_end_matches('/');
    if typed.starts_with("https://") {
        return typed.to_owned();
    }
    format!("https://{typed}")
}

fn identity(certified: &Certified, key: &KeyPair) -> SecretString {
    let key = zeroize::Zeroizing::new(key.serialize_pem());
    format!("{}\n{}", certified.certificate, *key).into()
}

fn store(
    config: &StationConfig,
    server: &str,
    authority: &str,
    key: &KeyPair,
    certified: &Certified,
) -> Result<(), StationError> {
    let folder = &config.enrolment;
    let failed = |source: std::io::Error| StationError::NotEnrolled {
        path: folder.clone(),
        source: Some(source),
    };
    create_private_dir(folder).map_err(failed)?;
    Vault::open(config.secrets, &certified.station, &config.data)?.store_identity(&identity(certified, key))?;
    replace_file(&folder.join("ca.pem"), authority.as_bytes()).map_err(failed)?;
    replace_file(&folder.join("plan_key"), certified.plan_key.as_bytes()).map_err(failed)?;
    // Last: with it the folder is an enrolment.
    write_facts(
        folder,
        &StationToml {
            station: certified.station.clone(),
            server: server.to_owned(),
            plan_key: None,
            renew_after_ms: Some(certified.renew_after_ms),
        },
    )
    .map_err(failed)
}

fn write_facts(folder: &Path, facts: &StationToml) -> std::io::Result<()> {
    let facts = toml::to_string(facts).map_err(std::io::Error::other)?;
    replace_file(&folder.join(FACTS), facts.as_bytes())
}

/// Renews the workstation's certificate after `renew_after_ms` (Unix ms) and again in time, until `stop` becomes true or its
/// sender is gone. A renewal under way is finished first.
pub async fn renew_in_time(
    server: ServerClient,
    config: StationConfig,
    mut renew_after_ms: i64,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        if jiff::Timestamp::now().as_millisecond() >= renew_after_ms {
            match renew(&server, config.clone()).await {
                Ok(next) => renew_after_ms = next,
                Err(error) => tracing::warn!(%error, "the certificate could not be renewed; another try follows"),
            }
        }
        let stopped = stop.wait_for(|stop| *stop);
        if tokio::time::timeout(LOOK, stopped).await.is_ok() {
            return;
        }
    }
}

/// Why a certificate was not renewed.
#[derive(Debug, thiserror::Error)]
enum RenewError {
    #[error("the server: {0}")]
    Server(#[from] ServerError),
    #[error("it cannot be stored: {0}")]
    NotKept(#[from] StationError),
    #[error("a key cannot be made or stored: {0}")]
    Key(String),
}

/// Asks for a certificate for a new key, stores both, and uses them for calls from now on. Returns when to renew again, Unix ms.
///
/// # Errors
/// [`RenewError`]: the certificate of before stays in use.
async fn renew(server: &ServerClient, config: StationConfig) -> Result<i64, RenewError> {
    let key = KeyPair::generate().map_err(|error| RenewError::Key(error.to_string()))?;
    let certified = server.renew(hex::encode(key.public_key_raw())).await?;
    let next = certified.renew_after_ms;
    let replaced = tokio::task::spawn_blocking(move || replace(&config, &certified, &key)).await;
    let enrolment = replaced.map_err(|error| RenewError::Key(error.to_string()))??;
    let used = server.use_certificate(enrolment.access());
    used.map_err(|error| RenewError::Key(error.to_string()))?;
    Ok(next)
}

fn replace(config: &StationConfig, certified: &Certified, key: &KeyPair) -> Result<Enrolment, StationError> {
    let folder = &config.enrolment;
    let path = folder.join(FACTS);
    let failed = |source: std::io::Error| StationError::NotEnrolled {
        path: path.clone(),
        source: Some(source),
    };
    let mut facts: StationToml = toml::from_str(&text(&path)?).map_err(|error| failed(std::io::Error::other(error)))?;
    Vault::open(config.secrets, &facts.station, &config.data)?.store_identity(&identity(certified, key))?;
    facts.renew_after_ms = Some(certified.renew_after_ms);
    write_facts(folder, &facts).map_err(failed)?;
    Enrolment::read(folder, config.secrets, &config.data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_it_is_said() {
        for typed in ["https://audit.comune:8443/", " audit.comune:8443 ", "audit.comune:8443"] {
            assert_eq!(server_address(typed), "https://audit.comune:8443");
        }
    }
}
