//! What must be true of a wall that a graphics card draws.
//!
//! Invariant: a check that could not see a mistake fails. Deliberately absent: figures (`measure`).

use super::frames::{Kind, Picture, street};
use super::scene::Scene;
use super::stage::{Screen, Stage};
use std::error::Error;
use std::time::Duration;
use vedetta::domain::digital_zoom::Crop;
use vedetta::domain::privacy::{Cover, CoverStyle, Polygon, WholeReason};
use vedetta::gui::widget::wall::Face;
use vedetta::gui::widget::wall::cpu_painter::Painter;
use vedetta::media::frame::colours::Colours;
use vedetta::media::frame::{Matrix, Range};

/// How far the card may be from a colour that is known.
const KNOWN: u8 = 3;
/// How far it may be from the processor's painting, away from edges.
const PAINTED: u8 = 6;
/// Pixels on each side of one in which the painting must be as good as even for it to count as away from edges.
const AWAY: usize = 2;
/// How much more red and blue than green a pixel of a grey picture may have.
const TINT: u8 = 3;

const HD: Screen = Screen {
    width: 1920,
    height: 1080,
    scale: 1.0,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Nothing is written over a tile.
pub fn bare(_: usize) -> Face {
    Face::default()
}

/// What a wall looks like.
struct Shot {
    pixels: Vec<u8>,
    width: usize,
    places: Vec<[usize; 4]>,
}

impl Shot {
    fn take(stage: &mut Stage, scene: &Scene, screen: Screen) -> Shot {
        let set = stage.set(scene, screen);
        Shot {
            pixels: stage.pixels(&set),
            width: screen.width as usize,
            places: scene.places(screen),
        }
    }

    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let from = 4 * (y * self.width + x);
        self.pixels
            .get(from..)
            .and_then(|rest| rest.first_chunk())
            .copied()
            .unwrap_or_default()
    }

    /// All pixels of a picture: where in it, and the colour.
    fn picture(&self, tile: usize) -> impl Iterator<Item = (usize, usize, [u8; 3])> {
        let [left, top, width, height] = self.places.get(tile).copied().unwrap_or_default();
        (0..height).flat_map(move |y| (0..width).map(move |x| (x, y, self.at(left + x, top + y))))
    }
}

fn differs(a: [u8; 3], b: [u8; 3], by: u8) -> bool {
    a.iter().zip(b).any(|(a, b)| a.abs_diff(b) > by)
}

/// Flat pictures have the colours that H.273 gives their samples, to the last pixel, in every kind, at odd sizes too.
pub fn known_colours(stage: &mut Stage) -> Outcome<()> {
    let known = [
        (Matrix::Bt601, Range::Limited, [235, 128, 128], [255, 255, 255]),
        (Matrix::Bt601, Range::Limited, [81, 90, 240], [255, 0, 0]),
        (Matrix::Bt601, Range::Limited, [145, 54, 34], [0, 255, 0]),
        (Matrix::Bt601, Range::Full, [76, 85, 255], [254, 0, 0]),
        (Matrix::Bt709, Range::Limited, [63, 102, 240], [255, 0, 0]),
        (Matrix::Bt709, Range::Full, [54, 99, 255], [254, 0, 0]),
        (Matrix::Bt709, Range::Limited, [16, 128, 128], [0, 0, 0]),
    ];
    let sizes = [[640, 360], [641, 361], [33, 17], [352, 288], [2, 2]];
    let written = known.map(|(matrix, range, samples, colour)| (matrix, range, samples, Some(colour)));
    let more = [[180, 90, 150], [60, 170, 110]];
    let computed = Kind::all().flat_map(|kind| more.map(|samples| (kind.matrix, kind.range, samples, None)));
    let mut wanted = Vec::new();
    for (i, (matrix, range, samples, colour)) in written.into_iter().chain(computed).enumerate() {
        let [y, u, v] = samples;
        let colour = colour.unwrap_or_else(|| Colours::new(matrix, range).rgb(y, u, v));
        let kinds = Kind::all().filter(|kind| (kind.matrix, kind.range) == (matrix, range));
        wanted.extend(kinds.map(|kind| (kind, sizes[i % sizes.len()], samples, colour)));
    }
    let scene = Scene::new(wanted.len(), bare);
    for (slot, (kind, size, samples, _)) in scene.slots().zip(&wanted) {
        slot.put(
            Picture::new(*kind, *size, |_, _| *samples).frame(1),
            Cover::Parts(Vec::new()),
        );
    }
    for scale in [1.0, 1.25] {
        let shot = Shot::take(stage, &scene, Screen { scale, ..HD });
        for (tile, (kind, size, samples, colour)) in wanted.iter().enumerate() {
            if shot.picture(tile).count() < 1000 {
                return Err(format!("tile {tile} is too small to tell").into());
            }
            if let Some((x, y, shown)) = shot.picture(tile).find(|(_, _, shown)| differs(*shown, *colour, KNOWN)) {
                let what = format!("{samples:?} of {kind:?}, {size:?}, scale {scale}, pixel {x}, {y}");
                return Err(format!("{what}: {shown:?} instead of {colour:?}").into());
            }
        }
    }
    Ok(())
}

/// What the card draws is what the processor paints, away from edges. Returns the share of pixels that were compared.
pub fn as_painted(stage: &mut Stage) -> Outcome<f64> {
    let sizes = [[640, 360], [641, 361], [352, 288], [1280, 720]];
    let scene = Scene::new(2 * Kind::all().count(), bare);
    let kinds = Kind::all().chain(Kind::all());
    let pictures: Vec<Picture> = kinds
        .enumerate()
        .map(|(i, kind)| {
            let size = sizes[i % sizes.len()];
            Picture::new(kind, size, street(size, i))
        })
        .collect();
    for (slot, picture) in scene.slots().zip(&pictures) {
        slot.put(picture.frame(1), Cover::Parts(Vec::new()));
    }
    let shot = Shot::take(stage, &scene, HD);
    let (mut compared, mut all) = (0, 0);
    let mut painter = Painter::default();
    for (tile, picture) in pictures.iter().enumerate() {
        let [_, _, width, height] = shot.places.get(tile).copied().unwrap_or_default();
        let mut painted = Vec::with_capacity(width * height);
        let frame = picture.frame(1);
        let whole = Crop::WHOLE.window([frame.width, frame.height]);
        painter.paint(&frame, whole, [width, height], &mut painted)?;
        let colour = |x: usize, y: usize| {
            let [_, red, green, blue] = painted.get(y * width + x).copied().unwrap_or_default().to_be_bytes();
            [red, green, blue]
        };
        let inside = |x: usize, y: usize| x >= AWAY && y >= AWAY && x + AWAY < width && y + AWAY < height;
        for (x, y, shown) in shot.picture(tile) {
            all += 1;
            let near = [(0, 0), (2, 0), (0, 2), (2, 2), (1, 0), (0, 1), (2, 1), (1, 2)];
            let even = |(dx, dy): &(usize, usize)| {
                !differs(colour(x + dx * AWAY - AWAY, y + dy * AWAY - AWAY), colour(x, y), 8)
            };
            if !inside(x, y) || !near.iter().all(even) {
                continue;
            }
            compared += 1;
            if differs(shown, colour(x, y), PAINTED) {
                let what = format!("tile {tile}, pixel {x}, {y}");
                return Err(format!("{what}: {shown:?}, painted {:?}", colour(x, y)).into());
            }
        }
    }
    let share = f64::from(compared) / f64::from(all.max(1));
    if share < 0.5 {
        return Err(format!("only {share} of the pixels were compared").into());
    }
    Ok(share)
}

/// Masks of several shapes, in shares of the picture.
fn masks() -> [Vec<[f32; 2]>; 6] {
    [
        vec![[0.2, 0.3], [0.5, 0.25], [0.6, 0.7], [0.3, 0.6]],
        vec![[0.0, 0.0], [0.4, 0.0], [0.0, 0.5]],
        vec![[0.1, 0.48], [0.9, 0.51], [0.9, 0.53], [0.1, 0.5]],
        vec![[0.6, 0.55], [1.0, 0.6], [1.0, 1.0], [0.7, 1.0]],
        vec![[0.45, 0.0], [0.47, 0.0], [0.52, 1.0], [0.5, 1.0]],
        vec![[0.05, 0.1], [0.95, 0.1], [0.95, 0.9], [0.05, 0.9]],
    ]
}

/// A grey picture; all that a mask covers, down to the pixels it only touches, is bright and violet.
fn secret(kind: Kind, size: [usize; 2], mask: &[[f32; 2]]) -> Picture {
    let [width, height] = size.map(|length| length as f32);
    Picture::new(kind, size, |x, y| {
        if touches(mask, [width, height], [x as f32, y as f32]) {
            [235, 220, 200]
        } else {
            [60 + (x * 60 / size[0]) as u8, 128, 128]
        }
    })
}

/// Whether a pixel and a convex mask have a point in common.
fn touches(mask: &[[f32; 2]], [width, height]: [f32; 2], [left, top]: [f32; 2]) -> bool {
    let points = || mask.iter().map(|[x, y]| [x * width, y * height]);
    let corners = [
        [left, top],
        [left + 1.0, top],
        [left, top + 1.0],
        [left + 1.0, top + 1.0],
    ];
    let inside = |from: f32, axis: usize| points().any(|p| p[axis] < from + 1.0) && points().any(|p| p[axis] > from);
    let edges = points().zip(points().cycle().skip(1));
    let sides = edges.map(|(a, b)| {
        corners
            .map(|c| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
            .into_iter()
            .fold(f32::MIN, f32::max)
    });
    inside(left, 0) && inside(top, 1) && sides.into_iter().all(|side| side > 0.0)
}

/// Pixels that show something of what is masked.
fn seen(shot: &Shot, tile: usize) -> impl Iterator<Item = (usize, usize, [u8; 3])> {
    shot.picture(tile).filter(|(_, _, [red, green, blue])| {
        (*red).min(*blue) > green.saturating_add(TINT) || red.max(green).max(blue) > &160
    })
}

/// The styles of covers.
const STYLES: [CoverStyle; 3] = [CoverStyle::Solid, CoverStyle::Pixelated, CoverStyle::Blurred];

/// How much of a picture is enlarged, and about which corner of its mask.
const ENLARGED: [(f64, usize); 4] = [(1.0, 0), (2.0, 0), (3.3, 1), (1.0, 0)];

/// Not one pixel of what is masked is seen, whatever the cover's style, the size of the tile, the screen's scale and the part of
/// the picture that is enlarged. Returns the pixels that were looked at.
pub fn masks_hide(stage: &mut Stage) -> Outcome<usize> {
    let sizes = [[640, 360], [641, 361], [1280, 720], [33, 17], [352, 288]];
    let kinds: Vec<Kind> = Kind::all().collect();
    let masks = masks();
    let mut looked = 0;
    for tiles in [1, 4, 9, 16, 36, 64] {
        let scene = Scene::new(tiles, bare);
        // Every mask in a wall of one tile too.
        for shift in 0..masks.len() {
            let of = |tile: usize| {
                let mask = &masks[(tile + shift) % masks.len()];
                let size = sizes[(tile + tile / masks.len() + shift) % sizes.len()];
                (mask, secret(kinds[(tile + shift) % kinds.len()], size, mask))
            };
            let pictures: Vec<_> = (0..tiles).map(of).collect();
            let mut show = |style: Option<usize>, scale| {
                for (tile, (slot, (mask, picture))) in scene.slots().zip(&pictures).enumerate() {
                    let polygon = style.map(|style| Polygon {
                        points: mask.to_vec(),
                        style: STYLES[(tile + style) % STYLES.len()],
                        band: false,
                    });
                    let (factor, corner) = ENLARGED[(tile + shift) % ENLARGED.len()];
                    let about = mask.get(corner).map_or([0.5; 2], |at| at.map(f64::from));
                    slot.show(Crop::WHOLE.zoomed_to(factor, about));
                    slot.put(picture.frame(1), Cover::Parts(polygon.into_iter().collect()));
                }
                Shot::take(stage, &scene, Screen { scale, ..HD })
            };
            let open = show(None, 1.0);
            if let Some(tile) = (0..tiles).find(|tile| seen(&open, *tile).count() < 10) {
                return Err(format!("tile {tile} of {tiles} shows nothing without a cover").into());
            }
            let scales = [1.0, 1.25, 1.5, 2.0];
            // Each mask in each style, and every scale with each of them in turn.
            for style in 0..STYLES.len() {
                let scale = scales[(shift + style) % scales.len()];
                let shot = show(Some(style), scale);
                for tile in 0..tiles {
                    looked += shot.picture(tile).count();
                    if let Some((x, y, colour)) = seen(&shot, tile).next() {
                        let what = format!("tile {tile} of {tiles}, mask {shift}, style {style}, scale {scale}");
                        return Err(format!("{what}: {colour:?} at {x}, {y}").into());
                    }
                }
            }
        }
    }
    Ok(looked)
}

/// Textures follow the resolution and the number of tiles; a picture that is covered whole has none.
pub fn textures_follow(stage: &mut Stage) -> Outcome<()> {
    let kind = Kind::all().next().ok_or("no kind")?;
    let picture = |size| Picture::new(kind, size, street(size, 1)).frame(1);
    let none = || Cover::Parts(Vec::new());
    let scene = Scene::new(4, bare);
    scene.slots().for_each(|slot| slot.put(picture([640, 360]), none()));
    let target = stage.target(HD);
    let mut held = |scene: &Scene| {
        // A tile's textures stay for a second after its last drawing.
        std::thread::park_timeout(Duration::from_millis(1100));
        let set = stage.set(scene, HD);
        for _ in 0..2 {
            stage.draw(&set, &target);
        }
        stage.textures()
    };
    let four = held(&scene)?;
    scene.slots().for_each(|slot| slot.put(picture([352, 288]), none()));
    let smaller = held(&scene)?;
    let covered = Cover::Whole(WholeReason::PoseNotKnown);
    scene
        .slots()
        .take(1)
        .for_each(|slot| slot.put(picture([352, 288]), covered.clone()));
    let three = held(&scene)?;
    let single = Scene::new(1, bare);
    single.slots().for_each(|slot| slot.put(picture([352, 288]), none()));
    let one = held(&single)?;
    if (smaller, three, one) != (four, four - 3, four - 9) {
        let found =
            format!("{four} with four tiles, {smaller} of another size, {three} with one covered, {one} with one");
        return Err(format!("textures: {found}").into());
    }
    Ok(())
}
