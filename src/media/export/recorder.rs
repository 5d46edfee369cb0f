//! The thread of an export: from the recorder's connection into the file.
//!
//! Invariant: a recording that breaks off before its end or the end of the range, or has a hole in it, is a failure, never a
//! file that looks whole. Deliberately absent: pacing; the recorder sends as fast as the disk takes (`Rate-Control: no`).

use super::file::{Partial, Unclaimed};
use super::half::Written;
use super::holes::{Hole, Holes};
use super::mux::Mux;
use super::{ExportError, ExportProgress, ExportReport, ExportRequest};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::rtsp::{Account, Event, Pace, Session};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(50);
const SILENCE: Duration = Duration::from_secs(15);
const TELL: Duration = Duration::from_millis(250);
/// How long the muxer may take to write the index, and the encoder over what it holds, without any progress.
const CLOSING: Duration = Duration::from_secs(60);
/// How far behind a later picture an earlier one may be coded; also how near to its end a range counts as complete.
const REORDER_MS: i64 = 500;

/// Exports; ends early with an error when `cancelled`.
pub(super) fn run(
    request: &ExportRequest,
    progress: &dyn Fn(ExportProgress),
    cancelled: &Arc<AtomicBool>,
) -> Result<(ExportReport, Unclaimed), ExportError> {
    if request.to_ms < request.from_ms {
        return Err(ExportError::NothingRecorded);
    }
    let partial = Partial::create(&request.path)?;
    let account = Account {
        user: request.user.clone(),
        password: request.password.clone(),
    };
    let mut session = Session::open(&request.url, account, Arc::clone(cancelled))?;
    let written = record(&mut session, request, partial.content(), progress, cancelled);
    session.tear_down();
    let written = written?;
    let (Some(first_ns), Some(last_ns)) = (written.first_ns, written.last_ns) else {
        return Err(ExportError::NothingRecorded);
    };
    if cancelled.load(Ordering::Acquire) {
        return Err(stream(LiveErrorKind::BrokenStream, "cancelled"));
    }
    let (file, bytes, sha256) = partial.finish()?;
    progress(ExportProgress {
        done: 1.0,
        bytes: written.bytes,
    });
    let report = ExportReport {
        frames: written.frames,
        bytes,
        sha256,
        first_ms: first_ns.div_euclid(1_000_000),
        last_ms: last_ns.div_euclid(1_000_000),
        covered: written.covered,
    };
    Ok((report, file))
}

fn record(
    session: &mut Session,
    request: &ExportRequest,
    path: &std::path::Path,
    progress: &dyn Fn(ExportProgress),
    cancelled: &AtomicBool,
) -> Result<Written, ExportError> {
    let range = (request.from_ms, request.to_ms);
    let playing = session.play(Some(range), Pace::Nobody)?;
    let mut mux = Mux::start(session.track(), playing, range, &request.copy, path)?;
    let (mut heard, mut told, mut last_ms) = (Instant::now(), Instant::now(), request.from_ms);
    let mut newest_ms = i64::MIN;
    let mut holes = Holes::new(range);
    loop {
        if cancelled.load(Ordering::Acquire) {
            return Err(stream(LiveErrorKind::BrokenStream, "cancelled"));
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            progress(how_far(request, mux.written()));
        }
        mux.trouble()?;
        if mux.wait_if_full() {
            heard = Instant::now();
            continue;
        }
        match session.next(LOOK)? {
            Event::Rtp(packet) => {
                heard = Instant::now();
                if let Some(fed) = mux.put(packet)? {
                    last_ms = fed.recorded_ms;
                    newest_ms = newest_ms.max(last_ms);
                    let went_back = last_ms + REORDER_MS < newest_ms && newest_ms >= request.from_ms;
                    if went_back && last_ms <= request.to_ms {
                        return Err(ExportError::ClockSetBack {
                            at_ms: newest_ms,
                            to_ms: last_ms,
                        });
                    }
                    whole(holes.put(last_ms, fed.section_ends))?;
                    if fed.last || fed.recorded_ms > request.to_ms + REORDER_MS {
                        break;
                    }
                }
            }
            Event::Goodbye => break,
            Event::Closed if last_ms + REORDER_MS >= request.to_ms => break,
            Event::Closed => {
                return Err(stream(
                    LiveErrorKind::BrokenStream,
                    "the recorder broke off before the end of the range",
                ));
            }
            Event::Quiet if heard.elapsed() > SILENCE => {
                if last_ms + REORDER_MS >= request.to_ms {
                    break;
                }
                return Err(stream(
                    LiveErrorKind::Timeout,
                    "the recorder stopped sending before the end of the range",
                ));
            }
            Event::Quiet | Event::Rtcp(_) => {}
        }
    }
    whole(holes.end())?;
    close(&mut mux, request, progress, cancelled)
}

/// A recording with a hole in it is no whole one.
fn whole(hole: Option<Hole>) -> Result<(), ExportError> {
    let Some(Hole { from_ms, to_ms }) = hole else {
        return Ok(());
    };
    Err(ExportError::Hole { from_ms, to_ms })
}

/// Nothing follows: waits until everything is in the file, as long as it gets on.
fn close(
    mux: &mut Mux,
    request: &ExportRequest,
    progress: &dyn Fn(ExportProgress),
    cancelled: &AtomicBool,
) -> Result<Written, ExportError> {
    mux.end();
    let (mut got_on, mut before) = (Instant::now(), mux.written());
    while !mux.is_closed(TELL)? {
        if cancelled.load(Ordering::Acquire) {
            return Err(stream(LiveErrorKind::BrokenStream, "cancelled"));
        }
        let now = mux.written();
        if now != before {
            (got_on, before) = (Instant::now(), now);
        } else if got_on.elapsed() > CLOSING {
            return Err(stream(LiveErrorKind::Timeout, "the file is not closed in time"));
        }
        progress(how_far(request, now));
    }
    Ok(mux.written())
}

fn stream(kind: LiveErrorKind, detail: &str) -> ExportError {
    ExportError::Stream(LiveError::new(kind, detail))
}

fn how_far(request: &ExportRequest, written: Written) -> ExportProgress {
    let whole = (request.to_ms - request.from_ms).max(1) as f64;
    let last_ms = written
        .last_ns
        .map_or(request.from_ms, |last_ns| last_ns.div_euclid(1_000_000));
    let done = (last_ms.saturating_sub(request.from_ms) as f64 / whole).clamp(0.0, 0.99);
    ExportProgress {
        done,
        bytes: written.bytes,
    }
}
