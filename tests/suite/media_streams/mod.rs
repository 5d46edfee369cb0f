//! The media room against real RTSP servers on the loopback address.
//!
//! Invariant: no test waits for time, only for a condition with a limit. Deliberately absent: the simulator, so that
//! these tests say something about any server.

mod export;
mod hostile;
mod live;
mod odd_cameras;
mod recorder;
mod replay;
mod server;
