//! Figures of the audit path, for `benches/audit.sh`; not part of the normal run, and nothing here judges a time.
//!
//! Each test writes `target/bench/audit-<part>.json`. Everything is the development profile (`opt-level = 1`).
//! Deliberately absent: the outbox's own figures (`station::record::outbox::figures`), because it is private to the workstation.

use crate::cluster::Cluster;
use crate::event_fixture;
use crate::town::Town;
use crate::town_hall::{PROGRAM, Station, TownHall, borgo, first_seen, log_vkey, promise, submitted};
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::Connection as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vedetta::domain::audit::chain::Sealed;
use vedetta::domain::audit::checkpoint;
use vedetta::domain::audit::event::{Body, Event, Operation, Outcome};
use vedetta::domain::audit::hash::Hash;
use vedetta::domain::audit::tree::Frontier;
use vedetta::domain::camera::{ControllerId, StationId};
use vedetta::protocol::{BatchReceipt, ConsistencyProof, EventBatch, InclusionProof, LogPage, Refusal};
use vedetta::server::config::DataDir;
use vedetta::server::store::Store;
use vedetta::server::store::entries::NewEntry;
use vedetta::server::store::keys::{Keys, Words};
use vedetta::station::record::contact::Contact;
use vedetta::station::record::courier::{Courier, LogServer};
use vedetta::station::record::outbox::{Directory, Opening, Outbox, RecordKey};
use vedetta::station::record::server_client::ServerError;
use vedetta::station::record::trusted_checkpoints::TrustedCheckpoints;

const STATIONS: usize = 32;
const BATCH: usize = 64;
/// Entries written in one transaction before a measurement.
const FILL_AT_ONCE: usize = 32_768;

/// A number from the environment: how large the measurement is.
fn scale(name: &str, usual: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

fn write(part: &str, figures: &Value) {
    let dir = Path::new("target/bench");
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join(format!("audit-{part}.json")), figures.to_string()).unwrap();
    println!("{part}: {figures}");
}

fn percentile(times: &mut [Duration], of: f64) -> f64 {
    times.sort_unstable();
    let at = ((times.len() as f64 * of).ceil() as usize).clamp(1, times.len());
    times[at - 1].as_secs_f64() * 1000.0
}

fn name(n: usize) -> String {
    format!("posto-{n:02}")
}

/// A prepared town hall with many workstations.
fn large_hall(database: Option<&Cluster>) -> TownHall {
    let mut hall = Town::new().on(database.map(Cluster::owner_url)).prepared();
    if let Some(cluster) = database {
        hall.move_to(cluster.server_url());
    }
    for n in 0..STATIONS {
        let arguments = ["station", "enrol", "--data", hall.data_text(), "--station", &name(n)];
        let output = hall.command(&arguments, None);
        assert!(output.status.success(), "{output:?}");
    }
    hall
}

/// Batches as they travel.
fn batches(station: &mut Station, count: usize) -> Vec<Vec<u8>> {
    let events = station.events(count * BATCH);
    let chunk = |events: &[Sealed]| EventBatch {
        log: borgo(),
        events: events.iter().map(submitted).collect(),
    };
    events
        .chunks(BATCH)
        .map(|events| serde_json::to_vec(&chunk(events)).unwrap())
        .collect()
}

async fn post_all(station: &Station, batches: Vec<Vec<u8>>) {
    let url = station.url(&format!("/v1/stations/{}/events", station.id));
    for body in batches {
        loop {
            let request = station.client.post(&url).header("content-type", "application/json");
            let response = request.body(body.clone()).send().await.unwrap();
            if response.status().is_success() {
                response.bytes().await.unwrap();
                break;
            }
            assert_eq!(response.status().as_u16(), 503, "pushed back, nothing else");
            tokio::task::yield_now().await;
        }
    }
}

/// Events per second with every station sending batch after batch.
async fn sustained(bases: &[String], hall: &TownHall, per_station: usize) -> f64 {
    let mut loads = Vec::new();
    for n in 0..STATIONS {
        let mut station = hall.station_at(&bases[n % bases.len()], &name(n));
        let batches = batches(&mut station, per_station);
        loads.push((station, batches));
    }
    let begun = Instant::now();
    join_all(
        loads
            .into_iter()
            .map(|(station, batches)| async move { post_all(&station, batches).await }),
    )
    .await;
    (STATIONS * per_station * BATCH) as f64 / begun.elapsed().as_secs_f64()
}

/// One writer, one transaction a batch, one table: the same bytes into the same kind of database without anything else.
async fn floor_sqlite(events: &[Sealed]) -> f64 {
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
    let dir = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(dir.path().join("floor.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let table = "CREATE TABLE event (idx INTEGER PRIMARY KEY, leaf TEXT, salt BLOB, body TEXT)";
    sqlx::query(table).execute(&mut connection).await.unwrap();
    let begun = Instant::now();
    for batch in events.chunks(BATCH) {
        let mut tx = connection.begin().await.unwrap();
        for event in batch {
            sqlx::query("INSERT INTO event (leaf, salt, body) VALUES (?, ?, ?)")
                .bind(&event.leaf)
                .bind(event.salt.as_slice())
                .bind(&event.body)
                .execute(&mut *tx)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }
    events.len() as f64 / begun.elapsed().as_secs_f64()
}

async fn floor_postgres(cluster: &Cluster, events: &[Sealed]) -> f64 {
    let mut connection = sqlx::PgConnection::connect(&cluster.owner_url()).await.unwrap();
    let table = "CREATE TABLE event (idx BIGSERIAL PRIMARY KEY, leaf TEXT, salt BYTEA, body TEXT)";
    sqlx::query(table).execute(&mut connection).await.unwrap();
    let begun = Instant::now();
    for batch in events.chunks(BATCH) {
        let mut tx = connection.begin().await.unwrap();
        for event in batch {
            sqlx::query("INSERT INTO event (leaf, salt, body) VALUES ($1, $2, $3)")
                .bind(&event.leaf)
                .bind(event.salt.as_slice())
                .bind(&event.body)
                .execute(&mut *tx)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }
    events.len() as f64 / begun.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn ingest_sqlite() {
    let mut hall = large_hall(None);
    hall.start().await;
    let per_station = scale("AUDIT_BATCHES", 20);
    let rate = sustained(std::slice::from_ref(&hall.base), &hall, per_station).await;
    let events = hall.station("sala-operativa").events(STATIONS * per_station * BATCH);
    let floor = floor_sqlite(&events).await;
    let figures = json!({ "events": STATIONS * per_station * BATCH, "events_per_s": rate, "floor_events_per_s": floor,
        "of_floor": rate / floor });
    write("ingest-sqlite", &figures);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn ingest_postgres() {
    let cluster = Cluster::start();
    let mut hall = large_hall(Some(&cluster));
    hall.start().await;
    let second = hall.another().await;
    let per_station = scale("AUDIT_BATCHES", 20);
    let rate = sustained(&[hall.base.clone(), second.base.clone()], &hall, per_station).await;
    let events = hall.station("sala-operativa").events(STATIONS * per_station * BATCH);
    let floor = floor_postgres(&cluster, &events).await;
    let figures = json!({ "processes": 2, "events": STATIONS * per_station * BATCH, "events_per_s": rate,
        "floor_events_per_s": floor, "of_floor": rate / floor });
    write("ingest-postgres", &figures);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn one_event() {
    let hall = Town::new().open().await;
    let key = log_vkey(&hall);
    let mut station = hall.station("sala-operativa");
    let (mut durable, mut included) = (Vec::new(), Vec::new());
    for event in station.events(scale("AUDIT_SINGLE", 400)) {
        let begun = Instant::now();
        station.submit(std::slice::from_ref(&event)).await.unwrap();
        durable.push(begun.elapsed());
    }
    let mut size = durable.len() as u64;
    for (n, event) in station.events(scale("AUDIT_INCLUDED", 30)).into_iter().enumerate() {
        // At another moment of the signer's second each time.
        tokio::time::sleep(Duration::from_millis(137 * (n as u64 % 7))).await;
        let begun = Instant::now();
        station.submit(std::slice::from_ref(&event)).await.unwrap();
        size += 1;
        station.checkpoint_of(&key, size).await;
        included.push(begun.elapsed());
    }
    let figures = json!({ "durable": { "samples": durable.len(), "p50_ms": percentile(&mut durable, 0.50),
            "p99_ms": percentile(&mut durable, 0.99) },
        "included": { "samples": included.len(), "p50_ms": percentile(&mut included, 0.50),
            "p99_ms": percentile(&mut included, 0.99) } });
    write("one-event", &figures);
}

/// Batches of one workstation, one every `each`, the first after `offset`.
async fn post_in_time(station: Station, batches: Vec<Vec<u8>>, offset: Duration, each: Duration) {
    let mut beat = tokio::time::interval_at(tokio::time::Instant::now() + offset, each);
    for batch in batches {
        beat.tick().await;
        post_all(&station, vec![batch]).await;
    }
}

/// How long an event takes to be under a signature while workstations send so many a second; asked for every 20 ms.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn included() {
    let mut hall = large_hall(None);
    hall.start().await;
    let key = log_vkey(&hall);
    let (rate, seconds) = (scale("AUDIT_RATE", 5_000), scale("AUDIT_SECONDS", 60));
    let each = Duration::from_secs_f64((STATIONS * BATCH) as f64 / rate as f64);
    let per_station = (seconds as f64 / each.as_secs_f64()) as usize;
    let mut probe = hall.station("sala-operativa");
    let singles = probe.events(seconds * 10);
    let mut loads = Vec::new();
    for n in 0..STATIONS {
        let mut station = hall.station_at(&hall.base, &name(n));
        let batches = batches(&mut station, per_station);
        loads.push((station, batches, each.mul_f64(n as f64 / STATIONS as f64)));
    }
    let begun = Instant::now();
    let load = async {
        let sending = loads
            .into_iter()
            .map(|(station, batches, offset)| tokio::spawn(post_in_time(station, batches, offset, each)));
        join_all(sending.collect::<Vec<_>>()).await;
        begun.elapsed()
    };
    let probing = async {
        let mut times = Vec::new();
        for (n, event) in singles.iter().enumerate() {
            let asked = Instant::now();
            let receipt = probe.submit(std::slice::from_ref(event)).await.unwrap();
            let index = promise(&receipt, &key).entries[0].index;
            while checkpoint::verify(&probe.note().await, &key).unwrap().size <= index {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            times.push(asked.elapsed());
            if begun.elapsed().as_secs() >= seconds as u64 {
                break;
            }
            // At another moment of the signer's period each time.
            tokio::time::sleep(Duration::from_millis(37 * (n as u64 % 7))).await;
        }
        times
    };
    let (took, mut times) = tokio::join!(load, probing);
    let events = STATIONS * per_station * BATCH;
    let figures = json!({ "events": events, "asked_events_per_s": rate, "events_per_s": events as f64 / took.as_secs_f64(),
        "samples": times.len(), "p50_ms": percentile(&mut times, 0.5), "p99_ms": percentile(&mut times, 0.99) });
    write("included", &figures);
}

/// The server over the network, for a real courier.
#[derive(Clone)]
struct Door(Arc<Station>);

impl Door {
    async fn get<T: serde::de::DeserializeOwned>(&self, path: String) -> Result<T, ServerError> {
        self.ask(self.0.client.get(self.0.log_url(&path))).await
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ServerError> {
        let away = |error: reqwest::Error| ServerError::Away {
            detail: error.to_string(),
        };
        let response = request.send().await.map_err(away)?;
        if response.status().is_success() {
            return response.json().await.map_err(away);
        }
        let refusal: Refusal = response.json().await.map_err(away)?;
        Err(ServerError::Refused {
            why: refusal.why,
            detail: refusal.detail,
        })
    }
}

fn hashes(path: &[String]) -> Vec<Hash> {
    path.iter().map(|hash| hash.parse().unwrap()).collect()
}

impl LogServer for Door {
    async fn post_events(&self, batch: &EventBatch, _pinned: Option<&str>) -> Result<BatchReceipt, ServerError> {
        let url = self.0.url(&format!("/v1/stations/{}/events", self.0.id));
        self.ask(self.0.client.post(url).json(batch)).await
    }
    async fn checkpoint(&self, _log: &ControllerId) -> Result<String, ServerError> {
        Ok(self.0.note().await)
    }
    async fn inclusion(&self, _log: &ControllerId, index: u64, size: u64) -> Result<Vec<Hash>, ServerError> {
        let proof: InclusionProof = self.get(format!("inclusion?index={index}&size={size}")).await?;
        Ok(hashes(&proof.path))
    }
    async fn consistency(&self, _log: &ControllerId, from: u64, to: u64) -> Result<Vec<Hash>, ServerError> {
        let proof: ConsistencyProof = self.get(format!("consistency?from={from}&to={to}")).await?;
        Ok(hashes(&proof.path))
    }
}

fn pulse(station: &StationId) -> Event {
    event_fixture::event(Body {
        agency: "Polizia Locale".into(),
        session: uuid::Uuid::new_v4().to_string(),
        operation: Operation::ViewPulse,
        result: Outcome::Done,
        camera: Some("cam-01".parse().unwrap()),
        policy_version: 7,
        ..event_fixture::body(station)
    })
}

/// Many workstations come back with what they recorded in eight hours, each event verified by the real courier; one
/// workstation goes on working meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn backlog_of_workstations_that_come_back() {
    let (stations, each) = (scale("AUDIT_BACK", 50), scale("AUDIT_BACKLOG", 500));
    let hall = Town::new().prepared();
    for n in 0..stations {
        let arguments = ["station", "enrol", "--data", hall.data_text(), "--station", &name(n)];
        assert!(hall.command(&arguments, None).status.success());
    }
    let mut hall = hall;
    hall.start().await;
    let key = log_vkey(&hall);
    let mut waiting = Vec::new();
    for n in 0..stations {
        let folder = hall.dir.path().join(format!("outbox-{n}"));
        let station = hall.station(&name(n));
        let trusted = Arc::new(TrustedCheckpoints::open(folder.join("pins")).unwrap());
        trusted.pin_key(&borgo(), first_seen(&key.clone())).unwrap();
        let opening = Opening {
            medium: Box::new(Directory::open(&folder.join("events")).unwrap()),
            key: RecordKey::from_bytes(&[3; 32]).unwrap(),
            station: station.id.clone(),
            delivered: BTreeMap::new(),
            clock: jiff::Timestamp::now,
        };
        let (outbox, _) = Outbox::open(opening).unwrap();
        let id = station.id.clone();
        for done in join_all((0..each).map(|_| outbox.append(pulse(&id)))).await {
            done.unwrap();
        }
        waiting.push((Door(Arc::new(station)), outbox, trusted));
    }
    let begun = Instant::now();
    let stop = tokio::sync::watch::Sender::new(false);
    let mut drained = Vec::new();
    for (door, outbox, trusted) in waiting {
        let id = door.0.id.clone();
        let (courier, _) = Courier::new(door, id, outbox.clone(), trusted, Arc::new(Contact::default()));
        tokio::spawn(courier.run(stop.subscribe()));
        drained.push(async move {
            let mut status = outbox.status();
            status.wait_for(|status| status.pending == 0).await.unwrap();
        });
    }
    let over = tokio::sync::watch::Sender::new(false);
    let live = async {
        let mut station = hall.station("sala-operativa");
        let mut times = Vec::new();
        while !*over.borrow() {
            let event = station.events(1);
            let begun = Instant::now();
            station.submit(&event).await.unwrap();
            times.push(begun.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        times
    };
    let all = async {
        join_all(drained).await;
        over.send_replace(true);
        begun.elapsed()
    };
    let (took, mut times) = tokio::join!(all, live);
    let events = stations * each;
    let figures = json!({ "stations": stations, "events": events, "seconds": took.as_secs_f64(),
        "events_per_s": events as f64 / took.as_secs_f64(), "live_samples": times.len(),
        "live_p50_ms": percentile(&mut times, 0.5), "live_p99_ms": percentile(&mut times, 0.99) });
    write("backlog", &figures);
}

/// An entry to be written past the network, and what it is found by.
struct Filling {
    event: Sealed,
    keys: Keys,
    received_ms: i64,
}

/// Events of 300 people at 120 cameras on 400 days, in the order of time.
fn filling(mut station: Station, count: u64, to: &std::sync::mpsc::SyncSender<Vec<Filling>>) {
    let began: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for first in (0..count).step_by(FILL_AT_ONCE) {
        let last = count.min(first + FILL_AT_ONCE as u64);
        let made = (first..last).map(|n| {
            let at = began + jiff::SignedDuration::from_secs(i64::try_from(n * 400 * 86_400 / count).unwrap());
            let (person, camera) = (format!("persona-{:03}", n % 300), format!("cam-{:03}", n % 120));
            let event = station.event_of(&person, &camera, at);
            let keys = Keys {
                person,
                camera,
                operation: "view_open".into(),
                purpose: "urban_security".into(),
                result: "intent".into(),
                time_s: at.as_second(),
            };
            let received_ms = at.as_millisecond();
            Filling {
                event,
                keys,
                received_ms,
            }
        });
        to.send(made.collect()).unwrap();
    }
}

/// Writes `count` entries of many people and days past the network, as the sequencer would. Returns the bytes of bodies.
async fn fill(hall: &TownHall, count: u64) -> u64 {
    let store = Store::open(&DataDir::new(hall.data())).await.unwrap();
    let log = store.logs().await.unwrap().remove(0);
    let station = hall.station("sala-operativa");
    let id = station.id.clone();
    let (to, from) = std::sync::mpsc::sync_channel(2);
    let making = std::thread::spawn(move || filling(station, count, &to));
    let mut frontier = Frontier::default();
    let mut body_bytes = 0;
    let mut words = std::collections::HashMap::new();
    while let Ok(batch) = from.recv() {
        let mut append = store.append("fill").await.unwrap();
        for Filling {
            event,
            keys,
            received_ms,
        } in batch
        {
            body_bytes += event.body.len() as u64;
            let mut ids = [0; 5];
            let texts = [&keys.person, &keys.camera, &keys.operation, &keys.purpose, &keys.result];
            for (id, text) in ids.iter_mut().zip(texts) {
                if !words.contains_key(text) {
                    words.insert(text.clone(), append.word(text).await.unwrap());
                }
                *id = words[text];
            }
            let [person, camera, operation, purpose, result] = ids;
            let index = frontier.size();
            let nodes = frontier.append(event.leaf_hash);
            let new = NewEntry {
                index,
                station: &id,
                event: &event,
                nodes: &nodes,
                received_ms,
                keys: &keys,
                words: Words {
                    person,
                    camera,
                    operation,
                    purpose,
                    result,
                },
                is_aside: false,
            };
            append.entry(&log, new).await.unwrap();
        }
        append.commit().await.unwrap();
    }
    making.join().unwrap();
    store.close().await;
    body_bytes
}

fn peak_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Starts the server and waits until everything is signed, by a clock that was accepted: no workstation's clock agrees with it.
async fn signed(hall: &mut TownHall, count: u64) {
    let path = hall.data().join("signer/borgo-vedetta.json");
    let mut state: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    state["time_ms"] = jiff::Timestamp::now().as_millisecond().into();
    std::fs::write(&path, state.to_string()).unwrap();
    hall.start().await;
    let key = log_vkey(hall);
    let station = hall.station("sala-operativa");
    let until = Instant::now() + Duration::from_secs(120);
    while checkpoint::verify(&station.note().await, &key).unwrap().size < count {
        assert!(Instant::now() < until, "not signed in time");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn search() {
    let count = scale("AUDIT_SEARCHED", 200_000) as u64;
    let mut hall = Town::new().prepared();
    let begun = Instant::now();
    fill(&hall, count).await;
    let filled = begun.elapsed();
    signed(&mut hall, count).await;
    let console = hall.station("console");
    let password = hall.password("amministratore");
    let grant = console.sign_in("amministratore", &password).await.unwrap();
    let mut times = Vec::new();
    let mut found = 0;
    for n in 0..scale("AUDIT_SEARCHES", 200) {
        let days = jiff::Span::new().days(n as i64 * 7 % 400);
        let day = jiff::civil::date(2026, 1, 1).checked_add(days).unwrap();
        let next = day.tomorrow().unwrap();
        let url = console.log_url(&format!(
            "search?person=persona-{:03}&from={day}T00:00:00Z&to={next}T00:00:00Z&limit=500",
            n * 7 % 300
        ));
        let begun = Instant::now();
        let page: LogPage = console.get(url, &grant.token).await.unwrap();
        times.push(begun.elapsed());
        found += page.entries.len();
    }
    assert!(found > 0);
    hall.stop().await;
    let figures = json!({ "rows": count, "searches": times.len(), "found": found, "fill_s": filled.as_secs_f64(),
        "p50_ms": percentile(&mut times, 0.5), "p99_ms": percentile(&mut times, 0.99) });
    write("search", &figures);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn verify() {
    let count = scale("AUDIT_ROWS", 200_000) as u64;
    let mut hall = Town::new().prepared();
    let body_bytes = fill(&hall, count).await;
    let bytes = std::fs::metadata(hall.data().join("audit.db")).unwrap().len();
    signed(&mut hall, count).await;
    hall.stop().await;
    let begun = Instant::now();
    let mut child = std::process::Command::new(PROGRAM)
        .args(["log", "verify", "--data", hall.data_text(), "--json"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_kib(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(status.success());
    let figures = json!({ "leaves": count, "seconds": begun.elapsed().as_secs_f64(), "peak_mib": peak as f64 / 1024.0,
        "database_bytes_per_event": bytes as f64 / count as f64,
        "beyond_the_body": (bytes - body_bytes) as f64 / count as f64 });
    write("verify", &figures);
}
