//! How the screen of cameras looks: what waits, the table, the acts beneath it, the form in their place.
//!
//! Deliberately absent: what happens.

use super::{Cameras, Message, Stage, TABLE};
use crate::domain::camera::CameraId;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Keymap, fixed_key};
use crate::gui::site_sentences;
use crate::gui::theme;
use crate::gui::ui::admin_reason::ReasonDialog;
use crate::gui::ui::controls::{action, body, heading, outcome, quiet};
use crate::gui::ui::table::{self, Cell};
use crate::station::{CameraView, FoundCamera, SiteProposal, Verdict};
use iced::alignment::Vertical;
use iced::widget::{Column, button, column, container, row, scrollable, space, text};
use iced::{Element, Fill};

/// The parts of the width that the columns take; the titles fit theirs on the smallest screen.
const PARTS: [u16; 7] = [9, 20, 20, 9, 28, 10, 24];

impl Cameras {
    /// The screen.
    pub fn view(&self, keymap: &Keymap) -> Element<'_, Message> {
        let count = self.rows.as_ref().map_or(0, Vec::len);
        let close = act(
            Icon::Close,
            fl!("export-close"),
            Some(fixed_key(Command::Back)),
            true,
            Message::Command(Command::Back),
        );
        let title = row![
            heading(fl!("cameras-title")),
            quiet(fl!("cameras-count", n = count.to_string())),
            space().width(Fill),
            // A form has a button of its own that Esc presses.
            (!matches!(self.stage, Stage::Form(_))).then_some(close)
        ]
        .spacing(12)
        .align_y(Vertical::Center);
        let page = match &self.stage {
            Stage::Form(form) => column![title, form.view().map(Message::Form)],
            Stage::Finding => column![title, body(fl!("cameras-finding"))],
            Stage::Found { all, chosen } => column![title, found(all, *chosen)],
            Stage::List | Stage::Removing(_) => self.list(title.into(), keymap),
        };
        let mut page = page.spacing(10);
        if let Some((tone, said)) = &self.said {
            page = page.push(outcome(said.as_str(), *tone));
        }
        let page = container(page)
            .padding(20)
            .width(Fill)
            .height(Fill)
            .style(|_| container::background(theme::GROUND));
        match &self.stage {
            // What lies under the question cannot be reached.
            Stage::Removing(question) => question
                .over(Element::from(page).map(|_| ReasonDialog::<CameraId>::command(Command::Stop)))
                .map(Message::Because),
            _ => page.into(),
        }
    }

    fn list<'a>(&'a self, title: Element<'a, Message>, keymap: &Keymap) -> Column<'a, Message> {
        let table: Element<'_, Message> = match &self.rows {
            None => body(fl!("people-loading")).into(),
            Some(rows) => self.table(rows),
        };
        column![
            title,
            titles(),
            table,
            self.acts(keymap),
            quiet(fl!("cameras-hint", back = fixed_key(Command::Back))),
            quiet(fl!("cameras-recorded"))
        ]
    }

    fn table<'a>(&'a self, rows: &'a [CameraView]) -> Element<'a, Message> {
        let mut lines = Vec::new();
        if !self.waiting.is_empty() {
            lines.push(table::group(fl!("cameras-waiting")));
        }
        for (at, proposal) in self.waiting.iter().enumerate() {
            lines.push(waiting(proposal, at, at == self.chosen));
        }
        let above = self.waiting.len();
        for (at, camera) in rows.iter().enumerate() {
            lines.push(line(camera, above + at, above + at == self.chosen));
        }
        table::lines(TABLE, lines)
    }

    fn acts(&self, keymap: &Keymap) -> Element<'_, Message> {
        if let Some(proposal) = self.proposal() {
            let may = |verdict| self.may_decide(proposal, verdict);
            return row![
                act(
                    Icon::Done,
                    fl!("cameras-approve"),
                    keymap.key(Command::Approve),
                    may(Verdict::Approve),
                    Message::Decide(Verdict::Approve)
                ),
                act(
                    Icon::Refused,
                    fl!("cameras-decline"),
                    keymap.key(Command::Decline),
                    may(Verdict::Decline),
                    Message::Decide(Verdict::Decline)
                ),
            ]
            .spacing(theme::GAP)
            .into();
        }
        let keeps = self.desk.administers_cameras();
        let chosen = keeps && self.camera().is_some();
        row![
            act(
                Icon::Camera,
                fl!("cameras-new"),
                keymap.key(Command::NewCamera),
                keeps,
                Message::New
            ),
            act(
                Icon::Search,
                fl!("cameras-find"),
                keymap.key(Command::FindCameras),
                keeps,
                Message::Find
            ),
            act(
                Icon::Open,
                fl!("cameras-edit"),
                Some(fixed_key(Command::Confirm)),
                chosen,
                Message::Edit
            ),
            act(
                Icon::Close,
                fl!("cameras-remove"),
                keymap.key(Command::RemoveCamera),
                chosen,
                Message::Remove
            ),
        ]
        .spacing(theme::GAP)
        .into()
    }
}

fn act<'a>(icon: Icon, words: String, key: Option<String>, may: bool, message: Message) -> Element<'a, Message> {
    action(icon, words, key.as_ref(), false, may.then_some(message)).into()
}

fn titles<'a>() -> Element<'a, Message> {
    let titles = [
        fl!("cameras-number"),
        fl!("camera-name"),
        fl!("camera-place"),
        fl!("camera-kind"),
        fl!("camera-onvif"),
        fl!("cameras-masks"),
        fl!("people-state"),
    ];
    table::titles(titles, PARTS)
}

fn line(camera: &CameraView, at: usize, chosen: bool) -> Element<'_, Message> {
    let settings = &camera.settings;
    let (state, tone) = site_sentences::state(camera);
    let cells = [
        Cell::strong(settings.number.to_string()),
        Cell::strong(settings.name.as_str()),
        Cell::plain(settings.place.as_str()),
        Cell::plain(site_sentences::kind(settings.kind)),
        Cell::plain(settings.onvif.as_str()),
        Cell::plain(camera.masks.to_string()),
        Cell::toned(state, tone),
    ];
    table::line(cells, PARTS, chosen, Message::Choose(at))
}

fn waiting(proposal: &SiteProposal, at: usize, chosen: bool) -> Element<'_, Message> {
    let differences: Vec<String> = proposal.differences.iter().map(site_sentences::difference).collect();
    let who = fl!(
        "cameras-proposed-by",
        name = proposal.author.display_name.as_str(),
        reason = proposal.reason.as_str()
    );
    let lines = column![
        text(differences.join(" · ")).size(theme::SMALL).font(theme::STRONG),
        quiet(who)
    ];
    button(lines)
        .width(Fill)
        .padding([6, 10])
        .style(theme::plain(chosen))
        .on_press(Message::Choose(at))
        .into()
}

fn found(all: &[FoundCamera], chosen: usize) -> Element<'_, Message> {
    if all.is_empty() {
        return body(fl!("cameras-none-found")).into();
    }
    let one = |(at, camera): (usize, &FoundCamera)| {
        let name = camera.name.clone().unwrap_or_else(|| fl!("cameras-unnamed"));
        button(
            row![
                text(name).size(theme::SMALL).font(theme::STRONG).width(260),
                text(camera.onvif.clone()).size(theme::SMALL)
            ]
            .spacing(10),
        )
        .width(Fill)
        .padding([6, 10])
        .style(theme::plain(at == chosen))
        .on_press(Message::Take(at))
        .into()
    };
    let list = Column::with_children(all.iter().enumerate().map(one)).spacing(2);
    column![
        quiet(fl!("cameras-found")),
        scrollable(list).height(Fill).style(theme::scroll)
    ]
    .spacing(8)
    .into()
}
