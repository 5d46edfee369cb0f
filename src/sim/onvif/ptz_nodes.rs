//! The PTZ node, its spaces and its configuration (ONVIF PTZ, 5.1 and 5.2).
//!
//! Invariant: a space is declared exactly when moves in it are understood (see `ptz`).
//! Deliberately absent: auxiliary commands, preset tours, changing anything of a configuration but its limits.

use super::Camera;
use super::soap::{Fault, Request};
use super::xml::{Element, leaf, node};
use crate::domain::camera::LensModel;
use crate::domain::site::orientation::PositionSpace;
use crate::sim::dome::MOST_PRESETS;
use crate::sim::faults::SpaceFault;
use std::time::Duration;

/// Token of the only node.
pub const NODE: &str = "node-1";
/// Token of the only configuration.
pub const CONFIGURATION: &str = "ptz-1";
/// A continuous move without `Timeout` ends after this.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
/// The shortest and longest `Timeout`.
pub const TIMEOUTS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(60)];

/// Absolute pan and tilt, −1…1.
pub const POSITION: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace";
/// Absolute pan and tilt in degrees.
pub const SPHERICAL: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/SphericalPositionSpaceDegrees";
/// Relative pan and tilt in the units of [`POSITION`].
pub const TRANSLATION: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/TranslationGenericSpace";
/// Relative pan and tilt in parts of the picture.
pub const TRANSLATION_FOV: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/TranslationSpaceFov";
/// Velocity of pan and tilt as a share of the highest speed.
pub const VELOCITY: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/VelocityGenericSpace";
/// Speed of pan and tilt as a share of the highest.
pub const SPEED: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/GenericSpeedSpace";
/// Absolute zoom, 0…1.
pub const ZOOM_POSITION: &str = "http://www.onvif.org/ver10/tptz/ZoomSpaces/PositionGenericSpace";
/// Relative zoom in the units of [`ZOOM_POSITION`].
pub const ZOOM_TRANSLATION: &str = "http://www.onvif.org/ver10/tptz/ZoomSpaces/TranslationGenericSpace";
/// Velocity of zoom as a share of the highest speed.
pub const ZOOM_VELOCITY: &str = "http://www.onvif.org/ver10/tptz/ZoomSpaces/VelocityGenericSpace";
/// Speed of zoom as a share of the highest.
pub const ZOOM_SPEED: &str = "http://www.onvif.org/ver10/tptz/ZoomSpaces/ZoomGenericSpeedSpace";

/// The capabilities of the PTZ service.
pub fn capabilities() -> Element {
    node("tptz:Capabilities", [])
        .with("EFlip", false)
        .with("Reverse", false)
        .with("GetCompatibleConfigurations", true)
        .with("MoveStatus", true)
        .with("StatusPosition", true)
}

/// Answers the operations about nodes and configurations.
pub fn answer(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    let known = |argument: &str| match request.required(argument)? {
        CONFIGURATION => Ok(()),
        _ => Err(Fault::no_config()),
    };
    Ok(match request.operation.name.as_str() {
        "GetServiceCapabilities" => node("tptz:GetServiceCapabilitiesResponse", [capabilities()]),
        "GetNodes" => node("tptz:GetNodesResponse", [ptz_node(camera)]),
        "GetNode" => {
            if request.required("NodeToken")? != NODE {
                return Err(Fault::sender(
                    &["ter:InvalidArgVal", "ter:NoEntity"],
                    "No such PTZ node on the device",
                ));
            }
            node("tptz:GetNodeResponse", [ptz_node(camera)])
        }
        "GetConfigurations" => node(
            "tptz:GetConfigurationsResponse",
            [configuration(camera, "tptz:PTZConfiguration")],
        ),
        "GetCompatibleConfigurations" => {
            camera.stream(request.required("ProfileToken")?)?;
            node(
                "tptz:GetCompatibleConfigurationsResponse",
                [configuration(camera, "tptz:PTZConfiguration")],
            )
        }
        "GetConfiguration" => {
            known("PTZConfigurationToken")?;
            node(
                "tptz:GetConfigurationResponse",
                [configuration(camera, "tptz:PTZConfiguration")],
            )
        }
        "SetConfiguration" => {
            set_limits(camera, request)?;
            node("tptz:SetConfigurationResponse", [])
        }
        "GetConfigurationOptions" => {
            known("ConfigurationToken")?;
            let [min, max] = TIMEOUTS.map(seconds);
            let timeouts = node("tt:PTZTimeout", [leaf("tt:Min", min), leaf("tt:Max", max)]);
            let options = node("tptz:PTZConfigurationOptions", [spaces(camera, "tt:Spaces"), timeouts]);
            node("tptz:GetConfigurationOptionsResponse", [options])
        }
        _ => return Err(Fault::unknown(&request.operation)),
    })
}

/// Takes the limits of a `SetConfiguration`; everything else of a configuration stays as it is.
fn set_limits(camera: &Camera, request: &Request) -> Result<(), Fault> {
    let wrong = || {
        Fault::sender(
            &["ter:InvalidArgVal", "ter:ConfigModify"],
            "The configuration parameters are not possible to set",
        )
    };
    let configuration = request.operation.child("PTZConfiguration").ok_or_else(wrong)?;
    if configuration.attribute("token") != Some(CONFIGURATION) {
        return Err(Fault::no_config());
    }
    let ranges = ranges(camera);
    let read = |limits: &str, axis: &str, range: [f64; 2], low: f64| {
        let node = configuration.child(limits).and_then(|limits| limits.child("Range"));
        let Some(node) = node.and_then(|range| range.child(axis)) else {
            return Ok([low, 1.0]);
        };
        let end = |name| {
            let value = node
                .text_of(name)
                .and_then(|text| text.parse::<f64>().ok())
                .ok_or_else(wrong)?;
            let share = (value - range[0]) / (range[1] - range[0]);
            let inside = (-1e-6..=1.0 + 1e-6).contains(&share);
            inside.then_some(low + share * (1.0 - low)).ok_or_else(wrong)
        };
        let ends = [end("Min")?, end("Max")?];
        if ends[0] <= ends[1] { Ok(ends) } else { Err(wrong()) }
    };
    let limits = [
        read("PanTiltLimits", "XRange", ranges[0], -1.0)?,
        read("PanTiltLimits", "YRange", ranges[1], -1.0)?,
        read("ZoomLimits", "XRange", ranges[2], 0.0)?,
    ];
    camera.device.kept().set_limits(limits);
    Ok(())
}

fn seconds(duration: Duration) -> String {
    format!("PT{}S", duration.as_secs_f64())
}

/// A `tt:PTZConfiguration` under the given name.
pub fn configuration(camera: &Camera, name: &'static str) -> Element {
    let uses = camera
        .device
        .site()
        .streams
        .iter()
        .filter(|stream| camera.has_ptz(stream))
        .count();
    let [x, y, zoom] = ranges(camera);
    let mut children = vec![
        leaf("tt:Name", "PTZ"),
        leaf("tt:UseCount", uses),
        leaf("tt:NodeToken", NODE),
        leaf("tt:DefaultAbsolutePantTiltPositionSpace", POSITION),
        leaf("tt:DefaultAbsoluteZoomPositionSpace", ZOOM_POSITION),
        leaf("tt:DefaultRelativePanTiltTranslationSpace", TRANSLATION),
        leaf("tt:DefaultRelativeZoomTranslationSpace", ZOOM_TRANSLATION),
        leaf("tt:DefaultContinuousPanTiltVelocitySpace", VELOCITY),
        leaf("tt:DefaultContinuousZoomVelocitySpace", ZOOM_VELOCITY),
    ];
    children.push(node(
        "tt:DefaultPTZSpeed",
        [
            node("tt:PanTilt", []).with("x", 1).with("y", 1).with("space", SPEED),
            node("tt:Zoom", []).with("x", 1).with("space", ZOOM_SPEED),
        ],
    ));
    children.push(leaf("tt:DefaultPTZTimeout", seconds(DEFAULT_TIMEOUT)));
    // In the camera's own numbers, as the ranges are.
    let [x, y, zoom] = match camera.device.kept().limits() {
        Some(limits) => {
            let own =
                |range: [f64; 2], low: f64, value: f64| range[0] + (value - low) / (1.0 - low) * (range[1] - range[0]);
            let both = |range, low, [a, b]: [f64; 2]| [own(range, low, a), own(range, low, b)];
            [
                both(x, -1.0, limits[0]),
                both(y, -1.0, limits[1]),
                both(zoom, 0.0, limits[2]),
            ]
        }
        None => [x, y, zoom],
    };
    children.push(node("tt:PanTiltLimits", [plane("tt:Range", POSITION, x, y)]));
    children.push(node("tt:ZoomLimits", [line("tt:Range", ZOOM_POSITION, zoom)]));
    node(name, children).with("token", CONFIGURATION)
}

fn ptz_node(camera: &Camera) -> Element {
    node(
        "tptz:PTZNode",
        [
            leaf("tt:Name", "Dome"),
            spaces(camera, "tt:SupportedPTZSpaces"),
            leaf("tt:MaximumNumberOfPresets", MOST_PRESETS),
            leaf("tt:HomeSupported", true),
        ],
    )
    .with("token", NODE)
    .with("FixedHomePosition", false)
}

/// Ranges of pan, tilt and zoom in the generic position spaces of a camera without a fault.
const RANGES: [[f64; 2]; 3] = [[-1.0, 1.0], [-1.0, 1.0], [0.0, 1.0]];

/// Ranges of pan, tilt and zoom in the position spaces, as this camera numbers them.
fn ranges(camera: &Camera) -> [[f64; 2]; 3] {
    match camera.device.faults().spaces {
        SpaceFault::Normal => RANGES,
        SpaceFault::Degrees => [[0.0, 360.0], [0.0, 180.0], [0.0, 10.0]],
        SpaceFault::Empty => [[0.0, 0.0]; 3],
    }
}

/// Lowest and highest pan and tilt, degrees.
fn degrees(lens: &LensModel) -> [[f64; 2]; 2] {
    [lens.pan_range_deg, lens.tilt_range_deg].map(|[a, b]| [a.min(b), a.max(b)])
}

/// The absolute position spaces of a camera without a fault, as a plan keeps them.
pub fn position_spaces(lens: &LensModel) -> Vec<PositionSpace> {
    let space = |uri: &str, x, y| PositionSpace {
        uri: uri.to_owned(),
        x,
        y,
    };
    let [pan, tilt, zoom] = RANGES;
    let [pan_deg, tilt_deg] = degrees(lens);
    vec![
        space(POSITION, pan, Some(tilt)),
        space(SPHERICAL, pan_deg, Some(tilt_deg)),
        space(ZOOM_POSITION, zoom, None),
    ]
}

fn spaces(camera: &Camera, name: &'static str) -> Element {
    let [x, y, zoom] = ranges(camera);
    let [pan_deg, tilt_deg] = degrees(&camera.device.site().lens);
    let both = [-1.0, 1.0];
    let share = [0.0, 1.0];
    node(
        name,
        [
            plane("tt:AbsolutePanTiltPositionSpace", POSITION, x, y),
            plane("tt:AbsolutePanTiltPositionSpace", SPHERICAL, pan_deg, tilt_deg),
            line("tt:AbsoluteZoomPositionSpace", ZOOM_POSITION, zoom),
            plane("tt:RelativePanTiltTranslationSpace", TRANSLATION, both, both),
            plane("tt:RelativePanTiltTranslationSpace", TRANSLATION_FOV, both, both),
            line("tt:RelativeZoomTranslationSpace", ZOOM_TRANSLATION, both),
            plane("tt:ContinuousPanTiltVelocitySpace", VELOCITY, both, both),
            line("tt:ContinuousZoomVelocitySpace", ZOOM_VELOCITY, both),
            line("tt:PanTiltSpeedSpace", SPEED, share),
            line("tt:ZoomSpeedSpace", ZOOM_SPEED, share),
        ],
    )
}

fn range(name: &'static str, [min, max]: [f64; 2]) -> Element {
    node(name, [leaf("tt:Min", min), leaf("tt:Max", max)])
}

fn line(name: &'static str, uri: &'static str, x: [f64; 2]) -> Element {
    node(name, [leaf("tt:URI", uri), range("tt:XRange", x)])
}

fn plane(name: &'static str, uri: &'static str, x: [f64; 2], y: [f64; 2]) -> Element {
    node(
        name,
        [leaf("tt:URI", uri), range("tt:XRange", x), range("tt:YRange", y)],
    )
}
