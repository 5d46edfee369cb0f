//! What the release before (tree `0bf4218`, version 1 of the protocol, schema 4) left behind and says: its data directory is moved on,
//! its workstation's folder goes on, its recorded requests are answered as they were. `tests/golden/release_1/README.md` says how
//! the files were made.
//!
//! Deliberately absent: steps of the schema one by one (`server::store::migration`), plans from the future (`station::tests::plan`).

use crate::cluster::Cluster;
use crate::town::Town;
use crate::town_hall::{ITALIAN, TownHall};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::time::{Duration, Instant};
use vedetta::domain::people::Purpose;
use vedetta::server::config::DataDir;
use vedetta::station::{SecretsChoice, Station, StationConfig, TrackedPose};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/release_1");
/// Longest wait for an answer that the signer of the log must come before.
const PATIENCE: Duration = Duration::from_secs(20);

/// One request of the release before and how its own server answered.
#[derive(Deserialize)]
struct Recorded {
    station: String,
    method: String,
    path: String,
    bearer: Option<String>,
    body: Option<String>,
    status: u16,
    answer: String,
}

/// The town hall of the golden files, not started. Passwords would be too old one day: they were set just now.
async fn town_hall() -> TownHall {
    let hall = TownHall::unpacked(&Path::new(GOLDEN).join("archive.tar.gz"));
    let set = jiff::Timestamp::now().as_millisecond();
    hall.edit(&format!("UPDATE person SET password_set_ms = {set}")).await;
    hall
}

#[tokio::test]
async fn a_data_directory_of_the_release_before_is_moved_on_when_it_is_served_and_everything_in_it_verifies() {
    let mut hall = town_hall().await;
    let data = DataDir::new(hall.data());
    // Nothing but a server, or the command for it, moves a database on.
    assert!(!hall.verify_output().status.success());
    assert!(!data.database_copy(4).exists());
    hall.start().await;
    assert!(data.database_copy(4).exists());
    let (valid, report) = hall.verify();
    assert!(valid, "{report}");
    let recorded: Vec<Recorded> = recorded();
    assert!(recorded.len() > 10);
    for user in ["operatore", "comandante", "amministratore"] {
        let place = if user == "amministratore" {
            "console"
        } else {
            "sala-operativa"
        };
        let place = hall.station(place);
        let grant = place.sign_in(user, &hall.password(user)).await.unwrap();
        assert_eq!(grant.person.user, user);
        assert!(place.delete("/v1/sessions/current", &grant.token).await.is_success());
    }
    hall.stop().await;
    assert!(hall.verify().0);
}

#[tokio::test]
async fn the_command_moves_a_database_on_while_no_server_runs_and_one_of_a_newer_program_is_refused_in_a_sentence() {
    let hall = town_hall().await;
    let migrate = || hall.command(&["migrate", "--data", hall.data_text()], None);
    let done = migrate();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && said.contains("audit.schema-4.db"), "{done:?}");
    assert!(migrate().status.success());
    assert!(hall.verify().0);
    hall.edit("UPDATE schema_version SET version = 99").await;
    for arguments in [
        ["migrate", "--data", hall.data_text()],
        ["serve", "--data", hall.data_text()],
    ] {
        let refused = hall.command(&arguments, None);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && said.contains("programma più nuovo"),
            "{ITALIAN}: {said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_workstation_of_the_release_before_goes_on_with_its_outbox_and_what_it_trusts() {
    let mut hall = town_hall().await;
    hall.start().await;
    let folder = hall.dir.path().join("station");
    let station = Station::open(StationConfig {
        enrolment: hall.data().join("stations/sala-operativa"),
        data: folder.clone(),
        evidence: folder.join("evidence"),
        secrets: SecretsChoice::ProtectedFile,
        pose_source: std::sync::Arc::new(TrackedPose),
    })
    .await
    .unwrap();
    let signed_in = station.sign_in("operatore".into(), hall.password("operatore"), Purpose::UrbanSecurity);
    let session = signed_in.await.unwrap();
    assert!(!session.plan().cameras.is_empty());
    let delivery = tokio::time::timeout(PATIENCE, session.sign_out())
        .await
        .unwrap()
        .unwrap();
    // Its chain goes on: what it wrote before counts too.
    assert!(delivery.written > 2, "{delivery:?}");
    assert_eq!(
        (delivery.durable, delivery.verified),
        (delivery.written, delivery.written)
    );
    assert!(hall.verify().0);
}

fn recorded() -> Vec<Recorded> {
    let text = std::fs::read_to_string(Path::new(GOLDEN).join("requests.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn every_recorded_request_of_the_release_before_is_answered_as_then_and_with_no_name_that_it_does_not_know() {
    let mut hall = town_hall().await;
    hall.start().await;
    let (recorded, mut tokens) = (recorded(), HashMap::new());
    // By call: every name that its own server used.
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in &recorded {
        let names = known.entry(call(one)).or_default();
        names.extend(
            serde_json::from_str(&one.answer)
                .map(|answer| names_in(&answer))
                .unwrap_or_default(),
        );
    }
    for one in &recorded {
        let answer = asked_again(&hall, one, &tokens).await;
        let Ok(answer) = serde_json::from_str::<Value>(&answer) else {
            continue;
        };
        let unknown: Vec<_> = names_in(&answer).difference(&known[&call(one)]).cloned().collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", call(one));
        let then: Value = serde_json::from_str(&one.answer).unwrap();
        if let (Some(then), Some(now)) = (then["token"].as_str(), answer["token"].as_str()) {
            tokens.insert(then.to_owned(), now.to_owned());
        }
    }
    assert!(!tokens.is_empty());
    hall.stop().await;
    assert!(hall.verify().0);
}

/// Sends a recorded request until it has the status it had then: some wait for the signer of the log.
async fn asked_again(hall: &TownHall, one: &Recorded, tokens: &HashMap<String, String>) -> String {
    let place = hall.station(&one.station);
    let end = Instant::now() + PATIENCE;
    loop {
        let method = one.method.parse().unwrap();
        let mut request = place.client.request(method, place.url(&one.path));
        if let Some(bearer) = &one.bearer {
            request = request.bearer_auth(&tokens[bearer]);
        }
        if let Some(body) = &one.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["vedetta-protocol"], "1-2");
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        if status == one.status {
            return text;
        }
        assert!(
            one.method == "GET" && Instant::now() < end,
            "{}: {} then, {status} now: {text}",
            call(one),
            one.status
        );
        tokio::task::yield_now().await;
    }
}

/// The call, without what is asked of it.
fn call(one: &Recorded) -> String {
    let path = one.path.split('?').next().unwrap_or_default();
    format!("{} {path}", one.method)
}

/// Every name in a body, with those above it.
fn names_in(value: &Value) -> BTreeSet<String> {
    let below = |name: &str, value: &Value| {
        let inside = names_in(value);
        inside
            .into_iter()
            .map(|inner| format!("{name}.{inner}"))
            .collect::<Vec<_>>()
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| below(name, value).into_iter().chain([name.clone()]))
            .collect(),
        Value::Array(all) => all.iter().flat_map(|one| below("[]", one)).collect(),
        _ => BTreeSet::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_database_of_the_release_before_is_moved_on_by_its_owner_and_not_by_a_server() {
    let cluster = Cluster::start();
    let mut hall = Town::new().on(Some(cluster.owner_url())).prepared();
    assert!(cluster.owner_may("DROP TABLE credential_given"));
    assert!(cluster.owner_may("UPDATE schema_version SET version = 4"));
    let said = |arguments: &[&str], hall: &TownHall| {
        let output = hall.command(arguments, None);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said)
    };
    let (serve, migrate) = (["serve", "--data", hall.data_text()], ["migrate", "--data", hall.data_text()]);
    hall.move_to(cluster.server_url());
    let (ok, words) = said(&serve, &hall);
    assert!(!ok && words.contains("vedetta-audit migrate"), "{words}");
    assert!(!said(&migrate, &hall).0, "the servers' role owns no tables");
    hall.move_to(cluster.owner_url());
    let (ok, words) = said(&migrate, &hall);
    assert!(ok, "{words}");
    hall.move_to(cluster.server_url());
    // The new table is the servers' to write: whoever gives a password is kept there.
    hall.start().await;
    hall.add_person(serde_json::json!({
        "user": "seconda", "display_name": "Ag. Blu", "body": "Polizia Locale", "level": "operator", "act": "det. 7/2026",
        "grants": [{"controller": "borgo-vedetta", "actions": ["live"]}],
    }))
    .await;
    hall.stop().await;
}
