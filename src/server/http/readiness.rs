//! Whether the log can be written, tried once a second by the server itself.
//!
//! Invariant: who asks `/readyz` waits for nothing and costs the database nothing, however often. What was not tried for some
//! seconds counts as not ready. Deliberately absent: signing (`health` asks the signers).

use crate::server::causes::causes;
use crate::server::store::Store;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// Between two tries.
const PERIOD: Duration = Duration::from_secs(1);
/// Longest time for one.
const LIMIT: Duration = Duration::from_secs(3);
/// A try as old as this says nothing any more.
const STALE: Duration = Duration::from_secs(10);

/// The last try. Cheap to clone.
#[derive(Clone)]
pub struct Readiness(watch::Receiver<Try>);

#[derive(Debug, Clone, Copy)]
struct Try {
    at: Instant,
    taken: bool,
}

impl Readiness {
    /// Tries for the first time and goes on trying for as long as somebody may ask.
    pub async fn watch(store: Store) -> Self {
        let (tell, seen) = watch::channel(attempt(&store).await);
        tokio::spawn(async move {
            while !tell.is_closed() {
                tokio::time::sleep(PERIOD).await;
                tell.send_replace(attempt(&store).await);
            }
        });
        Self(seen)
    }

    /// Whether the database took a row a moment ago.
    pub fn is_ready(&self) -> bool {
        let last = *self.0.borrow();
        last.taken && last.at.elapsed() < STALE
    }
}

async fn attempt(store: &Store) -> Try {
    let taken = match timeout(LIMIT, store.takes_a_row()).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(error = %causes(&error), "not ready: the database takes no row");
            false
        }
        Err(_) => {
            tracing::error!(
                seconds = LIMIT.as_secs(),
                "not ready: the database does not answer in time"
            );
            false
        }
    };
    Try {
        at: Instant::now(),
        taken,
    }
}
