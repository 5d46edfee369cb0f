//! Several server processes on one PostgreSQL: one sequencer, fail-over, the same roots as SQLite, nothing lost.
//!
//! Deliberately absent: calls that are the same on both databases (tests of the server).

use crate::audit_outside::{name_witness, until_witnessed, witness};
use crate::cluster::{Cluster, SERVER};
use crate::town::Town;
use crate::town_hall::{Station, TownHall, answer, log_key, log_vkey, submitted};
use std::process::Command;
use std::time::{Duration, Instant};
use vedetta::domain::audit::chain::Sealed;
use vedetta::domain::audit::checkpoint::Checkpoint;
use vedetta::domain::audit::proof::verify_consistency;
use vedetta::protocol::{BatchReceipt, ConsistencyProof, EventBatch, Refusal, RefusalKind};

/// A prepared town hall on a new database, with the server's role; not started.
fn hall(cluster: &Cluster) -> TownHall {
    let mut hall = Town::new().on(Some(cluster.owner_url())).prepared();
    hall.move_to(cluster.server_url());
    hall
}

/// What came of handing a batch over.
enum Handed {
    Durable,
    /// Nobody knows, or not now.
    Again,
    /// The server wants an earlier event.
    From(u64),
}

async fn hand(station: &Station, base: &str, events: &[Sealed]) -> Handed {
    let batch = EventBatch {
        log: crate::town_hall::borgo(),
        events: events.iter().map(submitted).collect(),
    };
    let url = format!("{base}/v1/stations/{}/events", station.id);
    let Ok(response) = station.client.post(url).json(&batch).send().await else {
        return Handed::Again;
    };
    if response.status().is_success() {
        return response
            .json::<BatchReceipt>()
            .await
            .map_or(Handed::Again, |_| Handed::Durable);
    }
    match response.json::<Refusal>().await.map(|refusal| refusal.why) {
        Ok(RefusalKind::Gap { expected }) => Handed::From(expected),
        Ok(RefusalKind::Unavailable) | Err(_) => Handed::Again,
        Ok(other) => panic!("{other:?}"),
    }
}

/// Hands everything over, whatever happens on the way, to one server after the other. What one acknowledged, none may ask for again.
pub async fn feed(station: &Station, bases: &[String], events: &[Sealed]) {
    let until = Instant::now() + Duration::from_secs(120);
    let (mut done, mut server, mut acknowledged) = (0, 0, 0);
    while done < events.len() {
        assert!(Instant::now() < until, "not delivered in time");
        let end = events.len().min(done + 8);
        match hand(station, &bases[server % bases.len()], &events[done..end]).await {
            Handed::Durable => {
                done = end;
                acknowledged = end;
            }
            Handed::From(expected) => {
                done = expected as usize;
                assert!(
                    done >= acknowledged,
                    "{acknowledged} were acknowledged, {done} are kept"
                );
            }
            Handed::Again => {
                server += 1;
                tokio::task::yield_now().await;
            }
        }
    }
}

/// The copy that the signer keeps of what it signed is gone too.
fn lose_what_was_kept(hall: &TownHall) {
    std::fs::remove_file(hall.data().join("signer/borgo-vedetta.tail")).unwrap();
}

/// The log that `after` is of continues the one that `before` was of.
pub async fn goes_on(station: &Station, before: &Checkpoint, after: &Checkpoint) {
    let url = station.log_url(&format!("consistency?from={}&to={}", before.size, after.size));
    let proof: ConsistencyProof = answer(station.client.get(url)).await.unwrap();
    let path: Vec<_> = proof.path.iter().map(|hash| hash.parse().unwrap()).collect();
    verify_consistency(before.size, &before.root, after.size, &after.root, &path).unwrap();
}

fn size(hall: &TownHall) -> u64 {
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    report["logs"][0]["size"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_both_databases_give_the_same_roots() {
    let cluster = Cluster::start();
    let (mut here, mut there) = (hall(&cluster), Town::new().prepared());
    here.start().await;
    there.start().await;
    let mut station = here.station("sala-operativa");
    let events = station.events(300);
    let mut roots = Vec::new();
    for hall in [&here, &there] {
        let key = log_vkey(hall);
        let station = hall.station("sala-operativa");
        let mut of_this = Vec::new();
        for (n, batch) in events.chunks(50).enumerate() {
            station.submit(batch).await.unwrap();
            let checkpoint = station.checkpoint_of(&key, 50 * (n as u64 + 1)).await;
            of_this.push((checkpoint.size, checkpoint.root));
        }
        roots.push(of_this);
    }
    assert_eq!(roots[0], roots[1]);
    assert_eq!(size(&here), 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_the_servers_role_adds_and_nobody_changes() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    hall.start().await;
    let mut station = hall.station("sala-operativa");
    let events = station.events(5);
    station.submit(&events).await.unwrap();
    for statement in [
        "UPDATE leaf SET leaf = 'x' WHERE idx = 1",
        "DELETE FROM leaf WHERE idx = 4",
        "UPDATE body SET body = 'x'",
        "DELETE FROM body",
        "UPDATE node SET idx = 9",
        "DELETE FROM node",
        "TRUNCATE leaf, body, node",
        "UPDATE sequencer SET epoch = 0",
        "UPDATE retention SET days = 180 WHERE class = 'police'",
        "INSERT INTO leaf SELECT log, 9, station, 9, class, leaf, hash, 0 FROM leaf WHERE idx = 1",
        "INSERT INTO body SELECT log, idx, salt, 'x' FROM body WHERE idx = 1 ON CONFLICT (log, idx) DO UPDATE SET body = 'x'",
    ] {
        assert!(!cluster.owner_may(statement), "{statement}");
        assert!(!cluster.may(statement), "{statement}");
    }
    assert!(
        !cluster.may("DROP TRIGGER leaf_keeps ON leaf"),
        "the servers do not own the tables"
    );
    assert_eq!(size(&hall), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_two_processes_one_sequencer_and_one_of_them_dies() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    hall.start().await;
    let mut second = hall.another().await;
    let bases = [hall.base.clone(), second.base.clone()];
    let (mut one, mut two) = (hall.station("sala-operativa"), hall.station("manutenzione"));
    let (events_one, events_two) = (one.events(400), two.events(400));
    let turned = [bases[1].clone(), bases[0].clone()];
    let end = async {
        // In the middle of it, the second is killed.
        let key = log_vkey(&hall);
        hall.station("console").checkpoint_of(&key, 200).await;
        second.child.kill().await.unwrap();
    };
    tokio::join!(feed(&one, &bases, &events_one), feed(&two, &turned, &events_two), end);
    let epoch: i64 = cluster
        .sql("vedetta", SERVER, "SELECT epoch FROM sequencer")
        .trim()
        .parse()
        .unwrap();
    println!("epoch {epoch}");
    assert!(epoch >= 2, "both wrote: {epoch}");
    assert_eq!(size(&hall), 800, "every event once");
    let key = log_vkey(&hall);
    one.checkpoint_of(&key, 800).await;
    hall.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_postgresql_dies_and_comes_back_and_nothing_acknowledged_is_lost() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    hall.start().await;
    let mut station = hall.station("sala-operativa");
    let events = station.events(600);
    let bases = [hall.base.clone()];
    let key = log_vkey(&hall);
    let killing = async {
        for round in 1..=3 {
            hall.station("console").checkpoint_of(&key, round * 100).await;
            tokio::task::block_in_place(|| {
                cluster.kill();
                cluster.up();
            });
        }
    };
    tokio::join!(feed(&station, &bases, &events), killing);
    assert_eq!(size(&hall), 600);
    station.checkpoint_of(&key, 600).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_database_of_before_is_fed_again_and_the_signer_refuses_a_second_history() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    hall.start().await;
    let key = log_vkey(&hall);
    let mut station = hall.station("sala-operativa");
    let events = station.events(100);
    let bases = [hall.base.clone()];
    feed(&station, &bases, &events[..40]).await;
    station.checkpoint_of(&key, 40).await;
    let backup = cluster.backup();
    feed(&station, &bases, &events[40..]).await;
    let signed = station.checkpoint_of(&key, 100).await;
    hall.stop().await;
    cluster.restore(&backup);
    lose_what_was_kept(&hall);
    hall.start().await;
    // Not ready, and nothing is signed, until the same events are back; then the roots go on from what was signed.
    let ready = async |hall: &TownHall| {
        let station = hall.stranger();
        station
            .client
            .get(station.url("/readyz"))
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    };
    let until = Instant::now() + Duration::from_secs(20);
    while ready(&hall).await {
        assert!(Instant::now() < until, "a restored database seems ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let station_now = hall.station("sala-operativa");
    feed(&station_now, &[hall.base.clone()], &events).await;
    let more = station.events(1);
    feed(&station_now, &[hall.base.clone()], &[events.clone(), more].concat()).await;
    let next = station_now.checkpoint_of(&key, 101).await;
    assert!(next.size > signed.size);
    assert_eq!(size(&hall), 101);
    hall.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_second_history_on_a_database_of_before_is_never_signed() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    hall.start().await;
    let key = log_vkey(&hall);
    let mut station = hall.station("sala-operativa");
    let events = station.events(60);
    feed(&station, &[hall.base.clone()], &events[..40]).await;
    let backup = cluster.backup();
    feed(&station, &[hall.base.clone()], &events).await;
    let signed = station.checkpoint_of(&key, 60).await;
    hall.stop().await;
    cluster.restore(&backup);
    lose_what_was_kept(&hall);
    hall.start().await;
    // Somebody signs in before the station feeds its events again: index 40 is another event now.
    let console = hall.station("console");
    let grant = console
        .sign_in("amministratore", &hall.password("amministratore"))
        .await
        .unwrap();
    assert_eq!(log_key(&grant), key);
    let station = hall.station("sala-operativa");
    feed(&station, &[hall.base.clone()], &events).await;
    let refused = async {
        loop {
            let answer = station.client.get(station.url("/readyz")).send().await.unwrap();
            if answer.status().as_u16() == 503 {
                return answer.text().await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let why = tokio::time::timeout(Duration::from_secs(20), refused).await.unwrap();
    assert!(why.contains("is not signed"), "{why}");
    assert_eq!(station.checkpoint_of(&key, 60).await, signed, "what was signed stands");
    let (ok, report) = hall.verify();
    assert!(!ok);
    assert_eq!(report["logs"][0]["broken"]["what"], "root", "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_the_primary_dies_the_standby_takes_over_and_the_roots_go_on() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    let standby = cluster.standby();
    hall.start().await;
    let key = log_vkey(&hall);
    let mut station = hall.station("sala-operativa");
    let events = station.events(300);
    feed(&station, &[hall.base.clone()], &events[..150]).await;
    let before = station.checkpoint_of(&key, 150).await;
    cluster.kill();
    hall.crash().await;
    standby.promote();
    hall.move_to(standby.server_url());
    hall.start().await;
    let station = hall.station("sala-operativa");
    feed(&station, &[hall.base.clone()], &events).await;
    let after = station.checkpoint_of(&key, 300).await;
    assert!(after.size > before.size);
    assert_eq!(size(&hall), 300, "nothing acknowledged is lost, nothing is twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_postgresql_loses_its_last_seconds_and_nothing_acknowledged_stays_lost() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    hall.start().await;
    let second = hall.another().await;
    let bases = [hall.base.clone(), second.base.clone()];
    let turned = [bases[1].clone(), bases[0].clone()];
    let key = log_vkey(&hall);
    let (mut one, mut two) = (hall.station("sala-operativa"), hall.station("manutenzione"));
    let (events_one, events_two) = (one.events(200), two.events(200));
    let both = async |end: usize| {
        tokio::join!(
            feed(&one, &bases, &events_one[..end]),
            feed(&two, &turned, &events_two[..end])
        );
    };
    both(60).await;
    let backup = tokio::task::block_in_place(|| cluster.backup());
    // In an order that only the tree knows, and with an event of the server itself among them.
    both(100).await;
    let console = hall.station("console");
    let password = hall.password("amministratore");
    console.sign_in("amministratore", &password).await.unwrap();
    both(140).await;
    let signed = one.checkpoint_of(&key, 281).await;
    // Acknowledged, and perhaps not signed any more.
    both(160).await;
    let last = one.checkpoint_of(&key, 281).await;
    // Both servers go on running over a database that answered and then forgot.
    tokio::task::block_in_place(|| cluster.restore(&backup));
    let left: u64 = cluster
        .sql("vedetta", SERVER, "SELECT count(*) FROM leaf")
        .trim()
        .parse()
        .unwrap();
    both(200).await;
    let after = one.checkpoint_of(&key, 401).await;
    for before in [&signed, &last] {
        goes_on(&one, before, &after).await;
    }
    assert_eq!(size(&hall), 401, "every event once, the sign-in too");
    let sign_ins = "SELECT count(*) FROM body WHERE body LIKE '%\"sign_in\"%'";
    assert_eq!(cluster.sql("vedetta", SERVER, sign_ins).trim(), "1");
    println!(
        "PostgreSQL lost its last seconds: acknowledged 321, signed {}, left {left}, at the end 401, lost 0, twice 0",
        last.size
    );
    hall.stop().await;
}

/// Sends a signal to a process.
fn signal(process: u32, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .status();
    assert!(sent.unwrap().success(), "{name}");
}

/// Whether a stopped server left a transaction of the log open, which holds the sequencer's lock: its session neither asks nor ends.
/// A running one rests for a moment only.
fn rests_in_a_transaction(cluster: &Cluster) -> bool {
    let open = "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), -1) \
                FROM pg_stat_activity JOIN pg_locks USING (pid) \
                WHERE state = 'idle in transaction' AND locktype = 'advisory' AND granted";
    loop {
        let seconds: f64 = cluster.sql("vedetta", SERVER, open).trim().parse().unwrap();
        if !(0.0..0.25).contains(&seconds) {
            return seconds > 0.0;
        }
    }
}

/// Stops a server in the middle of writing an event: the number of events that it wrote before, and the request that hangs.
async fn stopped_in_a_transaction(
    cluster: &Cluster,
    (process, base): (u32, &str),
    station: &Station,
    events: &[Sealed],
) -> (usize, tokio::task::JoinHandle<reqwest::Result<reqwest::Response>>) {
    let url = format!("{base}/v1/stations/{}/events", station.id);
    let mut done = 0;
    for moment in 0..200 {
        assert!(done < events.len(), "it is never stopped in the middle");
        let batch = EventBatch {
            log: crate::town_hall::borgo(),
            events: vec![submitted(&events[done])],
        };
        let sent = tokio::spawn(station.client.post(&url).json(&batch).send());
        // Another moment of the request each time.
        tokio::time::sleep(Duration::from_millis(moment % 20)).await;
        signal(process, "STOP");
        if tokio::task::block_in_place(|| rests_in_a_transaction(cluster)) {
            return (done, sent);
        }
        signal(process, "CONT");
        let answer = sent.await.unwrap().unwrap();
        done += usize::from(answer.status().is_success());
    }
    panic!("it is never stopped in the middle")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_server_that_stands_still_in_the_middle_of_a_write_holds_up_nobody_and_goes_on() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    hall.start().await;
    let second = hall.another().await;
    let (mut one, mut two) = (hall.station("sala-operativa"), hall.station("manutenzione"));
    let (events_one, events_two) = (one.events(100), two.events(200));
    let process = second.child.id().unwrap();
    let held = stopped_in_a_transaction(&cluster, (process, &second.base), &two, &events_two);
    let (done, hanging) = held.await;
    // PostgreSQL ends the session that neither asks nor commits, and the other server writes.
    feed(&one, std::slice::from_ref(&hall.base), &events_one).await;
    signal(process, "CONT");
    // What became of that request is not known until it is sent again.
    drop(hanging.await);
    let bases = [second.base.clone()];
    feed(&two, &bases, &events_two).await;
    println!("stopped after {done} events");
    assert_eq!(size(&hall), 300, "every event once");
    one.checkpoint_of(&log_vkey(&hall), 300).await;
    hall.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_the_standby_takes_over_under_two_servers_and_a_witness_while_events_come() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    let mut standby = cluster.standby();
    let key = log_vkey(&hall);
    let vkey = key.to_string();
    let witnessing = witness(&hall, std::slice::from_ref(&vkey)).await;
    name_witness(&hall, &witnessing);
    hall.start().await;
    let second = hall.another().await;
    let bases = [hall.base.clone(), second.base.clone()];
    let turned = [bases[1].clone(), bases[0].clone()];
    let (mut one, mut two) = (hall.station("sala-operativa"), hall.station("manutenzione"));
    let (events_one, events_two) = (one.events(300), two.events(300));
    let fails_over = async {
        hall.station("console").checkpoint_of(&key, 100).await;
        let failing = tokio::task::spawn_blocking(move || {
            cluster.kill();
            standby.takes_the_place_of(&cluster);
            (cluster, standby)
        });
        failing.await.unwrap()
    };
    let ((), (), _running) = tokio::join!(
        feed(&one, &bases, &events_one),
        feed(&two, &turned, &events_two),
        fails_over
    );
    let seen = until_witnessed(&hall, &vkey, 600).await;
    let signed = one.checkpoint_of(&key, 600).await;
    assert_eq!((seen.size, seen.root), (signed.size, signed.root));
    assert_eq!(size(&hall), 600, "nothing acknowledged is lost, nothing is twice");
    hall.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_database_that_asks_for_a_password_is_used_with_the_one_in_the_environment() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    // A password that an address has to spell in another way.
    let (password, spelt) = ("pa:ss/w@rd %7", "pa%3Ass%2Fw%40rd%20%257");
    cluster.only_passwords(password);
    let plain = cluster.server_url();
    let with = |word: &str| plain.replace(SERVER, &format!("{SERVER}:{word}"));
    let serve = ["serve", "--data", hall.data_text(), "--listen", "127.0.0.1:0"];
    for refused in [plain.clone(), with("sbagliata")] {
        hall.move_to(refused);
        let output = hall.command(&serve, None);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && !said.contains("sbagliata"), "{said}");
    }
    hall.move_to(with(spelt));
    hall.start().await;
    let command = std::fs::read_to_string(format!("/proc/{}/cmdline", hall.pid())).unwrap();
    assert!(command.contains("serve") && !command.contains("%40rd"), "{command}");
    let mut station = hall.station("sala-operativa");
    let events = station.events(10);
    feed(&station, &[hall.base.clone()], &events).await;
    assert_eq!(size(&hall), 10);
    hall.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_log_on_postgresql_takes_a_new_name_when_no_server_runs_and_by_its_owner() {
    let cluster = Cluster::start();
    let mut hall = hall(&cluster);
    hall.start().await;
    let mut second = hall.another().await;
    let mut station = hall.station("sala-operativa");
    let events = station.events(100);
    feed(&station, &[hall.base.clone()], &events[..50]).await;
    let key = log_vkey(&hall);
    let before = station.checkpoint_of(&key, 50).await;
    let refused = |hall: &TownHall, why: &str| {
        let output = new_origin(hall);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{said}");
    };
    refused(&hall, "Un altro server");
    hall.stop().await;
    refused(&hall, "Un altro server");
    second.child.kill().await.unwrap();
    std::fs::remove_file(hall.data().join("signer/borgo-vedetta.json")).unwrap();
    let data = hall.data();
    let files = || {
        let folder = |name: &str| std::fs::read_dir(data.join(name)).unwrap();
        let mut all: Vec<_> = folder("signer")
            .chain(folder("keys"))
            .map(|entry| entry.unwrap().path())
            .collect();
        all.sort();
        all
    };
    let untouched = files();
    refused(&hall, "proprietario");
    assert_eq!(files(), untouched, "nothing was begun");
    hall.move_to(cluster.owner_url());
    let output = new_origin(&hall);
    assert!(output.status.success(), "{output:?}");
    let begun: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(begun["origin"], "vedetta/020001/borgo-vedetta/2");
    hall.move_to(cluster.server_url());

    hall.start().await;
    let second = hall.another().await;
    let key = log_vkey(&hall);
    assert_eq!(key.to_string(), begun["vkey"].as_str().unwrap());
    let station = hall.station("sala-operativa");
    feed(&station, &[hall.base.clone(), second.base.clone()], &events).await;
    let after = station.checkpoint_of(&key, 101).await;
    goes_on(&station, &before, &after).await;
    assert_eq!(size(&hall), 101, "a hundred events and the new name");
    hall.stop().await;
}

fn new_origin(hall: &TownHall) -> std::process::Output {
    let reason = "disco del firmatario guasto";
    hall.command(
        &["log", "new-origin", "--data", hall.data_text(), "--reason", reason],
        None,
    )
}
