//! WS-Discovery (2005/04): asking a network which devices are there.
//!
//! Invariant: datagrams, devices and time are bounded; every reply passes [`xml_guard::check`]; replies of the same
//! device are merged. Addresses that come out are candidates: the first may not answer, so try them in order.
//!
//! Deliberately absent: connecting, and choosing the network; a workstation with several cards asks on each.

use super::endpoint::Limits;
use super::error::{OnvifError, quote};
use super::xaddr;
use super::xml_guard;
use oxvif::soap::XmlNode;
use reqwest::Url;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), 3702);
/// Probes are sent a second time after this: datagrams get lost (SOAP-over-UDP 3.4 repeats them too).
const AGAIN: Duration = Duration::from_millis(250);
const MAX_DATAGRAMS: usize = 1024;
const MAX_DEVICES: usize = 256;

/// A device that answered a probe.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Endpoint reference, for example `urn:uuid:…`; replies with the same are merged.
    pub reference: String,
    /// Device service addresses, HTTP only, without credentials; those on the address the reply came from first.
    pub addresses: Vec<String>,
    /// Name from the scopes, when there is one.
    pub name: Option<String>,
    /// Hardware from the scopes, when there is one.
    pub hardware: Option<String>,
}

/// Looks for devices through one interface of this machine for `listen`.
///
/// # Errors
/// [`OnvifError::Unreachable`] when the interface cannot be used.
pub async fn probe(interface: Ipv4Addr, listen: Duration) -> Result<Vec<Found>, OnvifError> {
    probe_at(interface, SocketAddr::V4(GROUP), listen).await
}

/// Asks one address, for example a camera behind a router that forwards no multicast.
///
/// # Errors
/// [`OnvifError::Unreachable`] when the interface cannot be used.
pub async fn probe_at(interface: Ipv4Addr, target: SocketAddr, listen: Duration) -> Result<Vec<Found>, OnvifError> {
    let socket = open(interface).map_err(|e| unusable(interface, &e))?;
    send_probes(&socket, target)
        .await
        .map_err(|e| unusable(interface, &e))?;
    let begun = Instant::now();
    let (deadline, mut again) = (begun + listen, Some(begun + listen.min(AGAIN)));
    let mut found: Vec<Found> = Vec::new();
    let mut buffer = vec![0_u8; 65_536];
    for _ in 0..MAX_DATAGRAMS {
        let until = again.unwrap_or(deadline).min(deadline);
        let left = until.saturating_duration_since(Instant::now());
        let Ok(received) = tokio::time::timeout(left, socket.recv_from(&mut buffer)).await else {
            match again.take() {
                Some(_) => {
                    if let Err(error) = send_probes(&socket, target).await {
                        tracing::debug!(%error, "probes not sent again");
                    }
                    continue;
                }
                None => break,
            }
        };
        // A closed port answers a probe to one address with an error here; others may still answer.
        let Ok((length, from)) = received else { continue };
        for device in read_reply(&buffer[..length], from.ip()) {
            let unresolved = device.addresses.is_empty();
            let new = merge(&mut found, device.clone());
            if unresolved && new {
                let reference = xml_guard::escape(&device.reference).into_owned();
                let resolve = format!(
                    "<d:Resolve><a:EndpointReference><a:Address>{reference}</a:Address></a:EndpointReference></d:Resolve>"
                );
                if let Err(error) = send(&socket, target, "Resolve", &resolve).await {
                    tracing::debug!(%error, "resolve not sent");
                }
            }
        }
    }
    Ok(found)
}

/// One probe for each kind of device that answers: those that want to be called a transmitter, those that want to be called
/// a device, and those that answer only who asks for nothing.
async fn send_probes(socket: &UdpSocket, target: SocketAddr) -> std::io::Result<()> {
    for types in [
        "<d:Types>dn:NetworkVideoTransmitter</d:Types>",
        "<d:Types>tds:Device</d:Types>",
        "",
    ] {
        send(socket, target, "Probe", &format!("<d:Probe>{types}</d:Probe>")).await?;
    }
    Ok(())
}

fn open(interface: Ipv4Addr) -> std::io::Result<UdpSocket> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_multicast_if_v4(&interface)?;
    socket.set_multicast_loop_v4(true)?;
    socket.set_multicast_ttl_v4(1)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((interface, 0)).into())?;
    UdpSocket::from_std(socket.into())
}

fn unusable(interface: Ipv4Addr, error: &std::io::Error) -> OnvifError {
    OnvifError::Unreachable {
        detail: format!("looking for devices through {interface}: {error}"),
        source: None,
    }
}

async fn send(socket: &UdpSocket, target: SocketAddr, action: &str, body: &str) -> std::io::Result<()> {
    let message = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
         xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\" xmlns:tds=\"http://www.onvif.org/ver10/device/wsdl\">\
         <s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/{action}</a:Action>\
         <a:MessageID>urn:uuid:{}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>\
         <s:Body>{body}</s:Body></s:Envelope>",
        uuid::Uuid::new_v4()
    );
    socket.send_to(message.as_bytes(), target).await.map(drop)
}

/// Reads a ProbeMatches or ResolveMatches datagram that came from `sender`; anything else is nothing.
pub fn read_reply(datagram: &[u8], sender: IpAddr) -> Vec<Found> {
    let limits = Limits {
        elements: 5_000,
        ..Limits::default()
    };
    let Ok(text) = xml_guard::check(datagram, &limits) else {
        return Vec::new();
    };
    let Ok(body) = oxvif::soap::parse_soap_body(&text) else {
        return Vec::new();
    };
    let matches = [("ProbeMatches", "ProbeMatch"), ("ResolveMatches", "ResolveMatch")];
    let listed = matches.into_iter().flat_map(|(list, one)| {
        // A bare match without its list comes from small devices.
        let list = body.child(list).unwrap_or(&body);
        list.children_named(one).collect::<Vec<_>>()
    });
    listed.filter_map(|node| read_match(node, sender)).collect()
}

fn read_match(node: &XmlNode, sender: IpAddr) -> Option<Found> {
    let given = node.child("XAddrs").map(XmlNode::text).unwrap_or_default();
    let mut addresses = Vec::new();
    for url in given
        .split_whitespace()
        .take(16)
        .filter_map(|text| xaddr::parse(text).ok())
    {
        if matches!(url.scheme(), "http" | "https") && url.host().is_some() {
            addresses.push(xaddr::without_credentials(url.as_str()));
        }
    }
    addresses.sort_by_key(|text| !is_at(text, sender));
    let reference = node
        .path(&["EndpointReference", "Address"])
        .map(|n| quote(n.text()))
        .unwrap_or_default();
    let reference = if reference.is_empty() {
        addresses.first()?.clone()
    } else {
        reference
    };
    let scopes = node.child("Scopes").map(XmlNode::text).unwrap_or_default();
    let scope = |kind: &str| {
        let mut values = scopes
            .split_whitespace()
            .filter_map(|s| s.strip_prefix("onvif://www.onvif.org/"));
        let value = values.find_map(|s| s.strip_prefix(kind))?;
        Some(quote(&super::ptz_response::percent_decoded(value))).filter(|value| !value.is_empty())
    };
    Some(Found {
        reference,
        addresses,
        name: scope("name/"),
        hardware: scope("hardware/"),
    })
}

fn is_at(text: &str, sender: IpAddr) -> bool {
    let host = Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| host.trim_matches(['[', ']']).parse() == Ok(sender))
}

/// Puts a reply to the others; says whether the device is new.
fn merge(found: &mut Vec<Found>, device: Found) -> bool {
    if let Some(known) = found.iter_mut().find(|known| known.reference == device.reference) {
        for address in device.addresses {
            if !known.addresses.contains(&address) && known.addresses.len() < 16 {
                known.addresses.push(address);
            }
        }
        known.name = known.name.take().or(device.name);
        known.hardware = known.hardware.take().or(device.hardware);
        return false;
    }
    let new = found.len() < MAX_DEVICES;
    if new {
        found.push(device);
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SENDER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

    fn reply(kind: &str, reference: &str, addresses: &str) -> String {
        format!(
            "<E><Body><{kind}Matches><{kind}Match><EndpointReference><Address>{reference}</Address></EndpointReference>\
             <Scopes>onvif://www.onvif.org/name/Piazza%20Grande onvif://www.onvif.org/hardware/X1</Scopes>\
             <XAddrs>{addresses}</XAddrs></{kind}Match></{kind}Matches></Body></E>"
        )
    }

    #[test]
    fn a_match_without_its_list_is_read() {
        let bare = "<E><Body><ProbeMatch><EndpointReference><Address>urn:uuid:7</Address></EndpointReference>\
                    <XAddrs>http://192.0.2.7/d</XAddrs></ProbeMatch></Body></E>";
        let found = read_reply(bare.as_bytes(), SENDER);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].addresses, ["http://192.0.2.7/d"]);
    }

    #[test]
    fn the_address_the_reply_came_from_is_tried_first() {
        let text = reply(
            "Probe",
            "urn:uuid:1",
            "http://169.254.1.1/d ftp://x http://u:p@192.0.2.7:8080/d http://[fe80::1]/d",
        );
        let found = read_reply(text.as_bytes(), SENDER);
        assert_eq!(
            found[0].addresses,
            ["http://192.0.2.7:8080/d", "http://169.254.1.1/d", "http://[fe80::1]/d"]
        );
        assert_eq!(found[0].name.as_deref(), Some("Piazza Grande"));
        assert_eq!(found[0].hardware.as_deref(), Some("X1"));
    }

    #[tokio::test]
    async fn replies_are_merged_and_missing_addresses_are_resolved() {
        let device = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let target = device.local_addr().unwrap();
        let answers = tokio::spawn(async move {
            let mut buffer = vec![0; 4096];
            let mut heard = Vec::new();
            while heard.len() < 7 {
                let (length, from) = device.recv_from(&mut buffer).await.unwrap();
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let answer = match (heard.len(), text.contains("<d:Resolve>")) {
                    (0, false) => reply("Probe", "urn:uuid:1", ""),
                    (_, false) => "garbage".to_owned(),
                    (_, true) => reply("Resolve", "urn:uuid:1", "http://127.0.0.1:1/d"),
                };
                heard.push(text);
                device.send_to(answer.as_bytes(), from).await.unwrap();
            }
            heard
        });
        let found = probe_at(Ipv4Addr::LOCALHOST, target, Duration::from_millis(1500))
            .await
            .unwrap();
        let heard = answers.await.unwrap();
        let probes: Vec<&String> = heard.iter().filter(|text| text.contains("<d:Probe>")).collect();
        let untyped = |text: &str| !text.contains("<d:Types>");
        for round in [&probes[..3], &probes[3..]] {
            assert!(round[0].contains("NetworkVideoTransmitter") && round[1].contains("tds:Device"));
            assert!(untyped(round[2]), "{}", round[2]);
        }
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].addresses, ["http://127.0.0.1:1/d"]);
    }

    proptest! {
        #[test]
        fn any_datagram_is_read_without_panic(datagram in proptest::collection::vec(any::<u8>(), 0..500)) {
            let _ = read_reply(&datagram, SENDER);
        }
    }
}
