//! The real server under a crowd, under events that its database does not take, and on a database that cannot serve.
//!
//! Deliberately absent: forged input (`attacks`), crashes (`audit_faults`), a folder that was put back and went on (`server_put_back`),
//! how fast it is (`benches/audit.sh`).

use crate::cluster::{Cluster, SERVER};
use crate::town::Town;
use crate::town_hall::{ITALIAN, PROGRAM, Station, TownHall, answer, borgo, client, promise, submitted};
use reqwest::StatusCode;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use vedetta::domain::audit::chain::{Moment, Sealed};
use vedetta::domain::audit::event::RetentionClass;
use vedetta::domain::audit::leaf;
use vedetta::protocol::{EventBatch, LogPage, Refusal, RefusalKind, StationHead};

pub type Held = rustls::StreamOwned<rustls::ClientConnection, TcpStream>;

/// Somebody without a certificate at 127.0.0.`host` who sends the beginning of something.
pub struct Crowd {
    to: SocketAddr,
    tls: Arc<rustls::ClientConfig>,
}

impl Crowd {
    pub fn of(hall: &TownHall) -> Self {
        let ca = rustls::pki_types::CertificateDer::from_pem_file(hall.data().join("ca.pem")).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            to: hall.base.trim_start_matches("https://").parse().unwrap(),
            tls: Arc::new(tls),
        }
    }

    /// A connection without a word; `None`: there is none.
    pub fn connect(&self, host: u8) -> Option<TcpStream> {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        let from = SocketAddr::from((Ipv4Addr::new(127, 0, 0, host), 0));
        socket.bind(&from.into()).ok()?;
        socket.connect_timeout(&self.to.into(), Duration::from_secs(10)).ok()?;
        Some(socket.into())
    }

    /// `None`: the server let it go at once.
    pub fn send(&self, host: u8, text: &str) -> Option<Held> {
        let stream = self.connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let connection = rustls::ClientConnection::new(Arc::clone(&self.tls), name).unwrap();
        let mut held = rustls::StreamOwned::new(connection, stream);
        held.write_all(text.as_bytes()).ok()?;
        held.flush().ok()?;
        Some(held)
    }
}

/// Whether the other end closes, within the stream's time.
pub fn ends(held: &mut Held) -> bool {
    let mut rest = Vec::new();
    match held.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

/// Calls of a workstation, each on a connection of its own.
pub async fn calls(hall: &TownHall, count: usize) -> Vec<Option<StatusCode>> {
    let mut answers = Vec::new();
    for _ in 0..count {
        let fresh = client(Some(&hall.data().join("stations/sala-operativa")), &hall.data());
        let url = format!("{}/v1/stations/sala-operativa/heads", hall.base);
        answers.push(fresh.get(url).send().await.ok().map(|answer| answer.status()));
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_crowd_of_silent_connections_keeps_no_workstation_out_and_is_let_go() {
    let mut hall = Town::new().prepared();
    // As a login shell or an old unit leaves it.
    hall.start_with("ulimit -Sn 300; exec \"$0\" \"$@\"").await;
    let crowd = Crowd::of(&hall);
    let silent = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut held = tokio::task::spawn_blocking(move || {
        (0..700u32)
            .filter_map(|n| crowd.send(2 + (n % 8) as u8, silent))
            .collect::<Vec<_>>()
    })
    .await
    .unwrap();
    assert_eq!(calls(&hall, 10).await, [Some(StatusCode::OK); 10]);
    let mut last = held.pop().unwrap();
    let ended = tokio::task::spawn_blocking(move || ends(&mut last)).await.unwrap();
    assert!(ended, "a silent connection ends");
    drop(held);
    hall.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_bodies_that_never_come_take_no_workstations_place() {
    let hall = Town::new().open().await;
    let crowd = Crowd::of(&hall);
    let slow = "POST /v1/enrolments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\n\r\n{";
    let held = tokio::task::spawn_blocking(move || {
        (0..512u32)
            .filter_map(|n| crowd.send(2 + (n % 8) as u8, slow))
            .collect::<Vec<_>>()
    })
    .await
    .unwrap();
    assert!(held.len() > 400, "{}", held.len());
    assert_eq!(calls(&hall, 10).await, [Some(StatusCode::OK); 10]);
    drop(held);
}

/// The next event of a station with this body.
fn event(station: &mut Station, body: &str) -> Sealed {
    let at = Moment {
        boot: uuid::Uuid::nil(),
        time: jiff::Timestamp::now(),
        mono_ms: 1,
    };
    // A leaf of the right form, with another body committed to.
    let mut sealed = station.events(1).remove(0);
    let mut parsed = leaf::Leaf::parse(&sealed.leaf).unwrap();
    parsed.time = at.time;
    parsed.commit = leaf::commitment(&sealed.salt, body.as_bytes());
    sealed.leaf = parsed.encode();
    sealed.leaf_hash = leaf::leaf_hash(sealed.leaf.as_bytes());
    sealed.class = RetentionClass::Police;
    body.clone_into(&mut sealed.body);
    station.chain.prev = Some(sealed.leaf_hash);
    sealed
}

async fn hand(station: &Station, event: &Sealed) -> (StatusCode, Option<RefusalKind>) {
    let batch = EventBatch {
        log: borgo(),
        events: vec![submitted(event)],
    };
    let url = station.url(&format!("/v1/stations/{}/events", station.id));
    let answer = station.client.post(url).json(&batch).send().await.unwrap();
    let status = answer.status();
    (status, answer.json::<Refusal>().await.ok().map(|refusal| refusal.why))
}

fn on_postgres(cluster: &Cluster) -> TownHall {
    let mut hall = Town::new().on(Some(cluster.owner_url())).prepared();
    hall.move_to(cluster.server_url());
    hall
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_1_words_that_postgresql_has_no_place_for_enter_and_are_found() {
    let cluster = Cluster::start();
    let mut hall = on_postgres(&cluster);
    hall.start().await;
    let (mut sala, mut other) = (hall.station("sala-operativa"), hall.station("manutenzione"));
    let long = "n".repeat(30_000);
    for person in ["a\\u0000b", "\\u0000", "dell\u{2019}Orologio \u{1f600}", long.as_str()] {
        let body = format!("{{\"station\":\"manutenzione\",\"person\":\"{person}\",\"operation\":\"view_open\"}}");
        let odd = event(&mut other, &body);
        assert_eq!(hand(&other, &odd).await.0, StatusCode::OK, "{person:.20}");
        let honest = sala.events(1);
        assert_eq!(hand(&sala, &honest[0]).await.0, StatusCode::OK);
    }
    let console = hall.station("console");
    let grant = console
        .sign_in("amministratore", &hall.password("amministratore"))
        .await
        .unwrap();
    for person in ["a%EF%BF%BDb", "a%00b"] {
        let url = console.log_url(&format!("search?person={person}"));
        let found: LogPage = console.get(url, &grant.token).await.unwrap();
        assert_eq!(found.entries.len(), 1, "{person}: the NUL is found as U+FFFD");
    }
    let ask = json!({"user": "a\u{0}b", "password": "x", "purpose": "traffic"});
    let sent = console
        .client
        .post(console.url("/v1/sessions"))
        .json(&ask)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), StatusCode::BAD_REQUEST, "not «unavailable»");
    hall.stop().await;
    assert!(hall.verify().0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_an_event_the_database_does_not_take_is_set_aside_among_its_neighbours_and_recorded_once() {
    let cluster = Cluster::start();
    let mut hall = on_postgres(&cluster);
    // Something that nobody foresaw about one event.
    cluster.sql(
        "vedetta",
        "vedetta_owner",
        "ALTER TABLE word ADD CONSTRAINT unforeseen CHECK (text <> 'veleno')",
    );
    hall.start().await;
    let key = crate::town_hall::log_vkey(&hall);
    let (mut sala, mut other) = (hall.station("sala-operativa"), hall.station("manutenzione"));
    let mut batch = other.events(3);
    batch.push(event(
        &mut other,
        "{\"station\":\"manutenzione\",\"person\":\"veleno\"}",
    ));
    batch.extend(other.events(2));
    batch.push(event(&mut other, "a\0b"));
    batch.extend(other.events(1));
    let poisoned = async {
        let mut answers = Vec::new();
        for _ in 0..20 {
            answers.push(promise(&other.submit(&batch).await.unwrap(), &key).entries);
        }
        answers
    };
    let honest = async {
        let mut answers = Vec::new();
        for _ in 0..40 {
            let events = sala.events(1);
            answers.push(hand(&sala, &events[0]).await.0);
        }
        answers
    };
    let (poisoned, honest) = tokio::join!(poisoned, honest);
    assert_eq!(honest, [StatusCode::OK; 40]);
    assert!(
        poisoned
            .iter()
            .all(|placed| *placed == poisoned[0] && placed.len() == 8)
    );
    let told = |words: &str| {
        let of_the_server = format!("SELECT count(*) FROM body WHERE body LIKE '%event_set_aside%done%{words}%'");
        cluster
            .sql("vedetta", "vedetta_owner", &of_the_server)
            .trim()
            .to_owned()
    };
    for (fault, code) in [("database", "23514"), ("unreadable", "")] {
        assert_eq!(
            told(&format!("\"{fault}\"%{code}")),
            "1",
            "{fault}: however often it is sent"
        );
    }
    let heads = other.client.get(other.url("/v1/stations/manutenzione/heads"));
    let heads: Vec<StationHead> = answer(heads).await.unwrap();
    assert_eq!(heads[0].next_seq, 8, "nothing waits behind it");
    hall.stop().await;
    let (valid, report) = hall.verify();
    assert!(valid, "{report}");
}

/// The first run of a server, whose folder and database are said elsewhere.
const INIT: &str = "init --controller-name Borgo --controller borgo --istat 020001 --server-name db.example \
                    --administrator riva --name Riva --body Borgo --act decreto --supervisor villa --supervisor-name Villa \
                    --supervisor-body Borgo --supervisor-act nomina";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_database_in_another_encoding_is_refused_before_anything_is_written() {
    let cluster = Cluster::start();
    let mut hall = on_postgres(&cluster);
    cluster.sql(
        "postgres",
        "vedetta_owner",
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
    );
    let latin = cluster.owner_url().replace("/vedetta?", "/latin?");
    hall.move_to(latin);
    let refused = hall.command(&["serve", "--data", hall.data_text(), "--listen", "127.0.0.1:0"], None);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(said.contains("LATIN1"), "{said}");
    std::fs::remove_dir_all(hall.data()).unwrap();
    let init: Vec<&str> = INIT.split_whitespace().chain(["--data", hall.data_text()]).collect();
    let first_run = hall.command(&init, Some(&"cavallo-di-ferro".into()));
    for refused in [hall.prepare(), first_run] {
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("LATIN1") && !refused.status.success(), "{said}");
        assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
        assert!(!hall.data().exists(), "nothing is half begun");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_read_only_database_is_not_ready_and_the_log_says_why() {
    let cluster = Cluster::start();
    let mut hall = on_postgres(&cluster);
    let said = hall.start_heard().await;
    let sala = hall.station("sala-operativa");
    let becomes = async |wanted: StatusCode| {
        let until = Instant::now() + Duration::from_secs(30);
        while sala.client.get(sala.url("/readyz")).send().await.unwrap().status() != wanted {
            assert!(Instant::now() < until, "not {wanted} in time");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    becomes(StatusCode::OK).await;
    let read_only = |on: &str| {
        let statement = format!("ALTER ROLE {SERVER} SET default_transaction_read_only = {on}");
        cluster.sql("postgres", "vedetta_owner", &statement);
        let statement = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{SERVER}'");
        cluster.sql("postgres", "vedetta_owner", &statement);
    };
    read_only("on");
    becomes(StatusCode::SERVICE_UNAVAILABLE).await;
    read_only("off");
    becomes(StatusCode::OK).await;
    let said = std::fs::read_to_string(said).unwrap();
    assert!(
        said.contains("read-only transaction"),
        "the database's own words stand in the log: {said}"
    );
    hall.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_the_first_run_keeps_the_database_and_a_role_made_later_is_given_its_rights() {
    let cluster = Cluster::start();
    cluster.sql("postgres", "vedetta_owner", &format!("DROP ROLE {SERVER}"));
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let data = data.to_str().unwrap();
    let run = |arguments: &[&str], owner: Option<&str>| {
        let mut command = std::process::Command::new(PROGRAM);
        command
            .args(arguments)
            .env("LC_ALL", ITALIAN)
            .env("VEDETTA_PASSWORD", "cavallo-di-ferro");
        command
            .env("VEDETTA_SERVE_DATABASE", cluster.server_url())
            .stdin(std::process::Stdio::null());
        if let Some(url) = owner {
            command.env("VEDETTA_DATABASE", url);
        }
        command.output().unwrap()
    };
    let init: Vec<&str> = INIT.split_whitespace().chain(["--data", data]).collect();
    let wrong = cluster.owner_url().replace("/vedetta?", "/manca?");
    assert!(!run(&init, Some(&wrong)).status.success());
    let owner = cluster.owner_url();
    let begun = run(&init, Some(&owner));
    assert!(
        begun.status.success(),
        "a wrong address before leaves nothing half begun: {begun:?}"
    );
    let said = String::from_utf8(begun.stdout).unwrap();
    assert!(
        said.contains("Password per il primo uso: "),
        "the first supervisor's: {said}"
    );
    cluster.sql("postgres", "vedetta_owner", &format!("CREATE ROLE {SERVER} LOGIN"));
    let serve = ["serve", "--data", data, "--listen", "127.0.0.1:0"];
    assert!(!run(&serve, None).status.success(), "the role has no rights yet");
    assert!(run(&["grant", "--data", data], Some(&owner)).status.success());
    let running = crate::town_hall::run(crate::town_hall::PLAIN, &serve, None).await;
    let ready = client(None, std::path::Path::new(data)).get(format!("{}/readyz", running.base));
    assert_eq!(
        ready.send().await.unwrap().status(),
        StatusCode::OK,
        "the unit needs no address"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_database_that_asks_for_tls_is_used_and_its_certificate_is_held_against_the_name() {
    let cluster = Cluster::start();
    let mut hall = on_postgres(&cluster);
    let root = cluster.only_tls();
    let plain = cluster.server_url();
    let verified = |host: &str, root: &std::path::Path| {
        let secure = format!("sslmode=verify-full&sslrootcert={}", root.display());
        plain.replace("sslmode=disable", &secure).replace("127.0.0.1", host)
    };
    let serve = ["serve", "--data", hall.data_text(), "--listen", "127.0.0.1:0"];
    let other = hall.data().join("ca.pem");
    for refused in [plain.clone(), verified("127.0.0.1", &other)] {
        hall.move_to(refused);
        assert!(
            !hall.command(&serve, None).status.success(),
            "in clear, and by another authority"
        );
    }
    hall.move_to(verified("127.0.0.1", &root));
    hall.start().await;
    let mut sala = hall.station("sala-operativa");
    let events = sala.events(3);
    sala.submit(&events).await.unwrap();
    let secure =
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'vedetta_server'";
    assert_eq!(cluster.sql("vedetta", "vedetta_owner", secure).trim(), "t");
    hall.stop().await;
}

/// From now on commits wait for these standbys.
fn waits_for(cluster: &Cluster, standbys: &str) {
    let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{standbys}'");
    cluster.sql("postgres", "vedetta_owner", &set);
    cluster.sql("postgres", "vedetta_owner", "SELECT pg_reload_conf()");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_write_outside_the_log_that_waits_for_a_standby_has_an_end_too() {
    let cluster = Cluster::start();
    let mut hall = on_postgres(&cluster);
    let said = hall.start_heard().await;
    let sala = hall.station("sala-operativa");
    waits_for(&cluster, "nobody");
    // That a workstation was heard is written before anything is asked of it, and a wrong password before it is recorded.
    let ask = json!({"user": "operatore", "password": "sbagliata", "purpose": "traffic"});
    let answer = sala.client.post(sala.url("/v1/sessions")).json(&ask).send().await;
    waits_for(&cluster, "");
    let refused: Refusal = answer.unwrap().json().await.unwrap();
    assert_eq!(refused.why, RefusalKind::Unavailable);
    assert!(
        !refused.detail.contains("too long"),
        "two writes that wait end before the request does: {refused:?}"
    );
    let said = std::fs::read_to_string(said).unwrap();
    let why = said.lines().find(|line| line.contains("the last contact is not kept"));
    assert!(why.is_some_and(|why| why.contains("perhaps for a standby")), "{said}");
    hall.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_a_commit_that_waits_for_a_standby_has_an_end_and_what_became_of_it_is_looked_up() {
    let cluster = Cluster::start();
    let mut hall = on_postgres(&cluster);
    hall.start().await;
    let mut sala = hall.station("sala-operativa");
    let first = sala.events(1);
    sala.submit(&first).await.unwrap();
    waits_for(&cluster, "nobody");
    let events = sala.events(1);
    let batch = EventBatch {
        log: borgo(),
        events: events.iter().map(submitted).collect(),
    };
    let url = sala.url(&format!("/v1/stations/{}/events", sala.id));
    let waits = sala.client.post(url).json(&batch).send().await.unwrap();
    assert_eq!(
        waits.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "an answer, and not a yes"
    );
    let why: Refusal = waits.json().await.unwrap();
    assert!(
        why.detail.contains("not known"),
        "the commit's own end, and not that of the request: {why:?}"
    );
    waits_for(&cluster, "");
    let again = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            // The sequencer's lock is free once the commit that waited has ended.
            if let Ok(receipt) = sala.submit(&events).await {
                return receipt;
            }
        }
    });
    assert!(again.await.unwrap().promise.contains(&events[0].leaf_hash.to_string()));
    hall.stop().await;
    let (valid, report) = hall.verify();
    assert!(valid, "{report}");
    assert_eq!(report["logs"][0]["broken"], serde_json::Value::Null);
}

/// A copy of a folder with everything in it.
pub fn copied(from: &std::path::Path, to: &std::path::Path) {
    let done = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status()
        .unwrap();
    assert!(done.success());
}

/// What a server answers to a batch with the checkpoint that the workstation has pinned.
pub async fn handed(station: &Station, batch: &EventBatch, pinned: &str) -> StatusCode {
    use base64::Engine as _;
    let url = station.url(&format!("/v1/stations/{}/events", station.id));
    let header = base64::engine::general_purpose::STANDARD.encode(pinned);
    let request = station.client.post(url).header(vedetta::protocol::PINNED, header);
    request.json(batch).send().await.unwrap().status()
}

/// What a server answers a workstation that asks where the log stands.
pub async fn heads(station: &Station) -> StatusCode {
    let url = station.url(&format!("/v1/stations/{}/heads", station.id));
    station.client.get(url).send().await.unwrap().status()
}

/// A town hall whose log holds so many events of the control room under its first checkpoint, and the workstation.
pub async fn with_events(count: usize) -> (TownHall, Station, Vec<Sealed>) {
    let hall = Town::new().open().await;
    let key = crate::town_hall::log_vkey(&hall);
    let mut sala = hall.station("sala-operativa");
    let events = sala.events(count);
    sala.submit(&events).await.unwrap();
    sala.checkpoint_of(&key, count as u64).await;
    (hall, sala, events)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_server_folder_put_back_serves_nobody_once_a_workstation_shows_what_it_forgot() {
    let (mut hall, _, events) = with_events(3).await;
    let key = crate::town_hall::log_vkey(&hall);
    hall.stop().await;
    let (old, new) = (hall.dir.path().join("copia"), hall.dir.path().join("nuova"));
    copied(&hall.data(), &old);
    hall.start().await;
    // Another person signs in and out: events of the server itself, which no workstation can give again.
    let mut sala = hall.station_at(&hall.base, "sala-operativa");
    sala.chain = {
        let mut before = hall.station("sala-operativa");
        events.iter().for_each(|event| before.chain.advance(event.leaf_hash));
        before.chain
    };
    sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    sala.checkpoint_of(&key, 4).await;
    let pinned = sala.note().await;
    hall.stop().await;
    std::fs::rename(hall.data(), &new).unwrap();
    copied(&old, &hall.data());

    hall.start().await;
    let mut again = hall.station("sala-operativa");
    again.chain = sala.chain.clone();
    let batch = EventBatch {
        log: borgo(),
        events: again.events(1).iter().map(submitted).collect(),
    };
    let forged = pinned.replace("\n4\n", "\n9\n");
    assert_ne!(forged, pinned);
    let unknown = hall.station("manutenzione");
    assert_eq!(handed(&again, &batch, &pinned).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        heads(&unknown).await,
        StatusCode::SERVICE_UNAVAILABLE,
        "nobody is served"
    );
    let ready = again.client.get(again.url("/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let said = ready.text().await.unwrap();
    assert!(
        said.contains("sala-operativa knows 4 signed entries, the signer remembered 3"),
        "{said}"
    );
    hall.stop().await;
    hall.start().await;
    assert_eq!(
        heads(&hall.station("manutenzione")).await,
        StatusCode::SERVICE_UNAVAILABLE,
        "over a restart"
    );
    hall.stop().await;

    // The newer folder comes back, with the mark still in it: it goes by itself.
    let mark = std::fs::read(hall.data().join("signer/borgo-vedetta.ahead")).unwrap();
    std::fs::remove_dir_all(hall.data()).unwrap();
    std::fs::rename(&new, hall.data()).unwrap();
    std::fs::write(hall.data().join("signer/borgo-vedetta.ahead"), mark).unwrap();
    hall.start().await;
    let again = hall.station("sala-operativa");
    assert_eq!(
        handed(&again, &batch, &forged).await,
        StatusCode::OK,
        "what the log did not sign stops nobody"
    );
    hall.stop().await;
    assert!(hall.verify().0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_workstation_that_trusts_a_former_name_is_not_answered_under_the_new_one() {
    let (mut hall, sala, _) = with_events(1).await;
    let pinned = sala.note().await;
    hall.stop().await;
    std::fs::remove_file(hall.data().join("signer/borgo-vedetta.json")).unwrap();
    let arguments = [
        "log",
        "new-origin",
        "--data",
        hall.data_text(),
        "--reason",
        "disco guasto",
    ];
    assert!(hall.command(&arguments, None).status.success());
    hall.start().await;
    let mut again = hall.station("sala-operativa");
    again.chain = sala.chain.clone();
    let batch = EventBatch {
        log: borgo(),
        events: again.events(1).iter().map(submitted).collect(),
    };
    assert_eq!(
        handed(&again, &batch, &pinned).await,
        StatusCode::SERVICE_UNAVAILABLE,
        "a promise by the new key would be a wrong one there"
    );
    let present = again.note().await;
    assert_eq!(handed(&again, &batch, &present).await, StatusCode::OK);
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_and_its_status_too() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut hall = Town::new().open().await;
    let doctor = |hall: &TownHall| {
        let output = hall.command(&["doctor", "--data", hall.data_text(), "--json"], None);
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = said["findings"].as_array().unwrap().iter();
        let names = |wrong: bool| {
            let of = findings.clone().filter(move |finding| finding["wrong"] == wrong);
            of.map(|finding| finding["name"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(output.status.success(), said["well"].as_bool().unwrap());
        (names(true), names(false))
    };
    let (wrong, _) = doctor(&hall);
    assert_eq!(wrong, Vec::<String>::new());
    crate::attacks::database(
        &hall,
        "UPDATE station SET quarantined = 1 WHERE station = 'manutenzione'",
    )
    .await;
    std::fs::set_permissions(hall.data().join("keys"), std::fs::Permissions::from_mode(0o755)).unwrap();
    hall.stop().await;
    let (wrong, known) = doctor(&hall);
    assert_eq!(wrong, ["doctor-keys-open", "doctor-quarantined"]);
    for name in ["doctor-no-witness", "doctor-one-supervisor", "doctor-not-running"] {
        assert!(known.iter().any(|found| found == name), "{name}: {known:?}");
    }
    std::fs::remove_file(hall.data().join("audit.db")).unwrap();
    assert_eq!(doctor(&hall).0, ["server-not-set-up"]);
}
