//! Device service: facts, services, clock.

/// What a device says about itself. A field it left out or empty is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceFacts {
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub firmware: Option<String>,
    pub serial: Option<String>,
    pub hardware: Option<String>,
    /// Device clock minus ours when connecting, seconds; `None` when it does not say.
    pub clock_offset_s: Option<i64>,
    /// Services it lists.
    pub services: Vec<String>,
}
