//! What of the plan a camera can keep by itself, and whether it does (R-PRV-3).
//!
//! Cameras take fewer masks than asked, rectangles only, few corners, and some change a polygon silently. So the masks
//! written are *larger* where they cannot be the same, and what was read back is compared with the plan, not with what
//! was written. Masks of a dome are not written: nothing in ONVIF makes one follow the dome.
//!
//! Invariant: what [`fit`] gives contains every mask; a mask that the camera leaves open in more than [`TOLERANCE`] of
//! itself is found. Deliberately absent: SOAP.

use super::convex::{self, Point};
use crate::domain::camera::{CameraKind, NormalisedPosition};
use crate::domain::site::{CameraPlan, MaskShape};

/// A mask may be left open by this share of its own area: cameras round to their own grid.
pub const TOLERANCE: f64 = 0.02;
/// A limit may be off by this much of the normalised range.
pub const LIMIT_TOLERANCE: f64 = 0.01;
/// Points looked at along each side of a mask's bounding box.
const LOOKS: u32 = 40;

/// The masks a camera accepts (Media2 `GetMaskOptions`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskOptions {
    pub most_masks: usize,
    /// Corners a polygon may have.
    pub most_points: usize,
    pub rectangles_only: bool,
}

/// The polygons of the plan for a camera that does not move, in picture coordinates.
pub fn planned_polygons(camera: &CameraPlan) -> Vec<Vec<Point>> {
    let picture = camera.masks.iter().filter_map(|mask| match &mask.shape {
        MaskShape::Picture(corners) => Some(corners.clone()),
        MaskShape::Directions(_) => None,
    });
    picture.collect()
}

/// Whether the plan has masks or limits that this camera could keep by itself.
pub fn has_something_to_keep(camera: &CameraPlan) -> bool {
    if camera.kind == CameraKind::Dome {
        PtzLimits::planned(camera).is_some()
    } else {
        !planned_polygons(camera).is_empty()
    }
}

/// Polygons that the camera can take and that contain every planned one.
pub fn fit(planned: &[Vec<Point>], options: &MaskOptions) -> Vec<Vec<Point>> {
    let simple = |corners: &Vec<Point>| {
        if options.rectangles_only || corners.len() > options.most_points {
            rectangle(bounds(corners))
        } else {
            corners.clone()
        }
    };
    let mut polygons: Vec<Vec<Point>> = planned.iter().map(simple).collect();
    while polygons.len() > options.most_masks.max(1) {
        // The two that waste least together become one rectangle.
        let mut best: Option<(f64, usize, usize)> = None;
        for i in 0..polygons.len() {
            for j in i + 1..polygons.len() {
                let [a, b] = [i, j].map(|k| bounds(&polygons[k]));
                let waste = area(united(a, b)) - area(a) - area(b);
                if best.is_none_or(|(least, ..)| waste < least) {
                    best = Some((waste, i, j));
                }
            }
        }
        let Some((_, i, j)) = best else { break };
        let joined = rectangle(united(bounds(&polygons[i]), bounds(&polygons[j])));
        polygons[i] = joined;
        polygons.remove(j);
    }
    polygons
}

/// Which planned polygons the camera leaves open, with the share of each that is open.
pub fn left_open(planned: &[Vec<Point>], on_camera: &[Vec<Point>]) -> Vec<(usize, f64)> {
    let open = |polygon: &Vec<Point>| {
        let [low, high] = bounds(polygon);
        let (mut inside, mut open) = (0u32, 0u32);
        for i in 0..LOOKS {
            for j in 0..LOOKS {
                let along = |axis: usize, k: u32| {
                    low[axis] + (high[axis] - low[axis]) * (f64::from(k) + 0.5) / f64::from(LOOKS)
                };
                let point = [along(0, i), along(1, j)];
                if has(polygon, point) {
                    inside += 1;
                    open += u32::from(!on_camera.iter().any(|other| has(other, point)));
                }
            }
        }
        f64::from(open) / f64::from(inside.max(1))
    };
    let open = planned.iter().map(open).enumerate();
    open.filter(|(_, share)| *share > TOLERANCE).collect()
}

/// Lowest and highest pan, tilt and zoom in the camera's normalised spaces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PtzLimits {
    pub low: NormalisedPosition,
    pub high: NormalisedPosition,
}

impl PtzLimits {
    /// The limits of the plan; `None` for a camera without a lens model, or when nothing is limited.
    pub fn planned(camera: &CameraPlan) -> Option<Self> {
        let lens = camera.lens.as_ref()?;
        let limits = &camera.limits;
        if limits.pan_deg.is_none() && limits.tilt_deg.is_none() && limits.zoom_ceiling.is_none() {
            return None;
        }
        let [pan, tilt] = [
            limits.pan_deg.unwrap_or(lens.pan_range_deg),
            limits.tilt_deg.unwrap_or(lens.tilt_range_deg),
        ];
        let narrowest = limits
            .zoom_ceiling
            .map_or(lens.narrowest_hfov_deg(), |ceiling| lens.hfov_of(ceiling));
        let corner = |pan_deg, tilt_deg, hfov_deg| {
            lens.position_of(crate::domain::camera::Pose {
                pan_deg,
                tilt_deg,
                hfov_deg,
            })
        };
        let (a, b) = (
            corner(pan[0], tilt[0], lens.widest_hfov_deg()),
            corner(pan[1], tilt[1], narrowest),
        );
        let ordered = |a: f64, b: f64, low: f64| (a.min(b).max(low), a.max(b).min(1.0));
        let ((pan_lo, pan_hi), (tilt_lo, tilt_hi)) = (ordered(a.pan, b.pan, -1.0), ordered(a.tilt, b.tilt, -1.0));
        let (zoom_lo, zoom_hi) = ordered(a.zoom, b.zoom, 0.0);
        Some(Self {
            low: NormalisedPosition {
                pan: pan_lo,
                tilt: tilt_lo,
                zoom: zoom_lo,
            },
            high: NormalisedPosition {
                pan: pan_hi,
                tilt: tilt_hi,
                zoom: zoom_hi,
            },
        })
    }

    /// Whether a camera with these limits could pass the planned ones.
    pub fn is_wider_than(&self, planned: &Self) -> bool {
        let below = |mine: f64, planned: f64| mine < planned - LIMIT_TOLERANCE;
        below(self.low.pan, planned.low.pan)
            || below(self.low.tilt, planned.low.tilt)
            || below(self.low.zoom, planned.low.zoom)
            || below(planned.high.pan, self.high.pan)
            || below(planned.high.tilt, self.high.tilt)
            || below(planned.high.zoom, self.high.zoom)
    }
}

fn bounds(polygon: &[Point]) -> [Point; 2] {
    let start = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
    polygon.iter().fold(start, |[low, high], p| {
        [
            [low[0].min(p[0]), low[1].min(p[1])],
            [high[0].max(p[0]), high[1].max(p[1])],
        ]
    })
}

fn united([a, b]: [Point; 2], [c, d]: [Point; 2]) -> [Point; 2] {
    [[a[0].min(c[0]), a[1].min(c[1])], [b[0].max(d[0]), b[1].max(d[1])]]
}

fn area([low, high]: [Point; 2]) -> f64 {
    (high[0] - low[0]) * (high[1] - low[1])
}

fn rectangle([low, high]: [Point; 2]) -> Vec<Point> {
    vec![low, [high[0], low[1]], high, [low[0], high[1]]]
}

/// Whether a simple polygon contains the point: an odd number of its sides lie to the right of the point.
fn has(polygon: &[Point], p: Point) -> bool {
    let sides = (0..polygon.len()).map(|i| (polygon[i], polygon[(i + 1) % polygon.len()]));
    let crossing = |(a, b): &(Point, Point)| {
        (a[1] > p[1]) != (b[1] > p[1]) && {
            let up = if a[1] < b[1] {
                convex::turn(*a, *b, p)
            } else {
                convex::turn(*b, *a, p)
            };
            up > 0.0
        }
    };
    sides.filter(crossing).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
    use proptest::prelude::*;

    fn triangle(x: f64, y: f64) -> Vec<Point> {
        vec![[x, y], [x + 0.2, y], [x + 0.1, y + 0.15]]
    }

    #[test]
    fn r_prv_3_rectangles_and_few_masks_still_contain_every_mask() {
        let planned: Vec<_> = [[0.05, 0.1], [0.1, 0.2], [0.6, 0.6], [0.7, 0.1]]
            .map(|[x, y]| triangle(x, y))
            .to_vec();
        for (most_masks, most_points, rectangles_only) in [(8, 20, false), (8, 4, true), (2, 4, true), (1, 20, false)] {
            let options = MaskOptions {
                most_masks,
                most_points,
                rectangles_only,
            };
            let fitted = fit(&planned, &options);
            assert!(fitted.len() <= most_masks);
            assert_eq!(left_open(&planned, &fitted), []);
        }
        assert_eq!(left_open(&planned, &planned[1..])[0].0, 0);
    }

    #[test]
    fn r_prv_3_a_polygon_that_the_camera_made_smaller_is_found() {
        let planned = vec![vec![[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]]];
        let shrunk = vec![vec![[0.2, 0.2], [0.55, 0.2], [0.55, 0.6], [0.2, 0.6]]];
        let found = left_open(&planned, &shrunk);
        assert!(found.len() == 1 && (found[0].1 - 0.125).abs() < 0.01, "{found:?}");
        let hardly = vec![vec![[0.202, 0.2], [0.6, 0.2], [0.6, 0.6], [0.202, 0.6]]];
        assert_eq!(left_open(&planned, &hardly), []);
    }

    #[test]
    fn r_prv_3_limits_that_are_wider_than_planned_are_found() {
        let mut camera = dome_plan(tight(), lens(), Vec::new());
        assert_eq!(PtzLimits::planned(&camera), None);
        camera.limits.pan_deg = Some([-90.0, 45.0]);
        camera.limits.zoom_ceiling = Some(4.0);
        let planned = PtzLimits::planned(&camera).unwrap();
        assert!((planned.low.pan + 0.5).abs() < 1e-9 && (planned.high.pan - 0.25).abs() < 1e-9);
        assert!(planned.high.zoom < 0.6 && planned.low.zoom == 0.0);
        assert!(!planned.is_wider_than(&planned));
        let mut wider = planned;
        wider.high.zoom = 1.0;
        assert!(wider.is_wider_than(&planned));
        let mut narrower = planned;
        narrower.low.pan = 0.0;
        assert!(!narrower.is_wider_than(&planned));
    }

    proptest! {
        #[test]
        fn r_prv_3_whatever_a_camera_takes_every_mask_is_contained(
            corners in proptest::collection::vec((0.0f64..0.8, 0.0f64..0.8), 1..10),
            most_masks in 1usize..6, rectangles_only in any::<bool>(),
        ) {
            let planned: Vec<_> = corners.into_iter().map(|(x, y)| triangle(x, y)).collect();
            let fitted = fit(&planned, &MaskOptions { most_masks, most_points: 4, rectangles_only });
            prop_assert!(fitted.len() <= most_masks);
            prop_assert_eq!(left_open(&planned, &fitted), vec![]);
        }
    }
}
