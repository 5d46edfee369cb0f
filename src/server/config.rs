//! The data directory: where each thing lies, and the settings beside it.
//!
//! Invariant: the signer's state lies outside the database, so a restored database cannot bring an old state with it.
//! Deliberately absent: secrets in the settings.

use super::error::ServerError;
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::takeover::Unanswered;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A server's data directory, and the database when it is not in it.
#[derive(Clone)]
pub struct DataDir {
    path: PathBuf,
    postgres: Option<String>,
}

impl DataDir {
    /// Names a data directory; nothing is touched.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            postgres: None,
        }
    }

    /// With the log in a PostgreSQL database (`postgres://…`) instead of a file here. Several servers may then use one
    /// data directory: keys and the signer's state stay in it. Without a `url` the address that the first run kept beside
    /// them counts.
    pub fn with_postgres(mut self, url: Option<String>) -> Self {
        self.postgres = url.or_else(|| {
            let kept = fs::read_to_string(self.database_address()).ok()?;
            Some(kept.trim().to_owned()).filter(|kept| !kept.is_empty())
        });
        self
    }

    /// Address of the PostgreSQL database with which servers work, one line, readable by their account only: so no password
    /// stands on a command line or in a unit.
    pub fn database_address(&self) -> PathBuf {
        self.path.join("database")
    }

    /// Address of the PostgreSQL database, when there is one. It may hold a password.
    pub fn postgres(&self) -> Option<&str> {
        self.postgres.as_deref()
    }

    /// Nothing if a server was prepared here.
    ///
    /// # Errors
    /// [`ServerError::NotSetUp`]: nobody began; [`ServerError::Unfinished`]: who began did not come to the end.
    pub fn check_set_up(&self) -> Result<(), ServerError> {
        self.check_finished()?;
        if self.has_log() {
            Ok(())
        } else {
            Err(ServerError::NotSetUp)
        }
    }

    /// Nothing if a server can be prepared here.
    ///
    /// # Errors
    /// [`ServerError::AlreadySetUp`]: there is one; [`ServerError::Unfinished`]: there is a part of one.
    pub fn check_new(&self) -> Result<(), ServerError> {
        self.check_finished()?;
        if self.has_log() {
            Err(ServerError::AlreadySetUp)
        } else {
            Ok(())
        }
    }

    fn check_finished(&self) -> Result<(), ServerError> {
        if self.unfinished().exists() {
            let path = self.path.clone();
            return Err(ServerError::Unfinished { path });
        }
        Ok(())
    }

    fn has_log(&self) -> bool {
        match self.postgres {
            Some(_) => self.ca_cert().exists(),
            None => self.database().exists(),
        }
    }

    /// Lies here from the first to the last step of a preparation: one that broke off (a full disk, a database that went away) is
    /// neither served nor taken for a whole one.
    fn unfinished(&self) -> PathBuf {
        self.path.join("unfinished")
    }

    /// Begins a preparation; [`Self::finish`] ends it.
    ///
    /// # Errors
    /// [`ServerError::File`].
    pub fn begin(&self) -> Result<(), ServerError> {
        self.create()?;
        write_whole(&self.unfinished(), b"", 0o600)
    }

    /// Everything of a preparation is there.
    ///
    /// # Errors
    /// [`ServerError::File`].
    pub fn finish(&self) -> Result<(), ServerError> {
        let path = self.unfinished();
        fs::remove_file(&path).map_err(|source| ServerError::File { path, source })
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn database(&self) -> PathBuf {
        self.path.join("audit.db")
    }

    /// The embedded database as it was with this version of its schema, before it was moved on.
    pub fn database_copy(&self, version: i64) -> PathBuf {
        self.path.join(format!("audit.schema-{version}.db"))
    }

    pub fn settings(&self) -> PathBuf {
        self.path.join("server.toml")
    }

    pub fn ca_cert(&self) -> PathBuf {
        self.path.join("ca.pem")
    }

    pub fn ca_key(&self) -> PathBuf {
        self.path.join("keys/ca.key")
    }

    pub fn server_cert(&self) -> PathBuf {
        self.path.join("server.pem")
    }

    pub fn server_key(&self) -> PathBuf {
        self.path.join("keys/server.key")
    }

    /// Signing key of a controller's log.
    pub fn log_key(&self, controller: &ControllerId) -> PathBuf {
        self.path.join(format!("keys/log-{controller}.key"))
    }

    pub fn plan_key(&self) -> PathBuf {
        self.path.join("keys/plan.key")
    }

    /// Key that seals the camera accounts kept in the database.
    pub fn vault_key(&self) -> PathBuf {
        self.path.join("keys/vault.key")
    }

    /// The signer's compare-and-set state of a controller's log.
    pub fn signer_state(&self, controller: &ControllerId) -> PathBuf {
        self.path.join(format!("signer/{controller}.json"))
    }

    /// The statements by which a controller's log went on under another name.
    pub fn successions(&self, controller: &ControllerId) -> PathBuf {
        self.path.join(format!("signer/{controller}.successions"))
    }

    /// The end of a controller's log that was signed, entries in full.
    pub fn signed_tail(&self, controller: &ControllerId) -> PathBuf {
        self.path.join(format!("signer/{controller}.tail"))
    }

    /// The last checkpoint of a controller's log that witnesses cosigned.
    pub fn witnessed(&self, controller: &ControllerId) -> PathBuf {
        self.path.join(format!("signer/{controller}.witnessed"))
    }

    /// A workstation's checkpoint of a controller's log that its signer does not remember.
    pub fn put_back(&self, controller: &ControllerId) -> PathBuf {
        self.path.join(format!("signer/{controller}.ahead"))
    }

    /// Enrolment of a workstation.
    pub fn station(&self, station: &StationId) -> PathBuf {
        self.path.join("stations").join(station.as_str())
    }

    /// Address of the running server, one line.
    pub fn address(&self) -> PathBuf {
        self.path.join("address")
    }

    /// Makes the directory and its parts, readable by this account only.
    ///
    /// # Errors
    /// [`ServerError::File`]: the folder cannot be created.
    pub fn create(&self) -> Result<(), ServerError> {
        for part in ["", "keys", "signer", "stations"] {
            let path = self.path.join(part);
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .map_err(|source| ServerError::File { path, source })?;
        }
        Ok(())
    }

    /// Takes the directory's lock: alone with an embedded database, which has one writer; together with the other servers
    /// of a PostgreSQL database, which has a lock of its own.
    ///
    /// # Errors
    /// [`ServerError::AlreadyRunning`] when another process has it.
    pub fn lock(&self) -> Result<File, ServerError> {
        self.lock_as(self.postgres.is_none())
    }

    /// Takes the directory's lock for what is done while no server runs, whatever its database.
    ///
    /// # Errors
    /// [`ServerError::AlreadyRunning`] when a server does.
    pub fn lock_alone(&self) -> Result<File, ServerError> {
        self.lock_as(true)
    }

    fn lock_as(&self, alone: bool) -> Result<File, ServerError> {
        let path = self.path.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| ServerError::File { path, source })?;
        let taken = if alone { file.try_lock() } else { file.try_lock_shared() };
        taken.map_err(|_| ServerError::AlreadyRunning)?;
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
    #[serde(rename = "hold_seconds")]
    pub lease_seconds: u32,
    /// Minutes without a hand after which a workstation locks; 0: never by itself.
    pub lock_minutes: u32,
    /// How far back an officer may open recordings at once, with a reason, when nobody is there to clear; 0: not at all (R-ACC-11).
    pub urgent_recordings_minutes: u32,
    /// Who must have a second factor.
    pub second_factor: SecondFactor,
    /// When an account is wanted at another workstation than the one where it is active.
    pub account_elsewhere: AccountElsewhere,
    /// Who cosigns the checkpoints.
    #[serde(rename = "witness")]
    pub witnesses: Vec<WitnessPlace>,
}

/// How long the workstation where an account is active may answer, and what becomes of the account without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountElsewhere {
    pub answer_seconds: u32,
    pub unanswered: Unanswered,
}

impl Default for AccountElsewhere {
    fn default() -> Self {
        Self {
            answer_seconds: 60,
            unanswered: Unanswered::default(),
        }
    }
}

/// For whom the second factor is required; whoever has one is asked for it in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecondFactor {
    /// Everybody at a remote terminal.
    pub remote: bool,
    /// System administrators, wherever they are.
    pub administrators: bool,
}

impl Default for SecondFactor {
    fn default() -> Self {
        Self {
            remote: true,
            administrators: true,
        }
    }
}

/// A witness and where it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessPlace {
    /// Base address of its C2SP tlog-witness calls. What travels is public and signed, so `http` is enough.
    pub url: String,
    /// Its verifier key, as `vedetta-audit witness` prints it when it starts.
    pub vkey: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            session_hours: 12,
            lease_seconds: 12,
            lock_minutes: 10,
            urgent_recordings_minutes: 60,
            second_factor: SecondFactor::default(),
            account_elsewhere: AccountElsewhere::default(),
            witnesses: Vec::new(),
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
/// [`ServerError::File`]: it is not there, cannot be read, or is no UTF-8.
pub fn read_text(path: &Path) -> Result<String, ServerError> {
    fs::read_to_string(path).map_err(|source| ServerError::File {
        path: path.to_owned(),
        source,
    })
}

/// Writes a file durably and whole: beside it first, then renamed over it, then the directory is synced.
///
/// # Errors
/// [`ServerError::File`]: the disk refuses to write, flush or rename; the former content stays.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_address_of_the_database_counts_where_none_is_given() {
        let dir = tempfile::tempdir().unwrap();
        let open = |url: Option<&str>| DataDir::new(dir.path()).with_postgres(url.map(str::to_owned));
        assert_eq!(open(None).postgres(), None);
        std::fs::write(open(None).database_address(), "postgres://vedetta_server@db/vedetta\n").unwrap();
        assert_eq!(open(None).postgres(), Some("postgres://vedetta_server@db/vedetta"));
        assert_eq!(
            open(Some("postgres://altro")).postgres(),
            Some("postgres://altro"),
            "what is said goes first"
        );
    }
}
