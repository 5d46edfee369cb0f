//! The long poll that updates a session: plan, declared events, leases and clearances as the server sends them. As often as it is
//! answered, domes that nobody steers any more are sent back.
//!
//! Invariant: the poll keeps no session alive, and a session that the server ended ends here; while a newer plan is known
//! and not yet verified here, everything stays covered (`camera::plan_in_force`).
//! Deliberately absent: what each part makes of it (`camera`, `clearance`).

use super::sign_in_error::SignInError;
use super::signed_in::{Facts, Session, SessionInner};
use crate::protocol::PolicyState;
use crate::station::machine::workstation::Workstation;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two polls; the server answers within a second, at once when something changed.
const AT_ONCE: Duration = Duration::from_millis(5);
/// After a poll that was not answered.
const ASK_AGAIN: Duration = Duration::from_secs(1);

impl Session {
    /// Begins a session whose sign-in is recorded. Must be called on a tokio runtime.
    pub(in crate::station) fn start(station: Arc<Workstation>, facts: Facts) -> Self {
        let inner = Arc::new(SessionInner::new(station, facts));
        tokio::spawn(watch_server(Arc::downgrade(&inner)));
        Self(inner)
    }
}

impl SessionInner {
    /// Takes up the state in force as the server sends it; fetches the plan when there is a newer one.
    async fn hear(&self, mut server: PolicyState) {
        let now = Instant::now();
        self.hear_of_session(server.now_ms, server.knock.clone());
        self.leases.hear(&server.leases, std::mem::take(&mut server.watching));
        self.clearances.hear(std::mem::take(&mut server.clearances));
        self.watched
            .on_leases(&server.leases, |holder| self.leases.is_own(holder), now);
        if !self.policy.hear(server, now) {
            return;
        }
        let signed = match self.station.server.plan(&self.facts.token).await {
            Ok(signed) => signed,
            Err(error) => {
                tracing::warn!(%error, "the newer plan could not be fetched: everything stays covered");
                return;
            }
        };
        // Anything but a genuine, newer plan leaves everything covered; the reason is in the log.
        match self.station.genuine_plan(&signed) {
            Ok(plan) => match self.station.keep_plan_version(plan.version).await {
                Ok(()) => self.policy.take(plan),
                Err(error) => tracing::error!(%error, "the newer plan could not be stored"),
            },
            Err(SignInError::UpdateNeeded(update)) => self.policy.cannot_take(update),
            Err(_) => {}
        }
    }
}

/// Long-polls the server for the state in force: plan version, declared events, leases, clearances. Notices that the server
/// is away or that it ended the session.
async fn watch_server(session: Weak<SessionInner>) {
    let mut known = 0;
    let mut unknown_here = false;
    loop {
        let Some(inner) = session.upgrade() else { return };
        if inner.has_ended() {
            return;
        }
        let asked = inner.station.server.policy(&inner.facts.token, known).await;
        let pause = match asked {
            Ok(server) => {
                unknown_here = false;
                inner.station.contact.reached();
                known = server.revision;
                inner.hear(server).await;
                return_unattended(&inner);
                AT_ONCE
            }
            Err(error) if error.is_session_ended() => {
                tracing::warn!("the server ended the session");
                inner.end();
                return;
            }
            // Once may be the certificate of before, on its way while the next one was taken up.
            Err(error) if error.is_unknown_station() && unknown_here => {
                tracing::warn!("this workstation was revoked");
                inner.end();
                return;
            }
            Err(error) if error.is_unknown_station() => {
                unknown_here = true;
                AT_ONCE
            }
            Err(error) => {
                if error.is_away() {
                    inner.station.contact.away();
                } else {
                    // It answered all the same.
                    inner.station.contact.reached();
                }
                // Nobody says now who moves a dome.
                inner.watched.on_silence(Instant::now());
                known = 0;
                ASK_AGAIN
            }
        };
        let ended = inner.ended().subscribe();
        drop(inner);
        wait(ended, pause).await;
    }
}

/// Sends back the domes that nobody steers any more.
fn return_unattended(inner: &Arc<SessionInner>) {
    for camera in inner.leases.to_return(&inner.policy.plan(), Instant::now()) {
        let session = Session(Arc::clone(inner));
        inner.station.runtime.spawn(async move {
            if let Err(refusal) = session.return_home(&camera).await {
                tracing::info!(%refusal, %camera, "the dome did not return to its place");
                session.0.did_not_return(camera, refusal);
            }
        });
    }
}

async fn wait(mut ended: watch::Receiver<bool>, pause: Duration) {
    let _ = tokio::time::timeout(pause, ended.wait_for(|ended| *ended)).await;
}
