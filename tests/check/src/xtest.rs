//! The X protocol's XTEST extension, as far as the hands need it: one request, `XTestFakeInput` (version 2.2).
//!
//! Written here because a library's support would be compiled into the officers' program as well: cargo builds a crate once,
//! with the features that anybody asks for.
//! Deliberately absent: other devices than the core pointer and keyboard, reading the pointer, grabs.

use crate::screen_capture::EyeError;
use std::io::IoSlice;
use x11rb::connection::RequestConnection;
use x11rb::errors::ConnectionError;
use x11rb::protocol::xproto::Window;

const EXTENSION: &str = "XTEST";
/// Minor opcode of `XTestFakeInput`.
const FAKE_INPUT: u8 = 2;
/// Length of the request, in units of four bytes.
const LENGTH: u16 = 9;

/// One event of the core pointer or keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FakeInput {
    /// Code of the event: `KeyPress` to `MotionNotify`.
    pub kind: u8,
    /// Key code or button; 0 for a motion to an absolute place.
    pub detail: u8,
    /// Root window and place on it, physical pixels; of a motion only.
    pub root: Window,
    pub x: i16,
    pub y: i16,
}

impl FakeInput {
    /// The request, in this machine's byte order, which is the order the connection was opened with. The server acts at once.
    fn bytes(self, major_opcode: u8) -> [u8; 4 * LENGTH as usize] {
        let mut bytes = [0; 4 * LENGTH as usize];
        bytes[0] = major_opcode;
        bytes[1] = FAKE_INPUT;
        bytes[2..4].copy_from_slice(&LENGTH.to_ne_bytes());
        bytes[4] = self.kind;
        bytes[5] = self.detail;
        bytes[12..16].copy_from_slice(&self.root.to_ne_bytes());
        bytes[24..26].copy_from_slice(&self.x.to_ne_bytes());
        bytes[26..28].copy_from_slice(&self.y.to_ne_bytes());
        bytes
    }

    /// Has the server make the event, and waits until it did.
    ///
    /// # Errors
    /// The connection broke, the server has no such extension, or it refused the event.
    pub fn send(self, connection: &impl RequestConnection) -> Result<(), EyeError> {
        let extension = connection
            .extension_information(EXTENSION)?
            .ok_or(ConnectionError::UnsupportedExtension)?;
        let bytes = self.bytes(extension.major_opcode);
        connection
            .send_request_without_reply(&[IoSlice::new(&bytes)], Vec::new())?
            .check()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_where_the_extension_wants_it() {
        let bytes = FakeInput {
            kind: 6,
            detail: 0x11,
            root: 0x2233_4455,
            x: 0x6677,
            y: -2,
        }
        .bytes(132);
        assert_eq!(bytes.len(), 36);
        assert_eq!((bytes[0], bytes[1], bytes[4], bytes[5]), (132, 2, 6, 0x11));
        assert_eq!(bytes[2..4], 9_u16.to_ne_bytes());
        assert_eq!(bytes[8..12], [0; 4], "the server's own time");
        assert_eq!(bytes[12..16], 0x2233_4455_u32.to_ne_bytes());
        assert_eq!(bytes[24..26], 0x6677_i16.to_ne_bytes());
        assert_eq!(bytes[26..28], (-2_i16).to_ne_bytes());
        let unused = [6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 28, 29, 30, 31, 32, 33, 34, 35];
        assert!(unused.iter().all(|at| bytes[*at] == 0));
    }
}
