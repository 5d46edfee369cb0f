//! People: levels, grants, purposes; beneath, the one decision whether somebody may do something, the life of an account,
//! the second factor, password hashes, the automatic lock and what opens it.
//!
//! Invariant: nothing is granted by default; an answer names its rule.
//! Deliberately absent: how passwords are kept and sessions run (server), screens.

pub mod account;
pub mod authorisation;
pub mod connections;
pub mod lock;
pub mod lone_unlock;
pub mod password_hash;
pub mod second_factor;
pub mod second_person;
pub mod stated_purpose;
pub mod takeover;
pub mod token_bucket;

pub mod clearance;

use super::camera::{CameraId, ControllerId, StationId};
use super::privacy::school_calendar::Day;
pub use authorisation::{
    AdminRight, Asked, Circumstances, Decision, Ground, LogRight, Reach, Right, Rule, StationKind, decide,
};
use jiff::civil::{DateTime, Time};
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

/// The acts a grant allows on a camera.
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

impl Action {
    /// Every act that a grant can allow.
    pub const ALL: [Self; 6] = [
        Self::Live,
        Self::Ptz,
        Self::Lift,
        Self::Playback,
        Self::Clear,
        Self::Export,
    ];
}

/// Cameras of one controller that a person may use, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    pub controller: ControllerId,
    /// Empty: every camera of the controller.
    #[serde(default)]
    pub cameras: Vec<CameraId>,
    pub actions: Vec<Action>,
    /// When it is good, civil time of Rome. Empty: at all hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Shift>,
}

/// A stretch of the week, `from` inclusive, `to` exclusive, civil time. With `to` not after `from` it goes on into the
/// next day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// The days on which it begins.
    pub days: Vec<Day>,
    pub from: Time,
    pub to: Time,
}

impl Shift {
    /// Whether it runs at a moment of civil time.
    pub fn has(&self, at: DateTime) -> bool {
        let (today, time) = (Day::from(at.date().weekday()), at.time());
        if self.from < self.to {
            return self.days.contains(&today) && self.from <= time && time < self.to;
        }
        let yesterday = at.date().yesterday().map(|day| Day::from(day.weekday()));
        (self.days.contains(&today) && self.from <= time)
            || (yesterday.is_ok_and(|day| self.days.contains(&day)) && time < self.to)
    }
}

impl Grant {
    /// Whether it speaks of this camera at all.
    pub fn covers(&self, controller: &ControllerId, camera: &CameraId) -> bool {
        &self.controller == controller && (self.cameras.is_empty() || self.cameras.contains(camera))
    }

    /// Whether it is good at a moment of civil time; with hours and no known time it is not.
    pub fn is_on(&self, local: Option<DateTime>) -> bool {
        self.hours.is_empty() || local.is_some_and(|at| self.hours.iter().any(|shift| shift.has(at)))
    }
}

/// A signed-in person as the server vouches for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Account name, individual (R-ACC-1).
    pub user: String,
    /// Rank and name as shown: «Ag. Scelto Chiara Neri».
    pub display_name: String,
    /// Agency: «Polizia Locale di Borgo Vedetta».
    #[serde(rename = "body")]
    pub agency: String,
    pub level: Level,
    pub grants: Vec<Grant>,
}

/// A person at a workstation, as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holder {
    pub user: String,
    pub display_name: String,
    #[serde(rename = "body")]
    pub agency: String,
    pub station: StationId,
}

impl Person {
    /// Whether this person may know that the camera exists (R-ACC-5).
    pub fn knows(&self, controller: &ControllerId, camera: &CameraId) -> bool {
        self.grants.iter().any(|grant| grant.covers(controller, camera))
    }

    /// Whether the person looks after this controller: a grant of theirs names all of its cameras (R-ACC-5).
    pub fn keeps(&self, controller: &ControllerId) -> bool {
        let whole = |grant: &Grant| &grant.controller == controller && grant.cameras.is_empty();
        self.grants.iter().any(whole)
    }

    /// Whether the person has to do with this controller.
    pub fn knows_controller(&self, controller: &ControllerId) -> bool {
        self.grants.iter().any(|grant| &grant.controller == controller)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn a_shift_over_midnight_belongs_to_the_day_it_begins_on() {
        let night = Shift {
            days: vec![Day::Friday],
            from: time(22, 0, 0, 0),
            to: time(6, 0, 0, 0),
        };
        // 20 November 2026 is a Friday.
        for (day, hour, on) in [
            (20, 21, false),
            (20, 22, true),
            (21, 5, true),
            (21, 6, false),
            (20, 5, false),
        ] {
            assert_eq!(night.has(date(2026, 11, day).at(hour, 0, 0, 0)), on, "{day} at {hour}");
        }
        let day = Shift {
            from: time(8, 0, 0, 0),
            to: time(14, 0, 0, 0),
            ..night
        };
        for (day_of_month, hour, on) in [
            (20, 7, false),
            (20, 8, true),
            (20, 13, true),
            (20, 14, false),
            (21, 9, false),
        ] {
            assert_eq!(day.has(date(2026, 11, day_of_month).at(hour, 0, 0, 0)), on);
        }
    }

    #[test]
    fn a_grant_with_hours_is_not_good_when_the_time_is_not_known() {
        let grant = Grant {
            controller: "borgo".parse().unwrap(),
            cameras: vec![],
            actions: vec![Action::Live],
            hours: vec![Shift {
                days: vec![Day::Friday],
                from: time(0, 0, 0, 0),
                to: time(0, 0, 0, 0),
            }],
        };
        assert!(grant.is_on(Some(date(2026, 11, 20).at(12, 0, 0, 0))));
        assert!(!grant.is_on(None));
    }
}
