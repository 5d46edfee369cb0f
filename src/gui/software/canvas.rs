//! A window's pixels: what the interface drew, and the pictures in the holes it left for them.
//!
//! Invariant: a row of a picture reaches the window's memory only after what the interface drew over it was laid on it; an
//! interface that was drawn for another size is never shown.
//! Deliberately absent: drawing the interface, the window.

use super::blend::{lay_over, opacity};
use crate::domain::digital_zoom::Window;
use crate::gui::widget::wall::Picture;
use crate::gui::widget::wall::cpu_painter::{self, Ground, Painter};
use iced::Rectangle;
use std::ops::Range;
use std::time::Instant;

/// The interface as it was drawn last, and the pictures that were painted last.
#[derive(Default)]
pub struct Canvas {
    width: usize,
    height: usize,
    /// Colours times opacity, 0xAARRGGBB.
    interface: Vec<u32>,
    /// For each row the columns in which the interface is other than it was when it was shown last.
    changed: Vec<Range<usize>>,
    holes: Vec<Hole>,
    painter: Painter,
}

/// A picture's part of the window.
struct Hole {
    place: Place,
    /// What lies over the picture, row by row, from the picture's first visible row on.
    above: Vec<Vec<Stretch>>,
    painted: Option<Painted>,
}

/// A stream, a frame of it, the part of the frame that is shown, and its brightness.
type Painted = (u64, u64, Instant, Window, f32);

/// A part of a row that is not transparent; columns of the window.
struct Stretch {
    columns: Range<usize>,
    opaque: bool,
}

/// Pixels of the window, which may begin or end beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    left: isize,
    top: isize,
    width: usize,
    height: usize,
}

impl Place {
    /// `place` on whole pixels, as the covers over it are.
    fn of(place: Rectangle, scale: f32) -> Place {
        let pixel = |value: f32| (value * scale).round() as isize;
        let (left, top) = (pixel(place.x), pixel(place.y));
        Place {
            left,
            top,
            width: usize::try_from(pixel(place.x + place.width) - left).unwrap_or_default(),
            height: usize::try_from(pixel(place.y + place.height) - top).unwrap_or_default(),
        }
    }

    /// The window's columns that this covers, of `width`.
    fn columns(&self, width: usize) -> Range<usize> {
        let clip = |x: isize| usize::try_from(x).unwrap_or_default().min(width);
        clip(self.left)..clip(self.left + self.width as isize)
    }

    /// The window's row that `row` of the picture falls on, of `height`.
    fn row(&self, row: usize, height: usize) -> Option<usize> {
        let row = usize::try_from(self.top + row as isize).ok()?;
        (row < height).then_some(row)
    }
}

impl Canvas {
    /// Whether there is nothing to show yet.
    pub fn is_blank(&self) -> bool {
        self.interface.is_empty()
    }

    /// Takes over an interface of this size as it was drawn: rows of at least four times `width` bytes.
    pub fn take<'a>(&mut self, width: usize, height: usize, rows: impl Iterator<Item = &'a [u8]>) {
        if (self.width, self.height) != (width, height) {
            (self.width, self.height) = (width, height);
            self.interface.clear();
            self.interface.resize(width * height, 0);
            self.changed.clear();
            self.changed.resize(height, 0..width);
        }
        let lines = self.interface.chunks_exact_mut(width.max(1)).zip(&mut self.changed);
        for ((line, changed), row) in lines.zip(rows) {
            let line: &mut [u8] = bytemuck::cast_slice_mut(line);
            let Some(row) = row.get(..line.len()) else { continue };
            if let Some(other) = difference(line, row) {
                line.copy_from_slice(row);
                *changed = if changed.start == changed.end {
                    other
                } else {
                    changed.start.min(other.start)..changed.end.max(other.end)
                };
            }
        }
    }

    /// Paints those of `pictures` that are new into `out`, rows of `width` pixels, and what is new of the interface; with
    /// `whole` everything. `scale`: pixels in a logical pixel. Returns `false` when the interface was drawn for another size:
    /// `out` stays as it is then, and there is nothing to show until the interface is drawn again.
    #[must_use]
    pub fn paint(&mut self, out: &mut [u32], width: usize, pictures: &[Picture], scale: f32, whole: bool) -> bool {
        if width != self.width || out.len() != self.interface.len() {
            self.interface.clear();
            (self.width, self.height) = (0, 0);
            return false;
        }
        let shown: Vec<(&Picture, Place)> = pictures
            .iter()
            .filter(|picture| picture.is_shown())
            .map(|picture| (picture, Place::of(picture.place, scale)))
            .collect();
        let places = || shown.iter().map(|(_, place)| *place);
        if whole || !self.holes.iter().map(|hole| hole.place).eq(places()) {
            out.copy_from_slice(&self.interface);
            self.holes = places().map(|place| self.hole(place)).collect();
        } else {
            self.paint_interface(out);
        }
        self.changed.iter_mut().for_each(|changed| *changed = 0..0);
        for (i, (picture, _)) in shown.into_iter().enumerate() {
            let painted = (
                picture.key,
                picture.frame.number,
                picture.frame.arrived,
                picture.window(),
                picture.brightness,
            );
            match self.holes.get_mut(i) {
                Some(hole) if hole.painted != Some(painted) => hole.painted = Some(painted),
                _ => continue,
            }
            self.paint_one(out, picture, i);
        }
        true
    }

    /// Brings what changed of the interface into `out`; pictures that it lies over are painted again.
    fn paint_interface(&mut self, out: &mut [u32]) {
        let Canvas {
            width,
            height,
            interface,
            changed,
            holes,
            ..
        } = self;
        for (y, changed) in changed.iter().enumerate().filter(|(_, changed)| !changed.is_empty()) {
            let part = y * *width + changed.start..y * *width + changed.end;
            out[part.clone()].copy_from_slice(&interface[part]);
        }
        for hole in holes {
            let columns = hole.place.columns(*width);
            for (row, above) in hole.above.iter_mut().enumerate() {
                let Some(y) = hole.place.row(row, *height) else {
                    continue;
                };
                let touched = |changed: &Range<usize>| changed.start < columns.end && columns.start < changed.end;
                if changed.get(y).is_some_and(touched) {
                    *above = stretches(&interface[y * *width..][columns.clone()], columns.start);
                    hole.painted = None;
                }
            }
        }
    }

    /// What the interface drew over a picture at `place`.
    fn hole(&self, place: Place) -> Hole {
        let columns = place.columns(self.width);
        let rows = (0..place.height).map(|row| {
            let row = place.row(row, self.height)?;
            let pixels = self.interface.get(row * self.width..)?.get(columns.clone())?;
            Some(stretches(pixels, columns.start))
        });
        Hole {
            place,
            above: rows.map(Option::unwrap_or_default).collect(),
            painted: None,
        }
    }

    fn paint_one(&mut self, out: &mut [u32], picture: &Picture, hole: usize) {
        let Some(Hole { place, above, .. }) = self.holes.get(hole) else {
            return;
        };
        let mut below = Below {
            out,
            interface: &self.interface,
            width: self.width,
            height: self.height,
            place: *place,
            above,
            brightness: picture.brightness,
        };
        let size = [place.width, place.height];
        if let Err(error) = self.painter.paint(&picture.frame, picture.window(), size, &mut below) {
            tracing::warn!(
                frame = ?picture.frame,
                error = &error as &dyn std::error::Error,
                "a frame cannot be painted"
            );
        }
    }
}

/// The window below what the interface drew, where a picture belongs.
struct Below<'a> {
    out: &'a mut [u32],
    interface: &'a [u32],
    /// Of the window.
    width: usize,
    height: usize,
    place: Place,
    above: &'a [Vec<Stretch>],
    brightness: f32,
}

impl Ground for Below<'_> {
    fn bare(&mut self, rows: Range<usize>) -> Option<(&mut [u32], usize)> {
        let Place { left, width, .. } = self.place;
        let first = self.place.row(rows.start, self.height)?;
        self.place.row(rows.end.checked_sub(1)?, self.height)?;
        let left = usize::try_from(left).ok().filter(|left| left + width <= self.width)?;
        let nothing_above = self.above.get(rows.clone())?.iter().all(Vec::is_empty);
        if self.brightness < 1.0 || !nothing_above {
            return None;
        }
        let start = first * self.width + left;
        let end = start + (rows.len() - 1) * self.width + width;
        Some((self.out.get_mut(start..end)?, self.width))
    }

    fn put(&mut self, row: usize, pixels: &mut [u32]) {
        let Some(at) = self.place.row(row, self.height) else {
            return;
        };
        let columns = self.place.columns(self.width);
        let line = at * self.width..(at + 1) * self.width;
        let (Some(over), Some(out)) = (self.interface.get(line.clone()), self.out.get_mut(line)) else {
            return;
        };
        if self.brightness < 1.0 {
            cpu_painter::dim(pixels, self.brightness);
        }
        // Of a picture that begins left of the window the first columns are not seen.
        let hidden = usize::try_from(-self.place.left).unwrap_or_default();
        let Some(pixels) = pixels.get_mut(hidden..hidden + columns.len()) else {
            return;
        };
        for Stretch { columns: part, opaque } in self.above.get(row).into_iter().flatten() {
            let inside = part.start - columns.start..part.end - columns.start;
            if *opaque {
                pixels[inside].copy_from_slice(&over[part.clone()]);
            } else {
                lay_over(&mut pixels[inside], &over[part.clone()]);
            }
        }
        out[columns].copy_from_slice(pixels);
    }
}

/// The pixels between the first and the last that differ in two rows of them, a little more on both sides.
fn difference(a: &[u8], b: &[u8]) -> Option<Range<usize>> {
    /// Bytes that are compared at once: sixteen pixels.
    const CHUNK: usize = 64;
    if a == b {
        return None;
    }
    let differs = |(a, b): (&[u8], &[u8])| a != b;
    let first = a.chunks(CHUNK).zip(b.chunks(CHUNK)).position(differs)?;
    let chunks = a.len().div_ceil(CHUNK);
    let last = (first..chunks).rev().find(|i| {
        differs((
            &a[i * CHUNK..a.len().min((i + 1) * CHUNK)],
            &b[i * CHUNK..b.len().min((i + 1) * CHUNK)],
        ))
    })?;
    Some(first * CHUNK / 4..((last + 1) * CHUNK).min(a.len()) / 4)
}

/// The parts of a row that are not transparent; it begins in column `first`.
fn stretches(row: &[u32], first: usize) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut at = 0;
    while let Some(pixel) = row.get(at) {
        // Most of a row is transparent.
        if *pixel == 0 {
            at += 1 + row[at + 1..].iter().take_while(|pixel| **pixel == 0).count();
            continue;
        }
        let opaque = opacity(*pixel) == 255;
        let same = |pixel: &&u32| **pixel != 0 && (opacity(**pixel) == 255) == opaque;
        let length = row[at..].iter().take_while(same).count();
        found.push(Stretch {
            columns: first + at..first + at + length,
            opaque,
        });
        at += length;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::digital_zoom::Crop;
    use crate::domain::privacy::Cover;
    use crate::gui::pattern;
    use std::sync::Arc;

    const WIDTH: usize = 40;
    const HEIGHT: usize = 100;
    const GROUND: u32 = 0xff20_2020;

    fn picture(place: [f32; 4], number: u64) -> Picture {
        let [x, y, width, height] = place;
        Picture {
            key: 1,
            place: Rectangle { x, y, width, height },
            frame: Arc::new(pattern::frame(64, 36, number, 0)),
            cover: Arc::new(Cover::Parts(Vec::new())),
            crop: Crop::WHOLE,
            brightness: 1.0,
        }
    }

    /// Draws an interface that is `GROUND` everywhere but in a hole at 4, 4 of 32×90: more than one band of the painter.
    fn draw(canvas: &mut Canvas, above: impl Fn(usize, usize) -> u32) {
        let pixel = |i: usize| {
            let (x, y) = (i % WIDTH, i / WIDTH);
            let inside = (4..36).contains(&x) && (4..94).contains(&y);
            if inside { above(x, y) } else { GROUND }
        };
        let bytes: Vec<u8> = (0..WIDTH * HEIGHT).flat_map(|i| pixel(i).to_le_bytes()).collect();
        canvas.take(WIDTH, HEIGHT, bytes.chunks_exact(4 * WIDTH));
    }

    fn canvas(above: impl Fn(usize, usize) -> u32) -> Canvas {
        let mut canvas = Canvas::default();
        draw(&mut canvas, above);
        canvas
    }

    fn paint(canvas: &mut Canvas, out: &mut [u32], pictures: &[Picture], whole: bool) {
        assert!(canvas.paint(out, WIDTH, pictures, 1.0, whole));
    }

    const PLACE: [f32; 4] = [4.0, 4.0, 32.0, 90.0];

    #[test]
    fn r_prv_1_what_the_interface_drew_over_a_picture_stays_over_every_frame_of_it() {
        let cover = 0xff11_2233;
        let covered = |x: usize, y: usize| (8..20).contains(&x) && ((6..10).contains(&y) || y == 50);
        let mut canvas = canvas(|x, y| if covered(x, y) { cover } else { 0 });
        let mut out = vec![0; WIDTH * HEIGHT];
        for number in 1..4 {
            paint(&mut canvas, &mut out, &[picture(PLACE, number)], number == 1);
            for (i, pixel) in out.iter().enumerate() {
                let (x, y) = (i % WIDTH, i / WIDTH);
                match (covered(x, y), (4..36).contains(&x) && (4..94).contains(&y)) {
                    (true, _) => assert_eq!(*pixel, cover, "{x}, {y}"),
                    (false, true) => assert_eq!(opacity(*pixel), 255, "{x}, {y}"),
                    (false, false) => assert_eq!(*pixel, GROUND, "{x}, {y}"),
                }
            }
        }
    }

    #[test]
    fn r_liv_2_a_picture_that_is_not_live_is_dim_in_every_row() {
        let mut canvas = canvas(|_, _| 0);
        let [mut live, dim] = [1.0, 0.4].map(|brightness| {
            let mut out = vec![0; WIDTH * HEIGHT];
            let picture = Picture {
                brightness,
                ..picture(PLACE, 1)
            };
            paint(&mut canvas, &mut out, &[picture], true);
            out
        });
        for y in 4..94 {
            let row = y * WIDTH + 4..y * WIDTH + 36;
            cpu_painter::dim(&mut live[row.clone()], 0.4);
            assert_eq!(live[row.clone()], dim[row], "row {y}");
        }
    }

    #[test]
    fn a_window_of_another_size_shows_nothing_until_the_interface_is_drawn_for_it() {
        for (width, height) in [(WIDTH, 2 * HEIGHT), (HEIGHT, WIDTH)] {
            let mut canvas = canvas(|_, _| 0);
            let mut out = vec![7; width * height];
            assert!(!canvas.is_blank());
            assert!(!canvas.paint(&mut out, width, &[picture(PLACE, 1)], 1.0, true));
            assert!(out.iter().all(|pixel| *pixel == 7) && canvas.is_blank());
            draw(&mut canvas, |_, _| GROUND);
            let mut out = vec![0; WIDTH * HEIGHT];
            paint(&mut canvas, &mut out, &[], false);
            assert!(
                out.iter().all(|pixel| *pixel == GROUND),
                "all of it, though the memory is the same"
            );
        }
    }

    #[test]
    fn a_frame_that_is_there_is_not_painted_again() {
        let mut canvas = canvas(|_, _| 0);
        let mut out = vec![0; WIDTH * HEIGHT];
        let frame = picture(PLACE, 1);
        paint(&mut canvas, &mut out, std::slice::from_ref(&frame), true);
        out.fill(7);
        paint(&mut canvas, &mut out, std::slice::from_ref(&frame), false);
        assert!(out.iter().all(|pixel| *pixel == 7));
        paint(&mut canvas, &mut out, &[picture(PLACE, 2)], false);
        assert!(out[10 * WIDTH + 10] != 7 && out[0] == 7);
    }

    #[test]
    fn another_part_of_a_frame_that_is_there_is_painted() {
        let mut canvas = canvas(|_, _| 0);
        let mut out = vec![0; WIDTH * HEIGHT];
        let whole = picture(PLACE, 1);
        paint(&mut canvas, &mut out, std::slice::from_ref(&whole), true);
        let before = out.clone();
        let part = Picture {
            crop: Crop::WHOLE.zoomed_to(4.0, [0.9, 0.9]),
            ..whole
        };
        paint(&mut canvas, &mut out, &[part], false);
        assert!(out != before);
    }

    #[test]
    fn r_prv_1_a_cover_that_comes_later_lies_over_a_frame_that_is_there() {
        let mut canvas = canvas(|_, _| 0);
        let mut out = vec![0; WIDTH * HEIGHT];
        let frame = picture(PLACE, 1);
        paint(&mut canvas, &mut out, std::slice::from_ref(&frame), true);
        let bare = out.clone();
        let cover = 0xff11_2233;
        let covered = |x: usize, y: usize| x == 30 && ((8..12).contains(&y) || y == 90);
        draw(&mut canvas, |x, y| if covered(x, y) { cover } else { 0 });
        paint(&mut canvas, &mut out, std::slice::from_ref(&frame), false);
        for (i, (pixel, bare)) in out.iter().zip(&bare).enumerate() {
            let wanted = if covered(i % WIDTH, i / WIDTH) { cover } else { *bare };
            assert_eq!(*pixel, wanted, "{}, {}", i % WIDTH, i / WIDTH);
        }
        draw(&mut canvas, |_, _| 0);
        paint(&mut canvas, &mut out, std::slice::from_ref(&frame), false);
        assert_eq!(out, bare, "the cover is gone");
    }

    #[test]
    fn two_rows_differ_between_the_first_and_the_last_other_pixel() {
        let (a, mut b) = (vec![0_u8; 400], vec![0_u8; 400]);
        assert_eq!(difference(&a, &b), None);
        b[4 * 50] = 1;
        let found = difference(&a, &b).unwrap();
        assert!(found.contains(&50) && found.len() <= 16, "{found:?}");
        b[399] = 1;
        assert_eq!(difference(&a, &b).unwrap().end, 100);
    }

    #[test]
    fn a_picture_that_begins_outside_the_window_is_cut() {
        let mut canvas = canvas(|_, _| 0);
        let mut out = vec![0; WIDTH * HEIGHT];
        for place in [
            [-10.0, -6.0, 64.0, 48.0],
            [30.0, 20.0, 64.0, 36.0],
            [-90.0, 50.0, 64.0, 36.0],
        ] {
            paint(&mut canvas, &mut out, &[picture(place, 1)], true);
            assert_eq!(out[0], GROUND);
            assert!(out[10 * WIDTH + 10] == 0 || place[0] == -10.0);
        }
    }
}
