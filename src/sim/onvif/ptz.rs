//! The PTZ service: moves, status, presets and home (ONVIF PTZ, 5.3 to 5.6).
//!
//! Invariant: a continuous move always has an end, given or default, unless a fault of the camera takes it away.
//! Deliberately absent: limits of the site plan; a camera does not know them.

use super::Camera;
use super::ptz_nodes::{self, DEFAULT_TIMEOUT, TIMEOUTS};
use super::soap::{Fault, Request, date_time, read_duration};
use super::xml::{Element, Node, leaf, node};
use crate::domain::camera::{NormalisedPosition, Pose};
use crate::sim::device::Device;
use crate::sim::dome::{MOST_PRESETS, Vector};
use crate::sim::faults::{SpaceFault, StatusFault, StopFault, TimeoutFault};
use std::time::{Duration, Instant, SystemTime};

/// A status is sampled this often.
const SAMPLE: Duration = Duration::from_millis(100);
/// A slow status takes this long.
const SLOW: Duration = Duration::from_secs(3);
/// A velocity without a timeout lasts this long.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// Answers one operation of the PTZ service.
pub async fn answer(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    match request.operation.name.as_str() {
        "AbsoluteMove" | "RelativeMove" | "ContinuousMove" => moved(camera, request).await,
        "Stop" => stop(camera, request),
        "GetStatus" => status(camera, request).await,
        "GetPresets" => presets(camera, request),
        "SetPreset" | "GotoPreset" | "RemovePreset" | "GotoHomePosition" | "SetHomePosition" => stored(camera, request),
        _ => ptz_nodes::answer(camera, request),
    }
}

/// The profile named must exist and have the PTZ configuration.
fn check_profile(camera: &Camera, request: &Request) -> Result<(), Fault> {
    let stream = camera.stream(request.required("ProfileToken")?)?;
    if camera.has_ptz(stream) {
        return Ok(());
    }
    let reason = "The profile does not reference a PTZ configuration";
    Err(Fault::sender(&["ter:InvalidArgVal", "ter:NoPTZProfile"], reason))
}

/// A vector as it was sent, with its spaces.
struct Sent<'a> {
    pan_tilt: Option<([f64; 2], Option<&'a str>)>,
    zoom: Option<(f64, Option<&'a str>)>,
}

impl<'a> Sent<'a> {
    /// Reads a `tt:PTZVector` or `tt:PTZSpeed`; `wrong` is the fault for what is no number.
    fn read(vector: &'a Node, wrong: &Fault) -> Result<Self, Fault> {
        let number = |node: &Node, name| {
            let value = node.attribute(name).and_then(|text| text.parse::<f64>().ok());
            value.filter(|value| value.is_finite()).ok_or_else(|| wrong.clone())
        };
        let pan_tilt = match vector.child("PanTilt") {
            Some(node) => Some(([number(node, "x")?, number(node, "y")?], node.attribute("space"))),
            None => None,
        };
        let zoom = match vector.child("Zoom") {
            Some(node) => Some((number(node, "x")?, node.attribute("space"))),
            None => None,
        };
        if pan_tilt.is_none() && zoom.is_none() {
            return Err(wrong.clone());
        }
        Ok(Self { pan_tilt, zoom })
    }

    /// Refuses values outside these ranges, a move with no axis, and spaces other than the one named.
    fn plain(&self, spaces: [&str; 2], low: f64, wrong: &Fault) -> Result<Vector, Fault> {
        let known = |space: Option<&str>, uri: &str| space.is_none_or(|space| space.is_empty() || space == uri);
        let pan_tilt_known = self.pan_tilt.is_none_or(|(_, space)| known(space, spaces[0]));
        if !pan_tilt_known || !self.zoom.is_none_or(|(_, space)| known(space, spaces[1])) {
            return Err(no_space());
        }
        let (pan_tilt, zoom) = (self.pan_tilt.map(|(value, _)| value), self.zoom.map(|(value, _)| value));
        let good = |value: &f64| (low..=1.0).contains(value);
        if !pan_tilt.is_none_or(|values| values.iter().all(good)) || !zoom.is_none_or(|value| good(&value)) {
            return Err(wrong.clone());
        }
        Ok(Vector { pan_tilt, zoom })
    }
}

fn no_space() -> Fault {
    Fault::sender(
        &["ter:InvalidArgVal", "ter:SpaceNotSupported"],
        "The space is not supported by the PTZ node",
    )
}

/// The optional `Speed`. Clients send `y` too, although the speed space has one dimension; 0 means the default.
fn speed(request: &Request) -> Result<Vector, Fault> {
    let wrong = Fault::sender(&["ter:InvalidArgVal", "ter:InvalidSpeed"], "The speed is out of bounds");
    let Some(speed) = request
        .operation
        .child("Speed")
        .filter(|speed| !speed.children.is_empty())
    else {
        return Ok(Vector::default());
    };
    let sent = Sent::read(speed, &wrong)?.plain([ptz_nodes::SPEED, ptz_nodes::ZOOM_SPEED], 0.0, &wrong)?;
    let pan_tilt = sent
        .pan_tilt
        .filter(|[x, _]| *x > 0.0)
        .map(|[x, y]| [x, if y > 0.0 { y } else { x }]);
    Ok(Vector {
        pan_tilt,
        zoom: sent.zoom.filter(|zoom| *zoom > 0.0),
    })
}

async fn moved(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    check_profile(camera, request)?;
    let faults = camera.device.faults();
    let (argument, code, response) = match request.operation.name.as_str() {
        "AbsoluteMove" => ("Position", "ter:InvalidPosition", "tptz:AbsoluteMoveResponse"),
        "RelativeMove" => ("Translation", "ter:InvalidTranslation", "tptz:RelativeMoveResponse"),
        _ => ("Velocity", "ter:InvalidVelocity", "tptz:ContinuousMoveResponse"),
    };
    let wrong = Fault::sender(&["ter:InvalidArgVal", code], format!("The {argument} is out of bounds"));
    let vector = request.operation.child(argument).ok_or_else(|| wrong.clone())?;
    let sent = Sent::read(vector, &wrong)?;
    if faults.one_axis_group && sent.pan_tilt.is_some() && sent.zoom.is_some() {
        return Err(wrong);
    }
    let order = match argument {
        "Position" => absolute(camera, &sent, &wrong)?,
        "Translation" => match sent.pan_tilt {
            Some((place, Some(ptz_nodes::TRANSLATION_FOV))) => {
                let zoom = Sent {
                    pan_tilt: None,
                    zoom: sent.zoom,
                };
                let zoom = zoom
                    .plain([ptz_nodes::TRANSLATION, ptz_nodes::ZOOM_TRANSLATION], -1.0, &wrong)?
                    .zoom;
                if place.iter().any(|value| value.abs() > 1.0) {
                    return Err(wrong);
                }
                Move::ShiftInView(place, zoom)
            }
            _ => Move::Shift(sent.plain([ptz_nodes::TRANSLATION, ptz_nodes::ZOOM_TRANSLATION], -1.0, &wrong)?),
        },
        _ => {
            let velocity = sent.plain([ptz_nodes::VELOCITY, ptz_nodes::ZOOM_VELOCITY], -1.0, &wrong)?;
            let habit = if camera.device.site().make.ignores_timeout {
                TimeoutFault::Ignored
            } else {
                faults.timeout
            };
            Move::Drive(velocity, timeout(request, habit)?)
        }
    };
    let speed = if matches!(order, Move::Drive(..)) {
        Vector::default()
    } else {
        speed(request)?
    };
    if faults.move_jitter_ms > 0 {
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..=faults.move_jitter_ms))).await;
    }
    let now = Instant::now();
    if let Some(mut dome) = camera.device.dome() {
        match order {
            Move::Reach(target) => dome.reach(now, target, speed),
            Move::Shift(by) => dome.shift(now, by, speed),
            Move::ShiftInView(place, zoom) => dome.shift_in_view(now, place, zoom, speed),
            Move::Drive(velocity, lasting) => dome.drive(now, velocity, lasting),
        }
    }
    Ok(node(response, []))
}

enum Move {
    Reach(Vector),
    Shift(Vector),
    ShiftInView([f64; 2], Option<f64>),
    Drive(Vector, Duration),
}

/// A target in the generic or the spherical space, in the camera's own numbers.
fn absolute(camera: &Camera, sent: &Sent<'_>, wrong: &Fault) -> Result<Move, Fault> {
    let faults = camera.device.faults();
    let mut target = Vector::default();
    if let Some(([x, y], space)) = sent.pan_tilt {
        target.pan_tilt = Some(match space {
            Some(ptz_nodes::SPHERICAL) => {
                let pose = Pose {
                    pan_deg: x,
                    tilt_deg: y,
                    hfov_deg: 60.0,
                };
                let position = camera.device.site().lens.position_of(pose);
                [position.pan, position.tilt]
            }
            None | Some("" | ptz_nodes::POSITION) if faults.spaces == SpaceFault::Degrees => {
                [x / 180.0 - 1.0, y / 90.0 - 1.0]
            }
            None | Some("" | ptz_nodes::POSITION) => [x, y],
            Some(_) => return Err(no_space()),
        });
    }
    if let Some((x, space)) = sent.zoom {
        target.zoom = Some(match space {
            None | Some("" | ptz_nodes::ZOOM_POSITION) if faults.spaces == SpaceFault::Degrees => x / 10.0,
            None | Some("" | ptz_nodes::ZOOM_POSITION) => x,
            Some(_) => return Err(no_space()),
        });
    }
    let slack = 1e-9;
    let pan_tilt_good = target
        .pan_tilt
        .is_none_or(|values| values.iter().all(|value| value.abs() <= 1.0 + slack));
    if !pan_tilt_good || !target.zoom.is_none_or(|zoom| (-slack..=1.0 + slack).contains(&zoom)) {
        return Err(wrong.clone());
    }
    // A camera that was given limits goes as far as they let it, and says nothing.
    let kept = camera.device.kept();
    if let Some([pan, tilt]) = target.pan_tilt {
        let [pan, tilt, _] = kept.within([pan, tilt, 0.0]);
        target.pan_tilt = Some([pan, tilt]);
    }
    target.zoom = target.zoom.map(|zoom| kept.within([0.0, 0.0, zoom])[2]);
    Ok(Move::Reach(target))
}

fn timeout(request: &Request, fault: TimeoutFault) -> Result<Duration, Fault> {
    let refused = || {
        Fault::sender(
            &["ter:InvalidArgVal", "ter:TimeoutNotSupported"],
            "The specified timeout argument is not within the supported timeout range",
        )
    };
    let Some(text) = request.operation.text_of("Timeout") else {
        return Ok(if fault == TimeoutFault::Ignored {
            FOR_EVER
        } else {
            DEFAULT_TIMEOUT
        });
    };
    match fault {
        TimeoutFault::Refused => Err(refused()),
        TimeoutFault::Ignored => Ok(FOR_EVER),
        TimeoutFault::Normal => {
            let timeout = read_duration(text).ok_or_else(refused)?;
            let [shortest, longest] = TIMEOUTS;
            if (shortest..=longest).contains(&timeout) {
                Ok(timeout)
            } else {
                Err(refused())
            }
        }
    }
}

fn stop(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    check_profile(camera, request)?;
    let wants = |name| match request.operation.text_of(name) {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(Fault::invalid_argument(format!("{name} is neither true nor false"))),
    };
    let (pan_tilt, zoom) = match (wants("PanTilt")?, wants("Zoom")?) {
        (None, None) => (true, true),
        (pan_tilt, zoom) => (pan_tilt.unwrap_or(false), zoom.unwrap_or(false)),
    };
    match camera.device.faults().stop {
        StopFault::Absent => return Err(Fault::unknown(&request.operation)),
        StopFault::Ignored => {}
        StopFault::Normal => {
            if let Some(mut dome) = camera.device.dome() {
                dome.halt(Instant::now(), pan_tilt, zoom);
            }
        }
    }
    Ok(node("tptz:StopResponse", []))
}

async fn status(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    check_profile(camera, request)?;
    let faults = camera.device.faults();
    if faults.status == StatusFault::Slow {
        tokio::time::sleep(SLOW).await;
    }
    if faults.status == StatusFault::Missing {
        let reason = "No PTZ status is available in the requested media profile";
        return Err(Fault::receiver(&["ter:Action", "ter:NoStatus"], reason));
    }
    camera.device.count_status();
    let told = told("tptz:PTZStatus", &camera.device).ok_or_else(|| Fault::unknown(&request.operation))?;
    Ok(node("tptz:GetStatusResponse", [told]))
}

/// The status as the dome tells it now; `None` for a camera that does not move.
pub(in crate::sim) fn told(name: &'static str, device: &Device) -> Option<Element> {
    let faults = device.faults();
    let (now, clock) = (Instant::now(), SystemTime::now());
    let make = device.site().make;
    let age = match faults.status_delay_ms.or(make.status_delay_ms) {
        Some(ms) => Duration::from_millis(ms),
        None => own_delay(device, clock),
    };
    let at = now.checked_sub(age).unwrap_or(now);
    let (mut position, moving) = device.dome().map(|dome| dome.told(at))?;
    if faults.status == StatusFault::Wrong {
        position.pan = if position.pan > 0.5 {
            position.pan - 0.5
        } else {
            position.pan + 0.5
        };
    }
    let state = |moving: bool| match faults.status {
        StatusFault::AlwaysIdle => "IDLE",
        StatusFault::AlwaysMoving => "MOVING",
        _ if moving => "MOVING",
        _ => "IDLE",
    };
    let move_status = node(
        "tt:MoveStatus",
        [leaf("tt:PanTilt", state(moving[0])), leaf("tt:Zoom", state(moving[1]))],
    );
    let told = (faults.status != StatusFault::NoPosition).then(|| vector("tt:Position", position, faults.spaces));
    let time = leaf(
        "tt:UtcTime",
        date_time(device.clock(clock.checked_sub(age).unwrap_or(clock))),
    );
    let view = make.tells_view.then(|| field_of_view(device, at));
    Some(node(name, told.into_iter().chain([move_status, time]).chain(view)))
}

/// The angles that the picture spans, degrees.
fn field_of_view(device: &Device, at: Instant) -> Element {
    let across = device.true_pose(at).hfov_deg;
    let down = 2.0
        * ((across / 2.0).to_radians().tan() / device.site().lens.aspect)
            .atan()
            .to_degrees();
    node("tt:FieldOfView", [])
        .with("hfov", format!("{across:.3}"))
        .with("vfov", format!("{down:.3}"))
}

/// A quarter of the longest delay of the site plan, and the time since the last sample, never more than the longest.
fn own_delay(device: &Device, clock: SystemTime) -> Duration {
    let longest = Duration::from_secs_f64(device.site().motion.status_delay_s.max(0.0));
    let since_epoch = clock.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let phase = Duration::from_millis((since_epoch.as_millis() % SAMPLE.as_millis()) as u64);
    (longest / 4 + phase).min(longest / 2)
}

/// A `tt:PTZVector` in the camera's own numbers.
pub(super) fn vector(name: &'static str, position: NormalisedPosition, spaces: SpaceFault) -> Element {
    let (x, y, zoom) = match spaces {
        SpaceFault::Degrees => (
            (position.pan + 1.0) * 180.0,
            (position.tilt + 1.0) * 90.0,
            position.zoom * 10.0,
        ),
        SpaceFault::Normal | SpaceFault::Empty => (position.pan, position.tilt, position.zoom),
    };
    let text = |value: f64| format!("{:.6}", value + 0.0);
    node(
        name,
        [
            node("tt:PanTilt", [])
                .with("x", text(x))
                .with("y", text(y))
                .with("space", ptz_nodes::POSITION),
            node("tt:Zoom", [])
                .with("x", text(zoom))
                .with("space", ptz_nodes::ZOOM_POSITION),
        ],
    )
}

fn presets(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    check_profile(camera, request)?;
    let faults = camera.device.faults();
    let own: Vec<Element> = camera.device.dome().map_or_else(Vec::new, |dome| {
        dome.presets()
            .iter()
            .map(|preset| {
                let position = vector("tt:PTZPosition", preset.position, faults.spaces);
                node("tptz:Preset", [leaf("tt:Name", &preset.name), position]).with("token", &preset.token)
            })
            .collect()
    });
    let count = if faults.many_presets {
        MOST_PRESETS.saturating_sub(own.len())
    } else {
        0
    };
    let factory = (1..=count)
        .map(|n| node("tptz:Preset", [leaf("tt:Name", format!("Preset%20{n}"))]).with("token", format!("factory-{n}")));
    Ok(node("tptz:GetPresetsResponse", own.into_iter().chain(factory)))
}

fn stored(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    check_profile(camera, request)?;
    let no_token = || {
        Fault::sender(
            &["ter:InvalidArgVal", "ter:NoToken"],
            "The requested preset token does not exist",
        )
    };
    let now = Instant::now();
    let speed = speed(request)?;
    let Some(mut dome) = camera.device.dome() else {
        return Err(Fault::unknown(&request.operation));
    };
    Ok(match request.operation.name.as_str() {
        "SetPreset" => {
            let name = request.operation.text_of("PresetName");
            if name.is_some_and(|name| name.chars().count() > 64) {
                let reason = "The preset name is too long";
                return Err(Fault::sender(&["ter:InvalidArgVal", "ter:InvalidPresetName"], reason));
            }
            let token = request.operation.text_of("PresetToken");
            let others = dome
                .presets()
                .iter()
                .filter(|preset| Some(preset.token.as_str()) != token);
            if name.is_some() && others.into_iter().any(|preset| Some(preset.name.as_str()) == name) {
                let reason = "The requested name already exists for another preset";
                return Err(Fault::sender(&["ter:InvalidArgVal", "ter:PresetExist"], reason));
            }
            if dome.moving(now).contains(&true) {
                let reason = "Preset cannot be set while the PTZ unit is moving";
                return Err(Fault::receiver(&["ter:Action", "ter:MovingPTZ"], reason));
            }
            let stored = dome.set_preset(now, token, name).ok_or_else(|| match token {
                Some(_) => no_token(),
                None => Fault::receiver(
                    &["ter:Action", "ter:TooManyPresets"],
                    "Maximum number of presets reached",
                ),
            })?;
            node("tptz:SetPresetResponse", [leaf("tptz:PresetToken", stored)])
        }
        "GotoPreset" => {
            if !dome.goto_preset(now, request.required("PresetToken")?, speed) {
                return Err(no_token());
            }
            node("tptz:GotoPresetResponse", [])
        }
        "RemovePreset" => {
            if !dome.remove_preset(request.required("PresetToken")?) {
                return Err(no_token());
            }
            node("tptz:RemovePresetResponse", [])
        }
        "SetHomePosition" => {
            dome.set_home(now);
            node("tptz:SetHomePositionResponse", [])
        }
        _ => {
            dome.go_home(now, speed);
            node("tptz:GotoHomePositionResponse", [])
        }
    })
}
