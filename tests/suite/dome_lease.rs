//! Holds and clearances against the real server, spoken by hand: several server processes on one database, and a client
//! that keeps no rule of its own.
//!
//! Deliberately absent: the workstation's code (end to end).

use crate::cluster::Cluster;
use crate::event_fixture;
use crate::town::Town;
use crate::town_hall::{Station, TownHall};
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;
use vedetta::domain::audit::chain::Sealed;
use vedetta::domain::audit::event::{Body, Operation, Outcome};
use vedetta::domain::people::Purpose;
use vedetta::domain::people::clearance::ClearanceError;
use vedetta::protocol::{ClearanceState, LeaseState, PolicyState, RefusalKind, SessionGrant};

const PATH: &str = "/v1/cameras/cam-02/hold";

async fn signed_in(hall: &TownHall, station: &Station, user: &str) -> SecretString {
    station.sign_in(user, &hall.password(user)).await.unwrap().token
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_ptz_3_two_server_processes_never_give_one_dome_to_two() {
    let cluster = Cluster::start();
    let mut hall = Town::new().on(Some(cluster.owner_url())).prepared();
    hall.move_to(cluster.server_url());
    hall.start().await;
    let second = hall.another().await;
    let (here, there) = (hall.station("sala-operativa"), hall.station_at(&second.base, "console"));
    let operator = signed_in(&hall, &here, "operatore").await;
    let force = signed_in(&hall, &there, "carabiniere").await;
    let mut fence = 0;
    for _ in 0..20 {
        let (one, two) = tokio::join!(
            here.post::<LeaseState>(PATH, &operator, json!("take")),
            there.post::<LeaseState>(PATH, &force, json!("take"))
        );
        let (station, token, held) = match (one, two) {
            (Ok(held), Err(RefusalKind::LeasedByOther(_))) => (&here, &operator, held),
            (Err(RefusalKind::LeasedByOther(_)), Ok(held)) => (&there, &force, held),
            other => panic!("{other:?}"),
        };
        assert!(held.fence > fence, "{held:?} after {fence}");
        fence = held.fence;
        // Both processes say the same.
        for (station, token) in [(&here, &operator), (&there, &force)] {
            let all: Vec<LeaseState> = station.get(station.url("/v1/holds"), token).await.unwrap();
            assert_eq!((all[0].fence, &all[0].holder), (held.fence, &held.holder));
        }
        let release = json!({"release": {"fence": held.fence}});
        let free: LeaseState = station.post(PATH, token, release).await.unwrap();
        assert_eq!(free.holder, None);
    }
    // What was kept outlives every process.
    let held: LeaseState = here.post(PATH, &operator, json!("take")).await.unwrap();
    drop(second);
    hall.stop().await;
    hall.start().await;
    let here = hall.station("sala-operativa");
    let renew = json!({"renew": {"fence": held.fence}});
    let renewed: LeaseState = here.post(PATH, &operator, renew).await.unwrap();
    assert_eq!(renewed.holder, held.holder);
}

/// An event of a view of the person of a session, as their workstation writes it.
fn view_event(station: &mut Station, grant: &SessionGrant, act: Uuid, operation: Operation, result: Outcome) -> Sealed {
    let body = Body {
        person: grant.person.user.clone(),
        session: grant.session.clone(),
        act,
        operation,
        result,
        camera: Some("cam-02".parse().unwrap()),
        purpose: Some(Purpose::UrbanSecurity),
        policy_version: 7,
        ..event_fixture::body(&station.id)
    };
    event_fixture::sealed(&mut station.chain, Uuid::nil(), jiff::Timestamp::now(), &body)
}

/// Waits until a process says that these people watch the dome.
async fn until_watched_by(station: &Station, token: &SecretString, users: &[&str]) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        let mut known = 0;
        loop {
            let url = station.url(&format!("/v1/policy?after={known}"));
            let state: PolicyState = station.get(url, token).await.unwrap();
            known = state.revision;
            let people = state.watching.into_iter().flat_map(|watching| watching.people);
            let found: Vec<String> = people.map(|holder| holder.user).collect();
            if found == users {
                return;
            }
        }
    });
    assert!(waited.await.is_ok(), "not watched by {users:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_ptz_3_every_server_process_tells_who_watches_whoever_they_told() {
    let cluster = Cluster::start();
    let mut hall = Town::new().on(Some(cluster.owner_url())).prepared();
    hall.move_to(cluster.server_url());
    hall.start().await;
    let second = hall.another().await;
    let (mut here, there) = (hall.station("sala-operativa"), hall.station_at(&second.base, "console"));
    let operator = here.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    let force = signed_in(&hall, &there, "carabiniere").await;
    until_watched_by(&there, &force, &[]).await;
    // Two views of one person; the other process hears of them from the log.
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    for act in [one, two] {
        let opened = view_event(&mut here, &operator, act, Operation::ViewOpen, Outcome::Done);
        here.submit(&[opened]).await.unwrap();
    }
    for (station, token) in [(&here, &operator.token), (&there, &force)] {
        until_watched_by(station, token, &["operatore"]).await;
    }
    let closed = view_event(&mut here, &operator, one, Operation::ViewClose, Outcome::Done);
    here.submit(&[closed]).await.unwrap();
    let pulse = view_event(&mut here, &operator, two, Operation::ViewPulse, Outcome::Done);
    here.submit(&[pulse]).await.unwrap();
    until_watched_by(&there, &force, &["operatore"]).await;
    // A process that starts anew knows who is there.
    let third = hall.another().await;
    let third = hall.station_at(&third.base, "console");
    until_watched_by(&third, &force, &["operatore"]).await;
    // Whose session is over is gone in every process, although the view was never closed.
    assert_eq!(here.delete("/v1/sessions/current", &operator.token).await.as_u16(), 204);
    until_watched_by(&there, &force, &[]).await;
}

#[tokio::test]
async fn r_ptz_3_a_word_of_an_old_hold_changes_nothing() {
    let hall = Town::new().open().await;
    let (here, there) = (hall.station("sala-operativa"), hall.station("console"));
    let operator = signed_in(&hall, &here, "operatore").await;
    let commander = signed_in(&hall, &there, "comandante").await;
    let first: LeaseState = here.post(PATH, &operator, json!("take")).await.unwrap();
    let again: LeaseState = here.post(PATH, &operator, json!("take")).await.unwrap();
    assert!(again.fence > first.fence, "who begins anew voids what they said before");
    let late = json!({"release": {"fence": first.fence}});
    let still: LeaseState = here.post(PATH, &operator, late).await.unwrap();
    assert_eq!(still.holder, again.holder);
    let urgent = json!({"take_over": {"reason": "rapina"}});
    let begun: LeaseState = there.post(PATH, &commander, urgent).await.unwrap();
    assert_eq!(
        (&begun.holder, begun.passes_to.unwrap().user.as_str()),
        (&again.holder, "comandante")
    );
    let renew = json!({"renew": {"fence": again.fence}});
    let refused = here.post::<LeaseState>(PATH, &operator, renew).await.unwrap_err();
    assert!(matches!(refused, RefusalKind::LeasedByOther(to) if to.user == "comandante"));
    // The holder falls silent: it passes by itself, and nobody has to ask for it.
    let passed = async {
        let mut known = 0;
        loop {
            let url = there.url(&format!("/v1/policy?after={known}"));
            let state: PolicyState = there.get(url, &commander).await.unwrap();
            known = state.revision;
            let holder = state.leases.first().and_then(|state| state.holder.as_ref());
            if holder.is_some_and(|holder| holder.user == "comandante") {
                return;
            }
        }
    };
    let passed = tokio::time::timeout(Duration::from_secs(30), passed).await;
    assert!(passed.is_ok(), "it did not pass by itself");
}

#[tokio::test]
async fn r_rec_1_the_server_refuses_recordings_without_a_clearance_whatever_the_client_does() {
    let hall = Town::new().open().await;
    let (here, there) = (hall.station("sala-operativa"), hall.station("console"));
    let operator = signed_in(&hall, &here, "operatore").await;
    let now = jiff::Timestamp::now().as_millisecond();
    let (from, to) = (now - 3_600_000, now - 1_800_000);
    let pictures = |what: &str, from: i64, to: i64| json!({"pictures": {what: {"from_ms": from, "to_ms": to}}});
    let permit = async |what: &str, from: i64, to: i64| {
        let request = here
            .client
            .post(here.url("/v1/cameras/cam-01/permit"))
            .bearer_auth(secrecy::ExposeSecret::expose_secret(&operator))
            .json(&pictures(what, from, to));
        let response = request.send().await.unwrap();
        if response.status().is_success() {
            return None;
        }
        Some(response.json::<vedetta::protocol::Refusal>().await.unwrap().why)
    };
    let not_cleared = Some(RefusalKind::Clearance(ClearanceError::NotCleared));
    assert_eq!(permit("playback", from, to).await, not_cleared);
    let wish = json!({
        "controller": "borgo-vedetta",
        "extent": {"cameras": ["cam-01"], "from_ms": from, "to_ms": to, "export": false},
        "purpose": "urban_security", "reason": "danneggiamento", "protocol_no": "",
    });
    let asked: ClearanceState = here.post("/v1/clearances", &operator, wish.clone()).await.unwrap();
    assert_eq!(permit("playback", from, to).await, not_cleared, "asked is not granted");
    let answer = format!("/v1/clearances/{}", asked.id);
    let approve = || json!({"approve": {"hours": 1}});
    // Neither the one who asked nor anybody else without the grant to clear.
    let own = here
        .post::<ClearanceState>(&answer, &operator, approve())
        .await
        .unwrap_err();
    assert!(matches!(own, RefusalKind::Rule(_)), "{own:?}");
    let commander = signed_in(&hall, &there, "comandante").await;
    let _: ClearanceState = there.post(&answer, &commander, approve()).await.unwrap();
    let twice = there
        .post::<ClearanceState>(&answer, &commander, approve())
        .await
        .unwrap_err();
    assert_eq!(twice, RefusalKind::Clearance(ClearanceError::NotWaiting));
    assert_eq!(permit("playback", from, to).await, None);
    assert_eq!(permit("playback", from - 1, to).await, not_cleared);
    assert_eq!(
        permit("export", from, to).await,
        not_cleared,
        "R-EXP-5: no copies were asked for"
    );
    // Withdrawn is over at once, whatever the client does; and only by who may grant.
    let withdrawal = format!("/v1/clearances/{}/withdrawal", asked.id);
    let because = || json!({"reason": "denuncia ritirata"});
    let own = here.post::<ClearanceState>(&withdrawal, &operator, because()).await;
    assert!(matches!(own, Err(RefusalKind::Rule(_))), "{own:?}");
    assert_eq!(permit("playback", from, to).await, None);
    let state: ClearanceState = there.post(&withdrawal, &commander, because()).await.unwrap();
    assert_eq!(state.clearance.withdrawn.unwrap().by, "comandante");
    assert_eq!(permit("playback", from, to).await, not_cleared);
    let twice = there.post::<ClearanceState>(&withdrawal, &commander, because()).await;
    assert_eq!(twice.unwrap_err(), RefusalKind::Clearance(ClearanceError::NotInForce));
    // Another controller's name is no way to its cameras.
    let mut elsewhere = wish;
    elsewhere["controller"] = json!("altrove");
    let refused = here
        .post::<ClearanceState>("/v1/clearances", &operator, elsewhere)
        .await
        .unwrap_err();
    assert!(matches!(refused, RefusalKind::Rule(_)), "{refused:?}");
}

#[tokio::test]
async fn r_acc_11_the_recent_past_is_opened_at_once_with_a_reason_and_ratified_by_another_person() {
    let hall = Town::new().open().await;
    let (here, there) = (hall.station("sala-operativa"), hall.station("console"));
    let operator = signed_in(&hall, &here, "operatore").await;
    let commander = signed_in(&hall, &there, "comandante").await;
    let now = jiff::Timestamp::now().as_millisecond();
    let wish = |from_ms: i64, export: bool| {
        json!({
            "controller": "borgo-vedetta",
            "extent": {"cameras": ["cam-01"], "from_ms": from_ms, "to_ms": now, "export": export},
            "purpose": "urban_security", "reason": "rissa in corso", "protocol_no": "",
        })
    };
    let open = async |from_ms: i64, export: bool| {
        here.post::<ClearanceState>("/v1/recordings/at-once", &operator, wish(from_ms, export))
            .await
    };
    let error = async |from_ms, export| open(from_ms, export).await.unwrap_err();
    let not_recent = ClearanceError::NotRecent { minutes: 60 };
    assert_eq!(error(now - 3_700_000, false).await, RefusalKind::Clearance(not_recent));
    let copies = ClearanceError::NoCopiesAtOnce;
    assert_eq!(error(now - 600_000, true).await, RefusalKind::Clearance(copies));
    let permit = async |what: &str| {
        let pictures = json!({"pictures": {what: {"from_ms": now - 600_000, "to_ms": now}}});
        let request = here
            .client
            .post(here.url("/v1/cameras/cam-01/permit"))
            .bearer_auth(secrecy::ExposeSecret::expose_secret(&operator))
            .json(&pictures);
        request.send().await.unwrap().status().is_success()
    };
    assert!(!permit("playback").await, "nothing was opened");
    let opened = open(now - 600_000, false).await.unwrap();
    assert!(permit("playback").await && !permit("export").await, "to be seen only");
    let path = format!("/v1/clearances/{}/ratification", opened.id);
    let own = here.post::<ClearanceState>(&path, &operator, json!("ratify")).await;
    assert!(matches!(own, Err(RefusalKind::Rule(_))), "{own:?}");
    let refuse = json!({"refuse": {"reason": "non era urgente"}});
    let state: ClearanceState = there.post(&path, &commander, refuse.clone()).await.unwrap();
    let ratified = state.clearance.at_once.unwrap().ratified.unwrap();
    assert_eq!(
        (ratified.by.as_str(), ratified.refused_because.is_some()),
        ("comandante", true)
    );
    assert!(!permit("playback").await, "not ratified is over");
    let twice = there.post::<ClearanceState>(&path, &commander, refuse).await;
    assert_eq!(twice.unwrap_err(), RefusalKind::Clearance(ClearanceError::NotWaiting));
}
