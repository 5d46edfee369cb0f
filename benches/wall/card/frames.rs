//! Pictures that are computed, and frames of them.
//!
//! Invariant: a legal frame of any size, odd ones too, in every layout, in rows that are padded as a decoder pads them.
//! Deliberately absent: covers, drawing.

use std::sync::Arc;
use std::time::{Duration, Instant};
use vedetta::media::frame::{Frame, Matrix, PixelFormat, Plane, Range};

/// What the padding of rows holds: nobody may ever see it.
const PADDING: u8 = 255;

/// How a picture's samples are laid out and what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub format: PixelFormat,
    pub matrix: Matrix,
    pub range: Range,
}

impl Kind {
    /// Every kind there is.
    pub fn all() -> impl Iterator<Item = Kind> {
        let matrices = [Matrix::Bt601, Matrix::Bt709];
        let ranges = [Range::Limited, Range::Full];
        let formats = [PixelFormat::I420, PixelFormat::Nv12];
        let pairs = matrices
            .into_iter()
            .flat_map(move |matrix| ranges.map(|range| (matrix, range)));
        pairs.flat_map(move |(matrix, range)| formats.map(|format| Kind { format, matrix, range }))
    }
}

/// The samples of a picture; every frame of it shares them.
pub struct Picture {
    kind: Kind,
    width: usize,
    height: usize,
    planes: Vec<Plane>,
    bytes: Shared,
}

#[derive(Clone)]
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Picture {
    /// Brightness, blue and red difference at each pixel. Of the four pixels that share their colour the strongest gives it.
    pub fn new(kind: Kind, [width, height]: [usize; 2], sample: impl Fn(usize, usize) -> [u8; 3]) -> Picture {
        let (half, rows) = (width.div_ceil(2), height.div_ceil(2));
        let colour = |x: usize, y: usize| {
            let pixels = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| (2 * x + dx, 2 * y + dy));
            let inside = pixels.into_iter().filter(|(x, y)| *x < width && *y < height);
            let strength = |[_, u, v]: &[u8; 3]| u16::from(u.abs_diff(128)) + u16::from(v.abs_diff(128));
            inside
                .map(|(x, y)| sample(x, y))
                .max_by_key(strength)
                .unwrap_or([0, 128, 128])
        };
        let mut picture = Picture {
            kind,
            width,
            height,
            planes: Vec::new(),
            bytes: Shared(Arc::default()),
        };
        let mut bytes = Vec::new();
        picture.plane(&mut bytes, width, height, |x, y| sample(x, y)[0]);
        match kind.format {
            PixelFormat::I420 => {
                picture.plane(&mut bytes, half, rows, |x, y| colour(x, y)[1]);
                picture.plane(&mut bytes, half, rows, |x, y| colour(x, y)[2]);
            }
            PixelFormat::Nv12 => picture.plane(&mut bytes, 2 * half, rows, |x, y| colour(x / 2, y)[1 + x % 2]),
        }
        picture.bytes = Shared(Arc::new(bytes));
        picture
    }

    fn plane(&mut self, bytes: &mut Vec<u8>, width: usize, height: usize, sample: impl Fn(usize, usize) -> u8) {
        let stride = (width + 1).next_multiple_of(16);
        self.planes.push(Plane {
            offset: bytes.len(),
            stride,
            rows: height,
            row_bytes: width,
        });
        for y in 0..height {
            bytes.extend((0..width).map(|x| sample(x, y)));
            bytes.resize(bytes.len() + stride - width, PADDING);
        }
    }

    /// Frame `number` of it, come in now.
    pub fn frame(&self, number: u64) -> Frame {
        Frame {
            width: self.width as u32,
            height: self.height as u32,
            format: self.kind.format,
            matrix: self.kind.matrix,
            range: self.kind.range,
            planes: self.planes.clone(),
            arrived: Instant::now(),
            number,
            recorded_ms: None,
            pixel_aspect: [1, 1],
            captured_ms: None,
            waited: Duration::ZERO,
            behind: Duration::ZERO,
            bytes: Box::new(self.bytes.clone()),
        }
    }
}

/// A scene of soft shades and hard edges, other at every `step`.
pub fn street([width, height]: [usize; 2], step: usize) -> impl Fn(usize, usize) -> [u8; 3] {
    move |x, y| {
        let (x, y) = (x * 256 / width, y * 256 / height);
        if (x + 8 * step) % 256 / 32 == y / 32 {
            return [200, 100, 150];
        }
        [40 + (x / 2) as u8, 96 + (y / 4) as u8, 160 - (x / 4) as u8]
    }
}
