//! What makes this machine an enabled workstation (R-ACC-6): its name, the server, certificate, CA and the plan's key.
//!
//! Key and certificate lie in the folder (a folder that was carried here) or, made on this machine, in the vault.
//! Invariant: nothing is trusted that is not in the enrolment folder; every file is bounded before it is read.
//! Deliberately absent: making an enrolment (`enrol`, `vedetta-audit`).

use super::config::{FACTS, SecretsChoice, StationError};
use super::secrets::Vault;
use crate::domain::audit::note::VerifierKey;
use crate::domain::camera::StationId;
use crate::station::record::outbox::read_bounded;
use crate::station::record::server_client::ServerAccess;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const MAX_FILE: u64 = 64 * 1024;

/// A read enrolment.
pub struct Enrolment {
    pub station: StationId,
    /// `https://host:port`, without a slash at the end.
    pub server: String,
    /// Private key and certificate of this workstation, PEM.
    pub identity: SecretString,
    /// The only authority a server certificate may come from, PEM.
    pub ca: Vec<u8>,
    /// Key of the plan's signer.
    pub plan_key: VerifierKey,
    /// When the certificate is to be renewed, Unix ms; `None`: somebody else sees to it.
    pub renew_after_ms: Option<i64>,
}

/// `station.toml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StationToml {
    pub station: StationId,
    #[serde(default)]
    pub server: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew_after_ms: Option<i64>,
}

impl Enrolment {
    /// What calls to the server need of it.
    pub fn access(&self) -> ServerAccess<'_> {
        ServerAccess {
            station: &self.station,
            server: &self.server,
            identity: &self.identity,
            ca: &self.ca,
        }
    }

    /// Reads an enrolment folder, and what the vault has of it. Blocks.
    ///
    /// # Errors
    /// [`StationError::NotEnrolled`] names the file that is missing or wrong.
    pub fn read(folder: &Path, secrets: SecretsChoice, data: &Path) -> Result<Self, StationError> {
        let toml_path = folder.join(FACTS);
        let toml: StationToml = toml::from_str(&text(&toml_path)?).map_err(|error| wrong(&toml_path, error))?;
        let key_path = folder.join("plan_key");
        let plan_key = match toml.plan_key {
            Some(key) => key,
            None => text(&key_path)?,
        };
        let server = if toml.server.is_empty() {
            beside(folder)?
        } else {
            toml.server
        };
        let server = server.trim().trim_end_matches('/').to_owned();
        if !server.starts_with("https://") {
            return Err(wrong(&toml_path, "the server's address must begin with https://"));
        }
        let (cert_path, carried_key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let carried = cert_path.exists() || carried_key.exists();
        let renewed = if carried && toml.renew_after_ms.is_none() {
            None
        } else {
            Vault::open(secrets, &toml.station, data)?.identity()?
        };
        // What was renewed here replaces what was carried here.
        let identity = match renewed {
            Some(identity) => identity,
            None => {
                let (key, certificate) = (Zeroizing::new(text(&carried_key)?), text(&cert_path)?);
                format!("{certificate}\n{}", *key).into()
            }
        };
        Ok(Self {
            station: toml.station,
            server,
            identity,
            renew_after_ms: toml.renew_after_ms,
            ca: bytes(&folder.join("ca.pem"))?,
            plan_key: plan_key.trim().parse().map_err(|error| wrong(&key_path, error))?,
        })
    }
}

/// The address that a server on the same machine wrote beside its enrolments (the demo).
fn beside(folder: &Path) -> Result<String, StationError> {
    let own = folder.join("address");
    if own.exists() {
        text(&own)
    } else {
        text(&folder.join("../../address"))
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, StationError> {
    match read_bounded(path, MAX_FILE) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(missing(path, std::io::ErrorKind::NotFound.into())),
        Err(error) => Err(missing(path, error)),
    }
}

pub(super) fn text(path: &Path) -> Result<String, StationError> {
    String::from_utf8(bytes(path)?).map_err(|error| wrong(path, error))
}

fn missing(path: &Path, source: std::io::Error) -> StationError {
    StationError::NotEnrolled {
        path: PathBuf::from(path),
        source: Some(source),
    }
}

fn wrong(path: &Path, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StationError {
    missing(path, std::io::Error::new(std::io::ErrorKind::InvalidData, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::note::SignerKey;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let key = SignerKey::new("vedetta/plan", &[1; 32]).unwrap().verifier().to_string();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "station.toml",
            "station = \"sala-operativa\"\nserver = \"https://127.0.0.1:8443/\"\n",
        );
        write("plan_key", &format!("{key}\n"));
        write("cert.pem", "c");
        write("key.pem", "k");
        write("ca.pem", "a");
        folder
    }

    #[test]
    fn an_enrolment_is_read() {
        let folder = folder();
        let enrolment = Enrolment::read(folder.path(), SecretsChoice::ProtectedFile, folder.path()).unwrap();
        assert_eq!(enrolment.server, "https://127.0.0.1:8443");
        assert_eq!(enrolment.station.as_str(), "sala-operativa");
    }

    #[test]
    fn r_acc_6_whatever_is_missing_or_wrong_is_named() {
        for (name, content) in [
            ("station.toml", None),
            ("cert.pem", None),
            ("key.pem", None),
            ("ca.pem", None),
            ("plan_key", None),
            ("plan_key", Some("no key")),
            ("station.toml", Some("station = \"A B\"")),
            (
                "station.toml",
                Some("station = \"sala\"\nserver = \"http://127.0.0.1:1\""),
            ),
        ] {
            let folder = folder();
            let path = folder.path().join(name);
            match content {
                Some(content) => std::fs::write(&path, content).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            let refused = Enrolment::read(folder.path(), SecretsChoice::ProtectedFile, folder.path()).err();
            let named = match &refused {
                Some(StationError::NotEnrolled { path, source: Some(_) }) => path.file_name().and_then(|n| n.to_str()),
                _ => None,
            };
            assert_eq!(named, Some(name), "{content:?}: {refused:?}");
        }
    }
}
