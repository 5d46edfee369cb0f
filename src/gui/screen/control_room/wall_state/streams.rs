//! Which streams of the visible tiles are open, how much of each is decoded, and what is given up under overload.
//!
//! Invariant: a tile outside the layout has no open stream; a tile inside it always keeps its small one, so that a large
//! one that comes, fails or goes leaves no gap. Deliberately absent: the rules (`domain::live`), the words (`tile_face`).

use super::tiles::{Answered, Placed};
use super::{Message, WallState};
use crate::domain::camera::StreamRole;
use crate::domain::live::overload::{Level, Load};
use crate::domain::live::stream_selection::{Attention, Visibility, stream_for};
use crate::domain::privacy::declared_event::Change;
use crate::domain::site::{CameraPlan, SitePlan};
use crate::gui::i18n::fl;
use crate::gui::screen::control_room::effect::{Effect, Notice};
use crate::gui::screen::control_room::now::Now;
use crate::gui::screen::control_room::session_facts::SessionFacts;
use crate::gui::session_port::{Answer, Feed, InForce};
use crate::gui::theme::Tone;
use crate::gui::widget::wall;
use crate::station::Refusal;
use iced::Task;
use std::sync::Arc;
use std::time::Instant;

fn view_task(view: Answer<Arc<dyn Feed>>, ticket: u64) -> Task<Message> {
    Task::perform(view, move |answer| Message::Opened {
        ticket,
        answer: answer.map_err(Arc::new),
    })
}

impl WallState {
    /// Opens what became visible, closes what is no longer, and decodes what is seen.
    pub fn open_visible(&mut self, session: &SessionFacts, now: Now) -> Task<Message> {
        let visible = self.layout.tiles();
        self.tiles.iter_mut().skip(visible).flatten().for_each(Placed::close);
        let mut tasks = Vec::new();
        for placed in self.tiles.iter_mut().take(visible).flatten() {
            if placed.wants_opening(now.instant, session.may_watch()) {
                self.tickets += 1;
                placed.opening(self.tickets);
                let asked = session.desk().view(placed.camera().clone(), StreamRole::Sub);
                tasks.push(view_task(asked, self.tickets));
            }
        }
        tasks.push(self.regulate(session, now));
        Task::batch(tasks)
    }

    /// Brings every visible tile to the stream that suits it, and every stream to the attention it deserves.
    pub fn regulate(&mut self, session: &SessionFacts, now: Now) -> Task<Message> {
        let mut tasks = Vec::new();
        for tile in 0..self.layout.tiles() {
            let wanted = self.wanted_on(tile, now.instant);
            let seen = self.visibility(tile, now.instant);
            let Some(Some(placed)) = self.tiles.get_mut(tile) else {
                continue;
            };
            if placed.suit(wanted, now.instant) && session.may_watch() {
                self.tickets += 1;
                placed.opening_large(self.tickets);
                let asked = session.desk().view(placed.camera().clone(), StreamRole::Main);
                tasks.push(view_task(asked, self.tickets));
            }
            let most = match self.overload.level(placed.ticket()) {
                Level::KeyFrames => seen.attention().min(Attention::KeyFrames),
                Level::Whole | Level::Lower => seen.attention(),
            };
            placed.attend(most, now.instant);
        }
        Task::batch(tasks)
    }

    /// Who can see a tile.
    fn visibility(&self, tile: usize, now: Instant) -> Visibility {
        self.sight.visibility(self.full.is_some_and(|full| full != tile), now)
    }

    fn wanted_on(&self, tile: usize, now: Instant) -> StreamRole {
        let Some(placed) = self.placed_on(tile) else {
            return StreamRole::Sub;
        };
        if self.full == Some(tile) {
            return StreamRole::Main;
        }
        let given_up = self.overload.level(placed.ticket()) >= Level::Lower;
        if given_up || self.visibility(tile, now) != Visibility::Seen {
            return StreamRole::Sub;
        }
        let cell = self.cells().into_iter().find(|(index, _)| *index == tile);
        let Some(area) = cell.map(|(_, cell)| wall::tile_rectangle(self.sight.bounds(), cell)) else {
            return StreamRole::Sub;
        };
        stream_for(self.sight.physical(area), placed.small_size(), placed.wanted())
    }

    /// Takes the answer to an opening. A large stream that is refused is said only while its tile fills the wall.
    pub(super) fn opened(
        &mut self,
        ticket: u64,
        answer: &Result<Arc<dyn Feed>, Arc<Refusal>>,
        at: Instant,
    ) -> Option<Notice> {
        for placed in self.tiles.iter_mut().flatten() {
            match placed.answered(ticket, answer, at) {
                Answered::NotMine => {}
                Answered::Taken => return None,
                Answered::LargeRefused(why) => {
                    let camera = self.selected_camera().cloned();
                    return self.full.is_some().then_some(Notice::Refused { why, camera });
                }
            }
        }
        None
    }

    /// Measures what is shown, twice a second, and gives up or takes back what that says.
    pub fn measure(&mut self, now: Now) -> Effect<Message> {
        let now = now.instant;
        let mut loads = Vec::new();
        let (mut drew, mut came) = (false, false);
        for tile in 0..self.layout.tiles() {
            let seen = self.visibility(tile, now) == Visibility::Seen;
            let Some(Some(placed)) = self.tiles.get_mut(tile) else {
                continue;
            };
            let Some(measured) = placed.measure(now, seen) else {
                continue;
            };
            drew |= measured.drew;
            came |= measured.came;
            if seen {
                loads.push(Load {
                    key: placed.ticket(),
                    selected: tile == self.selected,
                    can_lower: measured.can_lower,
                    received_fps: measured.received_fps,
                    decoded_fps: measured.decoded_fps,
                    shown_fps: measured.shown_fps,
                });
            }
        }
        if drew || !came {
            self.sight.drawn(now);
        }
        self.weigh(now, &loads)
    }

    fn weigh(&mut self, now: Instant, loads: &[Load<u64>]) -> Effect<Message> {
        // What nobody sees is decoded less anyway, and says nothing about this workstation.
        if loads.is_empty() {
            return Effect::none();
        }
        let before = self.overload.is_on();
        self.overload.measure(now, loads);
        if self.overload.is_on() && !before {
            return Effect::say(Notice::said(Tone::Attention, fl!("overload-begins")));
        }
        Effect::none()
    }

    /// Follows views that a rule of time closed, and opens them again when a declared event allows it.
    pub fn follow_closed(&mut self, session: &SessionFacts, now: Now) {
        let declared = session.desk().declared();
        for placed in self.tiles.iter_mut().flatten() {
            let opens = |event: &InForce| &event.camera == placed.camera() && event.change == Change::School;
            let opened = declared.iter().any(opens);
            placed.follow_closed(opened, now.instant);
        }
    }

    /// Closes the views of domes whose lens model or motion is another in this plan: until they are opened anew they
    /// would stay covered whole.
    pub fn follow_lenses(&mut self, before: &SitePlan, plan: &SitePlan) {
        let geometry = |camera: &CameraPlan| (camera.lens.clone(), camera.motion.clone());
        for placed in self.tiles.iter_mut().flatten() {
            let [old, new] = [before, plan].map(|plan| plan.camera(placed.camera()).map(geometry));
            if old.is_some() && old != new {
                placed.close();
            }
        }
    }
}
