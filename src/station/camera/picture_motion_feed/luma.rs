//! The luma of a picture that is looked at for what it shows of its dome's motion.
//!
//! Deliberately absent: looking at it (`domain::privacy::picture_motion`).

use crate::domain::privacy::picture_motion::Luma;
use crate::media::frame::Frame;
use std::ops::Range;

/// Larger pictures are not looked at: halving them alone would hold the decoder up for 2 ms (3840×2160) instead of 0.2 (640×360)
/// to 0.8 (2560×1440).
const MOST_PIXELS: u32 = 4_000_000;

/// The luma of a picture that is not too large to be looked at.
pub(super) fn luma(frame: &Frame) -> Option<Luma<'_>> {
    luma_of_rows(frame, 0..frame.height)
}

/// Some rows of a picture that is not too large to be looked at.
pub(super) fn luma_of_rows(frame: &Frame, rows: Range<u32>) -> Option<Luma<'_>> {
    frame
        .width
        .checked_mul(frame.height)
        .filter(|pixels| *pixels <= MOST_PIXELS)?;
    let stride = frame.planes.first()?.stride;
    let size = |pixels: u32| usize::try_from(pixels).ok();
    let above = size(rows.start)?.checked_mul(stride)?;
    let plane = frame.plane(0).get(above..)?;
    Luma::new(size(frame.width)?, rows.len(), stride, plane)
}
