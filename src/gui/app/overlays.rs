//! What lies over the screen of a session: one enum, and a stack of it whose top has the keyboard.
//!
//! A new overlay is a variant here, with its arm in each function of [`Overlay`]; beside it only its own file and the one
//! that opens it. Invariant: an overlay lies over one of lower rank, whichever was opened first; of each kind there is at
//! most one; the card over a locked workstation covers every window. Deliberately absent: what an overlay does by itself,
//! what follows for the program (`app`).

use super::account_admin::{self, AccountAdmin};
use crate::domain::saved_wall::{Arrangements, NotSaved};
use crate::gui::app;
use crate::gui::input::{Command, Context, Keymap};
use crate::gui::screen::cameras::{self, Cameras};
use crate::gui::session_port::Desk;
use crate::gui::ui::controls;
use crate::gui::ui::form::Next;
use crate::gui::ui::takeover_prompt::{self, TakeoverPrompt};
use crate::gui::ui::unlock::{self, Unlock};
use crate::gui::ui::wall_chooser::{self, WallChooser};
use crate::gui::windows::Place;
use crate::station::Knock;
use iced::{Element, Task};
use std::sync::Arc;
use std::time::Instant;

/// Something over the screen, the lowest rank first.
pub enum Overlay {
    /// The saved walls, over one window.
    WallChooser(Place, WallChooser),
    /// Cameras and the site plan.
    Cameras(Box<Cameras>),
    /// Accounts, running sessions, workstations, state of the server.
    AccountAdmin(Box<AccountAdmin>),
    /// The question whether the account is yielded to another workstation.
    Takeover(Box<TakeoverPrompt>),
    /// The card over a locked workstation.
    Unlock(Unlock),
}

/// What happens in an overlay.
#[derive(Clone)]
pub enum Message {
    WallChooser(wall_chooser::Message),
    Cameras(cameras::Message),
    AccountAdmin(account_admin::Message),
    Takeover(takeover_prompt::Message),
    Unlock(unlock::Message),
}

/// What the root does next.
pub enum Outcome {
    None,
    Run(Task<Message>),
    Close,
    /// A saved wall is shown in this window, or its own is saved.
    Wall(Place, wall_chooser::Action),
    /// The person who locked the workstation is back.
    Proven,
    SignOut,
    /// The session ends here; the account goes on at the workstation that asked for it.
    YieldAccount,
}

/// What an overlay lies over.
pub struct Under<'a> {
    pub desk: &'a Arc<dyn Desk>,
    pub keymap: &'a Keymap,
    pub walls: &'a Arrangements,
}

impl Overlay {
    fn rank(&self) -> u8 {
        match self {
            Overlay::WallChooser(..) => 0,
            Overlay::Cameras(_) => 1,
            Overlay::AccountAdmin(_) => 2,
            Overlay::Takeover(_) => 3,
            Overlay::Unlock(_) => 4,
        }
    }

    /// Whether it lies over this window.
    fn covers(&self, place: Place) -> bool {
        match self {
            Overlay::WallChooser(over, _) => *over == place,
            Overlay::Cameras(_) | Overlay::AccountAdmin(_) | Overlay::Takeover(_) => place.is_none(),
            Overlay::Unlock(_) => true,
        }
    }

    /// Where the keyboard is while it is on top.
    pub fn context(&self) -> Context {
        match self {
            Overlay::WallChooser(..) | Overlay::Takeover(_) | Overlay::Unlock(_) => Context::Form,
            Overlay::Cameras(screen) => screen.context(),
            Overlay::AccountAdmin(admin) => admin.context(),
        }
    }

    /// What a command means in it.
    pub fn command(&self, command: Command) -> Message {
        match self {
            Overlay::WallChooser(..) => Message::WallChooser(wall_chooser::Message::Command(command)),
            Overlay::Cameras(_) => Message::Cameras(cameras::Message::Command(command)),
            Overlay::AccountAdmin(admin) => Message::AccountAdmin(admin.command(command)),
            Overlay::Takeover(_) => Message::Takeover(takeover_prompt::command(command)),
            Overlay::Unlock(_) => Message::Unlock(unlock::Message::Command(command)),
        }
    }

    /// Changes the state; `None` where the message is for another overlay.
    fn update(&mut self, message: Message, under: &Under<'_>) -> Option<Outcome> {
        Some(match (self, message) {
            (Overlay::WallChooser(place, chooser), Message::WallChooser(message)) => {
                match chooser.update(message, under.walls) {
                    wall_chooser::Action::None => Outcome::None,
                    wall_chooser::Action::Close => Outcome::Close,
                    action => Outcome::Wall(*place, action),
                }
            }
            (Overlay::Cameras(screen), Message::Cameras(message)) => match screen.update(message) {
                cameras::Action::None => Outcome::None,
                cameras::Action::Run(task) => Outcome::Run(task.map(Message::Cameras)),
                cameras::Action::Close => Outcome::Close,
            },
            (Overlay::AccountAdmin(admin), Message::AccountAdmin(message)) => match admin.update(message, under.desk) {
                Next::None => Outcome::None,
                Next::Run(task) => Outcome::Run(task.map(Message::AccountAdmin)),
                Next::Close | Next::Done(()) => Outcome::Close,
            },
            (Overlay::Takeover(question), Message::Takeover(message)) => match question.update(message) {
                Next::None => Outcome::None,
                Next::Run(task) => Outcome::Run(task.map(Message::Takeover)),
                Next::Close => Outcome::Close,
                Next::Done(true) => Outcome::YieldAccount,
                Next::Done(false) => Outcome::Run(Task::perform(under.desk.keep_account(), |answer| {
                    Message::Takeover(takeover_prompt::Message::Answered(answer.map_err(Arc::new)))
                })),
            },
            (Overlay::Unlock(card), Message::Unlock(message)) => match card.update(message) {
                unlock::Action::None => Outcome::None,
                unlock::Action::Prove(password) => Outcome::Run(Task::perform(under.desk.unlock(password), |answer| {
                    Message::Unlock(unlock::Message::Answered(answer.map_err(Arc::new)))
                })),
                unlock::Action::Opened => Outcome::Proven,
                unlock::Action::SignOut => Outcome::SignOut,
            },
            _ => return None,
        })
    }

    /// Whether nothing of what is under it may be seen but the bare wall.
    fn is_lock(&self) -> bool {
        matches!(self, Overlay::Unlock(_))
    }

    /// The overlay over what stays in sight.
    fn view<'a>(&'a self, below: Element<'a, app::Message>, under: &Under<'a>) -> Element<'a, app::Message> {
        match self {
            Overlay::WallChooser(_, chooser) => {
                let close = Message::WallChooser(wall_chooser::Message::Command(Command::Back));
                let chooser = chooser.view(under.walls).map(Message::WallChooser).map(wrap);
                controls::over(below, chooser, wrap(close))
            }
            Overlay::Cameras(screen) => screen.view(under.keymap).map(Message::Cameras).map(wrap),
            Overlay::AccountAdmin(admin) => admin
                .view(under.keymap, under.desk.as_ref())
                .map(Message::AccountAdmin)
                .map(wrap),
            Overlay::Takeover(question) => {
                // What lies under the question cannot be reached.
                let below = below.map(|_| takeover_prompt::command(Command::Stop));
                question.over(below, Instant::now()).map(Message::Takeover).map(wrap)
            }
            Overlay::Unlock(card) => {
                let below = below.map(|_| unlock::Message::Nothing);
                card.over(below).map(Message::Unlock).map(wrap)
            }
        }
    }
}

fn wrap(message: Message) -> app::Message {
    app::Message::Overlay(message)
}

/// The stack, the lowest rank first.
#[derive(Default)]
pub struct Overlays(Vec<Overlay>);

impl Overlays {
    /// Lays an overlay over those of lower rank, in place of one of its kind.
    pub fn open(&mut self, overlay: Overlay) {
        self.0.retain(|other| other.rank() != overlay.rank());
        let at = self.0.partition_point(|other| other.rank() < overlay.rank());
        self.0.insert(at, overlay);
    }

    /// What lies on top of a window.
    pub fn top(&self, place: Place) -> Option<&Overlay> {
        self.0.iter().rfind(|overlay| overlay.covers(place))
    }

    /// Whether nothing lies over any window.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the workstation is locked.
    pub fn is_locked(&self) -> bool {
        self.0.iter().any(Overlay::is_lock)
    }

    /// Gives a message to the overlay that it is for, on top or not; closes it where that follows. What comes too late
    /// for an overlay that is closed is nothing.
    pub fn update(&mut self, message: Message, under: &Under<'_>) -> Outcome {
        for at in 0..self.0.len() {
            match self.0[at].update(message.clone(), under) {
                None => {}
                Some(Outcome::Close) => {
                    self.0.remove(at);
                    return Outcome::None;
                }
                Some(outcome) => return outcome,
            }
        }
        Outcome::None
    }

    /// The workstation is open again.
    pub fn unlocked(&mut self) {
        self.0.retain(|overlay| !overlay.is_lock());
    }

    /// The window is gone, and what lay over it alone.
    pub fn window_closed(&mut self, window: Place) {
        self.0
            .retain(|overlay| !matches!(overlay, Overlay::WallChooser(over, _) if *over == window));
    }

    /// The saved walls have done what they were opened for.
    pub fn walls_chosen(&mut self) {
        self.0.retain(|overlay| !matches!(overlay, Overlay::WallChooser(..)));
    }

    /// A wall could not be saved.
    pub fn wall_not_saved(&mut self, why: NotSaved) {
        for overlay in &mut self.0 {
            if let Overlay::WallChooser(_, chooser) = overlay {
                chooser.failed(why);
                return;
            }
        }
    }

    /// Another workstation asks for the account no longer, or another one does: only the question about `asks` stays.
    pub fn still_asks(&mut self, asks: Option<&Knock>) {
        self.0.retain(|overlay| match overlay {
            Overlay::Takeover(question) => asks.is_some_and(|knock| question.is_of(knock)),
            _ => true,
        });
    }

    /// Says something on the card over a locked workstation.
    pub fn tell_locked(&mut self, sentence: &str) {
        for overlay in &mut self.0 {
            if let Overlay::Unlock(card) = overlay {
                card.tell(sentence.to_owned());
            }
        }
    }

    /// A window: `screen` with what lies over it, or the `bare` wall of a locked workstation.
    pub fn view<'a>(
        &'a self,
        place: Place,
        screen: impl FnOnce() -> Element<'a, app::Message>,
        bare: impl FnOnce() -> Element<'a, app::Message>,
        under: &Under<'a>,
    ) -> Element<'a, app::Message> {
        match self.top(place) {
            Some(lock) if lock.is_lock() => lock.view(bare(), under),
            _ => self
                .0
                .iter()
                .filter(|overlay| overlay.covers(place))
                .fold(screen(), |below, overlay| overlay.view(below, under)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;
    use crate::gui::input::Command;

    fn chooser(place: Place) -> Overlay {
        Overlay::WallChooser(place, WallChooser::default())
    }

    fn lock() -> Overlay {
        Overlay::Unlock(Unlock::new("Ag. Neri".into()))
    }

    #[test]
    fn the_lock_is_on_top_of_every_window_whatever_is_opened_after_it() {
        let mut overlays = Overlays::default();
        let further = Some(iced::window::Id::unique());
        overlays.open(lock());
        overlays.open(chooser(None));
        for place in [None, further] {
            assert!(overlays.top(place).is_some_and(Overlay::is_lock), "{place:?}");
        }
        overlays.unlocked();
        assert!(matches!(overlays.top(None), Some(Overlay::WallChooser(..))));
        assert!(overlays.top(further).is_none(), "it lies over one window");
    }

    #[test]
    fn an_overlay_that_closes_uncovers_the_one_below_and_a_late_answer_is_nothing() {
        let desk: Arc<dyn Desk> = fake::desk(1, 1);
        let (keymap, walls) = (Keymap::default(), Arrangements::default());
        let under = Under {
            desk: &desk,
            keymap: &keymap,
            walls: &walls,
        };
        let mut overlays = Overlays::default();
        overlays.open(chooser(None));
        overlays.open(Overlay::Cameras(Box::new(Cameras::new(desk.clone()).0)));
        overlays.open(chooser(None));
        assert_eq!(overlays.0.len(), 2, "one of each kind");
        let close = overlays.top(None).unwrap().command(Command::Back);
        assert!(matches!(overlays.update(close.clone(), &under), Outcome::None));
        assert!(matches!(overlays.top(None), Some(Overlay::WallChooser(..))));
        assert!(matches!(overlays.update(close, &under), Outcome::None));
        assert!(!overlays.is_empty());
    }
}
