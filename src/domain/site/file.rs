//! The site plan as a TOML file, for export, editing by hand and import: every fault with its line and field, a misspelt name too.
//!
//! Invariant: what reads without a fault is syntactically whole and makes sense by itself (`SitePlan::check`).
//! Deliberately absent: files, what may be changed (`change`), words for people.

use super::change::is_address;
use super::{CameraError, PlanError, SitePlan};
use crate::domain::strict;
use serde::Deserialize;
use toml::Spanned;

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileFault {
    /// Counts from 1.
    pub line: usize,
    /// The name at the beginning of that line; empty when the line has none.
    pub field: String,
    pub trouble: FileTrouble,
}

/// The kinds of fault in a plan's file.
#[derive(Debug, Clone, PartialEq)]
pub enum FileTrouble {
    /// The file cannot be read; in the reader's own words.
    Syntax(String),
    /// The file can be read, and the plan in it is not possible.
    Plan(PlanError),
    /// A camera's address is no address.
    Address,
}

/// Where the cameras of a file begin.
#[derive(Deserialize)]
struct Places {
    #[serde(default)]
    cameras: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    id: Spanned<String>,
}

/// The plan as a file.
///
/// # Errors
/// It does not become text (never for a plan that was read).
pub fn write(plan: &SitePlan) -> Result<String, toml::ser::Error> {
    toml::to_string(plan)
}

/// Reads a plan from the text of its file.
///
/// # Errors
/// Every fault, in the order of the file; where the text is no plan, its misspelt names, or the first thing that is not read.
pub fn read(text: &str) -> Result<SitePlan, Vec<FileFault>> {
    let plan: SitePlan =
        strict::toml(text).map_err(|misread| misread.into_iter().map(unreadable).collect::<Vec<_>>())?;
    let places: Vec<(String, usize)> = toml::from_str::<Places>(text)
        .map(|places| places.cameras)
        .unwrap_or_default()
        .into_iter()
        .map(|place| {
            let line = strict::line_at(text, place.id.span().start);
            (place.id.into_inner(), line)
        })
        .collect();
    let lines: Vec<&str> = text.lines().collect();
    let mut faults: Vec<FileFault> = plan
        .check()
        .into_iter()
        .map(|error| of_plan(&lines, &places, error))
        .collect();
    for camera in plan.cameras.iter().filter(|camera| !is_address(&camera.onvif)) {
        let (line, field) = spot(&lines, &places, camera.id.as_str(), "onvif", false);
        faults.push(FileFault {
            line,
            field,
            trouble: FileTrouble::Address,
        });
    }
    faults.sort_by_key(|fault| fault.line);
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

fn unreadable(misread: strict::Misread) -> FileFault {
    FileFault {
        line: misread.line,
        field: misread.field,
        trouble: FileTrouble::Syntax(misread.why),
    }
}

fn of_plan(lines: &[&str], places: &[(String, usize)], error: PlanError) -> FileFault {
    let (line, field) = match &error {
        PlanError::Camera { camera, trouble } => {
            let last = matches!(trouble, CameraError::Twice | CameraError::NumberTwice(_));
            spot(lines, places, camera.as_str(), &needle(trouble), last)
        }
        PlanError::UpdateNeeded(_) => {
            let at = lines.iter().position(|line| strict::name_in(line) == "critical");
            (at.map_or(1, |at| at + 1), "critical".to_owned())
        }
        PlanError::ControllerTwice(id) | PlanError::Istat(id) => {
            let named = format!("\"{id}\"");
            let at = lines
                .iter()
                .rposition(|line| strict::name_in(line) == "id" && line.contains(&named));
            (at.map_or(1, |at| at + 1), "controllers".to_owned())
        }
    };
    FileFault {
        line,
        field,
        trouble: FileTrouble::Plan(error),
    }
}

/// The text that the line of a fault begins with.
fn needle(trouble: &CameraError) -> String {
    match trouble {
        CameraError::Twice => "id".into(),
        CameraError::NumberTwice(_) => "number".into(),
        CameraError::NoSuchController(_) => "controller".into(),
        CameraError::DomeWithoutLens => "kind".into(),
        CameraError::Lens(_) => "cameras.lens".into(),
        CameraError::MaskTwice(id) | CameraError::WrongKindOfMask(id) | CameraError::Mask { mask: id, .. } => {
            format!("id = \"{id}\"")
        }
        CameraError::SectorTwice(id) | CameraError::Sector { sector: id, .. } => format!("id = \"{id}\""),
        CameraError::SectorsOfAFixedCamera => "cameras.limits.sectors".into(),
        CameraError::NoGround => "density_ceiling_px_m".into(),
        CameraError::Ground => "cameras.ground".into(),
        CameraError::School(_) => "cameras.school".into(),
        CameraError::Limit(name) | CameraError::Motion(name) => (*name).to_owned(),
        CameraError::ReturnHome => "cameras.return_home".into(),
        CameraError::UpdateNeeded(_) => "critical".into(),
    }
}

/// The line of a field in the section of a camera, or that of its identity.
fn spot(lines: &[&str], places: &[(String, usize)], camera: &str, needle: &str, last: bool) -> (usize, String) {
    let is_it = |(id, _): &&(String, usize)| id == camera;
    let place = if last {
        places.iter().rfind(is_it)
    } else {
        places.iter().find(is_it)
    };
    let Some(&(_, begin)) = place else {
        return (1, String::new());
    };
    let end = places.iter().map(|(_, line)| *line).filter(|line| *line > begin).min();
    // The identity need not stand first: a section begins at its header.
    let header = |line: usize| lines[..line].iter().rposition(|line| line.trim() == "[[cameras]]");
    let from = header(begin).unwrap_or(begin - 1);
    let to = end.and_then(header).unwrap_or(lines.len());
    let found = (from..to).find(|at| {
        let line = lines[*at].trim();
        strict::name_in(line) == needle || line.starts_with(needle)
    });
    let line = found.map_or(begin, |at| at + 1);
    (line, strict::name_in(lines[line - 1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"version = 3

[[controllers]]
id = "borgo"
name = "Comune di Borgo"
istat = "017001"

[[cameras]]
number = 1
id = "cam-01"
name = "Piazza"
place = "Piazza"
controller = "borgo"
kind = "fixed"
onvif = "http://192.0.2.7/onvif/device_service"

[[cameras]]
id = "cam-02"
number = 2
name = "Via Roma"
place = "Via Roma"
controller = "borgo"
kind = "fixed"
onvif = "http://192.0.2.8/onvif/device_service"
"#;

    fn faults(from: &str, to: &str) -> Vec<(usize, String)> {
        assert!(GOOD.contains(from), "{from}");
        let faults = read(&GOOD.replacen(from, to, 1)).unwrap_err();
        faults.into_iter().map(|fault| (fault.line, fault.field)).collect()
    }

    #[test]
    fn a_good_file_reads_and_writes_the_same_plan() {
        let plan = read(GOOD).unwrap();
        assert_eq!(read(&write(&plan).unwrap()).unwrap(), plan);
    }

    #[test]
    fn every_fault_has_its_line_and_field() {
        for (from, to, line, field) in [
            ("number = 1", "number = \"uno\"", 9, "number"),
            ("number = 2", "numero = 2", 19, "numero"),
            ("kind = \"fixed\"", "kind = \"fissa\"", 14, "kind"),
            ("id = \"cam-02\"", "id = \"cam 02\"", 18, "id"),
            ("name = \"Via Roma\"", "name = \"Via Roma", 20, "name"),
            ("number = 2", "number = 1", 19, "number"),
            ("id = \"cam-02\"", "id = \"cam-01\"", 18, "id"),
            ("kind = \"fixed\"", "kind = \"dome\"", 14, "kind"),
            ("http://192.0.2.8", "http://a:b@192.0.2.8", 24, "onvif"),
            ("istat = \"017001\"", "istat = \"17\"", 4, "controllers"),
        ] {
            assert_eq!(faults(from, to), [(line, field.to_owned())], "{to}");
        }
        let two = faults("number = 2", "number = 1");
        assert_eq!(two.len(), 1);
    }

    #[test]
    fn every_misspelt_name_is_found_on_its_line_wherever_it_stands() {
        let text = format!(
            "{}\n[cameras.limits]\nzoom_cieling = 4.0\n\n[[cameras.masks]]\nid = \"m-1\"\nname = \"Finestra\"\nragione = \"x\"\n\
             shape = {{ picture = [[0.1, 0.1], [0.3, 0.1], [0.2, 0.3]] }}\n",
            GOOD.replacen("place = \"Piazza\"\n", "place = \"Piazza\"\nposto = \"Piazza\"\n", 1)
        );
        let faults = read(&text).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.line, fault.field.as_str())).collect();
        assert_eq!(found, [(13, "posto"), (28, "zoom_cieling"), (33, "ragione")]);
        assert_eq!(faults[0].trouble, FileTrouble::Syntax("unknown field `posto`".into()));
    }

    #[test]
    fn a_mark_that_is_not_known_is_a_fault_of_a_file() {
        let marked = GOOD.replacen(
            "number = 2",
            "number = 2\ncritical = [{ what = \"halls\", since = \"9.0\" }]",
            1,
        );
        let faults = read(&marked).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.line, fault.field.as_str())).collect();
        assert_eq!(found, [(20, "critical")]);
    }

    #[test]
    fn a_fault_deep_in_a_camera_is_found_in_its_section() {
        let masks = "\n[cameras.limits]\nzoom_ceiling = 0.5\n\n[[cameras.masks]]\nid = \"m-1\"\nname = \"Finestra\"\n\
                     shape = { picture = [[0.0, 0.0], [1.0, 0.0]] }\n";
        let faults = read(&format!("{GOOD}{masks}")).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| (fault.line, fault.field.as_str())).collect();
        assert_eq!(found, [(27, "zoom_ceiling"), (30, "id")]);
    }
}
