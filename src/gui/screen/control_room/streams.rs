//! Which streams of the visible tiles are open, how much of each is decoded, and what is given up under overload.
//!
//! Invariant: a tile outside the layout has no open stream; a tile inside it always keeps its small one, so that a large
//! one that comes, fails or goes leaves no gap. Deliberately absent: the rules (`domain::live`), the words (`tiles`).

use super::tiles::{Content, Large, Open};
use super::{ControlRoom, Message};
use crate::domain::camera::StreamRole;
use crate::domain::live::diagnosis::{Measured, judge};
use crate::domain::live::overload::{Level, Load};
use crate::domain::live::stream_selection::{Attention, Pixels, Visibility, stream_for, to_show};
use crate::gui::i18n::fl;
use crate::gui::session_port::{Answer, Feed};
use crate::gui::theme::Tone;
use crate::gui::widget::wall;
use crate::station::{Refusal, ViewState};
use iced::{Rectangle, Task, window};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A stream is judged by its figures when it has been shown in the same way for so long.
const SETTLED: Duration = Duration::from_secs(5);
/// A wall of which nothing was drawn for so long, though pictures came, is not seen.
const UNDRAWN: Duration = Duration::from_secs(3);

/// The window the wall is in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Physical pixels per logical pixel.
    pub scale: f32,
    pub minimised: bool,
}

impl Default for Window {
    fn default() -> Self {
        Window {
            scale: 1.0,
            minimised: false,
        }
    }
}

/// Asks how the window is.
pub(super) fn look_at_window(known: Option<window::Id>) -> Task<Message> {
    let id = match known {
        Some(id) => Task::done(Some(id)),
        None => window::latest(),
    };
    id.and_then(|id| {
        window::scale_factor(id).then(move |scale| {
            window::is_minimized(id).map(move |minimised| {
                Message::Window(Window {
                    scale,
                    minimised: minimised.unwrap_or(false),
                })
            })
        })
    })
}

fn view_task(view: Answer<Arc<dyn Feed>>, ticket: u64) -> Task<Message> {
    Task::perform(view, move |answer| Message::Opened {
        ticket,
        answer: answer.map_err(Arc::new),
    })
}

impl ControlRoom {
    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// Opens what became visible, closes what is no longer, and decodes what is seen.
    pub(super) fn open_visible(&mut self) -> Task<Message> {
        let visible = self.layout.tiles();
        for placed in self.tiles.iter_mut().skip(visible).flatten() {
            placed.content = Content::Closed;
            placed.large = None;
            placed.ticket = 0;
        }
        let mut tasks = Vec::new();
        for tile in 0..visible {
            let now = self.now.instant;
            let wanted = self
                .tiles
                .get(tile)
                .and_then(Option::as_ref)
                .is_some_and(|placed| placed.wants_opening(now, self.may_watch));
            if !wanted {
                continue;
            }
            let ticket = self.ticket();
            if let Some(Some(placed)) = self.tiles.get_mut(tile) {
                placed.ticket = ticket;
                placed.content = Content::Opening;
                let asked = self.desk.view(placed.camera.clone(), StreamRole::Sub);
                tasks.push(view_task(asked, ticket));
            }
        }
        tasks.push(self.regulate());
        Task::batch(tasks)
    }

    /// Brings every visible tile to the stream that suits it, and every stream to the attention it deserves.
    pub(super) fn regulate(&mut self) -> Task<Message> {
        let mut tasks = Vec::new();
        for tile in 0..self.layout.tiles() {
            let wanted = self.wanted_on(tile);
            let (now, may_watch) = (self.now.instant, self.may_watch);
            let opening = match self.tiles.get_mut(tile) {
                Some(Some(placed)) => {
                    placed.wanted = wanted;
                    let missing = placed.large.as_ref().is_none_or(|large| large.wants_opening(now));
                    wanted == StreamRole::Main && missing && may_watch
                }
                _ => continue,
            };
            if opening {
                let ticket = self.ticket();
                if let Some(Some(placed)) = self.tiles.get_mut(tile) {
                    placed.large = Some(Large::opening(ticket));
                    let asked = self.desk.view(placed.camera.clone(), StreamRole::Main);
                    tasks.push(view_task(asked, ticket));
                }
            }
            self.attend(tile);
        }
        Task::batch(tasks)
    }

    /// Who can see a tile.
    fn visibility(&self, tile: usize) -> Visibility {
        let now = self.now.instant;
        let undrawn = now.saturating_duration_since(self.drawn_at) > UNDRAWN;
        if self.window.minimised {
            Visibility::Hidden
        } else if self.away || undrawn || self.full.is_some_and(|full| full != tile) {
            Visibility::Covered
        } else {
            Visibility::Seen
        }
    }

    fn wanted_on(&self, tile: usize) -> StreamRole {
        let Some(placed) = self.tiles.get(tile).and_then(Option::as_ref) else {
            return StreamRole::Sub;
        };
        if self.full == Some(tile) {
            return StreamRole::Main;
        }
        let given_up = self.overload.level(placed.ticket) >= Level::Lower;
        if given_up || self.visibility(tile) != Visibility::Seen {
            return StreamRole::Sub;
        }
        let cell = self.cells().into_iter().find(|(index, _)| *index == tile);
        let Some(area) = cell.map(|(_, cell)| wall::tile_rectangle(self.placed, cell)) else {
            return StreamRole::Sub;
        };
        let sub = placed.open().and_then(|open| open.feed.slot().latest());
        let sub = sub.map(|frame| Pixels {
            width: frame.width,
            height: frame.height,
        });
        stream_for(physical(area, self.window.scale), sub, placed.wanted)
    }

    /// Closes a large stream that is no longer needed, and says how much of each stream is decoded.
    fn attend(&mut self, tile: usize) {
        let (seen, now) = (self.visibility(tile), self.now.instant);
        let shown = self.shown_on(tile).map(|open| open.feed.stream());
        let Some(Some(placed)) = self.tiles.get_mut(tile) else {
            return;
        };
        if placed.wanted == StreamRole::Sub && shown != Some(StreamRole::Main) {
            placed.large = None;
        }
        let most = match self.overload.level(placed.ticket) {
            Level::KeyFrames => seen.attention().min(Attention::KeyFrames),
            Level::Whole | Level::Lower => seen.attention(),
        };
        // The small stream rests behind a large one that has a picture, and is there again at once.
        let resting = shown == Some(StreamRole::Main) && placed.wanted == StreamRole::Main;
        let small = if resting { most.min(Attention::KeyFrames) } else { most };
        if let Some(Open { feed, .. }) = placed.open() {
            feed.attend(small);
        }
        if let Some(Open { feed, .. }) = placed.large.as_ref().and_then(|large| large.open.as_ref()) {
            feed.attend(most);
        }
        let way = (shown, most);
        if placed.way != way {
            (placed.way, placed.since) = (way, now);
        }
    }

    pub(super) fn opened(&mut self, ticket: u64, answer: Result<Arc<dyn Feed>, Arc<Refusal>>) {
        let at = self.now.instant;
        let large = self
            .tiles
            .iter_mut()
            .flatten()
            .filter_map(|placed| placed.large.as_mut())
            .find(|large| large.ticket == ticket);
        if let Some(large) = large {
            match answer {
                Ok(feed) => large.open = Some(Open::new(feed)),
                Err(why) => {
                    large.refused_at = Some(at);
                    if self.full.is_some() {
                        let camera = self.selected_camera();
                        self.refused(&why, camera);
                    }
                }
            }
            return;
        }
        if let Some(placed) = self.tiles.iter_mut().flatten().find(|placed| placed.ticket == ticket) {
            placed.content = match answer {
                Ok(feed) => Content::Open(Open::new(feed)),
                Err(why) => Content::Refused { why, at },
            };
        }
    }

    /// The view whose picture a tile shows.
    pub(super) fn shown_on(&self, tile: usize) -> Option<&Open> {
        let placed = self.tiles.get(tile)?.as_ref()?;
        let large = placed.large.as_ref().and_then(|large| large.open.as_ref());
        let small = placed.open();
        let age = |open: Option<&Open>| open.and_then(|open| open.age(self.now.instant));
        match to_show(placed.wanted, age(large), age(small)) {
            StreamRole::Main => large.or(small),
            StreamRole::Sub => small.or(large),
        }
    }

    /// Measures what is shown, twice a second, and gives up or takes back what that says.
    pub(super) fn measure(&mut self) {
        let now = self.now.instant;
        let mut loads = Vec::new();
        let (mut drew, mut came) = (false, false);
        for tile in 0..self.layout.tiles() {
            let seen = self.visibility(tile) == Visibility::Seen;
            let Some(Some(placed)) = self.tiles.get(tile) else {
                continue;
            };
            let Some(open) = self.shown_on(tile) else { continue };
            let before = open.drawn.count();
            open.drawn.measure(now);
            drew |= before != placed.drawn_before;
            came |= open.feed.slot().count() != placed.came_before;
            let figures = open.feed.figures();
            let (_, attention) = placed.way;
            let shown_fps = open.drawn.per_second();
            // After a reconnection the figures begin anew.
            let live = open.feed.state() == ViewState::Live;
            let settled = live && now.saturating_duration_since(placed.since) >= SETTLED;
            let verdict = settled.then(|| {
                judge(&Measured {
                    received_fps: figures.received_fps,
                    decoded_fps: figures.decoded_fps,
                    shown_fps: seen.then_some(shown_fps),
                    announced_fps: figures.announced_fps,
                    loss: figures.loss,
                    jitter_ms: figures.jitter_ms,
                    behind: figures.on_arrival,
                    attention,
                })
            });
            if seen {
                loads.push(Load {
                    key: placed.ticket,
                    selected: tile == self.selected,
                    can_lower: open.feed.stream() == StreamRole::Main && placed.open().is_some(),
                    received_fps: if settled { figures.received_fps } else { 0.0 },
                    decoded_fps: figures.decoded_fps,
                    shown_fps,
                });
            }
            let counts = (before, open.feed.slot().count());
            if let Some(Some(placed)) = self.tiles.get_mut(tile) {
                (placed.drawn_before, placed.came_before) = counts;
                if !live {
                    placed.since = now;
                }
                placed.judged(verdict, now);
            }
        }
        if drew || !came {
            self.drawn_at = now;
        }
        self.weigh(now, &loads);
    }

    fn weigh(&mut self, now: Instant, loads: &[Load<u64>]) {
        // What nobody sees is decoded less anyway, and says nothing about this workstation.
        if loads.is_empty() {
            return;
        }
        let before = self.overload.is_on();
        self.overload.measure(now, loads);
        if self.overload.is_on() && !before {
            self.say(Tone::Attention, fl!("overload-begins"), None);
        }
    }
}

/// A part of the window in physical pixels.
fn physical(area: Rectangle, scale: f32) -> Pixels {
    Pixels {
        width: (area.width * scale).round().max(0.0) as u32,
        height: (area.height * scale).round().max(0.0) as u32,
    }
}
