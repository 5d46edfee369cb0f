//! Paints a frame at the size of its tile, for adapters that are the processor itself.
//!
//! A software rasteriser samples three planes for every pixel of the window at every drawing. Scaling the planes once a
//! frame and turning them into the screen's colours with vector instructions costs a fraction of that, and the rasteriser
//! is left with copying texels (figures: `benches/README.md`). Scaling is by area with a triangle filter, so that a small
//! tile is smooth.
//!
//! Invariant: nothing is allocated in steady state; a frame that cannot be painted leaves its tile black.
//! Deliberately absent: masks (drawn over the picture in the same pass), textures.

use crate::media::frame::{Frame, Matrix, PixelFormat, Range};
use fast_image_resize as scale;
use fast_image_resize::images::{Image, ImageRef};
use std::borrow::Cow;
use yuv::{YuvBiPlanarImage, YuvConversionMode, YuvPlanarImage, YuvRange, YuvStandardMatrix};

/// Bytes of a pixel.
pub const BGRA: u32 = 4;

/// Why a frame was not painted; the frame is at fault, not the painter.
#[derive(Debug, thiserror::Error)]
pub enum PaintError {
    #[error("a plane is not as large as the frame says")]
    Plane(#[from] scale::ImageBufferError),
    #[error("a plane cannot be scaled")]
    Scale(#[from] scale::ResizeError),
    #[error("the planes cannot be turned into colours")]
    Colours(#[from] yuv::YuvError),
}

/// Scales and converts; keeps its scratch planes from one frame to the next.
#[derive(Default)]
pub struct Painter {
    scaler: scale::Resizer,
    planes: [Vec<u8>; 3],
}

impl Painter {
    /// Paints `frame` as `width` × `height` pixels of blue, green, red and opacity into `out`, rows `stride` bytes apart.
    /// The frame must be whole.
    pub fn paint(
        &mut self,
        frame: &Frame,
        [width, height]: [u32; 2],
        out: &mut [u8],
        stride: u32,
    ) -> Result<(), PaintError> {
        let sizes = [[width, height], chroma([width, height]), chroma([width, height])];
        let mut strides = [0; 3];
        let mut scaled = std::mem::take(&mut self.planes);
        let same = [width, height] == [frame.width, frame.height];
        if !same {
            for (i, ((plane, size), stride)) in scaled.iter_mut().zip(sizes).zip(&mut strides).enumerate() {
                *stride = self.scale(frame, i, size, plane)?;
            }
        }
        let planes: [Cow<'_, [u8]>; 3] = std::array::from_fn(|i| match same {
            true => rows(frame, i),
            false => Cow::Borrowed(&*scaled[i]),
        });
        if same {
            for (stride, plane) in strides.iter_mut().zip(&frame.planes) {
                *stride = plane.stride as u32;
            }
        }
        let (range, matrix) = (range(frame.range), matrix(frame.matrix));
        let painted = match frame.format {
            PixelFormat::I420 => yuv::yuv420_to_bgra(
                &YuvPlanarImage {
                    y_plane: &planes[0],
                    y_stride: strides[0],
                    u_plane: &planes[1],
                    u_stride: strides[1],
                    v_plane: &planes[2],
                    v_stride: strides[2],
                    width,
                    height,
                },
                out,
                stride,
                range,
                matrix,
            ),
            PixelFormat::Nv12 => yuv::yuv_nv12_to_bgra(
                &YuvBiPlanarImage {
                    y_plane: &planes[0],
                    y_stride: strides[0],
                    uv_plane: &planes[1],
                    uv_stride: strides[1],
                    width,
                    height,
                },
                out,
                stride,
                range,
                matrix,
                YuvConversionMode::Balanced,
            ),
        };
        drop(planes);
        self.planes = scaled;
        Ok(painted?)
    }

    /// Scales plane `i` to `size` texels; returns the bytes of a row. Nothing for a plane that the format has not.
    fn scale(&mut self, frame: &Frame, i: usize, size: [u32; 2], out: &mut Vec<u8>) -> Result<u32, PaintError> {
        let Some(plane) = frame.planes.get(i) else { return Ok(0) };
        let from = if i == 0 {
            [frame.width, frame.height]
        } else {
            chroma([frame.width, frame.height])
        };
        let (kind, bytes) = match (frame.format, i) {
            (PixelFormat::Nv12, 1) => (scale::PixelType::U8x2, 2),
            _ => (scale::PixelType::U8, 1),
        };
        let [width, height] = size;
        out.resize((width * height * bytes) as usize, 0);
        let source = rows(frame, i);
        let source = ImageRef::new(plane.stride as u32 / bytes, from[1], &source, kind)?;
        let mut target = Image::from_slice_u8(width, height, out, kind)?;
        let options = scale::ResizeOptions::new()
            .resize_alg(scale::ResizeAlg::Convolution(scale::FilterType::Bilinear))
            .crop(0.0, 0.0, f64::from(from[0]), f64::from(from[1]))
            .use_alpha(false);
        self.scaler.resize(&source, &mut target, &options)?;
        Ok(width * bytes)
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

/// Size of the chroma planes.
fn chroma([width, height]: [u32; 2]) -> [u32; 2] {
    [width.div_ceil(2), height.div_ceil(2)]
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
    fn known_samples_become_known_colours_at_every_size_in_every_layout() {
        let mut painter = Painter::default();
        for (sample, matrix, range, rgb) in [
            ([235, 128, 128], Matrix::Bt601, Range::Limited, [255_u8, 255, 255]),
            ([81, 90, 240], Matrix::Bt601, Range::Limited, [255, 0, 0]),
            ([63, 102, 240], Matrix::Bt709, Range::Limited, [255, 0, 0]),
            ([54, 99, 255], Matrix::Bt709, Range::Full, [254, 0, 0]),
        ] {
            for format in [PixelFormat::I420, PixelFormat::Nv12] {
                let frame = flat(sample, format, matrix, range);
                for [width, height] in [[12_u32, 8_u32], [7, 5], [3, 2], [31, 17]] {
                    let stride = width * BGRA + 8;
                    let mut out = vec![0; (stride * height) as usize];
                    painter.paint(&frame, [width, height], &mut out, stride).unwrap();
                    for row in out.chunks(stride as usize) {
                        for pixel in row[..(width * BGRA) as usize].chunks(4) {
                            let near = |a: u8, b: u8| a.abs_diff(b) <= 3;
                            assert!(
                                near(pixel[2], rgb[0]) && near(pixel[1], rgb[1]) && near(pixel[0], rgb[2]),
                                "{sample:?} {format:?} {width}x{height}: {pixel:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn steady_painting_allocates_no_planes() {
        let mut painter = Painter::default();
        let mut out = vec![0; 40 * 22 * 4];
        painter
            .paint(&pattern::frame(64, 36, 1, 0), [40, 22], &mut out, 160)
            .unwrap();
        let before = painter.planes.each_ref().map(|plane| plane.as_ptr());
        painter
            .paint(&pattern::frame(64, 36, 2, 40), [40, 22], &mut out, 160)
            .unwrap();
        assert_eq!(before, painter.planes.each_ref().map(|plane| plane.as_ptr()));
    }

    #[test]
    fn a_frame_that_lies_about_its_planes_is_an_error() {
        let mut frame = pattern::frame(64, 36, 1, 0);
        frame.planes[1].stride = 4;
        let mut out = vec![0; 40 * 22 * 4];
        assert!(Painter::default().paint(&frame, [40, 22], &mut out, 160).is_err());
    }
}
