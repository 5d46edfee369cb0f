//! A frame as a PNG, with what must not be seen covered, and its caption beneath.
//!
//! Invariant: no pixel of a frame gets here that is not in a [`CoveredPicture`]. Deliberately absent: deciding the cover
//! (`domain::privacy`), laying it (`covered_picture`), the words of the caption, writing files.

use super::caption;
use super::covered_picture::{BrokenFrame, CoveredPicture};
use super::frame::Frame;
use super::frame::colours::Colours;
use crate::domain::privacy::Cover;

pub use super::covered_picture::FILL;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error(transparent)]
    BrokenFrame(#[from] BrokenFrame),
    #[error("PNG: {0}")]
    Png(#[from] png::EncodingError),
}

/// The frame as an 8-bit RGB PNG in square pixels, covered, with the lines of the caption in a band beneath: as wide as the
/// frame is seen, and higher by the band. Takes some tens of milliseconds: not for the interface's thread.
///
/// # Errors
/// A frame whose planes do not hold its size.
pub fn encode_png(frame: &Frame, cover: &Cover, caption: &[String]) -> Result<Vec<u8>, SnapshotError> {
    let seen = frame.seen_size();
    let mut rgb = stretched(
        to_rgb(&CoveredPicture::new(frame, cover)?),
        [frame.width, frame.height],
        seen,
    );
    let [width, height] = seen;
    let band = caption::band(width as usize, caption);
    rgb.extend(band.grey.iter().flat_map(|grey| [*grey; 3]));
    let height = height.saturating_add(u32::try_from(band.height).unwrap_or_default());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&rgb)?;
    writer.finish()?;
    Ok(bytes)
}

/// The pixels of a covered picture of the size `own` in the size `seen`, which is longer in one direction or in none. Each is
/// the mean of the two nearest ones, by their distance; nothing is left to mix that the cover had hidden.
fn stretched(rgb: Vec<u8>, own: [u32; 2], seen: [u32; 2]) -> Vec<u8> {
    if own == seen {
        return rgb;
    }
    let [columns, rows] = [0, 1].map(|axis| Mix::along(own[axis] as usize, seen[axis] as usize));
    let line = own[0] as usize * 3;
    let mut out = Vec::with_capacity(columns.len() * rows.len() * 3);
    let at = |row: usize, column: usize, colour: usize| rgb.get(row * line + column * 3 + colour).copied().unwrap_or(0);
    for row in &rows {
        for column in &columns {
            for colour in 0..3 {
                let [above, below] = [row.near, row.far]
                    .map(|row| column.of(at(row, column.near, colour).into(), at(row, column.far, colour).into()));
                out.push(row.of(above, below).round() as u8);
            }
        }
    }
    out
}

/// Between which two of the pixels in one direction another one lies.
struct Mix {
    near: usize,
    far: usize,
    /// Share of the far one, 0..1.
    share: f32,
}

impl Mix {
    /// For each of `seen` pixels that take the place of `own`.
    fn along(own: usize, seen: usize) -> Vec<Self> {
        let last = own.saturating_sub(1);
        let scale = own as f32 / seen.max(1) as f32;
        (0..seen)
            .map(|pixel| {
                let place = ((pixel as f32 + 0.5) * scale - 0.5).clamp(0.0, last as f32);
                let near = place as usize;
                Self {
                    near,
                    far: (near + 1).min(last),
                    share: place - near as f32,
                }
            })
            .collect()
    }

    fn of(&self, near: f32, far: f32) -> f32 {
        near + (far - near) * self.share
    }
}

fn to_rgb(picture: &CoveredPicture) -> Vec<u8> {
    let colours = Colours::new(picture.matrix, picture.range);
    let (width, height) = (picture.width as usize, picture.height as usize);
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        let [luma, us, vs] = [(0, y), (1, y / 2), (2, y / 2)].map(|(plane, y)| picture.row(plane, y));
        for (pair, (u, v)) in luma.chunks(2).zip(us.iter().zip(vs)) {
            pair.iter()
                .for_each(|y| rgb.extend_from_slice(&colours.rgb(*y, *u, *v)));
        }
    }
    rgb
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Matrix, PixelFormat, Plane, Range};
    use super::*;
    use crate::domain::privacy::{CoverStyle, Polygon, WholeReason};
    use std::time::{Duration, Instant};

    fn picture(width: usize, height: usize, yuv: [u8; 3], format: PixelFormat, matrix: Matrix, range: Range) -> Frame {
        let (cw, ch) = (width.div_ceil(2), height.div_ceil(2));
        let mut bytes = vec![yuv[0]; width * height];
        let luma = Plane {
            offset: 0,
            stride: width,
            rows: height,
            row_bytes: width,
        };
        let mut planes = vec![luma];
        match format {
            PixelFormat::I420 => {
                for value in [yuv[1], yuv[2]] {
                    planes.push(Plane {
                        offset: bytes.len(),
                        stride: cw,
                        rows: ch,
                        row_bytes: cw,
                    });
                    bytes.extend(std::iter::repeat_n(value, cw * ch));
                }
            }
            PixelFormat::Nv12 => {
                planes.push(Plane {
                    offset: bytes.len(),
                    stride: 2 * cw,
                    rows: ch,
                    row_bytes: 2 * cw,
                });
                bytes.extend((0..cw * ch).flat_map(|_| [yuv[1], yuv[2]]));
            }
        }
        Frame {
            width: width as u32,
            height: height as u32,
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

    fn decode(png: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    fn near(a: [u8; 3], b: [u8; 3]) -> bool {
        a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 3)
    }

    #[test]
    fn red_is_red_in_every_matrix_range_and_format() {
        for (matrix, range, yuv) in [
            (Matrix::Bt601, Range::Limited, [81, 90, 240]),
            (Matrix::Bt709, Range::Limited, [63, 102, 240]),
            (Matrix::Bt601, Range::Full, [76, 85, 255]),
            (Matrix::Bt709, Range::Full, [54, 99, 255]),
        ] {
            for format in [PixelFormat::I420, PixelFormat::Nv12] {
                let frame = picture(7, 5, yuv, format, matrix, range);
                let (width, height, pixels) = decode(&encode_png(&frame, &Cover::Parts(vec![]), &[]).unwrap());
                assert_eq!((width, height, pixels.len()), (7, 5, 7 * 5 * 3));
                for pixel in pixels.chunks_exact(3) {
                    assert!(
                        near([pixel[0], pixel[1], pixel[2]], [255, 0, 0]),
                        "{matrix:?} {range:?} {pixel:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn pixels_that_are_not_square_become_so_and_the_cover_stays_whole() {
        let mut frame = picture(
            704,
            576,
            [81, 90, 240],
            PixelFormat::I420,
            Matrix::Bt601,
            Range::Limited,
        );
        let half = Polygon::from(vec![[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]);
        for (aspect, size) in [
            ([16, 11], (1_024, 576)),
            ([12, 11], (768, 576)),
            ([1, 2], (704, 1_152)),
            ([1, 1], (704, 576)),
            ([1, 0], (704, 576)),
            ([900, 1], (704, 576)),
        ] {
            frame.pixel_aspect = aspect;
            let png = encode_png(&frame, &Cover::Parts(vec![half.clone()]), &[]).unwrap();
            let (width, height, pixels) = decode(&png);
            assert_eq!((width, height), size, "{aspect:?}");
            for row in pixels.chunks_exact(width as usize * 3) {
                let (left, right) = row.split_at(width as usize / 2 * 3);
                assert!(left.chunks_exact(3).all(|pixel| pixel == FILL), "{aspect:?}");
                let last = right.len() - 3;
                assert!(near([right[last], right[last + 1], right[last + 2]], [255, 0, 0]));
            }
        }
    }

    #[test]
    fn r_prv_1_every_pixel_the_cover_touches_is_filled_and_the_far_ones_are_not() {
        let frame = picture(64, 48, [81, 90, 240], PixelFormat::I420, Matrix::Bt601, Range::Limited);
        let triangle = Polygon::from(vec![[0.25, 0.25], [0.75, 0.30], [0.5, 0.80]]);
        let (_, _, pixels) = decode(&encode_png(&frame, &Cover::Parts(vec![triangle.clone()]), &[]).unwrap());
        let inside = |x: f32, y: f32| {
            let p = &triangle.points;
            (0..3).all(|i| {
                let ([ax, ay], [bx, by]) = (p[i], p[(i + 1) % 3]);
                (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0.0
            })
        };
        let mut filled = 0;
        for (i, pixel) in pixels.chunks_exact(3).enumerate() {
            let (x, y) = (i % 64, i / 64);
            let touched = (1..8).any(|sx| {
                (1..8).any(|sy| inside((x as f32 + sx as f32 / 8.0) / 64.0, (y as f32 + sy as f32 / 8.0) / 48.0))
            });
            assert!(!touched || pixel == FILL, "pixel {x},{y} shows");
            filled += u32::from(pixel == FILL);
        }
        let area = 64.0 * 48.0 * 0.5 * (0.5 * 0.55 - 0.05 * 0.25);
        assert!(
            f64::from(filled) < area * 1.6,
            "{filled} pixels filled for an area of {area}"
        );
    }

    /// A grey picture with a square of another brightness in its middle.
    fn with_a_secret(luma: u8) -> Frame {
        let mut frame = picture(
            320,
            180,
            [120, 128, 128],
            PixelFormat::I420,
            Matrix::Bt709,
            Range::Limited,
        );
        let mut bytes = (*frame.bytes).as_ref().to_vec();
        for y in 60..120 {
            bytes[y * 320 + 120..y * 320 + 200].fill(luma);
        }
        frame.bytes = Box::new(bytes);
        frame
    }

    #[test]
    fn r_prv_1_a_pixelated_or_blurred_cover_tells_nothing_of_what_it_hides() {
        let square = vec![[0.37, 0.32], [0.63, 0.32], [0.63, 0.68], [0.37, 0.68]];
        for style in [CoverStyle::Pixelated, CoverStyle::Blurred] {
            let cover = Cover::Parts(vec![Polygon {
                points: square.clone(),
                style,
                band: false,
            }]);
            let [dark, bright] = [16, 235].map(|luma| encode_png(&with_a_secret(luma), &cover, &[]).unwrap());
            assert!(dark == bright, "{style:?} shows what it hides");
            let (_, _, pixels) = decode(&dark);
            let middle = &pixels[(90 * 320 + 160) * 3..][..3];
            assert!(near([middle[0], middle[1], middle[2]], [121, 121, 121]), "{middle:?}");
        }
    }

    #[test]
    fn r_prv_1_a_whole_cover_and_a_cover_that_is_not_a_number_hide_everything() {
        let frame = picture(33, 17, [81, 90, 240], PixelFormat::Nv12, Matrix::Bt709, Range::Full);
        let nonsense = Polygon::from(vec![[f32::NAN, 0.0], [0.1, 0.1], [0.0, 0.1]]);
        for cover in [Cover::Whole(WholeReason::PoseNotKnown), Cover::Parts(vec![nonsense])] {
            let (_, _, pixels) = decode(&encode_png(&frame, &cover, &[]).unwrap());
            assert!(pixels.chunks_exact(3).all(|pixel| pixel == FILL));
        }
    }

    #[test]
    fn r_prv_1_a_cover_over_the_edge_reaches_the_last_pixel() {
        let frame = picture(33, 17, [81, 90, 240], PixelFormat::I420, Matrix::Bt601, Range::Limited);
        let all = Polygon::from(vec![[-0.5, -0.5], [1.5, -0.5], [1.5, 1.5], [-0.5, 1.5]]);
        let (_, _, pixels) = decode(&encode_png(&frame, &Cover::Parts(vec![all]), &[]).unwrap());
        assert!(pixels.chunks_exact(3).all(|pixel| pixel == FILL));
    }

    #[test]
    fn the_caption_stands_beneath_the_picture_and_takes_nothing_of_it() {
        let frame = with_a_secret(235);
        let none = Cover::Parts(vec![]);
        let (width, height, bare) = decode(&encode_png(&frame, &none, &[]).unwrap());
        let words = ["12 · Piazza".to_owned(), "29/11/2026 12:00:00 CET".to_owned()];
        let (wide, high, captioned) = decode(&encode_png(&frame, &none, &words).unwrap());
        assert_eq!((width, height, wide), (320, 180, 320));
        assert!(high > 200, "{high}");
        assert_eq!(&captioned[..bare.len()], bare);
    }

    #[test]
    fn a_frame_that_lies_about_its_size_is_an_error() {
        let mut frame = picture(64, 48, [81, 90, 240], PixelFormat::I420, Matrix::Bt601, Range::Limited);
        frame.bytes = Box::new(vec![0u8; 64 * 48]);
        assert!(matches!(
            encode_png(&frame, &Cover::Parts(vec![]), &[]),
            Err(SnapshotError::BrokenFrame(BrokenFrame { plane: 1 }))
        ));
    }
}
