//! The audit server as workstations meet it: the real program, over mutual TLS.
//!
//! Deliberately absent: the workstation's own outbox and courier (tests of the station).

use crate::event_fixture;
use crate::town::Town;
use crate::town_hall::{answer, client, log_key, log_vkey, promise};
use reqwest::StatusCode;
use serde_json::{Value, json};
use vedetta::domain::audit::hash::Hash;
use vedetta::domain::audit::proof::{verify_consistency, verify_inclusion};
use vedetta::domain::audit::tile::unbundle;
use vedetta::domain::doctor::Finding;
use vedetta::protocol::{ConsistencyProof, InclusionProof, LogPage, MAX_BATCH, MAX_BODY, RefusalKind, StationHead};

fn hashes(path: &[String]) -> Vec<Hash> {
    path.iter().map(|hash| hash.parse().unwrap()).collect()
}

#[tokio::test]
async fn r_aud_2_an_event_is_promised_then_proven_included_and_consistent() {
    let hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    let key = log_vkey(&hall);
    let events = sala.events(40);
    let promised = promise(&sala.submit(&events).await.unwrap(), &key);
    assert_eq!((promised.first_seq, promised.entries.len()), (0, 40));
    assert_eq!(promised.origin, "vedetta/020001/borgo-vedetta");

    let first = sala.checkpoint_of(&key, 40).await;
    for (event, entry) in events.iter().zip(&promised.entries) {
        assert_eq!(event.leaf_hash.to_string(), entry.leaf_hash);
        let url = sala.log_url(&format!("inclusion?index={}&size={}", entry.index, first.size));
        let proof: InclusionProof = answer(sala.client.get(url)).await.unwrap();
        verify_inclusion(
            &event.leaf_hash,
            proof.index,
            proof.size,
            &hashes(&proof.path),
            &first.root,
        )
        .unwrap();
    }
    // Tiles are for anyone, and hold the same leaves.
    let stranger = hall.stranger();
    let tile = async |path: &str| {
        let answer = stranger.client.get(stranger.log_url(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.bytes().await.unwrap()
    };
    assert_eq!(
        tile("tile/0/000.p/40").await,
        events.iter().flat_map(|event| event.leaf_hash.0).collect::<Vec<_>>()
    );
    let bundle = tile("tile/entries/000.p/40").await;
    assert_eq!(
        unbundle(&bundle).unwrap(),
        events.iter().map(|event| event.leaf.as_bytes()).collect::<Vec<_>>()
    );

    let more = sala.events(7);
    sala.submit(&more).await.unwrap();
    let second = sala.checkpoint_of(&key, 47).await;
    let url = sala.log_url(&format!("consistency?from={}&to={}", first.size, second.size));
    let proof: ConsistencyProof = answer(sala.client.get(url)).await.unwrap();
    verify_consistency(proof.from, &first.root, proof.to, &second.root, &hashes(&proof.path)).unwrap();

    let url = sala.log_url(&format!("inclusion?index=0&size={}", second.size + 1));
    let beyond = answer::<InclusionProof>(sala.client.get(url)).await.unwrap_err();
    assert_eq!(
        beyond,
        (StatusCode::NOT_FOUND, RefusalKind::NotFound),
        "nothing unsigned is proven"
    );
}

#[tokio::test]
async fn r_aud_2_repeats_gaps_and_two_stories() {
    let mut hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    let key = log_vkey(&hall);
    let fork = sala.chain.clone();
    let events = sala.events(5);
    let first = promise(&sala.submit(&events).await.unwrap(), &key);
    assert_eq!(
        promise(&sala.submit(&events).await.unwrap(), &key),
        first,
        "same bytes, same index"
    );

    let later = sala.events(3);
    let gap = sala.submit(&later[1..]).await.unwrap_err();
    assert_eq!(
        gap,
        (StatusCode::UNPROCESSABLE_ENTITY, RefusalKind::Gap { expected: 5 })
    );
    sala.submit(&later).await.unwrap();
    let url = sala.url("/v1/stations/sala-operativa/heads");
    let heads: Vec<StationHead> = answer(sala.client.get(url)).await.unwrap();
    assert_eq!(
        (heads[0].next_seq, heads[0].prev.as_str()),
        (8, later[2].leaf_hash.to_string().as_str())
    );

    sala.chain = fork;
    let other_story = sala.events(1);
    let refused = sala.submit(&other_story).await.unwrap_err();
    assert_eq!(refused, (StatusCode::CONFLICT, RefusalKind::Equivocation { seq: 0 }));
    let quarantined = sala.submit(&events).await.unwrap_err();
    assert_eq!(
        quarantined,
        (StatusCode::CONFLICT, RefusalKind::Equivocation { seq: 0 }),
        "the station is set apart"
    );
    let locked = sala
        .sign_in("operatore", &hall.password("operatore"))
        .await
        .unwrap_err();
    assert_eq!(locked, RefusalKind::UnknownStation, "nobody signs in there");

    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    assert_eq!(
        report["logs"][0]["size"], 10,
        "eight events, the equivocation, the refused sign-in: {report}"
    );

    // The way out is by name, with a reason, in the log, on a server that stands still.
    let release = [
        "station",
        "release",
        "--data",
        hall.data_text(),
        "--station",
        "sala-operativa",
        "--reason",
        "prova",
    ];
    assert!(
        !crate::town_hall::command(&release, None).status.success(),
        "not while the server runs"
    );
    hall.stop().await;
    assert!(crate::town_hall::command(&release, None).status.success());
    assert!(
        !crate::town_hall::command(&release, None).status.success(),
        "it is out already"
    );
    hall.start().await;
    sala.base = hall.base.clone();
    sala.submit(&events).await.unwrap();
    assert_eq!(
        hall.verify().1["logs"][0]["size"],
        12,
        "with the verification of before"
    );
}

#[tokio::test]
async fn r_acc_6_another_workstation_is_enrolled_by_name_and_recorded() {
    let mut hall = Town::new().prepared();
    let enrol = [
        "station",
        "enrol",
        "--data",
        hall.data_text(),
        "--station",
        "seconda",
        "--grace-minutes",
        "30",
    ];
    assert!(crate::town_hall::command(&enrol, None).status.success());
    let again = crate::town_hall::command(&enrol, None);
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("«seconda» è già in uso"),
        "{again:?}"
    );
    let reserved = ["station", "enrol", "--data", hall.data_text(), "--station", "server"];
    assert!(
        !crate::town_hall::command(&reserved, None).status.success(),
        "the server's own name"
    );
    hall.start().await;
    let mut second = hall.station("seconda");
    let grant = second.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    assert_eq!(grant.grace_s, 1800);
    let events = second.events(2);
    let promised = promise(&second.submit(&events).await.unwrap(), &log_key(&grant));
    assert!(promised.entries[0].index >= 2, "after the enrolment and the sign-in");
}

#[tokio::test]
async fn r_aud_7_what_was_acknowledged_survives_a_crash() {
    let mut hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    let key = log_vkey(&hall);
    let mut acknowledged = 0;
    for round in 0..4usize {
        let batch = sala.events(16 + round);
        let promised = promise(&sala.submit(&batch).await.unwrap(), &key);
        acknowledged += promised.entries.len() as u64;
        let signed_before = sala.checkpoint_of(&key, 0).await;
        hall.crash().await;
        hall.start().await;
        sala.base = hall.base.clone();
        let url = sala.url("/v1/stations/sala-operativa/heads");
        let heads: Vec<StationHead> = answer(sala.client.get(url)).await.unwrap();
        assert_eq!(heads[0].next_seq, acknowledged, "round {round}");
        let after = sala.checkpoint_of(&key, acknowledged).await;
        let url = sala.log_url(&format!("consistency?from={}&to={}", signed_before.size, after.size));
        let proof: ConsistencyProof = answer(sala.client.get(url)).await.unwrap();
        verify_consistency(
            proof.from,
            &signed_before.root,
            proof.to,
            &after.root,
            &hashes(&proof.path),
        )
        .unwrap();
    }
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    assert_eq!(
        report["logs"][0]["signed_size"], acknowledged,
        "everything is signed at the end"
    );
}

#[tokio::test]
async fn r_aud_7_killed_in_the_middle_of_traffic_each_event_is_in_the_log_once() {
    let mut hall = Town::new().open().await;
    let key = log_vkey(&hall);
    for _ in 0..3 {
        // Each sends batch after batch until the server is gone, and says what was acknowledged and what is open.
        let send = async |name: &'static str| {
            let mut station = hall.station(name);
            let url = station.url(&format!("/v1/stations/{name}/heads"));
            let heads: Vec<StationHead> = answer(station.client.get(url)).await.unwrap();
            station.chain.next_seq = heads[0].next_seq;
            station.chain.prev = heads[0].prev.parse().ok();
            let mut acknowledged = Vec::new();
            loop {
                let batch = station.events(9);
                match station.try_submit(&batch).await {
                    Some(receipt) => acknowledged.extend(promise(&receipt, &key).entries),
                    None => return (station, acknowledged, batch),
                }
                if acknowledged.len() > 60 {
                    hall.kill();
                }
            }
        };
        let outcomes = futures::future::join_all([send("sala-operativa"), send("manutenzione")]).await;
        hall.crash().await;
        hall.start().await;
        for (mut station, acknowledged, open) in outcomes {
            station.base = hall.base.clone();
            let placed = promise(&station.submit(&open).await.unwrap(), &key);
            assert_eq!(
                placed.entries.len(),
                open.len(),
                "what was open is sent again and is in once"
            );
            let size = placed.entries.last().unwrap().index + 1;
            let signed = station.checkpoint_of(&key, size).await;
            for entry in acknowledged.iter().chain(&placed.entries) {
                let url = station.log_url(&format!("inclusion?index={}&size={}", entry.index, signed.size));
                let proof: InclusionProof = answer(station.client.get(url)).await.unwrap();
                let leaf = entry.leaf_hash.parse().unwrap();
                verify_inclusion(&leaf, proof.index, proof.size, &hashes(&proof.path), &signed.root).unwrap();
            }
        }
    }
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
}

#[tokio::test]
async fn r_acc_6_only_an_enrolled_workstation_speaks_and_only_for_itself() {
    let hall = Town::new().open().await;
    let mut maintenance = hall.station("manutenzione");
    let mut stranger = hall.stranger();
    let events = stranger.events(1);
    let refused = stranger.submit(&events).await.unwrap_err();
    assert_eq!(
        refused,
        (StatusCode::FORBIDDEN, RefusalKind::UnknownStation),
        "no certificate"
    );
    let refused = stranger
        .sign_in("operatore", &hall.password("operatore"))
        .await
        .unwrap_err();
    assert_eq!(refused, RefusalKind::UnknownStation);
    assert!(
        stranger.note().await.starts_with("vedetta/020001/borgo-vedetta\n"),
        "anyone reads the checkpoint"
    );

    maintenance.id = "sala-operativa".parse().unwrap();
    let refused = maintenance.submit(&events).await.unwrap_err();
    assert_eq!(
        refused,
        (StatusCode::FORBIDDEN, RefusalKind::UnknownStation),
        "another station's certificate"
    );
    maintenance.id = "manutenzione".parse().unwrap();
    let refused = maintenance.submit(&events).await.unwrap_err();
    assert_eq!(
        refused,
        (StatusCode::BAD_REQUEST, RefusalKind::Malformed),
        "another station's leaf"
    );

    // That an enrolled workstation asked in another's name is in the log.
    let console = hall.station("console");
    let admin = console
        .sign_in("amministratore", &hall.password("amministratore"))
        .await
        .unwrap();
    let url = console.log_url("search?operation=station_refused");
    let page: LogPage = console.get(url, &admin.token).await.unwrap();
    assert_eq!(bodies(&page)[0]["parameters"]["at_station"], "manutenzione");

    // A certificate of another authority, even with the right name in it, does not get past the handshake.
    let other = Town::new().prepared();
    let foreign = client(Some(&other.data().join("stations/sala-operativa")), &hall.data());
    assert!(foreign.get(stranger.log_url("checkpoint")).send().await.is_err());
}

#[tokio::test]
async fn hostile_requests_are_refused_and_the_server_goes_on() {
    let hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    let url = sala.url("/v1/stations/sala-operativa/events");
    let post = |body: String| {
        sala.client
            .post(&url)
            .header("content-type", "application/json")
            .body(body)
    };
    let too_large = answer::<Value>(post(" ".repeat(MAX_BODY + 1))).await.unwrap_err();
    assert_eq!(too_large, (StatusCode::PAYLOAD_TOO_LARGE, RefusalKind::TooLarge));
    for body in [
        "",
        "{}",
        "[[[[",
        "\"x\"",
        "{\"log\":\"borgo-vedetta\",\"events\":[]}",
        "{\"log\":\"../x\",\"events\":[]}",
    ] {
        let refused = answer::<Value>(post(body.into())).await.unwrap_err();
        assert_eq!(refused, (StatusCode::BAD_REQUEST, RefusalKind::Malformed), "{body}");
    }
    let deep = answer::<Value>(post("[".repeat(100_000))).await.unwrap_err();
    assert_eq!(deep.1, RefusalKind::Malformed);
    let many = sala.events(MAX_BATCH + 1);
    assert_eq!(sala.submit(&many).await.unwrap_err().1, RefusalKind::TooLarge);
    let mut changed = many[..1].to_vec();
    changed[0].body = changed[0].body.replace("cam-01", "cam-02");
    assert_eq!(
        sala.submit(&changed).await.unwrap_err().1,
        RefusalKind::Malformed,
        "the body is not the committed one"
    );
    for path in [
        "tile/0/x",
        "tile/0/000",
        "tile/../../etc/passwd",
        "inclusion?index=5&size=5",
        "inclusion?index=-1&size=1",
    ] {
        let refused = answer::<Value>(sala.client.get(sala.log_url(path))).await.unwrap_err();
        assert!(refused.0.is_client_error(), "{path}: {refused:?}");
    }
    let (status, _) = answer::<Value>(sala.client.put(&url)).await.unwrap_err();
    assert_eq!(status, StatusCode::NOT_FOUND);
    sala.submit(&many[..MAX_BATCH]).await.unwrap();
}

#[tokio::test]
async fn r_aud_7_an_event_without_a_place_is_refused_recorded_and_told_and_what_came_before_it_is_kept() {
    let hall = Town::new().open().await;
    let (mut sala, mut other) = (hall.station("sala-operativa"), hall.station("manutenzione"));
    let mut batch = sala.events(3);
    batch[1].body = batch[1].body.replace("cam-01", "cam-02");
    let known = event_fixture::body(&other.id);
    let long = format!("{{\"station\":\"manutenzione\",\"person\":\"{}\"}}", "x".repeat(40_000));
    let long = [
        other.events(1),
        vec![event_fixture::sealed_text(&mut other.chain, &known, long)],
    ]
    .concat();
    let refused = (StatusCode::BAD_REQUEST, RefusalKind::Malformed);
    for _ in 0..3 {
        assert_eq!(sala.submit(&batch).await.unwrap_err(), refused);
        assert_eq!(other.submit(&long).await.unwrap_err(), refused);
    }
    for station in [&sala, &other] {
        let heads = station
            .client
            .get(station.url(&format!("/v1/stations/{}/heads", station.id)));
        let heads: Vec<StationHead> = answer(heads).await.unwrap();
        assert_eq!(heads[0].next_seq, 1, "{}: what came before it", station.id);
    }
    let (console, token) = crate::attacks::admin(&hall).await;
    let url = console.log_url("search?operation=event_set_aside&result=refused");
    let page: LogPage = console.get(url, &token).await.unwrap();
    let said: Vec<Value> = bodies(&page).iter().map(|body| body["parameters"].clone()).collect();
    let expected = [
        json!({"at_station": "sala-operativa", "station": "sala-operativa", "seq": 1, "fault": "commitment"}),
        json!({"at_station": "manutenzione", "station": "manutenzione", "seq": 1, "fault": "too_long"}),
    ];
    assert_eq!(said, expected, "once each");
    let found: Vec<Finding> = console.get(console.url("/v1/doctor"), &token).await.unwrap();
    for station in [sala.id, other.id] {
        let told = Finding::SetAside { station, count: 1 };
        assert!(found.contains(&told), "{found:?}");
    }
    assert!(hall.verify().0);
}

#[tokio::test]
async fn a_sender_that_stops_in_the_middle_is_let_go() {
    use futures::StreamExt as _;
    let hall = Town::new().open().await;
    let sala = hall.station("sala-operativa");
    let begun = futures::stream::once(async { Ok::<_, std::io::Error>("{\"log\":") });
    let body = reqwest::Body::wrap_stream(begun.chain(futures::stream::pending()));
    let url = sala.url("/v1/stations/sala-operativa/events");
    let answer = sala.client.post(url).body(body).send().await.unwrap();
    assert_eq!(
        answer.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "before this client's own patience ends"
    );
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub fn bodies(page: &LogPage) -> Vec<Value> {
    page.entries
        .iter()
        .map(|entry| serde_json::from_str(entry.body.as_deref().unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn r_aud_3_only_the_administrator_reads_the_log_and_every_reading_is_in_it() {
    let hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    let console = hall.station("console");
    let events = sala.events(3);
    sala.submit(&events).await.unwrap();
    let operator = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    let refused = sala
        .get::<LogPage>(sala.log_url("entries"), &operator.token)
        .await
        .unwrap_err();
    assert!(matches!(refused, RefusalKind::Rule(_)), "{refused:?}");
    let admin = console
        .sign_in("amministratore", &hall.password("amministratore"))
        .await
        .unwrap();
    let page: LogPage = console.get(console.log_url("entries"), &admin.token).await.unwrap();
    let seen: Vec<(String, String, String)> = bodies(&page)
        .iter()
        .map(|body| (text(&body["person"]), text(&body["operation"]), text(&body["result"])))
        .skip(3)
        .collect();
    let expected = [
        ("operatore", "sign_in", "done"),
        ("operatore", "log_read", "refused"),
        ("amministratore", "sign_in", "done"),
        ("amministratore", "log_read", "done"),
    ];
    assert_eq!(
        seen,
        expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())),
        "the reading itself is in it"
    );
    assert_eq!(
        console.delete("/v1/sessions/current", &admin.token).await,
        StatusCode::NO_CONTENT
    );

    // The command goes the same way.
    let arguments = ["log", "read", "--data", hall.data_text(), "--user", "amministratore"];
    let output = crate::town_hall::command(&arguments, Some(&hall.password("amministratore")));
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        lines.matches("\"log_read\"").count(),
        3,
        "two of before, and its own: {lines}"
    );
    let arguments = ["log", "read", "--data", hall.data_text(), "--user", "comandante"];
    let output = crate::town_hall::command(&arguments, Some(&hall.password("comandante")));
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("non consentita"),
        "{output:?}"
    );
    let grant = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    sala.checkpoint_of(&log_key(&grant), 9).await;
}

#[tokio::test]
async fn r_aud_7_a_busy_database_refuses_and_loses_nothing() {
    use sqlx::Connection as _;
    let hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    let first = sala.events(3);
    sala.submit(&first).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(hall.data().join("audit.db"));
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let second = sala.events(3);
    let refused = sala.submit(&second).await.unwrap_err();
    assert_eq!(refused, (StatusCode::SERVICE_UNAVAILABLE, RefusalKind::Unavailable));
    let refused = sala
        .sign_in("operatore", &hall.password("operatore"))
        .await
        .unwrap_err();
    assert_eq!(refused, RefusalKind::Unavailable, "what cannot be recorded is not done");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    sala.submit(&second).await.unwrap();
    assert_eq!(hall.verify().1["logs"][0]["size"], 6);
}

#[tokio::test]
async fn r_aud_7_a_full_disk_refuses_and_loses_nothing_acknowledged() {
    let mut hall = Town::new().prepared();
    // No file may grow beyond 600 kB: writing further fails as on a full disk.
    hall.start_with("trap '' XFSZ; ulimit -f 600; exec \"$0\" \"$@\"").await;
    let mut sala = hall.station("sala-operativa");
    let mut acknowledged = 0;
    let refused = loop {
        let batch = sala.events(64);
        match sala.submit(&batch).await {
            Ok(_) => acknowledged += batch.len() as u64,
            Err(refused) => break refused,
        }
        assert!(acknowledged < 10_000, "the disk never filled");
    };
    assert_eq!(refused, (StatusCode::SERVICE_UNAVAILABLE, RefusalKind::Unavailable));
    assert!(acknowledged > 0);
    hall.crash().await;
    hall.start().await;
    let url = format!("{}/v1/stations/sala-operativa/heads", hall.base);
    let heads: Vec<StationHead> = answer(sala.client.get(url)).await.unwrap();
    assert_eq!(
        heads[0].next_seq, acknowledged,
        "every acknowledged event, nothing half written"
    );
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
}
