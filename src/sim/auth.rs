//! Who asks: WS-UsernameToken with a password digest (WSS Username Token Profile 1.1) and HTTP digest (RFC 7616).
//!
//! Invariant: a nonce of a token works once, a nonce count works once, and what is old works never.
//! Deliberately absent: what an account may do (see `onvif`), RTSP's digest (see the RTSP side).

use super::device::Account;
use super::onvif::soap::read_date_time;
use super::onvif::xml::Node;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use secrecy::ExposeSecret;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime};

/// How far `Created` may be from the camera's clock.
pub const CREATED_WINDOW: Duration = Duration::from_secs(10);
/// How long a nonce of a challenge is good.
const NONCE_LIFE: Duration = Duration::from_secs(300);
/// Challenges remembered at once; the oldest goes first.
const MOST_CHALLENGES: usize = 1_024;
const REALM: &str = "vedetta-sim";

/// Why credentials do not open the door. All of them read `NotAuthorized` from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the user is unknown or the password is wrong")]
    Wrong,
    #[error("the nonce was used before")]
    Replayed,
    #[error("Created is too far from the camera's clock")]
    Stale,
    #[error("the nonce of the challenge has expired")]
    Expired,
    #[error("the credentials are incomplete or of a kind the camera does not take")]
    Unusable,
}

/// Hash of an HTTP digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(text)),
            Self::Sha256 => hex::encode(Sha256::digest(text)),
        }
    }
}

/// The kinds of password a token may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Digest,
    Text,
}

/// The camera's memory of credentials it has seen.
#[derive(Debug, Default)]
pub struct Gate {
    tokens: HashMap<(String, String), SystemTime>,
    challenges: HashMap<String, Challenge>,
}

#[derive(Debug)]
struct Challenge {
    issued: Instant,
    counts: HashSet<u32>,
}

impl Gate {
    /// Checks the `wsse:UsernameToken` of a SOAP header; `None` when the header has none. `clock` is the camera's own.
    pub fn token(
        &mut self,
        header: &Node,
        kind: TokenKind,
        account: impl Fn(&str) -> Option<Account>,
        clock: SystemTime,
    ) -> Option<Result<Account, Refusal>> {
        let token = header.child("Security")?.child("UsernameToken")?;
        Some(self.check_token(token, kind, account, clock))
    }

    fn check_token(
        &mut self,
        token: &Node,
        kind: TokenKind,
        account: impl Fn(&str) -> Option<Account>,
        clock: SystemTime,
    ) -> Result<Account, Refusal> {
        let user = token.text_of("Username").ok_or(Refusal::Unusable)?;
        let password = token.child("Password").ok_or(Refusal::Unusable)?;
        let is_digest = password
            .attribute("Type")
            .is_some_and(|name| name.ends_with("#PasswordDigest"));
        let account = account(user).ok_or(Refusal::Wrong)?;
        match (kind, is_digest) {
            (TokenKind::Text, false) => {
                return if same(&password.text, account.password.expose_secret()) {
                    Ok(account)
                } else {
                    Err(Refusal::Wrong)
                };
            }
            (TokenKind::Digest, true) => {}
            _ => return Err(Refusal::Unusable),
        }
        let nonce = token.text_of("Nonce").ok_or(Refusal::Unusable)?;
        let created = token.text_of("Created").ok_or(Refusal::Unusable)?;
        let mut hash = Sha1::new();
        hash.update(STANDARD.decode(nonce).map_err(|_| Refusal::Unusable)?);
        hash.update(created);
        hash.update(account.password.expose_secret());
        if !same(&STANDARD.encode(hash.finalize()), &password.text) {
            return Err(Refusal::Wrong);
        }
        let at = read_date_time(created).ok_or(Refusal::Unusable)?;
        let apart = clock.duration_since(at).unwrap_or_else(|later| later.duration());
        if apart > CREATED_WINDOW {
            return Err(Refusal::Stale);
        }
        self.tokens
            .retain(|_, at| clock.duration_since(*at).map_or(true, |age| age <= CREATED_WINDOW));
        match self.tokens.insert((nonce.to_owned(), created.to_owned()), at) {
            None => Ok(account),
            Some(_) => Err(Refusal::Replayed),
        }
    }

    /// Values of `WWW-Authenticate`, one for each algorithm. `stale`: the password was right, the nonce was not.
    pub fn challenge(&mut self, algorithms: &[Algorithm], stale: bool, now: Instant) -> Vec<String> {
        self.challenges
            .retain(|_, challenge| now.duration_since(challenge.issued) < NONCE_LIFE);
        while self.challenges.len() >= MOST_CHALLENGES {
            let oldest = self
                .challenges
                .iter()
                .min_by_key(|(_, challenge)| challenge.issued)
                .map(|(nonce, _)| nonce.clone());
            let Some(oldest) = oldest else { break };
            self.challenges.remove(&oldest);
        }
        let nonce = hex::encode(rand::random::<[u8; 16]>());
        self.challenges.insert(
            nonce.clone(),
            Challenge {
                issued: now,
                counts: HashSet::new(),
            },
        );
        let stale = if stale { ", stale=true" } else { "" };
        algorithms
            .iter()
            .map(|algorithm| {
                let name = algorithm.name();
                format!("Digest realm=\"{REALM}\", qop=\"auth\", algorithm={name}, nonce=\"{nonce}\"{stale}")
            })
            .collect()
    }

    /// Checks the value of an `Authorization: Digest` header.
    ///
    /// # Errors
    /// [`Refusal`]; [`Refusal::Expired`] calls for a challenge with `stale`.
    pub fn digest(
        &mut self,
        authorization: &str,
        request: (&str, &str),
        algorithms: &[Algorithm],
        account: impl Fn(&str) -> Option<Account>,
        now: Instant,
    ) -> Result<Account, Refusal> {
        let (method, target) = request;
        let fields = parameters(authorization.strip_prefix("Digest ").ok_or(Refusal::Unusable)?);
        let field = |name: &str| fields.get(name).map(String::as_str);
        let needed = |name: &str| field(name).ok_or(Refusal::Unusable);
        let algorithm = match field("algorithm") {
            None => Algorithm::Md5,
            Some(name) if name.eq_ignore_ascii_case("MD5") => Algorithm::Md5,
            Some(name) if name.eq_ignore_ascii_case("SHA-256") => Algorithm::Sha256,
            Some(_) => return Err(Refusal::Unusable),
        };
        let (user, uri, nonce) = (needed("username")?, needed("uri")?, needed("nonce")?);
        if !algorithms.contains(&algorithm) || needed("realm")? != REALM || uri != target {
            return Err(Refusal::Unusable);
        }
        let account = account(user).ok_or(Refusal::Wrong)?;
        let first = algorithm.hex(&format!("{user}:{REALM}:{}", account.password.expose_secret()));
        let second = algorithm.hex(&format!("{method}:{uri}"));
        let (expected, count) = match field("qop") {
            None => (algorithm.hex(&format!("{first}:{nonce}:{second}")), None),
            Some("auth") => {
                let (count, own) = (needed("nc")?, needed("cnonce")?);
                let number = u32::from_str_radix(count, 16).map_err(|_| Refusal::Unusable)?;
                (
                    algorithm.hex(&format!("{first}:{nonce}:{count}:{own}:auth:{second}")),
                    Some(number),
                )
            }
            Some(_) => return Err(Refusal::Unusable),
        };
        if !same(&expected, needed("response")?) {
            return Err(Refusal::Wrong);
        }
        let challenge = self.challenges.get_mut(nonce).ok_or(Refusal::Expired)?;
        if now.duration_since(challenge.issued) >= NONCE_LIFE {
            return Err(Refusal::Expired);
        }
        match count {
            Some(count) if !challenge.counts.insert(count) => Err(Refusal::Replayed),
            _ => Ok(account),
        }
    }
}

/// Compares without stopping at the first difference.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |sum, (x, y)| sum | (x ^ y)) == 0
}

/// `a="b, c", d=e` as a map; keys in lower case, quotes and their escapes taken off.
fn parameters(text: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let (value, next) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => {
                let mut value = String::new();
                let mut characters = quoted.char_indices();
                let mut end = quoted.len();
                while let Some((index, character)) = characters.next() {
                    match character {
                        '"' => {
                            end = index + 1;
                            break;
                        }
                        '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                        other => value.push(other),
                    }
                }
                (value, quoted[end..].trim_start().trim_start_matches(','))
            }
            None => {
                let (value, next) = after.split_once(',').unwrap_or((after, ""));
                (value.trim().to_owned(), next)
            }
        };
        fields.insert(key.trim().to_ascii_lowercase(), value);
        rest = next;
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::device::Level;
    use crate::sim::onvif::soap::date_time;

    const BOTH: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Md5];

    fn account(user: &str) -> Option<Account> {
        (user == "op").then(|| Account {
            user: "op".into(),
            password: "secret".into(),
            level: Level::Operator,
            may_stream: true,
        })
    }

    fn header(password: &str, nonce: &[u8], created: &str) -> Node {
        let mut hash = Sha1::new();
        hash.update(nonce);
        hash.update(created);
        hash.update(password);
        let (digest, nonce) = (STANDARD.encode(hash.finalize()), STANDARD.encode(nonce));
        Node::read(&format!(
            "<h><Security><UsernameToken><Username>op</Username><Password Type=\"x#PasswordDigest\">{digest}</Password>\
             <Nonce>{nonce}</Nonce><Created>{created}</Created></UsernameToken></Security></h>"
        ))
        .unwrap()
    }

    fn enter(gate: &mut Gate, header: &Node, clock: SystemTime) -> Result<String, Refusal> {
        gate.token(header, TokenKind::Digest, account, clock)
            .unwrap()
            .map(|account| account.user)
    }

    #[test]
    fn a_right_token_works_once() {
        let now = SystemTime::now();
        let mut gate = Gate::default();
        let header = header("secret", b"0123456789abcdef", &date_time(now));
        assert_eq!(enter(&mut gate, &header, now), Ok("op".into()));
        assert_eq!(enter(&mut gate, &header, now), Err(Refusal::Replayed));
    }

    #[test]
    fn a_wrong_password_and_a_wrong_clock_are_refused() {
        let now = SystemTime::now();
        let mut gate = Gate::default();
        assert_eq!(
            enter(&mut gate, &header("guess", b"n1", &date_time(now)), now),
            Err(Refusal::Wrong)
        );
        let header = header("secret", b"n2", &date_time(now));
        for off in [CREATED_WINDOW + Duration::from_secs(1), Duration::from_secs(15_552_000)] {
            assert_eq!(enter(&mut gate, &header, now + off), Err(Refusal::Stale));
            assert_eq!(enter(&mut gate, &header, now - off), Err(Refusal::Stale));
        }
    }

    #[test]
    fn a_refused_token_cannot_be_replayed_into_the_window() {
        let now = SystemTime::now();
        let mut gate = Gate::default();
        let header = header("secret", b"n", &date_time(now));
        assert!(enter(&mut gate, &header, now).is_ok());
        let late = now + CREATED_WINDOW + Duration::from_secs(1);
        assert_eq!(enter(&mut gate, &header, late), Err(Refusal::Stale));
    }

    fn answer(challenge: &str, password: &str, count: u32, method: &str, uri: &str) -> String {
        let fields = parameters(challenge.strip_prefix("Digest ").unwrap());
        let algorithm = if fields["algorithm"] == "MD5" {
            Algorithm::Md5
        } else {
            Algorithm::Sha256
        };
        let first = algorithm.hex(&format!("op:{}:{password}", fields["realm"]));
        let second = algorithm.hex(&format!("{method}:{uri}"));
        let nonce = &fields["nonce"];
        let response = algorithm.hex(&format!("{first}:{nonce}:{count:08x}:c:auth:{second}"));
        format!(
            "Digest username=\"op\", realm=\"{}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", \
             algorithm={}, cnonce=\"c\", nc={count:08x}, qop=auth",
            fields["realm"], fields["algorithm"]
        )
    }

    #[test]
    fn digest_works_with_both_hashes_and_each_count_once() {
        let now = Instant::now();
        let mut gate = Gate::default();
        for challenge in gate.challenge(&BOTH, false, now) {
            let mut send = |password: &str, count: u32, uri: &str| {
                let authorization = answer(&challenge, password, count, "POST", uri);
                gate.digest(&authorization, ("POST", "/x"), &BOTH, account, now)
                    .map(|account| account.user)
            };
            let base = if challenge.contains("MD5") { 10 } else { 0 };
            assert_eq!(send("secret", base + 1, "/x"), Ok("op".into()), "{challenge}");
            assert_eq!(send("secret", base + 1, "/x"), Err(Refusal::Replayed));
            assert_eq!(send("secret", base + 2, "/x"), Ok("op".into()));
            assert_eq!(send("guess", base + 3, "/x"), Err(Refusal::Wrong));
            assert_eq!(send("secret", base + 4, "/y"), Err(Refusal::Unusable));
        }
    }

    #[test]
    fn an_old_or_foreign_nonce_is_expired_and_an_unoffered_hash_unusable() {
        let now = Instant::now();
        let mut gate = Gate::default();
        let challenge = gate.challenge(&BOTH, false, now).remove(0);
        let authorization = answer(&challenge, "secret", 1, "POST", "/x");
        let late = now + NONCE_LIFE;
        let request = ("POST", "/x");
        assert_eq!(
            gate.digest(&authorization, request, &BOTH, account, late).err(),
            Some(Refusal::Expired)
        );
        assert_eq!(
            Gate::default()
                .digest(&authorization, request, &BOTH, account, now)
                .err(),
            Some(Refusal::Expired)
        );
        let only = [Algorithm::Md5];
        assert_eq!(
            gate.digest(&authorization, request, &only, account, now).err(),
            Some(Refusal::Unusable)
        );
    }

    #[test]
    fn nonsense_in_the_header_is_unusable() {
        let now = Instant::now();
        let mut gate = Gate::default();
        for text in [
            "",
            "Basic b3A6c2VjcmV0",
            "Digest ",
            "Digest username=\"op",
            "Digest a=\"\\",
            "Digest =,=,=\"",
        ] {
            let result = gate.digest(text, ("POST", "/x"), &BOTH, account, now);
            assert_eq!(result.err(), Some(Refusal::Unusable), "{text}");
        }
    }
}
