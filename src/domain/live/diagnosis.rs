//! What the figures of a tile say about it: is it the network, the camera, or this workstation?
//!
//! Invariant: a workstation that drops pictures is never blamed on the camera or on the network: what it received is
//! counted where it comes in. Deliberately absent: words, measuring, what is done about it (`overload`).

use super::stream_selection::Attention;
use std::time::Duration;

/// Figures of the last seconds of one tile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Pictures per second that came in from the network, counted before anything can drop them.
    pub received_fps: f64,
    pub decoded_fps: f64,
    /// Pictures per second that were drawn; `None` when nobody sees the tile.
    pub shown_fps: Option<f64>,
    /// Pictures per second the camera says it sends, if it says so.
    pub announced_fps: Option<f64>,
    /// Share of the packets that were lost, 0..1.
    pub loss: f64,
    pub jitter_ms: f64,
    /// How far behind the pictures are that wait on the way (`freshness`).
    pub behind: Duration,
    pub attention: Attention,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    Well,
    /// Packets are lost or held up on the way.
    Network {
        loss: f64,
        jitter_ms: f64,
    },
    /// The camera sends fewer pictures than it announced.
    Camera {
        received_fps: f64,
        announced_fps: f64,
    },
    /// Nothing comes from the camera, though the connection stands.
    Silent,
    /// Pictures come in and are not shown: this workstation is overloaded.
    Workstation {
        received_fps: f64,
        shown_fps: f64,
    },
}

/// More lost than this shows in the picture.
const LOSS: f64 = 0.01;
/// Packets that come this unevenly have been held up, milliseconds.
const JITTER_MS: f64 = 100.0;
/// Pictures that come this late have been held up.
const BEHIND: Duration = Duration::from_millis(1_000);
/// A camera that sends less than this share of what it says.
const SENDS: f64 = 0.7;
/// A workstation that shows less than this share of what comes in.
pub(super) const SHOWS: f64 = 0.8;
/// Below this there is too little to judge, pictures per second.
pub(super) const JUDGED_FPS: f64 = 2.0;

/// A wall that draws this often shows every movement; a stream with more pictures per second than that loses some of them
/// without anything being wrong.
const DRAWN_FPS: f64 = 20.0;

/// How much of what came in was decoded and drawn, 1 when nothing is missing.
pub fn share(received_fps: f64, decoded_fps: f64, shown_fps: f64) -> f64 {
    if received_fps <= 0.0 {
        return 1.0;
    }
    (decoded_fps / received_fps).min(shown_fps / received_fps.min(DRAWN_FPS))
}

/// Judges. What the workstation itself drops comes first: everything else may follow from it.
pub fn judge(measured: &Measured) -> Verdict {
    let received_fps = measured.received_fps;
    let shown_fps = measured.shown_fps.unwrap_or(f64::INFINITY);
    let share = share(received_fps, measured.decoded_fps, shown_fps);
    let shown_fps = shown_fps.min(measured.decoded_fps);
    let whole = measured.attention == Attention::Whole;
    if whole && received_fps >= JUDGED_FPS && share < SHOWS {
        return Verdict::Workstation {
            received_fps,
            shown_fps,
        };
    }
    let held_up = measured.jitter_ms > JITTER_MS || measured.behind > BEHIND;
    if measured.loss > LOSS || (held_up && received_fps > 0.0) {
        return Verdict::Network {
            loss: measured.loss,
            jitter_ms: measured.jitter_ms,
        };
    }
    if received_fps <= 0.0 {
        return Verdict::Silent;
    }
    match measured.announced_fps {
        Some(announced_fps) if received_fps < announced_fps * SENDS => Verdict::Camera {
            received_fps,
            announced_fps,
        },
        _ => Verdict::Well,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WELL: Measured = Measured {
        received_fps: 25.0,
        decoded_fps: 25.0,
        shown_fps: Some(24.6),
        announced_fps: Some(25.0),
        loss: 0.0,
        jitter_ms: 3.0,
        behind: Duration::ZERO,
        attention: Attention::Whole,
    };

    #[test]
    fn twenty_five_received_and_twelve_shown_is_this_workstation() {
        assert_eq!(judge(&WELL), Verdict::Well);
        let drawn_late = Measured {
            shown_fps: Some(12.0),
            ..WELL
        };
        let expected = Verdict::Workstation {
            received_fps: 25.0,
            shown_fps: 12.0,
        };
        assert_eq!(judge(&drawn_late), expected);
        // Decoding too slowly loses packets in the jitter buffer: still this workstation.
        let decoded_late = Measured {
            decoded_fps: 12.0,
            shown_fps: Some(12.0),
            loss: 0.3,
            behind: Duration::from_secs(2),
            ..WELL
        };
        assert_eq!(judge(&decoded_late), expected);
    }

    #[test]
    fn the_network_and_the_camera_are_told_apart() {
        let lossy = Measured { loss: 0.05, ..WELL };
        assert!(matches!(judge(&lossy), Verdict::Network { .. }));
        let held_up = Measured {
            behind: Duration::from_secs(4),
            ..WELL
        };
        assert!(matches!(judge(&held_up), Verdict::Network { .. }));
        let slow = Measured {
            received_fps: 8.0,
            decoded_fps: 8.0,
            shown_fps: Some(8.0),
            ..WELL
        };
        assert!(matches!(judge(&slow), Verdict::Camera { .. }));
        let unknown = Measured {
            announced_fps: None,
            ..slow
        };
        assert_eq!(judge(&unknown), Verdict::Well);
        let silent = Measured {
            received_fps: 0.0,
            decoded_fps: 0.0,
            shown_fps: Some(0.0),
            ..WELL
        };
        assert_eq!(judge(&silent), Verdict::Silent);
    }

    #[test]
    fn a_stream_faster_than_the_wall_is_drawn_is_no_overload() {
        let fast = Measured {
            received_fps: 50.0,
            decoded_fps: 50.0,
            shown_fps: Some(24.0),
            announced_fps: Some(50.0),
            ..WELL
        };
        assert_eq!(judge(&fast), Verdict::Well);
    }

    #[test]
    fn what_nobody_sees_or_what_was_given_up_is_no_overload() {
        let unseen = Measured {
            shown_fps: None,
            ..WELL
        };
        assert_eq!(judge(&unseen), Verdict::Well);
        let given_up = Measured {
            decoded_fps: 1.0,
            shown_fps: Some(1.0),
            attention: Attention::KeyFrames,
            ..WELL
        };
        assert_eq!(judge(&given_up), Verdict::Well);
    }

    proptest! {
        #[test]
        fn the_workstation_is_blamed_only_for_what_it_received(
            received_fps in 0.0f64..60.0, decoded in 0.0f64..1.2, shown in 0.0f64..1.2, loss in 0.0f64..1.0,
        ) {
            let measured = Measured {
                received_fps,
                decoded_fps: received_fps * decoded,
                shown_fps: Some(received_fps * shown),
                loss,
                ..WELL
            };
            let blamed = matches!(judge(&measured), Verdict::Workstation { .. });
            let missing = decoded < SHOWS || received_fps * shown < received_fps.min(DRAWN_FPS) * SHOWS;
            prop_assert_eq!(blamed, received_fps >= JUDGED_FPS && missing);
        }
    }
}
