//! HTTP authentication challenges (RFC 7235, RFC 7616, RFC 7617) and the answer to one; RTSP uses the same (RFC 2326 §14).
//!
//! Invariant: the answer echoes only the parameters the challenge had, because cameras refuse anything more; SHA-256 is
//! preferred over MD5, Digest over Basic, whatever their order and however many headers they come in; a nonce is used
//! again with a growing count. The password goes into hashes only, except for Basic, which the caller must allow.
//!
//! Own code: `diqwest`, which oxvif brings, reads only the first header and forgets the algorithm when it reuses a
//! nonce. Deliberately absent: `auth-int` (hash of the body) and mutual authentication, offered by no camera.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
}

impl Hash {
    fn hex(self, parts: &[&str]) -> String {
        let joined = parts.join(":");
        match self {
            Self::Md5 => hex::encode(Md5::digest(joined.as_bytes())),
            Self::Sha256 => hex::encode(Sha256::digest(joined.as_bytes())),
        }
    }
}

/// The request that an answer to a challenge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// `POST`, `DESCRIBE`…
    pub method: &'a str,
    /// The target as it stands in the request line.
    pub uri: &'a str,
}

/// A Digest challenge that can be answered, with the count of answers given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// As the challenge spelt it; `None` when it did not say, which means MD5.
    algorithm: Option<String>,
    hash: Hash,
    session: bool,
    /// Whether `auth` was offered; without it the answer has the form of RFC 2069.
    qop: bool,
    /// The server says only the nonce was too old.
    pub stale: bool,
    count: u32,
}

/// The challenges that a 401 offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// The strongest Digest challenge that can be answered.
    pub digest: Option<Challenge>,
    pub basic: bool,
}

/// Reads every `WWW-Authenticate` header of a 401.
pub fn offers<'a>(headers: impl IntoIterator<Item = &'a str>) -> Offer {
    let mut offer = Offer::default();
    for (scheme, parameters) in headers.into_iter().flat_map(split) {
        if scheme.eq_ignore_ascii_case("basic") {
            offer.basic = true;
        } else if scheme.eq_ignore_ascii_case("digest")
            && let Some(challenge) = Challenge::read(&parameters)
            && offer.digest.as_ref().is_none_or(|best| challenge.hash > best.hash)
        {
            offer.digest = Some(challenge);
        }
    }
    offer
}

type Parameters = Vec<(String, String)>;

/// Splits a header into its challenges: several may stand in one, separated by the same commas as their parameters.
fn split(header: &str) -> Vec<(String, Parameters)> {
    let mut challenges: Vec<(String, Parameters)> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | ','))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            // Either the end, or a stray '=': nothing after it can be told apart.
            return challenges;
        }
        let after = after.trim_start();
        match (after.strip_prefix('='), challenges.last_mut()) {
            (Some(value), Some((_, parameters))) => {
                let (value, after) = read_value(value.trim_start());
                parameters.push((word.to_ascii_lowercase(), value));
                rest = after;
            }
            (Some(_), None) => return challenges,
            (None, _) => {
                challenges.push((word.to_owned(), Vec::new()));
                rest = after;
            }
        }
    }
}

fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

impl Challenge {
    fn read(parameters: &[(String, String)]) -> Option<Self> {
        let get = |name: &str| {
            parameters
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        };
        let algorithm = get("algorithm");
        let name = algorithm.as_deref().unwrap_or("MD5").to_ascii_uppercase();
        let (name, session) = name
            .strip_suffix("-SESS")
            .map_or((name.as_str(), false), |name| (name, true));
        let hash = match name {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            _ => return None,
        };
        let qop = get("qop").map(|list| list.split(',').any(|item| item.trim().eq_ignore_ascii_case("auth")));
        if qop == Some(false) {
            return None;
        }
        Some(Self {
            realm: get("realm").unwrap_or_default(),
            nonce: get("nonce")?,
            opaque: get("opaque"),
            algorithm,
            hash,
            session,
            qop: qop.is_some(),
            stale: get("stale").is_some_and(|value| value.eq_ignore_ascii_case("true")),
            count: 0,
        })
    }

    /// The `Authorization` header for the next request with this nonce. `cnonce` is eight random bytes of the caller's.
    pub fn answer(&mut self, user: &str, password: &SecretString, request: Request<'_>, cnonce: [u8; 8]) -> String {
        self.count = self.count.saturating_add(1);
        self.answer_with(user, password.expose_secret(), request, &hex::encode(cnonce))
    }

    fn answer_with(&self, user: &str, password: &str, request: Request<'_>, cnonce: &str) -> String {
        let Request { method, uri } = request;
        let count = format!("{:08x}", self.count);
        let mut ha1 = self.hash.hex(&[user, &self.realm, password]);
        if self.session {
            ha1 = self.hash.hex(&[&ha1, &self.nonce, cnonce]);
        }
        let ha2 = self.hash.hex(&[method, uri]);
        let response = if self.qop {
            self.hash.hex(&[&ha1, &self.nonce, &count, cnonce, "auth", &ha2])
        } else {
            self.hash.hex(&[&ha1, &self.nonce, &ha2])
        };
        let mut header = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{response}\"",
            quoted(user),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(uri)
        );
        if let Some(algorithm) = &self.algorithm {
            header.push_str(", algorithm=");
            header.push_str(algorithm);
        }
        if let Some(opaque) = &self.opaque {
            header.push_str(&format!(", opaque=\"{}\"", quoted(opaque)));
        }
        if self.qop {
            header.push_str(&format!(", qop=auth, nc={count}, cnonce=\"{cnonce}\""));
        } else if self.session {
            header.push_str(&format!(", cnonce=\"{cnonce}\""));
        }
        header
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The Basic header: the password readable to anyone on the way. Only where the connection choice allows it.
pub fn basic(user: &str, password: &SecretString) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{}", password.expose_secret()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RFC: &str = "qop=\"auth, auth-int\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                       opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

    fn answered(header: &str) -> String {
        let mut challenge = offers([header]).digest.unwrap();
        challenge.count = 1;
        challenge.answer_with(
            "Mufasa",
            "Circle of Life",
            Request {
                method: "GET",
                uri: "/dir/index.html",
            },
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )
    }

    #[test]
    fn the_examples_of_rfc_7616_come_out() {
        let realm = "realm=\"http-auth@example.org\"";
        let md5 = answered(&format!("Digest {realm}, algorithm=MD5, {RFC}"));
        assert!(md5.contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""), "{md5}");
        let sha = answered(&format!("Digest {realm}, algorithm=SHA-256, {RFC}"));
        assert!(
            sha.contains("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            "{sha}"
        );
    }

    #[test]
    fn the_strongest_is_chosen_whatever_the_order() {
        let md5 = "Digest realm=\"a, b\", nonce=\"1\", algorithm=MD5, qop=\"auth\"";
        let sha = "Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256, qop=\"auth\"";
        let basic = "Basic realm=\"x\"";
        for headers in [
            vec![basic, md5, sha],
            vec![sha, basic, md5],
            vec![&format!("{basic}, {md5}, {sha}")],
        ] {
            let offer = offers(headers);
            assert!(offer.basic);
            assert_eq!(offer.digest.unwrap().nonce, "2");
        }
        let offer = offers([md5]);
        assert_eq!(offer.digest.unwrap().realm, "a, b");
        assert_eq!(
            offers(["Negotiate", "Digest realm=x", "Digest nonce=n, algorithm=TOKEN"]),
            Offer::default()
        );
    }

    #[test]
    fn only_what_the_challenge_had_is_echoed() {
        let plain = answered("Digest realm=\"r\", nonce=\"n\"");
        for word in ["algorithm", "opaque", "qop", "nc=", "cnonce"] {
            assert!(!plain.contains(word), "{plain}");
        }
        let full = answered("digest realm=\"r\", nonce=\"n\", opaque=\"\", algorithm=md5, qop=auth");
        for word in ["algorithm=md5", "opaque=\"\"", "qop=auth", "nc=00000001"] {
            assert!(full.contains(word), "{full}");
        }
    }

    #[test]
    fn a_nonce_is_used_again_with_a_growing_count() {
        let mut challenge = offers(["Digest realm=\"r\", nonce=\"n\", qop=\"auth\""])
            .digest
            .unwrap();
        let password = SecretString::from("p");
        let request = Request {
            method: "POST",
            uri: "/",
        };
        assert!(
            challenge
                .answer("u", &password, request, [1; 8])
                .contains("nc=00000001")
        );
        assert!(
            challenge
                .answer("u", &password, request, [2; 8])
                .contains("nc=00000002")
        );
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_panic(header in ".{0,200}") {
            let _ = offers([header.as_str()]);
        }
    }
}
