//! A desk without a station: test pictures instead of cameras, so that screens can be driven and looked at.
//!
//! Compiled twice: here, and in the library for the tests of its screens (`src/gui/mod.rs`). So paths begin with the name of the crate or
//! `super::`.
//!
//! Invariant: nothing of it reaches a camera, a server or a disk. Deliberately absent: rules; it says yes to everything.

mod account_admin;
mod acts;
pub mod camera_admin;
mod desks;
mod masks;
pub mod pattern;
mod pictures;
mod plan;
mod session_life;
mod takeover;

pub use account_admin::{accounts, findings, sessions, workstations};
pub use desks::{administrator, at_night, desk, maintainer, masked, overloaded, school, supervisor};
pub use plan::plan;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use vedetta::domain::camera::{CameraId, ControllerId};
use vedetta::domain::live::wrong_clock::WrongClock;
use vedetta::domain::people::stated_purpose::Stated;
use vedetta::domain::people::{Action, Circumstances, Grant, Level, Person, Reach, StationKind};
use vedetta::domain::site::SitePlan;
use vedetta::gui::session_port::SignedIn;
use vedetta::station::{AuditState, BegunAnew, Delivery, Health, LetInAlone, Refusal, ServerState};

/// The desk. `said` lists what was asked of it, in order.
pub struct Fake {
    plan: Arc<SitePlan>,
    level: Level,
    /// Decodes only a part of the pictures.
    slow: bool,
    /// Its cameras send few pictures a second.
    few_pictures: AtomicBool,
    /// The server is away for longer than the grace.
    stopped: AtomicBool,
    /// Cameras at a school are closed.
    school_is_open: bool,
    /// Somebody opened recordings at once in the night, and nothing else was asked for.
    by_night: bool,
    /// The account is asked for at another workstation.
    wanted: AtomicBool,
    /// What is wrong with the workstation's clock.
    clock: Mutex<Option<WrongClock>>,
    /// Domes that did not go back by themselves.
    not_returned: Mutex<Vec<(CameraId, Refusal)>>,
    begun_anew: Mutex<Vec<(ControllerId, BegunAnew)>>,
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
            few_pictures: AtomicBool::new(false),
            school_is_open: false,
            by_night: false,
            stopped: AtomicBool::new(false),
            wanted: AtomicBool::new(false),
            clock: Mutex::default(),
            not_returned: Mutex::default(),
            begun_anew: Mutex::default(),
            stated: Mutex::new(Stated::default()),
            said: Arc::default(),
            opened: Instant::now(),
        }
    }

    /// What was asked so far, in order.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A dome that nobody steered did not go back to its place.
    pub fn fail_return(&self, dome: CameraId, why: Refusal) {
        let mut failed = self.not_returned.lock().unwrap_or_else(PoisonError::into_inner);
        failed.push((dome, why));
    }

    /// The workstation's clock is wrong in this way, or is put right.
    pub fn set_clock(&self, wrong: Option<WrongClock>) {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = wrong;
    }

    /// A log began anew.
    pub fn begin_anew(&self, log: ControllerId, begun: BegunAnew) {
        self.begun_anew
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((log, begun));
    }

    /// The cameras send few pictures a second from the next view on: for whoever looks at words, on a busy machine.
    pub fn send_few_pictures(&self) {
        self.few_pictures.store(true, Ordering::Relaxed);
    }

    /// The server goes away for longer than the grace, or comes back.
    pub fn stop(&self, stopped: bool) {
        self.stopped.store(stopped, Ordering::Relaxed);
    }

    /// The account is asked for elsewhere, or not any more.
    pub fn want(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    /// The site plan that the desk shows.
    pub fn plan(&self) -> Arc<SitePlan> {
        self.plan.clone()
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

impl SignedIn for Fake {
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

    fn circumstances(&self) -> Circumstances {
        Circumstances {
            station: StationKind::ControlRoom,
            server: Reach::Reachable,
            local: None,
        }
    }

    fn plan(&self) -> Arc<SitePlan> {
        Fake::plan(self)
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
            clock: *self.clock.lock().unwrap_or_else(PoisonError::into_inner),
            begun_anew: self.begun_anew.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    fn let_in_alone(&self) -> Vec<LetInAlone> {
        Vec::new()
    }

    fn moment(&self, server_ms: i64) -> Instant {
        self.opened + Duration::from_millis(server_ms.unsigned_abs())
    }
}
