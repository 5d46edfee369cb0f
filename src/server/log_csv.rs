//! Entries of the log as lines of a table for a spreadsheet (CSV, RFC 4180).
//!
//! Invariant: no cell is a formula, none has a control character. Deliberately absent: asking for entries (`log_read`), the files of an export (`log_export`).

use crate::protocol::LogEntry;

/// Heads of the columns of [`line`].
pub const HEAD: &str = "voce,ricevuta,ora,postazione,persona,operazione,esito,telecamera,finalita,protocollo,contenuto";

/// One entry as a line of a table (RFC 4180, without the line's end). A cell that a spreadsheet would take for a formula
/// begins with an apostrophe.
pub fn line(entry: &LogEntry) -> String {
    let leaf: serde_json::Value = serde_json::from_str(&entry.leaf).unwrap_or_default();
    let raw = entry.body.as_deref().unwrap_or_default();
    let body: serde_json::Value = serde_json::from_str(raw).unwrap_or_default();
    let text = |from: &serde_json::Value, name: &str| {
        from.get(name)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let received = jiff::Timestamp::from_millisecond(entry.received_ms).map(|time| format!("{time:.3}"));
    [
        entry.index.to_string(),
        received.unwrap_or_default(),
        text(&leaf, "time"),
        text(&leaf, "station"),
        text(&body, "person"),
        text(&body, "operation"),
        text(&body, "result"),
        text(&body, "camera"),
        text(&body, "purpose"),
        text(&body, "protocol_no"),
        raw.to_owned(),
    ]
    .iter()
    .map(|cell| cell_of(cell))
    .collect::<Vec<_>>()
    .join(",")
}

/// A text without control characters: a body that is set aside may have them, and a terminal obeys them.
pub fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    text.chars().map(shown).collect()
}

fn cell_of(text: &str) -> String {
    let text = &printable(text);
    let formula = text.starts_with(['=', '+', '-', '@']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        for (text, cell) in [
            ("neri", "neri"),
            ("a,b", "\"a,b\""),
            ("di\"ce", "\"di\"\"ce\""),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("a\nb", "a\u{fffd}b"),
            ("\u{1b}[2J", "\u{fffd}[2J"),
            ("\t=1", "\u{fffd}=1"),
        ] {
            assert_eq!(cell_of(text), cell);
        }
    }
}
