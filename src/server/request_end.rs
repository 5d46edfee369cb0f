//! The one end of a request's time, which every write outside the log that is done for it keeps.
//!
//! Each write has a limit of its own; two that wait, one after the other, would outlast the request together, and the caller would be
//! told that it took too long instead of what did not answer. Invariant: what is done for no request (at start, in the background) has
//! the limit of the write alone. Deliberately absent: the limits (`http::responses`, `store`), and the log, whose writer works for many
//! requests at once.

use std::time::Duration;
use tokio::time::Instant;

tokio::task_local! {
    /// When the writes of the request that this task works on end.
    static END: Instant;
}

/// Does `work`, a request's, whose writes end at `end`.
pub async fn keeping<F: Future>(end: Instant, work: F) -> F::Output {
    END.scope(end, work).await
}

/// How long a write may take that has `limit` of its own: what is left of the request, where that is less.
pub fn left(limit: Duration) -> Duration {
    let left = END.try_with(|end| end.saturating_duration_since(Instant::now()));
    left.map_or(limit, |left| left.min(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn writes_of_one_request_share_what_is_left_of_it_and_others_have_their_own_limit() {
        const LIMIT: Duration = Duration::from_secs(10);
        let of_a_request_with = async |rest: Duration| keeping(Instant::now() + rest, async { left(LIMIT) }).await;
        assert_eq!(of_a_request_with(Duration::from_secs(3600)).await, LIMIT);
        let rest = of_a_request_with(Duration::from_secs(5)).await;
        assert!(rest <= Duration::from_secs(5), "{rest:?}");
        assert_eq!(of_a_request_with(Duration::ZERO).await, Duration::ZERO);
        assert_eq!(left(LIMIT), LIMIT, "for no request");
    }
}
