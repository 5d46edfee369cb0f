//! Brings events from the outbox to the server's log, and believes nothing it cannot check.
//!
//! Invariant: an event is let go of only after the promise's signature, its inclusion under a checkpoint signed by the
//! pinned key, and that checkpoint's consistency with the last one stored were verified. A proof that is wrong stops the
//! courier for that log, stores the evidence and turns the audit state red. A server that lacks events it had (its database
//! was restored) is fed them again from the disk; whether it may go on is for its checkpoints to prove.
//! Deliberately absent: what events mean, and any way to skip an event.

use super::contact::Contact;
use super::outbox::{Outbox, StoredEvent};
use super::server_client::{ServerClient, ServerError};
use super::trusted_checkpoints::{TrustedCheckpoint, TrustedCheckpoints};
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::audit::hash::Hash;
use crate::domain::audit::note::Statement;
use crate::domain::audit::proof;
use crate::domain::backoff::{Backoff, BackoffPolicy};
use crate::domain::camera::{ControllerId, StationId};
use crate::protocol::{BatchReceipt, DurablePromise, EventBatch, MAX_BATCH, MAX_BODY, PromisedEntry, RefusalKind};
use futures::StreamExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Proofs asked for at the same time.
const AT_ONCE: usize = 8;
/// How often a checkpoint is asked for while it does not yet hold our events.
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(100);
/// How long that may take before the batch is tried again from the start.
const CHECKPOINT_PATIENCE: Duration = Duration::from_secs(15);
const RETRY: BackoffPolicy = BackoffPolicy {
    first: Duration::from_millis(250),
    longest: Duration::from_secs(15),
    steady: Duration::from_secs(1),
};

/// What the courier asks of the server; the trait exists so that tests can be a server that lies.
pub trait LogServer: Clone + Send + Sync + 'static {
    /// Hands events over.
    /// `pinned` is the last checkpoint of the log that was verified.
    fn post_events(
        &self,
        batch: &EventBatch,
        pinned: Option<&str>,
    ) -> impl Future<Output = Result<BatchReceipt, ServerError>> + Send;
    /// The newest checkpoint, a signed note, not yet verified.
    fn checkpoint(&self, log: &ControllerId) -> impl Future<Output = Result<String, ServerError>> + Send;
    /// Proof that the leaf at `index` is in the tree of `size`.
    fn inclusion(
        &self,
        log: &ControllerId,
        index: u64,
        size: u64,
    ) -> impl Future<Output = Result<Vec<Hash>, ServerError>> + Send;
    /// Proof that the tree of `to` begins with the tree of `from`.
    fn consistency(
        &self,
        log: &ControllerId,
        from: u64,
        to: u64,
    ) -> impl Future<Output = Result<Vec<Hash>, ServerError>> + Send;
}

impl LogServer for ServerClient {
    async fn post_events(&self, batch: &EventBatch, pinned: Option<&str>) -> Result<BatchReceipt, ServerError> {
        Self::post_events(self, batch, pinned).await
    }
    async fn checkpoint(&self, log: &ControllerId) -> Result<String, ServerError> {
        Self::checkpoint(self, log).await
    }
    async fn inclusion(&self, log: &ControllerId, index: u64, size: u64) -> Result<Vec<Hash>, ServerError> {
        Self::inclusion(self, log, index, size).await
    }
    async fn consistency(&self, log: &ControllerId, from: u64, to: u64) -> Result<Vec<Hash>, ServerError> {
        Self::consistency(self, log, from, to).await
    }
}

/// Counts of events written since the outbox was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivered {
    pub durable: u64,
    pub included: u64,
    pub verified: u64,
    /// A log was caught lying, or cannot be what it was.
    pub broken: bool,
}

/// Why a delivery stopped.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error("no checkpoint holds our events yet")]
    NotYet,
    #[error("{why}")]
    BadProof {
        why: String,
        offered: Vec<(&'static str, String)>,
    },
    #[error(transparent)]
    Disk(#[from] super::trusted_checkpoints::TrustedCheckpointError),
}

fn bad(why: impl Into<String>, offered: &[(&'static str, &str)]) -> Trouble {
    let offered = offered.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    Trouble::BadProof {
        why: why.into(),
        offered,
    }
}

/// How far each log's events got in this run, so that a retry counts nothing twice.
#[derive(Default, Clone, Copy)]
struct Counted {
    durable: u64,
    included: u64,
}

/// The courier of one workstation.
pub struct Courier<S> {
    client: S,
    station: StationId,
    outbox: Outbox,
    trusted: Arc<TrustedCheckpoints>,
    contact: Arc<Contact>,
    counted: BTreeMap<ControllerId, Counted>,
    delivered: watch::Sender<Delivered>,
}

impl<S: LogServer> Courier<S> {
    /// Makes a courier; [`Courier::run`] sets it going.
    pub fn new(
        client: S,
        station: StationId,
        outbox: Outbox,
        trusted: Arc<TrustedCheckpoints>,
        contact: Arc<Contact>,
    ) -> (Self, watch::Receiver<Delivered>) {
        let delivered = watch::Sender::new(Delivered {
            broken: trusted.broken().is_some(),
            ..Delivered::default()
        });
        let receiver = delivered.subscribe();
        (
            Self {
                client,
                station,
                outbox,
                trusted,
                contact,
                counted: BTreeMap::new(),
                delivered,
            },
            receiver,
        )
    }

    /// Works until `stop` becomes true or its sender is gone.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.work() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn work(&mut self) {
        let mut status = self.outbox.status();
        let mut backoff = Backoff::new(RETRY);
        loop {
            let moved = self.round().await;
            match moved {
                Round::Moved => backoff.connected(Instant::now()),
                Round::Nothing if status.borrow_and_update().pending == 0 => {
                    if status.changed().await.is_err() {
                        return;
                    }
                }
                // A log without a key, or one that is not trusted, keeps its events: look again when something
                // changes, or in a moment (a sign-in may have brought the key).
                Round::Nothing => {
                    let _ = tokio::time::timeout(Duration::from_millis(500), status.changed()).await;
                }
                Round::Failed => {
                    let until = backoff.failed(Instant::now(), rand::random());
                    tokio::time::sleep_until(until.into()).await;
                }
            }
        }
    }

    /// Tries one batch of every log that waits.
    async fn round(&mut self) -> Round {
        let mut round = Round::Nothing;
        for log in self.outbox.waiting_logs() {
            let Some(trusted) = self.trusted.get(&log) else {
                continue;
            };
            if trusted.broken.is_some() {
                continue;
            }
            match self.deliver(&log, &trusted).await {
                Ok(()) => {
                    self.contact.reached();
                    round = round.and(Round::Moved);
                }
                Err(trouble) => {
                    self.on_trouble(&log, trouble).await;
                    round = Round::Failed;
                }
            }
        }
        round
    }

    async fn on_trouble(&self, log: &ControllerId, trouble: Trouble) {
        match trouble {
            Trouble::BadProof { why, offered } => {
                tracing::error!(%log, why, "the log is not trusted any more");
                let (trusted, log) = (Arc::clone(&self.trusted), log.clone());
                let marked = tokio::task::spawn_blocking(move || {
                    let offered: Vec<_> = offered.iter().map(|(name, text)| (*name, text.as_str())).collect();
                    trusted.mark_broken(&log, &why, &offered, jiff::Timestamp::now());
                });
                let _ = marked.await;
                self.delivered.send_modify(|delivered| delivered.broken = true);
            }
            Trouble::Server(error) => {
                tracing::warn!(%log, %error, "events wait for the server");
                if error.is_away() || matches!(error, ServerError::Unintelligible { .. }) {
                    self.contact.away();
                }
            }
            Trouble::NotYet | Trouble::Disk(_) => tracing::warn!(%log, %trouble, "events wait"),
        }
    }

    async fn deliver(&mut self, log: &ControllerId, trusted: &TrustedCheckpoint) -> Result<(), Trouble> {
        let events = fitting(self.outbox.waiting(log, MAX_BATCH));
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(());
        };
        let (first_seq, last_seq) = (first.seq, last.seq);
        let gap = events
            .iter()
            .zip(trusted.next_seq..)
            .any(|(event, expected)| event.seq != expected);
        if gap {
            return Err(bad(
                format!("events from {} on are missing in the outbox", trusted.next_seq),
                &[],
            ));
        }
        let batch = EventBatch {
            log: log.clone(),
            events: events.iter().map(|event| event.submitted.clone()).collect(),
        };
        let receipt = match self.client.post_events(&batch, trusted.note_of_key()).await {
            Ok(receipt) => receipt,
            Err(ServerError::Refused {
                why: RefusalKind::Gap { expected },
                ..
            }) if expected < first_seq => {
                self.feed_again(log, trusted, expected, first_seq).await?;
                return Err(Trouble::NotYet);
            }
            Err(error) => return Err(on_refused_batch(error)),
        };
        let entries = check_promise(&receipt, trusted, &self.station, first_seq, &events)?;
        self.contact.reached();
        let new = events.iter().map(|event| self.outbox.is_new(event)).collect::<Vec<_>>();
        let counted = self.counted.entry(log.clone()).or_default();
        let durable = count_from(&events, &new, &mut counted.durable);
        self.delivered.send_modify(|delivered| delivered.durable += durable);
        let (note, checkpoint) = self.checkpoint_holding(log, trusted, &entries).await?;
        self.check_inclusion(log, &entries, &events, &checkpoint, &note).await?;
        let counted = self.counted.entry(log.clone()).or_default();
        let included = count_from(&events, &new, &mut counted.included);
        self.delivered.send_modify(|delivered| delivered.included += included);
        self.check_consistency(log, trusted, &checkpoint, &note).await?;
        let next_seq = last_seq + 1;
        let pinned = TrustedCheckpoint {
            note: Some(note),
            former: None,
            next_seq,
            ..trusted.clone()
        };
        let (trusted, log_id) = (Arc::clone(&self.trusted), log.clone());
        tokio::task::spawn_blocking(move || trusted.save(&log_id, pinned))
            .await
            .map_err(|_| Trouble::NotYet)??;
        self.outbox.delivered(log, next_seq);
        let verified = new.iter().filter(|new| **new).count() as u64;
        self.delivered.send_modify(|delivered| delivered.verified += verified);
        Ok(())
    }

    /// Sends the events `from..until` again, which were delivered before.
    async fn feed_again(
        &self,
        log: &ControllerId,
        trusted: &TrustedCheckpoint,
        mut from: u64,
        until: u64,
    ) -> Result<(), Trouble> {
        tracing::warn!(%log, from, until, "the server lacks events that it had: they are sent again");
        while from < until {
            let again = self.outbox.again(log, from, MAX_BATCH).await;
            let mut events = fitting(again.map_err(|_| Trouble::NotYet)?);
            events.retain(|event| event.seq < until);
            let (Some(first), Some(last)) = (events.first(), events.last()) else {
                return Err(bad(format!("the server expects event {from}, which is gone here"), &[]));
            };
            if first.seq != from {
                return Err(bad(format!("the server expects event {from}, which is gone here"), &[]));
            }
            let next = last.seq + 1;
            let batch = EventBatch {
                log: log.clone(),
                events: events.iter().map(|event| event.submitted.clone()).collect(),
            };
            let pinned = trusted.note_of_key();
            let receipt = self
                .client
                .post_events(&batch, pinned)
                .await
                .map_err(on_refused_batch)?;
            check_promise(&receipt, trusted, &self.station, from, &events)?;
            from = next;
        }
        Ok(())
    }

    /// Waits for a checkpoint that holds every promised entry.
    async fn checkpoint_holding(
        &self,
        log: &ControllerId,
        trusted: &TrustedCheckpoint,
        entries: &[PromisedEntry],
    ) -> Result<(String, Checkpoint), Trouble> {
        let highest = entries.iter().map(|entry| entry.index).max().unwrap_or(0);
        let until = Instant::now() + CHECKPOINT_PATIENCE;
        loop {
            let note = self.client.checkpoint(log).await?;
            let checkpoint = checkpoint::verify(&note, &trusted.key)
                .map_err(|error| bad(format!("checkpoint: {error}"), &[("offered.note", &note)]))?;
            if checkpoint.size > highest {
                return Ok((note, checkpoint));
            }
            if Instant::now() >= until {
                return Err(Trouble::NotYet);
            }
            tokio::time::sleep(CHECKPOINT_PAUSE).await;
        }
    }

    async fn check_inclusion(
        &self,
        log: &ControllerId,
        entries: &[PromisedEntry],
        events: &[StoredEvent],
        checkpoint: &Checkpoint,
        note: &str,
    ) -> Result<(), Trouble> {
        let wanted: Vec<_> = entries
            .iter()
            .zip(events)
            .map(|(entry, event)| (entry.index, event.seq, event.leaf_hash))
            .collect();
        let proofs = futures::stream::iter(wanted).map(|(index, seq, leaf_hash)| {
            let (client, log, checkpoint, note) =
                (self.client.clone(), log.clone(), checkpoint.clone(), note.to_owned());
            async move {
                let path = client.inclusion(&log, index, checkpoint.size).await?;
                proof::verify_inclusion(&leaf_hash, index, checkpoint.size, &path, &checkpoint.root).map_err(|error| {
                    bad(
                        format!("event {seq} is not in the log: {error}"),
                        &[("offered.note", &note)],
                    )
                })
            }
        });
        let mut proofs = proofs.buffer_unordered(AT_ONCE);
        while let Some(result) = proofs.next().await {
            result?;
        }
        Ok(())
    }

    async fn check_consistency(
        &self,
        log: &ControllerId,
        trusted: &TrustedCheckpoint,
        offered: &Checkpoint,
        note: &str,
    ) -> Result<(), Trouble> {
        let pinned = trusted.checkpoint();
        if offered.size < pinned.size {
            let why = format!("the log shrank from {} to {}", pinned.size, offered.size);
            return Err(bad(why, &[("offered.note", note)]));
        }
        let path = if pinned.size == 0 || pinned.size == offered.size {
            Vec::new()
        } else {
            self.client.consistency(log, pinned.size, offered.size).await?
        };
        proof::verify_consistency(pinned.size, &pinned.root, offered.size, &offered.root, &path)
            .map_err(|error| bad(format!("the log was rewritten: {error}"), &[("offered.note", note)]))
    }
}

/// What a round of deliveries came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    Nothing,
    Moved,
    Failed,
}

impl Round {
    fn and(self, other: Round) -> Round {
        if self == Round::Failed { self } else { other }
    }
}

/// As many events as fit in one request.
fn fitting(mut events: Vec<StoredEvent>) -> Vec<StoredEvent> {
    let mut size = 0;
    let fits = events
        .iter()
        .take_while(|event| {
            // Bodies travel as JSON strings: quotes are doubled at worst.
            size += 2 * event.size() + 64;
            size < MAX_BODY
        })
        .count();
    events.truncate(fits.max(1));
    events
}

fn on_refused_batch(error: ServerError) -> Trouble {
    match &error {
        ServerError::Refused {
            why: RefusalKind::Gap { expected },
            ..
        } => bad(
            format!("the server expects event {expected}: its log or this outbox lost some"),
            &[],
        ),
        ServerError::Refused {
            why: RefusalKind::Equivocation { seq },
            ..
        } => bad(format!("the server holds another event {seq} of this workstation"), &[]),
        _ => Trouble::Server(error),
    }
}

fn check_promise(
    receipt: &BatchReceipt,
    trusted: &TrustedCheckpoint,
    station: &StationId,
    first_seq: u64,
    events: &[StoredEvent],
) -> Result<Vec<PromisedEntry>, Trouble> {
    let wrong = |why: &str| {
        bad(
            why,
            &[("promise.json", &receipt.promise), ("promise.sig", &receipt.signature)],
        )
    };
    trusted
        .key
        .verify_statement(Statement::Durable, &receipt.promise, &receipt.signature)
        .map_err(|error| wrong(&format!("promise: {error}")))?;
    let promise: DurablePromise =
        serde_json::from_str(&receipt.promise).map_err(|error| wrong(&format!("promise: {error}")))?;
    if promise.origin != trusted.key.name() || promise.station != *station || promise.first_seq != first_seq {
        return Err(wrong("the promise is for other events"));
    }
    let same = promise.entries.len() == events.len()
        && promise
            .entries
            .iter()
            .zip(events)
            .all(|(entry, event)| entry.leaf_hash == event.leaf_hash.to_string());
    if !same {
        return Err(wrong("the promise names other events"));
    }
    if !promise.entries.windows(2).all(|pair| pair[0].index < pair[1].index) {
        return Err(wrong("the promise changes the order of events"));
    }
    Ok(promise.entries)
}

/// How many of the new events lie at or beyond `counted`, which moves past them.
fn count_from(events: &[StoredEvent], new: &[bool], counted: &mut u64) -> u64 {
    let from = *counted;
    *counted = from.max(events.last().map_or(0, |last| last.seq + 1));
    events
        .iter()
        .zip(new)
        .filter(|(event, new)| **new && event.seq >= from)
        .count() as u64
}
