//! Beside a copy lies a proof that the pinned key of the log holds for, or none (R-EXP-3).
//!
//! Deliberately absent: the real server (`tests/suite/audit_outside.rs`).

use super::forged_log::{ForgedLog, Lie, first_seen, verifier};
use super::{borgo, event, outbox};
use crate::domain::audit::tlog_proof::TlogProof;
use crate::domain::audit::witness_policy::{Policy, any_of};
use crate::protocol::EventBatch;
use crate::station::record::courier::LogServer as _;
use crate::station::record::outbox::Outbox;
use crate::station::record::outbox::memory::Memory;
use crate::station::record::proof_files::{ProofFiles, beside};
use crate::station::record::trusted_checkpoints::TrustedCheckpoints;
use std::path::PathBuf;
use std::sync::Arc;

struct Bench {
    folder: tempfile::TempDir,
    outbox: Outbox,
    log: ForgedLog,
    trusted: Arc<TrustedCheckpoints>,
}

impl Bench {
    /// A workstation with three events in the log.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let trusted = Arc::new(TrustedCheckpoints::open(folder.path().join("logs")).unwrap());
        trusted.pin_key(&borgo(), first_seen()).unwrap();
        let bench = Self {
            outbox: outbox(&Memory::default(), 0),
            log: ForgedLog::default(),
            folder,
            trusted,
        };
        for _ in 0..2 {
            bench.outbox.append(event()).await.unwrap();
        }
        bench
    }

    fn files(&self) -> ProofFiles {
        ProofFiles::inside(self.folder.path())
    }

    /// A copy, its entry in the log, and the wish for a proof beside it.
    async fn copy(&self) -> PathBuf {
        let copy = self.folder.path().join("a.mp4");
        std::fs::write(&copy, b"film").unwrap();
        let entry = self.outbox.append(event()).await.unwrap();
        let events = self.outbox.waiting(&borgo(), 100);
        let batch = EventBatch {
            log: borgo(),
            events: events.into_iter().map(|event| event.submitted).collect(),
        };
        self.log.post_events(&batch, None).await.unwrap();
        self.files().wish(&entry, &copy).await.unwrap();
        copy
    }

    /// Tries every wish once, as a program that was just started does; how many are left.
    async fn round(&self) -> usize {
        self.files().round(&self.log, &self.outbox, &self.trusted).await
    }
}

/// Whether the proof beside a copy proves its entry to whoever believes the log.
fn is_proven(copy: &std::path::Path) -> bool {
    let Ok(text) = std::fs::read_to_string(beside(copy)) else {
        return false;
    };
    let policy = Policy::parse(any_of(&[verifier()], &[]).as_bytes()).unwrap();
    let proven = TlogProof::parse(&text).unwrap().verify(&policy).unwrap();
    assert_eq!(proven.leaf.seq, 2);
    true
}

#[tokio::test]
async fn r_exp_3_a_copy_gets_its_proof_at_once_and_again_when_witnesses_have_seen_it() {
    let bench = Bench::new().await;
    let copy = bench.copy().await;
    bench.log.kept().awaits_witness = true;
    assert_eq!(bench.round().await, 1, "the witness is still to come");
    assert!(is_proven(&copy));
    std::fs::remove_file(beside(&copy)).unwrap();
    bench.log.kept().awaits_witness = false;
    assert_eq!(bench.round().await, 0);
    assert!(is_proven(&copy), "written once more");
    std::fs::remove_file(beside(&copy)).unwrap();
    assert_eq!(bench.round().await, 0);
    assert!(!is_proven(&copy), "and not again");
}

#[tokio::test]
async fn r_exp_3_no_proof_that_does_not_hold_is_written() {
    for lie in [Lie::CheckpointKey, Lie::Inclusion] {
        let bench = Bench::new().await;
        let copy = bench.copy().await;
        bench.log.lie(lie);
        assert_eq!(bench.round().await, 1, "{lie:?}");
        assert!(!beside(&copy).exists(), "{lie:?}");
        bench.log.lie(Lie::None);
        assert_eq!(bench.round().await, 0, "{lie:?}");
        assert!(is_proven(&copy), "{lie:?}");
    }
}

#[tokio::test]
async fn r_exp_3_a_proof_waits_for_the_server_and_goes_with_its_copy() {
    let bench = Bench::new().await;
    let copy = bench.copy().await;
    bench.log.lie(Lie::Away);
    assert_eq!(bench.round().await, 1, "the server is away");
    bench.log.lie(Lie::None);
    bench.trusted.mark_broken(&borgo(), "test", &[], jiff::Timestamp::now());
    assert_eq!(bench.round().await, 1, "the log is not trusted");
    assert!(!beside(&copy).exists());
    std::fs::remove_file(&copy).unwrap();
    assert_eq!(bench.round().await, 0, "nothing is proven of what is not there");
    assert!(!beside(&copy).exists());
}
