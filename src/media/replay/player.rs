//! The thread of a playback: connection, commands, packets to the playout.
//!
//! Invariant: it looks at commands at least every 50 ms, and ends within that time plus one write when the session is
//! dropped. Deliberately absent: decoding and pacing (`playout`, `pace`).

use super::playout::Playout;
use super::{Command, ReplayPhase, ReplayRequest, Shared};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::rtsp::{Account, Event, Pace, Session};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

/// Between looks at the commands.
const LOOK: Duration = Duration::from_millis(20);
/// Without a packet for this long, playing is over.
const SILENCE: Duration = Duration::from_secs(10);
/// How near to the end of the range the last picture counts as the end.
const NEAR_MS: i64 = 2_000;
/// How far behind a later picture an earlier one may be coded.
const REORDER_MS: i64 = 500;

/// Plays until the commands' sender is gone.
pub(super) fn run(request: &ReplayRequest, shared: &Arc<Shared>, commands: &Receiver<Command>) {
    if let Err(error) = play(request, shared, commands)
        && !shared.is_closed()
    {
        tracing::info!(%error, "playback ended");
        shared.enter(ReplayPhase::Failed(error));
    }
}

/// The end of the loop over packets.
enum Left {
    /// Go on from another time, Unix milliseconds.
    Seek(i64),
    /// Play again from this time, in a new session: the recorder has ended this one.
    Again(i64),
    Closed,
}

struct Player<'a> {
    session: Session,
    shared: &'a Arc<Shared>,
    commands: &'a Receiver<Command>,
    from_ms: i64,
    to_ms: i64,
    paused: bool,
    /// Whether the recorder was asked to pause; packets under way still come.
    halted: bool,
}

fn play(request: &ReplayRequest, shared: &Arc<Shared>, commands: &Receiver<Command>) -> Result<(), LiveError> {
    let connect = || {
        let account = Account {
            user: request.user.clone(),
            password: request.password.clone(),
        };
        Session::open(&request.url, account, Arc::clone(&shared.closed))
    };
    let (from_ms, to_ms) = (request.from_ms, request.to_ms.max(request.from_ms));
    let session = connect()?;
    let mut player = Player {
        session,
        shared,
        commands,
        from_ms,
        to_ms,
        paused: false,
        halted: false,
    };
    let mut start_ms = from_ms;
    let ended = loop {
        match player.play_from(start_ms) {
            Ok(Left::Seek(ms)) => {
                player.halt()?;
                start_ms = ms;
            }
            Ok(Left::Again(ms)) => {
                player.session = connect()?;
                start_ms = ms;
            }
            Ok(Left::Closed) => break Ok(()),
            Err(error) => break Err(error),
        }
        shared.moved_to(start_ms);
    };
    player.session.tear_down();
    ended
}

impl Player<'_> {
    /// One PLAY.
    fn play_from(&mut self, start_ms: i64) -> Result<Left, LiveError> {
        let playing = self.session.play(Some((start_ms, self.to_ms)), Pace::Recorder)?;
        self.halted = false;
        let range = (start_ms, self.to_ms);
        let mut playout = Playout::start(self.shared, self.session.track(), playing, range, self.paused)?;
        let left = self.feed(&mut playout, start_ms);
        playout.close();
        left
    }

    /// Stops what the recorder sends, to play from another time.
    fn halt(&mut self) -> Result<(), LiveError> {
        if !self.halted {
            self.session.pause()?;
        }
        self.session.forget_kept();
        Ok(())
    }

    fn feed(&mut self, playout: &mut Playout, start_ms: i64) -> Result<Left, LiveError> {
        let (mut last_ms, mut heard, mut done) = (start_ms, Instant::now(), false);
        loop {
            if let Some(left) = self.command(playout, done)? {
                return Ok(left);
            }
            playout.trouble()?;
            if playout.has_ended() {
                self.shared.enter(ReplayPhase::Ended);
            }
            if playout.is_full() && !done {
                heard = Instant::now();
                match self.commands.recv_timeout(LOOK) {
                    Ok(command) => match self.obey(command, playout, done)? {
                        Some(left) => return Ok(left),
                        None => continue,
                    },
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return Ok(Left::Closed),
                }
            }
            match self.session.next(LOOK)? {
                Event::Closed if done => return self.rest_after(playout),
                _ if done => continue,
                Event::Rtp(packet) => {
                    heard = Instant::now();
                    if let Some(fed) = playout.put(packet)? {
                        last_ms = fed.recorded_ms;
                        done = fed.last || fed.recorded_ms > self.to_ms + REORDER_MS;
                    }
                }
                Event::Goodbye => done = true,
                Event::Closed if last_ms + NEAR_MS >= self.to_ms => {
                    playout.end();
                    return self.rest_after(playout);
                }
                Event::Closed => {
                    return Err(LiveError::new(
                        LiveErrorKind::BrokenStream,
                        "the recorder ended the connection",
                    ));
                }
                Event::Quiet if self.halted => heard = Instant::now(),
                Event::Quiet if heard.elapsed() > SILENCE => {
                    if last_ms + NEAR_MS < self.to_ms {
                        return Err(LiveError::new(LiveErrorKind::Timeout, "the recorder sends nothing"));
                    }
                    done = true;
                }
                Event::Quiet | Event::Rtcp(_) => {}
            }
            if done {
                playout.end();
            }
        }
    }

    /// The connection is gone after everything came: shows the rest, then waits for the end.
    fn rest_after(&mut self, playout: &Playout) -> Result<Left, LiveError> {
        loop {
            if playout.has_ended() {
                self.shared.enter(ReplayPhase::Ended);
                return self.rest();
            }
            match self.commands.recv_timeout(LOOK) {
                Ok(Command::Pause(paused)) => {
                    self.paused = paused;
                    playout.pause(paused);
                }
                Ok(Command::Seek(ms)) => return Ok(self.again(ms)),
                Err(RecvTimeoutError::Timeout) => playout.trouble()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(Left::Closed),
            }
        }
    }

    /// Waits for a seek or for the session to be dropped.
    fn rest(&mut self) -> Result<Left, LiveError> {
        loop {
            match self.commands.recv() {
                Ok(Command::Pause(paused)) => self.paused = paused,
                Ok(Command::Seek(ms)) => return Ok(self.again(ms)),
                Err(_) => return Ok(Left::Closed),
            }
        }
    }

    fn again(&self, ms: i64) -> Left {
        Left::Again(ms.clamp(self.from_ms, self.to_ms))
    }

    fn command(&mut self, playout: &Playout, done: bool) -> Result<Option<Left>, LiveError> {
        match self.commands.try_recv() {
            Ok(command) => self.obey(command, playout, done),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Ok(Some(Left::Closed)),
        }
    }

    fn obey(&mut self, command: Command, playout: &Playout, done: bool) -> Result<Option<Left>, LiveError> {
        match command {
            Command::Seek(ms) => return Ok(Some(Left::Seek(ms.clamp(self.from_ms, self.to_ms)))),
            Command::Pause(paused) if paused != self.paused => {
                self.paused = paused;
                playout.pause(paused);
                if paused && !done {
                    // A recorder that will not pause is held back by not being read.
                    self.halted = self.session.pause()?;
                } else if self.halted {
                    self.session.play(None, Pace::Recorder)?;
                    self.halted = false;
                }
                if !playout.has_ended() {
                    self.shared.enter(if paused {
                        ReplayPhase::Paused
                    } else {
                        ReplayPhase::Playing
                    });
                }
            }
            Command::Pause(_) => {}
        }
        Ok(None)
    }
}
