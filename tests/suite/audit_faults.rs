//! A fault at every system call: the program is killed, the disk errs or is full, at each call of an outbox append and
//! of an ingest transaction. `strace` injects; afterwards everything acknowledged must be there, once.
//!
//! The workstation's side is this very test program run again as a child (see `child_appends`).
//! Deliberately absent: crashes between whole steps (`audit_model`).

use crate::event_fixture;
use crate::town::Town;
use crate::town_hall::{answer, borgo};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use vedetta::domain::audit::event::{Body, Event, Outcome};
use vedetta::domain::camera::StationId;
use vedetta::protocol::StationHead;
use vedetta::station::record::outbox::{Directory, OpenError, Opening, Outbox, RecordKey};

/// What is injected.
const FAULTS: [&str; 3] = ["signal=KILL", "error=EIO", "error=ENOSPC"];
const FOLDER: &str = "VEDETTA_TEST_OUTBOX";
const APPENDS: u64 = 4;

fn sala() -> StationId {
    "sala".parse().unwrap()
}

fn opening(folder: &Path) -> Opening {
    Opening {
        medium: Box::new(Directory::open(folder).unwrap()),
        key: RecordKey::from_bytes(&[3; 32]).unwrap(),
        station: sala(),
        delivered: BTreeMap::new(),
        clock: jiff::Timestamp::now,
    }
}

fn event(act: u128) -> Event {
    event_fixture::event(Body {
        act: uuid::Uuid::from_u128(act),
        ..event_fixture::body(&sala())
    })
}

/// Not a test: what the test below runs as another process. Opens the outbox, says so, waits for a line, appends, and
/// says each event once it was acknowledged.
#[tokio::test(flavor = "current_thread")]
#[ignore = "the child of another test"]
async fn child_appends() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let (outbox, _) = Outbox::open(opening(Path::new(&folder))).unwrap();
    say("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    for act in 1..=u128::from(APPENDS) {
        match outbox.append(event(act)).await {
            Ok(_) => say(&format!("ack {act}")),
            Err(error) => say(&format!("refused {act}: {error}")),
        }
    }
    say("end");
}

fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// What a child said before its end.
struct Said {
    acknowledged: BTreeSet<u128>,
    refused: u64,
}

/// The outbox's one writing thread; it takes its name a moment after it begins.
fn writer_of(process: u32) -> String {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
        let named = tasks.flatten().find(|task| {
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            name.trim() == "outbox"
        });
        match named {
            Some(task) => return task.file_name().into_string().unwrap(),
            None => assert!(Instant::now() < until, "no writing thread"),
        }
    }
}

/// Runs the child with `strace` at the outbox's one writing thread, from the first append on.
fn child(folder: &Path, arguments: &[&str], trace: &Path) -> Said {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "audit_faults::child_appends",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"));
    let writer = writer_of(child.id());
    let mut strace = attach(&writer, arguments, trace);
    // A child that is gone does not hear it.
    drop(child.stdin.take().unwrap().write_all(b"go\n"));
    let mut said = Said {
        acknowledged: BTreeSet::new(),
        refused: 0,
    };
    for line in lines.map_while(Result::ok).take_while(|line| line != "end") {
        if let Some(act) = line.strip_prefix("ack ") {
            said.acknowledged.insert(act.parse().unwrap());
        }
        said.refused += u64::from(line.starts_with("refused "));
    }
    drop(child.wait());
    drop(strace.wait());
    said
}

/// Attaches `strace` to a thread, or with `-f` to a process; returns once it sees every call.
fn attach(id: &str, arguments: &[&str], trace: &Path) -> std::process::Child {
    let mut strace = Command::new("strace")
        .args(["-p", id, "-o"])
        .arg(trace)
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace is missing: run packaging/debian-packages.sh test");
    let mut said = String::new();
    let mut stderr = std::io::BufReader::new(strace.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    assert!(said.contains("attached"), "{said}");
    // What it says later is of no interest, but it must be able to say it.
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    strace
}

/// Each call and how often it was made.
fn calls(trace: &str) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for line in trace.lines() {
        // The wait for the first command was under way when the trace began.
        if let Some((name, _)) = line.split_once('(').filter(|(name, _)| !name.contains([' ', '<', '+'])) {
            *counts.entry(name.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

/// Calls that cannot be out of space, and calls of the program's own memory and threads, which no disk fails.
const NO_SPACE_NEEDED: [&str; 6] = ["read", "close", "lseek", "fdatasync", "fsync", "newfstatat"];
const NOT_OF_A_DISK: [&str; 8] = [
    "futex",
    "mmap",
    "munmap",
    "mprotect",
    "madvise",
    "brk",
    "sched_yield",
    "clock_gettime",
];

#[test]
fn r_aud_7_a_fault_at_every_system_call_of_an_outbox_append_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let clean = child(&dir.path().join("clean"), &[], &trace);
    assert_eq!(
        clean.acknowledged.len() as u64,
        APPENDS,
        "without a fault everything is acknowledged"
    );
    let calls = calls(&std::fs::read_to_string(&trace).unwrap());
    let (mut runs, mut events, mut closed, mut refused) = (0, 0, 0, 0);
    for (name, count) in &calls {
        for n in 1..=*count {
            for fault in FAULTS {
                let of_memory = NOT_OF_A_DISK.contains(&name.as_str());
                let impossible = fault == "error=ENOSPC" && NO_SPACE_NEEDED.contains(&name.as_str());
                if (fault != FAULTS[0] && of_memory) || impossible {
                    continue;
                }
                let folder = dir.path().join(format!("{name}-{n}-{}", &fault[6..]));
                let inject = format!("inject={name}:{fault}:when={n}");
                let said = child(&folder, &["-e", &inject], &trace);
                runs += 1;
                events += said.acknowledged.len();
                refused += said.refused;
                closed += u64::from(!check(&folder, &said.acknowledged, &inject));
                drop(std::fs::remove_dir_all(&folder));
            }
        }
    }
    println!("outbox append: calls {calls:?}");
    println!("outbox append: runs {runs}, acknowledged {events}, refused {refused}, closed {closed}, lost 0, twice 0");
    assert!(runs > 100, "{runs}");
}

/// Opens the outbox that a fault left and looks for every acknowledged event. False when it is closed for good, which
/// a disk that failed may do; then the records are looked at past the mark.
fn check(folder: &Path, acknowledged: &BTreeSet<u128>, what: &str) -> bool {
    if !folder.exists() {
        assert!(acknowledged.is_empty(), "{what}");
        return true;
    }
    let until = Instant::now() + Duration::from_secs(10);
    let (outbox, damage, open) = loop {
        match Outbox::open(opening(folder)) {
            Ok((outbox, damage)) => break (outbox, damage, true),
            Err(OpenError::Poisoned { .. }) => {
                std::fs::remove_file(folder.join("poisoned")).unwrap();
                let (outbox, damage) = Outbox::open(opening(folder)).unwrap();
                break (outbox, damage, false);
            }
            Err(error) => assert!(Instant::now() < until, "{what}: {error}"),
        }
    };
    assert_eq!(damage, [], "{what}: a crash is no damage");
    let mut seen = BTreeSet::new();
    for stored in outbox.waiting(&borgo(), usize::MAX) {
        let body: Body = serde_json::from_str(&stored.submitted.body).unwrap();
        let act = (body.act.as_u128(), body.result == Outcome::Refused);
        assert!(seen.insert(act), "{what}: {act:?} is there twice");
    }
    for act in acknowledged {
        assert!(
            seen.contains(&(*act, false)),
            "{what}: {act} was acknowledged and is gone"
        );
    }
    open
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_fault_in_an_ingest_transaction_loses_nothing_acknowledged() {
    ingest_faults(2, 1).await;
}

/// Every page that three transactions write, and every synchronisation and rename of the signer after them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "ten minutes"]
async fn r_aud_7_a_fault_at_every_system_call_of_an_ingest_transaction_loses_nothing_acknowledged() {
    ingest_faults(40, 6).await;
}

/// The n-th page into the write-ahead log for `pages`; the n-th of the other calls for `others`.
async fn ingest_faults(pages: u32, others: u32) {
    let mut runs = 0;
    let (mut acknowledged_in_all, mut killed) = (0, 0);
    let mut hall = Town::new().open().await;
    let mut station = hall.station("sala-operativa");
    let mut history = Vec::new();
    let mut acknowledged = 0_usize;
    // The calls of one transaction: pages into the write-ahead log, its synchronisation; then the signer's own file.
    for call in ["pwrite64", "fdatasync", "fsync", "rename", "write", "openat"] {
        for n in 1..=(if call == "pwrite64" { pages } else { others }) {
            for fault in FAULTS {
                let inject = format!("inject={call}:{fault}:when={n}");
                let mut strace = attach(&hall.pid().to_string(), &["-f", "-e", &inject], Path::new("/dev/null"));
                for _ in 0..3 {
                    let batch = station.events(5);
                    history.extend(batch);
                    // From what was acknowledged on: what is not known is sent again.
                    match station.hand(&history[acknowledged..]).await {
                        Some(()) => acknowledged = history.len(),
                        None => break,
                    }
                }
                drop(strace.kill());
                drop(strace.wait());
                runs += 1;
                killed += u64::from(fault == "signal=KILL");
                // Whatever happened to the process, the next one finds everything.
                hall.crash().await;
                hall.start().await;
                let mut again = hall.station("sala-operativa");
                again.chain = station.chain.clone();
                station = again;
                let heads: Vec<StationHead> =
                    answer(station.client.get(station.url("/v1/stations/sala-operativa/heads")))
                        .await
                        .unwrap();
                let head = usize::try_from(heads[0].next_seq).unwrap();
                assert!(head >= acknowledged, "{inject}: {head} of {acknowledged} acknowledged");
                acknowledged_in_all += acknowledged;
                // What was not acknowledged enters now, once.
                station
                    .hand(&history[acknowledged..])
                    .await
                    .expect("without a fault it is taken");
                acknowledged = history.len();
            }
        }
    }
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    assert_eq!(report["logs"][0]["size"], history.len(), "every event once");
    println!(
        "ingest: runs {runs}, killed {killed}, events {}, checked {acknowledged_in_all}, lost 0, twice 0, changed 0",
        history.len()
    );
}
