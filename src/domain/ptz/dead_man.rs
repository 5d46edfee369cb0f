//! The dead man's handle of a dome: how often a held velocity is said again, and after which silence it ends.
//!
//! Each party further from the hand waits at least as long as the one before it: the screen, the station, the camera. So a
//! dome stops when any of them freezes, and none of them cuts off a hand that is still there. Invariant (tested):
//! [`REPEAT`] < [`SILENCE`] ≤ [`KEY_LOST`] < [`CAMERA_TIMEOUT`]. Deliberately absent: timers.

use std::time::Duration;

/// How often the screen says a held velocity again.
pub const REPEAT: Duration = Duration::from_millis(200);
/// Silence of the screen after which a gesture ends by itself.
pub const SILENCE: Duration = Duration::from_millis(600);
/// Age of the last velocity at which the station stops the dome.
pub const KEY_LOST: Duration = Duration::from_millis(600);
/// The timeout that goes to the camera with every continuous move (ONVIF PTZ, `ContinuousMove/Timeout`).
pub const CAMERA_TIMEOUT: Duration = Duration::from_millis(1000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_party_waits_longer_than_the_one_nearer_to_the_hand() {
        assert!(REPEAT < SILENCE && SILENCE <= KEY_LOST && KEY_LOST < CAMERA_TIMEOUT);
        assert!(REPEAT * 2 <= SILENCE, "one repeat may be lost on the way");
    }
}
