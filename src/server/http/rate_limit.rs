//! That one caller does not take what is everybody's: requests a second, and at once, per certificate or address.
//!
//! Invariant: a caller beyond its share is refused before anything of its request is read, and takes none of the places.
//! Deliberately absent: wrong passwords (`people::authentication`).

use crate::domain::people::rate_limit::{Allowance, Flood};
use crate::server::tls;
use axum::extract::{ConnectInfo, Request};
use axum_server::tls::TlsInfo;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A workstation at work makes a few tens of requests a second.
const SHARE: Allowance = Allowance {
    burst: 1_000.0,
    per_second: 300.0,
};
/// Requests of one caller at once; all places together are four times as many.
const AT_ONCE: usize = 64;

/// Who calls, as far as a connection says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    Certificate([u8; 32]),
    Address(IpAddr),
}

impl Line {
    /// Of a request.
    pub fn of(request: &Request) -> Self {
        let info = request.extensions().get::<Arc<TlsInfo>>();
        let certificate = info.and_then(|info| info.peer_certificates.first());
        match certificate {
            Some(certificate) => Self::Certificate(tls::fingerprint(certificate)),
            None => {
                let from = request.extensions().get::<ConnectInfo<SocketAddr>>();
                Self::Address(from.map_or(Ipv4Addr::UNSPECIFIED.into(), |from| from.0.ip()))
            }
        }
    }
}

/// The shares of all callers. Cheap to clone.
#[derive(Clone)]
pub struct Fair(Arc<Mutex<Shares>>);

struct Shares {
    begun: Instant,
    flood: Flood<Line>,
    now: HashMap<Line, usize>,
}

/// A request being worked on; its place is free again when it is dropped.
pub struct Turn {
    fair: Fair,
    line: Line,
}

impl Default for Fair {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Shares {
            begun: Instant::now(),
            flood: Flood::new(SHARE),
            now: HashMap::new(),
        })))
    }
}

impl Fair {
    fn lock(&self) -> MutexGuard<'_, Shares> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn, if the caller has one left.
    pub fn enter(&self, line: Line) -> Option<Turn> {
        let mut shares = self.lock();
        if shares.now.get(&line).is_some_and(|now| *now >= AT_ONCE) {
            return None;
        }
        let now_ms = i64::try_from(shares.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        shares.flood.take(line, now_ms).ok()?;
        *shares.now.entry(line).or_default() += 1;
        Some(Turn {
            fair: self.clone(),
            line,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut shares = self.fair.lock();
        if let Some(now) = shares.now.get_mut(&self.line) {
            *now -= 1;
            if *now == 0 {
                shares.now.remove(&self.line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_has_its_share_at_once_and_gets_it_back() {
        let fair = Fair::default();
        let (one, other) = (Line::Certificate([1; 32]), Line::Address(Ipv4Addr::LOCALHOST.into()));
        let turns: Vec<_> = std::iter::from_fn(|| fair.enter(one)).take(500).collect();
        assert_eq!(turns.len(), AT_ONCE);
        assert!(fair.enter(other).is_some());
        drop(turns);
        assert!(fair.enter(one).is_some());
        assert!(fair.lock().now.is_empty());
    }
}
