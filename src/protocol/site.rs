//! Cameras and the site plan as they are administered.
//!
//! Invariant: a camera's password travels to the server and never back but by the release for a session.
//! Deliberately absent: behaviour (`domain::site::change`).

use super::{Holder, expose};
use crate::domain::site::SitePlan;
use crate::domain::site::change::{CameraSettings, Difference, SiteChange};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// One camera in the administrator's list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraView {
    pub settings: CameraSettings,
    pub masks: usize,
    /// The server has an account for pictures, and one for figures.
    pub picture_account: bool,
    pub figures_account: bool,
}

/// An account of a camera, on its way into the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CameraAccount {
    pub user: String,
    #[serde(serialize_with = "expose")]
    pub password: SecretString,
}

impl PartialEq for CameraAccount {
    fn eq(&self, other: &Self) -> bool {
        (&self.user, self.password.expose_secret()) == (&other.user, other.password.expose_secret())
    }
}

/// Adds a camera or changes one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PutCamera {
    pub settings: CameraSettings,
    /// `None`: as it was.
    #[serde(default)]
    pub picture: Option<CameraAccount>,
    #[serde(default)]
    pub figures: Option<CameraAccount>,
    pub reason: String,
    /// Whether it was tested with these settings before; recorded.
    pub tested: bool,
}

/// Takes a camera out of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    pub reason: String,
}

/// Brings a plan from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanImport {
    pub plan: SitePlan,
    pub reason: String,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// In force, with this version of the plan.
    InForce { version: u64 },
    /// A second person must approve the proposal with this number.
    Waits { proposal: u64 },
}

/// A change of the plan that waits for a second person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteProposal {
    pub id: u64,
    pub author: Holder,
    /// Unix ms.
    pub at_ms: i64,
    pub reason: String,
    pub change: SiteChange,
    /// What would differ from the plan that was in force then.
    pub differences: Vec<Difference>,
}

/// Somebody is about to test a camera that need not be in the plan; recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraTestReport {
    pub onvif: String,
}
