//! What a person is told when something else than the server answers, or a server of another version; what stands over a call.

use super::*;
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::audit::note::SignerKey;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::station::SignInError;
use crate::station::record::trusted_checkpoints::TrustedCheckpoint;
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A client of a loopback server, without TLS, that answers one call so.
async fn client_of(status: &'static str, body: &'static str) -> ServerClient {
    client_heard(status, body).await.0
}

/// A client of [`client_of`], with the head of the call, once it was made.
async fn client_heard(status: &'static str, body: &'static str) -> (ServerClient, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(head).unwrap()
    });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = ServerClient {
        http: Arc::new(RwLock::new(http)),
        base,
        station: "sala-operativa".parse().unwrap(),
        clock: ServerClock::default(),
        trusted: None,
    };
    (client, heard)
}

/// What a workstation trusts that verified so many logs, and their checkpoints.
fn trusting(folder: &std::path::Path, logs: u8) -> (Arc<TrustedCheckpoints>, Vec<String>) {
    let trusted = TrustedCheckpoints::open(folder.join("logs")).unwrap();
    let notes = (1..=logs).map(|n| {
        let signer = SignerKey::new(&format!("vedetta/020001/borgo-{n}"), &[n; 32]).unwrap();
        let origin = signer.verifier().name().to_owned();
        let root = Hash([n; 32]);
        let note = checkpoint::sign(&Checkpoint { origin, size: 7, root }, &signer);
        let of_log = TrustedCheckpoint {
            key: signer.verifier(),
            note: Some(note.clone()),
            former: None,
            next_seq: 0,
            broken: None,
            begun: None,
        };
        trusted.save(&format!("borgo-{n}").parse().unwrap(), of_log).unwrap();
        note
    });
    let notes = notes.collect();
    (Arc::new(trusted), notes)
}

/// The checkpoints over a call.
fn shown_in(head: &str) -> Vec<String> {
    let values = head.lines().filter_map(|line| line.strip_prefix("vedetta-pinned: "));
    let notes = values.map(|value| String::from_utf8(BASE64.decode(value).unwrap()).unwrap());
    notes.collect()
}

#[tokio::test]
async fn r_aud_2_a_call_shows_the_checkpoints_that_are_trusted_and_a_batch_that_of_its_log_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (trusted, notes) = trusting(folder.path(), 2);
    let (client, heard) = client_heard("200 OK", "[]").await;
    client.heads().await.unwrap();
    assert!(shown_in(&heard.await.unwrap()).is_empty(), "nothing is trusted yet");
    let (client, heard) = client_heard("200 OK", "[]").await;
    client.showing(Arc::clone(&trusted)).heads().await.unwrap();
    assert_eq!(shown_in(&heard.await.unwrap()), notes);
    let (client, heard) = client_heard("200 OK", "{}").await;
    let batch = EventBatch {
        log: "borgo-2".parse().unwrap(),
        events: Vec::new(),
    };
    let client = client.showing(Arc::clone(&trusted));
    client.post_events(&batch, Some(&notes[1])).await.unwrap_err();
    assert_eq!(shown_in(&heard.await.unwrap()), notes[1..]);
    let (client, heard) = client_heard("200 OK", "[]").await;
    let (many, _) = trusting(&folder.path().join("molti"), 40);
    client.showing(many).heads().await.unwrap();
    assert_eq!(shown_in(&heard.await.unwrap()).len(), MOST_PINNED);
}

async fn told(status: &'static str, body: &'static str) -> ServerError {
    let asked = client_of(status, body).await.heads().await;
    asked.unwrap_err()
}

/// What a call gives whose server says these versions of the protocol.
async fn of_versions(said: &str) -> Result<(), ServerError> {
    let status: String = format!("200 OK\r\nvedetta-protocol: {said}");
    client_of(status.leak(), "[]").await.heads().await.map(drop)
}

#[tokio::test]
async fn a_server_that_speaks_no_version_in_common_is_told_apart_by_which_side_is_too_old() {
    assert!(
        client_of("200 OK", "[]").await.heads().await.is_ok(),
        "the release before says nothing"
    );
    assert!(of_versions("1-1").await.is_ok() && of_versions("2-7").await.is_ok());
    let told = Refusal::from(of_versions("7-9").await.unwrap_err());
    assert_eq!(told, Refusal::Kind(RefusalKind::UpdateWorkstation));
    let told = Refusal::from(of_versions("nine").await.unwrap_err());
    assert!(matches!(told, Refusal::UnintelligibleAnswer { .. }), "{told:?}");
}

const PAGE: &str = "<!doctype html><title>Portale</title>";

#[tokio::test]
async fn an_answer_that_is_not_the_servers_is_told_as_not_understood() {
    for (status, body) in [
        ("200 OK", PAGE),
        ("200 OK", r#"{"heads":[]}"#),
        ("502 Bad Gateway", PAGE),
        ("404 Not Found", ""),
        ("403 Forbidden", r#"{"error":"no"}"#),
        ("403 Forbidden", r#"{"why":"<b>no</b>","detail":""}"#),
        ("403 Forbidden", r#"{"why":{"a":1,"b":2},"detail":""}"#),
        ("401 Unauthorized", r#"{"why":"session_ended"}"#),
    ] {
        let refusal = Refusal::from(told(status, body).await);
        assert!(
            matches!(refusal, Refusal::UnintelligibleAnswer { .. }),
            "{status} {body}: {refusal:?}"
        );
        let sign_in = SignInError::from(told(status, body).await);
        assert!(matches!(
            sign_in,
            SignInError::Refused(Refusal::UnintelligibleAnswer { .. })
        ));
    }
}

#[tokio::test]
async fn a_refusal_of_a_newer_server_keeps_its_wire_name() {
    for (body, name) in [
        (r#"{"why":"moon_phase","detail":"full"}"#, "moon_phase"),
        (r#"{"why":{"moon_phase":{"day":3}},"detail":"full"}"#, "moon_phase"),
        (r#"{"why":{"rule":"full_moon"},"detail":"full"}"#, "rule/full_moon"),
    ] {
        let refusal = Refusal::from(told("403 Forbidden", body).await);
        assert_eq!(refusal, Refusal::UnknownReason { name: name.into() });
    }
}

#[tokio::test]
async fn a_known_refusal_is_told_as_what_it_is() {
    let body = r#"{"why":"no_second_factor","detail":""}"#;
    let refusal = Refusal::from(told("403 Forbidden", body).await);
    assert_eq!(
        refusal,
        Refusal::Kind(crate::domain::refusal::RefusalKind::NoSecondFactor)
    );
    let body = r#"{"why":{"rule":"grace_over"},"detail":""}"#;
    assert_eq!(Refusal::from(told("403 Forbidden", body).await), Refusal::GraceOver);
}

#[tokio::test]
async fn only_what_waiting_may_help_counts_as_away() {
    assert!(
        told("502 Bad Gateway", PAGE).await.is_away(),
        "a gateway without its server"
    );
    assert!(
        told("503 Service Unavailable", r#"{"why":"unavailable","detail":""}"#)
            .await
            .is_away()
    );
    assert!(!told("200 OK", PAGE).await.is_away());
    assert!(
        !told("403 Forbidden", r#"{"why":"moon_phase","detail":""}"#)
            .await
            .is_away()
    );
    let mut gone = client_of("200 OK", PAGE).await;
    gone.base = "http://127.0.0.1:1".into();
    let error = gone.heads().await.unwrap_err();
    assert_eq!(Refusal::from(error), Refusal::ServerAway);
}

#[tokio::test]
async fn the_servers_clock_is_the_one_over_its_answers_and_counts_on() {
    let client = client_of("200 OK\r\ndate: Sun, 29 Nov 2026 23:00:00 GMT", r#"{"heads":[]}"#).await;
    assert_eq!(client.clock().unix_ms(Instant::now()), None, "nothing was heard yet");
    client.heads().await.unwrap_err();
    let heard = Instant::now();
    let told = client.clock().unix_ms(heard + Duration::from_secs(30)).unwrap();
    let passed = told - 1_795_993_200_000;
    assert!((30_000..60_000).contains(&passed), "{passed}");
    assert_eq!(
        client.clock().unix_ms(heard + Duration::from_secs(70)),
        None,
        "long ago"
    );
}

/// What a client is told by a server on loopback whose certificate is valid in these years.
async fn told_by(from: i32, to: i32) -> ServerError {
    let mut asked = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    (asked.not_before, asked.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(to, 1, 1));
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = asked.self_signed(&key).unwrap().pem();
    let pem = (certificate.clone().into_bytes(), key.serialize_pem().into_bytes());
    let config = axum_server::tls_rustls::RustlsConfig::from_pem(pem.0, pem.1)
        .await
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let server = format!("https://{}", listener.local_addr().unwrap());
    let serving = axum_server::from_tcp_rustls(listener, config).unwrap();
    tokio::spawn(serving.serve(axum::Router::new().into_make_service()));
    let identity = format!("{certificate}\n{}", key.serialize_pem()).into();
    let access = ServerAccess {
        station: &"sala-operativa".parse().unwrap(),
        server: &server,
        identity: &identity,
        ca: certificate.as_bytes(),
    };
    ServerClient::new(access).unwrap().heads().await.unwrap_err()
}

#[tokio::test]
async fn a_certificate_out_of_its_time_names_the_clock_and_one_in_its_time_does_not() {
    for (from, to) in [(2001, 2002), (3001, 3002)] {
        let told = told_by(from, to).await;
        assert!(
            matches!(told, ServerError::CertificateNotInTime { .. }),
            "{from}: {told:?}"
        );
        assert!(told.is_away());
        let sign_in = SignInError::from(told);
        assert!(
            matches!(sign_in, SignInError::CertificateNotInTime { .. }),
            "{sign_in:?}"
        );
    }
    let told = told_by(2001, 3001).await;
    assert!(matches!(told, ServerError::Unintelligible { .. }), "{told:?}");
}
