//! Credentials of cameras as they travel.
//!
//! Invariant: the password is a redacting type. Deliberately absent: behaviour.

use super::expose;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Asks for what a camera's own sign-in needs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct CredentialRequest {
    pub need: CredentialNeed,
}

/// What the credential is for. The maintainer's level is given [`CredentialNeed::Figures`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialNeed {
    /// Live picture and what moves the dome.
    Picture,
    /// Device facts only: an account that cannot stream.
    Figures,
}

/// A camera account, kept in memory only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CameraCredential {
    pub user: String,
    #[serde(serialize_with = "expose")]
    pub password: SecretString,
}
