//! The real server under callers that do not end what they begin, come again and again, or behave badly beside many others.
//!
//! Deliberately absent: how long anything takes (`benches/audit.sh`), silent crowds and bodies that never come (`server_holds`).

use crate::attacks::{admin, enrol, identity, new_key};
use crate::audit_postgres::feed;
use crate::server_holds::{Crowd, Held, calls, ends};
use crate::town::Town;
use crate::town_hall::{Station, TownHall, answer, client};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::io::{ErrorKind, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use vedetta::domain::audit::chain::StationChain;
use vedetta::protocol::{EnrolmentCode, MAX_BODY, StationHead};

/// Sends one byte more whenever the other end says nothing; whether that one closes all the same.
fn is_let_go(mut held: Held) -> bool {
    held.sock.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        if held.write_all(b"a").and_then(|()| held.flush()).is_err() {
            return true;
        }
        match held.read(&mut [0; 512]) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return true,
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_heads_and_bodies_that_come_byte_by_byte_or_not_at_all_end() {
    let hall = Town::new().open().await;
    let crowd = Arc::new(Crowd::of(&hall));
    let head = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    let body = "POST /v1/enrolments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 50000\r\n\r\n{";
    let begun = |text: &'static str, drips: bool| {
        let crowd = Arc::clone(&crowd);
        tokio::task::spawn_blocking(move || {
            let mut held = crowd.send(2, text).expect("it is heard");
            if drips { is_let_go(held) } else { ends(&mut held) }
        })
    };
    let all = [
        begun(head, false),
        begun(head, true),
        begun(body, false),
        begun(body, true),
    ];
    for (n, one) in all.into_iter().enumerate() {
        assert!(one.await.unwrap(), "number {n} is held for ever");
    }
    assert_eq!(calls(&hall, 1).await, [Some(StatusCode::OK)]);
    hall_ends(hall).await;
}

async fn hall_ends(mut hall: TownHall) {
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
}

/// The soft and the hard limit of open files of a process.
fn open_files(process: u32) -> [u64; 2] {
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let mut numbers = line.unwrap().split_whitespace().map(|number| number.parse().unwrap());
    [numbers.next().unwrap(), numbers.next().unwrap()]
}

#[tokio::test]
async fn r_aud_7_a_low_limit_of_open_files_is_raised_at_the_start() {
    let mut hall = Town::new().prepared();
    hall.start_with("ulimit -Sn 300; exec \"$0\" \"$@\"").await;
    let [soft, hard] = open_files(hall.pid());
    assert_eq!(soft, hard.min(65_536), "as far as is wanted and allowed");
    assert!(soft > 300, "this machine allows no more: {hard}");
    hall.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_crowd_that_connects_again_and_again_keeps_no_workstation_out() {
    let hall = Town::new().open().await;
    let over = Arc::new(AtomicBool::new(false));
    let crowd = Arc::new(Crowd::of(&hall));
    let again = |host: u8, speaks: bool| {
        let (crowd, over) = (Arc::clone(&crowd), Arc::clone(&over));
        tokio::task::spawn_blocking(move || {
            while !over.load(Ordering::Relaxed) {
                if speaks {
                    drop(crowd.send(host, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
                } else {
                    drop(crowd.connect(host));
                }
            }
        })
    };
    let coming = [again(2, false), again(3, true)];
    let stranger = hall.stranger();
    let until = Instant::now() + Duration::from_secs(60);
    let mut served = 0;
    loop {
        assert_eq!(calls(&hall, 5).await, [Some(StatusCode::OK); 5], "after {served}");
        served += 5;
        let page = stranger.text(stranger.url("/metrics")).await;
        let line = page
            .lines()
            .find(|line| line.starts_with("vedetta_connections_turned_away_total"));
        let turned_away = line.is_some_and(|line| !line.ends_with(" 0"));
        if turned_away && served >= 20 {
            break;
        }
        assert!(Instant::now() < until, "nobody is turned away: {line:?}");
    }
    over.store(true, Ordering::Relaxed);
    for one in coming {
        one.await.unwrap();
    }
    hall_ends(hall).await;
}

/// A workstation that was enrolled with a code, and has its connection.
async fn enrolled(hall: &TownHall, by: &(Station, SecretString), name: &str) -> Station {
    let (console, token) = by;
    let ask = json!({"station": name, "kind": "control_room"});
    let given: EnrolmentCode = console.post("/v1/workstations/codes", token, ask).await.unwrap();
    let (key, public) = new_key();
    let certified = enrol(console, given.code.expose_secret(), &public).await.unwrap();
    let folder = identity(&certified, &key);
    let id: vedetta::domain::camera::StationId = name.parse().unwrap();
    let station = Station {
        client: client(Some(folder.path()), &hall.data()),
        base: hall.base.clone(),
        chain: StationChain::new(id.clone()),
        id,
    };
    assert_eq!(head(&station).await, 0);
    station
}

/// The next number that the server expects of a workstation.
async fn head(station: &Station) -> u64 {
    let url = station.url(&format!("/v1/stations/{}/heads", station.id));
    let heads: Vec<StationHead> = answer(station.client.get(url)).await.unwrap();
    heads[0].next_seq
}

/// The ways to be rude.
#[derive(Debug, Clone, Copy)]
enum Rude {
    LeavesGaps,
    TellsTwoStories,
    IsTooLong,
    IsNoJson,
    Floods,
}

/// Behaves badly until the others are done. How often it was refused.
async fn behaves(mut station: Station, how: Rude, over: Arc<AtomicBool>) -> usize {
    let other_story = station.chain.clone();
    let events = station.events(5);
    station.chain = other_story;
    let others = station.events(1);
    let url = station.url(&format!("/v1/stations/{}/events", station.id));
    let heads = station.url(&format!("/v1/stations/{}/heads", station.id));
    let mut refused = 0;
    loop {
        match how {
            Rude::LeavesGaps => refused += usize::from(station.submit(&events[3..]).await.is_err()),
            Rude::TellsTwoStories => {
                refused += usize::from(station.submit(&events[..1]).await.is_err());
                refused += usize::from(station.submit(&others).await.is_err());
            }
            Rude::IsTooLong => {
                let sent = station.client.post(&url).body(" ".repeat(MAX_BODY + 1)).send().await;
                refused += usize::from(sent.is_ok_and(|answer| answer.status() == StatusCode::PAYLOAD_TOO_LARGE));
            }
            Rude::IsNoJson => {
                let sent = station.client.post(&url).body("[".repeat(50_000)).send().await;
                refused += usize::from(sent.is_ok_and(|answer| answer.status() == StatusCode::BAD_REQUEST));
            }
            Rude::Floods => {
                let asked = (0..100).map(|_| station.client.get(&heads).send());
                let answers = futures::future::join_all(asked).await;
                let is_refused = |answer: &reqwest::Response| answer.status() == StatusCode::TOO_MANY_REQUESTS;
                refused += usize::from(answers.iter().any(|answer| answer.as_ref().ok().is_none_or(is_refused)));
            }
        }
        if over.load(Ordering::Relaxed) {
            return refused;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_of_sixty_four_workstations_five_are_rude_and_every_event_of_the_others_is_acknowledged() {
    let hall = Town::new().open().await;
    let by = admin(&hall).await;
    let over = Arc::new(AtomicBool::new(false));
    let ways = [
        Rude::LeavesGaps,
        Rude::TellsTwoStories,
        Rude::IsTooLong,
        Rude::IsNoJson,
        Rude::Floods,
    ];
    let mut honest = Vec::new();
    for n in 0..64 - ways.len() {
        let mut station = enrolled(&hall, &by, &format!("sala-{n}")).await;
        let events = station.events(16);
        honest.push((station, events));
    }
    let mut rude = Vec::new();
    for (n, how) in ways.into_iter().enumerate() {
        let station = enrolled(&hall, &by, &format!("scortese-{n}")).await;
        rude.push((how, tokio::spawn(behaves(station, how, Arc::clone(&over)))));
    }
    let bases = [hall.base.clone()];
    let fed = honest.iter().map(|(station, events)| feed(station, &bases, events));
    futures::future::join_all(fed).await;
    over.store(true, Ordering::Relaxed);
    for (how, one) in rude {
        assert!(one.await.unwrap() > 0, "{how:?} was never refused");
    }
    for (station, _) in &honest {
        assert_eq!(head(station).await, 16, "{}", station.id);
    }
    hall_ends(hall).await;
}
