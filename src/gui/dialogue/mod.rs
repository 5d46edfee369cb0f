//! Dialogues over a screen: each a form with `Message`, `update` → `Next` and `view`, opened and closed by the screen under it.
//!
//! | file | what it asks or shows |
//! |---|---|
//! | [`export`] | a copy of a recording: minutes, reason, protocol number, progress, fingerprint |
//! | [`declare_event`] | an event on a camera, and what is in force there |
//! | [`request_dome`], [`hand_over`] | asking the holder of a dome for it; answering who asks |
//! | [`clearance_request`], [`clearance_answer`] | a clearance for recordings; a supervisor's answer |
//! | [`clearances_in_force`] | the clearances in force, and withdrawing one |
//! | [`change_purpose`], [`extend_grace`] | another purpose in mid-shift; going on while the server is away |
//!
//! Invariant: a dialogue knows no screen. Deliberately absent: which one is open (the screen), parts of forms (`ui::form`).

pub mod change_purpose;
pub mod clearance_answer;
pub mod clearance_request;
pub mod clearances_in_force;
pub mod declare_event;
pub mod export;
pub mod extend_grace;
pub mod hand_over;
pub mod request_dome;
