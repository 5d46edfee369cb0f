//! A status in a document of the metadata stream (`tt:MetadataStream/tt:PTZ/tt:PTZStatus`, ONVIF Streaming Specification
//! §5.1.2.1.1).
//!
//! Invariant: a document is bounded by [`xml_guard::check`] before anything parses it; what it does not say is `None` or
//! [`MoveState::Unknown`]. Deliberately absent: how old a status is (`domain::privacy::camera_clock`), the stream (`media::metadata`).

use super::endpoint::Limits;
use super::error::OnvifError;
use super::ptz_response::{MoveState, read_field_of_view, read_status, read_time};
use super::ptz_spaces::Spaces;
use super::xml_guard;
use crate::domain::camera::NormalisedPosition;
use oxvif::soap::XmlNode;

/// A document of a stream is small: several come a second.
const MAX_BYTES: usize = 64 * 1024;
const MAX_ELEMENTS: usize = 2_000;

/// A status that a camera sent by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SentStatus {
    pub position: Option<NormalisedPosition>,
    pub moving: MoveState,
    /// Horizontal field of view of the picture as the device tells it, degrees.
    pub hfov_deg: Option<f64>,
    /// Time of the status by the camera's own clock, Unix milliseconds.
    pub utc_ms: i64,
}

/// The last status in a document; `None` when it speaks of other things, or of no time.
///
/// # Errors
/// It is no document, or too large or deep for one.
pub fn read(document: &[u8], spaces: &Spaces) -> Result<Option<SentStatus>, OnvifError> {
    let limits = Limits {
        body: MAX_BYTES,
        elements: MAX_ELEMENTS,
        ..Limits::default()
    };
    let text = xml_guard::check(document, &limits)?;
    let root = XmlNode::parse(&text).map_err(|error| OnvifError::nonsense(error.to_string()))?;
    let Some(ptz) = root.children_named("PTZ").last() else {
        return Ok(None);
    };
    let Some(utc_ms) = read_time(ptz) else {
        return Ok(None);
    };
    let (position, moving) = read_status(ptz, spaces)?;
    Ok(Some(SentStatus {
        position,
        moving,
        hfov_deg: read_field_of_view(ptz),
        utc_ms,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace";
    const ZOOM: &str = "http://www.onvif.org/ver10/tptz/ZoomSpaces/PositionGenericSpace";

    fn status(x: &str, time: &str) -> String {
        format!(
            "<tt:PTZ><tt:PTZStatus><tt:Position><tt:PanTilt x='{x}' y='0' space='{SPACE}'/><tt:Zoom x='0' space='{ZOOM}'/></tt:Position>\
             <tt:MoveStatus><tt:PanTilt>IDLE</tt:PanTilt><tt:Zoom>MOVING</tt:Zoom></tt:MoveStatus>{time}\
             </tt:PTZStatus></tt:PTZ>"
        )
    }

    fn stream(inner: &str) -> Vec<u8> {
        let schema = "xmlns:tt='http://www.onvif.org/ver10/schema'";
        format!("<?xml version='1.0'?><tt:MetadataStream {schema}>{inner}</tt:MetadataStream>").into_bytes()
    }

    const TIME: &str = "<tt:UtcTime>2026-11-22T10:00:00.250Z</tt:UtcTime>";

    #[test]
    fn the_last_status_is_read_with_its_time() {
        let document = stream(&format!("<tt:Event/>{}{}", status("0.1", TIME), status("0.5", TIME)));
        let read = read(&document, &Spaces::generic()).unwrap().unwrap();
        assert_eq!(read.utc_ms, 1_795_341_600_250);
        assert_eq!(
            (read.position.map(|at| at.pan), read.moving),
            (Some(0.5), MoveState::Moving)
        );
    }

    #[test]
    fn what_says_nothing_of_a_place_or_a_time_is_nothing_and_what_is_no_document_an_error() {
        let spaces = Spaces::generic();
        for inner in [
            "",
            "<tt:Event/>",
            "<tt:PTZ/>",
            &status("0.5", ""),
            &status("0.5", "<tt:UtcTime>now</tt:UtcTime>"),
        ] {
            assert_eq!(read(&stream(inner), &spaces).unwrap(), None, "{inner}");
        }
        // A place out of every range is none.
        let nowhere = read(&stream(&status("7", TIME)), &spaces).unwrap().unwrap();
        assert_eq!(nowhere.position, None);
        let deep = stream(&("<a>".repeat(60_000) + &"</a>".repeat(60_000)));
        let many = stream(&"<a/>".repeat(3_000));
        let cut = stream(&status("0.5", TIME))[..200].to_vec();
        for document in [b"".to_vec(), b"hello".to_vec(), deep, many, cut, vec![0xff; 90_000]] {
            assert!(read(&document, &spaces).is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(parts in proptest::collection::vec("[<>/&;='a-cPTZ !-]{1,12}", 0..40)) {
            let _ = read(&stream(&parts.concat()), &Spaces::generic());
            let _ = read(parts.concat().as_bytes(), &Spaces::generic());
        }
    }
}
