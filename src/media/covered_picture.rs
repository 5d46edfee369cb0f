//! A picture with its cover laid: what a snapshot and the encoder of an obscured copy are given, and nothing else is.
//!
//! Invariant: the only way to a [`CoveredPicture`] is through a cover, and the frame itself is never written to (its decoder
//! still refers to it). Every pixel that a cover touches is filled, and so is every pixel that shares its chroma sample; a
//! cover that makes no sense (not a number) fills the picture. Deliberately absent: deciding the cover (`domain::privacy`);
//! the wall draws its covers in a shader, from the same polygons.

use super::frame::{Frame, Matrix, PixelFormat, Plane, Range};
use crate::domain::privacy::mosaic::Mosaic;
use crate::domain::privacy::{Cover, Polygon};

/// The colour that fills covered places: a dark neutral grey, 8-bit sRGB.
pub const FILL: [u8; 3] = [48, 48, 48];
/// The chroma of every grey.
const NEUTRAL: u8 = 128;
/// Pixels added around a cover against rounding.
const MARGIN: f64 = 0.05;
/// Pixels beyond the edge of a cover that no colour is taken from: the block filled there, and the chroma sample after it.
const REACH_PX: f32 = 6.0;

/// The frame is not what it says: a plane does not hold its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the frame is not what it says: plane {plane} is too short")]
pub struct BrokenFrame {
    pub plane: usize,
}

/// A picture whose cover is laid, as I420 in the layout that GStreamer gives it by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredPicture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    pub matrix: Matrix,
    pub range: Range,
    planes: [Plane; 3],
    bytes: Vec<u8>,
}

impl CoveredPicture {
    /// Copies the frame and lays the cover over the copy.
    ///
    /// # Errors
    /// A frame whose planes do not hold its size.
    pub fn new(frame: &Frame, cover: &Cover) -> Result<Self, BrokenFrame> {
        let (planes, size) = layout(frame.width as usize, frame.height as usize);
        let mut picture = Self {
            width: frame.width,
            height: frame.height,
            matrix: frame.matrix,
            range: frame.range,
            planes,
            bytes: vec![NEUTRAL; size],
        };
        match cover {
            Cover::Whole(_) => {
                let [luma, ..] = picture.fill();
                let end = picture.planes[1].offset;
                picture.bytes.iter_mut().take(end).for_each(|value| *value = luma);
            }
            Cover::Parts(polygons) => {
                picture.copy(frame)?;
                let around = picture.around(polygons);
                polygons
                    .iter()
                    .for_each(|polygon| picture.lay(polygon, around.as_ref()));
            }
        }
        Ok(picture)
    }

    /// Row `y` of a plane: what it carries of the picture. Empty outside.
    pub fn row(&self, plane: usize, y: usize) -> &[u8] {
        self.planes
            .get(plane)
            .filter(|plane| y < plane.rows)
            .and_then(|plane| {
                let start = plane.offset + y * plane.stride;
                self.bytes.get(start..start + plane.row_bytes)
            })
            .unwrap_or_default()
    }

    /// The planes one after the other, rows padded.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// [`FILL`] as samples.
    fn fill(&self) -> [u8; 3] {
        let grey = f32::from(FILL[0]);
        let luma = match self.range {
            Range::Limited => 16.0 + grey * 219.0 / 255.0,
            Range::Full => grey,
        };
        [luma.round() as u8, NEUTRAL, NEUTRAL]
    }

    fn copy(&mut self, frame: &Frame) -> Result<(), BrokenFrame> {
        let broken = |plane| BrokenFrame { plane };
        for (i, plane) in self.planes.into_iter().enumerate() {
            let interleaved = frame.format == PixelFormat::Nv12 && i > 0;
            let from = if interleaved { 1 } else { i };
            for y in 0..plane.rows {
                let start = plane.offset + y * plane.stride;
                let to = self.bytes.get_mut(start..start + plane.row_bytes).ok_or(broken(i))?;
                if interleaved {
                    let both = row(frame, from, y, 2 * plane.row_bytes).ok_or(broken(from))?;
                    let samples = both.iter().skip(i - 1).step_by(2);
                    to.iter_mut().zip(samples).for_each(|(to, sample)| *to = *sample);
                } else {
                    to.copy_from_slice(row(frame, from, y, plane.row_bytes).ok_or(broken(from))?);
                }
            }
        }
        Ok(())
    }

    /// The samples of a pixel.
    fn pixel(&self, x: usize, y: usize) -> Option<[u8; 3]> {
        let at = |plane: usize, x: usize, y: usize| self.row(plane, y).get(x).copied();
        Some([at(0, x, y)?, at(1, x / 2, y / 2)?, at(2, x / 2, y / 2)?])
    }

    /// The colours around the covers, as samples, when one is not solid.
    fn around(&self, polygons: &[Polygon]) -> Option<Mosaic> {
        if polygons.iter().all(|polygon| polygon.style.is_solid()) {
            return None;
        }
        let (w, h) = (self.width as f32, self.height as f32);
        Mosaic::around(polygons, [REACH_PX / w, REACH_PX / h], |[x, y]| {
            let samples = self.pixel((x * w) as usize, (y * h) as usize)?;
            Some(samples.map(f32::from))
        })
    }

    /// Fills every 2×2 block (pixels that share a chroma sample) that the polygon touches. The polygon is convex by
    /// contract; one that is not is filled from its leftmost to its rightmost edge, so more, never less.
    fn lay(&mut self, polygon: &Polygon, around: Option<&Mosaic>) {
        let around = around.filter(|_| !polygon.style.is_solid());
        let (width, height) = (self.width as usize, self.height as usize);
        let solid = self.fill();
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
            let (first, last) = (
                left.max(0.0) as usize / 2,
                (right.max(0.0) as usize / 2 + 1).min(width.div_ceil(2)),
            );
            if right < 0.0 {
                continue;
            }
            for block in first..last {
                let colour = around.map_or(solid, |mosaic| {
                    let middle = [(2 * block + 1) as f32 / width as f32, (top + 1) as f32 / height as f32];
                    mosaic.colour(polygon.style, middle).map(|v: f32| (v + 0.5) as u8)
                });
                self.put(block, top / 2, colour);
            }
        }
    }

    /// Paints one block of 2×2 pixels.
    fn put(&mut self, x: usize, y: usize, [luma, u, v]: [u8; 3]) {
        let samples = [
            (0, 2 * x, 2 * y, luma),
            (0, 2 * x + 1, 2 * y, luma),
            (0, 2 * x, 2 * y + 1, luma),
            (0, 2 * x + 1, 2 * y + 1, luma),
            (1, x, y, u),
            (2, x, y, v),
        ];
        for (plane, x, y, value) in samples {
            let plane = self.planes[plane];
            if x < plane.row_bytes
                && y < plane.rows
                && let Some(sample) = self.bytes.get_mut(plane.offset + y * plane.stride + x)
            {
                *sample = value;
            }
        }
    }
}

/// The planes of an I420 picture and their size together, as GStreamer lays them out by default.
fn layout(width: usize, height: usize) -> ([Plane; 3], usize) {
    let half = [width.div_ceil(2), height.div_ceil(2)];
    let luma = Plane {
        offset: 0,
        stride: width.next_multiple_of(4),
        rows: height,
        row_bytes: width,
    };
    let chroma = Plane {
        offset: luma.stride * 2 * half[1],
        stride: half[0].next_multiple_of(4),
        rows: half[1],
        row_bytes: half[0],
    };
    let size = chroma.stride * half[1];
    let last = Plane {
        offset: chroma.offset + size,
        ..chroma
    };
    ([luma, chroma, last], last.offset + size)
}

/// `bytes` bytes of row `y` of a frame's plane.
fn row(frame: &Frame, plane: usize, y: usize, bytes: usize) -> Option<&[u8]> {
    let stride = frame.planes.get(plane).map_or(0, |plane| plane.stride);
    y.checked_mul(stride)
        .and_then(|start| frame.plane(plane).get(start..start.checked_add(bytes)?))
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
    use super::*;
    use gstreamer_video as gst_video;

    #[test]
    fn the_layout_is_the_one_gstreamer_gives_by_default() {
        gstreamer::init().unwrap();
        for (width, height) in [(640, 360), (642, 362), (644, 2), (33, 17), (2592, 1520)] {
            let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, width, height)
                .build()
                .unwrap();
            let (planes, size) = layout(width as usize, height as usize);
            assert_eq!(planes.map(|plane| plane.offset).as_slice(), info.offset());
            assert_eq!(planes.map(|plane| plane.stride as i32).as_slice(), info.stride());
            assert_eq!(size, info.size());
        }
    }
}
