//! Keeps the screen from blanking while somebody watches a wall: by the X server (MIT-SCREEN-SAVER 1.1, Suspend, which holds
//! DPMS too) and by the desktop on the session bus (org.freedesktop.ScreenSaver, Inhibit).
//!
//! Invariant: what was asked for ends with the subscription, also where the program ends without a word: both end with the
//! connection they were asked on. Where neither is there, nothing happens and the log says so. Deliberately absent: the lock
//! of the workstation, which is the program's own and goes on (`domain::people::lock`).

use iced::Subscription;
use iced::futures::{Stream, stream};
use std::time::Duration;
use x11rb::connection::Connection as _;
use x11rb::protocol::screensaver::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

const SERVICE: &str = "org.freedesktop.ScreenSaver";
const PATH: &str = "/org/freedesktop/ScreenSaver";
/// Longest wait for the desktop.
const PATIENCE: Duration = Duration::from_secs(3);

/// What holds the screen awake until it is dropped.
struct Held {
    _server: Option<RustConnection>,
    _desktop: Option<zbus::Connection>,
}

/// Holds the screen awake for as long as it is subscribed to; it has nothing to say.
pub fn while_watching<Message: Send + 'static>() -> Subscription<Message> {
    Subscription::run(held)
}

fn held<Message>() -> impl Stream<Item = Message> {
    stream::once(async {
        let _held = hold().await;
        std::future::pending().await
    })
}

async fn hold() -> Held {
    let server = tokio::task::spawn_blocking(suspend).await;
    let server = server.map_err(|error| error.to_string()).and_then(|answer| answer);
    let server = server.inspect_err(|error| tracing::debug!(%error, "the X server does not hold the screen awake"));
    let desktop = tokio::time::timeout(PATIENCE, inhibit()).await;
    let desktop = desktop
        .map_err(|late| late.to_string())
        .and_then(|answer| answer.map_err(|error| error.to_string()));
    let desktop = desktop.inspect_err(|error| tracing::debug!(%error, "the desktop does not hold the screen awake"));
    if server.is_err() && desktop.is_err() {
        tracing::warn!("nothing holds the screen awake: switch its blanking off in the system");
    }
    Held {
        _server: server.ok(),
        _desktop: desktop.ok(),
    }
}

/// Suspends the screen saver of the X server until the connection ends.
fn suspend() -> Result<RustConnection, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let (connection, _) = x11rb::connect(None).map_err(|error| text(&error))?;
    let version = connection
        .screensaver_query_version(1, 1)
        .map_err(|error| text(&error))?;
    version.reply().map_err(|error| text(&error))?;
    let suspended = connection.screensaver_suspend(1).map_err(|error| text(&error))?;
    suspended.check().map_err(|error| text(&error))?;
    connection.flush().map_err(|error| text(&error))?;
    Ok(connection)
}

/// Asks the desktop; it forgets when the connection ends.
async fn inhibit() -> zbus::Result<zbus::Connection> {
    let bus = zbus::Connection::session().await?;
    let body = ("Vedetta", crate::gui::i18n::fl!("idle-inhibit-why"));
    bus.call_method(Some(SERVICE), PATH, Some(SERVICE), "Inhibit", &body)
        .await?;
    Ok(bus)
}
