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
    LiveError::new(kind(&cause, &debug), text)
}

fn kind(cause: &gst::glib::Error, debug: &str) -> LiveErrorKind {
    use LiveErrorKind as Kind;
    let not_negotiated = debug.contains("not-negotiated") || debug.contains("(-4)");
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
        let cause = gst::glib::Error::new(gst::StreamError::WrongType, "no such stream");
        let error = error_of(
            cause,
            "source.c(12): f ():\ncannot open rtsp://h/s?user=a&password=secret now",
        );
        assert_eq!(error.kind, LiveErrorKind::NotSupported);
        assert!(!error.detail.contains("secret"), "{}", error.detail);
    }
}
