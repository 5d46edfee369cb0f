//! The saved walls of each person at a workstation: one small file a person, beside the outbox.
//!
//! Invariant: a file is replaced whole or not at all; a file that cannot be read is never overwritten by what was not
//! read from it without being said. Deliberately absent: what may be seen (asked again every time a view is opened);
//! the way to another workstation.

use crate::domain::saved_wall::Arrangements;
use crate::station::record::outbox::{create_private_dir, read_bounded, replace_file};
use std::path::{Path, PathBuf};

/// Largest file that is read, bytes.
const MAX_FILE: u64 = 512 * 1024;

/// The folder of saved walls.
#[derive(Debug, Clone)]
pub struct SavedWalls {
    folder: PathBuf,
}

/// Why saved walls cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SavedWallsError {
    #[error("{} cannot be used", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is not what was written", path.display())]
    Content {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
}

impl SavedWalls {
    /// Inside a workstation's data folder. Nothing is touched yet.
    pub fn inside(data: &Path) -> SavedWalls {
        SavedWalls {
            folder: data.join("walls"),
        }
    }

    /// The name of an account may hold anything; that of a file may not.
    fn path(&self, user: &str) -> PathBuf {
        self.folder.join(format!("{}.json", hex::encode(user)))
    }

    /// The saved walls of a person; none when they never saved any. Cancel-safe.
    ///
    /// # Errors
    /// [`SavedWallsError`]: the file is there and cannot be read.
    pub async fn read(self, user: String) -> Result<Arrangements, SavedWallsError> {
        let path = self.path(&user);
        let named = path.clone();
        let read = tokio::task::spawn_blocking(move || read(path)).await;
        read.unwrap_or_else(|error| {
            Err(SavedWallsError::File {
                path: named,
                source: std::io::Error::other(error),
            })
        })
    }

    /// Saves the walls of a person. Cancelled or not, the file is the old one or the new one.
    ///
    /// # Errors
    /// [`SavedWallsError::File`]: the disk refuses.
    pub async fn save(self, user: String, walls: Arrangements) -> Result<(), SavedWallsError> {
        let path = self.path(&user);
        let named = path.clone();
        let written = tokio::task::spawn_blocking(move || {
            create_private_dir(&self.folder)?;
            replace_file(&path, &serde_json::to_vec_pretty(&walls)?)
        })
        .await;
        written
            .unwrap_or_else(|error| Err(std::io::Error::other(error)))
            .map_err(|source| SavedWallsError::File { path: named, source })
    }
}

fn read(path: PathBuf) -> Result<Arrangements, SavedWallsError> {
    match read_bounded(&path, MAX_FILE) {
        Ok(None) => Ok(Arrangements::default()),
        Ok(Some(bytes)) => serde_json::from_slice(&bytes).map_err(|source| SavedWallsError::Content { path, source }),
        Err(source) => Err(SavedWallsError::File { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::saved_wall::Arrangement;

    #[tokio::test]
    async fn each_person_finds_their_own_walls_again() {
        let data = tempfile::tempdir().unwrap();
        let walls = SavedWalls::inside(data.path());
        let mut kept = Arrangements::default();
        kept.save("mercato", Arrangement::of(["cam-01".parse().unwrap()]))
            .unwrap();
        walls.clone().save("../neri".into(), kept.clone()).await.unwrap();
        assert_eq!(walls.clone().read("../neri".into()).await.unwrap(), kept);
        assert_eq!(walls.read("bianchi".into()).await.unwrap(), Arrangements::default());
    }

    #[tokio::test]
    async fn a_file_that_is_not_ours_is_said() {
        let data = tempfile::tempdir().unwrap();
        let walls = SavedWalls::inside(data.path());
        std::fs::create_dir(data.path().join("walls")).unwrap();
        std::fs::write(walls.path("neri"), b"{\"windows\": 3}").unwrap();
        let error = walls.read("neri".into()).await.unwrap_err();
        assert!(matches!(error, SavedWallsError::Content { .. }), "{error}");
    }
}
