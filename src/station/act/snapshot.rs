//! A snapshot: the picture as it is shown now, cover included, as a PNG in the evidence folder.
//!
//! Invariant: the file holds no pixel that the screen would not show; it appears whole or not at all; its SHA-256 is in
//! the outcome event.
//! Deliberately absent: originals; seals and labels, which are not built yet.

use super::view::LiveView;
use crate::domain::audit::details::live::Snapshot;
use crate::domain::people::Action;
use crate::domain::privacy::Cover;
use crate::media::frame::Frame;
use crate::media::snapshot::encode_png;
use crate::station::record::health::Need;
use crate::station::record::outbox::{create_private_dir, replace_file};
use crate::station::refusal::{CameraTrouble, Refusal, TroubleKind};
use crate::station::session::authorised_act::{Act, Intent, Right};
use crate::station::session::signed_in::{Session, SessionInner};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

impl Session {
    /// Saves the picture as it is shown now, cover included, as PNG. Returns where.
    ///
    /// # Errors
    /// [`Refusal::Covered`] when nothing of it may be seen, the disk, or who refuses.
    pub async fn snapshot(&self, view: &LiveView) -> Result<PathBuf, Refusal> {
        let mut intent = Intent::new(
            Snapshot::default(),
            view.camera(),
            Right::Grant(Action::Live),
            Need::Act,
        );
        intent.stream = Some(view.stream());
        let act = self.0.intend(intent).await?;
        match self.write_snapshot(view, &act).await {
            Ok((path, sha256)) => {
                let file = path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default();
                let snapshot = Snapshot {
                    file: Some(file),
                    sha256: Some(sha256),
                };
                act.done(Some(snapshot.into())).await?;
                Ok(path)
            }
            Err(refusal) => Err(act.failed(refusal).await),
        }
    }

    async fn write_snapshot(&self, view: &LiveView, _act: &Act) -> Result<(PathBuf, String), Refusal> {
        let frame = view.slot().latest().ok_or_else(no_picture)?;
        let cover = view.cover(Instant::now());
        if matches!(*cover, Cover::Whole(_)) {
            return Err(Refusal::Covered);
        }
        let name = self.0.evidence_name(view.camera().id.as_str(), "png");
        let path = self.0.station.evidence.join(name);
        let written = tokio::task::spawn_blocking(move || write(&path, &frame, &cover)).await;
        written.map_err(|error| Refusal::Disk {
            detail: error.to_string(),
        })?
    }
}

fn no_picture() -> Refusal {
    CameraTrouble::new(TroubleKind::NoStream, "no picture has come yet").into()
}

/// What stands in the name of a file that was written while this machine's clock was wrong.
const CLOCK_WRONG: &str = "-orologio-errato";

impl SessionInner {
    /// A file name that says camera and moment (UTC), and that the moment is wrong where it is.
    pub(super) fn evidence_name(&self, camera: &str, extension: &str) -> String {
        let wrong = self.station.health.borrow().clock.is_some();
        name_of(camera, jiff::Timestamp::now(), wrong, extension)
    }
}

fn name_of(camera: &str, time: jiff::Timestamp, wrong: bool, extension: &str) -> String {
    let wrong = if wrong { CLOCK_WRONG } else { "" };
    format!("{camera}-{}{wrong}.{extension}", time.strftime("%Y%m%dT%H%M%S%3fZ"))
}

fn write(path: &Path, frame: &Arc<Frame>, cover: &Cover) -> Result<(PathBuf, String), Refusal> {
    let disk = |detail: String| Refusal::Disk { detail };
    let png = encode_png(frame, cover).map_err(|error| disk(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    create_private_dir(folder)
        .and_then(|()| replace_file(path, &png))
        .map_err(|error| disk(error.to_string()))?;
    Ok((path.to_owned(), hex::encode(Sha256::digest(&png))))
}
