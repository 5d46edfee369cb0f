//! `steering-run.json`: what one make of dome was like to steer.
//!
//! Invariant: every figure was counted by this run on pixels, beside the simulator's truth; a row that was not run is absent.
//! Deliberately absent: targets and verdicts.

use serde::Serialize;
use std::collections::BTreeMap;

/// A figure of several trials.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Spread {
    pub trials: usize,
    pub p50: f64,
    pub p99: f64,
    pub min: f64,
    pub max: f64,
    pub mean: f64,
}

impl Spread {
    /// The spread of values; `None` of none. Percentiles by nearest rank.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let rank = |percent: usize| (values.len() * percent).div_ceil(100).max(1) - 1;
        let at = |rank: usize| values.get(rank).copied();
        Some(Self {
            trials: values.len(),
            p50: round(at(rank(50))?),
            p99: round(at(rank(99))?),
            min: round(at(0)?),
            max: round(at(values.len() - 1)?),
            mean: round(values.iter().sum::<f64>() / values.len() as f64),
        })
    }
}

/// Three decimals.
pub fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// Arrows, or the pad at the same speed, held for three seconds with masks in view.
#[derive(Debug, Clone, Serialize)]
pub struct Pan {
    pub magnification: f64,
    pub pans: usize,
    pub looks: usize,
    /// Of the looks in which no mask is in the centre in truth.
    pub centre_free_share: f64,
    pub centre_free_of_looks: usize,
    /// Of all looks: more than 90 % of the picture covered.
    pub over_90_share: f64,
    pub mean_covered: f64,
    /// Covered where no mask is in truth, of the picture.
    pub mean_excess: f64,
    pub mean_masked_in_truth: f64,
    /// From the release until no more than 10 % of the picture is covered in excess, for good; seconds.
    pub back_s: Option<Spread>,
    pub never_back: usize,
}

/// A click, a notch, a box, a preset, without a mask in view.
#[derive(Debug, Clone, Serialize)]
pub struct Move {
    pub moves: usize,
    /// Whole picture covered after each, seconds.
    pub whole_covered_s: Option<Spread>,
    /// Mean share covered in the second and a half after each.
    pub mean_covered: f64,
    /// Of it, covered where no mask is in truth.
    pub mean_excess: f64,
    /// How many of them moved the dome.
    pub moved: usize,
}

/// Keys held for 0.2 s.
#[derive(Debug, Clone, Serialize)]
pub struct Taps {
    pub magnification: f64,
    /// Per cent of the picture's width.
    pub moved_percent: Option<Spread>,
    /// Largest minus smallest, per cent of the mean.
    pub spread_percent: f64,
}

/// A walker followed.
#[derive(Debug, Clone, Serialize)]
pub struct Followed {
    pub magnification: f64,
    pub seconds: f64,
    pub looks: usize,
    /// Of the looks: the walker in the picture and not covered.
    pub seen_share: f64,
    /// Of the looks: the walker in the picture in truth.
    pub inside_share: f64,
    pub mean_covered: f64,
    pub mean_excess: f64,
    pub acts: usize,
}

/// A row of the table.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Row {
    Pan(Pan),
    Move(Move),
    Taps(Taps),
    Followed(Followed),
    /// Why the row could not be run.
    Trouble {
        why: String,
    },
}

/// How often was looked, and what at.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Sampling {
    pub looks: usize,
    pub looks_per_second: f64,
    /// Different time codes read a second while nothing moved.
    pub pictures_per_second: f64,
    /// From light to the look, while nothing moved, milliseconds.
    pub latency_ms_p50: Option<f64>,
    pub picture_width_px: u32,
    pub picture_height_px: u32,
    /// Cells of 64 × 36 that are left once the interface's own labels and the time code are taken away.
    pub cells: u32,
}

/// The whole report.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    pub make: String,
    pub habit: String,
    pub command_delay_ms: u64,
    pub status_delay_ms: Option<u64>,
    pub masks: usize,
    pub stage: Option<super::scenery::Stage>,
    pub sampling: Sampling,
    pub rows: BTreeMap<String, Row>,
    /// How the rows of the stick were steered.
    pub stick: &'static str,
    /// Files of the film strips beside the report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strips: Vec<String>,
    pub leaked_pixels: u64,
    pub looks_with_leaks: usize,
    /// Looks at a picture that had a mask in it in truth and showed at least a tenth.
    pub looks_with_masks_in_view: usize,
    pub trouble: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_by_nearest_rank() {
        let spread = Spread::of((1..=200).rev().map(f64::from).collect()).unwrap();
        assert_eq!(
            (spread.p50, spread.p99, spread.max, spread.mean),
            (100.0, 198.0, 200.0, 100.5)
        );
        assert!(Spread::of(Vec::new()).is_none());
        assert_eq!(Spread::of(vec![2.0]).unwrap().p99, 2.0);
    }
}
