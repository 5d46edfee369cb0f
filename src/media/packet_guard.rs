//! The check of every RTP and RTCP packet before GStreamer sees it: only packets that are whole are let in.
//!
//! Seeded damage (`tests/suite/media_streams/hostile.rs`) ended the process inside both depayloaders of GStreamer 1.22. So every
//! packet is checked before the depayloader, and reports before anything is read from them. A packet left out
//! there is a gap in the sequence, at which depayloaders forget what they had begun.
//!
//! Invariant: every depayloader of this program is made by [`depayloader`]; nothing is read outside a packet's bytes.
//! Deliberately absent: repairing; the pictures' own syntax, which parser and decoder check.

mod payload;
mod rtcp;
mod rtp;
#[cfg(test)]
mod tests;

pub(super) use rtcp::check as rtcp;

use super::decoder::Codec;
use super::plugins::{self, MissingPlugin};
use gstreamer as gst;
use gstreamer::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a packet is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Damage {
    #[error("it ends before its header does")]
    Short,
    #[error("it is not of version 2")]
    Version,
    #[error("it has more padding than room")]
    Padding,
    #[error("it carries nothing")]
    Empty,
    #[error("it has a payload type that was not described")]
    PayloadType,
    #[error("it is of a kind that is not used here")]
    Kind,
    #[error("a part of it does not fit into it")]
    Length,
    #[error("a bit is set that must not be")]
    Forbidden,
    #[error("it cannot be read")]
    Unreadable,
}

/// Counts packets that were left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Refused(Arc<AtomicU64>);

impl Refused {
    /// How many so far.
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn one(&self, damage: Damage) {
        self.0.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(%damage, "a packet is left out");
    }
}

/// Lets only those packets through a pad that `check` finds whole; counts the others. Nothing else may look at this pad: it
/// would be asked about packets that are gone.
pub(super) fn guard(
    pad: &gst::Pad,
    refused: Refused,
    check: impl Fn(&[u8]) -> Result<(), Damage> + Send + Sync + 'static,
) {
    let judge = move |buffer: &gst::BufferRef| match buffer.map_readable() {
        Ok(bytes) => check(&bytes),
        Err(_) => Err(Damage::Unreadable),
    };
    pad.add_probe(
        gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST,
        move |_, info| {
            let verdict = match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => judge(buffer),
                // A list is let in whole or not at all.
                Some(gst::PadProbeData::BufferList(list)) => list.iter().try_for_each(&judge),
                _ => Ok(()),
            };
            match verdict {
                Ok(()) => gst::PadProbeReturn::Ok,
                Err(damage) => {
                    refused.one(damage);
                    // And not `Drop`: that one gives the buffer back twice, which GStreamer complains of.
                    gst::PadProbeReturn::Handled
                }
            }
        },
    );
}

/// The depayloader of a codec, behind the check of every packet. Header extensions a camera describes are not plugged in.
///
/// # Errors
/// [`MissingPlugin`] when the element is not installed.
pub(super) fn depayloader(codec: Codec, refused: Refused) -> Result<gst::Element, MissingPlugin> {
    let depay = plugins::make(codec.depayloader())?;
    if depay.has_property("auto-header-extension") {
        depay.set_property("auto-header-extension", false);
    }
    if let Some(pad) = depay.static_pad("sink") {
        guard(&pad, refused, move |packet| {
            payload::check(codec, rtp::payload(packet)?)
        });
    }
    Ok(depay)
}
