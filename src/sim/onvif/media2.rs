//! The Media2 service (ONVIF Media 2, ver20): every stream with its true codec.
//!
//! Invariant: stream URIs carry no credentials. Deliberately absent: masks (see `masks`), audio, OSD, changing a
//! configuration.

use super::profiles::{self, codec2, encoder2_configuration};
use super::soap::{Fault, Request};
use super::xml::{Element, leaf, node};
use super::{Camera, masks};
use crate::sim::faults::MaskFault;
use crate::sim::town::StreamSpec;

/// Answers one operation of the Media2 service.
pub fn answer(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    Ok(match request.operation.name.as_str() {
        "GetServiceCapabilities" => node("tr2:GetServiceCapabilitiesResponse", [capabilities(camera)]),
        "GetProfiles" => {
            let wanted: Vec<&str> = request
                .operation
                .children
                .iter()
                .filter(|child| child.name == "Type")
                .map(|child| child.text.as_str())
                .collect();
            let streams = match request.operation.text_of("Token") {
                Some(token) => vec![camera.stream(token)?],
                None => camera.device.site().streams.iter().collect(),
            };
            node(
                "tr2:GetProfilesResponse",
                streams.into_iter().map(|stream| profile(camera, stream, &wanted)),
            )
        }
        "GetStreamUri" => {
            let stream = camera.stream(request.required("ProfileToken")?)?;
            if !matches!(request.required("Protocol")?, "RtspUnicast" | "RTSP") {
                return Err(Fault::sender(
                    &["ter:InvalidArgVal", "ter:InvalidStreamSetup"],
                    "Only RtspUnicast and RTSP are offered",
                ));
            }
            let uri = camera.rtsp(&format!("/{}", profiles::token(stream)));
            node("tr2:GetStreamUriResponse", [leaf("tr2:Uri", uri)])
        }
        "GetVideoSourceConfigurations" => {
            if let Some(profile) = request.operation.text_of("ProfileToken") {
                camera.stream(profile)?;
            }
            if request
                .operation
                .text_of("ConfigurationToken")
                .is_some_and(|token| token != profiles::SOURCE_CONFIGURATION)
            {
                return Err(Fault::no_config());
            }
            let configuration = camera.source_configuration("tr2:Configurations");
            node("tr2:GetVideoSourceConfigurationsResponse", [configuration])
        }
        "GetVideoEncoderConfigurations" => {
            let configurations = encoders(camera, request)?;
            let elements = configurations
                .into_iter()
                .map(|stream| encoder2_configuration(stream, "tr2:Configurations"));
            node("tr2:GetVideoEncoderConfigurationsResponse", elements)
        }
        "GetVideoEncoderConfigurationOptions" => {
            let elements = encoders(camera, request)?.into_iter().map(options);
            node("tr2:GetVideoEncoderConfigurationOptionsResponse", elements)
        }
        "SetSynchronizationPoint" => {
            camera.stream(request.required("ProfileToken")?)?;
            camera.device.want_key_frame();
            node("tr2:SetSynchronizationPointResponse", [])
        }
        name if masks::OPERATIONS.contains(&name) => return masks::answer(camera, request),
        _ => return Err(Fault::unknown(&request.operation)),
    })
}

/// The capabilities of the Media2 service.
pub fn capabilities(camera: &Camera) -> Element {
    let kinds = if camera.is_dome() {
        "VideoSource VideoEncoder PTZ"
    } else {
        "VideoSource VideoEncoder"
    };
    node(
        "tr2:Capabilities",
        [
            node("tr2:ProfileCapabilities", [])
                .with("MaximumNumberOfProfiles", camera.device.site().streams.len())
                .with("ConfigurationsSupported", kinds),
            node("tr2:StreamingCapabilities", [])
                .with("RTSPStreaming", true)
                .with("RTPMulticast", false)
                .with("RTP_RTSP_TCP", true)
                .with("NonAggregateControl", false),
        ],
    )
    .with("SnapshotUri", false)
    .with("Rotation", false)
    .with("VideoSourceMode", false)
    .with("OSD", false)
    .with("Mask", camera.device.faults().masks != MaskFault::Absent)
}

/// A profile with those of its configurations that were asked for.
fn profile(camera: &Camera, stream: &StreamSpec, wanted: &[&str]) -> Element {
    let asked = |kind: &str| wanted.contains(&kind) || wanted.contains(&"All");
    let parts = [
        asked("VideoSource").then(|| camera.source_configuration("tr2:VideoSource")),
        asked("VideoEncoder").then(|| encoder2_configuration(stream, "tr2:VideoEncoder")),
        asked("PTZ").then(|| camera.profile_ptz(stream, "tr2:PTZ")).flatten(),
    ];
    let mut children = vec![leaf("tr2:Name", profiles::name(stream))];
    if !wanted.is_empty() {
        children.push(node("tr2:Configurations", parts.into_iter().flatten()));
    }
    node("tr2:Profiles", children)
        .with("token", profiles::token(stream))
        .with("fixed", true)
}

fn encoders<'a>(camera: &'a Camera, request: &Request) -> Result<Vec<&'a StreamSpec>, Fault> {
    if let Some(token) = request.operation.text_of("ConfigurationToken") {
        return Ok(vec![camera.encoder(token)?]);
    }
    match request.operation.text_of("ProfileToken") {
        Some(token) => Ok(vec![camera.stream(token)?]),
        None => Ok(camera.device.site().streams.iter().collect()),
    }
}

/// A stream is what it is: each option has one value.
fn options(stream: &StreamSpec) -> Element {
    let range = |name, value: u32| node(name, [leaf("tt:Min", value), leaf("tt:Max", value)]);
    node(
        "tr2:Options",
        [
            leaf("tt:Encoding", codec2(stream.codec)),
            range("tt:QualityRange", 5),
            node(
                "tt:ResolutionsAvailable",
                [leaf("tt:Width", stream.width), leaf("tt:Height", stream.height)],
            ),
            range("tt:BitrateRange", stream.bitrate_kbit),
        ],
    )
    .with("GovLengthRange", format!("{0} {0}", stream.fps))
    .with("FrameRatesSupported", stream.fps)
    .with("ProfilesSupported", "Main")
    .with("ConstantBitRateSupported", false)
}
