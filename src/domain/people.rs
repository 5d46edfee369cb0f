//! People: levels, grants, purposes, and the one decision whether somebody may do something.
//!
//! Invariant: nothing is granted by default; a refusal names its rule.
//! Deliberately absent: passwords and sessions (server), screens.

pub mod clearance;

use super::camera::{CameraId, ControllerId};
use serde::{Deserialize, Serialize};

/// Levels exactly as in the glossary of the requirements (R-ACC-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Operator,
    Supervisor,
    ForceOperator,
    SystemAdministrator,
    Maintainer,
}

/// What a grant allows on a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Live,
    Ptz,
    Lift,
    Playback,
    Clear,
    Export,
}

/// Cameras of one controller that a person may use, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub controller: ControllerId,
    /// Empty: every camera of the controller.
    #[serde(default)]
    pub cameras: Vec<CameraId>,
    pub actions: Vec<Action>,
}

/// A signed-in person as the server vouches for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Account name, individual (R-ACC-1).
    pub user: String,
    /// Rank and name as shown: «Ag. Scelto Chiara Neri».
    pub display_name: String,
    /// Body (agency): «Polizia Locale di Borgo Vedetta».
    pub body: String,
    pub level: Level,
    pub grants: Vec<Grant>,
}

/// Why an access happens (*finalità*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    UrbanSecurity,
    PublicOrder,
    JudicialPoliceInitiative,
    JudicialPoliceDelegated,
    CrimeSeenLive,
    Traffic,
    CivilProtection,
    Waste,
    DataSubjectRequest,
    Maintenance,
}

/// The answer of [`decide`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    /// Refused, with the rule that refuses.
    Refused(Rule),
}

/// Rules that refuse, each with its id in the requirements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// R-ACC-2: no grant for this camera and action.
    NoGrant,
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
}

/// May this person do this on this camera of this controller? Pure; used by server and client alike.
pub fn decide(person: &Person, action: Action, controller: &ControllerId, camera: &CameraId) -> Decision {
    match person.level {
        Level::Maintainer => return Decision::Refused(Rule::MaintainerSeesNoImage),
        Level::SystemAdministrator => return Decision::Refused(Rule::AdministratorDoesNotWatch),
        Level::Operator | Level::Supervisor | Level::ForceOperator => {}
    }
    let granted = person.grants.iter().any(|grant| {
        &grant.controller == controller
            && grant.actions.contains(&action)
            && (grant.cameras.is_empty() || grant.cameras.contains(camera))
    });
    if granted {
        Decision::Allowed
    } else {
        Decision::Refused(Rule::NoGrant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [Action; 6] = [
        Action::Live,
        Action::Ptz,
        Action::Lift,
        Action::Playback,
        Action::Clear,
        Action::Export,
    ];

    fn person(level: Level, cameras: &[&str], actions: &[Action]) -> Person {
        Person {
            user: String::from("neri"),
            display_name: String::from("Ag. Scelto Chiara Neri"),
            body: String::from("Polizia Locale di Borgo Vedetta"),
            level,
            grants: vec![Grant {
                controller: "borgo".parse().unwrap(),
                cameras: cameras.iter().map(|id| id.parse().unwrap()).collect(),
                actions: actions.to_vec(),
            }],
        }
    }

    fn ask(person: &Person, action: Action, controller: &str, camera: &str) -> Decision {
        decide(person, action, &controller.parse().unwrap(), &camera.parse().unwrap())
    }

    #[test]
    fn r_acc_2_only_what_is_granted_is_allowed() {
        let neri = person(Level::Operator, &["cam-01"], &[Action::Live, Action::Ptz]);
        assert_eq!(ask(&neri, Action::Ptz, "borgo", "cam-01"), Decision::Allowed);
        let refused = Decision::Refused(Rule::NoGrant);
        assert_eq!(ask(&neri, Action::Export, "borgo", "cam-01"), refused);
        assert_eq!(ask(&neri, Action::Live, "borgo", "cam-02"), refused);
        assert_eq!(ask(&neri, Action::Live, "altrove", "cam-01"), refused);
        let nobody = Person {
            grants: Vec::new(),
            ..neri
        };
        for action in ACTIONS {
            assert_eq!(ask(&nobody, action, "borgo", "cam-01"), refused);
        }
    }

    #[test]
    fn a_grant_without_cameras_is_for_every_camera_of_its_controller_only() {
        let bianchi = person(Level::Supervisor, &[], &[Action::Live]);
        assert_eq!(ask(&bianchi, Action::Live, "borgo", "cam-77"), Decision::Allowed);
        assert_eq!(
            ask(&bianchi, Action::Live, "altrove", "cam-77"),
            Decision::Refused(Rule::NoGrant)
        );
    }

    #[test]
    fn r_mnt_1_the_maintainer_never_sees_an_image_whatever_is_granted() {
        let maintainer = person(Level::Maintainer, &[], &ACTIONS);
        for action in ACTIONS {
            assert_eq!(
                ask(&maintainer, action, "borgo", "cam-01"),
                Decision::Refused(Rule::MaintainerSeesNoImage)
            );
        }
    }

    #[test]
    fn r_aud_3_the_administrator_does_not_watch_whatever_is_granted() {
        let administrator = person(Level::SystemAdministrator, &[], &ACTIONS);
        for action in ACTIONS {
            let refused = Decision::Refused(Rule::AdministratorDoesNotWatch);
            assert_eq!(ask(&administrator, action, "borgo", "cam-01"), refused);
        }
    }
}
