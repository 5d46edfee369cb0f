//! Media2 and, where a device has none or a useless one, Media: profiles and stream addresses.
//!
//! Invariant: which stream of a view is the main one follows from the pictures' sizes, never from names, which say nothing;
//! no address that comes out holds a user or password or points to another host.
//!
//! Deliberately absent: changing encoders, reading a snapshot (one for an officer goes through the cover), audio.

use super::device::{Service, Services, is_final};
use super::error::OnvifError;
use super::profile::{Profile, read_profiles};
use super::soap_channel::Channel;
use super::xml_guard::{self, text_of};
use super::{view, xaddr};
use crate::domain::camera::StreamRole;
use crate::domain::site::VideoView;
use reqwest::Url;

/// Stream addresses asked for, each one request: a recorder of twelve channels has three profiles of each.
const MAX_STREAMS: usize = 48;

/// One stream a camera offers.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamOffer {
    /// Profile token.
    pub profile: String,
    /// The device's name for it; says nothing about its role.
    pub name: String,
    /// Video source and view: cameras with several lenses, and recorders, have several. `None` when not declared.
    pub view: Option<VideoView>,
    /// By size: the largest picture of a view is the main stream, the others are sub streams.
    pub role: StreamRole,
    /// As declared: `H264`, `H265`, `JPEG`…; empty when not declared. What really comes may differ.
    pub codec: String,
    /// Pixels, declared; 0 when not declared.
    pub width: u32,
    /// Pixels, declared; 0 when not declared.
    pub height: u32,
    /// Declared limit, frames per second; `None` when not declared.
    pub fps: Option<f64>,
    /// RTSP address on the device's host, without credentials.
    pub uri: String,
}

/// Which of the two media services gave the profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Media2,
    Media,
}

/// All profiles and the service that gave them.
///
/// # Errors
/// [`OnvifError`] of the exchange; `NotSupported` when there is no media service.
pub async fn profiles(channel: &Channel, services: &Services) -> Result<(Version, Vec<Profile>), OnvifError> {
    if let Some(url) = services.find(Service::Media2) {
        match profiles_media2(channel, url).await {
            Ok(found) if found.iter().any(|p| p.encoder) || services.find(Service::Media).is_none() => {
                return Ok((Version::Media2, found));
            }
            Err(error) if is_final(&error) || services.find(Service::Media).is_none() => return Err(error),
            Ok(_) => {}
            Err(error) => tracing::info!(device = %channel.device(), %error, "Media2 is of no use, asking Media"),
        }
    }
    Ok((
        Version::Media,
        profiles_media(channel, services.need(Service::Media)?).await?,
    ))
}

/// GetProfiles of Media2, with configurations.
///
/// # Errors
/// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
/// what the standard says.
pub async fn profiles_media2(channel: &Channel, url: &Url) -> Result<Vec<Profile>, OnvifError> {
    const ACTION: &str = "http://www.onvif.org/ver20/media/wsdl/GetProfiles";
    let body = "<tr2:GetProfiles><tr2:Type>All</tr2:Type></tr2:GetProfiles>";
    let answer = channel.call(url, ACTION, body, "GetProfilesResponse").await?;
    read_profiles(&answer)
}

/// GetProfiles of Media.
///
/// # Errors
/// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
/// what the standard says.
pub async fn profiles_media(channel: &Channel, url: &Url) -> Result<Vec<Profile>, OnvifError> {
    const ACTION: &str = "http://www.onvif.org/ver10/media/wsdl/GetProfiles";
    let answer = channel
        .call(url, ACTION, "<trt:GetProfiles/>", "GetProfilesResponse")
        .await?;
    read_profiles(&answer)
}

/// The RTSP address of a profile, made safe.
///
/// # Errors
/// [`OnvifError`] of the exchange; `Nonsense` when the address cannot be used.
pub async fn stream_uri(
    channel: &Channel,
    services: &Services,
    version: Version,
    profile: &str,
) -> Result<Url, OnvifError> {
    let token = profile.to_owned();
    let given = match version {
        Version::Media2 => {
            let url = services.need(Service::Media2)?.to_string();
            channel
                .typed(|client| async move { client.get_stream_uri_media2(&url, &token).await })
                .await
        }
        Version::Media => {
            let url = services.need(Service::Media)?.to_string();
            let answer = channel.typed(|client| async move { client.get_stream_uri(&url, &token).await });
            answer.await.map(|stream| stream.uri)
        }
    };
    xaddr::stream(channel.device(), &given?)
}

/// The HTTP address of a profile's snapshot, on the device's host.
///
/// # Errors
/// [`OnvifError`] of the exchange; `NotSupported` when the device has no snapshots; `Nonsense` when the address cannot be used.
pub async fn snapshot_uri(channel: &Channel, services: &Services, profile: &str) -> Result<Url, OnvifError> {
    let profile = xml_guard::escape(profile);
    let (url, version, prefix) = match services.find(Service::Media2) {
        Some(url) => (url, "ver20", "tr2"),
        None => (services.need(Service::Media)?, "ver10", "trt"),
    };
    let action = format!("http://www.onvif.org/{version}/media/wsdl/GetSnapshotUri");
    let body = format!(
        "<{prefix}:GetSnapshotUri><{prefix}:ProfileToken>{profile}</{prefix}:ProfileToken></{prefix}:GetSnapshotUri>"
    );
    let answer = channel.call(url, &action, &body, "GetSnapshotUriResponse").await?;
    let given = answer.child("MediaUri").unwrap_or(&answer);
    let uri = text_of(given, "Uri").ok_or_else(|| OnvifError::missing("Uri"))?;
    xaddr::service(channel.device(), &uri)
}

/// Every stream of every view with its address, largest picture first. A profile whose address cannot be had is left out.
///
/// # Errors
/// [`OnvifError`] of the exchange; the first one when not one address can be had.
pub async fn all_streams(channel: &Channel, services: &Services) -> Result<Vec<StreamOffer>, OnvifError> {
    let (version, found) = profiles(channel, services).await?;
    with_addresses(channel, services, version, view::with_video(found)).await
}

/// The streams of the planned view, or of the only one, with their addresses, largest picture first.
///
/// # Errors
/// [`OnvifError`] of the exchange; `View` when the device does not have the planned view, or has several and none is
/// planned.
pub async fn streams(
    channel: &Channel,
    services: &Services,
    planned: Option<&VideoView>,
) -> Result<Vec<StreamOffer>, OnvifError> {
    let (version, found) = profiles(channel, services).await?;
    let chosen = view::chosen(&found, planned)?;
    with_addresses(channel, services, version, view::showing(found, chosen.as_ref())).await
}

async fn with_addresses(
    channel: &Channel,
    services: &Services,
    version: Version,
    profiles: Vec<Profile>,
) -> Result<Vec<StreamOffer>, OnvifError> {
    let mut offers = Vec::new();
    let mut trouble = None;
    for profile in profiles.into_iter().take(MAX_STREAMS) {
        match stream_uri(channel, services, version, &profile.token).await {
            Ok(uri) => offers.push(offer(profile, &uri)),
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => {
                tracing::info!(device = %channel.device(), profile = profile.token, %error, "stream left out");
                trouble.get_or_insert(error);
            }
        }
    }
    match trouble {
        Some(error) if offers.is_empty() => Err(error),
        _ => Ok(ranked(offers)),
    }
}

fn offer(profile: Profile, uri: &Url) -> StreamOffer {
    StreamOffer {
        view: profile.view(),
        profile: profile.token,
        name: profile.name,
        role: StreamRole::Sub,
        codec: profile.codec,
        width: profile.width,
        height: profile.height,
        fps: profile.fps,
        uri: uri.to_string(),
    }
}

/// Sorts by size, motion pictures before still ones, and makes the first of each view the main stream.
fn ranked(mut offers: Vec<StreamOffer>) -> Vec<StreamOffer> {
    offers.sort_by_key(|o| {
        let still = o.codec.eq_ignore_ascii_case("JPEG");
        (still, std::cmp::Reverse(u64::from(o.width) * u64::from(o.height)))
    });
    let mut views = std::collections::HashSet::new();
    for offer in &mut offers {
        if views.insert(offer.view.clone()) {
            offer.role = StreamRole::Main;
        }
    }
    offers
}

/// SetSynchronizationPoint: asks for a key frame.
///
/// # Errors
/// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
/// what the standard says.
pub async fn synchronise(channel: &Channel, services: &Services, profile: &str) -> Result<(), OnvifError> {
    let token = profile.to_owned();
    if let Some(url) = services.find(Service::Media2).map(Url::to_string) {
        channel
            .typed(|client| async move { client.set_synchronization_point_media2(&url, &token).await })
            .await
    } else {
        let url = services.need(Service::Media)?.to_string();
        channel
            .typed(|client| async move { client.media_set_synchronization_point(&url, &token).await })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(profile: &str, source: &str, codec: &str, width: u32, height: u32) -> StreamOffer {
        let uri = Url::parse("rtsp://192.0.2.7/x").unwrap();
        let (token, codec) = (profile.to_owned(), codec.to_owned());
        let (source, configuration) = source.split_once('/').unwrap_or((source, "whole"));
        offer(
            Profile {
                token,
                source: source.to_owned(),
                configuration: configuration.to_owned(),
                codec,
                width,
                height,
                ..Profile::default()
            },
            &uri,
        )
    }

    #[test]
    fn the_role_follows_the_size_and_not_the_name() {
        let offers = ranked(vec![
            sample("mainStream", "a", "H264", 640, 360),
            sample("still", "a", "JPEG", 3840, 2160),
            sample("subStream", "a", "H265", 1920, 1080),
            sample("second lens", "b", "H264", 1280, 720),
            sample("tele view", "a/tele", "H264", 1280, 960),
        ]);
        let roles: Vec<_> = offers.iter().map(|o| (o.profile.as_str(), o.role)).collect();
        assert_eq!(
            roles,
            [
                ("subStream", StreamRole::Main),
                ("tele view", StreamRole::Main),
                ("second lens", StreamRole::Main),
                ("mainStream", StreamRole::Sub),
                ("still", StreamRole::Sub),
            ]
        );
    }
}
