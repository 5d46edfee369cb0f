//! Pull-point events.
use super::OnvifError;
use std::time::Duration;

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Topic without namespace prefixes, for example `RuleEngine/CellMotionDetector/Motion`.
    pub topic: String,
    /// Device time, Unix milliseconds, when it said one that can be read.
    pub at_ms: Option<i64>,
    /// `Initialized`, `Changed`, `Deleted` or empty.
    pub operation: String,
    /// Source items: name and value.
    pub source: Vec<(String, String)>,
    /// Data items: name and value.
    pub data: Vec<(String, String)>,
}

/// A pull point. Call [`Subscription::end`] when done: devices have few slots.
pub struct Subscription(());

impl Subscription {
    /// Waits up to `wait` for events; renews when half of the lifetime is over; never returns sooner than 250 ms after
    /// the last call when there is nothing.
    pub async fn pull(&mut self, _wait: Duration) -> Result<Vec<Event>, OnvifError> {
        todo!()
    }
    /// Gives the slot back.
    pub async fn end(self) -> Result<(), OnvifError> {
        todo!()
    }
}
