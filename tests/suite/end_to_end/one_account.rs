//! One account, two workstations (R-ACC-1): the second is told where it is active and asks, the first keeps it or yields
//! it, a silence is as configured; every step is in the log. And another purpose in the middle of a session, a workstation
//! that is enrolled and revoked from the screen's calls.
//!
//! Deliberately absent: the screens (tests of `gui`).

use super::first;
use super::place::{Place, reason, until, until_answered};
use crate::town::Town;
use vedetta::domain::camera::{CameraKind, StreamRole};
use vedetta::domain::people::stated_purpose::Stated;
use vedetta::domain::people::takeover::Unanswered;
use vedetta::domain::people::{Purpose, StationKind};
use vedetta::domain::refusal::RefusalKind;
use vedetta::station::{AskStep, AskTicket, AskedFor, Claim, NewCode, Refusal, SignInError, Station, ViewState};

async fn find_it_active(place: &Place, station: &Station, user: &str) -> AskTicket {
    let claim = Claim {
        user: user.to_owned(),
        password: place.password(user),
        code: None,
    };
    match station.sign_in_with(claim, Stated::default()).await.err() {
        Some(SignInError::ActiveElsewhere(Some(ticket))) => ticket,
        other => panic!("not told that it is active: {other:?}"),
    }
}

async fn step(station: &Station, ticket: &AskTicket, step: AskStep) -> AskedFor {
    station.ask_for_account(ticket, step).await.expect("an answer")
}

async fn steps(place: &Place) -> Vec<String> {
    let bodies = place.bodies("account_ask").await;
    let words = bodies.iter().map(|body| body["parameters"]["step"].as_str());
    words.map(|word| word.expect("a step").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn r_acc_1_the_other_end_is_told_and_asked_and_keeps_or_yields() {
    let place = Town::of(1, 1).simulated();
    let (here, there) = (place.station().await, place.station_named("console").await);
    let session = place.sign_in(&here, "operatore").await;
    let camera = first(&session, CameraKind::Fixed, true);
    let view = session.view(&camera, StreamRole::Sub).await.expect("a view");
    until("frames", 30, || view.slot().count() > 3).await;

    // Told: there, where it is active; here, that somebody is at the door.
    let ticket = find_it_active(&place, &there, "operatore").await;
    let active = step(&there, &ticket, AskStep::Look).await;
    assert!(matches!(active, AskedFor::ActiveAt(at) if at.as_str() == "sala-operativa"));
    until("the knock", 20, || {
        session.knock().is_some_and(|knock| knock.asks.is_none())
    })
    .await;

    // Asked, and kept.
    assert!(matches!(
        step(&there, &ticket, AskStep::Ask).await,
        AskedFor::Waiting { .. }
    ));
    until("the question", 20, || {
        session.knock().is_some_and(|knock| knock.asks.is_some())
    })
    .await;
    assert_eq!(session.knock().expect("a knock").station.as_str(), "console");
    session.refuse_takeover().await.expect("an answer");
    let kept = step(&there, &ticket, AskStep::Look).await;
    assert!(matches!(kept, AskedFor::Kept { answered: true, .. }));
    assert_eq!(*view.state().borrow(), ViewState::Live, "nothing changed here");
    let stranger = here.ask_for_account(&ticket, AskStep::Look).await;
    assert!(
        matches!(stranger.err(), Some(SignInError::AskOver)),
        "a ticket is good where it was made"
    );

    // Asked again, and yielded: here every picture is closed before anybody is in there.
    let ticket = find_it_active(&place, &there, "operatore").await;
    assert!(matches!(
        step(&there, &ticket, AskStep::Ask).await,
        AskedFor::Waiting { .. }
    ));
    until("the question", 20, || {
        session.knock().is_some_and(|knock| knock.asks.is_some())
    })
    .await;
    session.clone().yield_account().await.expect("yielded");
    assert!(view.slot().latest().is_none() && matches!(&*view.state().borrow(), ViewState::Closed { .. }));
    // Ended by the workstation and by the server, and nobody is in yet.
    let yielded = async || {
        let outs = place.bodies("sign_out").await;
        outs.iter()
            .filter(|body| body["parameters"]["why"] == "yielded")
            .count()
    };
    until_answered("the server to end the session", 20, async || yielded().await >= 2).await;
    let AskedFor::In(other) = step(&there, &ticket, AskStep::Look).await else {
        panic!("the account did not pass")
    };
    assert_eq!(other.person().user, "operatore");
    assert_eq!(
        session.view(&camera, StreamRole::Sub).await.err(),
        Some(Refusal::Kind(RefusalKind::SessionEnded))
    );
    let theirs = other.view(&camera, StreamRole::Sub).await.expect("a view there");
    until("frames there", 30, || theirs.slot().count() > 3).await;
    assert!(other.knock().is_none(), "nobody asks any more");
    let again = there.ask_for_account(&ticket, AskStep::Look).await;
    assert!(
        matches!(again.err(), Some(SignInError::AskOver)),
        "a ticket lets in once"
    );

    drop((view, theirs));
    other.sign_out().await.expect("a sign-out");
    assert_eq!(steps(&place).await, ["asked", "kept", "asked", "yielded"]);
    assert_eq!(yielded().await, 2, "once each");
}

#[tokio::test(flavor = "multi_thread")]
async fn r_acc_1_without_an_answer_the_account_passes_when_the_server_is_told_so() {
    let place = Town::of(1, 1)
        .settings("[account_elsewhere]\nanswer_seconds = 2\nunanswered = \"yields\"\n")
        .simulated();
    let (here, there) = (place.station().await, place.station_named("console").await);
    let session = place.sign_in(&here, "operatore").await;
    let ticket = find_it_active(&place, &there, "operatore").await;
    let asked = step(&there, &ticket, AskStep::Ask).await;
    assert!(matches!(
        asked,
        AskedFor::Waiting {
            unanswered: Unanswered::Yields,
            ..
        }
    ));
    let other = loop {
        match step(&there, &ticket, AskStep::Look).await {
            AskedFor::Waiting { .. } => {}
            AskedFor::In(session) => break session,
            _ => panic!("it neither waits nor passes"),
        }
    };
    until("the end here", 20, || *session.ended().borrow()).await;
    other.sign_out().await.expect("a sign-out");
    assert_eq!(steps(&place).await, ["asked", "unanswered_yielded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_carries_the_purpose_in_force_with_its_protocol_number() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let camera = first(&session, CameraKind::Fixed, true);
    let view = session.view(&camera, StreamRole::Sub).await.expect("a view");
    until("frames", 30, || view.slot().count() > 3).await;
    let delegated = Stated::new(Purpose::JudicialPoliceDelegated, "furti in via Roma", "1402/2026");
    let delegated = delegated.expect("with its number");
    session.change_purpose(delegated.clone()).await.expect("changed");
    assert_eq!(session.stated(), delegated);
    drop(view);
    let console = place.station_named("console").await;
    let commander = place.sign_in(&console, "comandante").await;
    let running = commander.sessions().await.expect("the list");
    let row = running.iter().find(|row| row.user == "operatore").expect("running");
    assert_eq!(
        (
            row.purpose,
            row.protocol_no.as_str(),
            row.note.as_str(),
            row.station.as_str()
        ),
        (
            Purpose::JudicialPoliceDelegated,
            "1402/2026",
            "furti in via Roma",
            "sala-operativa"
        )
    );
    assert!(row.begun_ms > 0 && row.begun_ms <= row.seen_ms);
    session.sign_out().await.expect("a sign-out");
    let of = |body: &serde_json::Value| {
        let number = body["protocol_no"].as_str().unwrap_or_default().to_owned();
        (body["purpose"].as_str().unwrap_or_default().to_owned(), number)
    };
    let opened: Vec<_> = place.bodies("view_open").await.iter().map(of).collect();
    let closed: Vec<_> = place.bodies("view_close").await.iter().map(of).collect();
    let plain = ("urban_security".to_owned(), String::new());
    let numbered = ("judicial_police_delegated".to_owned(), "1402/2026".to_owned());
    assert!(opened.iter().all(|event| *event == plain), "{opened:?}");
    assert!(
        !closed.is_empty() && closed.iter().all(|event| *event == numbered),
        "{closed:?}"
    );
    let changes = place.bodies("purpose_change").await;
    let results: Vec<_> = changes.iter().map(|body| body["result"].as_str()).collect();
    assert_eq!(results.len(), 3, "intent, the server's and the outcome: {results:?}");
    let before = changes
        .iter()
        .find(|body| body["parameters"]["purpose_before"] == "urban_security");
    assert!(before.is_some_and(|body| body["parameters"]["note"] == "furti in via Roma"));
    let ours = |body: &&serde_json::Value| body["person"] == "operatore";
    for body in place.bodies("sign_out").await.iter().filter(ours) {
        assert_eq!(of(body), numbered, "the server's own events too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_acc_6_the_office_enrols_lists_and_revokes_workstations_and_ends_sessions_with_a_reason() {
    let place = Town::of(1, 0).simulated();
    let (here, console) = (place.station().await, place.station_named("console").await);
    let session = place.sign_in(&here, "operatore").await;
    let new = NewCode {
        station: "sala-2".parse().expect("a name"),
        kind: StationKind::ControlRoom,
        home: None,
        grace_s: 0,
    };
    let none = session.enrolment_code(&new).await.err();
    assert!(
        matches!(none, Some(Refusal::Kind(RefusalKind::Rule(_)))),
        "an operator makes no codes: {none:?}"
    );
    let office = place.sign_in(&console, "amministratore").await;
    let code = office.enrolment_code(&new).await.expect("a code");
    assert!(code.expires_ms > 0);
    let taken = NewCode {
        station: "sala-operativa".parse().expect("a name"),
        ..new
    };
    assert_eq!(
        office.enrolment_code(&taken).await.err(),
        Some(Refusal::Kind(RefusalKind::Malformed))
    );
    let list = office.workstations().await.expect("the list");
    let room = list
        .iter()
        .find(|row| row.station.as_str() == "sala-operativa")
        .expect("enrolled");
    assert!(room.seen_ms.is_some() && room.certificate_until_ms.is_some_and(|until| until > code.expires_ms));

    let why = reason("fine turno");
    office.end_session("operatore", why).await.expect("ended");
    until("the end", 20, || *session.ended().borrow()).await;
    let session = place.sign_in(&here, "operatore").await;
    let station = "sala-operativa".parse().expect("a name");
    office
        .revoke_workstation(&station, reason("rubata"))
        .await
        .expect("revoked");
    until("the end", 20, || *session.ended().borrow()).await;
    let list = office.workstations().await.expect("the list");
    assert!(list.iter().any(|row| row.station == station && !row.enabled));
    office.sign_out().await.expect("a sign-out");
    let changes = place.bodies("configuration_change").await;
    let reasons: Vec<_> = changes
        .iter()
        .filter_map(|body| body["parameters"]["reason"].as_str())
        .collect();
    assert_eq!(reasons, ["fine turno", "rubata"]);
}
