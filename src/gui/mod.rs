//! The iced client: sign-in, control room, playback, export, diagnostics.
//!
//! | part | what it is |
//! |---|---|
//! | [`app`] | the root: which screen, and everything that belongs to none of them |
//! | [`screen`] | one file or folder per screen: state, message, update, view |
//! | [`dialogue`] | dialogues over a screen |
//! | [`ui`] | parts of screens |
//! | [`widget`] | widgets that iced does not have: the wall, the timeline, the keyboard focus inside a form |
//! | [`software`] | drawing where there is no graphics card |
//! | [`session_port`] | the station as the screens see it |
//! | [`held_gesture`], [`redraw`] | a hand on a dome; when the wall is drawn again |
//! | [`input`] | keys: chords, contexts, the table and its file, held keys |
//! | [`theme`], [`icons`], [`i18n`], [`sentences`] | looks, languages, sentences |
//! | [`ellipsis`] | texts that do not fit on their line |
//! | [`scene`] | what is on the screen, for whoever drives the program from outside |
//! | [`demo`] | the demo's people |
//! | [`monitors`] | where windows stand |
//! | [`lost_drawing`] | that windows cannot be drawn on any more |
//! | [`terminal`] | command lines of the programs: language, help, what is wrong with one |
//!
//! The tests of the screens sit at a desk without a station; its source belongs to the checker (`tests/check/src/fake`) and is
//! compiled here for tests only.
//!
//! Invariant: `update` never waits; it changes state and starts tasks. Deliberately absent: rules, cameras, files,
//! the server: all behind the station's facade; test equipment (`tests/check`).

pub mod app;
mod clearance_text;
pub mod demo;
mod desktop_notice;
pub mod dialogue;
mod ellipsis;
#[cfg(test)]
#[path = "../../tests/check/src/fake/mod.rs"]
pub mod fake;
pub mod held_gesture;
pub mod i18n;
pub mod icons;
mod idle_inhibit;
pub mod input;
pub mod launch;
mod lost_drawing;
mod monitors;
pub mod own_process;
pub mod redraw;
pub mod scene;
pub mod screen;
pub mod sentences;
pub mod session_port;
mod site_sentences;
mod software;
pub mod terminal;
pub mod theme;
pub mod ui;
pub mod widget;
pub mod window_content;
pub mod windows;

#[cfg(test)]
pub use fake::pattern;
