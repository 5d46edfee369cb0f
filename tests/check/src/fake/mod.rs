//! A desk without a station: test pictures instead of cameras, so that screens can be driven and looked at.
//!
//! Compiled twice: here, and in the library for the tests of its screens (`src/gui/mod.rs`). So paths begin with `vedetta::` or
//! `super::`.
//!
//! Invariant: nothing of it reaches a camera, a server or a disk. Deliberately absent: rules; it says yes to everything.

mod account_admin;
pub mod camera_admin;
pub mod pattern;
mod pictures;
mod takeover;

pub use account_admin::{accounts, sessions, workstations};

use pictures::{FakeFeed, FakePtzDrive, FakeReel};

use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use vedetta::domain::camera::{CameraId, CameraKind, StationId, StreamRole};
use vedetta::domain::people::clearance::{self, Wish};
use vedetta::domain::people::stated_purpose::Stated;
use vedetta::domain::people::{Action, Circumstances, Grant, Level, Person, Reach, StationKind};
use vedetta::domain::privacy::declared_event::{Change, Declaration};
use vedetta::domain::reason::Reason;
use vedetta::domain::site::{CameraPlan, Mask, SitePlan};
use vedetta::gui::session_port::{Answer, Desk, DomeLease, ExportWish, Feed, InForce, PtzDrive, Reel};
use vedetta::station::{
    AccountChange, AccountView, AuditState, CameraAccount, CameraReport, CameraTrouble, CameraView, Changed,
    ClearanceState, Delivery, Diagnosis, EnrolmentCode, ExportProgress, Exported, FoundCamera, Health, Holder, Knock,
    MaskProposal, MaskSyncState, NewCode, Obscured, Preset, ProposedMask, PutCamera, RecordedSpan, Refusal,
    ServerState, SessionView, SiteProposal, StationView, TroubleKind, Verdict, Watching,
};

/// A plan of `cameras` cameras, the last `domes` of them domes.
pub fn plan(cameras: usize, domes: usize) -> SitePlan {
    let places = [
        "Piazza Garibaldi",
        "Via Roma",
        "Scuola Manzoni",
        "Parco delle Rimembranze",
    ];
    let list: Vec<_> = (1..=cameras)
        .map(|n| {
            let dome = n > cameras - domes;
            serde_json::json!({
                "id": format!("cam-{n:02}"), "number": n, "place": places[n % places.len()],
                "name": if dome { format!("Cupola {n}") } else { format!("Telecamera {n}") },
                "controller": "borgo-vedetta", "kind": if dome { "dome" } else { "fixed" },
                "onvif": "http://127.0.0.1:9/onvif/device_service",
                "limits": if dome { serde_json::json!({"zoom_ceiling": 8.0, "pan_deg": [-120.0, 120.0]}) }
                          else { serde_json::json!({}) },
                "lens": dome.then(|| serde_json::json!({
                    "pan_range_deg": [-180.0, 180.0], "tilt_range_deg": [-90.0, 20.0],
                    "hfov_by_zoom": [[0.0, 62.0], [1.0, 3.0]], "aspect": 16.0 / 9.0,
                })),
            })
        })
        .collect();
    let plan = serde_json::json!({
        "version": 1,
        "controllers": [{"id": "borgo-vedetta", "name": "Comune di Borgo Vedetta", "istat": "020999"}],
        "cameras": list,
    });
    serde_json::from_value(plan).unwrap_or(SitePlan {
        version: 0,
        controllers: Vec::new(),
        cameras: Vec::new(),
    })
}

/// A desk with test pictures; see [`Fake`].
pub fn desk(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake::at(plan(cameras, domes)))
}

/// The same desk at a workstation that cannot keep up.
pub fn overloaded(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake {
        slow: true,
        ..Fake::at(plan(cameras, domes))
    })
}

/// The same desk with a supervisor at it.
pub fn supervisor(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake {
        level: Level::Supervisor,
        ..Fake::at(plan(cameras, domes))
    })
}

/// The same desk with a system administrator at it.
pub fn administrator(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake {
        level: Level::SystemAdministrator,
        ..Fake::at(plan(cameras, domes))
    })
}

/// The same desk with a maintainer at it.
pub fn maintainer(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake {
        level: Level::Maintainer,
        ..Fake::at(plan(cameras, domes))
    })
}

/// The same desk, where the second camera is at a school: in school hours, or out of them.
pub fn school(cameras: usize, domes: usize, in_hours: bool) -> Arc<Fake> {
    let mut plan = plan(cameras, domes);
    // Without hours the pictures are always open; with a last day that is over, never.
    let last_day = if in_hours { "2020-01-01" } else { "9000-01-01" };
    let calendar = serde_json::from_value(serde_json::json!({"last_day": last_day, "hours": []}));
    if let Some(camera) = plan.cameras.get_mut(1) {
        camera.school = calendar.ok();
    }
    Arc::new(Fake {
        school_is_open: in_hours,
        ..Fake::at(plan)
    })
}

/// The same desk, where the second camera has a mask.
pub fn masked(cameras: usize, domes: usize) -> Arc<Fake> {
    let mut plan = plan(cameras, domes);
    let mask = serde_json::from_value(serde_json::json!({
        "id": "finestre", "name": "Finestre di via Roma 4",
        "shape": {"picture": [[0.1, 0.1], [0.4, 0.1], [0.4, 0.5], [0.1, 0.5]]},
    }));
    if let Some(camera) = plan.cameras.get_mut(1) {
        camera.masks.extend(mask.ok());
    }
    Arc::new(Fake::at(plan))
}

/// The desk. `said` lists what was asked of it, in order.
pub struct Fake {
    plan: Arc<SitePlan>,
    level: Level,
    /// Decodes only a part of the pictures.
    slow: bool,
    /// The server is away for longer than the grace.
    stopped: AtomicBool,
    /// Cameras at a school are closed.
    school_is_open: bool,
    /// The account is asked for at another workstation.
    wanted: AtomicBool,
    stated: Mutex<Stated>,
    said: Arc<Mutex<Vec<String>>>,
    opened: Instant,
}

impl Fake {
    fn at(plan: SitePlan) -> Fake {
        Fake {
            plan: Arc::new(plan),
            level: Level::Operator,
            slow: false,
            school_is_open: false,
            stopped: AtomicBool::new(false),
            wanted: AtomicBool::new(false),
            stated: Mutex::new(Stated::default()),
            said: Arc::default(),
            opened: Instant::now(),
        }
    }

    /// What was asked so far, in order.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The server goes away for longer than the grace, or comes back.
    pub fn stop(&self, stopped: bool) {
        self.stopped.store(stopped, Ordering::Relaxed);
    }

    /// The account is asked for elsewhere, or not any more.
    pub fn want(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    fn note(&self, what: String) {
        note(&self.said, what);
    }
}

fn note(said: &Mutex<Vec<String>>, what: String) {
    said.lock().unwrap_or_else(PoisonError::into_inner).push(what);
}

fn number(camera: &CameraId) -> u64 {
    camera
        .as_str()
        .rsplit('-')
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or_default()
}

impl Desk for Fake {
    fn person(&self) -> Person {
        let grant = self.plan.controllers.first().map(|controller| Grant {
            controller: controller.id.clone(),
            cameras: Vec::new(),
            actions: vec![
                Action::Live,
                Action::Ptz,
                Action::Playback,
                Action::Export,
                Action::Clear,
            ],
            hours: Vec::new(),
        });
        let (user, display_name) = match self.level {
            Level::Supervisor => ("villa", "Comm. Andrea Villa"),
            Level::SystemAdministrator => ("riva", "Dott. Paolo Riva"),
            _ => ("neri", "Ag. Scelto Chiara Neri"),
        };
        Person {
            user: user.into(),
            display_name: display_name.into(),
            agency: "Polizia Locale di Borgo Vedetta".into(),
            level: self.level,
            grants: grant.into_iter().collect(),
        }
    }

    fn stated(&self) -> Stated {
        let kept = self.stated.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone()
    }

    fn change_purpose(&self, stated: Stated) -> Answer<()> {
        self.note(format!("purpose {:?} {}", stated.purpose(), stated.protocol_no()));
        *self.stated.lock().unwrap_or_else(PoisonError::into_inner) = stated;
        Box::pin(async { Ok(()) })
    }

    fn circumstances(&self) -> Circumstances {
        Circumstances {
            station: StationKind::ControlRoom,
            server: Reach::Reachable,
            local: None,
        }
    }

    fn plan(&self) -> Arc<SitePlan> {
        self.plan.clone()
    }

    fn health(&self) -> Health {
        Health {
            delivery: Delivery::default(),
            audit: AuditState::Waiting { events: 3 },
            server: if self.stopped.load(Ordering::Relaxed) {
                ServerState::AwayTooLong
            } else {
                ServerState::Reachable
            },
        }
    }

    fn may_watch(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }

    fn go_on(&self, reason: String) -> Answer<()> {
        self.note(format!("go on {reason}"));
        self.stopped.store(false, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    }

    fn holds(&self) -> Vec<DomeLease> {
        let dome = self.plan.cameras.last();
        let held = dome.map(|camera| DomeLease {
            camera: camera.id.clone(),
            display_name: "Mar. Ca. Luca Bruni".into(),
            agency: "Carabinieri".into(),
            ours: false,
            asking: Vec::new(),
            passes_to: None,
        });
        // The dome before the last is held here, and somebody asks for it.
        let domes = self
            .plan
            .cameras
            .iter()
            .filter(|camera| camera.kind == CameraKind::Dome);
        let ours = domes.rev().nth(1).map(|camera| DomeLease {
            camera: camera.id.clone(),
            display_name: self.person().display_name,
            agency: self.person().agency,
            ours: true,
            asking: takeover::for_a_dome().into_iter().collect(),
            passes_to: None,
        });
        held.into_iter().chain(ours).collect()
    }

    fn watching(&self) -> Vec<Watching> {
        let seen = self.plan.cameras.iter().filter(|camera| camera.number % 4 == 0);
        let people: Vec<_> = takeover::marshal().into_iter().chain(takeover::officer()).collect();
        seen.map(|camera| Watching {
            camera: camera.id.clone(),
            people: people.clone(),
        })
        .collect()
    }

    fn ask_for_dome(&self, camera: CameraId, reason: Reason) -> Answer<()> {
        self.note(format!("ask {camera} {reason}"));
        Box::pin(async { Ok(()) })
    }

    fn hand_over(&self, camera: CameraId, to: Holder) -> Answer<()> {
        self.note(format!("hand over {camera} {}", to.user));
        Box::pin(async { Ok(()) })
    }

    fn decline(&self, camera: CameraId, to: Holder) -> Answer<()> {
        self.note(format!("decline {camera} {}", to.user));
        Box::pin(async { Ok(()) })
    }

    fn take_over(&self, camera: CameraId, reason: Reason) -> Answer<()> {
        self.note(format!("take over {camera} {reason}"));
        Box::pin(async { Ok(()) })
    }

    fn clearances(&self) -> Vec<ClearanceState> {
        takeover::clearance(&self.plan).into_iter().collect()
    }

    fn request_clearance(&self, wish: Wish) -> Answer<()> {
        self.note(format!("clearance for {:?} {}", wish.extent.cameras, wish.reason));
        Box::pin(async { Ok(()) })
    }

    fn answer_clearance(&self, id: u64, verdict: clearance::Verdict) -> Answer<()> {
        self.note(format!("answer {id} {verdict:?}"));
        Box::pin(async { Ok(()) })
    }

    fn sign_out(&self) -> Answer<Delivery> {
        self.note("sign out".into());
        Box::pin(async { Ok(Delivery::default()) })
    }

    fn yield_account(&self) -> Answer<Delivery> {
        self.note("yield".into());
        Box::pin(async { Ok(Delivery::default()) })
    }

    fn keep_account(&self) -> Answer<()> {
        self.note("keep".into());
        self.wanted.store(false, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    }

    fn moment(&self, server_ms: i64) -> Instant {
        self.opened + Duration::from_millis(server_ms.unsigned_abs())
    }

    fn view(&self, camera: CameraId, stream: StreamRole) -> Answer<Arc<dyn Feed>> {
        self.note(format!("view {camera} {stream:?}"));
        let slow = self.slow;
        if self.stopped.load(Ordering::Relaxed) {
            return Box::pin(async { Err(Refusal::GraceOver) });
        }
        let school = self.plan.camera(&camera).is_some_and(|camera| camera.school.is_some());
        if school && self.school_is_open {
            let until = Instant::now().checked_add(Duration::from_secs(3 * 3600));
            return Box::pin(async move { Err(Refusal::SchoolHours { until }) });
        }
        Box::pin(async move { Ok(Arc::new(FakeFeed::new(&camera, stream, slow)) as Arc<dyn Feed>) })
    }

    fn steer(&self, camera: CameraId) -> Answer<Box<dyn PtzDrive>> {
        self.note(format!("steer {camera}"));
        let said = self.said.clone();
        Box::pin(async move { Ok(Box::new(FakePtzDrive(said)) as Box<dyn PtzDrive>) })
    }

    fn presets(&self, _: CameraId) -> Answer<Vec<Preset>> {
        let preset = |(n, name): (usize, &str)| Preset {
            token: format!("p{n}"),
            name: name.into(),
        };
        let presets = ["Ingresso piazza", "Municipio", "Fermata autobus"]
            .into_iter()
            .enumerate()
            .map(preset)
            .collect();
        Box::pin(async move { Ok(presets) })
    }

    fn call_preset(&self, camera: CameraId, preset: String) -> Answer<()> {
        self.note(format!("preset {camera} {preset}"));
        Box::pin(async { Err(Refusal::ZoomCeiling { ceiling: 8.0 }) })
    }

    fn save_preset(&self, camera: CameraId, name: String) -> Answer<()> {
        self.note(format!("save {camera} {name}"));
        Box::pin(async { Ok(()) })
    }

    fn snapshot(&self, _: Arc<dyn Feed>) -> Answer<PathBuf> {
        self.note("snapshot".into());
        Box::pin(async { Ok(PathBuf::from("evidence/cam-01.png")) })
    }

    fn recorded(&self, _: CameraId, from_ms: i64, to_ms: i64) -> Answer<Vec<RecordedSpan>> {
        let gap = (to_ms - from_ms) / 5;
        let spans = [(from_ms + gap, from_ms + 3 * gap), (from_ms + 3 * gap + 60_000, to_ms)];
        Box::pin(async move { Ok(spans.map(|(from_ms, to_ms)| RecordedSpan { from_ms, to_ms }).to_vec()) })
    }

    fn play(&self, camera: CameraId, from_ms: i64, _: i64) -> Answer<Arc<dyn Reel>> {
        self.note(format!("play {camera}"));
        Box::pin(async move {
            let feed = FakeFeed::new(&camera, StreamRole::Main, false);
            Ok(Arc::new(FakeReel {
                feed,
                from_ms,
                since: Instant::now(),
            }) as Arc<dyn Reel>)
        })
    }

    fn export(&self, wish: ExportWish, progress: watch::Sender<ExportProgress>) -> Answer<Exported> {
        self.note(format!("export {} {}", wish.camera, wish.reason.protocol_no));
        let hides = self.plan.camera(&wish.camera).is_some_and(CameraPlan::hides_anything);
        Box::pin(async move {
            for step in 1..=20u32 {
                progress.send_replace(ExportProgress {
                    done: f64::from(step) / 20.0,
                    bytes: u64::from(step) * 1_400_000,
                });
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into();
            Ok(Exported {
                path: PathBuf::from("evidence/cam-01.mp4"),
                frames: 1500,
                sha256,
                obscured: hides.then_some(Obscured {
                    plan_version: 7,
                    whole: 213,
                    partly: 640,
                }),
            })
        })
    }

    fn declared(&self) -> Vec<InForce> {
        let dome = self.plan.cameras.last().filter(|camera| camera.limits.has_ceiling());
        dome.map(|camera| InForce {
            id: 1,
            camera: camera.id.clone(),
            change: Change::Ceilings,
            display_name: "Mar. Ca. Luca Bruni".into(),
            ends: self.opened + Duration::from_secs(581),
        })
        .into_iter()
        .collect()
    }

    fn declare(&self, camera: CameraId, what: Declaration) -> Answer<()> {
        self.note(format!("declare {camera} {:?} {} min", what.change, what.minutes));
        Box::pin(async { Ok(()) })
    }

    fn draft_mask(&self, camera: CameraId, mask: Option<Mask>) {
        self.note(format!("draft {camera} {}", mask.is_some()));
    }

    fn propose_mask(&self, camera: CameraId, proposal: MaskProposal) -> Answer<()> {
        self.note(format!("propose {camera} {}", proposal.reason));
        Box::pin(async { Ok(()) })
    }

    fn proposals(&self) -> Answer<Vec<ProposedMask>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn decide_proposal(&self, id: u64, verdict: Verdict) -> Answer<()> {
        self.note(format!("decide {id} {verdict:?}"));
        Box::pin(async { Ok(()) })
    }

    fn has_ended(&self) -> bool {
        false
    }

    fn knock(&self) -> Option<Knock> {
        let wanted = self.wanted.load(Ordering::Relaxed);
        takeover::knock().filter(|_| wanted)
    }

    fn lock_after(&self) -> Option<Duration> {
        None
    }

    fn record_lock(&self, by_itself: bool) -> Answer<()> {
        self.note(format!("lock {by_itself}"));
        Box::pin(async { Ok(()) })
    }

    fn unlock(&self, _: SecretString) -> Answer<()> {
        self.note("unlock".to_owned());
        Box::pin(async { Ok(()) })
    }

    fn keeps_people(&self) -> bool {
        matches!(self.level, Level::Supervisor | Level::SystemAdministrator)
    }

    fn people(&self) -> Answer<Vec<AccountView>> {
        Box::pin(async { Ok(accounts()) })
    }

    fn change_account(&self, user: String, change: AccountChange) -> Answer<()> {
        let what = if matches!(change, AccountChange::Disable { .. }) {
            "disable"
        } else {
            "confirm"
        };
        self.note(format!("{what} {user}"));
        Box::pin(async { Ok(()) })
    }

    fn sessions(&self) -> Answer<Vec<SessionView>> {
        Box::pin(async { Ok(sessions()) })
    }

    fn end_session(&self, user: String, reason: Reason) -> Answer<()> {
        self.note(format!("end session {user} {reason}"));
        Box::pin(async { Ok(()) })
    }

    fn keeps_stations(&self) -> bool {
        self.level == Level::SystemAdministrator
    }

    fn workstations(&self) -> Answer<Vec<StationView>> {
        Box::pin(async { Ok(workstations()) })
    }

    fn enrolment_code(&self, new: NewCode) -> Answer<EnrolmentCode> {
        self.note(format!("code {} {:?} {}", new.station, new.kind, new.grace_s));
        let expires_ms = i64::try_from(self.opened.elapsed().as_millis()).unwrap_or_default() + 15 * 60_000;
        Box::pin(async move {
            Ok(EnrolmentCode {
                code: "7QKM-2XWD-9FTR-H4LB-C83N".to_owned().into(),
                expires_ms,
            })
        })
    }

    fn revoke_workstation(&self, station: StationId, reason: Reason) -> Answer<()> {
        self.note(format!("revoke {station} {reason}"));
        Box::pin(async { Ok(()) })
    }

    fn keeps_cameras(&self) -> bool {
        self.level == Level::SystemAdministrator
    }

    fn approves_cameras(&self) -> bool {
        self.level == Level::Supervisor
    }

    fn kept_cameras(&self) -> Answer<Vec<CameraView>> {
        let views = camera_admin::views(&self.plan);
        Box::pin(async move { Ok(views) })
    }

    fn find_cameras(&self) -> Answer<Vec<FoundCamera>> {
        self.note("find cameras".to_owned());
        Box::pin(async { Ok(camera_admin::found()) })
    }

    fn try_camera(&self, onvif: String, account: CameraAccount) -> Answer<CameraReport> {
        self.note(format!("try {onvif} {}", account.user));
        Box::pin(async { Ok(camera_admin::report()) })
    }

    fn put_camera(&self, put: PutCamera) -> Answer<Changed> {
        self.note(format!("put {} tested {}", put.settings.id, put.tested));
        Box::pin(async { Ok(Changed::Waits { proposal: 4 }) })
    }

    fn remove_camera(&self, camera: CameraId, reason: String) -> Answer<Changed> {
        self.note(format!("remove {camera} {reason}"));
        Box::pin(async { Ok(Changed::InForce { version: 8 }) })
    }

    fn site_proposals(&self) -> Answer<Vec<SiteProposal>> {
        let waiting = camera_admin::proposals(&self.plan);
        Box::pin(async move { Ok(waiting) })
    }

    fn decide_site(&self, id: u64, verdict: Verdict) -> Answer<()> {
        self.note(format!("decide site {id} {verdict:?}"));
        Box::pin(async { Ok(()) })
    }

    fn end_declared(&self, id: u64) -> Answer<()> {
        self.note(format!("end {id}"));
        Box::pin(async { Ok(()) })
    }

    fn diagnose(&self, camera: CameraId) -> Answer<Diagnosis> {
        let trouble = (number(&camera) % 5 == 2).then(|| CameraTrouble {
            kind: TroubleKind::Unreachable,
            detail: "no route".into(),
        });
        let diagnosis = Diagnosis {
            reachable: trouble.is_none(),
            round_trip: Some(Duration::from_millis(12)),
            manufacturer: "Vedetta".into(),
            model: "SIM-1".into(),
            firmware: "1.0.3".into(),
            clock_offset_s: Some(-0.4),
            streams: vec!["main H264 1280x720 25 fps".into(), "sub H264 640x360 25 fps".into()],
            ptz: number(&camera).is_multiple_of(4),
            kept: Some(kept(&camera, false)),
            trouble,
        };
        Box::pin(async move { Ok(diagnosis) })
    }

    fn check_camera(&self, camera: CameraId) -> Answer<MaskSyncState> {
        let kept = kept(&camera, false);
        Box::pin(async move { Ok(kept) })
    }

    fn write_to_camera(&self, camera: CameraId) -> Answer<MaskSyncState> {
        self.note(format!("write to {camera}"));
        let kept = kept(&camera, true);
        Box::pin(async move { Ok(kept) })
    }
}

/// Every eighth camera lost a mask, until it is written again.
fn kept(camera: &CameraId, written: bool) -> MaskSyncState {
    let open = (number(camera) % 8 == 4 && !written).then_some((0, 0.4));
    MaskSyncState {
        open: open.into_iter().collect(),
        ..MaskSyncState::default()
    }
}
