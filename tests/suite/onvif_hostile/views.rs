//! Devices with several lenses, channels and views: one camera is never another one's picture, motors or recordings.
//!
//! Deliberately absent: devices with one view; they are in `services`.

use super::services::{absent, connected, device};
use super::{endpoint, limits};
use crate::scripted_device::{Device, soap};
use vedetta::domain::camera::StreamRole;
use vedetta::domain::site::VideoView;
use vedetta::onvif::{Camera, OnvifErrorKind, Velocity, camera_test};

const SERVICES: &[(&str, &str)] = &[
    ("ver10/media", "/media"),
    ("ver20/ptz", "/ptz"),
    ("ver10/search", "/search"),
    ("ver10/recording", "/recording"),
    ("ver10/replay", "/replay"),
];

fn profile(token: &str, source: &str, view: &str, width: u32, ptz: &str) -> String {
    format!(
        "<trt:Profiles token=\"{token}\"><tt:VideoSourceConfiguration token=\"{view}\"><tt:SourceToken>{source}</tt:SourceToken>\
         <tt:Bounds x=\"0\" y=\"0\" width=\"1920\" height=\"1080\"/></tt:VideoSourceConfiguration>\
         <tt:VideoEncoderConfiguration token=\"e\"><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width>\
         <tt:Height>360</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration>{ptz}</trt:Profiles>"
    )
}

/// A fixed wide lens whose streams are the larger ones, and a dome below it with a wide and a tele view.
async fn two_lenses() -> Device {
    let motors = "<tt:PTZConfiguration token=\"motors\"/>";
    let profiles = [
        profile("wide-main", "lens-1", "wide", 3840, ""),
        profile("wide-sub", "lens-1", "wide", 640, ""),
        profile("dome-main", "lens-2", "dome", 1920, ""),
        profile("dome-sub", "lens-2", "dome", 704, motors),
        profile("tele", "lens-2", "tele", 1280, ""),
    ]
    .concat();
    let recording = |token: &str, source: &str| {
        format!(
            "<tt:RecordingInformation><tt:RecordingToken>{token}</tt:RecordingToken><tt:Source><tt:SourceId>x</tt:SourceId>{source}\
             </tt:Source></tt:RecordingInformation>"
        )
    };
    let recordings = [
        recording("r-wide", "<tt:VideoSourceToken>lens-1</tt:VideoSourceToken>"),
        recording("r-dome", "<tt:VideoSourceToken>lens-2</tt:VideoSourceToken>"),
        recording("r-unknown", ""),
    ]
    .concat();
    device(SERVICES, move |request, _| match () {
        () if request.asks("GetProfiles") => soap(&format!("<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>")),
        () if request.asks("GetStreamUri") => {
            let token = request.element("ProfileToken").unwrap();
            soap(&format!(
                "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://10.0.0.1/{token}</tt:Uri></trt:MediaUri>\
                 </trt:GetStreamUriResponse>"
            ))
        }
        () if request.asks("ContinuousMove") => soap("<tptz:ContinuousMoveResponse/>"),
        () if request.asks("FindRecordings") => {
            soap("<tse:FindRecordingsResponse><tse:SearchToken>s</tse:SearchToken></tse:FindRecordingsResponse>")
        }
        () if request.asks("GetRecordingSearchResults") => soap(&format!(
            "<tse:GetRecordingSearchResultsResponse><tse:ResultList><tt:SearchState>Completed</tt:SearchState>{recordings}\
             </tse:ResultList></tse:GetRecordingSearchResultsResponse>"
        )),
        () => absent(),
    })
    .await
}

fn view(source: &str, configuration: &str) -> Option<VideoView> {
    Some(VideoView {
        source: source.into(),
        configuration: configuration.into(),
    })
}

async fn showing(device: &Device, view: Option<VideoView>) -> Camera {
    connected(device).await.showing(view)
}

#[tokio::test]
async fn r_prv_1_pictures_of_the_planned_view_and_of_no_other() {
    let device = two_lenses().await;
    let streams = showing(&device, view("lens-2", "dome")).await.streams().await.unwrap();
    let seen: Vec<_> = streams.iter().map(|s| (s.profile.as_str(), s.role)).collect();
    assert_eq!(seen, [("dome-main", StreamRole::Main), ("dome-sub", StreamRole::Sub)]);
    for (planned, kind) in [
        (None, OnvifErrorKind::SeveralViews),
        (view("lens-2", "panorama"), OnvifErrorKind::ViewGone),
    ] {
        let camera = showing(&device, planned).await;
        assert_eq!(camera.streams().await.unwrap_err().kind(), kind);
        assert_eq!(camera.ptz().await.err().map(|error| error.kind()), Some(kind));
        assert_eq!(camera.recordings().await.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn r_prv_1_motors_of_the_source_that_is_shown_in_the_generic_space_where_spaces_are_refused() {
    let device = two_lenses().await;
    assert!(
        showing(&device, view("lens-1", "wide"))
            .await
            .ptz()
            .await
            .unwrap()
            .is_none()
    );
    let motors = showing(&device, view("lens-2", "tele"))
        .await
        .ptz()
        .await
        .unwrap()
        .unwrap();
    let left = Velocity {
        pan: Some(-0.5),
        ..Velocity::default()
    };
    motors
        .continuous(left, std::time::Duration::from_secs(1))
        .await
        .unwrap();
    let heard = device.heard();
    let moved = heard.iter().find(|request| request.asks("ContinuousMove")).unwrap();
    assert_eq!(moved.element("ProfileToken").as_deref(), Some("dome-sub"));
    assert!(
        moved.body.contains("<tt:PanTilt x=\"-0.5\" y=\"0\"/>"),
        "{}",
        moved.body
    );
}

#[tokio::test]
async fn r_prv_1_recordings_of_the_source_and_none_of_which_it_is_not_known() {
    let device = two_lenses().await;
    let found = showing(&device, view("lens-2", "dome"))
        .await
        .recordings()
        .await
        .unwrap();
    let tokens: Vec<_> = found.iter().map(|recording| recording.token.as_str()).collect();
    assert_eq!(tokens, ["r-dome"]);
}

#[tokio::test]
async fn a_test_lists_every_view_and_says_which_question_failed() {
    let device = two_lenses().await;
    let report = camera_test::test(endpoint(&device), limits(), None).await.unwrap();
    let views: Vec<_> = report.views.iter().map(|view| view.configuration.as_str()).collect();
    assert_eq!((views, report.view.clone()), (vec!["wide", "dome", "tele"], None));
    assert_eq!(report.streams.as_ref().unwrap().len(), 5);
    assert!(report.ptz.is_err(), "not «no motors»: it cannot be told of which view");
    assert!(report.troubles().iter().any(|(asked, _)| *asked == "ptz"));
    let of_dome = camera_test::test(endpoint(&device), limits(), view("lens-2", "dome"))
        .await
        .unwrap();
    assert_eq!((of_dome.ptz.ok(), of_dome.view), (Some(true), view("lens-2", "dome")));
}

#[tokio::test]
async fn r_prv_1_the_orientation_of_the_view_is_read_with_its_profile() {
    let device = two_lenses().await;
    let lies = showing(&device, view("lens-2", "dome"))
        .await
        .orientation()
        .await
        .unwrap();
    assert_eq!((lies.bounds, lies.mirror), (Some([0, 0, 1920, 1080]), None));
}
