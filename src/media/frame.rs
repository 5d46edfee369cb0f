//! A decoded picture and the latest-only slot it travels in.
//!
//! Invariant: a slot holds at most one frame; a reader never waits for a decoder and a decoder never waits for a reader.
//! Deliberately absent: conversion. Planes are I420 or NV12 exactly as the decoder gave them; [`colours`] reads single
//! pixels of them.

pub mod colours;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Layout of the planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// Three planes: Y, U, V; chroma halved both ways.
    I420,
    /// Two planes: Y, interleaved UV.
    Nv12,
}

/// Matrix coefficients (ITU-T H.273).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matrix {
    Bt601,
    Bt709,
}

/// Range of the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range {
    /// Y 16..235, C 16..240.
    Limited,
    /// 0..255.
    Full,
}

/// One plane inside the frame's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plane {
    /// Offset of the first row, bytes.
    pub offset: usize,
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Rows.
    pub rows: usize,
    /// Bytes of a row that carry picture.
    pub row_bytes: usize,
}

/// A decoded picture. Cheap to clone inside an `Arc`; the bytes are the decoder's own buffer, never copied here.
pub struct Frame {
    /// Picture width, pixels.
    pub width: u32,
    /// Picture height, pixels.
    pub height: u32,
    /// Width and height of one pixel as it is to be seen (ITU-T H.273 §8.6): cameras send PAL with pixels of 16 to 11.
    pub pixel_aspect: [u32; 2],
    pub format: PixelFormat,
    pub matrix: Matrix,
    pub range: Range,
    /// Two (NV12) or three (I420) planes.
    pub planes: Vec<Plane>,
    /// When it left the decoder.
    pub arrived: Instant,
    /// Counts frames of this stream from 1.
    pub number: u64,
    /// For playback: the time of recording, milliseconds since the Unix epoch.
    pub recorded_ms: Option<i64>,
    /// For a live picture: when it was captured by the camera's clock (RFC 3550 §6.4.1), milliseconds since the Unix epoch;
    /// `None` before the camera's first sender report.
    pub captured_ms: Option<f64>,
    /// For a live picture: how long it was in this workstation when it left the decoder, since the first of its packets was read
    /// from the network.
    pub waited: Duration,
    /// For a live picture: how much longer its way was than the shortest of its stream by the camera's clock, or before the camera's
    /// first sender report than the shortest of the last seconds by the stream's time line.
    pub behind: Duration,
    /// The bytes the planes point into.
    pub bytes: Box<dyn AsRef<[u8]> + Send + Sync>,
}

/// How a live picture came: everything that says how old it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Came {
    /// See [`Frame::arrived`].
    pub arrived: Instant,
    /// See [`Frame::waited`].
    pub waited: Duration,
    /// How much later than others of its stream it surely came.
    pub behind: Duration,
    /// See [`Frame::captured_ms`].
    pub captured_ms: Option<f64>,
}

impl Came {
    /// One that left the decoder then, of which nothing else is known.
    pub fn at(arrived: Instant) -> Self {
        Self {
            arrived,
            waited: Duration::ZERO,
            behind: Duration::ZERO,
            captured_ms: None,
        }
    }

    /// One that surely came at least `behind` by that much.
    pub fn behind_at_least(self, behind: Duration) -> Self {
        Self {
            behind: self.behind.max(behind),
            ..self
        }
    }
}

/// An aspect of pixels beyond this, either way, is nonsense and taken for square.
const LONGEST_PIXEL: u64 = 4;

impl Frame {
    /// How it came.
    pub fn came(&self) -> Came {
        Came {
            arrived: self.arrived,
            waited: self.waited,
            behind: self.behind,
            captured_ms: self.captured_ms,
        }
    }

    /// Width and height of the picture in square pixels, as it is to be seen: one of them is the picture's own, the other one
    /// longer.
    pub fn seen_size(&self) -> [u32; 2] {
        let [wide, high] = self.pixel_aspect.map(u64::from);
        let (shorter, longer) = (wide.min(high), wide.max(high));
        if shorter == 0 || longer > shorter * LONGEST_PIXEL {
            return [self.width, self.height];
        }
        let stretched = |length: u32, side: u64| {
            let length = (u64::from(length) * side + shorter / 2) / shorter;
            u32::try_from(length).unwrap_or(u32::MAX)
        };
        [stretched(self.width, wide), stretched(self.height, high)]
    }

    /// The bytes of plane `i`, from its first row on. Empty when there is no such plane or it lies outside the buffer.
    pub fn plane(&self, i: usize) -> &[u8] {
        let bytes = (*self.bytes).as_ref();
        self.planes
            .get(i)
            .and_then(|plane| {
                let end = plane
                    .stride
                    .checked_mul(plane.rows.saturating_sub(1))?
                    .checked_add(plane.row_bytes)?;
                bytes.get(plane.offset..plane.offset.checked_add(end)?)
            })
            .unwrap_or(&[])
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Frame({}x{} {:?} #{})",
            self.width, self.height, self.format, self.number
        )
    }
}

/// The latest frame of one stream, shared between its decoder and the wall.
#[derive(Clone, Default)]
pub struct FrameSlot(Arc<Inner>);

#[derive(Default)]
struct Inner {
    latest: Mutex<Option<Arc<Frame>>>,
    put: AtomicU64,
    changed: tokio::sync::Notify,
}

/// Tells when the latest frame of a slot came, and keeps neither.
pub struct Arrivals(Weak<Inner>);

impl Arrivals {
    /// When the latest frame came; `None` before the first.
    pub fn latest(&self) -> Option<Instant> {
        let slot = FrameSlot(self.0.upgrade()?);
        slot.latest().map(|frame| frame.arrived)
    }

    /// Whether anybody keeps the slot.
    pub fn is_kept(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl FrameSlot {
    /// Tells of its frames for as long as somebody keeps it.
    pub fn arrivals(&self) -> Arrivals {
        Arrivals(Arc::downgrade(&self.0))
    }

    /// Replaces the latest frame and wakes the readers that wait.
    pub fn put(&self, frame: Frame) {
        *self.0.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(frame));
        self.0.put.fetch_add(1, Ordering::Release);
        self.0.changed.notify_waiters();
    }

    /// Forgets the latest frame (the stream ended, the place closed).
    pub fn clear(&self) {
        *self.0.latest.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.changed.notify_waiters();
    }

    /// The latest frame, if there is one.
    pub fn latest(&self) -> Option<Arc<Frame>> {
        self.0.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many frames were put so far: decoded frames of this stream.
    pub fn count(&self) -> u64 {
        self.0.put.load(Ordering::Acquire)
    }

    /// Waits until [`FrameSlot::count`] differs from `seen`. Cancel-safe.
    pub async fn changed(&self, seen: u64) {
        loop {
            let notified = self.0.changed.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.count() != seen {
                return;
            }
            notified.await;
        }
    }
}
