//! A GStreamer error as a [`LiveError`].
//!
//! Invariant: the detail carries no URL (some cameras want the password in the query). Deliberately absent: the
//! decision what to do about it.

use crate::media::error::{LiveError, LiveErrorKind};
use gstreamer as gst;
use gstreamer::prelude::*;

/// What an error on the bus means.
pub(crate) fn classify(error: &gst::message::Error) -> LiveError {
    let cause = error.error();
    let debug = error.debug().unwrap_or_default();
    let text = format!("{}: {}", cause.message(), without_urls(last_line(&debug)));
    if let Some(status) = error
        .details()
        .and_then(|details| details.get::<u32>("rtsp-status-code").ok())
    {
        let known = LiveError::from_status(u16::try_from(status).unwrap_or(0), "");
        return LiveError::new(known.kind, format!("RTSP status {status}: {text}"));
    }
    LiveError::new(kind(&cause, &debug), text)
}

/// Whether rtspsrc says that no stream could be set up.
pub(super) fn is_nothing_set_up(error: &gst::message::Error) -> bool {
    error.error().kind::<gst::StreamError>() == Some(gst::StreamError::Format)
}

fn kind(cause: &gst::glib::Error, debug: &str) -> LiveErrorKind {
    use LiveErrorKind as Kind;
    let not_negotiated = debug.contains("not-negotiated") || debug.contains("(-4)");
    match cause.kind::<gst::ResourceError>() {
        Some(gst::ResourceError::NotAuthorized) => return Kind::WrongPassword,
        Some(gst::ResourceError::NotFound) => return Kind::NoStream,
        Some(gst::ResourceError::Busy) => return Kind::Busy,
        Some(gst::ResourceError::OpenRead | gst::ResourceError::OpenWrite | gst::ResourceError::OpenReadWrite) => {
            return Kind::Unreachable;
        }
        Some(gst::ResourceError::Settings) => return Kind::NotSupported,
        Some(gst::ResourceError::Read) if debug.contains("imeout") || debug.contains("UDP packets") => {
            return Kind::Timeout;
        }
        _ => {}
    }
    match cause.kind::<gst::StreamError>() {
        Some(gst::StreamError::CodecNotFound | gst::StreamError::WrongType) => Kind::NotSupported,
        Some(gst::StreamError::Failed) if not_negotiated => Kind::NotSupported,
        _ => Kind::BrokenStream,
    }
}

/// The last line of a debug text; the lines before name a source file.
fn last_line(debug: &str) -> &str {
    debug.lines().last().unwrap_or_default()
}

/// The text without its words that contain `://`.
pub(crate) fn without_urls(text: &str) -> String {
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|w| if w.contains("://") { "(address)" } else { w })
        .collect();
    words.join(" ")
}

/// The name of the element that posted a message.
pub(crate) fn element_of(message: &gst::Message) -> Option<String> {
    let element = message.src()?.downcast_ref::<gst::Element>()?;
    Some(element.factory()?.name().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(cause: gst::glib::Error, debug: &str) -> LiveError {
        gst::init().unwrap();
        let message = gst::message::Error::builder_from_error(cause).debug(debug).build();
        match message.view() {
            gst::MessageView::Error(error) => classify(error),
            _ => unreachable!("an error was built"),
        }
    }

    #[test]
    fn no_address_and_so_no_password_reaches_the_log() {
        let cause = gst::glib::Error::new(gst::ResourceError::NotAuthorized, "Unauthorized");
        let error = error_of(
            cause,
            "source.c(12): f ():\ncannot open rtsp://h/s?user=a&password=secret now",
        );
        assert_eq!(error.kind, LiveErrorKind::WrongPassword);
        assert!(!error.detail.contains("secret"), "{}", error.detail);
    }

    #[test]
    fn a_status_in_the_details_decides() {
        gst::init().unwrap();
        let message = gst::message::Error::builder(gst::ResourceError::Read, "x")
            .details(
                gst::Structure::builder("details")
                    .field("rtsp-status-code", 453u32)
                    .build(),
            )
            .build();
        match message.view() {
            gst::MessageView::Error(error) => assert_eq!(classify(error).kind, LiveErrorKind::Busy),
            _ => unreachable!("an error was built"),
        }
    }
}
