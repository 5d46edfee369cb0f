//! Events over a pull point (ONVIF Core 9.2): create, pull, renew, give back.
//!
//! Invariant: the ReferenceParameters a device gave come back to it unchanged, namespaces included; a device that
//! answers at once with nothing is not asked again sooner than [`PACE`]; a subscription is given back when dropped,
//! because devices have four to eight and never reclaim them.
//!
//! Deliberately absent: what an event means, and a filter: devices disagree about filters, so all topics come.

use super::device::{Service, Services, is_final};
use super::error::{OnvifError, quote};
use super::soap_channel::Channel;
use super::xaddr;
use super::xml_guard::{self, unix_ms};
use oxvif::soap::XmlNode;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as Markup};
use reqwest::Url;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The least time between two pulls when the first brought nothing.
pub const PACE: Duration = Duration::from_millis(250);
const PORT_TYPE: &str = "http://www.onvif.org/ver10/events/wsdl";
const MANAGER: &str = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager";

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Topic without namespace prefixes, for example `RuleEngine/CellMotionDetector/Motion`.
    pub topic: String,
    /// Device time, Unix milliseconds, when the notification has one that can be read.
    pub at_ms: Option<i64>,
    /// `Initialized`, `Changed`, `Deleted` or empty.
    pub operation: String,
    /// Source items: name and value.
    pub source: Vec<(String, String)>,
    /// Data items: name and value.
    pub data: Vec<(String, String)>,
}

/// A pull point. Prefer [`Subscription::end`] to dropping it: it tells whether the slot is free again.
pub struct Subscription {
    channel: Channel,
    /// The event service, for another subscription when this one ends.
    service: Url,
    lifetime: Duration,
    point: Option<Point>,
    /// When the last pull that brought nothing returned.
    idle_since: Option<Instant>,
}

/// Where one subscription lives on the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    url: Url,
    /// Header elements to echo.
    parameters: String,
    renew_at: Instant,
    /// The latest TerminationTime, by the device's clock, Unix milliseconds.
    ends_ms: Option<i64>,
}

impl Point {
    /// Takes in an answer to a pull: where its TerminationTime moved on, the pull kept the point alive (Core 9.1.1), and
    /// nothing has to be renewed. One that stands still says nothing new.
    fn pulled(&mut self, answer: &XmlNode, lifetime: Duration) {
        let ends_ms = termination(answer);
        if ends_ms.is_some() && ends_ms > self.ends_ms {
            self.ends_ms = ends_ms;
            self.renew_at = renewal(answer, lifetime);
        }
    }
}

/// Creates a pull point.
///
/// # Errors
/// [`OnvifError`] of the exchange; `Busy` when the device has no free slot.
pub async fn subscribe(channel: &Channel, services: &Services, lifetime: Duration) -> Result<Subscription, OnvifError> {
    let service = services.need(Service::Events)?.clone();
    let point = Some(create(channel, &service, lifetime).await?);
    Ok(Subscription {
        channel: channel.clone(),
        service,
        lifetime,
        point,
        idle_since: None,
    })
}

/// CreatePullPointSubscription.
///
/// # Errors
/// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
/// what the standard says.
pub async fn create(channel: &Channel, service: &Url, lifetime: Duration) -> Result<Point, OnvifError> {
    let body = format!(
        "<tev:CreatePullPointSubscription><tev:InitialTerminationTime>{}</tev:InitialTerminationTime>\
         </tev:CreatePullPointSubscription>",
        seconds(lifetime)
    );
    let action = format!("{PORT_TYPE}/EventPortType/CreatePullPointSubscriptionRequest");
    let envelope = super::soap_channel::envelope(&addressing(&action, service), &body);
    let text = channel
        .exchange(service, &action, &envelope, channel.limits().total)
        .await?;
    read_point(&text, channel.device(), lifetime)
}

/// Reads a CreatePullPointSubscription answer.
///
/// # Errors
/// The fault in it; `Nonsense` when it names no usable address.
pub fn read_point(text: &str, device: &Url, lifetime: Duration) -> Result<Point, OnvifError> {
    let answer = xml_guard::response(text, "CreatePullPointSubscriptionResponse")?;
    let given = answer
        .path(&["SubscriptionReference", "Address"])
        .map(XmlNode::text)
        .filter(|text| !text.is_empty());
    let given = given.ok_or_else(|| OnvifError::missing("SubscriptionReference/Address"))?;
    Ok(Point {
        url: xaddr::service(device, given)?,
        parameters: reference_parameters(text)?,
        renew_at: renewal(&answer, lifetime),
        ends_ms: termination(&answer),
    })
}

fn termination(answer: &XmlNode) -> Option<i64> {
    unix_ms(answer.child("TerminationTime")?.text())
}

/// Half of the lifetime the device granted; one that lies in the past or is unreadable is taken as what was asked for.
fn renewal(answer: &XmlNode, asked: Duration) -> Instant {
    let time = |name| answer.child(name).and_then(|node| unix_ms(node.text()));
    let granted = match (time("CurrentTime"), time("TerminationTime")) {
        (Some(now), Some(end)) => u64::try_from(end.saturating_sub(now)).ok().map(Duration::from_millis),
        _ => None,
    };
    let granted = granted
        .filter(|granted| *granted >= Duration::from_secs(2))
        .map_or(asked, |g| g.min(asked));
    Instant::now() + granted / 2
}

impl Subscription {
    /// Waits up to `wait` for events. A device that keeps the point alive by pulling (25.06) is never asked to renew; another
    /// one is when half of the lifetime is over, and the subscription is made anew when the device
    /// refuses to renew or has forgotten the subscription. The device may answer at once with nothing.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; the subscription may be pulled again after any of them.
    pub async fn pull(&mut self, wait: Duration) -> Result<Vec<Event>, OnvifError> {
        if let Some(since) = self.idle_since.take() {
            tokio::time::sleep(PACE.saturating_sub(since.elapsed())).await;
        }
        let point = self.alive().await?;
        match pull(&self.channel, &point, wait).await {
            Ok(answer) => {
                if let Some(point) = &mut self.point {
                    point.pulled(&answer, self.lifetime);
                }
                let events = read_events(&answer);
                self.idle_since = events.is_empty().then(Instant::now);
                Ok(events)
            }
            Err(error) => {
                self.idle_since = Some(Instant::now());
                if !is_final(&error) {
                    self.give_back().await;
                }
                Err(error)
            }
        }
    }

    /// Gives the slot back.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; the slot then ends with its lifetime.
    pub async fn end(mut self) -> Result<(), OnvifError> {
        match self.point.take() {
            Some(point) => unsubscribe(&self.channel, &point).await,
            None => Ok(()),
        }
    }

    async fn alive(&mut self) -> Result<Point, OnvifError> {
        if let Some(point) = &mut self.point {
            if Instant::now() < point.renew_at {
                return Ok(point.clone());
            }
            match renew(&self.channel, point, self.lifetime).await {
                Ok(at) => {
                    point.renew_at = at;
                    return Ok(point.clone());
                }
                Err(error) if is_final(&error) => return Err(error),
                Err(error) => {
                    tracing::info!(device = %self.channel.device(), %error, "not renewed, subscribing anew");
                    self.give_back().await;
                }
            }
        }
        let point = create(&self.channel, &self.service, self.lifetime).await?;
        self.point = Some(point.clone());
        Ok(point)
    }

    async fn give_back(&mut self) {
        if let Some(point) = self.point.take()
            && let Err(error) = unsubscribe(&self.channel, &point).await
        {
            tracing::debug!(device = %self.channel.device(), %error, "subscription not given back");
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let (Some(point), Ok(runtime)) = (self.point.take(), tokio::runtime::Handle::try_current()) {
            let channel = self.channel.clone();
            runtime.spawn(async move {
                if let Err(error) = unsubscribe(&channel, &point).await {
                    tracing::debug!(device = %channel.device(), %error, "subscription not given back");
                }
            });
        }
    }
}

/// PullMessages; the time limit is the wait plus the usual one.
async fn pull(channel: &Channel, point: &Point, wait: Duration) -> Result<XmlNode, OnvifError> {
    let body = format!(
        "<tev:PullMessages><tev:Timeout>{}</tev:Timeout><tev:MessageLimit>100</tev:MessageLimit></tev:PullMessages>",
        seconds(wait)
    );
    let action = format!("{PORT_TYPE}/PullPointSubscription/PullMessagesRequest");
    let total = wait + channel.limits().total;
    at_point(channel, point, &action, &body, "PullMessagesResponse", total).await
}

async fn renew(channel: &Channel, point: &Point, lifetime: Duration) -> Result<Instant, OnvifError> {
    let time = seconds(lifetime);
    let body = format!("<wsnt:Renew><wsnt:TerminationTime>{time}</wsnt:TerminationTime></wsnt:Renew>");
    let action = format!("{MANAGER}/RenewRequest");
    let total = channel.limits().total;
    Ok(renewal(
        &at_point(channel, point, &action, &body, "RenewResponse", total).await?,
        lifetime,
    ))
}

async fn unsubscribe(channel: &Channel, point: &Point) -> Result<(), OnvifError> {
    let action = format!("{MANAGER}/UnsubscribeRequest");
    let total = channel.limits().total;
    at_point(
        channel,
        point,
        &action,
        "<wsnt:Unsubscribe/>",
        "UnsubscribeResponse",
        total,
    )
    .await
    .map(drop)
}

async fn at_point(
    channel: &Channel,
    point: &Point,
    action: &str,
    body: &str,
    tag: &str,
    total: Duration,
) -> Result<XmlNode, OnvifError> {
    let header = format!("{}{}", addressing(action, &point.url), point.parameters);
    channel.call_within(&point.url, action, &header, body, tag, total).await
}

fn addressing(action: &str, to: &Url) -> String {
    format!(
        "<wsa:Action>{action}</wsa:Action><wsa:MessageID>urn:uuid:{}</wsa:MessageID><wsa:To>{}</wsa:To>",
        uuid::Uuid::new_v4(),
        xml_guard::escape(to.as_str())
    )
}

fn seconds(duration: Duration) -> String {
    format!("PT{}S", duration.as_secs().max(1))
}

/// Reads the notifications of a PullMessages answer.
pub fn read_events(answer: &XmlNode) -> Vec<Event> {
    answer
        .children_named("NotificationMessage")
        .filter_map(read_event)
        .collect()
}

fn read_event(node: &XmlNode) -> Option<Event> {
    let message = node.path(&["Message", "Message"]).or_else(|| node.child("Message"))?;
    let items = |name| {
        let items = message
            .child(name)
            .map(|list| list.children_named("SimpleItem").take(64).collect::<Vec<_>>());
        let pair = |item: &XmlNode| Some((quote(item.attr("Name")?), quote(item.attr("Value").unwrap_or_default())));
        items.unwrap_or_default().into_iter().filter_map(pair).collect()
    };
    Some(Event {
        topic: topic(node.child("Topic")?.text()),
        at_ms: message.attr("UtcTime").and_then(unix_ms),
        operation: message.attr("PropertyOperation").map(quote).unwrap_or_default(),
        source: items("Source"),
        data: items("Data"),
    })
}

fn topic(text: &str) -> String {
    let local = |step: &str| step.rsplit(':').next().unwrap_or_default().trim().to_owned();
    quote(&text.trim().split('/').map(local).collect::<Vec<_>>().join("/"))
}

/// The children of `ReferenceParameters` as they were written, each with the namespaces it uses from around it, because
/// the device compares what comes back.
fn reference_parameters(text: &str) -> Result<String, OnvifError> {
    let mut reader = Reader::from_str(text);
    let mut around: Vec<BTreeMap<String, String>> = Vec::new();
    let mut out = String::new();
    // Depth of the parameters themselves, and where the child being read begins.
    let (mut inside, mut child) = (None, 0);
    loop {
        let begin = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader
            .read_event()
            .map_err(|e| OnvifError::nonsense(quote(&e.to_string())))?;
        let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let level = around.len();
        match &event {
            Markup::Start(start) => {
                if inside == Some(level) {
                    child = begin;
                }
                around.push(namespaces(start));
                if inside.is_none() && start.local_name().as_ref() == "ReferenceParameters" {
                    inside = Some(level + 1);
                }
            }
            Markup::Empty(_) if inside == Some(level) => {
                out.push_str(&with_namespaces(text.get(begin..end).unwrap_or_default(), &around));
            }
            Markup::End(_) if inside == Some(level) => return Ok(out),
            Markup::End(_) => {
                around.pop();
                if inside == Some(around.len()) {
                    out.push_str(&with_namespaces(text.get(child..end).unwrap_or_default(), &around));
                }
            }
            Markup::Eof => return Ok(out),
            _ => {}
        }
    }
}

fn namespaces(start: &BytesStart<'_>) -> BTreeMap<String, String> {
    let mut attributes = start.attributes();
    let declared = |key: &str| key == "xmlns" || key.starts_with("xmlns:");
    let found = attributes
        .with_checks(false)
        .flatten()
        .filter(|a| declared(a.key.as_ref()));
    found
        .map(|a| (a.key.as_ref().to_owned(), a.value.as_ref().to_owned()))
        .collect()
}

/// An element as written, with the prefixes it uses, and the default namespace, declared on it.
fn with_namespaces(raw: &str, around: &[BTreeMap<String, String>]) -> String {
    let at = raw
        .find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
        .unwrap_or(raw.len());
    let (name, rest) = raw.split_at(at);
    let own = &rest[..rest.find('>').unwrap_or(rest.len())];
    let mut used = BTreeMap::new();
    for (key, value) in around.iter().flatten() {
        let needed = key.strip_prefix("xmlns:").is_none_or(|prefix| uses(raw, prefix));
        if needed && !own.contains(&format!("{key}=")) {
            used.insert(key, value.replace('"', "&quot;"));
        }
    }
    let declared: String = used
        .into_iter()
        .map(|(key, value)| format!(" {key}=\"{value}\""))
        .collect();
    format!("{name}{declared}{rest}")
}

/// Whether a prefix occurs as a whole word before a colon, in a name or in a value.
fn uses(raw: &str, prefix: &str) -> bool {
    let name = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let mut found = raw
        .match_indices(prefix)
        .filter(|(at, _)| raw[at + prefix.len()..].starts_with(':'));
    found.any(|(at, _)| at == 0 || !name(raw.as_bytes()[at - 1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reference_parameters_come_back_with_their_namespaces() {
        let text = "<s:E xmlns:s='S' xmlns:x='outer'><s:Body><R xmlns='dflt'><ReferenceParameters>\
                    <d:Id xmlns:d='D' a='1'> 5 <x:In/></d:Id><Two/></ReferenceParameters></R></s:Body></s:E>";
        let echoed = reference_parameters(text).unwrap();
        assert_eq!(
            echoed,
            "<d:Id xmlns=\"dflt\" xmlns:x=\"outer\" xmlns:d='D' a='1'> 5 <x:In/></d:Id><Two xmlns=\"dflt\"/>"
        );
        assert_eq!(reference_parameters("<a><b/></a>").unwrap(), "");
    }

    #[test]
    fn topics_lose_their_prefixes_and_items_keep_their_order() {
        let xml = "<R><NotificationMessage><Topic> tns1:RuleEngine/tnsx:Cell/Motion </Topic><Message>\
                   <Message UtcTime='2026-11-22T10:00:00Z' PropertyOperation='Changed'><Source>\
                   <SimpleItem Name='b' Value='1'/><SimpleItem Name='a' Value='2'/></Source></Message></Message>\
                   </NotificationMessage><NotificationMessage><Message/></NotificationMessage></R>";
        let events = read_events(&XmlNode::parse(xml).unwrap());
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].topic, "RuleEngine/Cell/Motion");
        assert_eq!(
            events[0].source,
            [("b".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())]
        );
        assert_eq!(events[0].at_ms, Some(1_795_341_600_000));
    }

    #[test]
    fn a_termination_time_in_the_past_does_not_make_us_renew_at_once() {
        let xml = "<R><CurrentTime>2026-11-22T10:00:00Z</CurrentTime>\
                   <TerminationTime>1970-01-01T00:00:00Z</TerminationTime></R>";
        let at = renewal(&XmlNode::parse(xml).unwrap(), Duration::from_secs(60));
        assert!(at > Instant::now() + Duration::from_secs(25));
    }

    #[test]
    fn a_point_that_lives_by_pulling_is_not_renewed_and_one_that_does_not_is() {
        let lifetime = Duration::from_secs(60);
        let answer = |ends: &str| {
            let xml = format!(
                "<R><CurrentTime>2026-11-22T10:00:00Z</CurrentTime><TerminationTime>{ends}</TerminationTime></R>"
            );
            XmlNode::parse(&xml).unwrap()
        };
        let due = Instant::now();
        let mut point = Point {
            url: Url::parse("http://192.0.2.7/").unwrap(),
            parameters: String::new(),
            renew_at: due,
            ends_ms: unix_ms("2026-11-22T10:00:30Z"),
        };
        point.pulled(&answer("2026-11-22T10:00:30Z"), lifetime);
        assert_eq!(point.renew_at, due, "it was not prolonged");
        point.pulled(&answer("2026-11-22T10:01:00Z"), lifetime);
        assert!(point.renew_at > due + Duration::from_secs(25), "the pull kept it alive");
    }

    proptest! {
        #[test]
        fn any_markup_is_echoed_without_panic(parts in proptest::collection::vec("[<>/&;=\"'a-cé: -]{1,10}", 0..30)) {
            let _ = reference_parameters(&format!("<E><ReferenceParameters>{}", parts.concat()));
        }
    }
}
