//! The outbox against a disk that tears, flips, fills and lies.
//!
//! Invariant: a test ends by opening the outbox again and comparing with what was acknowledged.
//! Deliberately absent: real disks (one test in `tests/suite/station_audit.rs` uses one).

use super::memory::Memory;
use super::record::decode;
use super::segment::SegmentName;
use super::*;
use crate::domain::audit::event::{Body, Outcome, RetentionClass};
use crate::domain::audit::event_fixture;
use crate::domain::audit::leaf::Leaf;
use proptest::prelude::*;
use std::io;

fn key() -> RecordKey {
    RecordKey::from_bytes(&[3; 32]).unwrap()
}

fn log() -> ControllerId {
    "borgo".parse().unwrap()
}

fn event(n: u64) -> Event {
    let body = Body {
        act: uuid::Uuid::from_u128(u128::from(n)),
        ..event_fixture::body()
    };
    Event {
        log: log(),
        class: RetentionClass::Police,
        body,
    }
}

fn opening(disk: &Memory, delivered: u64) -> Opening {
    Opening {
        medium: Box::new(disk.clone()),
        key: key(),
        station: "sala".parse().unwrap(),
        delivered: BTreeMap::from([(log(), delivered)]),
        clock: jiff::Timestamp::now,
    }
}

fn open(disk: &Memory) -> (Outbox, Vec<Damage>) {
    Outbox::open(opening(disk, 0)).unwrap()
}

/// Appends `count` events one by one and returns the length of the first segment after each.
async fn fill(disk: &Memory, count: u64) -> Vec<usize> {
    let (outbox, _) = open(disk);
    let mut ends = Vec::new();
    for n in 0..count {
        assert_eq!(outbox.append(event(n)).await.unwrap().seq, n);
        ends.push(disk.disk().segments.first_key_value().unwrap().1.len());
    }
    ends
}

fn seqs(outbox: &Outbox) -> Vec<u64> {
    outbox
        .waiting(&log(), usize::MAX)
        .iter()
        .map(|event| event.seq)
        .collect()
}

#[tokio::test]
async fn r_aud_7_acknowledged_events_are_there_after_a_restart_and_the_chain_goes_on() {
    let disk = Memory::default();
    fill(&disk, 3).await;
    let (outbox, damage) = open(&disk.crash());
    assert_eq!(damage, []);
    assert_eq!(seqs(&outbox), [0, 1, 2]);
    outbox.append(event(3)).await.unwrap();
    let events = outbox.waiting(&log(), 10);
    let last = Leaf::parse(&events[3].submitted.leaf).unwrap();
    assert_eq!((last.seq, last.prev), (3, Some(events[2].leaf_hash)));
}

#[tokio::test]
async fn r_aud_7_an_event_that_no_server_takes_is_never_written_and_its_neighbours_are() {
    use crate::domain::audit::leaf::MAX_BODY;
    let disk = Memory::default();
    let (outbox, _) = open(&disk);
    let with_note = |n, length| {
        let mut event = event(n);
        event.body.protocol_no = "x".repeat(length);
        event
    };
    let room = MAX_BODY - serde_json::to_string(&with_note(1, 1).body).unwrap().len() + 1;
    outbox.append(event(0)).await.unwrap();
    for length in [room + 1, 5 * 1024 * 1024] {
        let refused = outbox.append(with_note(1, length)).await;
        assert!(
            matches!(refused, Err(OutboxError::Unusable { .. })),
            "{length}: {refused:?}"
        );
    }
    outbox.append(with_note(1, room)).await.unwrap();
    // Everything that a server minds can be said in a body, and is written so that it reads.
    let mut odd = event(2);
    odd.body.protocol_no = "a\0b\u{1b}\u{ffff}".into();
    outbox.append(odd).await.unwrap();
    drop(outbox);
    let (outbox, damage) = open(&disk.crash());
    assert_eq!((damage, seqs(&outbox)), (vec![], vec![0, 1, 2]));
    for event in outbox.waiting(&log(), 9) {
        assert!(event.submitted.body.len() <= MAX_BODY);
        assert!(serde_json::from_str::<Body>(&event.submitted.body).is_ok());
        assert!(!event.submitted.body.contains('\0'));
    }
}

#[tokio::test]
async fn r_aud_7_a_tail_torn_at_any_byte_costs_only_what_was_not_acknowledged() {
    let disk = Memory::default();
    let (outbox, _) = open(&disk);
    outbox.append(event(0)).await.unwrap();
    let before = disk.crash();
    let stands = before.disk().segments.first_key_value().unwrap().1.len();
    outbox.append(event(1)).await.unwrap();
    let name = disk.only_segment();
    let whole = disk.disk().segments[&name].clone();
    for torn in stands..=whole.len() {
        let crashed = before.crash();
        crashed.disk().segments.insert(name, whole[..torn].to_vec());
        let (outbox, damage) = open(&crashed);
        assert_eq!(damage, [], "torn at {torn}");
        let expected: &[u64] = if torn == whole.len() { &[0, 1] } else { &[0] };
        assert_eq!(seqs(&outbox), expected, "torn at {torn}");
        let next = expected.len() as u64;
        assert_eq!(outbox.append(event(9)).await.unwrap().seq, next);
        assert_eq!(seqs(&open(&crashed.crash()).0).len() as u64, next + 1);
    }
}

#[tokio::test]
async fn r_aud_2_taking_away_acknowledged_records_shows() {
    let disk = Memory::default();
    let ends = fill(&disk, 3).await;
    for cut in [0, 5, ends[0], ends[1], ends[2] - 1] {
        let crashed = disk.crash();
        let name = crashed.only_segment();
        crashed.disk().segments.get_mut(&name).unwrap().truncate(cut);
        let (outbox, damage) = open(&crashed);
        assert!(!damage.is_empty(), "cut at {cut}");
        assert!(
            damage.iter().any(|damage| damage.lost.is_some_and(|(_, end)| end == 3)),
            "cut at {cut}: {damage:?}"
        );
        assert_eq!(
            outbox.append(event(9)).await.unwrap().seq,
            3,
            "the chain goes on after the loss"
        );
    }
}

#[tokio::test]
async fn r_aud_2_any_flipped_byte_of_an_acknowledged_record_shows_and_the_rest_is_kept() {
    let disk = Memory::default();
    let ends = fill(&disk, 3).await;
    let name = disk.only_segment();
    for at in ends[0]..ends[1] - 32 {
        let crashed = disk.crash();
        crashed.disk().segments.get_mut(&name).unwrap()[at] ^= 0x20;
        let (outbox, damage) = open(&crashed);
        assert!(
            damage.iter().any(|damage| damage.segment == Some(name.number)),
            "byte {at}"
        );
        assert_eq!(seqs(&outbox), [0, 2], "byte {at}");
    }
}

#[tokio::test]
async fn damage_once_recorded_freezes_the_segment_and_is_not_reported_again() {
    let disk = Memory::default();
    let ends = fill(&disk, 3).await;
    let name = disk.only_segment();
    disk.disk().segments.get_mut(&name).unwrap()[ends[0] + 40] ^= 1;
    let (outbox, damage) = open(&disk);
    for found in damage {
        outbox.append(event(50)).await.unwrap();
        outbox.damage_recorded(found);
    }
    outbox.append(event(51)).await.unwrap();
    assert!(disk.disk().segments.contains_key(&SegmentName {
        number: name.number,
        frozen: true
    }));
    let (outbox, damage) = open(&disk.crash());
    assert_eq!(damage, []);
    assert!(seqs(&outbox).starts_with(&[0, 2, 3]));
}

#[tokio::test]
async fn r_aud_7_a_failed_synchronisation_poisons_for_good() {
    for which in ["segment", "state"] {
        let disk = Memory::default();
        let (outbox, _) = open(&disk);
        outbox.append(event(0)).await.unwrap();
        if which == "segment" {
            disk.disk().syncs_left = Some(0);
        } else {
            disk.disk().notes_left = Some(0);
        }
        assert!(matches!(
            outbox.append(event(1)).await,
            Err(OutboxError::Poisoned { .. })
        ));
        disk.disk().syncs_left = None;
        disk.disk().notes_left = None;
        assert!(
            matches!(outbox.append(event(2)).await, Err(OutboxError::Poisoned { .. })),
            "never trusted again"
        );
        assert!(outbox.status().borrow().poisoned.is_some());
        if which == "segment" {
            let error = Outbox::open(opening(&disk.crash(), 0)).err().unwrap();
            assert!(
                matches!(error, OpenError::Poisoned { .. }),
                "an administrator must act: {error}"
            );
        }
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers_without_a_trace_of_the_refused_event() {
    let disk = Memory::default();
    let (outbox, _) = open(&disk);
    outbox.append(event(0)).await.unwrap();
    disk.disk().appends_left = Some(0);
    assert!(matches!(
        outbox.append(event(1)).await,
        Err(OutboxError::Unusable { .. })
    ));
    disk.disk().appends_left = None;
    assert_eq!(outbox.append(event(2)).await.unwrap().seq, 1);
    let (outbox, damage) = open(&disk.crash());
    assert_eq!((damage, seqs(&outbox)), (vec![], vec![0, 1]));
}

#[tokio::test]
async fn the_mac_key_of_a_past_record_is_nowhere_on_disk() {
    let disk = Memory::default();
    fill(&disk, 2).await;
    let name = disk.only_segment();
    let bytes = disk.disk().segments[&name].clone();
    let state = state::State::decode(&key(), &disk.disk().notes["state"]).unwrap();
    let first = decode(&key(), &bytes, 0).unwrap();
    let second = decode(&key(), &bytes, first.end).unwrap();
    assert!(!first.is_under(&state.mac));
    assert!(!second.is_under(&state.mac));
}

#[tokio::test]
async fn what_was_delivered_is_let_go_and_its_segment_is_kept_35_days() {
    fn today() -> jiff::Timestamp {
        jiff::Timestamp::from_second(1_000_000_000).unwrap()
    }
    fn in_34_days() -> jiff::Timestamp {
        today() + jiff::SignedDuration::from_hours(34 * 24)
    }
    fn in_36_days() -> jiff::Timestamp {
        today() + jiff::SignedDuration::from_hours(36 * 24)
    }
    let disk = Memory::default();
    let ends = fill(&disk, 3).await;
    let name = disk.only_segment();
    // A segment past its size gets nothing more, so that the next event begins another.
    for (clock, kept) in [
        (today as fn() -> jiff::Timestamp, true),
        (in_34_days, true),
        (in_36_days, false),
    ] {
        let mut opening = opening(&disk, 100);
        opening.clock = clock;
        let number = name.number;
        let medium = NoTail {
            inner: disk.clone(),
            number,
        };
        opening.medium = Box::new(medium);
        let (outbox, damage) = Outbox::open(opening).unwrap();
        assert_eq!(damage, []);
        assert_eq!(seqs(&outbox), Vec::<u64>::new());
        let seq = outbox.append(event(9)).await.unwrap().seq;
        outbox.delivered(&log(), seq);
        outbox.append(event(10)).await.unwrap();
        assert_eq!(disk.disk().segments.contains_key(&name), kept);
        drop(outbox);
    }
    assert!(ends[2] > 0);
}

/// A disk on which one segment looks longer than a segment that may still grow.
struct NoTail {
    inner: Memory,
    number: u64,
}

impl Medium for NoTail {
    fn segments(&self) -> io::Result<Vec<SegmentName>> {
        let mut names = self.inner.segments()?;
        if names.last().is_some_and(|last| last.number == self.number) {
            let number = self.number + 1;
            self.inner
                .disk()
                .segments
                .insert(SegmentName { number, frozen: false }, Vec::new());
            names.push(SegmentName { number, frozen: false });
        }
        Ok(names)
    }
    fn read(&self, name: SegmentName) -> io::Result<Vec<u8>> {
        self.inner.read(name)
    }
    fn create(&mut self, number: u64) -> io::Result<Box<dyn SegmentFile>> {
        self.inner.create(number)
    }
    fn reopen(&mut self, number: u64, length: u64) -> io::Result<Box<dyn SegmentFile>> {
        self.inner.reopen(number, length)
    }
    fn freeze(&mut self, number: u64) -> io::Result<()> {
        self.inner.freeze(number)
    }
    fn remove(&mut self, name: SegmentName) -> io::Result<()> {
        self.inner.remove(name)
    }
    fn write_note(&mut self, note: Note, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_note(note, bytes)
    }
    fn take_reserve(&mut self) -> io::Result<()> {
        self.inner.take_reserve()
    }
    fn give_up_reserve(&mut self) -> bool {
        self.inner.give_up_reserve()
    }
    fn read_note(&self, note: Note) -> io::Result<Option<Vec<u8>>> {
        self.inner.read_note(note)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever bytes the end of a segment becomes, opening never panics, keeps every acknowledged record that is
    /// still readable, and reports what is not.
    #[test]
    fn r_aud_2_recovery_keeps_or_reports_every_acknowledged_record(
        count in 1u64..6,
        at in 0.0f64..1.0,
        garbage in proptest::collection::vec(any::<u8>(), 0..64),
        cut in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let disk = Memory::default();
            fill(&disk, count).await;
            let crashed = disk.crash();
            let name = crashed.only_segment();
            let changed = {
                let mut disk = crashed.disk();
                let bytes = disk.segments.get_mut(&name).unwrap();
                let before = bytes.clone();
                let at = ((bytes.len() as f64) * at) as usize;
                if cut {
                    bytes.truncate(at);
                }
                let end = (at + garbage.len()).min(bytes.len());
                bytes.splice(at..end, garbage.iter().copied());
                *bytes != before
            };
            let (outbox, damage) = open(&crashed);
            let found = seqs(&outbox);
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
            if found.len() as u64 != count {
                prop_assert!(!damage.is_empty(), "lost without a word: {found:?}");
            }
            prop_assert!(changed || damage.is_empty());
            prop_assert_eq!(outbox.append(event(99)).await.unwrap().seq, count);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn r_aud_7_on_a_full_disk_the_act_is_refused_and_the_refusal_is_recorded() {
    let disk = Memory::default();
    let (outbox, _) = open(&disk);
    outbox.append(event(0)).await.unwrap();
    assert!(disk.disk().reserve, "space is taken while there is some");
    (disk.disk().full, disk.disk().in_reserve) = (true, 2);
    for n in 1..=2 {
        assert_eq!(outbox.append(event(n)).await, Err(OutboxError::DiskFull));
    }
    assert_eq!(
        outbox.append(event(3)).await,
        Err(OutboxError::DiskFull),
        "the reserve is used up"
    );
    disk.disk().full = false;
    outbox.append(event(4)).await.unwrap();
    let (again, damage) = open(&disk.crash());
    assert_eq!(damage, []);
    assert_eq!(seqs(&again), [0, 1, 2, 3]);
    let said: Vec<(u128, Outcome)> = again
        .waiting(&log(), usize::MAX)
        .iter()
        .map(|event| serde_json::from_str::<Body>(&event.submitted.body).unwrap())
        .map(|body| (body.act.as_u128(), body.result))
        .collect();
    let expected = [
        (0, Outcome::Intent),
        (1, Outcome::Refused),
        (2, Outcome::Refused),
        (4, Outcome::Intent),
    ];
    assert_eq!(said, expected);
}

#[tokio::test]
async fn r_aud_2_delivered_events_are_read_again_from_the_disk() {
    let disk = Memory::default();
    fill(&disk, 10).await;
    let (outbox, _) = Outbox::open(opening(&disk.crash(), 10)).unwrap();
    assert_eq!(seqs(&outbox), Vec::<u64>::new(), "all of them were delivered");
    let again = outbox.again(&log(), 4, 3).await.unwrap();
    assert_eq!(again.iter().map(|event| event.seq).collect::<Vec<_>>(), [4, 5, 6]);
    assert!(outbox.again(&"altro".parse().unwrap(), 0, 9).await.unwrap().is_empty());
}
