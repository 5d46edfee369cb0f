//! Whether a camera or recorder lets an account open a stream: described and set up over RTSP, then ended.
//!
//! Invariant: nothing is played, so no picture comes; every wait is bounded (`rtsp`). Deliberately absent: GStreamer, and what
//! follows from the answer.

use super::error::{LiveError, LiveErrorKind};
use super::rtsp::{Account, LiveTrack, Session, VideoTrack};
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What plays at an RTSP address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Live,
    /// ONVIF replay.
    Recording,
}

/// Whether the account may open the stream at this RTSP address. Cancelled, the attempt ends by itself in the background.
///
/// # Errors
/// [`LiveError`] of every kind but `WrongPassword`: it cannot be said.
pub async fn opens(url: String, user: String, password: SecretString, stream: Stream) -> Result<bool, LiveError> {
    let attempt = tokio::task::spawn_blocking(move || {
        let (account, cancelled) = (Account { user, password }, Arc::new(AtomicBool::new(false)));
        match stream {
            Stream::Live => Session::<LiveTrack>::open(&url, account, cancelled).map(Session::finish),
            Stream::Recording => Session::<VideoTrack>::open(&url, account, cancelled).map(Session::finish),
        }
    });
    match attempt.await {
        Ok(Ok(())) => Ok(true),
        Ok(Err(error)) if error.kind == LiveErrorKind::WrongPassword => Ok(false),
        Ok(Err(error)) => Err(error),
        Err(error) => Err(LiveError::new(LiveErrorKind::BrokenStream, error.to_string())),
    }
}
