//! Icons: one font (Lucide, ISC), one name per meaning.
//!
//! Invariant: a meaning has one icon everywhere. Deliberately absent: icons without a word where there is room for one.

use iced::widget::{Text, text};
use iced::{Font, Theme};

/// The font's bytes, loaded at start.
pub const BYTES: &[u8] = include_bytes!("../../assets/icons/lucide.ttf");
/// The font's family.
pub const FONT: Font = Font::with_name("lucide");

/// What an icon means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Icon {
    Camera,
    Dome,
    Search,
    Up,
    Down,
    Left,
    Right,
    UpLeft,
    UpRight,
    DownLeft,
    DownRight,
    ZoomIn,
    ZoomOut,
    Stop,
    Play,
    Pause,
    Back,
    Forward,
    Export,
    Snapshot,
    Warning,
    Done,
    Refused,
    Clock,
    Close,
    Person,
    Delivered,
    AuditWaiting,
    AuditBroken,
    Leased,
    Layouts,
    Help,
    History,
    SignOut,
    NoSignal,
    Covered,
    Maintenance,
    Save,
    Open,
    Shut,
    Controller,
    Place,
    Server,
    ServerAway,
    Recording,
    Keyboard,
    Limits,
    Waiting,
    Retry,
    Full,
}

impl Icon {
    /// The icon's character in [`FONT`].
    pub fn glyph(self) -> char {
        match self {
            Icon::Camera => '\u{e57d}',
            Icon::Dome => '\u{e345}',
            Icon::Search => '\u{e151}',
            Icon::Up => '\u{e04a}',
            Icon::Down => '\u{e042}',
            Icon::Left => '\u{e048}',
            Icon::Right => '\u{e049}',
            Icon::UpLeft => '\u{e04b}',
            Icon::UpRight => '\u{e04d}',
            Icon::DownLeft => '\u{e043}',
            Icon::DownRight => '\u{e045}',
            Icon::ZoomIn => '\u{e1b6}',
            Icon::ZoomOut => '\u{e1b7}',
            Icon::Stop => '\u{e126}',
            Icon::Play => '\u{e13c}',
            Icon::Pause => '\u{e12e}',
            Icon::Back => '\u{e147}',
            Icon::Forward => '\u{e0bd}',
            Icon::Export => '\u{e0b2}',
            Icon::Snapshot => '\u{e064}',
            Icon::Warning => '\u{e193}',
            Icon::Done => '\u{e226}',
            Icon::Refused => '\u{e084}',
            Icon::Clock => '\u{e087}',
            Icon::Close => '\u{e1b2}',
            Icon::Person => '\u{e19f}',
            Icon::Delivered => '\u{e1ff}',
            Icon::AuditWaiting => '\u{e158}',
            Icon::AuditBroken => '\u{e1fe}',
            Icon::Leased => '\u{e1d7}',
            Icon::Layouts => '\u{e0ff}',
            Icon::Help => '\u{e082}',
            Icon::History => '\u{e1f5}',
            Icon::SignOut => '\u{e10e}',
            Icon::NoSignal => '\u{e1af}',
            Icon::Covered => '\u{e0bb}',
            Icon::Maintenance => '\u{e1b1}',
            Icon::Save => '\u{e14d}',
            Icon::Open => '\u{e06d}',
            Icon::Shut => '\u{e06f}',
            Icon::Controller => '\u{e290}',
            Icon::Place => '\u{e111}',
            Icon::Server => '\u{e153}',
            Icon::ServerAway => '\u{e1ea}',
            Icon::Recording => '\u{e0d0}',
            Icon::Keyboard => '\u{e284}',
            Icon::Limits => '\u{e0ac}',
            Icon::Waiting => '\u{e296}',
            Icon::Retry => '\u{e145}',
            Icon::Full => '\u{e112}',
        }
    }
}

/// The icon as a text element of `size` logical pixels.
pub fn icon<'a>(icon: Icon, size: f32) -> Text<'a, Theme> {
    text(icon.glyph().to_string()).font(FONT).size(size).line_height(1.0)
}
