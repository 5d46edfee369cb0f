//! That one caller does not take what is everybody's: requests a second, and at once, and bytes of bodies, per certificate or
//! address.
//!
//! Invariant: a caller beyond its share is refused before anything of its request is read, and takes none of the places.
//! Deliberately absent: wrong passwords (`people::authentication`).

use crate::domain::people::token_bucket::{Allowance, Flood};
use crate::protocol::MAX_BODY;
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
/// What one caller may have at once.
#[derive(Debug, Clone, Copy)]
struct AtOnce {
    requests: usize,
    /// Bytes of bodies, as announced.
    bytes: usize,
}

/// Of a certificate: a fourth of all places, and some full batches of events.
const WORKSTATION: AtOnce = AtOnce {
    requests: 64,
    bytes: 8 * MAX_BODY,
};
/// Of an address: an enrolment is small, and there is nothing else to send without a certificate.
const STRANGER: AtOnce = AtOnce {
    requests: 16,
    bytes: 16 * STRANGER_BODY,
};
/// Longest body of a request without a certificate, bytes.
pub const STRANGER_BODY: usize = 64 * 1024;

/// What counts as one address: of IPv6 the network of 64 bits that one customer is given, of IPv4 the address itself.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

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
                Self::Address(from.map_or(Ipv4Addr::UNSPECIFIED.into(), |from| network(from.0.ip())))
            }
        }
    }

    fn at_once(self) -> AtOnce {
        match self {
            Self::Certificate(_) => WORKSTATION,
            Self::Address(_) => STRANGER,
        }
    }

    /// Longest body that is read, bytes.
    pub fn longest_body(self) -> usize {
        match self {
            Self::Certificate(_) => MAX_BODY,
            Self::Address(_) => STRANGER_BODY,
        }
    }
}

/// The shares of all callers. Cheap to clone.
#[derive(Clone)]
pub struct Fair(Arc<Mutex<Shares>>);

struct Shares {
    begun: Instant,
    flood: Flood<Line>,
    now: HashMap<Line, Taken>,
}

/// What one caller has now.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    requests: usize,
    bytes: usize,
}

/// A request being read or worked on; its share is free again when it is dropped.
pub struct Turn {
    fair: Fair,
    line: Line,
    bytes: usize,
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

    /// A turn with a body of `bytes`, if the caller has that much left.
    pub fn enter(&self, line: Line, bytes: usize) -> Option<Turn> {
        let mut shares = self.lock();
        let (now, most) = (shares.now.get(&line).copied().unwrap_or_default(), line.at_once());
        if now.requests >= most.requests || now.bytes + bytes > most.bytes {
            return None;
        }
        let now_ms = i64::try_from(shares.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        shares.flood.take(line, now_ms).ok()?;
        let taken = Taken {
            requests: now.requests + 1,
            bytes: now.bytes + bytes,
        };
        shares.now.insert(line, taken);
        Some(Turn {
            fair: self.clone(),
            line,
            bytes,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut shares = self.fair.lock();
        if let Some(now) = shares.now.get_mut(&self.line) {
            now.requests -= 1;
            now.bytes -= self.bytes;
            if now.requests == 0 {
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
        let all = |line, bytes| {
            std::iter::from_fn(|| fair.enter(line, bytes))
                .take(500)
                .collect::<Vec<_>>()
        };
        let turns = all(one, 0);
        assert_eq!(turns.len(), WORKSTATION.requests);
        assert_eq!(all(other, 0).len(), STRANGER.requests, "fewer without a certificate");
        drop(turns);
        assert_eq!(all(one, MAX_BODY).len(), 8, "bodies count too");
        assert!(fair.enter(one, 0).is_some());
        assert!(fair.lock().now.is_empty());
    }

    #[test]
    fn one_customers_ipv6_is_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
