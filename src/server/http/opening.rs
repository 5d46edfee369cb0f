//! Opens a data directory: the parts of the router's state and the tasks behind them, one part after another.
//!
//! Invariant: nothing is served before the plan's signature and every signer's state hold. A task that keeps a part up in
//! time holds it weakly, so that the writer of the log ends when the last part goes.
//! Deliberately absent: listening, and the end (`lifecycle`).

use super::gate::Gate;
use super::last_seen::Contacts;
use super::rate_limit::Fair;
use super::readiness::Readiness;
use super::state::{App, LogState, PeopleState, SiteState, Traffic, UsageState};
use crate::domain::audit::note::{SignerKey, Statement};
use crate::domain::camera::CameraId;
use crate::domain::message::sentence;
use crate::domain::site::{SitePlan, signed_form};
use crate::domain::strict::NotWhole;
use crate::protocol::LogKey;
use crate::server::attribution::Attribution;
use crate::server::camera_users::{CameraUsers, PersonalUsers};
use crate::server::causes::causes;
use crate::server::change_notifier::ChangeNotifier;
use crate::server::clearances::Clearances;
use crate::server::config::{DataDir, Settings};
use crate::server::declared::Declarations;
use crate::server::dome_leases::DomeLeases;
use crate::server::error::ServerError;
use crate::server::keys::{Vault, load_signer};
use crate::server::log::cosigning::Witnesses;
use crate::server::log::put_back::PutBack;
use crate::server::log::recorder::Recorder;
use crate::server::log::sequencer::Sequencer;
use crate::server::log::signer::Signer;
use crate::server::metrics::Metrics;
use crate::server::now::now_ms;
use crate::server::people::accounts::Accounts;
use crate::server::people::authentication::Door;
use crate::server::people::sessions::Sessions;
use crate::server::plan::Plans;
use crate::server::presence::Presence;
use crate::server::store::Store;
use crate::server::successions::successions;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Requests worked on at once, with a certificate and without.
const PLACES: usize = 256;
const STRANGERS_PLACES: usize = 32;
/// How often overdue accounts are looked for; each sign-in looks by itself.
const LOOK_AT_ACCOUNTS: Duration = Duration::from_secs(60);

/// What every part is opened with.
struct Ground<'a> {
    data: &'a DataDir,
    settings: &'a Settings,
    store: &'a Store,
    /// Tasks that end by themselves once the parts are gone.
    tasks: Vec<JoinHandle<()>>,
}

/// Opens everything. Gives the tasks that end when the state is dropped.
///
/// # Errors
/// The directory is not set up, the plan is not the signed one, or a key, a signer's state or the database does not hold.
pub(super) async fn open(
    data: &DataDir,
    settings: &Settings,
    store: &Store,
    cameras: Arc<dyn CameraUsers>,
) -> Result<(App, Vec<JoinHandle<()>>), ServerError> {
    let mut ground = Ground {
        data,
        settings,
        store,
        tasks: Vec::new(),
    };
    let (plan_key, plan) = ground.plan().await?;
    let metrics = Arc::new(Metrics::default());
    let logs = ground.logs(&metrics).await?;
    let recorder =
        Recorder::new(logs.sequencer.clone(), plan.version).map_err(|error| ServerError::Key(error.to_string()))?;
    let vault = Vault::load(&data.vault_key())?;
    let changes = ChangeNotifier::default();
    let people = ground.people(&vault, &recorder)?;
    let site = ground.site((plan_key, plan), vault, &recorder, &changes, cameras);
    let usage = ground.usage(&logs, &site, &recorder, &changes).await?;
    let traffic = Traffic {
        fair: Fair::default(),
        gate: Gate::default(),
        readiness: Readiness::watch(store.clone()).await,
        places: Semaphore::new(PLACES),
        strangers_places: Semaphore::new(STRANGERS_PLACES),
        metrics,
    };
    let app = App {
        logs: Arc::new(logs),
        site: Arc::new(site),
        usage: Arc::new(usage),
        people: Arc::new(people),
        traffic: Arc::new(traffic),
        changes,
        recorder,
        store: store.clone(),
        data: data.clone(),
    };
    Ok((app, ground.tasks))
}

impl Ground<'_> {
    /// The plan in force and the key it is signed with.
    async fn plan(&self) -> Result<(SignerKey, SitePlan), ServerError> {
        let key = load_signer(&self.data.plan_key())?;
        let signed = self.store.plan(&key.verifier().to_string()).await?;
        let signed = signed.ok_or(ServerError::NotSetUp)?;
        // What is served is signed anew for each person: nothing is signed that was not signed before.
        key.verifier()
            .verify_statement(Statement::Plan, &signed.plan, &signed.signature)
            .map_err(|error| ServerError::Broken {
                detail: format!("the site plan is not the one that was signed: {error}"),
                what: sentence("broken-plan"),
            })?;
        // It is signed again, for each person and with each change: nothing of it may be passed over.
        let plan = signed_form::read_whole(&signed.plan).map_err(|error| match &error {
            NotWhole::Unknown(_) => ServerError::NewerData {
                what: "the site plan",
                detail: error.to_string(),
            },
            NotWhole::Syntax(_) => ServerError::Config {
                path: self.data.database(),
                detail: causes(&error).to_string(),
            },
        })?;
        Ok((key, plan))
    }

    /// The logs with their signers, witnesses and the one writer.
    async fn logs(&mut self, metrics: &Arc<Metrics>) -> Result<LogState, ServerError> {
        let all = self.store.logs().await?;
        let (mut keys, mut given_keys) = (HashMap::new(), Vec::new());
        let (mut signed, mut signing, mut witnessed) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (mut signers, mut witnesses) = (Vec::new(), Vec::new());
        for log in &all {
            let controller = || log.controller.clone();
            let key = load_signer(&self.data.log_key(&log.controller))?;
            let signer = Signer::open(self.data, log.clone(), key.clone())?;
            signed.insert(controller(), signer.published());
            signing.insert(controller(), signer.failing());
            let asking = Witnesses::open(self.data, log.clone(), key.verifier(), &self.settings.witnesses)?;
            witnessed.insert(controller(), asking.seen());
            witnesses.push((asking, signer.published()));
            given_keys.push(LogKey {
                controller: controller(),
                vkey: key.verifier().to_string(),
                successions: successions(self.data, &log.controller)?,
            });
            keys.insert(controller(), key);
            signers.push(signer);
        }
        let (sequencer, writer) = Sequencer::start(self.data, self.store.clone(), all.clone(), Arc::clone(metrics))?;
        for log in &all {
            if let Err(rejection) = sequencer.take_up(log.controller.clone()).await {
                tracing::error!(log = log.origin, %rejection, "the log cannot be written now");
            }
        }
        self.tasks.push(writer);
        for signer in signers {
            let signing = signer.run(self.store.clone(), sequencer.committed());
            self.tasks.push(tokio::spawn(signing));
        }
        for (asking, published) in witnesses {
            self.tasks.push(tokio::spawn(asking.run(self.store.clone(), published)));
        }
        let put_back = PutBack::open(self.data, self.store, &all).await?;
        Ok(LogState {
            put_back,
            all,
            keys,
            given_keys,
            signed,
            signing,
            witnessed,
            has_witnesses: !self.settings.witnesses.is_empty(),
            sequencer,
        })
    }

    /// Accounts and sessions.
    fn people(&self, vault: &Vault, recorder: &Recorder) -> Result<PeopleState, ServerError> {
        let (store, settings) = (self.store, self.settings);
        let door = Door::new(store.clone(), vault.clone(), settings.second_factor)
            .map_err(|error| ServerError::Key(error.to_string()))?;
        let sessions = Sessions::new(store.clone(), recorder.clone(), settings.clone(), door.clone());
        let accounts = Arc::new(Accounts::new(store.clone(), recorder.clone(), door, sessions.clone()));
        // It holds nothing while it waits, so it never keeps the writer from ending.
        tokio::spawn(watch_accounts(Arc::downgrade(&accounts)));
        Ok(PeopleState {
            sessions,
            accounts,
            contacts: Contacts::default(),
        })
    }

    /// The plan with what is declared beside it and the users on its cameras.
    fn site(
        &mut self,
        (plan_key, plan): (SignerKey, SitePlan),
        vault: Vault,
        recorder: &Recorder,
        changes: &ChangeNotifier,
        cameras: Arc<dyn CameraUsers>,
    ) -> SiteState {
        let plan_vkey = plan_key.verifier().to_string();
        let declared = Arc::new(Declarations::new(recorder.clone(), changes.clone()));
        let ending = Declarations::end_in_time(Arc::downgrade(&declared));
        self.tasks.push(tokio::spawn(ending));
        let plans = Plans::new(self.store.clone(), plan_key, recorder.clone(), changes.clone(), plan);
        let plans = Arc::new(plans);
        let personal_users = Arc::new(PersonalUsers::new(
            self.store.clone(),
            vault.clone(),
            recorder.clone(),
            Arc::clone(&plans),
            cameras,
        ));
        // Like the watch over accounts it holds nothing while it waits.
        tokio::spawn(PersonalUsers::sweep_in_time(Arc::downgrade(&personal_users)));
        SiteState {
            plans,
            plan_vkey,
            declared,
            personal_users,
            vault,
        }
    }

    /// Leases of domes, who watches, clearances.
    async fn usage(
        &mut self,
        logs: &LogState,
        site: &SiteState,
        recorder: &Recorder,
        changes: &ChangeNotifier,
    ) -> Result<UsageState, ServerError> {
        // A log never shrinks: a fence from its size is beyond every one of before.
        let mut first_fence = 0;
        for log in &logs.all {
            first_fence = first_fence.max(self.store.size(log).await?);
        }
        let idle = Duration::from_secs(self.settings.lease_seconds.into());
        let leases = Arc::new(DomeLeases::new(
            self.store.clone(),
            recorder.clone(),
            idle,
            first_fence,
            changes.clone(),
        ));
        let planned = Arc::clone(&site.plans);
        let log_of = move |camera: &CameraId| Some(planned.current().camera(camera)?.controller.clone());
        let ending = DomeLeases::end_in_time(Arc::downgrade(&leases), log_of);
        self.tasks.push(tokio::spawn(ending));
        let recent_min = self.settings.urgent_recordings_minutes;
        let clearances = Clearances::new(self.store.clone(), recorder.clone(), changes.clone(), recent_min);
        let clearances = Arc::new(clearances);
        let ending = Clearances::end_in_time(Arc::downgrade(&clearances));
        self.tasks.push(tokio::spawn(ending));
        let presence = Presence::new(self.store.clone(), changes.clone(), logs.all.clone());
        let presence = Arc::new(presence);
        tokio::spawn(Presence::keep_up(Arc::downgrade(&presence)));
        Ok(UsageState {
            leases,
            presence,
            clearances,
            attribution: Attribution::new(self.store.clone(), recorder.clone()),
        })
    }
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
