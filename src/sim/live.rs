//! The live feed of one stream: access units of a clip, or pictures of a dome, pushed at their capture times.
//!
//! Invariant: the frame with time code `v` leaves at `epoch_ms + v` (modulo the loop) of the wall clock; a feed works only
//! while its media exists, so a dome is painted and encoded only while someone watches.
//! Deliberately absent: catching up. What the network or the encoder does not take is dropped, up to a key frame.

use super::clip::Clip;
use super::device::Device;
use super::encode;
use super::footage::Footage;
use super::sight_test;
use super::town::{Canvas, StreamSpec, Town, View};
use crate::domain::camera::CameraKind;
use gstreamer::ClockTime;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Frames that may wait in a feed; beyond that they are dropped.
const WAITING_CLIP: u64 = 30;
const WAITING_LIVE: u64 = 2;

/// When the loop of a fixed camera's clip begins, Unix milliseconds: a phase of its own for each camera, so that they do
/// not all send at the same instant.
pub fn epoch_ms(number: u32, kind: CameraKind) -> u64 {
    match kind {
        CameraKind::Dome => 0,
        CameraKind::Fixed | CameraKind::Mobile => u64::from(number * 13 % 40),
    }
}

/// Tells a feed to end, and wakes it if it waits for its next frame.
#[derive(Debug, Default)]
pub struct Stop {
    ended: Mutex<bool>,
    wake: Condvar,
}

impl Stop {
    /// Ends the feed.
    pub fn end(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }

    /// Waits so long; `true` at once when the feed must end.
    pub fn within(&self, wait: Duration) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        *self
            .wake
            .wait_timeout_while(ended, wait, |ended| !*ended)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

/// The settings of a feed.
#[derive(Clone)]
pub struct Feed {
    pub device: Arc<Device>,
    pub footage: Arc<Footage>,
    pub spec: StreamSpec,
}

impl Feed {
    /// Feeds `source` from a thread of its own until `stop` is set or the source takes no more.
    pub fn start(self, source: AppSrc, stop: Arc<Stop>) {
        let name = format!("{}{}", self.device.site().id, self.spec.mount());
        let spawned = std::thread::Builder::new().name(name).spawn(move || {
            let Some(pace) = Pace::start(&source, &self, &stop) else {
                return;
            };
            match self.device.site().kind {
                CameraKind::Dome => self.paint(&source, pace, &stop),
                CameraKind::Fixed | CameraKind::Mobile => {
                    if let Some(clip) = self.footage.clip_as(self.device.site(), &self.spec_now()) {
                        self.replay(&source, clip, pace, &stop);
                    }
                }
            }
        });
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for a live feed");
        }
    }

    /// The stream as a fault may have changed it.
    pub fn spec_now(&self) -> StreamSpec {
        match self.device.site().kind {
            CameraKind::Dome => self.spec.clone(),
            CameraKind::Fixed | CameraKind::Mobile => self.device.faults().picture.applied(&self.spec),
        }
    }

    /// Sends the clip: first the frames since the last key frame at once, then each frame at its time.
    fn replay(&self, source: &AppSrc, mut clip: Arc<Clip>, mut pace: Pace, stop: &Stop) {
        let count = clip.frames.len();
        let at = |number: u64| (number % count as u64) as usize;
        let now = pace.now();
        let behind = (at(now) - clip.key_before(at(now))) as u64;
        for number in now - behind..=now {
            let pts = pace.pts(now).saturating_sub(ClockTime::from_mseconds(now - number));
            if !push(source, &clip.frames[at(number)].buffer, pts) {
                return;
            }
        }
        let mut number = now + 1;
        let mut frozen = None;
        let mut whole = true;
        let mut sent = self.spec_now();
        while pace.wait(number, stop) {
            let faults = self.device.faults();
            let spec = self.spec_now();
            // Another codec comes with a new session only.
            if spec != sent
                && spec.codec == sent.codec
                && let Some(other) = self.footage.clip_as(self.device.site(), &spec)
            {
                source.set_caps(Some(&encode::coded_caps(&spec)));
                (clip, sent, whole, frozen) = (other, spec, false, None);
            }
            let freeze = faults.freeze;
            frozen = if freeze {
                frozen.or(Some(clip.key_before(at(number))))
            } else {
                None
            };
            whole &= frozen.is_none();
            let index = frozen.unwrap_or(at(number));
            let frame = &clip.frames[index];
            let room = source.current_level_buffers() < WAITING_CLIP && !faults.silence;
            whole = room && (whole || frame.key);
            if whole && !push(source, &frame.buffer, pace.pts(number)) {
                return;
            }
            number = pace.after(number);
        }
    }

    /// Paints what the dome sees at each frame's time.
    fn paint(&self, source: &AppSrc, mut pace: Pace, stop: &Stop) {
        let (width, height) = (self.spec.width as usize, self.spec.height as usize);
        let mut canvas = Canvas::new(width, height);
        let mut planes = Vec::new();
        let mut frozen: Option<gstreamer::Buffer> = None;
        let mut number = pace.now();
        while pace.wait(number, stop) {
            let faults = self.device.faults();
            if source.current_level_buffers() < WAITING_LIVE && !faults.silence {
                let freeze = faults.freeze;
                let buffer = match frozen.take().filter(|_| freeze) {
                    Some(buffer) => buffer,
                    None => {
                        paint(
                            self.footage.town(),
                            &self.device,
                            &mut canvas,
                            pace.due_ms(number),
                            &mut planes,
                        );
                        gstreamer::Buffer::from_slice(std::mem::take(&mut planes))
                    }
                };
                if !push(source, &buffer, pace.pts(number)) {
                    return;
                }
                frozen = freeze.then_some(buffer);
            }
            // One that was not painted in time is left out: a camera's sensor does not wait.
            number = pace.now().max(number + 1);
        }
    }
}

/// Paints the device's view at the moment of the frame, however late it is painted.
fn paint(town: &Town, device: &Device, canvas: &mut Canvas, now_ms: u64, planes: &mut Vec<u8>) {
    let pose = device.true_pose_then(now_ms);
    let (width, height) = canvas.size();
    let site = device.site();
    let view = View::new(&site.mount, pose, width, height).turned(site.make.turned);
    let walkers = device.sight().walkers();
    let boards: Vec<_> = (walkers.iter())
        .map(|walker| (walker.board(&view, now_ms), sight_test::RGB))
        .collect();
    town.paint_with(canvas, &view, now_ms, now_ms, &boards, planes);
    if device.sight().is_tinted() {
        sight_test::tint(width, height, planes);
    }
}

fn push(source: &AppSrc, buffer: &gstreamer::Buffer, pts: ClockTime) -> bool {
    let mut buffer = buffer.copy();
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(pts);
        buffer.set_dts(pts);
    }
    source.push_buffer(buffer).is_ok()
}

/// Unix milliseconds.
pub fn unix_ms() -> u64 {
    unix().as_millis() as u64
}

fn unix() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The beat of a stream: frame `n` is due `n / fps` seconds after the epoch.
struct Pace {
    epoch: Duration,
    fps: u32,
    /// Running time of the pipeline minus wall clock since the epoch, nanoseconds.
    offset_ns: i128,
}

impl Pace {
    /// Waits for the pipeline to run; `None` when it never does.
    fn start(source: &AppSrc, feed: &Feed, stop: &Stop) -> Option<Self> {
        let site = feed.device.site();
        let epoch = Duration::from_millis(epoch_ms(site.number, site.kind));
        while !stop.within(Duration::from_millis(3)) {
            // Before it plays the element has no base time, and its «running time» is the time since boot.
            let playing = source.current_state() == gstreamer::State::Playing;
            if let Some(running) = source.current_running_time().filter(|_| playing) {
                let offset_ns = i128::from(running.nseconds()) - unix().saturating_sub(epoch).as_nanos() as i128;
                return Some(Self {
                    epoch,
                    fps: feed.spec.fps,
                    offset_ns,
                });
            }
        }
        None
    }

    /// The newest frame that is due.
    fn now(&self) -> u64 {
        (unix().saturating_sub(self.epoch).as_nanos() * u128::from(self.fps) / 1_000_000_000) as u64
    }

    fn since_epoch(&self, number: u64) -> Duration {
        Duration::from_nanos((u128::from(number) * 1_000_000_000 / u128::from(self.fps)) as u64)
    }

    /// When the frame is captured, Unix milliseconds.
    fn due_ms(&self, number: u64) -> u64 {
        (self.epoch + self.since_epoch(number)).as_millis() as u64
    }

    /// Running time of the pipeline at which the frame was captured.
    fn pts(&self, number: u64) -> ClockTime {
        let ns = self.since_epoch(number).as_nanos() as i128 + self.offset_ns;
        ClockTime::from_nseconds(u64::try_from(ns).unwrap_or(0))
    }

    /// Sleeps until the frame is due; `false` when the feed must end.
    fn wait(&mut self, number: u64, stop: &Stop) -> bool {
        let due = self.epoch + self.since_epoch(number);
        !stop.within(due.saturating_sub(unix()).min(Duration::from_millis(200)))
    }

    /// The frame after this one, or the newest one due when the machine was away for long.
    fn after(&self, number: u64) -> u64 {
        let now = self.now();
        if now > number + u64::from(self.fps) {
            now
        } else {
            number + 1
        }
    }
}
