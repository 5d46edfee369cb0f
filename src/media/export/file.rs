//! The file of an export while it is made: a partial file beside its final name.
//!
//! Invariant: the file gets its name only when somebody keeps it, whole and flushed; the partial file goes unless it is kept,
//! and what a crash left of one goes when the folder is used again. Deliberately absent: what is in the file.

use super::ExportError;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The ending of a partial file's name.
const ENDING: &str = ".part";

/// A file that is not there yet.
#[derive(Debug)]
pub(crate) struct Partial {
    partial: PathBuf,
    path: PathBuf,
    kept: bool,
}

/// A finished file, flushed, that is removed unless it is claimed: the caller may be gone when it is done, or the log
/// may not take that it was made.
#[derive(Debug)]
pub struct Unclaimed(Partial);

impl Unclaimed {
    /// Gives the file its name for good. Blocks for a moment.
    ///
    /// # Errors
    /// The disk, or a file of that name; then nothing is left, also where the folder does not let itself be flushed.
    pub fn keep(self) -> Result<(), ExportError> {
        self.keep_by(|folder| File::open(folder)?.sync_all())
    }

    fn keep_by(self, flush: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(), ExportError> {
        let Unclaimed(mut file) = self;
        if file.path.try_exists().map_err(disk)? {
            return Err(ExportError::Exists);
        }
        std::fs::rename(&file.partial, &file.path).map_err(disk)?;
        // What goes on an error has the new name now.
        file.partial.clone_from(&file.path);
        let folder = file.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        flush(folder.unwrap_or(Path::new("."))).map_err(disk)?;
        file.kept = true;
        Ok(())
    }
}

/// Removes what exports that were cut off left in `folder`. Nothing may be exported into it meanwhile. Returns how many files
/// went. Blocks for a moment.
///
/// # Errors
/// The folder cannot be read, or one of them cannot be removed.
pub fn remove_remnants(folder: &Path) -> std::io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().ends_with(ENDING.as_bytes()) {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
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
    pub(crate) fn create(path: &Path) -> Result<Self, ExportError> {
        if path.try_exists().map_err(disk)? {
            return Err(ExportError::Exists);
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(ENDING);
        let partial = path.with_file_name(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial)
            .map_err(disk)?;
        Ok(Self {
            partial,
            path: path.to_owned(),
            kept: false,
        })
    }

    /// Where the content goes.
    pub(crate) fn content(&self) -> &Path {
        &self.partial
    }

    /// Flushes and hashes. Returns the file, its size in bytes and its SHA-256 in lower-case hexadecimal.
    pub(crate) fn finish(self) -> Result<(Unclaimed, u64, String), ExportError> {
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
        Ok((Unclaimed(self), size, hex::encode(hash.finalize())))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = std::fs::remove_file(&self.partial)
        {
            tracing::warn!(%error, "a partial export is left over");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(place: &Path) -> Vec<std::ffi::OsString> {
        let entries = std::fs::read_dir(place).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn what_is_not_finished_or_not_kept_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        for finish in [false, true] {
            let partial = Partial::create(&place.path().join("a.mp4")).unwrap();
            std::fs::write(partial.content(), b"half").unwrap();
            if finish {
                let (unclaimed, ..) = partial.finish().unwrap();
                assert_eq!(files(place.path()), ["a.mp4.part"], "no name before it is kept");
                drop(unclaimed);
            } else {
                drop(partial);
            }
            assert_eq!(files(place.path()).len(), 0);
        }
    }

    #[test]
    fn a_kept_file_has_its_name_and_hash_and_is_never_overwritten() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.mp4");
        let made = |content: &[u8]| {
            let partial = Partial::create(&path).unwrap();
            std::fs::write(partial.content(), content).unwrap();
            partial.finish().unwrap()
        };
        let (first, size, hash) = made(b"abc");
        assert_eq!(
            (size, hash.as_str()),
            (3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        first.keep().unwrap();
        assert!(matches!(Partial::create(&path), Err(ExportError::Exists)));

        std::fs::remove_file(&path).unwrap();
        let (second, ..) = made(b"def");
        std::fs::write(&path, b"abc").unwrap();
        assert!(matches!(second.keep(), Err(ExportError::Exists)));
        assert_eq!(std::fs::read(&path).unwrap(), b"abc");
        assert_eq!(files(place.path()), ["a.mp4"]);
    }

    #[test]
    fn a_folder_that_cannot_be_flushed_keeps_no_name() {
        let place = tempfile::tempdir().unwrap();
        let partial = Partial::create(&place.path().join("a.mp4")).unwrap();
        let (unclaimed, ..) = partial.finish().unwrap();
        let refused = unclaimed.keep_by(|folder| {
            assert_eq!(files(folder), ["a.mp4"]);
            Err(ErrorKind::Unsupported.into())
        });
        assert!(matches!(refused, Err(ExportError::Disk(_))));
        assert_eq!(files(place.path()).len(), 0);
    }

    #[test]
    fn a_copy_is_for_the_eyes_of_its_owner() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.mp4");
        let (unclaimed, ..) = Partial::create(&path).unwrap().finish().unwrap();
        unclaimed.keep().unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_a_crash_left_goes_and_evidence_stays() {
        let place = tempfile::tempdir().unwrap();
        for name in ["a.mp4", "b.obscured.mp4.part", "c.png", "part"] {
            std::fs::write(place.path().join(name), b"x").unwrap();
        }
        assert_eq!(remove_remnants(place.path()).unwrap(), 1);
        let mut left = files(place.path());
        left.sort();
        assert_eq!(left, ["a.mp4", "c.png", "part"]);
    }
}
