//! Addresses a device hands out, made usable and safe.
//!
//! Invariant: what comes out never points to another host than the one the endpoint names, and never holds a user or
//! a password. Deliberately absent: name resolution and reachability.

use super::error::{OnvifError, quote};
use reqwest::Url;

/// Reads an address, repairing an `&amp;` a device escaped twice.
///
/// # Errors
/// [`OnvifError::Nonsense`] when it is no absolute address.
pub fn parse(text: &str) -> Result<Url, OnvifError> {
    let text = text.trim().replace("&amp;", "&");
    Url::parse(&text).map_err(|e| OnvifError::nonsense(format!("address {}: {e}", quote(&without_credentials(&text)))))
}

/// The address with user and password left out, whatever its form; for logs.
pub fn without_credentials(text: &str) -> String {
    let is_scheme = |head: &str| head.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-:".contains(&b));
    let (scheme, rest) = match text.find("//") {
        Some(at) if is_scheme(&text[..at]) => text.split_at(at + 2),
        _ => ("", text),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}{}", &rest[at + 1..]),
        None => format!("{scheme}{rest}"),
    }
}

/// A service address as the device gave it, turned towards the host that worked: relative addresses are resolved, a
/// foreign or placeholder host is replaced, with its port, by that of `device`; a port on the same host is kept.
///
/// # Errors
/// [`OnvifError::Nonsense`] when the text is no address or not HTTP.
pub fn service(device: &Url, given: &str) -> Result<Url, OnvifError> {
    let given = given.trim().replace("&amp;", "&");
    // Some devices write several addresses into one string.
    let first = given.split_whitespace().next().unwrap_or_default();
    let mut url = device
        .join(first)
        .map_err(|e| OnvifError::nonsense(format!("service address {}: {e}", quote(&without_credentials(first)))))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(OnvifError::nonsense(format!(
            "service address with scheme {}",
            quote(url.scheme())
        )));
    }
    if url.host() != device.host() || (device.scheme() == "https" && url.scheme() == "http") {
        url = onto_device(device, &url);
    }
    strip(&mut url);
    Ok(url)
}

/// The path of an address on the host and port that worked.
pub fn onto_device(device: &Url, url: &Url) -> Url {
    let mut moved = device.clone();
    moved.set_path(url.path());
    moved.set_query(url.query());
    moved.set_fragment(None);
    strip(&mut moved);
    moved
}

/// A stream or replay address: path, query and port are kept, the host becomes the device's, user and password go.
///
/// # Errors
/// [`OnvifError::Nonsense`] when the text is no absolute RTSP address.
pub fn stream(device: &Url, given: &str) -> Result<Url, OnvifError> {
    let mut url = parse(given)?;
    if !matches!(url.scheme(), "rtsp" | "rtsps" | "rtspt" | "rtspu") {
        return Err(OnvifError::nonsense(format!(
            "stream address with scheme {}",
            quote(url.scheme())
        )));
    }
    if url.host_str().unwrap_or_default().is_empty() && url.path().trim_matches('/').is_empty() {
        return Err(OnvifError::nonsense("stream address with neither host nor path"));
    }
    let host = device
        .host_str()
        .ok_or_else(|| OnvifError::nonsense("the device address has no host"))?;
    let same = url.host_str().is_some_and(|given| given.eq_ignore_ascii_case(host));
    if !same {
        url.set_host(Some(host))
            .map_err(|e| OnvifError::nonsense(format!("stream address: {e}")))?;
    }
    if url.port() == Some(0) {
        url.set_port(None)
            .map_err(|()| OnvifError::nonsense("stream address without a host"))?;
    }
    strip(&mut url);
    Ok(url)
}

fn strip(url: &mut Url) {
    // Only fails for addresses without a host, which then have no credentials either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Url {
        Url::parse("http://192.0.2.7:8080/onvif/device_service").unwrap()
    }

    #[test]
    fn a_stream_address_keeps_path_and_port_and_takes_over_the_host() {
        for (given, wanted) in [
            (
                "rtsp://admin:pa:ss@0.0.0.0:554/Streaming/101?a=1&b=2",
                "rtsp://192.0.2.7:554/Streaming/101?a=1&b=2",
            ),
            ("rtsp://192.168.1.64/h264?x=1&amp;y=2", "rtsp://192.0.2.7/h264?x=1&y=2"),
            ("rtsp://192.0.2.7:0/main", "rtsp://192.0.2.7/main"),
            ("rtsp://[fe80::1]:1554/main", "rtsp://192.0.2.7:1554/main"),
            (" rtsp://user@camera.local/main ", "rtsp://192.0.2.7/main"),
        ] {
            assert_eq!(stream(&device(), given).unwrap().as_str(), wanted);
        }
    }

    #[test]
    fn a_stream_address_that_is_none_is_a_clear_error() {
        for given in ["", "main", "http://192.0.2.7/", "rtsp:", "rtsp://"] {
            assert!(stream(&device(), given).is_err(), "{given:?}");
        }
    }

    #[test]
    fn a_service_address_stays_on_the_device() {
        for (given, wanted) in [
            ("http://192.0.2.7:9090/onvif/ptz", "http://192.0.2.7:9090/onvif/ptz"),
            ("http://10.0.0.1/onvif/ptz?x=1", "http://192.0.2.7:8080/onvif/ptz?x=1"),
            ("/onvif/events", "http://192.0.2.7:8080/onvif/events"),
            ("http://u:p@192.0.2.7:8080/m", "http://192.0.2.7:8080/m"),
            ("http://10.0.0.1/a http://[fe80::1]/a", "http://192.0.2.7:8080/a"),
        ] {
            assert_eq!(service(&device(), given).unwrap().as_str(), wanted);
        }
        assert!(service(&device(), "ftp://192.0.2.7/x").is_err());
    }

    #[test]
    fn credentials_never_reach_a_log() {
        assert_eq!(without_credentials("rtsp://u:p@h/x?a=@b"), "rtsp://h/x?a=@b");
        assert_eq!(without_credentials("u:p@h"), "h");
        assert_eq!(without_credentials("u:p@h/a//b"), "h/a//b");
        let error = parse("//admin:secret@h").unwrap_err();
        assert!(!error.to_string().contains("secret") && !format!("{error:?}").contains("secret"));
    }
}
