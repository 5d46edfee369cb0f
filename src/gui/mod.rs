//! The iced client: sign-in, control room, playback, export, diagnostics.
//!
//! | part | what it is |
//! |---|---|
//! | [`app`] | the root: which screen, and everything that belongs to none of them |
//! | [`screen`] | one file or folder per screen: state, message, update, view |
//! | [`ui`] | parts of screens |
//! | [`widget`] | widgets that iced does not have: the wall, the timeline, the keyboard focus inside a form |
//! | [`software`] | drawing where there is no graphics card |
//! | [`session_port`] | the station as the screens see it |
//! | [`ptz_input`], [`redraw`] | a hand on a dome; when the wall is drawn again |
//! | [`keymap`], [`theme`], [`icons`], [`i18n`], [`sentences`] | keys, looks, languages, sentences |
//! | [`fake`], [`pattern`] | a desk with test pictures, to drive and look at screens without a camera |
//!
//! Invariant: `update` never waits; it changes state and starts tasks. Deliberately absent: rules, cameras, files,
//! the server: all behind the station's facade.

pub mod app;
mod clearance_text;
mod desktop_notice;
pub mod fake;
pub mod i18n;
pub mod icons;
pub mod keymap;
pub mod launch;
pub mod pattern;
pub mod ptz_input;
pub mod redraw;
pub mod screen;
pub mod sentences;
pub mod session_port;
mod site_sentences;
mod software;
pub mod theme;
pub mod tour;
pub mod ui;
pub mod widget;
pub mod window_content;
pub mod windows;
