//! What a witness cosigned, once more in a file outside its folder: a folder that was put back while the witness was stopped is behind
//! it, and cosigns nothing.
//!
//! Invariant: the file is behind no cosignature that left; it is of one witness, whose key it names, and is read and replaced whole
//! under the lock of that witness's folder. Where there is none it is begun, and the log says so.
//! Deliberately absent: the lock, and a way to go on with a folder whose newer copy is lost: that is another witness
//! (`docs/administrator.md`).

use crate::domain::audit::cosignature::WitnessKey;
use crate::domain::audit::hash::Hash;
use crate::server::config::{read_text, write_whole};
use crate::server::error::ServerError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Entries of a log, and their root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    pub size: u64,
    pub root: Hash,
}

impl Mark {
    /// Whether this is not behind `other`.
    fn has(&self, other: &Self) -> bool {
        self.size > other.size || self == other
    }
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// Verifier key of the witness.
    witness: String,
    /// By origin: what was cosigned last.
    logs: BTreeMap<String, Mark>,
}

/// The memory of one witness outside its folder.
#[derive(Debug)]
pub(super) struct Memory {
    path: PathBuf,
    witness: String,
}

impl Memory {
    /// Reads the file, or begins it; `dir` is the folder that it must outlive.
    ///
    /// # Errors
    /// [`ServerError::Config`]: it lies inside `dir`, is of another witness or not what was written; [`ServerError::File`].
    pub(super) fn open(path: &Path, dir: &Path, key: &WitnessKey) -> Result<Self, ServerError> {
        let memory = Self {
            path: path.to_owned(),
            witness: key.to_string(),
        };
        let beside = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let resolved = |path: &Path| {
            let wrap = |source| ServerError::File {
                path: path.to_owned(),
                source,
            };
            path.canonicalize().map_err(wrap)
        };
        if resolved(beside.unwrap_or(Path::new(".")))?.starts_with(resolved(dir)?) {
            return Err(memory.bad("it lies in the folder of the witness, and is put back with it"));
        }
        if !path.exists() {
            tracing::warn!(path = %path.display(), "the witness's memory outside its folder begins here");
            memory.write(&Kept {
                witness: memory.witness.clone(),
                logs: BTreeMap::new(),
            })?;
        }
        memory.read()?;
        Ok(memory)
    }

    fn bad(&self, detail: &str) -> ServerError {
        ServerError::Config {
            path: self.path.clone(),
            detail: detail.to_owned(),
        }
    }

    fn read(&self) -> Result<Kept, ServerError> {
        let kept: Kept = serde_json::from_str(&read_text(&self.path)?).map_err(|error| self.bad(&error.to_string()))?;
        if kept.witness == self.witness {
            Ok(kept)
        } else {
            Err(self.bad("it is of another witness"))
        }
    }

    fn write(&self, kept: &Kept) -> Result<(), ServerError> {
        let text = serde_json::to_vec_pretty(kept).map_err(|error| ServerError::Key(error.to_string()))?;
        write_whole(&self.path, &text, 0o600)
    }

    /// Origins of every log that was ever remembered.
    ///
    /// # Errors
    /// As [`Memory::open`].
    pub(super) fn origins(&self) -> Result<Vec<String>, ServerError> {
        Ok(self.read()?.logs.into_keys().collect())
    }

    /// Holds what the folder has of a log against what was cosigned of it; `None`: the folder knows no such log.
    ///
    /// # Errors
    /// [`ServerError::WitnessPutBack`]: the folder is behind, or has another root; as [`Memory::open`].
    pub(super) fn hold(&self, origin: &str, here: Option<Mark>) -> Result<(), ServerError> {
        let kept = self.read()?;
        let Some(remembered) = kept.logs.get(origin) else {
            return Ok(());
        };
        if here.is_some_and(|here| here.has(remembered)) {
            return Ok(());
        }
        Err(ServerError::WitnessPutBack {
            log: origin.to_owned(),
            path: self.path.clone(),
            remembered: remembered.size,
            here: here.map(|here| here.size),
        })
    }

    /// Remembers what is about to be cosigned; durable when this returns.
    ///
    /// # Errors
    /// As [`Memory::hold`].
    pub(super) fn remember(&self, origin: &str, mark: Mark) -> Result<(), ServerError> {
        self.hold(origin, Some(mark))?;
        let mut kept = self.read()?;
        if kept.logs.insert(origin.to_owned(), mark) == Some(mark) {
            return Ok(());
        }
        self.write(&kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::cosignature::{CosignatureKind, Cosigner};

    fn key(seed: u8) -> WitnessKey {
        let signer = Cosigner::new("vicino", CosignatureKind::Ed25519, &[seed; 32]).unwrap();
        signer.verifier()
    }

    fn mark(size: u64, root: u8) -> Mark {
        Mark {
            size,
            root: Hash([root; 32]),
        }
    }

    #[test]
    fn r_aud_2_a_memory_refuses_a_folder_that_is_behind_or_has_another_root() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = outside.path().join("memoria");
        let memory = Memory::open(&path, dir.path(), &key(1)).unwrap();
        memory.hold("borgo", None).unwrap();
        memory.remember("borgo", mark(5, 5)).unwrap();
        let memory = Memory::open(&path, dir.path(), &key(1)).unwrap();
        assert_eq!(memory.origins().unwrap(), ["borgo"]);
        for (here, holds) in [
            (None, false),
            (Some(mark(4, 4)), false),
            (Some(mark(5, 6)), false),
            (Some(mark(5, 5)), true),
            (Some(mark(6, 6)), true),
        ] {
            assert_eq!(memory.hold("borgo", here).is_ok(), holds, "{here:?}");
        }
        assert!(memory.remember("borgo", mark(4, 4)).is_err(), "never back");
        memory.remember("borgo", mark(9, 9)).unwrap();
        let told = memory.hold("borgo", Some(mark(5, 5))).unwrap_err();
        assert!(
            matches!(
                told,
                ServerError::WitnessPutBack {
                    remembered: 9,
                    here: Some(5),
                    ..
                }
            ),
            "{told}"
        );
    }

    #[test]
    fn r_aud_2_a_memory_is_of_one_witness_lies_outside_its_folder_and_is_whole() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let open = |path: &Path, seed: u8| Memory::open(path, dir.path(), &key(seed));
        let path = outside.path().join("memoria");
        open(&path, 1).unwrap().remember("borgo", mark(5, 5)).unwrap();
        assert!(matches!(open(&path, 2), Err(ServerError::Config { .. })), "of another");
        std::fs::write(&path, "{").unwrap();
        assert!(matches!(open(&path, 1), Err(ServerError::Config { .. })), "half a file");
        let inside = dir.path().join("seen");
        std::fs::create_dir(&inside).unwrap();
        for inside in [dir.path(), inside.as_path()] {
            let refused = open(&inside.join("memoria"), 1);
            assert!(matches!(refused, Err(ServerError::Config { .. })));
            assert!(!inside.join("memoria").exists());
        }
        let nowhere = outside.path().join("manca").join("memoria");
        assert!(matches!(open(&nowhere, 1), Err(ServerError::File { .. })));
    }
}
