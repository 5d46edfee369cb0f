//! The file of an export while it is made: a partial file beside its final name.
//!
//! Invariant: the partial file is removed unless it was finished; finishing flushes file and directory and renames.
//! Deliberately absent: what is in the file.

use super::ExportError;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// A file that is not there yet.
pub(super) struct Partial {
    partial: PathBuf,
    path: PathBuf,
    finished: bool,
}

/// A disk's error in our terms.
pub(super) fn disk(error: std::io::Error) -> ExportError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => ExportError::DiskFull,
        ErrorKind::AlreadyExists => ExportError::Exists,
        _ => ExportError::Disk(error),
    }
}

impl Partial {
    /// Makes an empty partial file beside `path`.
    pub(super) fn create(path: &Path) -> Result<Self, ExportError> {
        if path.try_exists().map_err(disk)? {
            return Err(ExportError::Exists);
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let partial = path.with_file_name(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&partial)
            .map_err(disk)?;
        Ok(Self {
            partial,
            path: path.to_owned(),
            finished: false,
        })
    }

    /// Where the content goes.
    pub(super) fn content(&self) -> &Path {
        &self.partial
    }

    /// Flushes, hashes and gives the file its name. Returns size in bytes and SHA-256 in lower-case hexadecimal.
    pub(super) fn finish(mut self) -> Result<(u64, String), ExportError> {
        let mut file = File::open(&self.partial).map_err(disk)?;
        file.sync_all().map_err(disk)?;
        let (mut hash, mut size, mut piece) = (Sha256::new(), 0u64, vec![0u8; 256 * 1024]);
        loop {
            let read = file.read(&mut piece).map_err(disk)?;
            if read == 0 {
                break;
            }
            hash.update(piece.get(..read).unwrap_or_default());
            size += read as u64;
        }
        if self.path.try_exists().map_err(disk)? {
            return Err(ExportError::Exists);
        }
        std::fs::rename(&self.partial, &self.path).map_err(disk)?;
        self.finished = true;
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))
            .and_then(|directory| directory.sync_all())
            .map_err(disk)?;
        Ok((size, hex::encode(hash.finalize())))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = std::fs::remove_file(&self.partial)
        {
            tracing::warn!(%error, "a partial export is left over");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finished_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.mp4");
        let partial = Partial::create(&path).unwrap();
        std::fs::write(partial.content(), b"half").unwrap();
        drop(partial);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_finished_file_has_its_name_and_hash_and_is_never_overwritten() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.mp4");
        let partial = Partial::create(&path).unwrap();
        std::fs::write(partial.content(), b"abc").unwrap();
        let (size, hash) = partial.finish().unwrap();
        assert_eq!(
            (size, hash.as_str()),
            (3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        assert!(matches!(Partial::create(&path), Err(ExportError::Exists)));
        assert_eq!(std::fs::read(&path).unwrap(), b"abc");
    }
}
