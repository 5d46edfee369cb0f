//! An errand at the client's window: opens the client, sends somebody to it, and ends it when the errand is done.
//!
//! Invariant: the client is the officers' one ([`App`]), in this process; whoever is sent sees its window and its
//! [`Scene`], no more. Deliberately absent: what is done there (`script`, `leak`, `soak`, `steering`).

use crate::driver::{StepError, Visitor};
use crate::leak::{self, LeakRun};
use crate::screen_capture::{Eye, EyeError};
use crate::script::{self, Visit};
use crate::soak::{self, Soak};
use crate::steering::{self, Steering};
use crate::typing::{self, Typing};
use iced::Task;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::{oneshot, watch as channel};
use vedetta::gui::app::{App, Message, Options};
use vedetta::gui::launch;
use vedetta::gui::scene::{Scene, ScreenName};

/// What is done at the window.
pub enum Errand {
    /// Everything an officer does, once.
    Visit(Visit),
    /// The wall watched for long while cameras fail.
    Soak(Soak),
    /// Domes moved at random, and the window searched for leaks.
    Leak(LeakRun),
    /// The sign-in screen filled in at once, many times.
    Typing(Typing),
    /// A dome steered past masked houses.
    Steering(Steering),
}

/// Opens the client and runs the errand at its window. `folder` takes screenshots and report.
///
/// # Errors
/// A sentence for the person at the terminal: no window could be opened, or the errand broke off or found an error.
pub fn run(options: Options, folder: PathBuf, errand: Errand) -> Result<(), String> {
    let (tell, scene) = channel::channel(Scene::default());
    let (over, is_over) = oneshot::channel::<()>();
    let walker = std::thread::spawn(move || {
        let outcome = walk(scene, folder, &errand);
        // The program may be gone already: then there is nobody to tell.
        let _ = over.send(());
        outcome
    });
    let first = Mutex::new(Some((tell, is_over)));
    launch::run_from(move || {
        let (app, opening) = App::new(options.clone());
        let Some((tell, is_over)) = first.lock().ok().and_then(|mut first| first.take()) else {
            return (app, opening);
        };
        let closing = Task::perform(is_over, |_| Message::Close);
        (app.watched(tell), Task::batch([opening, closing]))
    })?;
    match walker.join() {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err("Il giro ha trovato un errore: vedere report.json.".to_owned()),
        Ok(Err(error)) => Err(format!("Il giro si è interrotto: {error}")),
        Err(_) => Err("Il giro si è interrotto.".to_owned()),
    }
}

fn walk(mut scene: channel::Receiver<Scene>, folder: PathBuf, errand: &Errand) -> Result<bool, StepError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()?;
    // The window is there when the program shows its first screen.
    let shown = runtime.block_on(async {
        let first = scene.wait_for(|scene| scene.screen != ScreenName::Between);
        tokio::time::timeout(Duration::from_secs(60), first)
            .await
            .is_ok_and(|seen| seen.is_ok())
    });
    if !shown {
        return Err(StepError::Window(EyeError::NoWindow));
    }
    let eye = Eye::open()?;
    let mut visitor = Visitor::new(&eye, scene, runtime.handle().clone(), &folder)?;
    match errand {
        Errand::Visit(visit) => {
            script::walk(&mut visitor, visit);
            visitor.leave()
        }
        Errand::Leak(run) => {
            leak::walk(&mut visitor, run, &folder);
            visitor.leave()
        }
        Errand::Typing(typing) => {
            visitor.leaks.rarely(true);
            let outcome = typing::walk(&mut visitor, typing)?;
            Ok(typing::write_report(&outcome, &folder)?)
        }
        Errand::Steering(steering) => steering::walk(&mut visitor, steering, &folder),
        Errand::Soak(soak) => {
            // The search for leaks must not be what keeps the wall from being drawn.
            visitor.leaks.rarely(true);
            let outcome = soak::walk(&mut visitor, soak)?;
            visitor.photograph("soak.png")?;
            Ok(soak::write(&outcome, &folder)?)
        }
    }
}
