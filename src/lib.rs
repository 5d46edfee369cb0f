//! Vedetta: the map of the house. How frames, intents, events and poses flow, and which program talks to which:
//! `docs/architecture.md`; the words: `docs/glossary.md`; the rules that tests cite: `docs/rules.md`.
//!
//! | room | what it is | may use |
//! |---|---|---|
//! | [`domain`] | the rules: pure, no I/O, no clock, time is an argument | small pure crates |
//! | [`protocol`] | what travels between workstation and server | domain |
//! | [`onvif`] | speaks to cameras and recorders | domain |
//! | [`media`] | GStreamer: live, replay, snapshot, export | domain |
//! | [`station`] | the workstation without a screen: session, outbox, courier, use cases | domain, protocol, onvif, media |
//! | [`gui`] | the iced client | domain, station, `media` for the frame type |
//! | [`server`] | the central audit server | domain, protocol |
//! | [`sim`] | the simulated town | domain |
//!
//! `tests/suite/architecture.rs` holds this table, `tests/suite/documents.rs` what documents and headers say. Invariants, each with a test:
//!
//! 1. Not recorded means not done: no stream, motion, playback or file byte before its event is durable.
//! 2. A masked place never shows; when the pose is unknown the picture is covered.
//! 3. An acknowledged event survives any crash, is in the log exactly once, and cannot be changed unseen.
//! 4. A maintainer's workstation never receives an image or the credentials that would fetch one.
//! 5. The interface never waits for a camera, a disk or the server.
//! 6. Secrets are a redacting type (`secrecy`): not in URLs, logs or `Debug` output.
//! 7. Everything from the network is bounded: size, depth, time.
//!
//! Deliberately absent: cargo features. There is one set of code, so nothing compiles twice.

pub mod domain;
pub mod gui;
pub mod media;
pub mod onvif;
pub mod protocol;
pub mod server;
pub mod sim;
pub mod station;
