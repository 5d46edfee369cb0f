//! Which level of account an operation needs (ONVIF Core, 5.9.4.3, default access policy).
//!
//! Invariant: an operation nobody thought of needs an administrator.
//! Deliberately absent: who is who (see `auth`).

use super::{DEVICE, EVENTS, MEDIA2, NOTIFICATION, PTZ};
use crate::sim::device::Level;
use crate::sim::onvif::xml::Node;

/// Operations of the device service that come before authentication (access class PRE_AUTH).
const OPEN: [&str; 7] = [
    "GetSystemDateAndTime",
    "GetWsdlUrl",
    "GetServices",
    "GetServiceCapabilities",
    "GetCapabilities",
    "GetHostname",
    "GetEndpointReference",
];

/// Searching and pulling read, although they are not called Get.
const READING: [&str; 4] = [
    "FindRecordings",
    "FindPTZPosition",
    "EndSearch",
    "SetSynchronizationPoint",
];

/// Masks are changed by who moves the camera (access class ACTUATE).
const MASKS: [&str; 3] = ["CreateMask", "SetMask", "DeleteMask"];

/// The weakest level that may call this operation.
pub fn needed(operation: &Node) -> Level {
    let name = operation.name.as_str();
    match operation.namespace.as_str() {
        _ if name == "GetServiceCapabilities" => Level::Anonymous,
        DEVICE if OPEN.contains(&name) => Level::Anonymous,
        DEVICE if name == "GetUsers" => Level::Administrator,
        _ if name.starts_with("Get") => Level::User,
        PTZ => Level::Operator,
        MEDIA2 if MASKS.contains(&name) => Level::Operator,
        EVENTS | NOTIFICATION => Level::User,
        _ if READING.contains(&name) => Level::User,
        _ => Level::Administrator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::onvif::MEDIA;

    fn level(namespace: &str, name: &str) -> Level {
        let mut operation = Node::default();
        operation.namespace = namespace.into();
        operation.name = name.into();
        needed(&operation)
    }

    #[test]
    fn reading_moving_and_ruling_need_different_levels() {
        assert_eq!(level(DEVICE, "GetSystemDateAndTime"), Level::Anonymous);
        assert_eq!(level(DEVICE, "GetDeviceInformation"), Level::User);
        assert_eq!(level(DEVICE, "GetUsers"), Level::Administrator);
        assert_eq!(level(DEVICE, "SystemReboot"), Level::Administrator);
        assert_eq!(level(MEDIA, "GetSystemDateAndTime"), Level::User);
        assert_eq!(level(MEDIA2, "SetMask"), Level::Operator);
        assert_eq!(level(PTZ, "GetStatus"), Level::User);
        assert_eq!(level(PTZ, "GotoPreset"), Level::Operator);
        assert_eq!(level(PTZ, "ContinuousMove"), Level::Operator);
        assert_eq!(level("urn:other", "Anything"), Level::Administrator);
    }
}
