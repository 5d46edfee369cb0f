//! The life of the server process: listen, hear the other processes, end in order.
//!
//! Invariant: one server per data directory; at the end what was accepted is committed and signed before the process goes.

use super::gate::HANDSHAKE;
use super::opening::open;
use super::router;
use super::state::{SiteState, UsageState};
use crate::domain::camera::ControllerId;
use crate::domain::doctor::Finding;
use crate::server::camera_users::CameraUsers;
use crate::server::causes::causes;
use crate::server::change_notifier::ChangeNotifier;
use crate::server::config::{DataDir, Settings, write_whole};
use crate::server::error::ServerError;
use crate::server::log::sequencer::Sequencer;
use crate::server::open_files;
use crate::server::setup::migrate;
use crate::server::store::Store;
use crate::server::tls;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use std::collections::HashMap;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;

/// Longest head of a request, bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Before a log that is not signed is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// Before the other server processes are listened to again.
const HEAR_AGAIN: Duration = Duration::from_secs(1);
/// Longest wait for running requests, and for the writer, at the end.
const FAREWELL: Duration = Duration::from_secs(5);

/// Serves a data directory until `end` is ready. `cameras` makes and removes users on them; `ready` is told the address once it can be reached.
///
/// # Errors
/// The directory is not set up, in use or of a newer program, a signer's state does not hold, or the address cannot be opened. An
/// embedded database of an older program is moved on first; a PostgreSQL one is its owner's to move on.
pub async fn serve(
    data: &DataDir,
    listen: SocketAddr,
    cameras: Arc<dyn CameraUsers>,
    ready: impl FnOnce(&str),
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    data.check_set_up()?;
    let _lock = data.lock()?;
    open_files::raise();
    let settings = Settings::load(data)?;
    if data.postgres().is_none() {
        migrate(data).await?;
    }
    let store = Store::open(data).await?;
    let (app, tasks) = open(data, &settings, &store, cameras).await?;
    let heard = (Arc::downgrade(&app.site), Arc::downgrade(&app.usage));
    let listening = tokio::spawn(hear_others(store.clone(), heard, app.changes.clone()));
    let mending = tokio::spawn(take_up_again(app.logs.sequencer.clone(), app.logs.signing.clone()));

    let failed = |source| ServerError::Listen {
        address: listen.to_string(),
        source,
    };
    let listener = TcpListener::bind(listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = format!("https://{}", listener.local_addr().map_err(failed)?);
    let handle = Handle::new();
    let gate = app.traffic.gate.clone();
    let mut server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(tls::server_config(data)?))
        .map_err(failed)?
        .map(|tls| tls.handshake_timeout(HANDSHAKE).acceptor(gate))
        .handle(handle.clone())
        .http1_only();
    server.http_builder().http1().max_buf_size(MAX_HEAD);
    write_addresses(data, &address)?;
    ready(&address);
    tracing::info!(address, "serving");
    let stop = tokio::spawn(async move {
        end.await;
        handle.graceful_shutdown(Some(FAREWELL));
    });
    let served = server
        .serve(router(app.clone()).into_make_service_with_connect_info::<SocketAddr>())
        .await;
    stop.abort();
    listening.abort();
    mending.abort();
    // Until it is gone it holds the writer.
    drop(mending.await);
    // The writer ends when the last handle to it goes, the signers after the writer.
    drop(app);
    for task in tasks {
        if tokio::time::timeout(FAREWELL, task).await.is_err() {
            tracing::error!("a task of the log did not end in time");
        }
    }
    store.close().await;
    served.map_err(failed)
}

/// Looks at a log anew when it is not signed: its database may have lost what was signed while this server ran.
async fn take_up_again(sequencer: Sequencer, signing: HashMap<ControllerId, watch::Receiver<Option<Finding>>>) {
    let watching = signing.into_iter().map(|(log, mut failing)| {
        let sequencer = sequencer.clone();
        async move {
            while failing.wait_for(Option::is_some).await.is_ok() {
                if let Err(rejection) = sequencer.take_up(log.clone()).await {
                    tracing::error!(%log, %rejection, "the log cannot be written now");
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    });
    futures::future::join_all(watching).await;
}

/// Hears what other server processes on the same database change.
async fn hear_others(store: Store, (site, usage): (Weak<SiteState>, Weak<UsageState>), changes: ChangeNotifier) {
    let (word, mut heard) = watch::channel(());
    let taking_up = tokio::spawn(async move {
        while heard.changed().await.is_ok() {
            let (Some(site), Some(usage)) = (site.upgrade(), usage.upgrade()) else {
                return;
            };
            if let Err(error) = site.plans.refresh().await {
                tracing::error!(error = %causes(&error), "a newer plan is not taken up");
            }
            if let Err(error) = usage.presence.catch_up().await {
                tracing::warn!(error = %causes(&error), "who watches is not known");
            }
            changes.beat();
        }
    });
    let told = || {
        // Without anybody to take it up the server is ending.
        let _ = word.send(());
    };
    while let Err(error) = store.listen(told).await {
        tracing::warn!(error = %causes(&error), "the other servers are not heard");
        tokio::time::sleep(HEAR_AGAIN).await;
        told();
    }
    taking_up.abort();
}

/// Leaves the address beside the data and in each enrolment made here, where workstations of the demonstration look.
fn write_addresses(data: &DataDir, address: &str) -> Result<(), ServerError> {
    let line = format!("{address}\n");
    write_whole(&data.address(), line.as_bytes(), 0o644)?;
    let stations = data.path().join("stations");
    let entries = std::fs::read_dir(&stations).map_err(|source| ServerError::File { path: stations, source })?;
    for entry in entries.flatten() {
        if entry.path().is_dir() {
            write_whole(&entry.path().join("address"), line.as_bytes(), 0o644)?;
        }
    }
    Ok(())
}
