//! What can go wrong with a simulated camera, and the personas it can play.
//!
//! Invariant: the default of everything is a well-behaved camera; every deviation was asked for over the control endpoint.
//! Deliberately absent: the misbehaviour itself; each service reads its part from here.

use super::town::{Codec, StreamSpec};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// The answers of `GetStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusFault {
    /// The position of some time ago (`status_delay_ms`), moving as it moves.
    #[default]
    Normal,
    /// The answer takes three seconds.
    Slow,
    /// A fault: the camera knows no status.
    Missing,
    /// A status without position.
    NoPosition,
    /// A true position, but always IDLE.
    AlwaysIdle,
    /// A true position, but always MOVING.
    AlwaysMoving,
    /// The position of another direction.
    Wrong,
}

/// The faults of every ONVIF reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyFault {
    #[default]
    Normal,
    /// Not well-formed: a prefix is not declared and a tag is not closed.
    Malformed,
    /// Eight mebibytes.
    Huge,
    /// Sixty thousand elements inside each other.
    Deep,
    /// Half of the body, with the whole Content-Length.
    Truncated,
    /// One byte a second.
    SlowDrip,
    /// 200 without a body.
    Empty200,
}

/// The answers to right credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialsFault {
    #[default]
    Normal,
    /// Nobody is let in, over ONVIF or RTSP.
    Refuse,
}

/// How the camera takes `Stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopFault {
    #[default]
    Normal,
    /// Answers well and goes on moving; a continuous move of zero stops it.
    Ignored,
    /// `ActionNotSupported`; a continuous move of zero stops it.
    Absent,
}

/// How the camera takes the `Timeout` of a continuous move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeoutFault {
    #[default]
    Normal,
    /// A fault, as if the argument were wrong.
    Refused,
    /// The timeout is ignored: the dome moves until a stop.
    Ignored,
}

/// Numbers used in the position spaces, under the Generic space URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpaceFault {
    /// Pan and tilt −1…1, zoom 0…1.
    #[default]
    Normal,
    /// Pan 0…360, tilt 0…180, zoom 0…10.
    Degrees,
    /// Ranges with Min = Max = 0; positions as usual.
    Empty,
}

/// Which ways in the camera offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthFault {
    /// WS-UsernameToken, HTTP digest with MD5 and with SHA-256.
    #[default]
    Normal,
    /// HTTP digest with MD5 only; a token is not looked at.
    DigestMd5,
    /// HTTP digest with SHA-256 only; a token is not looked at.
    DigestSha256,
    /// WS-UsernameToken only; nothing is ever challenged.
    TokenOnly,
    /// WS-UsernameToken with the password in clear only.
    TextOnly,
}

/// The faults of the addresses the camera gives of its own services and pull points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressFault {
    #[default]
    Normal,
    /// A host that never answers (of TEST-NET-1, RFC 5737).
    WrongHost,
    /// A port that nobody listens on.
    WrongPort,
    /// Only the path.
    Relative,
}

/// The faults of a stream URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UriFault {
    #[default]
    Normal,
    /// `user:pass@` that nobody asked for; not the true ones.
    Credentials,
    /// The host is `0.0.0.0`.
    Placeholder,
}

/// The faults of a fixed camera's coded pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureFault {
    #[default]
    Normal,
    /// Half as wide and high, from the next picture on, in the same session.
    Resized,
    /// The other codec of H.264 and H.265; sessions end, the description has changed.
    Recoded,
}

impl PictureFault {
    /// The stream as it is sent now.
    pub fn applied(self, spec: &StreamSpec) -> StreamSpec {
        let mut spec = spec.clone();
        match self {
            PictureFault::Normal => {}
            PictureFault::Resized => (spec.width, spec.height) = (spec.width / 4 * 2, spec.height / 4 * 2),
            PictureFault::Recoded => {
                spec.codec = match spec.codec {
                    Codec::H264 => Codec::H265,
                    Codec::H265 => Codec::H264,
                };
            }
        }
        spec
    }
}

/// How the camera takes privacy masks of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskFault {
    /// Eight polygons of up to twenty corners, stored as they are sent.
    #[default]
    Normal,
    /// Rectangles only, and it says so.
    RectangleOnly,
    /// Two are taken although eight are promised.
    Few,
    /// A polygon is made smaller without a word.
    Adapted,
    /// The operations are not known.
    Absent,
}

/// How the camera takes users of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserFault {
    /// Sixteen users, names of up to 32 characters, passwords of 8 to 16 with a letter and a digit.
    #[default]
    Normal,
    /// No room for one more.
    Full,
    /// Letters and digits only in a name.
    PlainNames,
    /// The operations are not known.
    Absent,
}

/// Whether a dome sends its status by itself, in a metadata stream beside the video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetadataFault {
    /// The camera has no such stream.
    #[default]
    Absent,
    /// Ten times a second.
    Sent,
    /// Each waits most of a second on its way.
    Late,
    /// Cut off, not well-formed, too deep or too large, in turn.
    Malformed,
    /// The stream is described, and what comes in it never says where the dome looks.
    Empty,
}

/// When the recorder writes down where its dome looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionsFault {
    /// Five times a second.
    #[default]
    Often,
    /// Five times a second while it changes, and never while the dome rests (ONVIF Streaming 5.1.2.1.1).
    Changes,
}

/// Everything that differs from the well-behaved camera, except reboots and dropped streams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Faults {
    /// The picture stands still with perfect timing.
    pub freeze: bool,
    /// Nothing is sent any more, and the connection stands.
    pub silence: bool,
    pub picture: PictureFault,
    /// RTSP sessions that may play at the same time; one more is answered 453.
    pub sessions: Option<usize>,
    /// Grows with every «drop the stream»: RTSP sessions opened under an older number end.
    pub stream_generation: u64,
    /// Until then the camera is rebooting: nothing answers, streams are closed.
    #[serde(skip)]
    pub reboot_until: Option<Instant>,
    pub status: StatusFault,
    /// Age of the position in a status, milliseconds; `None` for the camera's own.
    pub status_delay_ms: Option<u64>,
    /// The camera's clock minus the true time, seconds.
    pub clock_skew_s: i64,
    pub reply: ReplyFault,
    pub credentials: CredentialsFault,
    pub stop: StopFault,
    pub timeout: TimeoutFault,
    pub spaces: SpaceFault,
    pub auth: AuthFault,
    pub addresses: AddressFault,
    pub stream_uri: UriFault,
    pub masks: MaskFault,
    pub users: UserFault,
    pub metadata: MetadataFault,
    pub positions: PositionsFault,
    /// A move that names pan-tilt and zoom together fails.
    pub one_axis_group: bool,
    /// Three hundred factory presets with percent-encoded names.
    pub many_presets: bool,
    /// `GetServices` is not known.
    pub no_get_services: bool,
    /// `GetSystemDateAndTime` needs authentication too.
    pub closed_clock: bool,
    /// `GetServices` uses a prefix that it does not declare.
    pub undeclared_prefix: bool,
    /// The PTZ configuration hangs on the sub profile only.
    pub ptz_on_sub_only: bool,
    /// The video source configuration says that the picture is mirrored (25.12), as after a click in the camera's web page.
    pub says_mirrored: bool,
    /// An unknown operation answers 200 without a body.
    pub unknown_is_empty: bool,
    /// A move waits up to this long before it starts, milliseconds: a late one can land after a Stop.
    pub move_jitter_ms: u64,
}

impl Faults {
    /// Whether the camera is away because it reboots.
    pub fn rebooting(&self, now: Instant) -> bool {
        self.reboot_until.is_some_and(|until| now < until)
    }

    /// Applies an order of the control endpoint.
    ///
    /// # Errors
    /// The name of a persona that nobody plays; nothing is changed then.
    pub fn apply(&mut self, order: &Order, now: Instant) -> Result<(), UnknownPersona> {
        if let Some(name) = &order.persona {
            let kept = *self;
            *self = persona(name).ok_or_else(|| UnknownPersona(name.clone()))?;
            self.stream_generation = kept.stream_generation;
            self.reboot_until = kept.reboot_until;
        }
        set(&mut self.freeze, order.freeze);
        set(&mut self.silence, order.silence);
        if let Some(picture) = order.picture {
            // A camera that sends another codec describes itself anew: whoever watches must ask again.
            self.stream_generation +=
                u64::from((picture == PictureFault::Recoded) != (self.picture == PictureFault::Recoded));
            self.picture = picture;
        }
        if order.sessions.is_some() {
            self.sessions = order.sessions;
        }
        set(&mut self.status, order.status);
        set(&mut self.says_mirrored, order.says_mirrored);
        set(&mut self.clock_skew_s, order.clock_skew_s);
        set(&mut self.reply, order.reply);
        set(&mut self.credentials, order.credentials);
        set(&mut self.stop, order.stop);
        set(&mut self.timeout, order.timeout);
        set(&mut self.spaces, order.spaces);
        set(&mut self.auth, order.auth);
        set(&mut self.addresses, order.addresses);
        set(&mut self.stream_uri, order.stream_uri);
        set(&mut self.masks, order.masks);
        set(&mut self.users, order.users);
        if let Some(metadata) = order.metadata {
            let absent = |fault| fault == MetadataFault::Absent;
            self.stream_generation += u64::from(absent(metadata) != absent(self.metadata));
            self.metadata = metadata;
        }
        set(&mut self.positions, order.positions);
        set(&mut self.move_jitter_ms, order.move_jitter_ms);
        if order.status_delay_ms.is_some() {
            self.status_delay_ms = order.status_delay_ms;
        }
        if order.drop_stream == Some(true) {
            self.stream_generation += 1;
        }
        if let Some(seconds) = order.reboot {
            self.reboot(now, Duration::from_secs(u64::from(seconds)));
        }
        Ok(())
    }

    /// The camera goes away for this long; streams end.
    pub fn reboot(&mut self, now: Instant, lasting: Duration) {
        self.reboot_until = Some(now + lasting);
        self.stream_generation += 1;
    }
}

fn set<T: Copy>(field: &mut T, order: Option<T>) {
    if let Some(value) = order {
        *field = value;
    }
}

/// A persona that nobody plays.
#[derive(Debug, thiserror::Error)]
#[error("no persona is called «{0}»; known are {known}", known = PERSONAS.join(", "))]
pub struct UnknownPersona(pub String);

/// The body that the control endpoint takes at `POST /cameras/{id}/faults`; a field that is left out stays as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Order {
    /// Replaces all other faults first.
    pub persona: Option<String>,
    pub freeze: Option<bool>,
    pub silence: Option<bool>,
    pub picture: Option<PictureFault>,
    pub sessions: Option<usize>,
    pub drop_stream: Option<bool>,
    /// Seconds away.
    pub reboot: Option<u32>,
    pub says_mirrored: Option<bool>,
    pub status: Option<StatusFault>,
    pub status_delay_ms: Option<u64>,
    pub clock_skew_s: Option<i64>,
    pub reply: Option<ReplyFault>,
    pub credentials: Option<CredentialsFault>,
    pub stop: Option<StopFault>,
    pub timeout: Option<TimeoutFault>,
    pub spaces: Option<SpaceFault>,
    pub auth: Option<AuthFault>,
    pub addresses: Option<AddressFault>,
    pub stream_uri: Option<UriFault>,
    pub masks: Option<MaskFault>,
    pub users: Option<UserFault>,
    pub metadata: Option<MetadataFault>,
    pub positions: Option<PositionsFault>,
    pub move_jitter_ms: Option<u64>,
}

/// The names [`Order::persona`] takes.
pub const PERSONAS: [&str; 12] = [
    "normal",
    "axis",
    "hikvision",
    "reolink",
    "tp-link",
    "pelco",
    "old-clock",
    "sha256-only",
    "no-stop",
    "behind-nat",
    "tells-by-itself",
    "never-at-rest",
];

/// The behaviours that go by a name. Each is a set seen on devices, not a claim about every model of a maker.
fn persona(name: &str) -> Option<Faults> {
    let base = Faults::default();
    Some(match name {
        "normal" => base,
        "axis" => Faults {
            auth: AuthFault::DigestMd5,
            ..base
        },
        "never-at-rest" => Faults {
            status: StatusFault::AlwaysMoving,
            ..base
        },
        "hikvision" => Faults {
            status: StatusFault::AlwaysIdle,
            many_presets: true,
            one_axis_group: true,
            stop: StopFault::Ignored,
            move_jitter_ms: 300,
            ..base
        },
        "reolink" => Faults {
            undeclared_prefix: true,
            status: StatusFault::NoPosition,
            unknown_is_empty: true,
            ptz_on_sub_only: true,
            ..base
        },
        "tp-link" => Faults {
            timeout: TimeoutFault::Refused,
            no_get_services: true,
            closed_clock: true,
            auth: AuthFault::TokenOnly,
            ..base
        },
        "pelco" => Faults {
            spaces: SpaceFault::Degrees,
            timeout: TimeoutFault::Ignored,
            ..base
        },
        "old-clock" => Faults {
            clock_skew_s: -15_552_000,
            ..base
        },
        "sha256-only" => Faults {
            auth: AuthFault::DigestSha256,
            ..base
        },
        "behind-nat" => Faults {
            addresses: AddressFault::WrongHost,
            stream_uri: UriFault::Placeholder,
            ..base
        },
        "tells-by-itself" => Faults {
            metadata: MetadataFault::Sent,
            ..base
        },
        "no-stop" => Faults {
            stop: StopFault::Absent,
            ..base
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_persona_is_played() {
        for name in PERSONAS {
            assert!(persona(name).is_some(), "{name}");
        }
        assert_eq!(persona("normal"), Some(Faults::default()));
    }

    #[test]
    fn an_order_changes_only_what_it_names() {
        let now = Instant::now();
        let mut faults = Faults::default();
        let order: Order = serde_json::from_str(r#"{"freeze":true,"stop":"absent"}"#).unwrap();
        faults.apply(&order, now).unwrap();
        let order: Order = serde_json::from_str(r#"{"drop_stream":true,"reboot":5}"#).unwrap();
        faults.apply(&order, now).unwrap();
        assert!(faults.freeze && faults.stop == StopFault::Absent);
        assert_eq!(faults.stream_generation, 2);
        assert!(faults.rebooting(now + Duration::from_secs(4)) && !faults.rebooting(now + Duration::from_secs(5)));
    }

    #[test]
    fn another_codec_ends_the_sessions_and_another_size_does_not() {
        let mut faults = Faults::default();
        let mut order = |text: &str| {
            faults
                .apply(&serde_json::from_str(text).unwrap(), Instant::now())
                .unwrap();
            faults.stream_generation
        };
        assert_eq!(order(r#"{"picture":"resized"}"#), 0);
        assert_eq!(order(r#"{"picture":"recoded"}"#), 1);
        assert_eq!(order(r#"{"picture":"recoded","sessions":1}"#), 1);
        assert_eq!(order(r#"{"picture":"normal"}"#), 2);
        assert_eq!(faults.sessions, Some(1));
    }

    #[test]
    fn a_persona_replaces_the_faults_but_not_the_generation() {
        let now = Instant::now();
        let mut faults = Faults {
            freeze: true,
            stream_generation: 7,
            ..Faults::default()
        };
        let order = Order {
            persona: Some("pelco".into()),
            ..Order::default()
        };
        faults.apply(&order, now).unwrap();
        assert!(!faults.freeze && faults.stream_generation == 7 && faults.spaces == SpaceFault::Degrees);
        let order = Order {
            persona: Some("nobody".into()),
            ..Order::default()
        };
        assert!(faults.apply(&order, now).is_err());
        assert_eq!(faults.spaces, SpaceFault::Degrees);
    }

    #[test]
    fn a_misspelt_order_is_refused() {
        assert!(serde_json::from_str::<Order>(r#"{"freze":true}"#).is_err());
    }
}
