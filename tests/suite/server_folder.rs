//! The real server's folder: put back from a copy that lacks nothing but what the workstations have; on a disk that is full, and
//! has room again; prepared on one that fills up before the end; not begun where arguments make no sense.
//!
//! Deliberately absent: a copy that lacks events of the server (`server_holds`), PostgreSQL put back (`audit_postgres`).

use crate::audit_postgres::goes_on;
use crate::server_holds::copied;
use crate::town::Town;
use crate::town_hall::{ITALIAN, PROGRAM, Station, TownHall, answer, becomes, log_vkey};
use reqwest::StatusCode;
use std::process::Command;
use std::time::{Duration, Instant};
use vedetta::domain::audit::chain::Sealed;
use vedetta::protocol::{RefusalKind, StationHead};

/// What of a server's folder is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PutBack {
    Database,
    WholeFolder,
}

async fn heads(station: &Station) -> StationHead {
    let url = station.url("/v1/stations/sala-operativa/heads");
    let heads: Vec<StationHead> = answer(station.client.get(url)).await.unwrap();
    heads.into_iter().next().unwrap()
}

/// The present folder goes, or only its database, and a copy takes its place.
fn put_back(hall: &TownHall, copy: &std::path::Path, what: PutBack) {
    if what == PutBack::WholeFolder {
        std::fs::remove_dir_all(hall.data()).unwrap();
        copied(copy, &hall.data());
        return;
    }
    for name in ["audit.db", "audit.db-wal", "audit.db-shm"] {
        drop(std::fs::remove_file(hall.data().join(name)));
    }
    std::fs::copy(copy.join("audit.db"), hall.data().join("audit.db")).unwrap();
}

async fn is_healed_by_what_the_workstation_has(what: PutBack) {
    let mut hall = Town::new().open().await;
    let key = log_vkey(&hall);
    let mut sala = hall.station("sala-operativa");
    let mut events = sala.events(12);
    sala.submit(&events).await.unwrap();
    sala.checkpoint_of(&key, 12).await;
    hall.stop().await;
    let copy = hall.dir.path().join("copia");
    copied(&hall.data(), &copy);

    // The log goes on, and the server dies with everything signed.
    hall.start().await;
    sala.base = hall.base.clone();
    events.extend(sala.events(20));
    sala.submit(&events[12..]).await.unwrap();
    let before = sala.checkpoint_of(&key, 32).await;
    hall.crash().await;
    put_back(&hall, &copy, what);
    hall.start().await;
    sala.base = hall.base.clone();
    let head = heads(&sala).await;
    if what == PutBack::WholeFolder {
        assert_eq!(head.next_seq, 12, "the copy is in its place");
    }
    let next = usize::try_from(head.next_seq).unwrap();
    assert!((12..=32).contains(&next), "{what:?}: {next}");
    let last = events[next - 1].leaf_hash.to_string();
    assert_eq!(head.prev, last, "{what:?}: the workstation's own event");
    events.extend(sala.events(3));
    sala.submit(&events[next..]).await.unwrap();
    let after = sala.checkpoint_of(&key, 35).await;
    goes_on(&sala, &before, &after).await;
    assert_eq!(heads(&sala).await.next_seq, 35, "{what:?}: without a gap");
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{what:?}: {report}");
    assert_eq!(report["logs"][0]["size"], 35, "{what:?}: every event once");
}

#[tokio::test]
async fn r_aud_2_a_database_put_back_without_events_of_the_server_lost_is_made_whole() {
    is_healed_by_what_the_workstation_has(PutBack::Database).await;
}

#[tokio::test]
async fn r_aud_2_a_whole_folder_put_back_without_events_of_the_server_lost_is_made_whole() {
    is_healed_by_what_the_workstation_has(PutBack::WholeFolder).await;
}

/// Hands events over until the server takes no more. How many were acknowledged, and what was refused.
async fn until_it_is_full(station: &mut Station) -> (usize, Vec<Sealed>) {
    let mut acknowledged = 0;
    loop {
        let batch = station.events(64);
        match station.submit(&batch).await {
            Ok(_) => acknowledged += batch.len(),
            Err(refused) => {
                assert_eq!(refused, (StatusCode::SERVICE_UNAVAILABLE, RefusalKind::Unavailable));
                return (acknowledged, batch);
            }
        }
        assert!(acknowledged < 10_000, "the disk never filled");
    }
}

#[tokio::test]
async fn r_aud_7_a_disk_that_has_room_again_is_written_to_without_a_restart() {
    let mut hall = Town::new().prepared();
    // No file may grow beyond 600 kB, until it is allowed again.
    hall.start_with("trap '' XFSZ; ulimit -Sf 600; exec \"$0\" \"$@\"")
        .await;
    let process = hall.pid().to_string();
    let mut sala = hall.station("sala-operativa");
    let (acknowledged, refused) = until_it_is_full(&mut sala).await;
    assert!(acknowledged > 0);
    becomes(&sala, StatusCode::SERVICE_UNAVAILABLE).await;
    let again = sala.submit(&refused).await.unwrap_err();
    assert_eq!(again, (StatusCode::SERVICE_UNAVAILABLE, RefusalKind::Unavailable));
    let room = Command::new("prlimit")
        .args(["--pid", &process, "--fsize=unlimited"])
        .status();
    assert!(room.unwrap().success());
    // By itself, before anybody writes.
    becomes(&sala, StatusCode::OK).await;
    let until = Instant::now() + Duration::from_secs(30);
    while let Err(refused) = sala.submit(&refused).await {
        assert!(Instant::now() < until, "{refused:?} with room for it");
    }
    assert_eq!(process, hall.pid().to_string(), "the same process");
    let size = acknowledged + refused.len();
    sala.checkpoint_of(&log_vkey(&hall), size as u64).await;
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    assert_eq!(report["logs"][0]["size"], size, "every acknowledged event, once");
}

#[test]
fn r_aud_7_a_server_whose_preparation_broke_off_is_neither_served_nor_taken_for_a_whole_one() {
    let hall = Town::new().prepared();
    let (site, cameras) = (hall.dir.path().join("site.toml"), hall.dir.path().join("cameras.toml"));
    let folder = hall.dir.path().join("altro");
    let data = folder.to_str().unwrap();
    let demo = ["demo", "--data", data, "--site", site.to_str().unwrap(), "--cameras"];
    let demo = [&demo[..], &[cameras.to_str().unwrap()]].concat();
    // No file of it may grow beyond 20 kB: the keys are written, the database is not.
    let full = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -Sf 20; exec \"$0\" \"$@\"", PROGRAM])
        .args(&demo)
        .env("LC_ALL", ITALIAN)
        .output()
        .unwrap();
    assert!(!full.status.success());
    assert!(
        folder.join("ca.pem").exists() && folder.join("audit.db").exists(),
        "begun"
    );
    let serve = ["serve", "--data", data, "--listen", "127.0.0.1:0"];
    let verify = ["log", "verify", "--data", data];
    for arguments in [&demo[..], &serve, &verify, &["doctor", "--data", data]] {
        let output = hall.command(arguments, None);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(
            said.contains("si è interrotta: togliere la cartella"),
            "{arguments:?}: {said}"
        );
        assert!(!output.status.success(), "{arguments:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(hall.command(&demo, None).status.success(), "as the sentence says");
    assert!(hall.command(&verify, None).status.success());
}

#[test]
fn a_witness_without_a_log_and_a_server_name_that_is_none_are_refused_in_a_sentence() {
    let hall = Town::new().prepared();
    let folder = hall.dir.path().join("nuova");
    let data = folder.to_str().unwrap();
    let witness = ["witness", "--data", data, "--name", "vicino"];
    let named = ["init", "--data", data, "--server-name", "sala operativa"];
    for (arguments, told) in [(&witness[..], "--log"), (&named, "senza spazi")] {
        let refused = hall.command(arguments, None);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(told), "{arguments:?}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
    assert!(!folder.exists());
}
