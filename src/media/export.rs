//! A range of a recording into an MP4 file: bit for bit as the camera coded it, or covered and encoded anew.
//!
//! Invariant: `path` either holds the whole, flushed file, and somebody kept it, or does not exist; a failed or cancelled export
//! leaves nothing; in an obscured copy no picture reaches the encoder before its cover is laid.
//! Deliberately absent: which copy is right and what the cover is (the station); seals and labels, which are not built yet.

mod file;
mod half;
mod holes;
mod mux;
mod original;
mod recorder;
mod redacted;
mod trim;

#[cfg(test)]
pub(crate) use file::Partial;
pub use file::{Unclaimed, remove_remnants};

use super::error::{LiveError, LiveErrorKind};
use crate::domain::privacy::Cover;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// The order for an export.
#[derive(Clone)]
pub struct ExportRequest {
    /// The replay URI.
    pub url: String,
    pub user: String,
    pub password: SecretString,
    /// Unix milliseconds.
    pub from_ms: i64,
    /// Unix milliseconds.
    pub to_ms: i64,
    /// The name the file gets when it is claimed; must not exist.
    pub path: PathBuf,
    pub copy: CopyKind,
}

/// Which copy is made.
#[derive(Clone)]
pub enum CopyKind {
    /// The coded pictures as they are.
    Original,
    /// Decoded, covered, encoded anew as H.264.
    Obscured(Obscure),
}

/// How a copy is obscured.
#[derive(Clone)]
pub struct Obscure {
    /// The cover of the picture of a time of recording, Unix milliseconds.
    pub cover: Arc<dyn Fn(i64) -> Cover + Send + Sync>,
    /// The file's own remark, in its comment.
    pub remark: String,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ExportProgress {
    /// 0..1.
    pub done: f64,
    /// Bytes of coded video so far.
    pub bytes: u64,
}

/// The figures of a finished export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportReport {
    pub frames: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Of the whole file, lower-case hexadecimal.
    pub sha256: String,
    /// Time of recording of the first frame in the file, Unix milliseconds. In an original copy it may lie before `from_ms`
    /// by less than one group of pictures: a picture cannot be decoded without its key frame.
    pub first_ms: i64,
    /// Time of recording of the last frame in the file, Unix milliseconds.
    pub last_ms: i64,
    /// Of an obscured copy.
    pub covered: CoveredFrames,
}

/// How many frames of a copy have a cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CoveredFrames {
    /// Nothing of the picture shows.
    pub whole: u64,
    /// A part of the picture is covered.
    pub partly: u64,
}

/// Why an export failed. Nothing is left on the disk.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the recorder: {0}")]
    Stream(#[from] LiveError),
    #[error("the disk is full")]
    DiskFull,
    #[error("the disk: {0}")]
    Disk(#[source] std::io::Error),
    #[error("a file of that name exists")]
    Exists,
    #[error("nothing is recorded in that range")]
    NothingRecorded,
    /// Nothing is recorded for a while inside the range: one file would show the picture before it all the time.
    #[error("nothing is recorded from {from_ms} ms to {to_ms} ms")]
    Hole {
        /// The last time before, and the first one after it, Unix milliseconds.
        from_ms: i64,
        to_ms: i64,
    },
    /// The recorder's clock was put back inside the range: times of recording repeat, and one file cannot hold both.
    #[error("the recorder's times go back from {at_ms} ms to {to_ms} ms")]
    ClockSetBack {
        /// The last time before, and the first one after it, Unix milliseconds.
        at_ms: i64,
        to_ms: i64,
    },
}

/// Exports, on a thread of its own. Dropping the future cancels and removes the partial file. `progress` is called
/// about four times a second, on that thread. The file has no name before [`Unclaimed::keep`].
///
/// # Errors
/// [`ExportError`]: the recorder, the disk, a file of that name, or nothing recorded in the range.
pub async fn run(
    request: ExportRequest,
    progress: impl Fn(ExportProgress) + Send + 'static,
) -> Result<(ExportReport, Unclaimed), ExportError> {
    let cancelled = CancelOnDrop(Arc::default());
    let (tell, told) = oneshot::channel();
    let flag = Arc::clone(&cancelled.0);
    std::thread::Builder::new()
        .name("media-export".to_owned())
        .spawn(move || {
            if tell.send(recorder::run(&request, &progress, &flag)).is_err() {
                tracing::info!("an export ended that nobody waits for");
            }
        })
        .map_err(ExportError::Disk)?;
    told.await.unwrap_or_else(|_| {
        let detail = "the thread of the export ended without a result";
        Err(ExportError::Stream(LiveError::new(LiveErrorKind::BrokenStream, detail)))
    })
}

/// Tells the thread that nobody wants the file any more.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
