//! The input layer: what a person does to the keyboard becomes a command of the screen in front of them.
//!
//! | file | what it is |
//! |---|---|
//! | [`command`](Command) | what can be asked for |
//! | [`context`](Context) | where the keyboard is, and so which commands there are |
//! | [`chord`](Chord) | a key with its modifiers, and its names in the file of keys and on the screen |
//! | [`bindings`](Keymap) | the table: (context, chord) → command |
//! | [`keys_toml`] | `keys.toml`, in which a workstation changes the table |
//! | [`held_keys`] | from press to release of each physical key, over a remote desktop too |
//! | [`device`] | what the root listens to |
//!
//! Invariant: a command has a key in a context or it has none; nothing reads a key by itself. Deliberately absent: what a
//! command does (the screens), reading the file from the disk (`station::read_keys_toml`), the pointer.

mod bindings;
mod chord;
mod command;
mod context;
pub mod device;
pub mod held_keys;
pub mod keys_toml;

pub use bindings::{Keymap, fixed_key};
pub use chord::{Chord, ChordError};
pub use command::{Command, Direction, Edge};
pub use context::Context;
