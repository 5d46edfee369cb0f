//! The one writer of the logs: orders events, keeps each station's chain, commits many requests in one transaction.
//!
//! Invariant: an answer is given only after the commit; what is in memory is given up when a commit fails and read again
//! from the database. (station, log, seq) enters once: the same bytes get the same index again, other bytes are an
//! equivocation, which is kept as evidence, recorded, and puts the station in quarantine. Where several processes share a
//! database, each transaction holds its lock, and what is in memory is given up when another process wrote in between.
//! A database that lacks what was signed (it lost its last seconds, or was put back from a backup) gets it back from the
//! signer's own copy, in the order that was signed, before anything else enters. An event that does not read, or that the
//! database does not take, stops only itself (`one_by_one`): it has its place like any other, its body is set aside, and a record
//! of that stands beside it in the same transaction.
//! Deliberately absent: signatures, HTTP, people.

use super::signed_backup::Tail;
use crate::domain::audit::chain::{ChainError, Moment, Sealed, StationChain};
use crate::domain::audit::details::log::{AsideWord, Equivocation, EventSetAside, LogPruned};
use crate::domain::audit::details::{Details, Say as _};
use crate::domain::audit::event::{Body, Event, Outcome, RetentionClass};
use crate::domain::audit::hash::Hash;
use crate::domain::audit::leaf::Leaf;
use crate::domain::audit::tree::Frontier;
use crate::domain::camera::{ControllerId, StationId};
use crate::server::config::DataDir;
use crate::server::error::ServerError;
use crate::server::keys::random;
use crate::server::metrics::Metrics;
use crate::server::now::now_ms;
use crate::server::store::entries::{Append, NewEntry};
use crate::server::store::keys::{Keys, Words};
use crate::server::store::log_retention::Order;
use crate::server::store::{Log, Store, StoreError};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot, watch};

mod one_by_one;
mod restore;

/// The server's own chain in every log. No workstation may be enrolled under this name.
pub const OWN_STATION: &str = "server";
/// Requests that may wait; more are told to come back.
const QUEUE: usize = 256;
/// Most requests in one transaction, and how many events end it.
const GROUP: usize = 64;
const GROUP_EVENTS: usize = 4096;
/// A batch of more events than this is a backlog: it waits while there are others.
const LIVE: usize = 64;
/// Most bodies pruned in one transaction, so that ingest never waits long.
const PRUNE_AT_ONCE: u32 = 5_000;
/// Most words remembered; beyond, they are asked for again.
const WORDS: usize = 50_000;

/// An event a station submits, already read and checked against its own commitment.
#[derive(Debug, Clone)]
pub struct Submitted {
    pub leaf: Leaf,
    pub sealed: Sealed,
    pub taken: Taken,
}

/// How an event is kept.
#[derive(Debug, Clone)]
pub enum Taken {
    /// With what it will be found by.
    Readable(Keys),
    /// Byte for byte, found by no word.
    Aside(Aside),
}

/// Why an event is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    pub fault: AsideWord,
    /// The database's own code of what is wrong.
    pub code: Option<String>,
}

/// Why a batch did not enter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("seq {expected} is expected")]
    Gap { expected: u64 },
    #[error("seq {seq} was said before with other bytes")]
    Equivocation { seq: u64 },
    #[error("the leaf names another station")]
    OtherStation,
    #[error("there is no such log")]
    NoSuchLog,
    /// One event, not the log: the others are taken. Not even set aside does the database take it.
    #[error("the database does not take this event")]
    NotTaken,
    #[error("the log cannot be written now: {0}")]
    Unavailable(String),
}

/// Index and leaf hash of each event, in order; of pruning, the index of each removed body.
pub type Placed = Vec<(u64, Hash)>;
type Answer = Result<Placed, Rejection>;

enum Job {
    Batch {
        log: ControllerId,
        station: StationId,
        events: Vec<Submitted>,
    },
    Own(Box<Event>),
    /// Looks at a log anew.
    TakeUp(ControllerId),
    Prune {
        order: Box<Order>,
        event: Box<Event>,
        from: u64,
        now_ms: i64,
    },
}

/// What one step of pruning did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneStep {
    /// Bodies removed.
    pub bodies: u64,
    /// Index to go on from.
    pub next: u64,
}

type Asked = (Job, oneshot::Sender<Answer>);

impl Job {
    fn events(&self) -> usize {
        match self {
            Self::Batch { events, .. } => events.len(),
            Self::Own(_) | Self::TakeUp(_) | Self::Prune { .. } => 1,
        }
    }
}

/// What waits for the writer: what happens now goes before a backlog.
struct Queue {
    live: mpsc::Receiver<Asked>,
    backlog: mpsc::Receiver<Asked>,
}

impl Queue {
    /// The next job; `None` when nobody can ask any more.
    async fn next(&mut self) -> Option<Asked> {
        tokio::select! {
            biased;
            Some(job) = self.live.recv() => Some(job),
            Some(job) = self.backlog.recv() => Some(job),
            else => None,
        }
    }

    fn waiting(&mut self) -> Option<Asked> {
        self.live.try_recv().or_else(|_| self.backlog.try_recv()).ok()
    }
}

/// The way to the sequencer. Cheap to clone.
#[derive(Clone)]
pub struct Sequencer {
    live: mpsc::Sender<Asked>,
    backlog: mpsc::Sender<Asked>,
    committed: watch::Receiver<u64>,
}

impl Sequencer {
    /// Starts the writer. It ends when the last handle is gone.
    ///
    /// # Errors
    /// No randomness, or no name.
    pub fn start(
        data: &DataDir,
        store: Store,
        logs: Vec<Log>,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, tokio::task::JoinHandle<()>), ServerError> {
        let (live, live_jobs) = mpsc::channel(QUEUE);
        let (backlog, backlog_jobs) = mpsc::channel(QUEUE);
        let queue = Queue {
            live: live_jobs,
            backlog: backlog_jobs,
        };
        let (committed_tx, committed) = watch::channel(0);
        let own = OWN_STATION
            .parse()
            .map_err(|_| ServerError::Key("own station name".into()))?;
        let tails = logs.iter().map(|log| (log.controller.clone(), Tail::of(data, log)));
        let writer = Writer {
            tails: tails.collect(),
            store,
            logs,
            own,
            boot: uuid::Uuid::new_v4(),
            started: Instant::now(),
            epoch: 0,
            open: HashMap::new(),
            words: HashMap::new(),
            highest_word: 0,
            committed: committed_tx,
            metrics,
            told: HashSet::new(),
        };
        let way = Self {
            live,
            backlog,
            committed,
        };
        Ok((way, tokio::spawn(writer.run(queue))))
    }

    /// Puts a station's events into a log; the answer comes when they are durable.
    ///
    /// # Errors
    /// [`Rejection`]: nothing of the batch entered.
    pub async fn submit(&self, log: ControllerId, station: StationId, events: Vec<Submitted>) -> Answer {
        self.ask(Job::Batch { log, station, events }).await
    }

    /// Records an event of the server itself; the answer comes when it is durable.
    ///
    /// # Errors
    /// [`Rejection`]: it is not recorded, and what it announces must not be done.
    pub async fn record(&self, event: Event) -> Result<(), Rejection> {
        self.ask(Job::Own(Box::new(event))).await.map(drop)
    }

    /// Looks at a log anew, and puts back what was signed and is gone from the database, as far as it is kept.
    ///
    /// # Errors
    /// [`Rejection`]: the log cannot be written.
    pub async fn take_up(&self, log: ControllerId) -> Result<(), Rejection> {
        self.ask(Job::TakeUp(log)).await.map(drop)
    }

    /// Removes up to some thousand bodies that an approved order names and nothing holds, and records which: `event` with
    /// the spans added, durable together with the removal. Looks from index `from` on; `None` when nothing is left.
    ///
    /// # Errors
    /// [`Rejection`]: nothing was removed.
    pub async fn prune(
        &self,
        order: Order,
        event: Event,
        from: u64,
        now_ms: i64,
    ) -> Result<Option<PruneStep>, Rejection> {
        let job = Job::Prune {
            order: Box::new(order),
            event: Box::new(event),
            from,
            now_ms,
        };
        let removed = self.ask(job).await?;
        Ok(removed.last().map(|(last, _)| PruneStep {
            bodies: removed.len() as u64,
            next: last + 1,
        }))
    }

    /// Changes with each commit.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    async fn ask(&self, job: Job) -> Answer {
        let away = || Rejection::Unavailable("the writer is gone".into());
        let (reply, answer) = oneshot::channel();
        let lane = if job.events() > LIVE { &self.backlog } else { &self.live };
        match lane.try_send((job, reply)) {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(away())),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Rejection::Unavailable("the queue is full".into())),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(away()),
        }
    }
}

/// What the writer knows of a log between two commits.
struct OpenLog {
    log: Log,
    frontier: Frontier,
    chains: HashMap<StationId, StationChain>,
}

/// What an entry is found by.
struct Found<'a> {
    keys: &'a Keys,
    words: Words,
    is_aside: bool,
}

struct Writer {
    /// What was signed, outside the database.
    tails: HashMap<ControllerId, Tail>,
    store: Store,
    logs: Vec<Log>,
    own: StationId,
    boot: uuid::Uuid,
    started: Instant,
    /// Of the last transaction; another means that another process wrote.
    epoch: i64,
    open: HashMap<ControllerId, OpenLog>,
    words: HashMap<String, i64>,
    /// The largest number of a word that was seen in the database.
    highest_word: i64,
    committed: watch::Sender<u64>,
    metrics: Arc<Metrics>,
    /// Events that have no place at all and that were recorded, each once: a station tries again and again.
    told: HashSet<(ControllerId, StationId, u64)>,
}

/// A step that ends either the job (with an answer) or the whole transaction.
enum Stop {
    Job(Rejection),
    All(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::All(error)
    }
}

impl Writer {
    async fn run(mut self, mut queue: Queue) {
        while let Some(first) = queue.next().await {
            let mut events = first.0.events();
            let mut group = vec![first];
            while group.len() < GROUP
                && events < GROUP_EVENTS
                && let Some(next) = queue.waiting()
            {
                events += next.0.events();
                group.push(next);
            }
            let (jobs, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            let answers = match self.transact(&jobs).await {
                Ok(answers) => answers,
                Err(error) => self.one_by_one(&jobs, &error).await,
            };
            for (reply, answer) in replies.into_iter().zip(answers) {
                // Whoever asked may be gone; what is durable stays durable, and asking again finds it.
                drop(reply.send(answer));
            }
        }
    }

    /// Gives up what is in memory: the database is asked again.
    fn forget(&mut self) {
        self.open.clear();
        self.words.clear();
        self.highest_word = 0;
    }

    async fn transact(&mut self, jobs: &[Job]) -> Result<Vec<Answer>, StoreError> {
        let answers = self.write(jobs).await;
        self.store
            .note_write(answers.as_ref().is_err_and(|error| !error.is_of_the_row()));
        answers
    }

    async fn write(&mut self, jobs: &[Job]) -> Result<Vec<Answer>, StoreError> {
        let begun = Instant::now();
        let mut append = self.store.append(&self.boot.to_string()).await?;
        if append.epoch != self.epoch {
            self.open.clear();
            self.epoch = append.epoch;
        }
        if append.highest_word < self.highest_word {
            tracing::error!("the database is one of before: it lost what was committed");
            self.forget();
        }
        for job in jobs {
            if let Job::TakeUp(log) = job {
                self.open.remove(log);
            }
        }
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            let step = match job {
                Job::Batch { log, station, events } => self.batch(&mut append, log, station, events).await,
                Job::Own(event) => self.own(&mut append, event).await,
                Job::TakeUp(log) => self.open(&mut append, log).await.map(|_| Vec::new()),
                Job::Prune {
                    order,
                    event,
                    from,
                    now_ms,
                } => self.prune(&mut append, order, event, *from, *now_ms).await,
            };
            match step {
                Ok(placed) => answers.push(Ok(placed)),
                Err(Stop::Job(rejection)) => answers.push(Err(rejection)),
                Err(Stop::All(error)) => return Err(error),
            }
        }
        append.commit().await?;
        let events = answers.iter().flatten().map(Vec::len).sum();
        self.metrics.committed(events, begun.elapsed());
        self.committed.send_modify(|count| *count += 1);
        Ok(answers)
    }

    async fn words(&mut self, append: &mut Append, keys: &Keys) -> Result<Words, StoreError> {
        if self.words.len() > WORDS {
            self.words.clear();
        }
        let mut ids = [0; 5];
        let texts = [&keys.person, &keys.camera, &keys.operation, &keys.purpose, &keys.result];
        for (id, text) in ids.iter_mut().zip(texts) {
            *id = match self.words.get(text) {
                Some(known) => *known,
                None => {
                    let new = append.word(text).await?;
                    self.words.insert(text.clone(), new);
                    self.highest_word = self.highest_word.max(new);
                    new
                }
            };
        }
        let [person, camera, operation, purpose, result] = ids;
        Ok(Words {
            person,
            camera,
            operation,
            purpose,
            result,
        })
    }

    async fn open(&mut self, append: &mut Append, controller: &ControllerId) -> Result<&mut OpenLog, Stop> {
        if !self.open.contains_key(controller) {
            let log = self.logs.iter().find(|log| &log.controller == controller).cloned();
            let log = log.ok_or(Stop::Job(Rejection::NoSuchLog))?;
            let size = self.store.size(&log).await?;
            let frontier = self.store.frontier(&log, size).await?;
            let mut open = OpenLog {
                log,
                frontier,
                chains: HashMap::new(),
            };
            self.put_back(append, &mut open).await?;
            self.open.insert(controller.clone(), open);
        }
        self.open.get_mut(controller).ok_or(Stop::Job(Rejection::NoSuchLog))
    }

    async fn batch(
        &mut self,
        append: &mut Append,
        controller: &ControllerId,
        station: &StationId,
        events: &[Submitted],
    ) -> Result<Placed, Stop> {
        let store = self.store.clone();
        let open = self.open(append, controller).await?;
        let log = open.log.clone();
        let mut chain = open.chain(&store, station).await?;
        // First look at all of it: a batch enters whole or not at all.
        let mut placed = Vec::with_capacity(events.len());
        let mut fresh = Vec::new();
        for event in events {
            if event.leaf.station != *station {
                return Err(Stop::Job(Rejection::OtherStation));
            }
            if event.leaf.seq < chain.next_seq && fresh.is_empty() {
                match append.at_seq(&log, station, event.leaf.seq).await? {
                    Some((index, leaf)) if leaf == event.sealed.leaf => placed.push((index, event.sealed.leaf_hash)),
                    Some(_) => return self.equivocation(append, controller, &log, station, event).await,
                    None => return Err(StoreError::Corrupt(format!("{station} lacks seq {}", event.leaf.seq)).into()),
                }
                continue;
            }
            match chain.check(&event.leaf) {
                Ok(()) => {}
                Err(ChainError::OtherStation) => return Err(Stop::Job(Rejection::OtherStation)),
                Err(ChainError::Gap { expected, .. } | ChainError::WrongPrev { expected }) => {
                    return Err(Stop::Job(Rejection::Gap { expected }));
                }
            }
            chain.advance(event.sealed.leaf_hash);
            fresh.push(event);
        }
        let now_ms = now_ms();
        for event in fresh {
            placed.push(self.enter(append, controller, event, now_ms).await?);
        }
        Ok(placed)
    }

    /// Gives an event its place; beside one that is set aside stands the record of it.
    async fn enter(
        &mut self,
        append: &mut Append,
        controller: &ControllerId,
        event: &Submitted,
        now_ms: i64,
    ) -> Result<(u64, Hash), Stop> {
        let (keys, aside) = match &event.taken {
            Taken::Readable(keys) => (Cow::Borrowed(keys), None),
            Taken::Aside(aside) => (Cow::Owned(Keys::of_set_aside(event.leaf.time)), Some(aside)),
        };
        let found = Found {
            keys: &keys,
            words: self.words(append, &keys).await?,
            is_aside: aside.is_some(),
        };
        let (station, seq) = (&event.leaf.station, event.leaf.seq);
        let open = self.open(append, controller).await?;
        let index = open.place(append, station, &event.sealed, found, now_ms).await?;
        if let Some(Aside { fault, code }) = aside {
            tracing::error!(%station, seq, ?fault, "an event is set aside");
            let what = EventSetAside {
                index: Some(index),
                station: Some(station.clone()),
                seq: Some(seq),
                fault: Some(*fault),
            };
            let what = match code {
                Some(code) => what.because(code.as_str()),
                None => what.into(),
            };
            let own = own_event(controller.clone(), self.own.clone(), what, Outcome::Done);
            self.own(append, &own).await?;
        }
        Ok((index, event.sealed.leaf_hash))
    }

    async fn equivocation(
        &mut self,
        append: &mut Append,
        controller: &ControllerId,
        log: &Log,
        station: &StationId,
        event: &Submitted,
    ) -> Result<Placed, Stop> {
        let seq = event.leaf.seq;
        tracing::error!(%station, seq, log = log.origin, "equivocation: the station is put in quarantine");
        let is_aside = matches!(event.taken, Taken::Aside(_));
        append
            .equivocation(log, station, &event.sealed, is_aside, now_ms())
            .await?;
        let what = Equivocation {
            station: Some(station.clone()),
            seq: Some(seq),
            offered_leaf_hash: Some(event.sealed.leaf_hash),
        };
        let own = own_event(controller.clone(), self.own.clone(), what, Outcome::Refused);
        self.own(append, &own).await?;
        Err(Stop::Job(Rejection::Equivocation { seq }))
    }

    async fn own(&mut self, append: &mut Append, event: &Event) -> Result<Placed, Stop> {
        let refuse = |detail: String| Stop::Job(Rejection::Unavailable(detail));
        let (store, own) = (self.store.clone(), self.own.clone());
        let mono_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let at = Moment {
            boot: self.boot,
            time: jiff::Timestamp::now(),
            mono_ms,
        };
        let salt = random::<32>().map_err(|error| refuse(error.to_string()))?;
        let open = self.open(append, &event.log).await?;
        let chain = open.chain(&store, &own).await?;
        let sealed = chain
            .seal(event.class, at, salt, &event.body)
            .map_err(|error| refuse(error.to_string()))?;
        let keys = Keys::of_own(&event.body, at.time);
        let found = Found {
            keys: &keys,
            words: self.words(append, &keys).await?,
            is_aside: false,
        };
        let open = self.open(append, &event.log).await?;
        let index = open.place(append, &own, &sealed, found, now_ms()).await?;
        Ok(vec![(index, sealed.leaf_hash)])
    }

    async fn prune(
        &mut self,
        append: &mut Append,
        order: &Order,
        event: &Event,
        from: u64,
        now_ms: i64,
    ) -> Result<Placed, Stop> {
        let log = self.open(append, &order.log).await?.log.clone();
        let spans = append.prunable(&log, order, from, now_ms, PRUNE_AT_ONCE).await?;
        if spans.is_empty() {
            append.pruning_done(order.id).await?;
            return Ok(Vec::new());
        }
        let mut event = event.clone();
        event.body.say(LogPruned {
            spans: Some(spans.clone()),
            ..LogPruned::default()
        });
        self.own(append, &event).await?;
        append.prune(&log, &spans).await?;
        let indices = spans.iter().flat_map(|(first, end)| *first..*end);
        Ok(indices.map(|index| (index, Hash([0; 32]))).collect())
    }
}

impl OpenLog {
    async fn chain(&mut self, store: &Store, station: &StationId) -> Result<StationChain, StoreError> {
        if let Some(chain) = self.chains.get(station) {
            return Ok(chain.clone());
        }
        let chain = store.chain(&self.log, station).await?;
        self.chains.insert(station.clone(), chain.clone());
        Ok(chain)
    }

    async fn place(
        &mut self,
        append: &mut Append,
        station: &StationId,
        sealed: &Sealed,
        found: Found<'_>,
        now_ms: i64,
    ) -> Result<u64, StoreError> {
        let index = self.frontier.size();
        let nodes = self.frontier.append(sealed.leaf_hash);
        let new = NewEntry {
            index,
            station,
            event: sealed,
            nodes: &nodes,
            received_ms: now_ms,
            keys: found.keys,
            words: found.words,
            is_aside: found.is_aside,
        };
        append.entry(&self.log, new).await?;
        if let Some(chain) = self.chains.get_mut(station) {
            chain.advance(sealed.leaf_hash);
        }
        Ok(index)
    }
}

/// An event of the server in which nobody signed in acts.
pub fn own_event(log: ControllerId, own: StationId, what: impl Into<Details>, result: Outcome) -> Event {
    let body = Body::new(own, uuid::Uuid::new_v4(), what, result);
    Event {
        log,
        class: RetentionClass::Police,
        body,
    }
}

#[cfg(test)]
mod tests;
