//! What is let in and what is left out, packet by packet, and by random damage.

use super::rtp::payload as rtp_payload;
use super::*;
use gstreamer_app as gst_app;
use proptest::prelude::*;

/// A packet of payload type 96 from sender 1, its first byte as given.
fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    [&[first, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1][..], rest].concat()
}

#[test]
fn an_rtp_packet_is_cut_to_its_payload() {
    assert_eq!(rtp_payload(&packet(0x80, b"unit")), Ok(&b"unit"[..]));
    let extended = [&[0, 0, 0, 9, 0xbe, 0xde, 0, 1, 1, 2, 3, 4][..], b"unit", &[0, 0, 3]].concat();
    assert_eq!(rtp_payload(&packet(0xb1, &extended)), Ok(&b"unit"[..]));
}

#[test]
fn rtp_that_lies_about_its_lengths_is_left_out() {
    for (first, rest, damage) in [
        (0x40, &b"unit"[..], Damage::Version),
        (0x80, &[], Damage::Empty),
        (0x8f, b"unit", Damage::Short),
        (0x90, &[0xbe, 0xde, 0, 2, 1, 2, 3, 4], Damage::Short),
        (0x90, &[0xbe, 0xde], Damage::Short),
        (0xa0, &[1, 2, 3, 5], Damage::Padding),
        (0xa0, &[1, 2, 3, 0], Damage::Padding),
        (0xa0, &[1, 2, 3, 4], Damage::Empty),
    ] {
        assert_eq!(rtp_payload(&packet(first, rest)), Err(damage), "{first:x} {rest:?}");
    }
    assert_eq!(rtp_payload(&packet(0x80, b"u")[..11]), Err(Damage::Short));
}

#[test]
fn h264_payloads_are_whole_or_left_out() {
    let check = |bytes: &[u8]| payload::check(Codec::H264, bytes);
    for whole in [
        &[0x41, 0x9a][..],
        &[0x0a],
        &[0x67, 1, 2, 3],
        &[0x78, 0, 2, 0x67, 1, 0, 1, 0x0b],
        &[0x7c, 0x85, 0x88],
        &[0x7c, 0x05],
        &[0x7c, 0xc5, 0x88],
    ] {
        assert_eq!(check(whole), Ok(()), "{whole:x?}");
    }
    for (broken, damage) in [
        (&[][..], Damage::Empty),
        (&[0x41], Damage::Short),
        (&[0xc1, 0x9a], Damage::Forbidden),
        (&[0x78], Damage::Empty),
        (&[0x78, 0, 3, 0x67, 1], Damage::Length),
        (&[0x78, 0, 2, 0x67, 1, 0], Damage::Short),
        (&[0x78, 0, 0], Damage::Empty),
        (&[0x78, 0, 2, 0x7c, 1], Damage::Kind),
        (&[0x7c], Damage::Short),
        (&[0x7c, 0x85], Damage::Empty),
        (&[0x7c, 0x9c, 0], Damage::Kind),
        (&[0x7d, 0x85, 0, 0, 1], Damage::Kind),
        (&[0x40, 1], Damage::Kind),
    ] {
        assert_eq!(check(broken), Err(damage), "{broken:x?}");
    }
}

#[test]
fn h265_payloads_are_whole_or_left_out() {
    let check = |bytes: &[u8]| payload::check(Codec::H265, bytes);
    for whole in [
        &[0x02, 1, 0x80][..],
        &[0x4a, 1],
        &[0x40, 1, 2, 3],
        &[0x60, 1, 0, 3, 0x40, 1, 9, 0, 2, 0x4a, 1],
        &[0x62, 1, 0x93, 0x80],
        &[0x62, 1, 0x13],
    ] {
        assert_eq!(check(whole), Ok(()), "{whole:x?}");
    }
    for (broken, damage) in [
        (&[][..], Damage::Short),
        (&[0x02], Damage::Short),
        (&[0x02, 1], Damage::Short),
        (&[0x82, 1, 0x80], Damage::Forbidden),
        (&[0x02, 0, 0x80], Damage::Forbidden),
        (&[0x60, 1], Damage::Empty),
        (&[0x60, 1, 0, 9, 0x40, 1], Damage::Length),
        (&[0x60, 1, 0, 1, 0x40], Damage::Short),
        (&[0x62, 1], Damage::Short),
        (&[0x62, 1, 0x93], Damage::Empty),
        (&[0x62, 1, 0xb1, 0x80], Damage::Kind),
        (&[0x64, 1, 0, 0], Damage::Kind),
    ] {
        assert_eq!(check(broken), Err(damage), "{broken:x?}");
    }
}

#[test]
fn rtcp_is_whole_or_left_out() {
    let report = [&[0x80, 200, 0, 6][..], &[7; 24]].concat();
    let named = [0x81, 202, 0, 3, 0, 0, 0, 1, 1, 3, b'c', b'a', b'm', 0, 0, 0];
    let bye = [0x81, 203, 0, 2, 0, 0, 0, 1, 2, b'o', b'k', 0];
    let padded = [0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
    let extended = [0x80, 207, 0, 3, 0, 0, 0, 1, 4, 0, 0, 1, 0, 0, 0, 0];
    for whole in [
        report.clone(),
        [&report[..], &named, &bye].concat(),
        padded.to_vec(),
        extended.to_vec(),
    ] {
        assert_eq!(rtcp(&whole), Ok(()), "{whole:x?}");
    }
    let with = |bytes: &[u8], at: usize, value: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = value;
        bytes
    };
    for (broken, damage) in [
        (vec![], Damage::Empty),
        (with(&report, 0, 0x40), Damage::Version),
        (with(&report, 3, 7), Damage::Length),
        (with(&report, 0, 0x81), Damage::Length),
        (report[..27].to_vec(), Damage::Length),
        ([&report[..], &[0x80]].concat(), Damage::Short),
        (with(&named, 9, 9), Damage::Length),
        (with(&with(&named, 13, 9), 14, 9), Damage::Length),
        (with(&named, 0, 0x82), Damage::Length),
        (with(&bye, 8, 4), Damage::Length),
        (with(&padded, 11, 12), Damage::Padding),
        ([&padded[..], &report].concat(), Damage::Padding),
        (with(&extended, 11, 2), Damage::Length),
        (with(&report, 1, 205), Damage::Kind),
    ] {
        assert_eq!(rtcp(&broken), Err(damage), "{broken:x?}");
    }
}

/// Runs these payloads, in sequence, through a depayloader of ours; returns how many were refused.
fn depayload(codec: Codec, payloads: &[&[u8]]) -> u64 {
    plugins::start().unwrap();
    let caps = gst::Caps::builder("application/x-rtp")
        .field("media", "video")
        .field("clock-rate", 90_000i32)
        .field("payload", 96i32)
        .field("encoding-name", codec.name())
        .build();
    let source = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).build();
    let sink = gst_app::AppSink::builder().sync(false).build();
    let refused = Refused::default();
    let depay = depayloader(codec, refused.clone()).unwrap();
    let pipeline = gst::Pipeline::new();
    pipeline
        .add_many([source.upcast_ref(), &depay, sink.upcast_ref()])
        .unwrap();
    gst::Element::link_many([source.upcast_ref(), &depay, sink.upcast_ref()]).unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    for (seq, payload) in (1u8..).zip(payloads) {
        let mut packet = packet(0x80, payload);
        packet[3] = seq;
        let mut buffer = gst::Buffer::from_mut_slice(packet);
        buffer
            .get_mut()
            .unwrap()
            .set_pts(gst::ClockTime::from_mseconds(u64::from(seq)));
        source.push_buffer(buffer).unwrap();
    }
    source.end_of_stream().unwrap();
    while sink.pull_sample().is_ok() {}
    pipeline.set_state(gst::State::Null).unwrap();
    refused.count()
}

/// Each list has one unit in it that the standards forbid: a forbidden bit, a kind of unit that is not defined.
#[test]
fn a_forbidden_unit_inside_a_fragmented_picture_is_left_out() {
    let (begin, middle, whole) = (
        &[0x7c, 0x85, 1, 2, 3][..],
        &[0x7c, 0x05, 4, 5][..],
        &[0x41, 0x9a, 1][..],
    );
    for odd in [&[0xfc, 0x05, 4, 5][..], &[0x5e, 1, 2]] {
        assert_eq!(depayload(Codec::H264, &[begin, odd, middle, whole, whole]), 1);
    }
    let (begin, middle, whole) = (
        &[0x62, 1, 0x93, 1, 2][..],
        &[0x62, 1, 0x13, 3][..],
        &[0x02, 1, 0x80, 1][..],
    );
    for odd in [&[0xe2, 1, 0x13, 3][..], &[0x62, 0, 0x13, 3]] {
        assert_eq!(depayload(Codec::H265, &[begin, odd, middle, whole, whole]), 1);
    }
}

/// Bytes that are a packet more often than chance would have it.
fn nearly_packets() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![Just(0x80u8), Just(0x90), Just(0xa0), any::<u8>()];
    let kind = prop_oneof![Just(0x78u8), Just(0x7c), Just(0x60), Just(0x62), any::<u8>()];
    (head, kind, proptest::collection::vec(0u8..8, 0..40)).prop_map(|(head, kind, rest)| {
        let mut bytes = packet(head, &[kind]);
        bytes.extend(rest);
        bytes
    })
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = rtp_payload(&bytes);
        let _ = rtcp(&bytes);
        let _ = rtcp(&[&[0x81, 202, 0, 4][..], &bytes].concat());
        for codec in [Codec::H264, Codec::H265] {
            let _ = payload::check(codec, &bytes);
        }
    }

    /// A payload that passes can be cut apart by the lengths it carries without reading past its end.
    #[test]
    fn what_passes_is_as_long_as_it_says(bytes in nearly_packets()) {
        let Ok(inside) = rtp_payload(&bytes) else { return Ok(()) };
        prop_assert!(!inside.is_empty());
        for (codec, header, aggregate, fragment) in [(Codec::H264, 1, 24, 28), (Codec::H265, 2, 48, 49)] {
            if payload::check(codec, inside).is_err() {
                continue;
            }
            prop_assert!(inside.len() >= header);
            let kind = if codec == Codec::H264 { inside[0] & 0x1f } else { inside[0] >> 1 };
            if kind == fragment {
                prop_assert!(inside.len() > header);
            }
            let mut at = header;
            while kind == aggregate && at < inside.len() {
                let length = usize::from(u16::from_be_bytes([inside[at], inside[at + 1]]));
                prop_assert!(length >= header);
                at += 2 + length;
                prop_assert!(at <= inside.len());
            }
        }
    }
}
