//! What a dome answers: status, movement, presets.
//!
//! Invariant: what an answer does not say is `None` or [`MoveState::Unknown`]; a status that cannot be understood never
//! looks like one that stands still.
//!
//! Deliberately absent: the operations that ask (`ptz`) and the ranges (`ptz_spaces`).

use super::error::{OnvifError, quote};
use super::ptz_spaces::Spaces;
use super::xml_guard::{text_of, unix_ms};
use crate::domain::camera::NormalisedPosition;
use oxvif::soap::XmlNode;
use std::collections::HashMap;
use std::time::Instant;

/// Most presets read: factory lists of 300 exist.
const MAX_PRESETS: usize = 300;

/// Whether the motors run, as the device says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveState {
    Idle,
    Moving,
    /// The device does not say.
    Unknown,
}

/// A status answer with the times between which it was true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PtzStatus {
    /// `None` when the device gave none, or one that cannot be placed in a declared range.
    pub position: Option<NormalisedPosition>,
    pub moving: MoveState,
    /// Horizontal field of view of the picture as the device tells it (`FieldOfView/@hfov`), degrees.
    pub hfov_deg: Option<f64>,
    /// Time of the status by the device's own clock, Unix milliseconds.
    pub utc_ms: Option<i64>,
    /// Just before the request left.
    pub sent: Instant,
    /// Just after the answer was complete.
    pub received: Instant,
}

/// A stored position.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    pub token: String,
    pub name: String,
    /// When the device says it, and as it says it; none where it names the same place for many presets, as domes do
    /// that name a place a hair from zero for all of theirs. Not a basis for privacy; what counts is the status after the call.
    pub position: Option<NormalisedPosition>,
}

/// Reads a GetStatus answer.
///
/// # Errors
/// `Nonsense` when there is no status in it.
pub fn read_status(answer: &XmlNode, spaces: &Spaces) -> Result<(Option<NormalisedPosition>, MoveState), OnvifError> {
    let status = answer
        .child("PTZStatus")
        .ok_or_else(|| OnvifError::missing("PTZStatus"))?;
    let position = status.child("Position").and_then(|vector| spaces.normalise(vector));
    Ok((
        position,
        status
            .child("MoveStatus")
            .map_or(MoveState::Unknown, |node| read_move_state(node, spaces)),
    ))
}

/// The device's own time of a status, Unix milliseconds.
pub(super) fn read_time(answer: &XmlNode) -> Option<i64> {
    unix_ms(answer.child("PTZStatus")?.child("UtcTime")?.text())
}

/// The horizontal field of view that a status tells (`tt:FieldOfView`, common.xsd), degrees; `None` for what is no angle of a
/// picture.
pub(super) fn read_field_of_view(answer: &XmlNode) -> Option<f64> {
    let told = answer.child("PTZStatus")?.child("FieldOfView")?;
    let hfov: f64 = told.attr("hfov")?.trim().parse().ok()?;
    (hfov > 0.0 && hfov < 180.0).then_some(hfov)
}

/// `MoveStatus` with one element per axis, or, in a dialect, as plain text for all.
fn read_move_state(node: &XmlNode, spaces: &Spaces) -> MoveState {
    let one = |text: &str| match text.to_ascii_uppercase().as_str() {
        "IDLE" => MoveState::Idle,
        "MOVING" => MoveState::Moving,
        _ => MoveState::Unknown,
    };
    if !node.text().is_empty() {
        return one(node.text());
    }
    let axis = |name, exists: bool| match node.child(name) {
        Some(axis) => one(axis.text()),
        None if exists => MoveState::Unknown,
        None => MoveState::Idle,
    };
    let states = [axis("PanTilt", true), axis("Zoom", spaces.has_zoom())];
    if states.contains(&MoveState::Moving) {
        MoveState::Moving
    } else if states.contains(&MoveState::Unknown) {
        MoveState::Unknown
    } else {
        MoveState::Idle
    }
}

/// Reads a GetPresets answer; a preset without a token cannot be called and is left out.
pub fn read_presets(answer: &XmlNode, spaces: &Spaces) -> Vec<Preset> {
    let read = |node: &XmlNode| {
        let token = node.attr("token").filter(|token| !token.is_empty())?.to_owned();
        let name = text_of(node, "Name")
            .map(|name| quote(&percent_decoded(&name)))
            .unwrap_or_default();
        let position = node.child("PTZPosition").and_then(|vector| spaces.normalise(vector));
        Some(Preset { token, name, position })
    };
    let mut presets: Vec<Preset> = answer
        .children_named("Preset")
        .filter_map(read)
        .take(MAX_PRESETS)
        .collect();
    distrust_repeated(&mut presets);
    presets
}

/// Forgets places that three presets or more share: a dome that names one place for a hundred presets names none. Two may be
/// one place on purpose.
fn distrust_repeated(presets: &mut [Preset]) {
    let place = |position: NormalisedPosition| {
        let rounded = |v: f64| (v * 1e4).round() as i64;
        (rounded(position.pan), rounded(position.tilt), rounded(position.zoom))
    };
    let mut counts = HashMap::new();
    for position in presets.iter().filter_map(|preset| preset.position) {
        *counts.entry(place(position)).or_insert(0_u32) += 1;
    }
    for preset in presets {
        let repeated = |position: &NormalisedPosition| counts.get(&place(*position)).is_some_and(|count| *count > 2);
        preset.position = preset.position.filter(|position| !repeated(position));
    }
}

/// Reads a SetPreset answer: the token in its element or bare.
pub(super) fn read_new_preset(answer: &XmlNode) -> Result<String, OnvifError> {
    let bare = Some(answer.text().to_owned()).filter(|text| !text.is_empty());
    text_of(answer, "PresetToken")
        .or(bare)
        .ok_or_else(|| OnvifError::missing("PresetToken"))
}

/// Undoes percent-encoding where the whole text decodes to UTF-8; otherwise the text is what it says.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return text.to_owned();
        };
        bytes.extend(u8::try_from(high * 16 + low));
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(inner: &str) -> (Option<NormalisedPosition>, MoveState) {
        let xml = format!("<R><PTZStatus>{inner}</PTZStatus></R>");
        read_status(&XmlNode::parse(&xml).unwrap(), &Spaces::generic()).unwrap()
    }

    #[test]
    fn movement_is_read_in_every_dialect() {
        for (inner, wanted) in [
            (
                "<MoveStatus><PanTilt>IDLE</PanTilt><Zoom>IDLE</Zoom></MoveStatus>",
                MoveState::Idle,
            ),
            (
                "<MoveStatus><PanTilt>IDLE</PanTilt><Zoom>MOVING</Zoom></MoveStatus>",
                MoveState::Moving,
            ),
            (
                "<MoveStatus><PanTilt>IDLE</PanTilt><Zoom>UNKNOWN</Zoom></MoveStatus>",
                MoveState::Unknown,
            ),
            ("<MoveStatus><PanTilt>IDLE</PanTilt></MoveStatus>", MoveState::Unknown),
            ("<MoveStatus>moving</MoveStatus>", MoveState::Moving),
            ("<MoveStatus>Idle</MoveStatus>", MoveState::Idle),
            ("<MoveStatus/>", MoveState::Unknown),
            ("", MoveState::Unknown),
        ] {
            assert_eq!(status(inner), (None, wanted), "{inner}");
        }
    }

    #[test]
    fn a_field_of_view_is_read_where_it_is_an_angle() {
        let read = |inner: &str| {
            let xml = format!("<R><PTZStatus>{inner}</PTZStatus></R>");
            read_field_of_view(&XmlNode::parse(&xml).unwrap())
        };
        assert_eq!(read("<FieldOfView hfov=' 61.250' vfov='37.1'/>"), Some(61.25));
        for inner in ["", "<FieldOfView/>", "<FieldOfView vfov='37.1'/>"] {
            assert_eq!(read(inner), None, "{inner}");
        }
        for hfov in ["0", "-3", "180", "NaN", "inf", "wide", ""] {
            assert_eq!(read(&format!("<FieldOfView hfov='{hfov}' vfov='1'/>")), None, "{hfov}");
        }
    }

    #[test]
    fn a_status_without_a_status_is_an_error() {
        assert!(read_status(&XmlNode::parse("<R/>").unwrap(), &Spaces::generic()).is_err());
    }

    #[test]
    fn preset_names_are_decoded_when_they_are_encoded() {
        assert_eq!(percent_decoded("Piazza%20Citt%C3%A0"), "Piazza Città");
        assert_eq!(percent_decoded("50% zoom"), "50% zoom");
        assert_eq!(percent_decoded("%e0"), "%e0");
        let many: String = (0..400)
            .map(|i| format!("<Preset token='{i}'><Name>a</Name></Preset>"))
            .collect();
        let answer = XmlNode::parse(&format!("<R><Preset><Name>no token</Name></Preset>{many}</R>")).unwrap();
        assert_eq!(read_presets(&answer, &Spaces::default()).len(), MAX_PRESETS);
    }

    #[test]
    fn r_prv_1_a_place_that_many_presets_share_is_no_place() {
        let preset = |token: &str, pan: f64| {
            let space = "http://www.onvif.org/ver10/tptz";
            format!(
                "<Preset token='{token}'><PTZPosition><PanTilt x='{pan}' y='0' space='{space}/PanTiltSpaces/PositionGenericSpace'/>\
                 <Zoom x='0' space='{space}/ZoomSpaces/PositionGenericSpace'/></PTZPosition></Preset>"
            )
        };
        let hundred: String = (0..100).map(|i| preset(&i.to_string(), 0.000_01)).collect();
        let own = preset("own", 0.5) + &preset("own too", 0.5);
        let answer = XmlNode::parse(&format!("<R>{hundred}{own}</R>")).unwrap();
        let presets = read_presets(&answer, &Spaces::generic());
        let placed: Vec<_> = presets.iter().filter(|preset| preset.position.is_some()).collect();
        assert_eq!((presets.len(), placed.len()), (102, 2));
        assert_eq!(placed[0].token, "own");
    }

    #[test]
    fn a_new_preset_answers_with_its_token_wrapped_or_bare() {
        let read = |xml| read_new_preset(&XmlNode::parse(xml).unwrap());
        assert_eq!(read("<R><PresetToken>7</PresetToken></R>").unwrap(), "7");
        assert_eq!(read("<R> 7 </R>").unwrap(), "7");
        assert!(read("<R/>").is_err());
    }
}
