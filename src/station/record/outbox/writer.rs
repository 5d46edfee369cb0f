//! The one thread that writes the outbox: takes what waits, writes it as a group, makes it durable, then answers.
//!
//! Invariant: nothing is acknowledged before its record and the state are durable; after a failed synchronisation
//! nothing is ever acknowledged again.
//! Deliberately absent: async. The disk may be slow; nobody but this thread waits for it.

use super::event::StoredEvent;
use super::record::{RecordKey, encode};
use super::recovery::{Damage, Recovered};
use super::segment::{Medium, Note, ROLL_AT, SegmentFile, SegmentName};
use super::state::State;
use super::{OutboxError, Recorded, Shared};
use crate::domain::audit::chain::{Moment, StationChain};
use crate::domain::audit::details::any_operation::Cause;
use crate::domain::audit::event::{Event, Outcome};
use crate::domain::audit::leaf::Salt;
use crate::domain::camera::{ControllerId, StationId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Most events made durable together.
const GROUP: usize = 64;
/// How long a delivered segment is kept, so that a server restored from an old backup can be fed again.
const KEEP_MS: i64 = 35 * 24 * 3600 * 1000;

/// What the thread is asked.
pub enum Command {
    Append {
        event: Box<Event>,
        answer: oneshot::Sender<Result<Recorded, OutboxError>>,
    },
    /// Everything of this log below `next_seq` is verified in the log.
    Delivered { log: ControllerId, next_seq: u64 },
    /// The event that reports this damage is durable.
    DamageRecorded { damage: Damage },
    /// Events that were delivered before are wanted again.
    Again {
        log: ControllerId,
        seq: u64,
        most: usize,
        answer: oneshot::Sender<Result<Vec<StoredEvent>, OutboxError>>,
    },
}

/// The thread's own things.
pub struct Writer {
    pub medium: Box<dyn Medium>,
    pub key: RecordKey,
    pub station: StationId,
    pub boot: uuid::Uuid,
    pub started: Instant,
    pub state: State,
    pub contents: BTreeMap<SegmentName, BTreeMap<ControllerId, u64>>,
    pub delivered: BTreeMap<ControllerId, u64>,
    pub active: Option<Active>,
    pub shared: Arc<Shared>,
    pub clock: fn() -> jiff::Timestamp,
}

/// The segment that is written.
pub struct Active {
    file: Box<dyn SegmentFile>,
    name: SegmentName,
    length: u64,
}

type Answer = oneshot::Sender<Result<Recorded, OutboxError>>;
type Waiting = (StoredEvent, Answer);

impl Writer {
    /// Takes up the segment that recovery found fit to go on with, and writes the state, so that an outbox with
    /// segments always has one.
    ///
    /// # Errors
    /// The segment cannot be opened again, or the state cannot be written.
    pub fn prepare(&mut self, recovered_tail: Option<(u64, u64)>) -> std::io::Result<()> {
        if let Some((number, length)) = recovered_tail {
            let file = self.medium.reopen(number, length)?;
            self.active = Some(Active {
                file,
                name: SegmentName { number, frozen: false },
                length,
            });
        }
        if let Err(error) = self.medium.take_reserve() {
            tracing::warn!(%error, "no reserve for a full disk");
        }
        self.write_state(&self.state.clone())
    }

    /// Works until nobody can ask any more.
    pub fn run(mut self, commands: Receiver<Command>) {
        self.prune();
        while let Ok(first) = commands.recv() {
            let mut group = Vec::new();
            let mut next = Some(first);
            while let Some(command) = next {
                match command {
                    Command::Append { event, answer } => group.push((event, answer)),
                    Command::Delivered { log, next_seq } => self.on_delivered(log, next_seq),
                    Command::DamageRecorded { damage } => self.on_damage_recorded(&damage),
                    Command::Again { log, seq, most, answer } => {
                        let found = self.again(&log, seq, most);
                        let found = found.map_err(|error| OutboxError::Unusable {
                            detail: error.to_string(),
                        });
                        drop(answer.send(found));
                    }
                }
                next = if group.len() < GROUP {
                    commands.try_recv().ok()
                } else {
                    None
                };
            }
            if !group.is_empty() {
                self.append(group);
            }
        }
    }

    fn append(&mut self, group: Vec<(Box<Event>, Answer)>) {
        if let Some(detail) = self.shared.poisoned() {
            for (_, answer) in group {
                let _ = answer.send(Err(OutboxError::Poisoned { detail: detail.clone() }));
            }
            return;
        }
        let mut state = self.state.clone();
        let mut bytes = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut asked = Vec::new();
        for (event, answer) in group {
            match self.seal(&mut state, (*event).clone(), &mut bytes) {
                Ok(stored) => {
                    waiting.push((stored, answer));
                    asked.push(*event);
                }
                Err(error) => drop(answer.send(Err(error))),
            }
        }
        if waiting.is_empty() {
            return;
        }
        match self.store(&mut state, &bytes) {
            Ok(()) => self.acknowledge(state, waiting),
            Err(error) => {
                if error == OutboxError::DiskFull {
                    self.record_refusals(asked);
                }
                for (_, answer) in waiting {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// The disk is full: the acts do not happen, and with the space of the reserve that is recorded.
    fn record_refusals(&mut self, asked: Vec<Event>) {
        if !self.medium.give_up_reserve() {
            tracing::error!("the disk is full and the reserve is used up: a refusal is not recorded");
            return;
        }
        let mut state = self.state.clone();
        let mut bytes = Vec::new();
        let mut refusals = Vec::new();
        for mut event in asked {
            event.body.result = Outcome::Refused;
            event.body.because(Cause::DiskFull);
            match self.seal(&mut state, event, &mut bytes) {
                Ok(stored) => refusals.push((stored, oneshot::channel().0)),
                Err(error) => tracing::error!(%error, "a refusal is not recorded"),
            }
        }
        match self.store(&mut state, &bytes) {
            Ok(()) => self.acknowledge(state, refusals),
            Err(error) => tracing::error!(%error, "a refusal is not recorded"),
        }
        // What is left of the space is taken again at once, for the next refusal.
        if let Err(error) = self.medium.take_reserve() {
            tracing::warn!(%error, "no reserve for a full disk");
        }
    }

    fn seal(&self, state: &mut State, event: Event, bytes: &mut Vec<u8>) -> Result<StoredEvent, OutboxError> {
        let mut salt: Salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|error| OutboxError::Unusable {
            detail: error.to_string(),
        })?;
        let at = Moment {
            boot: self.boot,
            time: (self.clock)(),
            mono_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        let chain = state
            .chains
            .entry(event.log.clone())
            .or_insert_with(|| StationChain::new(self.station.clone()));
        let unusable = |detail: String| OutboxError::Unusable { detail };
        let sealed = chain
            .seal(event.class, at, salt, &event.body)
            .map_err(|error| unusable(error.to_string()))?;
        let stored = StoredEvent::new(event.log, sealed);
        let plain = stored
            .encode()
            .ok_or_else(|| unusable("the event cannot be encoded".into()))?;
        let record =
            encode(&self.key, &state.mac, state.acknowledged, &plain).map_err(|error| unusable(error.to_string()))?;
        if self.shared.pending_bytes() + bytes.len() + record.len() > super::CAPACITY {
            return Err(OutboxError::Full);
        }
        bytes.extend_from_slice(&record);
        chain.advance(stored.leaf_hash);
        state.mac.ratchet();
        state.acknowledged += 1;
        Ok(stored)
    }

    /// Makes a group durable: segment first, then the state that counts it.
    fn store(&mut self, state: &mut State, bytes: &[u8]) -> Result<(), OutboxError> {
        if self.active.as_ref().is_none_or(|active| active.length >= ROLL_AT) {
            let number = state.segment + 1;
            let file = self.medium.create(number).map_err(|error| self.refuse(&error))?;
            state.segment = number;
            self.state.segment = number;
            let name = SegmentName { number, frozen: false };
            self.contents.insert(name, BTreeMap::new());
            self.active = Some(Active { file, name, length: 0 });
        }
        let Some(active) = self.active.as_mut() else {
            return Err(OutboxError::Full);
        };
        if let Err(error) = active.file.append(bytes) {
            let cut = active.file.cut(active.length);
            return Err(match cut {
                Ok(()) => self.refuse(&error),
                Err(_) => self.poison(&format!("writing failed and could not be taken back: {error}")),
            });
        }
        if let Err(error) = active.file.sync() {
            return Err(self.poison(&format!("synchronising the segment failed: {error}")));
        }
        active.length += bytes.len() as u64;
        if let Err(error) = self.write_state(state) {
            return Err(self.poison(&format!("writing the state failed: {error}")));
        }
        Ok(())
    }

    fn acknowledge(&mut self, state: State, waiting: Vec<Waiting>) {
        self.state = state;
        let name = self.active.as_ref().map(|active| active.name);
        for (stored, answer) in waiting {
            if let Some(contents) = name.and_then(|name| self.contents.get_mut(&name)) {
                contents.insert(stored.log.clone(), stored.seq);
            }
            let recorded = Recorded {
                log: stored.log.clone(),
                seq: stored.seq,
            };
            self.shared.push(stored, true);
            let _ = answer.send(Ok(recorded));
        }
    }

    fn write_state(&mut self, state: &State) -> std::io::Result<()> {
        let bytes = state.encode(&self.key).map_err(std::io::Error::other)?;
        self.medium.write_note(Note::State, &bytes)
    }

    fn refuse(&self, error: &std::io::Error) -> OutboxError {
        tracing::error!(%error, "an event could not be written");
        if matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        ) {
            return OutboxError::DiskFull;
        }
        OutboxError::Unusable {
            detail: error.to_string(),
        }
    }

    fn poison(&mut self, detail: &str) -> OutboxError {
        tracing::error!(detail, "the outbox is poisoned");
        self.active = None;
        self.shared.poison(detail);
        // Best effort: the disk that just failed may refuse this too; this process refuses everything in any case.
        if let Err(error) = self.medium.write_note(Note::Poisoned, detail.as_bytes()) {
            tracing::error!(%error, "the mark of the poisoned outbox could not be written");
        }
        OutboxError::Poisoned {
            detail: detail.to_owned(),
        }
    }

    fn again(&self, log: &ControllerId, seq: u64, most: usize) -> std::io::Result<Vec<StoredEvent>> {
        let mut found = Vec::new();
        for (name, contents) in &self.contents {
            if contents.get(log).is_none_or(|last| *last < seq) {
                continue;
            }
            let bytes = self.medium.read(*name)?;
            let mut at = 0;
            while let Some(decoded) = super::record::decode(&self.key, &bytes, at) {
                at = decoded.end;
                let event = StoredEvent::decode(&decoded.plain).map(|(event, _)| event);
                found.extend(event.filter(|event| event.log == *log && event.seq >= seq));
                if found.len() >= most {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    fn on_delivered(&mut self, log: ControllerId, next_seq: u64) {
        self.delivered.insert(log, next_seq);
        self.prune();
    }

    fn on_damage_recorded(&mut self, damage: &Damage) {
        let mut state = self.state.clone();
        state.lost.extend(damage.lost);
        let mut result = self.write_state(&state);
        if result.is_ok() {
            self.state = state;
        }
        if let (Ok(()), Some(number)) = (&result, damage.segment) {
            let name = SegmentName { number, frozen: false };
            if let Some(contents) = self.contents.remove(&name) {
                self.contents.insert(SegmentName { number, frozen: true }, contents);
                result = self.medium.freeze(number);
            }
        }
        if let Err(error) = result {
            tracing::error!(%error, "a damaged segment could not be set aside");
        }
    }

    /// Removes whole segments, oldest first, that were delivered more than 35 days ago. Frozen ones stay.
    fn prune(&mut self) {
        if let Err(error) = self.try_prune() {
            tracing::warn!(%error, "old segments could not be removed");
        }
    }

    fn try_prune(&mut self) -> std::io::Result<()> {
        let now = (self.clock)().as_millisecond();
        let note = self.medium.read_note(Note::Delivered)?.unwrap_or_default();
        let before: BTreeMap<u64, i64> = serde_json::from_slice(&note).unwrap_or_default();
        let mut times = BTreeMap::new();
        let active = self.active.as_ref().map(|active| active.name.number);
        let mut gone = Vec::new();
        for (name, contents) in &self.contents {
            let all = contents
                .iter()
                .all(|(log, last)| self.delivered.get(log).is_some_and(|next| next > last));
            if name.frozen || Some(name.number) == active || !all {
                continue;
            }
            let since = *before.get(&name.number).unwrap_or(&now);
            times.insert(name.number, since);
            if now - since > KEEP_MS {
                gone.push(*name);
            }
        }
        if times != before {
            self.medium.write_note(Note::Delivered, &serde_json::to_vec(&times)?)?;
        }
        for name in gone {
            if self.contents.first_key_value().map(|(first, _)| *first) != Some(name) {
                break;
            }
            self.remove_first(name)?;
        }
        Ok(())
    }

    fn remove_first(&mut self, name: SegmentName) -> std::io::Result<()> {
        let bytes = self.medium.read(name)?;
        let mut at = 0;
        let mut state = self.state.clone();
        while let Some(decoded) = super::record::decode(&self.key, &bytes, at) {
            state.first = decoded.index + 1;
            at = decoded.end;
        }
        self.write_state(&state)?;
        self.state = state;
        self.medium.remove(name)?;
        self.contents.remove(&name);
        Ok(())
    }
}

/// Starts the thread.
///
/// # Errors
/// The system gives no thread.
pub fn start(writer: Writer, commands: Receiver<Command>) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name("outbox".into())
        .spawn(move || writer.run(commands))
        .map(drop)
}

/// How long an append may take before the act is refused.
pub const PATIENCE: Duration = Duration::from_secs(5);

impl Recovered {
    /// Splits into what the writer keeps and what is pending.
    pub fn pending(&mut self, delivered: &BTreeMap<ControllerId, u64>) -> Vec<StoredEvent> {
        std::mem::take(&mut self.events)
            .into_iter()
            .filter(|event| delivered.get(&event.log).is_none_or(|next| event.seq >= *next))
            .collect()
    }
}
