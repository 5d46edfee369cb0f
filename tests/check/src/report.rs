//! `report.json`: what the tour did and saw.
//!
//! Invariant: every figure was measured by this run. Deliberately absent: targets and verdicts.

use crate::measure::TileFigures;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use vedetta::station::Delivery;

/// One step of the tour.
#[derive(Debug, Serialize)]
pub struct Step {
    pub name: &'static str,
    pub ok: bool,
    pub screenshot: String,
    pub detail: String,
}

/// Pixels of the reserved hue, searched in everything that was shown or saved.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Leak {
    pub frames_searched: u64,
    pub leaked_pixels: u64,
}

/// Events of the audit path, as counted by the outbox and by verified proofs.
#[derive(Debug, Default, Serialize)]
pub struct Events {
    pub written: u64,
    pub durable: u64,
    pub included: u64,
    pub verified: u64,
}

impl From<&Delivery> for Events {
    fn from(delivery: &Delivery) -> Self {
        Self {
            written: delivery.written,
            durable: delivery.durable,
            included: delivery.included,
            verified: delivery.verified,
        }
    }
}

/// The exported file, read again from the disk.
#[derive(Debug, Default, Serialize)]
pub struct ExportCheck {
    pub path: Option<PathBuf>,
    pub frames: u64,
    pub verified: bool,
}

/// The whole report.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub steps: Vec<Step>,
    pub tiles: Vec<TileFigures>,
    pub leak: Leak,
    pub events: Events,
    pub export: ExportCheck,
}

impl Report {
    /// Every step went well and nothing leaked.
    pub fn is_good(&self) -> bool {
        self.steps.iter().all(|step| step.ok) && self.leak.leaked_pixels == 0
    }

    /// Writes `report.json` into a folder.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::other)?;
        std::fs::write(folder.join("report.json"), text + "\n")
    }
}

/// Reads an exported MP4 again: counts its samples from the sample-size box and compares the digest that the log has.
pub fn check_export(path: &Path, sha256: &str) -> std::io::Result<ExportCheck> {
    let bytes = std::fs::read(path)?;
    let frames = sample_count(&bytes).unwrap_or(0);
    let verified = frames > 0 && hex::encode(Sha256::digest(&bytes)) == sha256;
    Ok(ExportCheck {
        path: Some(path.to_path_buf()),
        frames,
        verified,
    })
}

/// Samples of the first track: `moov/trak/mdia/minf/stbl/stsz` (ISO/IEC 14496-12 §8.7.3).
fn sample_count(mut bytes: &[u8]) -> Option<u64> {
    for name in [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsz"] {
        bytes = child_box(bytes, name)?;
    }
    Some(u64::from(u32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?)))
}

fn child_box<'a>(mut bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    loop {
        let short = u64::from(u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?));
        let kind = bytes.get(4..8)?;
        let (header, size) = match short {
            0 => (8, bytes.len() as u64),
            1 => (16, u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?)),
            size => (8, size),
        };
        let size = usize::try_from(size).ok().filter(|size| *size >= header)?;
        let content = bytes.get(header..size)?;
        if kind == name {
            return Some(content);
        }
        bytes = bytes.get(size..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut out = ((content.len() + 8) as u32).to_be_bytes().to_vec();
        out.extend_from_slice(name);
        out.extend_from_slice(content);
        out
    }

    #[test]
    fn samples_are_counted_from_the_file_itself() {
        let mut stsz = vec![0; 8];
        stsz.extend_from_slice(&250_u32.to_be_bytes());
        let nested =
            [b"stbl", b"minf", b"mdia", b"trak", b"moov"]
                .into_iter()
                .fold(boxed(b"stsz", &stsz), |inner, name| {
                    let mut content = boxed(b"free", &[0; 3]);
                    content.extend(inner);
                    boxed(name, &content)
                });
        assert_eq!(sample_count(&nested), Some(250));
        assert_eq!(sample_count(&nested[..nested.len() - 20]), None);
        assert_eq!(sample_count(b"not a film"), None);
    }
}
