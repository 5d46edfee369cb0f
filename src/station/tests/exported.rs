//! An export has its entry in the log, or does not exist (R-EXP-1).
//!
//! Deliberately absent: what is in the file (`tests/suite/end_to_end`).

use super::road::{ALL, Bench, dome};
use crate::domain::audit::details::EventKind;
use crate::domain::audit::details::recordings::ExportStart;
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::people::{Action, Level};
use crate::media::export::{CoveredFrames, ExportReport, Partial, Unclaimed};
use crate::station::Refusal;
use crate::station::act::export::{Exported, Order};
use crate::station::record::health::Need;
use crate::station::record::proof_files;
use crate::station::session::authorised_act::{Act, Intent, Right};
use crate::station::session::signed_in::Session;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// An export that is written and not recorded yet.
struct Written {
    folder: TempDir,
    session: Session,
}

impl Written {
    fn new(bench: &Bench) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            session: bench.session(Level::Supervisor, &ALL),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("a.mp4")
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }

    async fn act(&self) -> Act {
        let camera = self.session.0.camera(&dome()).unwrap();
        let intent = Intent::new(ExportStart::default(), &camera, Right::Grant(Action::Export), Need::Act);
        self.session.0.intend(intent).await.unwrap()
    }

    /// Writes the file at once; what is returned records it.
    fn record(&self, act: Act) -> impl Future<Output = Result<Exported, Refusal>> {
        let (file, report) = film(&self.path());
        assert!(!self.path().exists(), "no name yet");
        async move {
            let camera = self.session.0.camera(&dome()).unwrap();
            let order = Order {
                camera: &camera,
                range: (0, 1_000),
                plan_version: 7,
            };
            self.session.exported(act, &order, (self.path(), file), report).await
        }
    }
}

fn film(path: &Path) -> (Unclaimed, ExportReport) {
    let partial = Partial::create(path).unwrap();
    std::fs::write(partial.content(), b"film").unwrap();
    let (file, bytes, sha256) = partial.finish().unwrap();
    let report = ExportReport {
        frames: 25,
        bytes,
        sha256,
        first_ms: 0,
        last_ms: 960,
        covered: CoveredFrames::default(),
    };
    (file, report)
}

#[tokio::test]
async fn r_aud_7_an_export_has_its_entry_with_its_hash() {
    let bench = Bench::new().await;
    let written = Written::new(&bench);
    let act = written.act().await;
    let exported = written.record(act).await.unwrap();
    assert!(exported.path.exists());
    assert_eq!(exported.proof, Some(proof_files::beside(&exported.path)));
    let bodies = bench.bodies();
    let ended = bodies.iter().find(|body| body.operation == Operation::ExportEnd);
    let EventKind::ExportEnd(end) = ended.unwrap().said().kind else {
        panic!("{ended:?}");
    };
    assert_eq!(end.sha256, Some(exported.sha256));
    assert_eq!(ended.unwrap().result, Outcome::Done);
}

#[tokio::test]
async fn r_aud_7_an_export_that_cannot_be_recorded_does_not_exist() {
    for broken in ["append", "sync"] {
        let bench = Bench::new().await;
        let written = Written::new(&bench);
        let act = written.act().await;
        match broken {
            "append" => bench.disk.disk().appends_left = Some(0),
            _ => bench.disk.disk().syncs_left = Some(0),
        }
        let refused = written.record(act).await.err();
        assert!(
            matches!(refused, Some(Refusal::NotRecorded { .. })),
            "{broken}: {refused:?}"
        );
        assert_eq!(written.files(), 0, "{broken}");
        assert!(!bench.log().iter().any(|line| line == "export_end done"), "{broken}");
    }
}

#[tokio::test]
async fn r_aud_7_an_export_that_nobody_waits_for_any_more_does_not_exist() {
    let bench = Bench::new().await;
    let written = Written::new(&bench);
    let act = written.act().await;
    let record = written.record(act);
    assert_eq!(written.files(), 1);
    drop(record);
    assert_eq!(written.files(), 0);
}

#[tokio::test]
async fn r_aud_7_a_file_of_that_name_stays_and_the_log_says_that_the_export_failed() {
    let bench = Bench::new().await;
    let written = Written::new(&bench);
    let act = written.act().await;
    let record = written.record(act);
    std::fs::write(written.path(), b"evidence").unwrap();
    let refused = record.await;
    assert!(matches!(refused.err(), Some(Refusal::Disk { .. })));
    assert_eq!(std::fs::read(written.path()).unwrap(), b"evidence");
    assert_eq!(written.files(), 1);
    assert_eq!(bench.log().last().unwrap(), "export_start failed");
}
