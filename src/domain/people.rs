//! People: levels, grants, purposes, and the one decision whether somebody may do something.
//!
//! Invariant: nothing is granted by default; a refusal names its rule.
//! Deliberately absent: passwords and sessions (server), screens.

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
