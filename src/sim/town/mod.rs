//! The procedural town: what stands where, what moves, where the cameras hang and what they must not show.
//!
//! Invariant: a town is a pure function of (seed, cameras, domes), and its picture a pure function of the town,
//! the pose and the time. Deliberately absent: threads, clocks, GStreamer.

mod camera_site;

pub use camera_site::{CameraSite, Codec, Mount, StreamSpec};

/// A town with its cameras.
#[derive(Debug, Clone)]
pub struct Town {
    /// What the town was made from.
    pub seed: u64,
    /// Fixed cameras first, then domes; numbers from 1 on.
    pub sites: Vec<CameraSite>,
}

impl Town {
    /// The town of `seed` with `cameras` cameras in all, the last `domes` of them speed domes.
    pub fn generate(seed: u64, cameras: u32, domes: u32) -> Self {
        let first_dome = cameras.saturating_sub(domes);
        Self {
            seed,
            sites: (0..cameras)
                .map(|i| CameraSite::draft(i + 1, i >= first_dome))
                .collect(),
        }
    }
}
