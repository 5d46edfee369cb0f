//! Figures of the running server, for Prometheus.
//!
//! Invariant: counters only grow; reading them takes no lock and touches no event. Nothing here names a person, a camera
//! or a workstation, because anyone who reaches the server may read it.
//! Deliberately absent: figures of single logs (the page adds them).

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper ends of the buckets of the commit time, milliseconds.
const COMMIT_MS: [u64; 8] = [1, 2, 5, 10, 25, 50, 100, 500];

/// Counters of one server process.
#[derive(Debug, Default)]
pub struct Metrics {
    events: AtomicU64,
    commits: AtomicU64,
    commit_us: AtomicU64,
    commit_within: [AtomicU64; COMMIT_MS.len()],
    refused: AtomicU64,
    unavailable: AtomicU64,
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

impl Metrics {
    /// A transaction of the log is durable.
    pub fn committed(&self, events: usize, took: Duration) {
        add(&self.events, events as u64);
        add(&self.commits, 1);
        add(&self.commit_us, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        for (within, limit) in self.commit_within.iter().zip(COMMIT_MS) {
            if took <= Duration::from_millis(limit) {
                add(within, 1);
            }
        }
    }

    /// A request was refused by a rule or could not be understood.
    pub fn refused(&self) {
        add(&self.refused, 1);
    }

    /// A request could not be served.
    pub fn unavailable(&self) {
        add(&self.unavailable, 1);
    }

    /// The counters in Prometheus' text format 0.0.4.
    pub fn page(&self) -> String {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut page = String::new();
        for (name, help, value) in [
            ("events_total", "Events made durable.", read(&self.events)),
            ("requests_refused_total", "Requests refused.", read(&self.refused)),
            (
                "requests_unavailable_total",
                "Requests that could not be served.",
                read(&self.unavailable),
            ),
        ] {
            counter(&mut page, name, help, value);
        }
        page.push_str("# HELP vedetta_commit_seconds Time of one transaction of the log.\n");
        page.push_str("# TYPE vedetta_commit_seconds histogram\n");
        let count = read(&self.commits);
        for (within, limit) in self.commit_within.iter().zip(COMMIT_MS) {
            let seconds = limit as f64 / 1000.0;
            line(
                &mut page,
                &format!("commit_seconds_bucket{{le=\"{seconds}\"}}"),
                read(within),
            );
        }
        line(&mut page, "commit_seconds_bucket{le=\"+Inf\"}", count);
        line(&mut page, "commit_seconds_sum", read(&self.commit_us) as f64 / 1e6);
        line(&mut page, "commit_seconds_count", count);
        page
    }
}

fn counter(page: &mut String, name: &str, help: &str, value: u64) {
    page.push_str(&format!(
        "# HELP vedetta_{name} {help}\n# TYPE vedetta_{name} counter\n"
    ));
    line(page, name, value);
}

/// One sample. Writing to a text cannot fail.
pub fn line(page: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(page, "vedetta_{name} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_counts_and_its_buckets_grow() {
        let metrics = Metrics::default();
        metrics.committed(64, Duration::from_millis(4));
        metrics.committed(1, Duration::from_secs(2));
        metrics.refused();
        let page = metrics.page();
        for line in [
            "vedetta_events_total 65",
            "vedetta_requests_refused_total 1",
            "vedetta_commit_seconds_bucket{le=\"0.002\"} 0",
            "vedetta_commit_seconds_bucket{le=\"0.005\"} 1",
            "vedetta_commit_seconds_bucket{le=\"+Inf\"} 2",
            "vedetta_commit_seconds_count 2",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in {page}");
        }
    }
}
