//! Whether the corners of a whole picture agree on one turn, or only those of something that moves in it.
//!
//! The picture is divided into cells. Every corner that the turn would leave in view counts, also one that was lost on its way:
//! what is not found again has not agreed. Invariant: something that covers up to a quarter of the picture's cells changes
//! nothing, and what covers more makes the picture no witness, until it covers three quarters: then it *is* the picture, and only
//! statuses can tell (see `chain`). Deliberately absent: the fit.

/// Cells across and down.
const CELLS: [usize; 2] = [8, 5];
/// Corners that fit, at least.
const FEWEST: u32 = 24;
/// Of the corners in view those that fit, at least.
const LEAST_SHARE: f64 = 0.55;
/// Of the cells with corners those most of whose corners fit, at least.
const LEAST_CELLS: f64 = 0.75;
/// Of the cells in view those with corners, at least: a sky has none.
const LEAST_TEXTURE: f64 = 0.35;
/// Of the columns and rows of cells in view those in which some cell agrees, at least.
const LEAST_SPREAD: [f64; 2] = [0.7, 0.5];
/// Of all cells those in view in both pictures, at least.
const LEAST_OVERLAP: f64 = 0.4;

/// What became of a corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Where the turn takes it is not in view.
    OutOfView,
    /// Not found, or not found back from where it was found.
    Lost,
    /// Found elsewhere than the turn takes it.
    Elsewhere,
    Fits,
}

/// How well a picture's corners agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Corners that fit.
    pub corners: u32,
    /// Of the corners in view those that fit, 0..1.
    pub share: f64,
    /// Of the cells with corners those that agree, 0..1.
    pub cells: f64,
}

/// Counts by cell.
#[derive(Default, Clone, Copy)]
struct Cell {
    in_view: u32,
    fits: u32,
    visible: bool,
}

/// The agreement of corners at `places` (0..1 in the earlier picture) with these fates; `None` when it does not do.
/// `keeps`: whether the turn keeps a place in view.
pub(super) fn judge(
    corners: impl Iterator<Item = ([f64; 2], Fate)>,
    keeps: impl Fn([f64; 2]) -> bool,
) -> Option<Agreement> {
    let mut cells = [[Cell::default(); CELLS[0]]; CELLS[1]];
    for (y, row) in cells.iter_mut().enumerate() {
        for (x, cell) in row.iter_mut().enumerate() {
            cell.visible = keeps([(x as f64 + 0.5) / CELLS[0] as f64, (y as f64 + 0.5) / CELLS[1] as f64]);
        }
    }
    let (mut in_view, mut fits) = (0, 0);
    for (at, fate) in corners.filter(|(_, fate)| *fate != Fate::OutOfView) {
        let [x, y] = [0, 1].map(|i| ((at[i] * CELLS[i] as f64).max(0.0) as usize).min(CELLS[i] - 1));
        let fit = u32::from(fate == Fate::Fits);
        cells[y][x].in_view += 1;
        cells[y][x].fits += fit;
        (in_view, fits) = (in_view + 1, fits + fit);
    }
    let count = |of: &dyn Fn(&Cell) -> bool| cells.iter().flatten().filter(|cell| of(cell)).count() as f64;
    let agrees = |cell: &Cell| 2 * cell.fits > cell.in_view;
    let visible = count(&|cell| cell.visible);
    let textured = count(&|cell| cell.in_view > 0);
    let agreeing = count(&agrees);
    let lines = |of: &dyn Fn(&Cell) -> bool| {
        let column = |x: &usize| cells.iter().any(|row| of(&row[*x]));
        let rows = cells.iter().filter(|row| row.iter().any(of)).count();
        [(0..CELLS[0]).filter(column).count() as f64, rows as f64]
    };
    let (seen, agreed) = (lines(&|cell| cell.visible), lines(&agrees));
    let spread = (0..2).all(|axis| agreed[axis] >= LEAST_SPREAD[axis] * seen[axis]);
    let agreement = Agreement {
        corners: fits,
        share: f64::from(fits) / f64::from(in_view.max(1)),
        cells: agreeing / textured.max(1.0),
    };
    let does = fits >= FEWEST
        && agreement.share >= LEAST_SHARE
        && agreement.cells >= LEAST_CELLS
        && textured >= LEAST_TEXTURE * visible
        && visible >= LEAST_OVERLAP * (CELLS[0] * CELLS[1]) as f64
        && spread;
    does.then_some(agreement)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten corners in each cell of 16 × 10; `fate` by place.
    fn judged(fate: impl Fn([f64; 2]) -> Fate) -> Option<Agreement> {
        let places = (0..1600).map(|i| [f64::from(i % 40) / 40.0 + 0.01, f64::from(i / 40) / 40.0 + 0.01]);
        judge(places.map(|at| (at, fate(at))), |_| true)
    }

    #[test]
    fn what_covers_more_than_a_quarter_makes_the_picture_no_witness() {
        let beyond = |edge: f64| judged(|at| if at[0] < edge { Fate::Elsewhere } else { Fate::Fits });
        assert!(beyond(0.25).is_some());
        for edge in [0.4, 0.5, 0.6, 0.74, 1.0] {
            assert_eq!(beyond(edge), None, "{edge}");
        }
        let lost = judged(|at| if at[0] < 0.4 { Fate::Lost } else { Fate::Fits });
        assert_eq!(lost, None);
    }

    #[test]
    fn corners_in_one_part_only_are_not_the_whole_picture() {
        let part = |inside: fn([f64; 2]) -> bool| judged(|at| if inside(at) { Fate::Fits } else { Fate::OutOfView });
        assert_eq!(part(|at| at[0] < 0.5), None);
        assert_eq!(part(|at| at[1] > 0.7), None);
        assert!(part(|at| at[1] > 0.4).is_some(), "a sky above half of the rest");
    }

    #[test]
    fn scattered_strangers_change_nothing_until_they_are_many() {
        let every = |n: usize| {
            let stranger = |at: [f64; 2]| ((at[0] * 40.0) as usize + (at[1] * 40.0) as usize * 7).is_multiple_of(n);
            judged(|at| if stranger(at) { Fate::Elsewhere } else { Fate::Fits })
        };
        assert!(every(4).unwrap().share > 0.7);
        assert_eq!(every(2), None);
    }
}
