//! One simulated camera: what its RTSP side and its ONVIF side share.
//!
//! Invariant: one true pose, a function of time; pictures and `GetStatus` are both taken from it.
//! Deliberately absent: sockets, XML, pictures.

use super::dome::Dome;
use super::faults::{CredentialsFault, Faults, Order, UnknownPersona};
use super::onboard_masks::OnboardMasks;
use super::sight_test::SightTest;
use super::town::CameraSite;
use crate::domain::camera::{CameraKind, NormalisedPosition, Pose};
use secrecy::SecretString;
use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::broadcast;

/// Who may enter: an account that may stream, and a User-level account that may only read figures.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub user: String,
    pub password: SecretString,
    pub figures_user: String,
    pub figures_password: SecretString,
}

/// ONVIF user levels (Core, 5.9.4), weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Anonymous,
    User,
    Operator,
    Administrator,
}

impl Level {
    /// The word of the standard.
    pub fn word(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::Operator => "Operator",
            Self::User => "User",
            Self::Anonymous => "Anonymous",
        }
    }
}

/// One account of the camera.
#[derive(Debug, Clone)]
pub struct Account {
    pub user: String,
    pub password: SecretString,
    pub level: Level,
    /// May open streams and replays.
    pub may_stream: bool,
}

/// The recorder's range of a camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Path on the camera's RTSP port, with its slash: `/replay`.
    pub rtsp_path: String,
    /// Capture time of the oldest frame, Unix milliseconds.
    pub from_ms: u64,
    /// Capture time of the newest frame, Unix milliseconds.
    pub to_ms: u64,
}

/// Tells what the recorder holds now; `None` while it holds nothing.
pub type RecorderView = Box<dyn Fn() -> Option<Recorded> + Send + Sync>;

/// Called with an account that comes, and with the name of one that goes.
pub type Doorkeeper = Box<dyn Fn(Entry<'_>) + Send + Sync>;

/// Somebody may enter from now on, or no longer.
#[derive(Clone, Copy)]
pub enum Entry<'a> {
    Comes(&'a Account),
    Goes(&'a str),
}

/// The events a camera sends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    Motion,
    Tamper,
}

/// A change of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    pub alarm: Alarm,
    pub active: bool,
    /// By the true clock.
    pub at: SystemTime,
}

/// One simulated camera.
pub struct Device {
    site: CameraSite,
    accounts: Mutex<Vec<Account>>,
    dome: Option<Mutex<Dome>>,
    faults: Mutex<Faults>,
    alarms: Mutex<[bool; 2]>,
    notices: broadcast::Sender<Notice>,
    rtsp_port: AtomicU16,
    viewers: AtomicUsize,
    key_frames: AtomicU64,
    statuses: AtomicU64,
    recorder: Mutex<Option<RecorderView>>,
    kept: Mutex<OnboardMasks>,
    doorkeeper: Mutex<Option<Doorkeeper>>,
    sight: Arc<SightTest>,
}

/// Counts one viewer of a stream until dropped.
pub struct Viewer(Arc<Device>);

impl Drop for Viewer {
    fn drop(&mut self) {
        self.0.viewers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A poisoned lock only means that a test panicked; the value is whole.
pub(super) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A moment of the wall clock by the other one.
fn then(unix_ms: u64) -> Instant {
    let (now, clock) = (Instant::now(), SystemTime::now());
    let ago = clock.duration_since(SystemTime::UNIX_EPOCH + Duration::from_millis(unix_ms));
    now.checked_sub(ago.unwrap_or_default()).unwrap_or(now)
}

impl Device {
    /// A camera at this site that lets these accounts in.
    pub fn new(site: CameraSite, credentials: Credentials) -> Arc<Self> {
        Self::in_town(site, credentials, Arc::default())
    }

    /// A camera of a town whose walkers it sees.
    pub fn in_town(site: CameraSite, credentials: Credentials, sight: Arc<SightTest>) -> Arc<Self> {
        let dome = (site.kind == CameraKind::Dome).then(|| Mutex::new(Dome::new(&site, Instant::now())));
        let accounts = vec![
            Account {
                user: credentials.user,
                password: credentials.password,
                level: Level::Administrator,
                may_stream: true,
            },
            Account {
                user: credentials.figures_user,
                password: credentials.figures_password,
                level: Level::User,
                may_stream: false,
            },
        ];
        Arc::new(Self {
            site,
            accounts: Mutex::new(accounts),
            dome,
            faults: Mutex::default(),
            alarms: Mutex::default(),
            notices: broadcast::channel(256).0,
            rtsp_port: AtomicU16::new(0),
            viewers: AtomicUsize::new(0),
            key_frames: AtomicU64::new(0),
            statuses: AtomicU64::new(0),
            recorder: Mutex::default(),
            kept: Mutex::default(),
            doorkeeper: Mutex::default(),
            sight,
        })
    }

    /// Where the camera hangs and what it is.
    pub fn site(&self) -> &CameraSite {
        &self.site
    }

    /// Walkers and tint of its pictures.
    pub fn sight(&self) -> &SightTest {
        &self.sight
    }

    /// Where the camera truly looks at that moment. Fixed cameras never move.
    pub fn true_pose(&self, now: Instant) -> Pose {
        match &self.dome {
            Some(dome) => hold(dome).pose(now),
            None => self.site.fixed_pose.unwrap_or(Pose {
                pan_deg: 0.0,
                tilt_deg: 0.0,
                hfov_deg: self.site.lens.hfov_by_zoom.first().map_or(60.0, |first| first[1]),
            }),
        }
    }

    /// Where it truly looked at a moment of the wall clock, Unix milliseconds, no more than
    /// [`HISTORY`](super::dome_motion::HISTORY) ago.
    pub fn true_pose_then(&self, unix_ms: u64) -> Pose {
        self.true_pose(then(unix_ms))
    }

    /// The position of the camera at a moment, in normalised spaces; `None` for a camera that does not move.
    pub(super) fn position_then(&self, unix_ms: u64) -> Option<NormalisedPosition> {
        self.dome().map(|dome| dome.position(then(unix_ms)))
    }

    /// Whether any axis is on its way.
    pub fn moving(&self, now: Instant) -> bool {
        self.dome
            .as_ref()
            .is_some_and(|dome| hold(dome).moving(now).contains(&true))
    }

    /// The moving part, if the camera is a dome.
    pub(super) fn dome(&self) -> Option<MutexGuard<'_, Dome>> {
        self.dome.as_ref().map(hold)
    }

    /// The masks and limits stored in the camera.
    pub fn kept(&self) -> MutexGuard<'_, OnboardMasks> {
        hold(&self.kept)
    }

    /// The faults at this moment.
    pub fn faults(&self) -> Faults {
        *hold(&self.faults)
    }

    /// Applies an order of the control endpoint. A rebooting dome goes home.
    ///
    /// # Errors
    /// A persona that nobody plays; nothing is changed then.
    pub fn order(&self, order: &Order, now: Instant) -> Result<Faults, UnknownPersona> {
        let faults = {
            let mut faults = hold(&self.faults);
            faults.apply(order, now)?;
            *faults
        };
        if order.reboot.is_some()
            && let Some(mut dome) = self.dome()
        {
            dome.go_home(now, super::dome::Vector::default());
        }
        Ok(faults)
    }

    /// The camera goes away for this long and comes back at its home position.
    pub fn reboot(&self, now: Instant, lasting: Duration) {
        hold(&self.faults).reboot(now, lasting);
        if let Some(mut dome) = self.dome() {
            dome.go_home(now, super::dome::Vector::default());
        }
    }

    /// The camera's own clock, wrong by its skew.
    pub fn clock(&self, now: SystemTime) -> SystemTime {
        let skew = self.faults().clock_skew_s;
        let amount = Duration::from_secs(skew.unsigned_abs());
        if skew < 0 {
            now.checked_sub(amount)
        } else {
            now.checked_add(amount)
        }
        .unwrap_or(now)
    }

    /// The account of that name; nobody while right credentials are refused.
    pub fn account(&self, user: &str) -> Option<Account> {
        if self.faults().credentials == CredentialsFault::Refuse {
            return None;
        }
        hold(&self.accounts)
            .iter()
            .find(|account| account.user == user)
            .cloned()
    }

    /// The password of an account that may stream now; `None` for the figures account, strangers, and refused
    /// credentials.
    pub fn stream_account(&self, user: &str) -> Option<SecretString> {
        self.account(user)
            .filter(|account| account.may_stream)
            .map(|account| account.password)
    }

    /// Every account, for `GetUsers`.
    pub(super) fn accounts(&self) -> Vec<Account> {
        hold(&self.accounts).clone()
    }

    /// Tells the RTSP side of accounts that come and go.
    pub(super) fn set_doorkeeper(&self, keeper: Doorkeeper) {
        *hold(&self.doorkeeper) = Some(keeper);
    }

    fn tell_doorkeeper(&self, entry: Entry<'_>) {
        if let Some(keeper) = hold(&self.doorkeeper).as_ref() {
            keeper(entry);
        }
    }

    /// Adds accounts; `false`, and nothing added, when a name is taken.
    pub(super) fn add_accounts(&self, new: Vec<Account>) -> bool {
        let mut accounts = hold(&self.accounts);
        let taken = new
            .iter()
            .any(|account| accounts.iter().any(|old| old.user == account.user));
        if !taken {
            new.iter()
                .for_each(|account| self.tell_doorkeeper(Entry::Comes(account)));
            accounts.extend(new);
        }
        !taken
    }

    /// Removes added accounts; `false`, and nothing removed, when one is unknown or is the camera's own.
    pub(super) fn remove_accounts(&self, users: &[String]) -> bool {
        let mut accounts = hold(&self.accounts);
        let known = users
            .iter()
            .all(|user| accounts.iter().skip(2).any(|account| &account.user == user));
        if known {
            users.iter().for_each(|user| self.tell_doorkeeper(Entry::Goes(user)));
            accounts.retain(|account| !users.contains(&account.user));
        }
        known
    }

    /// Where RTSP listens, for stream URIs.
    pub fn set_rtsp_port(&self, port: u16) {
        self.rtsp_port.store(port, Ordering::Relaxed);
    }

    /// Where RTSP listens; 0 before it does.
    pub fn rtsp_port(&self) -> u16 {
        self.rtsp_port.load(Ordering::Relaxed)
    }

    /// Called by the RTSP side for each playing session; the count falls when the value is dropped.
    pub fn viewer(self: &Arc<Self>) -> Viewer {
        self.viewers.fetch_add(1, Ordering::Relaxed);
        Viewer(self.clone())
    }

    /// Playing RTSP sessions.
    pub fn viewers(&self) -> usize {
        self.viewers.load(Ordering::Relaxed)
    }

    /// Somebody asked for a key frame (`SetSynchronizationPoint`).
    pub(super) fn want_key_frame(&self) {
        self.key_frames.fetch_add(1, Ordering::Relaxed);
    }

    /// Grows each time somebody asks for a key frame; encoders compare it with what they last saw.
    pub fn key_frames_wanted(&self) -> u64 {
        self.key_frames.load(Ordering::Relaxed)
    }

    /// Somebody asked where the dome looks (`GetStatus`).
    pub(super) fn count_status(&self) {
        self.statuses.fetch_add(1, Ordering::Relaxed);
    }

    /// Grows each time somebody asks where the dome looks.
    pub fn statuses_asked(&self) -> u64 {
        self.statuses.load(Ordering::Relaxed)
    }

    /// Connects the recorder: from now on the camera lists one recording.
    pub fn set_recorder(&self, view: RecorderView) {
        *hold(&self.recorder) = Some(view);
    }

    /// Whether there is a recorder, even an empty one.
    pub fn has_recorder(&self) -> bool {
        hold(&self.recorder).is_some()
    }

    /// The range the recorder has now.
    pub fn recorded(&self) -> Option<Recorded> {
        hold(&self.recorder).as_ref().and_then(|view| view())
    }

    /// Changes an alarm and tells every pull point.
    pub fn alarm(&self, alarm: Alarm, active: bool, at: SystemTime) {
        hold(&self.alarms)[alarm as usize] = active;
        // Nobody listening is no failure.
        let _ = self.notices.send(Notice { alarm, active, at });
    }

    /// Whether an alarm is active now.
    pub fn alarmed(&self, alarm: Alarm) -> bool {
        hold(&self.alarms)[alarm as usize]
    }

    /// Every change of an alarm from now on.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::camera::{LensModel, StreamRole};
    use crate::domain::site::{Limits, MotionBounds};
    use crate::sim::faults::PERSONAS;
    use crate::sim::town::{Codec, Mount, StreamSpec};

    /// A dome like those of the town.
    pub fn dome_site() -> CameraSite {
        CameraSite {
            id: "cam-01".parse().unwrap(),
            number: 1,
            name: "Piazza Grande".into(),
            place: "Piazza Grande".into(),
            kind: CameraKind::Dome,
            mount: Mount {
                position_m: [0.0, 0.0, 8.0],
                heading_deg: 0.0,
            },
            lens: LensModel {
                pan_range_deg: [-180.0, 180.0],
                tilt_range_deg: [-90.0, 10.0],
                hfov_by_zoom: vec![[0.0, 60.0], [0.5, 12.0], [1.0, 2.5]],
                aspect: 16.0 / 9.0,
                roll_deg: 0.0,
                upside_down: false,
                mirrored: false,
            },
            masks: Vec::new(),
            limits: Limits::default(),
            motion: MotionBounds::default(),
            streams: vec![
                StreamSpec {
                    role: StreamRole::Main,
                    codec: Codec::H265,
                    width: 1280,
                    height: 720,
                    fps: 25,
                    bitrate_kbit: 2000,
                },
                StreamSpec {
                    role: StreamRole::Sub,
                    codec: Codec::H264,
                    width: 640,
                    height: 360,
                    fps: 25,
                    bitrate_kbit: 500,
                },
            ],
            fixed_pose: None,
            make: crate::sim::makes::COMMON,
        }
    }

    /// A device with the accounts `op`/`secret` and `figures`/`numbers`.
    pub fn device(site: CameraSite) -> Arc<Device> {
        Device::new(
            site,
            Credentials {
                user: "op".into(),
                password: "secret".into(),
                figures_user: "figures".into(),
                figures_password: "numbers".into(),
            },
        )
    }

    #[test]
    fn the_figures_account_may_not_stream() {
        let device = device(dome_site());
        assert!(device.stream_account("op").is_some());
        assert!(device.account("figures").is_some());
        assert!(device.stream_account("figures").is_none() && device.stream_account("nobody").is_none());
        let order = Order {
            credentials: Some(CredentialsFault::Refuse),
            ..Order::default()
        };
        device.order(&order, Instant::now()).unwrap();
        assert!(device.stream_account("op").is_none());
    }

    #[test]
    fn accounts_come_and_go_and_the_own_ones_stay() {
        let device = device(dome_site());
        let account = Account {
            user: "extra".into(),
            password: "x".into(),
            level: Level::Operator,
            may_stream: true,
        };
        assert!(device.add_accounts(vec![account.clone()]) && !device.add_accounts(vec![account]));
        assert!(!device.remove_accounts(&["op".into()]));
        assert!(device.remove_accounts(&["extra".into()]));
    }

    #[test]
    fn viewers_are_counted_until_they_leave() {
        let device = device(dome_site());
        let (one, two) = (device.viewer(), device.viewer());
        assert_eq!(device.viewers(), 2);
        drop((one, two));
        assert_eq!(device.viewers(), 0);
    }

    #[test]
    fn a_rebooting_dome_goes_home() {
        let device = device(dome_site());
        let now = Instant::now();
        let home = device.true_pose(now);
        let east = super::super::dome::Vector {
            pan_tilt: Some([0.5, 0.0]),
            zoom: None,
        };
        device.dome().unwrap().reach(now, east, Default::default());
        let later = now + Duration::from_secs(10);
        assert!((device.true_pose(later).pan_deg - 90.0).abs() < 1e-6);
        device
            .order(
                &Order {
                    reboot: Some(5),
                    ..Order::default()
                },
                later,
            )
            .unwrap();
        assert!(device.faults().rebooting(later));
        let back = device.true_pose(later + Duration::from_secs(10));
        assert!((back.pan_deg - home.pan_deg).abs() < 1e-6);
    }

    #[test]
    fn every_persona_can_be_ordered() {
        let device = device(dome_site());
        for name in PERSONAS {
            let order = Order {
                persona: Some(name.into()),
                ..Order::default()
            };
            assert!(device.order(&order, Instant::now()).is_ok(), "{name}");
        }
    }
}
