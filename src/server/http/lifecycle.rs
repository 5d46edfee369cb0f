//! The life of the server process: open everything, listen, end in order.
//!
//! Invariant: one server per data directory; at the end what was accepted is committed and signed before the process goes.

use super::last_seen::Contacts;
use super::rate_limit::Fair;
use super::router;
use crate::domain::audit::note::{SignerKey, Statement};
use crate::domain::camera::{CameraId, ControllerId};
use crate::domain::site::SitePlan;
use crate::protocol::LogKey;
use crate::server::camera_users::{CameraUsers, PersonalUsers};
use crate::server::change_notifier::ChangeNotifier;
use crate::server::clearances::Clearances;
use crate::server::config::{DataDir, Settings, write_whole};
use crate::server::declared::Declarations;
use crate::server::dome_leases::DomeLeases;
use crate::server::error::ServerError;
use crate::server::keys::{Vault, load_signer};
use crate::server::log::cosigning::{Witnessed, Witnesses};
use crate::server::log::recorder::Recorder;
use crate::server::log::sequencer::{Sequencer, now_ms};
use crate::server::log::signer::{SignedState, Signer};
use crate::server::metrics::Metrics;
use crate::server::people::accounts::Accounts;
use crate::server::people::authentication::Door;
use crate::server::people::sessions::Sessions;
use crate::server::plan::Plans;
use crate::server::presence::Presence;
use crate::server::rollover::successions;
use crate::server::store::{Log, Store};
use crate::server::tls;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use std::collections::HashMap;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// Requests worked on at once.
const PLACES: usize = 256;
/// A client that says nothing after the handshake is let go.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// Longest head of a request, bytes.
const MAX_HEAD: usize = 64 * 1024;
/// How often overdue accounts are looked for; each sign-in looks by itself.
const LOOK_AT_ACCOUNTS: Duration = Duration::from_secs(60);
/// Before a log that is not signed is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// Before the other server processes are listened to again.
const HEAR_AGAIN: Duration = Duration::from_secs(1);
/// Longest wait for running requests, and for the writer, at the end.
const FAREWELL: Duration = Duration::from_secs(5);

/// Everything the handlers share.
pub struct App {
    pub(super) store: Store,
    pub(super) logs: Vec<Log>,
    pub(super) log_keys: HashMap<ControllerId, SignerKey>,
    /// The same keys as workstations are given them.
    pub(super) given_keys: Vec<LogKey>,
    pub(super) signed: HashMap<ControllerId, watch::Receiver<SignedState>>,
    /// Why a log is not signed now, when it is not.
    pub(super) signing: HashMap<ControllerId, watch::Receiver<Option<String>>>,
    pub(super) witnessed: HashMap<ControllerId, watch::Receiver<Witnessed>>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) sequencer: Sequencer,
    pub(super) recorder: Recorder,
    pub(super) sessions: Sessions,
    pub(super) accounts: Arc<Accounts>,
    pub(super) fair: Fair,
    pub(super) contacts: Contacts,
    /// For certificates of workstations: the authority lies there.
    pub(super) data: DataDir,
    pub(super) holds: Arc<DomeLeases>,
    pub(super) presence: Arc<Presence>,
    pub(super) clearances: Arc<Clearances>,
    pub(super) plans: Arc<Plans>,
    pub(super) declared: Arc<Declarations>,
    pub(super) personal_users: Arc<PersonalUsers>,
    pub(super) changes: ChangeNotifier,
    pub(super) plan_vkey: String,
    pub(super) vault: Vault,
    pub(super) places: Semaphore,
}

/// Opens a data directory: the shared state and the tasks behind it.
async fn open(
    data: &DataDir,
    settings: &Settings,
    store: &Store,
    cameras: Arc<dyn CameraUsers>,
) -> Result<(App, Vec<JoinHandle<()>>), ServerError> {
    let logs = store.logs().await?;
    let plan_key = load_signer(&data.plan_key())?;
    let plan_vkey = plan_key.verifier().to_string();
    let signed_plan = store.plan(&plan_vkey).await?.ok_or(ServerError::NotSetUp)?;
    // What is served is signed anew for each person: nothing is signed that was not signed before.
    plan_key
        .verifier()
        .verify_statement(Statement::Plan, &signed_plan.plan, &signed_plan.signature)
        .map_err(|error| ServerError::Broken(format!("il piano del sito non è quello firmato ({error})")))?;
    let plan: SitePlan = serde_json::from_str(&signed_plan.plan).map_err(|error| ServerError::Config {
        path: data.database(),
        detail: error.to_string(),
    })?;
    let (mut log_keys, mut signed, mut signers) = (HashMap::new(), HashMap::new(), Vec::new());
    let mut given_keys = Vec::new();
    let (mut signing, mut witnessed, mut witnesses) = (HashMap::new(), HashMap::new(), Vec::new());
    let mut first_fence = 0;
    for log in &logs {
        let key = load_signer(&data.log_key(&log.controller))?;
        let signer = Signer::open(data, log.clone(), key.clone())?;
        signed.insert(log.controller.clone(), signer.published());
        signing.insert(log.controller.clone(), signer.failing());
        let asking = Witnesses::open(data, log.clone(), key.verifier(), &settings.witnesses)?;
        witnessed.insert(log.controller.clone(), asking.seen());
        witnesses.push((asking, signer.published()));
        given_keys.push(LogKey {
            controller: log.controller.clone(),
            vkey: key.verifier().to_string(),
            successions: successions(data, &log.controller)?,
        });
        log_keys.insert(log.controller.clone(), key);
        signers.push(signer);
        first_fence = first_fence.max(store.size(log).await?);
    }
    let metrics = Arc::new(Metrics::default());
    let (sequencer, writer) = Sequencer::start(data, store.clone(), logs.clone(), Arc::clone(&metrics))?;
    for log in &logs {
        if let Err(rejection) = sequencer.take_up(log.controller.clone()).await {
            tracing::error!(log = log.origin, %rejection, "the log cannot be written now");
        }
    }
    let mut tasks = vec![writer];
    for signer in signers {
        tasks.push(tokio::spawn(signer.run(store.clone(), sequencer.committed())));
    }
    for (asking, published) in witnesses {
        tasks.push(tokio::spawn(asking.run(store.clone(), published)));
    }
    let recorder =
        Recorder::new(sequencer.clone(), plan.version).map_err(|error| ServerError::Key(error.to_string()))?;
    let vault = Vault::load(&data.vault_key())?;
    let door = Door::new(store.clone(), vault.clone(), settings.second_factor)
        .map_err(|error| ServerError::Key(error.to_string()))?;
    let sessions = Sessions::new(store.clone(), recorder.clone(), settings.clone(), door.clone());
    let accounts = Arc::new(Accounts::new(store.clone(), recorder.clone(), door, sessions.clone()));
    // DomeLeases nothing while it waits, so it never keeps the writer from ending.
    tokio::spawn(watch_accounts(Arc::downgrade(&accounts)));
    let changes = ChangeNotifier::default();
    let declared = Arc::new(Declarations::new(recorder.clone(), changes.clone()));
    tasks.push(tokio::spawn(Declarations::end_in_time(Arc::downgrade(&declared))));
    let idle = Duration::from_secs(settings.hold_seconds.into());
    let plans = Arc::new(Plans::new(
        store.clone(),
        plan_key,
        recorder.clone(),
        changes.clone(),
        plan,
    ));
    let holds = Arc::new(DomeLeases::new(
        store.clone(),
        recorder.clone(),
        idle,
        first_fence,
        changes.clone(),
    ));
    let planned = Arc::clone(&plans);
    let log_of = move |camera: &CameraId| Some(planned.current().camera(camera)?.controller.clone());
    tasks.push(tokio::spawn(DomeLeases::end_in_time(Arc::downgrade(&holds), log_of)));
    let clearances = Arc::new(Clearances::new(store.clone(), recorder.clone(), changes.clone()));
    tasks.push(tokio::spawn(Clearances::end_in_time(Arc::downgrade(&clearances))));
    let presence = Arc::new(Presence::new(store.clone(), changes.clone(), logs.clone()));
    tokio::spawn(Presence::keep_up(Arc::downgrade(&presence)));
    let personal_users = Arc::new(PersonalUsers::new(
        store.clone(),
        vault.clone(),
        recorder.clone(),
        Arc::clone(&plans),
        cameras,
    ));
    // Like the accounts' watch it holds nothing while it waits.
    tokio::spawn(PersonalUsers::sweep_in_time(Arc::downgrade(&personal_users)));
    let app = App {
        personal_users,
        store: store.clone(),
        logs,
        log_keys,
        given_keys,
        signed,
        signing,
        witnessed,
        metrics,
        sequencer,
        holds,
        presence,
        clearances,
        plans,
        declared,
        changes,
        recorder,
        sessions,
        plan_vkey,
        vault,
        accounts,
        fair: Fair::default(),
        contacts: Contacts::default(),
        data: data.clone(),
        places: Semaphore::new(PLACES),
    };
    Ok((app, tasks))
}

/// Serves a data directory until `end` is ready. `cameras` makes and removes users on them; `ready` is told the address once it can be reached.
///
/// # Errors
/// The directory is not set up or in use, a signer's state does not hold, or the address cannot be opened.
pub async fn serve(
    data: &DataDir,
    listen: SocketAddr,
    cameras: Arc<dyn CameraUsers>,
    ready: impl FnOnce(&str),
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    if !data.is_set_up() {
        return Err(ServerError::NotSetUp);
    }
    let _lock = data.lock()?;
    let settings = Settings::load(data)?;
    let store = Store::open(data).await?;
    let (app, tasks) = open(data, &settings, &store, cameras).await?;
    let app = Arc::new(app);
    let listening = tokio::spawn(hear_others(store.clone(), Arc::downgrade(&app)));
    let mending = tokio::spawn(take_up_again(app.sequencer.clone(), app.signing.clone()));

    let failed = |source| ServerError::Listen {
        address: listen.to_string(),
        source,
    };
    let listener = TcpListener::bind(listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = format!("https://{}", listener.local_addr().map_err(failed)?);
    let handle = Handle::new();
    let mut server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(tls::server_config(data)?))
        .map_err(failed)?
        .handle(handle.clone())
        .first_request_timeout(FIRST_REQUEST)
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
        .serve(router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>())
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

/// Disables accounts that were not confirmed in time, as long as the server lives (R-ACC-4).
async fn watch_accounts(accounts: Weak<Accounts>) {
    loop {
        let Some(present) = accounts.upgrade() else { return };
        match present.disable_overdue(now_ms()).await {
            Ok(disabled) if disabled.is_empty() => {}
            Ok(disabled) => tracing::warn!(count = disabled.len(), "accounts were not confirmed in time"),
            Err(why) => tracing::error!(?why, "overdue accounts could not be disabled"),
        }
        drop(present);
        tokio::time::sleep(LOOK_AT_ACCOUNTS).await;
    }
}

/// Looks at a log anew when it is not signed: its database may have lost what was signed while this server ran.
async fn take_up_again(sequencer: Sequencer, signing: HashMap<ControllerId, watch::Receiver<Option<String>>>) {
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
async fn hear_others(store: Store, app: Weak<App>) {
    let (word, mut heard) = watch::channel(());
    let taking_up = tokio::spawn(async move {
        while heard.changed().await.is_ok() {
            let Some(app) = app.upgrade() else { return };
            if let Err(error) = app.plans.refresh().await {
                tracing::error!(error = &error as &dyn std::error::Error, "a newer plan is not taken up");
            }
            if let Err(error) = app.presence.catch_up().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "who watches is not known");
            }
            app.changes.beat();
        }
    });
    let told = || {
        // Without anybody to take it up the server is ending.
        let _ = word.send(());
    };
    while let Err(error) = store.listen(told).await {
        tracing::warn!(%error, "the other servers are not heard");
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
