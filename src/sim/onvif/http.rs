//! HTTP under the services: authentication, replies and the ways in which replies go wrong.
//!
//! Invariant: a request is at most [`LARGEST`] bytes, and nothing is done before its account is known to be strong enough.
//! Deliberately absent: TLS (the simulator speaks to the loopback interface only).

use super::access;
use super::soap::{self, Fault, Request};
use super::xml::Node;
use super::{Camera, EVENTS, NOTIFICATION};
use crate::sim::auth::{Algorithm, Refusal, TokenKind};
use crate::sim::device::{Account, Device, Level, hold};
use crate::sim::faults::{AuthFault, Faults, ReplyFault};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Bytes a request may have.
const LARGEST: usize = 1 << 20;
/// Bytes of a huge reply.
const HUGE: usize = 8 << 20;
/// Levels of a deep reply.
const DEEP: usize = 60_000;

/// Answers requests until the task ends.
pub async fn run(listener: TcpListener, camera: Arc<Camera>) {
    let door = Door {
        listener,
        device: camera.device.clone(),
    };
    let router = Router::new()
        .route("/onvif/{*path}", post(operation))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(camera);
    if let Err(error) = axum::serve(door, router).await {
        tracing::error!(%error, "the ONVIF side of a simulated camera ended");
    }
}

async fn operation(State(camera): State<Arc<Camera>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let faults = camera.device.faults();
    if let Some(reply) = spoilt(faults.reply) {
        return reply;
    }
    let request = match std::str::from_utf8(&body).map_err(|error| error.to_string()) {
        Ok(text) => Request::read(text).map_err(|error| error.to_string()),
        Err(error) => Err(error),
    };
    let request = match request {
        Ok(request) => request,
        Err(reason) => return refused(&Fault::sender(&["ter:WellFormed"], reason), None),
    };
    let needed = match access::needed(&request.operation) {
        Level::Anonymous if faults.closed_clock => Level::User,
        needed => needed,
    };
    if needed > Level::Anonymous {
        match enter(&camera, &faults, &Method::POST, &uri, &headers, &request.header) {
            Ok(account) if account.level >= needed => {}
            Ok(_) => return refused(&Fault::not_authorized(), Some(&request)),
            Err(reply) => return *reply,
        }
    }
    match camera.answer(uri.path(), &request).await {
        Ok(element) => {
            let (action, relates_to) = addressing(&request);
            let text = soap::envelope(&element, action.as_deref(), relates_to);
            let undeclared = faults.undeclared_prefix && request.operation.name == "GetServices";
            finished(
                StatusCode::OK,
                if undeclared {
                    text.replacen(" xmlns:tt=", " xmlns:unused=", 1)
                } else {
                    text
                },
            )
        }
        Err(fault) if faults.unknown_is_empty && fault == Fault::unknown(&request.operation) => {
            finished(StatusCode::OK, String::new())
        }
        Err(fault) => refused(&fault, Some(&request)),
    }
}

/// Lets a caller in, or says how to ask.
fn enter(
    camera: &Camera,
    faults: &Faults,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    header: &Node,
) -> Result<Account, Box<Response>> {
    let (algorithms, token): (&[Algorithm], Option<TokenKind>) = match faults.auth {
        AuthFault::Normal => (&[Algorithm::Md5, Algorithm::Sha256], Some(TokenKind::Digest)),
        AuthFault::DigestMd5 => (&[Algorithm::Md5], None),
        AuthFault::DigestSha256 => (&[Algorithm::Sha256], None),
        AuthFault::TokenOnly => (&[], Some(TokenKind::Digest)),
        AuthFault::TextOnly => (&[], Some(TokenKind::Text)),
    };
    let now = Instant::now();
    let account = |user: &str| camera.device.account(user);
    let mut gate = hold(&camera.gate);
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let outcome = match (authorization, token) {
        (Some(text), _) if !algorithms.is_empty() => {
            Some(gate.digest(text, (method.as_str(), target), algorithms, account, now))
        }
        (_, Some(kind)) => gate.token(header, kind, account, camera.device.clock(SystemTime::now())),
        _ => None,
    };
    let tokens_decided = authorization.is_none() && outcome.is_some();
    let stale = match outcome {
        Some(Ok(account)) => return Ok(account),
        Some(Err(refusal)) => {
            tracing::debug!(%refusal, camera = %camera.device.site().id, "credentials refused");
            refusal == Refusal::Expired
        }
        None => false,
    };
    let mut reply = refused(&Fault::not_authorized(), None);
    if !algorithms.is_empty() && !tokens_decided {
        *reply.status_mut() = StatusCode::UNAUTHORIZED;
        for challenge in gate.challenge(algorithms, stale, now) {
            if let Ok(value) = HeaderValue::try_from(challenge) {
                reply.headers_mut().append(WWW_AUTHENTICATE, value);
            }
        }
    }
    Err(Box::new(reply))
}

/// The header of a reply to an operation that WS-BaseNotification describes.
fn addressing(request: &Request) -> (Option<String>, Option<&str>) {
    if ![EVENTS, NOTIFICATION].contains(&request.operation.namespace.as_str()) {
        return (None, None);
    }
    let action = request
        .header
        .text_of("Action")
        .map(|action| match action.strip_suffix("Request") {
            Some(stem) => format!("{stem}Response"),
            None => format!("{action}Response"),
        });
    (action, request.message_id())
}

fn refused(fault: &Fault, request: Option<&Request>) -> Response {
    let relates_to = request.and_then(|request| addressing(request).1);
    let action = relates_to.map(|_| "http://www.w3.org/2005/08/addressing/soap/fault");
    finished(fault.status(), soap::envelope(&fault.element(), action, relates_to))
}

fn finished(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "application/soap+xml; charset=utf-8")], text).into_response()
}

/// The reply of a camera whose replies go wrong.
fn spoilt(fault: ReplyFault) -> Option<Response> {
    let open = format!("<s:Envelope xmlns:s=\"{}\"><s:Body>", soap::ENVELOPE);
    let close = "</s:Body></s:Envelope>";
    let text = match fault {
        ReplyFault::Normal => return None,
        ReplyFault::Empty200 => String::new(),
        ReplyFault::Malformed => format!("{open}<tds:GetServicesResponse><tds:Service>{close}"),
        ReplyFault::Huge => format!("{open}<a>{}</a>{close}", "0123456789abcdef".repeat(HUGE / 16)),
        ReplyFault::Deep => format!("{open}{}{}{close}", "<a>".repeat(DEEP), "</a>".repeat(DEEP)),
        ReplyFault::Truncated => {
            let whole = format!("{open}<a>{}</a>{close}", "x".repeat(4_096));
            let half = Bytes::from(whole.as_bytes()[..whole.len() / 2].to_vec());
            let parts = futures::stream::unfold(Some(half), |half| async {
                if half.is_none() {
                    // The first half must be on its way before the connection breaks.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                half.map(|half| (Ok::<_, io::Error>(half), None))
            });
            let body = Body::from_stream(parts);
            return Some(with_length(body, whole.len()));
        }
        ReplyFault::SlowDrip => {
            let whole = format!("{open}<a>{}</a>{close}", "x".repeat(4_096)).into_bytes();
            let length = whole.len();
            let drip = futures::stream::unfold(whole.into_iter(), |mut rest| async {
                let byte = rest.next()?;
                tokio::time::sleep(Duration::from_secs(1)).await;
                Some((Ok::<_, io::Error>(Bytes::from(vec![byte])), rest))
            });
            return Some(with_length(Body::from_stream(drip), length));
        }
    };
    Some(finished(StatusCode::OK, text))
}

fn with_length(body: Body, length: usize) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/soap+xml; charset=utf-8".to_owned()),
        (CONTENT_LENGTH, length.to_string()),
    ];
    (headers, body).into_response()
}

/// Accepts connections; while the camera reboots they are reset.
struct Door {
    listener: TcpListener,
    device: Arc<Device>,
}

impl axum::serve::Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = axum::serve::Listener::accept(&mut self.listener).await;
        (
            Wire {
                stream,
                device: self.device.clone(),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that breaks while its camera reboots.
struct Wire {
    stream: TcpStream,
    device: Arc<Device>,
}

impl Wire {
    fn check(&self) -> io::Result<()> {
        if self.device.faults().rebooting(Instant::now()) {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_ready() && buf.filled().len() > before {
            self.check()?;
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
