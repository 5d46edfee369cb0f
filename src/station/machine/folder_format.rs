//! The number of the format of a workstation's data folder: outbox, trusted checkpoints, saved walls, proofs.
//!
//! It stands in the file `format`; a folder without one has format 1, as every program up to 0.1 writes it. No step leads on from
//! there yet: the first one that changes a file is written here, after a copy of the folder, and writes the number.
//! Invariant: a folder of a newer program is refused before any of its files is opened for writing.
//! Deliberately absent: what the files hold; each reader has its own format.

use super::config::StationError;
use crate::domain::version::steps::{LeftAlone, Readable};
use crate::station::record::outbox::read_bounded;
use std::path::Path;

const FILE: &str = "format";
/// The file holds one number.
const MOST_BYTES: u64 = 32;
/// The formats that this program can use.
const FORMAT: Readable = Readable { oldest: 1, newest: 1 };

/// Whether this program may use a data folder. Blocks.
///
/// # Errors
/// [`StationError::NewerFolder`]: a newer program wrote it; [`StationError::Outbox`]: the file cannot be read, or holds no number.
pub fn check(data: &Path) -> Result<(), StationError> {
    let unreadable = |detail: String| StationError::Outbox { detail };
    let bytes = read_bounded(&data.join(FILE), MOST_BYTES).map_err(|error| unreadable(error.to_string()))?;
    let found = match bytes {
        None => FORMAT.oldest,
        Some(bytes) => std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .ok_or_else(|| unreadable(format!("the file {FILE} holds no number")))?,
    };
    match FORMAT.steps_from(found) {
        Ok(_) => Ok(()),
        Err(error @ LeftAlone::OfANewerProgram { .. }) => Err(StationError::NewerFolder(error)),
        Err(error @ LeftAlone::TooOld { .. }) => Err(unreadable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_a_newer_program_is_refused_and_one_without_a_number_is_of_the_first_format() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check(folder.path()).is_ok());
        let with = |text: &str| {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            check(folder.path())
        };
        assert!(with("1\n").is_ok());
        assert!(matches!(with("2\n"), Err(StationError::NewerFolder(_))));
        for wrong in ["0", "", "due", "1 2", &"1".repeat(40)] {
            assert!(matches!(with(wrong), Err(StationError::Outbox { .. })), "{wrong}");
        }
    }
}
