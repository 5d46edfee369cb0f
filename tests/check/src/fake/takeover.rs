//! What other people ask of whoever sits at the fake desk: a dome, a clearance.
//!
//! Deliberately absent: what becomes of it.

use super::Fake;
use std::sync::PoisonError;
use std::time::SystemTime;
use vedetta::domain::camera::{CameraId, CameraKind};
use vedetta::domain::people::clearance::{self, Clearance, Extent, Ratification, Verdict, Wish, Withdrawal};
use vedetta::domain::people::takeover::Unanswered;
use vedetta::domain::people::{Level, Purpose};
use vedetta::domain::ptz::lease::Asking;
use vedetta::domain::reason::Reason;
use vedetta::domain::site::SitePlan;
use vedetta::gui::sentences;
use vedetta::gui::session_port::{Answer, Clear, DomeLease, DomeLeases, SignedIn};
use vedetta::station::{Asks, ClearanceState, Holder, Knock, Refusal};

const HOUR_MS: i64 = 3_600_000;

fn reason(text: &str) -> Option<Reason> {
    Reason::try_from(text.to_owned()).ok()
}

/// Somebody of another body, at another workstation.
pub fn marshal() -> Option<Holder> {
    Some(Holder {
        user: "conti".into(),
        display_name: "Mar. Elena Conti".into(),
        agency: "Carabinieri, Stazione locale".into(),
        station: "caserma".parse().ok()?,
    })
}

/// The operator of the control room.
pub fn officer() -> Option<Holder> {
    Some(Holder {
        user: "neri".into(),
        display_name: "Ag. Scelto Chiara Neri".into(),
        agency: "Polizia Locale di Borgo Vedetta".into(),
        station: "sala-operativa".parse().ok()?,
    })
}

/// The marshal asks for a dome.
pub fn for_a_dome() -> Option<Asking<Holder>> {
    Some(Asking {
        by: marshal()?,
        reason: reason("Inseguimento a piedi verso il parco, giubbotto rosso")?,
    })
}

/// The same account, at another workstation: it may be answered for forty seconds.
pub fn knock() -> Option<Knock> {
    Some(Knock {
        station: "ufficio-comando".parse().ok()?,
        at_ms: 1,
        asks: Some(Asks {
            until_ms: 40_000,
            unanswered: Unanswered::Keeps,
        }),
    })
}

/// The officer waits for a clearance.
pub fn clearance(plan: &SitePlan) -> Option<ClearanceState> {
    let now = sentences::unix_ms(SystemTime::now());
    let wish = Wish {
        controller: plan.controllers.first()?.id.clone(),
        extent: Extent {
            cameras: plan.cameras.iter().take(2).map(|camera| camera.id.clone()).collect(),
            from_ms: now - 3 * HOUR_MS,
            to_ms: now - HOUR_MS,
            export: true,
        },
        purpose: Purpose::JudicialPoliceInitiative,
        reason: reason("Danneggiamento della fontana, denuncia di un passante")?,
        protocol_no: "1402/2026".into(),
    };
    Some(ClearanceState {
        id: 12,
        by: officer()?,
        clearance: Clearance::request(wish, "neri", Level::Operator, now - HOUR_MS / 2).ok()?,
    })
}

/// A clearance of the marshal that was granted for so many hours.
fn in_force(plan: &SitePlan, id: u64, hours: u32) -> Option<ClearanceState> {
    let now = sentences::unix_ms(SystemTime::now());
    let mut wish = clearance(plan)?.clearance.wish;
    wish.reason = reason("Furto di un motociclo in piazza")?;
    let mut granted = Clearance::request(wish, "conti", Level::ForceOperator, now - HOUR_MS).ok()?;
    granted
        .answer("ferri", Level::Supervisor, Verdict::Approve { hours }, now - HOUR_MS)
        .ok()?;
    Some(ClearanceState {
        id,
        by: marshal()?,
        clearance: granted,
    })
}

/// Recordings that the marshal opened at once, ten minutes ago.
pub fn opened_at_once(plan: &SitePlan) -> Option<ClearanceState> {
    let now = sentences::unix_ms(SystemTime::now()) - HOUR_MS / 6;
    let mut wish = clearance(plan)?.clearance.wish;
    wish.extent.from_ms = now - HOUR_MS / 2;
    wish.extent.to_ms = now;
    wish.extent.export = false;
    wish.reason = reason("Rissa in corso davanti al bar, due feriti")?;
    Some(ClearanceState {
        id: 9,
        by: marshal()?,
        clearance: Clearance::open_at_once(wish, "conti", Level::ForceOperator, 60, now).ok()?,
    })
}

impl DomeLeases for Fake {
    fn leases(&self) -> Vec<DomeLease> {
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
            asking: for_a_dome().into_iter().collect(),
            passes_to: None,
        });
        held.into_iter().chain(ours).collect()
    }

    fn not_returned(&self) -> Vec<(CameraId, Refusal)> {
        std::mem::take(&mut *self.not_returned.lock().unwrap_or_else(PoisonError::into_inner))
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
}

impl Clear for Fake {
    fn clearances(&self) -> Vec<ClearanceState> {
        let granted = [(7, 12), (8, 48)];
        let granted = granted
            .into_iter()
            .filter_map(|(id, hours)| in_force(&self.plan, id, hours));
        if self.by_night {
            return opened_at_once(&self.plan).into_iter().collect();
        }
        granted.chain(clearance(&self.plan)).collect()
    }

    fn request_clearance(&self, wish: Wish) -> Answer<()> {
        self.note(format!("clearance for {:?} {}", wish.extent.cameras, wish.reason));
        Box::pin(async { Ok(()) })
    }

    fn open_at_once(&self, wish: Wish) -> Answer<()> {
        self.note(format!("open at once {:?} {}", wish.extent.cameras, wish.reason));
        Box::pin(async { Ok(()) })
    }

    fn ratify_clearance(&self, id: u64, ratification: Ratification) -> Answer<()> {
        self.note(format!("ratify {id} {ratification:?}"));
        Box::pin(async { Ok(()) })
    }

    fn answer_clearance(&self, id: u64, verdict: clearance::Verdict) -> Answer<()> {
        self.note(format!("answer {id} {verdict:?}"));
        Box::pin(async { Ok(()) })
    }

    fn withdraw_clearance(&self, id: u64, withdrawal: Withdrawal) -> Answer<()> {
        self.note(format!("withdraw {id} {}", withdrawal.reason));
        Box::pin(async { Ok(()) })
    }
}
