//! Pan, tilt and zoom limits in a camera (PTZ service, `GetConfiguration` and `SetConfiguration`, ONVIF PTZ §5.2).
//!
//! Invariant: a configuration is written back as it was read but for its limits; limits are normalised here and in the
//! camera's own numbers only on the way. Deliberately absent: which limits there should be (`domain::privacy`).

use super::device::{Service, Services};
use super::error::OnvifError;
use super::media;
use super::ptz::configuration_spaces;
use super::ptz_spaces::{Range, Spaces};
use super::soap_channel::Channel;
use super::xml_guard::{self, number, text_of};
use crate::domain::camera::NormalisedPosition;
use crate::domain::privacy::camera_side::PtzLimits;
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
    /// Finds them; `None` for a camera without a PTZ configuration.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn find(channel: &Channel, services: &Services) -> Result<Option<Self>, OnvifError> {
        let Some(url) = services.find(Service::Ptz) else {
            return Ok(None);
        };
        let (_, profiles) = media::profiles(channel, services).await?;
        let Some(configuration) = profiles.into_iter().find_map(|profile| profile.ptz) else {
            return Ok(None);
        };
        Ok(Some(Self {
            spaces: configuration_spaces(channel, url, &configuration.token).await?,
            channel: channel.clone(),
            url: url.clone(),
            token: configuration.token,
        }))
    }

    /// The limits the camera has; `None` when it says none.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn read(&self) -> Result<Option<PtzLimits>, OnvifError> {
        Ok(self.limits_of(&self.configuration().await?))
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
        let content = format!(
            "<tptz:PTZConfiguration token=\"{}\">{inner}</tptz:PTZConfiguration>\
             <tptz:ForcePersistence>true</tptz:ForcePersistence>",
            xml_guard::escape(&self.token)
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
        let pan_tilt = self.spaces.position.first().map(|space| {
            format!(
                "<tt:PanTiltLimits><tt:Range><tt:URI>{}</tt:URI>{}{}</tt:Range></tt:PanTiltLimits>",
                xml_guard::escape(&space.uri),
                range("XRange", &space.x, [share(low.pan), share(high.pan)]),
                range("YRange", &space.y, [share(low.tilt), share(high.tilt)])
            )
        });
        let zoom = self.spaces.zoom_position.first().map(|space| {
            format!(
                "<tt:ZoomLimits><tt:Range><tt:URI>{}</tt:URI>{}</tt:Range></tt:ZoomLimits>",
                xml_guard::escape(&space.uri),
                range("XRange", &space.x, [low.zoom, high.zoom])
            )
        });
        pan_tilt.into_iter().chain(zoom).collect()
    }

    fn limits_of(&self, configuration: &XmlNode) -> Option<PtzLimits> {
        let end = |node: Option<&XmlNode>, name| text_of(node?, name).and_then(|text| number(&text));
        let shares = |node: &XmlNode, name: &str, range: &Range| {
            let node = node.child(name);
            let wide = range.max - range.min;
            let share = |v: f64| (v - range.min) / wide;
            (wide != 0.0).then_some(())?;
            Some([share(end(node, "Min")?), share(end(node, "Max")?)])
        };
        let pan_tilt = configuration.path(&["PanTiltLimits", "Range"])?;
        let space = self.spaces.position.first()?;
        let pan = shares(pan_tilt, "XRange", &space.x)?.map(|v| v * 2.0 - 1.0);
        let tilt = shares(pan_tilt, "YRange", &space.y)?.map(|v| v * 2.0 - 1.0);
        let zoom = configuration.path(&["ZoomLimits", "Range"]).and_then(|zoom| {
            let space = self.spaces.zoom_position.first()?;
            shares(zoom, "XRange", &space.x)
        });
        let zoom = zoom.unwrap_or([0.0, 1.0]);
        let at = |i: usize| NormalisedPosition {
            pan: pan[i],
            tilt: tilt[i],
            zoom: zoom[i],
        };
        Some(PtzLimits {
            low: at(0),
            high: at(1),
        })
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
    use super::*;

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
