//! The directions around a dome: which are under a mask in truth, where a view is clear, and along which line a walker passes
//! below the masks.
//!
//! Invariant: a mask is the convex polygon of its corners on the sphere; what is inside is decided on the sphere, not with the
//! product's own projection. Deliberately absent: what the client shows.

use serde::Deserialize;
use vedetta::domain::camera::{Direction, LensModel, Pose};
use vedetta::domain::site::{Mask, MaskShape};

/// Columns of the grid that a picture is looked at by.
pub const COLUMNS: usize = 64;
/// Rows of it.
pub const ROWS: usize = 36;
/// The middle of the picture: from this column and row up to that one, as far from both edges each way.
const CENTRE_COLUMNS: [usize; 2] = [29, 35];
const CENTRE_ROWS: [usize; 2] = [16, 20];
/// A walk is planned in steps of this, degrees.
const STEP_DEG: f64 = 4.0;
/// Room between a walker and the next mask, degrees.
const ROOM_DEG: f64 = 1.2;
/// How tall a walker is, metres.
const TALL_M: f64 = 1.75;

type Vector = [f64; 3];
/// One bit a cell, one word a row.
pub type Grid = [u64; ROWS];

/// What the simulator says of a dome's site.
#[derive(Debug, Clone, Deserialize)]
pub struct Site {
    pub make: String,
    pub habit: String,
    pub height_m: f64,
    pub lens: LensModel,
    masks: Vec<Mask>,
    /// The highest magnification that the plan lets it stand at; `None`: its lens ends first.
    pub zoom_ceiling: Option<f64>,
    pub turned: String,
    pub command_delay_ms: u64,
    pub status_delay_ms: Option<u64>,
}

/// Where the rows of the bench happen.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Stage {
    /// A view without a mask anywhere near, and the least distance of its widened edge from one, × the view.
    pub clear: Direction,
    /// Where the walker starts, to the right of which it walks.
    pub walk: Direction,
    /// How much of the walk's views is masked in truth on average, at 1× and 4×.
    pub masked_on_the_way: [f64; 2],
}

/// Directions without a mask, for the questions of the bench.
pub struct Scenery {
    polygons: Vec<Vec<Vector>>,
    height_m: f64,
    aspect: f64,
}

fn vector(direction: Direction) -> Vector {
    let (azimuth, elevation) = (direction.azimuth_deg.to_radians(), direction.elevation_deg.to_radians());
    [
        azimuth.sin() * elevation.cos(),
        azimuth.cos() * elevation.cos(),
        elevation.sin(),
    ]
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

impl Scenery {
    /// The masks around a dome.
    pub fn of(site: &Site) -> Self {
        let corners = site.masks.iter().filter_map(|mask| match &mask.shape {
            MaskShape::Directions(corners) => Some(corners.iter().map(|corner| vector(*corner)).collect()),
            MaskShape::Picture(_) => None,
        });
        Self {
            polygons: corners.collect(),
            height_m: site.height_m,
            aspect: site.lens.aspect,
        }
    }

    /// How many masks there are.
    pub fn masks(&self) -> usize {
        self.polygons.len()
    }

    fn is_masked(&self, ray: Vector) -> bool {
        self.polygons.iter().any(|corners| {
            let side = |i: usize| dot(cross(corners[i], corners[(i + 1) % corners.len()]), ray);
            let sides = || (0..corners.len()).map(side);
            let middle = corners.iter().map(|corner| dot(*corner, ray)).sum::<f64>();
            middle > 0.0 && (sides().all(|s| s >= 0.0) || sides().all(|s| s <= 0.0))
        })
    }

    /// Whether a direction or one within `room` degrees of it is masked.
    fn is_near_a_mask(&self, azimuth_deg: f64, elevation_deg: f64, room: f64) -> bool {
        [
            (0.0, 0.0),
            (-1.0, 0.0),
            (1.0, 0.0),
            (0.0, -1.0),
            (0.0, 1.0),
            (-0.7, 0.7),
            (0.7, 0.7),
        ]
        .into_iter()
        .any(|(across, up)| {
            self.is_masked(vector(Direction {
                azimuth_deg: azimuth_deg + across * room,
                elevation_deg: elevation_deg + up * room,
            }))
        })
    }

    /// The cells of an upright picture that are masked in truth, by their middles.
    pub fn masked_cells(&self, pose: Pose) -> Grid {
        let mut grid = [0; ROWS];
        for (row, word) in grid.iter_mut().enumerate() {
            for column in 0..COLUMNS {
                let place = [(column as f64 + 0.5) / COLUMNS as f64, (row as f64 + 0.5) / ROWS as f64];
                *word |= u64::from(self.is_masked(self.ray(pose, place))) << column;
            }
        }
        grid
    }

    /// Whether a mask reaches into the middle of the picture in truth: asked three times a cell each way, as pictures are looked
    /// at, and not at the middles of its cells alone.
    pub fn reaches_centre(&self, pose: Pose) -> bool {
        let [across, down] = [CENTRE_COLUMNS, CENTRE_ROWS].map(|[from, to]| 3 * from..=3 * to);
        let place = |column: usize, row: usize| [column as f64 / (3 * COLUMNS) as f64, row as f64 / (3 * ROWS) as f64];
        down.into_iter()
            .any(|row| (across.clone()).any(|column| self.is_masked(self.ray(pose, place(column, row)))))
    }

    /// The direction of a place in the picture, 0..1 from the upper left corner.
    fn ray(&self, pose: Pose, [x, y]: [f64; 2]) -> Vector {
        let half = (pose.hfov_deg / 2.0).to_radians().tan();
        let (right, up) = ((2.0 * x - 1.0) * half, (1.0 - 2.0 * y) * half / self.aspect);
        let (pan, tilt) = (pose.pan_deg.to_radians(), pose.tilt_deg.to_radians());
        let across = [pan.cos(), -pan.sin(), 0.0];
        let ahead = [pan.sin() * tilt.cos(), pan.cos() * tilt.cos(), tilt.sin()];
        let above = cross(across, ahead);
        std::array::from_fn(|i| ahead[i] + across[i] * right + above[i] * up)
    }

    fn share_masked(&self, pose: Pose) -> f64 {
        let places = (0..7).flat_map(|row| (0..12).map(move |column| (column, row)));
        let masked = places.filter(|(column, row)| {
            let place = [(f64::from(*column) + 0.5) / 12.0, (f64::from(*row) + 0.5) / 7.0];
            self.is_masked(self.ray(pose, place))
        });
        masked.count() as f64 / 84.0
    }

    /// Where the rows happen, for a walk of so many degrees; `None` where there is no such place.
    pub fn stage(&self, lens: &LensModel, walk_deg: f64) -> Option<Stage> {
        let wide = lens.widest_hfov_deg();
        let narrow = lens.hfov_of(4.0);
        let clear = self.clear(wide * 1.3)?;
        let (walk, masked_on_the_way) = self.walk(wide, narrow, walk_deg)?;
        Some(Stage {
            clear,
            walk,
            masked_on_the_way,
        })
    }

    /// The direction nearest the horizon whose view has no mask.
    fn clear(&self, hfov_deg: f64) -> Option<Direction> {
        (4..=15).find_map(|down| {
            (0..72).map(|turn| f64::from(turn) * 5.0 - 180.0).find_map(|pan_deg| {
                let tilt_deg = -5.0 * f64::from(down);
                let pose = Pose {
                    pan_deg,
                    tilt_deg,
                    hfov_deg,
                };
                (self.share_masked(pose) == 0.0).then_some(Direction {
                    azimuth_deg: pan_deg,
                    elevation_deg: tilt_deg,
                })
            })
        })
    }

    /// Elevations of a walker's feet and head whose middle is seen at this one.
    fn figure(&self, elevation_deg: f64) -> [f64; 2] {
        let away = (self.height_m - TALL_M / 2.0) / (-elevation_deg).to_radians().tan();
        [0.0, TALL_M].map(|up| ((up - self.height_m) / away).atan().to_degrees())
    }

    /// The walk with most that is masked in its views, the narrow ones first, never under a mask itself.
    fn walk(&self, wide: f64, narrow: f64, walk_deg: f64) -> Option<(Direction, [f64; 2])> {
        let turns = (360.0 / STEP_DEG) as usize;
        let steps = (walk_deg / STEP_DEG).ceil() as usize + 1;
        let mut best: Option<(f64, Direction, [f64; 2])> = None;
        for down in 6..=40 {
            let elevation_deg = -f64::from(down);
            let [feet, head] = self.figure(elevation_deg);
            let at = |turn: usize| (turn % turns) as f64 * STEP_DEG - 180.0;
            let free: Vec<bool> = (0..turns)
                .map(|turn| {
                    let heights = [feet, elevation_deg, head];
                    (0..4).all(|part| {
                        let azimuth = at(turn) + STEP_DEG * f64::from(part) / 4.0;
                        !heights.iter().any(|up| self.is_near_a_mask(azimuth, *up, ROOM_DEG))
                    })
                })
                .collect();
            let views = |hfov_deg: f64| -> Vec<f64> {
                let pose = |turn| Pose {
                    pan_deg: at(turn),
                    tilt_deg: elevation_deg,
                    hfov_deg,
                };
                (0..turns).map(|turn| self.share_masked(pose(turn))).collect()
            };
            let (near, far) = (views(wide), views(narrow));
            for start in (0..turns).filter(|start| (*start..start + steps).all(|turn| free[turn % turns])) {
                let mean = |masked: &[f64]| {
                    (start..start + steps).map(|turn| masked[turn % turns]).sum::<f64>() / steps as f64
                };
                let shares = [mean(&near), mean(&far)];
                let score = 2.0 * shares[1] + shares[0];
                if best.is_none_or(|(most, ..)| score > most + 1e-9) {
                    let walk = Direction {
                        azimuth_deg: at(start),
                        elevation_deg,
                    };
                    best = Some((score, walk, shares));
                }
            }
        }
        best.map(|(_, walk, shares)| (walk, shares))
    }
}

/// The grid of a picture that is turned as the make turns it.
pub fn turned(grid: Grid, how: &str) -> Grid {
    let mut out = grid;
    if how != "upright" {
        out.iter_mut().for_each(|row| *row = row.reverse_bits());
    }
    if how == "half_turn" {
        out.reverse();
    }
    out
}

/// How many cells are set.
pub fn count(grid: &Grid) -> u32 {
    grid.iter().map(|row| row.count_ones()).sum()
}

/// The cells that are in both.
pub fn both(a: &Grid, b: &Grid) -> Grid {
    std::array::from_fn(|row| a[row] & b[row])
}

/// The cells that are in the first and not in the second.
pub fn without(a: &Grid, b: &Grid) -> Grid {
    std::array::from_fn(|row| a[row] & !b[row])
}

/// The cells in the middle of the picture.
pub fn centre() -> Grid {
    let [[from, to], [top, bottom]] = [CENTRE_COLUMNS, CENTRE_ROWS];
    let columns = ((1 << (to - from)) - 1) << from;
    std::array::from_fn(|row| if (top..bottom).contains(&row) { columns } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mask of 20° by 10°, straight ahead, from the horizon up.
    fn scenery() -> Scenery {
        let corner = |azimuth_deg, elevation_deg| {
            vector(Direction {
                azimuth_deg,
                elevation_deg,
            })
        };
        Scenery {
            polygons: vec![vec![
                corner(-10.0, 0.0),
                corner(10.0, 0.0),
                corner(10.0, 10.0),
                corner(-10.0, 10.0),
            ]],
            height_m: 8.5,
            aspect: 16.0 / 9.0,
        }
    }

    fn pose(pan_deg: f64, tilt_deg: f64, hfov_deg: f64) -> Pose {
        Pose {
            pan_deg,
            tilt_deg,
            hfov_deg,
        }
    }

    #[test]
    fn what_is_masked_in_a_picture_is_where_the_mask_is() {
        let grid = scenery().masked_cells(pose(0.0, 0.0, 60.0));
        let set = |column: usize, row: usize| grid[row] >> column & 1 == 1;
        assert!(set(31, 17) && set(31, 14) && !set(31, 18) && !set(5, 17) && !set(31, 2));
        let aside = scenery().masked_cells(pose(15.0, 0.0, 60.0));
        assert!(aside[16] >> 15 & 1 == 1 && aside[16] >> 45 & 1 == 0);
        assert_eq!(count(&scenery().masked_cells(pose(180.0, 0.0, 60.0))), 0);
        assert_eq!(turned(aside, "mirrored")[16] >> 45 & 1, 0b1 & (aside[16] >> 18));
    }

    #[test]
    fn a_mask_that_reaches_into_a_cell_of_the_middle_is_in_it() {
        // The mask's lower edge is the horizon; the middle reaches 2.1° up, its first cells have their middles 1.5° up.
        let seen = |tilt_deg: f64| {
            let pose = pose(0.0, tilt_deg, 60.0);
            let by_middles = count(&both(&centre(), &scenery().masked_cells(pose))) > 0;
            (by_middles, scenery().reaches_centre(pose))
        };
        assert_eq!(seen(-3.0), (false, false));
        assert_eq!(seen(-1.7), (false, true));
        assert_eq!(seen(-1.0), (true, true));
    }

    #[test]
    fn a_walk_passes_below_the_masks_and_a_clear_view_has_none() {
        let lens = LensModel {
            pan_range_deg: [-180.0, 180.0],
            tilt_range_deg: [-90.0, 20.0],
            hfov_by_zoom: vec![[0.0, 62.0], [1.0, 3.3]],
            aspect: 16.0 / 9.0,
            roll_deg: 0.0,
            upside_down: false,
            mirrored: false,
        };
        let stage = scenery().stage(&lens, 16.0).unwrap();
        assert_eq!(
            scenery().share_masked(pose(stage.clear.azimuth_deg, stage.clear.elevation_deg, 62.0)),
            0.0
        );
        let [_, head] = scenery().figure(stage.walk.elevation_deg);
        assert!(head < -1.0 && stage.masked_on_the_way[0] > 0.01, "{stage:?}");
        assert!(!scenery().is_near_a_mask(0.0, head, 1.0));
    }
}
