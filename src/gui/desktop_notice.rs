//! A notice on the desktop, by the session bus (freedesktop.org Desktop Notifications 1.2), for who looks elsewhere.
//!
//! Invariant: it names nobody and nothing, because anyone may see it on a locked screen; where there is no bus or nobody
//! listens, nothing happens. Deliberately absent: anything that is not said in the strip too.

use std::collections::HashMap;
use std::time::Duration;
use zbus::zvariant::Value;

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// Longest wait for the desktop.
const PATIENCE: Duration = Duration::from_secs(3);

/// Shows a sentence for as long as the desktop pleases.
pub async fn show(words: String) {
    match tokio::time::timeout(PATIENCE, notify(&words)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "no notice on the desktop"),
        Err(_) => tracing::debug!("the desktop did not take a notice in time"),
    }
}

async fn notify(words: &str) -> zbus::Result<()> {
    let (replaces, icon, actions, lasting_ms) = (0u32, "", [""; 0], -1i32);
    let hints: HashMap<&str, Value<'_>> = HashMap::new();
    let body = (
        "Vedetta",
        replaces,
        icon,
        "Vedetta",
        words,
        &actions[..],
        hints,
        lasting_ms,
    );
    let bus = zbus::Connection::session().await?;
    bus.call_method(Some(SERVICE), PATH, Some(SERVICE), "Notify", &body)
        .await?;
    Ok(())
}
