//! The wall: layouts, which tile a point lies in, where a picture lies in its tile.
//!
//! Invariant: the tiles of a layout fill the wall without overlap; a picture keeps its proportions.
//! Deliberately absent: drawing, which camera is on which tile, which stream it shows (`live`).

/// A rectangle, y downwards; the cells of a layout are in shares of the wall, 0..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// How the wall is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    One,
    Four,
    Nine,
    Sixteen,
    TwentyFive,
    ThirtySix,
    SixtyFour,
    /// One large tile with small ones to its right and below.
    OneLarge,
}

impl Layout {
    /// Every layout, in the order of the keys F2 to F9.
    pub const ALL: [Layout; 8] = [
        Layout::One,
        Layout::Four,
        Layout::Nine,
        Layout::Sixteen,
        Layout::TwentyFive,
        Layout::ThirtySix,
        Layout::SixtyFour,
        Layout::OneLarge,
    ];

    /// Tiles in a row of the grid, and tiles that the large one is wide and high.
    fn grid(self) -> (usize, usize) {
        match self {
            Layout::One => (1, 1),
            Layout::Four => (2, 1),
            Layout::Nine => (3, 1),
            Layout::Sixteen => (4, 1),
            Layout::TwentyFive => (5, 1),
            Layout::ThirtySix => (6, 1),
            Layout::SixtyFour => (8, 1),
            Layout::OneLarge => (4, 3),
        }
    }

    /// Number of tiles.
    pub fn tiles(self) -> usize {
        let (side, large) = self.grid();
        side * side - large * large + 1
    }

    /// The tiles, row by row; in [`Layout::OneLarge`] the large one is the first.
    pub fn rects(self) -> Vec<Rect> {
        let (side, large) = self.grid();
        let unit = 1.0 / side as f64;
        let mut rects = Vec::with_capacity(self.tiles());
        for row in 0..side {
            for column in 0..side {
                let span = match (row, column) {
                    (0, 0) => large,
                    _ if row < large && column < large => continue,
                    _ => 1,
                };
                let size = span as f64 * unit;
                rects.push(Rect {
                    x: column as f64 * unit,
                    y: row as f64 * unit,
                    width: size,
                    height: size,
                });
            }
        }
        rects
    }

    /// The tile beside another one, `right` and `down` by one step (−1, 0 or 1); at the edge of the wall there is none. Of
    /// several, the one at the height of the tile's upper edge, or below its left one.
    pub fn beside(self, tile: usize, right: i8, down: i8) -> Option<usize> {
        let rects = self.rects();
        let from = rects.get(tile)?;
        let (unit, half) = (1.0 / self.grid().0 as f64, 0.5 / self.grid().0 as f64);
        let along = |at: f64, length: f64, step: i8| match step {
            1.. => at + length + half,
            0 => at + half,
            ..0 => at - unit + half,
        };
        tile_at(
            rects.iter().copied(),
            along(from.x, from.width, right),
            along(from.y, from.height, down),
        )
    }

    /// The smallest grid that shows this many cameras.
    pub fn for_cameras(cameras: usize) -> Layout {
        Self::ALL[..7]
            .iter()
            .copied()
            .find(|layout| layout.tiles() >= cameras)
            .unwrap_or(Layout::SixtyFour)
    }
}

/// The cell that a point lies in, cells and point in the same units.
pub fn tile_at(cells: impl IntoIterator<Item = Rect>, x: f64, y: f64) -> Option<usize> {
    cells
        .into_iter()
        .position(|r| x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height)
}

/// The letterbox or pillarbox of a picture: the largest rectangle of its proportions in a box, centred, in the box's units.
pub fn letterbox(boxed: Rect, picture_width: f64, picture_height: f64) -> Rect {
    let usable = picture_width > 0.0 && picture_height > 0.0 && boxed.width > 0.0 && boxed.height > 0.0;
    if !usable {
        return Rect {
            x: boxed.x,
            y: boxed.y,
            width: 0.0,
            height: 0.0,
        };
    }
    let scale = (boxed.width / picture_width).min(boxed.height / picture_height);
    let (width, height) = (picture_width * scale, picture_height * scale);
    Rect {
        x: boxed.x + (boxed.width - width) / 2.0,
        y: boxed.y + (boxed.height - height) / 2.0,
        width,
        height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_tile_beside_another_is_the_next_one_in_its_row_or_column_and_none_beyond_the_edge() {
        let four = Layout::Four;
        assert_eq!(
            [four.beside(0, 1, 0), four.beside(0, 0, 1), four.beside(3, -1, 0)],
            [Some(1), Some(2), Some(2)]
        );
        assert_eq!(
            [four.beside(0, -1, 0), four.beside(1, 1, 0), four.beside(2, 0, 1)],
            [None; 3]
        );
        let large = Layout::OneLarge;
        assert_eq!([large.beside(0, 1, 0), large.beside(0, 0, 1)], [Some(1), Some(4)]);
        assert_eq!([large.beside(3, -1, 0), large.beside(6, 0, -1)], [Some(0), Some(0)]);
        for layout in Layout::ALL {
            for tile in 0..layout.tiles() {
                assert_ne!(layout.beside(tile, 1, 0), Some(tile), "{layout:?}");
            }
        }
    }

    #[test]
    fn layouts_have_their_tiles_fill_the_wall_and_do_not_overlap() {
        let tiles: Vec<usize> = Layout::ALL.iter().map(|layout| layout.tiles()).collect();
        assert_eq!(tiles, [1, 4, 9, 16, 25, 36, 64, 8]);
        for layout in Layout::ALL {
            let rects = layout.rects();
            assert_eq!(rects.len(), layout.tiles());
            let area: f64 = rects.iter().map(|r| r.width * r.height).sum();
            assert!((area - 1.0).abs() < 1e-9, "{layout:?}");
            for (i, r) in rects.iter().enumerate() {
                let middle = (r.x + r.width / 2.0, r.y + r.height / 2.0);
                assert_eq!(tile_at(rects.iter().copied(), middle.0, middle.1), Some(i));
            }
        }
        assert_eq!(tile_at(Layout::Nine.rects(), 1.5, 0.5), None);
        assert_eq!(Layout::for_cameras(10), Layout::Sixteen);
        assert_eq!(Layout::for_cameras(500), Layout::SixtyFour);
    }

    #[test]
    fn a_picture_without_size_takes_no_room() {
        let boxed = Rect {
            x: 1.0,
            y: 2.0,
            width: 30.0,
            height: 20.0,
        };
        for (width, height) in [(0.0, 10.0), (f64::NAN, 10.0), (10.0, -1.0)] {
            assert_eq!(letterbox(boxed, width, height).width, 0.0);
        }
    }

    proptest! {
        #[test]
        fn a_picture_keeps_its_proportions_and_lies_centred_in_its_box(
            width in 1.0f64..4000.0, height in 1.0f64..4000.0, boxed_width in 1.0f64..2000.0, boxed_height in 1.0f64..2000.0,
        ) {
            let boxed = Rect { x: 10.0, y: 20.0, width: boxed_width, height: boxed_height };
            let r = letterbox(boxed, width, height);
            prop_assert!((r.width / r.height / (width / height) - 1.0).abs() < 1e-9);
            prop_assert!(r.width <= boxed_width + 1e-9 && r.height <= boxed_height + 1e-9);
            prop_assert!((r.width - boxed_width).abs() < 1e-9 || (r.height - boxed_height).abs() < 1e-9);
            prop_assert!((r.x + r.width / 2.0 - (10.0 + boxed_width / 2.0)).abs() < 1e-9);
            prop_assert!((r.y + r.height / 2.0 - (20.0 + boxed_height / 2.0)).abs() < 1e-9);
        }
    }
}
