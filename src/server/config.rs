//! The data directory: where each thing lies, and the settings beside it.
//!
//! Invariant: the signer's state lies outside the database, so a restored database cannot bring an old state with it.
//! Deliberately absent: secrets in the settings.

use super::error::ServerError;
use crate::domain::camera::{ControllerId, StationId};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A server's data directory.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// Names a data directory; nothing is touched.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn database(&self) -> PathBuf {
        self.0.join("audit.db")
    }

    pub fn settings(&self) -> PathBuf {
        self.0.join("server.toml")
    }

    pub fn ca_cert(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    pub fn ca_key(&self) -> PathBuf {
        self.0.join("keys/ca.key")
    }

    pub fn server_cert(&self) -> PathBuf {
        self.0.join("server.pem")
    }

    pub fn server_key(&self) -> PathBuf {
        self.0.join("keys/server.key")
    }

    /// Signing key of a controller's log.
    pub fn log_key(&self, controller: &ControllerId) -> PathBuf {
        self.0.join(format!("keys/log-{controller}.key"))
    }

    pub fn plan_key(&self) -> PathBuf {
        self.0.join("keys/plan.key")
    }

    /// Key that seals the camera accounts kept in the database.
    pub fn vault_key(&self) -> PathBuf {
        self.0.join("keys/vault.key")
    }

    /// The signer's compare-and-set state of a controller's log.
    pub fn signer_state(&self, controller: &ControllerId) -> PathBuf {
        self.0.join(format!("signer/{controller}.json"))
    }

    /// Enrolment of a workstation.
    pub fn station(&self, station: &StationId) -> PathBuf {
        self.0.join("stations").join(station.as_str())
    }

    /// Address of the running server, one line.
    pub fn address(&self) -> PathBuf {
        self.0.join("address")
    }

    /// Makes the directory and its parts, readable by this account only.
    ///
    /// # Errors
    /// [`ServerError::File`].
    pub fn create(&self) -> Result<(), ServerError> {
        for part in ["", "keys", "signer", "stations"] {
            let path = self.0.join(part);
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .map_err(|source| ServerError::File { path, source })?;
        }
        Ok(())
    }

    /// Takes the lock that one server at a time may hold.
    ///
    /// # Errors
    /// [`ServerError::AlreadyRunning`] when another process has it.
    pub fn lock(&self) -> Result<File, ServerError> {
        let path = self.0.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| ServerError::File { path, source })?;
        file.try_lock().map_err(|_| ServerError::AlreadyRunning)?;
        Ok(file)
    }
}

/// Settings of the server, `server.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Personal sessions end by themselves after this many hours.
    pub session_hours: u32,
    /// Seconds until a dome that its holder no longer renews is free.
    pub hold_seconds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            session_hours: 12,
            hold_seconds: 30,
        }
    }
}

impl Settings {
    /// Reads the settings; an absent file means the defaults.
    ///
    /// # Errors
    /// The file cannot be read or has something unknown in it.
    pub fn load(data: &DataDir) -> Result<Self, ServerError> {
        let path = data.settings();
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| ServerError::Config {
                path,
                detail: error.to_string(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ServerError::File { path, source }),
        }
    }
}

/// Reads a text file, naming it when it cannot be read.
///
/// # Errors
/// [`ServerError::File`].
pub fn read_text(path: &Path) -> Result<String, ServerError> {
    fs::read_to_string(path).map_err(|source| ServerError::File {
        path: path.to_owned(),
        source,
    })
}

/// Writes a file durably and whole: beside it first, then renamed over it, then the directory is synced.
///
/// # Errors
/// [`ServerError::File`].
pub fn write_whole(path: &Path, content: &[u8], mode: u32) -> Result<(), ServerError> {
    let attempt = || {
        let beside = path.with_extension("new");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(mode)
            .open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        match path.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    };
    attempt().map_err(|source| ServerError::File {
        path: path.to_owned(),
        source,
    })
}
