//! The session that runs: its desk, its lock, what it shows in the main window and what lies over that.
//!
//! Invariant: the root has one exactly while somebody is signed in, so that nothing of a person outlives their session.
//! Deliberately absent: signing in and out (`app`), when it locks (`domain::people::lock`), further windows (`windows`).

use super::overlays::{Overlay, Overlays, Under};
use crate::domain::people::lock::Lock;
use crate::gui::app::Message;
use crate::gui::i18n::fl;
use crate::gui::input::{Context, Keymap};
use crate::gui::screen::diagnostics::Diagnostics;
use crate::gui::session_port::Desk;
use crate::gui::theme::Tone;
use crate::gui::ui::controls::body;
use crate::gui::ui::takeover_prompt::TakeoverPrompt;
use crate::gui::window_content::Pane;
use crate::gui::windows::{self, Place, Windows};
use crate::station::Knock;
use iced::Element;
use iced::widget::center;
use std::sync::Arc;
use std::time::Instant;

/// What the main window shows of a session.
pub enum Shown {
    /// What the person keeps is being read.
    Seating,
    /// A wall, or recordings over it.
    Work(Pane),
    /// The maintainer's figures.
    Diagnostics(Box<Diagnostics>),
}

/// The session.
pub struct SessionState {
    pub desk: Arc<dyn Desk>,
    pub lock: Lock,
    pub shown: Shown,
    pub overlays: Overlays,
    /// The latest knock that the person was told of.
    knocked: Option<Knock>,
}

impl SessionState {
    /// A session that begins.
    pub fn new(desk: Arc<dyn Desk>, shown: Shown, now: Instant) -> SessionState {
        SessionState {
            lock: Lock::new(desk.lock_after(), now),
            desk,
            shown,
            overlays: Overlays::default(),
            knocked: None,
        }
    }

    /// Whether it is this desk whose person is being seated.
    pub fn is_seating(&self, desk: &Arc<dyn Desk>) -> bool {
        matches!(self.shown, Shown::Seating) && Arc::ptr_eq(&self.desk, desk)
    }

    /// The wall of the main window.
    pub fn pane(&self) -> Option<&Pane> {
        match &self.shown {
            Shown::Work(pane) => Some(pane),
            Shown::Seating | Shown::Diagnostics(_) => None,
        }
    }

    /// The wall of the main window, to change it.
    pub fn pane_mut(&mut self) -> Option<&mut Pane> {
        match &mut self.shown {
            Shown::Work(pane) => Some(pane),
            Shown::Seating | Shown::Diagnostics(_) => None,
        }
    }

    /// Says something on the main wall.
    pub fn tell(&mut self, tone: Tone, sentence: String) {
        if let Some(pane) = self.pane_mut() {
            pane.room_mut().tell(tone, sentence);
        }
    }

    /// Where the keyboard is in a window.
    pub fn context(&self, place: Place, windows: &Windows) -> Context {
        if let Some(top) = self.overlays.top(place) {
            return top.context();
        }
        match (place, &self.shown) {
            (Some(window), _) => windows.pane(window).map_or(Context::Form, Pane::context),
            (None, Shown::Work(pane)) => pane.context(),
            (None, Shown::Diagnostics(_)) => Context::Diagnostics,
            (None, Shown::Seating) => Context::Form,
        }
    }

    /// Somebody tries the account elsewhere, or asks for it: told once, and asked as long as they ask. Gives the question
    /// when it is to be opened.
    pub fn follow_knock(&mut self) -> Option<Overlay> {
        if matches!(self.shown, Shown::Seating) {
            return None;
        }
        let knock = self.desk.knock();
        self.overlays
            .still_asks(knock.as_ref().filter(|knock| knock.asks.is_some()));
        let knock = knock.filter(|knock| Some(knock) != self.knocked.as_ref())?;
        let before = self.knocked.take().filter(|before| before.is_same(&knock));
        let asked_before = before.as_ref().is_some_and(|before| before.asks.is_some());
        let mut question = None;
        if knock.asks.is_some() && !asked_before {
            question = TakeoverPrompt::new(knock.clone(), |ms| self.desk.moment(ms));
            self.overlays
                .tell_locked(&fl!("lock-wanted", station = knock.station.as_str()));
        }
        if before.is_none() {
            self.tell(Tone::Act, fl!("lock-knock", station = knock.station.as_str()));
        }
        self.knocked = Some(knock);
        question.map(|question| Overlay::Takeover(Box::new(question)))
    }

    /// A window of the session.
    pub fn view<'a>(&'a self, place: Place, windows: &'a Windows, keymap: &'a Keymap) -> Element<'a, Message> {
        let pane = match place {
            Some(window) => windows.pane(window),
            None => self.pane(),
        };
        let in_wall = move |message| Message::Windows(windows::Message::Pane(place, message));
        let screen = || match (pane, &self.shown) {
            (Some(pane), _) => pane.view().map(in_wall),
            (None, Shown::Diagnostics(screen)) => screen.view().map(Message::Diagnostics),
            (None, Shown::Work(_) | Shown::Seating) => center(body(fl!("app-starting"))).into(),
        };
        let bare = || match pane {
            Some(pane) => pane.bare().map(in_wall),
            None => center(body("")).into(),
        };
        let under = Under {
            desk: &self.desk,
            keymap,
            walls: windows.walls(),
        };
        self.overlays.view(place, screen, bare, &under)
    }
}
