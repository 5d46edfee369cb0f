//! Privacy masks in a camera (Media2, ONVIF Media 2 §5.15): GetMaskOptions, GetMasks, CreateMask, SetMask, DeleteMask.
//! Own thin operations: oxvif has none of them.
//!
//! Invariant: polygons are in picture coordinates here (0..1, y downwards) and in ONVIF's (−1..1, y upwards) only on the
//! way; everything read is bounded. Deliberately absent: which masks there should be (`domain::privacy::camera_side`).

use super::device::{Service, Services};
use super::error::OnvifError;
use super::soap_channel::Channel;
use super::xml_guard::{self, number, text_of};
use crate::domain::privacy::camera_side::MaskOptions;
use crate::domain::site::video_view::{self, VideoView};
use oxvif::soap::XmlNode;
use reqwest::Url;

/// Masks read from one answer.
const MAX_MASKS: usize = 64;
/// Corners read of one mask.
const MAX_POINTS: usize = 64;

/// A mask as the camera has it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceMask {
    pub token: String,
    /// Corners in picture coordinates.
    pub polygon: Vec<[f64; 2]>,
    pub enabled: bool,
}

/// The masks of a camera's view. Cheap to clone.
#[derive(Clone)]
pub struct Masks {
    channel: Channel,
    url: Url,
    /// Token of the video source configuration, escaped.
    configuration: String,
}

impl Masks {
    /// Finds those of the planned view, or of the only one; `None` when the camera has no Media2 service.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `View` when the view cannot be told.
    pub async fn find(
        channel: &Channel,
        services: &Services,
        planned: Option<&VideoView>,
    ) -> Result<Option<Self>, OnvifError> {
        let Some(url) = services.find(Service::Media2) else {
            return Ok(None);
        };
        let mut masks = Self {
            channel: channel.clone(),
            url: url.clone(),
            configuration: String::new(),
        };
        let answer = masks.ask("GetVideoSourceConfigurations", "").await?;
        let views: Vec<VideoView> = answer.children_named("Configurations").filter_map(read_view).collect();
        let view = video_view::chosen(&views, planned)?;
        let view = view.ok_or_else(|| OnvifError::missing("the token of a video source configuration"))?;
        masks.configuration = xml_guard::escape(&view.configuration).into_owned();
        Ok(Some(masks))
    }

    /// The masks that the camera accepts.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `NotSupported` when it takes none.
    pub async fn options(&self) -> Result<MaskOptions, OnvifError> {
        let answer = self.ask("GetMaskOptions", &self.of_configuration()).await?;
        let options = answer
            .child("Options")
            .ok_or_else(|| OnvifError::missing("Options of GetMaskOptions"))?;
        let count = |name| text_of(options, name).and_then(|text| text.parse::<usize>().ok());
        let most_masks = count("MaxMasks").ok_or_else(|| OnvifError::missing("MaxMasks"))?;
        if most_masks == 0 {
            return Err(OnvifError::not_supported("the camera takes no masks"));
        }
        Ok(MaskOptions {
            most_masks: most_masks.min(MAX_MASKS),
            most_points: count("MaxPoints").unwrap_or(4).clamp(4, MAX_POINTS),
            rectangles_only: matches!(options.attr("RectangleOnly"), Some("true" | "1")),
        })
    }

    /// The masks the camera has.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `Nonsense` for a mask without a token.
    pub async fn list(&self) -> Result<Vec<DeviceMask>, OnvifError> {
        let answer = self.ask("GetMasks", &self.of_configuration()).await?;
        answer.children_named("Masks").take(MAX_MASKS).map(read_mask).collect()
    }

    /// Adds an enabled mask in one colour; gives the token the camera chose.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn create(&self, polygon: &[[f64; 2]]) -> Result<String, OnvifError> {
        let answer = self.ask("CreateMask", &self.mask("", polygon)).await?;
        text_of(&answer, "Token").ok_or_else(|| OnvifError::missing("the token of a new mask"))
    }

    /// Changes a mask's polygon and enables it.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn set(&self, token: &str, polygon: &[[f64; 2]]) -> Result<(), OnvifError> {
        self.ask("SetMask", &self.mask(token, polygon)).await.map(drop)
    }

    /// Removes a mask.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn delete(&self, token: &str) -> Result<(), OnvifError> {
        let token = xml_guard::escape(token);
        self.ask("DeleteMask", &format!("<tr2:Token>{token}</tr2:Token>"))
            .await
            .map(drop)
    }

    /// Makes the camera's masks these: changes what is there, adds and removes. Gives what the camera then has.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; what was written before it stays.
    pub async fn write(&self, polygons: &[Vec<[f64; 2]>]) -> Result<Vec<DeviceMask>, OnvifError> {
        let there = self.list().await?;
        for (mask, polygon) in there.iter().zip(polygons) {
            if !mask.enabled || mask.polygon != *polygon {
                self.set(&mask.token, polygon).await?;
            }
        }
        for polygon in polygons.iter().skip(there.len()) {
            self.create(polygon).await?;
        }
        for mask in there.iter().skip(polygons.len()) {
            self.delete(&mask.token).await?;
        }
        self.list().await
    }

    fn of_configuration(&self) -> String {
        format!(
            "<tr2:ConfigurationToken>{}</tr2:ConfigurationToken>",
            self.configuration
        )
    }

    fn mask(&self, token: &str, polygon: &[[f64; 2]]) -> String {
        let points: String = polygon
            .iter()
            .map(|[x, y]| format!("<tt:Point x=\"{:.5}\" y=\"{:.5}\"/>", x * 2.0 - 1.0, 1.0 - y * 2.0))
            .collect();
        format!(
            "<tr2:Mask token=\"{}\">{}<tr2:Polygon>{points}</tr2:Polygon><tr2:Type>Color</tr2:Type>\
             <tr2:Color X=\"0\" Y=\"0\" Z=\"0\" Colorspace=\"http://www.onvif.org/ver10/colorspace/YCbCr\"/>\
             <tr2:Enabled>true</tr2:Enabled></tr2:Mask>",
            xml_guard::escape(token),
            self.of_configuration(),
        )
    }

    async fn ask(&self, operation: &str, content: &str) -> Result<XmlNode, OnvifError> {
        let action = format!("http://www.onvif.org/ver20/media/wsdl/{operation}");
        let body = format!("<tr2:{operation}>{content}</tr2:{operation}>");
        let tag = format!("{operation}Response");
        self.channel.call(&self.url, &action, &body, &tag).await
    }
}

fn read_view(node: &XmlNode) -> Option<VideoView> {
    Some(VideoView {
        source: text_of(node, "SourceToken")?,
        configuration: node.attr("token").filter(|token| !token.is_empty())?.to_owned(),
    })
}

fn read_mask(node: &XmlNode) -> Result<DeviceMask, OnvifError> {
    let token = node.attr("token").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| OnvifError::missing("the token of a mask"))?;
    let axis = |point: &XmlNode, name| point.attr(name).and_then(number).unwrap_or(0.0);
    let points = node.child("Polygon").map(|polygon| {
        let points = polygon.children_named("Point").take(MAX_POINTS);
        points
            .map(|point| [(axis(point, "x") + 1.0) / 2.0, (1.0 - axis(point, "y")) / 2.0])
            .collect()
    });
    Ok(DeviceMask {
        token: token.to_owned(),
        polygon: points.unwrap_or_default(),
        enabled: !matches!(text_of(node, "Enabled").as_deref(), Some("false" | "0")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_read_in_picture_coordinates() {
        let text = "<Masks token='m'><Polygon><Point x='-1' y='1'/><Point x='1' y='1'/><Point x='0' y='-0.5'/></Polygon>\
                    <Enabled>false</Enabled></Masks>";
        let mask = read_mask(&XmlNode::parse(text).unwrap()).unwrap();
        assert_eq!(mask.polygon, [[0.0, 0.0], [1.0, 0.0], [0.5, 0.75]]);
        assert!(!mask.enabled);
        assert!(read_mask(&XmlNode::parse("<Masks><Enabled>true</Enabled></Masks>").unwrap()).is_err());
    }
}
