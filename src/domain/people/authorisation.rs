//! The one decision: may this person do this here and now? Level × action × workstation × hours × state of the server.
//!
//! Workstation and server ask this function with the same words; there is no second way. The rows are those of the audit
//! path's table (what goes on without the server) and of R-ACC-2, R-MNT-1, R-AUD-3; a workstation's kind bounds what any
//! account can do there.
//!
//! Invariant: an answer names the rule that allowed or refused; a worse state of the server, a narrower workstation, or
//! one grant less never allows more (property). Deliberately absent: clearances, school hours, who holds a dome: they
//! come on top of it and only ever refuse.

use super::{Action, Level, Person};
use crate::domain::camera::{CameraId, ControllerId};
use crate::domain::message::{Message, sentence};
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

/// The purpose a workstation was enabled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StationKind {
    /// The *sala operativa*, and the console beside the server.
    ControlRoom,
    /// A terminal of the Forces outside the control room.
    Remote,
    /// The contractor's machine: no picture ever gets there.
    Maintainer,
}

impl StationKind {
    /// Every kind of workstation.
    pub const ALL: [Self; 3] = [Self::ControlRoom, Self::Remote, Self::Maintainer];

    /// The word for logs and the database; the one it has on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::ControlRoom => "control_room",
            Self::Remote => "remote",
            Self::Maintainer => "maintainer",
        }
    }
}

/// Whether the server can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    Reachable,
    /// The server is away, for no longer than the workstation's grace.
    Grace,
    /// The server is away for longer than the grace.
    Away,
}

impl Reach {
    /// Every state, the best first.
    pub const ALL: [Self; 3] = [Self::Reachable, Self::Grace, Self::Away];
}

/// Where and when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    pub station: StationKind,
    pub server: Reach,
    /// Civil time of Rome by the server's clock; `None`: not known, and a grant with hours is not good.
    pub local: Option<DateTime>,
}

/// The rights on a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// A right that a grant names.
    Grant(Action),
    /// Device figures without a picture.
    Figures,
    /// A verdict on a mask or a calibration that somebody else drew.
    ApproveMask,
}

/// The rights on a controller's log (R-AUD-2, R-AUD-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogRight {
    /// Reading entries of anybody; the last entries of one's own need no right.
    Read,
    /// Keep bodies longer.
    RaiseFloor,
    SetHold,
    LiftHold,
    OrderPruning,
    ApprovePruning,
}

impl LogRight {
    /// Every right on a log.
    pub const ALL: [Self; 6] = [
        Self::Read,
        Self::RaiseFloor,
        Self::SetHold,
        Self::LiftHold,
        Self::OrderPruning,
        Self::ApprovePruning,
    ];
}

/// The administrative rights, over people, workstations, cameras and the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AdminRight {
    /// Who is enabled, with appointment and last use; whose sessions run (R-ACC-4).
    ReadPeople,
    /// Confirm, disable, end a session.
    ConfirmPeople,
    /// New accounts, passwords, second factors.
    KeepPeople,
    /// Codes for new workstations, revoking one; what is wrong with the server.
    KeepStations,
    /// Cameras and the site plan: adding, changing, removing, bringing a plan from a file.
    KeepCameras,
    /// Approving what somebody else changed there, where it needs two.
    ApproveCameras,
    /// Letting into use an account that has what a supervisor has, ordered by an administrator (`second_person`).
    AdmitSupervisors,
}

impl AdminRight {
    /// Every administrative right.
    pub const ALL: [Self; 7] = [
        Self::ReadPeople,
        Self::ConfirmPeople,
        Self::KeepPeople,
        Self::KeepStations,
        Self::KeepCameras,
        Self::ApproveCameras,
        Self::AdmitSupervisors,
    ];
}

/// The question put to [`decide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'a> {
    Camera {
        right: Right,
        controller: &'a ControllerId,
        camera: &'a CameraId,
    },
    Admin(AdminRight),
    Log {
        right: LogRight,
        controller: &'a ControllerId,
    },
    /// The office, over something that belongs to these controllers: an account, a workstation, a camera.
    AdminOver {
        office: AdminRight,
        controllers: &'a [ControllerId],
    },
}

/// The answer of [`decide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Allowed, by this rule.
    Allowed(Ground),
    /// Refused, by this rule.
    Refused(Rule),
}

impl Decision {
    /// The decision as a result, for callers that go on only when allowed.
    ///
    /// # Errors
    /// The [`Rule`] that refuses.
    pub fn granted(self) -> Result<Ground, Rule> {
        match self {
            Self::Allowed(ground) => Ok(ground),
            Self::Refused(rule) => Err(rule),
        }
    }

    /// Whether it is allowed.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// Rules that allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// R-ACC-2: a grant for this action on this camera.
    Grant,
    /// A grant allows it, at an hour that the grant names.
    GrantForTheHour,
    /// R-AUD-7: live and PTZ go on while the server is away within the grace.
    Grace,
    /// R-MNT-1: figures without a picture.
    FiguresOnly,
    /// R-ACC-4, R-AUD-3: the office of the level.
    AdminRight,
}

/// Rules that refuse, each with its id in the requirements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// R-ACC-2: no grant for this camera and action.
    NoGrant,
    /// R-ACC-2: there is one, for other hours.
    OutsideHours,
    /// R-ACC-6: this kind of workstation is not for that.
    NotAtThisStation,
    /// R-AUD-7: that needs the server, and it is away.
    ServerAway,
    /// R-AUD-7: the server is away for longer than the grace.
    GraceOver,
    /// R-MNT-1: the maintainer never sees images.
    MaintainerSeesNoImage,
    /// R-AUD-3: administrators read the log, they do not watch.
    AdministratorDoesNotWatch,
    /// R-PRV-2: pictures of a camera at a school are closed while the school is open.
    SchoolHours,
    /// R-PRV-1: only a supervisor approves what is masked.
    SupervisorOnly,
    /// R-PRV-1: who drew a mask does not approve it.
    FourEyes,
    /// R-ACC-5: it belongs to a controller that the person does not look after.
    OtherController,
}

impl Rule {
    /// What the rule says, then what to do.
    pub fn message(self) -> Message {
        match self {
            Self::NoGrant => sentence("rule-no-grant"),
            Self::OutsideHours => sentence("rule-outside-hours"),
            Self::NotAtThisStation => sentence("rule-station"),
            Self::ServerAway => sentence("refusal-server-away"),
            Self::GraceOver => sentence("refusal-grace-over"),
            Self::MaintainerSeesNoImage => sentence("rule-maintainer"),
            Self::AdministratorDoesNotWatch => sentence("rule-administrator"),
            Self::SchoolHours => sentence("rule-school"),
            Self::SupervisorOnly => sentence("rule-supervisor"),
            Self::FourEyes => sentence("rule-four-eyes"),
            Self::OtherController => sentence("rule-other-controller"),
        }
    }
}

/// May this person do this here and now? Pure; the one function for server and client.
pub fn decide(person: &Person, asked: Asked<'_>, here: &Circumstances) -> Decision {
    let decided = match asked {
        Asked::Camera {
            right: Right::Grant(action),
            controller,
            camera,
        } => on_camera(person, action, (controller, camera), here),
        Asked::Camera {
            right: Right::Figures,
            controller,
            camera,
        } => figures(person, (controller, camera), here),
        Asked::Camera {
            right: Right::ApproveMask,
            controller,
            camera,
        } => on_mask(person, (controller, camera), here),
        Asked::Admin(office) => authorise_admin(person, office, here),
        Asked::Log { right, controller } => on_log(person, right, controller, here),
        Asked::AdminOver { office, controllers } => authorise_admin(person, office, here).and_then(|ground| {
            let theirs = controllers.iter().all(|controller| person.keeps(controller));
            if theirs { Ok(ground) } else { Err(Rule::OtherController) }
        }),
    };
    match decided {
        Ok(ground) => Decision::Allowed(ground),
        Err(rule) => Decision::Refused(rule),
    }
}

type Spot<'a> = (&'a ControllerId, &'a CameraId);

fn on_camera(
    person: &Person,
    action: Action,
    (controller, camera): Spot<'_>,
    here: &Circumstances,
) -> Result<Ground, Rule> {
    match person.level {
        Level::Maintainer => return Err(Rule::MaintainerSeesNoImage),
        Level::SystemAdministrator => return Err(Rule::AdministratorDoesNotWatch),
        Level::Operator | Level::Supervisor | Level::ForceOperator => {}
    }
    let granted: Vec<_> = person
        .grants
        .iter()
        .filter(|grant| grant.covers(controller, camera) && grant.actions.contains(&action))
        .collect();
    if granted.is_empty() {
        return Err(Rule::NoGrant);
    }
    if matches!(action, Action::Lift | Action::Clear) && person.level != Level::Supervisor {
        return Err(Rule::SupervisorOnly);
    }
    let at_this_station = match here.station {
        StationKind::ControlRoom => true,
        StationKind::Remote => matches!(action, Action::Live | Action::Ptz | Action::Playback),
        StationKind::Maintainer => false,
    };
    if !at_this_station {
        return Err(Rule::NotAtThisStation);
    }
    let good = granted.iter().find(|grant| grant.is_on(here.local));
    let good = good.ok_or(Rule::OutsideHours)?;
    let without_server = matches!(action, Action::Live | Action::Ptz) && here.station == StationKind::ControlRoom;
    reach(here.server, without_server)?;
    Ok(match here.server {
        Reach::Grace => Ground::Grace,
        Reach::Reachable | Reach::Away if good.hours.is_empty() => Ground::Grant,
        Reach::Reachable | Reach::Away => Ground::GrantForTheHour,
    })
}

/// For the maintainer, the administrator and the supervisor, on cameras they have to do with.
fn figures(person: &Person, (controller, camera): Spot<'_>, here: &Circumstances) -> Result<Ground, Rule> {
    match person.level {
        Level::Maintainer | Level::SystemAdministrator | Level::Supervisor => {}
        Level::Operator | Level::ForceOperator => return Err(Rule::NoGrant),
    }
    if !person.knows(controller, camera) {
        return Err(Rule::NoGrant);
    }
    if here.station == StationKind::Remote {
        return Err(Rule::NotAtThisStation);
    }
    reach(here.server, false)?;
    Ok(Ground::FiguresOnly)
}

/// Masks are approved by a supervisor who has to do with the camera; that it is another person than who drew it is asked
/// of the proposal.
fn on_mask(person: &Person, (controller, camera): Spot<'_>, here: &Circumstances) -> Result<Ground, Rule> {
    if person.level != Level::Supervisor {
        return Err(Rule::SupervisorOnly);
    }
    if !person.knows(controller, camera) {
        return Err(Rule::NoGrant);
    }
    in_the_control_room(here)
}

/// The administrator reads and orders, the supervisor lifts and approves: each needs the other to remove anything.
fn on_log(person: &Person, right: LogRight, controller: &ControllerId, here: &Circumstances) -> Result<Ground, Rule> {
    let of_level = match (person.level, right) {
        (
            Level::SystemAdministrator,
            LogRight::Read | LogRight::RaiseFloor | LogRight::SetHold | LogRight::OrderPruning,
        )
        | (Level::Supervisor, LogRight::SetHold | LogRight::LiftHold | LogRight::ApprovePruning) => true,
        (Level::SystemAdministrator, LogRight::LiftHold | LogRight::ApprovePruning)
        | (Level::Supervisor, LogRight::Read | LogRight::RaiseFloor | LogRight::OrderPruning)
        | (Level::Operator | Level::ForceOperator | Level::Maintainer, _) => false,
    };
    if !of_level || !person.knows_controller(controller) {
        return Err(Rule::NoGrant);
    }
    in_the_control_room(here)
}

fn authorise_admin(person: &Person, office: AdminRight, here: &Circumstances) -> Result<Ground, Rule> {
    use AdminRight::{
        AdmitSupervisors, ApproveCameras, ConfirmPeople, KeepCameras, KeepPeople, KeepStations, ReadPeople,
    };
    let of_level = match (person.level, office) {
        (Level::SystemAdministrator, ReadPeople | ConfirmPeople | KeepPeople | KeepStations | KeepCameras)
        | (Level::Supervisor, ReadPeople | ConfirmPeople | ApproveCameras | AdmitSupervisors) => true,
        (Level::SystemAdministrator, ApproveCameras | AdmitSupervisors)
        | (Level::Supervisor, KeepPeople | KeepStations | KeepCameras)
        | (Level::Operator | Level::ForceOperator | Level::Maintainer, _) => false,
    };
    if !of_level {
        return Err(Rule::NoGrant);
    }
    in_the_control_room(here)
}

/// Allows what is done in the control room only, and never without the server.
fn in_the_control_room(here: &Circumstances) -> Result<Ground, Rule> {
    if here.station != StationKind::ControlRoom {
        return Err(Rule::NotAtThisStation);
    }
    reach(here.server, false)?;
    Ok(Ground::AdminRight)
}

/// Decides what goes on without the server: the table in `docs/log.md`.
fn reach(server: Reach, goes_on_within_grace: bool) -> Result<(), Rule> {
    match server {
        Reach::Reachable => Ok(()),
        Reach::Grace if goes_on_within_grace => Ok(()),
        Reach::Grace => Err(Rule::ServerAway),
        Reach::Away => Err(Rule::GraceOver),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Grant, Shift};
    use super::*;
    use crate::domain::privacy::school_calendar::Day;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    const LEVELS: [Level; 5] = [
        Level::Operator,
        Level::Supervisor,
        Level::ForceOperator,
        Level::SystemAdministrator,
        Level::Maintainer,
    ];

    fn rights() -> Vec<Right> {
        Action::ALL
            .map(Right::Grant)
            .into_iter()
            .chain([Right::Figures])
            .collect()
    }

    fn ask(person: &Person, right: Right, controller: &str, camera: &str, here: &Circumstances) -> Decision {
        let (controller, camera) = (controller.parse().unwrap(), camera.parse().unwrap());
        let asked = Asked::Camera {
            right,
            controller: &controller,
            camera: &camera,
        };
        decide(person, asked, here)
    }

    fn shift() -> impl Strategy<Value = Vec<Shift>> {
        let night = Shift {
            days: vec![Day::Friday],
            from: time(22, 0, 0, 0),
            to: time(6, 0, 0, 0),
        };
        prop_oneof![Just(vec![]), Just(vec![night])]
    }

    fn grant() -> impl Strategy<Value = Grant> {
        let cameras = prop_oneof![Just(vec![]), Just(vec!["cam-1"]), Just(vec!["cam-2", "cam-3"])];
        let actions = proptest::sample::subsequence(Action::ALL.to_vec(), 0..=6);
        let controller = prop_oneof![Just("borgo"), Just("altrove")];
        (controller, cameras, actions, shift()).prop_map(|(controller, cameras, actions, hours)| Grant {
            controller: controller.parse().unwrap(),
            cameras: cameras.into_iter().map(|id| id.parse().unwrap()).collect(),
            actions,
            hours,
        })
    }

    fn person() -> impl Strategy<Value = Person> {
        let level = proptest::sample::select(LEVELS.to_vec());
        (level, proptest::collection::vec(grant(), 0..4)).prop_map(|(level, grants)| Person {
            user: "neri".into(),
            display_name: "Ag. Neri".into(),
            agency: "Polizia Locale".into(),
            level,
            grants,
        })
    }

    fn here() -> impl Strategy<Value = Circumstances> {
        let local = prop_oneof![
            Just(None),
            (18i8..24, 0i8..24).prop_map(|(day, hour)| Some(date(2026, 11, day).at(hour, 0, 0, 0)))
        ];
        let kinds = proptest::sample::select(StationKind::ALL.to_vec());
        let reaches = proptest::sample::select(Reach::ALL.to_vec());
        (kinds, reaches, local).prop_map(|(station, server, local)| Circumstances { station, server, local })
    }

    proptest! {
        #[test]
        fn r_acc_2_what_is_allowed_has_its_grant(
            person in person(), right in proptest::sample::select(rights()), here in here()
        ) {
            let decision = ask(&person, right, "borgo", "cam-1", &here);
            let (borgo, cam) = ("borgo".parse().unwrap(), "cam-1".parse().unwrap());
            if let (Decision::Allowed(ground), Right::Grant(action)) = (decision, right) {
                let granting = |grant: &&Grant| grant.covers(&borgo, &cam)
                    && grant.actions.contains(&action) && grant.is_on(here.local);
                let grants: Vec<_> = person.grants.iter().filter(granting).collect();
                prop_assert!(!grants.is_empty());
                if ground == Ground::Grant {
                    prop_assert!(grants.iter().any(|grant| grant.hours.is_empty()));
                }
                prop_assert!(!matches!(person.level, Level::Maintainer | Level::SystemAdministrator));
                prop_assert!(here.station != StationKind::Maintainer, "no image at a maintainer's machine");
            }
        }

        #[test]
        fn a_worse_state_a_narrower_station_and_one_grant_less_never_allow_more(
            person in person(), right in proptest::sample::select(rights()), here in here(), drop in 0usize..4
        ) {
            let allowed = |person: &Person, here: &Circumstances| ask(person, right, "borgo", "cam-1", here).is_allowed();
            let now = allowed(&person, &here);
            let better = Circumstances { server: Reach::Reachable, ..here };
            prop_assert!(!now || allowed(&person, &better));
            if matches!(right, Right::Grant(_)) {
                let wider = Circumstances { station: StationKind::ControlRoom, ..here };
                prop_assert!(!now || allowed(&person, &wider));
            }
            let mut fewer = person.clone();
            if drop < fewer.grants.len() {
                fewer.grants.remove(drop);
            }
            prop_assert!(now || !allowed(&fewer, &here));
        }

        #[test]
        fn r_acc_5_a_grant_of_one_controller_says_nothing_of_another(
            person in person(), right in proptest::sample::select(rights()), here in here()
        ) {
            prop_assert!(!ask(&person, right, "terzo", "cam-1", &here).is_allowed());
        }
    }
}
