//! PostgreSQL behind Debian's pgbouncer: what keeps no session is refused in one sentence before anything is written.
//!
//! Deliberately absent: a pgbouncer in production use; nothing is measured.

use crate::cluster::{Cluster, SERVER};
use crate::town::Town;
use crate::town_hall::TownHall;
use std::process::Output;

/// The settings that a server's session has, given to its roles instead.
const BY_ROLE: [&str; 4] = [
    "synchronous_commit = on",
    "lock_timeout = '5s'",
    "statement_timeout = '60s'",
    "idle_in_transaction_session_timeout = '10s'",
];
const IGNORED: &str = "extra_float_digits,options";

fn serve(hall: &TownHall) -> Output {
    hall.command(&["serve", "--data", hall.data_text(), "--listen", "127.0.0.1:0"], None)
}

/// Whether a command ended with the sentence on the pooler.
fn is_refused(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or_default();
    !output.status.success() && last.contains("non tiene le sessioni")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_pooler_that_keeps_no_session_is_refused_in_one_sentence_before_anything_is_written() {
    let cluster = Cluster::start();
    let mut hall = Town::new().on(Some(cluster.owner_url())).prepared();
    for (mode, ignored) in [("transaction", ""), ("transaction", IGNORED), ("session", IGNORED)] {
        let pooler = cluster.pooled(mode, ignored);
        hall.move_to(pooler.url(SERVER));
        assert!(is_refused(&serve(&hall)), "{mode}, {ignored}: {:?}", serve(&hall));
    }
    // The settings are in force by another way: only the sessions themselves tell one from the other.
    for setting in BY_ROLE {
        for role in [SERVER, "vedetta_owner"] {
            cluster.sql("postgres", "vedetta_owner", &format!("ALTER ROLE {role} SET {setting}"));
        }
    }
    let pooler = cluster.pooled("transaction", IGNORED);
    hall.move_to(pooler.url(SERVER));
    assert!(is_refused(&serve(&hall)), "{:?}", serve(&hall));
    cluster.sql("postgres", "vedetta_owner", "CREATE DATABASE fresh");
    let fresh = pooler.url("vedetta_owner").replace("/vedetta?", "/fresh?");
    hall.move_to(fresh);
    std::fs::remove_dir_all(hall.data()).unwrap();
    assert!(is_refused(&hall.prepare()), "a new log neither");
    assert!(!hall.data().exists(), "nothing is half begun");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_pooler_that_keeps_sessions_and_settings_is_served_through() {
    let cluster = Cluster::start();
    let mut hall = Town::new().on(Some(cluster.owner_url())).prepared();
    for setting in BY_ROLE {
        cluster.sql(
            "postgres",
            "vedetta_owner",
            &format!("ALTER ROLE {SERVER} SET {setting}"),
        );
    }
    let pooler = cluster.pooled("session", IGNORED);
    hall.move_to(pooler.url(SERVER));
    hall.start().await;
    let mut sala = hall.station("sala-operativa");
    let events = sala.events(3);
    sala.submit(&events).await.unwrap();
    hall.stop().await;
}
