//! The statements by which a log went on under another name, and where the files of its former names are.
//!
//! Deliberately absent: making a statement (`rollover`), and holding the log to them (`log_verify`).

use super::config::{DataDir, read_text};
use super::error::ServerError;
use crate::domain::audit::succession::SignedSuccession;
use crate::domain::camera::ControllerId;
use std::path::{Path, PathBuf};

/// The statements of a log's successions, first one first; none for a log that never lost its signer.
///
/// # Errors
/// The file is there and cannot be read.
pub fn successions(data: &DataDir, controller: &ControllerId) -> Result<Vec<SignedSuccession>, ServerError> {
    let path = data.successions(controller);
    if !path.exists() {
        return Ok(Vec::new());
    }
    serde_json::from_str(&read_text(&path)?).map_err(|error| ServerError::Config {
        path,
        detail: error.to_string(),
    })
}

/// Where a file of the time before the succession `number` is kept.
pub(super) fn aside(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", number - 1));
    name.into()
}
