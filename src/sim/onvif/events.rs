//! The Events service: pull points with motion and tamper (ONVIF Core, 9).
//!
//! Invariant: a pull point lives until its termination time; what it has not handed over by then is lost.
//! Deliberately absent: WS-BaseNotification push, message content filters, persistent storage.

use super::Camera;
use super::profiles::SOURCE;
use super::soap::{Fault, Request, date_time, read_date_time, read_duration};
use super::xml::{Element, Node, leaf, node};
use crate::sim::device::{Alarm, Notice, hold};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex as AsyncMutex, Notify};

/// Pull points at once.
const MOST: usize = 8;
/// A pull point without `InitialTerminationTime` lives this long after the last pull.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// The longest life that can be asked for.
const LONGEST_LIFE: Duration = Duration::from_secs(3_600);
/// The longest poll.
const LONGEST_PULL: Duration = Duration::from_secs(60);
const CONCRETE: &str = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet";
const ALARMS: [Alarm; 2] = [Alarm::Motion, Alarm::Tamper];

/// Every pull point of a camera.
#[derive(Default)]
pub struct PullPoints {
    next: AtomicU64,
    open: Mutex<HashMap<u64, Arc<PullPoint>>>,
}

struct PullPoint {
    topics: Vec<Alarm>,
    keep_alive: bool,
    ends: Mutex<Instant>,
    notices: AsyncMutex<Receiver<Notice>>,
    /// States that are still to be sent as `Initialized`.
    states: Mutex<VecDeque<Notice>>,
    states_added: Notify,
}

/// The capabilities of the Events service.
pub fn capabilities() -> Element {
    node("tev:Capabilities", [])
        .with("WSSubscriptionPolicySupport", false)
        .with("WSPausableSubscriptionManagerInterfaceSupport", false)
        .with("MaxNotificationProducers", 0)
        .with("MaxPullPoints", MOST)
        .with("PersistentNotificationStorage", false)
}

/// Answers one operation; a pull point is named by the path.
pub async fn answer(camera: &Camera, path: &str, request: &Request) -> Result<Element, Fault> {
    match request.operation.name.as_str() {
        "GetServiceCapabilities" => Ok(node("tev:GetServiceCapabilitiesResponse", [capabilities()])),
        "GetEventProperties" => Ok(properties()),
        "CreatePullPointSubscription" => create(camera, request),
        "PullMessages" => pull(camera, &find(camera, path)?.1, request).await,
        "SetSynchronizationPoint" => {
            find(camera, path)?.1.tell_states(camera);
            Ok(node("tev:SetSynchronizationPointResponse", []))
        }
        "Renew" => {
            let life = life(camera, &request.operation, "TerminationTime")?.unwrap_or(KEEP_ALIVE);
            *hold(&find(camera, path)?.1.ends) = Instant::now() + life;
            Ok(node("wsnt:RenewResponse", [termination(camera, life), current(camera)]))
        }
        "Unsubscribe" => {
            let (id, _) = find(camera, path)?;
            hold(&camera.pull_points.open).remove(&id);
            Ok(node("wsnt:UnsubscribeResponse", []))
        }
        _ => Err(Fault::unknown(&request.operation)),
    }
}

fn current(camera: &Camera) -> Element {
    leaf("wsnt:CurrentTime", date_time(camera.device.clock(SystemTime::now())))
}

fn termination(camera: &Camera, life: Duration) -> Element {
    leaf(
        "wsnt:TerminationTime",
        date_time(camera.device.clock(SystemTime::now()) + life),
    )
}

/// How long a pull point shall live from now, given as a duration or a point in time; `None` when it is not given.
fn life(camera: &Camera, operation: &Node, argument: &str) -> Result<Option<Duration>, Fault> {
    let Some(text) = operation.text_of(argument) else {
        return Ok(None);
    };
    let clock = camera.device.clock(SystemTime::now());
    let until = || read_date_time(text).and_then(|at| at.duration_since(clock).ok());
    let life = read_duration(text)
        .or_else(until)
        .filter(|life| !life.is_zero())
        .ok_or_else(|| {
            let code = if argument == "TerminationTime" {
                "wsnt:UnacceptableTerminationTimeFault"
            } else {
                "wsnt:UnacceptableInitialTerminationTimeFault"
            };
            Fault::sender(&[code], "The termination time is in the past or not a time")
        })?;
    Ok(Some(life.min(LONGEST_LIFE)))
}

fn create(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    let topics = match request
        .operation
        .child("Filter")
        .and_then(|filter| filter.child("TopicExpression"))
    {
        Some(expression) => selected(&expression.text),
        None => ALARMS.to_vec(),
    };
    if topics.is_empty() {
        return Err(Fault::sender(
            &["wsnt:TopicNotSupportedFault"],
            "No topic matches the expression",
        ));
    }
    let asked = life(camera, &request.operation, "InitialTerminationTime")?;
    let life = asked.unwrap_or(KEEP_ALIVE);
    let now = Instant::now();
    let point = Arc::new(PullPoint {
        topics,
        keep_alive: asked.is_none(),
        ends: Mutex::new(now + life),
        notices: AsyncMutex::new(camera.device.notices()),
        states: Mutex::default(),
        states_added: Notify::new(),
    });
    point.tell_states(camera);
    let id = camera.pull_points.next.fetch_add(1, Ordering::Relaxed);
    {
        let mut open = hold(&camera.pull_points.open);
        open.retain(|_, point| *hold(&point.ends) > now);
        if open.len() >= MOST {
            return Err(Fault::receiver(
                &["wsnt:SubscribeCreationFailedFault"],
                "No more pull points",
            ));
        }
        open.insert(id, point);
    }
    let address = leaf("wsa:Address", camera.xaddr(&format!("subscription/{id}")));
    let reference = node("tev:SubscriptionReference", [address]);
    Ok(node(
        "tev:CreatePullPointSubscriptionResponse",
        [reference, current(camera), termination(camera, life)],
    ))
}

fn find(camera: &Camera, path: &str) -> Result<(u64, Arc<PullPoint>), Fault> {
    let id = path
        .strip_prefix("/onvif/subscription/")
        .and_then(|id| id.parse::<u64>().ok());
    let mut open = hold(&camera.pull_points.open);
    open.retain(|_, point| *hold(&point.ends) > Instant::now());
    id.and_then(|id| open.get(&id).map(|point| (id, point.clone())))
        .ok_or_else(|| Fault::sender(&["wsrf-rw:ResourceUnknownFault"], "No such pull point"))
}

async fn pull(camera: &Camera, point: &PullPoint, request: &Request) -> Result<Element, Fault> {
    let timeout = read_duration(request.required("Timeout")?)
        .ok_or_else(|| Fault::invalid_argument("Timeout is not a duration"))?
        .min(LONGEST_PULL);
    let limit = request
        .required("MessageLimit")?
        .parse::<u32>()
        .ok()
        .filter(|limit| *limit > 0);
    let limit = limit
        .ok_or_else(|| Fault::invalid_argument("MessageLimit is not a positive number"))?
        .min(100) as usize;
    let messages = point.take(limit, timeout).await;
    let life = {
        let mut ends = hold(&point.ends);
        let now = Instant::now();
        if point.keep_alive {
            *ends = now + KEEP_ALIVE;
        }
        ends.saturating_duration_since(now)
    };
    let skewed = |at| camera.device.clock(at);
    let times = [
        leaf("tev:CurrentTime", date_time(skewed(SystemTime::now()))),
        leaf("tev:TerminationTime", date_time(skewed(SystemTime::now()) + life)),
    ];
    let messages = messages
        .into_iter()
        .map(|(notice, operation)| message(notice, skewed(notice.at), operation));
    Ok(node("tev:PullMessagesResponse", times.into_iter().chain(messages)))
}

impl PullPoint {
    /// Puts the state of every property of this pull point in front of the queue.
    fn tell_states(&self, camera: &Camera) {
        let at = SystemTime::now();
        let states = self.topics.iter().map(|&alarm| Notice {
            alarm,
            active: camera.device.alarmed(alarm),
            at,
        });
        hold(&self.states).extend(states);
        self.states_added.notify_one();
    }

    /// Waits for the first message, then takes what there is, up to `limit`.
    async fn take(&self, limit: usize, timeout: Duration) -> Vec<(Notice, &'static str)> {
        let deadline = tokio::time::Instant::now() + timeout;
        let mut notices = self.notices.lock().await;
        let mut taken = Vec::new();
        loop {
            while taken.len() < limit
                && let Some(state) = hold(&self.states).pop_front()
            {
                taken.push((state, "Initialized"));
            }
            while taken.len() < limit {
                match notices.try_recv() {
                    Ok(notice) if self.topics.contains(&notice.alarm) => taken.push((notice, "Changed")),
                    Ok(_) => {}
                    Err(tokio::sync::broadcast::error::TryRecvError::Lagged(_)) => {}
                    Err(_) => break,
                }
            }
            if !taken.is_empty() {
                return taken;
            }
            tokio::select! {
                () = tokio::time::sleep_until(deadline) => return taken,
                () = self.states_added.notified() => {}
                notice = notices.recv() => match notice {
                    Ok(notice) if self.topics.contains(&notice.alarm) => taken.push((notice, "Changed")),
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return taken,
                },
            }
        }
    }
}

/// The path of a topic under `tns1`.
fn topic(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Motion => "VideoSource/MotionAlarm",
        Alarm::Tamper => "VideoSource/GlobalSceneChange/ImagingService",
    }
}

/// The topics that a topic expression of the ConcreteSet dialect selects (ONVIF Core, 9.6.3).
fn selected(expression: &str) -> Vec<Alarm> {
    let matches = |alarm: &&Alarm| {
        expression.split('|').any(|path| {
            let path: String = path
                .trim()
                .split('/')
                .map(|part| part.rsplit(':').next().unwrap_or(part))
                .collect::<Vec<_>>()
                .join("/");
            match path.strip_suffix("//.") {
                Some(stem) => topic(**alarm) == stem || topic(**alarm).starts_with(&format!("{stem}/")),
                None => topic(**alarm) == path,
            }
        })
    };
    ALARMS.iter().filter(matches).copied().collect()
}

fn message(notice: Notice, at: SystemTime, operation: &'static str) -> Element {
    let item = |name, value: &str| node("tt:SimpleItem", []).with("Name", name).with("Value", value);
    let state = if notice.active { "true" } else { "false" };
    let message = node(
        "tt:Message",
        [
            node("tt:Source", [item("Source", SOURCE)]),
            node("tt:Data", [item("State", state)]),
        ],
    )
    .with("UtcTime", date_time(at))
    .with("PropertyOperation", operation);
    node(
        "wsnt:NotificationMessage",
        [
            leaf("wsnt:Topic", format!("tns1:{}", topic(notice.alarm))).with("Dialect", CONCRETE),
            node("wsnt:Message", [message]),
        ],
    )
}

fn properties() -> Element {
    let item = |name, kind| {
        node("tt:SimpleItemDescription", [])
            .with("Name", name)
            .with("Type", kind)
    };
    let description = || {
        let parts = [
            node("tt:Source", [item("Source", "tt:ReferenceToken")]),
            node("tt:Data", [item("State", "xs:boolean")]),
        ];
        node("tt:MessageDescription", parts).with("IsProperty", true)
    };
    let set = node(
        "wstop:TopicSet",
        [node(
            "tns1:VideoSource",
            [
                node("MotionAlarm", [description()]).with("wstop:topic", true),
                node(
                    "GlobalSceneChange",
                    [node("ImagingService", [description()]).with("wstop:topic", true)],
                ),
            ],
        )],
    );
    node(
        "tev:GetEventPropertiesResponse",
        [
            leaf(
                "tev:TopicNamespaceLocation",
                "http://www.onvif.org/onvif/ver10/topics/topicns.xml",
            ),
            leaf("wsnt:FixedTopicSet", true),
            set,
            leaf("wsnt:TopicExpressionDialect", CONCRETE),
            leaf(
                "wsnt:TopicExpressionDialect",
                "http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete",
            ),
            leaf(
                "tev:MessageContentFilterDialect",
                "http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter",
            ),
            leaf(
                "tev:MessageContentSchemaLocation",
                "http://www.onvif.org/onvif/ver10/schema/onvif.xsd",
            ),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_expressions_select_as_the_dialect_says() {
        assert_eq!(selected("tns1:VideoSource/MotionAlarm"), vec![Alarm::Motion]);
        assert_eq!(selected("tns1:VideoSource//."), ALARMS.to_vec());
        assert_eq!(
            selected("tns1:RuleEngine//.|tns1:VideoSource/GlobalSceneChange//."),
            vec![Alarm::Tamper]
        );
        assert!(selected("tns1:VideoSource").is_empty() && selected("tns1:Video//.").is_empty());
    }
}
