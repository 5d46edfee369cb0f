//! How the form of a camera looks.
//!
//! Invariant: what is wrong with a field stands in the line of its label, so that nothing moves when it is said.
//! Deliberately absent: what happens.

use super::{Form, KINDS, Message, ORDER, Place, Tested, stops};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Direction, fixed_key};
use crate::gui::site_sentences;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, heading, labelled, marked_field, quiet};
use crate::gui::ui::form::wrong;
use crate::gui::widget::focus_scope::FocusScope;
use iced::alignment::Vertical;
use iced::widget::operation::{RelativeOffset, snap_to};
use iced::widget::{button, column, container, row, scrollable, text};
use iced::{Element, Fill, Padding, Task};
use secrecy::{ExposeSecret as _, SecretString};

const FIELDS: &str = "camera-fields";

impl Form {
    /// The form: its fields scroll where the window is low, what is wrong and the buttons stay.
    pub fn view(&self) -> Element<'_, Message> {
        let fields = container(self.fields()).padding(Padding::ZERO.right(16));
        let form = column![
            scrollable(fields).id(FIELDS).height(Fill).style(theme::scroll),
            wrong(self.error.as_deref()),
            self.buttons()
        ];
        let place = Some(self.place);
        FocusScope::new(form.spacing(8), stops(), place, Message::Command, Message::Clicked).into()
    }

    /// Scrolls to where the keyboard is.
    pub fn show_place<T: Send + 'static>(&self) -> Task<T> {
        let y = self.place as f32 / (ORDER.len() - 1) as f32;
        snap_to(FIELDS, RelativeOffset { x: 0.0, y })
    }

    fn fields(&self) -> Element<'_, Message> {
        let title = match &self.was {
            None => fl!("camera-new"),
            Some(was) => fl!("camera-edit", name = was.name.as_str()),
        };
        // Enter does in a field what it does on the form.
        let enter = Message::Command(Command::Confirm);
        let faults = self.faults();
        let typed = |label, place: Place| {
            let id = ORDER[place as usize].1;
            let value = &self.texts[place as usize];
            let typed = move |text| Message::Text(place, text);
            let fault = faults
                .iter()
                .find(|(wrong, _)| *wrong == place)
                .map(|(_, words)| words.clone());
            marked_field(label, fault, id, value, typed, enter.clone()).width(Fill)
        };
        let secret = |label, place: Place, value: &'_ SecretString| {
            let id = ORDER[place as usize].1;
            let typed = move |text: String| Message::Password(place, text.into());
            field(label, id, value.expose_secret(), true, typed, enter.clone()).width(Fill)
        };
        let controller = self.controllers.get(self.controller).map(|(_, name)| name.clone());
        let personal = if self.personal {
            fl!("camera-yes")
        } else {
            fl!("camera-no")
        };
        let mut form = column![
            heading(title),
            row![
                typed(fl!("camera-id"), Place::Id),
                typed(fl!("camera-number"), Place::Number)
            ]
            .spacing(12),
            row![
                typed(fl!("camera-name"), Place::Name),
                typed(fl!("camera-place"), Place::Site)
            ]
            .spacing(12),
            row![
                self.choice(
                    fl!("camera-controller"),
                    Place::Controller,
                    controller.unwrap_or_default()
                ),
                self.choice(fl!("camera-kind"), Place::Kind, site_sentences::kind(KINDS[self.kind])),
            ]
            .spacing(12),
            typed(fl!("camera-onvif"), Place::Onvif),
            row![
                typed(fl!("camera-user"), Place::User),
                secret(fl!("camera-password"), Place::Password, &self.password)
            ]
            .spacing(12),
            row![
                typed(fl!("camera-figures-user"), Place::FiguresUser),
                secret(
                    fl!("camera-figures-password"),
                    Place::FiguresPassword,
                    &self.figures_password
                )
            ]
            .spacing(12),
            self.choice(fl!("camera-view-label"), Place::View, self.view_words()),
            row![
                self.choice(fl!("camera-personal"), Place::Personal, personal),
                typed(fl!("camera-reason"), Place::Reason)
            ]
            .spacing(12),
        ]
        .spacing(10);
        if let Some(Tested { report, .. }) = self.tested.as_ref().filter(|_| self.is_tested()) {
            form = form.push(labelled(Icon::Delivered, site_sentences::report(report), Tone::Normal));
            for warning in site_sentences::warnings(report) {
                form = form.push(labelled(Icon::Warning, warning, Tone::Attention));
            }
        }
        form.push(quiet(fl!("camera-recorded"))).into()
    }

    fn buttons(&self) -> Element<'_, Message> {
        let enter = fixed_key(Command::Confirm);
        let first = self.needs_test() && !self.is_tested();
        let (test_key, save_key) = if first {
            (Some(&enter), None)
        } else {
            (None, Some(&enter))
        };
        let ready = !self.waiting;
        let at = |place: Place| self.place == place as usize;
        let test = action(
            Icon::Retry,
            if self.waiting {
                fl!("camera-testing")
            } else {
                fl!("camera-test")
            },
            test_key,
            at(Place::Test),
            ready.then_some(Message::Test),
        );
        let save = action(
            Icon::Save,
            fl!("camera-save"),
            save_key,
            at(Place::Save),
            (ready && !first).then_some(Message::Save),
        );
        let cancel = action(
            Icon::Close,
            fl!("export-cancel"),
            Some(&fixed_key(Command::Back)),
            false,
            Some(Message::Command(Command::Back)),
        );
        row![test, save, cancel].spacing(theme::GAP).into()
    }

    fn choice(&self, label: String, place: Place, value: String) -> Element<'_, Message> {
        let step = |direction, forward: bool| {
            button(text(fixed_key(Command::Arrow(direction))))
                .padding([6, 12])
                .style(theme::plain(false))
                .on_press(Message::Step(place, forward))
        };
        let shown = container(body(value))
            .padding(8)
            .width(Fill)
            .style(theme::row(self.place == place as usize));
        let line = row![step(Direction::Left, false), shown, step(Direction::Right, true)]
            .spacing(4)
            .align_y(Vertical::Center);
        column![quiet(label), line].spacing(4).width(Fill).into()
    }
}
