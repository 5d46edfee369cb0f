//! Contexts: where the keyboard is. The screen in front of the person says it; a chord means something only in one.
//!
//! Deliberately absent: contexts of the mask editor and of the calibration, which lie beside the wall, are worked with the
//! pointer, and leave the wall its keys.

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// The wall and what lies around it.
    Wall,
    /// Recordings of one camera.
    Playback,
    /// A form or a dialogue, the sign-in included.
    Form,
    /// The enabled people.
    AccountList,
    /// The sessions running now.
    SessionList,
    /// The workstations.
    WorkstationList,
    /// What is wrong with the server.
    ServerState,
    /// Cameras and the site plan.
    CameraList,
    /// The maintainer's figures.
    Diagnostics,
}

impl Context {
    /// Every context.
    pub const ALL: [Context; 9] = [
        Context::Wall,
        Context::Playback,
        Context::Form,
        Context::AccountList,
        Context::SessionList,
        Context::WorkstationList,
        Context::ServerState,
        Context::CameraList,
        Context::Diagnostics,
    ];
}
