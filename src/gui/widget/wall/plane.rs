//! A plane of bytes of a picture, row by row, for the processor that paints the wall itself.
//!
//! Invariant: no row reads outside the bytes, whatever stride and size say. Deliberately absent: scaling (`scale`, `row_mix`).

use super::simd16::{Lanes, VECTOR};

/// A plane, `stride` bytes from one row to the next. The last row may end with the picture.
#[derive(Clone, Copy)]
pub struct Plane<'a> {
    pub bytes: &'a [u8],
    pub stride: usize,
    pub width: usize,
    pub height: usize,
}

impl Plane<'_> {
    /// Row `y`, as much of it as there is.
    pub fn row(&self, y: usize) -> &[u8] {
        let start = (y * self.stride).min(self.bytes.len());
        let end = (start + self.width).min(self.bytes.len());
        &self.bytes[start..end]
    }

    /// Sixteen bytes of a row from `x` on; the row's last byte goes on beyond its end.
    #[inline(always)]
    pub fn sixteen(row: &[u8], x: usize) -> Lanes {
        match row.get(x..x + VECTOR).and_then(|bytes| bytes.first_chunk()) {
            Some(bytes) => Lanes::load(bytes),
            None => Lanes::load(&Self::beyond(row, x)),
        }
    }

    /// `N` bytes of a row from `x` on, which lies near its end or beyond: the last byte goes on; zeros of an empty row.
    pub fn beyond<const N: usize>(row: &[u8], x: usize) -> [u8; N] {
        let last = row.last().copied().unwrap_or_default();
        std::array::from_fn(|i| row.get(x + i).copied().unwrap_or(last))
    }
}
