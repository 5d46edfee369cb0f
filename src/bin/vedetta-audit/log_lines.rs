//! Times of `log read`: as they are typed, and as they stand before each entry.
//!
//! Deliberately absent: reading the log (`server::log_read`), the table and the JSON, whose times are RFC 3339.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vedetta::domain::local_time::{self, NoMoment};
use vedetta::gui::i18n::fl;
use vedetta::gui::sentences;
use vedetta::protocol::LogEntry;
use vedetta::server::log_csv::printable;

/// A moment that is typed after `--since` or `--until`.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let zone = TimeZone::get("Europe/Rome").map_err(|error| error.to_string())?;
    local_time::read(text, &zone).map_err(|error| match error {
        NoMoment::NotATime => fl!("answer-moment"),
        NoMoment::Twice(..) => fl!("answer-moment-twice"),
        NoMoment::LeftOut => fl!("answer-moment-left-out"),
    })
}

/// An entry as a line: its number, the local time at which the workstation wrote it, and what it says.
pub fn line(entry: &LogEntry) -> String {
    let leaf: serde_json::Value = serde_json::from_str(&entry.leaf).unwrap_or_default();
    let written = leaf.get("time").and_then(serde_json::Value::as_str);
    let written = written.and_then(|time| time.parse::<Timestamp>().ok());
    let ms = written.map_or(entry.received_ms, Timestamp::as_millisecond);
    let time = sentences::date_and_clock(&sentences::rome_ms(ms));
    let pruned = fl!("log-pruned");
    let body = entry.body.as_deref().map_or(pruned, printable);
    format!("{}\t{time}\t{body}", entry.index)
}
