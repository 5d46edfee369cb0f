//! Where there is no graphics card: the processor paints the pictures of the wall itself, past the rasteriser.
//!
//! | part | what it is |
//! |---|---|
//! | [`root`] | around everything a window shows: notices whether more than pictures is new, collects the pictures |
//! | [`renderer`] | iced's own renderer, asked only when more than pictures is new |
//! | [`canvas`] | a window's pixels: what the interface drew, and the pictures in the holes it left for them |
//! | [`blend`] | lays what the interface drew over a picture's pixels |
//! | [`compositor`] | brings the pixels to the window, through memory shared with the window system |
//!
//! The interface (words, frames, covers, dialogues) is drawn by the same code as with a graphics card, about once a second, by
//! the software rasteriser, with a transparent hole where a picture belongs. Twenty-five times a second only pictures are
//! painted, below what lies over them.
//!
//! Invariant: a cover is drawn for the very frame that is painted under it; when the covers or the places of the pictures
//! change, the interface is drawn again before a pixel of the new frames is painted. Deliberately absent: looks of anything.

mod blend;
mod canvas;
mod compositor;
mod renderer;
mod root;
mod target;

pub use root::Root;
