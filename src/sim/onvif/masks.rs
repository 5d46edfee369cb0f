//! Privacy masks of the Media2 service (ONVIF Media 2, 5.15).
//!
//! Invariant: what `GetMasks` tells is what the camera keeps, also when that is not what was sent.
//! Deliberately absent: what is kept and how it is adapted (`sim::onboard_masks`).

use super::Camera;
use super::profiles::SOURCE_CONFIGURATION;
use super::soap::{Fault, Request};
use super::xml::{Element, Node, leaf, node};
use crate::sim::faults::MaskFault;
use crate::sim::onboard_masks::{CameraMask, MOST_MASKS, MOST_POINTS, NotTaken};

/// The operations answered here.
pub const OPERATIONS: [&str; 5] = ["GetMasks", "GetMaskOptions", "CreateMask", "SetMask", "DeleteMask"];

impl From<NotTaken> for Fault {
    fn from(why: NotTaken) -> Self {
        match why {
            NotTaken::TooMany => Fault::receiver(&["ter:Action", "ter:MaxMasks"], "Maximum number of masks reached"),
            NotTaken::Polygon => Fault::sender(
                &["ter:InvalidArgVal", "ter:InvalidPolygon"],
                "The provided polygon is not supported",
            ),
            NotTaken::NoSuchMask => Fault::no_config(),
        }
    }
}

/// Answers one of [`OPERATIONS`].
pub fn answer(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    let fault = camera.device.faults().masks;
    if fault == MaskFault::Absent {
        return Err(Fault::unknown(&request.operation));
    }
    let configuration = request.operation.text_of("ConfigurationToken");
    if configuration.is_some_and(|token| token != SOURCE_CONFIGURATION) {
        return Err(Fault::no_config());
    }
    Ok(match request.operation.name.as_str() {
        "GetMaskOptions" => {
            let rectangles = fault == MaskFault::RectangleOnly;
            let options = node(
                "tr2:Options",
                [
                    leaf("tr2:MaxMasks", MOST_MASKS),
                    leaf("tr2:MaxPoints", if rectangles { 4 } else { MOST_POINTS }),
                    leaf("tr2:Types", "Color"),
                ],
            );
            let options = options.with("RectangleOnly", rectangles).with("SingleColorOnly", true);
            node("tr2:GetMaskOptionsResponse", [options])
        }
        "GetMasks" => {
            let wanted = request.operation.text_of("Token");
            let kept = camera.device.kept();
            let masks = kept
                .masks()
                .iter()
                .filter(|mask| wanted.is_none_or(|token| token == mask.token));
            node("tr2:GetMasksResponse", masks.map(element).collect::<Vec<_>>())
        }
        "CreateMask" => {
            let (_, polygon, enabled) = sent(request)?;
            let token = camera.device.kept().create(polygon, enabled, fault)?;
            node("tr2:CreateMaskResponse", [leaf("tr2:Token", token)])
        }
        "SetMask" => {
            let (token, polygon, enabled) = sent(request)?;
            camera.device.kept().set(&token, polygon, enabled, fault)?;
            node("tr2:SetMaskResponse", [])
        }
        _ => {
            camera.device.kept().delete(request.required("Token")?)?;
            node("tr2:DeleteMaskResponse", [])
        }
    })
}

/// Token, polygon and whether it is enabled.
fn sent(request: &Request) -> Result<(String, Vec<[f64; 2]>, bool), Fault> {
    let mask = request
        .operation
        .child("Mask")
        .ok_or_else(|| Fault::invalid_argument("No mask was sent"))?;
    let number = |point: &Node, name| {
        let value = point.attribute(name).and_then(|text| text.parse::<f64>().ok());
        value
            .filter(|value| value.is_finite())
            .ok_or(Fault::from(NotTaken::Polygon))
    };
    let points = mask.child("Polygon").map(|polygon| &polygon.children);
    let points = points.into_iter().flatten().filter(|point| point.name == "Point");
    let polygon = points
        .map(|point| Ok([number(point, "x")?, number(point, "y")?]))
        .collect::<Result<Vec<_>, Fault>>()?;
    let enabled = matches!(mask.text_of("Enabled"), Some("true" | "1"));
    let token = mask.attribute("token").unwrap_or_default().to_owned();
    Ok((token, polygon, enabled))
}

fn element(mask: &CameraMask) -> Element {
    let point = |[x, y]: &[f64; 2]| node("tt:Point", []).with("x", x).with("y", y);
    node(
        "tr2:Masks",
        [
            leaf("tr2:ConfigurationToken", SOURCE_CONFIGURATION),
            node("tr2:Polygon", mask.polygon.iter().map(point).collect::<Vec<_>>()),
            leaf("tr2:Type", "Color"),
            leaf("tr2:Enabled", mask.enabled),
        ],
    )
    .with("token", &mask.token)
}
