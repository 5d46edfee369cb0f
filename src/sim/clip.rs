//! An encoded loop of a fixed camera, and its file in the cache.
//!
//! Invariant: frame `i` shows the town at `i · 1000 / fps` milliseconds of its loop; every whole second starts with a
//! key frame, and so does the clip. A damaged file is never used. Deliberately absent: encoding (see `encode`).

use std::fs;
use std::io;
use std::path::Path;

const MAGIC: &[u8; 8] = b"VDTCLIP1";
const KEY: u32 = 1 << 31;

/// One access unit, Annex B byte stream, with parameter sets before key frames.
#[derive(Debug, Clone)]
pub struct Frame {
    pub buffer: gstreamer::Buffer,
    pub key: bool,
}

/// A loop of access units.
#[derive(Debug, Clone)]
pub struct Clip {
    /// Frames per second.
    pub fps: u32,
    pub frames: Vec<Frame>,
}

impl Clip {
    /// Where the frame that shows loop position `at_ms` is.
    pub fn index_at(&self, at_ms: u64) -> usize {
        (at_ms * u64::from(self.fps) / 1000) as usize % self.frames.len().max(1)
    }

    /// The key frame at or before `index`.
    pub fn key_before(&self, index: usize) -> usize {
        (0..=index.min(self.frames.len().saturating_sub(1)))
            .rev()
            .find(|i| self.frames[*i].key)
            .unwrap_or(0)
    }

    /// Reads a cached clip; `None` when the file is absent or damaged.
    pub fn read(path: &Path, fps: u32) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
        if crc32c::crc32c(body).to_be_bytes() != sum {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        let mut frames = Vec::new();
        while !rest.is_empty() {
            let (head, tail) = rest.split_first_chunk::<4>()?;
            let word = u32::from_be_bytes(*head);
            let (data, tail) = tail.split_at_checked((word & !KEY) as usize)?;
            frames.push(Frame {
                buffer: gstreamer::Buffer::from_slice(data.to_vec()),
                key: word & KEY != 0,
            });
            rest = tail;
        }
        (frames.first()?.key).then_some(Self { fps, frames })
    }

    /// Writes the clip beside its name and renames it into place.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut bytes = MAGIC.to_vec();
        for frame in &self.frames {
            let map = frame.buffer.map_readable().map_err(io::Error::other)?;
            let word = map.len() as u32 | if frame.key { KEY } else { 0 };
            bytes.extend(word.to_be_bytes());
            bytes.extend(map.as_slice());
        }
        bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
        let draft = path.with_extension(format!("{}.part", std::process::id()));
        fs::write(&draft, bytes)?;
        fs::rename(draft, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip() -> Clip {
        let frame = |n: u8, key| Frame {
            buffer: gstreamer::Buffer::from_slice(vec![n; 10]),
            key,
        };
        Clip {
            fps: 25,
            frames: vec![frame(1, true), frame(2, false), frame(3, false), frame(4, true)],
        }
    }

    #[test]
    fn a_cached_clip_reads_back_and_a_damaged_one_does_not() {
        gstreamer::init().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.clip");
        clip().write(&path).unwrap();
        let back = Clip::read(&path, 25).unwrap();
        assert_eq!(
            back.frames.iter().map(|f| f.key).collect::<Vec<_>>(),
            [true, false, false, true]
        );
        assert_eq!(back.frames[2].buffer.map_readable().unwrap().as_slice(), [3; 10]);
        let mut bytes = fs::read(&path).unwrap();
        bytes[14] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(Clip::read(&path, 25).is_none());
    }

    #[test]
    fn positions_find_their_frame_and_key_frame() {
        gstreamer::init().unwrap();
        let clip = clip();
        assert_eq!(
            (
                clip.index_at(0),
                clip.index_at(79),
                clip.index_at(80),
                clip.index_at(160)
            ),
            (0, 1, 2, 0)
        );
        assert_eq!((clip.key_before(2), clip.key_before(3)), (0, 3));
    }
}
