//! The state of a live stream that its threads share.
//!
//! Invariant: after [`Shared::close`] or a failure no frame is put, and the stream's own thread, for which nobody waits, takes
//! the pipeline apart. Deliberately absent: which elements there are (`pipeline`), the connection (`reader`).

use super::arrivals::Arrivals;
use super::reception::Quality;
use super::stall::Stall;
use super::stats::{Meter, Rater};
use super::watchdog::{self, WatchdogTarget};
use super::{LivePhase, LiveStatus, OnPicture, gst_error};
use crate::domain::live::clock_offset::ClockReading;
use crate::domain::live::freshness::{Delay, TimeLine};
use crate::domain::live::stream_selection::Attention;
use crate::media::decoder::{self, Codec};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::frame::FrameSlot;
use crate::media::gst_frame;
use crate::media::packet_guard::Refused;
use gstreamer as gst;
use gstreamer::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

pub(super) struct Shared {
    slot: FrameSlot,
    on_picture: Option<OnPicture>,
    status: watch::Sender<LiveStatus>,
    pub(super) meter: Meter,
    pub(super) arrivals: Arrivals,
    attention: AtomicU8,
    delay: Mutex<Delay>,
    time_line: Mutex<TimeLine>,
    over: Arc<AtomicBool>,
    /// The pipeline has been taken apart.
    gone: watch::Sender<bool>,
    quality: Mutex<Quality>,
    /// Packets that reached the depayloader damaged: lost, though they arrived.
    pub(super) refused: Refused,
    watched: Mutex<Watched>,
}

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
    /// Begins to open a stream into `slot` and returns at once; `watch` runs it on a thread of its own and returns when it is
    /// over. `on_picture` sees each picture before the slot has it.
    pub(super) fn open(
        slot: FrameSlot,
        on_picture: Option<OnPicture>,
        watch: impl FnOnce(&Arc<Self>) + Send + 'static,
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
            time_line: Mutex::default(),
            over: Arc::default(),
            gone: watch::Sender::new(false),
            quality: Mutex::default(),
            refused: Refused::default(),
            watched: Mutex::new(Watched {
                stall: Stall::new(now),
                rater: Rater::default(),
                pulses: 0,
            }),
        });
        let weak = Arc::downgrade(&shared);
        watchdog::look_after(weak);
        let watched = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("media-live".to_owned())
            .spawn(move || {
                watch(&watched);
                watched.gone.send_replace(true);
            });
        if let Err(error) = thread {
            shared.fail(LiveError::new(LiveErrorKind::BrokenStream, error.to_string()));
            shared.gone.send_replace(true);
        }
        shared
    }

    /// Takes up what a pipeline says on its bus.
    pub(super) fn listen(self: &Arc<Self>, pipeline: &gst::Pipeline) {
        if let Some(bus) = pipeline.bus() {
            let shared = Arc::downgrade(self);
            bus.set_sync_handler(move |_, message| {
                if let Some(shared) = shared.upgrade() {
                    shared.hear(message);
                }
                gst::BusSyncReply::Drop
            });
        }
    }

    fn hear(&self, message: &gst::Message) {
        match message.view() {
            gst::MessageView::Error(error) => {
                if let Some(element) = gst_error::element_of(message) {
                    decoder::distrust(&element);
                }
                self.fail(gst_error::classify(error));
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
        let stamp = sample.buffer().and_then(|buffer| buffer.pts());
        frame.captured_ms = self.arrivals.captured_ms(stamp);
        frame.waited = self.arrivals.waited(stamp, frame.arrived);
        let line_ms = stamp.map_or(0.0, |stamp| stamp.nseconds() as f64 / 1e6);
        frame.behind = held(&self.time_line).picture(frame.arrived, line_ms);
        if let Some(captured_ms) = frame.captured_ms {
            let mut delay = held(&self.delay);
            delay.picture(clock_reading(), captured_ms);
            frame.behind = delay.behind();
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
            on_picture(&frame);
        }
        self.slot.put(frame);
    }

    pub(super) fn set_codec(&self, codec: Codec) {
        self.status
            .send_modify(|status| codec.name().clone_into(&mut status.figures.codec));
    }

    /// A packet that was read from the network `now` goes into the pipeline with this time stamp.
    pub(super) fn stamped(&self, stamp: gst::ClockTime, packet: &[u8], now: Instant) {
        self.meter.packet();
        self.arrivals.stamped(packet, Some(stamp));
        self.arrivals.entered(stamp, now);
    }

    /// How well packets have come so far.
    pub(super) fn received(&self, quality: Quality) {
        *held(&self.quality) = quality;
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

    /// The stream is over because of `error`; the first reason stays.
    pub(super) fn fail(&self, error: LiveError) {
        if self.over.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::info!(%error, "live stream ended");
        self.status
            .send_modify(|status| status.phase = LivePhase::Failed(error));
    }

    /// Nobody wants the stream any more.
    pub(super) fn close(&self) {
        self.over.store(true, Ordering::Release);
    }

    /// Becomes true when the stream is over.
    pub(super) fn over(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.over)
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
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
}

impl WatchdogTarget for Shared {
    fn pulse(&self, now: Instant) {
        if self.over.load(Ordering::Acquire) {
            return;
        }
        let quality = *held(&self.quality);
        // Damaged packets are lost, though they arrived.
        let lost = quality.lost + self.refused.count();
        let counts = self.meter.count(self.arrivals.pictures(), (quality.passed, lost));
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
                (figures.lost_packets, figures.jitter_ms) = (lost, quality.jitter_ms);
            });
        }
    }
}
