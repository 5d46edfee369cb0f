//! The Device service: what the camera is, which services it has, its clock and its accounts.
//!
//! Invariant: a service is listed exactly when it answers.
//! Deliberately absent: changing the network, certificates, firmware.

use super::identity::{endpoint, scopes};
use super::soap::{Fault, Request};
use super::xml::{Element, Node, leaf, node};
use super::{Camera, DEVICE, EVENTS, MEDIA, MEDIA2, PTZ, RECORDING, REPLAY, SEARCH};
use super::{events, media, media2, ptz_nodes, recording};
use crate::sim::device::{Account, Level};
use crate::sim::faults::UserFault;
use jiff::Timestamp;
use std::time::{Duration, Instant, SystemTime};

/// Accounts a camera has room for.
const MOST_USERS: usize = 16;
/// Time a camera is away after it was asked to reboot.
const REBOOT: Duration = Duration::from_secs(20);
/// Time the camera still answers before it reboots.
const BEFORE_REBOOT: Duration = Duration::from_millis(300);

/// Answers one operation of the Device service.
pub fn answer(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    let operation = &request.operation;
    Ok(match operation.name.as_str() {
        "GetSystemDateAndTime" => node("tds:GetSystemDateAndTimeResponse", [date_and_time(camera)]),
        "GetDeviceInformation" => information(camera),
        "GetServices" if !camera.device.faults().no_get_services => {
            let detailed = matches!(operation.text_of("IncludeCapability"), Some("true" | "1"));
            node("tds:GetServicesResponse", services(camera, detailed))
        }
        "GetServiceCapabilities" => node("tds:GetServiceCapabilitiesResponse", [service_capabilities()]),
        "GetCapabilities" => node("tds:GetCapabilitiesResponse", [capabilities(camera, operation)?]),
        "GetScopes" => node(
            "tds:GetScopesResponse",
            scopes(camera.device.site(), camera.device.has_recorder())
                .into_iter()
                .map(scope),
        ),
        "GetHostname" => {
            let name = leaf("tt:Name", camera.device.site().id.as_str());
            let information = node("tds:HostnameInformation", [leaf("tt:FromDHCP", false), name]);
            node("tds:GetHostnameResponse", [information])
        }
        "GetEndpointReference" => node(
            "tds:GetEndpointReferenceResponse",
            [leaf("tds:GUID", endpoint(camera.device.site().id.as_str()))],
        ),
        "GetWsdlUrl" => node(
            "tds:GetWsdlUrlResponse",
            [leaf("tds:WsdlUrl", "http://www.onvif.org/onvif/ver10/")],
        ),
        "GetNetworkInterfaces" => node("tds:GetNetworkInterfacesResponse", [network_interface()]),
        "GetUsers" | "CreateUsers" | "DeleteUsers" if camera.device.faults().users == UserFault::Absent => {
            return Err(Fault::unknown(operation));
        }
        "GetUsers" => node("tds:GetUsersResponse", camera.device.accounts().iter().map(user)),
        "CreateUsers" => {
            create_users(camera, operation)?;
            node("tds:CreateUsersResponse", [])
        }
        "DeleteUsers" => {
            let names: Vec<String> = operation
                .children
                .iter()
                .filter(|child| child.name == "Username")
                .map(|child| child.text.clone())
                .collect();
            if names.is_empty() || !camera.device.remove_accounts(&names) {
                return Err(Fault::sender(
                    &["ter:InvalidArgVal", "ter:UsernameMissing"],
                    "No such user can be deleted",
                ));
            }
            node("tds:DeleteUsersResponse", [])
        }
        "SystemReboot" => {
            let device = camera.device.clone();
            tokio::spawn(async move {
                tokio::time::sleep(BEFORE_REBOOT).await;
                device.reboot(Instant::now(), REBOOT);
            });
            node(
                "tds:SystemRebootResponse",
                [leaf("tds:Message", format!("Rebooting in {} s", REBOOT.as_secs()))],
            )
        }
        _ => return Err(Fault::unknown(operation)),
    })
}

fn scope(item: String) -> Element {
    node("tds:Scopes", [leaf("tt:ScopeDef", "Fixed"), leaf("tt:ScopeItem", item)])
}

fn date_and_time(camera: &Camera) -> Element {
    let now = camera.device.clock(SystemTime::now());
    let civil = Timestamp::try_from(now)
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC);
    let at = |name| {
        node(
            name,
            [
                node(
                    "tt:Time",
                    [
                        leaf("tt:Hour", civil.hour()),
                        leaf("tt:Minute", civil.minute()),
                        leaf("tt:Second", civil.second()),
                    ],
                ),
                node(
                    "tt:Date",
                    [
                        leaf("tt:Year", civil.year()),
                        leaf("tt:Month", civil.month()),
                        leaf("tt:Day", civil.day()),
                    ],
                ),
            ],
        )
    };
    node(
        "tds:SystemDateAndTime",
        [
            leaf("tt:DateTimeType", "Manual"),
            leaf("tt:DaylightSavings", false),
            node("tt:TimeZone", [leaf("tt:TZ", "UTC0")]),
            at("tt:UTCDateTime"),
            at("tt:LocalDateTime"),
        ],
    )
}

fn information(camera: &Camera) -> Element {
    let site = camera.device.site();
    let model = if camera.is_dome() { "Dome" } else { "Fixed" };
    node(
        "tds:GetDeviceInformationResponse",
        [
            leaf("tds:Manufacturer", "Vedetta simulated town"),
            leaf("tds:Model", model),
            leaf("tds:FirmwareVersion", env!("CARGO_PKG_VERSION")),
            leaf("tds:SerialNumber", format!("SIM{:06}", site.number)),
            leaf("tds:HardwareId", site.id.as_str()),
        ],
    )
}

/// Namespace, path, version and capabilities of each service.
fn services(camera: &Camera, detailed: bool) -> Vec<Element> {
    let mut offered = vec![
        (DEVICE, "device_service", (2, 60), service_capabilities()),
        (MEDIA, "media_service", (2, 60), media::capabilities(camera)),
        (MEDIA2, "media2_service", (2, 60), media2::capabilities(camera)),
        (EVENTS, "event_service", (2, 60), events::capabilities()),
    ];
    if camera.is_dome() {
        offered.push((PTZ, "ptz_service", (2, 60), ptz_nodes::capabilities()));
    }
    if camera.device.has_recorder() {
        offered.push((
            RECORDING,
            "recording_service",
            (2, 60),
            recording::recording_capabilities(),
        ));
        offered.push((SEARCH, "search_service", (2, 60), recording::search_capabilities()));
        offered.push((REPLAY, "replay_service", (2, 60), recording::replay_capabilities()));
    }
    offered
        .into_iter()
        .map(|(namespace, path, (major, minor), capabilities)| {
            let detail = detailed.then(|| node("tds:Capabilities", [capabilities]));
            let start = [leaf("tds:Namespace", namespace), leaf("tds:XAddr", camera.xaddr(path))];
            let version = node("tds:Version", [leaf("tt:Major", major), leaf("tt:Minor", minor)]);
            node("tds:Service", start.into_iter().chain(detail).chain([version]))
        })
        .collect()
}

fn service_capabilities() -> Element {
    node(
        "tds:Capabilities",
        [
            node("tds:Network", [])
                .with("IPFilter", false)
                .with("ZeroConfiguration", false)
                .with("IPVersion6", false),
            node("tds:Security", [])
                .with("UsernameToken", true)
                .with("HttpDigest", true)
                .with("DefaultAccessPolicy", true)
                .with("MaxUsers", MOST_USERS)
                .with("HashingAlgorithms", "MD5,SHA-256"),
            node("tds:System", [])
                .with("DiscoveryResolve", true)
                .with("DiscoveryBye", false),
        ],
    )
}

/// The older list of capabilities, by category.
fn capabilities(camera: &Camera, operation: &Node) -> Result<Element, Fault> {
    let asked: Vec<&str> = operation
        .children
        .iter()
        .filter(|child| child.name == "Category")
        .map(|child| child.text.as_str())
        .collect();
    let wants = |name: &str| asked.is_empty() || asked.contains(&"All") || asked.contains(&name);
    if asked.contains(&"PTZ") && !camera.is_dome() || asked.iter().any(|name| ["Analytics", "Imaging"].contains(name)) {
        return Err(Fault::receiver(
            &["ter:ActionNotSupported", "ter:NoSuchService"],
            "The requested service category is not supported",
        ));
    }
    let xaddr = |path| leaf("tt:XAddr", camera.xaddr(path));
    let media = || {
        let streaming = [
            leaf("tt:RTPMulticast", false),
            leaf("tt:RTP_TCP", false),
            leaf("tt:RTP_RTSP_TCP", true),
        ];
        node(
            "tt:Media",
            [xaddr("media_service"), node("tt:StreamingCapabilities", streaming)],
        )
    };
    let events = || {
        let support = [
            leaf("tt:WSSubscriptionPolicySupport", false),
            leaf("tt:WSPullPointSupport", true),
            leaf("tt:WSPausableSubscriptionManagerInterfaceSupport", false),
        ];
        node("tt:Events", std::iter::once(xaddr("event_service")).chain(support))
    };
    let parts = [
        wants("Device").then(|| node("tt:Device", [xaddr("device_service")])),
        wants("Events").then(events),
        wants("Media").then(media),
        (wants("PTZ") && camera.is_dome()).then(|| node("tt:PTZ", [xaddr("ptz_service")])),
        (wants("Extension") && camera.device.has_recorder()).then(|| recording::old_capabilities(camera)),
    ];
    Ok(node("tds:Capabilities", parts.into_iter().flatten()))
}

fn network_interface() -> Element {
    let address = node(
        "tt:Manual",
        [leaf("tt:Address", "127.0.0.1"), leaf("tt:PrefixLength", 8)],
    );
    node(
        "tds:NetworkInterfaces",
        [
            leaf("tt:Enabled", true),
            node(
                "tt:Info",
                [
                    leaf("tt:Name", "lo"),
                    leaf("tt:HwAddress", "00:00:00:00:00:00"),
                    leaf("tt:MTU", 65_536),
                ],
            ),
            node(
                "tt:IPv4",
                [
                    leaf("tt:Enabled", true),
                    node("tt:Config", [address, leaf("tt:DHCP", false)]),
                ],
            ),
        ],
    )
    .with("token", "lo")
}

fn user(account: &Account) -> Element {
    node(
        "tds:User",
        [
            leaf("tt:Username", &account.user),
            leaf("tt:UserLevel", account.level.word()),
        ],
    )
}

/// The rules of the camera for a name and a password.
fn check_user(fault: UserFault, name: &str, password: &str) -> Result<(), Fault> {
    let plain = fault != UserFault::PlainNames || name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if name.is_empty() || name.len() > 32 || !plain {
        return Err(Fault::sender(
            &["ter:OperationProhibited", "ter:InvalidUsername"],
            "The username is not allowed",
        ));
    }
    if password.len() > 16 {
        return Err(Fault::sender(
            &["ter:OperationProhibited", "ter:PasswordTooLong"],
            "The password is too long",
        ));
    }
    let mixed =
        password.bytes().any(|byte| byte.is_ascii_alphabetic()) && password.bytes().any(|byte| byte.is_ascii_digit());
    if password.len() < 8 || !mixed {
        return Err(Fault::sender(
            &["ter:OperationProhibited", "ter:PasswordTooWeak"],
            "The password is too weak",
        ));
    }
    Ok(())
}

fn create_users(camera: &Camera, operation: &Node) -> Result<(), Fault> {
    let mut new = Vec::new();
    for user in operation.children.iter().filter(|child| child.name == "User") {
        let name = user
            .text_of("Username")
            .ok_or_else(|| Fault::invalid_argument("Username is missing"))?;
        let password = user.text_of("Password").ok_or_else(|| {
            Fault::sender(
                &["ter:OperationProhibited", "ter:PasswordTooWeak"],
                "A user needs a password",
            )
        })?;
        check_user(camera.device.faults().users, name, password)?;
        let level = match user.text_of("UserLevel") {
            Some("Administrator") => Level::Administrator,
            Some("Operator") => Level::Operator,
            Some("User") => Level::User,
            _ => return Err(Fault::invalid_argument("UserLevel is missing or not known")),
        };
        new.push(Account {
            user: name.to_owned(),
            password: password.into(),
            level,
            may_stream: true,
        });
    }
    if new.is_empty() {
        return Err(Fault::invalid_argument("User is missing"));
    }
    let most = match camera.device.faults().users {
        UserFault::Full => 0,
        UserFault::Normal | UserFault::PlainNames | UserFault::Absent => MOST_USERS,
    };
    if camera.device.accounts().len() + new.len() > most {
        return Err(Fault::receiver(
            &["ter:Action", "ter:TooManyUsers"],
            "No more users can be added",
        ));
    }
    if !camera.device.add_accounts(new) {
        return Err(Fault::sender(
            &["ter:OperationProhibited", "ter:UsernameClash"],
            "The username exists already",
        ));
    }
    Ok(())
}
