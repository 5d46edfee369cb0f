//! Reads how a view is turned, mirrored and cropped, and which way its motors take a command (ONVIF Media2 5.2.2,
//! `VideoSourceConfiguration`; PTZ 5.2, `PTControlDirection`).
//!
//! Invariant: what the device does not declare is `None`, and never «off». Deliberately absent: comparing
//! (`domain::site::orientation`).

use super::error::quote;
use super::ptz_spaces::Spaces;
use super::xml_guard::text_of;
use crate::domain::site::orientation::{Orientation, PositionSpace, Rotation};
use oxvif::soap::XmlNode;

/// Reads a `tt:VideoSourceConfiguration`.
pub(super) fn of_source(node: &XmlNode) -> Orientation {
    let rotate = node.path(&["Extension", "Rotate"]).or_else(|| node.child("Rotate"));
    Orientation {
        rotation: rotate.and_then(rotation),
        mirror: rotate.and_then(|rotate| rotate.attr("Mirror")).and_then(boolean),
        bounds: node.child("Bounds").and_then(bounds),
        view_mode: node.attr("ViewMode").map(quote),
        ..Orientation::default()
    }
}

/// Adds what a `tt:PTZConfiguration` says of the direction of control.
pub(super) fn direction(node: &XmlNode) -> (Option<String>, Option<String>) {
    let direction = node.path(&["Extension", "PTControlDirection"]);
    let mode = |name| Some(quote(&text_of(direction?.child(name)?, "Mode")?));
    (mode("EFlip"), mode("Reverse"))
}

/// The absolute position spaces, as far as they are usable.
pub(super) fn spaces(spaces: &Spaces) -> Vec<PositionSpace> {
    let pan_tilt = spaces.position.iter().map(|space| PositionSpace {
        uri: quote(&space.uri),
        x: [space.x.min, space.x.max],
        y: Some([space.y.min, space.y.max]),
    });
    let zoom = spaces.zoom_position.iter().map(|space| PositionSpace {
        uri: quote(&space.uri),
        x: [space.x.min, space.x.max],
        y: None,
    });
    pan_tilt.chain(zoom).collect()
}

fn rotation(rotate: &XmlNode) -> Option<Rotation> {
    let degrees = text_of(rotate, "Degree").and_then(|text| text.parse::<f64>().ok());
    let degrees = degrees
        .filter(|degrees| degrees.abs() <= 3600.0)
        .map(|degrees| degrees.round() as i32);
    match text_of(rotate, "Mode")?.to_ascii_uppercase().as_str() {
        "OFF" => Some(Rotation::Fixed(0)),
        // Without a number it is half a turn (Media2 5.2.2).
        "ON" => Some(Rotation::Fixed(degrees.unwrap_or(180))),
        "AUTO" => Some(Rotation::Auto(degrees)),
        _ => None,
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn bounds(node: &XmlNode) -> Option<[i64; 4]> {
    let value = |name| node.attr(name)?.trim().parse::<i64>().ok();
    Some([value("x")?, value("y")?, value("width")?, value("height")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(attributes: &str, inner: &str) -> Orientation {
        let xml = format!("<C token='c'{attributes}><Bounds x='0' y='8' width='1920' height='1072'/>{inner}</C>");
        of_source(&XmlNode::parse(&xml).unwrap())
    }

    #[test]
    fn r_prv_1_rotation_mirror_crop_and_view_mode_are_read() {
        let plain = source("", "");
        assert_eq!(plain.bounds, Some([0, 8, 1920, 1072]));
        assert_eq!((plain.rotation, plain.mirror, plain.view_mode), (None, None, None));
        for (rotate, rotation, mirror) in [
            ("<Rotate><Mode>OFF</Mode></Rotate>", Some(Rotation::Fixed(0)), None),
            ("<Rotate><Mode>ON</Mode></Rotate>", Some(Rotation::Fixed(180)), None),
            (
                "<Rotate Mirror='true'><Mode>ON</Mode><Degree>90</Degree></Rotate>",
                Some(Rotation::Fixed(90)),
                Some(true),
            ),
            (
                "<Rotate Mirror='0'><Mode>AUTO</Mode><Degree>180</Degree></Rotate>",
                Some(Rotation::Auto(Some(180))),
                Some(false),
            ),
            ("<Rotate><Mode>SIDEWAYS</Mode></Rotate>", None, None),
        ] {
            let read = source(" ViewMode='tt:Fisheye'", &format!("<Extension>{rotate}</Extension>"));
            assert_eq!((read.rotation, read.mirror), (rotation, mirror), "{rotate}");
            assert_eq!(read.view_mode.as_deref(), Some("tt:Fisheye"));
        }
    }

    #[test]
    fn r_prv_1_the_direction_of_control_is_read() {
        let xml = "<C><Extension><PTControlDirection><EFlip><Mode>ON</Mode></EFlip><Reverse><Mode>AUTO</Mode></Reverse>\
                   </PTControlDirection></Extension></C>";
        let read = direction(&XmlNode::parse(xml).unwrap());
        assert_eq!(read, (Some("ON".into()), Some("AUTO".into())));
        assert_eq!(direction(&XmlNode::parse("<C/>").unwrap()), (None, None));
    }
}
