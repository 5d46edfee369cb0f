//! PTZ statuses that a dome pushes in the ONVIF metadata stream beside its video, where it does.
//!
//! Invariant: a status counts by the camera's own time of it, never as newer than it is (`domain::privacy::camera_clock`);
//! whatever is wrong with the stream, the dome is asked as before. It is opened only beside a picture that comes, and closed
//! when none comes any more: a camera with few connections must not give the last one to this instead of to its picture.
//! Deliberately absent: the question (`pose_tracking`), XML and RTP.

use super::connection::Connections;
use super::watched::Watched;
use crate::domain::camera::StreamRole;
use crate::media::error::LiveErrorKind;
use crate::media::metadata::{self, Document, Metadata, MetadataRequest};
use crate::onvif;
use crate::onvif::ptz_spaces::Spaces;
use crate::station::refusal::Refusal;
use std::sync::Weak;
use std::time::{Duration, Instant};

/// Between two tries, at first and at the most.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A picture that is older than this does not come any more; longer than between the key frames of a tile that shows only those.
const SEEN: Duration = Duration::from_secs(10);
/// How often it is looked whether the picture comes.
const LOOK: Duration = Duration::from_millis(500);
/// So many documents in a row that cannot be read end a stream.
const MOST_BROKEN: u32 = 50;

/// Reads the metadata stream of a dome as long as somebody watches it; ends for a camera that sends none.
pub async fn listen(connections: Weak<Connections>, watched: Weak<Watched>) {
    let mut pause = FIRST_PAUSE;
    while until_seen(&connections, &watched).await {
        match open(&connections, &watched).await {
            Ok(None) => return,
            Ok(Some((stream, spaces))) => match read(stream, &spaces, &watched).await {
                Some(LiveErrorKind::NoStream) | None => return,
                Some(_) => {}
            },
            Err(refusal) => tracing::debug!(%refusal, "no metadata"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits for a picture of the dome; `false` when nobody watches any more.
async fn until_seen(connections: &Weak<Connections>, watched: &Weak<Watched>) -> bool {
    loop {
        let ended = connections.upgrade().is_none_or(|connections| connections.has_ended());
        match watched.upgrade() {
            Some(dome) if !ended && dome.is_seen(Instant::now(), SEEN) => return true,
            Some(_) if !ended => {}
            _ => return false,
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Opens the metadata stream; `None` when nobody watches any more.
async fn open(connections: &Weak<Connections>, watched: &Weak<Watched>) -> Result<Option<(Metadata, Spaces)>, Refusal> {
    let (Some(connections), Some(dome)) = (connections.upgrade(), watched.upgrade()) else {
        return Ok(None);
    };
    if connections.has_ended() {
        return Ok(None);
    }
    let connection = connections.connection(&dome.plan, dome.proof()).await?;
    let spaces = connection.ptz().await?.spaces().clone();
    let request = MetadataRequest {
        url: connection.stream(StreamRole::Sub).await?.uri.clone(),
        user: connection.credential.user.clone(),
        password: connection.credential.password.clone(),
    };
    Ok(Some((metadata::open(request), spaces)))
}

/// Takes in the documents of a metadata stream; why it ended, `None` when nobody watches any more.
async fn read(mut stream: Metadata, spaces: &Spaces, watched: &Weak<Watched>) -> Option<LiveErrorKind> {
    let mut broken = 0;
    loop {
        let next = tokio::time::timeout(LOOK, stream.next()).await;
        let dome = watched.upgrade()?;
        if !dome.is_seen(Instant::now(), SEEN) {
            tracing::debug!(camera = %dome.plan.id, "no picture beside the metadata");
            return Some(LiveErrorKind::Timeout);
        }
        let document = match next {
            Err(_) => continue,
            Ok(Ok(Some(document))) => document,
            Ok(Ok(None)) => return Some(LiveErrorKind::BrokenStream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the metadata ended");
                return Some(error.kind);
            }
        };
        match take(&dome, &document, spaces) {
            Ok(()) => broken = 0,
            Err(error) => {
                tracing::debug!(camera = %dome.plan.id, %error, "metadata that cannot be read");
                broken += 1;
            }
        }
        if broken > MOST_BROKEN {
            return Some(LiveErrorKind::BrokenStream);
        }
    }
}

fn take(dome: &Watched, document: &Document, spaces: &Spaces) -> Result<(), onvif::OnvifError> {
    if let Some(status) = onvif::metadata::read(&document.bytes, spaces)? {
        dome.on_pushed_status(status, document.at);
    }
    Ok(())
}
