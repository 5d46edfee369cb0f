//! The people of the demo, as `vedetta-audit demo` writes them: who can be signed in without typing.
//!
//! Invariant: passwords stay in the redacting type. Deliberately absent: anybody of a real municipality; the file is made for
//! the simulated town.

use super::app::Credentials;
use super::i18n::fl;
use crate::domain::people::{Level, Purpose};
use secrecy::SecretString;
use serde::Deserialize;
use std::path::Path;

/// The file of the demo's people.
#[derive(Deserialize)]
pub struct DemoPeople {
    person: Vec<DemoPerson>,
}

/// One account of the demo.
#[derive(Clone, Deserialize)]
pub struct DemoPerson {
    pub user: String,
    pub password: SecretString,
    pub level: Level,
}

/// The file of the demo's people cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DemoPeopleError {
    #[error("{path}: {source}")]
    Read { path: String, source: std::io::Error },
    /// The parser's message alone: its full text quotes the line, and a line may be a password.
    #[error("{path}: {message}")]
    Parse { path: String, message: String },
    #[error("--people has no «{user}»")]
    NoUser { user: String },
    #[error("--people has no {level:?}")]
    NoLevel { level: Level },
}

impl DemoPeopleError {
    /// One sentence for the person at the terminal.
    pub fn sentence(&self) -> String {
        match self {
            DemoPeopleError::Read { path, .. } => fl!("demo-people-unread", path = path.as_str()),
            DemoPeopleError::Parse { path, .. } => fl!("demo-people-other", path = path.as_str()),
            DemoPeopleError::NoUser { user } => fl!("demo-people-no-user", user = user.as_str()),
            DemoPeopleError::NoLevel { .. } => fl!("demo-people-no-level"),
        }
    }
}

impl DemoPeople {
    /// Reads the file.
    ///
    /// # Errors
    /// [`DemoPeopleError::Read`] where the file cannot be read, [`DemoPeopleError::Parse`] where it is not such a file.
    pub fn read(file: &Path) -> Result<DemoPeople, DemoPeopleError> {
        let path = || file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|source| DemoPeopleError::Read { path: path(), source })?;
        toml::from_str(&text).map_err(|error| DemoPeopleError::Parse {
            path: path(),
            message: error.message().to_owned(),
        })
    }

    /// The credentials of an account, by its name.
    ///
    /// # Errors
    /// [`DemoPeopleError::NoUser`] where the file has no such account.
    pub fn credentials(&self, user: &str) -> Result<Credentials, DemoPeopleError> {
        let person = self.person.iter().find(|person| person.user == user);
        let person = person.ok_or_else(|| DemoPeopleError::NoUser { user: user.to_owned() })?;
        let purpose = if person.level == Level::Maintainer {
            Purpose::Maintenance
        } else {
            Purpose::UrbanSecurity
        };
        Ok(Credentials {
            user: person.user.clone(),
            password: person.password.clone(),
            purpose,
        })
    }

    /// The first account of a level.
    ///
    /// # Errors
    /// [`DemoPeopleError::NoLevel`] where nobody has it.
    pub fn first_at(&self, level: Level) -> Result<&DemoPerson, DemoPeopleError> {
        let person = self.person.iter().find(|person| person.level == level);
        person.ok_or(DemoPeopleError::NoLevel { level })
    }
}
