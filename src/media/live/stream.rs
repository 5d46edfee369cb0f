//! The state of a live stream that its threads share.
//!
//! Invariant: after [`Shared::close`] or a failure no frame is put, and the pipeline is taken apart by a thread that
//! nobody waits for. Deliberately absent: which elements there are (`pipeline`).

use super::arrivals::Arrivals;
use super::stall::Stall;
use super::stats::{Meter, Rater};
use super::watchdog::{self, WatchdogTarget};
use super::{LivePhase, LiveStatus, OnPicture, gst_error};
use crate::domain::live::freshness::Delay;
use crate::domain::live::own_clock::ClockReading;
use crate::domain::live::stream_selection::Attention;
use crate::media::decoder::{self, Codec};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::frame::FrameSlot;
use crate::media::gst_frame;
use crate::media::packet_guard::{self, Refused, Senders};
use gstreamer as gst;
use gstreamer::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

pub(super) struct Shared {
    slot: FrameSlot,
    on_picture: Option<OnPicture>,
    status: watch::Sender<LiveStatus>,
    pub(super) meter: Meter,
    pub(super) arrivals: Arrivals,
    attention: AtomicU8,
    delay: Mutex<Delay>,
    over: AtomicBool,
    /// The pipeline has been taken apart.
    gone: watch::Sender<bool>,
    pipeline: Arc<Mutex<Option<gst::Pipeline>>>,
    jitter_buffer: Mutex<Option<gst::glib::WeakRef<gst::Element>>>,
    unknown_codec: Mutex<Option<String>>,
    senders: Arc<Mutex<Senders>>,
    /// Packets that reached the depayloader damaged: lost, though they arrived.
    pub(super) refused: Refused,
    watched: Mutex<Watched>,
}

/// The pipeline of a stream, or why there is none.
type Built = Result<gst::Pipeline, LiveError>;

/// The watchdog's memory between two looks at a stream.
struct Watched {
    stall: Stall,
    rater: Rater,
    pulses: u32,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Our clock now.
fn clock_reading() -> ClockReading {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ClockReading {
        unix_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        at: Instant::now(),
    }
}

/// Calls `look` with the time stamp and the bytes of every packet in a probe's data.
fn each_packet(info: &gst::PadProbeInfo<'_>, mut look: impl FnMut(Option<gst::ClockTime>, &[u8])) {
    let mut one = |buffer: &gst::BufferRef| {
        if let Ok(bytes) = buffer.map_readable() {
            look(buffer.pts(), &bytes);
        }
    };
    match &info.data {
        Some(gst::PadProbeData::Buffer(buffer)) => one(buffer),
        Some(gst::PadProbeData::BufferList(list)) => list.iter().for_each(&mut one),
        _ => {}
    }
}

/// Lets `look` see every packet that passes a pad for as long as the stream is there.
fn look_at_packets(pad: &gst::Pad, shared: &Arc<Shared>, look: impl Fn(&Shared, &[u8]) + Send + Sync + 'static) {
    let shared = Arc::downgrade(shared);
    pad.add_probe(
        gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST,
        move |_, info| {
            if let Some(shared) = shared.upgrade() {
                each_packet(info, |_, packet| look(&shared, packet));
            }
            gst::PadProbeReturn::Ok
        },
    );
}

/// Work that is done once, by whichever thread gets it.
type Job = Mutex<Option<Box<dyn FnOnce() + Send>>>;

/// Runs `work` on a thread of its own that nobody waits for; here and now when there is no thread to be had.
pub(crate) fn in_background(name: &str, work: impl FnOnce() + Send + 'static) {
    let job: Arc<Job> = Arc::new(Mutex::new(Some(Box::new(work))));
    let again = Arc::clone(&job);
    let run = |job: &Job| {
        let work = held(job).take();
        if let Some(work) = work {
            work();
        }
    };
    if let Err(error) = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || run(&job))
    {
        tracing::error!(%error, "no thread in the background");
        run(&again);
    }
}

impl Shared {
    /// Begins to open a stream into `slot` and returns at once; `build` makes its pipeline, not yet started, on a thread of
    /// its own. `on_picture` sees each picture before the slot has it.
    pub(super) fn open(
        slot: FrameSlot,
        on_picture: Option<OnPicture>,
        build: impl FnOnce(&Arc<Self>) -> Built + Send + 'static,
    ) -> Arc<Self> {
        let now = Instant::now();
        let shared = Arc::new(Self {
            slot,
            on_picture,
            status: watch::Sender::new(LiveStatus::default()),
            meter: Meter::default(),
            arrivals: Arrivals::default(),
            attention: AtomicU8::new(Attention::Whole as u8),
            delay: Mutex::default(),
            over: AtomicBool::new(false),
            gone: watch::Sender::new(false),
            pipeline: Arc::default(),
            jitter_buffer: Mutex::new(None),
            unknown_codec: Mutex::new(None),
            senders: Arc::default(),
            refused: Refused::default(),
            watched: Mutex::new(Watched {
                stall: Stall::new(now),
                rater: Rater::default(),
                pulses: 0,
            }),
        });
        let weak = Arc::downgrade(&shared);
        watchdog::look_after(weak);
        let opening = Arc::clone(&shared);
        in_background("media-open", move || {
            if let Err(error) = build(&opening).and_then(|pipeline| opening.start(pipeline)) {
                opening.fail(error);
            }
        });
        shared
    }

    fn start(self: &Arc<Self>, pipeline: gst::Pipeline) -> Result<(), LiveError> {
        if let Some(bus) = pipeline.bus() {
            let shared = Arc::downgrade(self);
            bus.set_sync_handler(move |_, message| {
                if let Some(shared) = shared.upgrade() {
                    shared.hear(message);
                }
                gst::BusSyncReply::Drop
            });
        }
        // Under the lock, so that a close that comes meanwhile takes down a pipeline that has been started.
        let mut place = held(&self.pipeline);
        if self.over.load(Ordering::Acquire) {
            return Ok(());
        }
        let started = pipeline.set_state(gst::State::Playing);
        *place = Some(pipeline);
        drop(place);
        started
            .map(|_| ())
            .map_err(|_| LiveError::new(LiveErrorKind::BrokenStream, "the pipeline does not start"))
    }

    fn hear(&self, message: &gst::Message) {
        match message.view() {
            gst::MessageView::Error(error) => {
                if let Some(element) = gst_error::element_of(message) {
                    decoder::distrust(&element);
                }
                let error = gst_error::classify(error);
                let unknown = held(&self.unknown_codec).take();
                match (error.kind, unknown) {
                    (LiveErrorKind::NotSupported, Some(name)) => {
                        let detail = format!("the camera sends {name}, which is neither H.264 nor H.265");
                        self.fail(LiveError::new(LiveErrorKind::NotSupported, detail));
                    }
                    _ => self.fail(error),
                }
            }
            gst::MessageView::Eos(_) => {
                self.fail(LiveError::new(
                    LiveErrorKind::BrokenStream,
                    "the camera ended the stream",
                ));
            }
            _ => {}
        }
    }

    /// Puts a decoded sample into the slot.
    pub(super) fn show(&self, sample: &gst::Sample) {
        if self.over.load(Ordering::Acquire) {
            return;
        }
        let Some(mut frame) = gst_frame::frame(sample, self.slot.count() + 1, None) else {
            self.fail(LiveError::new(
                LiveErrorKind::NotSupported,
                "the decoder's pictures have an unknown layout",
            ));
            return;
        };
        self.meter.frame();
        frame.captured_ms = self
            .arrivals
            .captured_ms(sample.buffer().and_then(|buffer| buffer.pts()));
        let mut behind = Duration::ZERO;
        if let Some(captured_ms) = frame.captured_ms {
            let mut delay = held(&self.delay);
            delay.picture(clock_reading(), captured_ms);
            behind = delay.behind();
        }
        self.status.send_if_modified(|status| {
            let changed = (status.figures.width, status.figures.height) != (frame.width, frame.height)
                || status.phase == LivePhase::Connecting;
            (status.figures.width, status.figures.height) = (frame.width, frame.height);
            if status.phase == LivePhase::Connecting {
                status.phase = LivePhase::Playing;
            }
            changed
        });
        if let Some(on_picture) = &self.on_picture {
            on_picture(&frame, behind);
        }
        self.slot.put(frame);
    }

    pub(super) fn set_codec(&self, codec: Codec) {
        self.status
            .send_modify(|status| codec.name().clone_into(&mut status.figures.codec));
    }

    /// Remembers the jitter buffer for its statistics, and counts what comes into it.
    pub(super) fn set_jitter_buffer(self: &Arc<Self>, buffer: &gst::Element) {
        *held(&self.jitter_buffer) = Some(buffer.downgrade());
        if let Some(pad) = buffer.static_pad("sink") {
            look_at_packets(&pad, self, |shared, packet| shared.arrivals.came(packet));
        }
    }

    /// Lets only whole packets into the session manager, and listens to the sender reports among them. What is left out
    /// here the jitter buffer misses and counts as lost.
    pub(super) fn watch_entrances(self: &Arc<Self>, manager: &gst::Element) {
        let (shared, senders) = (Arc::downgrade(self), Arc::clone(&self.senders));
        manager.connect_pad_added(move |_, pad| {
            let name = pad.name();
            if name.starts_with("recv_rtp_sink") {
                let senders = Arc::clone(&senders);
                packet_guard::guard(pad, Refused::default(), move |packet| held(&senders).admit(packet));
            } else if name.starts_with("recv_rtcp_sink") {
                let shared = shared.clone();
                packet_guard::guard(pad, Refused::default(), move |packet| {
                    packet_guard::rtcp(packet)?;
                    if let Some(shared) = shared.upgrade() {
                        shared.arrivals.reported(packet);
                    }
                    Ok(())
                });
            }
        });
    }

    /// The camera described a stream of this payload type, and it was chosen.
    pub(super) fn described(&self, payload_type: u8) {
        held(&self.senders).described(payload_type);
    }

    /// A packet leaves the jitter buffer.
    pub(super) fn stamped(&self, info: &gst::PadProbeInfo<'_>) {
        self.meter.packet();
        each_packet(info, |stamp, packet| self.arrivals.stamped(packet, stamp));
    }

    /// How much of the stream is decoded.
    pub(super) fn attention(&self) -> Attention {
        match self.attention.load(Ordering::Relaxed) {
            0 => Attention::Nothing,
            1 => Attention::KeyFrames,
            _ => Attention::Whole,
        }
    }

    pub(super) fn attend(&self, attention: Attention) {
        self.attention.store(attention as u8, Ordering::Relaxed);
    }

    pub(super) fn saw_unknown_codec(&self, name: &str) {
        *held(&self.unknown_codec) = Some(name.chars().take(40).collect());
    }

    /// The stream is over because of `error`; the first reason stays.
    pub(super) fn fail(&self, error: LiveError) {
        if self.over.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::info!(%error, "live stream ended");
        self.status
            .send_modify(|status| status.phase = LivePhase::Failed(error));
        self.take_apart();
    }

    /// Nobody wants the stream any more.
    pub(super) fn close(&self) {
        if !self.over.swap(true, Ordering::AcqRel) {
            self.take_apart();
        }
    }

    /// Ends the pipeline in the background: its state change waits for the camera's answer to TEARDOWN.
    fn take_apart(&self) {
        let (place, gone) = (Arc::clone(&self.pipeline), self.gone.clone());
        in_background("media-close", move || {
            let pipeline = held(&place).take();
            if let Some(pipeline) = pipeline
                && let Err(error) = pipeline.set_state(gst::State::Null)
            {
                tracing::warn!(%error, "a pipeline does not stop");
            }
            gone.send_replace(true);
        });
    }

    pub(super) fn slot(&self) -> &FrameSlot {
        &self.slot
    }

    pub(super) fn status(&self) -> watch::Receiver<LiveStatus> {
        self.status.subscribe()
    }

    pub(super) fn gone(&self) -> watch::Receiver<bool> {
        self.gone.subscribe()
    }

    /// Packets passed on and lost, damaged ones among them, and the average jitter in milliseconds (statistics of
    /// rtpjitterbuffer).
    fn loss_and_jitter(&self) -> Option<(u64, u64, f64)> {
        let buffer = held(&self.jitter_buffer).as_ref()?.upgrade()?;
        let stats = buffer.property::<Option<gst::Structure>>("stats")?;
        Some((
            stats.get::<u64>("num-pushed").ok()?,
            stats.get::<u64>("num-lost").ok()? + self.refused.count(),
            stats.get::<u64>("avg-jitter").ok()? as f64 / 1e6,
        ))
    }
}

impl WatchdogTarget for Shared {
    fn pulse(&self, now: Instant) {
        if self.over.load(Ordering::Acquire) {
            return;
        }
        let loss = self.loss_and_jitter();
        let packets = loss.map_or((0, 0), |(passed, lost, _)| (passed, lost));
        let counts = self.meter.count(self.arrivals.pictures(), packets);
        let mut watched = held(&self.watched);
        let dead = watched.stall.check(now, counts, self.attention());
        let rates = watched.rater.at(now, counts);
        watched.pulses = watched.pulses.wrapping_add(1);
        let tell = watched.pulses.is_multiple_of(4);
        drop(watched);
        if let Some(error) = dead {
            self.fail(error);
        } else if tell {
            let delay = held(&self.delay).clone();
            self.status.send_modify(|status| {
                let figures = &mut status.figures;
                figures.received_fps = rates.received_fps;
                figures.decoded_fps = rates.decoded_fps;
                figures.bitrate_kbit_s = rates.bitrate_kbit_s;
                figures.loss = rates.loss;
                figures.delay = delay;
                if let Some((_, lost, jitter)) = loss {
                    (figures.lost_packets, figures.jitter_ms) = (lost, jitter);
                }
            });
        }
    }
}
