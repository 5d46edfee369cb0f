//! Bad input and attacks against the server, one test a line of the list: guessing, stolen tokens, replayed codes, other
//! stations' certificates, tampered plans, injection, floods, huge requests, secrets where they must not be.
//!
//! Deliberately absent: what other files have already: the growing lock of an account (`server_people`), the certificate of
//! another authority (`audit_server`), the life of an account (`server_accounts`), hours by a clock that was changed (`station::tests`), a revoked person with a running wall
//! (`end_to_end`).

use crate::town::{Town, account};
use crate::town_hall::{Station, TownHall, answer, borgo, client, command};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use vedetta::domain::camera::CameraKind;
use vedetta::protocol::{
    AccountAnswer, AccountView, CameraCredential, Certified, EnrolmentCode, LeaseState, LogPage, MAX_BODY, RefusalKind,
    SessionGrant, SessionView, SignIn, SignedPlan, StationView,
};

/// Strings that hurt where text becomes SQL, a path, a header or a line.
const NASTY: [&str; 12] = [
    "' OR '1'='1",
    "operatore'--",
    "operatore'; DROP TABLE person; --",
    "\" OR \"\"=\"",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "a\u{0}b",
    "a\r\nX-Injected: 1",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "\u{202e}erotarepo",
];

pub async fn admin(hall: &TownHall) -> (Station, SecretString) {
    let console = hall.station("console");
    let password = hall.password("amministratore");
    let grant = console.sign_in("amministratore", &password).await.unwrap();
    (console, grant.token)
}

pub async fn database(hall: &TownHall, statement: &str) {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(hall.data().join("audit.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let statement = sqlx::AssertSqlSafe(statement.to_owned());
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn r_acc_1_guessing_over_many_names_is_slowed_by_address_and_no_name_is_told_apart() {
    let hall = Town::new().open().await;
    let sala = hall.station("sala-operativa");
    let wrong = SecretString::from("sbagliata");
    let body_of = async |user: &str| {
        let ask = json!({"user": user, "password": "sbagliata", "purpose": "traffic"});
        let sent = sala
            .client
            .post(sala.url("/v1/sessions"))
            .json(&ask)
            .send()
            .await
            .unwrap();
        (sent.status(), sent.text().await.unwrap())
    };
    database(&hall, "UPDATE person SET enabled = 0 WHERE account = 'carabiniere'").await;
    let answers: HashSet<_> = [
        body_of("operatore").await,
        body_of("nessuno").await,
        body_of("carabiniere").await,
    ]
    .into();
    assert_eq!(answers.len(), 1, "known, unknown and disabled: {answers:?}");
    for guess in 3..30 {
        let refused = sala.sign_in(&format!("nome-{guess}"), &wrong).await.unwrap_err();
        assert_eq!(refused, RefusalKind::WrongCredentials, "{guess}");
    }
    let slowed = sala
        .sign_in("comandante", &hall.password("comandante"))
        .await
        .unwrap_err();
    assert!(
        matches!(slowed, RefusalKind::LockedOut { seconds: 1..=30 }),
        "{slowed:?}"
    );
}

#[tokio::test]
async fn a_stolen_token_is_worth_nothing_at_another_workstation() {
    let hall = Town::new().open().await;
    let (sala, elsewhere) = (hall.station("sala-operativa"), hall.station("manutenzione"));
    let grant = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    for path in ["/v1/plan", "/v1/holds", "/v1/policy", "/v1/people/me/entries"] {
        let refused = elsewhere
            .get::<Value>(elsewhere.url(path), &grant.token)
            .await
            .unwrap_err();
        assert_eq!(refused, RefusalKind::SessionEnded, "{path}");
    }
    let stranger = hall.stranger();
    let refused = stranger
        .get::<Value>(stranger.url("/v1/plan"), &grant.token)
        .await
        .unwrap_err();
    assert_eq!(refused, RefusalKind::UnknownStation);
    let own = sala.get::<SignedPlan>(sala.url("/v1/plan"), &grant.token).await;
    assert!(own.is_ok(), "its own workstation goes on");
}

pub fn new_key() -> (rcgen::KeyPair, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let public = hex::encode(key.public_key_raw());
    (key, public)
}

/// A folder with what a workstation needs to speak, from a certificate and its key.
pub fn identity(certified: &Certified, key: &rcgen::KeyPair) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("cert.pem"), &certified.certificate).unwrap();
    std::fs::write(dir.path().join("key.pem"), key.serialize_pem()).unwrap();
    dir
}

/// Enrolment of a machine by a code.
pub async fn enrol(stranger: &Station, code: &str, public: &str) -> Result<Certified, (StatusCode, RefusalKind)> {
    let body = json!({"code": code, "public_key": public});
    answer::<Certified>(stranger.client.post(stranger.url("/v1/enrolments")).json(&body)).await
}

#[tokio::test]
async fn r_acc_6_a_code_enrols_one_machine_once_and_in_time() {
    let hall = Town::new().open().await;
    let (console, token) = admin(&hall).await;
    let ask = json!({"station": "caserma", "kind": "remote"});
    let given: EnrolmentCode = console
        .post("/v1/workstations/codes", &token, ask.clone())
        .await
        .unwrap();
    let stranger = hall.stranger();
    let public = new_key().1;
    let authority = stranger.client.get(stranger.url("/v1/authority")).send().await.unwrap();
    assert_eq!(
        authority.text().await.unwrap(),
        std::fs::read_to_string(hall.data().join("ca.pem")).unwrap()
    );
    let code = given.code.expose_secret();
    let certified = enrol(&stranger, &code.to_lowercase(), &public).await.unwrap();
    assert_eq!(certified.station.as_str(), "caserma");
    let unknown = Err((StatusCode::FORBIDDEN, RefusalKind::UnknownStation));
    assert_eq!(enrol(&stranger, code, &new_key().1).await, unknown, "replayed");
    assert_eq!(
        enrol(&stranger, "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG", &public).await,
        unknown
    );
    let again = console
        .post::<EnrolmentCode>("/v1/workstations/codes", &token, ask)
        .await;
    assert_eq!(again.unwrap_err(), RefusalKind::Malformed, "the name is taken");
    let late = json!({"station": "tardiva", "kind": "control_room"});
    let late: EnrolmentCode = console.post("/v1/workstations/codes", &token, late).await.unwrap();
    database(&hall, "UPDATE enrolment_code SET expires_ms = expires_ms - 900001").await;
    assert_eq!(
        enrol(&stranger, late.code.expose_secret(), &public).await,
        unknown,
        "after fifteen minutes"
    );
    let url = console.log_url("search?operation=station_refused");
    let refused: LogPage = console.get(url, &token).await.unwrap();
    assert_eq!(
        refused.entries.len(),
        3,
        "each wrong code is in the log, also one that no machine was given"
    );
}

/// A machine that was enrolled by a code, as a workstation.
async fn enrolled(hall: &TownHall, console: &Station, token: &SecretString) -> Station {
    let ask = json!({"station": "caserma", "kind": "remote"});
    let given: EnrolmentCode = console.post("/v1/workstations/codes", token, ask).await.unwrap();
    let (key, public) = new_key();
    let certified = enrol(&hall.stranger(), given.code.expose_secret(), &public)
        .await
        .unwrap();
    let folder = identity(&certified, &key);
    let mut caserma = hall.station("console");
    caserma.client = client(Some(folder.path()), &hall.data());
    caserma
}

#[tokio::test]
async fn r_acc_6_an_enrolled_machine_renews_its_certificate_and_a_revoked_one_is_a_stranger() {
    let hall = Town::new().open().await;
    let (console, token) = admin(&hall).await;
    // The new machine signs people in, as what it is.
    let mut caserma = enrolled(&hall, &console, &token).await;
    let grant = caserma
        .sign_in("carabiniere", &hall.password("carabiniere"))
        .await
        .unwrap();
    assert_eq!(serde_json::to_value(grant.kind).unwrap(), "remote");
    // Renewed, the new certificate is used once and the old one is a stranger's.
    let (next_key, next_public) = new_key();
    let renewal = caserma.client.post(caserma.url("/v1/stations/caserma/certificate"));
    let renewed: Certified = answer(renewal.json(&json!({"public_key": next_public}))).await.unwrap();
    let seen = caserma.get::<SignedPlan>(caserma.url("/v1/plan"), &grant.token).await;
    assert!(seen.is_ok(), "the old one is good until the new one is used");
    let next_folder = identity(&renewed, &next_key);
    let old = std::mem::replace(&mut caserma.client, client(Some(next_folder.path()), &hall.data()));
    assert!(
        caserma
            .get::<SignedPlan>(caserma.url("/v1/plan"), &grant.token)
            .await
            .is_ok()
    );
    let new = std::mem::replace(&mut caserma.client, old);
    let refused = caserma.get::<SignedPlan>(caserma.url("/v1/plan"), &grant.token).await;
    assert_eq!(refused.unwrap_err(), RefusalKind::UnknownStation, "replaced");
    caserma.client = new;
    let other = caserma
        .client
        .post(caserma.url("/v1/stations/sala-operativa/certificate"));
    let other = answer::<Certified>(other.json(&json!({"public_key": next_public}))).await;
    assert_eq!(other.unwrap_err().1, RefusalKind::UnknownStation, "another's name");

    assert_eq!(
        console.delete("/v1/workstations/caserma", &token).await,
        StatusCode::NO_CONTENT
    );
    let refused = caserma.get::<SignedPlan>(caserma.url("/v1/plan"), &grant.token).await;
    assert_eq!(refused.unwrap_err(), RefusalKind::UnknownStation, "revoked");
    let sessions: Vec<SessionView> = console.get(console.url("/v1/sessions"), &token).await.unwrap();
    assert!(
        sessions.iter().all(|session| session.user != "carabiniere"),
        "{sessions:?}"
    );
    let stations: Vec<StationView> = console.get(console.url("/v1/workstations"), &token).await.unwrap();
    let caserma = stations.iter().find(|row| row.station.as_str() == "caserma").unwrap();
    assert!(!caserma.enabled);
    let url = console.log_url("search?operation=station_refused");
    let refused: LogPage = console.get(url, &token).await.unwrap();
    assert!(
        !refused.entries.is_empty(),
        "what it asked for in another's name is in the log"
    );
}

#[tokio::test]
async fn a_tampered_site_plan_is_not_served() {
    let mut hall = Town::new().open().await;
    hall.stop().await;
    database(
        &hall,
        "UPDATE plan SET plan = replace(plan, '\"number\":1', '\"number\":9')",
    )
    .await;
    let served = command(&["serve", "--data", hall.data_text(), "--listen", "127.0.0.1:0"], None);
    assert!(!served.status.success());
    let said = String::from_utf8_lossy(&served.stderr).into_owned();
    assert!(said.contains("non è quello firmato"), "{said}");
}

#[tokio::test]
async fn text_that_means_something_elsewhere_is_text_here() {
    let hall = Town::new().open().await;
    let (console, token) = admin(&hall).await;
    let sala = hall.station("sala-operativa");
    let before: Vec<AccountView> = console.get(console.url("/v1/people"), &token).await.unwrap();
    for (n, nasty) in NASTY.into_iter().enumerate() {
        // Names that become keys or paths are refused.
        for (path, body) in [
            ("/v1/people", account(nasty, "operator", json!([]))),
            ("/v1/people", account("buona", nasty, json!([]))),
            (
                "/v1/people",
                account("buona", "operator", json!([{"controller": nasty, "actions": ["live"]}])),
            ),
            ("/v1/workstations/codes", json!({"station": nasty, "kind": "remote"})),
            ("/v1/workstations/codes", json!({"station": "buona", "kind": nasty})),
            (
                "/v1/workstations/codes",
                json!({"station": "buona", "kind": "remote", "home": nasty}),
            ),
        ] {
            let refused = console.post::<Value>(path, &token, body).await;
            assert_eq!(refused.unwrap_err(), RefusalKind::Malformed, "{path} {nasty:?}");
        }
        let mut url = reqwest::Url::parse(&console.base).unwrap();
        url.path_segments_mut().unwrap().extend(["v1", "people", nasty]);
        let change = console
            .client
            .post(url)
            .bearer_auth(token.expose_secret())
            .json(&json!("confirm"));
        let (status, _) = answer::<Value>(change).await.unwrap_err();
        assert!(status.is_client_error(), "{nasty:?}: {status}");
        for segment in ["cameras", "logs", "stations", "workstations"] {
            let mut url = reqwest::Url::parse(&console.base).unwrap();
            url.path_segments_mut().unwrap().extend(["v1", segment, nasty, "heads"]);
            let asked = console.client.get(url).bearer_auth(token.expose_secret());
            let (status, _) = answer::<Value>(asked).await.unwrap_err();
            assert!(status.is_client_error(), "{segment} {nasty:?}: {status}");
        }
        let mut url = reqwest::Url::parse(&console.log_url("search")).unwrap();
        for name in ["person", "camera", "operation", "purpose", "result"] {
            url.query_pairs_mut().append_pair(name, nasty);
        }
        let found: LogPage = console.get(url.to_string(), &token).await.unwrap();
        assert_eq!(found.entries.len(), 0, "{nasty:?}");
        // Text for people is kept as it is, or refused when it is no line.
        let mut new = account(&format!("persona-{n}"), "operator", json!([]));
        new["display_name"] = json!(nasty);
        let added = console.post::<AccountAnswer>("/v1/people", &token, new).await;
        assert_eq!(added.is_ok(), !nasty.chars().any(char::is_control), "{nasty:?}");
    }
    // A few only: each wrong name counts against the address.
    for nasty in &NASTY[..4] {
        let refused = sala.sign_in(nasty, &hall.password("operatore")).await.unwrap_err();
        assert_eq!(refused, RefusalKind::WrongCredentials, "{nasty:?}");
    }
    let after: Vec<AccountView> = console.get(console.url("/v1/people"), &token).await.unwrap();
    assert_eq!(after.len(), before.len() + 10);
    let kept: HashSet<_> = after.iter().map(|row| row.display_name.as_str()).collect();
    assert!(kept.contains("operatore'; DROP TABLE person; --"));
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_of_one_workstation_leave_the_others_served() {
    let hall = Town::new().open().await;
    let (console, token) = admin(&hall).await;
    let begun = Instant::now();
    let floods: Vec<_> = (0..50)
        .map(|_| {
            let sala = hall.station("sala-operativa");
            tokio::spawn(async move {
                let mut statuses = Vec::new();
                for _ in 0..200 {
                    let url = sala.url("/v1/stations/sala-operativa/heads");
                    statuses.push(sala.client.get(url).send().await.map(|answer| answer.status()).ok());
                }
                statuses
            })
        })
        .collect();
    let mut served = 0;
    let mut longest = Duration::ZERO;
    while !floods.iter().all(tokio::task::JoinHandle::is_finished) {
        let asked = Instant::now();
        let answer = console.get::<Vec<LeaseState>>(console.url("/v1/holds"), &token).await;
        assert_eq!(answer.as_ref().err(), None, "the other workstation is refused");
        longest = longest.max(asked.elapsed());
        served += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let elapsed = begun.elapsed();
    let mut counts = std::collections::BTreeMap::new();
    for flood in floods {
        for status in flood.await.unwrap() {
            *counts.entry(status.map(|status| status.as_u16())).or_insert(0) += 1;
        }
    }
    eprintln!(
        "10,000 requests in {elapsed:?} ({counts:?}); the other workstation: {served} served, the slowest {longest:?}"
    );
    assert!(
        served > 0 && counts.get(&Some(429)).is_some_and(|refused| *refused > 0),
        "{counts:?}"
    );
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_looked_at() {
    let hall = Town::new().open().await;
    let (console, token) = admin(&hall).await;
    for path in [
        "/v1/sessions",
        "/v1/people",
        "/v1/password",
        "/v1/enrolments",
        "/v1/workstations/codes",
    ] {
        let request = console
            .client
            .post(console.url(path))
            .bearer_auth(token.expose_secret());
        let refused = answer::<Value>(request.body(" ".repeat(MAX_BODY + 1)))
            .await
            .unwrap_err();
        assert_eq!(
            refused,
            (StatusCode::PAYLOAD_TOO_LARGE, RefusalKind::TooLarge),
            "{path}"
        );
    }
    let mut long = account("lunga", "operator", json!([]));
    long["act"] = json!("a".repeat(100_000));
    let refused = console.post::<Value>("/v1/people", &token, long).await.unwrap_err();
    assert_eq!(refused, RefusalKind::Malformed);
    let ask = json!({"user": "operatore", "password": "p".repeat(1_000_000), "purpose": "traffic"});
    let refused = answer::<SessionGrant>(console.client.post(console.url("/v1/sessions")).json(&ask)).await;
    assert_eq!(refused.unwrap_err().1, RefusalKind::WrongCredentials);
    let huge = console
        .client
        .get(console.url("/v1/plan"))
        .header("x-huge", "a".repeat(200_000));
    let answered = huge.send().await.map(|answer| answer.status());
    assert!(
        answered.as_ref().is_ok_and(StatusCode::is_client_error) || answered.is_err(),
        "{answered:?}"
    );
    assert!(
        console
            .get::<Vec<LeaseState>>(console.url("/v1/holds"), &token)
            .await
            .is_ok()
    );
}

/// Base64 of a text wherever it begins in what is encoded: without the letters that its neighbours change.
fn base64_forms(secret: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let mut forms = Vec::new();
    for before in 0..3 {
        let bytes = [vec![0; before].as_slice(), secret].concat();
        let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for text in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            forms.push(text.as_bytes()[first..last].to_vec());
        }
    }
    forms
}

/// A secret as it is, in hexadecimal, Base64 and UTF-16.
fn forms(secret: &str) -> HashSet<Vec<u8>> {
    let mut forms = base64_forms(secret.as_bytes());
    forms.push(secret.as_bytes().to_vec());
    forms.push(hex::encode(secret).into_bytes());
    forms.push(hex::encode_upper(secret).into_bytes());
    forms.push(secret.encode_utf16().flat_map(u16::to_le_bytes).collect());
    forms.push(secret.encode_utf16().flat_map(u16::to_be_bytes).collect());
    forms.into_iter().collect()
}

fn none_is_in(place: &str, bytes: &[u8], secrets: &[String]) {
    for secret in secrets {
        for form in forms(secret) {
            let found = bytes.windows(form.len()).any(|window| window == form);
            assert!(!found, "{place} has {secret}, as {}", String::from_utf8_lossy(&form));
        }
    }
}

fn none_is_in_the_files_of(hall: &TownHall, secrets: &[String]) {
    let places = ["said", "audit.db", "audit.db-wal", "server.toml", "address"];
    for place in places {
        let Ok(bytes) = std::fs::read(hall.data().join(place)) else {
            continue;
        };
        none_is_in(place, &bytes, secrets);
    }
}

/// The command line and the environment of the server's process.
fn seen_by_everybody(hall: &TownHall) -> [(&'static str, Vec<u8>); 2] {
    ["cmdline", "environ"].map(|name| {
        let bytes = std::fs::read(format!("/proc/{}/{name}", hall.pid())).unwrap();
        assert!(!bytes.is_empty(), "{name}");
        (name, bytes)
    })
}

#[test]
fn the_search_for_secrets_sees_every_form() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let secret = "cavallo?>~".to_owned();
    for before in ["", "a", "ab", "abc"] {
        let hidden = STANDARD.encode(format!("{before}{secret}dietro"));
        let found = std::panic::catch_unwind(|| none_is_in("x", hidden.as_bytes(), std::slice::from_ref(&secret)));
        assert!(found.is_err(), "{hidden}");
    }
    let wide: Vec<u8> = "x cavallo?>~".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for hidden in [wide, hex::encode(&secret).into_bytes(), b"un cavallo?>~!".to_vec()] {
        let found = std::panic::catch_unwind(|| none_is_in("x", &hidden, std::slice::from_ref(&secret)));
        assert!(found.is_err(), "{hidden:?}");
    }
    none_is_in("x", b"cavallo", &[secret]);
}

#[tokio::test]
async fn no_secret_is_in_the_log_of_the_program_its_environment_the_database_or_debug_output() {
    let mut hall = Town::new().prepared();
    let said = hall.data().join("said");
    let line = format!("VEDETTA_LOG=trace exec \"$0\" \"$@\" 2>{}", said.to_str().unwrap());
    hall.start_with(&line).await;
    hall.add_person(account("neri", "system_administrator", json!([])))
        .await;
    let (console, token) = admin(&hall).await;
    let chosen = hall.password("neri");
    let given: AccountAnswer = console
        .post("/v1/people/neri", &token, json!("new_second_factor"))
        .await
        .unwrap();
    let uri = given.second_factor.unwrap();
    let factor = uri.expose_secret().split(['=', '&']).nth(1).unwrap().to_owned();
    let code: EnrolmentCode = console
        .post(
            "/v1/workstations/codes",
            &token,
            json!({"station": "nuova", "kind": "remote"}),
        )
        .await
        .unwrap();
    let sala = hall.station("sala-operativa");
    let operator = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    let camera: CameraCredential = sala
        .post(
            "/v1/cameras/cam-01/credentials",
            &operator.token,
            json!({"need": "picture"}),
        )
        .await
        .unwrap();
    drop(
        sala.sign_in("operatore", &SecretString::from("tentativo-sbagliato"))
            .await,
    );
    let of_process = seen_by_everybody(&hall);
    hall.stop().await;
    let secrets = [
        hall.password("amministratore").expose_secret().to_owned(),
        hall.password("operatore").expose_secret().to_owned(),
        chosen.expose_secret().to_owned(),
        token.expose_secret().to_owned(),
        operator.token.expose_secret().to_owned(),
        camera.password.expose_secret().to_owned(),
        code.code.expose_secret().to_owned(),
        code.code.expose_secret().replace('-', ""),
        "tentativo-sbagliato".to_owned(),
        factor,
    ];
    none_is_in_the_files_of(&hall, &secrets);
    of_process
        .iter()
        .for_each(|(name, bytes)| none_is_in(name, bytes, &secrets));
    assert!(
        std::fs::metadata(said).unwrap().len() > 1_000,
        "the program said something"
    );
    let ask = SignIn {
        user: "neri".into(),
        password: chosen.clone(),
        code: Some("123456".into()),
        purpose: vedetta::domain::people::Purpose::Traffic,
    };
    for shown in [
        format!("{ask:?}"),
        format!("{operator:?}"),
        format!("{camera:?}"),
        format!("{code:?}"),
    ] {
        assert!(
            secrets.iter().all(|secret| !shown.contains(secret)) && !shown.contains("123456"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn r_acc_5_nothing_one_controllers_people_ask_reveals_anothers_cameras() {
    let grants = json!([{"controller": borgo(), "cameras": ["cam-01"], "actions": ["live", "ptz", "playback"]}]);
    let hall = Town::new()
        .neighbour("segreta-01", CameraKind::Dome)
        .person(account("neri", "force_operator", grants))
        .open()
        .await;
    let (console, token) = admin(&hall).await;
    let sala = hall.station("sala-operativa");
    // Somebody who knows the other town holds its dome and declares an event there: lists have something to hide.
    let chief = seated(&hall, "comandante").await;
    let hold: Result<LeaseState, _> = chief
        .0
        .post("/v1/cameras/segreta-01/hold", &chief.1, json!("take"))
        .await;
    assert!(hold.is_ok(), "{hold:?}");
    let neri = sala.sign_in("neri", &hall.password("neri")).await.unwrap();
    assert_eq!(neri.log_keys.len(), 1, "not even the other log's key");
    let hidden = ["segreta", "altrove", "Nascosta", "Altrove"];
    let clean = |what: &str, text: &str| {
        for word in hidden {
            assert!(!text.contains(word), "{what} says {word}: {text}");
        }
    };
    for path in [
        "/v1/plan",
        "/v1/holds",
        "/v1/policy",
        "/v1/proposals",
        "/v1/people/me/entries",
    ] {
        let asked = sala.client.get(sala.url(path)).bearer_auth(neri.token.expose_secret());
        let answered = asked.send().await.unwrap();
        assert_eq!(answered.status(), StatusCode::OK, "{path}");
        clean(path, &answered.text().await.unwrap());
    }
    // A camera of the other town, one of the own town without a grant, and one that does not exist: the same answer.
    let posts = [
        ("credentials", json!({"need": "picture"})),
        ("credentials", json!({"need": "figures"})),
        ("hold", json!("take")),
        ("permit", json!({"pictures": "live"})),
        (
            "declared",
            json!({"change": "ceilings", "reason": "r", "protocol_no": "", "minutes": 5}),
        ),
        ("masks", json!({"change": {"remove": "m-1"}, "reason": "r"})),
    ];
    for (what, body) in posts {
        let mut answers = HashSet::new();
        for camera in ["segreta-01", "cam-02", "inesistente"] {
            let path = format!("/v1/cameras/{camera}/{what}");
            let asked = sala
                .client
                .post(sala.url(&path))
                .bearer_auth(neri.token.expose_secret());
            let answered = asked.json(&body).send().await.unwrap();
            answers.insert((answered.status(), answered.text().await.unwrap()));
        }
        assert_eq!(answers.len(), 1, "{what}: {answers:?}");
        assert!(
            answers.iter().all(|(status, _)| *status == StatusCode::NOT_FOUND),
            "{answers:?}"
        );
        answers.iter().for_each(|(_, text)| clean(what, text));
    }
    let own: Result<CameraCredential, _> = sala
        .post(
            "/v1/cameras/cam-01/credentials",
            &neri.token,
            json!({"need": "picture"}),
        )
        .await;
    assert!(own.is_ok(), "its own camera is there");
    // Each of the attempts is in the log of the workstation's own controller.
    let url = console.log_url("search?person=neri&operation=credential_released&result=refused");
    let page: LogPage = console.get(url, &token).await.unwrap();
    assert_eq!(page.entries.len(), 18);
}

async fn seated(hall: &TownHall, user: &str) -> (Station, SecretString) {
    let station = hall.station("sala-operativa");
    let grant = station.sign_in(user, &hall.password(user)).await.unwrap();
    (station, grant.token)
}
