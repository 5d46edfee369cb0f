//! Whether the wall can be seen: where it lies in the window, how the window is, what lies over it.
//!
//! Invariant: a wall of which nothing is drawn though pictures come is not seen. Deliberately absent: what follows for the
//! streams (`streams`).

use crate::domain::live::stream_selection::{Pixels, Visibility};
use iced::{Rectangle, Task, window};
use std::time::{Duration, Instant};

/// A wall of which nothing was drawn for so long, though pictures came, is not seen.
const UNDRAWN: Duration = Duration::from_secs(3);

/// The window the wall is in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Physical pixels per logical pixel.
    pub scale: f32,
    pub minimised: bool,
}

impl Default for Window {
    fn default() -> Self {
        Window {
            scale: 1.0,
            minimised: false,
        }
    }
}

/// How the wall lies in its window.
pub struct Sight {
    /// The window, once there is more than one.
    in_window: Option<window::Id>,
    window: Window,
    /// Logical pixels of the window.
    bounds: Rectangle,
    /// Another screen lies over the wall.
    covered: bool,
    /// When something of the wall was last drawn.
    drawn_at: Instant,
}

impl Sight {
    /// A wall that is about to be drawn; `in_window` is `None` for the only window of the program.
    pub fn new(in_window: Option<window::Id>, now: Instant) -> Self {
        Self {
            in_window,
            window: Window::default(),
            bounds: Rectangle::default(),
            covered: false,
            drawn_at: now,
        }
    }

    /// The window, as it was last looked at.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Takes how the window is.
    pub fn set_window(&mut self, window: Window) {
        self.window = window;
    }

    /// Where the wall lies in the window, logical pixels.
    pub fn bounds(&self) -> Rectangle {
        self.bounds
    }

    /// Takes where the wall lies in the window, logical pixels.
    pub fn set_bounds(&mut self, bounds: Rectangle) {
        self.bounds = bounds;
    }

    /// Another screen lies over the wall from now on.
    pub fn cover(&mut self) {
        self.covered = true;
    }

    /// The screen that lay over the wall is gone.
    pub fn uncover(&mut self, now: Instant) {
        self.covered = false;
        self.drawn_at = now;
    }

    /// Something of the wall was drawn, or there was nothing new to draw.
    pub fn drawn(&mut self, now: Instant) {
        self.drawn_at = now;
    }

    /// Who can see a tile; `behind`: another tile fills the wall.
    pub fn visibility(&self, behind: bool, now: Instant) -> Visibility {
        let undrawn = now.saturating_duration_since(self.drawn_at) > UNDRAWN;
        if self.window.minimised {
            Visibility::Hidden
        } else if self.covered || undrawn || behind {
            Visibility::Covered
        } else {
            Visibility::Seen
        }
    }

    /// Size of a part of the window, given in logical pixels.
    pub fn physical(&self, area: Rectangle) -> Pixels {
        let scale = self.window.scale;
        Pixels {
            width: (area.width * scale).round().max(0.0) as u32,
            height: (area.height * scale).round().max(0.0) as u32,
        }
    }

    /// Asks how the window is.
    pub fn look(&self) -> Task<Window> {
        let id = match self.in_window {
            Some(id) => Task::done(Some(id)),
            None => window::latest(),
        };
        id.and_then(|id| {
            window::scale_factor(id).then(move |scale| {
                window::is_minimized(id).map(move |minimised| Window {
                    scale,
                    minimised: minimised.unwrap_or(false),
                })
            })
        })
    }
}
