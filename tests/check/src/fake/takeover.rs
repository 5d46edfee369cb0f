//! What other people ask of whoever sits at the fake desk: a dome, a clearance.
//!
//! Deliberately absent: what becomes of it.

use std::time::SystemTime;
use vedetta::domain::people::clearance::{Clearance, Extent, Wish};
use vedetta::domain::people::takeover::Unanswered;
use vedetta::domain::people::{Level, Purpose};
use vedetta::domain::ptz::lease::Asking;
use vedetta::domain::reason::Reason;
use vedetta::domain::site::SitePlan;
use vedetta::gui::sentences;
use vedetta::station::{Asks, ClearanceState, Holder, Knock};

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
