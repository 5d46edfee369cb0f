//! Paints a frame's planes into the screen's colours, for adapters that are the processor itself.
//!
//! A software rasteriser that samples three planes and computes a colour does so for every pixel of the window at every
//! drawing. Doing it once a frame with vector instructions is a small part of that, and leaves the rasteriser one texture
//! to sample. Scaling stays with the rasteriser: the crates that scale planes took 0.9 ms a picture of 640×360, the colours
//! 0.1 ms (figures: `benches/README.md`).
//!
//! Invariant: nothing is allocated for a frame whose rows are whole. Deliberately absent: scaling; masks (drawn over the
//! picture in the same pass); textures.

use crate::media::frame::{Frame, Matrix, PixelFormat, Range};
use std::borrow::Cow;
use yuv::{YuvBiPlanarImage, YuvConversionMode, YuvError, YuvPlanarImage, YuvRange, YuvStandardMatrix};

/// Bytes of a pixel.
pub const BGRA: u32 = 4;

/// Paints `frame`, which must be whole, as blue, green, red and opacity into `out`, rows `stride` bytes apart.
///
/// # Errors
/// The planes do not hold what the frame's size promises.
pub fn paint(frame: &Frame, out: &mut [u8], stride: u32) -> Result<(), YuvError> {
    let (width, height) = (frame.width, frame.height);
    let (range, matrix) = (range(frame.range), matrix(frame.matrix));
    let row = |i: usize| frame.planes.get(i).map_or(0, |plane| plane.stride as u32);
    let (y, u, v) = (rows(frame, 0), rows(frame, 1), rows(frame, 2));
    match frame.format {
        PixelFormat::I420 => {
            let image = YuvPlanarImage {
                y_plane: &*y,
                y_stride: row(0),
                u_plane: &*u,
                u_stride: row(1),
                v_plane: &*v,
                v_stride: row(2),
                width,
                height,
            };
            yuv::yuv420_to_bgra(&image, out, stride, range, matrix)
        }
        PixelFormat::Nv12 => {
            let image = YuvBiPlanarImage {
                y_plane: &*y,
                y_stride: row(0),
                uv_plane: &*u,
                uv_stride: row(1),
                width,
                height,
            };
            yuv::yuv_nv12_to_bgra(&image, out, stride, range, matrix, YuvConversionMode::Balanced)
        }
    }
}

/// Makes a painted picture darker, for one that is not live. Opacity stays.
pub fn dim(out: &mut [u8], brightness: f32) {
    let factor = (brightness.clamp(0.0, 1.0) * 256.0) as u16;
    for pixel in out.chunks_exact_mut(BGRA as usize) {
        for value in pixel.iter_mut().take(3) {
            *value = ((u16::from(*value) * factor) >> 8).min(255) as u8;
        }
    }
}

/// The rows of plane `i`, each as long as its stride. A buffer may end with the picture in its last row.
fn rows(frame: &Frame, i: usize) -> Cow<'_, [u8]> {
    let Some(plane) = frame.planes.get(i) else {
        return Cow::Borrowed(&[]);
    };
    let all = (*frame.bytes).as_ref();
    let whole = plane.stride.saturating_mul(plane.rows);
    match all.get(plane.offset..plane.offset.saturating_add(whole)) {
        Some(rows) => Cow::Borrowed(rows),
        None => {
            let mut rows = frame.plane(i).to_vec();
            rows.resize(whole, 0);
            Cow::Owned(rows)
        }
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
    use crate::gui::pattern;
    use crate::media::frame::Plane;
    use std::time::Instant;

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
            bytes: Box::new(bytes),
        }
    }

    #[test]
    fn known_samples_become_known_colours_in_every_layout() {
        for (sample, matrix, range, rgb) in [
            ([235, 128, 128], Matrix::Bt601, Range::Limited, [255_u8, 255, 255]),
            ([81, 90, 240], Matrix::Bt601, Range::Limited, [255, 0, 0]),
            ([63, 102, 240], Matrix::Bt709, Range::Limited, [255, 0, 0]),
            ([54, 99, 255], Matrix::Bt709, Range::Full, [254, 0, 0]),
        ] {
            for format in [PixelFormat::I420, PixelFormat::Nv12] {
                let frame = flat(sample, format, matrix, range);
                let stride = 12 * BGRA + 8;
                let mut out = vec![0; stride as usize * 8];
                paint(&frame, &mut out, stride).unwrap();
                for row in out.chunks(stride as usize) {
                    for pixel in row[..12 * 4].chunks(4) {
                        let near = |a: u8, b: u8| a.abs_diff(b) <= 3;
                        let right = near(pixel[2], rgb[0]) && near(pixel[1], rgb[1]) && near(pixel[0], rgb[2]);
                        assert!(right && pixel[3] == u8::MAX, "{sample:?} {format:?}: {pixel:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_dimmed_picture_is_darker_and_as_opaque() {
        let mut out = [200, 100, 0, 255];
        dim(&mut out, 0.5);
        assert_eq!(out, [100, 50, 0, 255]);
    }

    #[test]
    fn a_frame_that_lies_about_its_planes_is_an_error() {
        let mut frame = pattern::frame(64, 36, 1, 0);
        frame.planes[1].stride = 4;
        let mut out = vec![0; 64 * 36 * 4];
        assert!(paint(&frame, &mut out, 256).is_err());
    }
}
