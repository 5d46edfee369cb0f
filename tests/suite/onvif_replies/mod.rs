//! Replies of devices, read by the client as if the device had just sent them.
//!
//! Two sets: [`own`], of our own making, in `tests/replies`, always; and [`recorded`], from real devices, in addition where
//! `VEDETTA_ONVIF_REPLIES` names their folder. In both `<device>/<service>/<operation>.<Response|Error>.xml`.
//! Invariant held here: each reply is a value with the facts it holds, or a clear error; never a panic, never a default that
//! looks like an answer. A set that lacks a reply fails.
//! Deliberately absent: replies of operations Vedetta never asks for get the common reading only.

mod own;
mod recorded;

use crate::scripted_device::{Answer, Device};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vedetta::domain::camera::NormalisedPosition;
use vedetta::onvif::device::{self, Service, Services};
use vedetta::onvif::media::{self, Version};
use vedetta::onvif::ptz::{self, MoveState, Ptz, Velocity};
use vedetta::onvif::ptz_spaces::{Range, Spaces};
use vedetta::onvif::soap_channel::Channel;
use vedetta::onvif::{Endpoint, Limits, OnvifError, OnvifErrorKind, events, profile};

/// A set of replies, and what must be read in them.
struct Replies {
    root: PathBuf,
    devices: &'static [&'static str],
    /// How many are values.
    usable: usize,
    /// How many are errors of each kind.
    refused: &'static [(OnvifErrorKind, usize)],
    /// What the text of every `Nonsense` has in it: the operations, and the fault.
    nonsense: [&'static str; 2],
    /// Device, manufacturer, model, firmware.
    facts: &'static [[&'static str; 4]],
    services: &'static [ServicesRead],
    profiles: &'static [(&'static str, &'static [ProfileRead])],
    /// Device, and the stream address that is used.
    streams: &'static [(&'static str, &'static str)],
    domes: &'static [DomeRead],
    presets: &'static [PresetsRead],
    /// Device, and its clock, Unix seconds.
    clocks: &'static [(&'static str, i64)],
    notices: NoticesRead,
}

/// Device, operation, some of the services found and their paths; whether one of them is PTZ.
type ServicesRead = (&'static str, &'static str, &'static [(Service, &'static str)], bool);

/// Token, codec, width, height, pictures a second, PTZ node.
type ProfileRead = (&'static str, &'static str, u32, u32, Option<f64>, Option<&'static str>);

/// What is read of a dome's node and status.
struct DomeRead {
    device: &'static str,
    node: &'static str,
    /// The second position space, and its range of tilt.
    second: Option<(&'static str, Range)>,
    /// Pan and tilt.
    position: [f64; 2],
    moving: MoveState,
}

/// What is read of a dome's presets, and the token of a new one.
struct PresetsRead {
    device: &'static str,
    count: usize,
    first: &'static str,
    placed: bool,
    new: &'static str,
}

/// What is read of a device's notifications: how many, and one of them.
struct NoticesRead {
    device: &'static str,
    count: usize,
    topic: &'static str,
    data: (&'static str, &'static str),
    at_ms: i64,
}

impl Replies {
    fn path(&self, device: &str, reply: &str) -> PathBuf {
        self.root.join(device).join(format!("{reply}.Response.xml"))
    }

    /// A device that plays one reply.
    async fn playing(&self, device: &str, reply: &str) -> Player {
        let player = Player::start().await;
        player.play(&self.path(device, reply));
        player
    }

    /// Every reply: device, service, operation, whether it is a response, file.
    fn all(&self) -> Vec<(String, String, String, bool, PathBuf)> {
        let entries = |path: &Path| {
            let listed = std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let mut paths: Vec<_> = listed.map(|entry| entry.unwrap().path()).collect();
            paths.sort();
            paths
        };
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let mut all = Vec::new();
        for device in self.devices {
            for service in entries(&self.root.join(device)) {
                for path in entries(&service) {
                    let file = name(&path);
                    let (operation, kind) = file.strip_suffix(".xml").unwrap().split_once('.').unwrap();
                    let (operation, is_response) = (operation.to_owned(), kind == "Response");
                    all.push(((*device).to_owned(), name(&service), operation, is_response, path));
                }
            }
        }
        all
    }
}

/// The sets there are: ours, and the recorded one where it is named.
fn sets() -> Vec<Replies> {
    let mut all = vec![own::replies()];
    all.extend(recorded::replies());
    all
}

/// A device that answers everything with one body.
struct Player {
    channel: Channel,
    services: Services,
    body: Arc<Mutex<Vec<u8>>>,
}

impl Player {
    async fn start() -> Self {
        let body = Arc::new(Mutex::new(Vec::new()));
        let answer = body.clone();
        let device = Device::start(move |_, _| {
            let body = answer.lock().unwrap().clone();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            Answer::Bytes([head.into_bytes(), body].concat())
        })
        .await;
        let endpoint = Endpoint::new(device.url(), "user", SecretString::from("password"));
        let channel = Channel::new(endpoint, Limits::default()).unwrap();
        let all = ["ver10/media", "ver20/ptz", "ver10/events"];
        let pairs = all.map(|name| (format!("http://www.onvif.org/{name}/wsdl"), format!("/{name}")));
        let services = Services::from_pairs(channel.device(), pairs);
        Self {
            channel,
            services,
            body,
        }
    }

    /// From now on every answer is the reply in this file.
    fn play(&self, path: &Path) {
        *self.body.lock().unwrap() = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    fn ptz(&self, spaces: Spaces) -> Ptz {
        let url = self.services.need(Service::Ptz).unwrap().clone();
        Ptz::new(self.channel.clone(), url, "profile", spaces)
    }

    /// Reads the reply at `path` with the operation it answers; the text shows what was understood.
    async fn read(&self, service: &str, operation: &str) -> Result<String, OnvifError> {
        let (channel, services) = (&self.channel, &self.services);
        let url = channel.device().clone();
        let media_url = services.need(Service::Media)?;
        let ptz = self.ptz(Spaces::generic());
        let right = Velocity {
            pan: Some(0.1),
            ..Velocity::default()
        };
        let at = NormalisedPosition {
            pan: 0.0,
            tilt: 0.0,
            zoom: 0.0,
        };
        Ok(match (service, operation) {
            ("core", "GetSystemDateAndTime") => format!("{}", channel.read_clock().await?),
            ("core", "GetServices") => format!("{:?}", device::listed_services(channel).await?),
            ("core", "GetCapabilities") => format!("{:?}", device::capabilities(channel).await?),
            ("core", "GetDeviceInformation") => format!("{:?}", device::information(channel).await?),
            ("media", "GetProfiles" | "GetProfile") => {
                let tag = format!("{operation}Response");
                let answer = channel.call(media_url, "urn:x", "<x/>", &tag).await?;
                format!("{:?}", profile::read_profiles(&answer)?)
            }
            ("media", "GetStreamUri") => media::stream_uri(channel, services, Version::Media, "p")
                .await?
                .to_string(),
            ("media", "SetSynchronizationPoint") => format!("{:?}", media::synchronise(channel, services, "p").await?),
            ("ptz", "GetNodes") => format!("{:?}", ptz::nodes(channel, services.need(Service::Ptz)?).await?),
            ("ptz", "GetConfigurationOptions") => {
                format!(
                    "{:?}",
                    ptz::configuration_spaces(channel, services.need(Service::Ptz)?, "c").await?
                )
            }
            ("ptz", "GetStatus") => {
                let status = ptz.status().await?;
                format!("{:?} {:?}", status.position, status.moving)
            }
            ("ptz", "GetPresets") => format!("{:?}", ptz.presets().await?),
            ("ptz", "SetPreset") => ptz.set_preset("x").await?,
            ("ptz", "GotoPreset") => format!("{:?}", ptz.goto_preset("1").await?),
            ("ptz", "RemovePreset") => format!("{:?}", ptz.remove_preset("1").await?),
            ("ptz", "ContinuousMove") => format!("{:?}", ptz.continuous(right, Duration::from_secs(1)).await?),
            ("ptz", "AbsoluteMove") => format!("{:?}", ptz.absolute(at).await?),
            ("ptz", "Stop") => format!("{:?}", ptz.stop().await?),
            ("ptz", "GotoHomePosition") => format!("{:?}", ptz.home().await?),
            ("events", "CreatePullPointSubscription") => {
                let point = events::create(channel, services.need(Service::Events)?, Duration::from_secs(60)).await?;
                format!("{point:?}")
            }
            ("events", "PullMessages") => {
                format!(
                    "{:?}",
                    events::read_events(&channel.call(&url, "urn:x", "<x/>", "PullMessagesResponse").await?)
                )
            }
            _ => format!(
                "{:?}",
                channel
                    .call(&url, "urn:x", "<x/>", &format!("{operation}Response"))
                    .await?
                    .local_name
            ),
        })
    }
}

#[tokio::test]
async fn every_reply_is_a_value_or_a_clear_error() {
    for set in sets() {
        let player = Player::start().await;
        let (mut usable, mut refused) = (0, BTreeMap::<OnvifErrorKind, Vec<String>>::new());
        for (device, service, operation, is_response, path) in set.all() {
            player.play(&path);
            match player.read(&service, &operation).await {
                Ok(_) => {
                    assert!(is_response, "{path:?} is an error and was read as a success");
                    usable += 1;
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(!text.is_empty() && text.len() < 600 && !text.contains('\n'), "{text:?}");
                    let what = format!("{device}/{service}/{operation} {is_response}: {text}");
                    refused.entry(error.kind()).or_default().push(what);
                }
            }
        }
        let counts: Vec<_> = refused.iter().map(|(kind, list)| (*kind, list.len())).collect();
        assert_eq!((usable, counts.as_slice()), (set.usable, set.refused), "{refused:#?}");
        let nonsense = &refused[&OnvifErrorKind::Nonsense];
        for what in nonsense {
            assert!(set.nonsense.iter().all(|part| what.contains(part)), "{what}");
        }
    }
}

#[tokio::test]
async fn devices_are_who_they_said() {
    for set in sets() {
        for [device, manufacturer, model, firmware] in set.facts {
            let player = set.playing(device, "core/GetDeviceInformation").await;
            let facts = device::information(&player.channel).await.unwrap();
            let read = [facts.manufacturer, facts.model, facts.firmware].map(Option::unwrap);
            assert_eq!(read, [*manufacturer, *model, *firmware], "{device}");
        }
    }
}

#[tokio::test]
async fn services_are_found_and_turned_towards_the_address_that_answers() {
    for set in sets() {
        for (device, reply, wanted, has_ptz) in set.services {
            let player = set.playing(device, &format!("core/{reply}")).await;
            let services = match *reply {
                "GetServices" => device::listed_services(&player.channel).await.unwrap(),
                _ => device::capabilities(&player.channel).await.unwrap(),
            };
            for (service, path) in *wanted {
                let url = services.need(*service).unwrap();
                let found = (url.path(), url.origin());
                assert_eq!(found, (*path, player.channel.device().origin()), "{device} {reply}");
            }
            assert_eq!(services.find(Service::Ptz).is_some(), *has_ptz, "{device} {reply}");
            assert_eq!(services.find(Service::Media2), None);
        }
    }
}

#[tokio::test]
async fn profiles_carry_codec_size_rate_and_ptz() {
    for set in sets() {
        for (device, wanted) in set.profiles {
            let player = set.playing(device, "media/GetProfiles").await;
            let (version, profiles) = media::profiles(&player.channel, &player.services).await.unwrap();
            assert_eq!(version, Version::Media);
            let read: Vec<_> = profiles
                .iter()
                .map(|p| {
                    let node = p.ptz.as_ref().and_then(|ptz| ptz.node.as_deref());
                    (p.token.as_str(), p.codec.as_str(), p.width, p.height, p.fps, node)
                })
                .collect();
            assert_eq!(read, *wanted, "{device}");
        }
    }
}

#[tokio::test]
async fn stream_addresses_keep_path_and_port_and_lose_the_old_host() {
    for set in sets() {
        for (device, wanted) in set.streams {
            let player = set.playing(device, "media/GetStreamUri").await;
            let uri = media::stream_uri(&player.channel, &player.services, Version::Media, "p");
            assert_eq!(uri.await.unwrap().as_str(), *wanted);
        }
    }
}

#[tokio::test]
async fn ptz_ranges_and_positions_are_those_declared() {
    for set in sets() {
        for dome in set.domes {
            let player = set.playing(dome.device, "ptz/GetNodes").await;
            let url = player.services.need(Service::Ptz).unwrap();
            let mut nodes = ptz::nodes(&player.channel, url).await.unwrap();
            assert_eq!(nodes.len(), 1);
            let (token, spaces) = nodes.remove(0);
            assert_eq!(token, dome.node);
            let full = Range { min: -1.0, max: 1.0 };
            assert_eq!((spaces.position[0].x, spaces.position[0].y), (full, full));
            assert_eq!(spaces.zoom_position[0].x, Range { min: 0.0, max: 1.0 });
            let other = spaces.position.get(1).map(|space| (space.uri.as_str(), space.y));
            assert_eq!(other, dome.second, "{}", dome.device);

            player.play(&set.path(dome.device, "ptz/GetStatus"));
            let status = player.ptz(spaces).status().await.unwrap();
            let read = status.position.unwrap();
            let [pan, tilt] = dome.position;
            assert!(
                (read.pan - pan).abs() < 1e-9 && (read.tilt - tilt).abs() < 1e-9,
                "{read:?}"
            );
            assert_eq!((read.zoom, status.moving), (0.0, dome.moving), "{}", dome.device);
        }
    }
}

#[tokio::test]
async fn presets_are_named_and_a_new_one_gives_its_token() {
    for set in sets() {
        for wanted in set.presets {
            let player = set.playing(wanted.device, "ptz/GetPresets").await;
            let presets = player.ptz(Spaces::generic()).presets().await.unwrap();
            assert_eq!((presets.len(), presets[0].name.as_str()), (wanted.count, wanted.first));
            assert_eq!(presets[0].position.is_some(), wanted.placed);
            player.play(&set.path(wanted.device, "ptz/SetPreset"));
            assert_eq!(player.ptz(Spaces::generic()).set_preset("x").await.unwrap(), wanted.new);
        }
    }
}

#[tokio::test]
async fn the_clock_of_every_recorded_camera_is_read() {
    for set in sets() {
        for (device, unix_s) in set.clocks {
            let player = set.playing(device, "core/GetSystemDateAndTime").await;
            let now = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap()
                .as_secs();
            let offset_s = player.channel.read_clock().await.unwrap();
            assert!((offset_s + i64::try_from(now).unwrap() - unix_s).abs() <= 2, "{device}");
        }
    }
}

#[tokio::test]
async fn notifications_are_read() {
    for set in sets() {
        let wanted = &set.notices;
        let player = set.playing(wanted.device, "events/PullMessages").await;
        let url = player.channel.device().clone();
        let answer = player.channel.call(&url, "urn:x", "<x/>", "PullMessagesResponse");
        let read = events::read_events(&answer.await.unwrap());
        assert_eq!(read.len(), wanted.count);
        let one = read.iter().find(|event| event.topic == wanted.topic).unwrap();
        let (name, value) = wanted.data;
        assert_eq!(one.data, [(name.to_owned(), value.to_owned())]);
        assert_eq!(one.at_ms, Some(wanted.at_ms));
    }
}
