//! The mask editor, in the place of the right panel: a polygon drawn point by point on the live picture, what it hides, why,
//! and what becomes of proposals (R-PRV-1).
//!
//! Invariant: a point on a dome's picture is kept as a direction, so the draft stays on the place while the dome turns; it is
//! only ever shown as a cover of its own, never instead of one in force. Nothing changes before a supervisor who is not the
//! author approves. Deliberately absent: drawing (the wall covers the draft like any mask).

use crate::domain::camera::{CameraKind, Direction, MaskId};
use crate::domain::people::Level;
use crate::domain::privacy::camera_geometry::direction_at;
use crate::domain::privacy::{CoverStyle, PoseKnowledge};
use crate::domain::site::{CameraPlan, Mask, MaskShape};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::Command;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, heading, labelled, quiet};
use crate::gui::widget::focus_scope::{self, FocusScope, Stop};
use crate::station::{MaskChange, MaskProposal, ProposedMask, Verdict};
use iced::widget::{Column, button, column, row, rule, scrollable, text};
use iced::{Element, Fill};

/// A pose less certain than this is not drawn on, degrees on each side.
const STEADY_DEG: f64 = 1.0;

const NAME: &str = "editor-name";
const REASON: &str = "editor-reason";

/// The stops of the keyboard, in its order.
fn stops() -> Vec<Stop> {
    vec![Stop::Field(NAME.into()), Stop::Field(REASON.into())]
}

/// What is being drawn.
#[derive(Debug, Clone)]
pub struct MaskEditor {
    camera: CameraPlan,
    /// The mask that is changed; `None`: a new one.
    of: Option<MaskId>,
    directions: Vec<Direction>,
    picture: Vec<[f64; 2]>,
    name: String,
    reason: String,
    permanent: bool,
    style: CoverStyle,
    note: Option<String>,
    /// The field that has the keyboard; `None`: the wall has it.
    at: Option<usize>,
}

/// What happens in the editor.
#[derive(Debug, Clone)]
pub enum Message {
    Name(String),
    Reason(String),
    Permanent,
    /// The next way of hiding.
    Style,
    /// Takes the last point back.
    Undo,
    /// Begins with an existing mask.
    Change(MaskId),
    Remove(MaskId),
    Propose,
    Decide(u64, Verdict),
    Close,
    /// The n-th field was clicked.
    Clicked(usize),
    /// A click beside the fields.
    Left,
    /// Typed while a field has the keyboard.
    Command(Command),
}

/// What the parent does next.
pub enum Action {
    None,
    /// Cover this on the camera, beside what is in force.
    Draft(Option<Mask>),
    Propose(MaskProposal),
    Decide(u64, Verdict),
    Close,
}

impl MaskEditor {
    /// A new mask on a camera.
    pub fn new(camera: CameraPlan) -> Self {
        Self {
            camera,
            of: None,
            directions: Vec::new(),
            picture: Vec::new(),
            name: String::new(),
            reason: String::new(),
            permanent: true,
            style: CoverStyle::default(),
            note: None,
            at: None,
        }
    }

    /// The camera it is for.
    pub fn camera(&self) -> &CameraPlan {
        &self.camera
    }

    /// A click in the picture: one more corner.
    pub fn point(&mut self, at: [f64; 2], pose: &PoseKnowledge) -> Action {
        if self.camera.kind != CameraKind::Dome {
            self.picture.push(at);
            return self.draft();
        }
        let (Some(pose), Some(lens)) = (pose.steady(STEADY_DEG), &self.camera.lens) else {
            self.note = Some(fl!("editor-not-steady"));
            return Action::None;
        };
        self.note = None;
        self.directions.push(direction_at(lens, pose, at));
        self.draft()
    }

    fn corners(&self) -> usize {
        self.directions.len() + self.picture.len()
    }

    fn mask(&self) -> Option<Mask> {
        let shape = if self.camera.kind == CameraKind::Dome {
            MaskShape::Directions(self.directions.clone())
        } else {
            MaskShape::Picture(self.picture.clone())
        };
        let free = |n: &usize| {
            let id = format!("maschera-{n}");
            !self.camera.masks.iter().any(|mask| mask.id.as_str() == id)
        };
        let id = match &self.of {
            Some(id) => id.clone(),
            None => format!("maschera-{}", (1..).find(free)?).parse().ok()?,
        };
        (self.corners() >= 3).then(|| Mask {
            id,
            name: self.name.trim().to_owned(),
            shape,
            permanent: self.permanent,
            reason: self.reason.trim().to_owned(),
            style: self.style,
            revision: None,
        })
    }

    fn draft(&self) -> Action {
        Action::Draft(self.mask())
    }

    /// Takes up what the camera has now, after a proposal was approved.
    pub fn refresh(&mut self, camera: CameraPlan) {
        self.camera = camera;
    }

    /// Says how a proposal or a verdict came out, in the editor.
    pub fn say(&mut self, words: String) {
        self.note = Some(words);
    }

    /// Changes the state and says what to do.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Name(name) => self.name = name,
            Message::Reason(reason) => self.reason = reason,
            Message::Permanent => self.permanent = !self.permanent,
            Message::Style => {
                self.style = match self.style {
                    CoverStyle::Solid => CoverStyle::Pixelated,
                    CoverStyle::Pixelated => CoverStyle::Blurred,
                    CoverStyle::Blurred => CoverStyle::Solid,
                };
                return self.draft();
            }
            Message::Undo => {
                self.directions.pop();
                self.picture.pop();
                return self.draft();
            }
            Message::Change(id) => {
                if let Some(mask) = self.camera.masks.iter().find(|mask| mask.id == id) {
                    self.name.clone_from(&mask.name);
                    self.permanent = mask.permanent;
                    self.style = mask.style;
                    // Its corners are drawn anew; until then the one in force stays.
                    (self.directions, self.picture) = (Vec::new(), Vec::new());
                    self.of = Some(id);
                }
            }
            Message::Remove(id) => return self.propose(MaskChange::Remove(id)),
            Message::Propose => {
                return match self.mask() {
                    Some(mask) if !mask.name.is_empty() => self.propose(MaskChange::Put(mask)),
                    _ => {
                        self.note = Some(fl!("editor-incomplete"));
                        Action::None
                    }
                };
            }
            Message::Decide(id, verdict) => return Action::Decide(id, verdict),
            Message::Close => return Action::Close,
            Message::Clicked(at) => self.at = Some(at),
            Message::Left | Message::Command(Command::Back) => self.at = None,
            Message::Command(command) => self.at = self.at.map(|at| focus_scope::moved(&stops(), at, command)),
        }
        Action::None
    }

    fn propose(&mut self, change: MaskChange) -> Action {
        let reason = self.reason.trim().to_owned();
        if reason.is_empty() {
            self.note = Some(fl!("refusal-no-reason"));
            return Action::None;
        }
        Action::Propose(MaskProposal {
            change,
            reason,
            found: None,
        })
    }

    /// The panel.
    pub fn view<'a>(&'a self, proposals: &'a [ProposedMask], level: Level) -> Element<'a, Message> {
        let mut parts: Column<'a, Message> = column![
            column![
                heading(fl!("editor-title")),
                quiet(format!("{} · {}", self.camera.number, self.camera.name))
            ],
            quiet(fl!("editor-how")),
            body(fl!("editor-corners", n = self.corners().to_string())),
            action(
                Icon::Back,
                fl!("editor-undo"),
                None,
                false,
                (self.corners() > 0).then_some(Message::Undo)
            ),
            field(
                fl!("editor-name"),
                NAME,
                &self.name,
                false,
                Message::Name,
                Message::Propose
            ),
            field(
                fl!("export-reason"),
                REASON,
                &self.reason,
                false,
                Message::Reason,
                Message::Propose
            ),
            choice(permanence(self.permanent), Message::Permanent),
            choice(style(self.style), Message::Style),
            action(Icon::Save, fl!("editor-propose"), None, false, Some(Message::Propose)),
            action(Icon::Close, fl!("export-close"), None, false, Some(Message::Close)),
        ]
        .spacing(10)
        .padding(12);
        if let Some(note) = &self.note {
            parts = parts.push(labelled(Icon::Warning, note.as_str(), Tone::Attention));
        }
        let waiting = proposals.iter().filter(|proposed| proposed.camera == self.camera.id);
        for proposed in waiting {
            parts = parts.push(rule::horizontal(1)).push(proposal(proposed, level));
        }
        parts = parts.push(rule::horizontal(1)).push(quiet(fl!("panel-masks")));
        for mask in &self.camera.masks {
            parts = parts.push(in_force(mask));
        }
        let panel = scrollable(parts).height(Fill).style(theme::scroll);
        FocusScope::new(panel, stops(), self.at, Message::Command, Message::Clicked)
            .left_by_click(|| Message::Left)
            .into()
    }
}

fn choice<'a>(words: String, message: Message) -> Element<'a, Message> {
    button(text(words).size(theme::SMALL))
        .width(Fill)
        .padding([6, 10])
        .style(theme::plain(false))
        .on_press(message)
        .into()
}

fn permanence(permanent: bool) -> String {
    if permanent {
        fl!("editor-permanent")
    } else {
        fl!("editor-liftable")
    }
}

fn style(style: CoverStyle) -> String {
    match style {
        CoverStyle::Solid => fl!("editor-solid"),
        CoverStyle::Pixelated => fl!("editor-pixelated"),
        CoverStyle::Blurred => fl!("editor-blurred"),
    }
}

fn in_force(mask: &Mask) -> Element<'_, Message> {
    let version = match &mask.revision {
        Some(revision) => fl!(
            "editor-version",
            n = revision.number.to_string(),
            author = revision.author.as_str(),
            approver = revision.approver.as_str()
        ),
        None => fl!("editor-first-version"),
    };
    let small = |words: String, message| {
        button(text(words).size(theme::SMALL))
            .padding([3, 8])
            .style(theme::plain(false))
            .on_press(message)
    };
    column![
        body(mask.name.as_str()),
        quiet(format!("{} · {version}", permanence(mask.permanent))),
        row![
            small(fl!("editor-change"), Message::Change(mask.id.clone())),
            small(fl!("editor-remove"), Message::Remove(mask.id.clone())),
        ]
        .spacing(6),
    ]
    .spacing(3)
    .into()
}

fn proposal(proposed: &ProposedMask, level: Level) -> Element<'_, Message> {
    let what = match &proposed.proposal.change {
        MaskChange::Put(mask) => mask.name.clone(),
        MaskChange::Remove(id) => fl!("editor-removal", name = id.as_str()),
        MaskChange::Lens(_) => fl!("editor-lens"),
        MaskChange::Speeds(_) => fl!("editor-speeds"),
        MaskChange::Delays(_) => fl!("editor-delays"),
    };
    let mut parts = column![
        labelled(Icon::Waiting, fl!("editor-proposed", what = what), Tone::Attention),
        quiet(format!(
            "{} · {}",
            proposed.author.display_name, proposed.proposal.reason
        )),
    ]
    .spacing(4);
    if level == Level::Supervisor {
        let verdict =
            |sign, words, verdict| action(sign, words, None, false, Some(Message::Decide(proposed.id, verdict)));
        parts = parts.push(
            row![
                verdict(Icon::Done, fl!("editor-approve"), Verdict::Approve),
                verdict(Icon::Refused, fl!("editor-decline"), Verdict::Decline),
            ]
            .spacing(6),
        );
    }
    parts.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;
    use crate::gui::widget::typist::{self, keys};

    #[test]
    fn what_is_typed_after_tab_stays_in_its_field_of_the_mask() {
        let made = || {
            let mut editor = MaskEditor::new(fake::desk(1, 0).plan().cameras[0].clone());
            editor.update(Message::Clicked(0));
            editor
        };
        let keys = keys("tetto⇥panni stesi⇤finestra al primo piano⇥panni stesi ai balconi");
        let editors = typist::typed(
            &keys,
            made,
            |editor| editor.view(&[], Level::Operator),
            |editor, message| drop(editor.update(message)),
        );
        for editor in editors {
            assert_eq!(
                (editor.name.as_str(), editor.reason.as_str()),
                ("finestra al primo piano", "panni stesi ai balconi")
            );
        }
    }
}
