//! The Media service (ONVIF Media 1, ver10): H.264 profiles in full, H.265 ones without their encoder.
//!
//! Invariant: stream URIs carry no credentials. Deliberately absent: creating profiles, audio, OSD.

use super::Camera;
use super::profiles::{self, encoder_configuration};
use super::soap::{Fault, Request};
use super::xml::{Element, leaf, node};
use crate::sim::makes::Turned;
use crate::sim::town::{Codec, StreamSpec};

/// Answers one operation of the Media service.
pub fn answer(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    let streams = &camera.device.site().streams;
    let encoders = |name| {
        streams
            .iter()
            .filter_map(move |stream| encoder_configuration(stream, name))
    };
    Ok(match request.operation.name.as_str() {
        "GetServiceCapabilities" => node("trt:GetServiceCapabilitiesResponse", [capabilities(camera)]),
        "GetProfiles" => node(
            "trt:GetProfilesResponse",
            streams.iter().map(|stream| profile(camera, stream, "trt:Profiles")),
        ),
        "GetProfile" => {
            let stream = camera.stream(request.required("ProfileToken")?)?;
            node("trt:GetProfileResponse", [profile(camera, stream, "trt:Profile")])
        }
        "GetStreamUri" => stream_uri(camera, request)?,
        "GetVideoSources" => node("trt:GetVideoSourcesResponse", [video_source(camera)]),
        "GetVideoSourceConfigurations" | "GetCompatibleVideoSourceConfigurations" => {
            let configuration = camera.source_configuration("trt:Configurations");
            match request.operation.name.as_str() {
                "GetVideoSourceConfigurations" => node("trt:GetVideoSourceConfigurationsResponse", [configuration]),
                _ => node("trt:GetCompatibleVideoSourceConfigurationsResponse", [configuration]),
            }
        }
        "GetVideoSourceConfiguration" => {
            if request.required("ConfigurationToken")? != profiles::SOURCE_CONFIGURATION {
                return Err(Fault::no_config());
            }
            let configuration = camera.source_configuration("trt:Configuration");
            node("trt:GetVideoSourceConfigurationResponse", [configuration])
        }
        "GetVideoEncoderConfigurations" => node(
            "trt:GetVideoEncoderConfigurationsResponse",
            encoders("trt:Configurations"),
        ),
        "GetCompatibleVideoEncoderConfigurations" => node(
            "trt:GetCompatibleVideoEncoderConfigurationsResponse",
            encoders("trt:Configurations"),
        ),
        "GetVideoEncoderConfiguration" => {
            let stream = camera.encoder(request.required("ConfigurationToken")?)?;
            let configuration = encoder_configuration(stream, "trt:Configuration").ok_or_else(Fault::no_config)?;
            node("trt:GetVideoEncoderConfigurationResponse", [configuration])
        }
        "GetVideoEncoderConfigurationOptions" => {
            let stream = match (
                request.operation.text_of("ConfigurationToken"),
                request.operation.text_of("ProfileToken"),
            ) {
                (Some(token), _) => Some(camera.encoder(token)?),
                (None, Some(token)) => Some(camera.stream(token)?),
                (None, None) => None,
            };
            node(
                "trt:GetVideoEncoderConfigurationOptionsResponse",
                [options(camera, stream)],
            )
        }
        "SetSynchronizationPoint" => {
            camera.stream(request.required("ProfileToken")?)?;
            camera.device.want_key_frame();
            node("trt:SetSynchronizationPointResponse", [])
        }
        _ => return Err(Fault::unknown(&request.operation)),
    })
}

/// The capabilities of the Media service.
pub fn capabilities(camera: &Camera) -> Element {
    node(
        "trt:Capabilities",
        [
            node("trt:ProfileCapabilities", []).with("MaximumNumberOfProfiles", camera.device.site().streams.len()),
            node("trt:StreamingCapabilities", [])
                .with("RTPMulticast", false)
                .with("RTP_TCP", false)
                .with("RTP_RTSP_TCP", true)
                .with("NonAggregateControl", false),
        ],
    )
    .with("SnapshotUri", false)
    .with("Rotation", camera.device.site().make.turned != Turned::Upright)
    .with("VideoSourceMode", false)
    .with("OSD", false)
}

fn profile(camera: &Camera, stream: &StreamSpec, name: &'static str) -> Element {
    let parts = [
        Some(leaf("tt:Name", profiles::name(stream))),
        Some(camera.source_configuration("tt:VideoSourceConfiguration")),
        encoder_configuration(stream, "tt:VideoEncoderConfiguration"),
        camera.profile_ptz(stream, "tt:PTZConfiguration"),
    ];
    node(name, parts.into_iter().flatten())
        .with("token", profiles::token(stream))
        .with("fixed", true)
}

fn stream_uri(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    let setup = request
        .operation
        .child("StreamSetup")
        .ok_or_else(|| Fault::invalid_argument("StreamSetup is missing"))?;
    let protocol = setup
        .child("Transport")
        .and_then(|transport| transport.text_of("Protocol"));
    if setup.text_of("Stream") != Some("RTP-Unicast") || !matches!(protocol, Some("UDP" | "TCP" | "RTSP")) {
        return Err(Fault::sender(
            &["ter:InvalidArgVal", "ter:InvalidStreamSetup"],
            "Only RTP-Unicast over UDP or RTSP is offered",
        ));
    }
    let stream = camera.stream(request.required("ProfileToken")?)?;
    let uri = camera.rtsp(&format!("/{}", profiles::token(stream)));
    Ok(node("trt:GetStreamUriResponse", [media_uri(uri)]))
}

fn media_uri(uri: String) -> Element {
    node(
        "trt:MediaUri",
        [
            leaf("tt:Uri", uri),
            leaf("tt:InvalidAfterConnect", false),
            leaf("tt:InvalidAfterReboot", false),
            leaf("tt:Timeout", "PT0S"),
        ],
    )
}

fn video_source(camera: &Camera) -> Element {
    let (width, height, fps) = camera
        .largest()
        .map_or((0, 0, 0), |stream| (stream.width, stream.height, stream.fps));
    node(
        "trt:VideoSources",
        [
            leaf("tt:Framerate", fps),
            node("tt:Resolution", [leaf("tt:Width", width), leaf("tt:Height", height)]),
        ],
    )
    .with("token", profiles::SOURCE)
}

/// A stream is what it is: each option has one value.
fn options(camera: &Camera, stream: Option<&StreamSpec>) -> Element {
    let range = |name, low: u32, high: u32| node(name, [leaf("tt:Min", low), leaf("tt:Max", high)]);
    let offered: Vec<&StreamSpec> = match stream {
        Some(stream) => vec![stream],
        None => camera.device.site().streams.iter().collect(),
    };
    let offered: Vec<&StreamSpec> = offered
        .into_iter()
        .filter(|stream| stream.codec == Codec::H264)
        .collect();
    let rates = || offered.iter().map(|stream| stream.fps);
    let (slowest, fastest) = (rates().min().unwrap_or(1), rates().max().unwrap_or(1));
    let h264 = (!offered.is_empty()).then(|| {
        let sizes = offered.iter().map(|stream| {
            node(
                "tt:ResolutionsAvailable",
                [leaf("tt:Width", stream.width), leaf("tt:Height", stream.height)],
            )
        });
        let rest = [
            range("tt:GovLengthRange", slowest, fastest),
            range("tt:FrameRateRange", slowest, fastest),
            range("tt:EncodingIntervalRange", 1, 1),
            leaf("tt:H264ProfilesSupported", "Main"),
        ];
        node("tt:H264", sizes.chain(rest))
    });
    node(
        "trt:Options",
        std::iter::once(range("tt:QualityRange", 5, 5)).chain(h264),
    )
}
