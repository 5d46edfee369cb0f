//! Conversion of the samples of a frame to red, green and blue (ITU-T H.273 §8.3), one pixel at a time.
//!
//! Invariant: a pixel outside the picture or outside the bytes is `None`. Deliberately absent: whole pictures at the screen's
//! pace (the wall does that with vector instructions or in a shader).

use super::{Frame, Matrix, PixelFormat, Range};

/// Coefficients of Y'CbCr to R'G'B', for samples 0..255.
pub struct Colours {
    luma_offset: f32,
    luma_gain: f32,
    red_v: f32,
    green_u: f32,
    green_v: f32,
    blue_u: f32,
}

impl Colours {
    /// The coefficients of a frame.
    pub fn of(frame: &Frame) -> Self {
        Self::new(frame.matrix, frame.range)
    }

    /// The coefficients of a matrix and a range.
    pub fn new(matrix: Matrix, range: Range) -> Self {
        let (kr, kb) = match matrix {
            Matrix::Bt601 => (0.299f32, 0.114f32),
            Matrix::Bt709 => (0.2126, 0.0722),
        };
        let kg = 1.0 - kr - kb;
        let (luma_offset, luma_gain, chroma_gain) = match range {
            Range::Limited => (16.0, 255.0 / 219.0, 255.0 / 224.0),
            Range::Full => (0.0, 1.0, 1.0),
        };
        Self {
            luma_offset,
            luma_gain,
            red_v: 2.0 * (1.0 - kr) * chroma_gain,
            green_u: -2.0 * (1.0 - kb) * kb / kg * chroma_gain,
            green_v: -2.0 * (1.0 - kr) * kr / kg * chroma_gain,
            blue_u: 2.0 * (1.0 - kb) * chroma_gain,
        }
    }

    /// 8-bit sRGB.
    pub fn rgb(&self, y: u8, u: u8, v: u8) -> [u8; 3] {
        let y = (f32::from(y) - self.luma_offset) * self.luma_gain;
        let (u, v) = (f32::from(u) - 128.0, f32::from(v) - 128.0);
        let value = |x: f32| (x + 0.5).clamp(0.0, 255.0) as u8;
        [
            value(y + self.red_v * v),
            value(y + self.green_u * u + self.green_v * v),
            value(y + self.blue_u * u),
        ]
    }

    /// 8-bit sRGB of a pixel of a frame that has these colours.
    pub fn pixel(&self, frame: &Frame, x: u32, y: u32) -> Option<[u8; 3]> {
        if x >= frame.width || y >= frame.height {
            return None;
        }
        let sample = |plane: usize, x: u32, y: u32| {
            let start = (y as usize).checked_mul(frame.planes.get(plane)?.stride)?;
            frame.plane(plane).get(start.checked_add(x as usize)?).copied()
        };
        let luma = sample(0, x, y)?;
        let (u, v) = match frame.format {
            PixelFormat::I420 => (sample(1, x / 2, y / 2)?, sample(2, x / 2, y / 2)?),
            PixelFormat::Nv12 => (sample(1, x / 2 * 2, y / 2)?, sample(1, x / 2 * 2 + 1, y / 2)?),
        };
        Some(self.rgb(luma, u, v))
    }
}
