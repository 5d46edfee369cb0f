//! Whom to speak to, how much to trust it, and how long and how much to take from it.
//!
//! Invariant: the password is a [`SecretString`]; `Debug` shows neither it nor a password written into the address.
//! Deliberately absent: where the password comes from (`station`).

use secrecy::SecretString;
use std::time::Duration;

/// A camera or recorder and the account to use.
#[derive(Clone)]
pub struct Endpoint {
    /// The device service, for example `http://192.0.2.7/onvif/device_service`.
    pub device: String,
    /// Empty: no authentication at all.
    pub user: String,
    pub password: SecretString,
    /// The check of a TLS certificate.
    pub trust: Trust,
    /// Whether the password may be sent readable (WS-UsernameToken `PasswordText`) when the device accepts nothing
    /// else. Off unless chosen for this camera.
    pub allow_password_text: bool,
    /// Whether HTTP Basic may be answered when the device offers no Digest. Off unless chosen for this camera.
    pub allow_basic: bool,
}

/// The checks a TLS certificate may have to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Signed by an authority this system knows.
    #[default]
    Authority,
    /// Anything goes, as most cameras sign for themselves: encrypted, but not protected against an impostor. A choice
    /// made per camera.
    SelfSigned,
}

impl Endpoint {
    /// An endpoint with the safe choices: known authorities only, never a readable password.
    pub fn new(device: impl Into<String>, user: impl Into<String>, password: SecretString) -> Self {
        Self {
            device: device.into(),
            user: user.into(),
            password,
            trust: Trust::default(),
            allow_password_text: false,
            allow_basic: false,
        }
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("device", &super::xaddr::without_credentials(&self.device))
            .field("user", &self.user)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

/// How long and how much. The defaults fit a camera in the same city.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the TCP and TLS handshake.
    pub connect: Duration,
    /// From sending a request to the last byte of its answer.
    pub total: Duration,
    /// Longest time for a PTZ command or status, which is worth nothing when late.
    pub ptz: Duration,
    /// Bytes of one answer.
    pub body: usize,
    /// Levels of nested elements.
    pub depth: usize,
    /// Elements in one answer.
    pub elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            total: Duration::from_secs(8),
            ptz: Duration::from_secs(3),
            body: 4 * 1024 * 1024,
            depth: 64,
            elements: 100_000,
        }
    }
}
