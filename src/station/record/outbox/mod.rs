//! The outbox: events durable on this workstation until the server's log provably has them.
//!
//! Invariant: [`Outbox::append`] answers `Ok` only when the event survives a crash (R-AUD-7). An acknowledged event
//! leaves only after the courier verified that the log has it, and its segment 35 days later. When the disk is full the
//! act is refused, and a reserve on the disk is given up so that the refusal itself is still recorded.
//! Deliberately absent: the server (see `courier`), what events mean.

mod event;
#[cfg(test)]
mod figures;
#[cfg(test)]
pub(in crate::station) mod memory;
mod record;
mod recovery;
mod segment;
mod state;
#[cfg(test)]
mod tests;
mod writer;

pub use event::StoredEvent;
pub use record::RecordKey;
pub use recovery::Damage;
pub use segment::{Directory, Medium, Note, SegmentFile, SegmentName};
pub(in crate::station) use segment::{create_private_dir, private_file, read_bounded, replace_file};

use crate::domain::audit::event::Event;
use crate::domain::camera::{ControllerId, StationId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Instant;
use tokio::sync::{oneshot, watch};
use writer::{Command, PATIENCE, Writer};

/// Most bytes of events that wait for delivery.
pub const CAPACITY: usize = 64 * 1024 * 1024;

/// Proof that an event is durable. Only the outbox makes one; whoever touches a camera, a recorder or an evidence
/// file asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    log: ControllerId,
    seq: u64,
}

impl Recorded {
    /// The log that takes the event, and its place in this workstation's chain there.
    pub fn place(&self) -> (&ControllerId, u64) {
        (&self.log, self.seq)
    }
}

/// Why an event was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboxError {
    #[error("the outbox is full: too many events wait for the server")]
    Full,
    #[error("the disk is full")]
    DiskFull,
    #[error("the outbox cannot be written: {detail}")]
    Unusable { detail: String },
    #[error("the outbox is closed until an administrator acts: {detail}")]
    Poisoned { detail: String },
    #[error("the disk did not answer in time")]
    TooSlow,
    #[error("the outbox is closed")]
    Closed,
}

/// Why the outbox cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the outbox folder cannot be used")]
    Folder(#[source] std::io::Error),
    #[error("the outbox was closed after a disk fault and an administrator must act: {detail}")]
    Poisoned { detail: String },
    #[error(transparent)]
    Recovery(#[from] recovery::RecoveryError),
}

/// Figures of the outbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxStatus {
    /// Events acknowledged since it was opened.
    pub written: u64,
    /// Events that wait for delivery.
    pub pending: u64,
    /// Bytes that wait for delivery, of [`CAPACITY`].
    pub pending_bytes: usize,
    /// Why it is closed, when it is.
    pub poisoned: Option<String>,
}

/// The outbox. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
}

struct Shared {
    pending: Mutex<BTreeMap<ControllerId, VecDeque<StoredEvent>>>,
    /// `seq` of each log at opening: what was written since.
    opened_at: BTreeMap<ControllerId, u64>,
    /// Next `seq` of each log.
    next_seq: Mutex<BTreeMap<ControllerId, u64>>,
    status: watch::Sender<OutboxStatus>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ControllerId, VecDeque<StoredEvent>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: StoredEvent, new: bool) {
        let size = event.size();
        let mut next = self.next_seq.lock().unwrap_or_else(PoisonError::into_inner);
        next.insert(event.log.clone(), event.seq + 1);
        drop(next);
        self.lock().entry(event.log.clone()).or_default().push_back(event);
        self.status.send_modify(|status| {
            status.written += u64::from(new);
            status.pending += 1;
            status.pending_bytes += size;
        });
    }

    fn poison(&self, detail: &str) {
        self.status
            .send_modify(|status| status.poisoned = Some(detail.to_owned()));
    }

    fn poisoned(&self) -> Option<String> {
        self.status.borrow().poisoned.clone()
    }

    fn pending_bytes(&self) -> usize {
        self.status.borrow().pending_bytes
    }
}

/// How an outbox is opened.
pub struct Opening {
    pub medium: Box<dyn Medium>,
    pub key: RecordKey,
    pub station: StationId,
    /// Per log: the first `seq` that is not yet verified in the log.
    pub delivered: BTreeMap<ControllerId, u64>,
    /// The wall clock.
    pub clock: fn() -> jiff::Timestamp,
}

impl Outbox {
    /// Reads what is on disk and starts the writing thread. Blocks; call it outside async code. The damage that is
    /// returned must be recorded as events, each followed by [`Outbox::damage_recorded`].
    ///
    /// # Errors
    /// The folder is in use or unreadable, or the outbox is poisoned.
    pub fn open(opening: Opening) -> Result<(Self, Vec<Damage>), OpenError> {
        let Opening {
            medium,
            key,
            station,
            delivered,
            clock,
        } = opening;
        if let Some(detail) = medium.read_note(Note::Poisoned).map_err(OpenError::Folder)? {
            return Err(OpenError::Poisoned {
                detail: String::from_utf8_lossy(&detail).into_owned(),
            });
        }
        let mut found = recovery::recover(&*medium, &key)?;
        let pending = found.pending(&delivered);
        let opened_at: BTreeMap<_, _> = found
            .state
            .chains
            .iter()
            .map(|(log, chain)| (log.clone(), chain.next_seq))
            .collect();
        let shared = Arc::new(Shared {
            pending: Mutex::default(),
            next_seq: Mutex::new(opened_at.clone()),
            opened_at,
            status: watch::Sender::new(OutboxStatus::default()),
        });
        for event in pending {
            shared.push(event, false);
        }
        let mut writer = Writer {
            medium,
            key,
            station,
            boot: uuid::Uuid::new_v4(),
            started: Instant::now(),
            state: found.state,
            contents: found.contents,
            delivered,
            active: None,
            shared: Arc::clone(&shared),
            clock,
        };
        writer.prepare(found.tail).map_err(OpenError::Folder)?;
        let (commands, inbox) = mpsc::channel();
        writer::start(writer, inbox).map_err(OpenError::Folder)?;
        Ok((Self { commands, shared }, found.damage))
    }

    /// Writes an event and answers when it is durable. Dropping the future does not take the event back.
    ///
    /// # Errors
    /// Every error means that the act must not happen.
    pub async fn append(&self, event: Event) -> Result<Recorded, OutboxError> {
        let (answer, answered) = oneshot::channel();
        let command = Command::Append {
            event: Box::new(event),
            answer,
        };
        self.commands.send(command).map_err(|_| OutboxError::Closed)?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(OutboxError::Closed),
            Err(_) => Err(OutboxError::TooSlow),
        }
    }

    /// Events of a log from `seq` on, delivered or not, at most `most`, read again from the disk: for a server that was
    /// restored from an old backup. Empty when they are gone.
    ///
    /// # Errors
    /// The disk cannot be read, or the outbox is closed.
    pub async fn again(&self, log: &ControllerId, seq: u64, most: usize) -> Result<Vec<StoredEvent>, OutboxError> {
        let (answer, answered) = oneshot::channel();
        let command = Command::Again {
            log: log.clone(),
            seq,
            most,
            answer,
        };
        self.commands.send(command).map_err(|_| OutboxError::Closed)?;
        answered.await.map_err(|_| OutboxError::Closed)?
    }

    /// The event that reports this damage is durable: set the segment aside.
    pub fn damage_recorded(&self, damage: Damage) {
        let _ = self.commands.send(Command::DamageRecorded { damage });
    }

    /// Logs that have events waiting.
    pub fn waiting_logs(&self) -> Vec<ControllerId> {
        self.shared
            .lock()
            .iter()
            .filter(|(_, events)| !events.is_empty())
            .map(|(log, _)| log.clone())
            .collect()
    }

    /// The first events of a log that wait, at most `most`.
    pub fn waiting(&self, log: &ControllerId, most: usize) -> Vec<StoredEvent> {
        self.shared
            .lock()
            .get(log)
            .map(|events| events.iter().take(most).cloned().collect())
            .unwrap_or_default()
    }

    /// Everything of this log below `next_seq` was verified in the log: lets go of it.
    pub fn delivered(&self, log: &ControllerId, next_seq: u64) {
        let (mut count, mut bytes) = (0, 0);
        if let Some(events) = self.shared.lock().get_mut(log) {
            while events.front().is_some_and(|event| event.seq < next_seq) {
                bytes += events.pop_front().map_or(0, |event| event.size());
                count += 1;
            }
        }
        self.shared.status.send_modify(|status| {
            status.pending = status.pending.saturating_sub(count);
            status.pending_bytes = status.pending_bytes.saturating_sub(bytes);
        });
        let _ = self.commands.send(Command::Delivered {
            log: log.clone(),
            next_seq,
        });
    }

    /// Whether this event was written since the outbox was opened (and not found on disk).
    pub fn is_new(&self, event: &StoredEvent) -> bool {
        self.shared
            .opened_at
            .get(&event.log)
            .is_none_or(|first| event.seq >= *first)
    }

    /// `seq` of the next event of a log.
    pub fn next_seq(&self, log: &ControllerId) -> u64 {
        self.shared
            .next_seq
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(log)
            .copied()
            .unwrap_or(0)
    }

    /// Figures, as they change.
    pub fn status(&self) -> watch::Receiver<OutboxStatus> {
        self.shared.status.subscribe()
    }
}
