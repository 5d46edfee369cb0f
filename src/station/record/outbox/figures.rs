//! How long one append takes until it is durable, on this machine's disk: for `benches/audit.sh`.
//!
//! Deliberately absent: a judgement; a benchmark is a benchmark.

use super::*;
use crate::domain::audit::details::live::ViewPulse;
use crate::domain::audit::event::{Outcome, RetentionClass};
use std::time::Duration;

fn event(station: &StationId) -> Event {
    let mut body =
        crate::station::record::event_body::body_without_person(station, ViewPulse::default(), Outcome::Done);
    body.person = "chiara.neri".into();
    body.session = uuid::Uuid::new_v4().to_string();
    Event {
        log: "borgo".parse().unwrap(),
        class: RetentionClass::Police,
        body,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn outbox_append() {
    let dir = tempfile::tempdir_in("target").unwrap();
    let station: StationId = "sala".parse().unwrap();
    let opening = Opening {
        medium: Box::new(Directory::open(dir.path()).unwrap()),
        key: RecordKey::from_bytes(&[3; 32]).unwrap(),
        station: station.clone(),
        delivered: BTreeMap::new(),
        clock: jiff::Timestamp::now,
    };
    let (outbox, _) = Outbox::open(opening).unwrap();
    let mut times = Vec::new();
    for _ in 0..1000 {
        let begun = Instant::now();
        outbox.append(event(&station)).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let at = |of: usize| Duration::as_secs_f64(&times[times.len() * of / 100 - 1]) * 1000.0;
    let figures = serde_json::json!({ "samples": times.len(), "p50_ms": at(50), "p99_ms": at(99) });
    std::fs::create_dir_all("target/bench").unwrap();
    std::fs::write("target/bench/audit-outbox.json", figures.to_string()).unwrap();
    println!("{figures}");
}
