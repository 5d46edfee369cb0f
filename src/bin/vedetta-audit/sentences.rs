//! What a test of a camera, a change of the plan and a fault in its file are in words, one sentence each.
//!
//! Deliberately absent: everything else.

use vedetta::domain::camera::LensError;
use vedetta::domain::privacy::convex::{MOST_POINTS, ShapeError};
use vedetta::domain::privacy::school_calendar::CalendarError;
use vedetta::domain::site::change::{Difference, Field};
use vedetta::domain::site::file::FileTrouble;
use vedetta::domain::site::{CameraError, PlanError};
use vedetta::gui::i18n::fl;
use vedetta::onvif::{OnvifError, OnvifErrorKind, TestReport};

/// Clocks that differ by less are not worth a word, seconds.
const CLOCK_SLACK_S: u64 = 5;

/// Whether a camera that let nobody in answered at all.
pub fn answered(error: &OnvifError) -> bool {
    !matches!(error.kind(), OnvifErrorKind::Unreachable | OnvifErrorKind::Timeout)
}

/// What a test found.
pub fn trial(found: &Result<TestReport, OnvifError>) -> String {
    let trial = match found {
        Ok(trial) => trial,
        Err(error) => {
            return match error.kind() {
                OnvifErrorKind::Unreachable | OnvifErrorKind::Timeout => fl!("test-unreachable"),
                OnvifErrorKind::WrongPassword => fl!("test-password"),
                OnvifErrorKind::ClockWrong => fl!("test-clock"),
                OnvifErrorKind::Busy => fl!("test-busy"),
                OnvifErrorKind::SeveralViews => fl!("test-several-views"),
                OnvifErrorKind::ViewGone => fl!("test-view-gone"),
                OnvifErrorKind::Nonsense
                | OnvifErrorKind::TooLarge
                | OnvifErrorKind::TooDeep
                | OnvifErrorKind::Fault
                | OnvifErrorKind::NotSupported => fl!("test-nonsense", why = error.to_string()),
            };
        }
    };
    let clock = match trial.clock_offset_s {
        None => fl!("camera-clock-unknown"),
        Some(offset) if offset.unsigned_abs() < CLOCK_SLACK_S => fl!("camera-clock-right"),
        Some(offset) => fl!("camera-clock-off", seconds = offset.to_string()),
    };
    let streams = match &trial.streams {
        Ok(streams) if streams.is_empty() => fl!("camera-no-streams"),
        Ok(streams) => {
            let each = streams
                .iter()
                .map(|stream| format!("{} {}×{}", stream.codec, stream.width, stream.height));
            each.collect::<Vec<_>>().join(", ")
        }
        Err(error) => fl!("test-streams", why = error.to_string()),
    };
    let ptz = match trial.ptz {
        Ok(true) => fl!("camera-ptz"),
        Ok(false) => fl!("camera-no-ptz"),
        Err(_) => fl!("camera-ptz-unknown"),
    };
    let masks = match &trial.masks {
        Ok(Some(options)) => fl!("camera-masks", n = options.most_masks.to_string()),
        Ok(None) | Err(_) => fl!("camera-no-masks"),
    };
    let mut lines = vec![fl!(
        "camera-report",
        clock = clock,
        streams = streams,
        ptz = ptz,
        masks = masks
    )];
    if trial.views.len() > 1 {
        let named = trial
            .views
            .iter()
            .map(|view| format!("{} / {}", view.source, view.configuration));
        lines.push(fl!("test-views", views = named.collect::<Vec<_>>().join(", ")));
        if trial.view.is_none() {
            lines.push(fl!("test-several-views"));
        }
    }
    let troubles: Vec<_> = trial
        .troubles()
        .into_iter()
        .map(|(what, error)| format!("{what}: {error}"))
        .collect();
    if !troubles.is_empty() {
        lines.push(fl!("camera-troubles", why = troubles.join("; ")));
    }
    if trial.searches_people == Some(true) {
        lines.push(fl!("camera-searches-people"));
    }
    lines.join("\n")
}

/// A field in words.
fn field(field: Field) -> String {
    match field {
        Field::Number => fl!("plan-field-number"),
        Field::Name => fl!("plan-field-name"),
        Field::Place => fl!("plan-field-place"),
        Field::Controller => fl!("plan-field-controller"),
        Field::Kind => fl!("plan-field-kind"),
        Field::Onvif => fl!("plan-field-onvif"),
        Field::Lens => fl!("plan-field-lens"),
        Field::Masks => fl!("plan-field-masks"),
        Field::Limits => fl!("plan-field-limits"),
        Field::Motion => fl!("plan-field-motion"),
        Field::Ground => fl!("plan-field-ground"),
        Field::View => fl!("plan-field-view"),
        Field::Orientation => fl!("plan-field-orientation"),
        Field::Habits => fl!("plan-field-habits"),
        Field::ReturnHome => fl!("plan-field-return-home"),
        Field::School => fl!("plan-field-school"),
        Field::PersonalUsers => fl!("plan-field-personal-users"),
        Field::Critical => fl!("plan-field-critical"),
    }
}

/// What changes in one camera.
pub fn difference(difference: &Difference) -> String {
    let camera = &difference.camera;
    match (&difference.before, &difference.after) {
        (None, Some(new)) => fl!(
            "plan-new-camera",
            camera = camera.as_str(),
            masks = new.masks.len().to_string()
        ),
        (Some(_), None) => fl!("plan-camera-gone", camera = camera.as_str()),
        _ => {
            let fields: Vec<_> = difference.fields().into_iter().map(field).collect();
            format!("{camera}: {}", fields.join(", "))
        }
    }
}

/// What is wrong with a line of a plan's file.
pub fn file_fault(trouble: &FileTrouble) -> String {
    match trouble {
        FileTrouble::Syntax(words) => fl!("fault-syntax", why = words.as_str()),
        FileTrouble::Address => fl!("fault-address"),
        FileTrouble::Plan(PlanError::ControllerTwice(id)) => fl!("fault-controller-twice", id = id.as_str()),
        FileTrouble::Plan(PlanError::Istat(id)) => fl!("fault-istat", id = id.as_str()),
        FileTrouble::Plan(PlanError::UpdateNeeded(_)) => fl!("fault-update"),
        FileTrouble::Plan(PlanError::Camera { camera, trouble }) => format!("{camera}: {}", camera_fault(trouble)),
    }
}

fn camera_fault(trouble: &CameraError) -> String {
    match trouble {
        CameraError::Twice => fl!("fault-twice"),
        CameraError::NumberTwice(number) => fl!("fault-number", number = number.to_string()),
        CameraError::NoSuchController(id) => fl!("fault-controller", id = id.as_str()),
        CameraError::DomeWithoutLens => fl!("fault-no-lens"),
        CameraError::Lens(error) => fl!("fault-lens", fault = lens_fault(*error)),
        CameraError::MaskTwice(id) => fl!("fault-mask-twice", id = id.as_str()),
        CameraError::WrongKindOfMask(id) => fl!("fault-mask-kind", id = id.as_str()),
        CameraError::Mask { mask, error } => fl!("fault-mask", id = mask.as_str(), fault = shape_fault(*error)),
        CameraError::SectorTwice(id) => fl!("fault-sector-twice", id = id.as_str()),
        CameraError::Sector { sector, error } => fl!("fault-sector", id = sector.as_str(), fault = shape_fault(*error)),
        CameraError::SectorsOfAFixedCamera => fl!("fault-sectors"),
        CameraError::NoGround => fl!("fault-no-ground"),
        CameraError::Ground => fl!("fault-ground"),
        CameraError::School(error) => fl!("fault-school", fault = calendar_fault(*error)),
        CameraError::Limit(name) => fl!("fault-limit", name = name.to_string()),
        CameraError::Motion(name) => fl!("fault-motion", name = name.to_string()),
        CameraError::ReturnHome => fl!("fault-return-home"),
        CameraError::UpdateNeeded(_) => fl!("fault-update"),
    }
}

fn lens_fault(error: LensError) -> String {
    match error {
        LensError::PanRange => fl!("lens-fault-pan-range"),
        LensError::TiltRange => fl!("lens-fault-tilt-range"),
        LensError::ZoomTable => fl!("lens-fault-zoom-table"),
        LensError::FieldOfView => fl!("lens-fault-field-of-view"),
        LensError::Aspect => fl!("lens-fault-aspect"),
        LensError::Roll => fl!("lens-fault-roll"),
    }
}

fn shape_fault(error: ShapeError) -> String {
    match error {
        ShapeError::TooFewPoints => fl!("shape-fault-too-few-points"),
        ShapeError::TooManyPoints => fl!("shape-fault-too-many-points", most = MOST_POINTS.to_string()),
        ShapeError::Crosses => fl!("shape-fault-crosses"),
        ShapeError::Flat => fl!("shape-fault-flat"),
        ShapeError::OutOfRange => fl!("shape-fault-out-of-range"),
        ShapeError::SideTooLong => fl!("shape-fault-side-too-long"),
        ShapeError::TooLarge => fl!("shape-fault-too-large"),
    }
}

fn calendar_fault(error: CalendarError) -> String {
    match error {
        CalendarError::Hours => fl!("calendar-fault-hours"),
        CalendarError::Holiday => fl!("calendar-fault-holiday"),
        CalendarError::Exception => fl!("calendar-fault-exception"),
        CalendarError::NotApproved => fl!("calendar-fault-not-approved"),
    }
}
