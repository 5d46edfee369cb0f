//! What must be read in the replies recorded from real devices.
//!
//! Invariant: where `VEDETTA_ONVIF_REPLIES` is not set that is said, and where `CI` is set it is a failure.
//! Deliberately absent: the replies themselves; they belong to those who recorded them.

use super::{DomeRead, NoticesRead, PresetsRead, ProfileRead, Replies, ServicesRead};
use std::path::PathBuf;
use vedetta::onvif::OnvifErrorKind;
use vedetta::onvif::device::Service::{Events, Media, Ptz, Recording, Replay, Search};
use vedetta::onvif::ptz::MoveState;
use vedetta::onvif::ptz_spaces::Range;

const SPHERICAL: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/SphericalPositionSpace";
const DEGREES: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/SphericalPositionSpaceDegrees";

fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("VEDETTA_ONVIF_REPLIES").map(PathBuf::from);
    if named.is_none() {
        eprintln!("only our own replies: VEDETTA_ONVIF_REPLIES does not name the folder of recorded ones");
        assert!(
            std::env::var_os("CI").is_none(),
            "in CI the recorded replies must be there"
        );
    }
    named
}

/// The set, where it is named.
pub fn replies() -> Option<Replies> {
    Some(Replies {
        root: folder()?,
        devices: &["axis", "hikvision", "hikvision-fixed", "pelco", "trendnet"],
        usable: 288,
        refused: &[
            (OnvifErrorKind::WrongPassword, 5),
            (OnvifErrorKind::Nonsense, 5),
            (OnvifErrorKind::Fault, 33),
            (OnvifErrorKind::NotSupported, 64),
            (OnvifErrorKind::Busy, 1),
        ],
        // The only replies recorded as successes that are no SOAP: backups and logs as MIME attachments.
        nonsense: ["/core/GetSystem", "is no XML"],
        facts: &[
            ["axis", "AXIS", "AXIS Q6045-E", "5.55.1.2"],
            ["hikvision", "HIKVISION", "DS-2DF7276-AEL", "V5.1.6 build 140401"],
            ["hikvision-fixed", "HIKVISION", "DS-2CD2012-I", "V5.2.0 build 140721"],
            ["pelco", "Pelco", "D6230L", "2.9.0.4.9340-A0.0"],
            ["trendnet", "TRENDnet", "TV-IP320PI", "V5.3.4 build 160830"],
        ],
        services: SERVICES,
        profiles: PROFILES,
        streams: STREAMS,
        domes: DOMES,
        presets: PRESETS,
        clocks: &[("axis", 1_519_772_999), ("pelco", 1_519_755_011)],
        notices: NoticesRead {
            device: "pelco",
            count: 10,
            topic: "RuleEngine/CellMotionDetector/Motion",
            data: ("Value", "True"),
            at_ms: 1_519_756_076_071,
        },
    })
}

const DOMES: &[DomeRead] = &[
    DomeRead {
        device: "axis",
        node: "1",
        second: Some((SPHERICAL, Range { min: -200.0, max: 20.0 })),
        position: [-0.387339115, 0.933800578],
        moving: MoveState::Idle,
    },
    DomeRead {
        device: "hikvision",
        node: "PTZNODETOKEN",
        second: None,
        position: [0.333167, -0.682],
        moving: MoveState::Unknown,
    },
    DomeRead {
        device: "pelco",
        node: "PTZID-0",
        second: Some((DEGREES, Range { min: -93.0, max: 3.0 })),
        position: [-0.39, 0.81],
        moving: MoveState::Idle,
    },
];

const PRESETS: &[PresetsRead] = &[
    PresetsRead {
        device: "axis",
        count: 21,
        first: "Living Room",
        // All within a hundred-thousandth of the range of each other: no places.
        placed: false,
        new: "23",
    },
    PresetsRead {
        device: "hikvision",
        count: 255,
        first: "preset 1",
        placed: false,
        new: "6",
    },
    PresetsRead {
        device: "pelco",
        count: 6,
        first: "Shane's Room",
        placed: true,
        new: "76240dd2-26dd-48f1-bacf-a858550a14cc",
    },
];

const SERVICES: &[ServicesRead] = &[
    (
        "axis",
        "GetCapabilities",
        &[(Media, "/onvif/services"), (Ptz, "/onvif/services")],
        true,
    ),
    (
        "hikvision",
        "GetServices",
        &[(Media, "/onvif/Media"), (Ptz, "/onvif/PTZ"), (Events, "/onvif/Events")],
        true,
    ),
    (
        "hikvision",
        "GetCapabilities",
        &[(Media, "/onvif/Media"), (Ptz, "/onvif/PTZ")],
        true,
    ),
    (
        "hikvision-fixed",
        "GetServices",
        &[(Media, "/onvif/Media"), (Events, "/onvif/Events")],
        false,
    ),
    (
        "pelco",
        "GetServices",
        &[(Media, "/onvif/media_service"), (Ptz, "/onvif/ptz_service")],
        true,
    ),
    (
        "trendnet",
        "GetServices",
        &[(Search, "/onvif/SearchRecording"), (Replay, "/onvif/Replay")],
        false,
    ),
    ("trendnet", "GetCapabilities", &[(Recording, "/onvif/Recording")], false),
];

const PROFILES: &[(&str, &[ProfileRead])] = &[
    (
        "axis",
        &[
            ("profile_1_h264", "H264", 1280, 720, Some(30.0), Some("1")),
            ("profile_1_jpeg", "JPEG", 1280, 720, Some(30.0), Some("1")),
        ],
    ),
    (
        "hikvision",
        &[
            ("Profile_1", "H264", 1280, 720, Some(10.0), Some("PTZNODETOKEN")),
            ("Profile_2", "H264", 704, 480, Some(30.0), Some("PTZNODETOKEN")),
            ("Profile_3", "H264", 704, 480, Some(30.0), Some("PTZNODETOKEN")),
        ],
    ),
    (
        "hikvision-fixed",
        &[
            ("Profile_1", "H264", 1280, 720, Some(10.0), None),
            ("Profile_2", "H264", 352, 240, Some(30.0), None),
        ],
    ),
    (
        "pelco",
        &[
            ("0", "H264", 1920, 1080, Some(30.0), Some("PTZID-0")),
            ("1", "JPEG", 1920, 1080, Some(5.0), Some("PTZID-0")),
        ],
    ),
    (
        "trendnet",
        &[
            ("Profile_1", "H264", 1280, 720, Some(30.0), None),
            ("Profile_2", "JPEG", 352, 240, Some(30.0), None),
        ],
    ),
];

const STREAMS: &[(&str, &str)] = &[
    (
        "axis",
        "rtsp://127.0.0.1/onvif-media/media.amp?profile=profile_1_jpeg&sessiontimeout=60&streamtype=unicast",
    ),
    (
        "hikvision",
        "rtsp://127.0.0.1:554/Streaming/Channels/3?transportmode=unicast&profile=Profile_3",
    ),
    (
        "hikvision-fixed",
        "rtsp://127.0.0.1:554/Streaming/Channels/2?transportmode=unicast&profile=Profile_2",
    ),
    ("pelco", "rtsp://127.0.0.1/stream2_v"),
    (
        "trendnet",
        "rtsp://127.0.0.1:554/Streaming/Channels/102?transportmode=unicast&profile=Profile_2",
    ),
];
