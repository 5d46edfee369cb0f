//! The faults and personas of simulated cameras, seen from outside over HTTP.
//!
//! Invariant: each fault asked for shows, and goes away when it is taken back.
//! Deliberately absent: video faults (freeze, dropped streams), which the RTSP side shows.

use crate::simulated::{self, FIGURES, FIGURES_PASSWORD, PASSWORD, RECORDED_FROM_MS, USER};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use vedetta::sim::device::Device;
use vedetta::sim::faults::Order;
use vedetta::sim::onvif;
use vedetta::sim::onvif::soap::date_time;
use vedetta::sim::onvif::xml::Node;

const PTZ: &str = "http://www.onvif.org/ver20/ptz/wsdl";
const DEVICE: &str = "http://www.onvif.org/ver10/device/wsdl";
const SEARCH: &str = "http://www.onvif.org/ver10/search/wsdl";
const PROFILE: &str = "<ProfileToken>main</ProfileToken>";

/// A dome, and a caller with credentials.
struct Caller {
    device: Arc<Device>,
    base: String,
    http: reqwest::Client,
    user: &'static str,
    password: &'static str,
    /// The caller's idea of the camera's clock minus the true time, seconds.
    clock: i64,
}

async fn caller() -> Caller {
    let device = simulated::device();
    let (address, _) = onvif::serve(device.clone()).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    Caller {
        device,
        base: format!("http://{address}"),
        http,
        user: USER,
        password: PASSWORD,
        clock: 0,
    }
}

impl Caller {
    fn order(&self, json: &str) {
        let order: Order = serde_json::from_str(json).unwrap();
        self.device.order(&order, Instant::now()).unwrap();
    }

    fn token(&self) -> String {
        let now = SystemTime::now();
        let skew = Duration::from_secs(self.clock.unsigned_abs());
        let created = date_time(if self.clock < 0 { now - skew } else { now + skew });
        let nonce = uuid::Uuid::new_v4();
        let mut hash = Sha1::new();
        hash.update(nonce.as_bytes());
        hash.update(&created);
        hash.update(self.password);
        format!(
            "<Security><UsernameToken><Username>{}</Username><Password Type=\"#PasswordDigest\">{}</Password>\
             <Nonce>{}</Nonce><Created>{created}</Created></UsernameToken></Security>",
            self.user,
            STANDARD.encode(hash.finalize()),
            STANDARD.encode(nonce.as_bytes())
        )
    }

    async fn send(&self, namespace: &str, operation: &str, arguments: &str) -> reqwest::Result<reqwest::Response> {
        let body = format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Header>{}</s:Header><s:Body>\
             <{operation} xmlns=\"{namespace}\">{arguments}</{operation}></s:Body></s:Envelope>",
            self.token()
        );
        self.http
            .post(format!("{}/onvif/device_service", self.base))
            .body(body)
            .send()
            .await
    }

    /// The text of a reply, whatever its status.
    async fn text(&self, namespace: &str, operation: &str, arguments: &str) -> String {
        self.send(namespace, operation, arguments)
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// The operation's reply, or the innermost code of the fault.
    async fn ask(&self, namespace: &str, operation: &str, arguments: &str) -> Result<Node, String> {
        let text = self.text(namespace, operation, arguments).await;
        let root = Node::read(&text).unwrap();
        let content = root.child("Body").unwrap().children[0].clone();
        let Some(mut code) = content.child("Code") else {
            return Ok(content);
        };
        while let Some(deeper) = code.child("Subcode") {
            code = deeper;
        }
        Err(code.text_of("Value").unwrap().to_owned())
    }

    async fn ptz(&self, operation: &str, arguments: &str) -> Result<Node, String> {
        self.ask(PTZ, operation, &format!("{PROFILE}{arguments}")).await
    }

    async fn status(&self) -> Result<Node, String> {
        self.ptz("GetStatus", "")
            .await
            .map(|reply| reply.child("PTZStatus").unwrap().clone())
    }

    async fn until(&self, what: &str, condition: impl Fn(&Device) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !condition(&self.device) {
            assert!(Instant::now() < deadline, "did not happen: {what}");
            tokio::task::yield_now().await;
        }
    }
}

fn velocity(pan: f64) -> String {
    format!("<Velocity><PanTilt x=\"{pan}\" y=\"0\"/></Velocity>")
}

fn moving(device: &Device) -> bool {
    device.moving(Instant::now())
}

/// The first positions that a search between two seconds of the recording gives, by their times.
async fn first_positions(caller: &Caller, from_s: u64, to_s: u64) -> Vec<String> {
    let second = |s: u64| date_time(SystemTime::UNIX_EPOCH + Duration::from_millis(RECORDED_FROM_MS + s * 1_000));
    let question = format!(
        "<StartPoint>{}</StartPoint><EndPoint>{}</EndPoint><Scope/><SearchFilter><MinPosition/><MaxPosition/>\
         </SearchFilter><KeepAliveTime>PT10S</KeepAliveTime>",
        second(from_s),
        second(to_s)
    );
    let started = caller.ask(SEARCH, "FindPTZPosition", &question).await.unwrap();
    let token = started.text_of("SearchToken").unwrap();
    let question = format!("<SearchToken>{token}</SearchToken><MaxResults>3</MaxResults>");
    let found = caller.ask(SEARCH, "GetPTZPositionSearchResults", &question).await;
    let list = found.unwrap().child("ResultList").unwrap().clone();
    let times = list.children.iter().filter_map(|result| result.text_of("Time"));
    times.map(|time| time[17..21].to_owned()).collect()
}

#[tokio::test]
async fn a_search_of_positions_whose_end_is_before_its_start_gives_the_latest_first() {
    let caller = caller().await;
    // The recording begins at twenty seconds past a minute.
    assert_eq!(first_positions(&caller, 5, 15).await, ["25.0", "25.2", "25.4"]);
    assert_eq!(first_positions(&caller, 15, 5).await, ["35.0", "34.8", "34.6"]);
}

#[tokio::test]
async fn credentials_are_checked_and_levels_kept() {
    let mut caller = caller().await;
    assert!(caller.ask(DEVICE, "GetUsers", "").await.is_ok());
    caller.order(r#"{"credentials":"refuse"}"#);
    assert_eq!(caller.status().await, Err("ter:NotAuthorized".into()));
    caller.order(r#"{"credentials":"normal"}"#);
    (caller.user, caller.password) = (FIGURES, FIGURES_PASSWORD);
    assert!(caller.status().await.is_ok());
    assert_eq!(
        caller.ptz("ContinuousMove", &velocity(0.5)).await,
        Err("ter:NotAuthorized".into())
    );
    assert_eq!(
        caller.ask(DEVICE, "SystemReboot", "").await,
        Err("ter:NotAuthorized".into())
    );
    assert!(!moving(&caller.device));
    caller.password = "wrong";
    assert_eq!(caller.status().await, Err("ter:NotAuthorized".into()));
    assert!(caller.ask(DEVICE, "GetSystemDateAndTime", "").await.is_ok());
}

#[tokio::test]
async fn without_credentials_the_camera_challenges_with_both_hashes() {
    let caller = caller().await;
    let body = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\
                <GetUsers xmlns=\"http://www.onvif.org/ver10/device/wsdl\"/></s:Body></s:Envelope>";
    let post = || {
        caller
            .http
            .post(format!("{}/onvif/device_service", caller.base))
            .body(body)
            .send()
    };
    let reply = post().await.unwrap();
    assert_eq!(reply.status(), 401);
    let challenges: Vec<_> = reply
        .headers()
        .get_all("www-authenticate")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert!(
        challenges.len() == 2 && challenges[0].contains("MD5") && challenges[1].contains("SHA-256"),
        "{challenges:?}"
    );
    caller.order(r#"{"auth":"token_only"}"#);
    let reply = post().await.unwrap();
    assert_eq!(
        (reply.status().as_u16(), reply.headers().get("www-authenticate")),
        (400, None)
    );
}

#[tokio::test]
async fn a_clock_half_a_year_off_refuses_the_true_time_and_tells_its_own() {
    let mut caller = caller().await;
    caller.order(r#"{"persona":"old-clock"}"#);
    assert_eq!(caller.status().await, Err("ter:NotAuthorized".into()));
    caller.clock = -15_552_000;
    assert!(caller.status().await.is_ok());
}

#[tokio::test]
async fn a_rebooting_camera_breaks_every_connection_and_comes_back() {
    let caller = caller().await;
    assert!(caller.status().await.is_ok());
    caller.order(r#"{"reboot":1}"#);
    assert!(caller.send(PTZ, "GetStatus", PROFILE).await.is_err());
    caller
        .until("the reboot ends", |device| !device.faults().rebooting(Instant::now()))
        .await;
    assert!(caller.status().await.is_ok());
}

#[tokio::test]
async fn replies_go_wrong_as_ordered() {
    let caller = caller().await;
    caller.order(r#"{"reply":"malformed"}"#);
    assert!(Node::read(&caller.text(PTZ, "GetStatus", PROFILE).await).is_err());
    caller.order(r#"{"reply":"empty200"}"#);
    assert_eq!(caller.text(PTZ, "GetStatus", PROFILE).await, "");
    caller.order(r#"{"reply":"huge"}"#);
    assert!(caller.text(PTZ, "GetStatus", PROFILE).await.len() > 8 << 20);
    caller.order(r#"{"reply":"deep"}"#);
    assert_eq!(
        caller.text(PTZ, "GetStatus", PROFILE).await.matches("<a>").count(),
        60_000
    );
    caller.order(r#"{"reply":"truncated"}"#);
    let reply = caller.send(PTZ, "GetStatus", PROFILE).await.unwrap();
    assert!(reply.status().is_success() && reply.bytes().await.is_err());
    caller.order(r#"{"reply":"slow_drip"}"#);
    let mut reply = caller.send(PTZ, "GetStatus", PROFILE).await.unwrap();
    assert_eq!(reply.chunk().await.unwrap().map(|chunk| chunk.len()), Some(1));
    caller.order(r#"{"reply":"normal"}"#);
    assert!(caller.status().await.is_ok());
}

#[tokio::test]
async fn nonsense_is_answered_with_a_fault() {
    let caller = caller().await;
    for body in ["", "<", "plain", "<a/>", "\u{0}"] {
        let reply = caller
            .http
            .post(format!("{}/onvif/ptz", caller.base))
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 400);
        assert!(reply.text().await.unwrap().contains("ter:WellFormed"));
    }
    assert_eq!(
        caller.ask("urn:none", "Nothing", "").await,
        Err("ter:ActionNotSupported".into())
    );
    assert_eq!(
        caller.ptz("ContinuousMove", "<Velocity/>").await,
        Err("ter:InvalidVelocity".into())
    );
    assert_eq!(
        caller.ptz("ContinuousMove", &velocity(f64::NAN)).await,
        Err("ter:InvalidVelocity".into())
    );
    assert_eq!(
        caller.ptz("ContinuousMove", &velocity(1.5)).await,
        Err("ter:InvalidVelocity".into())
    );
    let late = format!("{}<Timeout>PT2H</Timeout>", velocity(0.5));
    assert_eq!(
        caller.ptz("ContinuousMove", &late).await,
        Err("ter:TimeoutNotSupported".into())
    );
    let space = "<Velocity><PanTilt x=\"0.1\" y=\"0\" space=\"urn:other\"/></Velocity>";
    assert_eq!(
        caller.ptz("ContinuousMove", space).await,
        Err("ter:SpaceNotSupported".into())
    );
    assert!(!moving(&caller.device));
}

#[tokio::test]
async fn status_lies_as_ordered() {
    let caller = caller().await;
    caller
        .ptz("ContinuousMove", &format!("{}<Timeout>PT30S</Timeout>", velocity(0.1)))
        .await
        .unwrap();
    caller.order(r#"{"status_delay_ms":0}"#);
    let state = |status: &Node| {
        status
            .child("MoveStatus")
            .unwrap()
            .text_of("PanTilt")
            .unwrap()
            .to_owned()
    };
    assert_eq!(state(&caller.status().await.unwrap()), "MOVING");
    caller.order(r#"{"status":"always_idle"}"#);
    assert_eq!(state(&caller.status().await.unwrap()), "IDLE");
    caller.order(r#"{"status":"always_moving","status_delay_ms":3600000}"#);
    assert_eq!(state(&caller.status().await.unwrap()), "MOVING");
    caller.order(r#"{"status":"no_position"}"#);
    assert!(caller.status().await.unwrap().child("Position").is_none());
    caller.order(r#"{"status":"missing"}"#);
    assert_eq!(caller.status().await, Err("ter:NoStatus".into()));
    caller.order(r#"{"status":"normal","status_delay_ms":3600000}"#);
    assert_eq!(
        state(&caller.status().await.unwrap()),
        "IDLE",
        "an hour ago nothing moved"
    );
}

#[tokio::test]
async fn the_dialects_of_stop_and_timeout() {
    let caller = caller().await;
    let long = format!("{}<Timeout>PT60S</Timeout>", velocity(0.1));
    for (order, answer) in [
        (r#"{"stop":"ignored"}"#, None),
        (r#"{"stop":"absent"}"#, Some("ter:ActionNotSupported")),
    ] {
        caller.order(order);
        caller.ptz("ContinuousMove", &long).await.unwrap();
        assert_eq!(caller.ptz("Stop", "").await.err().as_deref(), answer);
        caller
            .until("the move goes on", |device| {
                device.true_pose(Instant::now()).pan_deg.abs() > 0.0
            })
            .await;
        assert!(moving(&caller.device));
        caller.ptz("ContinuousMove", &velocity(0.0)).await.unwrap();
        caller.until("zero stops", |device| !moving(device)).await;
    }
    caller.order(r#"{"stop":"normal","timeout":"refused"}"#);
    assert_eq!(
        caller.ptz("ContinuousMove", &long).await,
        Err("ter:TimeoutNotSupported".into())
    );
    assert!(caller.ptz("ContinuousMove", &velocity(0.1)).await.is_ok());
    caller.order(r#"{"timeout":"ignored"}"#);
    caller
        .ptz(
            "ContinuousMove",
            &format!("{}<Timeout>PT0.1S</Timeout>", velocity(0.01)),
        )
        .await
        .unwrap();
    assert!(caller.device.moving(Instant::now() + Duration::from_secs(3_600)));
    caller.ptz("Stop", "").await.unwrap();
    caller.until("stop stops", |device| !moving(device)).await;
}

#[tokio::test]
async fn personas_show_their_habits() {
    let caller = caller().await;
    caller.order(r#"{"persona":"pelco"}"#);
    let node = caller.ask(PTZ, "GetNodes", "").await.unwrap();
    let space = node
        .child("PTZNode")
        .unwrap()
        .child("SupportedPTZSpaces")
        .unwrap()
        .child("AbsolutePanTiltPositionSpace");
    assert_eq!(space.unwrap().child("XRange").unwrap().text_of("Max"), Some("360"));
    let position = caller
        .status()
        .await
        .unwrap()
        .child("Position")
        .unwrap()
        .child("PanTilt")
        .unwrap()
        .clone();
    assert_eq!(position.attribute("x"), Some("180.000000"));
    caller
        .ptz("AbsoluteMove", "<Position><PanTilt x=\"270\" y=\"80\"/></Position>")
        .await
        .unwrap();
    caller
        .until("a quarter turn", |device| {
            !moving(device) && device.true_pose(Instant::now()).pan_deg > 89.0
        })
        .await;

    caller.order(r#"{"persona":"hikvision"}"#);
    assert_eq!(caller.ptz("GetPresets", "").await.unwrap().children.len(), 300);
    let both = "<Velocity><PanTilt x=\"0\" y=\"0\"/><Zoom x=\"0\"/></Velocity>";
    assert_eq!(
        caller.ptz("ContinuousMove", both).await,
        Err("ter:InvalidVelocity".into())
    );

    caller.order(r#"{"persona":"reolink"}"#);
    assert!(Node::read(&caller.text(DEVICE, "GetServices", "").await).is_err());
    assert_eq!(caller.text(DEVICE, "GetNothing", "").await, "");
    assert_eq!(caller.ptz("Stop", "").await, Err("ter:NoPTZProfile".into()));

    caller.order(r#"{"persona":"tp-link"}"#);
    assert_eq!(
        caller.ask(DEVICE, "GetServices", "").await,
        Err("ter:ActionNotSupported".into())
    );

    caller.order(r#"{"persona":"behind-nat"}"#);
    assert!(
        caller
            .text(DEVICE, "GetServices", "")
            .await
            .contains("http://192.0.2.1/onvif/ptz_service")
    );
    let arguments = format!("<Protocol>RTSP</Protocol>{PROFILE}");
    let media2 = "http://www.onvif.org/ver20/media/wsdl";
    assert!(
        caller
            .text(media2, "GetStreamUri", &arguments)
            .await
            .contains("rtsp://0.0.0.0:5554/main")
    );

    caller.order(r#"{"persona":"normal"}"#);
    assert!(caller.ask(DEVICE, "GetServices", "").await.is_ok());
}
