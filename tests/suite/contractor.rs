//! A contractor's client that was changed so as to state other purposes: the server's own entries have them there for maintenance and
//! for nothing else, and what their workstation's say otherwise is marked (R-MNT-1).
//!
//! Deliberately absent: pictures a contractor is refused (`server_people`), what an honest workstation states
//! (`domain::people::stated_purpose`).

use crate::attacks::admin;
use crate::event_fixture;
use crate::town::Town;
use crate::town_hall::{TownHall, answer, borgo};
use reqwest::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::collections::HashSet;
use vedetta::domain::audit::chain::{Sealed, StationChain};
use vedetta::domain::audit::event::{Body, Operation, Outcome};
use vedetta::domain::camera::StationId;
use vedetta::domain::doctor::Finding;
use vedetta::domain::people::{Level, Purpose};
use vedetta::protocol::{LogPage, RefusalKind};

/// Everything in the log in the contractor's name, as the administrator finds it.
pub async fn of_the_contractor(hall: &TownHall) -> Vec<Value> {
    let (console, token) = admin(hall).await;
    let url = console.log_url("search?person=manutentore&limit=500");
    let page: LogPage = console.get(url, &token).await.unwrap();
    console.delete("/v1/sessions/current", &token).await;
    let bodies = page.entries.iter().filter_map(|entry| entry.body.as_deref());
    bodies.map(|body| serde_json::from_str(body).unwrap()).collect()
}

/// A client that states other purposes wherever one is asked for, in the contractor's name.
async fn states_other_purposes(hall: &TownHall) {
    let station = hall.station("manutenzione");
    let password = hall.password("manutentore");
    // Wanted at a second workstation, which asks under a purpose of its own, and refused by the first.
    let first = station.sign_in("manutentore", &password).await.unwrap();
    let other = hall.station("sala-operativa");
    let ticket = "a".repeat(64);
    let ask = json!({
        "user": "manutentore", "password": password.expose_secret(), "purpose": "public_order", "ticket": ticket,
    });
    let refused = answer::<Value>(other.client.post(other.url("/v1/sessions")).json(&ask)).await;
    assert_eq!(refused.unwrap_err().1, RefusalKind::AlreadyActiveElsewhere);
    let step = json!({"ticket": ticket, "step": "ask"});
    let asked: Value = answer(other.client.post(other.url("/v1/sessions/asked")).json(&step))
        .await
        .unwrap();
    assert!(asked.get("waiting").is_some(), "{asked}");
    let answered = station
        .client
        .post(station.url("/v1/sessions/current/asked"))
        .json(&json!({"yields": false}));
    let answered = answered.bearer_auth(first.token.expose_secret()).send().await.unwrap();
    assert_eq!(answered.status(), StatusCode::NO_CONTENT);

    for purpose in ["traffic", "judicial_police_initiative", "maintenance"] {
        let change = station.client.post(station.url("/v1/sessions/current/purpose"));
        let change = change.bearer_auth(first.token.expose_secret());
        let change = change.json(&json!({"purpose": purpose, "note": "altro"}));
        assert_eq!(
            change.send().await.unwrap().status(),
            StatusCode::NO_CONTENT,
            "{purpose}"
        );
    }
    let now = jiff::Timestamp::now().as_millisecond();
    let wish = json!({
        "controller": borgo(), "purpose": "judicial_police_initiative", "reason": "danneggiamento", "protocol_no": "7/2026",
        "extent": {"cameras": ["cam-01"], "from_ms": now - 3_600_000, "to_ms": now - 1_800_000, "export": true},
    });
    let refused = station.post::<Value>("/v1/clearances", &first.token, wish).await;
    assert!(matches!(refused, Err(RefusalKind::Rule(_))), "{refused:?}");
    for need in ["picture", "figures"] {
        let asked = station
            .post::<Value>("/v1/cameras/cam-01/credentials", &first.token, json!({"need": need}))
            .await;
        assert_eq!(asked.is_ok(), need == "figures", "{need}");
    }
    assert_eq!(
        station.delete("/v1/sessions/current", &first.token).await,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn r_mnt_1_every_event_of_the_server_about_a_contractor_has_the_purpose_maintenance_whatever_was_stated() {
    let hall = Town::new().open().await;
    states_other_purposes(&hall).await;
    let log = of_the_contractor(&hall).await;
    for body in &log {
        // Nobody was let in: there was nothing to be done for any purpose.
        let expected = if body["operation"] == "sign_in_refused" {
            Value::Null
        } else {
            json!("maintenance")
        };
        assert_eq!(body["purpose"], expected, "{body}");
    }
    let operations: HashSet<&str> = log.iter().filter_map(|body| body["operation"].as_str()).collect();
    for operation in [
        "sign_in",
        "account_ask",
        "purpose_change",
        "clearance",
        "credential_released",
        "sign_out",
    ] {
        assert!(operations.contains(operation), "{operation} is not in {operations:?}");
    }
    let changes = log.iter().filter(|body| body["operation"] == "purpose_change");
    for change in changes {
        assert_eq!(change["parameters"]["purpose_before"], "maintenance", "{change}");
    }
}

/// What a changed client recorded has happened: refused it would be lost, and everything behind it would wait for ever. It is in the
/// log as it was said, the server's mark stands beside it, and it is worth nothing.
#[tokio::test]
async fn r_mnt_1_an_event_of_a_contractor_with_another_purpose_or_none_is_taken_marked_and_told_and_gives_no_right() {
    let hall = Town::new().open().await;
    let mut station = hall.station("manutenzione");
    let grant = station
        .sign_in("manutentore", &hall.password("manutentore"))
        .await
        .unwrap();
    let theirs = |body: Body| Body {
        session: grant.session.clone(),
        ..body
    };
    let of_the_workstation = async || {
        let mut log = of_the_contractor(&hall).await;
        log.retain(|body| body["station"] == "manutenzione");
        log
    };
    // What is true is taken as it is, and what others do is theirs to say.
    let true_one = theirs(contractor_body(&station.id, None, Some(Purpose::Maintenance)));
    let mut batch = vec![next(&mut station.chain, &true_one)];
    batch.extend(station.events(2));
    station.submit(&batch).await.unwrap();
    assert_eq!((of_the_workstation().await.len(), marks(&hall).await.len()), (1, 0));

    // The level is what the client says and not what counts.
    let mut batch = Vec::new();
    for level in [None, Some(Level::Maintainer), Some(Level::Operator)] {
        for purpose in [
            Some(Purpose::UrbanSecurity),
            Some(Purpose::JudicialPoliceDelegated),
            None,
        ] {
            batch.push(next(&mut station.chain, &true_one));
            let lie = theirs(contractor_body(&station.id, level, purpose));
            batch.push(next(&mut station.chain, &lie));
        }
    }
    let known = theirs(contractor_body(&station.id, None, None));
    let strange = serde_json::to_string(&known).unwrap();
    let strange = strange.replacen('{', "{\"purpose\":\"pleasure\",", 1);
    batch.push(event_fixture::sealed_text(&mut station.chain, &known, strange));
    station.submit(&batch).await.unwrap();
    let said: HashSet<String> = of_the_workstation().await.iter().map(Value::to_string).collect();
    for event in &batch {
        let body: Value = serde_json::from_str(&event.body).unwrap();
        assert!(said.contains(&body.to_string()), "as it was said: {body}");
    }
    let marks = marks(&hall).await;
    let why = "its events were taken and name a purpose that the person's level does not have";
    let parameters = json!({"asked_for": "manutentore", "at_station": "manutenzione", "why": why});
    assert_eq!(marks.len(), 1, "once for a name: {marks:?}");
    assert_eq!(
        (&marks[0]["parameters"], &marks[0]["result"]),
        (&parameters, &json!("done"))
    );
    let (console, token) = admin(&hall).await;
    let found: Vec<Finding> = console.get(console.url("/v1/doctor"), &token).await.unwrap();
    let told = Finding::InAnothersName {
        station: station.id.clone(),
        count: 1,
    };
    assert!(found.contains(&told), "{found:?}");

    for (need, given) in [("picture", false), ("figures", true)] {
        let need = json!({ "need": need });
        let asked = station
            .post::<Value>("/v1/cameras/cam-01/credentials", &grant.token, need.clone())
            .await;
        assert_eq!(asked.is_ok(), given, "what was said of a purpose opens nothing: {need}");
    }
}

/// The server's marks of what events of workstations name.
async fn marks(hall: &TownHall) -> Vec<Value> {
    let (console, token) = admin(hall).await;
    let page: LogPage = console
        .get(console.log_url("search?operation=station_refused"), &token)
        .await
        .unwrap();
    console.delete("/v1/sessions/current", &token).await;
    let bodies = page.entries.iter().filter_map(|entry| entry.body.as_deref());
    bodies.map(|body| serde_json::from_str(body).unwrap()).collect()
}

fn next(chain: &mut StationChain, body: &Body) -> Sealed {
    event_fixture::sealed(chain, uuid::Uuid::nil(), jiff::Timestamp::now(), body)
}

#[tokio::test]
async fn r_mnt_1_a_name_that_was_only_typed_is_taken_with_the_purpose_that_was_on_the_screen() {
    let hall = Town::new().open().await;
    let mut station = hall.station("manutenzione");
    let mut body = contractor_body(&station.id, None, Some(Purpose::UrbanSecurity));
    (body.operation, body.result) = (Operation::SignInRefused, Outcome::Refused);
    let typed = next(&mut station.chain, &body);
    station.submit(std::slice::from_ref(&typed)).await.unwrap();
    assert_eq!(marks(&hall).await, [] as [Value; 0]);
}

fn contractor_body(station: &StationId, level: Option<Level>, purpose: Option<Purpose>) -> Body {
    Body {
        person: "manutentore".into(),
        level,
        purpose,
        ..event_fixture::body(station)
    }
}
