//! Accounts, sessions and workstations as they travel: lists, changes, enrolment, renewal.
//!
//! Invariant: a secret that travels here is given out once and is a redacting type. Deliberately absent: behaviour.

use super::expose;
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::account::PasswordFault;
use crate::domain::people::{Grant, Level, StationKind};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

pub(super) fn expose_some<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_str(secret.expose_secret()),
        None => serializer.serialize_none(),
    }
}

/// Whether an account may be used now, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    Good,
    Disabled,
    AppointmentOver,
    NotConfirmed,
    MustChoosePassword,
}

/// One account in the list of enabled people (R-ACC-4). Times are Unix ms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountView {
    pub user: String,
    pub display_name: String,
    #[serde(rename = "body")]
    pub agency: String,
    pub level: Level,
    /// The act of appointment.
    pub act: String,
    pub appointed_ms: i64,
    #[serde(default)]
    pub until_ms: Option<i64>,
    #[serde(default)]
    pub last_use_ms: Option<i64>,
    #[serde(default)]
    pub confirm_by_ms: Option<i64>,
    pub password_expires_ms: i64,
    pub second_factor: bool,
    pub state: AccountState,
    /// The workstation where a session runs now.
    #[serde(default)]
    pub active_at: Option<StationId>,
}

/// A new account. Its first password is made by the server and must be changed at first use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewAccount {
    pub user: String,
    pub display_name: String,
    #[serde(rename = "body")]
    pub agency: String,
    pub level: Level,
    pub act: String,
    /// The controller that the account is of; the workstation's own when not named.
    #[serde(default)]
    pub controller: Option<ControllerId>,
    #[serde(default)]
    pub until_ms: Option<i64>,
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// A change of an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountChange {
    /// Stays enabled until the next due date.
    Confirm,
    /// Disabled at once; a running session ends.
    Disable {
        reason: String,
    },
    Enable {
        reason: String,
    },
    /// Another first password.
    ResetPassword,
    /// A new second factor.
    NewSecondFactor,
    Grants(Vec<Grant>),
}

/// What a change gives back, once.
#[derive(Debug, Serialize, Deserialize, Default)]
pub struct AccountAnswer {
    /// The password for the first use.
    #[serde(serialize_with = "expose_some", skip_serializing_if = "Option::is_none", default)]
    pub password: Option<SecretString>,
    /// The second factor as an authenticator reads it (Key Uri Format).
    #[serde(serialize_with = "expose_some", skip_serializing_if = "Option::is_none", default)]
    pub second_factor: Option<SecretString>,
    /// The account is out of use until another supervisor admits it (`AccountChange::Enable`), who is given the password.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub waits: bool,
}

/// Chooses another password, with the present one; needs no session.
#[derive(Debug, Serialize, Deserialize)]
pub struct PasswordChange {
    pub user: String,
    #[serde(serialize_with = "expose")]
    pub password: SecretString,
    #[serde(serialize_with = "expose_some", skip_serializing_if = "Option::is_none", default)]
    pub code: Option<SecretString>,
    #[serde(serialize_with = "expose")]
    pub new_password: SecretString,
}

/// Proves again who is at a locked workstation.
#[derive(Debug, Serialize, Deserialize)]
pub struct PasswordConfirmation {
    #[serde(serialize_with = "expose")]
    pub password: SecretString,
}

/// An enrolled workstation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StationView {
    pub station: StationId,
    pub kind: StationKind,
    pub home: ControllerId,
    pub grace_s: u64,
    pub enabled: bool,
    pub quarantined: bool,
    /// When it was last heard, Unix ms; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_ms: Option<i64>,
    /// Until when its newest certificate is good, Unix ms; `None`: not known, or as long as the authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_until_ms: Option<i64>,
}

/// Asks for a code that enrols one workstation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewCode {
    pub station: StationId,
    pub kind: StationKind,
    #[serde(default)]
    pub home: Option<ControllerId>,
    #[serde(default)]
    pub grace_s: u64,
}

/// The code, given out once.
#[derive(Debug, Serialize, Deserialize)]
pub struct EnrolmentCode {
    #[serde(serialize_with = "expose")]
    pub code: SecretString,
    pub expires_ms: i64,
}

/// What a new machine says: its code and the public part of the key it just made.
#[derive(Debug, Serialize, Deserialize)]
pub struct Enrol {
    #[serde(serialize_with = "expose")]
    pub code: SecretString,
    /// ECDSA P-256, uncompressed point, lower-case hex.
    pub public_key: String,
}

/// A certificate for a workstation's key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certified {
    pub station: StationId,
    /// PEM.
    pub certificate: String,
    /// Key of the plan's signer, to pin.
    pub plan_key: String,
    /// When the workstation asks for the next one, Unix ms.
    pub renew_after_ms: i64,
}

/// Asks for a certificate for a new key, with the present certificate.
#[derive(Debug, Serialize, Deserialize)]
pub struct Renewal {
    /// As in [`Enrol`].
    pub public_key: String,
}

/// Why a password is not taken.
pub type NotTaken = PasswordFault;
