//! Device service: what the device is, and where its services are.
//!
//! Invariant: an empty or absent field is `None`, never an empty text that looks like an answer; service addresses stay
//! on the device's host ([`xaddr::service`]).
//!
//! Deliberately absent: configuration of the device; accounts are in `users`, masks and limits in files of their own.

use super::error::{OnvifError, OnvifErrorKind};
use super::soap_channel::Channel;
use super::xaddr;
use crate::domain::live::clock_offset::ClockOffset;
use reqwest::Url;

/// The device's own facts (GetDeviceInformation). A field that was left out or empty is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceFacts {
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub firmware: Option<String>,
    pub serial: Option<String>,
    pub hardware: Option<String>,
    /// The device's clock when connecting; `None` when it does not say.
    pub clock: Option<ClockOffset>,
    /// Namespaces of the services it lists.
    pub services: Vec<String>,
}

/// Where the services are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Services(Vec<(String, Url)>);

/// The services Vedetta uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Media2,
    Media,
    Ptz,
    Events,
    Search,
    Replay,
    Recording,
}

impl Service {
    /// The end of the namespace; the version before it differs among devices except for media, where it tells which.
    fn ending(self) -> &'static str {
        match self {
            Self::Media2 => "/ver20/media/wsdl",
            Self::Media => "/ver10/media/wsdl",
            Self::Ptz => "/ptz/wsdl",
            Self::Events => "/events/wsdl",
            Self::Search => "/search/wsdl",
            Self::Replay => "/replay/wsdl",
            Self::Recording => "/recording/wsdl",
        }
    }
}

impl Services {
    /// Keeps what can be used of (namespace, address) pairs.
    pub fn from_pairs(device: &Url, pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let usable = pairs
            .into_iter()
            .filter_map(|(namespace, given)| match xaddr::service(device, &given) {
                Ok(url) if !given.trim().is_empty() => Some((namespace, url)),
                Ok(_) => None,
                Err(error) => {
                    tracing::warn!(%device, %error, "service left out");
                    None
                }
            });
        Self(usable.take(64).collect())
    }

    /// # Errors
    /// `NotSupported` when the device has no such service.
    pub fn need(&self, service: Service) -> Result<&Url, OnvifError> {
        self.find(service)
            .ok_or_else(|| OnvifError::not_supported(format!("the device has no {service:?} service")))
    }

    /// Where a service is, if the device has it.
    pub fn find(&self, service: Service) -> Option<&Url> {
        let hit = self
            .0
            .iter()
            .find(|(ns, _)| ns.trim_end_matches('/').ends_with(service.ending()));
        hit.map(|(_, url)| url)
    }

    fn names(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|(namespace, _)| super::error::quote(namespace))
            .collect()
    }
}

/// Asks for the services: GetServices, and where that is missing or useless GetCapabilities.
///
/// # Errors
/// [`OnvifError`] of the exchange; that of GetCapabilities when both fail.
pub async fn services(channel: &Channel) -> Result<Services, OnvifError> {
    match listed_services(channel).await {
        Ok(found) if !found.0.is_empty() => Ok(found),
        Err(error) if is_final(&error) => Err(error),
        _ => capabilities(channel).await,
    }
}

/// GetServices (ONVIF Core 8.1.2).
///
/// # Errors
/// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
/// what the standard says.
pub async fn listed_services(channel: &Channel) -> Result<Services, OnvifError> {
    let listed = channel
        .typed(|client| async move { client.get_services().await })
        .await?;
    Ok(Services::from_pairs(
        channel.device(),
        listed.into_iter().map(|service| (service.namespace, service.url)),
    ))
}

/// GetCapabilities (ONVIF Core 8.1.1), as pairs under the namespaces GetServices would use.
///
/// # Errors
/// [`OnvifError`] of the exchange; `Nonsense` when it names no service at all.
pub async fn capabilities(channel: &Channel) -> Result<Services, OnvifError> {
    let found = channel
        .typed(|client| async move { client.get_capabilities().await })
        .await?;
    let pairs = [
        ("http://www.onvif.org/ver10/device/wsdl", found.device.url),
        ("http://www.onvif.org/ver20/media/wsdl", found.media2.url),
        ("http://www.onvif.org/ver10/media/wsdl", found.media.url),
        ("http://www.onvif.org/ver20/ptz/wsdl", found.ptz.url),
        ("http://www.onvif.org/ver10/events/wsdl", found.events.url),
        ("http://www.onvif.org/ver10/search/wsdl", found.search.url),
        ("http://www.onvif.org/ver10/replay/wsdl", found.replay.url),
        ("http://www.onvif.org/ver10/recording/wsdl", found.recording.url),
    ];
    let pairs = pairs
        .into_iter()
        .filter_map(|(namespace, url)| Some((namespace.to_owned(), url?)));
    let services = Services::from_pairs(channel.device(), pairs);
    if services.0.is_empty() {
        Err(OnvifError::nonsense("the device names no service"))
    } else {
        Ok(services)
    }
}

/// GetDeviceInformation: needs credentials on nearly every device, so it also proves them.
///
/// # Errors
/// [`OnvifError`] of the exchange; `Nonsense` when not one field is filled.
pub async fn information(channel: &Channel) -> Result<DeviceFacts, OnvifError> {
    let info = channel
        .typed(|client| async move { client.get_device_info().await })
        .await?;
    let filled = |text: String| Some(super::error::quote(&text)).filter(|text| !text.is_empty());
    let facts = DeviceFacts {
        manufacturer: filled(info.manufacturer),
        model: filled(info.model),
        firmware: filled(info.firmware_version),
        serial: filled(info.serial_number),
        hardware: filled(info.hardware_id),
        ..DeviceFacts::default()
    };
    if facts == DeviceFacts::default() {
        Err(OnvifError::missing("every field of device information"))
    } else {
        Ok(facts)
    }
}

/// Clock, services and information in the order that makes the credentials work.
pub(super) async fn introduce(channel: &Channel) -> Result<(DeviceFacts, Services), OnvifError> {
    if let Err(error) = channel.read_clock().await {
        if matches!(error.kind(), OnvifErrorKind::Unreachable | OnvifErrorKind::Timeout) {
            return Err(error);
        }
        tracing::info!(device = %channel.device(), %error, "the device does not tell its time");
    }
    let services = services(channel).await?;
    let mut facts = match information(channel).await {
        Ok(facts) => facts,
        Err(error) if is_final(&error) => return Err(error),
        Err(error) => {
            tracing::info!(device = %channel.device(), %error, "the device does not say what it is");
            DeviceFacts::default()
        }
    };
    facts.clock = channel.clock_offset();
    facts.services = services.names();
    Ok((facts, services))
}

/// Errors after which asking in another way is pointless.
pub(super) fn is_final(error: &OnvifError) -> bool {
    use OnvifErrorKind as K;
    matches!(
        error.kind(),
        K::Unreachable | K::Timeout | K::WrongPassword | K::ClockWrong | K::Busy
    )
}
