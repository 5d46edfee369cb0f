//! A disk in memory that tears, fills and lies, for tests.
//!
//! Deliberately absent: time; a crash is a copy.

use super::segment::SegmentName;
use super::{Medium, Note, SegmentFile};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// What is on it, and how long it still works.
#[derive(Default)]
pub struct Disk {
    pub segments: BTreeMap<SegmentName, Vec<u8>>,
    pub notes: BTreeMap<&'static str, Vec<u8>>,
    /// How many operations still work, by kind.
    pub appends_left: Option<u32>,
    pub syncs_left: Option<u32>,
    pub notes_left: Option<u32>,
    /// No append works any more, until the reserve is given up; then this many do.
    pub full: bool,
    pub in_reserve: u32,
    pub reserve: bool,
}

fn spend(left: &mut Option<u32>) -> io::Result<()> {
    match left {
        Some(0) => Err(io::Error::from_raw_os_error(5)),
        Some(n) => {
            *n -= 1;
            Ok(())
        }
        None => Ok(()),
    }
}

/// A disk in memory; clones are the same disk.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Disk>>);

impl Memory {
    /// To look at it or to break it.
    pub fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    /// What a crash leaves: a copy that later writes do not reach.
    pub fn crash(&self) -> Memory {
        let disk = self.disk();
        Memory(Arc::new(Mutex::new(Disk {
            segments: disk.segments.clone(),
            notes: disk.notes.clone(),
            ..Disk::default()
        })))
    }

    /// The name of the oldest segment.
    pub fn only_segment(&self) -> SegmentName {
        *self.disk().segments.first_key_value().unwrap().0
    }
}

fn slot(note: Note) -> &'static str {
    match note {
        Note::State => "state",
        Note::Delivered => "delivered",
        Note::Poisoned => "poisoned",
    }
}

impl Medium for Memory {
    fn segments(&self) -> io::Result<Vec<SegmentName>> {
        Ok(self.disk().segments.keys().copied().collect())
    }
    fn read(&self, name: SegmentName) -> io::Result<Vec<u8>> {
        self.disk()
            .segments
            .get(&name)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn create(&mut self, number: u64) -> io::Result<Box<dyn SegmentFile>> {
        self.disk()
            .segments
            .insert(SegmentName { number, frozen: false }, Vec::new());
        self.reopen(number, 0)
    }
    fn reopen(&mut self, number: u64, length: u64) -> io::Result<Box<dyn SegmentFile>> {
        let name = SegmentName { number, frozen: false };
        self.disk().segments.get_mut(&name).unwrap().truncate(length as usize);
        Ok(Box::new(Open {
            disk: self.clone(),
            name,
        }))
    }
    fn freeze(&mut self, number: u64) -> io::Result<()> {
        let mut disk = self.disk();
        let bytes = disk.segments.remove(&SegmentName { number, frozen: false }).unwrap();
        disk.segments.insert(SegmentName { number, frozen: true }, bytes);
        Ok(())
    }
    fn remove(&mut self, name: SegmentName) -> io::Result<()> {
        self.disk().segments.remove(&name);
        Ok(())
    }
    fn write_note(&mut self, note: Note, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk();
        spend(&mut disk.notes_left)?;
        disk.notes.insert(slot(note), bytes.to_vec());
        Ok(())
    }
    fn read_note(&self, note: Note) -> io::Result<Option<Vec<u8>>> {
        Ok(self.disk().notes.get(slot(note)).cloned())
    }
    fn take_reserve(&mut self) -> io::Result<()> {
        let mut disk = self.disk();
        if disk.full && disk.in_reserve == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        disk.reserve = true;
        Ok(())
    }
    fn give_up_reserve(&mut self) -> bool {
        std::mem::take(&mut self.disk().reserve)
    }
}

struct Open {
    disk: Memory,
    name: SegmentName,
}

impl SegmentFile for Open {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.disk();
        if disk.full {
            if disk.reserve || disk.in_reserve == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            disk.in_reserve -= 1;
        }
        let left = spend(&mut disk.appends_left);
        let written = if left.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
        disk.segments.get_mut(&self.name).unwrap().extend_from_slice(written);
        left
    }
    fn sync(&mut self) -> io::Result<()> {
        spend(&mut self.disk.disk().syncs_left)
    }
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.disk
            .disk()
            .segments
            .get_mut(&self.name)
            .unwrap()
            .truncate(length as usize);
        Ok(())
    }
}
