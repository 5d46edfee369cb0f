//! The windows of a person at work: the main one and any more, and the walls that are kept from one day to the next.
//!
//! Invariant: two walls never share a ticket, so that no picture is ever drawn in the place of another; what is kept is
//! what the windows showed last. Deliberately absent: what a window shows (`window_content`), signing in (`app`).

use crate::domain::saved_wall::{Arrangement, Arrangements, MAX_WINDOWS, NotSaved};
use crate::gui::input::Keymap;
use crate::gui::monitors;
use crate::gui::screen::control_room::{ControlRoom, Seat};
use crate::gui::session_port::Desk;
use crate::gui::window_content::{self, Pane};
use crate::station::{SavedWalls, SavedWallsError};
use futures::future::BoxFuture;
use iced::{Size, Subscription, Task, window};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A window: the main one, or one more.
pub type Place = Option<window::Id>;

/// What happens in the windows.
#[derive(Clone)]
pub enum Message {
    Pane(Place, window_content::Message),
    /// The walls were written, or could not be.
    Saved(Result<(), Arc<SavedWallsError>>),
}

/// All windows but what the main one shows.
pub struct Windows {
    pub main: Place,
    panes: BTreeMap<window::Id, Pane>,
    /// Walls made so far.
    series: u32,
    store: Option<SavedWalls>,
    kept: Arrangements,
}

/// How a further window opens.
fn settings() -> window::Settings {
    window::Settings {
        size: Size::new(1280.0, 720.0),
        min_size: Some(Size::new(640.0, 400.0)),
        exit_on_close_request: false,
        ..window::Settings::default()
    }
}

impl Windows {
    /// None but the main one, whose place is not known yet.
    pub fn new(store: Option<SavedWalls>) -> Windows {
        Windows {
            main: None,
            panes: BTreeMap::new(),
            series: 0,
            store,
            kept: Arrangements::default(),
        }
    }

    /// Which window this is.
    pub fn place(&self, window: window::Id) -> Place {
        self.panes.contains_key(&window).then_some(window)
    }

    /// 1 for the main window, then in the order in which they were opened.
    pub fn number(&self, window: window::Id) -> usize {
        self.panes.keys().position(|id| *id == window).map_or(1, |at| at + 2)
    }

    /// The further windows.
    pub fn others(&self) -> Vec<window::Id> {
        self.panes.keys().copied().collect()
    }

    /// What a further window shows.
    pub fn pane(&self, window: window::Id) -> Option<&Pane> {
        self.panes.get(&window)
    }

    /// What a further window shows, to change it.
    pub fn pane_mut(&mut self, window: window::Id) -> Option<&mut Pane> {
        self.panes.get_mut(&window)
    }

    /// Reads what a person keeps; `None` where nothing is kept.
    pub fn read(&self, user: String) -> Option<BoxFuture<'static, Result<Arrangements, SavedWallsError>>> {
        let store = self.store.clone()?;
        Some(Box::pin(store.read(user)))
    }

    /// The main window of somebody who signed in, and the others as they left them.
    pub fn seat(&mut self, desk: &Arc<dyn Desk>, keymap: &Arc<Keymap>, kept: Arrangements) -> (Pane, Task<Message>) {
        self.kept = kept;
        let mut walls = self.kept.windows.clone().into_iter().take(MAX_WINDOWS);
        let (pane, task) = self.pane_at(desk.clone(), keymap, None, walls.next());
        let mut tasks = vec![task];
        for wall in walls {
            tasks.push(self.open_with(desk.clone(), keymap, wall));
        }
        (pane, Task::batch(tasks))
    }

    fn pane_at(
        &mut self,
        desk: Arc<dyn Desk>,
        keymap: &Arc<Keymap>,
        place: Place,
        wall: Option<Arrangement>,
    ) -> (Pane, Task<Message>) {
        self.series += 1;
        let seat = Seat {
            window: place.or(self.main),
            series: self.series,
            wall,
        };
        let (room, task) = ControlRoom::new(desk, keymap.clone(), seat);
        let task = task.map(move |message| Message::Pane(place, window_content::Message::Room(message)));
        (Pane::new(room, keymap.clone()), task)
    }

    fn open_with(&mut self, desk: Arc<dyn Desk>, keymap: &Arc<Keymap>, wall: Arrangement) -> Task<Message> {
        let (id, opened) = window::open(settings());
        let (pane, task) = self.pane_at(desk, keymap, Some(id), Some(wall));
        self.panes.insert(id, pane);
        let placed = match self.main {
            Some(main) => opened.then(move |id| monitors::put_beside(id, main)),
            None => opened.discard(),
        };
        Task::batch([placed, task])
    }

    /// One more window, with the cameras that are on no other one.
    pub fn open(&mut self, main: &Pane, keymap: &Arc<Keymap>) -> Task<Message> {
        let desk = main.room().desk();
        if self.panes.len() + 1 >= MAX_WINDOWS {
            return Task::none();
        }
        let shown: Vec<_> = self
            .arrangements(main)
            .into_iter()
            .flat_map(|wall| {
                let tiles = wall.layout.tiles();
                wall.cameras.into_iter().take(tiles).flatten()
            })
            .collect();
        let plan = desk.plan();
        let mut cameras: Vec<_> = plan
            .cameras
            .iter()
            .filter(|camera| !shown.contains(&camera.id))
            .collect();
        cameras.sort_by_key(|camera| camera.number);
        let wall = Arrangement::of(cameras.into_iter().map(|camera| camera.id.clone()));
        self.open_with(desk, keymap, wall)
    }

    /// Closes a window; what it showed ends.
    pub fn close<T: Send + 'static>(&mut self, window: window::Id) -> Task<T> {
        self.panes.remove(&window);
        window::close(window)
    }

    /// Closes all but the main one.
    pub fn close_all<T: Send + 'static>(&mut self) -> Task<T> {
        let windows: Vec<_> = std::mem::take(&mut self.panes).into_keys().collect();
        Task::batch(windows.into_iter().map(window::close))
    }

    /// What all windows show.
    pub fn all<'a>(&'a self, main: &'a Pane) -> impl Iterator<Item = &'a Pane> {
        std::iter::once(main).chain(self.panes.values())
    }

    fn arrangements(&self, main: &Pane) -> Vec<Arrangement> {
        self.all(main).map(|pane| pane.room().arrangement()).collect()
    }

    /// Keeps what the windows show, when it is not what was kept last.
    pub fn keep(&mut self, main: &Pane) -> Task<Message> {
        let windows = self.arrangements(main);
        if windows == self.kept.windows {
            return Task::none();
        }
        self.kept.windows = windows;
        self.write(main)
    }

    fn write(&self, main: &Pane) -> Task<Message> {
        let Some(store) = self.store.clone() else {
            return Task::none();
        };
        let user = main.room().desk().person().user;
        Task::perform(store.save(user, self.kept.clone()), |answer| {
            Message::Saved(answer.map_err(Arc::new))
        })
    }

    /// The saved walls of the person.
    pub fn walls(&self) -> &Arrangements {
        &self.kept
    }

    fn pane_in<'a>(&'a mut self, place: Place, main: &'a mut Pane) -> Option<&'a mut Pane> {
        match place {
            Some(window) => self.panes.get_mut(&window),
            None => Some(main),
        }
    }

    /// Shows a saved wall in a window.
    pub fn show_saved(&mut self, name: &str, place: Place, main: &mut Pane) -> Task<Message> {
        let Some(wall) = self.kept.saved.get(name).cloned() else {
            return Task::none();
        };
        let task = match self.pane_in(place, main) {
            Some(pane) => pane.room_mut().arrange(&wall),
            None => Task::none(),
        };
        task.map(move |message| Message::Pane(place, window_content::Message::Room(message)))
    }

    /// Saves a window's wall under a name, and keeps it.
    ///
    /// # Errors
    /// The name cannot be used, or there is no room.
    pub fn save(&mut self, name: &str, place: Place, main: &mut Pane) -> Result<Task<Message>, NotSaved> {
        if let Some(wall) = self.pane_in(place, main).map(|pane| pane.room().arrangement()) {
            self.kept.save(name, wall)?;
        }
        Ok(self.write(main))
    }

    /// Forgets a saved wall.
    pub fn forget(&mut self, name: &str, main: &Pane) -> Task<Message> {
        self.kept.saved.remove(name);
        self.write(main)
    }

    /// What all walls listen to.
    pub fn subscription(&self, main: &Pane) -> Subscription<Message> {
        let of = |place: Place, pane: &Pane| {
            pane.subscription()
                .with(place)
                .map(|(place, message)| Message::Pane(place, message))
        };
        let others = self.panes.iter().map(|(window, pane)| of(Some(*window), pane));
        Subscription::batch(std::iter::once(of(None, main)).chain(others))
    }
}
