//! The simulated town: cameras and a recorder that speak RTSP and ONVIF as real ones do.
//!
//! Invariant: nothing of the client is used here (only `domain`), so that a bug of the client is not mirrored by
//! the thing it is tested on. Deliberately absent: everything a real town has and no test needs.

pub mod town;
