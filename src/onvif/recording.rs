//! Profile G: search and replay.
use crate::domain::camera::NormalisedPosition;

/// One recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub token: String,
    /// Name of the source, as the recorder says.
    pub source: String,
    /// First recorded moment, Unix milliseconds; `None` when the recorder does not say.
    pub from_ms: Option<i64>,
    /// Last recorded moment, Unix milliseconds; `None` when the recorder does not say.
    pub to_ms: Option<i64>,
    /// Still being written.
    pub running: bool,
}

/// Where a dome looked at a moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedPosition {
    /// Unix milliseconds.
    pub at_ms: i64,
    pub position: NormalisedPosition,
}
