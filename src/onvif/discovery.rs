//! WS-Discovery.
use super::OnvifError;
use std::net::Ipv4Addr;
use std::time::Duration;

/// A device that answered a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Endpoint reference, for example `urn:uuid:…`; replies with the same are merged.
    pub reference: String,
    /// Device service addresses, HTTP only, without credentials, in the order they were heard.
    pub addresses: Vec<String>,
    /// Name from the scopes, when there is one.
    pub name: Option<String>,
    /// Hardware from the scopes, when there is one.
    pub hardware: Option<String>,
}

/// Looks for devices through one interface of this machine for `listen`.
pub async fn probe(_interface: Ipv4Addr, _listen: Duration) -> Result<Vec<Found>, OnvifError> {
    todo!()
}
