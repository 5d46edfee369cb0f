//! Vedetta's ONVIF client against the simulated dome, in every persona and with every reply fault it can play.
//!
//! Invariant: the two sides share no code but `domain`; what one sends, the other must understand from the standard.
//! Deliberately absent: streams and pictures, and the rooms above `onvif`.

use crate::simulated::{self, PASSWORD, RECORDED_FROM_MS, USER};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use vedetta::domain::camera::{NormalisedPosition, StreamRole};
use vedetta::domain::privacy::camera_side::{PtzLimits, fit, left_open};
use vedetta::domain::site::orientation::OrientationPart;
use vedetta::onvif::{Camera, Endpoint, Limits, MoveState, OnvifErrorKind, Ptz, PtzStatus, Velocity, discovery};
use vedetta::sim::device::{Alarm, Device, Recorded};
use vedetta::sim::faults::{Order, PERSONAS};

const LONGEST: Duration = Duration::from_secs(20);

/// A simulated dome and where it listens.
struct Town {
    device: Arc<Device>,
    address: SocketAddr,
}

impl Town {
    async fn with(order: &str) -> Self {
        let device = simulated::device();
        let town = Self {
            address: vedetta::sim::onvif::serve(device.clone()).await.unwrap().0,
            device,
        };
        town.order(order);
        town
    }

    fn order(&self, json: &str) {
        let order: Order = serde_json::from_str(json).unwrap();
        self.device.order(&order, Instant::now()).unwrap();
    }

    fn endpoint(&self, user: &str, password: &str) -> Endpoint {
        let mut endpoint = Endpoint::new(
            format!("http://{}/onvif/device_service", self.address),
            user,
            SecretString::from(password),
        );
        endpoint.allow_password_text = true;
        endpoint
    }

    async fn camera(&self) -> Camera {
        Camera::connect(self.endpoint(USER, PASSWORD), Limits::default())
            .await
            .unwrap()
    }

    /// The position in truth.
    fn truth(&self) -> NormalisedPosition {
        let pose = self.device.true_pose(Instant::now());
        NormalisedPosition {
            pan: pose.pan_deg / 180.0,
            tilt: (pose.tilt_deg + 40.0) / 50.0,
            zoom: f64::NAN,
        }
    }
}

/// Asks for the status until it fits; the last one when it never does.
async fn until(ptz: &Ptz, fits: impl Fn(&PtzStatus) -> bool) -> PtzStatus {
    let deadline = Instant::now() + LONGEST;
    loop {
        let status = ptz.status().await.unwrap();
        if fits(&status) || Instant::now() > deadline {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn until_true(what: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + LONGEST;
    while !what() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    what()
}

#[tokio::test]
async fn every_persona_is_connected_to_and_shows_its_streams_and_motors() {
    for persona in PERSONAS {
        let town = Town::with(&format!("{{\"persona\":\"{persona}\"}}")).await;
        let camera = town.camera().await;
        assert!(camera.facts().model.is_some(), "{persona}");
        let streams = camera.streams().await.unwrap();
        let seen: Vec<_> = streams
            .iter()
            .map(|s| (s.role, s.codec.as_str(), s.width, s.height))
            .collect();
        let wanted = [
            (StreamRole::Main, "H265", 1280, 720),
            (StreamRole::Sub, "H264", 640, 360),
        ];
        // Without GetServices nothing tells of Media2, and Media knows no H.265.
        let wanted = if persona == "tp-link" {
            vec![(StreamRole::Main, "H264", 640, 360)]
        } else {
            wanted.to_vec()
        };
        assert_eq!(seen, wanted, "{persona}");
        assert!(
            streams.iter().all(|s| s.uri.starts_with("rtsp://127.0.0.1:5554/")),
            "{persona} {streams:?}"
        );
        camera.synchronise(&streams[0].profile).await.unwrap();
        let ptz = camera.ptz().await.unwrap().unwrap();
        let status = ptz.status().await.unwrap();
        match persona {
            "reolink" => assert_eq!(status.position, None),
            _ => {
                let (read, truth) = (status.position.unwrap(), town.truth());
                assert!(
                    (read.pan - truth.pan).abs() < 0.01 && (read.tilt - truth.tilt).abs() < 0.01,
                    "{persona} {read:?}"
                );
            }
        }
        assert!(!ptz.presets().await.unwrap().is_empty() || persona != "hikvision");
    }
}

#[tokio::test]
async fn a_dome_turns_and_stands_still_again_in_every_persona_that_knows_stop() {
    for persona in ["normal", "axis", "tp-link", "pelco", "old-clock", "sha256-only"] {
        let town = Town::with(&format!("{{\"persona\":\"{persona}\"}}")).await;
        let ptz = town.camera().await.ptz().await.unwrap().unwrap();
        let before = ptz.status().await.unwrap().position.unwrap();
        let right = Velocity {
            pan: Some(0.8),
            ..Velocity::default()
        };
        ptz.continuous(right, Duration::from_millis(1500)).await.unwrap();
        let moving = until(&ptz, |s| s.moving == MoveState::Moving).await;
        assert_eq!(moving.moving, MoveState::Moving, "{persona}");
        until(&ptz, |s| s.position.is_some_and(|p| (p.pan - before.pan).abs() > 0.01)).await;
        ptz.stop().await.unwrap();
        let still = until(&ptz, |s| s.moving == MoveState::Idle).await;
        assert_eq!(still.moving, MoveState::Idle, "{persona}");
        let after = still.position.unwrap();
        assert!(
            after.pan > before.pan && (after.tilt - before.tilt).abs() < 1e-3,
            "{persona}: {before:?} {after:?}"
        );
    }
}

#[tokio::test]
async fn an_absolute_position_is_reached_in_degrees_under_the_generic_name_too() {
    for order in ["{}", "{\"spaces\":\"degrees\"}"] {
        let town = Town::with(order).await;
        let ptz = town.camera().await.ptz().await.unwrap().unwrap();
        let to = NormalisedPosition {
            pan: 0.1,
            tilt: 0.2,
            zoom: 0.25,
        };
        ptz.absolute(to).await.unwrap();
        let near = |p: NormalisedPosition| {
            (p.pan - to.pan).abs() < 2e-3 && (p.tilt - to.tilt).abs() < 2e-3 && (p.zoom - to.zoom).abs() < 2e-3
        };
        let status = until(&ptz, |s| s.position.is_some_and(near)).await;
        assert!(status.position.is_some_and(near), "{order} {status:?}");
        let truth = town.truth();
        assert!(
            (truth.pan - to.pan).abs() < 2e-3 && (truth.tilt - to.tilt).abs() < 2e-3,
            "{order} {truth:?}"
        );
    }
    let town = Town::with("{\"spaces\":\"empty\"}").await;
    let ptz = town.camera().await.ptz().await.unwrap().unwrap();
    assert_eq!(ptz.status().await.unwrap().position, None, "no range, no position");
    let error = ptz
        .absolute(NormalisedPosition {
            pan: 0.0,
            tilt: 0.0,
            zoom: 0.0,
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), OnvifErrorKind::NotSupported);
}

#[tokio::test]
async fn a_dome_that_ignores_or_lacks_stop_stands_still_by_zero_velocity() {
    for stop in ["ignored", "absent"] {
        let town = Town::with(&format!("{{\"stop\":\"{stop}\"}}")).await;
        let ptz = town.camera().await.ptz().await.unwrap().unwrap();
        let zoom = Velocity {
            pan: Some(0.3),
            ..Velocity::default()
        };
        ptz.continuous(zoom, Duration::from_secs(10)).await.unwrap();
        assert!(until_true(|| town.device.moving(Instant::now())).await);
        let stopped = ptz.stop().await;
        let kind = stopped.err().map(|error| error.kind());
        assert_eq!(kind, (stop == "absent").then_some(OnvifErrorKind::NotSupported));
        let still = Velocity {
            pan: Some(0.0),
            tilt: Some(0.0),
            zoom: None,
        };
        ptz.continuous(still, Duration::from_secs(1)).await.unwrap();
        assert!(until_true(|| !town.device.moving(Instant::now())).await, "{stop}");
    }
}

#[tokio::test]
async fn presets_are_saved_listed_called_and_removed() {
    let town = Town::with("{}").await;
    let ptz = town.camera().await.ptz().await.unwrap().unwrap();
    let token = ptz.set_preset("Città <vecchia> & nuova").await.unwrap();
    let preset = ptz
        .presets()
        .await
        .unwrap()
        .into_iter()
        .find(|p| p.token == token)
        .unwrap();
    assert_eq!(preset.name, "Città <vecchia> & nuova");
    let here = ptz.status().await.unwrap().position.unwrap();
    assert!((preset.position.unwrap().pan - here.pan).abs() < 1e-3);
    let left = Velocity {
        pan: Some(-1.0),
        ..Velocity::default()
    };
    ptz.continuous(left, Duration::from_millis(500)).await.unwrap();
    until(&ptz, |s| {
        s.moving == MoveState::Idle && s.position.is_some_and(|p| (p.pan - here.pan).abs() > 0.01)
    })
    .await;
    ptz.goto_preset(&token).await.unwrap();
    let back = until(&ptz, |s| s.position.is_some_and(|p| (p.pan - here.pan).abs() < 2e-3)).await;
    assert!((back.position.unwrap().pan - here.pan).abs() < 2e-3);
    ptz.remove_preset(&token).await.unwrap();
    assert!(ptz.presets().await.unwrap().iter().all(|p| p.token != token));
    town.order("{\"persona\":\"hikvision\"}");
    let many = ptz.presets().await.unwrap();
    assert_eq!(many.len(), 300);
    assert!(many.iter().all(|preset| !preset.name.contains('%')), "{:?}", many[0]);
}

#[tokio::test]
async fn a_clock_half_a_year_off_is_followed_and_said() {
    let town = Town::with("{\"clock_skew_s\":-15552000}").await;
    let camera = town.camera().await;
    let offset_s = camera.facts().clock.unwrap().camera_minus_ours_s;
    assert!((offset_s + 15_552_000).abs() <= 2, "{offset_s}");
    town.order("{\"clock_skew_s\":86400}");
    camera.streams().await.unwrap();
    assert!((camera.clock_offset().await.unwrap() - 86_400).abs() <= 2);
}

#[tokio::test]
async fn every_reply_fault_is_a_clear_error_in_time_and_passes_with_the_fault() {
    use OnvifErrorKind as K;
    let town = Town::with("{}").await;
    let limits = Limits {
        total: Duration::from_secs(2),
        ptz: Duration::from_secs(1),
        ..Limits::default()
    };
    let endpoint = town.endpoint(USER, PASSWORD);
    let ptz = Camera::connect(endpoint, limits)
        .await
        .unwrap()
        .ptz()
        .await
        .unwrap()
        .unwrap();
    for (reply, kind) in [
        ("malformed", K::Nonsense),
        ("huge", K::TooLarge),
        ("deep", K::TooDeep),
        ("slow_drip", K::Timeout),
        ("empty200", K::Nonsense),
    ] {
        town.order(&format!("{{\"reply\":\"{reply}\"}}"));
        let started = Instant::now();
        let error = ptz.presets().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{reply}: {error}");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{reply} took {:?}",
            started.elapsed()
        );
        town.order("{\"reply\":\"normal\"}");
        ptz.presets().await.unwrap();
    }
}

#[tokio::test]
async fn who_may_not_enter_is_told_so() {
    let town = Town::with("{}").await;
    let wrong = Camera::connect(town.endpoint("operatore", "sbagliata"), Limits::default()).await;
    assert_eq!(wrong.err().unwrap().kind(), OnvifErrorKind::WrongPassword);
    let figures = Camera::connect(town.endpoint("figure", "numeri"), Limits::default())
        .await
        .unwrap();
    assert!(figures.facts().model.is_some());
    town.order("{\"credentials\":\"refuse\"}");
    let refused = Camera::connect(town.endpoint(USER, PASSWORD), Limits::default()).await;
    assert_eq!(refused.err().unwrap().kind(), OnvifErrorKind::WrongPassword);
}

#[tokio::test]
async fn alarms_arrive_over_the_pull_point() {
    let town = Town::with("{}").await;
    let mut subscription = town.camera().await.subscribe(Duration::from_secs(60)).await.unwrap();
    while !subscription.pull(Duration::from_secs(1)).await.unwrap().is_empty() {}
    town.device.alarm(Alarm::Motion, true, SystemTime::now());
    let deadline = Instant::now() + LONGEST;
    let mut found = None;
    while found.is_none() && Instant::now() < deadline {
        let events = subscription.pull(Duration::from_secs(2)).await.unwrap();
        found = events.into_iter().find(|event| event.topic.contains("Motion"));
    }
    let event = found.unwrap();
    assert!(
        event.data.iter().any(|(_, value)| value.eq_ignore_ascii_case("true")),
        "{event:?}"
    );
    assert!(event.at_ms.is_some());
    subscription.end().await.unwrap();
}

#[tokio::test]
async fn recordings_are_found_with_their_times_and_their_address() {
    let town = Town::with("{}").await;
    let camera = town.camera().await;
    let recordings = camera.recordings().await.unwrap();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0].from_ms, Some(RECORDED_FROM_MS as i64));
    assert_eq!(recordings[0].to_ms, Some(RECORDED_FROM_MS as i64 + 60_000));
    let uri = camera.replay_uri(&recordings[0].token).await.unwrap();
    assert!(uri.starts_with("rtsp://127.0.0.1:5554/replay"), "{uri}");
}

/// Of a recorder that keeps positions when they change (ONVIF Streaming 5.1.2.1.1) the last one before a rest is found by
/// looking backwards (Recording Search 5.11), and no other way.
#[tokio::test]
async fn where_a_dome_came_to_rest_is_found_by_looking_backwards() {
    let town = Town::with(r#"{"positions":"changes"}"#).await;
    let now_ms = || jiff::Timestamp::now().as_millisecond();
    let from_ms = now_ms();
    town.device.set_recorder(Box::new(move || {
        Some(Recorded {
            rtsp_path: "/replay".into(),
            from_ms: from_ms as u64,
            to_ms: now_ms() as u64,
        })
    }));
    let camera = town.camera().await;
    let ptz = camera.ptz().await.unwrap().unwrap();
    let to = NormalisedPosition {
        pan: 0.1,
        tilt: 0.2,
        zoom: 0.25,
    };
    ptz.absolute(to).await.unwrap();
    assert!(until_true(|| town.device.moving(Instant::now())).await);
    assert!(until_true(|| !town.device.moving(Instant::now())).await);
    let stood_ms = now_ms();
    let token = &camera.recordings().await.unwrap()[0].token;
    let found = async |from_ms, to_ms| camera.recorded_positions(token, from_ms, to_ms).await.unwrap();
    // A position is written a little after the dome was there, and moments are a fifth of a second apart.
    let rested_ms = stood_ms + 1_500;
    assert!(until_true(|| now_ms() > rested_ms + 1_000).await);
    assert_eq!(found(rested_ms, now_ms()).await, [], "while it rests");
    let (backwards, forwards) = (found(rested_ms, from_ms).await, found(from_ms, rested_ms).await);
    assert!(
        forwards.len() > 2 && backwards == forwards,
        "{backwards:?} {forwards:?}"
    );
    let last = backwards.last().unwrap().position;
    let off = [last.pan - to.pan, last.tilt - to.tilt, last.zoom - to.zoom];
    assert!(off.iter().all(|off| off.abs() < 2e-3), "{last:?}");
    town.order(r#"{"positions":"often"}"#);
    assert!(
        found(rested_ms, now_ms()).await.len() > 3,
        "a recorder that writes always"
    );
}

#[tokio::test]
async fn a_probe_finds_the_simulated_dome() {
    let town = Town::with("{}").await;
    let (target, _) = vedetta::sim::discovery::serve(vec![(town.device.clone(), town.address)], false)
        .await
        .unwrap();
    let localhost = std::net::Ipv4Addr::LOCALHOST;
    let found = discovery::probe_at(localhost, target, Duration::from_secs(1))
        .await
        .unwrap();
    assert_eq!(found.len(), 1, "two probes, one device");
    assert_eq!(
        found[0].addresses,
        [format!("http://{}/onvif/device_service", town.address)]
    );
    assert_eq!(found[0].name.as_deref(), Some("Piazza Grande"));
}

fn triangle() -> Vec<[f64; 2]> {
    vec![[0.2, 0.2], [0.6, 0.25], [0.3, 0.6]]
}

fn far_square() -> Vec<[f64; 2]> {
    vec![[0.7, 0.7], [0.9, 0.7], [0.9, 0.9], [0.7, 0.9]]
}

#[tokio::test]
async fn r_prv_3_masks_are_written_read_back_and_taken_away() {
    let town = Town::with("{}").await;
    let masks = town.camera().await.masks().await.unwrap().unwrap();
    let options = masks.options().await.unwrap();
    assert_eq!((options.most_masks, options.rectangles_only), (8, false));
    let planned = vec![triangle(), far_square()];
    let there = masks.write(&fit(&planned, &options)).await.unwrap();
    let polygons: Vec<_> = there.iter().map(|mask| mask.polygon.clone()).collect();
    assert_eq!(left_open(&planned, &polygons), []);
    // Fewer masks than before: the ones too many are taken away.
    let there = masks.write(&planned[..1]).await.unwrap();
    assert_eq!(there.len(), 1);
    masks.delete(&there[0].token).await.unwrap();
    assert_eq!(masks.list().await.unwrap(), []);
}

#[tokio::test]
async fn r_prv_3_a_camera_that_takes_masks_in_its_own_way_is_found_out() {
    let planned = vec![
        triangle(),
        far_square(),
        vec![[0.7, 0.1], [0.9, 0.1], [0.9, 0.3], [0.7, 0.3]],
    ];
    for (fault, open) in [("rectangle_only", 0), ("adapted", 3), ("few", 1)] {
        let town = Town::with(&format!("{{\"masks\":\"{fault}\"}}")).await;
        let masks = town.camera().await.masks().await.unwrap().unwrap();
        let options = masks.options().await.unwrap();
        let there = match masks.write(&fit(&planned, &options)).await {
            Ok(there) => there,
            Err(error) => {
                assert_eq!((fault, error.kind()), ("few", OnvifErrorKind::Fault), "{error}");
                masks.list().await.unwrap()
            }
        };
        let polygons: Vec<_> = there.into_iter().map(|mask| mask.polygon).collect();
        assert_eq!(left_open(&planned, &polygons).len(), open, "{fault}: {polygons:?}");
    }
    let town = Town::with(r#"{"masks":"absent"}"#).await;
    let masks = town.camera().await.masks().await.unwrap().unwrap();
    assert_eq!(masks.options().await.unwrap_err().kind(), OnvifErrorKind::NotSupported);
}

#[tokio::test]
async fn r_prv_3_limits_are_written_in_the_cameras_own_numbers_and_read_back() {
    for persona in ["normal", "pelco"] {
        let town = Town::with(&format!("{{\"persona\":\"{persona}\"}}")).await;
        let limits = town.camera().await.configured_limits().await.unwrap().unwrap();
        let all = limits.read().await.unwrap().unwrap();
        let at = |pan, tilt, zoom| NormalisedPosition { pan, tilt, zoom };
        let planned = PtzLimits {
            low: at(-0.5, -0.8, 0.0),
            high: at(0.25, 0.6, 0.4),
        };
        assert!(all.is_wider_than(&planned), "{persona}: {all:?}");
        let there = limits.write(&planned).await.unwrap().unwrap();
        assert!(
            !there.is_wider_than(&planned) && !planned.is_wider_than(&there),
            "{persona}: {there:?}"
        );
    }
}

#[tokio::test]
async fn r_prv_1_a_mirror_that_somebody_ticked_in_the_web_page_is_a_difference() {
    let town = Town::with("{}").await;
    let camera = town.camera().await;
    let planned = camera.orientation().await.unwrap();
    assert!(planned.bounds.is_some() && !planned.spaces.is_empty(), "{planned:?}");
    assert_eq!(planned.differences(&camera.orientation().await.unwrap()), []);
    town.order(r#"{"says_mirrored":true}"#);
    let now = camera.orientation().await.unwrap();
    // Until now nothing was declared of either: «not declared» is not «off».
    assert_eq!(
        planned.differences(&now),
        [OrientationPart::Rotation, OrientationPart::Mirror]
    );
}

#[tokio::test]
async fn users_come_and_go_by_the_rules_of_the_camera() {
    use vedetta::onvif::users::{UserLevel, Users};
    let town = Town::with("{}").await;
    let users = Users::at(town.endpoint(USER, PASSWORD), Limits::default()).unwrap();
    let strong = SecretString::from("Segreta & 2026");
    let create = async |name: &str, password: &SecretString| {
        let made = users.create(name, password, UserLevel::Operator).await;
        made.map_err(|error| error.kind())
    };
    assert_eq!(create("v-abcdefgh", &strong).await, Ok(()));
    assert_eq!(
        users.list().await.unwrap().last().map(|user| user.name.as_str()),
        Some("v-abcdefgh")
    );
    let camera = Camera::connect(town.endpoint("v-abcdefgh", "Segreta & 2026"), Limits::default())
        .await
        .unwrap();
    let ptz = camera.ptz().await.unwrap().unwrap();
    let right = Velocity {
        pan: Some(0.1),
        tilt: None,
        zoom: None,
    };
    ptz.continuous(right, Duration::from_secs(1)).await.unwrap();
    assert_eq!(
        create("v-abcdefgh", &strong).await,
        Err(OnvifErrorKind::Fault),
        "the name is taken"
    );
    assert_eq!(create("v-bbbbbbbb", &"debole".into()).await, Err(OnvifErrorKind::Fault));
    assert_eq!(
        create("v-bbbbbbbb", &"Segreta2026Segreta2026".into()).await,
        Err(OnvifErrorKind::Fault)
    );
    let own = Users::at(town.endpoint("v-abcdefgh", "Segreta & 2026"), Limits::default()).unwrap();
    assert_eq!(
        own.list().await.unwrap_err().kind(),
        OnvifErrorKind::WrongPassword,
        "no administrator"
    );
    users.delete("v-abcdefgh").await.unwrap();
    users.delete("v-abcdefgh").await.unwrap();
    let gone = Camera::connect(town.endpoint("v-abcdefgh", "Segreta & 2026"), Limits::default()).await;
    assert_eq!(
        gone.err().map(|error| error.kind()),
        Some(OnvifErrorKind::WrongPassword)
    );
    for n in 0..14 {
        assert_eq!(create(&format!("utente{n}"), &strong).await, Ok(()), "{n}");
    }
    assert_eq!(
        create("v-bbbbbbbb", &strong).await,
        Err(OnvifErrorKind::Busy),
        "sixteen in all"
    );
    users.delete("utente0").await.unwrap();
    town.order(r#"{"users": "plain_names"}"#);
    assert_eq!(create("v-bbbbbbbb", &strong).await, Err(OnvifErrorKind::Fault));
    town.order(r#"{"users": "absent"}"#);
    assert_eq!(create("v-bbbbbbbb", &strong).await, Err(OnvifErrorKind::NotSupported));
}
