//! Credentials: digest challenges in every shape, tokens in the device's own time, and never too many tries.

use super::{PASSWORD, USER, endpoint, limits};
use crate::scripted_device::{Answer, Device, Request, envelope, fault, http, soap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use sha2::Digest as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use vedetta::onvif::soap_channel::Channel;
use vedetta::onvif::{Camera, Endpoint, OnvifError, OnvifErrorKind};

async fn call(channel: &Channel) -> Result<(), OnvifError> {
    let url = channel.device().clone();
    channel
        .call(&url, "urn:x", "<tds:GetHostname/>", "GetHostnameResponse")
        .await
        .map(drop)
}

fn good() -> Answer {
    soap("<tds:GetHostnameResponse/>")
}

fn refused(challenges: &[&str]) -> Answer {
    http("401 Unauthorized", challenges, "")
}

/// The value of a parameter of the `Authorization` header.
fn parameter(request: &Request, name: &str) -> Option<String> {
    let header = request.header("Authorization")?.strip_prefix("Digest ")?.to_owned();
    let part = header
        .split(", ")
        .find_map(|part| part.strip_prefix(&format!("{name}=")).map(str::to_owned))?;
    Some(part.trim_matches('"').to_owned())
}

/// Whether the Digest answer is right, computed apart from the client (RFC 7616 3.4.1, `qop=auth`).
fn digest_is_right(request: &Request, realm: &str, hash: fn(&str) -> String, password: &str) -> bool {
    let get = |name| parameter(request, name).unwrap_or_default();
    let first = hash(&format!("{USER}:{realm}:{password}"));
    let second = hash(&format!("POST:{}", get("uri")));
    let wanted = hash(&format!(
        "{first}:{}:{}:{}:{}:{second}",
        get("nonce"),
        get("nc"),
        get("cnonce"),
        get("qop")
    ));
    get("username") == USER && get("response") == wanted
}

fn sha256(text: &str) -> String {
    hex::encode(sha2::Sha256::digest(text))
}

fn md5(text: &str) -> String {
    hex::encode(md5::Md5::digest(text))
}

#[tokio::test]
async fn sha_256_is_chosen_among_several_challenges_in_any_order() {
    const BASIC: &str = "WWW-Authenticate: Basic realm=\"cam\"";
    const MD5: &str = "WWW-Authenticate: Digest realm=\"cam, a\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";
    const SHA: &str = "WWW-Authenticate: Digest realm=\"cam, a\", nonce=\"n2\", qop=\"auth\", algorithm=SHA-256";
    for challenges in [[BASIC, MD5, SHA], [SHA, MD5, BASIC], [MD5, SHA, BASIC]] {
        let device = Device::start(move |request, _| {
            let right = parameter(request, "algorithm").as_deref() == Some("SHA-256")
                && digest_is_right(request, "cam, a", sha256, PASSWORD);
            if right { good() } else { refused(&challenges) }
        })
        .await;
        let channel = Channel::new(endpoint(&device), limits()).unwrap();
        call(&channel).await.unwrap();
        call(&channel).await.unwrap();
        let heard = device.heard();
        assert_eq!(heard.len(), 3, "one challenge, then the nonce is used again");
        assert_eq!(parameter(&heard[1], "nc").as_deref(), Some("00000001"));
        assert_eq!(parameter(&heard[2], "nc").as_deref(), Some("00000002"));
        assert!(
            !heard[2].body.contains("UsernameToken"),
            "one form of authentication at a time"
        );
    }
}

#[tokio::test]
async fn an_md5_camera_gets_back_only_what_it_sent() {
    let device = Device::start(|request, _| {
        let extra = ["algorithm", "opaque"]
            .iter()
            .any(|name| parameter(request, name).is_some());
        if !extra && digest_is_right(request, "r", md5, PASSWORD) {
            good()
        } else {
            refused(&["WWW-Authenticate: Digest qop=\"auth\", realm=\"r\", nonce=\"abc\""])
        }
    })
    .await;
    call(&Channel::new(endpoint(&device), limits()).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_nonce_that_serves_only_once_costs_one_more_request_each_time() {
    let device = Device::start(|request, before| {
        let fresh = format!("n{before}");
        let right = parameter(request, "nonce").as_deref() == Some(&format!("n{}", before.saturating_sub(1)));
        if right && digest_is_right(request, "r", md5, PASSWORD) {
            good()
        } else {
            refused(&[&format!(
                "WWW-Authenticate: Digest realm=\"r\", nonce=\"{fresh}\", qop=\"auth\", stale=true"
            )])
        }
    })
    .await;
    let channel = Channel::new(endpoint(&device), limits()).unwrap();
    for _ in 0..3 {
        call(&channel).await.unwrap();
    }
    assert_eq!(device.heard().len(), 6);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_per_form_so_no_account_is_locked() {
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
    let device = Device::start(move |_, _| refused(&[challenge, "WWW-Authenticate: Basic realm=\"r\""])).await;
    let error = call(&Channel::new(endpoint(&device), limits()).unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), OnvifErrorKind::WrongPassword);
    let heard = device.heard();
    assert_eq!(
        heard
            .iter()
            .filter(|request| request.header("Authorization").is_some())
            .count(),
        1
    );
    assert_eq!(
        heard
            .iter()
            .filter(|request| request.body.contains("UsernameToken"))
            .count(),
        1
    );
}

#[tokio::test]
async fn a_readable_password_leaves_only_by_choice() {
    let text_only = |request: &Request, _: usize| {
        if request.body.contains("#PasswordText") {
            good()
        } else {
            soap(&fault("ter:NotAuthorized", ""))
        }
    };
    let basic_only = |request: &Request, _: usize| {
        let wanted = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
        let right = request.header("Authorization") == Some(wanted.as_str());
        if right {
            good()
        } else {
            refused(&["WWW-Authenticate: Basic realm=\"r\""])
        }
    };
    for device in [Device::start(text_only).await, Device::start(basic_only).await] {
        let strict = Channel::new(endpoint(&device), limits()).unwrap();
        assert_eq!(call(&strict).await.unwrap_err().kind(), OnvifErrorKind::WrongPassword);
        let readable = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        for request in device.heard() {
            assert!(!request.body.contains(PASSWORD) && !request.head.contains(&readable));
        }
        let mut chosen = endpoint(&device);
        (chosen.allow_password_text, chosen.allow_basic) = (true, true);
        call(&Channel::new(chosen, limits()).unwrap()).await.unwrap();
    }
}

/// A camera that demands a WS-UsernameToken stamped within five seconds of its own clock.
async fn strict_clock(skew_s: Arc<AtomicI64>, refusal: &'static str) -> Device {
    Device::start(move |request, _| {
        let now = jiff::Timestamp::now().as_second() + skew_s.load(Ordering::SeqCst);
        if request.asks("GetSystemDateAndTime") {
            return soap(&date_and_time(now));
        }
        let created = request
            .element("Created")
            .and_then(|text| text.parse::<jiff::Timestamp>().ok());
        if created.is_none_or(|at| (at.as_second() - now).abs() > 5) {
            return http("400 Bad Request", &[], &envelope(&fault("ter:NotAuthorized", refusal)));
        }
        if !token_is_right(request) {
            return http(
                "400 Bad Request",
                &[],
                &envelope(&fault("ter:NotAuthorized", "Sender not authorized")),
            );
        }
        if request.asks("GetServices") {
            return soap(
                "<tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver10/media/wsdl\
                 </tds:Namespace><tds:XAddr>http://10.0.0.1/m</tds:XAddr></tds:Service></tds:GetServicesResponse>",
            );
        }
        if request.asks("GetDeviceInformation") {
            return soap(
                "<tds:GetDeviceInformationResponse><tds:Model>X</tds:Model></tds:GetDeviceInformationResponse>",
            );
        }
        good()
    })
    .await
}

fn date_and_time(unix_s: i64) -> String {
    let at = jiff::Timestamp::from_second(unix_s)
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::UTC);
    format!(
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime>\
         <tt:Time><tt:Hour>{}</tt:Hour><tt:Minute>{}</tt:Minute><tt:Second>{}</tt:Second></tt:Time>\
         <tt:Date><tt:Year>{}</tt:Year><tt:Month>{}</tt:Month><tt:Day>{}</tt:Day></tt:Date></tt:UTCDateTime>\
         </tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>",
        at.hour(),
        at.minute(),
        at.second(),
        at.year(),
        at.month(),
        at.day()
    )
}

/// Whether the PasswordDigest is right, computed apart from the client (UsernameToken Profile 1.0).
fn token_is_right(request: &Request) -> bool {
    let get = |name| request.element(name).unwrap_or_default();
    let mut hash = sha1::Sha1::new();
    hash.update(STANDARD.decode(get("Nonce")).unwrap_or_default());
    hash.update(get("Created"));
    hash.update(PASSWORD);
    get("Username") == USER && get("Password") == STANDARD.encode(hash.finalize())
}

#[tokio::test]
async fn a_clock_half_a_year_off_is_followed_and_followed_again_when_it_jumps() {
    let skew_s = Arc::new(AtomicI64::new(-180 * 86_400));
    let device = strict_clock(skew_s.clone(), "Sender not authorized").await;
    let camera = Camera::connect(endpoint(&device), limits()).await.unwrap();
    let offset_s = camera.facts().clock.unwrap().camera_minus_ours_s;
    assert!((offset_s + 180 * 86_400).abs() <= 2, "{offset_s}");
    assert_eq!(
        device.count("GetSystemDateAndTime"),
        1,
        "a known offset is not asked for again"
    );

    let channel = Channel::new(endpoint(&device), limits()).unwrap();
    call(&channel).await.unwrap();
    skew_s.store(7200, Ordering::SeqCst);
    call(&channel).await.unwrap();
    call(&channel).await.unwrap();
    assert!((channel.clock_offset().unwrap().camera_minus_ours_s - 7200).abs() <= 2);
    assert_eq!(device.count("GetSystemDateAndTime"), 3, "once for each jump");
}

#[tokio::test]
async fn a_refusal_for_the_time_that_following_the_clock_does_not_cure_is_clock_wrong() {
    let device = Device::start(|request, _| {
        if request.asks("GetSystemDateAndTime") {
            return soap(&date_and_time(jiff::Timestamp::now().as_second() + 3600));
        }
        http(
            "400 Bad Request",
            &[],
            &envelope(&fault("wsse:MessageExpired", "the message has expired")),
        )
    })
    .await;
    match call(&Channel::new(endpoint(&device), limits()).unwrap()).await {
        Err(OnvifError::ClockWrong { offset_s }) => assert!((offset_s - 3600).abs() <= 2, "{offset_s}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_date_header_serves_when_the_clock_wants_credentials_too() {
    let device = Device::start(|request, _| {
        let now = jiff::Timestamp::now().as_second() - 86_400;
        let created = request
            .element("Created")
            .and_then(|text| text.parse::<jiff::Timestamp>().ok());
        if created.is_some_and(|at| (at.as_second() - now).abs() <= 5) && token_is_right(request) {
            return good();
        }
        let date = jiff::Timestamp::from_second(now)
            .unwrap()
            .strftime("Date: %a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        http("400 Bad Request", &[&date], &envelope(&fault("ter:NotAuthorized", "")))
    })
    .await;
    call(&Channel::new(endpoint(&device), limits()).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_with_a_right_clock_is_wrong_password() {
    let device = strict_clock(Arc::default(), "Sender not authorized").await;
    let wrong = Endpoint::new(device.url(), USER, SecretString::from("another"));
    let error = Camera::connect(wrong, limits()).await.err().unwrap();
    assert_eq!(error.kind(), OnvifErrorKind::WrongPassword, "{error}");
    assert!(
        device
            .heard()
            .iter()
            .filter(|request| request.body.contains("UsernameToken"))
            .count()
            <= 2
    );
}

#[tokio::test]
async fn no_credential_reaches_a_log() {
    let device = Device::start(|_, _| refused(&[])).await;
    let address = device.url().replace("http://", "http://writer:hidden-in-url@");
    let endpoint = Endpoint::new(address, USER, SecretString::from(PASSWORD));
    let shown = format!("{endpoint:?}");
    let error = call(&Channel::new(endpoint, limits()).unwrap()).await.unwrap_err();
    for text in [shown, format!("{error} {error:?}")] {
        assert!(!text.contains(PASSWORD) && !text.contains("hidden-in-url"), "{text}");
    }
    for request in device.heard() {
        assert!(!request.head.contains("hidden") && !request.body.contains("hidden"));
    }
}
