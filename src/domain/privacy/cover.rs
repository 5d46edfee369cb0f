//! The cover: convex polygons that contain every mask for every pose that is possible.
//!
//! How it is proved. In the frame of a camera, turning it about the vertical moves a point of the mask along a small circle,
//! and so does tilting it; rolling is a rotation. The interval of poses is divided by a grid whose lines include both ends.
//! Between two neighbouring lines, a step of 2a apart, a small circle leaves the great circle between its two ends by no more
//! than its *sagitta*: on the circle of elevation e that is the angle s with tan s = tan e (1 − cos a) / (cos a + tan² e),
//! at most (1 − cos a) / (2 √cos a), so second order in the step where the step itself is first. A pose within a cell of the
//! grid sees each corner of the mask between its places at two poses on the cell's edges, themselves within a sagitta of the
//! great circles between the cell's corners. So every corner, and with them the convex piece, lies within δ, the sum
//! of both sagittas, of the hull of the piece at the poses of the grid; [`CURVED`] is left for the sphere, on which what lies
//! between two pairs of near points may lie a little farther apart than they do (1/cos of half a step, less than 1.1).
//! Everything within δ of a convex ring lies, in the plane that touches the sphere at a point no more than ρ from the ring,
//! within tan(ρ+δ) − tan ρ of it (the map to that plane stretches by at most 1/cos²).
//! The frustum of the widest field of view cuts it; the narrower ones only scale it about the picture's centre, and
//! the hull of the smallest and the largest copy contains those between.
//! A pan interval too wide for one hull is cut into stretches, each with a hull of its own.
//!
//! While the pose is uncertain a part of the cover is only perhaps the mask. What is masked at *every* pose of the interval is
//! looked for too ([`certain`](super::certain)) and laid over it as what it is; both are opaque, so this only changes how a
//! cover looks.
//!
//! Deliberately absent: caching (the caller redraws at most once per frame), drawing.

use super::camera_geometry::{Axes, Frustum, Lie};
use super::certain;
use super::convex::{self, Point};
use super::mask::{Piece, Plane, pieces_or_hull};
use super::{Cover, CoverStyle, Interval, Polygon, PoseInterval, PoseKnowledge, WholeReason};
use crate::domain::camera::LensModel;
use crate::domain::ptz::sector::SectorRule;
use crate::domain::site::{CameraPlan, MaskShape};
use glam::DVec3;

/// Added to every mask as a share of the picture's width: chroma subsampling and scaling bleed over its border.
const BLEED: f64 = 0.005;
/// Added to every mask against rounding, degrees.
const ROUNDING_DEG: f64 = 1e-4;
/// Most steps a pan and a tilt interval are divided into.
const MOST_STEPS: [f64; 2] = [8.0, 4.0];
/// Share of the field of view that the sagitta of a step may be.
const SAGITTA: f64 = 1.0 / 400.0;
/// Share of the field of view within which a pose counts as known.
const NARROW: f64 = 1.0 / 150.0;
/// Room for the sphere in the sum of two sagittas.
const CURVED: f64 = 1.1;
/// A pan interval wider than this on each side of its middle is cut into stretches, degrees.
const WIDEST_HULL_DEG: f64 = 25.0;

/// The masks of one camera, cut into convex pieces once; make it when the plan changes, not per frame.
#[derive(Debug, Clone)]
pub struct PreparedMasks {
    lens: Option<LensModel>,
    pieces: Vec<(Piece, CoverStyle)>,
    picture: Vec<Polygon>,
    /// A mask that cannot be drawn: the whole picture is covered instead.
    beyond_drawing: bool,
}

impl PreparedMasks {
    /// Cuts the masks of a camera. A mask that makes no sense ([`SitePlan::check`](crate::domain::site::SitePlan::check)
    /// would have refused it) is replaced by something larger.
    pub fn new(camera: &CameraPlan) -> Self {
        let mut prepared = Self {
            lens: camera.lens.clone().filter(|lens| lens.check().is_ok()),
            pieces: Vec::new(),
            picture: Vec::new(),
            beyond_drawing: false,
        };
        for mask in &camera.masks {
            match &mask.shape {
                MaskShape::Directions(corners) => match pieces_or_hull(corners) {
                    Ok(pieces) => prepared.add(pieces, mask.style),
                    Err(_) => prepared.beyond_drawing = true,
                },
                MaskShape::Picture(corners) => match picture_polygons(corners, mask.style) {
                    Some(polygons) => prepared.picture.extend(polygons),
                    None => prepared.beyond_drawing = true,
                },
            }
        }
        // What must not be looked at is covered too, should the dome be turned there all the same.
        for sector in camera.limits.sectors.iter().filter(|s| s.rule == SectorRule::NoLook) {
            match pieces_or_hull(&sector.corners) {
                Ok(pieces) => prepared.add(pieces, CoverStyle::Solid),
                Err(_) => prepared.beyond_drawing = true,
            }
        }
        prepared
    }

    fn add(&mut self, pieces: Vec<Piece>, style: CoverStyle) {
        self.pieces.extend(pieces.into_iter().map(|piece| (piece, style)));
    }

    /// The cover for a pose known this well. Masks of a fixed camera do not depend on it; a camera without masks needs
    /// no cover.
    pub fn cover(&self, knowledge: &PoseKnowledge) -> Cover {
        if self.beyond_drawing {
            return Cover::Whole(WholeReason::TooUncertain);
        }
        let mut parts = self.picture.clone();
        if self.pieces.is_empty() {
            return Cover::Parts(parts);
        }
        let poses = match knowledge {
            PoseKnowledge::Within(poses) => poses,
            PoseKnowledge::Unknown(reason) => return Cover::Whole(*reason),
        };
        let Some(lens) = &self.lens else {
            return Cover::Whole(WholeReason::TooUncertain);
        };
        let uncertain = is_uncertain(poses);
        for poses in stretches(poses) {
            let Some(mut sweep) = Sweep::new(lens, &poses) else {
                return Cover::Whole(WholeReason::TooUncertain);
            };
            for (piece, style) in &self.pieces {
                match sweep.part(piece) {
                    Part::OutOfView => {}
                    Part::Seen(polygon) => parts.push(Polygon {
                        style: *style,
                        band: uncertain,
                        ..polygon
                    }),
                    Part::Unbounded => return Cover::Whole(WholeReason::TooUncertain),
                }
            }
        }
        if uncertain {
            // After the bands, so that they are drawn over them.
            parts.extend(self.pieces.iter().filter_map(|(piece, style)| {
                let polygon = polygon(&certain::ring(lens, poses, piece))?;
                Some(Polygon {
                    style: *style,
                    ..polygon
                })
            }));
        }
        Cover::Parts(parts)
    }
}

impl PreparedMasks {
    /// Whether anything of a mask may be in view at some of these poses; says so too often rather than too seldom. Cheap: no
    /// projection, one angle for each convex piece.
    pub fn may_come_into_view(&self, poses: &PoseInterval) -> bool {
        let Some(lens) = &self.lens else { return true };
        self.may_lie_within(Frustum::new(poses.hfov.hi, lens.aspect).half_diagonal(), poses)
    }

    /// Whether anything of a mask may lie within `radius` (radians) of the axis of the lens at some of these poses, also a mask of
    /// the picture, which lies anywhere; says so too often rather than too seldom. However the picture lies about that axis, it
    /// shows nothing farther from it than its corners are.
    pub fn may_lie_within(&self, radius: f64, poses: &PoseInterval) -> bool {
        let forward = Axes::new(poses.pan.middle(), poses.tilt.middle(), 0.0).forward;
        let turned = (poses.pan.half_width() + poses.tilt.half_width()).to_radians();
        let reach = turned + radius;
        // A mask is grown by a share of the picture's width, less than this. What is not a number is near.
        let bleed = BLEED * std::f64::consts::PI;
        let far = |piece: &Piece| forward.angle_between(piece.centre) > reach + piece.radius + bleed;
        self.beyond_drawing || !self.picture.is_empty() || !self.pieces.iter().all(|(piece, _)| far(piece))
    }
}

/// [`PreparedMasks::new`] and [`PreparedMasks::cover`] in one, for those who need it once.
pub fn cover(camera: &CameraPlan, knowledge: &PoseKnowledge) -> Cover {
    PreparedMasks::new(camera).cover(knowledge)
}

/// Convex polygons, a little larger than the mask, of a polygon in the picture.
fn picture_polygons(corners: &[Point], style: CoverStyle) -> Option<Vec<Polygon>> {
    if corners.len() < 3 || corners.iter().flatten().any(|v| !v.is_finite()) {
        return None;
    }
    let rings = match convex::simple(corners) {
        Ok(ring) => convex::decompose(&ring),
        Err(_) => {
            let mut ring = Vec::new();
            convex::hull(&mut corners.to_vec(), &mut ring);
            vec![ring]
        }
    };
    let (mut grown, mut spare) = (Vec::new(), Vec::new());
    let polygons = rings.iter().filter_map(|ring| {
        convex::grow(ring, 2.0 * BLEED, &mut grown);
        convex::clip_to_unit(&mut grown, &mut spare);
        polygon(&grown).map(|polygon| Polygon { style, ..polygon })
    });
    Some(polygons.collect())
}

/// A ring as a solid polygon of the cover; `None` when nothing is left of the ring.
fn polygon(ring: &[Point]) -> Option<Polygon> {
    (ring.len() >= 3).then(|| {
        ring.iter()
            .map(|p| [p[0] as f32, p[1] as f32])
            .collect::<Vec<_>>()
            .into()
    })
}

/// The projection of one piece of a mask.
enum Part {
    OutOfView,
    Seen(Polygon),
    /// The piece may be anywhere in the picture.
    Unbounded,
}

/// The interval in stretches of pan that fit into one hull each.
fn stretches(poses: &PoseInterval) -> impl Iterator<Item = PoseInterval> + use<> {
    let poses = *poses;
    let count = (poses.pan.half_width() / WIDEST_HULL_DEG).ceil().clamp(1.0, 16.0) as u32;
    (0..count).map(move |i| PoseInterval {
        pan: Interval {
            lo: poses.pan.at(f64::from(i) / f64::from(count)),
            hi: poses.pan.at(f64::from(i + 1) / f64::from(count)),
        },
        ..poses
    })
}

/// Whether the pose is known so badly that a mask and what may be one are told apart.
fn is_uncertain(poses: &PoseInterval) -> bool {
    let wide = |interval: Interval| interval.half_width() >= NARROW * poses.hfov.hi;
    wide(poses.pan) || wide(poses.tilt) || poses.hfov.hi > poses.hfov.lo * (1.0 + 4.0 * NARROW)
}

/// How far a small circle leaves the great circle between two of its points `2 * half_step` apart, at the most. Radians.
fn sagitta(half_step: f64) -> f64 {
    let cosine = half_step.cos().max(0.1);
    (1.0 - cosine) / (2.0 * cosine.sqrt())
}

/// All poses of an interval, and the buffers for one cover.
struct Sweep {
    /// The axes at the middle of the interval.
    middle: Axes,
    lie: Lie,
    pan: Interval,
    tilt: Interval,
    wide: Frustum,
    narrow: Frustum,
    /// Half of the longest step between two poses of the grid, degrees.
    half_step_deg: f64,
    /// An interval of less on each side of its middle is narrow.
    narrow_deg: f64,
    bleed_deg: f64,
    axes: Vec<Axes>,
    divided: Option<[u32; 2]>,
    buffers: Buffers,
}

#[derive(Default)]
struct Buffers {
    points: Vec<Point>,
    ring: Vec<Point>,
    grown: Vec<Point>,
    cone: Vec<DVec3>,
    spare: Vec<DVec3>,
}

impl Sweep {
    /// `None` when the interval is no interval.
    fn new(lens: &LensModel, poses: &PoseInterval) -> Option<Self> {
        let ordered = |i: Interval| i.lo.is_finite() && i.hi.is_finite() && i.lo <= i.hi;
        let sound = ordered(poses.pan) && ordered(poses.tilt) && ordered(poses.hfov);
        if !sound || poses.hfov.lo <= 0.0 || poses.hfov.hi >= 170.0 {
            return None;
        }
        let lie = Lie::of(lens);
        Some(Self {
            middle: lie.axes(poses.pan.middle(), poses.tilt.middle()),
            lie,
            pan: poses.pan,
            tilt: poses.tilt,
            wide: Frustum::new(poses.hfov.hi, lens.aspect),
            narrow: Frustum::new(poses.hfov.lo, lens.aspect),
            half_step_deg: (2.0 * SAGITTA * poses.hfov.lo.to_radians()).sqrt().to_degrees(),
            narrow_deg: NARROW * poses.hfov.hi,
            bleed_deg: BLEED * poses.hfov.hi + ROUNDING_DEG,
            axes: Vec::new(),
            divided: None,
            buffers: Buffers::default(),
        })
    }

    fn part(&mut self, piece: &Piece) -> Part {
        let pan = self.pan.half_width() * piece.widest_cosine;
        let tilt = self.tilt.half_width();
        let centre = self.middle.to_camera(piece.centre);
        let reach = piece.radius + (pan + tilt + self.bleed_deg).to_radians();
        if centre.z.clamp(-1.0, 1.0).acos() > self.wide.half_diagonal() + reach {
            return Part::OutOfView;
        }
        // A narrow interval is seen from its middle alone: a grid would make the cover little smaller and take longer.
        let steps = [(self.pan.half_width(), MOST_STEPS[0]), (tilt, MOST_STEPS[1])].map(|(half_width, most)| {
            if half_width < self.narrow_deg {
                0
            } else {
                (half_width / self.half_step_deg).ceil().clamp(1.0, most) as u32
            }
        });
        self.divide(steps);
        let off = |steps: u32, half_width: f64, moves: f64| match steps {
            0 => moves.to_radians(),
            steps => CURVED * sagitta((half_width / f64::from(steps)).to_radians()),
        };
        let slack = off(steps[0], self.pan.half_width(), pan) + off(steps[1], tilt, tilt) + self.bleed_deg.to_radians();
        if self.grow(piece, centre, slack).is_none() {
            return Part::Unbounded;
        }
        self.picture().map_or(Part::OutOfView, Part::Seen)
    }

    /// The axes at the poses of the grid: both ends of each interval and the steps between, or its middle alone.
    fn divide(&mut self, steps: [u32; 2]) {
        if self.divided == Some(steps) {
            return;
        }
        self.divided = Some(steps);
        self.axes.clear();
        let along = |interval: Interval, steps: u32| {
            (0..=steps).map(move |i| match steps {
                0 => interval.middle(),
                steps => interval.at(f64::from(i) / f64::from(steps)),
            })
        };
        for pan in along(self.pan, steps[0]) {
            for tilt in along(self.tilt, steps[1]) {
                self.axes.push(self.lie.axes(pan, tilt));
            }
        }
    }

    /// The cone of all directions, in the camera's frame, where the piece may be seen. `None`: wider than can be drawn.
    fn grow(&mut self, piece: &Piece, centre: DVec3, slack: f64) -> Option<()> {
        let Buffers {
            points,
            ring,
            grown,
            cone,
            ..
        } = &mut self.buffers;
        let plane = Plane::at(centre);
        points.clear();
        for axes in &self.axes {
            for corner in &piece.corners {
                points.push(plane.meet(axes.to_camera(*corner))?);
            }
        }
        if self.axes.len() == 1 {
            ring.clone_from(points);
            if convex::area(ring) < 0.0 {
                ring.reverse();
            }
        } else {
            convex::hull(points, ring);
        }
        let farthest = ring.iter().map(|p| p[0].hypot(p[1])).fold(0.0, f64::max).atan();
        if farthest + slack > 1.5 {
            return None;
        }
        convex::grow(ring, (farthest + slack).tan() - farthest.tan(), grown);
        cone.clear();
        cone.extend(grown.iter().map(|p| plane.ray(*p)));
        Some(())
    }

    /// The cone as a polygon of the picture, for every field of view. `None`: not in view.
    fn picture(&mut self) -> Option<Polygon> {
        let Buffers {
            points,
            ring,
            grown,
            cone,
            spare,
        } = &mut self.buffers;
        self.wide.clip(cone, spare);
        ring.clear();
        ring.extend(
            cone.iter()
                .filter(|ray| ray.z > 0.0)
                .map(|ray| [ray.x / ray.z, ray.y / ray.z]),
        );
        if ring.len() < 3 {
            return None;
        }
        if convex::area(ring) < 0.0 {
            ring.reverse();
        }
        convex::hull_with_scaled(ring, self.wide.half_width / self.narrow.half_width, points);
        for point in points.iter_mut() {
            *point = self.wide.to_picture(*point);
        }
        convex::clip_to_unit(points, grown);
        polygon(points)
    }
}
