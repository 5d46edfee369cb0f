//! Pan, tilt and zoom limits in a camera (PTZ service, `GetConfiguration` and `SetConfiguration`, ONVIF PTZ §5.2).
//!
//! Invariant: a configuration is written back as it was read but for its limits; limits are normalised here and in the
//! camera's own numbers only on the way. Deliberately absent: which limits there should be (`domain::privacy`).

use super::device::{Service, Services};
use super::error::OnvifError;
use super::ptz::configuration_spaces;
use super::ptz_spaces::{Range, Spaces, named, preferred};
use super::soap_channel::Channel;
use super::xml_guard::{self, number, text_of};
use super::{media, view};
use crate::domain::camera::NormalisedPosition;
use crate::domain::privacy::camera_side::PtzLimits;
use crate::domain::site::VideoView;
use oxvif::soap::XmlNode;
use reqwest::Url;

/// Levels and elements of a configuration that are written back.
const DEEPEST: usize = 8;

/// The limits in a camera's PTZ configuration. Cheap to clone.
#[derive(Clone)]
pub struct ConfiguredLimits {
    channel: Channel,
    url: Url,
    token: String,
    spaces: Spaces,
}

impl ConfiguredLimits {
    /// Finds those of the view's video source; `None` for one without a PTZ configuration.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `View` when the view cannot be told.
    pub async fn find(
        channel: &Channel,
        services: &Services,
        planned: Option<&VideoView>,
    ) -> Result<Option<Self>, OnvifError> {
        let Some(url) = services.find(Service::Ptz) else {
            return Ok(None);
        };
        let (_, profiles) = media::profiles(channel, services).await?;
        let chosen = view::chosen(&profiles, planned)?;
        let profile = view::with_motors(&profiles, chosen.as_ref());
        let Some(configuration) = profile.and_then(|profile| profile.ptz.clone()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            spaces: configuration_spaces(channel, url, &configuration.token).await?,
            channel: channel.clone(),
            url: url.clone(),
            token: configuration.token,
        }))
    }

    /// The limits the camera has; `None` when it says none. A limit that is switched off (−INF, +INF; PTZ 5.2.1) is the end
    /// of its axis.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `Nonsense` for limits in a space that the node does not declare.
    pub async fn read(&self) -> Result<Option<PtzLimits>, OnvifError> {
        self.limits_of(&self.configuration().await?)
    }

    /// Writes limits, for good, and gives what the camera then says.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn write(&self, limits: &PtzLimits) -> Result<Option<PtzLimits>, OnvifError> {
        let old = self.configuration().await?;
        let mut inner = String::new();
        for child in &old.children {
            match child.local_name.as_str() {
                "PanTiltLimits" | "ZoomLimits" | "Extension" => {}
                _ => copy(child, 0, &mut inner),
            }
        }
        inner.push_str(&self.elements(limits));
        // EFlip and Reverse turn the motors round: left out, some devices put them back to what they left the factory with.
        if let Some(direction) = old.path(&["Extension", "PTControlDirection"]) {
            inner.push_str("<tt:Extension>");
            copy(direction, 0, &mut inner);
            inner.push_str("</tt:Extension>");
        }
        let content = format!(
            "<tptz:PTZConfiguration token=\"{}\"{}>{inner}</tptz:PTZConfiguration>\
             <tptz:ForcePersistence>true</tptz:ForcePersistence>",
            xml_guard::escape(&self.token),
            ramps(&old)
        );
        self.ask("SetConfiguration", &content).await?;
        self.read().await
    }

    fn elements(&self, limits: &PtzLimits) -> String {
        let range = |name: &str, range: &Range, [low, high]: [f64; 2]| {
            let own = |share: f64| range.min + share * (range.max - range.min);
            format!(
                "<tt:{name}><tt:Min>{:.6}</tt:Min><tt:Max>{:.6}</tt:Max></tt:{name}>",
                own(low),
                own(high)
            )
        };
        let share = |v: f64| (v + 1.0) / 2.0;
        let (low, high) = (&limits.low, &limits.high);
        let pan_tilt = preferred(&self.spaces.position).map(|space| {
            format!(
                "<tt:PanTiltLimits><tt:Range><tt:URI>{}</tt:URI>{}{}</tt:Range></tt:PanTiltLimits>",
                xml_guard::escape(&space.uri),
                range("XRange", &space.x, [share(low.pan), share(high.pan)]),
                range("YRange", &space.y, [share(low.tilt), share(high.tilt)])
            )
        });
        let zoom = preferred(&self.spaces.zoom_position).map(|space| {
            format!(
                "<tt:ZoomLimits><tt:Range><tt:URI>{}</tt:URI>{}</tt:Range></tt:ZoomLimits>",
                xml_guard::escape(&space.uri),
                range("XRange", &space.x, [low.zoom, high.zoom])
            )
        });
        pan_tilt.into_iter().chain(zoom).collect()
    }

    fn limits_of(&self, configuration: &XmlNode) -> Result<Option<PtzLimits>, OnvifError> {
        let undeclared = || OnvifError::nonsense("limits in a space that the node does not declare");
        let Some(pan_tilt) = configuration.path(&["PanTiltLimits", "Range"]) else {
            return Ok(None);
        };
        let uri = |node: &XmlNode| text_of(node, "URI");
        let space = named(&self.spaces.position, uri(pan_tilt)).ok_or_else(undeclared)?;
        let (Some(pan), Some(tilt)) = (
            shares(pan_tilt.child("XRange"), space.x),
            shares(pan_tilt.child("YRange"), space.y),
        ) else {
            return Ok(None);
        };
        let (pan, tilt) = (pan.map(|v| v * 2.0 - 1.0), tilt.map(|v| v * 2.0 - 1.0));
        let zoom = match configuration.path(&["ZoomLimits", "Range"]) {
            None => None,
            Some(zoom) => {
                let space = named(&self.spaces.zoom_position, uri(zoom)).ok_or_else(undeclared)?;
                shares(zoom.child("XRange"), space.x)
            }
        };
        let zoom = zoom.unwrap_or([0.0, 1.0]);
        let at = |i: usize| NormalisedPosition {
            pan: pan[i],
            tilt: tilt[i],
            zoom: zoom[i],
        };
        Ok(Some(PtzLimits {
            low: at(0),
            high: at(1),
        }))
    }

    async fn configuration(&self) -> Result<XmlNode, OnvifError> {
        let token = xml_guard::escape(&self.token);
        let content = format!("<tptz:PTZConfigurationToken>{token}</tptz:PTZConfigurationToken>");
        let answer = self.ask("GetConfiguration", &content).await?;
        let configuration = answer.child("PTZConfiguration").cloned();
        configuration.ok_or_else(|| OnvifError::missing("PTZConfiguration"))
    }

    async fn ask(&self, operation: &str, content: &str) -> Result<XmlNode, OnvifError> {
        let action = format!("http://www.onvif.org/ver20/ptz/wsdl/{operation}");
        let body = format!("<tptz:{operation}>{content}</tptz:{operation}>");
        let tag = format!("{operation}Response");
        self.channel.call(&self.url, &action, &body, &tag).await
    }
}

/// The ends of a limit as shares of the space's range; one that is open ends with the axis.
fn shares(range: Option<&XmlNode>, space: Range) -> Option<[f64; 2]> {
    let end = |name| bound(&text_of(range?, name)?);
    let share = |v: f64| ((v - space.min) / (space.max - space.min)).clamp(0.0, 1.0);
    Some([share(end("Min")?), share(end("Max")?)])
}

/// A limit: a number, or INF, −INF and, as the specification prints it, +INF, which XML Schema does not know.
fn bound(text: &str) -> Option<f64> {
    match text.trim().to_ascii_uppercase().as_str() {
        "INF" | "+INF" | "INFINITY" | "+INFINITY" => Some(f64::INFINITY),
        "-INF" | "-INFINITY" => Some(f64::NEG_INFINITY),
        other => number(other),
    }
}

/// The ramps of a configuration, written back as they were.
fn ramps(configuration: &XmlNode) -> String {
    let kept = ["MoveRamp", "PresetRamp", "PresetTourRamp"];
    let written = kept.iter().filter_map(|name| {
        let value: i64 = configuration.attr(name)?.trim().parse().ok()?;
        Some(format!(" {name}=\"{value}\""))
    });
    written.collect()
}

/// Writes an element of the common schema as it was read.
fn copy(node: &XmlNode, depth: usize, out: &mut String) {
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if depth > DEEPEST || !plain(&node.local_name) {
        return;
    }
    let mut attributes: Vec<_> = node.attrs.iter().filter(|(name, _)| plain(name)).collect();
    attributes.sort();
    out.push_str(&format!("<tt:{}", node.local_name));
    for (name, value) in attributes {
        out.push_str(&format!(" {name}=\"{}\"", xml_guard::escape(value)));
    }
    out.push('>');
    out.push_str(&xml_guard::escape(node.text()));
    for child in &node.children {
        copy(child, depth + 1, out);
    }
    out.push_str(&format!("</tt:{}>", node.local_name));
}

#[cfg(test)]
mod tests {
    use super::super::ptz_spaces::PanTiltSpace;
    use super::*;

    fn limits(spaces: Spaces, pan_tilt: &str, zoom: &str) -> Result<Option<PtzLimits>, OnvifError> {
        let device = crate::onvif::Endpoint::new("http://127.0.0.1:1/", "", String::new().into());
        let channel = Channel::new(device, crate::onvif::Limits::default()).unwrap();
        let configured = ConfiguredLimits {
            url: channel.device().clone(),
            channel,
            token: "c".into(),
            spaces,
        };
        let xml = format!(
            "<C><PanTiltLimits><Range>{pan_tilt}</Range></PanTiltLimits><ZoomLimits><Range>{zoom}</Range></ZoomLimits></C>"
        );
        configured.limits_of(&XmlNode::parse(&xml).unwrap())
    }

    fn range(name: &str, min: &str, max: &str) -> String {
        format!("<{name}><Min>{min}</Min><Max>{max}</Max></{name}>")
    }

    /// Degrees first, then the Generic space.
    fn two_spaces() -> Spaces {
        let mut spaces = Spaces::generic();
        let degrees = PanTiltSpace {
            uri: "degrees".into(),
            x: Range { min: 0.0, max: 360.0 },
            y: Range { min: -90.0, max: 0.0 },
        };
        spaces.position.insert(0, degrees);
        spaces
    }

    #[test]
    fn r_prv_3_limits_that_are_switched_off_are_open_and_not_absent() {
        for (low, high) in [("-INF", "INF"), ("-INF", "+INF"), (" -inf ", "Infinity")] {
            let pan_tilt = range("XRange", low, high) + &range("YRange", low, high);
            let read = limits(Spaces::generic(), &pan_tilt, &range("XRange", low, high))
                .unwrap()
                .unwrap();
            assert_eq!((read.low.pan, read.high.pan), (-1.0, 1.0));
            assert_eq!((read.low.zoom, read.high.zoom), (0.0, 1.0));
            let planned = PtzLimits {
                low: NormalisedPosition { pan: -0.5, ..read.low },
                high: read.high,
            };
            assert!(read.is_wider_than(&planned), "it drifts");
            assert!(
                !read.is_wider_than(&read),
                "a plan without a limit on that side is kept"
            );
        }
        let nan = range("XRange", "nan", "1") + &range("YRange", "-1", "1");
        assert_eq!(limits(Spaces::generic(), &nan, "").unwrap(), None);
    }

    #[test]
    fn r_prv_3_limits_count_in_the_space_that_the_answer_names() {
        let generic = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace";
        let in_space = |uri: &str, pan: [&str; 2], tilt: [&str; 2]| {
            let pan_tilt = format!(
                "<URI>{uri}</URI>{}{}",
                range("XRange", pan[0], pan[1]),
                range("YRange", tilt[0], tilt[1])
            );
            limits(two_spaces(), &pan_tilt, &range("XRange", "0", "1"))
        };
        let by_degrees = in_space("degrees", ["90", "270"], ["-90", "-45"]).unwrap().unwrap();
        let by_generic = in_space(generic, ["-0.5", "0.5"], ["-1", "0"]).unwrap().unwrap();
        assert_eq!(by_degrees, by_generic);
        assert!(in_space("elsewhere", ["0", "1"], ["0", "1"]).is_err());
    }

    #[test]
    fn a_configuration_is_written_back_as_it_was_read() {
        let text =
            "<C><DefaultPTZSpeed><PanTilt x='1' y='1' space='a&amp;b'/></DefaultPTZSpeed><Name>P &amp; Z</Name></C>";
        let mut out = String::new();
        for child in &XmlNode::parse(text).unwrap().children {
            copy(child, 0, &mut out);
        }
        assert_eq!(
            out,
            "<tt:DefaultPTZSpeed><tt:PanTilt space=\"a&amp;b\" x=\"1\" y=\"1\"></tt:PanTilt></tt:DefaultPTZSpeed>\
             <tt:Name>P &amp; Z</tt:Name>"
        );
    }
}
