//! The iced client (under construction).
pub mod tour;
