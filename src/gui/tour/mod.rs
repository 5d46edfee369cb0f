//! The scripted tour: uses the program through its window, with keys and mouse, and reads what it reports off the pixels.
//!
//! Invariant: the tour knows the program only as a person does (window, keys, files written) plus [`scene::Scene`],
//! which tells where to look. Deliberately absent: shortcuts into screens or station.

pub mod eye;
pub mod hands;
pub mod measure;
pub mod report;
pub mod scene;
pub mod script;
pub mod visitor;
pub mod watch;
