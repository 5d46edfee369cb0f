//! The checker: uses the client through its window, with keys and mouse, and reads what it reports off the pixels.
//!
//! | part | what it is |
//! |---|---|
//! | [`errand`] | opens the client and sends somebody to its window |
//! | [`script`], [`report`] | the tour: what an officer does, step by step, and `report.json` |
//! | [`leak`], [`watch`], [`wrong_masks`], [`narrowing`] | the search for leaks, the wrong masks that show it can fail, and how often pictures narrowed a pose |
//! | [`soak`] | a wall watched for long while its cameras fail |
//! | [`typing`] | the sign-in screen filled in at a few milliseconds a key |
//! | [`steering`] | a dome steered past masked houses, beside the simulator's truth |
//! | [`driver`], [`input_injection`], `xtest`, [`screen_capture`], [`measure`], [`control`] | waiting, hands, eye, clocks, the simulator's truth |
//! | [`fake`] | a desk without a station and its test pictures, for the tests of the screens and `tests/check/examples/screens` |
//!
//! Invariant: the checker knows the client only as a person does (window, keys, files written) plus
//! `gui::scene`, which tells where to look; it is a program of its own, so that nothing of it is in the
//! officers' one (`tests/suite/officers_program.rs`). Deliberately absent: shortcuts into screens or station.

pub mod control;
pub mod driver;
pub mod errand;
pub mod fake;
pub mod input_injection;
pub mod leak;
pub mod measure;
pub mod narrowing;
pub mod report;
pub mod screen_capture;
pub mod script;
pub mod soak;
pub mod steering;
pub mod typing;
pub mod watch;
pub mod wrong_masks;
mod xtest;
