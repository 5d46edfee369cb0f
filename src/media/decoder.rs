//! Which decoder is used for a codec: a fixed list, hardware first, software last.
//!
//! Invariant: only elements of the lists are made, and a software decoder works in the one thread of its stream, so
//! the process has as many decoding threads as streams and never more. A hardware decoder that failed once is not
//! tried again in this process. Deliberately absent: plugging by rank (decodebin), conversion.

use super::plugins::{self, MissingPlugin};
use gstreamer as gst;
use gstreamer::prelude::*;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// A video codec this program shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    H264,
    H265,
}

impl Codec {
    /// From the encoding name of an RTP payload (RFC 6184, RFC 7798), any case.
    pub fn from_encoding_name(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "H264" => Some(Self::H264),
            "H265" | "HEVC" => Some(Self::H265),
            _ => None,
        }
    }

    /// The encoding name, for caps and figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "H264",
            Self::H265 => "H265",
        }
    }

    pub(super) fn depayloader(self) -> &'static str {
        match self {
            Self::H264 => "rtph264depay",
            Self::H265 => "rtph265depay",
        }
    }

    pub(super) fn parser(self) -> &'static str {
        match self {
            Self::H264 => "h264parse",
            Self::H265 => "h265parse",
        }
    }

    pub(super) fn timestamper(self) -> &'static str {
        match self {
            Self::H264 => "h264timestamper",
            Self::H265 => "h265timestamper",
        }
    }

    /// The caps that MP4 takes: whole pictures, parameter sets apart (ISO/IEC 14496-15).
    pub(super) fn mp4_caps(self) -> gst::Caps {
        let (name, format) = match self {
            Self::H264 => ("video/x-h264", "avc"),
            Self::H265 => ("video/x-h265", "hvc1"),
        };
        gst::Caps::builder(name)
            .field("stream-format", format)
            .field("alignment", "au")
            .build()
    }

    fn decoders(self) -> &'static [Candidate] {
        match self {
            Self::H264 => &H264,
            Self::H265 => &H265,
        }
    }
}

/// One entry of a decoder list.
struct Candidate {
    element: &'static str,
    package: &'static str,
    hardware: bool,
}

const fn hardware(element: &'static str) -> Candidate {
    Candidate {
        element,
        package: "gstreamer1.0-plugins-bad",
        hardware: true,
    }
}

const fn software(element: &'static str, package: &'static str) -> Candidate {
    Candidate {
        element,
        package,
        hardware: false,
    }
}

static H264: [Candidate; 5] = [
    hardware("vah264dec"),
    hardware("nvh264dec"),
    hardware("v4l2slh264dec"),
    software("avdec_h264", "gstreamer1.0-libav"),
    software("openh264dec", "gstreamer1.0-plugins-bad"),
];

static H265: [Candidate; 5] = [
    hardware("vah265dec"),
    hardware("nvh265dec"),
    hardware("v4l2slh265dec"),
    software("avdec_h265", "gstreamer1.0-libav"),
    software("libde265dec", "gstreamer1.0-plugins-bad"),
];

/// Hardware decoders that failed in this process.
static FAILED: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The first decoder of the list that is installed and, for hardware, opens its device.
///
/// # Errors
/// None is installed; names the preferred software decoder.
pub fn pick(codec: Codec) -> Result<&'static str, MissingPlugin> {
    plugins::start()?;
    let usable = codec.decoders().iter().find(|candidate| {
        let failed = FAILED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(candidate.element);
        !failed && gst::ElementFactory::find(candidate.element).is_some() && (!candidate.hardware || opens(candidate))
    });
    match usable {
        Some(candidate) => Ok(candidate.element),
        None => Err(codec.decoders().iter().find(|candidate| !candidate.hardware).map_or(
            MissingPlugin {
                element: "decoder",
                package: "gstreamer1.0-libav",
            },
            |candidate| MissingPlugin {
                element: candidate.element,
                package: candidate.package,
            },
        )),
    }
}

/// Whether a hardware decoder gets its device; remembers when it does not.
fn opens(candidate: &Candidate) -> bool {
    let works = gst::ElementFactory::make(candidate.element)
        .build()
        .is_ok_and(|element| {
            let opened = element.set_state(gst::State::Ready).is_ok();
            let closed = element.set_state(gst::State::Null).is_ok();
            opened && closed
        });
    if !works {
        distrust(candidate.element);
    }
    works
}

/// Leaves a hardware decoder out from now on. Software decoders stay: an error of theirs is the stream's.
pub(super) fn distrust(element: &str) {
    let hardware = H264
        .iter()
        .chain(&H265)
        .find(|candidate| candidate.hardware && candidate.element == element);
    if let Some(candidate) = hardware
        && FAILED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(candidate.element)
    {
        tracing::warn!(
            decoder = candidate.element,
            "hardware decoder left out for the rest of this run"
        );
    }
}

/// Makes the picked decoder, bounded to one thread.
pub(super) fn make(codec: Codec) -> Result<gst::Element, MissingPlugin> {
    let name = pick(codec)?;
    let element = gst::ElementFactory::make(name).build().map_err(|_| MissingPlugin {
        element: name,
        package: "gstreamer1.0-libav",
    })?;
    if element.has_property("max-threads") {
        element.set_property("max-threads", 1i32);
    }
    Ok(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_for_h264_is_here_and_bounded_to_one_thread() {
        let element = make(Codec::H264).unwrap();
        if element.has_property("max-threads") {
            assert_eq!(element.property::<i32>("max-threads"), 1);
        }
    }

    #[test]
    fn software_decoders_are_never_distrusted() {
        distrust("avdec_h264");
        assert!(!FAILED.lock().unwrap().contains("avdec_h264"));
    }

    #[test]
    fn encoding_names_are_read_in_any_case_and_others_refused() {
        assert_eq!(Codec::from_encoding_name("h264"), Some(Codec::H264));
        assert_eq!(Codec::from_encoding_name("H265"), Some(Codec::H265));
        assert_eq!(Codec::from_encoding_name("JPEG"), None);
    }
}
