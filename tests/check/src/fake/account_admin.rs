//! What a supervisor or an administrator reads at the fake desk: accounts, sessions, workstations, state of the server.
//!
//! Deliberately absent: what becomes of them.

use super::Fake;
use std::time::SystemTime;
use vedetta::domain::camera::{ControllerId, StationId};
use vedetta::domain::console_command;
use vedetta::domain::doctor::Finding;
use vedetta::domain::people::{Level, Purpose, StationKind};
use vedetta::domain::reason::Reason;
use vedetta::gui::sentences;
use vedetta::gui::session_port::{Accounts, Answer, ServerFindings, WorkstationAdmin};
use vedetta::station::{
    AccountAnswer, AccountChange, AccountState, AccountView, EnrolmentCode, NewCode, SessionView, StationView,
};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 1_440 * MINUTE_MS;

/// Accounts of two bodies, in the states there are.
pub fn accounts() -> Vec<AccountView> {
    let police = "Polizia Locale di Borgo Vedetta";
    let day = |n: i64| 1_795_000_000_000 - n * 86_400_000;
    let account = |user: &str, name: &str, body: &str, level, state| AccountView {
        user: user.to_owned(),
        display_name: name.to_owned(),
        agency: body.to_owned(),
        level,
        act: "decreto 12/2026".to_owned(),
        appointed_ms: day(200),
        until_ms: None,
        last_use_ms: (state != AccountState::MustChoosePassword).then(|| day(1)),
        confirm_by_ms: Some(day(-20)),
        password_expires_ms: day(-90),
        second_factor: level == Level::ForceOperator,
        active_at: (user == "operatore").then(|| "sala-operativa".parse().ok()).flatten(),
        state,
    };
    use AccountState::{Disabled, Good, MustChoosePassword, NotConfirmed};
    vec![
        account("operatore", "Ag. Scelto Chiara Neri", police, Level::Operator, Good),
        account("comandante", "Comm. Andrea Villa", police, Level::Supervisor, Good),
        account("serra", "Isp. Maria Serra", police, Level::Supervisor, Disabled),
        account("nuovo", "Ag. Marco Sala", police, Level::Operator, MustChoosePassword),
        account(
            "carabiniere",
            "Mar. Elena Conti",
            "Carabinieri, Stazione locale",
            Level::ForceOperator,
            Good,
        ),
        account(
            "trasferito",
            "App. Luigi Rota",
            "Carabinieri, Stazione locale",
            Level::ForceOperator,
            NotConfirmed,
        ),
    ]
}

/// Sessions of three people; the supervisor's own among them.
pub fn sessions() -> Vec<SessionView> {
    let now = sentences::unix_ms(SystemTime::now());
    let police = "Polizia Locale di Borgo Vedetta";
    let session = |user: &str, name: &str, body: &str, level, (station, purpose): (&str, Purpose), minutes: i64| {
        let judicial = purpose == Purpose::JudicialPoliceDelegated;
        Some(SessionView {
            user: user.to_owned(),
            display_name: name.to_owned(),
            agency: body.to_owned(),
            level,
            station: station.parse().ok()?,
            purpose,
            note: if judicial {
                "Furti in via Roma".to_owned()
            } else {
                String::new()
            },
            protocol_no: if judicial {
                "1402/2026".to_owned()
            } else {
                String::new()
            },
            begun_ms: now - minutes * MINUTE_MS,
            seen_ms: now,
            expires_ms: now + 12 * 60 * MINUTE_MS,
        })
    };
    let (hall, barracks) = ("sala-operativa", "caserma");
    [
        session(
            "neri",
            "Ag. Scelto Chiara Neri",
            police,
            Level::Operator,
            (hall, Purpose::UrbanSecurity),
            214,
        ),
        session(
            "villa",
            "Comm. Andrea Villa",
            police,
            Level::Supervisor,
            ("ufficio-comando", Purpose::Traffic),
            35,
        ),
        session(
            "conti",
            "Mar. Elena Conti",
            "Carabinieri, Stazione locale",
            Level::ForceOperator,
            (barracks, Purpose::JudicialPoliceDelegated),
            8,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Workstations in the states there are.
pub fn workstations() -> Vec<StationView> {
    let now = sentences::unix_ms(SystemTime::now());
    let station = |name: &str, kind, (enabled, quarantined): (bool, bool), days: Option<i64>, minutes: Option<i64>| {
        Some(StationView {
            station: name.parse().ok()?,
            kind,
            home: "borgo-vedetta".parse().ok()?,
            grace_s: 0,
            enabled,
            quarantined,
            seen_ms: minutes.map(|minutes| now - minutes * MINUTE_MS),
            certificate_until_ms: days.map(|days| now + days * DAY_MS),
        })
    };
    use StationKind::{ControlRoom, Maintainer, Remote};
    [
        station("caserma", Remote, (true, false), Some(61), Some(0)),
        station("console", ControlRoom, (true, false), None, Some(1_502)),
        station("ditta", Maintainer, (true, true), Some(40), Some(4_000)),
        station("sala-operativa", ControlRoom, (true, false), Some(9), Some(0)),
        station("vecchia-sala", ControlRoom, (false, false), Some(-20), None),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A server with something of each kind: worth knowing, to be done, and a clock that is not believed.
pub fn findings() -> Vec<Finding> {
    let log = || "vedetta/020001/borgo-vedetta".to_owned();
    let accepting = |controller: ControllerId| console_command::accept_time("/var/lib/vedetta", &controller);
    let station = |name: &str| name.parse().ok();
    [
        Some(Finding::NoWitness { log: log() }),
        Some(Finding::OneSupervisor),
        "borgo-vedetta".parse().ok().map(|controller| Finding::ClockAhead {
            log: log(),
            command: accepting(controller),
        }),
        Some(Finding::Disk { free: 412 }),
        station("ditta").map(|station| Finding::Quarantined { station }),
        station("sala-operativa").map(|station| Finding::Certificate { station }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Accounts for Fake {
    fn administers_accounts(&self) -> bool {
        matches!(self.level, Level::Supervisor | Level::SystemAdministrator)
    }

    fn people(&self) -> Answer<Vec<AccountView>> {
        Box::pin(async { Ok(accounts()) })
    }

    fn change_account(&self, user: String, change: AccountChange) -> Answer<AccountAnswer> {
        let what = match change {
            AccountChange::Disable { .. } => "disable",
            AccountChange::Enable { .. } => "admit",
            _ => "confirm",
        };
        self.note(format!("{what} {user}"));
        let password = (what == "admit").then(|| "kxpt-93ab-qm7r".to_owned().into());
        Box::pin(async {
            Ok(AccountAnswer {
                password,
                ..AccountAnswer::default()
            })
        })
    }

    fn sessions(&self) -> Answer<Vec<SessionView>> {
        Box::pin(async { Ok(sessions()) })
    }

    fn end_session(&self, user: String, reason: Reason) -> Answer<()> {
        self.note(format!("end session {user} {reason}"));
        Box::pin(async { Ok(()) })
    }
}

impl WorkstationAdmin for Fake {
    fn administers_workstations(&self) -> bool {
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
}

impl ServerFindings for Fake {
    fn sees_findings(&self) -> bool {
        self.level == Level::SystemAdministrator
    }

    fn findings(&self) -> Answer<Vec<Finding>> {
        Box::pin(async { Ok(findings()) })
    }
}
