//! The cover as triangles, and their colours where it is not solid.
//!
//! Invariant: inside the part that is shown, the triangles contain every polygon of the cover grown by a box of `grow`,
//! because subsampled chroma and bilinear scaling smear a masked place beyond its edge, on both axes at once (R-PRV-1).
//! Deliberately absent: where the cover comes from.

use crate::domain::privacy::mosaic::{COLUMNS, Colour, Mosaic, ROWS};
use crate::domain::privacy::{Cover, CoverStyle, Polygon};

/// A corner of a triangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corner {
    /// In picture coordinates (0..1).
    pub at: [f32; 2],
    pub look: Look,
}

/// How the cover looks at a corner; opaque in every case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Look {
    /// Dark and striped: masked.
    Solid,
    /// Lighter stripes: only perhaps masked, the pose is not known well enough to tell.
    Band,
    /// A colour from around.
    Coloured(Colour),
}

/// Left, top, right and bottom edge of the part of a picture that is shown, in picture coordinates.
pub type Edges = [f32; 4];

/// Appends the triangles that hide what `cover` hides in the part of the picture that is `shown`, clipped to that. `grow` is
/// the margin in picture coordinates, one for each axis; `around` has the colours for covers that are not solid: without it
/// all are.
pub fn triangles(cover: &Cover, grow: [f32; 2], around: Option<&Mosaic>, shown: Edges, out: &mut Vec<Corner>) {
    let mut plain = Vec::new();
    let parts = match cover {
        Cover::Whole(_) => {
            let [left, top, right, bottom] = shown;
            let corners = vec![[left, top], [right, top], [right, bottom], [left, bottom]];
            fan(corners, shown, &mut plain);
            out.extend(plain.into_iter().map(|at| Corner { at, look: Look::Solid }));
            return;
        }
        Cover::Parts(parts) => parts,
    };
    for part in parts {
        plain.clear();
        grown(part, grow, shown, &mut plain);
        match around.filter(|_| !part.style.is_solid()) {
            Some(around) => coloured(&plain, part.style, around, shown, out),
            None => {
                let look = if part.band { Look::Band } else { Look::Solid };
                out.extend(plain.iter().map(|at| Corner { at: *at, look }));
            }
        }
    }
}

/// The triangles cut along the blocks of the mosaic, or, for a blur, along the middles of the blocks, between which the
/// colours run.
fn coloured(triangles: &[[f32; 2]], style: CoverStyle, around: &Mosaic, shown: Edges, out: &mut Vec<Corner>) {
    let shift = if style == CoverStyle::Blurred { 0.5 } else { 0.0 };
    let cells = [COLUMNS as f32, ROWS as f32];
    let (mut piece, mut corners) = (Vec::new(), Vec::new());
    for triangle in triangles.chunks_exact(3) {
        let range = |axis: usize| {
            let values = triangle.iter().map(|p| p[axis] * cells[axis] - shift);
            let (low, high) = values.fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)));
            low.floor() as i32..=high.floor() as i32
        };
        for x in range(0) {
            for y in range(1) {
                piece.clear();
                piece.extend_from_slice(triangle);
                for (axis, cell) in [(0, x), (1, y)] {
                    let bound = |cell: i32| (cell as f32 + shift) / cells[axis];
                    piece = cut(&piece, axis, bound(cell), false);
                    piece = cut(&piece, axis, bound(cell + 1), true);
                }
                corners.clear();
                fan(std::mem::take(&mut piece), shown, &mut corners);
                let block = around.colour(style, [(x as f32 + 0.5) / cells[0], (y as f32 + 0.5) / cells[1]]);
                out.extend(corners.iter().map(|at| Corner {
                    at: *at,
                    look: Look::Coloured(match style {
                        CoverStyle::Blurred => around.colour(style, *at),
                        CoverStyle::Solid | CoverStyle::Pixelated => block,
                    }),
                }));
            }
        }
    }
}

/// The polygon, and a band along each of its edges.
fn grown(Polygon { points, .. }: &Polygon, grow: [f32; 2], shown: Edges, out: &mut Vec<[f32; 2]>) {
    fan(points.clone(), shown, out);
    for (a, b) in points.iter().zip(points.iter().cycle().skip(1)) {
        band(*a, *b, grow, shown, out);
    }
}

/// Band of all points within `grow` of the segment on both axes at once, as bilinear scaling spreads a colour: the hull of a
/// box around each end.
fn band(a: [f32; 2], b: [f32; 2], grow: [f32; 2], shown: Edges, out: &mut Vec<[f32; 2]>) {
    let towards = |axis: usize| if b[axis] < a[axis] { -grow[axis] } else { grow[axis] };
    let (x, y) = (towards(0), towards(1));
    let corners = [(a, -x, -y), (a, x, -y), (b, x, -y), (b, x, y), (b, -x, y), (a, -x, y)];
    fan(corners.map(|(end, x, y)| [end[0] + x, end[1] + y]).to_vec(), shown, out);
}

/// The triangle fan of what of a convex polygon lies in the part that is shown.
fn fan(mut polygon: Vec<[f32; 2]>, [left, top, right, bottom]: Edges, out: &mut Vec<[f32; 2]>) {
    for (axis, bound, keep_below) in [(0, left, false), (0, right, true), (1, top, false), (1, bottom, true)] {
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

    fn places(cover: &Cover, grow: [f32; 2], around: Option<&Mosaic>) -> Vec<[f32; 2]> {
        let mut corners = Vec::new();
        triangles(cover, grow, around, [0.0, 0.0, 1.0, 1.0], &mut corners);
        corners.into_iter().map(|corner| corner.at).collect()
    }

    fn inside(triangles: &[[f32; 2]], p: [f32; 2]) -> bool {
        let side = |a: [f32; 2], b: [f32; 2]| (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
        triangles.chunks(3).any(|t| {
            let s = [side(t[0], t[1]), side(t[1], t[2]), side(t[2], t[0])];
            s.iter().all(|v| *v >= -1e-6) || s.iter().all(|v| *v <= 1e-6)
        })
    }

    #[test]
    fn r_prv_1_the_triangles_contain_the_polygon_and_its_margin() {
        for style in [CoverStyle::Solid, CoverStyle::Pixelated, CoverStyle::Blurred] {
            let points = vec![[0.2, 0.3], [0.5, 0.25], [0.6, 0.7], [0.3, 0.6]];
            contains_the_polygon_and_its_margin(&Cover::Parts(vec![Polygon {
                points,
                style,
                band: false,
            }]));
        }
    }

    fn contains_the_polygon_and_its_margin(cover: &Cover) {
        let grow = [0.01, 0.02];
        let around = Mosaic::around(&[], [0.01; 2], |_| Some([0.5; 3]));
        let out = places(cover, grow, around.as_ref());
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
            for [x, y] in [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]] {
                let p = [corner[0] + x * grow[0] * 0.99, corner[1] + y * grow[1] * 0.99];
                assert!(inside(&out, p), "{p:?} near {corner:?} is not hidden");
            }
        }
        assert!(!inside(&out, [0.9, 0.9]));
    }

    #[test]
    fn r_prv_1_a_whole_cover_hides_every_corner() {
        let out = places(&Cover::Whole(WholeReason::PoseNotKnown), [0.01, 0.01], None);
        for p in [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]] {
            assert!(inside(&out, p));
        }
    }

    #[test]
    fn nothing_is_drawn_outside_the_picture() {
        let cover = Cover::Parts(vec![vec![[0.0, 0.0], [0.4, 0.0], [0.0, 1.0]].into()]);
        let out = places(&cover, [0.05, 0.05], None);
        assert!(out.iter().flatten().all(|v| (-1e-6..=1.0 + 1e-6).contains(v)));
        assert!(inside(&out, [0.42, 0.01]), "the margin goes on inside the picture");
    }
}
