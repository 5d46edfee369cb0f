//! The right panel of the selected camera: pad, zoom, presets, who holds its lease, what masks and limits are in force,
//! figures of its stream.
//!
//! Invariant: the pad and its keys move the dome only while they are pressed. Deliberately absent: moving anything itself.

use crate::domain::camera::{CameraId, CameraKind};
use crate::domain::privacy::PoseKnowledge;
use crate::domain::ptz::steering;
use crate::domain::site::CameraPlan;
use crate::gui::i18n::fl;
use crate::gui::icons::{Icon, icon};
use crate::gui::input::{Command, Edge, Keymap};
use crate::gui::sentences;
use crate::gui::session_port::DomeLease;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, fact, heading, labelled, quiet};
use crate::station::{Holder, MaskSyncState, Preset, StreamFigures};
use iced::alignment::Vertical;
use iced::widget::{Column, button, column, container, mouse_area, row, rule, scrollable, text};
use iced::{Element, Fill, Point};
use std::time::Duration;

/// Side of a key of the pad, logical pixels.
const KEY: f32 = 46.0;

/// Presets that have a key.
pub const WITH_KEY: usize = 9;

/// What a hand does to the panel.
#[derive(Debug, Clone)]
pub enum Message {
    /// A command that also has a key.
    Command(Command, Edge),
    Pad(Pad),
}

/// What a hand does to the pad; the keys for it are the arrows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pad {
    /// The pointer is at this deflection: right and up positive, 1 at the rim.
    At([f64; 2]),
    Pressed,
}

/// What the panel remembers: the presets of one dome, and the dome that goes through its presets by itself.
#[derive(Debug, Default)]
pub struct PtzPanel {
    presets: Option<(CameraId, Vec<Preset>)>,
    /// With how long it stays at each.
    patrol: Option<(CameraId, Duration)>,
}

/// What the panel shows.
pub struct Facts<'a> {
    pub keymap: &'a Keymap,
    pub camera: &'a CameraPlan,
    pub lease: Option<&'a DomeLease>,
    /// How the camera's own masks and limits stand to the plan, once it was asked.
    pub mask_sync: Option<&'a MaskSyncState>,
    /// Who else watches it.
    pub watching: Vec<Holder>,
    pub pose: Option<PoseKnowledge>,
    pub figures: Option<StreamFigures>,
    /// What the figures say, if something is wrong.
    pub verdict: Option<String>,
    /// The control the keyboard is on: see [`PtzPanel::controls`].
    pub focus: Option<usize>,
}

impl PtzPanel {
    /// Keeps the presets of a dome.
    pub fn keep(&mut self, camera: CameraId, presets: Vec<Preset>) {
        self.presets = Some((camera, presets));
    }

    /// Whether the presets of this dome still have to be asked for.
    pub fn lacks(&self, camera: &CameraId) -> bool {
        self.presets.as_ref().is_none_or(|(known, _)| known != camera)
    }

    /// The presets of this dome, as far as they are known.
    pub fn presets(&self, camera: &CameraId) -> &[Preset] {
        match &self.presets {
            Some((known, presets)) if known == camera => presets,
            _ => &[],
        }
    }

    /// Keeps which dome is on patrol, and how long it stays at each preset.
    pub fn keep_patrol(&mut self, patrol: Option<(CameraId, Duration)>) {
        self.patrol = patrol;
    }

    fn patrol_words(&self, camera: &CameraId) -> String {
        match &self.patrol {
            Some((dome, dwell)) if dome == camera => fl!("panel-patrol-on", n = dwell.as_secs().to_string()),
            Some(_) | None => fl!("panel-patrol"),
        }
    }

    /// The commands of the panel's controls in the order of the keyboard.
    pub fn controls(&self, camera: &CameraPlan) -> Vec<Command> {
        let presets = (1..=WITH_KEY.min(self.presets(&camera.id).len())).filter_map(|n| u8::try_from(n).ok());
        let presets = presets.map(Command::CallPreset);
        [Command::Playback, Command::Snapshot, Command::Export]
            .into_iter()
            .chain(presets)
            .collect()
    }

    /// The panel.
    pub fn view<'a>(&'a self, facts: Facts<'a>) -> Element<'a, Message> {
        let camera = facts.camera;
        let title = column![
            heading(format!("{} · {}", camera.number, camera.name)),
            quiet(camera.place.as_str()),
        ];
        let acts = [
            (Icon::Recording, fl!("panel-playback"), Command::Playback),
            (Icon::Snapshot, fl!("panel-snapshot"), Command::Snapshot),
            (Icon::Export, fl!("panel-export"), Command::Export),
        ];
        let acts = acts.into_iter().enumerate().map(|(place, (sign, words, command))| {
            let focused = facts.focus == Some(place);
            let key = facts.keymap.key(command);
            action(
                sign,
                words,
                key.as_ref(),
                focused,
                Some(Message::Command(command, Edge::Down)),
            )
            .width(Fill)
            .into()
        });
        let mut parts: Column<'a, Message> = column![title, column(acts).spacing(4)].spacing(12).padding(12);
        if camera.kind == CameraKind::Dome {
            parts = parts
                .push(lease_lines(facts.keymap, facts.lease))
                .push(pad())
                .push(self.preset_list(facts.keymap, camera, facts.focus));
        }
        if !facts.watching.is_empty() {
            parts = parts.push(watched(&facts.watching));
        }
        parts = parts
            .push(rule::horizontal(1))
            .push(limits(camera, facts.pose, facts.mask_sync));
        if let Some(figures) = facts.figures {
            parts = parts.push(rule::horizontal(1)).push(stream(&figures, facts.verdict));
        }
        scrollable(parts).height(Fill).style(theme::scroll).into()
    }

    fn preset_list(&self, keymap: &Keymap, camera: &CameraPlan, focus: Option<usize>) -> Element<'_, Message> {
        let presets = self
            .presets(&camera.id)
            .iter()
            .take(WITH_KEY)
            .zip(1u8..)
            .map(|(preset, n)| {
                let line = row![
                    text(keymap.key(Command::CallPreset(n)).unwrap_or_default())
                        .size(theme::SMALL)
                        .color(theme::QUIET)
                        .width(48),
                    text(preset.name.as_str())
                        .size(theme::SMALL)
                        .wrapping(text::Wrapping::None),
                ];
                button(line.spacing(6))
                    .padding([5, 8])
                    .width(Fill)
                    .clip(true)
                    .style(theme::plain(focus == Some(2 + usize::from(n))))
                    .on_press(Message::Command(Command::CallPreset(n), Edge::Down))
                    .into()
            });
        let others = [
            (Icon::Place, fl!("panel-home"), Command::CallHome),
            (Icon::Retry, self.patrol_words(&camera.id), Command::Patrol),
        ];
        let others = others.into_iter().map(|(sign, words, command)| {
            let key = keymap.key(command);
            action(
                sign,
                words,
                key.as_ref(),
                false,
                Some(Message::Command(command, Edge::Down)),
            )
            .width(Fill)
            .into()
        });
        column![
            quiet(fl!("panel-presets")),
            column(presets).spacing(4),
            quiet(fl!(
                "panel-presets-hint",
                first = keymap.named(Command::SavePreset(1)),
                last = keymap.named(Command::SavePreset(9))
            )),
            column(others).spacing(4)
        ]
        .spacing(6)
        .into()
    }
}

fn lease_lines<'a>(keymap: &Keymap, lease: Option<&'a DomeLease>) -> Element<'a, Message> {
    let (words, tone) = match lease {
        None => (fl!("panel-free"), Tone::Normal),
        Some(lease) if lease.ours => (fl!("panel-held-by-you"), Tone::Normal),
        Some(lease) => (
            fl!(
                "panel-held-by",
                name = lease.display_name.as_str(),
                body = lease.agency.as_str()
            ),
            Tone::Other,
        ),
    };
    let mut lines = column![labelled(Icon::Leased, words, tone)].spacing(4);
    if let Some(to) = lease.and_then(|lease| lease.passes_to.as_ref()) {
        let words = fl!("panel-passing", name = to.display_name.as_str());
        lines = lines.push(labelled(Icon::Warning, words, Tone::Act));
    } else if let Some(asking) = lease.filter(|lease| lease.ours).and_then(|lease| lease.asking.first()) {
        let words = fl!(
            "panel-asked",
            name = asking.by.display_name.as_str(),
            key = keymap.named(Command::HandOver)
        );
        lines = lines.push(labelled(Icon::Warning, words, Tone::Act));
    }
    lines.into()
}

fn watched<'a>(others: &[Holder]) -> Element<'a, Message> {
    let line = |other: &Holder| {
        let words = format!("{} · {}", other.display_name, other.agency);
        labelled(Icon::Person, words, Tone::Other).into()
    };
    column![quiet(fl!("panel-watching")), column(others.iter().map(line)).spacing(2)]
        .spacing(4)
        .into()
}

/// The pad, which turns the dome by its deflection while it is pressed, and the keys for zoom and Stop beside it.
fn pad<'a>() -> Element<'a, Message> {
    let key = |sign: Icon, command: Command| -> Element<'a, Message> {
        mouse_area(container(icon(sign, theme::HEADING)).center(KEY).style(theme::inset))
            .on_press(Message::Command(command, Edge::Down))
            .on_release(Message::Command(command, Edge::Up))
            .interaction(iced::mouse::Interaction::Pointer)
            .into()
    };
    let sign = |sign| container(icon(sign, theme::HEADING)).center(KEY);
    let gap = || container("").width(KEY);
    let cross = column![
        row![gap(), sign(Icon::Up), gap()],
        row![sign(Icon::Left), gap(), sign(Icon::Right)],
        row![gap(), sign(Icon::Down), gap()],
    ];
    let deflection = |at: Point| {
        let half = 1.5 * KEY;
        [f64::from(at.x / half - 1.0), f64::from(1.0 - at.y / half)]
    };
    let pad = mouse_area(container(cross).style(theme::inset))
        .on_move(move |at| Message::Pad(Pad::At(deflection(at))))
        .on_press(Message::Pad(Pad::Pressed))
        .interaction(iced::mouse::Interaction::Pointer);
    let keys = column![
        key(Icon::ZoomIn, Command::ZoomIn),
        key(Icon::ZoomOut, Command::ZoomOut),
        key(Icon::Stop, Command::Stop)
    ];
    row![pad, keys.spacing(4)].spacing(18).align_y(Vertical::Center).into()
}

fn limits<'a>(
    camera: &CameraPlan,
    pose: Option<PoseKnowledge>,
    mask_sync: Option<&MaskSyncState>,
) -> Element<'a, Message> {
    let range = |range: Option<[f64; 2]>| match range {
        Some([low, high]) => fl!(
            "panel-range",
            low = sentences::decimal(low, 0),
            high = sentences::decimal(high, 0)
        ),
        None => fl!("panel-no-limit"),
    };
    let mut facts = column![fact(fl!("panel-masks"), camera.masks.len().to_string())].spacing(4);
    if camera.kind == CameraKind::Dome {
        let ceiling = camera.limits.zoom_ceiling;
        let ceiling = ceiling.map_or_else(|| fl!("panel-no-limit"), sentences::times);
        let zoom = camera.lens.as_ref().zip(pose.as_ref());
        let zoom = zoom.and_then(|(lens, pose)| steering::magnification(lens, pose));
        let zoom = zoom.map_or_else(|| fl!("panel-pose-unknown"), sentences::times);
        facts = facts
            .push(fact(fl!("panel-zoom"), zoom))
            .push(fact(fl!("panel-zoom-ceiling"), ceiling))
            .push(fact(fl!("panel-pan-limit"), range(camera.limits.pan_deg)))
            .push(fact(fl!("panel-tilt-limit"), range(camera.limits.tilt_deg)));
        let pose = match pose {
            Some(PoseKnowledge::Within(pose)) => fl!(
                "panel-pose-known",
                pan = sentences::decimal(((pose.pan.lo + pose.pan.hi) / 2.0 + 180.0).rem_euclid(360.0) - 180.0, 1),
                tilt = sentences::decimal((pose.tilt.lo + pose.tilt.hi) / 2.0, 1)
            ),
            Some(PoseKnowledge::Unknown(_)) | None => fl!("panel-pose-unknown"),
        };
        facts = facts.push(fact(fl!("panel-pose"), pose));
    }
    if let Some(state) = mask_sync {
        facts = facts.push(fact(fl!("panel-on-camera"), sentences::on_camera(state)));
    }
    facts.into()
}

fn stream<'a>(figures: &StreamFigures, verdict: Option<String>) -> Element<'a, Message> {
    let latency = match figures.latency_ms {
        Some(ms) => fl!("figures-ms", ms = sentences::decimal(ms, 0)),
        None => fl!("figures-unknown"),
    };
    column![
        fact(
            fl!("panel-codec"),
            format!("{} {}×{}", figures.codec, figures.width, figures.height)
        ),
        fact(fl!("panel-received"), sentences::decimal(figures.received_fps, 1)),
        fact(fl!("panel-fps"), sentences::decimal(figures.decoded_fps, 1)),
        fact(
            fl!("panel-bitrate"),
            fl!("panel-kbit", n = sentences::decimal(figures.bitrate_kbit_s, 0))
        ),
        fact(fl!("panel-lost"), figures.lost_packets.to_string()),
        fact(
            fl!("panel-jitter"),
            fl!("figures-ms", ms = sentences::decimal(figures.jitter_ms, 0))
        ),
        fact(fl!("panel-latency"), latency),
    ]
    .spacing(4)
    .push(verdict.map(|sentence| labelled(Icon::Warning, sentence, Tone::Attention)))
    .into()
}
