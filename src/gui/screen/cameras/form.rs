//! The form of one camera: what it is, where, its accounts, the test, and saving.
//!
//! Invariant: a new camera, another address and new accounts are saved only as they were tested; passwords are taken out of
//! the form when they are sent. Deliberately absent: what the server makes of it.

mod faults;
mod view;

use crate::domain::camera::{CameraKind, ControllerId};
use crate::domain::site::VideoView;
use crate::domain::site::change::CameraSettings;
use crate::gui::i18n::fl;
use crate::gui::input::Command;
use crate::gui::sentences;
use crate::gui::session_port::CameraAdmin;
use crate::gui::widget::focus_scope::{self, Stop};
use crate::station::{CameraAccount, CameraReport, FoundCamera, OfferedView, PutCamera, Refusal};
use iced::Task;
use secrecy::SecretString;
use std::sync::Arc;

/// The places of the keyboard, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Id,
    Number,
    Name,
    Site,
    Controller,
    Kind,
    Onvif,
    User,
    Password,
    FiguresUser,
    FiguresPassword,
    View,
    Return,
    Personal,
    Reason,
    Test,
    Save,
}

const ORDER: [(Place, &str); 17] = [
    (Place::Id, "camera-id"),
    (Place::Number, "camera-number"),
    (Place::Name, "camera-name"),
    (Place::Site, "camera-site"),
    (Place::Controller, "camera-controller"),
    (Place::Kind, "camera-kind"),
    (Place::Onvif, "camera-onvif"),
    (Place::User, "camera-user"),
    (Place::Password, "camera-password"),
    (Place::FiguresUser, "camera-figures-user"),
    (Place::FiguresPassword, "camera-figures-password"),
    (Place::View, "camera-view"),
    (Place::Return, "camera-return"),
    (Place::Personal, "camera-personal"),
    (Place::Reason, "camera-reason"),
    (Place::Test, "camera-test"),
    (Place::Save, "camera-save"),
];

/// The stops of the keyboard, in its order.
fn stops() -> Vec<Stop> {
    let stop = |(place, id)| match place {
        Place::Controller | Place::Kind | Place::View | Place::Personal => Stop::Choice,
        Place::Test | Place::Save => Stop::Button,
        _ => Stop::Field(iced::widget::Id::new(id)),
    };
    ORDER.into_iter().map(stop).collect()
}

const KINDS: [CameraKind; 3] = [CameraKind::Fixed, CameraKind::Dome, CameraKind::Mobile];

/// The form.
pub struct Form {
    desk: Arc<dyn CameraAdmin>,
    /// As it is in the plan; `None`: a new one.
    was: Option<CameraSettings>,
    controllers: Vec<(ControllerId, String)>,
    controller: usize,
    kind: usize,
    personal: bool,
    /// By place; the others stay empty.
    texts: [String; ORDER.len()],
    password: SecretString,
    figures_password: SecretString,
    place: usize,
    waiting: bool,
    /// Which view of the device it is; `None`: the only one, or none chosen yet.
    view: Option<VideoView>,
    /// The views that the last test found.
    views: Vec<OfferedView>,
    tested: Option<Tested>,
    /// How much was asked for that the form is not right for yet: its wrong fields are marked until they are right.
    asked: Asked,
    error: Option<String>,
}

/// What the form was to do when something was wrong in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Asked {
    #[default]
    Nothing,
    Test,
    Save,
}

/// Address, account, password and view that were tested, and what was found.
struct Tested {
    onvif: String,
    account: CameraAccount,
    view: Option<VideoView>,
    report: CameraReport,
}

/// What happens in the form.
#[derive(Clone)]
pub enum Message {
    Text(Place, String),
    Password(Place, SecretString),
    Step(Place, bool),
    /// The field of the n-th place was clicked.
    Clicked(usize),
    Test,
    Tested(
        String,
        Box<CameraAccount>,
        Option<VideoView>,
        Result<CameraReport, Arc<Refusal>>,
    ),
    Save,
    Command(Command),
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    Save(Box<PutCamera>),
}

impl Form {
    /// The form of a new camera, filled with what was found on the network.
    pub fn new(desk: &Arc<dyn CameraAdmin>, found: Option<FoundCamera>) -> Form {
        let plan = desk.plan();
        let next = plan.cameras.iter().map(|camera| camera.number).max().unwrap_or(0) + 1;
        let mut form = Form::empty(desk);
        form.set(Place::Id, format!("cam-{next:02}"));
        form.set(Place::Number, next.to_string());
        if let Some(found) = found {
            form.set(Place::Onvif, found.onvif);
            form.set(Place::Name, found.name.unwrap_or_default());
        }
        form
    }

    /// The form of a camera of the plan.
    pub fn of(desk: &Arc<dyn CameraAdmin>, settings: CameraSettings) -> Form {
        let mut form = Form::empty(desk);
        form.set(Place::Id, settings.id.to_string());
        form.set(Place::Number, settings.number.to_string());
        form.set(Place::Name, settings.name.clone());
        form.set(Place::Site, settings.place.clone());
        form.set(Place::Onvif, settings.onvif.clone());
        let home = settings.return_home.as_ref();
        form.set(Place::Return, home.map(ToString::to_string).unwrap_or_default());
        let known = form.controllers.iter().position(|(id, _)| *id == settings.controller);
        form.controller = known.unwrap_or_default();
        form.kind = KINDS.iter().position(|kind| *kind == settings.kind).unwrap_or_default();
        form.personal = settings.personal_users;
        form.view.clone_from(&settings.view);
        form.place = 1;
        form.was = Some(settings);
        form
    }

    fn empty(desk: &Arc<dyn CameraAdmin>) -> Form {
        let person = desk.person();
        let controllers = desk.plan().controllers.clone().into_iter();
        let kept = controllers.filter(|controller| person.keeps(&controller.id));
        Form {
            desk: desk.clone(),
            was: None,
            controllers: kept.map(|controller| (controller.id, controller.name)).collect(),
            controller: 0,
            kind: 0,
            personal: false,
            texts: Default::default(),
            password: SecretString::default(),
            figures_password: SecretString::default(),
            place: 0,
            waiting: false,
            view: None,
            views: Vec::new(),
            tested: None,
            asked: Asked::Nothing,
            error: None,
        }
    }

    /// What is typed at a place.
    pub fn text(&self, place: Place) -> &str {
        self.texts[place as usize].trim()
    }

    fn set(&mut self, place: Place, text: String) {
        self.texts[place as usize] = text;
    }

    /// The place of the keyboard, in its order.
    pub fn place(&self) -> usize {
        self.place
    }

    /// Saving was refused.
    pub fn failed(&mut self, sentence: String) {
        (self.waiting, self.error) = (false, Some(sentence));
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Text(place, text) => {
                self.place = place as usize;
                // A camera of the plan keeps its identity.
                if place != Place::Id || self.was.is_none() {
                    self.set(place, text);
                }
            }
            Message::Password(Place::FiguresPassword, password) => self.figures_password = password,
            Message::Password(_, password) => self.password = password,
            Message::Step(place, forward) => self.step(place, forward),
            Message::Clicked(at) => self.place = at,
            Message::Test => return self.test(),
            Message::Tested(onvif, account, view, Ok(report)) => {
                (self.waiting, self.error) = (false, None);
                self.views.clone_from(&report.views);
                self.tested = Some(Tested {
                    onvif,
                    account: *account,
                    view,
                    report,
                });
                if self.must_choose_view() {
                    self.place = Place::View as usize;
                    self.error = Some(self.choose_view());
                }
            }
            Message::Tested(.., Err(why)) => self.failed(sentences::refusal(&why)),
            Message::Save => return self.save(),
            Message::Command(command) => return self.command(command),
        }
        Action::None
    }

    fn command(&mut self, command: Command) -> Action {
        let place = ORDER[self.place].0;
        match command {
            Command::Arrow(direction) => self.step(place, focus_scope::is_forward(direction)),
            Command::Toggle => self.step(place, true),
            Command::Confirm if place == Place::Save => return self.save(),
            Command::Confirm => return self.test_or_save(),
            _ => {}
        }
        self.place = focus_scope::moved(&stops(), self.place, command);
        Action::None
    }

    fn step(&mut self, place: Place, forward: bool) {
        let turn = |at: usize, count: usize| (at + if forward { 1 } else { count - 1 }) % count;
        match place {
            Place::Controller if !self.controllers.is_empty() => {
                self.controller = turn(self.controller, self.controllers.len());
            }
            Place::Kind => self.kind = turn(self.kind, KINDS.len()),
            Place::Personal => self.personal = !self.personal,
            Place::View if !self.views.is_empty() => {
                let count = self.views.len();
                let at = self
                    .views
                    .iter()
                    .position(|offered| Some(&offered.view) == self.view.as_ref());
                let next = at.map_or(if forward { 0 } else { count - 1 }, |at| turn(at, count));
                self.view = Some(self.views[next].view.clone());
                self.error = None;
            }
            _ => {}
        }
    }

    /// Whether the device has several views and none of them is chosen: nobody can tell which picture is meant.
    fn must_choose_view(&self) -> bool {
        let offered = |view: &VideoView| self.views.iter().any(|offered| &offered.view == view);
        self.views.len() > 1 && !self.view.as_ref().is_some_and(offered)
    }

    fn choose_view(&self) -> String {
        fl!("camera-choose-view", n = self.views.len().to_string())
    }

    /// The view in words: its tokens and its streams.
    fn view_words(&self) -> String {
        let offered = self
            .views
            .iter()
            .find(|offered| Some(&offered.view) == self.view.as_ref());
        match (&self.view, offered) {
            (Some(view), Some(offered)) => {
                format!(
                    "{} / {}: {}",
                    view.source,
                    view.configuration,
                    offered.streams.join(", ")
                )
            }
            (Some(view), None) => format!("{} / {}", view.source, view.configuration),
            (None, _) if self.views.len() > 1 => fl!("camera-view-open", n = self.views.len().to_string()),
            (None, _) => fl!("camera-view-only"),
        }
    }

    fn account(user: &str, password: &SecretString) -> Option<CameraAccount> {
        (!user.is_empty()).then(|| CameraAccount {
            user: user.to_owned(),
            password: password.clone(),
        })
    }

    fn picture(&self) -> Option<CameraAccount> {
        Self::account(self.text(Place::User), &self.password)
    }

    /// Whether what is typed now is what was tested.
    fn is_tested(&self) -> bool {
        let tested = self.tested.as_ref();
        tested.is_some_and(|tested| {
            tested.onvif == self.text(Place::Onvif)
                && self.picture().as_ref() == Some(&tested.account)
                && tested.view == self.view
        })
    }

    /// A name or a place is no reason to ask the camera.
    fn needs_test(&self) -> bool {
        let moved = |was: &CameraSettings| was.onvif != self.text(Place::Onvif) || was.view != self.view;
        self.was.as_ref().is_none_or(moved) || self.picture().is_some()
    }

    fn test_or_save(&mut self) -> Action {
        if self.needs_test() && !self.is_tested() {
            self.test()
        } else {
            self.save()
        }
    }

    fn test(&mut self) -> Action {
        if self.waiting || self.is_stopped(Asked::Test) {
            return Action::None;
        }
        let Some(account) = self.picture() else {
            return Action::None;
        };
        (self.waiting, self.error, self.tested) = (true, None, None);
        let onvif = self.text(Place::Onvif).to_owned();
        let view = self.view.clone();
        let tried = self.desk.try_camera(onvif.clone(), account.clone(), view.clone());
        Action::Run(Task::perform(tried, move |answer| {
            let account = Box::new(account.clone());
            Message::Tested(onvif.clone(), account, view.clone(), answer.map_err(Arc::new))
        }))
    }

    fn save(&mut self) -> Action {
        if self.waiting || self.is_stopped(Asked::Save) {
            return Action::None;
        }
        match self.put() {
            Ok(put) => {
                self.waiting = true;
                Action::Save(Box::new(put))
            }
            Err(sentence) => {
                self.error = Some(sentence);
                Action::None
            }
        }
    }

    /// Whether wrong fields stand in the way: they are marked, and the keyboard is in the first of them.
    fn is_stopped(&mut self, asked: Asked) -> bool {
        self.asked = asked;
        let faults = self.faults();
        if let Some((first, _)) = faults.first() {
            self.place = *first as usize;
            self.error = Some(fl!("camera-fields-wrong", n = faults.len().to_string()));
        }
        !faults.is_empty()
    }

    fn put(&self) -> Result<PutCamera, String> {
        if self.needs_test() && !self.is_tested() {
            return Err(fl!("camera-test-first"));
        }
        if self.must_choose_view() {
            return Err(self.choose_view());
        }
        let controller = self.controllers.get(self.controller);
        let settings = CameraSettings {
            id: self.text(Place::Id).parse().map_err(|_| fl!("camera-bad-id"))?,
            number: self.text(Place::Number).parse().map_err(|_| fl!("camera-bad-number"))?,
            name: self.text(Place::Name).to_owned(),
            place: self.text(Place::Site).to_owned(),
            controller: controller.ok_or_else(|| fl!("site-not-kept"))?.0.clone(),
            kind: KINDS[self.kind],
            onvif: self.text(Place::Onvif).to_owned(),
            personal_users: self.personal,
            view: self.view.clone().or_else(|| self.only_view()),
            return_home: match self.text(Place::Return) {
                "" => None,
                text => Some(text.parse().map_err(|_| fl!("camera-bad-return"))?),
            },
        };
        Ok(PutCamera {
            settings,
            picture: self.picture(),
            figures: Self::account(self.text(Place::FiguresUser), &self.figures_password),
            reason: self.text(Place::Reason).to_owned(),
            tested: self.is_tested(),
        })
    }

    /// The only view of a new camera: named, so that it stays the one if the device gets another.
    fn only_view(&self) -> Option<VideoView> {
        let only = self
            .views
            .first()
            .filter(|_| self.was.is_none() && self.views.len() == 1);
        only.map(|offered| offered.view.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;
    use crate::gui::input::Direction;
    use crate::gui::widget::typist::{self, keys};
    use secrecy::ExposeSecret as _;

    fn form(new: bool) -> (Form, Arc<fake::Fake>) {
        let fake = fake::administrator(4, 1);
        let desk: Arc<dyn CameraAdmin> = fake.clone();
        let form = if new {
            Form::new(&desk, fake::camera_admin::found().into_iter().next())
        } else {
            Form::of(&desk, CameraSettings::of(&desk.plan().cameras[0]))
        };
        (form, fake)
    }

    fn typed(form: &mut Form, place: Place, text: &str) {
        form.update(Message::Text(place, text.into()));
    }

    #[test]
    fn a_new_camera_is_saved_as_it_was_tested_and_not_otherwise() {
        let (mut form, desk) = form(true);
        typed(&mut form, Place::Site, "Via Verdi");
        typed(&mut form, Place::Reason, "nuovo palo");
        assert!(matches!(form.update(Message::Save), Action::None));
        typed(&mut form, Place::User, "vedetta");
        form.update(Message::Password(Place::Password, "segreta".into()));
        assert!(matches!(
            form.update(Message::Command(Command::Confirm)),
            Action::Run(_)
        ));
        assert_eq!(desk.said(), ["try http://192.0.2.31/onvif/device_service vedetta"]);
        let account = Box::new(form.picture().unwrap());
        let onvif = form.text(Place::Onvif).to_owned();
        form.update(Message::Tested(onvif, account, None, Ok(fake::camera_admin::report())));
        typed(&mut form, Place::Onvif, "http://192.0.2.99/onvif/device_service");
        assert!(matches!(form.update(Message::Save), Action::None), "another address");
        typed(&mut form, Place::Onvif, "http://192.0.2.31/onvif/device_service");
        let Action::Save(put) = form.update(Message::Command(Command::Confirm)) else {
            panic!("{:?}", form.error);
        };
        assert!(put.tested && put.figures.is_none());
        assert_eq!((put.settings.id.as_str(), put.settings.number), ("cam-05", 5));
    }

    #[test]
    fn r_prv_1_a_device_with_several_views_is_saved_only_with_the_one_that_was_chosen_and_tested() {
        let (mut form, _) = form(true);
        typed(&mut form, Place::Site, "Via Verdi");
        typed(&mut form, Place::Reason, "nuovo palo");
        typed(&mut form, Place::User, "vedetta");
        let view = |configuration: &str| VideoView {
            source: "lens-1".into(),
            configuration: configuration.into(),
        };
        let mut report = fake::camera_admin::report();
        report.views = ["wide", "tele"]
            .map(|name| OfferedView {
                view: view(name),
                streams: vec!["H264 640×360".into()],
            })
            .to_vec();
        let tested = |form: &mut Form, view: Option<VideoView>| {
            let account = Box::new(form.picture().unwrap());
            let onvif = form.text(Place::Onvif).to_owned();
            form.update(Message::Tested(onvif, account, view, Ok(report.clone())));
        };
        tested(&mut form, None);
        assert_eq!(form.place, Place::View as usize, "it asks which");
        assert!(form.error.is_some());
        assert!(matches!(form.update(Message::Save), Action::None), "none is chosen");
        form.update(Message::Command(Command::Arrow(Direction::Left)));
        assert_eq!(form.view, Some(view("tele")));
        assert!(
            matches!(form.update(Message::Save), Action::None),
            "another one than was tested"
        );
        tested(&mut form, Some(view("tele")));
        let Action::Save(put) = form.update(Message::Save) else {
            panic!("{:?}", form.error);
        };
        assert_eq!(put.settings.view, Some(view("tele")));
    }

    #[test]
    fn every_wrong_field_is_marked_at_once_and_until_it_is_right() {
        let (mut form, desk) = form(true);
        for (place, text) in [
            (Place::Id, "cam-13Nuova Cam"),
            (Place::Number, "13abc"),
            (Place::Name, "  "),
            (Place::Onvif, "pippo"),
        ] {
            typed(&mut form, place, text);
        }
        assert!(form.faults().is_empty(), "nothing was asked for yet");
        let marked = |form: &Form| form.faults().into_iter().map(|(place, _)| place).collect::<Vec<_>>();
        form.update(Message::Command(Command::Confirm));
        let wrong = [
            Place::Id,
            Place::Number,
            Place::Name,
            Place::Site,
            Place::Onvif,
            Place::User,
        ];
        assert_eq!(marked(&form), wrong);
        assert_eq!(form.place, Place::Id as usize);
        assert!(desk.said().is_empty(), "nothing was tried");
        typed(&mut form, Place::Number, "13");
        assert!(!marked(&form).contains(&Place::Number));
        form.update(Message::Save);
        assert_eq!(
            marked(&form).last(),
            Some(&Place::Reason),
            "a test needs no reason, saving does"
        );
    }

    #[test]
    fn a_name_is_changed_without_asking_the_camera() {
        let (mut form, desk) = form(false);
        typed(&mut form, Place::Name, "Piazza Nuova");
        typed(&mut form, Place::Id, "altra");
        assert!(matches!(form.update(Message::Save), Action::None), "no reason");
        typed(&mut form, Place::Reason, "nuova intitolazione");
        typed(&mut form, Place::Return, "subito");
        assert!(matches!(form.update(Message::Save), Action::None), "no minutes");
        typed(&mut form, Place::Return, "10 Ingresso");
        let Action::Save(put) = form.update(Message::Save) else {
            panic!("{:?}", form.error);
        };
        assert_eq!(
            (put.settings.id.as_str(), put.picture, put.tested),
            ("cam-01", None, false)
        );
        assert_eq!(put.settings.return_home, "10 Ingresso".parse().ok());
        assert!(desk.said().is_empty());
    }

    #[test]
    fn every_place_is_reached_by_tab_and_chosen_by_arrows() {
        let (mut form, _) = form(true);
        for (at, (place, _)) in ORDER.into_iter().enumerate() {
            assert_eq!((form.place, place as usize), (at, at));
            if place == Place::Kind {
                form.update(Message::Command(Command::Arrow(Direction::Right)));
                assert_eq!(KINDS[form.kind], CameraKind::Dome);
            }
            form.update(Message::Command(Command::Next));
        }
        assert_eq!(form.place, 0);
    }

    #[test]
    fn what_is_typed_after_tab_stays_in_its_field_of_the_camera() {
        let keys = keys(
            "cam-31⇥31⇥Piazza Nuova⇥Via Verdi⇥x⇥→⇥http://192.0.2.31/onvif⇥vedetta⇥segreta-1⇥cifre⇥segreta-2⇥x⇥10 Ingresso⇥→⇥nuovo palo⇤⇤⇤⇤segreta-3",
        );
        let hear = |form: &mut Form, message| drop(form.update(message));
        for form in typist::typed(&keys, || form(true).0, Form::view, hear) {
            let places = [
                (Place::Id, "cam-31"),
                (Place::Number, "31"),
                (Place::Name, "Piazza Nuova"),
                (Place::Site, "Via Verdi"),
                (Place::Onvif, "http://192.0.2.31/onvif"),
                (Place::User, "vedetta"),
                (Place::Password, ""),
                (Place::FiguresUser, "cifre"),
                (Place::FiguresPassword, ""),
                (Place::Return, "10 Ingresso"),
                (Place::Reason, "nuovo palo"),
            ];
            for (place, expected) in places {
                assert_eq!(form.text(place), expected, "{place:?}");
            }
            let passwords = [&form.password, &form.figures_password].map(SecretString::expose_secret);
            assert_eq!(passwords, ["segreta-1", "segreta-3"]);
            assert_eq!((KINDS[form.kind], form.personal), (CameraKind::Dome, true));
        }
    }
}
