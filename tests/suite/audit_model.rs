//! Outbox, courier and server together, with crashes, lost answers and a disk that forgets what was not synchronised.
//!
//! A model in the sense of proptest: a list of steps, some of them faults, after which the log must hold exactly what
//! was acknowledged. The real outbox on a disk in memory, the real courier, the real sequencer and signer on SQLite; the
//! database is copied and put back in the middle of it.
//! Deliberately absent: TLS and processes (tests of the server and of faults).

use crate::event_fixture;
use crate::town_hall::{borgo, first_seen};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;
use vedetta::domain::audit::chain::Sealed;
use vedetta::domain::audit::details::log::LogVerify;
use vedetta::domain::audit::event::{Body, Event, Outcome};
use vedetta::domain::audit::hash::Hash;
use vedetta::domain::audit::leaf::{self, Leaf};
use vedetta::domain::audit::note::{SignerKey, Statement};
use vedetta::domain::audit::proof::{consistency_recipe, inclusion_recipe};
use vedetta::domain::camera::{ControllerId, StationId};
use vedetta::protocol::{BatchReceipt, DurablePromise, EventBatch, PromisedEntry, RefusalKind};
use vedetta::server::config::DataDir;
use vedetta::server::log::sequencer::{OWN_STATION, Rejection, Sequencer, Submitted, Taken, own_event};
use vedetta::server::log::signer::Signer;
use vedetta::server::store::keys::Keys;
use vedetta::server::store::{Log, Store};
use vedetta::station::record::contact::Contact;
use vedetta::station::record::courier::{Courier, Delivered, LogServer};
use vedetta::station::record::outbox::{Medium, Note, Opening, Outbox, RecordKey, SegmentFile, SegmentName};
use vedetta::station::record::server_client::ServerError;
use vedetta::station::record::trusted_checkpoints::TrustedCheckpoints;

const ORIGIN: &str = "vedetta/020001/borgo";
const DATABASE: [&str; 3] = ["audit.db", "audit.db-wal", "audit.db-shm"];
const COPY: [&str; 3] = ["copy.db", "copy.db-wal", "copy.db-shm"];

fn sala() -> StationId {
    "sala".parse().unwrap()
}

fn key() -> SignerKey {
    SignerKey::new(ORIGIN, &[1; 32]).unwrap()
}

/// A disk in memory: what was not synchronised is lost, in part or whole, when the machine stops.
#[derive(Default, Clone)]
struct Disk {
    segments: BTreeMap<SegmentName, Segment>,
    notes: BTreeMap<u8, Vec<u8>>,
}

#[derive(Default, Clone)]
struct Segment {
    bytes: Vec<u8>,
    synced: usize,
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Disk>>);

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    /// What is there after the power failed: `torn` in 256ths of what was not synchronised survive.
    fn after_power_failure(&self, torn: u8) -> Memory {
        let mut disk = self.lock().clone();
        for segment in disk.segments.values_mut() {
            let loose = segment.bytes.len() - segment.synced;
            segment.bytes.truncate(segment.synced + loose * usize::from(torn) / 256);
            segment.synced = segment.bytes.len();
        }
        Memory(Arc::new(Mutex::new(disk)))
    }
}

fn slot(note: Note) -> u8 {
    match note {
        Note::State => 0,
        Note::Delivered => 1,
        Note::Poisoned => 2,
    }
}

impl Medium for Memory {
    fn segments(&self) -> io::Result<Vec<SegmentName>> {
        Ok(self.lock().segments.keys().copied().collect())
    }
    fn read(&self, name: SegmentName) -> io::Result<Vec<u8>> {
        let disk = self.lock();
        disk.segments
            .get(&name)
            .map(|s| s.bytes.clone())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn create(&mut self, number: u64) -> io::Result<Box<dyn SegmentFile>> {
        let name = SegmentName { number, frozen: false };
        self.lock().segments.insert(name, Segment::default());
        Ok(Box::new(OpenSegment {
            disk: self.clone(),
            name,
        }))
    }
    fn reopen(&mut self, number: u64, length: u64) -> io::Result<Box<dyn SegmentFile>> {
        let name = SegmentName { number, frozen: false };
        let length = usize::try_from(length).unwrap();
        let mut disk = self.lock();
        let segment = disk.segments.get_mut(&name).unwrap();
        segment.bytes.truncate(length);
        segment.synced = length;
        drop(disk);
        Ok(Box::new(OpenSegment {
            disk: self.clone(),
            name,
        }))
    }
    fn freeze(&mut self, number: u64) -> io::Result<()> {
        let mut disk = self.lock();
        let segment = disk.segments.remove(&SegmentName { number, frozen: false }).unwrap();
        disk.segments.insert(SegmentName { number, frozen: true }, segment);
        Ok(())
    }
    fn remove(&mut self, name: SegmentName) -> io::Result<()> {
        self.lock().segments.remove(&name);
        Ok(())
    }
    fn write_note(&mut self, note: Note, bytes: &[u8]) -> io::Result<()> {
        self.lock().notes.insert(slot(note), bytes.to_vec());
        Ok(())
    }
    fn read_note(&self, note: Note) -> io::Result<Option<Vec<u8>>> {
        Ok(self.lock().notes.get(&slot(note)).cloned())
    }
    fn take_reserve(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn give_up_reserve(&mut self) -> bool {
        false
    }
}

struct OpenSegment {
    disk: Memory,
    name: SegmentName,
}

impl SegmentFile for OpenSegment {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.segments
            .get_mut(&self.name)
            .unwrap()
            .bytes
            .extend_from_slice(bytes);
        Ok(())
    }
    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.disk.lock();
        let segment = disk.segments.get_mut(&self.name).unwrap();
        segment.synced = segment.bytes.len();
        Ok(())
    }
    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.segments
            .get_mut(&self.name)
            .unwrap()
            .bytes
            .truncate(usize::try_from(length).unwrap());
        Ok(())
    }
}

/// What happens to the next calls.
#[derive(Debug, Default, Clone)]
struct Weather {
    /// Calls that reach nobody.
    lost_requests: u8,
    /// Batches that are taken, and the answer is lost.
    lost_answers: u8,
    /// Batches that arrive twice.
    doubled: u8,
}

struct Running {
    store: Store,
    sequencer: Sequencer,
    signer: Signer,
}

/// The server, which may be down.
#[derive(Clone)]
struct Server {
    running: Arc<tokio::sync::Mutex<Option<Running>>>,
    weather: Arc<Mutex<Weather>>,
    log: Log,
}

fn away() -> ServerError {
    ServerError::Away { detail: "model".into() }
}

fn spend(left: &mut u8) -> bool {
    let had = *left > 0;
    *left = left.saturating_sub(1);
    had
}

fn submitted(batch: &EventBatch) -> Vec<Submitted> {
    batch
        .events
        .iter()
        .map(|event| {
            let parsed = Leaf::parse(&event.leaf).unwrap();
            let body: serde_json::Value = serde_json::from_str(&event.body).unwrap();
            let sealed = Sealed {
                seq: parsed.seq,
                class: parsed.class,
                leaf: event.leaf.clone(),
                leaf_hash: leaf::leaf_hash(event.leaf.as_bytes()),
                salt: hex::decode(&event.salt).unwrap().try_into().unwrap(),
                body: event.body.clone(),
            };
            Submitted {
                taken: Taken::Readable(Keys::of(&body, parsed.time)),
                leaf: parsed,
                sealed,
            }
        })
        .collect()
}

impl Server {
    fn reach(&self) -> Result<(), ServerError> {
        if spend(&mut self.weather.lock().unwrap().lost_requests) {
            return Err(away());
        }
        Ok(())
    }
}

impl LogServer for Server {
    async fn post_events(&self, batch: &EventBatch, _pinned: Option<&str>) -> Result<BatchReceipt, ServerError> {
        self.reach()?;
        let running = self.running.lock().await;
        let running = running.as_ref().ok_or_else(away)?;
        let events = submitted(batch);
        let first_seq = events[0].leaf.seq;
        let times = if spend(&mut self.weather.lock().unwrap().doubled) {
            2
        } else {
            1
        };
        let mut placed = Vec::new();
        for _ in 0..times {
            placed = running
                .sequencer
                .submit(borgo(), sala(), events.clone())
                .await
                .map_err(|rejection| match rejection {
                    Rejection::Gap { expected } => ServerError::Refused {
                        why: RefusalKind::Gap { expected },
                        detail: String::new(),
                    },
                    other => panic!("{other:?}"),
                })?;
        }
        if spend(&mut self.weather.lock().unwrap().lost_answers) {
            return Err(away());
        }
        let promise = DurablePromise {
            origin: ORIGIN.into(),
            station: sala(),
            first_seq,
            entries: placed
                .into_iter()
                .map(|(index, hash)| PromisedEntry {
                    index,
                    leaf_hash: hash.to_string(),
                })
                .collect(),
        };
        let promise = serde_json::to_string(&promise).unwrap();
        let signature = key().sign_statement(Statement::Durable, &promise);
        Ok(BatchReceipt { promise, signature })
    }

    async fn checkpoint(&self, _log: &ControllerId) -> Result<String, ServerError> {
        self.reach()?;
        let running = self.running.lock().await;
        let running = running.as_ref().ok_or_else(away)?;
        let now = jiff::Timestamp::now().as_millisecond();
        running.signer.step(&running.store, now).await.unwrap();
        let note = running.signer.published().borrow().note.clone();
        Ok(note)
    }

    async fn inclusion(&self, _log: &ControllerId, index: u64, size: u64) -> Result<Vec<Hash>, ServerError> {
        self.reach()?;
        let running = self.running.lock().await;
        let running = running.as_ref().ok_or_else(away)?;
        let recipe = inclusion_recipe(index, size).unwrap();
        Ok(running.store.cook(&self.log, &recipe).await.unwrap())
    }

    async fn consistency(&self, _log: &ControllerId, from: u64, to: u64) -> Result<Vec<Hash>, ServerError> {
        self.reach()?;
        let running = self.running.lock().await;
        let running = running.as_ref().ok_or_else(away)?;
        let recipe = consistency_recipe(from, to).unwrap();
        Ok(running.store.cook(&self.log, &recipe).await.unwrap())
    }
}

/// One step of a story.
#[derive(Debug, Clone)]
enum Step {
    /// Somebody does things.
    Append(u8),
    /// The workstation stops without warning; this many 256ths of what was not synchronised survive.
    StationDies(u8),
    /// The server stops without warning and starts again.
    ServerDies,
    /// The server is down until the next step that starts it.
    ServerDown,
    /// The server itself records something, and it is signed.
    Own,
    /// The database is copied, and the server goes on.
    Backup,
    /// The server starts again with the database as it was copied last.
    DatabaseOfBefore,
    Weather(u8, u8, u8),
    /// The courier is given some time.
    Pause(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1u8..12).prop_map(Step::Append),
        3 => any::<u8>().prop_map(Step::StationDies),
        2 => Just(Step::ServerDies),
        1 => Just(Step::ServerDown),
        2 => Just(Step::Own),
        1 => Just(Step::Backup),
        1 => Just(Step::DatabaseOfBefore),
        2 => (0u8..3, 0u8..3, 0u8..3).prop_map(|(a, b, c)| Step::Weather(a, b, c)),
        2 => (0u8..20).prop_map(Step::Pause),
    ];
    prop::collection::vec(step, 1..14)
}

struct World {
    folder: tempfile::TempDir,
    server: Server,
    disk: Memory,
    outbox: Outbox,
    stop: watch::Sender<bool>,
    delivered: watch::Receiver<Delivered>,
    trusted: Arc<TrustedCheckpoints>,
    /// Acknowledged: which act has which seq.
    acknowledged: BTreeMap<u64, uuid::Uuid>,
    /// What the server recorded of itself and signed.
    own: Vec<uuid::Uuid>,
    copied: bool,
    crashes: u64,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path().join("server"));
        data.create().unwrap();
        let store = Store::create(&data).await.unwrap();
        store.add_log(&borgo(), ORIGIN).await.unwrap();
        let log = store.logs().await.unwrap().remove(0);
        Signer::create(&data, &log, &key()).unwrap();
        store.close().await;
        let server = Server {
            running: Arc::default(),
            weather: Arc::default(),
            log,
        };
        let disk = Memory::default();
        let (outbox, stop, delivered, trusted) = station(&folder, &disk, &server);
        let world = Self {
            folder,
            server,
            disk,
            outbox,
            stop,
            delivered,
            trusted,
            acknowledged: BTreeMap::new(),
            own: Vec::new(),
            copied: false,
            crashes: 0,
        };
        world.start_server().await;
        world
    }

    fn data(&self) -> DataDir {
        DataDir::new(self.folder.path().join("server"))
    }

    async fn start_server(&self) {
        let mut running = self.server.running.lock().await;
        if running.is_some() {
            return;
        }
        let store = Store::open(&self.data()).await.unwrap();
        let log = self.server.log.clone();
        let (sequencer, _task) =
            Sequencer::start(&self.data(), store.clone(), vec![log.clone()], Arc::default()).unwrap();
        let signer = Signer::open(&self.data(), log, key()).unwrap();
        sequencer.take_up(borgo()).await.unwrap();
        *running = Some(Running {
            store,
            sequencer,
            signer,
        });
    }

    async fn stop_server(&mut self) {
        self.crashes += 1;
        // Dropped in the middle of whatever it does; nothing is put in order.
        drop(self.server.running.lock().await.take());
    }

    /// Stops the server in order, so that its files can be copied.
    async fn put_by(&mut self) {
        self.crashes += 1;
        if let Some(running) = self.server.running.lock().await.take() {
            running.store.close().await;
        }
    }

    fn copy(&self, from: [&str; 3], to: [&str; 3]) {
        let folder = self.data().path().to_owned();
        for (from, to) in from.into_iter().zip(to) {
            drop(std::fs::remove_file(folder.join(to)));
            if folder.join(from).exists() {
                std::fs::copy(folder.join(from), folder.join(to)).unwrap();
            }
        }
    }

    async fn record_own(&mut self) {
        let running = self.server.running.lock().await;
        let Some(running) = running.as_ref() else { return };
        let own = OWN_STATION.parse().unwrap();
        let event = own_event(borgo(), own, LogVerify::default(), Outcome::Done);
        let act = event.body.act;
        running.sequencer.record(event).await.unwrap();
        let now = jiff::Timestamp::now().as_millisecond();
        running.signer.step(&running.store, now).await.unwrap();
        self.own.push(act);
    }

    fn station_dies(&mut self, torn: u8) {
        self.crashes += 1;
        self.stop.send_replace(true);
        self.disk = self.disk.after_power_failure(torn);
        (self.outbox, self.stop, self.delivered, self.trusted) = station(&self.folder, &self.disk, &self.server);
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Append(count) => {
                for _ in 0..*count {
                    let event = event();
                    let act = event.body.act;
                    let seq = self.outbox.next_seq(&borgo());
                    self.outbox.append(event).await.unwrap();
                    assert!(
                        self.acknowledged.insert(seq, act).is_none(),
                        "seq {seq} was given twice"
                    );
                }
            }
            Step::StationDies(torn) => self.station_dies(*torn),
            Step::ServerDies => {
                self.stop_server().await;
                self.start_server().await;
            }
            Step::ServerDown => self.stop_server().await,
            Step::Own => self.record_own().await,
            Step::Backup => {
                self.put_by().await;
                self.copy(DATABASE, COPY);
                self.copied = true;
                self.start_server().await;
            }
            Step::DatabaseOfBefore if self.copied => {
                self.put_by().await;
                self.copy(COPY, DATABASE);
                self.start_server().await;
            }
            Step::DatabaseOfBefore => {}
            Step::Weather(lost_requests, lost_answers, doubled) => {
                *self.server.weather.lock().unwrap() = Weather {
                    lost_requests: *lost_requests,
                    lost_answers: *lost_answers,
                    doubled: *doubled,
                };
            }
            Step::Pause(turns) => {
                for _ in 0..*turns {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }

    /// Good weather, everything up: everything acknowledged must be in the log once, and verified.
    async fn settle(&mut self) {
        *self.server.weather.lock().unwrap() = Weather::default();
        self.start_server().await;
        // A courier that waits for its next try begins anew.
        self.station_dies(255);
        let mut status = self.outbox.status();
        let delivered = tokio::time::timeout(Duration::from_secs(30), status.wait_for(|status| status.pending == 0));
        delivered.await.expect("everything is delivered").unwrap();
        assert!(!self.delivered.borrow().broken, "an honest server is believed");
        let running = self.server.running.lock().await;
        let running = running.as_ref().unwrap();
        let entries = running.store.entries(&self.server.log, 0, 10_000).await.unwrap();
        let mut seen = BTreeMap::new();
        let (own, entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.station == OWN_STATION);
        let own = own.iter().map(|entry| {
            let body: Body = serde_json::from_str(&entry.opening.as_ref().unwrap().1).unwrap();
            body.act
        });
        assert_eq!(
            own.collect::<Vec<_>>(),
            self.own,
            "what the server recorded and signed is there, once"
        );
        for entry in &entries {
            let body: Body = serde_json::from_str(&entry.opening.as_ref().unwrap().1).unwrap();
            assert!(
                seen.insert(entry.seq, body.act).is_none(),
                "seq {} is twice in the log",
                entry.seq
            );
        }
        for (seq, act) in &self.acknowledged {
            assert_eq!(
                seen.get(seq),
                Some(act),
                "acknowledged event {seq} is in the log, once, as it was"
            );
        }
        let next = entries.len() as u64;
        assert_eq!(self.trusted.get(&borgo()).unwrap().next_seq, next);
        let pinned = self.trusted.get(&borgo()).unwrap().checkpoint();
        let frontier = running.store.frontier(&self.server.log, pinned.size).await.unwrap();
        assert_eq!(frontier.root(), pinned.root);
    }
}

fn station(
    folder: &tempfile::TempDir,
    disk: &Memory,
    server: &Server,
) -> (
    Outbox,
    watch::Sender<bool>,
    watch::Receiver<Delivered>,
    Arc<TrustedCheckpoints>,
) {
    let trusted = Arc::new(TrustedCheckpoints::open(folder.path().join("pins")).unwrap());
    trusted.pin_key(&borgo(), first_seen(&key().verifier())).unwrap();
    let opening = Opening {
        medium: Box::new(disk.clone()),
        key: RecordKey::from_bytes(&[3; 32]).unwrap(),
        station: sala(),
        delivered: trusted.delivered(),
        clock: jiff::Timestamp::now,
    };
    let (outbox, damage) = Outbox::open(opening).unwrap();
    assert_eq!(damage, [], "a crash is no damage");
    let contact = Arc::new(Contact::default());
    let (courier, delivered) = Courier::new(server.clone(), sala(), outbox.clone(), Arc::clone(&trusted), contact);
    let stop = watch::Sender::new(false);
    tokio::spawn(courier.run(stop.subscribe()));
    (outbox, stop, delivered, trusted)
}

fn event() -> Event {
    event_fixture::event(event_fixture::body(&sala()))
}

fn stories(cases: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (crashes, events) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.step(step).await;
            }
            world.settle().await;
            crashes.set(crashes.get() + world.crashes);
            events.set(events.get() + world.acknowledged.len() as u64);
        });
        Ok(())
    });
    result.unwrap();
    println!(
        "stories {cases}, crashes {}, events {}, lost 0, twice 0",
        crashes.get(),
        events.get()
    );
}

#[test]
fn r_aud_2_every_acknowledged_event_is_in_the_log_once_whatever_crashes() {
    stories(60);
}

#[test]
#[ignore = "an hour: bash packaging/test.sh --run-ignored all -E 'test(ten_thousand)'"]
fn r_aud_2_ten_thousand_crashes() {
    stories(4_000);
}
