//! Ceilings that depend on where the dome looks: pixels per metre at the ground, and sectors (R-PTZ-1, R-PTZ-2).
//!
//! A ceiling in pixels per metre is one on the magnification that depends on the tilt: the ground in the middle of the
//! picture lies `height / sin(depression)` away, and a metre of it takes `focal length in pixels / distance` pixels. Ground
//! beyond [`FARTHEST_M`] counts as lying there, so a view to the horizon has a ceiling too. The widest view is always
//! allowed: a ceiling limits zoom, it does not blind a camera that hangs low. Densities of EN 62676-4: 25 px/m detect,
//! 62.5 observe, 125 recognise, 250 identify.
//!
//! A sector's ceiling holds while any of the sector may be in the picture. Poses beyond the ceiling `c` see at most what a
//! picture at `c` sees, so the rule is: beyond `c` the axis stays farther from the sector than half the diagonal of
//! the picture at `c`.
//!
//! Invariant: nothing here takes a stream or a window as argument: pixels are always those of the largest stream, so
//! switching either cannot pass a ceiling. A box of poses is allowed only when each of its poses is.
//! Deliberately absent: limits of one axis alone (`limits`).

use super::Velocity;
use super::limit_hit::LimitHit;
use super::sector::{Region, SectorRule};
use crate::domain::camera::{Direction, LensModel, Pose};
use crate::domain::privacy::axes::{nearest_turn, speed_share};
use crate::domain::privacy::camera_geometry::Frustum;
use crate::domain::privacy::{Interval, PoseInterval, PoseKnowledge};
use crate::domain::site::{CameraPlan, Ground};

/// Ground farther away than this counts as lying here, metres.
pub const FARTHEST_M: f64 = 100.0;
/// Room for rounding, natural logarithm of magnification.
const ROUNDING: f64 = 1e-6;
/// A share of the wanted velocity that is not worth moving for.
const CRAWL: f64 = 0.02;
/// Pan intervals wider than this say nothing about which way round something lies.
const WIDEST_PAN_DEG: f64 = 150.0;
/// A step to see where a hand leads, degrees.
const STEP_DEG: f64 = 0.5;
/// Halvings in the search for the share that still fits.
const HALVINGS: u32 = 7;

impl Ground {
    /// Distance to the ground along a direction of this elevation, metres, at most [`FARTHEST_M`].
    pub fn distance_m(&self, elevation_deg: f64) -> f64 {
        let sine = (-elevation_deg).to_radians().sin();
        if sine <= 0.0 {
            return FARTHEST_M;
        }
        (self.height_m / sine).min(FARTHEST_M)
    }

    /// Pixels per metre of the ground in the middle of the picture.
    pub fn density_px_m(&self, pose: Pose) -> f64 {
        let focal_px = f64::from(self.picture_width_px) / 2.0 / (pose.hfov_deg.to_radians() / 2.0).tan();
        focal_px / self.distance_m(pose.tilt_deg)
    }

    /// The magnification at which the ground at this elevation has `density` pixels per metre; 1 at least.
    pub fn magnification_at(&self, lens: &LensModel, elevation_deg: f64, density: f64) -> f64 {
        let widest = Pose {
            pan_deg: 0.0,
            tilt_deg: elevation_deg,
            hfov_deg: lens.widest_hfov_deg(),
        };
        (density / self.density_px_m(widest)).max(1.0)
    }
}

/// The ceilings of one camera that depend on where it looks.
pub struct Regions<'a> {
    camera: &'a CameraPlan,
    lens: Option<&'a LensModel>,
    sectors: Vec<Ruled>,
}

/// A sector as the gate needs it.
struct Ruled {
    index: usize,
    region: Region,
    /// Highest magnification while it may be seen; `None`: the axis may not enter it at all.
    ceiling: Option<f64>,
    /// How near the axis may come beyond the ceiling, radians.
    reach: f64,
}

impl Ruled {
    fn hit(&self) -> LimitHit {
        match self.ceiling {
            Some(ceiling) => LimitHit::SectorCeiling {
                sector: self.index,
                ceiling,
            },
            None => LimitHit::NoLook { sector: self.index },
        }
    }
}

impl<'a> Regions<'a> {
    /// Prepares the ceilings of a camera for many questions.
    pub fn of(camera: &'a CameraPlan) -> Self {
        let lens = camera.lens.as_ref();
        let ruled = |(index, sector): (usize, &super::sector::Sector)| {
            let ceiling = match (sector.rule, lens, &camera.ground) {
                (SectorRule::NoLook, _, _) => None,
                (SectorRule::ZoomCeiling(ceiling), _, _) => Some(ceiling),
                (SectorRule::DensityCeiling(density), Some(lens), Some(ground)) => {
                    let nearest = sector.corners.iter().map(|corner| corner.elevation_deg);
                    let nearest = nearest.fold(90.0, f64::min);
                    Some(ground.magnification_at(lens, nearest, density))
                }
                // Where the ground is not known nothing may be enlarged.
                (SectorRule::DensityCeiling(_), _, _) => Some(1.0),
            };
            let reach = match (ceiling, lens) {
                (Some(ceiling), Some(lens)) => Frustum::new(lens.hfov_of(ceiling), lens.aspect).half_diagonal(),
                (Some(_), None) => std::f64::consts::PI,
                (None, _) => 0.0,
            };
            Ruled {
                index,
                region: Region::new(&sector.corners),
                ceiling,
                reach,
            }
        };
        Self {
            camera,
            lens,
            sectors: camera.limits.sectors.iter().enumerate().map(ruled).collect(),
        }
    }

    /// Whether the camera has no ceilings.
    pub fn is_empty(&self) -> bool {
        self.sectors.is_empty() && self.camera.limits.density_ceiling_px_m.is_none()
    }

    /// The ceiling that pixels per metre set for a picture whose middle is nowhere below this tilt. A box of poses may
    /// go on beyond straight down, where no ground is nearer.
    fn density(&self, lowest_tilt_deg: f64) -> Option<LimitHit> {
        let lowest_tilt_deg = lowest_tilt_deg.max(-90.0);
        let px_m = self.camera.limits.density_ceiling_px_m?;
        let ceiling = match (self.lens, &self.camera.ground) {
            (Some(lens), Some(ground)) => ground.magnification_at(lens, lowest_tilt_deg, px_m),
            _ => 1.0,
        };
        Some(LimitHit::DensityCeiling { px_m, ceiling })
    }

    /// Every rule that some pose of the box may break.
    pub fn broken_by(&self, poses: &PoseInterval) -> Vec<LimitHit> {
        let Some(lens) = self.lens else {
            return if self.is_empty() {
                Vec::new()
            } else {
                vec![LimitHit::PoseNotKnown]
            };
        };
        let magnification = lens.magnification(poses.hfov.lo);
        let beyond = |ceiling: f64| (magnification / ceiling).ln() > ROUNDING;
        let density = self
            .density(poses.tilt.lo)
            .filter(|hit| hit.ceiling().is_some_and(beyond));
        let sectors = self.sectors.iter().filter(|ruled| {
            ruled.ceiling.is_none_or(beyond) && ruled.region.may_be_near(poses.pan, poses.tilt, ruled.reach)
        });
        density.into_iter().chain(sectors.map(Ruled::hit)).collect()
    }

    /// The lowest ceiling for what may be enlarged out of a picture at these poses, wherever in it.
    pub fn lowest_ceiling(&self, poses: &PoseInterval) -> Option<LimitHit> {
        let lens = self.lens?;
        let diagonal = Frustum::new(poses.hfov.hi.min(170.0), lens.aspect).half_diagonal();
        let seen = self.sectors.iter().filter(|ruled| ruled.ceiling.is_some());
        let seen = seen.filter(|ruled| {
            ruled
                .region
                .may_be_near(poses.pan, poses.tilt, diagonal.max(ruled.reach))
        });
        let hits = self.density(poses.tilt.lo).into_iter().chain(seen.map(Ruled::hit));
        hits.min_by(|a, b| {
            let ceiling = |hit: &LimitHit| hit.ceiling().unwrap_or(f64::INFINITY);
            ceiling(a).total_cmp(&ceiling(b))
        })
    }

    /// The part of a velocity that ceilings leave, after the limits of the single axes, and the rule that took the
    /// rest. `settled` is where the dome may be until everything ordered before is over (an earlier order on another
    /// axis goes on while this one works); `seconds` it may last, delays included.
    pub fn brake(&self, settled: &PoseKnowledge, wanted: Velocity, seconds: f64) -> (Velocity, Option<LimitHit>) {
        if self.is_empty() || wanted.is_zero() {
            return (wanted, None);
        }
        let outwards = Velocity {
            zoom: wanted.zoom.min(0.0),
            ..Velocity::ZERO
        };
        let PoseKnowledge::Within(poses) = settled else {
            let hit = (outwards != wanted).then_some(LimitHit::PoseNotKnown);
            return (outwards, hit);
        };
        let already = self.broken_by(poses);
        if !already.is_empty() {
            return self.come_back(poses, wanted, seconds, already);
        }
        let swept = |v: Velocity| self.broken_by(&self.sweep(poses, v, seconds));
        let Some(hit) = swept(wanted).first().copied() else {
            return (wanted, None);
        };
        let zoomed = |share: f64| Velocity {
            zoom: if wanted.zoom > 0.0 {
                wanted.zoom * share
            } else {
                wanted.zoom
            },
            ..wanted
        };
        if swept(zoomed(0.0)).is_empty() {
            return (zoomed(fit(|share| swept(zoomed(share)).is_empty())), Some(hit));
        }
        let turned = |share: f64| Velocity {
            pan: wanted.pan * share,
            tilt: wanted.tilt * share,
            ..outwards
        };
        (turned(fit(|share| swept(turned(share)).is_empty())), Some(hit))
    }

    /// A dome that is already where it should not be (an event ended, somebody else moved it) may only come back: zoom out
    /// of a ceiling, or turn away from a sector it must not look at.
    fn come_back(
        &self,
        poses: &PoseInterval,
        wanted: Velocity,
        seconds: f64,
        already: Vec<LimitHit>,
    ) -> (Velocity, Option<LimitHit>) {
        let first = already.first().copied();
        let outwards = Velocity {
            zoom: wanted.zoom.min(0.0),
            ..Velocity::ZERO
        };
        let turned = Velocity { zoom: 0.0, ..wanted };
        // A step in the direction of the hand, degrees. It must lead away from every corner of what is possible: a box on
        // both sides of a sector says nothing about where the dome is.
        let motion = &self.camera.motion;
        let [pan, tilt] = [
            turned.pan * motion.pan_speed_deg_s,
            turned.tilt * motion.tilt_speed_deg_s,
        ];
        let scale = STEP_DEG / pan.hypot(tilt).max(f64::MIN_POSITIVE);
        let corners = [poses.pan.lo, poses.pan.hi]
            .into_iter()
            .flat_map(|pan| [poses.tilt.lo, poses.tilt.hi].map(|tilt| (pan, tilt)));
        let away_from = |region: &Region| {
            corners.clone().all(|(from_pan, from_tilt)| {
                let here = at(from_pan, from_tilt);
                let there = at(from_pan + pan * scale, from_tilt + tilt * scale);
                if region.distance(here) > 0.0 {
                    region.distance(there) > region.distance(here)
                } else {
                    region.away_from_middle(there) > region.away_from_middle(here)
                }
            })
        };
        let leads_away = |hit: &LimitHit| match hit {
            LimitHit::NoLook { sector } => {
                let mut named = self.sectors.iter().filter(|ruled| ruled.index == *sector);
                named.all(|ruled| away_from(&ruled.region))
            }
            _ => false,
        };
        let swept = || self.broken_by(&self.sweep(poses, turned, seconds));
        // Beyond half a turn «away» leads back from the other side.
        if poses.pan.hi - poses.pan.lo > WIDEST_PAN_DEG {
            return (outwards, first);
        }
        if already.iter().all(leads_away) && swept().iter().all(|hit| already.contains(hit)) {
            return (
                Velocity {
                    zoom: outwards.zoom,
                    ..wanted
                },
                first,
            );
        }
        (outwards, first)
    }

    /// The box of poses after a velocity.
    fn sweep(&self, poses: &PoseInterval, v: Velocity, seconds: f64) -> PoseInterval {
        let motion = &self.camera.motion;
        let way = |v: f64, highest: f64| speed_share(motion, v) * highest * seconds;
        let along = |interval: Interval, v: f64, highest: f64| Interval {
            lo: interval.lo - if v < 0.0 { way(v, highest) } else { 0.0 },
            hi: interval.hi + if v > 0.0 { way(v, highest) } else { 0.0 },
        };
        let narrowed =
            |hfov_deg: f64, ln: f64| 2.0 * ((hfov_deg.to_radians() / 2.0).tan() / ln.exp()).atan().to_degrees();
        let zoomed_in = if v.zoom > 0.0 {
            way(v.zoom, motion.zoom_speed_ln_s)
        } else {
            0.0
        };
        PoseInterval {
            pan: along(poses.pan, v.pan, motion.pan_speed_deg_s),
            tilt: along(poses.tilt, v.tilt, motion.tilt_speed_deg_s),
            hfov: Interval {
                lo: narrowed(poses.hfov.lo, zoomed_in),
                hi: poses.hfov.hi,
            },
        }
    }

    /// Whether the dome may be sent from where it is now to a target: each axis goes its own way between the two.
    /// `settled` is where it may be when everything ordered before has had its effect: an earlier order that lands late
    /// moves it on from anywhere on the way, and from the target.
    ///
    /// # Errors
    /// The rule that some pose on the way may break.
    pub fn passage(&self, from: &PoseKnowledge, settled: &PoseKnowledge, target: &Pose) -> Result<(), LimitHit> {
        if self.is_empty() {
            return Ok(());
        }
        let (PoseKnowledge::Within(poses), PoseKnowledge::Within(settled)) = (from, settled) else {
            return Err(LimitHit::PoseNotKnown);
        };
        // Ways of earlier orders, added to everything between here and the target.
        let hull = |here: Interval, settled: Interval, to: f64| Interval {
            lo: here.lo.min(to) - (here.lo - settled.lo).max(0.0),
            hi: here.hi.max(to) + (settled.hi - here.hi).max(0.0),
        };
        // A field of view narrows in proportion.
        let hfov = Interval {
            lo: poses.hfov.lo.min(target.hfov_deg) * (settled.hfov.lo / poses.hfov.lo).min(1.0),
            hi: poses.hfov.hi.max(target.hfov_deg),
        };
        let mut pan = hull(poses.pan, settled.pan, nearest_turn(target.pan_deg, poses.pan.middle()));
        if pan.hi - pan.lo > WIDEST_PAN_DEG || crosses_seam(pan) {
            // Which way round it goes is not known.
            pan = Interval { lo: -180.0, hi: 180.0 };
        }
        let way = PoseInterval {
            pan,
            tilt: hull(poses.tilt, settled.tilt, target.tilt_deg),
            hfov,
        };
        self.broken_by(&way).first().map_or(Ok(()), |hit| Err(*hit))
    }
}

fn at(pan_deg: f64, tilt_deg: f64) -> Direction {
    Direction {
        azimuth_deg: pan_deg,
        elevation_deg: tilt_deg.clamp(-90.0, 90.0),
    }
}

fn crosses_seam(pan: Interval) -> bool {
    ((pan.lo + 180.0) / 360.0).floor() != ((pan.hi + 180.0) / 360.0).floor()
}

/// The largest share 0..1 that fits, as far as halving tells; 0 when what is left is not worth moving for.
fn fit(fits: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if fits(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    if low < CRAWL { 0.0 } else { low }
}
