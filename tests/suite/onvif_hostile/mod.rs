//! The ONVIF client against devices that misbehave: in transport, in XML, in authentication, in their services.
//!
//! Invariant held here: whatever a device sends, the client answers with a value or a clear error within its limits
//! (architecture, invariant 7). Deliberately absent: well-behaved devices; they are in `onvif_replies`.

mod accounts;
mod authentication;
mod services;
mod views;

use crate::scripted_device::{Answer, Device, envelope, fault, http, soap};
use secrecy::SecretString;
use std::time::{Duration, Instant};
use vedetta::onvif::soap_channel::Channel;
use vedetta::onvif::{Endpoint, Limits, OnvifError, OnvifErrorKind};

pub const USER: &str = "operatore";
pub const PASSWORD: &str = "s3greto-Davvero";

pub fn endpoint(device: &Device) -> Endpoint {
    Endpoint::new(device.url(), USER, SecretString::from(PASSWORD))
}

/// Limits short enough for a test and long enough for a loaded machine.
pub fn limits() -> Limits {
    Limits {
        total: Duration::from_secs(4),
        ..Limits::default()
    }
}

async fn ask(device: &Device, limits: Limits) -> Result<String, OnvifError> {
    let channel = Channel::new(Endpoint::new(device.url(), "", SecretString::from("")), limits)?;
    let url = channel.device().clone();
    let answer = channel
        .call(&url, "urn:x", "<tds:GetHostname/>", "GetHostnameResponse")
        .await?;
    Ok(answer
        .child("Name")
        .map(|name| name.text().to_owned())
        .unwrap_or_default())
}

async fn outcome(answer: Answer) -> Result<String, OnvifError> {
    let device = Device::start(move |_, _| answer.clone()).await;
    ask(&device, limits()).await
}

async fn kind(answer: Answer) -> OnvifErrorKind {
    outcome(answer).await.unwrap_err().kind()
}

const GOOD: &str = "<tds:GetHostnameResponse><Name>piazza</Name></tds:GetHostnameResponse>";

fn raw(text: impl Into<Vec<u8>>) -> Answer {
    Answer::Bytes(text.into())
}

#[tokio::test]
async fn an_answer_without_length_or_with_an_undeclared_prefix_is_read() {
    assert_eq!(outcome(soap(GOOD)).await.unwrap(), "piazza");
    let without_length = format!("HTTP/1.1 200 OK\r\n\r\n{}", envelope(GOOD));
    assert_eq!(outcome(raw(without_length)).await.unwrap(), "piazza");
    let old = format!("HTTP/1.0 200 OK\r\n\r\n{}", envelope(GOOD));
    assert_eq!(outcome(raw(old)).await.unwrap(), "piazza");
}

#[tokio::test]
async fn malformed_answers_are_nonsense() {
    for body in [
        "<a><b></a></b>",
        "<html><body>Login</body></html>",
        "not xml at all",
        "<s:Envelope><s:Body><tds:GetHostnameResponse><Name>half",
        "<s:Envelope></s:Envelope>",
        "<s:Envelope><s:Body/></s:Envelope>",
        "<s:Envelope><s:Body><tds:OtherResponse/></s:Body></s:Envelope>",
        "\u{1b}\u{0}\u{7f}",
    ] {
        assert_eq!(
            kind(http("200 OK", &[], body)).await,
            OnvifErrorKind::Nonsense,
            "{body:?}"
        );
    }
}

#[tokio::test]
async fn deep_nesting_is_refused_before_a_tree_is_built() {
    let deep = format!("{}{}", "<a>".repeat(50_000), "</a>".repeat(50_000));
    assert_eq!(kind(soap(&deep)).await, OnvifErrorKind::TooDeep);
    let unclosed = "<a>".repeat(1_000_000);
    assert_eq!(kind(soap(&unclosed)).await, OnvifErrorKind::TooDeep);
    // A fault, too, whatever the status.
    assert_eq!(kind(http("500 Oops", &[], &deep)).await, OnvifErrorKind::TooDeep);
}

#[tokio::test]
async fn a_dtd_is_refused_with_or_without_a_bomb() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE b [<!ENTITY a \"xxxxxxxx\"><!ENTITY c \"&a;&a;&a;&a;\">]><b>&c;</b>";
    let error = outcome(http("200 OK", &[], bomb)).await.unwrap_err();
    assert!(error.to_string().contains("DTD"), "{error}");
    let external = "<!DOCTYPE b SYSTEM \"file:///etc/passwd\"><b/>";
    assert_eq!(kind(http("200 OK", &[], external)).await, OnvifErrorKind::Nonsense);
}

#[tokio::test]
async fn eight_megabytes_are_too_large_with_or_without_a_length() {
    let body = envelope(&format!(
        "<tds:GetHostnameResponse><Name>{}</Name></tds:GetHostnameResponse>",
        "x".repeat(8 << 20)
    ));
    assert_eq!(kind(http("200 OK", &[], &body)).await, OnvifErrorKind::TooLarge);
    assert_eq!(
        kind(raw(format!("HTTP/1.1 200 OK\r\n\r\n{body}"))).await,
        OnvifErrorKind::TooLarge
    );
    let elements = "<a/>".repeat(500_000);
    assert_eq!(kind(soap(&elements)).await, OnvifErrorKind::TooLarge);
    let attributes = (0..200_000).map(|i| format!(" a{i}=''")).collect::<String>();
    let started = Instant::now();
    assert_eq!(kind(soap(&format!("<a{attributes}/>"))).await, OnvifErrorKind::TooLarge);
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "attributes are not compared one with another"
    );
}

#[tokio::test]
async fn a_drip_or_silence_ends_at_the_time_limit() {
    let limits = Limits {
        total: Duration::from_millis(300),
        ..limits()
    };
    let Answer::Bytes(bytes) = soap(GOOD) else {
        unreachable!()
    };
    let drip = Answer::Drip(bytes, Duration::from_millis(40));
    for answer in [
        drip,
        Answer::Silence,
        Answer::Drip(vec![b'H'; 1000], Duration::from_millis(40)),
    ] {
        let device = Device::start(move |_, _| answer.clone()).await;
        let started = Instant::now();
        let error = ask(&device, limits).await.unwrap_err();
        assert_eq!(error.kind(), OnvifErrorKind::Timeout, "{error}");
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn what_is_not_http_or_breaks_off_is_said_so() {
    assert_eq!(kind(raw("HTTQ/9 what\r\n\r\nhello")).await, OnvifErrorKind::Nonsense);
    assert_eq!(kind(raw("HTTP/1.1 abc OK\r\n\r\n")).await, OnvifErrorKind::Nonsense);
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}", envelope(GOOD));
    let error = outcome(raw(cut)).await.unwrap_err();
    assert!(error.to_string().contains("breaks off"), "{error}");
    let endless_header = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(2 << 20));
    assert!(outcome(raw(endless_header)).await.is_err());
}

#[tokio::test]
async fn an_empty_answer_is_never_a_success() {
    assert_eq!(kind(http("200 OK", &[], "")).await, OnvifErrorKind::Nonsense);
    for status in [
        "400 Bad Request",
        "404 Not Found",
        "405 No",
        "500 Error",
        "501 Not Implemented",
    ] {
        assert_eq!(
            kind(http(status, &[], "")).await,
            OnvifErrorKind::NotSupported,
            "{status}"
        );
    }
    assert_eq!(kind(http("503 Busy", &[], "")).await, OnvifErrorKind::Busy);
    assert_eq!(kind(http("401 No", &[], "")).await, OnvifErrorKind::WrongPassword);
    assert_eq!(kind(http("204 No Content", &[], "")).await, OnvifErrorKind::Nonsense);
}

#[tokio::test]
async fn a_fault_is_a_fault_whatever_the_status() {
    for status in ["200 OK", "400 Bad Request", "500 Internal Server Error", "418 Teapot"] {
        let error = outcome(http(
            status,
            &[],
            &envelope(&fault("ter:InvalidArgVal", "no such thing")),
        ))
        .await
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "fault s:Sender/ter:InvalidArgVal: no such thing",
            "{status}"
        );
        let absent = http(status, &[], &envelope(&fault("ter:ActionNotSupported", "")));
        assert_eq!(kind(absent).await, OnvifErrorKind::NotSupported, "{status}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let trap = Device::start(|_, _| soap(GOOD)).await;
    let location = format!("Location: {}", trap.url());
    let error = outcome(http("302 Found", &[&location], "")).await.unwrap_err();
    assert!(error.to_string().contains("redirect"), "{error}");
    assert!(trap.heard().is_empty());
}

#[tokio::test]
async fn a_closed_port_is_unreachable_and_no_address_is_nonsense() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/onvif/device_service", listener.local_addr().unwrap());
    drop(listener);
    let channel = Channel::new(Endpoint::new(url, "", SecretString::from("")), limits()).unwrap();
    let url = channel.device().clone();
    let error = channel.call(&url, "urn:x", "<x/>", "X").await.unwrap_err();
    assert_eq!(error.kind(), OnvifErrorKind::Unreachable, "{error}");
    for text in ["", "piazza", "rtsp://127.0.0.1/", "http://"] {
        assert!(
            Channel::new(Endpoint::new(text, "", SecretString::from("")), limits()).is_err(),
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_accepted_only_by_choice() {
    use axum_server::tls_rustls::RustlsConfig;
    let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (
        own.cert.pem().into_bytes(),
        own.signing_key.serialize_pem().into_bytes(),
    );
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let tls = RustlsConfig::from_pem(certificate, key).await.unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let answer = axum::Router::new().fallback(|| async { envelope(GOOD) });
    tokio::spawn(
        axum_server::from_tcp_rustls(listener, tls)
            .unwrap()
            .serve(answer.into_make_service()),
    );

    let mut endpoint = Endpoint::new(format!("https://{address}/onvif"), "", SecretString::from(""));
    for (trust, works) in [
        (vedetta::onvif::Trust::Authority, false),
        (vedetta::onvif::Trust::SelfSigned, true),
    ] {
        endpoint.trust = trust;
        let channel = Channel::new(endpoint.clone(), limits()).unwrap();
        let url = channel.device().clone();
        let answer = channel.call(&url, "urn:x", "<x/>", "GetHostnameResponse").await;
        assert_eq!(answer.is_ok(), works, "{trust:?}: {answer:?}");
        if let Err(error) = answer {
            assert_eq!(error.kind(), OnvifErrorKind::Unreachable);
        }
    }
}
