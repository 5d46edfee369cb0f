//! The picture as a witness of motion: how far a dome turned between two decoded pictures, read from their luma.
//!
//! [`corners`] of a kept picture are followed to the newest one from coarse to fine ([`coarse`], [`follow`] on the levels of a
//! [`pyramid`]) and back again; one rotation and one scale are fitted to their directions ([`turn`]); [`agreement`] says whether
//! the whole picture is of that opinion. [`Eye`] keeps the picture compared with, so that slow turns do not add up errors;
//! [`chain`] binds turns to statuses, and its [`Claim`] narrows what the tracker allows; [`Pace`] says which pictures are looked at.
//!
//! Error model of one comparison ([`Witness`]): a *deviation*, by the least squares, of errors that are independent from corner
//! to corner (noise, compression); and a *systematic* part: [`FLOOR_PX`] of the finest level for what repeats itself from pair to
//! pair (interpolation, the rolling shutter), [`HELD_PX`] for what stands before the sensor, [`LENS_SHARE`] of the turn for a lens that is no perfect perspective, and all that
//! the field of view's interval leaves open. `None`, never a guess, when corners are few (low texture, darkness, fog), when the
//! whole picture does not agree (a crowd, a bus, rain on the glass), when no place is clearly the best (a pattern that repeats
//! itself), or when the turn leaves too little in view. What one comparison cannot know (the whole picture is a bus, a mirrored
//! picture, digital zoom, a picture that was frozen) is the affair of `chain`.
//!
//! Invariant: pure and without chance; a picture that the decoder repeats (byte for byte) is no new witness.
//! Deliberately absent: decoding, colours, threads, the lens's distortion.

mod agreement;
pub mod chain;
mod claim;
mod coarse;
mod corners;
mod follow;
mod lanes;
mod pace;
mod pyramid;
mod turn;

#[cfg(test)]
mod adversaries;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod test_world;

pub use agreement::Agreement;
pub use chain::Chain;
pub use claim::Claim;
pub use pace::Pace;
pub use pyramid::Luma;

use super::Interval;
use agreement::{Fate, judge};
use coarse::Coarse;
use corners::Corners;
use follow::Template;
use glam::DMat3;
use pyramid::{Level, Pyramid, at_finest, at_level};
use turn::{Fit, Pair, Turn};

/// Error of every comparison that may repeat itself, pixels of the finest level.
const FLOOR_PX: f64 = 0.02;
/// What stands before the sensor with the picture moving behind it (a pattern of noise, dirt on the bubble) holds weak corners
/// back by up to this much, all of them alike. Pixels of the finest level.
const HELD_PX: f64 = 1.0;
/// Error of every comparison, as a share of its turn.
const LENS_SHARE: f64 = 0.01;
/// Corners farther than this from where the turn takes them do not fit, pixels of the finest level.
const FIT_PX: f64 = 0.6;
/// A corner followed there and back comes back to within this, pixels of the finest level.
const BACK_PX: f32 = 0.5;
/// Corners nearer than this to the picture's edge are out of view, pixels of the finest level.
const EDGE_PX: f32 = 8.0;
/// The picture compared with is replaced when the turn since is more than this share of the field of view,
const KEY_TURN: f64 = 0.12;
/// the scale changed by more than this (logarithm),
const KEY_SCALE: f64 = 0.1;
/// or fewer of its corners fit.
const KEY_SHARE: f64 = 0.75;

/// Rounds of a fit on each level: how far off corners may be that still count, pixels of the finest level.
const ROUNDS: [&[f64]; 3] = [
    &[2.0, 1.0, 0.6],
    &[4.0, 2.5, 1.5],
    &[24.0, 16.0, 11.0, 8.0, 6.0, 4.0, 3.0],
];
/// Steps of following, and its reach in pixels of the level; by level.
const FOLLOWED: [(usize, f32); 3] = [(5, 3.0), (5, 3.0), (8, 5.0)];

/// How a picture sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Horizontal field of view, degrees.
    pub hfov: Interval,
    /// Picture width divided by height.
    pub aspect: f64,
}

/// How the dome turned and zoomed from one picture to another, and how well that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Witness {
    /// Takes what the earlier camera sees into the later camera's frame (x right, y up, z along the axis).
    pub rotation: DMat3,
    /// Natural logarithm of the magnification from the earlier to the later picture.
    pub zoom_ln: f64,
    /// Standard deviation of the rotation as a whole, degrees; independent from pair to pair.
    pub deviation_deg: f64,
    /// Error of the rotation beside that, at most; adds up. Degrees.
    pub systematic_deg: f64,
    /// Error of `zoom_ln`, at most.
    pub zoom_error_ln: f64,
    pub agreement: Agreement,
}

/// Share of a change of scale by which all corners can be off together: windows that grow are followed a little short.
const ZOOM_SHARE: f64 = 0.025;
/// Deviations that an error is never more than.
const MOST_DEVIATIONS: f64 = 4.0;

impl Witness {
    /// The angle of the rotation, degrees.
    pub fn turn_deg(&self) -> f64 {
        turn::angle(&self.rotation).to_degrees()
    }

    /// Bound of the angle between this rotation and the true one, degrees.
    pub fn error_deg(&self) -> f64 {
        self.systematic_deg + MOST_DEVIATIONS * self.deviation_deg
    }
}

/// What looking at a picture told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Look {
    /// The very picture of last time, once more.
    Repeated,
    /// Compared with the kept picture. `kept`: from now on this picture is kept instead.
    Turned { witness: Witness, kept: bool },
    /// The first picture, or one that cannot be compared: it is kept from now on.
    Lost,
}

/// Looks at one dome's pictures, one after another.
#[derive(Default)]
pub struct Eye {
    key: Pyramid,
    corners: Vec<[f32; 2]>,
    view: Option<View>,
    now: Pyramid,
    before: Level,
    finder: Corners,
    comparison: Comparison,
}

impl Eye {
    /// Looks at the next picture. `view`: by what is known of the zoom beside the picture.
    pub fn look(&mut self, luma: Luma<'_>, view: View) -> Look {
        std::mem::swap(&mut self.before, &mut self.now.levels[0]);
        self.now.take(luma);
        if self.view.is_some() && self.before.px == self.now.levels[0].px {
            return Look::Repeated;
        }
        let kept_view = self.view.filter(|_| self.now.size == self.key.size);
        let witness = kept_view.and_then(|kept| self.comparison.compare(&self.key, &self.corners, &self.now, kept));
        let Some(witness) = witness else {
            self.keep(view);
            return Look::Lost;
        };
        let worn = witness.turn_deg() > KEY_TURN * view.hfov.middle()
            || witness.zoom_ln.abs() > KEY_SCALE
            || witness.agreement.share < KEY_SHARE;
        if worn {
            self.keep(view);
        }
        Look::Turned { witness, kept: worn }
    }

    /// Forgets what was seen.
    pub fn forget(&mut self) {
        self.view = None;
    }

    fn keep(&mut self, view: View) {
        self.key.clone_from(&self.now);
        self.finder.find(&self.key.levels[1], &mut self.corners);
        self.view = Some(view);
    }
}

/// From pixels of the finest level to points of the plane `z = 1`.
#[derive(Clone, Copy)]
struct Scale {
    half: [f64; 2],
    size: [f64; 2],
}

impl Scale {
    fn new(hfov_deg: f64, aspect: f64, size: [f64; 2]) -> Self {
        let width = (hfov_deg.to_radians() / 2.0).tan();
        Self {
            half: [width, width / aspect],
            size,
        }
    }

    fn share(&self, px: [f32; 2]) -> [f64; 2] {
        [0, 1].map(|i| (f64::from(px[i]) + 0.5) / self.size[i])
    }

    fn ray(&self, px: [f32; 2]) -> [f64; 2] {
        let [x, y] = self.share(px);
        [(2.0 * x - 1.0) * self.half[0], (1.0 - 2.0 * y) * self.half[1]]
    }

    fn px(&self, ray: [f64; 2]) -> [f32; 2] {
        let share = [0.5 + 0.5 * ray[0] / self.half[0], 0.5 - 0.5 * ray[1] / self.half[1]];
        [0, 1].map(|i| (share[i] * self.size[i] - 0.5) as f32)
    }

    /// A pixel of the finest level in the plane.
    fn pixel(&self) -> f64 {
        2.0 * self.half[0] / self.size[0]
    }
}

/// One comparison of two pictures; keeps its buffers.
#[derive(Default)]
struct Comparison {
    coarse: Coarse,
    pairs: Vec<Pair>,
    fates: Vec<Fate>,
}

impl Comparison {
    fn compare(&mut self, from: &Pyramid, corners: &[[f32; 2]], to: &Pyramid, view: View) -> Option<Witness> {
        let sound = view.hfov.lo > 0.05 && view.hfov.hi < 160.0 && view.hfov.lo <= view.hfov.hi && view.aspect > 0.1;
        let scale = sound.then(|| Scale::new(view.hfov.middle(), view.aspect, from.size))?;
        let shift = self.coarse.shift(&from.levels[3], &to.levels[3])?;
        let [x, y] = shift.map(|px| f64::from(px) * 8.0 / 0.5);
        let mut turn = Turn::of_shift([x / scale.size[0] * scale.half[0], -y / scale.size[1] * scale.half[1]]);
        for level in [2, 1] {
            self.follow(from, corners, to, level, &scale, &turn);
            turn = turn::settle(&self.pairs, turn, &widths(level, &scale))?;
        }
        self.follow(from, corners, to, 0, &scale, &turn);
        let within = FIT_PX * scale.pixel();
        let settled = turn::settle(&self.pairs, turn, &widths(0, &scale))?;
        let fit = turn::refine(&self.pairs, settled, within)?;
        let agreement = self.agreement(corners, &scale, &fit.turn, within)?;
        Some(self.witness(fit, agreement, view, &scale, within))
    }

    /// Follows every corner from where the turn takes it, on one level; on the finest also back.
    fn follow(&mut self, from: &Pyramid, corners: &[[f32; 2]], to: &Pyramid, level: usize, scale: &Scale, turn: &Turn) {
        self.pairs.clear();
        self.fates.clear();
        let (steps, reach) = FOLLOWED[level];
        let (earlier, later) = (&from.levels[level], &to.levels[level]);
        for corner in corners {
            let ray = scale.ray(*corner);
            let expected = turn
                .place(ray)
                .map(|place| scale.px(place))
                .filter(|px| inside(*px, scale.size));
            let Some(expected) = expected else {
                self.fates.push(Fate::OutOfView);
                continue;
            };
            let (here, start) = (at_level(*corner, level), at_level(expected, level));
            let found = Template::of(earlier, here).and_then(|template| {
                let found = template.search(later, start, steps, reach)?;
                if level > 0 {
                    return Some(found);
                }
                // Back from there, by as much as the turn says and not by as much as was found.
                let begin = [found[0] - (start[0] - here[0]), found[1] - (start[1] - here[1])];
                let back = Template::of(later, found)?.search(earlier, begin, steps, reach)?;
                ((back[0] - here[0]).hypot(back[1] - here[1]) <= BACK_PX).then_some(found)
            });
            self.fates
                .push(if found.is_some() { Fate::Elsewhere } else { Fate::Lost });
            if let Some(found) = found {
                let to = scale.ray(at_finest(found, level));
                self.pairs.push(Pair { from: ray, to });
            }
        }
    }

    fn agreement(&mut self, corners: &[[f32; 2]], scale: &Scale, turn: &Turn, within: f64) -> Option<Agreement> {
        let followed = self.fates.iter_mut().filter(|fate| **fate == Fate::Elsewhere);
        for (fate, pair) in followed.zip(&self.pairs) {
            if turn::distance(turn, pair) <= within {
                *fate = Fate::Fits;
            }
        }
        let keeps = |at: [f64; 2]| {
            let ray = [(2.0 * at[0] - 1.0) * scale.half[0], (1.0 - 2.0 * at[1]) * scale.half[1]];
            turn.place(ray).is_some_and(|place| inside(scale.px(place), scale.size))
        };
        let places = corners.iter().map(|corner| scale.share(*corner));
        judge(places.zip(self.fates.iter().copied()), keeps)
    }

    fn witness(&self, fit: Fit, agreement: Agreement, view: View, scale: &Scale, within: f64) -> Witness {
        let turn_rad = turn::angle(&fit.turn.rotation);
        let spread = [view.hfov.lo, view.hfov.hi].map(|hfov| self.spread(&fit.turn, view.hfov, hfov, within));
        let open = spread[0].max(spread[1]);
        // About the axis a pixel at the picture's edge is a larger angle than in its middle.
        let floor = (FLOOR_PX + HELD_PX) * scale.pixel() * (1.0 + 1.0 / scale.half[0]).min(4.0);
        Witness {
            rotation: fit.turn.rotation,
            zoom_ln: fit.turn.ln_scale,
            deviation_deg: fit.deviation[0].to_degrees(),
            systematic_deg: (floor + LENS_SHARE * turn_rad + open).to_degrees(),
            zoom_error_ln: MOST_DEVIATIONS * fit.deviation[1]
                + (FLOOR_PX + HELD_PX) * scale.pixel() / scale.half[0]
                + ZOOM_SHARE * fit.turn.ln_scale.abs()
                + open,
            agreement,
        }
    }

    /// How far from `turn` the fit would be at another field of view, radians; infinite when there would be none.
    fn spread(&self, turn: &Turn, hfov: Interval, other_deg: f64, within: f64) -> f64 {
        if hfov.half_width() < 1e-6 * hfov.middle() {
            return 0.0;
        }
        let tangent = |hfov_deg: f64| (hfov_deg.to_radians() / 2.0).tan();
        let ratio = tangent(other_deg) / tangent(hfov.middle());
        let scaled: Vec<Pair> = (self.pairs.iter().filter(|pair| turn::distance(turn, pair) <= within))
            .map(|pair| Pair {
                from: pair.from.map(|v| v * ratio),
                to: pair.to.map(|v| v * ratio),
            })
            .collect();
        let fit = turn::refine(&scaled, *turn, f64::INFINITY).map(|fit| fit.turn.rotation * turn.rotation.transpose());
        fit.map_or(f64::INFINITY, |off| turn::angle(&off))
    }
}

/// Whether a pixel of the finest level is in the picture, and everything around it that following looks at.
fn inside(px: [f32; 2], size: [f64; 2]) -> bool {
    (0..2).all(|i| px[i] >= EDGE_PX && f64::from(px[i] + EDGE_PX) < size[i])
}

/// The rounds of a fit on a level, as lengths in the plane.
fn widths(level: usize, scale: &Scale) -> Vec<f64> {
    ROUNDS[level].iter().map(|px| px * scale.pixel()).collect()
}
