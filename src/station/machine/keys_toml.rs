//! `keys.toml` in a workstation's data folder: the file in which the keys of the program are changed, as text.
//!
//! Invariant: no more than [`MAX_FILE`] bytes are read. Deliberately absent: what it says (`gui::input::keys_toml`), writing
//! it: a person does, with an editor.

use crate::station::record::outbox::read_bounded;
use std::path::{Path, PathBuf};

/// Largest file that is read, bytes.
const MAX_FILE: u64 = 64 * 1024;

/// The file of keys is there and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read", path.display())]
pub struct KeysTomlError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

/// Reads the file of keys of the workstation with this data folder; `None` where there is none. Cancel-safe.
///
/// # Errors
/// The disk; a file that is too long, or no UTF-8.
pub async fn read_keys_toml(data: PathBuf) -> Result<Option<String>, KeysTomlError> {
    let path = data.join("keys.toml");
    let told = path.clone();
    let read = tokio::task::spawn_blocking(move || read(&path)).await;
    let read = read.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    read.map_err(|source| KeysTomlError { path: told, source })
}

fn read(path: &Path) -> Result<Option<String>, std::io::Error> {
    let Some(bytes) = read_bounded(path, MAX_FILE)? else {
        return Ok(None);
    };
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_no_text_or_too_long_is_an_error_and_none_is_none() {
        let data = tempfile::tempdir().unwrap();
        let read = || read_keys_toml(data.path().to_path_buf());
        let write = |bytes: &[u8]| std::fs::write(data.path().join("keys.toml"), bytes).unwrap();
        assert_eq!(read().await.unwrap(), None);
        write(b"foto = \"S\"\n");
        assert_eq!(read().await.unwrap().as_deref(), Some("foto = \"S\"\n"));
        write(&[0xff, 0xfe]);
        assert!(read().await.is_err());
        write(&vec![b'#'; 64 * 1024 + 1]);
        assert!(read().await.is_err());
    }
}
