//! Not recorded means not done: a camera that counts its visitors, and a disk that refuses.

use super::{borgo, outbox, station};
use crate::domain::audit::details::EventKind;
use crate::domain::audit::details::recordings::CopyWord;
use crate::domain::audit::event::Body;
use crate::domain::audit::note::SignerKey;
use crate::domain::camera::{CameraId, CameraKind, StreamRole};
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::{Action, Grant, Level, Person, Purpose, Rule, Shift, StationKind};
use crate::domain::refusal::RefusalKind;
use crate::domain::site::{CameraPlan, Controller, Mask, MaskShape, SitePlan};
use crate::protocol::CameraCredential;
use crate::station::machine::enrolment::Enrolment;
use crate::station::machine::workstation::{Opened, Station};
use crate::station::record::outbox::Outbox;
use crate::station::record::outbox::memory::Memory;
use crate::station::record::proof_files::ProofFiles;
use crate::station::record::trusted_checkpoints::TrustedCheckpoints;
use crate::station::session::signed_in::{Facts, Session};
use crate::station::{AuditState, ExportProgress, ExportReason, Refusal};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Something listening where a camera would be.
struct Camera {
    address: String,
    visitors: Arc<AtomicUsize>,
}

impl Camera {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/onvif/device_service", listener.local_addr().unwrap());
        let visitors = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&visitors);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { address, visitors }
    }

    fn visitors(&self) -> usize {
        self.visitors.load(Ordering::SeqCst)
    }
}

pub(super) struct Bench {
    _folder: tempfile::TempDir,
    pub(super) disk: Memory,
    outbox: Outbox,
    pub(super) station: Station,
    camera: Camera,
}

/// A certificate and a key of the kind an enrolment has.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["sala.station.vedetta".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

impl Bench {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Memory::default();
        let outbox = outbox(&disk, 0);
        let (cert, key) = certificate();
        let enrolment = Enrolment {
            station: station(),
            // Nobody listens there: the server is away.
            server: "https://127.0.0.1:9".into(),
            identity: format!("{cert}\n{key}").into(),
            ca: cert.into_bytes(),
            plan_key: SignerKey::new("vedetta/plan", &[1; 32]).unwrap().verifier(),
            renew_after_ms: None,
        };
        let opened = Opened {
            enrolment,
            outbox: outbox.clone(),
            damage: Vec::new(),
            trusted: TrustedCheckpoints::open(folder.path().join("logs")).unwrap(),
            evidence: folder.path().join("evidence"),
            proofs: ProofFiles::inside(folder.path()),
            pose_source: Arc::new(crate::station::TrackedPose),
        };
        let station = Station::start(opened).await.unwrap();
        station.0.contact.set_grace(Duration::from_secs(3600));
        Self {
            _folder: folder,
            disk,
            outbox,
            station,
            camera: Camera::new().await,
        }
    }

    pub(super) fn session(&self, level: Level, actions: &[Action]) -> Session {
        self.session_in(level, actions, vec![])
    }

    fn session_in(&self, level: Level, actions: &[Action], hours: Vec<Shift>) -> Session {
        let plan = |id: &str, kind, masks| CameraPlan {
            name: id.into(),
            place: "Piazza".into(),
            onvif: self.camera.address.clone(),
            masks,
            return_home: "10".parse().ok().filter(|_| kind == CameraKind::Dome),
            ..CameraPlan::blank(id.parse().unwrap(), 1, borgo(), kind)
        };
        let mask = Mask {
            id: "finestra".parse().unwrap(),
            name: "Finestra".into(),
            shape: MaskShape::Picture(vec![[0.1, 0.1], [0.3, 0.1], [0.2, 0.3]]),
            permanent: true,
            reason: String::new(),
            style: Default::default(),
            revision: None,
        };
        let facts = Facts {
            person: Person {
                user: "chiara.neri".into(),
                display_name: "Ag. Chiara Neri".into(),
                agency: "Polizia Locale".into(),
                level,
                grants: vec![Grant {
                    controller: borgo(),
                    cameras: vec![],
                    actions: actions.to_vec(),
                    hours,
                }],
            },
            stated: Stated::new(Purpose::UrbanSecurity, "", "").unwrap(),
            session: "s-1".into(),
            token: "token".to_owned().into(),
            home: borgo(),
            kind: StationKind::ControlRoom,
            lock_after: None,
            let_in_alone: Vec::new(),
            plan: Arc::new(SitePlan {
                version: 7,
                controllers: vec![Controller {
                    id: borgo(),
                    name: "Borgo".into(),
                    istat: "020001".into(),
                }],
                cameras: vec![
                    plan("cam-01", CameraKind::Fixed, vec![mask]),
                    plan("cam-02", CameraKind::Dome, vec![]),
                ],
                critical: Vec::new(),
            }),
        };
        let session = Session::start(Arc::clone(&self.station.0), facts);
        for id in ["cam-01", "cam-02"] {
            let credential = CameraCredential {
                user: "u".into(),
                password: "p".to_owned().into(),
            };
            session.0.cameras.remember_credential(&id.parse().unwrap(), credential);
        }
        session
    }

    pub(super) fn bodies(&self) -> Vec<Body> {
        let events = self.outbox.waiting(&borgo(), usize::MAX);
        events
            .iter()
            .map(|event| serde_json::from_str(&event.submitted.body).unwrap())
            .collect()
    }

    /// What is in the log of one camera, as «operation result».
    pub(super) fn log(&self) -> Vec<String> {
        let text = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        let line = |body: &Body| {
            let (operation, result) = (serde_json::to_value(body.operation), serde_json::to_value(body.result));
            format!("{} {}", text(operation.unwrap()), text(result.unwrap()))
        };
        self.bodies().iter().map(line).collect()
    }

    async fn until_logged(&self, wanted: &str) {
        let logged = async {
            let mut status = self.outbox.status();
            while !self.log().iter().any(|line| line == wanted) {
                status.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), logged).await;
        assert!(waited.is_ok(), "{wanted} is not in {:?}", self.log());
    }
}

fn fixed() -> CameraId {
    "cam-01".parse().unwrap()
}

pub(super) fn dome() -> CameraId {
    "cam-02".parse().unwrap()
}

pub(super) const ALL: [Action; 4] = [Action::Live, Action::Ptz, Action::Playback, Action::Export];

fn reason() -> ExportReason {
    ExportReason {
        purpose: Purpose::JudicialPoliceDelegated,
        reason: "delega".into(),
        protocol_no: "12/2026".into(),
    }
}

/// Every act there is, each with how it was refused.
async fn every_act(session: &Session) -> Vec<(&'static str, Option<Refusal>)> {
    let now = jiff::Timestamp::now().as_millisecond();
    let (from, to) = (now - 60_000, now - 30_000);
    let progress = watch::Sender::new(ExportProgress::default());
    vec![
        ("view", session.view(&fixed(), StreamRole::Sub).await.err()),
        ("steer", session.drive_ptz(&dome()).await.err()),
        ("presets", session.presets(&dome()).await.err()),
        ("call_preset", session.call_preset(&dome(), "1").await.err()),
        ("save_preset", session.save_preset(&dome(), "porta").await.err()),
        ("recorded", session.recorded(&fixed(), from, to).await.err()),
        ("play", session.play(&fixed(), from, to).await.err()),
        (
            "export",
            session.export(&dome(), from, to, reason(), progress).await.err(),
        ),
        ("diagnose", session.diagnose(&fixed()).await.err()),
    ]
}

#[tokio::test]
async fn r_aud_7_no_act_without_a_durable_event() {
    let bench = Bench::new().await;
    let supervisor = bench.session(Level::Supervisor, &ALL);
    bench.disk.disk().appends_left = Some(0);
    for (act, refusal) in every_act(&supervisor).await {
        assert!(
            matches!(refusal, Some(Refusal::NotRecorded { .. })),
            "{act}: {refusal:?}"
        );
    }
    assert_eq!(bench.camera.visitors(), 0, "the camera was touched");
    bench.disk.disk().appends_left = None;
    // The same road with a disk that works leads to the camera: the test can fail.
    let view = supervisor.view(&fixed(), StreamRole::Sub).await.unwrap();
    bench.until_logged("view_open failed").await;
    assert!(bench.camera.visitors() > 0);
    drop(view);
    bench.until_logged("view_close done").await;
}

#[tokio::test]
async fn r_aud_7_a_failed_synchronisation_closes_what_is_open_and_refuses_everything() {
    let bench = Bench::new().await;
    let session = bench.session(Level::Supervisor, &ALL);
    let view = session.view(&fixed(), StreamRole::Sub).await.unwrap();
    bench.disk.disk().syncs_left = Some(0);
    let refused = session.view(&dome(), StreamRole::Sub).await.err();
    assert!(matches!(refused, Some(Refusal::NotRecorded { .. })), "{refused:?}");
    let mut state = view.state();
    let closed = state.wait_for(|state| matches!(state, crate::station::ViewState::Closed { .. }));
    tokio::time::timeout(Duration::from_secs(10), closed)
        .await
        .unwrap()
        .unwrap();
    assert!(view.slot().latest().is_none());
    let mut health = session.health();
    let red = health.wait_for(|health| matches!(health.audit, AuditState::Broken { .. }));
    tokio::time::timeout(Duration::from_secs(10), red)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn r_mnt_1_a_maintainer_gets_figures_and_never_an_image() {
    let bench = Bench::new().await;
    // Even with every grant by mistake, the level decides.
    let maintainer = bench.session(Level::Maintainer, &ALL);
    for (act, refusal) in every_act(&maintainer).await {
        match act {
            "diagnose" => assert_ne!(
                refusal,
                Some(Refusal::Kind(RefusalKind::Rule(Rule::MaintainerSeesNoImage)))
            ),
            "presets" => assert!(refusal.is_some()),
            _ => assert_eq!(
                refusal,
                Some(Refusal::Kind(RefusalKind::Rule(Rule::MaintainerSeesNoImage))),
                "{act}"
            ),
        }
    }
    assert_eq!(
        maintainer.0.facts.credential_need(),
        crate::protocol::CredentialNeed::Figures
    );
    let named = |body: &&Body| body.said().common.why == Some(Rule::MaintainerSeesNoImage.into());
    assert_eq!(
        bench.bodies().iter().filter(named).count(),
        7,
        "every refusal is an event: {:?}",
        bench.log()
    );
}

#[tokio::test]
async fn r_acc_2_nothing_is_granted_by_default_and_the_rule_is_named_in_the_event() {
    let bench = Bench::new().await;
    let operator = bench.session(Level::Operator, &[]);
    assert_eq!(
        operator.view(&fixed(), StreamRole::Sub).await.err(),
        Some(Refusal::Kind(RefusalKind::Rule(Rule::NoGrant)))
    );
    let body = bench.bodies().pop().unwrap();
    assert_eq!(body.said().common.why, Some(Rule::NoGrant.into()));
    assert_eq!(
        (body.person.as_str(), body.camera, body.policy_version),
        ("chiara.neri", Some(fixed()), 7)
    );
    assert_eq!(bench.camera.visitors(), 0);
}

#[tokio::test]
async fn r_acc_2_hours_go_by_the_servers_clock_whatever_this_machine_says() {
    use crate::domain::privacy::school_calendar::Day;
    use jiff::civil::time;
    let bench = Bench::new().await;
    let every_day = vec![
        Day::Monday,
        Day::Tuesday,
        Day::Wednesday,
        Day::Thursday,
        Day::Friday,
        Day::Saturday,
        Day::Sunday,
    ];
    let night = Shift {
        days: every_day,
        from: time(22, 0, 0, 0),
        to: time(6, 0, 0, 0),
    };
    let session = bench.session_in(Level::Operator, &[Action::Live], vec![night]);
    let outside = Some(Refusal::Kind(RefusalKind::Rule(Rule::OutsideHours)));
    let seen = async || session.view(&fixed(), StreamRole::Sub).await.err();
    assert_eq!(seen().await, outside, "no clock was heard yet");
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    // Whatever the hour is here and now, the server's hour decides.
    session.0.hear_of_session(at("2026-11-22T03:00:00+01:00"), None);
    assert_eq!(seen().await, None);
    session.0.hear_of_session(at("2026-11-22T12:00:00+01:00"), None);
    assert_eq!(seen().await, outside);
}

#[tokio::test]
async fn r_aud_1_a_view_is_an_intent_an_outcome_and_a_close_of_the_same_act() {
    let bench = Bench::new().await;
    let session = bench.session(Level::Operator, &ALL);
    drop(session.view(&fixed(), StreamRole::Main).await.unwrap());
    bench.until_logged("view_close done").await;
    assert_eq!(bench.log(), ["view_open intent", "view_open failed", "view_close done"]);
    let bodies = bench.bodies();
    assert!(
        bodies
            .iter()
            .all(|body| body.act == bodies[0].act && body.stream == Some(StreamRole::Main))
    );
}

#[tokio::test]
async fn r_aud_1_sign_out_closes_every_view_before_it_is_recorded() {
    let bench = Bench::new().await;
    let session = bench.session(Level::Operator, &ALL);
    let first = session.view(&fixed(), StreamRole::Main).await.unwrap();
    let _second = session.view(&fixed(), StreamRole::Sub).await.unwrap();
    session.clone().sign_out().await.unwrap();
    let log = bench.log();
    assert_eq!(
        log.iter().filter(|line| *line == "view_close done").count(),
        2,
        "{log:?}"
    );
    assert_eq!(log.last().unwrap(), "sign_out done");
    assert_eq!(
        session.view(&fixed(), StreamRole::Sub).await.err(),
        Some(Refusal::Kind(RefusalKind::SessionEnded))
    );
    drop(first);
}

#[tokio::test]
async fn r_aud_7_away_within_grace_only_live_and_ptz_and_after_it_nothing() {
    let bench = Bench::new().await;
    let session = bench.session(Level::Supervisor, &ALL);
    bench.station.0.contact.away();
    let mut health = session.health();
    let away = health.wait_for(|health| matches!(health.server, crate::station::ServerState::Away { .. }));
    tokio::time::timeout(Duration::from_secs(10), away)
        .await
        .unwrap()
        .unwrap();
    let away = every_act(&session).await;
    for (act, refusal) in &away {
        let refused_for_server = *refusal == Some(Refusal::ServerAway);
        let needs_server = ["recorded", "play", "export", "diagnose"].contains(act);
        assert_eq!(refused_for_server, needs_server, "{act}: {refusal:?}");
    }
    bench.station.0.contact.set_grace(Duration::ZERO);
    let over = health.wait_for(|health| health.server == crate::station::ServerState::AwayTooLong);
    tokio::time::timeout(Duration::from_secs(10), over)
        .await
        .unwrap()
        .unwrap();
    for (act, refusal) in every_act(&session).await {
        assert!(
            act == "presets" || refusal == Some(Refusal::GraceOver),
            "{act}: {refusal:?}"
        );
    }
}

#[tokio::test]
async fn r_prv_1_the_first_event_of_an_export_says_which_copy_is_made_and_by_which_plan() {
    let bench = Bench::new().await;
    let session = bench.session(Level::Supervisor, &ALL);
    let now = jiff::Timestamp::now().as_millisecond();
    for (camera, copy) in [(fixed(), CopyWord::Obscured), (dome(), CopyWord::Original)] {
        let progress = watch::Sender::new(ExportProgress::default());
        let export = session.export(&camera, now - 60_000, now - 30_000, reason(), progress);
        assert_eq!(export.await.err(), Some(Refusal::ServerAway));
        let EventKind::ExportStart(said) = bench.bodies().pop().unwrap().said().kind else {
            panic!("{camera}");
        };
        let expected = (Some(copy), Some(copy == CopyWord::Obscured), Some(7));
        assert_eq!((said.copy, said.re_encoded, said.plan_version), expected, "{camera}");
    }
    assert_eq!(bench.camera.visitors(), 0);
}
