//! WS-UsernameToken (WS-Security UsernameToken Profile 1.0): the header that carries who we are.
//!
//! Invariant: `PasswordDigest` unless `PasswordText` is asked for by name; every header has a fresh nonce of 16 bytes
//! (longer ones are refused by devices in use); `Created` is the *device's* time. No `mustUnderstand`: devices fault.
//!
//! Deliberately absent: the decision which form to use, and the clock (`soap_channel`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oxvif::soap::WsSecurityToken;
use oxvif::soap::security::compute_digest;
use secrecy::{ExposeSecret, SecretString};

const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const TEXT: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";

/// The header with `PasswordDigest`, stamped with our time plus `offset_s`.
pub fn digest_header(user: &str, password: &SecretString, offset_s: i64) -> String {
    let nonce: [u8; 16] = rand::random();
    let created = created(offset_s);
    let digest = STANDARD.encode(compute_digest(&nonce, &created, password.expose_secret()));
    let mut header = String::with_capacity(1024);
    WsSecurityToken::from_parts(user, digest, STANDARD.encode(nonce), created).write_xml(&mut header);
    declared(&header)
}

/// The header with the password readable. Only where the connection choice allows it.
pub fn text_header(user: &str, password: &SecretString) -> String {
    let (user, password) = (super::xml_guard::escape(user), password.expose_secret());
    let password = super::xml_guard::escape(password);
    declared(&format!(
        "<wsse:Security><wsse:UsernameToken><wsse:Username>{user}</wsse:Username>\
         <wsse:Password Type=\"{TEXT}\">{password}</wsse:Password></wsse:UsernameToken></wsse:Security>"
    ))
}

/// Declares the two prefixes on the header itself, so that it fits into any envelope.
fn declared(header: &str) -> String {
    header.replacen(
        "<wsse:Security>",
        &format!("<wsse:Security xmlns:wsse=\"{WSSE}\" xmlns:wsu=\"{WSU}\">"),
        1,
    )
}

fn created(offset_s: i64) -> String {
    let now = jiff::Timestamp::now().as_second();
    let at = jiff::Timestamp::from_second(now.saturating_add(offset_s)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_header_never_holds_the_password_and_never_repeats_its_nonce() {
        let password = SecretString::from("segreto&1");
        let (one, two) = (digest_header("a<b", &password, 0), digest_header("a<b", &password, 0));
        assert!(!one.contains("segreto"));
        assert_ne!(one, two);
        assert!(one.contains("a&lt;b") && one.contains("#PasswordDigest"));
        oxvif::soap::XmlNode::parse(&one).unwrap();
    }

    #[test]
    fn created_follows_the_devices_clock() {
        let header = digest_header("u", &SecretString::from("p"), -30 * 365 * 86_400);
        let node = oxvif::soap::XmlNode::parse(&header).unwrap();
        let created = node.path(&["UsernameToken", "Created"]).unwrap().text().to_owned();
        assert!(created.starts_with("199") || created.starts_with("200"), "{created}");
        assert_eq!(self::created(i64::MIN), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_text_header_escapes_the_password() {
        let node = oxvif::soap::XmlNode::parse(&text_header("u", &SecretString::from("a&<b"))).unwrap();
        assert_eq!(node.path(&["UsernameToken", "Password"]).unwrap().text(), "a&<b");
    }
}
