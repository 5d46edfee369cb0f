//! The bounds of a camera of the plan: how far it may be moved and zoomed, and how fast it moves at most.
//!
//! Invariant: `check` finds every number that is out of range, empty or not a number. Deliberately absent: what the bounds mean for
//! a command (`domain::ptz`) and for the cover (`domain::privacy`).

use super::dome_delays::DomeDelays;
use super::plan_error::CameraError;
use super::speed_table::SpeedTable;
use crate::domain::privacy::mask;
use crate::domain::ptz::sector::{Sector, SectorRule};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Bounds nobody passes without a declared event (R-PTZ-1, R-PTZ-2). `None`: the camera's own limits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Lowest and highest pan, degrees.
    #[serde(default)]
    pub pan_deg: Option<[f64; 2]>,
    /// Lowest and highest tilt, degrees.
    #[serde(default)]
    pub tilt_deg: Option<[f64; 2]>,
    /// Highest magnification over the widest view (the ceiling), ×. Optical and digital together.
    #[serde(default)]
    pub zoom_ceiling: Option<f64>,
    /// Most pixels per metre of the ground in the middle of the picture; needs [`CameraPlan::ground`](super::CameraPlan::ground).
    #[serde(default)]
    pub density_ceiling_px_m: Option<f64>,
    /// Parts of the sphere with a rule of their own.
    #[serde(default)]
    pub sectors: Vec<Sector>,
}

/// The bounds of a dome's motion between two known poses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MotionBounds {
    /// Highest pan speed, degrees per second.
    pub pan_speed_deg_s: f64,
    /// Highest tilt speed, degrees per second.
    pub tilt_speed_deg_s: f64,
    /// Highest zoom speed: natural logarithm of magnification per second.
    pub zoom_speed_ln_s: f64,
    /// Longest delay from light to a drawn frame in a workstation that keeps up, seconds (Lv).
    pub video_delay_s: f64,
    /// Longest age of the pose in a status when it is asked for, seconds (Ls).
    pub status_delay_s: f64,
    /// Error of the reported position itself, degrees.
    pub pose_error_deg: f64,
    /// A pose older than this is unknown: the picture is covered whole. Seconds.
    pub pose_lost_after_s: f64,
    /// Shortest delay from light to a drawn frame, seconds: at most the jitter buffer this program itself adds. 0 when
    /// not known.
    pub video_delay_min_s: f64,
    /// Longest time from sending a command until the dome does as it says (a late one included), seconds (Lc).
    pub command_delay_s: f64,
    /// A velocity of `v` (0..1) moves an axis at no more than `v` times this times its highest speed (and never faster
    /// than that). Large for a dome whose speed is not proportional; 1 for one that is exactly so.
    pub speed_per_velocity: f64,
    /// Error of the reported zoom: natural logarithm of magnification.
    pub zoom_error_ln: f64,
    /// Whether somebody may move the dome of whom no workstation hears: a keyboard on the spot, a guard tour, another
    /// system. Then the cover grows at full speed from the newest status on. Otherwise a dome without an order is taken
    /// to stand still until a status says otherwise.
    pub unannounced_movers: bool,
    /// The speeds that this dome showed at its calibration; empty: not measured.
    #[serde(skip_serializing_if = "SpeedTable::is_empty")]
    pub speeds: SpeedTable,
    /// The delays that this dome showed at its calibration; `None`: not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delays: Option<DomeDelays>,
}

impl Default for MotionBounds {
    fn default() -> Self {
        Self {
            pan_speed_deg_s: 240.0,
            tilt_speed_deg_s: 160.0,
            zoom_speed_ln_s: 2.0,
            video_delay_s: 0.6,
            status_delay_s: 0.8,
            pose_error_deg: 0.3,
            pose_lost_after_s: 3.0,
            video_delay_min_s: 0.0,
            command_delay_s: 1.0,
            speed_per_velocity: 1.5,
            zoom_error_ln: 0.01,
            unannounced_movers: false,
            speeds: SpeedTable::default(),
            delays: None,
        }
    }
}

impl Limits {
    /// Whether anything bounds the zoom.
    pub fn has_ceiling(&self) -> bool {
        let sector = |sector: &Sector| sector.rule != SectorRule::NoLook;
        self.zoom_ceiling.is_some() || self.density_ceiling_px_m.is_some() || self.sectors.iter().any(sector)
    }

    /// Takes every ceiling away, as a declared event does; what is not a ceiling stays.
    pub fn raise_ceilings(&mut self) {
        self.zoom_ceiling = None;
        self.density_ceiling_px_m = None;
        self.sectors.retain(|sector| sector.rule == SectorRule::NoLook);
    }

    pub(super) fn check(&self, push: &mut impl FnMut(CameraError)) {
        let ordered = |[low, high]: [f64; 2], widest: f64| low.abs() <= widest && high.abs() <= widest && low < high;
        if self
            .pan_deg
            .is_some_and(|range| !ordered(range, 360.0) || range[1] - range[0] > 360.0)
        {
            push(CameraError::Limit("pan_deg"));
        }
        if self.tilt_deg.is_some_and(|range| !ordered(range, 90.0)) {
            push(CameraError::Limit("tilt_deg"));
        }
        if self
            .zoom_ceiling
            .is_some_and(|ceiling| !(1.0..=1000.0).contains(&ceiling))
        {
            push(CameraError::Limit("zoom_ceiling"));
        }
        let density = |px_m: f64| (0.1..=10_000.0).contains(&px_m);
        if self.density_ceiling_px_m.is_some_and(|px_m| !density(px_m)) {
            push(CameraError::Limit("density_ceiling_px_m"));
        }
        let mut ids = HashSet::new();
        for sector in &self.sectors {
            if !ids.insert(&sector.id) {
                push(CameraError::SectorTwice(sector.id.clone()));
            }
            let number = match sector.rule {
                SectorRule::NoLook => true,
                SectorRule::ZoomCeiling(ceiling) => (1.0..=1000.0).contains(&ceiling),
                SectorRule::DensityCeiling(px_m) => density(px_m),
            };
            if !number {
                push(CameraError::Limit("sectors"));
            }
            if let Err(error) = mask::pieces(&sector.corners) {
                push(CameraError::Sector {
                    sector: sector.id.clone(),
                    error,
                });
            }
        }
    }

    pub(super) fn needs_ground(&self) -> bool {
        let by_density = |sector: &Sector| matches!(sector.rule, SectorRule::DensityCeiling(_));
        self.density_ceiling_px_m.is_some() || self.sectors.iter().any(by_density)
    }
}

impl MotionBounds {
    pub(super) fn check(&self, push: &mut impl FnMut(CameraError)) {
        let ranges = [
            ("pan_speed_deg_s", self.pan_speed_deg_s, 0.01, 2000.0),
            ("tilt_speed_deg_s", self.tilt_speed_deg_s, 0.01, 2000.0),
            ("zoom_speed_ln_s", self.zoom_speed_ln_s, 0.001, 100.0),
            ("video_delay_s", self.video_delay_s, 0.0, 60.0),
            ("video_delay_min_s", self.video_delay_min_s, 0.0, self.video_delay_s),
            ("status_delay_s", self.status_delay_s, 0.0, 60.0),
            ("command_delay_s", self.command_delay_s, 0.0, 60.0),
            ("pose_error_deg", self.pose_error_deg, 0.0, 10.0),
            ("zoom_error_ln", self.zoom_error_ln, 0.0, 1.0),
            ("pose_lost_after_s", self.pose_lost_after_s, 0.1, 60.0),
            ("speed_per_velocity", self.speed_per_velocity, 0.01, 1e6),
        ];
        for (name, value, lowest, highest) in ranges {
            if !(lowest <= value && value <= highest) {
                push(CameraError::Motion(name));
            }
        }
        let delays = self.delays.as_ref().and_then(DomeDelays::fault);
        for name in self.speeds.fault().into_iter().chain(delays) {
            push(CameraError::Motion(name));
        }
    }
}
