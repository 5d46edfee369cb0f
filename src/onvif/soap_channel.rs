//! The authenticated conversation with one device: which credentials in which form, whose clock, which port.
//!
//! Invariant: at most one wrong answer per form of authentication and exchange, so an account is not locked by us; all
//! tries of an exchange share one deadline; no parser sees an answer that [`xml_guard::check`] has not passed; faults
//! come out as kinds of [`OnvifError`], also when a device sends them with HTTP 200 or 400.
//!
//! Deliberately absent: the operations (one file per service) and retries against a silent device (`station`).

use super::endpoint::{Endpoint, Limits};
use super::error::OnvifError;
use super::transport::{Http, RawReply};
use super::{oxvif_transport, soap_fault, username_token, xaddr, xml_guard};
use crate::domain::http_auth::{self, Challenge, Offer, Request};
use crate::domain::live::clock_offset::{ClockOffset, ClockReading};
use oxvif::OnvifClient;
use oxvif::soap::XmlNode;
use reqwest::Url;
use std::collections::HashSet;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Clock differences up to this are not worth another try, seconds.
const CLOCK_SLACK_S: i64 = 2;

/// A conversation with one device. Cheap to clone.
#[derive(Clone)]
pub struct Channel(Arc<Inner>);

struct Inner {
    http: Http,
    device: Url,
    endpoint: Endpoint,
    limits: Limits,
    state: Mutex<State>,
}

/// Our clock now.
fn clock_reading() -> ClockReading {
    ClockReading {
        unix_ms: jiff::Timestamp::now().as_millisecond(),
        at: Instant::now(),
    }
}

/// A device's clock minus ours now, seconds, however ours was set since it was asked; 0 as long as it is not known.
fn seconds(clock: Option<ClockOffset>) -> i64 {
    clock.map_or(0, |clock| clock.from(&clock_reading()).round() as i64)
}

/// The facts learnt about the device so far.
#[derive(Default)]
struct State {
    /// The device's clock, as last asked.
    clock: Option<ClockOffset>,
    form: Form,
    challenge: Option<Challenge>,
    /// Hosts and ports the device named and that do not answer.
    silent: HashSet<String>,
}

/// The form of authentication that the device wants, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Form {
    /// WS-UsernameToken with PasswordDigest.
    #[default]
    Token,
    /// HTTP Digest alone, as ONVIF Core 5.9 wants it when the device asks for it.
    Http,
    /// HTTP Digest and WS-UsernameToken together.
    Both,
    /// WS-UsernameToken with PasswordText.
    Text,
    /// HTTP Basic.
    Basic,
}

/// The credentials of one try.
struct Ticket {
    form: Form,
    security: String,
    authorization: Option<String>,
    offset_s: i64,
}

/// The forms tried within one exchange.
#[derive(Default)]
struct Tried {
    digest: u8,
    both: bool,
    clock: bool,
    text: bool,
    basic: bool,
}

enum Verdict {
    Done(Result<String, OnvifError>),
    Refused {
        detail: String,
        offer: Offer,
        date: Option<String>,
    },
}

impl oxvif_transport::Exchange for Channel {
    fn device(&self) -> &Url {
        &self.0.device
    }

    async fn carry(&self, anonymous: bool, url: &Url, action: &str, envelope: String) -> Result<String, OnvifError> {
        if anonymous {
            self.anonymous(url, action, envelope).await
        } else {
            self.exchange(url, action, &envelope, self.0.limits.total).await
        }
    }
}

impl Channel {
    /// Prepares a conversation; nothing is sent.
    ///
    /// # Errors
    /// `Nonsense` when the address is no URL, `NotSupported` when it is not HTTP.
    pub fn new(endpoint: Endpoint, limits: Limits) -> Result<Self, OnvifError> {
        let mut device = xaddr::parse(&endpoint.device)?;
        if !matches!(device.scheme(), "http" | "https") || device.host().is_none() {
            return Err(OnvifError::not_supported("only http and https addresses"));
        }
        // Fails only without a host, which was just checked.
        let _ = device.set_username("");
        let _ = device.set_password(None);
        let http = Http::new(&device, endpoint.trust, limits)?;
        Ok(Self(Arc::new(Inner {
            http,
            device,
            endpoint,
            limits,
            state: Mutex::default(),
        })))
    }

    /// Address of the device service.
    pub fn device(&self) -> &Url {
        &self.0.device
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The device's clock as last asked.
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.state().clock
    }

    /// Calls an operation of ours within the usual time and gives back its response element.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn call(&self, url: &Url, action: &str, body: &str, tag: &str) -> Result<XmlNode, OnvifError> {
        self.call_within(url, action, "", body, tag, self.0.limits.total).await
    }

    /// Calls an operation of ours with header elements of its own and within its own time.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn call_within(
        &self,
        url: &Url,
        action: &str,
        header: &str,
        body: &str,
        tag: &str,
        total: Duration,
    ) -> Result<XmlNode, OnvifError> {
        let text = self.exchange(url, action, &envelope(header, body), total).await?;
        xml_guard::response(&text, tag)
    }

    /// Runs an operation of oxvif over this conversation.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; what oxvif misses in an answer is `Nonsense`.
    pub async fn typed<T, F, R>(&self, operation: F) -> Result<T, OnvifError>
    where
        F: FnOnce(OnvifClient) -> R,
        R: Future<Output = Result<T, oxvif::OnvifError>>,
    {
        oxvif_transport::run(self, false, operation).await
    }

    /// Reads the device's clock without credentials, remembers and returns device minus ours, seconds.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `Nonsense` when the device tells no time.
    pub async fn read_clock(&self) -> Result<i64, OnvifError> {
        let before = jiff::Timestamp::now().as_millisecond();
        let answer = oxvif_transport::run(
            self,
            true,
            |client| async move { client.get_system_date_and_time().await },
        )
        .await?;
        let after = jiff::Timestamp::now().as_millisecond();
        let device_s = answer.utc_unix.ok_or_else(|| OnvifError::missing("UTCDateTime"))?;
        let read = ClockReading {
            unix_ms: before / 2 + after / 2,
            at: Instant::now(),
        };
        let camera_minus_ours_s = device_s.saturating_sub(read.unix_ms / 1000);
        self.state().clock = Some(ClockOffset {
            camera_minus_ours_s,
            read,
        });
        Ok(camera_minus_ours_s)
    }

    /// Sends a complete envelope with credentials and gives back the checked answer; faults are errors.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn exchange(
        &self,
        url: &Url,
        action: &str,
        envelope: &str,
        total: Duration,
    ) -> Result<String, OnvifError> {
        let deadline = Instant::now() + total;
        let mut tried = Tried::default();
        loop {
            let ticket = self.ticket(url);
            let sealed = with_header(envelope, &ticket.security);
            let reply = self
                .post(url, action, ticket.authorization.as_deref(), sealed, deadline, total)
                .await?;
            match verdict(reply, &self.0.limits) {
                Verdict::Done(result) => return result,
                Verdict::Refused { detail, offer, date } => {
                    if !self.another_try(&mut tried, &ticket, offer, date).await {
                        return Err(self.refusal(detail));
                    }
                }
            }
        }
    }

    /// Whether a GET by the account is answered with content, of which nothing is read. Asked without credentials first.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, or with a status that says neither; `NotSupported` when it takes no form of
    /// authentication that may be used here.
    pub async fn may_get(&self, url: &Url) -> Result<bool, OnvifError> {
        let Inner {
            http, endpoint, limits, ..
        } = &*self.0;
        let (mut status, challenges) = http.status(url, None, limits.total).await?;
        if status == 401 {
            let uri = request_target(url);
            let request = Request {
                method: "GET",
                uri: &uri,
            };
            let offer = http_auth::offers(challenges.iter().map(String::as_str));
            let answer = match offer.digest {
                Some(mut challenge) => challenge.answer(&endpoint.user, &endpoint.password, request, rand::random()),
                None if offer.basic && endpoint.allow_basic => http_auth::basic(&endpoint.user, &endpoint.password),
                None => {
                    return Err(OnvifError::not_supported(
                        "no authentication that may be used for a GET",
                    ));
                }
            };
            (status, _) = http.status(url, Some(&answer), limits.total).await?;
        }
        match status {
            200..=299 => Ok(true),
            401 | 403 => Ok(false),
            other => Err(OnvifError::nonsense(format!("a GET is answered with status {other}"))),
        }
    }

    /// Sends an envelope without credentials, for what a device should tell anyone.
    async fn anonymous(&self, url: &Url, action: &str, envelope: String) -> Result<String, OnvifError> {
        let total = self.0.limits.total;
        let reply = self
            .post(url, action, None, envelope, Instant::now() + total, total)
            .await?;
        let date = reply.date.clone();
        match verdict(reply, &self.0.limits) {
            Verdict::Done(result) => result,
            Verdict::Refused { detail, .. } => {
                self.take_date(date);
                Err(OnvifError::WrongPassword { detail })
            }
        }
    }

    fn ticket(&self, url: &Url) -> Ticket {
        let Endpoint { user, password, .. } = &self.0.endpoint;
        let mut state = self.state();
        let offset_s = seconds(state.clock);
        if user.is_empty() {
            return Ticket {
                form: Form::Token,
                security: String::new(),
                authorization: None,
                offset_s,
            };
        }
        let form = state.form;
        let authorization = match (form, &mut state.challenge) {
            (Form::Http | Form::Both, Some(challenge)) => {
                let uri = request_target(url);
                let request = Request {
                    method: "POST",
                    uri: &uri,
                };
                Some(challenge.answer(user, password, request, rand::random()))
            }
            (Form::Basic, _) => Some(http_auth::basic(user, password)),
            _ => None,
        };
        let security = match form {
            Form::Token | Form::Both => username_token::digest_header(user, password, offset_s),
            Form::Text => username_token::text_header(user, password),
            Form::Http | Form::Basic => String::new(),
        };
        Ticket {
            form,
            security,
            authorization,
            offset_s,
        }
    }

    /// After a refusal: learns from it and says whether another try makes sense.
    async fn another_try(&self, tried: &mut Tried, ticket: &Ticket, offer: Offer, date: Option<String>) -> bool {
        let Endpoint {
            user,
            allow_basic,
            allow_password_text,
            ..
        } = &self.0.endpoint;
        if user.is_empty() {
            return false;
        }
        let by_fault = offer == Offer::default();
        if let Some(challenge) = offer.digest
            && (tried.digest == 0 || (challenge.stale && tried.digest == 1))
        {
            tried.digest += 1;
            let mut state = self.state();
            state.form = if ticket.form == Form::Both {
                Form::Both
            } else {
                Form::Http
            };
            state.challenge = Some(challenge);
            return true;
        }
        if offer.basic && *allow_basic && !std::mem::replace(&mut tried.basic, true) {
            self.state().form = Form::Basic;
            return true;
        }
        if by_fault && ticket.form == Form::Http && !std::mem::replace(&mut tried.both, true) {
            self.state().form = Form::Both;
            return true;
        }
        let stamped = matches!(ticket.form, Form::Token | Form::Both);
        if stamped && !std::mem::replace(&mut tried.clock, true) {
            if self.read_clock().await.is_err() {
                self.take_date(date);
            }
            let offset_s = seconds(self.state().clock);
            if (offset_s - ticket.offset_s).abs() >= CLOCK_SLACK_S {
                return true;
            }
        }
        if *allow_password_text && ticket.form != Form::Text && !std::mem::replace(&mut tried.text, true) {
            self.state().form = Form::Text;
            return true;
        }
        let mut state = self.state();
        (state.form, state.challenge) = (Form::default(), None);
        false
    }

    fn refusal(&self, detail: String) -> OnvifError {
        match self.state().clock {
            Some(clock) if soap_fault::speaks_of_time(&detail) => OnvifError::ClockWrong {
                offset_s: clock.camera_minus_ours_s,
            },
            _ => OnvifError::WrongPassword { detail },
        }
    }

    /// Takes the device's time from an HTTP `Date` header when it tells it nowhere else.
    fn take_date(&self, date: Option<String>) {
        let device = date.and_then(|date| jiff::fmt::rfc2822::parse(&date).ok());
        if let Some(device) = device {
            let read = clock_reading();
            self.state().clock = Some(ClockOffset {
                camera_minus_ours_s: device.timestamp().as_second() - read.unix_ms / 1000,
                read,
            });
        }
    }

    /// Posts; when a port the device named does not answer, the one that worked takes its place for good.
    async fn post(
        &self,
        url: &Url,
        action: &str,
        authorization: Option<&str>,
        envelope: String,
        deadline: Instant,
        total: Duration,
    ) -> Result<RawReply, OnvifError> {
        let Inner { http, device, .. } = &*self.0;
        let elsewhere = url.origin() != device.origin();
        let origin = url.origin().ascii_serialization();
        let moved = xaddr::onto_device(device, url);
        let left = || {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                Err(OnvifError::Timeout { after: total })
            } else {
                Ok(left)
            }
        };
        let silent = elsewhere && self.state().silent.contains(&origin);
        let target = if silent { &moved } else { url };
        let first = http
            .post(target, action, authorization, envelope.clone(), left()?)
            .await;
        match first {
            Err(OnvifError::Unreachable { .. }) if elsewhere && !silent => {
                let reply = http.post(&moved, action, authorization, envelope, left()?).await?;
                self.state().silent.insert(origin);
                Ok(reply)
            }
            Err(OnvifError::Timeout { .. }) => Err(OnvifError::Timeout { after: total }),
            other => other,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Path and query: the `uri` a Digest answer is for (RFC 7616 3.4).
fn request_target(url: &Url) -> String {
    url.query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

fn verdict(reply: RawReply, limits: &Limits) -> Verdict {
    let RawReply {
        status,
        challenges,
        date,
        body,
    } = reply;
    let checked = xml_guard::check(&body, limits);
    let fault = checked.as_ref().ok().and_then(|text| xml_guard::fault(text));
    if status == 401 {
        let offer = http_auth::offers(challenges.iter().map(String::as_str));
        let detail = fault.map_or_else(|| "HTTP 401".to_owned(), |fault| fault.to_string());
        return Verdict::Refused { detail, offer, date };
    }
    Verdict::Done(match (status, checked, fault) {
        (_, _, Some(OnvifError::WrongPassword { detail })) => {
            return Verdict::Refused {
                detail,
                offer: Offer::default(),
                date,
            };
        }
        (_, _, Some(fault)) => Err(fault),
        (200..=299, checked, None) => checked,
        (_, Err(error @ (OnvifError::TooLarge { .. } | OnvifError::TooDeep { .. })), None) => Err(error),
        (403, ..) => {
            return Verdict::Refused {
                detail: "HTTP 403".to_owned(),
                offer: Offer::default(),
                date,
            };
        }
        (429 | 503, ..) => Err(OnvifError::Busy {
            detail: format!("HTTP {status}"),
        }),
        (400 | 404 | 405 | 415 | 500 | 501, ..) => Err(OnvifError::not_supported(format!(
            "HTTP {status} without a SOAP answer"
        ))),
        (300..=399, ..) => Err(OnvifError::nonsense(format!(
            "HTTP {status}: redirects are not followed"
        ))),
        _ => Err(OnvifError::nonsense(format!("HTTP {status} without a SOAP answer"))),
    })
}

/// An envelope of ours: every prefix our operations use is declared.
pub(super) fn envelope(header: &str, body: &str) -> String {
    const PREFIXES: [(&str, &str); 12] = [
        ("s", "http://www.w3.org/2003/05/soap-envelope"),
        ("wsa", "http://www.w3.org/2005/08/addressing"),
        ("wsnt", "http://docs.oasis-open.org/wsn/b-2"),
        ("tt", "http://www.onvif.org/ver10/schema"),
        ("tds", "http://www.onvif.org/ver10/device/wsdl"),
        ("trt", "http://www.onvif.org/ver10/media/wsdl"),
        ("tr2", "http://www.onvif.org/ver20/media/wsdl"),
        ("tptz", "http://www.onvif.org/ver20/ptz/wsdl"),
        ("tev", "http://www.onvif.org/ver10/events/wsdl"),
        ("tse", "http://www.onvif.org/ver10/search/wsdl"),
        ("trc", "http://www.onvif.org/ver10/recording/wsdl"),
        ("tns1", "http://www.onvif.org/ver10/topics"),
    ];
    let prefixes: String = PREFIXES
        .iter()
        .map(|(prefix, uri)| format!(" xmlns:{prefix}=\"{uri}\""))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope{prefixes}>\
         <s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

/// Puts header elements into an envelope of ours or of oxvif.
fn with_header(envelope: &str, elements: &str) -> String {
    if elements.is_empty() {
        envelope.to_owned()
    } else if envelope.contains("</s:Header>") {
        envelope.replacen("</s:Header>", &format!("{elements}</s:Header>"), 1)
    } else {
        envelope.replacen("<s:Body>", &format!("<s:Header>{elements}</s:Header><s:Body>"), 1)
    }
}
