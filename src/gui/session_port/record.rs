//! Recordings and copies: snapshot, playback, export.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, Feed, SignedIn, act};
use crate::domain::camera::CameraId;
use crate::domain::privacy::Cover;
use crate::media::frame::FrameSlot;
use crate::station::{ExportProgress, ExportReason, Exported, Playback, PlaybackState, RecordedSpan, Refusal, Session};
use futures::future::BoxFuture;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// Recordings, and what is copied out of them.
pub trait Record: SignedIn {
    /// Saves the picture of a live view from the camera's main stream, cover included, as PNG. Returns the file.
    fn snapshot(&self, feed: Arc<dyn Feed>) -> Answer<PathBuf>;
    /// Saves the picture that a playback stands at, cover included, as PNG. Returns the file.
    fn snapshot_of_recording(&self, reel: Arc<dyn Reel>) -> Answer<PathBuf>;
    /// Spans of a camera's recording between two moments, Unix ms.
    fn recorded(&self, camera: CameraId, from_ms: i64, to_ms: i64) -> Answer<Vec<RecordedSpan>>;
    /// Opens a playback of a span, Unix ms.
    fn play(&self, camera: CameraId, from_ms: i64, to_ms: i64) -> Answer<Arc<dyn Reel>>;
    /// Exports a span: of a camera with masks an obscured copy, of any other the original. Tells its progress.
    fn export(&self, wish: ExportWish, progress: watch::Sender<ExportProgress>) -> Answer<Exported>;
}

/// What to export and why.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportWish {
    pub camera: CameraId,
    pub from_ms: i64,
    pub to_ms: i64,
    pub reason: ExportReason,
}

/// A playback. Dropping it stops and records the close.
pub trait Reel: Send + Sync {
    fn slot(&self) -> &FrameSlot;
    fn state(&self) -> PlaybackState;
    fn cover(&self, recorded_ms: Option<i64>) -> Arc<Cover>;
    fn pause(&self, paused: bool);
    fn seek(&self, to_ms: i64) -> BoxFuture<'_, Result<(), Refusal>>;
    /// The station's own playback, when there is one behind this reel.
    fn playback(&self) -> Option<&Playback>;
}

impl Record for Session {
    fn snapshot(&self, feed: Arc<dyn Feed>) -> Answer<PathBuf> {
        act(self, async move |session| match feed.live() {
            Some(view) => session.snapshot(view).await,
            None => Err(Refusal::NotSupported),
        })
    }

    fn snapshot_of_recording(&self, reel: Arc<dyn Reel>) -> Answer<PathBuf> {
        act(self, async move |session| match reel.playback() {
            Some(playback) => session.snapshot_of_recording(playback).await,
            None => Err(Refusal::NotSupported),
        })
    }

    fn recorded(&self, camera: CameraId, from_ms: i64, to_ms: i64) -> Answer<Vec<RecordedSpan>> {
        act(self, async move |session| {
            session.recorded(&camera, from_ms, to_ms).await
        })
    }

    fn play(&self, camera: CameraId, from_ms: i64, to_ms: i64) -> Answer<Arc<dyn Reel>> {
        act(self, async move |session| {
            let playback = session.play(&camera, from_ms, to_ms).await?;
            Ok(Arc::new(playback) as Arc<dyn Reel>)
        })
    }

    fn export(&self, wish: ExportWish, progress: watch::Sender<ExportProgress>) -> Answer<Exported> {
        act(self, async move |session| {
            session
                .export(&wish.camera, wish.from_ms, wish.to_ms, wish.reason, progress)
                .await
        })
    }
}

impl Reel for Playback {
    fn slot(&self) -> &FrameSlot {
        Playback::slot(self)
    }
    fn state(&self) -> PlaybackState {
        Playback::state(self).borrow().clone()
    }
    fn cover(&self, recorded_ms: Option<i64>) -> Arc<Cover> {
        Playback::cover(self, recorded_ms)
    }
    fn pause(&self, paused: bool) {
        Playback::pause(self, paused);
    }
    fn seek(&self, to_ms: i64) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(Playback::seek(self, to_ms))
    }
    fn playback(&self) -> Option<&Playback> {
        Some(self)
    }
}
