//! Paints a frame's planes at a tile's size in the screen's colours, where the processor draws the wall itself.
//!
//! A software rasteriser that samples a texture for every pixel of the window at every drawing takes several times as long
//! (figures: `benches/README.md`). Planes are scaled while they are planes, a byte and a half for each pixel in place of four,
//! and a few rows at a time, so that they are still in the nearest cache when they get their colours.
//!
//! Invariant: nothing is allocated for a frame of a size that was seen before. Deliberately absent: scaling itself (`scale`);
//! masks and words, which come over the rows before anybody sees them (`software::canvas`).

use super::plane::Plane;
use super::scale::{self, Halved, Scaler};
use crate::domain::digital_zoom::Window;
use crate::media::frame::{Frame, Matrix, PixelFormat, Range};
use std::ops::Range as Span;
use yuv::{YuvError, YuvPlanarImage, YuvRange, YuvStandardMatrix};

/// Rows that get their colours together; even, so that no row of the colour differences is in two of them.
const BAND: usize = 32;

/// Columns that get their colours at once.
const COLUMNS: usize = 32;

/// Where the rows of a picture go.
pub trait Ground {
    /// The memory for `rows`, from the first pixel of the first to the last of the last, and the pixels from one row to the
    /// next, when nothing is to be done to them any more. They are painted there, and [`Ground::put`] does not get them.
    fn bare(&mut self, rows: Span<usize>) -> Option<(&mut [u32], usize)>;

    /// Takes one row.
    fn put(&mut self, row: usize, pixels: &mut [u32]);
}

/// A picture by itself: row after row.
impl Ground for Vec<u32> {
    fn bare(&mut self, _: Span<usize>) -> Option<(&mut [u32], usize)> {
        None
    }

    fn put(&mut self, _: usize, pixels: &mut [u32]) {
        self.extend_from_slice(pixels);
    }
}

/// Paints frames, one after the other; keeps the memory it works in.
#[derive(Default)]
pub struct Painter {
    channels: [Channel; 3],
    parted: [Vec<u8>; 2],
    pixels: Vec<u32>,
}

/// One plane on its way to the tile's size.
#[derive(Default)]
struct Channel {
    halved: Halved,
    scaler: Scaler,
    band: Vec<u8>,
}

impl Painter {
    /// Paints the part of `frame` in `window` at `size` (width, height) on `ground`, from above, as 0xAARRGGBB, opaque. The
    /// frame must be whole; nothing outside the window is read.
    ///
    /// # Errors
    /// The planes do not hold what the frame's size promises; rows may be missing.
    pub fn paint(
        &mut self,
        frame: &Frame,
        window: Window,
        size: [usize; 2],
        ground: &mut impl Ground,
    ) -> Result<(), YuvError> {
        let [width, height] = size;
        if width == 0 || height == 0 {
            return Ok(());
        }
        let Painter {
            channels: [luma, blue, red],
            parted,
            pixels,
        } = self;
        let chroma_size = size.map(|length| length.div_ceil(2));
        let [y, u, v] = planes(frame, window, parted);
        let y = luma.halved.of(y, size);
        let u = blue.halved.of(u, chroma_size);
        let v = red.halved.of(v, chroma_size);
        pixels.resize(width * BAND, 0);
        for top in (0..height).step_by(BAND) {
            let rows = BAND.min(height - top);
            let y_stride = luma.scaler.band(y, size, top, rows, &mut luma.band);
            let (from, some) = (top / 2, rows.div_ceil(2));
            let u_stride = blue.scaler.band(u, chroma_size, from, some, &mut blue.band);
            let v_stride = red.scaler.band(v, chroma_size, from, some, &mut red.band);
            let part = |pixels: &mut [u32], stride: usize, from: usize, columns: usize| {
                let image = YuvPlanarImage {
                    y_plane: luma.band.get(from..).unwrap_or_default(),
                    y_stride: y_stride as u32,
                    u_plane: blue.band.get(from / 2..).unwrap_or_default(),
                    u_stride: u_stride as u32,
                    v_plane: red.band.get(from / 2..).unwrap_or_default(),
                    v_stride: v_stride as u32,
                    width: columns as u32,
                    height: rows as u32,
                };
                let out = bytemuck::cast_slice_mut(pixels.get_mut(from..).unwrap_or_default());
                yuv::yuv420_to_bgra(&image, out, 4 * stride as u32, range(frame.range), matrix(frame.matrix))
            };
            let colour = |pixels: &mut [u32], stride: usize| match width / COLUMNS * COLUMNS {
                // Of a row that is not made of whole ones the last are done again, together with some before them: what is
                // left alone goes to and fro through memory.
                whole if whole < width && whole > 0 && width.is_multiple_of(2) => {
                    part(pixels, stride, 0, whole)?;
                    part(pixels, stride, width - COLUMNS, COLUMNS)
                }
                _ => part(pixels, stride, 0, width),
            };
            if let Some((pixels, width)) = ground.bare(top..top + rows) {
                colour(pixels, width)?;
                continue;
            }
            colour(pixels, width)?;
            for (row, pixels) in pixels.chunks_exact_mut(width).take(rows).enumerate() {
                ground.put(top + row, pixels);
            }
        }
        Ok(())
    }
}

/// How far a colour goes beyond its place where a frame, or the part of one that is shown, of this size is painted at `size`
/// (widths and heights): pixels of the frame, for each axis. A cover must be larger by that (R-PRV-1).
pub fn reach(frame: [usize; 2], size: [usize; 2]) -> [f32; 2] {
    let half = |size: [usize; 2]| size.map(|length| length.div_ceil(2));
    let halvings = scale::halvings(half(frame), half(size));
    // What one texel of a colour difference covers when it is scaled.
    let texel = 2.0 * 2.0_f32.powi(halvings.min(16) as i32);
    // Halving drops the last of an odd number, which shifts what is left by less than a texel.
    let shifted = if halvings > 0 { texel } else { 0.0 };
    std::array::from_fn(|axis| {
        let screen_pixel = frame[axis] as f32 / size[axis].max(1) as f32;
        // Colour differences of an odd number of pixels are rounded up, so that theirs and the pixels' own places part
        // company towards the far edge: by a pixel of the screen, and by one of the frame.
        let uneven = (size[axis] % 2) as f32 * screen_pixel + (frame[axis] % 2) as f32;
        // A texel and half of the next are mixed; two pixels of the screen share what comes out, each half a pixel away; and
        // the place may end within a texel of the frame's own colour differences.
        1.5 * texel + shifted + 0.5 * screen_pixel + uneven + 1.0
    })
}

/// Brightness, blue and red difference of the part of a frame in `window`, each a plane of its own.
fn planes<'a>(frame: &'a Frame, window: Window, [first, second]: &'a mut [Vec<u8>; 2]) -> [Plane<'a>; 3] {
    let Window {
        left,
        top,
        width,
        height,
        ..
    } = window;
    let [left, top, width, height] = [left, top, width, height].map(|pixels| pixels as usize);
    // `left` in bytes.
    let plane = |i: usize, (left, top): (usize, usize), (width, height): (usize, usize)| {
        let stride = frame.planes.get(i).map_or(0, |plane| plane.stride);
        Plane {
            bytes: frame.plane(i).get(top * stride + left..).unwrap_or_default(),
            stride,
            width,
            height,
        }
    };
    let (half, rows) = (width.div_ceil(2), height.div_ceil(2));
    let luma = plane(0, (left, top), (width, height));
    match frame.format {
        PixelFormat::I420 => {
            let chroma = |i| plane(i, (left / 2, top / 2), (half, rows));
            [luma, chroma(1), chroma(2)]
        }
        PixelFormat::Nv12 => {
            let stride = scale::part(plane(1, (left, top / 2), (2 * half, rows)), first, second);
            let parted = |bytes| Plane {
                bytes,
                stride,
                width: half,
                height: rows,
            };
            [luma, parted(first), parted(second)]
        }
    }
}

/// Makes a row of painted pixels darker, for a picture that is not live. Opacity stays.
pub fn dim(row: &mut [u32], brightness: f32) {
    let factor = (brightness.clamp(0.0, 1.0) * 256.0) as u32;
    for pixel in row {
        let red_blue = (((*pixel & 0x00ff_00ff) * factor) >> 8) & 0x00ff_00ff;
        let green = (((*pixel & 0x0000_ff00) * factor) >> 8) & 0x0000_ff00;
        *pixel = (*pixel & 0xff00_0000) | red_blue | green;
    }
}

fn range(range: Range) -> YuvRange {
    match range {
        Range::Limited => YuvRange::Limited,
        Range::Full => YuvRange::Full,
    }
}

fn matrix(matrix: Matrix) -> YuvStandardMatrix {
    match matrix {
        Matrix::Bt601 => YuvStandardMatrix::Bt601,
        Matrix::Bt709 => YuvStandardMatrix::Bt709,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::digital_zoom::Crop;
    use crate::media::frame::Plane;
    use std::time::{Duration, Instant};

    fn flat([y, u, v]: [u8; 3], format: PixelFormat, matrix: Matrix, range: Range) -> Frame {
        let plane = |offset, row_bytes, rows| Plane {
            offset,
            stride: 16,
            rows,
            row_bytes,
        };
        let mut bytes = vec![y; 16 * 8];
        let planes = match format {
            PixelFormat::I420 => {
                bytes.extend([[u; 16], [u; 16], [u; 16], [u; 16]].concat());
                // The last row ends with the picture.
                bytes.extend([v; 3 * 16 + 6]);
                vec![plane(0, 12, 8), plane(128, 6, 4), plane(192, 6, 4)]
            }
            PixelFormat::Nv12 => {
                bytes.extend([u, v].repeat(8 * 4));
                vec![plane(0, 12, 8), plane(128, 12, 4)]
            }
        };
        Frame {
            width: 12,
            height: 8,
            format,
            matrix,
            range,
            planes,
            arrived: Instant::now(),
            number: 1,
            recorded_ms: None,
            pixel_aspect: [1, 1],
            captured_ms: None,
            waited: Duration::ZERO,
            behind: Duration::ZERO,
            bytes: Box::new(bytes),
        }
    }

    /// Memory of a window that takes what it can as it is, every other band.
    struct Open {
        pixels: Vec<u32>,
        width: usize,
        size: [usize; 2],
    }

    impl Ground for Open {
        fn bare(&mut self, rows: Span<usize>) -> Option<(&mut [u32], usize)> {
            let all = rows.start * self.width..(rows.end - 1) * self.width + self.size[0];
            let odd = rows.start / BAND % 2 == 1;
            odd.then_some((&mut self.pixels[all], self.width))
        }

        fn put(&mut self, row: usize, pixels: &mut [u32]) {
            assert!((row / BAND).is_multiple_of(2), "row {row} was painted where it belongs");
            self.pixels[row * self.width..][..self.size[0]].copy_from_slice(pixels);
        }
    }

    fn whole(frame: &Frame) -> Window {
        Crop::WHOLE.window([frame.width, frame.height])
    }

    fn painted(frame: &Frame, size: [usize; 2]) -> Vec<Vec<u32>> {
        let mut pixels = Vec::new();
        Painter::default()
            .paint(frame, whole(frame), size, &mut pixels)
            .unwrap();
        pixels.chunks_exact(size[0]).map(<[u32]>::to_vec).collect()
    }

    #[test]
    fn a_slope_goes_on_to_the_last_column_of_every_width() {
        let size = [192, 8];
        let mut frame = secret(size, [0; 4]);
        let luma = (0..size[0] * size[1]).map(|i| 16 + (i % size[0]) as u8);
        let chroma = std::iter::repeat_n(128, size[0] * size[1] / 2);
        frame.bytes = Box::new(luma.chain(chroma).collect::<Vec<u8>>());
        for width in [192, 190, 97, 96, 94, 64, 62, 34, 32, 30] {
            for row in painted(&frame, [width, 8]) {
                let grey = |pixel: &u32| pixel & 0xff;
                let step = 224.0 / width as f32;
                for (x, pixel) in row.iter().enumerate() {
                    let wanted = (x as f32 + 0.5) * step;
                    assert!(
                        (grey(pixel) as f32 - wanted).abs() < step + 3.0,
                        "{width}: {x} is {pixel:08x}"
                    );
                }
            }
        }
    }

    #[test]
    fn rows_that_are_painted_where_they_belong_are_the_same_rows() {
        let frame = secret([192, 108], [20, 10, 90, 80]);
        for size in [[192, 108], [63, 71], [200, 33], [40, 128]] {
            let width = size[0] + 9;
            let pixels = vec![7; width * (size[1] - 1) + size[0]];
            let mut open = Open { pixels, width, size };
            Painter::default()
                .paint(&frame, whole(&frame), size, &mut open)
                .unwrap();
            for (y, row) in painted(&frame, size).iter().enumerate() {
                let line = &open.pixels[y * width..];
                assert!(line[..size[0]] == row[..], "{size:?}: row {y}");
                let beside = line[size[0]..].iter().take(width - size[0]);
                assert!(beside.into_iter().all(|pixel| *pixel == 7), "{size:?}: beside row {y}");
            }
        }
    }

    #[test]
    fn known_samples_become_known_colours_in_every_layout_at_every_size() {
        for (sample, matrix, range, rgb) in [
            ([235, 128, 128], Matrix::Bt601, Range::Limited, [255_u8, 255, 255]),
            ([81, 90, 240], Matrix::Bt601, Range::Limited, [255, 0, 0]),
            ([63, 102, 240], Matrix::Bt709, Range::Limited, [255, 0, 0]),
            ([54, 99, 255], Matrix::Bt709, Range::Full, [254, 0, 0]),
        ] {
            for format in [PixelFormat::I420, PixelFormat::Nv12] {
                let frame = flat(sample, format, matrix, range);
                for size in [[12, 8], [5, 3], [3, 2], [33, 71]] {
                    let rows = painted(&frame, size);
                    assert_eq!(rows.len(), size[1]);
                    for pixel in rows.iter().flat_map(|row| row.iter().copied()) {
                        let [alpha, red, green, blue] = pixel.to_be_bytes();
                        let near = |a: u8, b: u8| a.abs_diff(b) <= 3;
                        let right = near(red, rgb[0]) && near(green, rgb[1]) && near(blue, rgb[2]);
                        assert!(right && alpha == u8::MAX, "{sample:?} {format:?} {size:?}: {pixel:08x}");
                    }
                    assert!(rows.iter().all(|row| row.len() == size[0]));
                }
            }
        }
    }

    /// Grey, with a rectangle (left, top, right, bottom) in magenta.
    fn secret(size: [usize; 2], [left, top, right, bottom]: [usize; 4]) -> Frame {
        let [width, height] = size;
        let inside = |x: usize, y: usize| (left..right).contains(&x) && (top..bottom).contains(&y);
        let half = size.map(|length| length.div_ceil(2));
        let mut bytes: Vec<u8> = (0..width * height)
            .map(|i| if inside(i % width, i / width) { 78 } else { 100 })
            .collect();
        for hidden in [214, 230] {
            let shared = |i: usize| {
                let (x, y) = (2 * (i % half[0]), 2 * (i / half[0]));
                let four = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
                let sum = four.map(|(x, y)| if inside(x, y) { hidden } else { 128_u32 });
                (sum.iter().sum::<u32>() / 4) as u8
            };
            bytes.extend((0..half[0] * half[1]).map(shared));
        }
        let plane = |offset, [width, height]: [usize; 2]| Plane {
            offset,
            stride: width,
            rows: height,
            row_bytes: width,
        };
        let (luma, chroma) = (width * height, half[0] * half[1]);
        Frame {
            width: width as u32,
            height: height as u32,
            planes: vec![plane(0, size), plane(luma, half), plane(luma + chroma, half)],
            bytes: Box::new(bytes),
            ..flat([0; 3], PixelFormat::I420, Matrix::Bt709, Range::Limited)
        }
    }

    #[test]
    fn r_prv_1_nothing_of_a_place_is_painted_further_from_it_than_its_reach() {
        let sizes = [
            [640, 360],
            [641, 363],
            [1280, 720],
            [1283, 719],
            [1920, 1080],
            [2560, 1440],
        ];
        for frame in sizes {
            for size in [[638, 358], [478, 268], [333, 187], [238, 133], [118, 66], [59, 33]] {
                let place = [frame[0] / 3 + 1, frame[1] / 3 + 1, frame[0] * 2 / 3, frame[1] * 2 / 3];
                let [far_x, far_y] = reach(frame, size);
                let mut seen = 0;
                for (y, row) in painted(&secret(frame, place), size).iter().enumerate() {
                    for (x, pixel) in row.iter().enumerate() {
                        let [_, red, green, blue] = pixel.to_be_bytes();
                        if red.min(blue) <= green + 3 {
                            continue;
                        }
                        seen += 1;
                        let at = |i: usize, axis: usize| (i as f32 + 0.5) * frame[axis] as f32 / size[axis] as f32;
                        let beyond = |at: f32, from: usize, to: usize| (from as f32 - at).max(at - to as f32);
                        let x = beyond(at(x, 0), place[0], place[2]);
                        let y = beyond(at(y, 1), place[1], place[3]);
                        assert!(
                            x <= far_x && y <= far_y,
                            "{frame:?} at {size:?}: {x} {y} of {far_x} {far_y}"
                        );
                    }
                }
                assert!(seen > 0, "{frame:?} at {size:?}: the place is painted");
            }
        }
    }

    #[test]
    fn a_dimmed_picture_is_darker_and_as_opaque() {
        let mut row = [0xff00_64c8];
        dim(&mut row, 0.5);
        assert_eq!(row, [0xff00_3264]);
    }
}
