//! The signer: five times a second at most, vouches for what is new, and remembers outside the database what it vouched for.
//!
//! Invariant: before a checkpoint is published its state is durable in a file of its own, and it follows the state
//! before: never smaller, never another root for the same size, never earlier and never much later without a workstation's clock
//! that agrees or an order (`domain::audit::signing_time`), the first time of all included; always proven consistent. So a database
//! restored from a backup, or another history, is never signed. The entries it vouches for are durable outside the
//! database before it does (`signed_backup`). Reading, comparing and replacing the state happen under
//! its file lock: of several processes that share it, each continues what the others signed.
//! Deliberately absent: making a new state where one is missing; that is a new name, begun by `setup` or `rollover` only.

use super::sequencer::OWN_STATION;
use super::signed_backup::{self, Tail};
use super::signed_state::SignedState;
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::audit::hash::Hash;
use crate::domain::audit::leaf::Leaf;
use crate::domain::audit::note::SignerKey;
use crate::domain::audit::proof::{consistency_recipe, verify_consistency};
use crate::domain::audit::signing_time::{may_sign, may_sign_first};
use crate::domain::audit::tree::empty_root;
use crate::domain::console_command;
use crate::domain::doctor::Finding;
use crate::server::causes::causes;
use crate::server::config::{DataDir, read_text, write_whole};
use crate::server::error::ServerError;
use crate::server::now::now_ms;
use crate::server::store::{Log, Store};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;

/// Entries kept at once.
const PAGE: u64 = 4096;
/// Newest entries whose times are held against the clock.
const LOOKED_AT: u64 = 256;
/// How often, and after which wait, the state's lock is tried: a server holds it for a moment some times a second.
const LOCK_TRIES: u32 = 250;
const LOCK_AGAIN: Duration = Duration::from_millis(20);
/// Least time between two checkpoints: what an event waits for until it is included.
const PERIOD: Duration = Duration::from_millis(200);
/// After this time it is looked again: for what other processes committed, and for what was not signed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The time in a state under which nothing was signed yet.
const NO_TIME: i64 = 0;

/// Signs one log.
pub struct Signer {
    log: Log,
    key: SignerKey,
    path: PathBuf,
    /// What accepts the clock on order, as it is typed.
    accepting: String,
    tail: Tail,
    published: watch::Sender<SignedState>,
    failing: watch::Sender<Option<Finding>>,
}

impl Signer {
    /// Writes the state of a log that is empty: the one time that no state is continued.
    ///
    /// # Errors
    /// A state is there already, or cannot be written.
    pub fn create(data: &DataDir, log: &Log, key: &SignerKey) -> Result<(), ServerError> {
        let path = data.signer_state(&log.controller);
        if path.exists() {
            return Err(ServerError::AlreadySetUp);
        }
        write_state(&path, &state(log, key, 0, empty_root(), NO_TIME))
    }

    /// Writes the first state under a name; what another name left was moved aside by the caller.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(data: &DataDir, log: &Log, key: &SignerKey, size: u64, root: Hash) -> Result<(), ServerError> {
        let path = data.signer_state(&log.controller);
        write_state(&path, &state(log, key, size, root, now_ms()))
    }

    /// Reads the state a log was left in, and checks that this key signed it.
    ///
    /// # Errors
    /// The state is missing or not genuine: the log cannot be signed any more, only a new origin could be begun.
    pub fn open(data: &DataDir, log: Log, key: SignerKey) -> Result<Self, ServerError> {
        let path = data.signer_state(&log.controller);
        let last = read_state(&path, &log, &key)?;
        Ok(Self {
            accepting: console_command::accept_time(&data.path().display().to_string(), &log.controller),
            tail: Tail::of(data, &log),
            log,
            key,
            path,
            published: watch::Sender::new(last),
            failing: watch::Sender::new(None),
        })
    }

    /// The last signed state; changes when another is signed.
    pub fn published(&self) -> watch::Receiver<SignedState> {
        self.published.subscribe()
    }

    /// Why what is new is not signed, while that is so.
    pub fn failing(&self) -> watch::Receiver<Option<Finding>> {
        self.failing.subscribe()
    }

    /// Signs what is new, if anything is. Returns whether something was signed.
    ///
    /// # Errors
    /// What the database has does not continue what was signed, or the state cannot be kept: nothing is published.
    pub async fn step(&self, store: &Store, now_ms: i64) -> Result<bool, ServerError> {
        let refuse = |detail: String| ServerError::Signer {
            log: self.log.origin.clone(),
            detail,
        };
        let Some(_alone) = self.lock()? else { return Ok(false) };
        let last = self.refresh()?;
        let size = store.size(&self.log).await?;
        let root = store.frontier(&self.log, size).await?.root();
        if size < last.size {
            return Err(refuse(format!("the log has {size} leaves, {} were signed", last.size)));
        }
        if size == last.size {
            let same = root == last.root;
            return if same {
                Ok(false)
            } else {
                Err(refuse(format!("another root for size {size}")))
            };
        }
        let stations = self.times_of_stations(store, last.size, size).await?;
        let may = if last.size > 0 {
            may_sign(last.time_ms, now_ms, stations)
        } else {
            // The first signature of all follows none, but a time that was accepted.
            may_sign_first((last.time_ms != NO_TIME).then_some(last.time_ms), now_ms, stations)
        };
        if let Err(fault) = may {
            return Err(ServerError::ClockRefused {
                log: self.log.origin.clone(),
                fault,
                command: self.accepting.clone(),
            });
        }
        let recipe = consistency_recipe(last.size, size).ok_or_else(|| refuse("sizes".into()))?;
        let path = store.cook(&self.log, &recipe).await?;
        verify_consistency(last.size, &last.root, size, &root, &path)
            .map_err(|error| refuse(format!("not consistent with size {}: {error}", last.size)))?;
        self.keep(store, last.size, size).await?;
        let next = state(&self.log, &self.key, size, root, now_ms);
        write_state(&self.path, &next)?;
        self.published.send_replace(next);
        Ok(true)
    }

    /// What the clocks of workstations said in the newest entries that are about to be signed, Unix ms.
    async fn times_of_stations(&self, store: &Store, from: u64, to: u64) -> Result<Vec<i64>, ServerError> {
        let newest = from.max(to.saturating_sub(LOOKED_AT));
        let limit = u32::try_from(to - newest).unwrap_or(1);
        let entries = store.entries(&self.log, newest, limit).await?;
        let others = entries.iter().filter(|entry| entry.station != OWN_STATION);
        let times = others.filter_map(|entry| Leaf::parse(&entry.leaf).ok());
        Ok(times.map(|leaf| leaf.time.as_millisecond()).collect())
    }

    /// Takes another time for that of the last signature, on order: from then on it is what the clock is held against. What was
    /// signed stays as it is; the caller has recorded who orders it and why.
    ///
    /// # Errors
    /// The state cannot be read or written, or is not genuine.
    pub async fn accept_time(&self, now_ms: i64) -> Result<(), ServerError> {
        for _ in 0..LOCK_TRIES {
            let Some(_alone) = self.lock()? else {
                tokio::time::sleep(LOCK_AGAIN).await;
                continue;
            };
            let last = read_state(&self.path, &self.log, &self.key)?;
            return write_state(
                &self.path,
                &SignedState {
                    time_ms: now_ms,
                    ..last
                },
            );
        }
        Err(ServerError::AlreadyRunning)
    }

    /// Keeps the entries that are about to be signed outside the database: of many, the newest.
    async fn keep(&self, store: &Store, from: u64, to: u64) -> Result<(), ServerError> {
        let mut at = from.max(to.saturating_sub(signed_backup::MOST));
        while at < to {
            let limit = u32::try_from((to - at).min(PAGE)).unwrap_or(1);
            let page = store.entries(&self.log, at, limit).await?;
            at = page.last().map_or(to, |entry| entry.index + 1);
            let tail = self.tail.clone();
            let kept = tokio::task::spawn_blocking(move || tail.keep(&page)).await;
            kept.map_err(|error| ServerError::Key(error.to_string()))??;
        }
        Ok(())
    }

    /// The state's lock; `None` while another process has it.
    fn lock(&self) -> Result<Option<File>, ServerError> {
        let path = self.path.with_extension("lock");
        let wrap = |source| ServerError::File {
            path: path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(wrap)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(source)) => Err(wrap(source)),
        }
    }

    /// What a failed step tells whoever asks how the server is.
    fn found(&self, error: &ServerError) -> Finding {
        match error {
            ServerError::ClockRefused { log, fault, command } => Finding::clock(log, *fault, command),
            _ => Finding::NotSigned {
                log: self.log.origin.clone(),
            },
        }
    }

    /// What was signed last, by this process or another.
    fn refresh(&self) -> Result<SignedState, ServerError> {
        let last = self.published.borrow().clone();
        let kept = read_state(&self.path, &self.log, &self.key)?;
        if kept == last {
            return Ok(last);
        }
        if kept.size < last.size || kept.size == last.size && kept.root != last.root {
            return Err(ServerError::Signer {
                log: self.log.origin.clone(),
                detail: "the state went back".into(),
            });
        }
        self.published.send_replace(kept.clone());
        Ok(kept)
    }

    /// Signs for as long as the sequencer lives, at most once in [`PERIOD`], and a last time when it ends.
    pub async fn run(self, store: Store, mut committed: watch::Receiver<u64>) {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // What is committed from here on is looked at the next time.
            committed.mark_unchanged();
            let failed = self.step(&store, now_ms()).await.err();
            if let Some(error) = &failed {
                tracing::error!(error = %causes(error), log = self.log.origin, "not signed");
                self.failing.send_replace(Some(self.found(error)));
            } else if self.failing.send_if_modified(|why| why.take().is_some()) {
                tracing::info!(log = self.log.origin, "signed again");
            }
            let is_gone = if failed.is_some() {
                // No new event makes it better at once, nor a line for each.
                tokio::time::sleep(LOOK_AGAIN).await;
                committed.has_changed().is_err()
            } else if store.is_shared() {
                let changed = tokio::time::timeout(LOOK_AGAIN, committed.changed()).await;
                changed.is_ok_and(|changed| changed.is_err())
            } else {
                committed.changed().await.is_err()
            };
            if is_gone {
                break;
            }
        }
        if let Err(error) = self.step(&store, now_ms()).await {
            tracing::error!(
                error = %causes(&error),
                log = self.log.origin,
                "not signed at the end"
            );
        }
    }
}

fn state(log: &Log, key: &SignerKey, size: u64, root: Hash, time_ms: i64) -> SignedState {
    let note = checkpoint::sign(
        &Checkpoint {
            origin: log.origin.clone(),
            size,
            root,
        },
        key,
    );
    SignedState {
        origin: log.origin.clone(),
        size,
        root,
        time_ms,
        note,
    }
}

fn read_state(path: &std::path::Path, log: &Log, key: &SignerKey) -> Result<SignedState, ServerError> {
    let broken = |detail: &str| ServerError::Signer {
        log: log.origin.clone(),
        detail: detail.to_owned(),
    };
    let last: SignedState =
        serde_json::from_str(&read_text(path)?).map_err(|error| broken(&format!("state: {error}")))?;
    let signed = checkpoint::verify(&last.note, &key.verifier()).map_err(|_| broken("state not signed by the key"))?;
    if signed.origin != log.origin || (signed.size, signed.root) != (last.size, last.root) {
        return Err(broken("state and its checkpoint differ"));
    }
    Ok(last)
}

fn write_state(path: &std::path::Path, state: &SignedState) -> Result<(), ServerError> {
    let text = serde_json::to_vec_pretty(state).map_err(|error| ServerError::Key(error.to_string()))?;
    write_whole(path, &text, 0o600)
}

#[cfg(test)]
mod tests {
    use super::super::sequencer::{Sequencer, own_event};
    use super::*;
    use crate::domain::audit::details::log::LogVerify;
    use crate::domain::audit::event::Outcome;
    use crate::server::store::testing;
    use std::sync::Arc;

    async fn grow(data: &DataDir, store: &Store, log: &Log, count: usize) {
        let (sequencer, task) = Sequencer::start(data, store.clone(), vec![log.clone()], Arc::default()).unwrap();
        for _ in 0..count {
            let own = "server".parse().unwrap();
            let event = own_event(log.controller.clone(), own, LogVerify::default(), Outcome::Done);
            sequencer.record(event).await.unwrap();
        }
        drop(sequencer);
        task.await.unwrap();
    }

    #[tokio::test]
    async fn r_aud_2_signs_growth_and_refuses_what_does_not_continue() {
        let (dir, store, log) = testing::store().await;
        let data = DataDir::new(dir.path());
        let key = SignerKey::new(&log.origin, &[4; 32]).unwrap();
        Signer::create(&data, &log, &key).unwrap();
        assert!(
            Signer::create(&data, &log, &key).is_err(),
            "a state is never begun anew"
        );
        let signer = Signer::open(&data, log.clone(), key.clone()).unwrap();
        assert!(!signer.step(&store, 1).await.unwrap(), "nothing new");
        let t = now_ms() + 1000;
        grow(&data, &store, &log, 5).await;
        assert!(signer.step(&store, t).await.unwrap());
        grow(&data, &store, &log, 2).await;
        assert!(signer.step(&store, t - 1).await.is_err(), "time runs back");
        assert!(signer.step(&store, t).await.unwrap());
        assert_eq!(signer.published().borrow().size, 7);

        // The state survives; a database of yesterday does not get a signature, nor does another history.
        let signer = Signer::open(&data, log.clone(), key.clone()).unwrap();
        let (other_dir, other, other_log) = testing::store().await;
        let other_data = DataDir::new(other_dir.path());
        assert!(signer.step(&other, t + 1).await.is_err(), "smaller");
        grow(&other_data, &other, &other_log, 7).await;
        assert!(signer.step(&other, t + 1).await.is_err(), "same size, other root");
        grow(&other_data, &other, &other_log, 1).await;
        assert!(signer.step(&other, t + 1).await.is_err(), "not consistent");
        assert_eq!(signer.published().borrow().size, 7);

        // Another key's or another log's state is not taken over.
        assert!(Signer::open(&data, log.clone(), SignerKey::new(&log.origin, &[5; 32]).unwrap()).is_err());
        std::fs::remove_file(data.signer_state(&log.controller)).unwrap();
        assert!(
            Signer::open(&data, log, key).is_err(),
            "a lost state is never replaced in silence"
        );
    }

    #[tokio::test]
    async fn r_aud_2_a_clock_that_ran_ahead_is_not_signed_and_a_wrong_time_is_left_by_order() {
        let (dir, store, log) = testing::store().await;
        let data = DataDir::new(dir.path());
        let key = SignerKey::new(&log.origin, &[4; 32]).unwrap();
        Signer::create(&data, &log, &key).unwrap();
        let signer = Signer::open(&data, log.clone(), key.clone()).unwrap();
        let (now, days) = (now_ms() + 1000, 100 * 86_400_000);
        grow(&data, &store, &log, 1).await;
        assert!(signer.step(&store, now).await.unwrap());
        grow(&data, &store, &log, 1).await;
        let ahead = signer.step(&store, now + days).await.unwrap_err().to_string();
        assert!(
            ahead.contains("vedetta-audit log accept-time --data "),
            "the cure stands in the line: {ahead}"
        );
        assert!(
            signer.step(&store, now + 1).await.unwrap(),
            "put right, it goes on by itself"
        );
        // By order it goes there, and by order back again; what was signed stays.
        grow(&data, &store, &log, 1).await;
        signer.accept_time(now + days).await.unwrap();
        assert!(signer.step(&store, now + days).await.unwrap());
        grow(&data, &store, &log, 1).await;
        assert!(signer.step(&store, now + 2).await.is_err());
        signer.accept_time(now + 2).await.unwrap();
        assert!(signer.step(&store, now + 2).await.unwrap());
        assert_eq!(signer.published().borrow().size, 4);
    }
}
