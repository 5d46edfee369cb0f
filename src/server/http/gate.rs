//! The gate of the server: which connections stay open, and how long one may stay silent.
//!
//! A connection is a stranger's until it carried a request with a certificate of the authority; then it counts among those of
//! its workstation and may rest longer. Its time runs from the last byte that it was answered, never from one it sent: bytes
//! that come one by one give no more time. Invariant: a connection that is refused costs no handshake.
//! Deliberately absent: the rule of who goes for whom (`domain::people::connections`), requests (`rate_limit`).

use super::rate_limit::network;
use crate::domain::people::connections::{Bounds, Connections, Ticket};
use crate::domain::people::token_bucket::Allowance;
use axum_server::accept::Accept;
use std::collections::HashMap;
use std::future::{Future as _, Ready, ready};
use std::io::{self, ErrorKind, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready as poll_ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};

/// A workstation keeps about ten connections open; an outside verifier or a monitor one. An open connection costs about 100 KiB,
/// and a workstation's is a stranger's for as long as its handshake takes.
const BOUNDS: Bounds = Bounds {
    per_address: 32,
    strangers: 128,
    per_certificate: 64,
    arrivals: Allowance {
        burst: 300.0,
        per_second: 100.0,
    },
};
/// From its last answer to the next, with everything of a request in between, of a connection without a certificate.
const STRANGER_RESTS: Duration = Duration::from_secs(10);
/// Of a workstation's connection: longer than it keeps one that it does not use (90 s), so that the server does not close
/// what a request is just being written to.
const WORKSTATION_RESTS: Duration = Duration::from_secs(120);
/// Longest handshake.
pub const HANDSHAKE: Duration = Duration::from_secs(5);

/// The gate. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Shared>);

struct Shared {
    begun: Instant,
    open: Mutex<Open>,
    /// Connections that were dropped or ended for others.
    turned_away: AtomicU64,
}

struct Open {
    rule: Connections<IpAddr, [u8; 32]>,
    places: HashMap<Ticket, Place>,
    /// By the other end of the connection.
    tickets: HashMap<SocketAddr, Ticket>,
}

/// An open connection: dropped, it ends.
struct Place {
    _ends: oneshot::Sender<()>,
    proven: Arc<AtomicBool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Shared {
            begun: Instant::now(),
            open: Mutex::new(Open {
                rule: Connections::new(BOUNDS),
                places: HashMap::new(),
                tickets: HashMap::new(),
            }),
            turned_away: AtomicU64::new(0),
        }))
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connections that were dropped at once, or ended for others, so far.
    pub fn turned_away(&self) -> u64 {
        self.0.turned_away.load(Ordering::Relaxed)
    }

    /// The connection from `remote` carried a request with this certificate (SHA-256).
    pub fn prove(&self, remote: SocketAddr, certificate: [u8; 32]) {
        let mut open = self.lock();
        let Some(ticket) = open.tickets.get(&remote).copied() else {
            return;
        };
        if let Some(place) = open.places.get(&ticket) {
            if place.proven.swap(true, Ordering::Relaxed) {
                return;
            }
            let ended = open.rule.prove(ticket, certificate);
            self.end(&mut open, ended);
        }
    }

    fn end(&self, open: &mut Open, ended: Option<Ticket>) {
        if ended.is_some_and(|ended| open.places.remove(&ended).is_some()) {
            self.0.turned_away.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn admit(&self, stream: TcpStream) -> io::Result<Guarded> {
        let remote = stream.peer_addr()?;
        let now_ms = i64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let mut open = self.lock();
        let arrival = open.rule.arrive(network(remote.ip()), now_ms).map_err(|too_fast| {
            self.0.turned_away.fetch_add(1, Ordering::Relaxed);
            io::Error::new(ErrorKind::ConnectionRefused, too_fast)
        })?;
        self.end(&mut open, arrival.ends);
        let (ends, ended) = oneshot::channel();
        let proven = Arc::new(AtomicBool::new(false));
        let place = Place {
            _ends: ends,
            proven: Arc::clone(&proven),
        };
        open.places.insert(arrival.ticket, place);
        open.tickets.insert(remote, arrival.ticket);
        let answered = Instant::now();
        Ok(Guarded {
            _held: Held {
                gate: self.clone(),
                ticket: arrival.ticket,
                remote,
            },
            stream,
            ended,
            proven,
            answered,
            until: Box::pin(sleep_until(answered + STRANGER_RESTS)),
        })
    }
}

impl<S> Accept<TcpStream, S> for Gate {
    type Stream = Guarded;
    type Service = S;
    type Future = Ready<io::Result<(Guarded, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        ready(self.admit(stream).map(|guarded| (guarded, service)))
    }
}

/// A place among the open connections; free again when it is dropped.
struct Held {
    gate: Gate,
    ticket: Ticket,
    remote: SocketAddr,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = self.gate.lock();
        open.rule.leave(self.ticket);
        open.places.remove(&self.ticket);
        if open.tickets.get(&self.remote) == Some(&self.ticket) {
            open.tickets.remove(&self.remote);
        }
    }
}

/// A connection that ends when it is silent for too long, or for another one.
pub struct Guarded {
    // Before the stream: its place is free before the other end may come again from the same port.
    _held: Held,
    stream: TcpStream,
    ended: oneshot::Receiver<()>,
    proven: Arc<AtomicBool>,
    /// The last byte that was written to it.
    answered: Instant,
    until: Pin<Box<Sleep>>,
}

impl Guarded {
    /// Whether the connection has to end; otherwise the task is woken when that changes.
    fn over(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if Pin::new(&mut self.ended).poll(context).is_ready() {
            return Err(io::Error::new(
                ErrorKind::ConnectionAborted,
                "ended for another connection",
            ));
        }
        while self.until.as_mut().poll(context).is_ready() {
            let rests = if self.proven.load(Ordering::Relaxed) {
                WORKSTATION_RESTS
            } else {
                STRANGER_RESTS
            };
            let until = self.answered + rests;
            if until <= Instant::now() {
                return Err(io::Error::new(ErrorKind::TimedOut, "silent for too long"));
            }
            self.until.as_mut().reset(until);
        }
        Ok(())
    }

    fn answered(&mut self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        if written.as_ref().is_ok_and(|count| *count > 0) {
            self.answered = Instant::now();
        }
        Poll::Ready(written)
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.over(context)?;
        Pin::new(&mut self.stream).poll_read(context, to)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.over(context)?;
        let written = poll_ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.answered(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.over(context)?;
        let written = poll_ready!(Pin::new(&mut self.stream).poll_write_vectored(context, bytes));
        self.answered(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
