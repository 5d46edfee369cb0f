//! Commands: what a person can ask for by a key or by a control that does what a key does.
//!
//! Invariant: a command means one thing; the same letter in two lists is two commands. Deliberately absent: keys
//! (`bindings`), whether the person may do it (the screens and the station).

use crate::domain::wall::Layout;

/// A direction that a dome is turned in, or that a choice moves in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    Left,
    Right,
    Up,
    Down,
}

/// A command of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    Next,
    Previous,
    NextArea,
    PreviousArea,
    Confirm,
    Back,
    Arrow(Direction),
    /// Turn the selected dome faster, and more finely, than an arrow does.
    FastArrow(Direction),
    FineArrow(Direction),
    /// Let the selected tile and its neighbour change places.
    MoveTile(Direction),
    /// Switch the part of a form on or off.
    Toggle,
    ZoomIn,
    ZoomOut,
    /// Stop the selected dome.
    Stop,
    /// A digit of a camera's number.
    Digit(u8),
    /// The home position of the selected dome.
    CallHome,
    /// The selected dome goes through its presets by itself; pressed again, more slowly; then not any more.
    Patrol,
    CallPreset(u8),
    SavePreset(u8),
    Layout(Layout),
    /// The wall alone in the window, or the rooms around it again.
    WallAlone,
    /// Take the selected dome, or ask its holder for it.
    AskLease,
    /// Answer who asks for a dome of ours.
    HandOver,
    /// Ask for a clearance, or answer one.
    Clearances,
    /// The clearances in force, and withdrawing one.
    ClearancesInForce,
    Snapshot,
    Export,
    /// Declare an event on the selected camera.
    Declare,
    /// Change the purpose in the middle of a shift.
    ChangePurpose,
    /// Go on in one's own name although the server is away for too long.
    ExtendGrace,
    /// Draw masks on the selected camera.
    Masks,
    /// Calibrate the selected dome.
    Calibrate,
    /// Write masks and limits to the selected camera.
    WriteToCamera,
    Search,
    Playback,
    /// Pause recordings, or let them run again.
    PlayPause,
    /// The figures of every stream on its tile.
    Figures,
    History,
    /// One more window with a wall of its own.
    NewWindow,
    /// The saved walls.
    SavedWalls,
    /// The selected tile goes through the cameras by itself; pressed again, more slowly; then not any more.
    CameraTour,
    Help,
    SignOut,
    /// Lock the workstation.
    Lock,
    /// The list of enabled people.
    People,
    /// Cameras and the site plan.
    Cameras,
    /// Confirm that the chosen account is still needed.
    Recertify,
    /// Let the chosen supervisor's account into use.
    Admit,
    /// Disable the chosen account.
    Disable,
    /// End the chosen session, or that of the chosen account.
    EndSession,
    /// An enrolment code for a new workstation.
    NewWorkstation,
    /// Revoke the chosen workstation.
    Revoke,
    /// A new camera.
    NewCamera,
    /// Look for cameras on the network.
    FindCameras,
    /// Remove the chosen camera.
    RemoveCamera,
    /// Approve the chosen proposal.
    Approve,
    /// Decline the chosen proposal, or take one's own back.
    Decline,
}

impl Command {
    /// Whether it moves a dome, or an enlarged picture, as long as its key is held.
    pub fn steers(self) -> bool {
        self.direction().is_some() || matches!(self, Self::ZoomIn | Self::ZoomOut)
    }

    /// Where an arrow turns a dome, at whatever pace.
    pub fn direction(self) -> Option<Direction> {
        match self {
            Self::Arrow(direction) | Self::FastArrow(direction) | Self::FineArrow(direction) => Some(direction),
            _ => None,
        }
    }
}

/// Whether the key went down or up, or is held for another pace. Only held commands care about anything but down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    Down,
    Up,
    /// The key stays down, and a modifier made the command of it that was this one.
    Instead(Command),
}
