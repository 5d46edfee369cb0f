//! A snapshot: a picture as it is shown, cover included, as a PNG in the evidence folder. A live one is taken from the main
//! stream, whatever the tile shows; one of a recording is the picture the playback stands at.
//!
//! Invariant: the file holds no pixel that the screen would not show; it appears whole or not at all; under the picture
//! stand camera, place, date and hour; its SHA-256 is in the outcome event. Whatever is opened for it is opened after its
//! event is durable.
//! Deliberately absent: originals; seals and labels, which are not built yet.

use super::playback::Playback;
use super::view::LiveView;
use super::view_stream::{Stream, StreamFigures, ViewState};
use crate::domain::audit::details::live::Snapshot;
use crate::domain::camera::StreamRole;
use crate::domain::live::stream_selection::Attention;
use crate::domain::people::Action;
use crate::domain::people::clearance::Use;
use crate::domain::privacy::Cover;
use crate::domain::site::CameraPlan;
use crate::media::frame::{Frame, FrameSlot};
use crate::media::snapshot::encode_png;
use crate::station::camera::frame_cover::FrameCover;
use crate::station::camera::plan_in_force::ZONE;
use crate::station::record::health::Need;
use crate::station::record::outbox::{create_private_dir, replace_file};
use crate::station::refusal::{CameraTrouble, Refusal, TroubleKind};
use crate::station::session::authorised_act::{Act, Intent, Right};
use crate::station::session::signed_in::Session;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Longest wait for the first picture of the main stream.
const MAIN_WITHIN: Duration = Duration::from_secs(8);
/// What stands in the name of a file that was written, and under its picture, while this machine's clock was wrong.
const CLOCK_WRONG: &str = "orologio-errato";

/// A picture with what must not be seen of it, and its time.
struct Taken {
    frame: Arc<Frame>,
    cover: Arc<Cover>,
    at: Timestamp,
}

impl Taken {
    /// A picture that came live, under the cover it has now.
    ///
    /// # Errors
    /// [`Refusal::Covered`] when nothing of it may be seen.
    fn live(frame: Arc<Frame>, cover: Arc<Cover>, now: Instant) -> Result<Self, Refusal> {
        let age = now.saturating_duration_since(frame.arrived);
        let at = Timestamp::now().checked_sub(age).unwrap_or_else(|_| Timestamp::now());
        Self { frame, cover, at }.seen()
    }

    fn seen(self) -> Result<Self, Refusal> {
        match *self.cover {
            Cover::Whole(_) => Err(Refusal::Covered),
            Cover::Parts(_) => Ok(self),
        }
    }
}

impl Session {
    /// Saves the picture of a view as PNG, cover included: from the camera's main stream, opened for it where the view shows
    /// another one; as it is shown where the camera gives no main stream now. Returns where; beside it the proof of its entry will
    /// lie once the log has signed it.
    ///
    /// # Errors
    /// [`Refusal::Covered`] when nothing of it may be seen, the disk, or who refuses.
    pub async fn snapshot(&self, view: &LiveView) -> Result<PathBuf, Refusal> {
        if view.stream() != StreamRole::Main {
            let act = self.0.intend(live_intent(view.camera(), StreamRole::Main)).await?;
            let taken = self.first_of_main(view, &act).await;
            match self.keep(act, view.camera(), taken).await {
                // Two streams at once are more than some cameras give.
                Err(Refusal::Camera(trouble)) => {
                    tracing::info!(camera = %view.camera().id, %trouble, "the snapshot is taken from the stream shown");
                }
                kept => return kept,
            }
        }
        let act = self.0.intend(live_intent(view.camera(), view.stream())).await?;
        let taken = view.slot().latest().ok_or_else(no_picture).and_then(|frame| {
            let now = Instant::now();
            Taken::live(frame, view.cover(now), now)
        });
        self.keep(act, view.camera(), taken).await
    }

    /// Saves the picture that a playback stands at as PNG, under the cover of its own time. It is a copy of a recording, so it
    /// takes the right to one, and a clearance that lets copies be taken where one is needed. Returns where.
    ///
    /// # Errors
    /// [`Refusal::Covered`], the refusal of a copy, the disk.
    pub async fn snapshot_of_recording(&self, playback: &Playback) -> Result<PathBuf, Refusal> {
        let camera = playback.camera();
        let frame = playback.slot().latest().ok_or_else(no_picture)?;
        let ms = frame.recorded_ms.ok_or_else(no_picture)?;
        let mut intent = Intent::new(Snapshot::default(), camera, Right::Grant(Action::Export), Need::Server);
        intent.media = Some((ms, ms.saturating_add(1)));
        if let Some(clearance) = self.0.clearances.under(&camera.id, Use::Export, ms) {
            intent.put_under(clearance);
        }
        let act = self.0.intend(intent).await?;
        let cover = playback.cover(Some(ms));
        let at = Timestamp::from_millisecond(ms).map_err(|_| no_picture());
        let taken = at.and_then(|at| Taken { frame, cover, at }.seen());
        self.keep(act, camera, taken).await
    }

    /// The first picture of the main stream of which something may be seen, for as long as it takes.
    ///
    /// # Errors
    /// [`Refusal::Camera`] when the stream does not come in [`MAIN_WITHIN`], [`Refusal::Covered`], what ends the act.
    async fn first_of_main(&self, view: &LiveView, act: &Act) -> Result<Taken, Refusal> {
        let slot = FrameSlot::default();
        let (state, mut stands) = watch::channel(ViewState::Connecting);
        let (figures, figured) = watch::channel(StreamFigures::default());
        let (_attention, attention) = watch::channel(Attention::Whole);
        let stream = Stream {
            cameras: Arc::clone(&self.0.cameras),
            plan: view.camera().clone(),
            role: StreamRole::Main,
            proof: act.recorded().clone(),
            slot: slot.clone(),
            on_picture: None,
            state,
            figures,
            attention,
        };
        let cover = FrameCover::new(None);
        let picture = async {
            let mut seen = 0;
            loop {
                slot.changed(seen).await;
                seen = slot.count();
                let (Some(frame), now) = (slot.latest(), Instant::now()) else {
                    continue;
                };
                let came = frame.came().behind_at_least(figured.borrow().on_arrival);
                let cover = cover.at(view.watched(), came, now);
                if let Ok(taken) = Taken::live(frame, cover, now) {
                    return taken;
                }
            }
        };
        let broken = async {
            let broken = stands
                .wait_for(|state| matches!(state, ViewState::Retrying { .. }))
                .await;
            match broken.as_deref() {
                Ok(ViewState::Retrying { trouble, .. }) => trouble.clone().into(),
                _ => no_picture(),
            }
        };
        tokio::select! {
            taken = picture => Ok(taken),
            refusal = broken => Err(refusal),
            refusal = self.0.until_forbidden(Need::Act) => Err(refusal),
            () = stream.run() => Err(no_picture()),
            () = tokio::time::sleep(MAIN_WITHIN) => Err(if slot.count() > 0 { Refusal::Covered } else { no_picture() }),
        }
    }
}

fn live_intent(camera: &CameraPlan, stream: StreamRole) -> Intent<'_> {
    let mut intent = Intent::new(Snapshot::default(), camera, Right::Grant(Action::Live), Need::Act);
    intent.stream = Some(stream);
    intent
}

fn no_picture() -> Refusal {
    CameraTrouble::new(TroubleKind::NoStream, "no picture has come yet").into()
}

impl Session {
    /// Writes the file of a snapshot and records what became of it.
    async fn keep(&self, act: Act, camera: &CameraPlan, taken: Result<Taken, Refusal>) -> Result<PathBuf, Refusal> {
        let written = match taken {
            Ok(taken) => self.write(camera, taken).await,
            Err(refusal) => Err(refusal),
        };
        let (path, sha256) = match written {
            Ok(written) => written,
            Err(refusal) => return Err(act.failed(refusal).await),
        };
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let snapshot = Snapshot {
            file,
            sha256: Some(sha256),
        };
        let entry = act.done_with(snapshot).await?;
        // Without its proof the file is still what the log says it is.
        drop(self.0.station.proofs.wish(&entry, &path).await);
        Ok(path)
    }

    async fn write(&self, camera: &CameraPlan, taken: Taken) -> Result<(PathBuf, String), Refusal> {
        let path = self
            .0
            .station
            .evidence
            .join(self.evidence_name(camera.id.as_str(), "png"));
        let caption = caption(camera, taken.at, self.clock_is_wrong());
        let written = tokio::task::spawn_blocking(move || write(&path, &taken, &caption)).await;
        written.map_err(|error| Refusal::Disk {
            detail: error.to_string(),
        })?
    }

    fn clock_is_wrong(&self) -> bool {
        self.0.station.health.borrow().clock.is_some()
    }

    /// A file name that says camera and moment (UTC), and that the moment is wrong where it is.
    pub(super) fn evidence_name(&self, camera: &str, extension: &str) -> String {
        name_of(camera, Timestamp::now(), self.clock_is_wrong(), extension)
    }
}

fn name_of(camera: &str, time: Timestamp, wrong: bool, extension: &str) -> String {
    let wrong = if wrong {
        format!("-{CLOCK_WRONG}")
    } else {
        String::new()
    };
    format!("{camera}-{}{wrong}.{extension}", time.strftime("%Y%m%dT%H%M%S%3fZ"))
}

/// What stands under the picture: camera and place; date and hour there, with what they are counted by.
fn caption(camera: &CameraPlan, at: Timestamp, wrong: bool) -> [String; 2] {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let time = at.to_zoned(zone).strftime("%d/%m/%Y %H:%M:%S %Z").to_string();
    let time = if wrong { format!("{time} ({CLOCK_WRONG})") } else { time };
    [format!("{} · {} · {}", camera.number, camera.name, camera.place), time]
}

fn write(path: &Path, taken: &Taken, caption: &[String]) -> Result<(PathBuf, String), Refusal> {
    let disk = |detail: String| Refusal::Disk { detail };
    let png = encode_png(&taken.frame, &taken.cover, caption).map_err(|error| disk(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    create_private_dir(folder)
        .and_then(|()| replace_file(path, &png))
        .map_err(|error| disk(error.to_string()))?;
    Ok((path.to_owned(), hex::encode(Sha256::digest(&png))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_says_that_its_moment_is_wrong_where_it_is() {
        let time = Timestamp::from_second(980_000_000).unwrap();
        assert_eq!(name_of("cam-01", time, false, "png"), "cam-01-20010120T141320000Z.png");
        assert_eq!(
            name_of("cam-01", time, true, "png"),
            "cam-01-20010120T141320000Z-orologio-errato.png"
        );
    }
}
