//! The GStreamer elements this program uses, all of them, and the Debian package of each.
//!
//! Invariant: no element outside [`ELEMENTS`] and the decoder list is ever made; nothing is plugged by rank.
//! Deliberately absent: installation; the error names the package.

use std::sync::OnceLock;

/// An element that is needed and not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("GStreamer element «{element}» is missing: install the package {package}")]
pub struct MissingPlugin {
    /// The element, or `gstreamer` when the library itself does not start.
    pub element: &'static str,
    /// The Debian package that has it.
    pub package: &'static str,
}

/// Every element used besides decoders, with its Debian package.
pub const ELEMENTS: [(&str, &str); 12] = [
    ("rtph264depay", "gstreamer1.0-plugins-good"),
    ("rtph265depay", "gstreamer1.0-plugins-good"),
    ("deinterlace", "gstreamer1.0-plugins-good"),
    ("mp4mux", "gstreamer1.0-plugins-good"),
    ("h264parse", "gstreamer1.0-plugins-bad"),
    ("h265parse", "gstreamer1.0-plugins-bad"),
    ("h264timestamper", "gstreamer1.0-plugins-bad"),
    ("h265timestamper", "gstreamer1.0-plugins-bad"),
    ("appsrc", "gstreamer1.0-plugins-base"),
    ("appsink", "gstreamer1.0-plugins-base"),
    ("filesink", "libgstreamer1.0-0"),
    ("x264enc", "gstreamer1.0-plugins-ugly"),
];

/// Starts GStreamer once for the process.
///
/// # Errors
/// The library itself does not start; the reason is in the log.
pub fn start() -> Result<(), MissingPlugin> {
    static STARTED: OnceLock<bool> = OnceLock::new();
    let started = *STARTED.get_or_init(|| match gstreamer::init() {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, "GStreamer does not start");
            false
        }
    });
    if started {
        Ok(())
    } else {
        Err(MissingPlugin {
            element: "gstreamer",
            package: "libgstreamer1.0-0",
        })
    }
}

/// Makes one element of [`ELEMENTS`].
///
/// # Errors
/// The element is not installed, or not in the list.
pub(super) fn make(element: &'static str) -> Result<gstreamer::Element, MissingPlugin> {
    let package = ELEMENTS
        .iter()
        .find(|(name, _)| *name == element)
        .map_or("none: not in the list", |(_, p)| p);
    start()?;
    gstreamer::ElementFactory::make(element)
        .build()
        .map_err(|_| MissingPlugin { element, package })
}
