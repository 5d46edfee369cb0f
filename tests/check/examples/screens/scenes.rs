//! The screens that can be looked at, by name: who is at the desk, what was said to them, and the keys that lead there.
//!
//! Invariant: a name is there once, in one table. Deliberately absent: the window, the picture (`main`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use vedetta::domain::audit::hash::Hash;
use vedetta::domain::camera::{CameraId, StationId};
use vedetta::domain::live::wrong_clock::WrongClock;
use vedetta::domain::people::stated_purpose::Stated;
use vedetta::domain::people::takeover::Unanswered;
use vedetta::domain::refusal::RefusalKind;
use vedetta::domain::site::orientation::OrientationPart;
use vedetta::domain::wall::Layout;
use vedetta::gui::app::Message;
use vedetta::gui::dialogue::export;
use vedetta::gui::input::{Command, Direction};
use vedetta::gui::screen::control_room::{self, dialogues, dome_calibration};
use vedetta::gui::screen::sign_in;
use vedetta::gui::ui::calibration;
use vedetta::gui::ui::takeover_request::{self, Stands};
use vedetta::gui::{window_content, windows};
use vedetta::station::{
    AskTicket, BegunAnew, CameraTrouble, Refusal, SecretsError, SecretsTrouble, SignInError, StationError, TroubleKind,
};
use vedetta_check::fake::{self, Fake};

/// What is looked at.
pub struct Scene {
    pub begin: Begin,
    /// Messages before the first picture.
    pub told: Vec<Message>,
    pub steps: Vec<Step>,
}

/// Where it begins.
pub enum Begin {
    /// The sign-in; what is wrong with the machine's clock.
    SignedOut {
        clock: Option<WrongClock>,
    },
    Desk(Arc<Fake>),
}

/// One thing that somebody does.
pub enum Step {
    Press(Command),
    /// Typed at the window itself, where the keyboard is.
    Type(&'static str),
    /// Something that comes from elsewhere, or by the pointer.
    Tell(Box<Message>),
}

impl Default for Scene {
    fn default() -> Self {
        signed_out(Vec::new())
    }
}

use Command::{Calibrate, Cameras, Clearances, Confirm, Export, Next, NextArea, People, Previous, PreviousArea};

/// Every screen with its name.
pub fn all() -> Vec<(&'static str, Scene)> {
    let mut all = before_the_wall();
    all.extend(wall());
    all.extend(domes());
    all.extend(recordings());
    all.extend(governing());
    all
}

fn before_the_wall() -> Vec<(&'static str, Scene)> {
    let refused = |kind: RefusalKind| Message::SignedIn(Err(kind.into()));
    let clock = |clock| Scene {
        begin: Begin::SignedOut { clock: Some(clock) },
        ..Scene::default()
    };
    let elsewhere = || {
        let ticket = AskTicket::new(Stated::default());
        Message::SignedIn(Err(SignInError::ActiveElsewhere(Some(ticket))))
    };
    let missing = StationError::NotEnrolled {
        path: PathBuf::new(),
        source: None,
    };
    let detail = String::new();
    let untimely = SignInError::CertificateNotInTime { detail: detail.clone() };
    let away = SignInError::ServerAway { detail };
    let keys = |why| vec![cannot_open(why)];
    vec![
        ("enrol", signed_out(vec![Message::Opened(Err(Arc::new(missing)))])),
        ("sign-in", signed_out(Vec::new())),
        (
            "sign-in-protocol",
            signed_out(Vec::new()).then(vec![Step::Type("neri\tx\t↓↓↓↓\n")]),
        ),
        (
            "sign-in-refused",
            signed_out(vec![refused(RefusalKind::WrongCredentials)]),
        ),
        ("sign-in-away", signed_out(vec![Message::SignedIn(Err(away))])),
        (
            "sign-in-certificate",
            signed_out(vec![Message::SignedIn(Err(untimely))]),
        ),
        ("sign-in-clock-old", clock(WrongClock::BeforeBuild)),
        ("sign-in-clock-behind", clock(WrongClock::Behind { minutes: 90 })),
        ("sign-in-clock-ahead", clock(WrongClock::Ahead { minutes: 3 })),
        ("keyring-absent", signed_out(keys(SecretsTrouble::KeyringAbsent))),
        ("keyring-locked", signed_out(keys(SecretsTrouble::KeyringLocked))),
        ("keyring-mute", signed_out(keys(SecretsTrouble::KeyringMute))),
        ("keyring-empty", signed_out(keys(SecretsTrouble::KeyringEmpty))),
        ("key-file", signed_out(keys(SecretsTrouble::File))),
        (
            "change-password",
            signed_out(vec![refused(RefusalKind::MustChoosePassword)]),
        ),
        ("second-factor", signed_out(vec![refused(RefusalKind::SecondFactor)])),
        (
            "elsewhere",
            signed_out(vec![elsewhere(), stands(station().map(Stands::ActiveAt))]),
        ),
        (
            "elsewhere-waiting",
            signed_out(vec![elsewhere(), stands(station().map(waiting))]),
        ),
    ]
}

fn wall() -> Vec<(&'static str, Scene)> {
    let clock = fake::desk(16, 4);
    clock.set_clock(Some(WrongClock::Behind { minutes: 90 }));
    let stopped = fake::desk(16, 4);
    stopped.stop(true);
    let wanted = fake::desk(16, 4);
    wanted.want(true);
    let down = Command::Arrow(Direction::Down);
    let many = [Command::Layout(Layout::Nine), Command::CameraTour, Command::NewWindow];
    vec![
        ("wall", operator(&[])),
        ("wall-list", operator(&[NextArea])),
        ("many", at_desk(fake::desk(64, 4))),
        (
            "overloaded",
            at_desk(fake::overloaded(16, 4)).press(&[Command::Figures]),
        ),
        ("many-overloaded", at_desk(fake::overloaded(64, 4))),
        ("many-figures", at_desk(fake::desk(64, 4)).press(&[Command::Figures])),
        ("figures", operator(&[Command::Figures])),
        ("help", operator(&[Command::Help])),
        (
            "help-supervisor",
            at_desk(fake::supervisor(16, 4)).press(&[Command::Help]),
        ),
        (
            "help-administrator",
            at_desk(fake::administrator(16, 4)).press(&[Command::Help]),
        ),
        ("purpose", operator(&[Command::ChangePurpose])),
        (
            "purpose-protocol",
            operator(&[Command::ChangePurpose, down, down, down, down, Confirm]),
        ),
        ("locked", operator(&[Command::Lock])),
        ("walls", operator(&[Command::SavedWalls])),
        ("windows", operator(&many)),
        ("typed", operator(&[Command::Digit(1)])),
        // Its pictures stopped two seconds after it was opened.
        ("stale", operator(&[Command::Digit(3), Confirm, Confirm]).wait(5)),
        (
            "full",
            operator(&[Command::Digit(1), Command::Digit(6), Confirm, Confirm]),
        ),
        ("large", operator(&[Command::Layout(Layout::OneLarge)])),
        ("go-on", at_desk(stopped).press(&[Command::ExtendGrace])),
        ("wanted", at_desk(wanted)),
        ("clock-wrong", at_desk(clock)),
        ("begun-anew", at_desk(begun_anew())),
        ("return-failed", at_desk(returned(15))),
        (
            "history",
            at_desk(begun_anew()).press(&[Command::Digit(9), Command::Digit(9), Confirm, Command::History]),
        ),
        (
            "school-open",
            at_desk(fake::school(16, 4, true)).press(&[Command::Layout(Layout::Four)]),
        ),
        (
            "school-closed",
            at_desk(fake::school(16, 4, false)).press(&[Command::Layout(Layout::Four)]),
        ),
    ]
}

fn domes() -> Vec<(&'static str, Scene)> {
    let dome = [Command::Digit(1), Command::Digit(4), Confirm];
    let last = [Command::Digit(1), Command::Digit(6), Confirm];
    let zoom = [
        Command::Digit(1),
        Confirm,
        Command::ZoomIn,
        Command::ZoomIn,
        Command::ZoomIn,
    ];
    let zoom_full = [
        Command::Digit(1),
        Confirm,
        Confirm,
        Command::ZoomIn,
        Command::ZoomIn,
        Command::ZoomIn,
    ];
    let lies = |parts| {
        vec![Step::Tell(Box::new(calibrating(dome_calibration::Message::Begun(
            dome_14(),
            Ok(parts),
        ))))]
    };
    let panel = |message| Step::Tell(Box::new(calibrating(dome_calibration::Message::Panel(message))));
    let calibration = || operator(&dome).press(&[Calibrate]);
    let turned = vec![
        OrientationPart::Rotation,
        OrientationPart::Mirror,
        OrientationPart::Reverse,
    ];
    vec![
        ("zoom", operator(&zoom)),
        ("zoom-full", operator(&zoom_full)),
        (
            "dome",
            operator(&dome).press(&[Command::CallPreset(1), Command::Snapshot]),
        ),
        (
            "hand-over",
            operator(&[
                Command::Digit(1),
                Command::Digit(5),
                Confirm,
                Confirm,
                Command::HandOver,
            ]),
        ),
        (
            "take-over",
            at_desk(fake::supervisor(16, 4))
                .press(&last)
                .press(&[Command::AskLease]),
        ),
        ("presence", operator(&[Command::Layout(Layout::Four)]).press(&last)),
        ("declare", operator(&last).press(&[Command::Declare])),
        ("masks", operator(&dome).press(&[Command::Masks])),
        (
            "write-to-camera",
            operator(&[Command::Digit(4), Confirm, Command::WriteToCamera]),
        ),
        ("calibration", calibration()),
        (
            "calibration-measured",
            calibration().then(vec![panel(calibration::Message::MeasureMotion)]),
        ),
        ("calibration-turned", calibration().then(lies(turned))),
    ]
}

fn recordings() -> Vec<(&'static str, Scene)> {
    let second = [Command::Digit(2), Confirm];
    let ended = |why: Refusal| {
        let message = dialogues::Message::Export(export::Message::Ended(Err(Arc::new(why))));
        operator(&second)
            .press(&[Export])
            .then(vec![Step::Tell(Box::new(in_room(control_room::Message::Dialogue(
                message,
            ))))])
    };
    let at = |minutes: i64| 1_795_352_400_000 + minutes * 60_000;
    let hole = Refusal::HoleRecorded {
        from_ms: at(0),
        to_ms: at(10),
    };
    let back = Refusal::ClockSetBack {
        at_ms: at(10),
        to_ms: at(0),
    };
    let typed = "\t\t\tDanneggiamento della fontana\t1402/2026\n";
    let masked = || at_desk(fake::masked(16, 4)).press(&second).press(&[Export]);
    let approval = || at_desk(fake::supervisor(16, 4)).press(&[Clearances]);
    vec![
        ("playback", operator(&second).press(&[Command::Playback])),
        ("export", operator(&[Export])),
        ("export-masked", masked()),
        ("export-incomplete", operator(&[Export]).then(vec![Step::Type("\n")])),
        (
            "export-time",
            operator(&[Export]).then(vec![Step::Type("25/10/2026 02:30:00\n")]),
        ),
        ("export-hole", ended(hole)),
        ("export-clock", ended(back)),
        ("export-done", operator(&[Export]).then(vec![Step::Type(typed)]).wait(5)),
        ("export-done-masked", masked().then(vec![Step::Type(typed)]).wait(5)),
        ("clearance", operator(&second).press(&[Clearances])),
        (
            "clearance-incomplete",
            operator(&second).press(&[Clearances]).then(vec![Step::Type("99\n")]),
        ),
        ("approval", approval()),
        ("ratification", at_desk(fake::at_night(16, 4)).press(&[Clearances])),
        (
            "clearances-in-force",
            at_desk(fake::supervisor(16, 4)).press(&[Command::ClearancesInForce]),
        ),
        ("approval-refused", approval().then(vec![Step::Type("\t\n")])),
    ]
}

fn governing() -> Vec<(&'static str, Scene)> {
    let supervisor = |commands: &[Command]| at_desk(fake::supervisor(16, 4)).press(commands);
    let administrator = |commands: &[Command]| at_desk(fake::administrator(16, 4)).press(commands);
    let wrong = "cam-13Nuova Cam\t13abc\t\t\t\t\tpippo\t\t\tx\t\t\tdomani\t\t\t\t\n";
    vec![
        ("diagnostics", at_desk(fake::maintainer(16, 4))),
        ("administrator", administrator(&[])),
        ("people", supervisor(&[People, Next])),
        ("admit", supervisor(&[People, Previous, Command::Admit])),
        (
            "admitted",
            supervisor(&[People, Previous, Command::Admit]).then(vec![Step::Type("Nomina del Sindaco 14/2026\n")]),
        ),
        ("disable", supervisor(&[People, Next, Command::Disable])),
        ("cameras", administrator(&[Cameras, Next, Next])),
        ("cameras-approve", supervisor(&[Cameras])),
        ("cameras-found", administrator(&[Cameras, Command::FindCameras])),
        ("camera-form", administrator(&[Cameras, Next, Confirm])),
        (
            "camera-form-empty",
            administrator(&[Cameras, Command::NewCamera, Confirm]),
        ),
        (
            "camera-form-wrong",
            administrator(&[Cameras, Command::NewCamera]).then(vec![Step::Type(wrong)]),
        ),
        ("camera-remove", administrator(&[Cameras, Next, Command::RemoveCamera])),
        ("sessions", supervisor(&[People, NextArea])),
        ("end-session", supervisor(&[People, NextArea, Command::EndSession])),
        ("workstations", administrator(&[People, NextArea, NextArea])),
        (
            "new-workstation",
            administrator(&[People, NextArea, NextArea, Command::NewWorkstation]),
        ),
        ("revoke", administrator(&[People, NextArea, NextArea, Command::Revoke])),
        ("server-state", administrator(&[People, PreviousArea])),
    ]
}

fn presses(commands: &[Command]) -> Vec<Step> {
    commands.iter().copied().map(Step::Press).collect()
}

fn signed_out(told: Vec<Message>) -> Scene {
    Scene {
        begin: Begin::SignedOut { clock: None },
        told,
        steps: Vec::new(),
    }
}

fn at_desk(desk: Arc<Fake>) -> Scene {
    Scene {
        begin: Begin::Desk(desk),
        ..Scene::default()
    }
}

fn operator(commands: &[Command]) -> Scene {
    at_desk(fake::desk(16, 4)).press(commands)
}

impl Scene {
    fn then(mut self, steps: Vec<Step>) -> Scene {
        self.steps.extend(steps);
        self
    }

    fn press(self, commands: &[Command]) -> Scene {
        self.then(presses(commands))
    }

    /// Goes on only after as many steps' time.
    fn wait(self, steps: usize) -> Scene {
        self.then((0..steps).map(|_| Step::Type("")).collect())
    }
}

fn in_room(message: control_room::Message) -> Message {
    Message::Windows(windows::Message::Pane(None, window_content::Message::Room(message)))
}

fn calibrating(message: dome_calibration::Message) -> Message {
    in_room(control_room::Message::Calibration(message))
}

fn dome_14() -> CameraId {
    fake::plan(16, 4).cameras.swap_remove(13).id
}

fn stands(stands: Option<Stands>) -> Message {
    let stands = stands.ok_or(SignInError::AskOver);
    Message::SignIn(sign_in::Message::Elsewhere(takeover_request::Message::Stands(stands)))
}

fn station() -> Option<StationId> {
    "ufficio-comando".parse().ok()
}

fn waiting(station: StationId) -> Stands {
    Stands::Waiting {
        station,
        left: Duration::from_secs(47),
        unanswered: Unanswered::Keeps,
    }
}

/// The workstation cannot read or store its keys.
fn cannot_open(why: SecretsTrouble) -> Message {
    let detail = String::new();
    Message::Opened(Err(Arc::new(StationError::NoSecrets(SecretsError { why, detail }))))
}

/// A desk whose log began anew.
fn begun_anew() -> Arc<Fake> {
    let desk = fake::desk(16, 4);
    let controllers = desk.plan();
    for controller in &controllers.controllers {
        let begun = BegunAnew {
            size: 18_204,
            root: Hash([7; 32]),
            had: 18_291,
            accepted_by: ["Comm. Andrea Villa".to_owned(), "Isp. Maria Serra".to_owned()],
            at_ms: 1_795_352_400_000,
        };
        desk.begin_anew(controller.id.clone(), begun);
    }
    desk
}

/// A desk one of whose domes did not go back by itself.
fn returned(at: usize) -> Arc<Fake> {
    let desk = fake::desk(16, 4);
    if let Some(dome) = desk.plan().cameras.get(at) {
        desk.fail_return(
            dome.id.clone(),
            Refusal::Camera(CameraTrouble::new(TroubleKind::Unreachable, String::new())),
        );
    }
    desk
}
