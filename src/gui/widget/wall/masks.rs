//! The cover as triangles.
//!
//! Invariant: the triangles contain every polygon of the cover grown by `grow` on all sides, because subsampled chroma
//! and bilinear scaling smear a masked place a little beyond its edge. Deliberately absent: where the cover comes from.

use crate::domain::privacy::{Cover, Polygon};

/// Appends the triangles that hide what `cover` hides, in picture coordinates (0..1, clipped to the picture).
/// `grow` is the margin in picture coordinates, one for each axis.
pub fn triangles(cover: &Cover, grow: [f32; 2], out: &mut Vec<[f32; 2]>) {
    match cover {
        Cover::Whole(_) => fan(vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], out),
        Cover::Parts(parts) => parts.iter().for_each(|part| grown(part, grow, out)),
    }
}

/// The polygon, and a band along each of its edges.
fn grown(Polygon(points): &Polygon, grow: [f32; 2], out: &mut Vec<[f32; 2]>) {
    fan(points.clone(), out);
    for (a, b) in points.iter().zip(points.iter().cycle().skip(1)) {
        band(*a, *b, grow, out);
    }
}

/// All points within `grow` of the segment, and a little more at its ends. Worked out in units of `grow`, where the
/// margin is a circle of radius 1.
fn band(a: [f32; 2], b: [f32; 2], grow: [f32; 2], out: &mut Vec<[f32; 2]>) {
    let [gx, gy] = grow.map(|g| g.max(1e-6));
    let along = [(b[0] - a[0]) / gx, (b[1] - a[1]) / gy];
    let length = along[0].hypot(along[1]);
    let [ux, uy] = if length > 1e-6 {
        [along[0] / length, along[1] / length]
    } else {
        [1.0, 0.0]
    };
    let at = |point: [f32; 2], forward: f32, aside: f32| {
        [
            point[0] + (ux * forward - uy * aside) * gx,
            point[1] + (uy * forward + ux * aside) * gy,
        ]
    };
    fan(
        vec![at(a, -1.0, -1.0), at(b, 1.0, -1.0), at(b, 1.0, 1.0), at(a, -1.0, 1.0)],
        out,
    );
}

/// The part of a convex polygon that lies in the picture, as a triangle fan.
fn fan(mut polygon: Vec<[f32; 2]>, out: &mut Vec<[f32; 2]>) {
    for (axis, bound, keep_below) in [(0, 0.0, false), (0, 1.0, true), (1, 0.0, false), (1, 1.0, true)] {
        polygon = cut(&polygon, axis, bound, keep_below);
    }
    if let Some((first, rest)) = polygon.split_first() {
        for pair in rest.windows(2) {
            if let [a, b] = pair {
                out.extend([*first, *a, *b]);
            }
        }
    }
}

/// The polygon on one side of a line parallel to an axis (Sutherland and Hodgman).
fn cut(polygon: &[[f32; 2]], axis: usize, bound: f32, keep_below: bool) -> Vec<[f32; 2]> {
    let depth = |p: [f32; 2]| if keep_below { bound - p[axis] } else { p[axis] - bound };
    let mut kept = Vec::with_capacity(polygon.len() + 1);
    for (a, b) in polygon.iter().zip(polygon.iter().cycle().skip(1)) {
        let (da, db) = (depth(*a), depth(*b));
        if da >= 0.0 {
            kept.push(*a);
        }
        if (da >= 0.0) != (db >= 0.0) {
            let t = da / (da - db);
            kept.push([a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::WholeReason;

    fn inside(triangles: &[[f32; 2]], p: [f32; 2]) -> bool {
        let side = |a: [f32; 2], b: [f32; 2]| (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
        triangles.chunks(3).any(|t| {
            let s = [side(t[0], t[1]), side(t[1], t[2]), side(t[2], t[0])];
            s.iter().all(|v| *v >= -1e-6) || s.iter().all(|v| *v <= 1e-6)
        })
    }

    #[test]
    fn r_prv_1_the_triangles_contain_the_polygon_and_its_margin() {
        let cover = Cover::Parts(vec![Polygon(vec![[0.2, 0.3], [0.5, 0.25], [0.6, 0.7], [0.3, 0.6]])]);
        let grow = [0.01, 0.02];
        let mut out = Vec::new();
        triangles(&cover, grow, &mut out);
        assert!(inside(&out, [0.4, 0.45]));
        for (corner, turn) in [
            ([0.2, 0.3], 0.0_f32),
            ([0.5, 0.25], 1.0),
            ([0.6, 0.7], 2.0),
            ([0.3, 0.6], 3.0),
        ] {
            for step in 0..16 {
                let angle = turn + step as f32 * 0.4;
                let p = [
                    corner[0] + angle.cos() * grow[0] * 0.99,
                    corner[1] + angle.sin() * grow[1] * 0.99,
                ];
                assert!(inside(&out, p), "{p:?} near {corner:?} is not hidden");
            }
        }
        assert!(!inside(&out, [0.9, 0.9]));
    }

    #[test]
    fn r_prv_1_a_whole_cover_hides_every_corner() {
        let mut out = Vec::new();
        triangles(&Cover::Whole(WholeReason::PoseNotKnown), [0.01, 0.01], &mut out);
        for p in [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]] {
            assert!(inside(&out, p));
        }
    }

    #[test]
    fn nothing_is_drawn_outside_the_picture() {
        let cover = Cover::Parts(vec![Polygon(vec![[0.0, 0.0], [0.4, 0.0], [0.0, 1.0]])]);
        let mut out = Vec::new();
        triangles(&cover, [0.05, 0.05], &mut out);
        assert!(out.iter().flatten().all(|v| (-1e-6..=1.0 + 1e-6).contains(v)));
        assert!(inside(&out, [0.42, 0.01]), "the margin goes on inside the picture");
    }
}
