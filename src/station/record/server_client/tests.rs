//! What a person is told when something else than the server answers, or a server of another version.

use super::*;
use crate::domain::refusal::Refusal;
use crate::station::SignInError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A client of a loopback server, without TLS, that answers one call so.
async fn client_of(status: &'static str, body: &'static str) -> ServerClient {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
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
    });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    ServerClient {
        http: Arc::new(RwLock::new(http)),
        base,
        station: "sala-operativa".parse().unwrap(),
    }
}

async fn told(status: &'static str, body: &'static str) -> ServerError {
    let asked = client_of(status, body).await.heads().await;
    asked.unwrap_err()
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
    assert_eq!(refusal, Refusal::Kind(RefusalKind::NoSecondFactor));
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
