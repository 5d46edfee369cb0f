//! Answers to the authentication challenges of an RTSP server (RFC 2326 §14).
//!
//! Invariant: the strongest scheme offered is answered (Digest SHA-256, Digest MD5, Basic). Deliberately absent: reading
//! challenges and making the answers, which ONVIF needs as well (`domain::http_auth`).

use crate::domain::http_auth::{self, Challenge, Request};
use secrecy::SecretString;

/// Name and password of an account on a camera or recorder.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) password: SecretString,
}

/// A scheme that can be answered again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scheme {
    Basic,
    Digest(Challenge),
}

impl Scheme {
    /// The strongest one in the value of `WWW-Authenticate`, which may hold several.
    pub(super) fn strongest(header: &str) -> Option<Self> {
        let offer = http_auth::offers([header]);
        let basic = offer.basic.then_some(Self::Basic);
        offer.digest.map(Self::Digest).or(basic)
    }

    /// The server says that the password was right and only the nonce too old.
    pub(super) fn is_stale(&self) -> bool {
        matches!(self, Self::Digest(challenge) if challenge.stale)
    }

    /// The value of `Authorization` for a request.
    pub(super) fn answer(&mut self, account: &Account, method: &str, uri: &str) -> String {
        let Account { user, password } = account;
        match self {
            Self::Basic => http_auth::basic(user, password),
            Self::Digest(challenge) => challenge.answer(user, password, Request { method, uri }, rand::random()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_answered_before_basic_and_nonsense_not_at_all() {
        let both = "Basic realm=\"x, y\", Digest realm=\"cam\", nonce=\"abc\"";
        let account = Account {
            user: "operatore".to_owned(),
            password: "parola".to_owned().into(),
        };
        let mut scheme = Scheme::strongest(both).unwrap();
        assert!(scheme.answer(&account, "PLAY", "rtsp://h/x").starts_with("Digest "));
        assert_eq!(Scheme::strongest("basic realm=\"a\""), Some(Scheme::Basic));
        for header in [
            "",
            "Negotiate",
            "Digest",
            "=,=,\"",
            "Digest realm=a, nonce=b, algorithm=X",
        ] {
            assert_eq!(Scheme::strongest(header), None, "{header}");
        }
    }
}
