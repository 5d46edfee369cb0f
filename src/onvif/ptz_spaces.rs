//! The coordinate spaces a PTZ node declares, and the way between them and Vedetta's −1..1 and 0..1.
//!
//! Invariant: a position is only understood in a space the device declared with a usable range; there is no default of
//! ±1, because a wrong guess would put a privacy mask in the wrong place. Devices declare 0…360 under the Generic URI;
//! the declared range counts, not the name.
//!
//! Deliberately absent: degrees. How a normalised position becomes a pose is `domain::camera::LensModel`.

use super::xml_guard::{number, text_of};
use crate::domain::camera::NormalisedPosition;
use oxvif::soap::XmlNode;

/// A usable range: finite, `min < max`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    pub min: f64,
    pub max: f64,
}

impl Range {
    fn read(node: Option<&XmlNode>) -> Option<Self> {
        let bound = |name| node?.child(name).and_then(|n| number(n.text()));
        let (min, max) = (bound("Min")?, bound("Max")?);
        (min < max).then_some(Self { min, max })
    }

    /// Where a value lies in the range, 0..1; `None` when it lies outside by more than rounding.
    fn fraction(self, value: f64) -> Option<f64> {
        let fraction = (value - self.min) / (self.max - self.min);
        (-1e-3..=1.0 + 1e-3)
            .contains(&fraction)
            .then(|| fraction.clamp(0.0, 1.0))
    }

    fn at(self, fraction: f64) -> f64 {
        self.min + fraction.clamp(0.0, 1.0) * (self.max - self.min)
    }

    /// A speed of −1..1 in this range, zero staying zero.
    fn signed(self, value: f64) -> f64 {
        let value = value.clamp(-1.0, 1.0);
        if value < 0.0 && self.min < 0.0 {
            -value * self.min
        } else {
            value * self.max
        }
    }
}

/// A pan and tilt space; `y` is tilt.
#[derive(Debug, Clone, PartialEq)]
pub struct PanTiltSpace {
    pub uri: String,
    pub x: Range,
    pub y: Range,
}

/// A zoom space.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoomSpace {
    pub uri: String,
    pub x: Range,
}

/// A space that is called by its URI.
pub(super) trait Space {
    fn uri(&self) -> &str;
}

impl Space for PanTiltSpace {
    fn uri(&self) -> &str {
        &self.uri
    }
}

impl Space for ZoomSpace {
    fn uri(&self) -> &str {
        &self.uri
    }
}

/// The spaces of a PTZ node, in the device's order; spaces without a usable range are left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spaces {
    pub position: Vec<PanTiltSpace>,
    pub zoom_position: Vec<ZoomSpace>,
    /// Steps (RelativeMove): they only show that the node has these axes; Vedetta sends none.
    pub translation: Vec<PanTiltSpace>,
    pub zoom_translation: Vec<ZoomSpace>,
    pub velocity: Vec<PanTiltSpace>,
    pub zoom_velocity: Vec<ZoomSpace>,
    /// A vector must name its space: set where the ranges are the standard's and not the device's.
    pub named_only: bool,
}

impl Spaces {
    /// Reads `SupportedPTZSpaces` of a node or `Spaces` of configuration options.
    pub fn read(node: &XmlNode) -> Self {
        let pan_tilt = |name| {
            let spaces = node.children_named(name).take(16);
            let read = |n: &XmlNode| {
                let (x, y) = (Range::read(n.child("XRange"))?, Range::read(n.child("YRange"))?);
                Some(PanTiltSpace {
                    uri: text_of(n, "URI")?,
                    x,
                    y,
                })
            };
            spaces.filter_map(read).collect()
        };
        let zoom = |name| {
            let spaces = node.children_named(name).take(16);
            let read = |n: &XmlNode| {
                Some(ZoomSpace {
                    uri: text_of(n, "URI")?,
                    x: Range::read(n.child("XRange"))?,
                })
            };
            spaces.filter_map(read).collect()
        };
        Self {
            position: pan_tilt("AbsolutePanTiltPositionSpace"),
            zoom_position: zoom("AbsoluteZoomPositionSpace"),
            translation: pan_tilt("RelativePanTiltTranslationSpace"),
            zoom_translation: zoom("RelativeZoomTranslationSpace"),
            velocity: pan_tilt("ContinuousPanTiltVelocitySpace"),
            zoom_velocity: zoom("ContinuousZoomVelocitySpace"),
            named_only: false,
        }
    }

    /// The Generic spaces with the ranges of ONVIF PTZ 5.2. Only for a recorder's answers that name a Generic space
    /// outright and come from a device without PTZ nodes.
    pub fn generic() -> Self {
        let base = "http://www.onvif.org/ver10/tptz";
        let full = Range { min: -1.0, max: 1.0 };
        Self {
            position: vec![PanTiltSpace {
                uri: format!("{base}/PanTiltSpaces/PositionGenericSpace"),
                x: full,
                y: full,
            }],
            zoom_position: vec![ZoomSpace {
                uri: format!("{base}/ZoomSpaces/PositionGenericSpace"),
                x: Range { min: 0.0, max: 1.0 },
            }],
            named_only: true,
            ..Self::default()
        }
    }

    /// Whether the node declares a zoom axis at all.
    pub fn has_zoom(&self) -> bool {
        !self.zoom_position.is_empty() || !self.zoom_velocity.is_empty() || !self.zoom_translation.is_empty()
    }

    /// Whether the node declares pan and tilt at all.
    pub fn has_pan_tilt(&self) -> bool {
        !self.position.is_empty() || !self.velocity.is_empty() || !self.translation.is_empty()
    }

    /// Understands a `tt:PTZVector`. `None` when an axis is missing, in an undeclared space or out of its range. A node
    /// without a zoom axis has zoom 0.
    pub fn normalise(&self, vector: &XmlNode) -> Option<NormalisedPosition> {
        let pan_tilt = vector.child("PanTilt")?;
        let space = self.named(&self.position, pan_tilt)?;
        let axis = |node: &XmlNode, name| node.attr(name).and_then(number);
        let pan = space.x.fraction(axis(pan_tilt, "x")?)? * 2.0 - 1.0;
        let tilt = space.y.fraction(axis(pan_tilt, "y")?)? * 2.0 - 1.0;
        let zoom = match vector.child("Zoom") {
            Some(zoom) if self.has_zoom() => self.named(&self.zoom_position, zoom)?.x.fraction(axis(zoom, "x")?)?,
            None if self.has_zoom() => return None,
            _ => 0.0,
        };
        Some(NormalisedPosition { pan, tilt, zoom })
    }

    /// The space the device named; without a name the preferred one.
    fn named<'a, S: Space>(&self, spaces: &'a [S], axis: &XmlNode) -> Option<&'a S> {
        let uri = axis.attr("space").map(str::trim).filter(|uri| !uri.is_empty());
        if uri.is_none() && self.named_only {
            return None;
        }
        named(spaces, uri.map(str::to_owned))
    }

    /// A `tt:PTZVector`'s content for a position. `None` unless every axis the node has, pan and tilt at least, has a
    /// declared range: half a movement would end in a place nobody asked for.
    pub fn position_vector(&self, to: NormalisedPosition) -> Option<String> {
        if self.position.is_empty() || (self.zoom_position.is_empty() && self.has_zoom()) {
            return None;
        }
        let pan_tilt = preferred(&self.position).map(|space| {
            let (x, y) = (space.x.at((to.pan + 1.0) / 2.0), space.y.at((to.tilt + 1.0) / 2.0));
            pan_tilt_element(x, y, Some(&space.uri))
        });
        let zoom = preferred(&self.zoom_position).map(|space| zoom_element(space.x.at(to.zoom), Some(&space.uri)));
        joined(pan_tilt, zoom)
    }

    /// The content for a speed. An axis without a declared range goes out as it is and without a space, which ONVIF PTZ
    /// 5.2 reads as Generic −1..1: a wrong speed shows on screen, a wrong position would not.
    pub fn velocity_vector(&self, pan_tilt: Option<(f64, f64)>, zoom: Option<f64>) -> Option<String> {
        let pan_tilt = pan_tilt.map(|axes| signed_pan_tilt(preferred(&self.velocity), axes));
        let zoom = zoom.map(|zoom| signed_zoom(preferred(&self.zoom_velocity), zoom));
        joined(pan_tilt, zoom)
    }
}

/// The Generic space, or else the first.
pub(super) fn preferred<S: Space>(spaces: &[S]) -> Option<&S> {
    spaces
        .iter()
        .find(|space| space.uri().ends_with("GenericSpace"))
        .or_else(|| spaces.first())
}

/// The space of that URI; without one the preferred space.
pub(super) fn named<S: Space>(spaces: &[S], uri: Option<String>) -> Option<&S> {
    match uri {
        Some(uri) => spaces.iter().find(|space| space.uri() == uri),
        None => preferred(spaces),
    }
}

fn joined(pan_tilt: Option<String>, zoom: Option<String>) -> Option<String> {
    let both = [pan_tilt, zoom].into_iter().flatten().collect::<String>();
    (!both.is_empty()).then_some(both)
}

fn signed_pan_tilt(space: Option<&PanTiltSpace>, (x, y): (f64, f64)) -> String {
    match space {
        Some(space) => pan_tilt_element(space.x.signed(x), space.y.signed(y), Some(&space.uri)),
        None => pan_tilt_element(x.clamp(-1.0, 1.0), y.clamp(-1.0, 1.0), None),
    }
}

fn signed_zoom(space: Option<&ZoomSpace>, x: f64) -> String {
    match space {
        Some(space) => zoom_element(space.x.signed(x), Some(&space.uri)),
        None => zoom_element(x.clamp(-1.0, 1.0), None),
    }
}

fn pan_tilt_element(x: f64, y: f64, space: Option<&str>) -> String {
    format!(
        "<tt:PanTilt x=\"{}\" y=\"{}\"{}/>",
        decimal(x),
        decimal(y),
        space_attribute(space)
    )
}

fn zoom_element(x: f64, space: Option<&str>) -> String {
    format!("<tt:Zoom x=\"{}\"{}/>", decimal(x), space_attribute(space))
}

fn space_attribute(space: Option<&str>) -> String {
    space
        .map(|uri| format!(" space=\"{}\"", super::xml_guard::escape(uri)))
        .unwrap_or_default()
}

/// Six decimals and no exponent, which small parsers refuse; no negative zero.
fn decimal(value: f64) -> String {
    let text = format!("{:.6}", if value.is_finite() { value } else { 0.0 });
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GENERIC: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace";

    fn node(pan: (f64, f64), tilt: (f64, f64), zoom: (f64, f64)) -> Spaces {
        let range = |name, (min, max)| format!("<{name}><Min>{min}</Min><Max>{max}</Max></{name}>");
        let xml = format!(
            "<S><AbsolutePanTiltPositionSpace><URI>{GENERIC}</URI>{}{}</AbsolutePanTiltPositionSpace>\
             <AbsoluteZoomPositionSpace><URI>z</URI>{}</AbsoluteZoomPositionSpace></S>",
            range("XRange", pan),
            range("YRange", tilt),
            range("XRange", zoom)
        );
        Spaces::read(&XmlNode::parse(&xml).unwrap())
    }

    fn vector(xml: &str) -> XmlNode {
        XmlNode::parse(&format!("<P>{xml}</P>")).unwrap()
    }

    #[test]
    fn degrees_under_the_generic_name_are_read_by_their_range() {
        let spaces = node((0.0, 360.0), (0.0, 180.0), (0.0, 10.0));
        let at = spaces
            .normalise(&vector("<PanTilt x='270' y='45'/><Zoom x='5'/>"))
            .unwrap();
        assert_eq!(
            at,
            NormalisedPosition {
                pan: 0.5,
                tilt: -0.5,
                zoom: 0.5
            }
        );
        let back = spaces.position_vector(at).unwrap();
        assert!(
            back.contains("x=\"270\" y=\"45\"") && back.contains("<tt:Zoom x=\"5\""),
            "{back}"
        );
    }

    #[test]
    fn a_position_that_is_unclear_is_not_guessed() {
        let usual = node((-1.0, 1.0), (-1.0, 1.0), (0.0, 1.0));
        for unclear in [
            "",
            "<PanTilt x='0.1'/><Zoom x='0'/>",
            "<PanTilt x='0.1' y='nan'/><Zoom x='0'/>",
            "<PanTilt x='0.1' y='187'/><Zoom x='0'/>",
            "<PanTilt x='0.1' y='0.2'/>",
            "<PanTilt x='0.1' y='0.2' space='somewhere-else'/><Zoom x='0'/>",
        ] {
            assert_eq!(usual.normalise(&vector(unclear)), None, "{unclear}");
        }
        let empty = node((1.0, 1.0), (-1.0, 1.0), (0.0, 1.0));
        assert_eq!(empty.normalise(&vector("<PanTilt x='0' y='0'/><Zoom x='0'/>")), None);
        assert_eq!(
            Spaces::default().position_vector(NormalisedPosition {
                pan: 0.0,
                tilt: 0.0,
                zoom: 0.0
            }),
            None
        );
    }

    #[test]
    fn only_the_commanded_axes_go_out() {
        let spaces = Spaces::default();
        assert_eq!(
            spaces.velocity_vector(Some((0.5, 0.0)), None).unwrap(),
            "<tt:PanTilt x=\"0.5\" y=\"0\"/>"
        );
        assert_eq!(spaces.velocity_vector(None, Some(-2.0)).unwrap(), "<tt:Zoom x=\"-1\"/>");
        assert_eq!(spaces.velocity_vector(None, None), None);
    }

    #[test]
    fn a_speed_fills_an_uneven_range_and_zero_stays_zero() {
        let range = Range { min: -0.5, max: 2.0 };
        assert_eq!(
            (range.signed(-1.0), range.signed(0.0), range.signed(0.5)),
            (-0.5, 0.0, 1.0)
        );
        assert_eq!(Range { min: 0.0, max: 7.0 }.signed(-1.0), -7.0);
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_place(
            pan in -1.0f64..1.0, tilt in -1.0f64..1.0, zoom in 0.0f64..1.0,
            min in -400.0f64..0.0, span in 1.0f64..800.0,
        ) {
            let spaces = node((min, min + span), (-90.0, 20.0), (0.0, 10.0));
            let xml = spaces.position_vector(NormalisedPosition { pan, tilt, zoom }).unwrap();
            let node = XmlNode::parse(&format!("<P xmlns:tt='t'>{xml}</P>")).unwrap();
            let back = spaces.normalise(&node).unwrap();
            prop_assert!((back.pan - pan).abs() < 1e-5 && (back.tilt - tilt).abs() < 1e-5);
            prop_assert!((back.zoom - zoom).abs() < 1e-5);
        }
    }
}
