//! What must be read in the replies of our own making (`tests/replies`): a dome and a fixed camera that do not exist.
//!
//! Invariant: the set is always there; where a reply of it is missing, a test fails.
//! Deliberately absent: the ways of real devices (`recorded`).

use super::{DomeRead, NoticesRead, PresetsRead, ProfileRead, Replies, ServicesRead};
use std::path::Path;
use vedetta::onvif::OnvifErrorKind;
use vedetta::onvif::device::Service::{Events, Media, Ptz};
use vedetta::onvif::ptz::MoveState;
use vedetta::onvif::ptz_spaces::Range;

const DEGREES: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/SphericalPositionSpaceDegrees";

/// The set.
pub fn replies() -> Replies {
    Replies {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replies"),
        devices: &["dome", "fixed"],
        usable: 22,
        refused: &[
            (OnvifErrorKind::WrongPassword, 1),
            (OnvifErrorKind::Nonsense, 1),
            (OnvifErrorKind::Fault, 1),
            (OnvifErrorKind::NotSupported, 2),
        ],
        nonsense: ["fixed/core/GetCapabilities", "carries a DTD"],
        facts: &[
            ["dome", "Esempio", "Dome 1", "1.2.3"],
            ["fixed", "Esempio", "Fissa 2", "4.5 build 6"],
        ],
        services: SERVICES,
        profiles: PROFILES,
        streams: &[
            ("dome", "rtsp://127.0.0.1:554/live?profile=main&tcp=1"),
            ("fixed", "rtsp://127.0.0.1/still"),
        ],
        domes: &[DomeRead {
            device: "dome",
            node: "node-1",
            second: Some((DEGREES, Range { min: -90.0, max: 20.0 })),
            position: [0.25, -0.5],
            moving: MoveState::Idle,
        }],
        presets: &[PresetsRead {
            device: "dome",
            count: 2,
            first: "Piazza & fontana",
            placed: true,
            new: "3",
        }],
        clocks: &[("dome", 1_772_278_215)],
        notices: NoticesRead {
            device: "dome",
            count: 2,
            topic: "RuleEngine/CellMotionDetector/Motion",
            data: ("IsMotion", "true"),
            at_ms: 1_772_278_216_500,
        },
    }
}

const SERVICES: &[ServicesRead] = &[
    (
        "dome",
        "GetServices",
        &[(Media, "/onvif/media"), (Ptz, "/onvif/ptz"), (Events, "/onvif/events")],
        true,
    ),
    (
        "dome",
        "GetCapabilities",
        &[(Media, "/onvif/media"), (Ptz, "/onvif/ptz"), (Events, "/onvif/events")],
        true,
    ),
    (
        "fixed",
        "GetServices",
        &[(Media, "/onvif/media"), (Events, "/onvif/events")],
        false,
    ),
];

const PROFILES: &[(&str, &[ProfileRead])] = &[
    (
        "dome",
        &[
            ("main", "H264", 1920, 1080, Some(25.0), Some("node-1")),
            ("sub", "H264", 640, 360, Some(15.0), Some("node-1")),
        ],
    ),
    (
        "fixed",
        &[
            ("main", "H264", 2560, 1440, Some(20.0), None),
            ("still", "JPEG", 640, 480, Some(5.0), None),
        ],
    ),
];
