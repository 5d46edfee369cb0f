//! What the handlers share, in parts by capability: a handler names the parts it uses (`axum::extract::State`).
//!
//! Invariant: every part can be cloned cheaply and shows the same to all who hold it; the last clone of [`LogState`] and of
//! the recorder lets the writer of the log end. Deliberately absent: opening the parts (`opening`), the calls.

use super::gate::Gate;
use super::last_seen::Contacts;
use super::rate_limit::Fair;
use super::readiness::Readiness;
use crate::domain::audit::note::SignerKey;
use crate::domain::camera::ControllerId;
use crate::domain::doctor::Finding;
use crate::protocol::LogKey;
use crate::server::attribution::Attribution;
use crate::server::camera_users::PersonalUsers;
use crate::server::change_notifier::ChangeNotifier;
use crate::server::clearances::Clearances;
use crate::server::config::DataDir;
use crate::server::declared::Declarations;
use crate::server::dome_leases::DomeLeases;
use crate::server::keys::Vault;
use crate::server::log::cosigning::Witnessed;
use crate::server::log::put_back::PutBack;
use crate::server::log::recorder::Recorder;
use crate::server::log::sequencer::Sequencer;
use crate::server::log::signed_state::SignedState;
use crate::server::metrics::Metrics;
use crate::server::people::accounts::Accounts;
use crate::server::people::sessions::Sessions;
use crate::server::plan::Plans;
use crate::server::presence::Presence;
use crate::server::store::{Log, Store};
use axum::extract::FromRef;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// The logs: who signs them, how far they are signed and witnessed, and the way in.
pub struct LogState {
    pub(super) all: Vec<Log>,
    pub(super) keys: HashMap<ControllerId, SignerKey>,
    /// The verifier keys, with their successions, as workstations are given them.
    pub(super) given_keys: Vec<LogKey>,
    pub(super) signed: HashMap<ControllerId, watch::Receiver<SignedState>>,
    /// Why a log is not signed now, when it is not.
    pub(super) signing: HashMap<ControllerId, watch::Receiver<Option<Finding>>>,
    pub(super) witnessed: HashMap<ControllerId, watch::Receiver<Witnessed>>,
    /// Somebody is asked to cosign.
    pub(super) has_witnesses: bool,
    pub(super) sequencer: Sequencer,
    /// What workstations hold and the signers do not.
    pub(super) put_back: PutBack,
}

/// The site plan in force, what is declared beside it, and the accounts of its cameras.
pub struct SiteState {
    pub(super) plans: Arc<Plans>,
    /// Verifier key of the plan's signer.
    pub(super) plan_vkey: String,
    pub(super) declared: Arc<Declarations>,
    pub(super) personal_users: Arc<PersonalUsers>,
    pub(super) vault: Vault,
}

/// Who holds which dome, who watches what, what recordings may be seen.
pub struct UsageState {
    pub(super) leases: Arc<DomeLeases>,
    pub(super) presence: Arc<Presence>,
    pub(super) clearances: Arc<Clearances>,
    pub(super) attribution: Attribution,
}

/// Accounts, their sessions, and when each workstation was last heard.
pub struct PeopleState {
    pub(super) sessions: Sessions,
    pub(super) accounts: Arc<Accounts>,
    pub(super) contacts: Contacts,
}

/// How much is worked on at once, and the figures of it.
pub struct Traffic {
    pub(super) fair: Fair,
    pub(super) gate: Gate,
    pub(super) readiness: Readiness,
    /// Requests with a certificate that are worked on at once.
    pub(super) places: Semaphore,
    /// Those without: they take none of the others' places.
    pub(super) strangers_places: Semaphore,
    pub(super) metrics: Arc<Metrics>,
}

/// Every part together: the state of the router.
#[derive(Clone)]
pub struct App {
    pub(super) logs: Arc<LogState>,
    pub(super) site: Arc<SiteState>,
    pub(super) usage: Arc<UsageState>,
    pub(super) people: Arc<PeopleState>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) changes: ChangeNotifier,
    pub(super) recorder: Recorder,
    pub(super) store: Store,
    /// For certificates of workstations: the authority lies there.
    pub(super) data: DataDir,
}

macro_rules! parts {
    ($($field:ident: $part:ty),* $(,)?) => {
        $(impl FromRef<App> for $part {
            fn from_ref(app: &App) -> Self {
                app.$field.clone()
            }
        })*
    };
}

parts! {
    logs: Arc<LogState>,
    site: Arc<SiteState>,
    usage: Arc<UsageState>,
    people: Arc<PeopleState>,
    traffic: Arc<Traffic>,
    changes: ChangeNotifier,
    recorder: Recorder,
    store: Store,
    data: DataDir,
}
