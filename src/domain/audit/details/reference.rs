//! `docs/events.md`: every operation with who writes it, when, and what its parameters mean, made of the types themselves.
//!
//! Invariant: the text depends on nothing but the types and the sentences here, so a test compares it with the file.
//! Deliberately absent: writing the file (`tests/check/examples/events.rs` prints it).

use super::any_operation::Common;
use super::field::{Field, Fields as _, Group};
use super::{Entry, WINGS};
use std::fmt::{Error, Write};

const HEAD: &str = "\
# The events

What each operation of the log writes, when, and what its parameters mean. This page is made of the types in
`src/domain/audit/details`, and a test compares the two:

    cargo run -p vedetta-check --example events > docs/events.md

How an event travels is in [log.md](log.md); the bytes are in [FORMAT.md](../src/domain/audit/FORMAT.md).

## Fields that every body may have

| field | meaning |
|---|---|
| `person` | account name; in a refused sign-in the name that was typed; empty where nobody signed in |
| `level`, `body` | the person's level, and their agency |
| `session` | identifier the server gave the session |
| `station` | the workstation that wrote the event; `server` for the server's own |
| `act` | UUID; intent and outcome of one act carry the same |
| `operation`, `result` | the operation, and `intent`, `done`, `refused` or `failed` |
| `camera`, `stream` | camera identifier; `main` or `sub` |
| `purpose`, `protocol_no` | purpose in force, and the protocol number of the request behind it |
| `parameters` | what this page is about |
| `policy_version` | version of the site plan in force |
| `media_from`, `media_to` | range of recorded media, RFC 3339, UTC |

Names that end in `_ms` are Unix milliseconds, in `_deg` degrees, in `_s` seconds. An outcome carries the parameters of its
intent beside its own. A parameter that is not on this page comes from another version of the program; it is signed like any
other.

Parameters that any operation may carry:

";

const WRITERS: &str = "
## Who writes

**W**: the workstation, into its outbox, before the act (`intent`) and after it. **S**: the server, in the transaction that
does the act. Signing in and out is written by both: the server says that it let somebody in, the workstation that somebody
was there.
";

/// The text of `docs/events.md`.
///
/// # Errors
/// Writing into a text does not fail; the error is that of [`std::fmt::Write`].
pub fn events_page() -> Result<String, Error> {
    let mut page = HEAD.to_owned();
    for group in Common::GROUPS {
        table(&mut page, group)?;
    }
    page.push_str(WRITERS);
    for (title, entries) in WINGS {
        write!(page, "\n## {title}\n\n| operation | by | written |\n|---|---|---|\n")?;
        for entry in *entries {
            let written = without_point(&text(entry.written));
            writeln!(page, "| `{}` | {} | {written} |", wire_name(entry), entry.by)?;
        }
        for entry in *entries {
            parameters(&mut page, entry)?;
        }
    }
    Ok(page)
}

fn parameters(page: &mut String, entry: &Entry) -> Result<(), Error> {
    let several = entry.groups.len() > 1;
    for group in entry.groups.iter().filter(|group| !group.fields.is_empty()) {
        if several {
            writeln!(page, "\n{} `{}`:\n", text(group.written), wire_name(entry))?;
        } else {
            writeln!(page, "\nParameters of `{}`:\n", wire_name(entry))?;
        }
        table(page, group)?;
    }
    Ok(())
}

fn table(page: &mut String, group: &Group) -> Result<(), Error> {
    page.push_str("| parameter | value | meaning |\n|---|---|---|\n");
    for field in group.fields {
        writeln!(
            page,
            "| `{}` | {} | {} |",
            field.name,
            value(field),
            text(field.meaning)
        )?;
    }
    Ok(())
}

fn value(field: &Field) -> String {
    if field.words.is_empty() {
        return field.value.to_owned();
    }
    let words: Vec<String> = field.words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// The lines of a doc comment as one.
fn text(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}

fn without_point(text: &str) -> String {
    text.strip_suffix('.').unwrap_or(text).to_owned()
}

fn wire_name(entry: &Entry) -> String {
    let name = serde_json::to_value(entry.operation).ok();
    let name = name.as_ref().and_then(serde_json::Value::as_str);
    name.unwrap_or_default().to_owned()
}
