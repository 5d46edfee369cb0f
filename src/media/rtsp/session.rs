//! An RTSP session of our own: a camera's live video, the metadata that it sends beside it, or ONVIF replay (ONVIF Replay
//! Control Service, Streaming Specification §6).
//!
//! Invariant: every wait is bounded and ends when the caller cancels; packets that arrive while an answer is awaited
//! are kept, up to a bound. A redirection is followed on the same host only: the account is not for others. Deliberately absent:
//! UDP, more than one track.

use super::challenge_answer::{Account, Scheme};
use super::clock;
use super::connection::{Connection, Incoming};
use super::packet;
use super::sdp::{Described, VideoTrack};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::live::without_urls;
use rtsp_types::headers::{self, HeaderName};
use rtsp_types::{Data, Message, Method, Request, Response, StatusCode, Url, Version};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ANSWER: Duration = Duration::from_secs(8);
/// Between looks at the cancel flag.
const LOOK: Duration = Duration::from_millis(50);
/// Most bytes of packets held while an answer is awaited.
const MAX_KEPT: usize = 8 * 1024 * 1024;
/// How often in a row a device may name another address of itself (RFC 2326 §11.1).
const MOST_REDIRECTIONS: usize = 2;
/// How long the answer to TEARDOWN is waited for.
const FAREWELL: Duration = Duration::from_millis(500);
const FEATURE: &str = "onvif-replay";

/// Who paces the packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// The recorder, in real time (`Rate-Control: yes`).
    Recorder,
    /// Nobody: as fast as we read (`Rate-Control: no`).
    Nobody,
}

/// The recorder's answer to PLAY: time of its first packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Playing {
    /// From `Range`, Unix milliseconds.
    pub(crate) start_ms: Option<i64>,
    /// From `RTP-Info`: the RTP time stamp at `start_ms`.
    pub(crate) rtp_time: Option<u32>,
}

/// A packet or the end of the session.
#[derive(Debug)]
pub(crate) enum Event {
    Rtp(Vec<u8>),
    /// A compound RTCP packet that says no goodbye.
    Rtcp(Vec<u8>),
    /// The recorder says there is no more (RTCP BYE).
    Goodbye,
    /// Nothing within the time given.
    Quiet,
    /// The recorder closed the connection or ended the session.
    Closed,
}

pub(crate) struct Session<T = VideoTrack> {
    connection: Connection,
    url: Url,
    account: Account,
    challenge: Option<Scheme>,
    cseq: u32,
    id: Option<String>,
    keep_alive: Method,
    keep_alive_every: Duration,
    /// The last keep-alive answered a challenge: refused again, it is left until the next one is due.
    challenged: bool,
    last_sent: Instant,
    channel: u8,
    kept: VecDeque<(u8, Vec<u8>)>,
    kept_bytes: usize,
    cancelled: Arc<AtomicBool>,
    track: T,
}

fn broken(what: &str) -> LiveError {
    LiveError::new(LiveErrorKind::BrokenStream, what)
}

/// The address without credentials; only plain RTSP.
fn address(url: &str) -> Result<Url, LiveError> {
    let bad = || {
        LiveError::new(
            LiveErrorKind::NotSupported,
            "the recording's address is not rtsp://host/path",
        )
    };
    let mut url = Url::parse(url).map_err(|_| bad())?;
    if url.scheme() != "rtsp" || url.host_str().is_none_or(str::is_empty) {
        return Err(bad());
    }
    url.set_username("")
        .and_then(|()| url.set_password(None))
        .map_err(|()| bad())?;
    Ok(url)
}

impl<T: Described> Session<T> {
    /// Connects, describes and sets up the track.
    ///
    /// # Errors
    /// Every kind of [`LiveErrorKind`] but a missing plug-in.
    pub(crate) fn open(url: &str, account: Account, cancelled: Arc<AtomicBool>) -> Result<Self, LiveError> {
        let mut url = address(url)?;
        for _ in 0..=MOST_REDIRECTIONS {
            let mut session = Self::connect(url, account.clone(), Arc::clone(&cancelled))?;
            session.options()?;
            match session.describe()? {
                Some(elsewhere) => url = elsewhere,
                None => {
                    session.setup()?;
                    return Ok(session);
                }
            }
        }
        Err(broken("the device sends us from one address to the next"))
    }

    fn connect(url: Url, account: Account, cancelled: Arc<AtomicBool>) -> Result<Self, LiveError> {
        let connection = Connection::open(&url)?;
        Ok(Self {
            connection,
            track: T::unknown(&url),
            url,
            account,
            challenge: None,
            cseq: 0,
            id: None,
            keep_alive: Method::Options,
            keep_alive_every: Duration::from_secs(25),
            challenged: false,
            last_sent: Instant::now(),
            channel: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            cancelled,
        })
    }

    /// The track described.
    pub(crate) fn track(&self) -> &T {
        &self.track
    }

    fn options(&mut self) -> Result<(), LiveError> {
        let response = self.ask(Method::Options, self.url.clone(), &[])?;
        // Some recorders do not know OPTIONS; that is no reason to stop.
        let public = header(&response, headers::PUBLIC);
        if public
            .split(',')
            .any(|method| method.trim().eq_ignore_ascii_case("GET_PARAMETER"))
        {
            self.keep_alive = Method::GetParameter;
        }
        if response.status() == StatusCode::Unauthorized {
            Err(refused(&response))
        } else {
            Ok(())
        }
    }

    /// Takes in the description; the address to ask instead when the device names another one of itself.
    fn describe(&mut self) -> Result<Option<Url>, LiveError> {
        let response = self.ask(
            Method::Describe,
            self.url.clone(),
            &[(headers::ACCEPT, "application/sdp".to_owned())],
        )?;
        if response.status().is_redirection() {
            let elsewhere = address(&header(&response, headers::LOCATION))?;
            return match elsewhere.host() == self.url.host() {
                true => Ok(Some(elsewhere)),
                false => Err(broken("the device sends us to another host")),
            };
        }
        if !response.status().is_success() {
            return Err(refused(&response));
        }
        let stated = [
            header(&response, headers::CONTENT_BASE),
            header(&response, headers::CONTENT_LOCATION),
        ];
        let base = stated
            .iter()
            .find_map(|base| Url::parse(base).ok())
            .unwrap_or_else(|| self.url.clone());
        // A base on another host (behind a translation, or a placeholder) leads nowhere: ours stays.
        let same_host = base.scheme() == "rtsp" && base.host() == self.url.host() && base.port() == self.url.port();
        let base = if same_host { base } else { self.url.clone() };
        self.track = T::read(&String::from_utf8_lossy(response.body()), &base)?;
        Ok(None)
    }

    fn setup(&mut self) -> Result<(), LiveError> {
        let transport = (headers::TRANSPORT, "RTP/AVP/TCP;unicast;interleaved=0-1".to_owned());
        let mut extra = vec![transport];
        extra.extend(T::REPLAY.then(require));
        let response = self.demand(Method::Setup, self.track.control().clone(), &extra)?;
        let transport = header(&response, headers::TRANSPORT);
        if !transport.is_empty() && !transport.to_ascii_uppercase().contains("/TCP") {
            let detail = "the recorder does not send interleaved in the RTSP connection";
            return Err(LiveError::new(LiveErrorKind::NotSupported, detail));
        }
        let channels = transport
            .split(';')
            .find_map(|part| part.trim().strip_prefix("interleaved="));
        self.channel = channels
            .and_then(|c| c.split('-').next()?.trim().parse().ok())
            .unwrap_or(0);
        // A recorder that gives no session is asked without one.
        let session = header(&response, headers::SESSION);
        let mut parts = session.split(';').map(str::trim);
        self.id = parts
            .next()
            .filter(|id| !id.is_empty() && id.len() <= 256)
            .map(str::to_owned);
        let seconds = parts.find_map(|part| part.strip_prefix("timeout=")?.trim().parse::<u64>().ok());
        self.keep_alive_every = Duration::from_secs((seconds.unwrap_or(60) / 2).clamp(1, 25));
        Ok(())
    }

    /// Plays a range; without a range goes on after a pause.
    pub(crate) fn play(&mut self, range: Option<(i64, i64)>, pace: Pace) -> Result<Playing, LiveError> {
        let rate = match pace {
            Pace::Recorder => "yes",
            Pace::Nobody => "no",
        };
        let mut extra = Vec::new();
        if T::REPLAY {
            let name = HeaderName::from_static_str("Rate-Control").map_err(|_| broken("header"))?;
            extra.extend([require(), (name, rate.to_owned())]);
        }
        if let Some((from_ms, to_ms)) = range {
            let range = clock::range(from_ms, Some(to_ms)).ok_or_else(|| broken("the range is no time"))?;
            extra.push((headers::RANGE, range));
        } else if !T::REPLAY {
            // Other clients always name it, and there are cameras that know no PLAY without (RFC 2326 §10.5).
            extra.push((headers::RANGE, "npt=0.000-".to_owned()));
        }
        let response = self.demand(Method::Play, self.track.aggregate().clone(), &extra)?;
        let info = header(&response, headers::RTP_INFO);
        Ok(Playing {
            start_ms: clock::start(&header(&response, headers::RANGE)),
            rtp_time: info
                .split([';', ','])
                .find_map(|part| part.trim().strip_prefix("rtptime=")?.trim().parse().ok()),
        })
    }

    /// Pauses; false when the recorder will not. Packets that were under way stay to be read.
    pub(crate) fn pause(&mut self) -> Result<bool, LiveError> {
        let response = self.ask(Method::Pause, self.track.aggregate().clone(), &[])?;
        Ok(response.status().is_success())
    }

    /// Forgets packets that came in and were not read.
    pub(crate) fn forget_kept(&mut self) {
        self.kept.clear();
        self.kept_bytes = 0;
    }

    /// Says that it is over; does not wait for an answer.
    pub(crate) fn tear_down(&mut self) {
        let request = self.build(&Method::Teardown, self.track.aggregate().clone(), &[]);
        if let Err(error) = self.connection.send(&Message::Request(request)) {
            tracing::debug!(%error, "TEARDOWN not sent");
        }
    }

    /// Says that it is over, and waits a little for the answer: a camera with one session to give away has it free again when
    /// this returns, unless it is slow.
    pub(crate) fn finish(mut self) {
        self.tear_down();
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until {
            match self.connection.next(LOOK) {
                Ok(Incoming::Response(_) | Incoming::Closed) | Err(_) => return,
                Ok(Incoming::Packet { .. } | Incoming::Request(_) | Incoming::Nothing) => {}
            }
        }
    }

    /// Sends an RTCP compound packet (RFC 3550 §6.1) beside the track's packets.
    ///
    /// # Errors
    /// [`LiveErrorKind::BrokenStream`] when the connection takes no more.
    pub(crate) fn report(&mut self, compound: Vec<u8>) -> Result<(), LiveError> {
        let data = Data::new(self.channel.wrapping_add(1), compound);
        self.connection.send(&Message::Data(data))
    }

    /// The next packet or what else comes, waiting at most `wait`. Keeps the session alive.
    pub(crate) fn next(&mut self, wait: Duration) -> Result<Event, LiveError> {
        self.stay_alive()?;
        let (channel, bytes) = match self.kept.pop_front() {
            Some((channel, bytes)) => {
                self.kept_bytes = self.kept_bytes.saturating_sub(bytes.len());
                (channel, bytes)
            }
            None => match self.connection.next(wait)? {
                Incoming::Packet { channel, bytes } => (channel, bytes),
                Incoming::Request(request) => return Ok(self.decline(&request)),
                Incoming::Response(response) => return self.kept_alive(&response),
                Incoming::Nothing => return Ok(Event::Quiet),
                Incoming::Closed => return Ok(Event::Closed),
            },
        };
        Ok(match channel {
            rtp if rtp == self.channel => Event::Rtp(bytes),
            rtcp if rtcp == self.channel.wrapping_add(1) && packet::is_goodbye(&bytes) => Event::Goodbye,
            rtcp if rtcp == self.channel.wrapping_add(1) => Event::Rtcp(bytes),
            _ => Event::Quiet,
        })
    }

    fn stay_alive(&mut self) -> Result<(), LiveError> {
        if self.last_sent.elapsed() < self.keep_alive_every {
            return Ok(());
        }
        self.challenged = false;
        self.send_keep_alive()
    }

    fn send_keep_alive(&mut self) -> Result<(), LiveError> {
        let request = self.build(&self.keep_alive.clone(), self.track.aggregate().clone(), &[]);
        self.connection.send(&Message::Request(request))
    }

    /// Takes in the answer to a keep-alive. A nonce that ran out is answered with the new one at once, as the session ends
    /// without an authorised request (RFC 2617 3.2.1, `stale`).
    fn kept_alive(&mut self, response: &Response<Vec<u8>>) -> Result<Event, LiveError> {
        if response.status() == StatusCode::SessionNotFound {
            return Ok(Event::Closed);
        }
        let challenge = Scheme::strongest(&header(response, headers::WWW_AUTHENTICATE));
        if response.status() == StatusCode::Unauthorized
            && let Some(challenge) = challenge
            && !std::mem::replace(&mut self.challenged, true)
        {
            self.challenge = Some(challenge);
            self.send_keep_alive()?;
        }
        Ok(Event::Quiet)
    }

    /// Answers a request of the recorder's: none is known.
    fn decline(&mut self, request: &Request<Vec<u8>>) -> Event {
        if *request.method() == Method::Teardown {
            return Event::Closed;
        }
        let cseq = request
            .header(&headers::CSEQ)
            .map_or("0", |value| value.as_str())
            .to_owned();
        let answer = Response::builder(Version::V1_0, StatusCode::NotImplemented)
            .header(headers::CSEQ, cseq)
            .empty();
        match self.connection.send(&Message::Response(answer)) {
            Ok(()) => Event::Quiet,
            Err(_) => Event::Closed,
        }
    }

    fn build(&mut self, method: &Method, uri: Url, extra: &[(HeaderName, String)]) -> Request<rtsp_types::Empty> {
        self.cseq = self.cseq.wrapping_add(1);
        self.last_sent = Instant::now();
        let name: &str = method.into();
        let mut request = Request::builder(method.clone(), Version::V1_0)
            .request_uri(uri.clone())
            .header(headers::CSEQ, self.cseq.to_string())
            .header(headers::USER_AGENT, "Vedetta");
        if let Some(challenge) = &mut self.challenge {
            request = request.header(
                headers::AUTHORIZATION,
                challenge.answer(&self.account, name, uri.as_str()),
            );
        }
        if let Some(id) = &self.id {
            request = request.header(headers::SESSION, id.clone());
        }
        for (name, value) in extra {
            request = request.header(name.clone(), value.clone());
        }
        request.empty()
    }

    /// Asks, and takes only success for an answer.
    fn demand(
        &mut self,
        method: Method,
        uri: Url,
        extra: &[(HeaderName, String)],
    ) -> Result<Response<Vec<u8>>, LiveError> {
        let response = self.ask(method, uri, extra)?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(refused(&response))
        }
    }

    /// Asks; answers one challenge, and one more where only the nonce of the first was too old (RFC 7616 §3.3).
    fn ask(
        &mut self,
        method: Method,
        uri: Url,
        extra: &[(HeaderName, String)],
    ) -> Result<Response<Vec<u8>>, LiveError> {
        let mut answered = false;
        loop {
            let request = self.build(&method, uri.clone(), extra);
            let response = self.exchange(request)?;
            let challenge = Scheme::strongest(&header(&response, headers::WWW_AUTHENTICATE));
            match challenge {
                Some(challenge)
                    if response.status() == StatusCode::Unauthorized
                        && !self.account.user.is_empty()
                        && (!answered || challenge.is_stale()) =>
                {
                    // A nonce that is never new enough is refused in the end.
                    self.challenge = Some(challenge);
                    if std::mem::replace(&mut answered, true) {
                        let request = self.build(&method, uri, extra);
                        return self.exchange(request);
                    }
                }
                _ => return Ok(response),
            }
        }
    }

    fn exchange(&mut self, request: Request<rtsp_types::Empty>) -> Result<Response<Vec<u8>>, LiveError> {
        let cseq = self.cseq.to_string();
        self.connection.send(&Message::Request(request))?;
        let until = Instant::now() + ANSWER;
        while Instant::now() < until {
            if self.cancelled.load(Ordering::Acquire) {
                return Err(broken("cancelled"));
            }
            match self.connection.next(LOOK)? {
                Incoming::Response(response) => {
                    // An answer without a number is taken for the one awaited.
                    let number = header(&response, headers::CSEQ);
                    if number.is_empty() || number.trim() == cseq {
                        return Ok(response);
                    }
                }
                Incoming::Packet { channel, bytes } => {
                    self.kept_bytes += bytes.len();
                    if self.kept_bytes > MAX_KEPT {
                        return Err(broken("the recorder sends and does not answer"));
                    }
                    self.kept.push_back((channel, bytes));
                }
                Incoming::Request(request) => {
                    self.decline(&request);
                }
                Incoming::Nothing => {}
                Incoming::Closed => return Err(broken("the recorder closed the connection")),
            }
        }
        Err(LiveError::new(LiveErrorKind::Timeout, "the recorder does not answer"))
    }
}

fn require() -> (HeaderName, String) {
    (headers::REQUIRE, FEATURE.to_owned())
}

fn header(response: &Response<Vec<u8>>, name: HeaderName) -> String {
    response
        .header(&name)
        .map(|value| value.as_str().to_owned())
        .unwrap_or_default()
}

fn refused(response: &Response<Vec<u8>>) -> LiveError {
    let challenges = header(response, headers::WWW_AUTHENTICATE);
    if response.status() == StatusCode::Unauthorized
        && !challenges.trim().is_empty()
        && Scheme::strongest(&challenges).is_none()
    {
        let detail = "the device offers no way to log in that is known here";
        return LiveError::new(LiveErrorKind::UnknownLogin, detail);
    }
    let unsupported = header(response, headers::UNSUPPORTED);
    let reason = without_urls(&format!("{} {unsupported}", response.reason_phrase()));
    LiveError::from_status(response.status().into(), reason.trim())
}

#[cfg(test)]
mod tests {
    use super::super::sdp::LiveTrack;
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc;

    const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n\
                       a=rtpmap:96 H264/90000\r\na=control:track1\r\n";

    /// Head of the next request; `None` at the end.
    fn request(reader: &mut BufReader<TcpStream>) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        Some(head)
    }

    /// A recorder whose nonce runs out after SETUP: it answers the keep-alives with 401 until they carry the new one.
    fn recorder(listener: TcpListener, heard: mpsc::Sender<bool>) {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(head) = request(&mut reader) {
            let line = |name: &str| head.lines().find(|line| line.to_ascii_lowercase().starts_with(name));
            let cseq = line("cseq:").unwrap_or("CSeq: 0").to_owned();
            let method = head.split(' ').next().unwrap_or_default().to_owned();
            let nonce = if method == "GET_PARAMETER" { "second" } else { "first" };
            let known = line("authorization:").is_some_and(|line| line.contains(&format!("nonce=\"{nonce}\"")));
            let (status, rest) = match method.as_str() {
                _ if !known => (
                    "401 Unauthorized",
                    format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\"\r\n\r\n"),
                ),
                "OPTIONS" => (
                    "200 OK",
                    "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER\r\n\r\n".to_owned(),
                ),
                "DESCRIBE" => (
                    "200 OK",
                    format!(
                        "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
                        SDP.len()
                    ),
                ),
                "SETUP" => (
                    "200 OK",
                    "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 7;timeout=2\r\n\r\n".to_owned(),
                ),
                _ => ("200 OK", "\r\n".to_owned()),
            };
            if method == "GET_PARAMETER" {
                let _ = heard.send(known);
            }
            let answer = format!("RTSP/1.0 {status}\r\n{cseq}\r\n{rest}");
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    #[test]
    fn a_keep_alive_that_is_refused_for_its_nonce_is_answered_at_once_with_the_new_one() {
        stays_alive::<VideoTrack>();
        stays_alive::<LiveTrack>();
    }

    fn stays_alive<T: Described>() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("rtsp://{}/rec", listener.local_addr().unwrap());
        let (sender, heard) = mpsc::channel();
        std::thread::spawn(move || recorder(listener, sender));
        let account = Account {
            user: "operatore".to_owned(),
            password: "parola".to_owned().into(),
        };
        let mut session = Session::<T>::open(&url, account, Arc::default()).unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        let mut said = Vec::new();
        while said.len() < 2 && Instant::now() < until {
            assert!(matches!(session.next(LOOK), Ok(Event::Quiet)));
            said.extend(heard.try_iter());
        }
        assert_eq!(
            said,
            [false, true],
            "refused for the old nonce, then taken with the new one"
        );
    }
}
