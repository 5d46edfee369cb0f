//! The recorder in each camera (ONVIF Replay, RTSP): what was recorded, and its replay by absolute time.
//!
//! Times in the replay pipeline are NTP nanoseconds (since 1900), because `gstreamer-rtsp-server` turns `Range: clock=`
//! into those; the ONVIF header extension (0xABAC) then carries them unchanged.
//!
//! Invariant: the frame sent for time `t` is the frame that was live at `t`: of a fixed camera the one of its clip's loop, of
//! a dome the town painted anew from where the dome looked then. A replay starts with the key frame at or before the time
//! asked for. Deliberately absent: reverse replay.

use super::clip::Clip;
use super::device::{Device, Recorded};
use super::dome_motion::HISTORY;
use super::encode;
use super::footage::Footage;
use super::live;
use super::town::{CameraSite, Canvas, StreamSpec, View};
use crate::domain::camera::{CameraKind, StreamRole};
use gstreamer::ClockTime;
use gstreamer::prelude::*;
use gstreamer_app::{AppSrc, AppSrcCallbacks};
use std::sync::{Arc, Mutex, PoisonError};

/// From 1900 to 1970, seconds (RFC 868).
const NTP_TO_UNIX_S: u64 = 2_208_988_800;
/// How much had been recorded when the simulator started, milliseconds.
const BEFORE_START_MS: u64 = 3_600_000;
/// A dome's recording ends this long before what is remembered of its motion does.
const MARGIN_MS: u64 = 10_000;
const DAY_MS: u64 = 86_400_000;

/// The recording's token: «cam-01-rec».
pub fn token(site: &CameraSite) -> String {
    format!("{}-rec", site.id)
}

/// The replay's path on the camera's RTSP port: «/replay/cam-01-rec».
pub fn path(site: &CameraSite) -> String {
    format!("/replay/{}", token(site))
}

/// First and last recorded time at `now_ms`, Unix milliseconds; `None` for cameras that are not recorded. Of a dome there is
/// as much as is remembered of its motion.
pub fn span(site: &CameraSite, started_ms: u64, now_ms: u64) -> Option<(u64, u64)> {
    let now_ms = now_ms.max(started_ms);
    match site.kind {
        CameraKind::Fixed => Some((started_ms.saturating_sub(BEFORE_START_MS), now_ms)),
        CameraKind::Dome => Some((now_ms.saturating_sub(HISTORY.as_millis() as u64 - MARGIN_MS), now_ms)),
        CameraKind::Mobile => None,
    }
}

/// Caps of what the replay's source gives: coded pictures of a clip, or painted ones.
pub fn caps(site: &CameraSite, spec: &StreamSpec) -> gstreamer::Caps {
    if site.kind == CameraKind::Dome {
        encode::raw_caps(spec)
    } else {
        encode::coded_caps(spec)
    }
}

/// The stream that is recorded.
pub fn recorded_stream(site: &CameraSite) -> Option<&StreamSpec> {
    site.stream(StreamRole::Main)
}

/// Tells the device what its recorder holds, from now on.
pub fn connect(device: &Arc<Device>, started_ms: u64) {
    let site = device.site().clone();
    if site.kind != CameraKind::Mobile {
        device.set_recorder(Box::new(move || {
            let (from_ms, to_ms) = span(&site, started_ms, live::unix_ms())?;
            Some(Recorded {
                rtsp_path: path(&site),
                from_ms,
                to_ms,
            })
        }));
    }
}

/// Where a replay is.
struct Position {
    /// Number of the next frame since the camera's epoch; `None` until the first demand or seek.
    next: Option<u64>,
    /// A segment must be sent with the next frame.
    fresh: bool,
    /// NTP nanoseconds at which to end.
    stop_ns: Option<u64>,
    /// The clip is encoded at the first demand.
    clip: Option<Arc<Clip>>,
    /// A dome's pictures are painted here.
    canvas: Option<Canvas>,
}

/// Lets `source` play the recording.
pub fn attach(source: &AppSrc, device: &Arc<Device>, footage: &Arc<Footage>, role: StreamRole) {
    source.set_duration(Some(ntp(live::unix_ms() + DAY_MS)));
    let position = Arc::new(Mutex::new(Position {
        next: None,
        fresh: true,
        stop_ns: None,
        clip: None,
        canvas: None,
    }));
    let tape = Arc::new(Tape {
        device: Arc::clone(device),
        footage: Arc::clone(footage),
        role,
    });
    if let Some(pad) = source.static_pad("src") {
        let seen = Arc::clone(&position);
        pad.add_probe(gstreamer::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            if let Some(gstreamer::EventView::Seek(seek)) = info.event().map(|event| event.view()) {
                let (_, _, _, _, _, stop) = seek.get();
                let stop = match stop {
                    gstreamer::GenericFormattedValue::Time(time) => time.map(ClockTime::nseconds),
                    _ => None,
                };
                hold(&seen).stop_ns = stop;
            }
            gstreamer::PadProbeReturn::Ok
        });
    }
    let (fed, fed_tape) = (Arc::clone(&position), Arc::clone(&tape));
    let callbacks = AppSrcCallbacks::builder()
        .need_data(move |source, _| fed_tape.feed(source, &mut hold(&fed)))
        .seek_data(move |_, to_ns| {
            let mut position = hold(&position);
            position.next = tape.start(&mut position, Some(to_ns));
            position.fresh = true;
            position.next.is_some()
        })
        .build();
    source.set_callbacks(callbacks);
}

fn hold(position: &Mutex<Position>) -> std::sync::MutexGuard<'_, Position> {
    position.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Unix milliseconds as NTP time.
fn ntp(unix_ms: u64) -> ClockTime {
    ClockTime::from_mseconds(unix_ms + NTP_TO_UNIX_S * 1000)
}

/// One camera's recording.
struct Tape {
    device: Arc<Device>,
    footage: Arc<Footage>,
    role: StreamRole,
}

impl Tape {
    fn epoch_ns(&self) -> u64 {
        let site = self.device.site();
        (live::epoch_ms(site.number, site.kind) + NTP_TO_UNIX_S * 1000) * 1_000_000
    }

    fn fps(&self) -> u64 {
        u64::from(self.device.site().stream(self.role).map_or(25, |spec| spec.fps))
    }

    /// NTP nanoseconds of a frame.
    fn time_ns(&self, number: u64) -> u64 {
        self.epoch_ns() + (u128::from(number) * 1_000_000_000 / u128::from(self.fps())) as u64
    }

    /// The number of the key frame at or before `at_ns`, clamped to the recording; the first when no time is given.
    fn start(&self, position: &mut Position, at_ns: Option<u64>) -> Option<u64> {
        let recorded = self.device.recorded()?;
        let [first, last] = [recorded.from_ms, recorded.to_ms].map(|ms| ntp(ms).nseconds());
        let at = at_ns
            .unwrap_or(first)
            .clamp(first, last)
            .saturating_sub(self.epoch_ns());
        // Half a millisecond of grace: clients round to milliseconds, frames of a 15 Hz camera are not whole ones.
        let number = ((u128::from(at) + 500_000) * u128::from(self.fps()) / 1_000_000_000) as u64;
        if self.device.site().kind == CameraKind::Dome {
            return Some(number);
        }
        let clip = self.clip(position)?;
        let count = clip.frames.len() as u64;
        let index = (number % count) as usize;
        Some(number - (index - clip.key_before(index)) as u64)
    }

    fn clip(&self, position: &mut Position) -> Option<Arc<Clip>> {
        if position.clip.is_none() {
            position.clip = self.footage.clip(self.device.site(), self.role);
        }
        position.clip.clone()
    }

    /// Pushes the next frame, or ends the replay.
    fn feed(&self, source: &AppSrc, position: &mut Position) {
        if position.next.is_none() {
            position.next = self.start(position, None);
        }
        let Some(number) = position.next else {
            let _ended = source.end_of_stream();
            return;
        };
        let time_ns = self.time_ns(number);
        let end_ns = self
            .device
            .recorded()
            .map_or(0, |recorded| ntp(recorded.to_ms).nseconds());
        if time_ns > end_ns || position.stop_ns.is_some_and(|stop| time_ns >= stop) {
            let _ended = source.end_of_stream();
            return;
        }
        let Some(mut buffer) = self.picture(position, number) else {
            let _ended = source.end_of_stream();
            return;
        };
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(ClockTime::from_nseconds(time_ns));
            buffer.set_duration(ClockTime::from_nseconds(1_000_000_000 / self.fps()));
        }
        let pushed = if std::mem::take(&mut position.fresh) {
            let mut segment = gstreamer::FormattedSegment::<ClockTime>::new();
            segment.set_start(ClockTime::from_nseconds(time_ns));
            segment.set_time(ClockTime::from_nseconds(time_ns));
            segment.set_position(ClockTime::from_nseconds(time_ns));
            if let Some(caps) = source.caps() {
                let sample = gstreamer::Sample::builder()
                    .buffer(&buffer)
                    .caps(&caps)
                    .segment(&segment)
                    .build();
                source.push_sample(&sample)
            } else {
                source.push_buffer(buffer)
            }
        } else {
            source.push_buffer(buffer)
        };
        if pushed.is_ok() {
            position.next = Some(number + 1);
        }
    }

    /// The picture of a frame: coded from the clip, or painted.
    fn picture(&self, position: &mut Position, number: u64) -> Option<gstreamer::Buffer> {
        let site = self.device.site();
        if site.kind == CameraKind::Dome {
            let spec = site.stream(self.role)?;
            let (width, height) = (spec.width as usize, spec.height as usize);
            let canvas = position.canvas.get_or_insert_with(|| Canvas::new(width, height));
            let at_ms = self.time_ns(number) / 1_000_000 - NTP_TO_UNIX_S * 1000;
            let pose = self.device.true_pose_then(at_ms);
            let view = View::new(&site.mount, pose, width, height).turned(site.make.turned);
            let mut planes = Vec::new();
            self.footage.town().paint(canvas, &view, at_ms, at_ms, &mut planes);
            return Some(gstreamer::Buffer::from_slice(planes));
        }
        let clip = self.clip(position)?;
        let frame = &clip.frames[(number % clip.frames.len() as u64) as usize];
        let mut buffer = frame.buffer.copy();
        if let Some(buffer) = buffer.get_mut()
            && !frame.key
        {
            buffer.set_flags(gstreamer::BufferFlags::DELTA_UNIT);
        }
        Some(buffer)
    }
}
