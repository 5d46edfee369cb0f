//! The colours of pixelated and blurred covers, taken from what is shown *around* them.
//!
//! Averages of what lies under a cover would give it away: over time, as the blocks of a moving dome slide over the place,
//! many coarse averages add up to a fine picture; and on a camera that stands still one block already tells whether a lamp
//! is on. So no colour is ever taken from under a cover. The picture is divided into [`COLUMNS`] × [`ROWS`] blocks; a block
//! has the mean of those of its points that are shown, and one that shows nothing the mean of its neighbours. A viewer
//! could have computed the cover from the rest of the picture: it reveals nothing, whatever the size of the blocks. They are
//! a sixteenth of the picture wide so that nobody takes a cover for a part of the picture.
//!
//! Invariant: the colours depend on points outside every polygon only. Deliberately absent: drawing, pixel formats.

use super::Polygon;

/// Blocks from left to right, and from top to bottom.
pub const COLUMNS: usize = 16;
pub const ROWS: usize = 9;
/// Points looked at in a block, in each direction.
const POINTS: usize = 4;

/// Red, green and blue, in whatever unit the picture is read.
pub type Colour = [f32; 3];

/// How what is masked is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverStyle {
    /// Dark and striped.
    #[default]
    Solid,
    /// Blocks in the colours around.
    Pixelated,
    /// The colours around, running into each other.
    Blurred,
}

impl CoverStyle {
    /// Whether it is the one that needs no colours of the picture.
    pub fn is_solid(&self) -> bool {
        *self == Self::Solid
    }
}

/// One picture's colours around its covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Mosaic(Vec<Colour>);

impl Mosaic {
    /// Reads the colours around a cover. `reach` is how far beyond the edge of a polygon masked colours may have spread
    /// (subsampled chroma, scaling), as a share of width and height; `colour` reads the picture at a point (0..1). `None`:
    /// nothing is shown, so a cover can only be solid.
    pub fn around(parts: &[Polygon], reach: [f32; 2], colour: impl Fn([f32; 2]) -> Option<Colour>) -> Option<Self> {
        let shown = |at: &[f32; 2]| !parts.iter().any(|part| reaches(part, *at, reach));
        let mut cells: Vec<Option<Colour>> = (0..ROWS * COLUMNS)
            .map(|cell| mean(points(cell).filter(shown).filter_map(&colour)))
            .collect();
        while cells.iter().any(Option::is_none) {
            let next: Vec<_> = (0..cells.len())
                .map(|cell| cells[cell].or_else(|| mean(neighbours(cell).filter_map(|near| cells[near]))))
                .collect();
            if next == cells {
                return None;
            }
            cells = next;
        }
        Some(Self(cells.into_iter().flatten().collect()))
    }

    /// The colour at a point (0..1) of a cover in this style.
    pub fn colour(&self, style: CoverStyle, at: [f32; 2]) -> Colour {
        let place = |share: f32, cells: usize| (share * cells as f32).clamp(0.0, cells as f32 - 0.001);
        let (x, y) = (place(at[0], COLUMNS), place(at[1], ROWS));
        if style != CoverStyle::Blurred {
            return self.cell(x as usize, y as usize);
        }
        // Between the middles of the four nearest blocks.
        let along = |v: f32, cells: usize| {
            let from_middle = (v - 0.5).clamp(0.0, cells as f32 - 1.0);
            let low = (from_middle as usize).min(cells - 1);
            (low, (low + 1).min(cells - 1), from_middle - low as f32)
        };
        let ((left, right, tx), (top, bottom, ty)) = (along(x, COLUMNS), along(y, ROWS));
        let mix = |a: Colour, b: Colour, t: f32| std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t);
        let row = |y| mix(self.cell(left, y), self.cell(right, y), tx);
        mix(row(top), row(bottom), ty)
    }

    fn cell(&self, x: usize, y: usize) -> Colour {
        self.0.get(y * COLUMNS + x).copied().unwrap_or_default()
    }
}

/// The points looked at in a block.
fn points(cell: usize) -> impl Iterator<Item = [f32; 2]> {
    let (x, y) = (cell % COLUMNS, cell / COLUMNS);
    let share =
        |cell: usize, point: usize, cells: usize| (cell as f32 + (point as f32 + 0.5) / POINTS as f32) / cells as f32;
    (0..POINTS * POINTS).map(move |point| [share(x, point % POINTS, COLUMNS), share(y, point / POINTS, ROWS)])
}

fn neighbours(cell: usize) -> impl Iterator<Item = usize> {
    let (x, y) = ((cell % COLUMNS) as isize, (cell / COLUMNS) as isize);
    (-1..=1isize)
        .flat_map(move |dy| (-1..=1isize).map(move |dx| (x + dx, y + dy)))
        .filter_map(|(x, y)| {
            let inside = (0..COLUMNS as isize).contains(&x) && (0..ROWS as isize).contains(&y);
            inside.then(|| y as usize * COLUMNS + x as usize)
        })
}

fn mean(colours: impl Iterator<Item = Colour>) -> Option<Colour> {
    let (sum, count) = colours.fold(([0.0; 3], 0.0), |(sum, count): (Colour, f32), colour| {
        (std::array::from_fn(|i| sum[i] + colour[i]), count + 1.0)
    });
    (count > 0.0).then(|| sum.map(|v| v / count))
}

/// Whether masked colours may have spread to the point: on the inner side of every edge that is moved out by `reach`, which
/// is more than the polygon grown by it. A polygon that makes no sense reaches everywhere.
fn reaches(polygon: &Polygon, at: [f32; 2], reach: [f32; 2]) -> bool {
    let [rx, ry] = reach.map(|r| r.max(1e-6));
    let scaled: Vec<[f32; 2]> = polygon.points.iter().map(|p| [p[0] / rx, p[1] / ry]).collect();
    let at = [at[0] / rx, at[1] / ry];
    if scaled.iter().flatten().any(|v| !v.is_finite()) {
        return true;
    }
    let edges = || scaled.iter().zip(scaled.iter().cycle().skip(1));
    let area: f32 = edges().map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
    edges().all(|(a, b)| {
        let edge = [b[0] - a[0], b[1] - a[1]];
        let depth = edge[0] * (at[1] - a[1]) - edge[1] * (at[0] - a[0]);
        depth * area.signum() >= -edge[0].hypot(edge[1])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn polygon(corners: &[[f32; 2]]) -> Polygon {
        Polygon {
            points: corners.to_vec(),
            style: CoverStyle::Pixelated,
            band: false,
        }
    }

    /// Within `reach` of a triangle, by brute force.
    fn near(triangle: &[[f32; 2]; 3], at: [f32; 2], reach: f32) -> bool {
        let side = |a: [f32; 2], b: [f32; 2]| (b[0] - a[0]) * (at[1] - a[1]) - (b[1] - a[1]) * (at[0] - a[0]);
        let sides = [0, 1, 2].map(|i| side(triangle[i], triangle[(i + 1) % 3]));
        let inside = sides.iter().all(|v| *v >= 0.0) || sides.iter().all(|v| *v <= 0.0);
        let on_edge = (0..3).any(|i| {
            let (a, b) = (triangle[i], triangle[(i + 1) % 3]);
            (0..=50).any(|k| {
                let t = k as f32 / 50.0;
                let p = [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
                (p[0] - at[0]).hypot(p[1] - at[1]) <= reach * 0.98
            })
        });
        inside || on_edge
    }

    proptest! {
        #[test]
        fn r_prv_1_no_colour_depends_on_what_lies_under_a_cover(
            triangle in proptest::array::uniform3(proptest::array::uniform2(-0.2f32..1.2)),
            secret in proptest::array::uniform3(0.0f32..1.0),
        ) {
            const REACH: f32 = 0.02;
            let parts = [polygon(&triangle)];
            let around = |inside: Colour| {
                let colour = |p: [f32; 2]| Some(if near(&triangle, p, REACH) { inside } else { [p[0], p[1], 0.5] });
                Mosaic::around(&parts, [REACH; 2], colour)
            };
            prop_assert_eq!(around(secret), around([0.0; 3]));
        }
    }

    #[test]
    fn blocks_that_show_nothing_take_the_colours_around_them() {
        let parts = [polygon(&[[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]])];
        let mosaic = Mosaic::around(&parts, [0.01; 2], |_| Some([0.1, 0.6, 0.3])).unwrap();
        for style in [CoverStyle::Pixelated, CoverStyle::Blurred] {
            let colour = mosaic.colour(style, [0.5, 0.5]);
            assert!(
                colour.iter().zip([0.1, 0.6, 0.3]).all(|(a, b)| (a - b).abs() < 1e-4),
                "{colour:?}"
            );
        }
        assert_eq!(
            Mosaic::around(
                &[polygon(&[[-1.0, -1.0], [3.0, -1.0], [3.0, 3.0], [-1.0, 3.0]])],
                [0.01; 2],
                |_| { Some([1.0; 3]) }
            ),
            None
        );
    }

    #[test]
    fn a_block_is_of_one_colour_and_a_blur_runs() {
        let mosaic = Mosaic::around(&[], [0.01; 2], |p| Some([p[0], 0.0, 0.0])).unwrap();
        let red = |style, x| mosaic.colour(style, [x, 0.5])[0];
        let (left, right) = (7.1 / COLUMNS as f32, 7.9 / COLUMNS as f32);
        assert_eq!(red(CoverStyle::Pixelated, left), red(CoverStyle::Pixelated, right));
        assert!(red(CoverStyle::Blurred, left) < red(CoverStyle::Blurred, right));
    }
}
