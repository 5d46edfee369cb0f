//! A media profile of a GetProfiles answer, of Media and of Media2, as far as Vedetta needs it.
//!
//! Invariant: what a profile does not declare stays empty. Deliberately absent: asking for profiles (`media`), choosing among
//! them (`view`).

use super::error::{OnvifError, quote};
use super::orientation;
use super::xml_guard::{number, text_of};
use crate::domain::site::{Orientation, VideoView};
use oxvif::soap::XmlNode;

/// Profiles read from one answer; recorders have hundreds, a camera a handful.
const MAX_PROFILES: usize = 64;

/// A media profile, as far as Vedetta needs it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    pub token: String,
    pub name: String,
    /// Video source token; empty when not declared.
    pub source: String,
    /// Video source configuration token; empty when not declared.
    pub configuration: String,
    /// How the picture is turned, mirrored and cropped; without what only a PTZ node says.
    pub orientation: Orientation,
    pub encoder: bool,
    pub codec: String,
    pub width: u32,
    pub height: u32,
    pub fps: Option<f64>,
    /// Token and node of its PTZ configuration.
    pub ptz: Option<PtzConfiguration>,
}

impl Profile {
    /// Its video source and view, where it declares both.
    pub fn view(&self) -> Option<VideoView> {
        let view = VideoView {
            source: self.source.clone(),
            configuration: self.configuration.clone(),
        };
        view.is_sound().then_some(view)
    }
}

/// The PTZ configuration of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PtzConfiguration {
    pub token: String,
    pub node: Option<String>,
    /// `PTControlDirection`: modes of EFlip and Reverse.
    pub e_flip: Option<String>,
    pub reverse: Option<String>,
}

/// Reads the profiles of either service: Media2 puts the configurations under `Configurations` and names them shorter.
///
/// # Errors
/// `Nonsense` when a profile has no token, as nothing can be asked about it.
pub fn read_profiles(answer: &XmlNode) -> Result<Vec<Profile>, OnvifError> {
    let profiles = answer
        .children_named("Profiles")
        .chain(answer.children_named("Profile"));
    profiles.take(MAX_PROFILES).map(read_profile).collect()
}

fn read_profile(node: &XmlNode) -> Result<Profile, OnvifError> {
    let token = node.attr("token").filter(|token| !token.is_empty());
    let token = token
        .ok_or_else(|| OnvifError::missing("the token of a profile"))?
        .to_owned();
    let part = |media2: &str, media: &str| {
        node.child("Configurations")
            .and_then(|c| c.child(media2))
            .or_else(|| node.child(media))
    };
    let encoder = part("VideoEncoder", "VideoEncoderConfiguration");
    let size = |name| {
        let text = encoder.and_then(|e| e.path(&["Resolution", name])).map(XmlNode::text);
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    let fps = encoder
        .and_then(|e| e.path(&["RateControl", "FrameRateLimit"]))
        .and_then(|n| number(n.text()));
    let ptz = part("PTZ", "PTZConfiguration").and_then(|n| {
        let token = n.attr("token").filter(|token| !token.is_empty())?.to_owned();
        let (e_flip, reverse) = orientation::direction(n);
        Some(PtzConfiguration {
            token,
            node: text_of(n, "NodeToken"),
            e_flip,
            reverse,
        })
    });
    let source = part("VideoSource", "VideoSourceConfiguration");
    Ok(Profile {
        token,
        name: text_of(node, "Name").map(|name| quote(&name)).unwrap_or_default(),
        source: source.and_then(|n| text_of(n, "SourceToken")).unwrap_or_default(),
        configuration: source.and_then(|n| n.attr("token")).unwrap_or_default().to_owned(),
        orientation: source.map(orientation::of_source).unwrap_or_default(),
        encoder: encoder.is_some(),
        codec: encoder
            .and_then(|e| text_of(e, "Encoding"))
            .map(|c| quote(&c))
            .unwrap_or_default(),
        width: size("Width"),
        height: size("Height"),
        fps: fps.filter(|fps| *fps > 0.0),
        ptz,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_profile_does_not_declare_stays_empty() {
        let answer = XmlNode::parse("<R><Profiles token='p'><Name> x </Name></Profiles></R>").unwrap();
        let wanted = Profile {
            token: "p".into(),
            name: "x".into(),
            ..Profile::default()
        };
        assert_eq!(read_profiles(&answer).unwrap(), [wanted]);
        let answer = XmlNode::parse("<R><Profiles><Name>x</Name></Profiles></R>").unwrap();
        assert!(read_profiles(&answer).is_err());
    }
}
