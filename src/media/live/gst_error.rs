//! A GStreamer error as a [`LiveError`].
//!
//! Invariant: the detail carries no URL (some cameras want the password in the query). Deliberately absent: the
//! decision what to do about it.

use crate::media::error::{LiveError, LiveErrorKind};
use gstreamer as gst;
use gstreamer::prelude::*;

/// The kind of an error on the bus.
pub(crate) fn classify(error: &gst::message::Error) -> LiveError {
    let cause = error.error();
    let debug = error.debug().unwrap_or_default();
    let text = format!("{}: {}", cause.message(), without_urls(last_line(&debug)));
    let told = error
        .details()
        .and_then(|details| details.get::<u32>("rtsp-status-code").ok());
    if let Some(status) = told.or_else(|| status_in(&debug)) {
        let known = LiveError::from_status(u16::try_from(status).unwrap_or(0), "");
        return LiveError::new(known.kind, format!("RTSP status {status}: {text}"));
    }
    LiveError::new(kind(&cause, &debug), text)
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

/// The status that rtspsrc writes into its debug text when SETUP is refused, «Error (453): …», without details.
fn status_in(debug: &str) -> Option<u32> {
    let (_, after) = last_line(debug).split_once("Error (")?;
    after.split_once(')')?.0.parse().ok()
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
    fn a_set_up_that_is_refused_for_want_of_a_session_is_a_busy_camera() {
        let cause = || gst::glib::Error::new(gst::ResourceError::Write, "Could not write to resource.");
        let said = error_of(cause(), "source.c(7867): f ():\nError (453): Not Enough Bandwidth");
        assert_eq!(said.kind, LiveErrorKind::Busy, "{said}");
        let other = error_of(cause(), "source.c(1): f ():\nError (x): y");
        assert_eq!(other.kind, LiveErrorKind::BrokenStream, "{other}");
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
