//! The profiles of a camera and the configurations in them, shared by Media and Media2.
//!
//! Invariant: what is declared here is what the stream really is.
//! Deliberately absent: audio, metadata streams, changing a configuration.

use super::Camera;
use super::ptz_nodes;
use super::soap::Fault;
use super::xml::{Element, leaf, node};
use crate::domain::camera::StreamRole;
use crate::domain::site::Orientation;
use crate::domain::site::orientation::Rotation;
use crate::sim::makes::Turned;
use crate::sim::town::{CameraSite, Codec, StreamSpec};

/// Token of the only video source.
pub const SOURCE: &str = "source-1";
/// Token of its configuration.
pub const SOURCE_CONFIGURATION: &str = "source-configuration-1";

/// Token of a stream's profile, which is also its path on the RTSP port.
pub fn token(stream: &StreamSpec) -> &'static str {
    match stream.role {
        StreamRole::Main => "main",
        StreamRole::Sub => "sub",
    }
}

/// Token of a stream's encoder configuration.
pub fn encoder_token(stream: &StreamSpec) -> &'static str {
    match stream.role {
        StreamRole::Main => "encoder-main",
        StreamRole::Sub => "encoder-sub",
    }
}

/// Name of a stream's profile.
pub fn name(stream: &StreamSpec) -> String {
    let codec = match stream.codec {
        Codec::H264 => "H264",
        Codec::H265 => "H265",
    };
    format!("{} {codec} {}x{}", token(stream), stream.width, stream.height)
}

/// How Media2 names a codec (Media2, 5.3.1: names of IANA media types).
pub fn codec2(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "H264",
        Codec::H265 => "H265",
    }
}

impl Camera {
    /// The stream of a profile.
    pub(super) fn stream(&self, profile: &str) -> Result<&StreamSpec, Fault> {
        self.device
            .site()
            .streams
            .iter()
            .find(|stream| token(stream) == profile)
            .ok_or_else(Fault::no_profile)
    }

    /// The stream of an encoder configuration.
    pub(super) fn encoder(&self, configuration: &str) -> Result<&StreamSpec, Fault> {
        let streams = &self.device.site().streams;
        streams
            .iter()
            .find(|stream| encoder_token(stream) == configuration)
            .ok_or_else(Fault::no_config)
    }

    /// The largest stream: the size and rate of the sensor.
    pub(super) fn largest(&self) -> Option<&StreamSpec> {
        largest(self.device.site())
    }

    /// Whether this profile has the PTZ configuration.
    pub(super) fn has_ptz(&self, stream: &StreamSpec) -> bool {
        self.is_dome() && (stream.role == StreamRole::Sub || !self.device.faults().ptz_on_sub_only)
    }

    /// A `tt:VideoSourceConfiguration` under the given name.
    pub(super) fn source_configuration(&self, name: &'static str) -> Element {
        let (width, height) = self.largest().map_or((0, 0), |stream| (stream.width, stream.height));
        let parts = [
            leaf("tt:Name", "Video source"),
            leaf("tt:UseCount", self.device.site().streams.len()),
            leaf("tt:SourceToken", SOURCE),
            node("tt:Bounds", [])
                .with("x", 0)
                .with("y", 0)
                .with("width", width)
                .with("height", height),
        ];
        let turned = if self.device.faults().says_mirrored {
            Turned::Mirrored
        } else {
            self.device.site().make.turned
        };
        let turned = rotate(turned).map(|rotate| node("tt:Extension", [rotate]));
        node(name, parts.into_iter().chain(turned)).with("token", SOURCE_CONFIGURATION)
    }

    /// A `tt:PTZConfiguration` under the given name, if this profile has one.
    pub(super) fn profile_ptz(&self, stream: &StreamSpec, name: &'static str) -> Option<Element> {
        self.has_ptz(stream).then(|| ptz_nodes::configuration(self, name))
    }
}

fn largest(site: &CameraSite) -> Option<&StreamSpec> {
    site.streams.iter().max_by_key(|stream| stream.width)
}

/// What a calibration reads of how a turned picture lies; `None` of an upright one, of which the town's plans say nothing.
pub fn turned_orientation(site: &CameraSite) -> Option<Orientation> {
    let (rotation, mirror) = match site.make.turned {
        Turned::Upright => return None,
        Turned::HalfTurn => (Rotation::Fixed(180), None),
        Turned::Mirrored => (Rotation::Fixed(0), Some(true)),
    };
    let sensor = largest(site)?;
    Some(Orientation {
        rotation: Some(rotation),
        mirror,
        bounds: Some([0, 0, sensor.width.into(), sensor.height.into()]),
        spaces: ptz_nodes::position_spaces(&site.lens),
        ..Orientation::default()
    })
}

/// The `tt:Rotate` of a picture that is turned (onvif.xsd, Rotate: no `Degree` is 180; `Mirror` since 25.12).
fn rotate(turned: Turned) -> Option<Element> {
    match turned {
        Turned::Upright => None,
        Turned::HalfTurn => Some(node("tt:Rotate", [leaf("tt:Mode", "ON")])),
        Turned::Mirrored => Some(node("tt:Rotate", [leaf("tt:Mode", "OFF")]).with("Mirror", true)),
    }
}

/// A `tt:VideoEncoderConfiguration` under the given name; `None` for H.265, which the Media service cannot express.
pub fn encoder_configuration(stream: &StreamSpec, name: &'static str) -> Option<Element> {
    (stream.codec == Codec::H264).then(|| {
        node(
            name,
            [
                leaf("tt:Name", self::name(stream)),
                leaf("tt:UseCount", 1),
                leaf("tt:Encoding", "H264"),
                node(
                    "tt:Resolution",
                    [leaf("tt:Width", stream.width), leaf("tt:Height", stream.height)],
                ),
                leaf("tt:Quality", 5),
                node(
                    "tt:RateControl",
                    [
                        leaf("tt:FrameRateLimit", stream.fps),
                        leaf("tt:EncodingInterval", 1),
                        leaf("tt:BitrateLimit", stream.bitrate_kbit),
                    ],
                ),
                node(
                    "tt:H264",
                    [leaf("tt:GovLength", stream.fps), leaf("tt:H264Profile", "Main")],
                ),
                multicast(),
                leaf("tt:SessionTimeout", "PT60S"),
            ],
        )
        .with("token", encoder_token(stream))
    })
}

/// A `tt:VideoEncoder2Configuration` under the given name.
pub fn encoder2_configuration(stream: &StreamSpec, name: &'static str) -> Element {
    node(
        name,
        [
            leaf("tt:Name", self::name(stream)),
            leaf("tt:UseCount", 1),
            leaf("tt:Encoding", codec2(stream.codec)),
            node(
                "tt:Resolution",
                [leaf("tt:Width", stream.width), leaf("tt:Height", stream.height)],
            ),
            node(
                "tt:RateControl",
                [
                    leaf("tt:FrameRateLimit", stream.fps),
                    leaf("tt:BitrateLimit", stream.bitrate_kbit),
                ],
            ),
            leaf("tt:Quality", 5),
        ],
    )
    .with("token", encoder_token(stream))
    .with("GovLength", stream.fps)
    .with("Profile", "Main")
}

/// An empty multicast address: the schema wants the element in any case.
fn multicast() -> Element {
    node(
        "tt:Multicast",
        [
            node(
                "tt:Address",
                [leaf("tt:Type", "IPv4"), leaf("tt:IPv4Address", "0.0.0.0")],
            ),
            leaf("tt:Port", 0),
            leaf("tt:TTL", 0),
            leaf("tt:AutoStart", false),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_picture_is_declared_as_the_schema_says() {
        let told = |turned| {
            let mut text = String::new();
            rotate(turned).into_iter().for_each(|element| element.write(&mut text));
            text
        };
        assert_eq!(told(Turned::Upright), "");
        assert_eq!(told(Turned::HalfTurn), "<tt:Rotate><tt:Mode>ON</tt:Mode></tt:Rotate>");
        let mirrored = "<tt:Rotate Mirror=\"true\"><tt:Mode>OFF</tt:Mode></tt:Rotate>";
        assert_eq!(told(Turned::Mirrored), mirrored);
    }
}
