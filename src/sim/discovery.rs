//! WS-Discovery of the simulated cameras (ONVIF Core, 7): answers to Probe and Resolve.
//!
//! Invariant: every camera answers for itself, from the socket that was asked, to the one who asked.
//! Deliberately absent: Hello and Bye, and any interface but loopback.

use super::device::Device;
use super::onvif::identity::{endpoint, scopes};
use super::onvif::soap::{self, ENVELOPE};
use super::onvif::xml::{Element, Node, leaf, node};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// The multicast group of WS-Discovery.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
/// Its port.
pub const PORT: u16 = 3702;

const ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
const DISCOVERY: &str = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
const PREFIXES: [(&str, &str); 5] = [
    ("s", ENVELOPE),
    ("wsa", ADDRESSING),
    ("d", DISCOVERY),
    ("dn", "http://www.onvif.org/ver10/network/wsdl"),
    ("tds", "http://www.onvif.org/ver10/device/wsdl"),
];

/// A camera and where its ONVIF side listens.
pub type Listed = (Arc<Device>, SocketAddr);

/// Answers probes on a unicast port of the loopback interface and, when `multicast` is set, on the group joined there.
/// Gives the unicast address.
///
/// # Errors
/// No port could be opened, or the group could not be joined.
pub async fn serve(cameras: Vec<Listed>, multicast: bool) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let cameras = Arc::new(cameras);
    let unicast = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = unicast.local_addr()?;
    let group = if multicast { Some(join()?) } else { None };
    let task = tokio::spawn(async move {
        match group {
            Some(group) => {
                tokio::join!(answer(&unicast, &cameras), answer(&group, &cameras));
            }
            None => answer(&unicast, &cameras).await,
        }
    });
    Ok((address, task))
}

/// The group's socket; several simulators on one machine may share it.
fn join() -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((GROUP, PORT)).into())?;
    socket.join_multicast_v4(&GROUP, &Ipv4Addr::LOCALHOST)?;
    socket.set_multicast_if_v4(&Ipv4Addr::LOCALHOST)?;
    UdpSocket::from_std(socket.into())
}

async fn answer(socket: &UdpSocket, cameras: &[Listed]) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let (length, from) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) => {
                tracing::debug!(%error, "discovery did not receive");
                continue;
            }
        };
        for text in replies(&buffer[..length], cameras, Instant::now()) {
            if let Err(error) = socket.send_to(text.as_bytes(), from).await {
                tracing::debug!(%error, "discovery did not answer");
            }
        }
    }
}

/// The answers of every camera to one datagram; none to what is not a Probe or a Resolve.
fn replies(datagram: &[u8], cameras: &[Listed], now: Instant) -> Vec<String> {
    let Some((message, request)) = read(datagram) else {
        return Vec::new();
    };
    let awake = cameras.iter().filter(|(device, _)| !device.faults().rebooting(now));
    let asked = awake.filter(|(device, _)| match request.name.as_str() {
        "Probe" => probed(device, &request),
        _ => asked_address(&request) == Some(endpoint(device.site().id.as_str()).as_str()),
    });
    asked
        .map(|(device, address)| reply(device, *address, &message, request.name == "Probe"))
        .collect()
}

/// The message id, and the Probe or Resolve of a datagram.
fn read(datagram: &[u8]) -> Option<(String, Node)> {
    let root = Node::read(std::str::from_utf8(datagram).ok()?).ok()?;
    let message = root.child("Header")?.text_of("MessageID")?.to_owned();
    let mut body = root.child("Body")?.clone();
    let index = body.children.iter().position(|child| child.namespace == DISCOVERY)?;
    let request = body.children.swap_remove(index);
    matches!(request.name.as_str(), "Probe" | "Resolve").then_some((message, request))
}

fn asked_address(resolve: &Node) -> Option<&str> {
    resolve.child("EndpointReference")?.text_of("Address")
}

/// Whether a probe's types and scopes fit; without them everybody is meant.
fn probed(device: &Device, probe: &Node) -> bool {
    let types = probe.text_of("Types").unwrap_or_default();
    let types = types.split_whitespace().all(|name| {
        let local = name.rsplit(':').next().unwrap_or(name);
        ["NetworkVideoTransmitter", "Device"].contains(&local)
    });
    let own = scopes(device.site(), device.has_recorder());
    let wanted = probe.text_of("Scopes").unwrap_or_default();
    let within = |wanted: &str| {
        let wanted = wanted.trim_end_matches('/');
        own.iter().any(|own| {
            own.strip_prefix(wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    types && wanted.split_whitespace().all(within)
}

fn reply(device: &Device, address: SocketAddr, message: &str, probe: bool) -> String {
    let site = device.site();
    let found = |name| {
        node(
            name,
            [
                node(
                    "wsa:EndpointReference",
                    [leaf("wsa:Address", endpoint(site.id.as_str()))],
                ),
                leaf("d:Types", "dn:NetworkVideoTransmitter tds:Device"),
                leaf("d:Scopes", scopes(site, device.has_recorder()).join(" ")),
                leaf("d:XAddrs", format!("http://{address}/onvif/device_service")),
                leaf("d:MetadataVersion", 1),
            ],
        )
    };
    let (action, body): (&str, Element) = if probe {
        ("ProbeMatches", node("d:ProbeMatches", [found("d:ProbeMatch")]))
    } else {
        ("ResolveMatches", node("d:ResolveMatches", [found("d:ResolveMatch")]))
    };
    let header = vec![
        leaf("wsa:MessageID", format!("urn:uuid:{}", uuid::Uuid::new_v4())),
        leaf("wsa:RelatesTo", message),
        leaf("wsa:To", format!("{ADDRESSING}/role/anonymous")),
        leaf("wsa:Action", format!("{DISCOVERY}/{action}")),
    ];
    soap::wrap(&PREFIXES, header, &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::device::tests::{device, dome_site};

    fn probe(inner: &str) -> Vec<u8> {
        format!(
            "<s:Envelope xmlns:s=\"{ENVELOPE}\" xmlns:a=\"{ADDRESSING}\" xmlns:d=\"{DISCOVERY}\"><s:Header>\
             <a:MessageID>urn:uuid:1</a:MessageID></s:Header><s:Body>{inner}</s:Body></s:Envelope>"
        )
        .into_bytes()
    }

    fn town() -> Vec<Listed> {
        vec![(device(dome_site()), SocketAddr::from(([127, 0, 0, 1], 8000)))]
    }

    #[test]
    fn a_probe_is_answered_by_those_it_means() {
        let (town, now) = (town(), Instant::now());
        let count = |inner: &str| replies(&probe(inner), &town, now).len();
        assert_eq!(count("<d:Probe/>"), 1);
        assert_eq!(
            count("<d:Probe><d:Types>x:NetworkVideoTransmitter</d:Types></d:Probe>"),
            1
        );
        assert_eq!(count("<d:Probe><d:Types>x:Printer</d:Types></d:Probe>"), 0);
        assert_eq!(
            count("<d:Probe><d:Scopes>onvif://www.onvif.org/type/ptz</d:Scopes></d:Probe>"),
            1
        );
        assert_eq!(
            count("<d:Probe><d:Scopes>onvif://www.onvif.org/type/pt</d:Scopes></d:Probe>"),
            0
        );
        assert_eq!(count("<d:Hello/>"), 0);
        assert!(replies(b"\xff\x00 nonsense", &town, now).is_empty());
    }

    #[test]
    fn a_resolve_is_answered_by_the_one_it_names() {
        let (town, now) = (town(), Instant::now());
        let resolve = |address: &str| {
            let reference = format!("<a:EndpointReference><a:Address>{address}</a:Address></a:EndpointReference>");
            replies(&probe(&format!("<d:Resolve>{reference}</d:Resolve>")), &town, now)
        };
        let text = resolve(&endpoint("cam-01")).remove(0);
        assert!(text.contains("http://127.0.0.1:8000/onvif/device_service") && text.contains("urn:uuid:1"));
        assert!(resolve("urn:uuid:else").is_empty());
    }

    #[tokio::test]
    async fn the_unicast_port_answers() {
        let (address, task) = serve(town(), false).await.unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.send_to(&probe("<d:Probe/>"), address).await.unwrap();
        let mut buffer = vec![0; 1 << 16];
        let (length, _) = socket.recv_from(&mut buffer).await.unwrap();
        assert!(String::from_utf8_lossy(&buffer[..length]).contains("ProbeMatches"));
        task.abort();
    }

    #[tokio::test]
    async fn the_group_answers_on_loopback() {
        let (_, task) = serve(town(), true).await.unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket2::SockRef::from(&socket)
            .set_multicast_if_v4(&Ipv4Addr::LOCALHOST)
            .unwrap();
        socket.send_to(&probe("<d:Probe/>"), (GROUP, PORT)).await.unwrap();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let (length, _) = socket.recv_from(&mut buffer).await.unwrap();
            if String::from_utf8_lossy(&buffer[..length]).contains("http://127.0.0.1:8000/") {
                break;
            }
        }
        task.abort();
    }
}
