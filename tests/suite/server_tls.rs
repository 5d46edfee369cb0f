//! What the real server negotiates: TLS 1.2 and 1.3, with ciphers that authenticate what they encrypt and keys of one session.
//!
//! Invariant: every cipher that OpenSSL can offer is offered alone, so that nothing hides behind the server's own preference.
//! Deliberately absent: certificates (`audit_time`, `audit_server`). Debian's `ca-certificates` brings `openssl`.

use crate::town::Town;
use std::process::{Command, Stdio};

/// What OpenSSL says of one handshake with these options.
fn handshake(address: &str, options: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-connect", address])
        .args(options)
        .stdin(Stdio::null())
        .output()
        .expect("openssl is missing: run packaging/debian-packages.sh test");
    let both = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// The version and the cipher that were agreed on; `None`: none.
fn agreed(said: &str) -> Option<(String, String)> {
    let line = said.lines().find_map(|line| line.strip_prefix("New, "))?;
    let (version, cipher) = line.split_once(", Cipher is ")?;
    (cipher != "(NONE)").then(|| (version.to_owned(), cipher.to_owned()))
}

/// Every cipher that OpenSSL has for TLS 1.2, also those that it would not offer by itself.
fn ciphers() -> Vec<String> {
    let every = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";
    let output = Command::new("openssl")
        .args(["ciphers", "-s", "-tls1_2", every])
        .output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    let names = said.trim().split(':').map(str::to_owned);
    names.filter(|name| !name.starts_with("TLS_")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_acc_6_only_tls_1_2_and_1_3_with_authenticated_ciphers_are_spoken() {
    let mut hall = Town::new().open().await;
    let address = hall.base.trim_start_matches("https://").to_owned();
    let weak = ["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"];
    for version in ["-tls1", "-tls1_1"] {
        let said = handshake(&address, &[version, weak[0], weak[1]]);
        assert_eq!(agreed(&said), None, "{version}: {said}");
        let refuses = ["alert protocol version", "alert handshake failure"]
            .iter()
            .any(|alert| said.contains(alert));
        assert!(refuses, "{version}: {said}");
    }
    let newest = agreed(&handshake(&address, &[])).unwrap();
    assert_eq!(newest.0, "TLSv1.3");
    assert!(newest.1.starts_with("TLS_"), "{newest:?}");

    let (offered, mut spoken) = (ciphers(), Vec::new());
    let unauthenticated = |name: &&String| !["GCM", "CCM", "CHACHA20"].iter().any(|mode| name.contains(mode));
    let others = offered.iter().filter(unauthenticated).count();
    assert!(others > 20, "also ciphers in CBC mode: {offered:?}");
    for name in &offered {
        let alone = format!("{name}:@SECLEVEL=0");
        let said = handshake(&address, &["-tls1_2", "-cipher", &alone]);
        if let Some((version, cipher)) = agreed(&said) {
            assert_eq!((version.as_str(), &cipher), ("TLSv1.2", name));
            spoken.push(cipher);
        }
    }
    let is_good = |cipher: &&String| {
        let authenticates = cipher.contains("GCM") || cipher.contains("CHACHA20-POLY1305");
        authenticates && cipher.starts_with("ECDHE-ECDSA-")
    };
    let (good, bad): (Vec<_>, Vec<_>) = spoken.iter().partition(is_good);
    assert_eq!(bad, Vec::<&String>::new());
    assert!(good.len() >= 2, "TLS 1.2 is spoken: {good:?}");
    hall.stop().await;
}
