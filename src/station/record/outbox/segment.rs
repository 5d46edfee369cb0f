//! Where the outbox's bytes lie: append-only segment files and three small files.
//!
//! Invariant: after `append` and `sync` returned without error the bytes survive a crash; a new segment's name survives
//! too (its directory is synchronised before the file is first used).
//! Deliberately absent: what the bytes mean. The trait exists so that tests can break the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Largest segment, bytes: a longer one is not read back.
pub const MAX_SEGMENT: u64 = 8 * 1024 * 1024;
/// A segment longer than this gets no further records.
pub const ROLL_AT: u64 = 4 * 1024 * 1024;
const MAX_NOTE: u64 = 64 * 1024;
/// Size of the reserve, bytes: some hundred refusals and the state that goes with them.
const RESERVE: usize = 512 * 1024;

/// A segment as it lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentName {
    pub number: u64,
    /// Damage was found and recorded; it is read but never written again.
    pub frozen: bool,
}

/// The disk under the outbox.
pub trait Medium: Send + 'static {
    /// Every segment, oldest first.
    fn segments(&self) -> io::Result<Vec<SegmentName>>;
    /// The bytes of a segment.
    fn read(&self, name: SegmentName) -> io::Result<Vec<u8>>;
    /// A new, empty segment, whose name is durable.
    fn create(&mut self, number: u64) -> io::Result<Box<dyn SegmentFile>>;
    /// Opens a segment to append after its first `length` bytes; what lies beyond is cut, durably.
    fn reopen(&mut self, number: u64, length: u64) -> io::Result<Box<dyn SegmentFile>>;
    /// Marks a segment as damaged.
    fn freeze(&mut self, number: u64) -> io::Result<()>;
    /// Removes a segment that was delivered long ago.
    fn remove(&mut self, name: SegmentName) -> io::Result<()>;
    /// Replaces a small file, durably: the old or the new content survives a crash, never a mixture.
    fn write_note(&mut self, note: Note, bytes: &[u8]) -> io::Result<()>;
    /// Reads a small file; `None` when there is none.
    fn read_note(&self, note: Note) -> io::Result<Option<Vec<u8>>>;
    /// Takes space on the disk for the moment when there is none left, if it is not taken yet.
    fn take_reserve(&mut self) -> io::Result<()>;
    /// Gives that space up; false when there was none.
    fn give_up_reserve(&mut self) -> bool;
}

/// The small files beside the segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// How far was acknowledged, and the key that follows.
    State,
    /// When each segment was delivered.
    Delivered,
    /// The outbox is poisoned: an administrator must act.
    Poisoned,
}

impl Note {
    fn file_name(self) -> &'static str {
        match self {
            Note::State => "state",
            Note::Delivered => "delivered",
            Note::Poisoned => "poisoned",
        }
    }
}

/// An open segment.
pub trait SegmentFile: Send {
    /// Appends bytes. An error leaves the segment at its former length or poisons the outbox.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes what was appended durable (fdatasync).
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts back to `length` after a failed append.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// A directory, held exclusively by this process.
pub struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    /// Opens or creates the directory, readable by this account only.
    ///
    /// # Errors
    /// `WouldBlock` when another process has it open.
    pub fn open(path: &Path) -> io::Result<Self> {
        create_private_dir(path)?;
        let lock = private_file().create(true).truncate(false).open(path.join("lock"))?;
        lock.try_lock().map_err(io::Error::from)?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    fn file(&self, name: SegmentName) -> PathBuf {
        self.path.join(format!(
            "{:012}.{}",
            name.number,
            if name.frozen { "frozen" } else { "seg" }
        ))
    }

    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

/// Creates a directory and its parents, for this account only.
///
/// # Errors
/// The directory cannot be created: rights, a full disk, a file of its name.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Options for a file that only this account may read.
pub fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Replaces a file by way of a temporary one, durably: either the old or the new content survives a crash.
///
/// # Errors
/// `InvalidInput` for a path without a file name; else the disk refuses to write, to flush or to rename, and the old content
/// stays.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = private_file().create(true).truncate(true).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Reads a file of at most `limit` bytes; `None` when there is none.
///
/// # Errors
/// `InvalidData` when it is longer than `limit`; else the file is there and cannot be read.
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("longer than {limit} bytes"),
        ));
    }
    Ok(Some(bytes))
}

impl Medium for Directory {
    fn segments(&self) -> io::Result<Vec<SegmentName>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let file = entry?.file_name();
            let Some((number, kind)) = file.to_str().and_then(|name| name.split_once('.')) else {
                continue;
            };
            let frozen = match kind {
                "seg" => false,
                "frozen" => true,
                _ => continue,
            };
            if let Ok(number) = number.parse() {
                names.push(SegmentName { number, frozen });
            }
        }
        names.sort();
        Ok(names)
    }

    fn read(&self, name: SegmentName) -> io::Result<Vec<u8>> {
        read_bounded(&self.file(name), MAX_SEGMENT)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create(&mut self, number: u64) -> io::Result<Box<dyn SegmentFile>> {
        let name = SegmentName { number, frozen: false };
        let file = private_file().create_new(true).open(self.file(name))?;
        self.sync_dir()?;
        Ok(Box::new(OnDisk(file)))
    }

    fn reopen(&mut self, number: u64, length: u64) -> io::Result<Box<dyn SegmentFile>> {
        let mut file = private_file().open(self.file(SegmentName { number, frozen: false }))?;
        file.set_len(length)?;
        file.sync_all()?;
        file.seek(SeekFrom::End(0))?;
        Ok(Box::new(OnDisk(file)))
    }

    fn freeze(&mut self, number: u64) -> io::Result<()> {
        let from = self.file(SegmentName { number, frozen: false });
        std::fs::rename(from, self.file(SegmentName { number, frozen: true }))?;
        self.sync_dir()
    }

    fn remove(&mut self, name: SegmentName) -> io::Result<()> {
        std::fs::remove_file(self.file(name))?;
        self.sync_dir()
    }

    fn write_note(&mut self, note: Note, bytes: &[u8]) -> io::Result<()> {
        replace_file(&self.path.join(note.file_name()), bytes)
    }

    fn read_note(&self, note: Note) -> io::Result<Option<Vec<u8>>> {
        read_bounded(&self.path.join(note.file_name()), MAX_NOTE)
    }

    fn take_reserve(&mut self) -> io::Result<()> {
        let path = self.path.join("reserve");
        if std::fs::metadata(&path).is_ok_and(|found| found.len() == RESERVE as u64) {
            return Ok(());
        }
        let mut file = private_file().create(true).truncate(true).open(&path)?;
        // Noise, not zeros: a file system that packs what it stores must keep the space all the same.
        let mut noise = vec![0; RESERVE];
        getrandom::fill(&mut noise).map_err(io::Error::other)?;
        match file.write_all(&noise).and_then(|()| file.sync_all()) {
            // As much as there is.
            Err(error) if error.kind() == io::ErrorKind::StorageFull && file.metadata()?.len() > 0 => Ok(()),
            taken => taken,
        }
    }

    fn give_up_reserve(&mut self) -> bool {
        std::fs::remove_file(self.path.join("reserve")).is_ok()
    }
}

struct OnDisk(File);

impl SegmentFile for OnDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)?;
        self.0.seek(SeekFrom::Start(length)).map(drop)
    }
}
