//! Services that misbehave: streams, motors, recordings and pull points.

use super::{endpoint, limits};
use crate::scripted_device::{Answer, Device, Request, envelope, fault, http, soap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use vedetta::domain::camera::{NormalisedPosition, StreamRole};
use vedetta::onvif::{Camera, MoveState, OnvifErrorKind, Velocity};

const FAR: &str = "http://www.onvif.org/ver10/tptz";

/// Answers what connecting needs, with these services, and leaves the rest to `script`.
pub async fn device(
    services: &'static [(&'static str, &'static str)],
    script: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
) -> Device {
    Device::start(move |request, before| {
        if request.asks("GetServices") {
            let list = services.iter().map(|(namespace, address)| {
                format!(
                    "<tds:Service><tds:Namespace>http://www.onvif.org/{namespace}/wsdl</tds:Namespace>\
                     <tds:XAddr>{address}</tds:XAddr></tds:Service>"
                )
            });
            return soap(&format!(
                "<tds:GetServicesResponse>{}</tds:GetServicesResponse>",
                list.collect::<String>()
            ));
        }
        if request.asks("GetDeviceInformation") {
            return soap(
                "<tds:GetDeviceInformationResponse><tds:Model>X</tds:Model></tds:GetDeviceInformationResponse>",
            );
        }
        script(request, before)
    })
    .await
}

pub fn absent() -> Answer {
    http(
        "400 Bad Request",
        &[],
        &envelope(&fault("ter:ActionNotSupported", "Optional Action Not Implemented")),
    )
}

pub async fn connected(device: &Device) -> Camera {
    Camera::connect(endpoint(device), limits()).await.unwrap()
}

const PROFILES: &str = "<trt:GetProfilesResponse>\
    <trt:Profiles token=\"mainStream\"><tt:Name>mainStream</tt:Name>\
    <tt:VideoEncoderConfiguration token=\"e1\"><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>640</tt:Width>\
    <tt:Height>360</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>\
    <trt:Profiles token=\"subStream\"><tt:Name>subStream</tt:Name>\
    <tt:VideoEncoderConfiguration token=\"e2\"><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>1920</tt:Width>\
    <tt:Height>1080</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration>\
    <tt:PTZConfiguration token=\"c\"><tt:NodeToken>two</tt:NodeToken></tt:PTZConfiguration></trt:Profiles>\
    <trt:Profiles token=\"audio only\"/></trt:GetProfilesResponse>";

#[tokio::test]
async fn media2_that_is_of_no_use_gives_way_to_media_and_addresses_are_made_safe() {
    let services = &[
        ("ver20/media", "http://10.9.8.7/media2"),
        ("ver10/media", "http://10.9.8.7/media"),
    ];
    let device = device(services, |request, _| match request.head.split(' ').nth(1) {
        Some("/media2") => http("200 OK", &[], ""),
        _ if request.asks("GetProfiles") => soap(PROFILES),
        _ if request.asks("GetStreamUri") => {
            let token = request.element("ProfileToken").unwrap();
            soap(&format!(
                "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://admin:12345@0.0.0.0:554/{token}?a=1&b=2</tt:Uri>\
                 </trt:MediaUri></trt:GetStreamUriResponse>"
            ))
        }
        _ => absent(),
    })
    .await;
    let streams = connected(&device).await.streams().await.unwrap();
    let seen: Vec<_> = streams
        .iter()
        .map(|s| (s.profile.as_str(), s.role, s.width, s.uri.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            (
                "subStream",
                StreamRole::Main,
                1920,
                "rtsp://127.0.0.1:554/subStream?a=1&b=2"
            ),
            (
                "mainStream",
                StreamRole::Sub,
                640,
                "rtsp://127.0.0.1:554/mainStream?a=1&b=2"
            ),
        ]
    );
}

#[tokio::test]
async fn a_service_on_a_dead_port_is_found_on_the_port_that_works() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://{}/media", listener.local_addr().unwrap());
    drop(listener);
    let address: &'static str = Box::leak(dead.into_boxed_str());
    let services: &'static [_] = Box::leak(Box::new([("ver10/media", address)]));
    let device = device(services, |request, _| match request.asks("GetProfiles") {
        true => soap("<trt:GetProfilesResponse/>"),
        false => absent(),
    })
    .await;
    assert_eq!(connected(&device).await.streams().await.unwrap(), []);
}

#[tokio::test]
async fn without_get_services_the_capabilities_are_asked() {
    let device = Device::start(|request, _| match () {
        () if request.asks("GetCapabilities") => soap(
            "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:PTZ><tt:XAddr>http://10.0.0.1/ptz</tt:XAddr></tt:PTZ>\
             <tt:Media><tt:XAddr>/relative/media</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>",
        ),
        () if request.asks("GetDeviceInformation") => soap("<tds:GetDeviceInformationResponse/>"),
        () => http("500 No", &[], ""),
    })
    .await;
    let facts = connected(&device).await.facts().clone();
    assert_eq!(facts.services.len(), 2);
    assert_eq!((facts.model, facts.clock), (None, None));
}

/// A dome with two nodes, of which the second is the one; degrees under the Generic name.
fn dome(request: &Request) -> Option<Answer> {
    let range = |name: &str, min: &str, max: &str| {
        format!("<tt:{name}><tt:Min>{min}</tt:Min><tt:Max>{max}</tt:Max></tt:{name}>")
    };
    if request.asks("GetProfiles") {
        return Some(soap(PROFILES));
    }
    if request.asks("GetNodes") {
        let (pan, tilt) = (range("XRange", "0", "360"), range("YRange", "0", "180"));
        let (zoom, speed) = (
            range("XRange", "0", "10"),
            range("XRange", "-1", "1") + &range("YRange", "-1", "1"),
        );
        return Some(soap(&format!(
            "<tptz:GetNodesResponse><tptz:PTZNode token=\"one\"/><tptz:PTZNode token=\"two\"><tt:SupportedPTZSpaces>\
             <tt:AbsolutePanTiltPositionSpace><tt:URI>{FAR}/PanTiltSpaces/PositionGenericSpace</tt:URI>{pan}{tilt}\
             </tt:AbsolutePanTiltPositionSpace><tt:AbsoluteZoomPositionSpace><tt:URI>{FAR}/ZoomSpaces/PositionGenericSpace\
             </tt:URI>{zoom}</tt:AbsoluteZoomPositionSpace><tt:ContinuousPanTiltVelocitySpace>\
             <tt:URI>{FAR}/PanTiltSpaces/VelocityGenericSpace</tt:URI>{speed}</tt:ContinuousPanTiltVelocitySpace>\
             </tt:SupportedPTZSpaces></tptz:PTZNode></tptz:GetNodesResponse>"
        )));
    }
    None
}

const DOME: &[(&str, &str)] = &[("ver10/media", "/media"), ("ver10/ptz", "/ptz")];

#[tokio::test]
async fn a_status_is_understood_in_the_declared_ranges_and_carries_its_times() {
    let device = device(DOME, |request, _| {
        dome(request).unwrap_or_else(|| {
            soap(&format!(
                "<tptz:GetStatusResponse><tptz:PTZStatus><tt:Position>\
                 <tt:PanTilt x=\"270\" y=\"45\" space=\"{FAR}/PanTiltSpaces/PositionGenericSpace\"/><tt:Zoom x=\"5\"/>\
                 </tt:Position><tt:MoveStatus>MOVING</tt:MoveStatus></tptz:PTZStatus></tptz:GetStatusResponse>"
            ))
        })
    })
    .await;
    let ptz = connected(&device).await.ptz().await.unwrap().unwrap();
    let before = Instant::now();
    let status = ptz.status().await.unwrap();
    assert_eq!(
        status.position,
        Some(NormalisedPosition {
            pan: 0.5,
            tilt: -0.5,
            zoom: 0.5
        })
    );
    assert_eq!(status.moving, MoveState::Moving);
    assert!(before <= status.sent && status.sent < status.received && status.received <= Instant::now());
    let asked = device.heard().pop().unwrap();
    assert_eq!(
        asked.element("ProfileToken").unwrap(),
        "subStream",
        "the profile with the PTZ configuration"
    );
}

#[tokio::test]
async fn a_stop_leaves_after_the_movement_under_way_and_overtaken_movements_never_leave() {
    let device = device(DOME, |request, _| match dome(request) {
        Some(answer) => answer,
        None if request.asks("ContinuousMove") => {
            let Answer::Bytes(bytes) = soap("<tptz:ContinuousMoveResponse/>") else {
                unreachable!()
            };
            Answer::Late(Duration::from_millis(300), bytes)
        }
        None => soap("<tptz:StopResponse/>"),
    })
    .await;
    let ptz = connected(&device).await.ptz().await.unwrap().unwrap();
    let right = Velocity {
        pan: Some(1.0),
        ..Velocity::default()
    };
    let left = Velocity {
        pan: Some(-1.0),
        ..Velocity::default()
    };
    let timeout = Duration::from_secs(1);
    let (one, two, stop) =
        tokio::join!(biased; ptz.continuous(right, timeout), ptz.continuous(left, timeout), ptz.stop());
    one.unwrap();
    two.unwrap();
    stop.unwrap();
    let commands: Vec<_> = device
        .heard()
        .into_iter()
        .filter(|r| r.asks("ContinuousMove") || r.asks("Stop"))
        .collect();
    assert!(commands.last().unwrap().asks("Stop"));
    assert!(
        commands.iter().all(|command| !command.body.contains("x=\"-1\"")),
        "the second movement was overtaken"
    );
    assert!(
        commands.iter().all(|command| !command.body.contains("<tt:Zoom")),
        "only the commanded axes"
    );
}

#[tokio::test]
async fn a_refused_timeout_is_written_another_way_and_remembered() {
    let device = device(DOME, |request, _| match dome(request) {
        Some(answer) => answer,
        None if request.element("Timeout").is_some_and(|text| text.contains('.')) => http(
            "400 Bad",
            &[],
            &envelope(&fault("ter:InvalidArgVal", "TimeoutNotSupported")),
        ),
        None => soap("<tptz:ContinuousMoveResponse/>"),
    })
    .await;
    let ptz = connected(&device).await.ptz().await.unwrap().unwrap();
    let up = Velocity {
        tilt: Some(0.5),
        ..Velocity::default()
    };
    for _ in 0..2 {
        ptz.continuous(up, Duration::from_millis(1500)).await.unwrap();
    }
    let timeouts: Vec<_> = device
        .heard()
        .iter()
        .filter_map(|request| request.element("Timeout"))
        .collect();
    assert_eq!(timeouts, ["PT1.500S", "PT2S", "PT2S"]);
}

#[tokio::test]
async fn a_node_without_ranges_gives_no_position_and_takes_no_absolute_command() {
    let device = device(DOME, |request, _| match () {
        () if request.asks("GetProfiles") => soap(PROFILES),
        () if request.asks("GetNodes") => {
            soap("<tptz:GetNodesResponse><tptz:PTZNode token=\"two\"/></tptz:GetNodesResponse>")
        }
        () => soap(
            "<tptz:GetStatusResponse><tptz:PTZStatus><tt:Position><tt:PanTilt x=\"0.1\" y=\"0.1\"/><tt:Zoom x=\"0\"/>\
             </tt:Position></tptz:PTZStatus></tptz:GetStatusResponse>",
        ),
    })
    .await;
    let ptz = connected(&device).await.ptz().await.unwrap().unwrap();
    let status = ptz.status().await.unwrap();
    assert_eq!((status.position, status.moving), (None, MoveState::Unknown));
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

const EVENTS: &[(&str, &str)] = &[("ver10/events", "/events")];

fn subscription(number: usize) -> Answer {
    soap(&format!(
        "<tev:CreatePullPointSubscriptionResponse xmlns:d=\"urn:dialect\"><tev:SubscriptionReference>\
         <wsa:Address>http://10.0.0.9:99/sub/{number}</wsa:Address><wsa:ReferenceParameters>\
         <d:SubscriptionId>{number}</d:SubscriptionId></wsa:ReferenceParameters></tev:SubscriptionReference>\
         <wsnt:CurrentTime>2026-11-22T10:00:00Z</wsnt:CurrentTime>\
         <wsnt:TerminationTime>2026-11-22T10:00:02Z</wsnt:TerminationTime></tev:CreatePullPointSubscriptionResponse>"
    ))
}

#[tokio::test]
async fn a_pull_point_is_paced_echoes_its_parameters_and_is_given_back() {
    let device = device(EVENTS, |request, _| match () {
        () if request.asks("CreatePullPointSubscription") => subscription(7),
        () if request.asks("PullMessages") => soap("<tev:PullMessagesResponse/>"),
        () if request.asks("Unsubscribe") => soap("<wsnt:UnsubscribeResponse/>"),
        () => absent(),
    })
    .await;
    let mut subscription = connected(&device)
        .await
        .subscribe(Duration::from_secs(60))
        .await
        .unwrap();
    let started = Instant::now();
    for _ in 0..4 {
        assert_eq!(subscription.pull(Duration::from_secs(1)).await.unwrap(), []);
    }
    assert!(
        started.elapsed() >= 3 * vedetta::onvif::events::PACE,
        "{:?}",
        started.elapsed()
    );
    subscription.end().await.unwrap();
    for request in device
        .heard()
        .iter()
        .filter(|r| r.asks("PullMessages") || r.asks("Unsubscribe"))
    {
        assert!(request.head.starts_with("POST /sub/7 "), "{}", request.head);
        assert!(request.body.contains(":SubscriptionId") && request.body.contains("xmlns:d=\"urn:dialect\""));
        assert_eq!(request.element("SubscriptionId").as_deref(), Some("7"));
    }
    assert_eq!(device.count("Unsubscribe"), 1);
}

#[tokio::test]
async fn a_refused_renewal_leads_to_another_subscription() {
    let created = Arc::new(AtomicUsize::new(0));
    let count = created.clone();
    let device = device(EVENTS, move |request, _| match () {
        () if request.asks("CreatePullPointSubscription") => subscription(count.fetch_add(1, Ordering::SeqCst)),
        () if request.asks("PullMessages") => soap("<tev:PullMessagesResponse/>"),
        () => absent(),
    })
    .await;
    let mut subscription = connected(&device)
        .await
        .subscribe(Duration::from_secs(60))
        .await
        .unwrap();
    // The device grants two seconds, so the renewal is due after one.
    let until = Instant::now() + Duration::from_secs(10);
    while created.load(Ordering::SeqCst) < 2 && Instant::now() < until {
        subscription.pull(Duration::from_secs(1)).await.unwrap();
    }
    assert!(device.count("Renew") >= 1);
    assert_eq!(created.load(Ordering::SeqCst), 2);
    assert!(device.heard().last().unwrap().head.starts_with("POST /sub/1 "));
}

#[tokio::test]
async fn a_recorders_answers_become_sorted_recordings_and_a_safe_address() {
    let services: &[_] = &[
        ("ver10/search", "/search"),
        ("ver10/replay", "/replay"),
        ("ver10/recording", "/rec"),
    ];
    let found = |token: &str, from: &str| {
        format!(
            "<tt:RecordingInformation><tt:RecordingToken>{token}</tt:RecordingToken><tt:Source><tt:Name>cam</tt:Name>\
             </tt:Source>{from}<tt:LatestRecording>2026-11-22T10:00:00</tt:LatestRecording>\
             <tt:RecordingStatus>Recording</tt:RecordingStatus></tt:RecordingInformation>"
        )
    };
    let list = [
        found(
            "late",
            "<tt:EarliestRecording>2026-11-21T10:00:00Z</tt:EarliestRecording>",
        ),
        found(
            "early",
            "<tt:EarliestRecording>2026-11-20T10:00:00Z</tt:EarliestRecording>",
        ),
        found("late", ""),
        found("unknown", ""),
    ]
    .concat();
    let device = device(services, move |request, _| match () {
        () if request.asks("FindRecordings") => {
            soap("<tse:FindRecordingsResponse><tse:SearchToken>s</tse:SearchToken></tse:FindRecordingsResponse>")
        }
        () if request.asks("GetRecordingSearchResults") => soap(&format!(
            "<tse:GetRecordingSearchResultsResponse><tse:ResultList><tt:SearchState>Completed</tt:SearchState>{list}\
             </tse:ResultList></tse:GetRecordingSearchResultsResponse>"
        )),
        () if request.asks("EndSearch") => soap("<tse:EndSearchResponse/>"),
        () if request.asks("GetReplayUri") => soap(
            "<trp:GetReplayUriResponse><trp:Uri>rtsp://u:p@192.168.0.1:8554/replay/1</trp:Uri></trp:GetReplayUriResponse>",
        ),
        () => absent(),
    })
    .await;
    let recorder = connected(&device).await;
    let recordings = recorder.recordings().await.unwrap();
    let tokens: Vec<_> = recordings
        .iter()
        .map(|r| (r.token.as_str(), r.from_ms.is_some()))
        .collect();
    assert_eq!(tokens, [("unknown", false), ("early", true), ("late", true)]);
    assert!(
        recordings
            .iter()
            .all(|r| r.running && r.to_ms == Some(1_795_341_600_000))
    );
    assert_eq!(
        recorder.replay_uri("late").await.unwrap(),
        "rtsp://127.0.0.1:8554/replay/1"
    );
    assert_eq!(device.count("EndSearch"), 1);
}

#[tokio::test]
async fn a_recorder_that_is_still_looking_is_waited_for_and_not_called_empty() {
    let rounds = Arc::new(AtomicUsize::new(0));
    let counted = rounds.clone();
    let device = device(&[("ver10/search", "/search")], move |request, _| match () {
        () if request.asks("FindRecordings") => {
            soap("<tse:FindRecordingsResponse><tse:SearchToken>s</tse:SearchToken></tse:FindRecordingsResponse>")
        }
        () if request.asks("GetRecordingSearchResults") => {
            let round = counted.fetch_add(1, Ordering::SeqCst);
            let (state, found) = match round {
                0 | 1 => ("Searching", ""),
                2 => (
                    "Searching",
                    "<tt:RecordingInformation><tt:RecordingToken>a</tt:RecordingToken></tt:RecordingInformation>",
                ),
                _ => (
                    "Completed",
                    "<tt:RecordingInformation><tt:RecordingToken>b</tt:RecordingToken></tt:RecordingInformation>",
                ),
            };
            soap(&format!(
                "<tse:GetRecordingSearchResultsResponse><tse:ResultList><tt:SearchState>{state}</tt:SearchState>{found}\
                 </tse:ResultList></tse:GetRecordingSearchResultsResponse>"
            ))
        }
        () if request.asks("EndSearch") => soap("<tse:EndSearchResponse/>"),
        () => absent(),
    })
    .await;
    let found = connected(&device).await.recordings().await.unwrap();
    let tokens: Vec<_> = found.iter().map(|recording| recording.token.as_str()).collect();
    assert_eq!(tokens, ["a", "b"]);
    assert_eq!(rounds.load(Ordering::SeqCst), 4, "paced, not spun");
    assert_eq!(device.count("EndSearch"), 1);
    assert!(
        device
            .heard()
            .iter()
            .all(|request| !request.body.contains("MaxMatches")),
        "it ends a search without a word that there was more"
    );
}

#[tokio::test]
async fn a_preset_whose_name_is_refused_is_saved_without_blanks_and_then_without_a_name() {
    for (taken, asked) in [("Casa_1", 2), ("", 3)] {
        let device = device(
            &[("ver10/media", "/media"), ("ver20/ptz", "/ptz")],
            move |request, _| match () {
                () if request.asks("GetProfiles") => soap(PROFILES),
                () if request.asks("SetPreset") => match request.element("PresetName").unwrap_or_default() == taken {
                    true => {
                        soap("<tptz:SetPresetResponse><tptz:PresetToken>7</tptz:PresetToken></tptz:SetPresetResponse>")
                    }
                    false => http(
                        "400 Bad Request",
                        &[],
                        &envelope(&fault("ter:InvalidPresetName", "no blanks")),
                    ),
                },
                () => absent(),
            },
        )
        .await;
        let ptz = connected(&device).await.ptz().await.unwrap().unwrap();
        assert_eq!(ptz.set_preset("Casa 1").await.unwrap(), "7");
        assert_eq!(device.count("SetPreset"), asked);
    }
    let moving = device(
        &[("ver10/media", "/media"), ("ver20/ptz", "/ptz")],
        |request, _| match () {
            () if request.asks("GetProfiles") => soap(PROFILES),
            () if request.asks("SetPreset") => {
                http("400 Bad Request", &[], &envelope(&fault("ter:MovingPTZ", "moving")))
            }
            () => absent(),
        },
    )
    .await;
    let ptz = connected(&moving).await.ptz().await.unwrap().unwrap();
    assert_eq!(
        ptz.set_preset("Casa 1").await.unwrap_err().kind(),
        OnvifErrorKind::Fault
    );
    assert_eq!(
        moving.count("SetPreset"),
        1,
        "another name does not help a dome that moves"
    );
}
