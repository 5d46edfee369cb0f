//! An export: a range of a recording into a file, original, with its SHA-256 in the log (R-EXP-1, R-EXP-3).
//!
//! Invariant: no byte of a file before the durable intent with who, why and protocol number; the original of a camera
//! with masks is not given out, because it would show what they hide; an operator's is bound to cameras and times of a
//! clearance (R-EXP-5).
//! Deliberately absent: redacted copies, the second copy, label, receipt and seal (later issues).

use super::health::Need;
use super::outbox::create_private_dir;
use super::refusal::Refusal;
use super::road::{Act, Intent, Right, parameters};
use super::session::Session;
use super::snapshot::evidence_name;
use crate::domain::audit::event::Operation;
use crate::domain::camera::CameraId;
use crate::domain::people::clearance::Use;
use crate::domain::people::{Action, Purpose};
use crate::media::export::{self, ExportError, ExportReport, ExportRequest};
use std::path::PathBuf;
use tokio::sync::watch;

/// Longest reason and protocol number written into an event, characters.
const MAX_REASON: usize = 500;

/// Why an export is made (R-EXP-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportReason {
    pub purpose: Purpose,
    pub reason: String,
    pub protocol_no: String,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ExportProgress {
    /// 0..1.
    pub done: f64,
    pub bytes: u64,
}

/// A finished export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub path: PathBuf,
    pub frames: u64,
    /// Of the whole file, lower-case hexadecimal.
    pub sha256: String,
}

impl Session {
    /// Exports a range to MP4 without re-encoding, with its SHA-256. Progress comes on the channel.
    ///
    /// # Errors
    /// Who or what refuses; [`Refusal::MaskedOriginal`] for a camera with masks. Nothing is left on the disk.
    pub async fn export(
        &self,
        camera: &CameraId,
        from_ms: i64,
        to_ms: i64,
        reason: ExportReason,
        progress: watch::Sender<ExportProgress>,
    ) -> Result<Exported, Refusal> {
        let plan = self.0.camera(camera)?;
        let mut intent = Intent::new(
            Operation::ExportStart,
            &plan,
            Right::Grant(Action::Export),
            Need::Server,
        );
        intent.media = Some((from_ms, to_ms));
        intent.purpose = Some(reason.purpose);
        intent.protocol_no = short(&reason.protocol_no);
        intent.parameters = parameters([("reason", short(&reason.reason).into())]);
        if let Some(clearance) = self.0.under(camera, Use::Export, from_ms) {
            intent.parameters.insert("clearance".into(), clearance.id.into());
        }
        let act = self.0.intend(intent).await?;
        match self.write_export(&act, camera, (from_ms, to_ms), progress).await {
            Ok((path, report)) => self.exported(act, path, report).await,
            Err(refusal) => Err(act.failed(refusal).await),
        }
    }

    async fn write_export(
        &self,
        act: &Act,
        camera: &CameraId,
        (from_ms, to_ms): (i64, i64),
        progress: watch::Sender<ExportProgress>,
    ) -> Result<(PathBuf, ExportReport), Refusal> {
        let found = self.0.find_recording(act, camera, from_ms, to_ms).await?;
        let folder = self.0.station.evidence.clone();
        let path = folder.join(evidence_name(camera.as_str(), "mp4"));
        tokio::task::spawn_blocking(move || create_private_dir(&folder))
            .await
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(|error| Refusal::Disk {
                detail: error.to_string(),
            })?;
        let request = ExportRequest {
            url: found.url,
            user: found.connection.credential.user.clone(),
            password: found.connection.credential.password.clone(),
            from_ms,
            to_ms,
            path: path.clone(),
        };
        let report = export::run(request, move |now| {
            progress.send_replace(ExportProgress {
                done: now.done,
                bytes: now.bytes,
            });
        });
        Ok((path, report.await?))
    }

    /// An export whose outcome cannot be recorded does not exist: its file is removed.
    async fn exported(&self, act: Act, path: PathBuf, report: ExportReport) -> Result<Exported, Refusal> {
        let file = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let with = parameters([
            ("file", file.into()),
            ("sha256", report.sha256.clone().into()),
            ("bytes", report.bytes.into()),
            ("frames", report.frames.into()),
            ("first_ms", report.first_ms.into()),
            ("last_ms", report.last_ms.into()),
        ]);
        let recorded = act
            .also(Operation::ExportEnd, crate::domain::audit::event::Outcome::Done, with)
            .await;
        if let Err(refusal) = recorded {
            if let Err(error) = tokio::fs::remove_file(&path).await {
                tracing::error!(%error, "an export that could not be recorded could not be removed");
            }
            return Err(refusal);
        }
        act.done(parameters([])).await?;
        Ok(Exported {
            path,
            frames: report.frames,
            sha256: report.sha256,
        })
    }
}

impl From<ExportError> for Refusal {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Stream(error) => Self::Camera(error.into()),
            ExportError::NothingRecorded => Self::NothingRecorded,
            ExportError::DiskFull | ExportError::Disk(_) | ExportError::Exists => Self::Disk {
                detail: error.to_string(),
            },
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_REASON).collect()
}
