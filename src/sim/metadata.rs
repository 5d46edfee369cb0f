//! The metadata stream of a dome (`application/vnd.onvif.metadata`, ONVIF Streaming Specification §5.1.2.1): its status, ten
//! times a second, as ready RTP packets for the second stream of a live mount.
//!
//! Invariant: a document ends with a marked packet; what it says is what `GetStatus` would say at that moment. Deliberately
//! absent: events and analytics.

use super::device::Device;
use super::faults::MetadataFault;
use super::live::Stop;
use super::onvif::status;
use gstreamer_app::AppSrc;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Payload type of the stream.
pub const PAYLOAD_TYPE: u8 = 107;
/// Between two documents.
const EVERY: Duration = Duration::from_millis(100);
/// How long a document of a slow stream waits.
const LATE: Duration = Duration::from_millis(700);
/// Bytes of a packet's payload.
const PACKET: usize = 1_200;
/// Ticks of the RTP time stamp per second.
const CLOCK_RATE: u32 = 90_000;

/// The source of the stream in launch syntax; it is its own payloader.
pub fn launch(name: &str) -> String {
    format!(
        "appsrc name={name} is-live=true format=time do-timestamp=true caps=application/x-rtp,media=application,\
         payload={PAYLOAD_TYPE},clock-rate={CLOCK_RATE},encoding-name=VND.ONVIF.METADATA"
    )
}

/// Feeds `source` from a thread of its own until `stop` is set or the source takes no more.
pub fn start(device: Arc<Device>, source: AppSrc, stop: Arc<Stop>) {
    let name = format!("{}/metadata", device.site().id);
    let spawned = std::thread::Builder::new().name(name).spawn(move || {
        let mut packets = Packets::default();
        let mut waiting: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
        let mut count = 0;
        loop {
            let now = Instant::now();
            let late = device.faults().metadata == MetadataFault::Late;
            waiting.push_back((now + if late { LATE } else { Duration::ZERO }, document(&device, count)));
            count += 1;
            while waiting.front().is_some_and(|(due, _)| *due <= now) {
                let Some((_, document)) = waiting.pop_front() else {
                    break;
                };
                let mut sent = packets.of(&document).into_iter();
                if sent.any(|packet| source.push_buffer(gstreamer::Buffer::from_slice(packet)).is_err()) {
                    return;
                }
            }
            if stop.within(EVERY) {
                return;
            }
        }
    });
    if let Err(error) = spawned {
        tracing::error!(%error, "no thread for a metadata stream");
    }
}

/// One document, as the faults want it.
fn document(device: &Device, count: usize) -> Vec<u8> {
    let fault = device.faults().metadata;
    let status = if fault == MetadataFault::Empty {
        None
    } else {
        status(device)
    };
    let whole = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><tt:MetadataStream xmlns:tt=\"http://www.onvif.org/ver10/schema\">{}</tt:MetadataStream>",
        status.unwrap_or_default()
    );
    if fault != MetadataFault::Malformed {
        return whole.into_bytes();
    }
    match count % 4 {
        0 => whole[..whole.len() / 2].to_owned(),
        1 => whole.replace("</tt:PTZStatus>", "</PTZ>&nope;"),
        2 => "<a>".repeat(20_000) + &"</a>".repeat(20_000),
        _ => format!("<tt:MetadataStream>{}</tt:MetadataStream>", "x".repeat(200_000)),
    }
    .into_bytes()
}

/// Numbers packets.
#[derive(Default)]
struct Packets {
    next: u16,
    begun: Option<Instant>,
}

impl Packets {
    /// The packets of a document; the marker is on the last.
    fn of(&mut self, document: &[u8]) -> Vec<Vec<u8>> {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let ticks = (begun.elapsed().as_millis() * u128::from(CLOCK_RATE) / 1_000) as u32;
        let count = document.chunks(PACKET).count();
        let packet = |(i, part): (usize, &[u8])| {
            let marker = if i + 1 == count { 0x80 } else { 0 };
            let mut packet = vec![0x80, marker | PAYLOAD_TYPE];
            packet.extend(self.next.to_be_bytes());
            packet.extend(ticks.to_be_bytes());
            packet.extend(0x6d65_7461u32.to_be_bytes());
            packet.extend_from_slice(part);
            self.next = self.next.wrapping_add(1);
            packet
        };
        document.chunks(PACKET).enumerate().map(packet).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_document_is_cut_and_its_last_packet_marked() {
        let mut packets = Packets::default();
        let sent = packets.of(&[b'x'; 2 * PACKET + 5]);
        let marks: Vec<bool> = sent.iter().map(|packet| packet[1] & 0x80 != 0).collect();
        assert_eq!(marks, [false, false, true]);
        assert_eq!(sent[2].len(), 12 + 5);
        assert_eq!(packets.of(b"y")[0][2..4], [0, 3]);
    }
}
