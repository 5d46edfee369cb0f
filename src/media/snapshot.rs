//! A frame as a PNG, with what must not be seen covered.
//!
//! Invariant: every pixel that a cover touches is filled, and so is every pixel that shares its chroma sample; a cover
//! that makes no sense (not a number) fills the picture. Deliberately absent: deciding the cover (`domain::privacy`),
//! writing files.

use super::frame::colours::Colours;
use super::frame::{Frame, PixelFormat};
use crate::domain::privacy::mosaic::Mosaic;
use crate::domain::privacy::{Cover, Polygon};

/// What covered places are filled with: a dark neutral grey, 8-bit sRGB.
pub const FILL: [u8; 3] = [48, 48, 52];

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("the frame is not what it says: plane {plane} is too short")]
    BrokenFrame { plane: usize },
    #[error("PNG: {0}")]
    Png(#[from] png::EncodingError),
}

/// The frame as an 8-bit RGB PNG of its own size, covered. Takes some tens of milliseconds: not for the interface's
/// thread.
///
/// # Errors
/// A frame whose planes do not hold its size.
pub fn encode_png(frame: &Frame, cover: &Cover) -> Result<Vec<u8>, SnapshotError> {
    let mut rgb = to_rgb(frame)?;
    let (width, height) = (frame.width as usize, frame.height as usize);
    match cover {
        Cover::Whole(_) => rgb.chunks_exact_mut(3).for_each(|pixel| pixel.copy_from_slice(&FILL)),
        Cover::Parts(polygons) => {
            let around = around(&rgb, width, height, polygons);
            polygons
                .iter()
                .for_each(|polygon| fill(&mut rgb, width, height, polygon, around.as_ref()));
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, frame.width, frame.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&rgb)?;
    writer.finish()?;
    Ok(bytes)
}

fn to_rgb(frame: &Frame) -> Result<Vec<u8>, SnapshotError> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let colours = Colours::of(frame);
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        let luma = row(frame, 0, y, width)?;
        let chroma = width.div_ceil(2);
        let (us, vs, step) = match frame.format {
            PixelFormat::I420 => (row(frame, 1, y / 2, chroma)?, row(frame, 2, y / 2, chroma)?, 1),
            PixelFormat::Nv12 => {
                let both = row(frame, 1, y / 2, 2 * chroma)?;
                (both, both.get(1..).unwrap_or_default(), 2)
            }
        };
        let chroma = us.iter().step_by(step).zip(vs.iter().step_by(step));
        for (pair, (u, v)) in luma.chunks(2).zip(chroma) {
            pair.iter()
                .for_each(|y| rgb.extend_from_slice(&colours.rgb(*y, *u, *v)));
        }
    }
    Ok(rgb)
}

/// `bytes` bytes of row `y` of a plane.
fn row(frame: &Frame, plane: usize, y: usize, bytes: usize) -> Result<&[u8], SnapshotError> {
    let stride = frame.planes.get(plane).map_or(0, |plane| plane.stride);
    y.checked_mul(stride)
        .and_then(|start| frame.plane(plane).get(start..start.checked_add(bytes)?))
        .ok_or(SnapshotError::BrokenFrame { plane })
}

/// Pixels added around a cover against rounding.
const MARGIN: f64 = 0.05;
/// Pixels beyond the edge of a cover that no colour is taken from: the block filled there, and the chroma sample after it.
const REACH_PX: f32 = 6.0;

/// The colours around the covers, when one is not solid.
fn around(rgb: &[u8], width: usize, height: usize, polygons: &[Polygon]) -> Option<Mosaic> {
    if polygons.iter().all(|polygon| polygon.style.is_solid()) {
        return None;
    }
    let (w, h) = (width as f32, height as f32);
    Mosaic::around(polygons, [REACH_PX / w, REACH_PX / h], |[x, y]| {
        let at = (y * h) as usize * width + (x * w) as usize;
        let pixel = rgb.get(at * 3..at * 3 + 3)?;
        Some(std::array::from_fn(|i| f32::from(pixel[i])))
    })
}

/// Fills every 2×2 block (pixels that share a chroma sample) that the polygon touches. The polygon is convex by
/// contract; one that is not is filled from its leftmost to its rightmost edge, so more, never less.
fn fill(rgb: &mut [u8], width: usize, height: usize, polygon: &Polygon, around: Option<&Mosaic>) {
    let around = around.filter(|_| !polygon.style.is_solid());
    let corners: Vec<[f64; 2]> = polygon
        .points
        .iter()
        .map(|[x, y]| [f64::from(*x) * width as f64, f64::from(*y) * height as f64])
        .collect();
    let nonsense = corners.iter().flatten().any(|value| !value.is_finite());
    for top in (0..height).step_by(2) {
        let (above, below) = (top as f64 - MARGIN, (top + 2) as f64 + MARGIN);
        let span = if nonsense {
            Some((0.0, width as f64))
        } else {
            span(&corners, above, below)
        };
        let Some((left, right)) = span.map(|(left, right)| (left - MARGIN, right + MARGIN)) else {
            continue;
        };
        let first = (left.max(0.0) as usize) / 2 * 2;
        let last = ((right.max(0.0) as usize) / 2 * 2 + 2).min(width);
        if right < 0.0 || first >= last {
            continue;
        }
        for y in top..(top + 2).min(height) {
            if let Some(pixels) = rgb.get_mut((y * width + first) * 3..(y * width + last) * 3) {
                for (x, pixel) in (first..last).zip(pixels.chunks_exact_mut(3)) {
                    let colour = around.map(|mosaic| {
                        let at = [(x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32];
                        mosaic.colour(polygon.style, at).map(|v| (v + 0.5) as u8)
                    });
                    pixel.copy_from_slice(&colour.unwrap_or(FILL));
                }
            }
        }
    }
}

/// The leftmost and rightmost x of a closed outline between two heights.
fn span(corners: &[[f64; 2]], top: f64, bottom: f64) -> Option<(f64, f64)> {
    let mut found: Option<(f64, f64)> = None;
    let mut take = |x: f64| found = Some(found.map_or((x, x), |(left, right)| (left.min(x), right.max(x))));
    for (i, [ax, ay]) in corners.iter().enumerate() {
        let Some([bx, by]) = corners.get((i + 1) % corners.len()) else {
            continue;
        };
        if (top..=bottom).contains(ay) {
            take(*ax);
        }
        for edge in [top, bottom] {
            if (ay - edge) * (by - edge) < 0.0 {
                take(ax + (edge - ay) / (by - ay) * (bx - ax));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Matrix, Plane, Range};
    use super::*;
    use crate::domain::privacy::{CoverStyle, WholeReason};
    use std::time::Instant;

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
                let (width, height, pixels) = decode(&encode_png(&frame, &Cover::Parts(vec![])).unwrap());
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
    fn r_prv_1_every_pixel_the_cover_touches_is_filled_and_the_far_ones_are_not() {
        let frame = picture(64, 48, [81, 90, 240], PixelFormat::I420, Matrix::Bt601, Range::Limited);
        let triangle = Polygon::from(vec![[0.25, 0.25], [0.75, 0.30], [0.5, 0.80]]);
        let (_, _, pixels) = decode(&encode_png(&frame, &Cover::Parts(vec![triangle.clone()])).unwrap());
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
            }]);
            let [dark, bright] = [16, 235].map(|luma| encode_png(&with_a_secret(luma), &cover).unwrap());
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
            let (_, _, pixels) = decode(&encode_png(&frame, &cover).unwrap());
            assert!(pixels.chunks_exact(3).all(|pixel| pixel == FILL));
        }
    }

    #[test]
    fn r_prv_1_a_cover_over_the_edge_reaches_the_last_pixel() {
        let frame = picture(33, 17, [81, 90, 240], PixelFormat::I420, Matrix::Bt601, Range::Limited);
        let all = Polygon::from(vec![[-0.5, -0.5], [1.5, -0.5], [1.5, 1.5], [-0.5, 1.5]]);
        let (_, _, pixels) = decode(&encode_png(&frame, &Cover::Parts(vec![all])).unwrap());
        assert!(pixels.chunks_exact(3).all(|pixel| pixel == FILL));
    }

    #[test]
    fn a_frame_that_lies_about_its_size_is_an_error() {
        let mut frame = picture(64, 48, [81, 90, 240], PixelFormat::I420, Matrix::Bt601, Range::Limited);
        frame.bytes = Box::new(vec![0u8; 64 * 48]);
        assert!(matches!(
            encode_png(&frame, &Cover::Parts(vec![])),
            Err(SnapshotError::BrokenFrame { plane: 1 })
        ));
    }
}
