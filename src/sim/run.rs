//! Starts a whole simulated town and keeps it running: cameras on RTSP and ONVIF, recorder, control endpoint.
//!
//! Invariant: everything listens on 127.0.0.1, on ports the system chose; the ready line is only known when every camera
//! can be watched. Deliberately absent: arguments and signals (the program's).

use super::device::{Credentials, Device};
use super::footage::Footage;
use super::live;
use super::makes::Make;
use super::recorder;
use super::rtsp::{CameraServer, RtspError};
use super::sight_test::SightTest;
use super::site_files::{self, Installed, SchoolDay};
use super::town::{LOOP_MS, NoSuchDome, Town};
use super::{control, discovery, onvif};
use crate::domain::camera::{BadSlug, CameraId, CameraKind, ControllerId, StreamRole};
use crate::sim::timecode;
use gstreamer::glib;
use rand::RngExt;
use serde::Serialize;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::task::{AbortHandle, JoinError};

/// The order for a town.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Cameras in all.
    pub cameras: u32,
    /// How many of them, the last ones, are domes.
    pub domes: u32,
    pub seed: u64,
    /// Where to write `site.toml` and `cameras.toml`.
    pub plan: Option<PathBuf>,
    /// Folder of encoded clips that outlives a run.
    pub cache: Option<PathBuf>,
    /// The school's camera follows a calendar with these hours.
    pub school: Option<SchoolDay>,
    /// The cameras keep the masks and limits of the plan by themselves from the beginning, as after a proper installation.
    pub installed: bool,
    /// Answer WS-Discovery probes on the network.
    pub discovery: bool,
    /// Encode the main streams too before being ready, instead of in the background.
    pub prepare: bool,
    /// Every stream alike, H.264 with 25 pictures a second, and no main stream encoded before it is watched: for
    /// measuring.
    pub alike: bool,
    /// Makes of domes, by camera or of all of them; later ones win.
    pub makes: Vec<(Option<CameraId>, Make)>,
    /// For counting what is seen by a program: domes' pictures are tinted, their main streams as small as the others.
    pub sight_test: bool,
}

/// Why the town could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("GStreamer could not be started")]
    Gstreamer(#[source] glib::Error),
    #[error("the GStreamer element «{0}» is missing")]
    MissingElement(&'static str),
    #[error("{0} clips could not be encoded; the log says why")]
    Clips(usize),
    #[error("an RTSP server could not start")]
    Rtsp(#[from] RtspError),
    #[error("{what}")]
    Io {
        what: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("work was interrupted")]
    Interrupted(#[from] JoinError),
    #[error("the plan's names are wrong")]
    Name(#[from] BadSlug),
    #[error("a make of dome was asked for a camera that is none")]
    Make(#[from] NoSuchDome),
}

/// The ready line.
#[derive(Debug, Clone, Serialize)]
pub struct Ready {
    pub ready: bool,
    pub control: String,
    /// Where probes are answered without multicast, when discovery was asked for.
    pub discovery: Option<SocketAddr>,
    pub site_plan: Option<PathBuf>,
    pub cameras_file: Option<PathBuf>,
    pub cameras: Vec<ReadyCamera>,
}

/// One camera in the ready line.
#[derive(Debug, Clone, Serialize)]
pub struct ReadyCamera {
    pub id: String,
    pub name: String,
    pub kind: CameraKind,
    pub onvif: String,
    pub rtsp_main: String,
    pub rtsp_sub: String,
    /// Absent for cameras that are not recorded.
    pub rtsp_replay: Option<String>,
    pub clock: Clock,
}

/// Time code value `v` was captured at `epoch_ms + v` modulo `loop_ms`, Unix milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Clock {
    pub epoch_ms: u64,
    pub loop_ms: u64,
}

/// A running town; everything ends when it is dropped.
pub struct Simulator {
    ready: Ready,
    devices: Vec<Arc<Device>>,
    credentials: Vec<Credentials>,
    onvif: Vec<SocketAddr>,
    tasks: Vec<AbortHandle>,
    servers: Vec<CameraServer>,
    stop: Arc<AtomicBool>,
    main_loop: glib::MainLoop,
    threads: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// Starts a town; returns when every camera can be watched.
    ///
    /// # Errors
    /// A missing GStreamer element, a port or a file that cannot be had; nothing runs then.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        gstreamer::init().map_err(StartError::Gstreamer)?;
        require_elements()?;
        if let Some(cache) = &options.cache {
            std::fs::create_dir_all(cache).map_err(|source| StartError::Io {
                what: "the cache directory cannot be made",
                source,
            })?;
        }
        let mut town = Town::generate(options.seed, options.cameras, options.domes);
        town.hang(&options.makes)?;
        if options.alike {
            town.make_alike();
        }
        if options.sight_test {
            town.make_small();
        }
        let town = Arc::new(town);
        let stop = Arc::new(AtomicBool::new(false));
        let footage = Arc::new(Footage::new(town, options.cache.clone()));
        encode_before(&footage, &options, &stop).await?;
        let context = glib::MainContext::new();
        let main_loop = glib::MainLoop::new(Some(&context), false);
        let mut town = Self {
            ready: Ready {
                ready: true,
                control: String::new(),
                discovery: None,
                site_plan: options.plan.as_ref().map(|dir| dir.join(site_files::SITE_FILE)),
                cameras_file: options.plan.as_ref().map(|dir| dir.join(site_files::CAMERAS_FILE)),
                cameras: Vec::new(),
            },
            devices: Vec::new(),
            credentials: Vec::new(),
            onvif: Vec::new(),
            tasks: Vec::new(),
            servers: Vec::new(),
            stop: Arc::clone(&stop),
            main_loop: main_loop.clone(),
            threads: Vec::new(),
        };
        let sight = match options.sight_test {
            true => SightTest::tinted(),
            false => SightTest::default(),
        };
        town.install_cameras(&footage, &context, &Arc::new(sight)).await?;
        town.connect(&options).await?;
        town.write_plan(&options)?;
        town.threads.push(std::thread::spawn(move || main_loop.run()));
        if !options.alike {
            town.threads.push(std::thread::spawn(move || {
                footage.make_all(StreamRole::Main, 1, &stop);
            }));
        }
        Ok(town)
    }

    /// The ready line of the running town.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The cameras, in the order of their numbers.
    pub fn devices(&self) -> &[Arc<Device>] {
        &self.devices
    }

    /// The accounts of the cameras, in the same order.
    pub fn credentials(&self) -> &[Credentials] {
        &self.credentials
    }

    async fn install_cameras(
        &mut self,
        footage: &Arc<Footage>,
        context: &glib::MainContext,
        sight: &Arc<SightTest>,
    ) -> Result<(), StartError> {
        let started_ms = live::unix_ms();
        for site in &footage.town().sites {
            let credentials = new_credentials();
            let device = Device::in_town(site.clone(), credentials.clone(), Arc::clone(sight));
            recorder::connect(&device, started_ms);
            let server = CameraServer::start(&device, footage, context)?;
            let (address, task) = onvif::serve(Arc::clone(&device))
                .await
                .map_err(|source| StartError::Io {
                    what: "an ONVIF port cannot be opened",
                    source,
                })?;
            self.tasks.push(task.abort_handle());
            self.onvif.push(address);
            let rtsp = |path: &str| format!("rtsp://127.0.0.1:{}{path}", server.port());
            self.ready.cameras.push(ReadyCamera {
                id: site.id.to_string(),
                name: site.name.clone(),
                kind: site.kind,
                onvif: format!("http://{address}/onvif/device_service"),
                rtsp_main: rtsp("/main"),
                rtsp_sub: rtsp("/sub"),
                rtsp_replay: device.has_recorder().then(|| rtsp(&recorder::path(site))),
                clock: clock(site.number, site.kind),
            });
            self.servers.push(server);
            self.devices.push(device);
            self.credentials.push(credentials);
        }
        Ok(())
    }

    /// The control endpoint and discovery.
    async fn connect(&mut self, options: &Options) -> Result<(), StartError> {
        let (address, task) = control::serve(self.devices.clone())
            .await
            .map_err(|source| StartError::Io {
                what: "the control port cannot be opened",
                source,
            })?;
        self.tasks.push(task.abort_handle());
        self.ready.control = format!("http://{address}");
        if options.discovery {
            let listed = self.devices.iter().cloned().zip(self.onvif.iter().copied()).collect();
            let (address, task) = discovery::serve(listed, true).await.map_err(|source| StartError::Io {
                what: "the discovery group cannot be joined",
                source,
            })?;
            self.tasks.push(task.abort_handle());
            self.ready.discovery = Some(address);
        }
        Ok(())
    }

    fn write_plan(&self, options: &Options) -> Result<(), StartError> {
        let Some(dir) = &options.plan else { return Ok(()) };
        let cameras: Vec<Installed<'_>> = self
            .devices
            .iter()
            .zip(&self.credentials)
            .zip(&self.ready.cameras)
            .map(|((device, credentials), ready)| Installed {
                site: device.site(),
                onvif: &ready.onvif,
                credentials,
            })
            .collect();
        let plan = site_files::plan("borgo-vedetta".parse::<ControllerId>()?, &cameras, options.school);
        if options.installed {
            for (device, camera) in self.devices.iter().zip(&plan.cameras) {
                device.kept().install(camera);
            }
        }
        site_files::write(dir, &plan, &cameras).map_err(|source| StartError::Io {
            what: "the site plan cannot be written",
            source,
        })
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in &self.tasks {
            task.abort();
        }
        self.servers.clear();
        self.main_loop.quit();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the simulator panicked");
            }
        }
    }
}

/// Encodes the sub streams (and the main streams when asked to), on all processors.
async fn encode_before(footage: &Arc<Footage>, options: &Options, stop: &Arc<AtomicBool>) -> Result<(), StartError> {
    let (footage, stop, prepare) = (Arc::clone(footage), Arc::clone(stop), options.prepare);
    let missing = tokio::task::spawn_blocking(move || {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let subs = footage.make_all(StreamRole::Sub, threads, &stop);
        subs + if prepare {
            footage.make_all(StreamRole::Main, threads, &stop)
        } else {
            0
        }
    })
    .await?;
    if missing > 0 {
        Err(StartError::Clips(missing))
    } else {
        Ok(())
    }
}

fn clock(number: u32, kind: CameraKind) -> Clock {
    let loop_ms = if kind == CameraKind::Dome {
        u64::from(timecode::MODULUS)
    } else {
        LOOP_MS
    };
    Clock {
        epoch_ms: live::epoch_ms(number, kind),
        loop_ms,
    }
}

fn require_elements() -> Result<(), StartError> {
    let needed = [
        "appsrc",
        "appsink",
        "x264enc",
        "x265enc",
        "h264parse",
        "h265parse",
        "rtph264pay",
        "rtph265pay",
        "rtponviftimestamp",
        "rtpbin",
    ];
    match needed
        .into_iter()
        .find(|name| gstreamer::ElementFactory::find(name).is_none())
    {
        Some(missing) => Err(StartError::MissingElement(missing)),
        None => Ok(()),
    }
}

fn new_credentials() -> Credentials {
    let password = || {
        let mut rng = rand::rng();
        let letters = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";
        (0..16)
            .map(|_| char::from(letters[rng.random_range(0..letters.len())]))
            .collect::<String>()
    };
    Credentials {
        user: "sala".to_owned(),
        password: password().into(),
        figures_user: "diagnosi".to_owned(),
        figures_password: password().into(),
    }
}
