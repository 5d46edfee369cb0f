//! One thread for the whole process that looks after every stream four times a second.
//!
//! Invariant: the thread holds streams weakly, so it keeps none alive. Deliberately absent: a thread per stream.

use std::sync::{Mutex, OnceLock, PoisonError, Weak, mpsc};
use std::time::{Duration, Instant};

/// Something that wants to be looked after.
pub(crate) trait WatchdogTarget: Send + Sync {
    /// Called about every 250 ms, never twice at once.
    fn pulse(&self, now: Instant);
}

const EVERY: Duration = Duration::from_millis(250);

/// Looks after `stream` from now on until it is dropped.
pub(crate) fn look_after(stream: Weak<dyn WatchdogTarget>) {
    static SENDER: OnceLock<Mutex<mpsc::Sender<Weak<dyn WatchdogTarget>>>> = OnceLock::new();
    let sender = SENDER.get_or_init(|| {
        let (sender, receiver) = mpsc::channel();
        let started = std::thread::Builder::new()
            .name("media-pulse".to_owned())
            .spawn(move || run(&receiver));
        if let Err(error) = started {
            tracing::error!(%error, "no thread for the figures of streams");
        }
        Mutex::new(sender)
    });
    if sender
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send(stream)
        .is_err()
    {
        tracing::error!("the thread for the figures of streams is gone");
    }
}

fn run(receiver: &mpsc::Receiver<Weak<dyn WatchdogTarget>>) {
    let mut streams: Vec<Weak<dyn WatchdogTarget>> = Vec::new();
    let mut next = Instant::now() + EVERY;
    loop {
        match receiver.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(stream) => streams.push(stream),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let now = Instant::now();
                streams.retain(|stream| stream.upgrade().map(|stream| stream.pulse(now)).is_some());
                next = now + EVERY;
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
    }
}
