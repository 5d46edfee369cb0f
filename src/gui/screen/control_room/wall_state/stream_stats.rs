//! The figures of a stream in words, and what they say.
//!
//! Invariant: figures that are not known are not made up. Deliberately absent: measuring and judging (`domain::live`).

use crate::domain::live::diagnosis::Verdict;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::sentences::decimal;
use crate::gui::theme::Tone;
use crate::gui::widget::wall::Mark;
use crate::station::StreamFigures;

/// The lines that a tile shows, the most telling first, each in full and short.
pub fn lines(figures: &StreamFigures, shown_fps: f64) -> Vec<[String; 2]> {
    let [received, decoded, shown] = [figures.received_fps, figures.decoded_fps, shown_fps].map(|fps| decimal(fps, 0));
    let rates = fl!(
        "figures-rates",
        received = received.as_str(),
        decoded = decoded.as_str(),
        shown = shown.as_str()
    );
    let size = format!("{}×{}", figures.width, figures.height);
    let bitrate = fl!("panel-kbit", n = decimal(figures.bitrate_kbit_s, 0));
    let (percent, jitter) = (decimal(figures.loss * 100.0, 1), decimal(figures.jitter_ms, 0));
    let loss = fl!(
        "figures-loss",
        percent = percent.as_str(),
        packets = figures.lost_packets.to_string()
    );
    let latency = match figures.latency_ms {
        Some(ms) => [
            fl!("figures-latency", ms = decimal(ms, 0)),
            fl!("figures-ms", ms = decimal(ms, 0)),
        ],
        None => [fl!("figures-latency-unknown"), fl!("figures-unknown")],
    };
    vec![
        [rates, format!("{received} · {decoded} · {shown}")],
        [
            fl!("figures-stream", codec = figures.codec.as_str(), size = size.as_str()),
            size,
        ],
        [fl!("figures-bitrate", n = bitrate.as_str()), bitrate],
        [loss, fl!("figures-percent", percent = percent.as_str())],
        [
            fl!("figures-jitter", ms = jitter.as_str()),
            fl!("figures-ms", ms = jitter.as_str()),
        ],
        latency,
    ]
}

/// Whose fault it is, as a mark on the tile.
pub fn mark(verdict: Verdict) -> Mark {
    let (icon, words, short) = match verdict {
        Verdict::Well => (Icon::Done, fl!("verdict-well"), String::new()),
        Verdict::Network { loss, .. } => {
            let percent = decimal(loss * 100.0, 1);
            (
                Icon::NoSignal,
                fl!("verdict-network", percent = percent),
                fl!("verdict-network-short"),
            )
        }
        Verdict::Camera {
            received_fps,
            announced_fps,
        } => {
            let (received, announced) = (decimal(received_fps, 0), decimal(announced_fps, 0));
            let words = fl!("verdict-camera", received = received, announced = announced);
            (Icon::Camera, words, fl!("verdict-camera-short"))
        }
        Verdict::Silent => (Icon::NoSignal, fl!("verdict-silent"), fl!("verdict-silent-short")),
        Verdict::Workstation {
            received_fps,
            shown_fps,
        } => {
            let (received, shown) = (decimal(received_fps, 0), decimal(shown_fps, 0));
            let words = fl!("verdict-workstation", received = received, shown = shown);
            (Icon::Warning, words, fl!("verdict-workstation-short"))
        }
    };
    Mark {
        icon,
        words,
        short,
        tone: Tone::Attention,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overloaded_workstation_names_both_figures_and_itself() {
        let mark = mark(Verdict::Workstation {
            received_fps: 25.0,
            shown_fps: 12.0,
        });
        assert!(mark.words.contains("25") && mark.words.contains("12"), "{}", mark.words);
        assert!(!mark.short.is_empty());
    }

    #[test]
    fn a_latency_that_is_not_known_is_not_made_up() {
        let known = StreamFigures {
            latency_ms: Some(83.0),
            ..StreamFigures::default()
        };
        let told = |figures: &StreamFigures| lines(figures, 25.0).concat().concat();
        assert!(told(&known).contains("83"));
        assert!(!told(&StreamFigures::default()).contains("83"));
        assert_eq!(lines(&known, 25.0).len(), lines(&StreamFigures::default(), 25.0).len());
    }
}
