//! Reading the log, keeping and pruning it, and the figures of the server, over mutual TLS.
//!
//! Deliberately absent: how entries get in (tests of the server).

use crate::attacks::admin;
use crate::cluster::Cluster;
use crate::event_fixture;
use crate::town::{Town, account};
use crate::town_hall::{Station, TownHall, answer, borgo, command};
use reqwest::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::Connection as _;
use vedetta::domain::audit::event::Body;
use vedetta::domain::camera::CameraKind;
use vedetta::domain::people::Rule;
use vedetta::protocol::{LogPage, Numbered, Pruned, RefusalKind, SessionGrant};

const DAY_MS: i64 = 86_400_000;

/// Who and where.
struct Desk {
    station: Station,
    grant: SessionGrant,
}

async fn desk(hall: &TownHall, station: &str, user: &str) -> Desk {
    let station = hall.station(station);
    let grant = station.sign_in(user, &hall.password(user)).await.unwrap();
    Desk { station, grant }
}

impl Desk {
    async fn search(&self, query: &str) -> Result<LogPage, RefusalKind> {
        self.station
            .get(self.station.log_url(&format!("search?{query}")), &self.grant.token)
            .await
    }

    async fn post<T: serde::de::DeserializeOwned>(&self, path: &str, body: Value) -> Result<T, RefusalKind> {
        self.station
            .post(&format!("/v1/logs/{}/{path}", borgo()), &self.grant.token, body)
            .await
    }

    /// A call without an answer.
    async fn call(&self, method: reqwest::Method, path: &str, body: Value) -> StatusCode {
        let url = self.station.log_url(path);
        let request = self
            .station
            .client
            .request(method, url)
            .bearer_auth(self.grant.token.expose_secret());
        request.json(&body).send().await.unwrap().status()
    }
}

fn indices(page: &LogPage) -> Vec<u64> {
    page.entries.iter().map(|entry| entry.index).collect()
}

fn operations(page: &LogPage) -> Vec<String> {
    let body = |text: &String| {
        serde_json::from_str::<Value>(text).unwrap()["operation"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    page.entries
        .iter()
        .filter_map(|entry| entry.body.as_ref())
        .map(body)
        .collect()
}

/// Four events of two people at two cameras on two days.
async fn with_events(hall: &TownHall) {
    let mut sala = hall.station("sala-operativa");
    let events: Vec<_> = [
        ("rossi", "cam-01", "2026-03-01T10:00:00Z"),
        ("neri", "cam-02", "2026-03-01T11:00:00Z"),
        ("rossi", "cam-02", "2026-03-02T10:00:00Z"),
        ("rossi", "cam-01", "2026-03-02T11:00:00Z"),
    ]
    .into_iter()
    .map(|(person, camera, time)| sala.event_of(person, camera, time.parse().unwrap()))
    .collect();
    sala.submit(&events).await.unwrap();
}

async fn searches(hall: &TownHall) {
    with_events(hall).await;
    let admin = desk(hall, "console", "amministratore").await;
    for (query, expected) in [
        ("person=rossi", vec![0, 2, 3]),
        ("camera=cam-02", vec![1, 2]),
        ("person=rossi&camera=cam-01", vec![0, 3]),
        (
            "person=rossi&from=2026-03-02T00:00:00Z&to=2026-03-02T11:00:00Z",
            vec![2],
        ),
        (
            "operation=view_open&result=intent&purpose=urban_security",
            vec![0, 1, 2, 3],
        ),
        ("operation=view_open&result=refused", vec![]),
        ("person=nessuno", vec![]),
    ] {
        assert_eq!(indices(&admin.search(query).await.unwrap()), expected, "{query}");
    }
    // Page by page: nothing twice, nothing missing.
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = admin
            .search(&format!("operation=view_open&limit=3{after}"))
            .await
            .unwrap();
        seen.extend(indices(&page));
        match page.next {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [0, 1, 2, 3]);
    assert_eq!(
        admin.search("person=rossi&after=x").await.unwrap_err(),
        RefusalKind::Malformed
    );
    // Every one of these readings is in the log, with what was looked for.
    let read = admin.search("operation=log_read&person=amministratore").await.unwrap();
    assert!(read.entries.len() >= 9, "{read:?}");
    assert!(
        read.entries
            .iter()
            .any(|entry| entry.body.as_ref().unwrap().contains("\"camera\":\"cam-02\""))
    );
    // Nobody else searches; everybody finds their own.
    let operator = desk(hall, "sala-operativa", "operatore").await;
    assert!(matches!(
        operator.search("person=rossi").await.unwrap_err(),
        RefusalKind::Rule(_)
    ));
    let url = operator.station.url("/v1/people/me/entries");
    let own: LogPage = operator.station.get(url, &operator.grant.token).await.unwrap();
    assert_eq!(
        operations(&own),
        ["log_read", "log_read", "sign_in"],
        "newest first, this reading too"
    );
    let refused = admin.search("result=refused&operation=log_read").await.unwrap();
    assert_eq!(refused.entries.len(), 1);
}

#[tokio::test]
async fn r_aud_3_the_administrator_searches_and_every_reading_is_an_event() {
    let hall = Town::new().open().await;
    searches(&hall).await;
    // The same from the command line, as a table and as lines.
    let password = hall.password("amministratore");
    let read = |extra: &[&str]| {
        let mut arguments = vec!["log", "read", "--data", hall.data_text(), "--user", "amministratore"];
        arguments.extend(["--person", "rossi", "--since", "2026-03-02T00:00:00Z"]);
        arguments.extend(extra);
        // The administrator is signed in at this very console; signing in again ends that session.
        let output = command(&arguments, Some(&password));
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let table = read(&["--csv"]);
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.lines().nth(1).unwrap().starts_with("2,"), "{table}");
    assert!(table.contains(",rossi,view_open,intent,cam-02,"), "{table}");
    let lines = read(&["--json"]);
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((lines.lines().count(), &first["index"]), (2, &json!(2)));
}

/// `preset_remove` was in the vocabulary and no program wrote it; a log that has it reads all the same.
#[tokio::test]
async fn r_aud_2_an_operation_that_this_version_does_not_have_is_taken_found_read_and_verified() {
    let mut hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    let known = Body {
        camera: Some("cam-01".parse().unwrap()),
        ..event_fixture::body(&sala.id)
    };
    let text = serde_json::to_string(&known).unwrap();
    let old = text.replace("\"view_open\"", "\"preset_remove\"");
    assert!(serde_json::from_str::<Body>(&old).is_err(), "this version has it");
    let old = event_fixture::sealed_text(&mut sala.chain, &known, old);
    sala.submit(std::slice::from_ref(&old)).await.unwrap();
    let admin = desk(&hall, "console", "amministratore").await;
    let found = admin.search("operation=preset_remove&camera=cam-01").await.unwrap();
    assert_eq!(indices(&found), [0]);
    assert_eq!(found.entries[0].body.as_deref(), Some(old.body.as_str()));
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    let bodies = std::fs::read_to_string(hall.export().dir.join("bodies.jsonl")).unwrap();
    assert!(bodies.contains("preset_remove"), "{bodies}");
}

#[tokio::test]
async fn r_aud_3_searching_is_the_same_on_postgresql() {
    let cluster = Cluster::start();
    let mut hall = Town::new().on(Some(cluster.owner_url())).prepared();
    hall.move_to(cluster.server_url());
    hall.start().await;
    searches(&hall).await;
}

#[tokio::test]
async fn r_acc_5_an_administrator_of_one_controller_reads_nothing_of_anothers_log() {
    let grants = json!([{ "controller": borgo(), "cameras": [], "actions": ["live"] }]);
    let hall = Town::new()
        .neighbour("segreta-01", CameraKind::Dome)
        .person(account("neri", "system_administrator", grants))
        .open()
        .await;
    let (console, token) = admin(&hall).await;
    let sala = hall.station("sala-operativa");
    let neri = sala.sign_in("neri", &hall.password("neri")).await.unwrap();
    for call in ["entries", "search?person=neri"] {
        let other = sala.url(&format!("/v1/logs/altrove/{call}"));
        let refused: Result<LogPage, _> = sala.get(other, &neri.token).await;
        assert_eq!(refused.unwrap_err(), RefusalKind::Rule(Rule::NoGrant), "{call}");
        let own: LogPage = sala.get(sala.log_url(call), &neri.token).await.unwrap();
        assert!(!own.entries.is_empty(), "{call}");
        assert_eq!(own.origin, "vedetta/020001/borgo-vedetta");
    }
    // The attempts are in the log that was asked for, for those who may read it.
    let theirs = console.url("/v1/logs/altrove/search?person=neri");
    let page: LogPage = console.get(theirs, &token).await.unwrap();
    assert_eq!(operations(&page), ["log_read", "log_read"]);
}

/// Makes what was received look as old as this.
async fn age(hall: &TownHall, days: i64) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(hall.data().join("audit.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let statement = format!(
        "DROP TRIGGER leaf_keeps; UPDATE leaf SET received_ms = received_ms - {} WHERE idx < 4;
         CREATE TRIGGER leaf_keeps BEFORE UPDATE ON leaf BEGIN SELECT raise(ABORT, 'the log is never changed'); END;",
        days * DAY_MS
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// A log with four events of long ago and two of today, and the two people it takes to prune it.
struct Pruning {
    hall: TownHall,
    admin: Desk,
    commander: Desk,
    /// Unix milliseconds when it was filled.
    now: i64,
}

impl Pruning {
    /// The four events are as many days old.
    async fn of_events(days: i64) -> Self {
        let hall = Town::new().open().await;
        with_events(&hall).await;
        let mut sala = hall.station("manutenzione");
        let fresh = sala.events(2);
        sala.submit(&fresh).await.unwrap();
        if days > 0 {
            age(&hall, days).await;
        }
        Self {
            admin: desk(&hall, "console", "amministratore").await,
            commander: desk(&hall, "sala-operativa", "comandante").await,
            now: jiff::Timestamp::now().as_millisecond(),
            hall,
        }
    }

    fn order(&self) -> Value {
        json!({ "class": "police", "before_ms": self.now })
    }

    /// Ordered by the administrator, approved by the commander; the number of bodies that went.
    async fn prune(&self) -> u64 {
        let asked: Numbered = self.admin.post("prunings", self.order()).await.unwrap();
        self.approve(&asked).await
    }

    async fn approve(&self, asked: &Numbered) -> u64 {
        let approval = format!("prunings/{}/approval", asked.id);
        let pruned: Pruned = self.commander.post(&approval, json!({})).await.unwrap();
        pruned.bodies
    }

    async fn raise_floor(&self, class: &str, days: u32) -> StatusCode {
        let floor = json!({ "class": class, "days": days });
        self.admin.call(reqwest::Method::POST, "floor", floor).await
    }
}

#[tokio::test]
async fn r_aud_2_nothing_is_pruned_before_its_floor_or_by_one_person() {
    let log = Pruning::of_events(0).await;
    // Who may ask, who may approve, and never the same.
    assert!(matches!(
        log.commander.post::<Numbered>("prunings", log.order()).await,
        Err(RefusalKind::Rule(_))
    ));
    let asked: Numbered = log.admin.post("prunings", log.order()).await.unwrap();
    let approval = format!("prunings/{}/approval", asked.id);
    assert!(matches!(
        log.admin.post::<Pruned>(&approval, json!({})).await,
        Err(RefusalKind::Rule(_))
    ));

    // Before the floor nothing goes, whoever orders it.
    assert_eq!(log.approve(&asked).await, 0);
    age(&log.hall, 1825).await;
    assert_eq!(log.prune().await, 0, "a day before five years");

    // A floor rises and does not fall.
    assert_eq!(log.raise_floor("police", 1827).await, StatusCode::NO_CONTENT);
    assert_eq!(log.raise_floor("police", 1826).await, StatusCode::BAD_REQUEST);
    assert_eq!(log.raise_floor("standard", 90).await, StatusCode::BAD_REQUEST);
    age(&log.hall, 10).await;
    assert_eq!(log.prune().await, 4, "past the floor");
}

#[tokio::test]
async fn r_aud_2_nothing_under_a_hold_is_pruned_until_the_commander_lifts_it() {
    let log = Pruning::of_events(1835).await;
    let hold =
        json!({ "from_ms": 0, "to_ms": log.now - DAY_MS, "authority": "Procura di Mantova", "protocol_no": "12/2026" });
    let held: Numbered = log.admin.post("holds", hold).await.unwrap();
    assert_eq!(log.prune().await, 0, "held");
    let lift = format!("holds/{}", held.id);
    assert_eq!(
        log.admin.call(reqwest::Method::DELETE, &lift, json!({})).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        log.commander.call(reqwest::Method::DELETE, &lift, json!({})).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(log.prune().await, 4);
}

#[tokio::test]
async fn r_aud_2_only_bodies_are_pruned_and_the_log_says_which_and_holds() {
    let log = Pruning::of_events(1835).await;
    assert_eq!(log.prune().await, 4);
    let admin = &log.admin;
    assert!(
        indices(&admin.search("person=rossi").await.unwrap()).is_empty(),
        "the names went with the bodies"
    );
    let page: LogPage = admin
        .station
        .get(admin.station.log_url("entries?limit=500"), &admin.grant.token)
        .await
        .unwrap();
    assert!(page.entries[..4].iter().all(|entry| entry.body.is_none()));
    assert!(page.entries[4..].iter().all(|entry| entry.body.is_some()));
    let record = page
        .entries
        .iter()
        .filter_map(|entry| entry.body.as_ref())
        .find(|body| body.contains("log_pruned"));
    assert!(record.unwrap().contains("\"spans\":[[0,4]]"), "{record:?}");
    let mut hall = log.hall;
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
    assert_eq!(report["logs"][0]["pruned"], 4);

    // A body taken away without such a record shows.
    hall.tamper("DELETE FROM body WHERE idx = 5").await;
    let (ok, report) = hall.verify();
    assert!(!ok);
    assert_eq!(
        (
            &report["logs"][0]["broken"]["what"],
            &report["logs"][0]["broken"]["index"]
        ),
        (&json!("body"), &json!(5))
    );
}

#[tokio::test]
async fn r_aud_2_bodies_that_were_made_to_look_old_and_pruned_are_missed() {
    let mut hall = Town::new().open().await;
    // The server's own events say in the tree what time it was.
    let commander = desk(&hall, "sala-operativa", "comandante").await;
    let admin = desk(&hall, "console", "amministratore").await;
    let mut maintenance = hall.station("manutenzione");
    let fresh = maintenance.events(4);
    maintenance.submit(&fresh).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(hall.data().join("audit.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let older = format!(
        "DROP TRIGGER leaf_keeps; UPDATE leaf SET received_ms = received_ms - {} WHERE station = 'manutenzione' AND seq < 2",
        2000 * DAY_MS
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(older))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let now = jiff::Timestamp::now().as_millisecond();
    let order = json!({ "class": "police", "before_ms": now - DAY_MS });
    let asked: Numbered = admin.post("prunings", order).await.unwrap();
    let approval = format!("prunings/{}/approval", asked.id);
    let gone: Pruned = commander.post(&approval, json!({})).await.unwrap();
    assert_eq!(gone.bodies, 2, "the database believes what it is told");
    hall.stop().await;
    let (ok, report) = hall.verify();
    assert!(!ok);
    let broken = &report["logs"][0]["broken"];
    assert_eq!(
        (&broken["what"], &broken["index"]),
        (&json!("pruned_early"), &json!(2)),
        "{report}"
    );
}

#[tokio::test]
async fn r_aud_2_the_server_says_how_it_is() {
    let hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    let events = sala.events(7);
    sala.submit(&events).await.unwrap();
    let stranger = hall.stranger();
    let get = async |path: &str| {
        let response = stranger.client.get(stranger.url(path)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    assert_eq!(get("/healthz").await.0, StatusCode::OK);
    assert_eq!(get("/readyz").await.0, StatusCode::OK);
    drop(
        answer::<Value>(stranger.client.get(stranger.url("/v1/plan")))
            .await
            .unwrap_err(),
    );
    let (_, page) = get("/metrics").await;
    for line in [
        "vedetta_events_total 7",
        "vedetta_log_size{log=\"borgo-vedetta\"} 7",
        "vedetta_requests_refused_total 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in {page}");
    }
    assert!(!page.contains("sala-operativa"), "no workstation is named");
}
