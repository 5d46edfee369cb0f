//! The server's clock, read in one place.
//!
//! Deliberately absent: what follows from a time (`domain`, where it is an argument).

/// Unix time in milliseconds.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
