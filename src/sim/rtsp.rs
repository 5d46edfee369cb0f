//! The RTSP side of one camera: its own server and port, `/main`, `/sub` and `/replay`, digest authentication, faults.
//!
//! Invariant: only the account that may stream gets a picture; the figures account is known and refused, strangers are
//! asked again (the library answers both with 401). A rebooting camera closes every connection at once.
//! Deliberately absent: RTSP itself, which is `gstreamer-rtsp-server`'s.

use super::device::{Account, Device, Entry, Viewer};
use super::encode;
use super::faults::{CredentialsFault, Faults, MetadataFault};
use super::footage::Footage;
use super::live::{Feed, Stop};
use super::metadata;
use super::recorder;
use super::town::{Codec, StreamSpec};
use crate::domain::camera::CameraKind;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;
use gstreamer_rtsp::{RTSPAuthMethod, RTSPStatusCode};
use gstreamer_rtsp_server::prelude::*;
use gstreamer_rtsp_server::{
    RTSPAuth, RTSPClient, RTSPFilterResult, RTSPMedia, RTSPMediaFactory, RTSPOnvifMedia, RTSPOnvifMediaFactory,
    RTSPOnvifServer, RTSPToken,
};
use secrecy::ExposeSecret;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often faults are looked at.
const TICK: Duration = Duration::from_millis(100);
/// The source of a metadata stream: the library takes it for the payloader of the second stream.
const METADATA: &str = "pay1";
const ROLE: &str = "media.factory.role";

/// Why a camera's RTSP server could not start.
#[derive(Debug, thiserror::Error)]
pub enum RtspError {
    #[error("the RTSP server cannot listen on 127.0.0.1")]
    Listen(#[source] glib::BoolError),
    #[error("the RTSP server lacks its {0}")]
    Incomplete(&'static str),
}

/// The running RTSP server of one camera; keep it as long as the camera shall answer.
pub struct CameraServer {
    server: RTSPOnvifServer,
    port: u16,
}

impl CameraServer {
    /// Starts the server on a free port of 127.0.0.1, served by the thread that runs `context`, and tells the device.
    ///
    /// # Errors
    /// No port could be bound, or the library is incomplete.
    pub fn start(device: &Arc<Device>, footage: &Arc<Footage>, context: &glib::MainContext) -> Result<Self, RtspError> {
        let server = RTSPOnvifServer::new();
        server.set_address("127.0.0.1");
        server.set_service("0");
        let auth = Auth::new(device);
        auth.let_in();
        server.set_auth(Some(&auth.rtsp));
        let mounts = server.mount_points().ok_or(RtspError::Incomplete("mount points"))?;
        let mut live = Vec::new();
        for spec in &device.site().streams {
            let factory = Live::new(device, footage, spec);
            mounts.add_factory(spec.mount(), factory.factory.clone());
            live.push(factory);
        }
        if device.site().kind != CameraKind::Mobile {
            mounts.add_factory(&recorder::path(device.site()), replay_factory(device, footage));
        }
        let watched = Arc::clone(device);
        server.connect_client_connected(move |_, client| attend(&watched, client));
        server.attach(Some(context)).map_err(RtspError::Listen)?;
        let port = u16::try_from(server.bound_port()).map_err(|_| RtspError::Incomplete("port"))?;
        device.set_rtsp_port(port);
        watch_faults(&server, auth, live, device, context);
        Ok(Self { server, port })
    }

    /// The port that was bound.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for CameraServer {
    fn drop(&mut self) {
        close_all(&self.server);
    }
}

/// Digest accounts of one server: those of the device, as they come and go.
struct Auth {
    rtsp: RTSPAuth,
    device: Arc<Device>,
}

impl Auth {
    fn new(device: &Arc<Device>) -> Self {
        let rtsp = RTSPAuth::new();
        rtsp.set_supported_methods(RTSPAuthMethod::Digest);
        rtsp.set_realm(Some("vedetta-sim"));
        let (door, watched) = (rtsp.clone(), Arc::downgrade(device));
        device.set_doorkeeper(Box::new(move |entry| match entry {
            Entry::Comes(account) => {
                let refuses = |device: Arc<Device>| device.faults().credentials == CredentialsFault::Refuse;
                if !watched.upgrade().is_some_and(refuses) {
                    let_in(&door, account);
                }
            }
            Entry::Goes(user) => door.remove_digest(user),
        }));
        Self {
            rtsp,
            device: Arc::clone(device),
        }
    }

    fn let_in(&self) {
        self.device
            .accounts()
            .iter()
            .for_each(|account| let_in(&self.rtsp, account));
    }

    fn keep_out(&self) {
        let all = self.device.accounts();
        all.iter().for_each(|account| self.rtsp.remove_digest(&account.user));
    }
}

fn let_in(rtsp: &RTSPAuth, account: &Account) {
    let role = if account.may_stream { "viewer" } else { "figures" };
    let token = RTSPToken::builder().field(ROLE, role).build();
    rtsp.add_digest(&account.user, account.password.expose_secret(), &token);
}

fn allow(factory: &impl IsA<RTSPMediaFactory>) {
    for (role, may_construct) in [("viewer", true), ("figures", false)] {
        let rights = gstreamer::Structure::builder(role)
            .field("media.factory.access", true)
            .field("media.factory.construct", may_construct)
            .build();
        factory.add_role_from_structure(&rights);
    }
}

fn payloader(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "rtph264pay name=pay0 pt=96 config-interval=-1 aggregate-mode=zero-latency",
        Codec::H265 => "rtph265pay name=pay0 pt=96 config-interval=-1 aggregate-mode=zero-latency",
    }
}

/// The mount of one live stream.
struct Live {
    factory: RTSPMediaFactory,
    feed: Feed,
}

impl Live {
    fn new(device: &Arc<Device>, footage: &Arc<Footage>, spec: &StreamSpec) -> Self {
        let feed = Feed {
            device: Arc::clone(device),
            footage: Arc::clone(footage),
            spec: spec.clone(),
        };
        let factory = RTSPMediaFactory::new();
        factory.set_shared(true);
        factory.set_latency(0);
        allow(&factory);
        let live = Self { factory, feed };
        live.describe();
        let feed = live.feed.clone();
        live.factory.connect_media_configure(move |_, media| {
            let Some(source) = source_of(media, "source") else {
                return;
            };
            let spec = feed.spec_now();
            let painted = feed.device.site().kind == CameraKind::Dome;
            source.set_caps(Some(&if painted {
                encode::raw_caps(&spec)
            } else {
                encode::coded_caps(&spec)
            }));
            let stop = Arc::new(Stop::default());
            feed.clone().start(source, Arc::clone(&stop));
            if let Some(source) = source_of(media, METADATA) {
                metadata::start(Arc::clone(&feed.device), source, Arc::clone(&stop));
            }
            media.connect_unprepared(move |_| stop.end());
        });
        live
    }

    /// Sets the launch line to the stream as it is sent now; sessions that are open keep theirs.
    fn describe(&self) {
        let spec = self.feed.spec_now();
        let dome = self.feed.device.site().kind == CameraKind::Dome;
        let encoder = if dome {
            format!("! {} ", encode::encoder_launch(&spec, true))
        } else {
            String::new()
        };
        let sends = dome && self.feed.device.faults().metadata != MetadataFault::Absent;
        let metadata = if sends {
            metadata::launch(METADATA)
        } else {
            String::new()
        };
        // A viewer takes the picture and leaves the metadata, another the other way round: the library prepares a shared
        // mount for what its first viewer asked for, and has nothing for the second.
        self.factory.set_shared(!sends);
        self.factory.set_launch(&format!(
            "( appsrc name=source is-live=true format=time min-latency=0 {encoder}! {} {metadata} )",
            payloader(spec.codec)
        ));
    }
}

fn replay_factory(device: &Arc<Device>, footage: &Arc<Footage>) -> RTSPOnvifMediaFactory {
    let factory = RTSPOnvifMediaFactory::new();
    factory.set_media_gtype(RTSPOnvifMedia::static_type());
    let spec = recorder::recorded_stream(device.site()).cloned();
    let codec = spec.as_ref().map_or(Codec::H264, |spec| spec.codec);
    let painted = device.site().kind == CameraKind::Dome;
    let encoder = spec
        .as_ref()
        .filter(|_| painted)
        .map_or_else(String::new, |spec| format!("! {} ", encode::encoder_launch(spec, true)));
    let payloader = payloader(codec).replace("name=pay0", "");
    factory.set_launch(&format!(
        "( appsrc name=source format=time stream-type=seekable handle-segment-change=true max-buffers=8 {encoder}! {payloader} ! \
         rtponviftimestamp name=pay0 ntp-offset=0 set-e-bit=true set-t-bit=true )"
    ));
    factory.set_shared(false);
    factory.set_replay_support(true);
    allow(&factory);
    let (device, footage) = (Arc::clone(device), Arc::clone(footage));
    factory.connect_media_configure(move |_, media| {
        let (Some(source), Some(spec)) = (source_of(media, "source"), &spec) else {
            return;
        };
        source.set_caps(Some(&recorder::caps(device.site(), spec)));
        recorder::attach(&source, &device, &footage, spec.role);
    });
    factory
}

fn source_of(media: &RTSPMedia, name: &str) -> Option<AppSrc> {
    media
        .element()
        .downcast::<gstreamer::Bin>()
        .ok()?
        .by_name_recurse_up(name)
        .and_downcast::<AppSrc>()
}

/// Counts a client as a viewer while it plays; turns it away while the camera reboots.
fn attend(device: &Arc<Device>, client: &RTSPClient) {
    if device.faults().rebooting(Instant::now()) {
        client.close();
        return;
    }
    let watching: Arc<Mutex<Option<Viewer>>> = Arc::default();
    let set =
        |watching: &Mutex<Option<Viewer>>, viewer| *watching.lock().unwrap_or_else(PoisonError::into_inner) = viewer;
    let (full, own) = (Arc::clone(device), Arc::clone(&watching));
    client.connect_pre_setup_request(move |_, _| {
        let seated = own.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let most = full.faults().sessions.unwrap_or(usize::MAX);
        if seated || full.viewers() < most {
            RTSPStatusCode::Ok
        } else {
            RTSPStatusCode::NotEnoughBandwidth
        }
    });
    let (device, seat) = (Arc::clone(device), Arc::clone(&watching));
    client.connect_play_request(move |_, _| set(&seat, Some(device.viewer())));
    let seat = Arc::clone(&watching);
    client.connect_teardown_request(move |_, _| set(&seat, None));
    client.connect_closed(move |_| set(&watching, None));
}

fn close_all(server: &RTSPOnvifServer) {
    server.client_filter(Some(&mut |_, _| RTSPFilterResult::Remove));
}

/// Looks at the faults ten times a second and does what they ask of RTSP.
fn watch_faults(
    server: &RTSPOnvifServer,
    auth: Auth,
    live: Vec<Live>,
    device: &Arc<Device>,
    context: &glib::MainContext,
) {
    let server = server.downgrade();
    let device = Arc::clone(device);
    let mut known = Faults::default();
    let source = glib::timeout_source_new(TICK, None, glib::Priority::DEFAULT, move || {
        let Some(server) = server.upgrade() else {
            return glib::ControlFlow::Break;
        };
        let faults = device.faults();
        if faults.picture != known.picture || faults.metadata != known.metadata {
            live.iter().for_each(Live::describe);
        }
        if faults.stream_generation != known.stream_generation || faults.rebooting(Instant::now()) {
            close_all(&server);
        }
        if faults.credentials != known.credentials {
            match faults.credentials {
                CredentialsFault::Normal => auth.let_in(),
                CredentialsFault::Refuse => auth.keep_out(),
            }
        }
        if let Some(pool) = server.session_pool() {
            pool.cleanup();
        }
        known = faults;
        glib::ControlFlow::Continue
    });
    source.attach(Some(context));
}
