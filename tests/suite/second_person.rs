//! Nobody is two people: one administrator alone, against the real server, tries to give the second person's word.
//!
//! Deliberately absent: the decision cell by cell (`people_matrix`).

use crate::attacks::admin;
use crate::town::{Town, account};
use crate::town_hall::{PLAIN, Station, TownHall, answer, client, command, run};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::process::Output;
use vedetta::domain::audit::chain::{Moment, Sealed};
use vedetta::domain::audit::event::{Body, RetentionClass};
use vedetta::domain::doctor::Finding;
use vedetta::domain::people::Rule;
use vedetta::domain::people::clearance::ClearanceError;
use vedetta::protocol::{AccountAnswer, ClearanceState, Refusal, RefusalKind, SessionGrant};

/// Password that [`begins`] chooses.
const CHOSEN: &str = "una-parola-lunga-77";
const ALL: [&str; 6] = ["live", "ptz", "lift", "playback", "clear", "export"];

fn supervisor(user: &str, name: &str) -> Value {
    let grants = json!([{ "controller": "borgo-vedetta", "cameras": [], "actions": ALL }]);
    let mut new = account(user, "supervisor", grants);
    new["display_name"] = name.into();
    new
}

fn enable() -> Value {
    json!({ "enable": { "reason": "nomina" } })
}

async fn signed_in(hall: &TownHall, user: &str, password: &SecretString) -> (Station, SecretString) {
    let sala = hall.station("sala-operativa");
    let grant = sala.sign_in(user, password).await.unwrap();
    (sala, grant.token)
}

/// Chooses another password and signs in with it.
async fn begins(hall: &TownHall, user: &str, answer: &AccountAnswer) -> (Station, SecretString) {
    let chosen = SecretString::from(CHOSEN);
    let sala = hall.station("sala-operativa");
    let first = answer.password.as_ref().unwrap().expose_secret();
    let ask = json!({ "user": user, "password": first, "new_password": chosen.expose_secret() });
    let sent = sala
        .client
        .post(sala.url("/v1/password"))
        .json(&ask)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    signed_in(hall, user, &chosen).await
}

/// A second supervisor in use, «vice», whom the first one admitted; gives the password.
pub async fn second_supervisor(hall: &TownHall) -> SecretString {
    let (console, token) = admin(hall).await;
    let new = supervisor("vice", "Isp. Maria Serra");
    console.post::<AccountAnswer>("/v1/people", &token, new).await.unwrap();
    let (sala, word) = signed_in(hall, "comandante", &hall.password("comandante")).await;
    let admitted: AccountAnswer = sala.post("/v1/people/vice", &word, enable()).await.unwrap();
    begins(hall, "vice", &admitted).await;
    CHOSEN.into()
}

/// The command by which somebody who has the server lets in a supervisor alone.
fn admit(hall: &TownHall, user: &str) -> Output {
    let data = hall.data_text();
    let reason = ["--reason", "unico supervisore"];
    hall.command(
        &[&["people", "admit", "--data", data, "--user", user], &reason[..]].concat(),
        None,
    )
}

fn refused_by(rule: Rule) -> RefusalKind {
    RefusalKind::Rule(rule)
}

#[tokio::test]
async fn r_prv_1_an_administrator_alone_gets_no_supervisors_account() {
    let hall = Town::new().open().await;
    let (console, token) = admin(&hall).await;
    let added: AccountAnswer = console
        .post("/v1/people", &token, supervisor("vice", "Isp. Maria Serra"))
        .await
        .unwrap();
    assert!(added.waits && added.password.is_none(), "nobody has its password");
    for change in [enable(), json!("reset_password"), json!("new_second_factor")] {
        let answer = console
            .post::<AccountAnswer>("/v1/people/vice", &token, change.clone())
            .await;
        match answer {
            Ok(answer) => assert!(answer.waits && answer.password.is_none() && answer.second_factor.is_none()),
            Err(why) => assert_eq!((why, change), (refused_by(Rule::NoGrant), enable())),
        }
    }

    // A supervisor lets it in, and is the one who is given what it begins with.
    let old = hall.password("comandante");
    let (sala, word) = signed_in(&hall, "comandante", &old).await;
    let twin = supervisor("gemello", "Comm.  andrea VILLA");
    console.post::<AccountAnswer>("/v1/people", &token, twin).await.unwrap();
    let twin = sala.post::<AccountAnswer>("/v1/people/gemello", &word, enable()).await;
    assert_eq!(
        twin.unwrap_err(),
        refused_by(Rule::FourEyes),
        "one person with two accounts"
    );
    let let_in: AccountAnswer = sala.post("/v1/people/vice", &word, enable()).await.unwrap();
    assert!(
        let_in.second_factor.is_some(),
        "one that the administrator ordered is made anew"
    );
    let (_, vice) = {
        // A code is asked for where there is a factor; the demonstration's has none, so it goes without.
        crate::attacks::database(&hall, "UPDATE account SET second_factor = NULL WHERE account = 'vice'").await;
        begins(&hall, "vice", &let_in).await
    };

    // The real supervisor's own account: reset, it is out of use, and the administrator holds nothing.
    let reset: AccountAnswer = console
        .post("/v1/people/comandante", &token, json!("reset_password"))
        .await
        .unwrap();
    assert!(reset.waits && reset.password.is_none());
    let sala = hall.station("sala-operativa");
    assert!(sala.sign_in("comandante", &old).await.is_err());
    let again: AccountAnswer = sala.post("/v1/people/comandante", &vice, enable()).await.unwrap();
    begins(&hall, "comandante", &again).await;
    let grants = json!({ "grants": [
        { "controller": "borgo-vedetta", "cameras": [], "actions": ALL },
        { "controller": "borgo-vedetta", "cameras": ["cam-01"], "actions": ["clear"] },
    ] });
    let more: AccountAnswer = console.post("/v1/people/comandante", &token, grants).await.unwrap();
    assert!(more.waits, "more grants wait too");
}

#[tokio::test]
async fn r_prv_1_the_last_supervisor_comes_back_by_a_recorded_command_on_the_server_only() {
    let mut hall = Town::new().open().await;
    let (console, token) = admin(&hall).await;
    console
        .post::<AccountAnswer>("/v1/people", &token, supervisor("vice", "Isp. Maria Serra"))
        .await
        .unwrap();
    hall.stop().await;
    assert!(!admit(&hall, "vice").status.success(), "the other supervisor is asked");
    hall.start().await;
    let (console, token) = admin(&hall).await;
    let reset: AccountAnswer = console
        .post("/v1/people/comandante", &token, json!("reset_password"))
        .await
        .unwrap();
    assert!(reset.waits);
    hall.stop().await;
    assert!(!admit(&hall, "operatore").status.success(), "for supervisors only");
    let done = admit(&hall, "comandante");
    assert!(done.status.success(), "{done:?}");
    let said = String::from_utf8(done.stdout).unwrap();
    let password = said.split_whitespace().last().unwrap().to_owned();
    let recorded = hall.export();
    let bodies: String = std::fs::read_dir(&recorded.dir)
        .unwrap()
        .flatten()
        .filter_map(|file| std::fs::read_to_string(file.path()).ok())
        .collect();
    assert!(bodies.contains("without_supervisor") && bodies.contains("unico supervisore"));
    hall.start().await;
    let answer = AccountAnswer {
        password: Some(password.into()),
        ..AccountAnswer::default()
    };
    let (sala, _) = begins(&hall, "comandante", &answer).await;
    let grant = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    let told: Vec<_> = grant
        .let_in_alone
        .iter()
        .map(|let_in| (let_in.user.as_str(), let_in.reason.as_str()))
        .collect();
    assert_eq!(
        told,
        [("comandante", "unico supervisore")],
        "everybody who signs in is told"
    );
}

#[tokio::test]
async fn r_prv_1_the_first_run_lets_in_the_first_supervisor_who_is_another_person() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let place = ["--data", data.to_str().unwrap()];
    let init = |user: &str, name: &str| {
        let words = "init --json --controller-name Borgo --controller borgo --istat 020001 --server-name db.example \
                     --administrator riva --name Riva --body Borgo --act decreto --supervisor-body Borgo \
                     --supervisor-act nomina";
        let words: Vec<&str> = words.split_whitespace().chain(place).collect();
        let supervisor = ["--supervisor", user, "--supervisor-name", name];
        command(
            &[&words[..], &supervisor[..]].concat(),
            Some(&"cavallo-di-ferro".into()),
        )
    };
    assert!(
        !init("comandante", " RIVA").status.success(),
        "one person with two accounts"
    );
    assert!(!data.exists(), "nothing was begun");
    let begun = init("villa", "Comm. Andrea Villa");
    assert!(begun.status.success(), "{begun:?}");
    let said: Value = serde_json::from_slice(&begun.stdout).unwrap();
    let given: AccountAnswer = serde_json::from_value(said["supervisor"].clone()).unwrap();
    let serve = [&["serve", "--listen", "127.0.0.1:0"][..], &place[..]].concat();
    let running = run(PLAIN, &serve, None).await;
    let room = client(Some(&data.join("stations/console")), &data);
    let first = given.password.unwrap();
    let choose = json!({ "user": "villa", "password": first.expose_secret(), "new_password": CHOSEN });
    let chosen = room.post(format!("{}/v1/password", running.base)).json(&choose).send();
    assert_eq!(chosen.await.unwrap().status(), StatusCode::NO_CONTENT);
    let ask = json!({ "user": "villa", "password": CHOSEN, "purpose": "urban_security" });
    let sign_in = room.post(format!("{}/v1/sessions", running.base)).json(&ask);
    let grant: SessionGrant = answer(sign_in).await.unwrap();
    let told: Vec<_> = grant
        .let_in_alone
        .iter()
        .map(|let_in| (let_in.user.as_str(), let_in.reason.as_str()))
        .collect();
    assert_eq!(told, [("villa", "primo supervisore, nomina")], "everybody is told");
}

#[tokio::test]
async fn r_prv_1_who_gave_an_account_its_password_is_not_approved_by_it_for_a_while() {
    let hall = Town::new().open().await;
    let vice = second_supervisor(&hall).await;
    let (sala, word) = signed_in(&hall, "comandante", &hall.password("comandante")).await;
    let mask = json!({
        "change": { "put": {
            "id": "m-9", "name": "balcone", "shape": { "picture": [[0.1, 0.1], [0.3, 0.1], [0.2, 0.3]] }, "permanent": true,
        } },
        "reason": "nuovo balcone",
    });
    let proposed: Value = sala.post("/v1/cameras/cam-01/masks", &word, mask).await.unwrap();
    let (sala, word) = signed_in(&hall, "vice", &vice).await;
    let url = format!("/v1/proposals/{}", proposed["id"]);
    let refused = sala.post::<Value>(&url, &word, json!("approve")).await;
    assert_eq!(refused.unwrap_err(), refused_by(Rule::FourEyes));
    crate::attacks::database(&hall, "UPDATE credential_given SET at_ms = at_ms - 2592000000").await;
    let approved = sala
        .client
        .post(sala.url(&url))
        .bearer_auth(word.expose_secret())
        .json(&json!("approve"));
    assert_eq!(approved.send().await.unwrap().status(), StatusCode::NO_CONTENT);
}

/// What waits for a second person: a camera change and an order to prune, both of the administrator, and an operator's request for
/// recordings.
struct Waiting {
    camera: String,
    pruning: String,
    recordings: String,
}

impl Waiting {
    async fn asked(hall: &TownHall, console: &Station, token: &SecretString) -> Self {
        let now = jiff::Timestamp::now().as_millisecond();
        let order = json!({ "class": "standard", "before_ms": now });
        let order: Value = console
            .post("/v1/logs/borgo-vedetta/prunings", token, order)
            .await
            .unwrap();
        let cameras: Vec<Value> = console.get(console.url("/v1/cameras"), token).await.unwrap();
        let mut settings = cameras[0]["settings"].clone();
        settings["onvif"] = "http://127.0.0.1:9/onvif/device_service".into();
        let change = json!({ "settings": settings, "reason": "prova", "tested": false });
        let change: Value = console.post("/v1/cameras", token, change).await.unwrap();
        let (sala, operator) = signed_in(hall, "operatore", &hall.password("operatore")).await;
        let wish = json!({
            "controller": "borgo-vedetta",
            "extent": {"cameras": ["cam-01"], "from_ms": now - 600_000, "to_ms": now, "export": false},
            "purpose": "urban_security", "reason": "rissa in corso", "protocol_no": "",
        });
        let wish: ClearanceState = sala.post("/v1/clearances", &operator, wish).await.unwrap();
        Self {
            camera: format!("/v1/site/proposals/{}", change["waits"]["proposal"]),
            pruning: format!("/v1/logs/borgo-vedetta/prunings/{}/approval", order["id"]),
            recordings: format!("/v1/clearances/{}", wish.id),
        }
    }

    /// What somebody is answered who approves each of them.
    async fn approved_by(&self, (sala, token): &(Station, SecretString)) -> [Option<RefusalKind>; 3] {
        let [camera, pruning, recordings] = [
            (&self.camera, json!("approve")),
            (&self.pruning, json!({})),
            (&self.recordings, json!({"approve": {"hours": 1}})),
        ]
        .map(|(path, word)| async move {
            let sent = sala
                .client
                .post(sala.url(path))
                .bearer_auth(token.expose_secret())
                .json(&word);
            let sent = sent.send().await.unwrap();
            if sent.status().is_success() {
                return None;
            }
            Some(sent.json::<Refusal>().await.unwrap().why)
        });
        [camera.await, pruning.await, recordings.await]
    }
}

/// What was tried on the real server (attack F5), and what became of it.
#[tokio::test]
async fn r_prv_1_who_orders_and_makes_an_account_gets_no_second_word_from_it_and_neither_does_who_gave_its_credential()
{
    let hall = Town::new().open().await;
    // A workstation at work, so that the clocks are known to agree.
    let mut desk = hall.station("manutenzione");
    let events = desk.events(1);
    desk.submit(&events).await.unwrap();
    let (console, token) = admin(&hall).await;
    let waiting = Waiting::asked(&hall, &console, &token).await;
    let new = supervisor("vice", "Isp. Maria Serra");
    let added: AccountAnswer = console.post("/v1/people", &token, new).await.unwrap();
    assert!(added.waits && added.password.is_none() && added.second_factor.is_none());
    let choose = json!({ "user": "vice", "password": "indovinata-88", "new_password": CHOSEN });
    let chosen = console.client.post(console.url("/v1/password")).json(&choose).send();
    assert!(!chosen.await.unwrap().status().is_success());
    let alone = hall.station("sala-operativa").sign_in("vice", &CHOSEN.into()).await;
    assert!(alone.is_err(), "it cannot begin alone");
    let own = waiting.approved_by(&(console, token)).await;
    assert!(own.iter().all(Option::is_some), "nor by their own word: {own:?}");

    // The supervisor admits it; the administrator and the operator are said to have given it something since.
    let vice = {
        let (sala, word) = signed_in(&hall, "comandante", &hall.password("comandante")).await;
        let admitted: AccountAnswer = sala.post("/v1/people/vice", &word, enable()).await.unwrap();
        crate::attacks::database(&hall, "UPDATE account SET second_factor = NULL WHERE account = 'vice'").await;
        begins(&hall, "vice", &admitted).await
    };
    let now = jiff::Timestamp::now().as_millisecond();
    for giver in ["amministratore", "operatore"] {
        let given = format!("INSERT INTO credential_given VALUES ('vice', {now}, '{giver}', '', 'password')");
        crate::attacks::database(&hall, &given).await;
    }
    let four_eyes = || Some(refused_by(Rule::FourEyes));
    let own_request = Some(RefusalKind::Clearance(ClearanceError::OwnRequest));
    assert_eq!(
        waiting.approved_by(&vice).await,
        [four_eyes(), four_eyes(), own_request]
    );
    let (_, report) = hall.verify();
    assert_eq!(report["logs"][0]["pruned"], 0, "nothing was pruned: {report}");

    // That was the reason, and no other.
    crate::attacks::database(&hall, "UPDATE credential_given SET at_ms = at_ms - 2592000000").await;
    assert_eq!(waiting.approved_by(&vice).await, [None, None, None]);
}

/// The next event of a workstation, by this person in this session.
fn sala_event(station: &mut Station, person: &str, session: &str) -> Sealed {
    let body = json!({
        "person": person, "session": session, "station": station.id, "act": uuid::Uuid::new_v4(),
        "operation": "view_open", "result": "intent", "camera": "cam-01", "policy_version": 7,
    });
    let body: Body = serde_json::from_value(body).unwrap();
    let at = Moment {
        boot: uuid::Uuid::nil(),
        time: jiff::Timestamp::now(),
        mono_ms: 1,
    };
    let sealed = station.chain.seal(RetentionClass::Police, at, [7; 32], &body).unwrap();
    station.chain.advance(sealed.leaf_hash);
    sealed
}

#[tokio::test]
async fn r_acc_1_events_in_anothers_name_are_taken_marked_and_counted() {
    let mut hall = Town::new().open().await;
    let (console, token) = admin(&hall).await;
    let mut sala = hall.station("sala-operativa");
    let grant = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    let figure = async || {
        let page = console
            .client
            .get(console.url("/metrics"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let line = page
            .lines()
            .find(|line| line.starts_with("vedetta_events_in_anothers_name_total "));
        line.unwrap().rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let marks = async || {
        let found: vedetta::protocol::LogPage = console
            .get(console.log_url("search?operation=station_refused"), &token)
            .await
            .unwrap();
        found
            .entries
            .into_iter()
            .filter_map(|entry| entry.body)
            .collect::<Vec<_>>()
    };
    let event = sala_event(&mut sala, "operatore", &grant.session);
    sala.submit(&[event]).await.unwrap();
    assert_eq!((figure().await, marks().await.len()), (0, 0), "their own");
    for _ in 0..3 {
        let event = sala_event(&mut sala, "comandante", &grant.session);
        sala.submit(&[event]).await.unwrap();
    }
    for session in ["mai-iniziata", "", ""] {
        let event = sala_event(&mut sala, "operatore", session);
        sala.submit(&[event]).await.unwrap();
    }
    let marks = marks().await;
    assert_eq!((figure().await, marks.len()), (3, 3), "each name once: {marks:?}");
    for (mark, words) in marks.iter().zip([
        "a session of another person",
        "a session that was never begun",
        "a person without a session",
    ]) {
        assert!(mark.contains(words), "{marks:?}");
    }
    assert!(marks[0].contains("comandante"), "{marks:?}");
    console.delete("/v1/sessions/current", &token).await;
    // The alarm is the log's: it does not go with the process.
    hall.stop().await;
    hall.start().await;
    let (console, token) = admin(&hall).await;
    let found: Vec<Finding> = console.get(console.url("/v1/doctor"), &token).await.unwrap();
    let station = sala.id.clone();
    assert!(
        found.contains(&Finding::InAnothersName { station, count: 3 }),
        "{found:?}"
    );
}

#[tokio::test]
async fn r_acc_1_a_session_that_is_over_is_nobodys_but_for_what_its_workstation_could_not_know() {
    let hall = Town::new().open().await;
    let mut sala = hall.station("sala-operativa");
    let now = jiff::Timestamp::now().as_millisecond();
    // Over for longer than the workstation may go on without the server, and for less.
    for (user, ended_ms) in [("operatore", now - 5_400_000), ("comandante", now - 3_600_000)] {
        let grant = sala.sign_in(user, &hall.password(user)).await.unwrap();
        assert!(sala.delete("/v1/sessions/current", &grant.token).await.is_success());
        let ended = format!(
            "UPDATE session SET ended = {ended_ms} WHERE session = '{}'",
            grant.session
        );
        crate::attacks::database(&hall, &ended).await;
        let event = sala_event(&mut sala, user, &grant.session);
        sala.submit(&[event]).await.unwrap();
    }
    let (console, token) = admin(&hall).await;
    let url = console.log_url("search?operation=station_refused");
    let page: vedetta::protocol::LogPage = console.get(url, &token).await.unwrap();
    let marks: Vec<&String> = page.entries.iter().filter_map(|entry| entry.body.as_ref()).collect();
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert!(
        marks[0].contains("a session that was over") && marks[0].contains("operatore"),
        "{marks:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_rec_1_a_second_account_of_who_asked_neither_answers_nor_ratifies() {
    let mut hall = Town::new().open().await;
    let sala = hall.station("sala-operativa");
    let operator = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    // The same name in other letters.
    let name = operator.person.display_name.to_uppercase();
    hall.add_person(supervisor("secondo", &name)).await;
    let now = jiff::Timestamp::now().as_millisecond();
    let wish = json!({
        "controller": "borgo-vedetta",
        "extent": {"cameras": ["cam-01"], "from_ms": now - 600_000, "to_ms": now, "export": false},
        "purpose": "urban_security", "reason": "rissa in corso", "protocol_no": "",
    });
    let (steps, mut asked) = (
        [("/v1/clearances", ""), ("/v1/recordings/at-once", "/ratification")],
        Vec::new(),
    );
    for (ask, decide) in steps {
        let state: ClearanceState = sala.post(ask, &operator.token, wish.clone()).await.unwrap();
        asked.push(format!("/v1/clearances/{}{decide}", state.id));
    }
    let words = [json!({"approve": {"hours": 1}}), json!("ratify")];
    let console = hall.station("console");
    for (user, may) in [("secondo", false), ("comandante", true)] {
        let token = console.sign_in(user, &hall.password(user)).await.unwrap().token;
        for (path, word) in asked.iter().zip(&words) {
            let decided = console.post::<ClearanceState>(path, &token, word.clone()).await;
            let own = Err(RefusalKind::Clearance(ClearanceError::OwnRequest));
            assert_eq!(decided.map(drop), if may { Ok(()) } else { own }, "{user} {path}");
        }
    }
}
