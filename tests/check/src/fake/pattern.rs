//! A test picture: colour bars, a moving block and a time code strip, for looking at the wall without cameras.
//!
//! Invariant: a legal I420 frame of any even size. Deliberately absent: anything that a person in service could see.

use std::time::{Duration, Instant};
use vedetta::media::frame::{Frame, Matrix, PixelFormat, Plane, Range};
use vedetta::sim::timecode;

/// Bars as limited-range BT.601 samples.
const BARS: [[u8; 3]; 6] = [
    [200, 128, 128],
    [162, 44, 142],
    [131, 156, 44],
    [112, 72, 58],
    [65, 100, 212],
    [35, 212, 114],
];

/// Frame `number` of a stream of `width` × `height`, with `ms` in its time code strip.
pub fn frame(width: u32, height: u32, number: u64, ms: u64) -> Frame {
    let (w, h) = (width as usize, height as usize);
    let (cw, ch) = (w.div_ceil(2), h.div_ceil(2));
    let strip = (h as f64 * timecode::STRIP_HEIGHT).round() as usize;
    let blocks = timecode::encode(ms);
    let bar = |x: usize, width: usize| BARS[(x * BARS.len() / width).min(BARS.len() - 1)];
    let block = (number as usize * 4) % w;
    let mut bytes = Vec::with_capacity(w * h + 2 * cw * ch);
    for y in 0..h {
        for x in 0..w {
            let in_block = y > h / 2 && y < h * 3 / 4 && x.abs_diff(block) < w / 16;
            bytes.push(if y >= h - strip {
                if blocks[(x * timecode::BLOCKS / w).min(timecode::BLOCKS - 1)] {
                    235
                } else {
                    16
                }
            } else if in_block {
                235
            } else {
                bar(x, w)[0]
            });
        }
    }
    for plane in 1..3 {
        for y in 0..ch {
            bytes.extend((0..cw).map(|x| if y * 2 >= h - strip - 1 { 128 } else { bar(x, cw)[plane] }));
        }
    }
    let luma = Plane {
        offset: 0,
        stride: w,
        rows: h,
        row_bytes: w,
    };
    let chroma = |offset| Plane {
        offset,
        stride: cw,
        rows: ch,
        row_bytes: cw,
    };
    Frame {
        width,
        height,
        format: PixelFormat::I420,
        matrix: Matrix::Bt601,
        range: Range::Limited,
        planes: vec![luma, chroma(w * h), chroma(w * h + cw * ch)],
        arrived: Instant::now(),
        number,
        recorded_ms: None,
        pixel_aspect: [1, 1],
        captured_ms: None,
        waited: Duration::ZERO,
        behind: Duration::ZERO,
        bytes: Box::new(bytes),
    }
}
