//! Answers to RTSP authentication challenges (RFC 2326 §14, RFC 7616, RFC 7617).
//!
//! Invariant: the strongest scheme offered is answered (Digest SHA-256, Digest MD5, Basic), and an answer carries no
//! parameter the challenge did not have: some cameras refuse it. Deliberately absent: sessions (`-sess`), `auth-int`.

use base64::Engine;
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Name and password of an account on a camera or recorder.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) password: SecretString,
}

/// A challenge that can be answered again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Digest(DigestChallenge),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DigestChallenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// As the challenge spelt it.
    algorithm: Option<String>,
    sha256: bool,
    qop_auth: bool,
    count: u32,
}

impl Challenge {
    /// The strongest challenge in the value of `WWW-Authenticate`, which may hold several.
    pub(super) fn strongest(header: &str) -> Option<Self> {
        challenges(header)
            .into_iter()
            .filter_map(Self::read)
            .max_by_key(|challenge| match challenge {
                Self::Basic => 0,
                Self::Digest(digest) => 1 + u8::from(digest.sha256),
            })
    }

    fn read((scheme, parameters): (String, Vec<(String, String)>)) -> Option<Self> {
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        let value = |name: &str| {
            parameters
                .iter()
                .find(|(n, _)| n.eq_ignore_ascii_case(name))
                .map(|(_, v)| v.clone())
        };
        let algorithm = value("algorithm");
        let sha256 = match algorithm.as_deref().map(str::to_ascii_uppercase).as_deref() {
            None | Some("MD5") => false,
            Some("SHA-256") => true,
            Some(_) => return None,
        };
        let qop = value("qop");
        let qop_auth = qop
            .as_deref()
            .is_some_and(|q| q.split(',').any(|q| q.trim().eq_ignore_ascii_case("auth")));
        if !scheme.eq_ignore_ascii_case("digest") || (qop.as_deref().is_some_and(|q| !q.is_empty()) && !qop_auth) {
            return None;
        }
        Some(Self::Digest(DigestChallenge {
            realm: value("realm")?,
            nonce: value("nonce")?,
            opaque: value("opaque"),
            algorithm,
            sha256,
            qop_auth,
            count: 0,
        }))
    }

    /// The value of `Authorization` for a request.
    pub(super) fn answer(&mut self, account: &Account, method: &str, uri: &str) -> String {
        match self {
            Self::Basic => {
                let pair = format!("{}:{}", account.user, account.password.expose_secret());
                format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
            }
            Self::Digest(digest) => digest.answer(account, method, uri, &format!("{:016x}", rand::random::<u64>())),
        }
    }
}

impl DigestChallenge {
    fn hash(&self, text: &str) -> String {
        if self.sha256 {
            hex::encode(Sha256::digest(text))
        } else {
            hex::encode(Md5::digest(text))
        }
    }

    fn answer(&mut self, account: &Account, method: &str, uri: &str, cnonce: &str) -> String {
        self.count = self.count.saturating_add(1);
        let nc = format!("{:08x}", self.count);
        let secret = self.hash(&format!(
            "{}:{}:{}",
            account.user,
            self.realm,
            account.password.expose_secret()
        ));
        let what = self.hash(&format!("{method}:{uri}"));
        let nonce = &self.nonce;
        let response = if self.qop_auth {
            self.hash(&format!("{secret}:{nonce}:{nc}:{cnonce}:auth:{what}"))
        } else {
            self.hash(&format!("{secret}:{nonce}:{what}"))
        };
        let mut answer = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\"",
            quoted(&account.user),
            self.realm,
        );
        if let Some(algorithm) = &self.algorithm {
            answer.push_str(&format!(", algorithm={algorithm}"));
        }
        if let Some(opaque) = &self.opaque {
            answer.push_str(&format!(", opaque=\"{opaque}\""));
        }
        if self.qop_auth {
            answer.push_str(&format!(", qop=auth, nc={nc}, cnonce=\"{cnonce}\""));
        }
        answer
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Splits `Digest a="b, c", d=e, Basic realm="x"` into schemes and their parameters.
fn challenges(header: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for part in split_outside_quotes(header) {
        let (before, value) = part
            .split_once('=')
            .map_or((part.as_str(), None), |(b, v)| (b, Some(v)));
        let mut words = before.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        let name = match (second, value) {
            (Some(name), _) => {
                found.push((first.to_owned(), Vec::new()));
                name
            }
            (None, None) => {
                found.push((first.to_owned(), Vec::new()));
                continue;
            }
            (None, Some(_)) => first,
        };
        if let (Some((_, parameters)), Some(value)) = (found.last_mut(), value) {
            parameters.push((name.to_owned(), value.trim().trim_matches('"').to_owned()));
        }
    }
    found
}

fn split_outside_quotes(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut inside) = (Vec::new(), String::new(), false);
    for c in text.chars().take(8_192) {
        inside ^= c == '"';
        if c == ',' && !inside {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    parts.push(part);
    parts.retain(|part| !part.trim().is_empty());
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            user: "Mufasa".to_owned(),
            password: "Circle of Life".to_owned().into(),
        }
    }

    /// RFC 7616 §3.9.1, both algorithms in one header.
    #[test]
    fn the_example_of_rfc_7616_is_answered_with_sha_256() {
        let rest = "qop=\"auth, auth-int\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                    opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
        let header = format!(
            "Digest realm=\"http-auth@example.org\", {rest}, algorithm=MD5, \
             Basic realm=\"x, y\", Digest realm=\"http-auth@example.org\", {rest}, algorithm=SHA-256"
        );
        let Some(Challenge::Digest(mut digest)) = Challenge::strongest(&header) else {
            panic!("no digest")
        };
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let answer = digest.answer(&account(), "GET", "/dir/index.html", cnonce);
        let expected = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
        assert!(answer.contains(expected), "{answer}");
        digest.sha256 = false;
        digest.count = 0;
        let answer = digest.answer(&account(), "GET", "/dir/index.html", cnonce);
        assert!(answer.contains("8ca523f5e9506fed4657c9700eebdbec"), "{answer}");
    }

    #[test]
    fn an_answer_has_no_parameter_the_challenge_had_not() {
        let mut challenge = Challenge::strongest("Digest realm=\"cam\", nonce=\"abc\"").unwrap();
        let answer = challenge.answer(&account(), "PLAY", "rtsp://h/x");
        for absent in ["algorithm", "opaque", "qop", "nc=", "cnonce"] {
            assert!(!answer.contains(absent), "{answer}");
        }
    }

    #[test]
    fn unknown_schemes_and_nonsense_are_no_challenge() {
        for header in [
            "",
            "Negotiate",
            "Digest",
            "Digest nonce=\"a\"",
            "=,=,\"",
            "Digest realm=a, nonce=b, algorithm=X",
        ] {
            assert_eq!(Challenge::strongest(header), None, "{header}");
        }
        assert_eq!(Challenge::strongest("basic realm=\"a\""), Some(Challenge::Basic));
    }
}
