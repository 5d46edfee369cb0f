//! Two controllers in one system: who looks after one neither lists, changes nor learns of what belongs to the other
//! (R-ACC-5): accounts, sessions, workstations, clearances, cameras.
//!
//! Invariant: an answer about something of the other controller is, byte for byte, the answer about something that does not
//! exist. Deliberately absent: pictures and the plan of operators (`attacks`).

use crate::town::{self, Town};
use crate::town_hall::{Station, TownHall, answer};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::collections::HashSet;
use vedetta::domain::camera::CameraKind;
use vedetta::domain::people::Rule;
use vedetta::protocol::{
    AccountView, CameraView, ClearanceState, EnrolmentCode, LogPage, RefusalKind, SessionView, StationView,
};

/// Somebody at the console or the control room.
struct Desk {
    station: Station,
    token: SecretString,
}

impl Desk {
    async fn new(hall: &TownHall, station: &str, user: &str) -> Self {
        let station = hall.station(station);
        let token = station.sign_in(user, &hall.password(user)).await.unwrap().token;
        Self { station, token }
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        self.station.get(self.station.url(path), &self.token).await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, RefusalKind> {
        let request = self.station.client.post(self.station.url(path)).json(&body);
        let sent = request.bearer_auth(self.token.expose_secret()).send().await.unwrap();
        if sent.status() == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        if sent.status().is_success() {
            return Ok(sent.json().await.unwrap());
        }
        Err(sent.json::<vedetta::protocol::Refusal>().await.unwrap().why)
    }

    /// Status and text of an answer.
    async fn raw(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, String) {
        let mut request = self.station.client.request(method, self.station.url(path));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let sent = request.bearer_auth(self.token.expose_secret()).send().await.unwrap();
        (sent.status(), sent.text().await.unwrap())
    }

    async fn leave(self) {
        let ended = self.station.delete("/v1/sessions/current", &self.token).await;
        assert_eq!(ended, StatusCode::NO_CONTENT);
    }
}

fn account(user: &str, level: &str, controllers: &[&str]) -> Value {
    let grants: Vec<Value> = controllers
        .iter()
        .map(|controller| json!({"controller": controller, "actions": ["live", "ptz", "lift", "playback", "clear", "export"]}))
        .collect();
    let mut account = town::account(user, level, grants.into());
    account["display_name"] = json!(format!("Ag. {user}"));
    account["controller"] = json!(controllers[0]);
    account
}

/// A system of two towns with people of each, and the administrator of both signed in no more.
async fn towns() -> TownHall {
    let mut town = Town::new().neighbour("altra-01", CameraKind::Fixed);
    for (user, level, controllers) in [
        ("riva", "system_administrator", &["borgo-vedetta"][..]),
        ("villa", "supervisor", &["borgo-vedetta"]),
        ("serra", "supervisor", &["altrove"]),
        ("longo", "operator", &["altrove"]),
        ("conti", "force_operator", &["altrove", "borgo-vedetta"]),
    ] {
        town = town.person(account(user, level, controllers));
    }
    // One of the other town without any grant yet: it belongs there all the same.
    let mut fresh = account("nuovo", "operator", &["altrove"]);
    fresh["grants"] = json!([]);
    let hall = town.person(fresh).open().await;
    let both = Desk::new(&hall, "console", "amministratore").await;
    let code = json!({"station": "altra-sala", "kind": "control_room", "home": "altrove"});
    let _: EnrolmentCode = both
        .station
        .post("/v1/workstations/codes", &both.token, code)
        .await
        .unwrap();
    both.leave().await;
    hall
}

#[tokio::test]
async fn r_acc_5_a_list_names_nobody_and_nothing_of_another_controller() {
    let hall = towns().await;
    let hidden = ["longo", "serra", "nuovo", "altra", "altrove", "Altrove"];
    for (station, user) in [("console", "riva"), ("sala-operativa", "villa")] {
        let desk = Desk::new(&hall, station, user).await;
        let mut paths = vec![
            "/v1/people",
            "/v1/sessions",
            "/v1/cameras",
            "/v1/site/proposals",
            "/v1/plan",
            "/v1/policy",
        ];
        if user == "riva" {
            paths.push("/v1/workstations");
        }
        for path in paths {
            let (status, text) = desk.raw(Method::GET, path, None).await;
            assert_eq!(status, StatusCode::OK, "{path}: {text}");
            for word in hidden {
                assert!(!text.contains(word), "{user} {path} says {word}: {text}");
            }
        }
        let people: Vec<AccountView> = desk.get("/v1/people").await;
        let names: HashSet<&str> = people.iter().map(|row| row.user.as_str()).collect();
        assert!(
            names.contains("riva") && names.contains("conti") && names.contains("operatore"),
            "everybody who sees this town's cameras is in its list: {names:?}"
        );
        let cameras: Vec<CameraView> = desk.get("/v1/cameras").await;
        assert_eq!(cameras.len(), 2);
        let sessions: Vec<SessionView> = desk.get("/v1/sessions").await;
        assert!(sessions.iter().any(|session| session.user == user), "{sessions:?}");
        desk.leave().await;
    }
    // The other supervisor sees the other half.
    let serra = Desk::new(&hall, "sala-operativa", "serra").await;
    let people: Vec<AccountView> = serra.get("/v1/people").await;
    let names: HashSet<&str> = people.iter().map(|row| row.user.as_str()).collect();
    assert!(
        names.contains("longo") && names.contains("nuovo") && names.contains("conti"),
        "{names:?}"
    );
    assert!(!names.contains("riva") && !names.contains("villa"), "{names:?}");
}

#[tokio::test]
async fn r_acc_5_what_belongs_to_another_controller_is_answered_like_what_does_not_exist() {
    let hall = towns().await;
    let riva = Desk::new(&hall, "console", "riva").await;
    let changes = [
        json!("confirm"),
        json!({"disable": {"reason": "x"}}),
        json!({"enable": {"reason": "x"}}),
        json!("reset_password"),
        json!("new_second_factor"),
        json!({"grants": []}),
    ];
    let mut tried = 0;
    let mut same = async |method: Method, paths: &[&str], body: Option<Value>| {
        let mut answers = HashSet::new();
        for path in paths {
            answers.insert(riva.raw(method.clone(), path, body.clone()).await);
            tried += 1;
        }
        assert_eq!(answers.len(), 1, "{paths:?} {body:?}: {answers:?}");
        let (status, text) = answers.into_iter().next().unwrap();
        assert_eq!(status, StatusCode::NOT_FOUND, "{text}");
    };
    for change in changes {
        same(
            Method::POST,
            &["/v1/people/longo", "/v1/people/nuovo", "/v1/people/nessuno"],
            Some(change),
        )
        .await;
    }
    same(
        Method::DELETE,
        &["/v1/people/longo/sessions", "/v1/people/nessuno/sessions"],
        None,
    )
    .await;
    same(
        Method::POST,
        &["/v1/cameras/altra-01/removal", "/v1/cameras/nessuna/removal"],
        Some(json!({"reason": "x"})),
    )
    .await;
    // What belongs to both is seen and is not one's own to change.
    for change in [json!("confirm"), json!("reset_password")] {
        let refused = riva.post("/v1/people/conti", change).await;
        assert_eq!(refused, Err(RefusalKind::Rule(Rule::OtherController)));
    }
    // Nobody gives what is not theirs: a controller of others and one that does not exist are the same.
    for controller in ["altrove", "nessuno"] {
        let grants = json!([{"controller": controller, "actions": ["live"]}]);
        let refused = riva.post("/v1/people/operatore", json!({"grants": grants})).await;
        assert_eq!(refused, Err(RefusalKind::Rule(Rule::OtherController)), "{controller}");
        let refused = riva
            .post("/v1/people", account("altri", "operator", &[controller]))
            .await;
        assert_eq!(refused, Err(RefusalKind::Rule(Rule::OtherController)), "{controller}");
        let code = json!({"station": "nuova", "kind": "remote", "home": controller});
        let refused = riva.post("/v1/workstations/codes", code).await;
        assert_eq!(refused, Err(RefusalKind::Malformed), "{controller}");
    }
    let own = riva.post("/v1/people/villa", json!("confirm")).await;
    assert!(own.is_ok(), "{own:?}");
    // Every attempt is in the log of the town where it was made.
    let url = riva
        .station
        .log_url("search?person=riva&operation=configuration_change&result=refused");
    let page: LogPage = riva.station.get(url, &riva.token).await.unwrap();
    assert!(page.entries.len() >= tried, "{} of {tried}", page.entries.len());
}

#[tokio::test]
async fn r_acc_5_a_workstation_of_another_controller_is_none() {
    let hall = towns().await;
    let riva = Desk::new(&hall, "console", "riva").await;
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(hall.data().join("audit.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("UPDATE station SET home = 'altrove' WHERE station = 'manutenzione'")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let stations: Vec<StationView> = riva.get("/v1/workstations").await;
    assert!(stations.iter().all(|row| row.station.as_str() != "manutenzione"));
    let answers: HashSet<_> = [
        riva.raw(Method::DELETE, "/v1/workstations/manutenzione", None).await,
        riva.raw(Method::DELETE, "/v1/workstations/nessuna", None).await,
    ]
    .into();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::NOT_FOUND));
}

#[tokio::test]
async fn r_acc_5_a_clearance_asked_for_in_another_town_is_none() {
    let hall = towns().await;
    let longo = Desk::new(&hall, "sala-operativa", "longo").await;
    let now = jiff::Timestamp::now().as_millisecond();
    let wish = json!({
        "controller": "altrove", "purpose": "judicial_police_initiative", "reason": "danneggiamento", "protocol_no": "7/2026",
        "extent": {"cameras": ["altra-01"], "from_ms": now - 3_600_000, "to_ms": now - 1_800_000, "export": false},
    });
    let asked = longo
        .station
        .client
        .post(longo.station.url("/v1/clearances"))
        .json(&wish);
    let asked: ClearanceState = answer(asked.bearer_auth(longo.token.expose_secret())).await.unwrap();
    longo.leave().await;
    let villa = Desk::new(&hall, "sala-operativa", "villa").await;
    let verdict = json!({"approve": {"hours": 1}});
    let answers: HashSet<_> = [
        villa
            .raw(
                Method::POST,
                &format!("/v1/clearances/{}", asked.id),
                Some(verdict.clone()),
            )
            .await,
        villa
            .raw(Method::POST, "/v1/clearances/9999", Some(verdict.clone()))
            .await,
    ]
    .into();
    assert_eq!(answers.len(), 1, "{answers:?}");
    villa.leave().await;
    let serra = Desk::new(&hall, "sala-operativa", "serra").await;
    let granted = serra.post(&format!("/v1/clearances/{}", asked.id), verdict).await;
    assert!(granted.is_ok(), "{granted:?}");
}
