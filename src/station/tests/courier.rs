//! The courier lets go of nothing that is not provably in the log.

use super::forged_log::{ForgedLog, Lie, first_seen};
use super::{borgo, event, outbox, station};
use crate::station::record::contact::Contact;
use crate::station::record::courier::{Courier, Delivered};
use crate::station::record::outbox::memory::Memory;
use crate::station::record::outbox::{Outbox, OutboxStatus};
use crate::station::record::trusted_checkpoints::TrustedCheckpoints;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

struct Bench {
    folder: tempfile::TempDir,
    disk: Memory,
    log: ForgedLog,
}

struct Running {
    outbox: Outbox,
    delivered: watch::Receiver<Delivered>,
    trusted: Arc<TrustedCheckpoints>,
    _stop: watch::Sender<bool>,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            disk: Memory::default(),
            log: ForgedLog::default(),
        }
    }

    fn run(&self) -> Running {
        let trusted = Arc::new(TrustedCheckpoints::open(self.folder.path().to_owned()).unwrap());
        trusted.pin_key(&borgo(), first_seen()).unwrap();
        let delivered = trusted.delivered().get(&borgo()).copied().unwrap_or(0);
        let outbox = outbox(&self.disk.crash(), delivered);
        self.go(outbox, trusted)
    }

    fn go(&self, outbox: Outbox, trusted: Arc<TrustedCheckpoints>) -> Running {
        let contact = Arc::new(Contact::default());
        let (courier, delivered) = Courier::new(
            self.log.clone(),
            station(),
            outbox.clone(),
            Arc::clone(&trusted),
            contact,
        );
        let stop = watch::Sender::new(false);
        tokio::spawn(courier.run(stop.subscribe()));
        Running {
            outbox,
            delivered,
            trusted,
            _stop: stop,
        }
    }

    fn evidence(&self) -> usize {
        let names = std::fs::read_dir(self.folder.path()).unwrap();
        names
            .filter(|name| {
                name.as_ref()
                    .unwrap()
                    .file_name()
                    .to_str()
                    .unwrap()
                    .starts_with("evidence-")
            })
            .count()
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("in time")
}

impl Running {
    async fn append(&self, count: u64) {
        for _ in 0..count {
            self.outbox.append(event()).await.unwrap();
        }
    }

    async fn all_delivered(&mut self) -> OutboxStatus {
        let mut status = self.outbox.status();
        soon(status.wait_for(|status| status.pending == 0))
            .await
            .unwrap()
            .clone()
    }

    async fn broken(&mut self) {
        soon(self.delivered.wait_for(|delivered| delivered.broken))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn r_aud_2_delivered_means_promised_included_and_consistent() {
    let bench = Bench::new();
    let mut running = bench.run();
    running.append(5).await;
    running.all_delivered().await;
    running.append(3).await;
    running.all_delivered().await;
    let figures = soon(running.delivered.wait_for(|delivered| delivered.verified == 8))
        .await
        .unwrap();
    assert_eq!((figures.durable, figures.included, figures.broken), (8, 8, false));
    let trusted = running.trusted.get(&borgo()).unwrap();
    assert_eq!((trusted.next_seq, trusted.checkpoint().size), (8, 8));
}

#[tokio::test]
async fn r_aud_2_a_lost_answer_and_an_away_server_change_nothing_in_the_log() {
    let bench = Bench::new();
    let mut running = bench.run();
    bench.log.lie(Lie::LoseAnswer);
    running.append(4).await;
    running.all_delivered().await;
    bench.log.lie(Lie::Away);
    running.append(2).await;
    let posts = bench.log.kept().posts;
    soon(async {
        while bench.log.kept().posts < posts + 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(running.outbox.status().borrow().pending, 2, "nothing is let go of");
    bench.log.lie(Lie::None);
    running.all_delivered().await;
    assert_eq!(
        bench.log.kept().by_seq.keys().copied().collect::<Vec<_>>(),
        (0..6).collect::<Vec<_>>()
    );
    assert_eq!(
        soon(running.delivered.wait_for(|d| d.verified == 6))
            .await
            .unwrap()
            .durable,
        6,
        "counted once"
    );
}

#[tokio::test]
async fn r_aud_2_every_broken_promise_stops_the_courier_keeps_evidence_and_stays_after_a_restart() {
    for lie in [
        Lie::PromiseKey,
        Lie::PromiseLeaf,
        Lie::CheckpointKey,
        Lie::Inclusion,
        Lie::Rewritten,
        Lie::Gap,
    ] {
        let bench = Bench::new();
        let mut running = bench.run();
        running.append(3).await;
        running.all_delivered().await;
        bench.log.lie(lie);
        running.append(2).await;
        running.broken().await;
        assert_eq!(
            running.outbox.status().borrow().pending,
            2,
            "{lie:?}: nothing is let go of"
        );
        assert_eq!(bench.evidence(), 1, "{lie:?}");
        let posts = bench.log.kept().posts;
        bench.log.lie(Lie::None);
        let again = TrustedCheckpoints::open(bench.folder.path().to_owned()).unwrap();
        assert!(again.broken().is_some(), "{lie:?}: forgotten over a restart");
        let again = bench.go(running.outbox.clone(), Arc::new(again));
        assert!(again.delivered.borrow().broken);
        again.outbox.append(event()).await.unwrap();
        assert_eq!(bench.log.kept().posts, posts, "{lie:?}: trusted again");
    }
}

#[tokio::test]
async fn r_aud_2_events_missing_from_the_outbox_turn_the_state_red() {
    let bench = Bench::new();
    let trusted = Arc::new(TrustedCheckpoints::open(bench.folder.path().to_owned()).unwrap());
    trusted.pin_key(&borgo(), first_seen()).unwrap();
    // Opened as if the first two had been delivered, while the log never got them.
    let outbox = outbox(&bench.disk, 0);
    for _ in 0..3 {
        outbox.append(event()).await.unwrap();
    }
    outbox.delivered(&borgo(), 2);
    let mut running = bench.go(outbox, trusted);
    running.broken().await;
    assert_eq!(bench.log.kept().posts, 0);
}

#[tokio::test]
async fn r_aud_2_a_server_restored_from_a_backup_is_fed_again() {
    let bench = Bench::new();
    let mut running = bench.run();
    running.append(6).await;
    running.all_delivered().await;
    let before = bench.log.kept().by_seq.clone();
    bench.log.restore(2);
    running.append(2).await;
    running.all_delivered().await;
    soon(running.delivered.wait_for(|delivered| delivered.verified == 8))
        .await
        .unwrap();
    let kept = bench.log.kept();
    assert_eq!(kept.by_seq.len(), 8);
    assert!(
        before.iter().all(|(seq, said)| kept.by_seq.get(seq) == Some(said)),
        "the same bytes again"
    );
    assert!(!running.delivered.borrow().broken);
}
