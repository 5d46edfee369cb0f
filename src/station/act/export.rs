//! An export: a range of a recording into a file, with its SHA-256 in the log (R-EXP-1, R-EXP-3).
//!
//! Invariant: no byte of a file before the durable intent with who, why, protocol number and which copy; what a camera with
//! masks gives out is an obscured copy, under the cover of playback (R-PRV-1), and the events say so and by which version of
//! the plan; every other copy is the original, not encoded anew; an operator's is bound to cameras and times of a clearance
//! (R-EXP-5). Deliberately absent: obscuring persons (R-EXP-4), the second copy, label, receipt and seal (R-EXP-2): not built yet.

use super::playback::{find_recording, recorded_poses};
use crate::domain::audit::details::recordings::{CopyWord, ExportEnd, ExportStart};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::CameraId;
use crate::domain::people::clearance::Use;
use crate::domain::people::{Action, Purpose};
use crate::domain::site::CameraPlan;
use crate::media::export::{self, CopyKind, ExportError, ExportReport, ExportRequest, Obscure, Unclaimed};
use crate::station::camera::orientation_check;
use crate::station::camera::recorded_cover::RecordedSight;
use crate::station::record::health::Need;
use crate::station::record::outbox::create_private_dir;
use crate::station::refusal::Refusal;
use crate::station::session::authorised_act::{Act, Intent, Right};
use crate::station::session::signed_in::Session;
use std::path::PathBuf;
use std::sync::Arc;
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
    /// Times of recording of the first and the last frame, Unix milliseconds.
    pub first_ms: i64,
    pub last_ms: i64,
    /// Of the whole file, lower-case hexadecimal.
    pub sha256: String,
    /// `None`: the original.
    pub obscured: Option<Obscured>,
    /// Where the proof of its entry will lie once the log has signed it; `None` where the disk refuses to keep the wish for one.
    pub proof: Option<PathBuf>,
}

/// What an obscured copy shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Obscured {
    /// Version of the plan whose masks it has.
    pub plan_version: u64,
    /// Frames that show nothing, because it is not known where the dome looked.
    pub whole: u64,
    /// Frames of which a part is covered.
    pub partly: u64,
}

/// What an export is made from, and how.
pub(in crate::station) struct Order<'a> {
    pub(in crate::station) camera: &'a CameraPlan,
    /// Unix milliseconds.
    pub(in crate::station) range: (i64, i64),
    /// Version of the plan at the intent.
    pub(in crate::station) plan_version: u64,
}

impl Order<'_> {
    fn is_obscured(&self) -> bool {
        self.camera.hides_anything()
    }

    /// What the events say of the copy.
    fn copy(&self) -> ExportStart {
        let obscured = self.is_obscured();
        let copy = if obscured {
            CopyWord::Obscured
        } else {
            CopyWord::Original
        };
        ExportStart {
            copy: Some(copy),
            re_encoded: Some(obscured),
            plan_version: Some(self.plan_version),
            ..ExportStart::default()
        }
    }
}

impl Session {
    /// Exports a range to MP4, with its SHA-256: of a camera with masks an obscured copy, of any other the original.
    /// Progress comes on the channel.
    ///
    /// # Errors
    /// Who or what refuses; [`Refusal::NoPoseRecorded`] when nothing of it may be shown, [`Refusal::PlanChanged`] when the masks
    /// changed meanwhile. Nothing is left on the disk.
    pub async fn export(
        &self,
        camera: &CameraId,
        from_ms: i64,
        to_ms: i64,
        reason: ExportReason,
        progress: watch::Sender<ExportProgress>,
    ) -> Result<Exported, Refusal> {
        let site = self.plan();
        let plan = self.0.camera(camera)?;
        let order = Order {
            camera: &plan,
            range: (from_ms, to_ms),
            plan_version: site.version,
        };
        let clearance = self.0.clearances.under(camera, Use::Export, from_ms);
        let under = clearance.map(|clearance| clearance.id);
        let start = ExportStart {
            reason: Some(short(&reason.reason)),
            clearance: under,
            ..order.copy()
        };
        let mut intent = Intent::new(start, &plan, Right::Grant(Action::Export), Need::Server);
        intent.media = Some((from_ms, to_ms));
        intent.purpose = Some(reason.purpose);
        intent.protocol_no = short(&reason.protocol_no);
        let act = self.0.intend(intent).await?;
        let written = tokio::select! {
            written = self.write_export(&act, &order, progress) => written,
            ended = self.0.clearances.until_over(under) => Err(ended),
        };
        match written {
            Ok((path, file, report)) => self.exported(act, &order, (path, file), report).await,
            Err(refusal) => Err(act.failed(refusal).await),
        }
    }

    async fn write_export(
        &self,
        act: &Act,
        order: &Order<'_>,
        progress: watch::Sender<ExportProgress>,
    ) -> Result<(PathBuf, Unclaimed, ExportReport), Refusal> {
        let (from_ms, to_ms) = order.range;
        let camera = &order.camera.id;
        let found = find_recording(&self.0.cameras, &self.0.policy, act, camera, order.range).await?;
        let poses = recorded_poses(order.camera, &found, order.range).await;
        if order.is_obscured() && poses.as_ref().is_some_and(|poses| poses.is_empty()) {
            return Err(Refusal::NoPoseRecorded);
        }
        let turned = orientation_check::is_turned(&found.connection.camera, order.camera).await;
        let sight = RecordedSight::new(&self.0.policy, order.camera, poses, &self.0.station.pose_source);
        let sight = Arc::new(sight.turned(turned));
        let folder = self.0.station.evidence.clone();
        let ending = if order.is_obscured() { "obscured.mp4" } else { "mp4" };
        let path = folder.join(self.evidence_name(camera.as_str(), ending));
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
            copy: copy_kind(order, &sight),
        };
        let report = export::run(request, move |now| {
            progress.send_replace(ExportProgress {
                done: now.done,
                bytes: now.bytes,
            });
        });
        let (report, file) = report.await?;
        if !sight.is_unchanged() {
            Err(Refusal::PlanChanged)
        } else if report.covered.whole == report.frames {
            Err(Refusal::NoPoseRecorded)
        } else {
            Ok((path, file, report))
        }
    }

    /// An export whose outcome is not recorded does not exist: its file has no name before, and goes, also when nobody waits
    /// any more.
    pub(in crate::station) async fn exported(
        &self,
        act: Act,
        order: &Order<'_>,
        (path, unclaimed): (PathBuf, Unclaimed),
        report: ExportReport,
    ) -> Result<Exported, Refusal> {
        let file = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let obscured = order.is_obscured();
        let end = ExportEnd {
            file: Some(file),
            sha256: Some(report.sha256.clone()),
            bytes: Some(report.bytes),
            frames: Some(report.frames),
            first_ms: Some(report.first_ms),
            last_ms: Some(report.last_ms),
            covered_whole: obscured.then_some(report.covered.whole),
            covered_partly: obscured.then_some(report.covered.partly),
            ..ExportEnd::default()
        };
        let entry = act.also(end, Outcome::Done).await?;
        let named = tokio::task::spawn_blocking(move || unclaimed.keep()).await;
        if let Err(error) = named
            .map_err(|error| ExportError::Disk(std::io::Error::other(error)))
            .flatten()
        {
            return Err(act.failed(error.into()).await);
        }
        // Without its proof the copy is still what the log says it is.
        let proof = self.0.station.proofs.wish(&entry, &path).await;
        act.done(None).await?;
        let obscured = Obscured {
            plan_version: order.plan_version,
            whole: report.covered.whole,
            partly: report.covered.partly,
        };
        Ok(Exported {
            path,
            frames: report.frames,
            first_ms: report.first_ms,
            last_ms: report.last_ms,
            sha256: report.sha256,
            obscured: order.is_obscured().then_some(obscured),
            proof,
        })
    }
}

fn copy_kind(order: &Order<'_>, sight: &Arc<RecordedSight>) -> CopyKind {
    if !order.is_obscured() {
        return CopyKind::Original;
    }
    let sight = Arc::clone(sight);
    CopyKind::Obscured(Obscure {
        cover: Arc::new(move |recorded_ms| sight.cover(Some(recorded_ms))),
        remark: format!(
            "Copia oscurata, ricodificata; obscured copy, encoded anew. Camera {}, plan version {}.",
            order.camera.id, order.plan_version
        ),
    })
}

impl From<ExportError> for Refusal {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Stream(error) => Self::Camera(error.into()),
            ExportError::NothingRecorded => Self::NothingRecorded,
            ExportError::Hole { from_ms, to_ms } => Self::HoleRecorded { from_ms, to_ms },
            ExportError::ClockSetBack { at_ms, to_ms } => Self::ClockSetBack { at_ms, to_ms },
            ExportError::DiskFull | ExportError::Disk(_) | ExportError::Exists => Self::Disk {
                detail: error.to_string(),
            },
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_REASON).collect()
}
