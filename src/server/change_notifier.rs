//! Tells every waiting workstation at once that something in force changed: a holder, a declared event, the plan.
//!
//! Invariant: whoever asks with an old revision is answered at once; a change is never missed between two questions.
//! Deliberately absent: what changed.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A revision that grows. Cheap to clone.
#[derive(Clone)]
pub struct ChangeNotifier(Arc<watch::Sender<u64>>);

impl Default for ChangeNotifier {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(1)))
    }
}

impl ChangeNotifier {
    /// Something changed.
    pub fn beat(&self) {
        self.0.send_modify(|revision| *revision += 1);
    }

    /// Waits until the revision is not `after`, no longer than `patience`. Gives the revision.
    pub async fn after(&self, after: u64, patience: Duration) -> u64 {
        let mut seen = self.0.subscribe();
        let _ = tokio::time::timeout(patience, seen.wait_for(|revision| *revision != after)).await;
        *seen.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_is_told_at_once_and_never_missed() {
        let pulse = ChangeNotifier::default();
        let first = pulse.after(0, Duration::from_secs(60)).await;
        assert_eq!(pulse.after(first, Duration::from_millis(1)).await, first);
        pulse.beat();
        let second = pulse.after(first, Duration::from_secs(60)).await;
        assert_ne!(first, second);
        let waiting = tokio::spawn({
            let pulse = pulse.clone();
            async move { pulse.after(second, Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        pulse.beat();
        assert_ne!(waiting.await.unwrap(), second);
    }
}
