//! Why a call to the server gave no answer, and the reading of a refusal.
//!
//! Invariant: a reason that only a newer server knows keeps its wire name; what is no refusal is never taken for one.
//! Deliberately absent: calls (`server_client`), words for people.

use crate::domain::refusal::RefusalKind;
use crate::protocol;
use reqwest::StatusCode;
use std::error::Error;

/// Longest wire name of a refusal that is told to a person, bytes.
const MOST_NAME: usize = 64;

/// Why a call gave no answer. Every call may fail as [`ServerError::Away`] and [`ServerError::Unintelligible`]; what it is
/// refused for is said at the call.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No connection, no complete answer in time, or the server cannot work now.
    #[error("the server is away: {detail}")]
    Away { detail: String },
    /// By this machine's clock the server's certificate is not valid yet, or no longer: most likely the clock is wrong.
    #[error("the server's certificate is out of its time by this machine's clock: {detail}")]
    CertificateNotInTime { detail: String },
    /// The server said no.
    #[error("the server refuses: {why:?}: {detail}")]
    Refused { why: RefusalKind, detail: String },
    /// The server said no for a reason that only a newer version knows; `name` is its wire name.
    #[error("the server refuses for a reason not known here: {name}: {detail}")]
    RefusedOtherwise { name: String, detail: String },
    /// Something answered, but not what was agreed.
    #[error("the server's answer is not understood: status {status}: {detail}")]
    Unintelligible { status: StatusCode, detail: String },
}

impl ServerError {
    /// Whether waiting may help: no answer, a server that cannot work now, or a gateway's error in its place (RFC 9110 §15.6).
    pub fn is_away(&self) -> bool {
        match self {
            Self::Away { .. } | Self::CertificateNotInTime { .. } => true,
            Self::Refused { why, .. } => why.is_temporary(),
            Self::RefusedOtherwise { .. } => false,
            Self::Unintelligible { status, .. } => status.is_server_error(),
        }
    }

    /// Whether the server says that the session is over.
    pub fn is_session_ended(&self) -> bool {
        self.is_refused_as(&RefusalKind::SessionEnded)
    }

    /// Whether the server knows this workstation no more: it was revoked.
    pub fn is_unknown_station(&self) -> bool {
        self.is_refused_as(&RefusalKind::UnknownStation)
    }

    fn is_refused_as(&self, kind: &RefusalKind) -> bool {
        matches!(self, Self::Refused { why, .. } if why == kind)
    }
}

/// A refusal whose kind is not known here: the same body, `why` still as JSON.
#[derive(serde::Deserialize)]
struct OtherRefusal {
    why: serde_json::Value,
    detail: String,
}

pub(super) fn refused(status: StatusCode, bytes: &[u8]) -> ServerError {
    if let Ok(protocol::Refusal { why, detail }) = serde_json::from_slice(bytes) {
        return ServerError::Refused { why, detail };
    }
    let other = serde_json::from_slice::<OtherRefusal>(bytes).ok();
    match other.and_then(|other| Some((wire_name(&other.why)?, other.detail))) {
        Some((name, detail)) => ServerError::RefusedOtherwise { name, detail },
        None => unintelligible(status, &"no refusal in it"),
    }
}

/// The wire name in `why`, with the one of what it carries: `rule/name`. `None`: nothing that could be a name.
fn wire_name(why: &serde_json::Value) -> Option<String> {
    let is_name = |text: &&str| {
        (1..=MOST_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    match why {
        serde_json::Value::String(name) => Some(name.as_str()).filter(is_name).map(str::to_owned),
        serde_json::Value::Object(fields) if fields.len() == 1 => {
            let (name, inner) = fields.iter().next()?;
            let name = Some(name.as_str()).filter(is_name)?;
            Some(match inner.as_str().filter(is_name) {
                Some(inner) => format!("{name}/{inner}"),
                None => name.to_owned(),
            })
        }
        _ => None,
    }
}

/// The whole chain of causes, without the address.
pub(super) fn away(error: reqwest::Error) -> ServerError {
    let error = error.without_url();
    let mut detail = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        detail.push_str(": ");
        detail.push_str(&cause.to_string());
        source = cause.source();
    }
    if is_out_of_its_time(&error) {
        ServerError::CertificateNotInTime { detail }
    } else {
        ServerError::Away { detail }
    }
}

/// Whether the connection failed because the server's certificate is not valid yet, or no longer, by this machine's clock.
fn is_out_of_its_time(error: &(dyn Error + 'static)) -> bool {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    matches!(
        of_tls(error),
        Some(rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
        ))
    )
}

/// The error of TLS among the causes of another. What an `io::Error` wraps is not among its sources: it passes itself over.
fn of_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match wrapped {
        Some(inner) => of_tls(inner),
        None => of_tls(error.source()?),
    }
}

pub(super) fn unintelligible(status: StatusCode, error: &dyn std::fmt::Display) -> ServerError {
    ServerError::Unintelligible {
        status,
        detail: error.to_string(),
    }
}
