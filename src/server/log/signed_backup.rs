//! The end of a log that was signed, kept once more outside the database: for a database that lost its last seconds, or was
//! put back from a backup.
//!
//! What stations recorded comes back from their outboxes, but not in the order it was signed in, and what the server itself
//! recorded was nowhere else. So before a checkpoint is signed its newest entries are durable here, in full, in files
//! beside the signer's state. Invariant: what is handed out has the hash of the leaf it claims and the body it commits to.
//! Entries are let go of after some weeks at most, long before any floor of retention, so that nothing that was pruned
//! stays here. Deliberately absent: putting back (`sequencer`), and any promise for what lies further back.

use super::signed_state::SignedState;
use crate::domain::audit::hash::Hash;
use crate::domain::audit::leaf::{self, Leaf, Salt};
use crate::server::config::{DataDir, read_text};
use crate::server::error::ServerError;
use crate::server::store::Log;
use crate::server::store::entries::Entry;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Most entries of one checkpoint that are kept.
pub const MOST: u64 = 65_536;
/// A file longer than this is put aside for a new one, bytes; two are kept.
const ROLL_AT: u64 = 64 * 1024 * 1024;
/// A file that is older is put aside too; one put aside is removed with the next, or at three times that age.
const ROLL_AFTER: Duration = Duration::from_secs(14 * 24 * 3600);

/// One controller's files.
#[derive(Debug, Clone)]
pub struct Tail {
    newest: PathBuf,
    before: PathBuf,
    state: PathBuf,
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUpEntry {
    pub leaf: Leaf,
    pub text: String,
    pub hash: Hash,
    pub salt: Salt,
    pub body: String,
    /// The body is set aside.
    pub is_aside: bool,
    /// Unix ms.
    pub received_ms: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    index: u64,
    received_ms: i64,
    leaf: String,
    salt: String,
    body: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_aside: bool,
}

impl Line {
    /// The entry, if it is what its leaf says.
    fn open(self) -> Option<BackedUpEntry> {
        let parsed = Leaf::parse(&self.leaf).ok()?;
        let mut salt = [0; 32];
        hex::decode_to_slice(&self.salt, &mut salt).ok()?;
        (leaf::commitment(&salt, self.body.as_bytes()) == parsed.commit).then(|| BackedUpEntry {
            hash: leaf::leaf_hash(self.leaf.as_bytes()),
            leaf: parsed,
            text: self.leaf,
            salt,
            body: self.body,
            is_aside: self.is_aside,
            received_ms: self.received_ms,
        })
    }
}

impl Tail {
    /// The files of a log; nothing is touched.
    pub fn of(data: &DataDir, log: &Log) -> Self {
        let newest = data.signed_tail(&log.controller);
        Self {
            before: newest.with_extension("tail.old"),
            newest,
            state: data.signer_state(&log.controller),
        }
    }

    /// Size and root that were signed last, as the signer left them; `None` when it left nothing.
    pub fn signed(&self) -> Option<(u64, Hash)> {
        let state: SignedState = serde_json::from_str(&read_text(&self.state).ok()?).ok()?;
        Some((state.size, state.root))
    }

    /// Keeps entries; durable when this returns. Blocks. The caller holds the signer's lock.
    ///
    /// # Errors
    /// [`ServerError::File`]: the disk refuses to write or flush them.
    pub fn keep(&self, entries: &[Entry]) -> Result<(), ServerError> {
        let mut bytes = Vec::new();
        for entry in entries {
            // A body that was pruned before it was ever signed is not brought back.
            let Some((salt, body)) = &entry.opening else { continue };
            let line = Line {
                index: entry.index,
                received_ms: entry.received_ms,
                leaf: entry.leaf.clone(),
                salt: hex::encode(salt),
                body: body.clone(),
                is_aside: entry.is_aside,
            };
            serde_json::to_writer(&mut bytes, &line).map_err(|error| ServerError::Key(error.to_string()))?;
            bytes.push(b'\n');
        }
        self.append(&bytes).map_err(|source| ServerError::File {
            path: self.newest.clone(),
            source,
        })
    }

    fn append(&self, bytes: &[u8]) -> std::io::Result<()> {
        self.roll()?;
        let fresh = !self.newest.exists();
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&self.newest)?;
        if file.seek(SeekFrom::End(0))? > 0 {
            // A line that a crash tore must not swallow the next.
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        file.write_all(bytes)?;
        file.sync_data()?;
        if fresh { sync_folder(&self.newest) } else { Ok(()) }
    }

    /// Puts a file aside that is long or old; what was put aside before goes.
    fn roll(&self) -> std::io::Result<()> {
        let old = |path: &Path| -> std::io::Result<Option<(u64, Duration)>> {
            let found = match std::fs::metadata(path) {
                Ok(found) => found,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            // A clock that ran back makes nothing old.
            let age = |time: std::io::Result<SystemTime>| time.ok().and_then(|time| time.elapsed().ok());
            let age = age(found.created()).or_else(|| age(found.modified()));
            Ok(Some((found.len(), age.unwrap_or_default())))
        };
        if let Some((length, age)) = old(&self.newest)?
            && (length > ROLL_AT || age > ROLL_AFTER)
        {
            std::fs::rename(&self.newest, &self.before)?;
            sync_folder(&self.newest)?;
        }
        match old(&self.before)? {
            Some((_, age)) if age > 3 * ROLL_AFTER => std::fs::remove_file(&self.before),
            _ => Ok(()),
        }
    }

    /// The entries `from..to`, in order. `None` when not every one of them is here. Blocks.
    ///
    /// # Errors
    /// [`ServerError::File`]: the file is there and cannot be read.
    pub fn read(&self, from: u64, to: u64) -> Result<Option<Vec<BackedUpEntry>>, ServerError> {
        let mut found = BTreeMap::new();
        for path in [&self.before, &self.newest] {
            let file = match File::open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(source) => {
                    let path = path.clone();
                    return Err(ServerError::File { path, source });
                }
            };
            for line in BufReader::new(file).split(b'\n') {
                let line = line.map_err(|source| ServerError::File {
                    path: path.clone(),
                    source,
                })?;
                // What was said last of an index counts: what came before was never signed.
                if let Ok(line) = serde_json::from_slice::<Line>(&line)
                    && (from..to).contains(&line.index)
                    && let index = line.index
                    && let Some(kept) = line.open()
                {
                    found.insert(index, kept);
                }
            }
        }
        let whole = found.len() as u64 == to.saturating_sub(from);
        Ok(whole.then(|| found.into_values().collect()))
    }
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::chain::{Moment, StationChain};
    use crate::domain::audit::details::live::ViewOpen;
    use crate::domain::audit::event::{Outcome, RetentionClass};
    use crate::server::log::sequencer::own_event;

    fn entries(count: u64) -> Vec<Entry> {
        let mut chain = StationChain::new("sala".parse().unwrap());
        let event = own_event(
            "borgo".parse().unwrap(),
            "sala".parse().unwrap(),
            ViewOpen::default(),
            Outcome::Intent,
        );
        (0..count)
            .map(|index| {
                let at = Moment {
                    boot: uuid::Uuid::nil(),
                    time: jiff::Timestamp::UNIX_EPOCH,
                    mono_ms: index,
                };
                let sealed = chain.seal(RetentionClass::Police, at, [7; 32], &event.body).unwrap();
                chain.advance(sealed.leaf_hash);
                Entry {
                    index,
                    station: "sala".into(),
                    seq: sealed.seq,
                    class: sealed.class,
                    leaf: sealed.leaf,
                    hash: sealed.leaf_hash.0.to_vec(),
                    received_ms: 5,
                    opening: Some((sealed.salt.to_vec(), sealed.body)),
                    is_aside: false,
                }
            })
            .collect()
    }

    fn tail(dir: &tempfile::TempDir) -> Tail {
        Tail {
            newest: dir.path().join("borgo.tail"),
            before: dir.path().join("borgo.tail.old"),
            state: dir.path().join("borgo.json"),
        }
    }

    #[test]
    fn r_aud_2_what_was_kept_is_read_back_and_what_is_not_whole_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (tail, all) = (tail(&dir), entries(9));
        assert_eq!(tail.read(0, 1).unwrap(), None);
        tail.keep(&all[..4]).unwrap();
        tail.keep(&all[4..8]).unwrap();
        let read = tail.read(2, 8).unwrap().unwrap();
        assert_eq!(
            read.iter().map(|kept| &kept.text).collect::<Vec<_>>(),
            all[2..8].iter().map(|e| &e.leaf).collect::<Vec<_>>()
        );
        assert_eq!((read[0].hash.0.to_vec(), read[0].received_ms), (all[2].hash.clone(), 5));
        assert_eq!(tail.read(2, 9).unwrap(), None, "one is missing");
        // A torn line costs nobody but itself; it is written again.
        let whole = std::fs::read(&tail.newest).unwrap();
        std::fs::write(&tail.newest, &whole[..whole.len() - 5]).unwrap();
        assert_eq!(tail.read(0, 8).unwrap(), None);
        tail.keep(&all[7..]).unwrap();
        assert_eq!(tail.read(0, 9).unwrap().unwrap().len(), 9);
        // Nor is an entry handed out whose body or leaf was changed.
        let text = String::from_utf8(std::fs::read(&tail.newest).unwrap()).unwrap();
        for (what, change) in [
            ("view_open", "view_gone"),
            ("\"index\":3", "\"index\":12"),
            ("\\\"v\\\":1", "\\\"v\\\":2"),
        ] {
            assert!(text.contains(what), "{what}");
            std::fs::write(&tail.newest, text.replacen(what, change, 4)).unwrap();
            assert_eq!(tail.read(0, 9).unwrap(), None, "{what}");
        }
    }

    #[test]
    fn r_aud_2_a_long_file_is_put_aside_and_the_one_before_goes() {
        let dir = tempfile::tempdir().unwrap();
        let (tail, all) = (tail(&dir), entries(3));
        for (n, entry) in all.iter().enumerate() {
            tail.keep(std::slice::from_ref(entry)).unwrap();
            assert_eq!(tail.read(n as u64, n as u64 + 1).unwrap().unwrap().len(), 1);
            let file = OpenOptions::new().write(true).open(&tail.newest).unwrap();
            file.set_len(ROLL_AT + 1).unwrap();
        }
        assert!(tail.read(1, 3).unwrap().is_some(), "the last two files");
        assert!(tail.read(0, 3).unwrap().is_none());
    }
}
