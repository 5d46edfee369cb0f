//! Prints `docs/events.md`, made of the types of the events:
//! `cargo run -p vedetta-check --example events > docs/events.md.new && mv docs/events.md.new docs/events.md`.
//!
//! Deliberately absent: comparing it with the file (`tests/suite/documents.rs`).

use std::io::Write as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let page = vedetta::domain::audit::details::reference::events_page()?;
    std::io::stdout().write_all(page.as_bytes())?;
    Ok(())
}
