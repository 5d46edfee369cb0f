//! SOAP 1.2 envelopes and faults as ONVIF uses them (ONVIF Core, 5.8 and 5.11).
//!
//! Invariant: every prefix used in a reply is declared on its envelope.
//! Deliberately absent: what operations do; authentication (see `auth`).

use super::xml::{Element, Node, Unreadable, leaf, node};
use axum::http::StatusCode;
use jiff::Timestamp;
use std::time::{Duration, SystemTime};

/// Namespace of the SOAP 1.2 envelope.
pub const ENVELOPE: &str = "http://www.w3.org/2003/05/soap-envelope";
const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";

/// Prefixes declared on every reply.
const PREFIXES: [(&str, &str); 17] = [
    ("s", ENVELOPE),
    ("wsa", ADDRESSING),
    ("wsnt", "http://docs.oasis-open.org/wsn/b-2"),
    ("wstop", "http://docs.oasis-open.org/wsn/t-1"),
    ("wsrf-rw", "http://docs.oasis-open.org/wsrf/rw-2"),
    ("xs", "http://www.w3.org/2001/XMLSchema"),
    ("tt", "http://www.onvif.org/ver10/schema"),
    ("ter", "http://www.onvif.org/ver10/error"),
    ("tns1", "http://www.onvif.org/ver10/topics"),
    ("tds", super::DEVICE),
    ("trt", super::MEDIA),
    ("tr2", super::MEDIA2),
    ("tptz", super::PTZ),
    ("tev", super::EVENTS),
    ("trc", super::RECORDING),
    ("tse", super::SEARCH),
    ("trp", super::REPLAY),
];

/// A request: its header, and the one operation in its body.
#[derive(Debug, Clone)]
pub struct Request {
    pub header: Node,
    pub operation: Node,
}

/// Why a body is not a request.
#[derive(Debug, thiserror::Error)]
pub enum BadEnvelope {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("not a SOAP 1.2 envelope")]
    Version,
    #[error("the body has no operation")]
    NoOperation,
}

impl Request {
    /// Reads an envelope.
    ///
    /// # Errors
    /// [`BadEnvelope`]: not XML, not SOAP 1.2, or an empty body.
    pub fn read(document: &str) -> Result<Self, BadEnvelope> {
        let mut root = Node::read(document)?;
        if root.name != "Envelope" || root.namespace != ENVELOPE {
            return Err(BadEnvelope::Version);
        }
        let mut take = |name: &str| {
            let index = root
                .children
                .iter()
                .position(|child| child.name == name && child.namespace == ENVELOPE)?;
            Some(root.children.swap_remove(index))
        };
        let header = take("Header").unwrap_or_default();
        let mut body = take("Body").ok_or(BadEnvelope::NoOperation)?;
        if body.children.is_empty() {
            return Err(BadEnvelope::NoOperation);
        }
        Ok(Self {
            header,
            operation: body.children.swap_remove(0),
        })
    }

    /// The WS-Addressing message id, to be named in the reply.
    pub fn message_id(&self) -> Option<&str> {
        self.header.text_of("MessageID")
    }

    /// A required argument.
    ///
    /// # Errors
    /// `ter:InvalidArgVal` when it is missing or empty.
    pub fn required(&self, name: &str) -> Result<&str, Fault> {
        self.operation
            .text_of(name)
            .ok_or_else(|| Fault::invalid_argument(format!("{name} is missing")))
    }
}

/// A SOAP fault with ONVIF's sub-codes (ONVIF Core, 5.11.2).
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    sender: bool,
    codes: Vec<&'static str>,
    reason: String,
}

impl Fault {
    /// The caller is wrong: `env:Sender`, first and second sub-code without their prefix `ter:`.
    pub fn sender(codes: &[&'static str], reason: impl Into<String>) -> Self {
        Self {
            sender: true,
            codes: codes.to_vec(),
            reason: reason.into(),
        }
    }

    /// The camera cannot: `env:Receiver`.
    pub fn receiver(codes: &[&'static str], reason: impl Into<String>) -> Self {
        Self {
            sender: false,
            codes: codes.to_vec(),
            reason: reason.into(),
        }
    }

    /// `ter:ActionNotSupported`, with the optional operation named.
    pub fn unknown(operation: &Node) -> Self {
        let reason = format!("{} is not implemented", operation.name);
        Self::receiver(&["ter:ActionNotSupported"], reason)
    }

    /// `ter:InvalidArgVal`.
    pub fn invalid_argument(reason: impl Into<String>) -> Self {
        Self::sender(&["ter:InvalidArgVal"], reason)
    }

    /// `ter:InvalidArgVal/ter:NoProfile`.
    pub fn no_profile() -> Self {
        Self::sender(
            &["ter:InvalidArgVal", "ter:NoProfile"],
            "The profile token does not exist",
        )
    }

    /// `ter:InvalidArgVal/ter:NoConfig`.
    pub fn no_config() -> Self {
        Self::sender(
            &["ter:InvalidArgVal", "ter:NoConfig"],
            "The configuration token does not exist",
        )
    }

    /// `ter:NotAuthorized` (ONVIF Core, 5.9.1).
    pub fn not_authorized() -> Self {
        Self::sender(&["ter:NotAuthorized"], "Sender not Authorized")
    }

    /// The HTTP status that goes with it (SOAP 1.2 part 2, table 20).
    pub fn status(&self) -> StatusCode {
        if self.sender {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }

    /// The fault as the content of a body.
    pub fn element(&self) -> Element {
        let mut subcode = None;
        for code in self.codes.iter().rev() {
            let value = leaf("s:Value", code);
            subcode = Some(node("s:Subcode", std::iter::once(value).chain(subcode)));
        }
        let value = leaf("s:Value", if self.sender { "s:Sender" } else { "s:Receiver" });
        node(
            "s:Fault",
            [
                node("s:Code", std::iter::once(value).chain(subcode)),
                node("s:Reason", [leaf("s:Text", &self.reason).with("xml:lang", "en")]),
            ],
        )
    }
}

/// Writes an envelope around the content of a body. `action` and `relates_to` go into the header when there is a
/// message to relate to (WS-Addressing is asked for by the events service only).
pub fn envelope(body: &Element, action: Option<&str>, relates_to: Option<&str>) -> String {
    let header = [
        action.map(|action| leaf("wsa:Action", action)),
        relates_to.map(|id| leaf("wsa:RelatesTo", id)),
    ];
    wrap(&PREFIXES, header.into_iter().flatten().collect(), body)
}

/// Writes an envelope with these prefixes and this header.
pub fn wrap(prefixes: &[(&str, &str)], header: Vec<Element>, body: &Element) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s:Envelope");
    for (prefix, namespace) in prefixes {
        out.push_str(&format!(" xmlns:{prefix}=\"{namespace}\""));
    }
    out.push('>');
    if !header.is_empty() {
        node("s:Header", header).write(&mut out);
    }
    node("s:Body", [body.clone()]).write(&mut out);
    out.push_str("</s:Envelope>\n");
    out
}

/// A point in time as `xs:dateTime` in UTC, milliseconds.
pub fn date_time(at: SystemTime) -> String {
    match Timestamp::try_from(at) {
        Ok(at) => format!("{at:.3}"),
        Err(_) => "1970-01-01T00:00:00Z".to_owned(),
    }
}

/// A point in time given in Unix milliseconds.
pub fn unix_ms(ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
}

/// Reads an `xs:dateTime`; one without a zone is UTC.
pub fn read_date_time(text: &str) -> Option<SystemTime> {
    let stamp = text
        .parse::<Timestamp>()
        .or_else(|_| format!("{text}Z").parse::<Timestamp>())
        .ok()?;
    Some(SystemTime::from(stamp))
}

/// Reads an `xs:duration` of at most a few days; years and months are refused, as nothing here lasts that long.
pub fn read_duration(text: &str) -> Option<Duration> {
    let span: jiff::SignedDuration = text
        .parse::<jiff::Span>()
        .ok()?
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .ok()?;
    Duration::try_from(span).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_read_with_its_header() {
        let text = format!(
            r#"<e:Envelope xmlns:e="{ENVELOPE}"><e:Header><MessageID xmlns="urn:x">7</MessageID></e:Header><e:Body>
               <Stop xmlns="{}"><ProfileToken>main</ProfileToken></Stop></e:Body></e:Envelope>"#,
            super::super::PTZ
        );
        let request = Request::read(&text).unwrap();
        assert_eq!(
            (request.operation.name.as_str(), request.message_id()),
            ("Stop", Some("7"))
        );
        assert_eq!(request.required("ProfileToken"), Ok("main"));
        assert!(request.required("Speed").is_err());
    }

    #[test]
    fn soap_1_1_and_empty_bodies_are_refused() {
        let old =
            r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><a/></e:Body></e:Envelope>"#;
        assert!(matches!(Request::read(old), Err(BadEnvelope::Version)));
        let empty = format!(r#"<e:Envelope xmlns:e="{ENVELOPE}"><e:Body/></e:Envelope>"#);
        assert!(matches!(Request::read(&empty), Err(BadEnvelope::NoOperation)));
    }

    #[test]
    fn a_fault_has_its_sub_codes_inside_each_other() {
        let text = envelope(&Fault::no_profile().element(), None, None);
        let root = Node::read(&text).unwrap();
        let fault = root.child("Body").and_then(|body| body.child("Fault")).unwrap();
        let code = fault.child("Code").unwrap();
        assert_eq!(code.text_of("Value"), Some("s:Sender"));
        let first = code.child("Subcode").unwrap();
        assert_eq!(first.text_of("Value"), Some("ter:InvalidArgVal"));
        assert_eq!(
            first.child("Subcode").and_then(|code| code.text_of("Value")),
            Some("ter:NoProfile")
        );
    }

    #[test]
    fn times_and_durations_are_written_as_the_schema_says() {
        assert_eq!(date_time(unix_ms(1_500)), "1970-01-01T00:00:01.500Z");
        assert_eq!(read_date_time("1970-01-01T00:00:01.500Z"), Some(unix_ms(1_500)));
        assert_eq!(read_date_time("1970-01-01T00:00:02"), Some(unix_ms(2_000)));
        assert_eq!(read_duration("PT1.5S"), Some(Duration::from_millis(1_500)));
        assert_eq!(read_duration("P1DT2H"), Some(Duration::from_secs(26 * 3600)));
        assert_eq!(read_duration("PT0S"), Some(Duration::ZERO));
        for wrong in ["", "5", "-PT1S", "later"] {
            assert_eq!(read_duration(wrong), None, "{wrong}");
        }
    }
}
