//! A dome's speed table: the speed of each axis by the velocity commanded (ONVIF PTZ `ContinuousMove`), as its calibration
//! measured it.
//!
//! Units: velocity is the commanded value of the generic velocity space without its sign, 0..1; speed is in degrees per second
//! for pan and tilt, natural logarithm of magnification per second for zoom. One row serves both directions of an axis.
//! Invariant: whatever the rows say, a higher velocity never has a lower bound, and nothing is said of velocities above the
//! highest one measured. Deliberately absent: how it is measured (`domain::ptz::speed_trial`), ramps and delays.

use serde::{Deserialize, Serialize};

/// Most rows of an axis in a plan.
const MOST_ROWS: usize = 64;

/// The axes of a dome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Axis {
    Pan,
    Tilt,
    Zoom,
}

impl Axis {
    /// Every axis, in the order pan, tilt, zoom.
    pub const ALL: [Axis; 3] = [Axis::Pan, Axis::Tilt, Axis::Zoom];
}

/// The speed measured under one commanded velocity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SpeedRow {
    /// Commanded value without its sign, above 0 to 1.
    pub velocity: f64,
    /// Middle of the speeds measured, degrees (zoom: natural logarithm of magnification) per second.
    pub speed: f64,
    /// No measurement, its own error included, was farther from `speed`. Same unit.
    pub spread: f64,
}

impl SpeedRow {
    fn highest(&self) -> f64 {
        self.speed + self.spread
    }
}

/// The measured speeds of one dome; an axis without rows was not measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpeedTable {
    /// Rising in velocity, as those of the other axes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pan: Vec<SpeedRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tilt: Vec<SpeedRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zoom: Vec<SpeedRow>,
}

impl SpeedTable {
    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        Axis::ALL.into_iter().all(|axis| self.rows(axis).is_empty())
    }

    /// The rows of an axis, rising in velocity.
    pub fn rows(&self, axis: Axis) -> &[SpeedRow] {
        match axis {
            Axis::Pan => &self.pan,
            Axis::Tilt => &self.tilt,
            Axis::Zoom => &self.zoom,
        }
    }

    /// The highest speed that a commanded velocity (its sign does not count) makes of an axis: a dome obeys a higher velocity
    /// at no lower speed, so the bound is that of the next row up. `None` where the table cannot tell: no row goes that far.
    pub fn at_most(&self, axis: Axis, velocity: f64) -> Option<f64> {
        let wanted = velocity.abs();
        let rows = self.rows(axis);
        if wanted == 0.0 {
            return Some(0.0);
        }
        let next = rows.iter().position(|row| row.velocity >= wanted)?;
        Some(rows[..=next].iter().map(SpeedRow::highest).fold(0.0, f64::max))
    }

    /// The velocity to command, 0..1, for a speed (its sign does not count): straight lines between the rows. A speed beyond
    /// the highest measured gets the velocity of the first row that is as fast as any. `None` where the axis was not measured
    /// or never moved.
    pub fn velocity_for(&self, axis: Axis, speed: f64) -> Option<f64> {
        let wanted = speed.abs();
        let mut below = (0.0, 0.0);
        let mut fastest = None;
        for row in self.rows(axis) {
            if row.speed <= below.1 {
                // Not faster than a lower velocity: nothing is gained by it, but a dead zone ends here.
                if below.1 == 0.0 {
                    below = (row.velocity, 0.0);
                }
                continue;
            }
            if wanted <= row.speed {
                let share = (wanted - below.1) / (row.speed - below.1);
                return Some(below.0 + share * (row.velocity - below.0));
            }
            below = (row.velocity, row.speed);
            fastest = Some(row.velocity);
        }
        fastest
    }

    /// The name of what is wrong in the table, for `CameraError::Motion`; `None`: nothing.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let names = ["speeds.pan", "speeds.tilt", "speeds.zoom"];
        let sound = |axis: Axis| {
            let rows = self.rows(axis);
            let each = |row: &SpeedRow| {
                let number = |v: f64, highest: f64| (0.0..=highest).contains(&v);
                row.velocity > 0.0
                    && number(row.velocity, 1.0)
                    && number(row.speed, 2000.0)
                    && number(row.spread, 2000.0)
            };
            let rising = rows.windows(2).all(|pair| pair[0].velocity < pair[1].velocity);
            rows.len() <= MOST_ROWS && rising && rows.iter().all(each)
        };
        let wrong = Axis::ALL.into_iter().zip(names).find(|(axis, _)| !sound(*axis));
        wrong.map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(velocity: f64, speed: f64, spread: f64) -> SpeedRow {
        SpeedRow {
            velocity,
            speed,
            spread,
        }
    }

    fn table(pan: Vec<SpeedRow>) -> SpeedTable {
        SpeedTable {
            pan,
            ..SpeedTable::default()
        }
    }

    #[test]
    fn a_bound_is_that_of_the_next_row_up_and_unknown_beyond_the_last() {
        let table = table(vec![row(0.1, 4.0, 0.5), row(0.5, 30.0, 1.0)]);
        assert_eq!(table.at_most(Axis::Pan, 0.0), Some(0.0));
        assert_eq!(table.at_most(Axis::Pan, -0.1), Some(4.5));
        assert_eq!(table.at_most(Axis::Pan, 0.11), Some(31.0));
        assert_eq!(table.at_most(Axis::Pan, 0.6), None);
        assert_eq!(table.at_most(Axis::Tilt, 0.1), None);
    }

    #[test]
    fn a_velocity_lies_between_the_rows_and_beyond_a_dead_zone() {
        let table = table(vec![
            row(0.02, 0.0, 0.1),
            row(0.1, 4.0, 0.5),
            row(0.5, 20.0, 1.0),
            row(1.0, 20.0, 1.0),
        ]);
        assert!((table.velocity_for(Axis::Pan, -12.0).unwrap() - 0.3).abs() < 1e-12);
        assert!((table.velocity_for(Axis::Pan, 2.0).unwrap() - 0.06).abs() < 1e-12);
        assert_eq!(table.velocity_for(Axis::Pan, 99.0), Some(0.5));
        assert_eq!(table.velocity_for(Axis::Zoom, 1.0), None);
    }

    #[test]
    fn a_plan_without_a_table_is_read_and_written_as_before() {
        let empty: SpeedTable = serde_json::from_str("{}").unwrap();
        assert!(empty.is_empty() && empty.fault().is_none());
        assert_eq!(serde_json::to_string(&empty).unwrap(), "{}");
        let motion = crate::domain::site::MotionBounds::default();
        assert!(!serde_json::to_string(&motion).unwrap().contains("speeds"));
    }

    #[test]
    fn a_table_that_falls_in_velocity_or_holds_no_numbers_is_named() {
        let falling = table(vec![row(0.5, 1.0, 0.1), row(0.4, 2.0, 0.1)]);
        assert_eq!(falling.fault(), Some("speeds.pan"));
        let nothing = SpeedTable {
            zoom: vec![row(0.5, f64::NAN, 0.1)],
            ..SpeedTable::default()
        };
        assert_eq!(nothing.fault(), Some("speeds.zoom"));
    }

    proptest! {
        #[test]
        fn bounds_and_velocities_rise_and_a_bound_holds_for_every_dome_that_the_rows_measured(
            steps in proptest::collection::vec((0.01f64..0.1, 0.0f64..9.0, 0.0f64..2.0), 1..9),
            a in 0.0f64..1.0, b in 0.0f64..1.0, fast in 0.0f64..90.0, slow in 0.0f64..90.0,
        ) {
            let (mut velocity, mut speed) = (0.0, 0.0);
            let rows = steps.iter().map(|(step, faster, spread)| {
                velocity += step;
                speed += faster;
                row(velocity, speed, *spread)
            });
            let table = table(rows.collect());
            let (low, high) = (a.min(b), a.max(b));
            if let Some(bound) = table.at_most(Axis::Pan, high) {
                prop_assert!(table.at_most(Axis::Pan, low).unwrap() <= bound);
                // The dome of the rows themselves, straight lines between them.
                if let Some(v) = table.velocity_for(Axis::Pan, slow).filter(|v| *v <= high) {
                    let driven = slow.min(speed);
                    prop_assert!(driven <= bound + 1e-9, "{v} {driven} {bound}");
                }
            }
            let [slow, fast] = [slow.min(fast), slow.max(fast)].map(|v| table.velocity_for(Axis::Pan, v));
            prop_assert!(slow <= fast && fast.is_none_or(|v| v <= 1.0));
        }
    }
}
