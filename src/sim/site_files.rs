//! The two files that make a simulated town a site: `site.toml` (the plan) and `cameras.toml` (the accounts).
//!
//! Invariant: the plan has no secret; the accounts are readable by their owner only. Deliberately absent: reading them,
//! which is the audit server's.

use super::device::Credentials;
use super::onvif::turned_orientation;
use super::town::{CameraSite, SCHOOL};
use crate::domain::camera::{CameraId, CameraKind, ControllerId};
use crate::domain::privacy::school_calendar::{Day, SchoolCalendar, SchoolHours};
use crate::domain::site::{CameraPlan, Controller, Ground, SitePlan};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;

/// Name of the site plan in the plan directory.
pub const SITE_FILE: &str = "site.toml";
/// Name of the accounts file in the plan directory.
pub const CAMERAS_FILE: &str = "cameras.toml";

/// A camera with where its device service answers and who may enter.
pub struct Installed<'a> {
    pub site: &'a CameraSite,
    /// `http://127.0.0.1:port/onvif/device_service`.
    pub onvif: &'a str,
    pub credentials: &'a Credentials,
}

#[derive(Serialize)]
struct Accounts<'a> {
    camera: Vec<CameraAccounts<'a>>,
}

#[derive(Serialize)]
struct CameraAccounts<'a> {
    id: &'a CameraId,
    user: &'a str,
    password: &'a str,
    figures_user: &'a str,
    figures_password: &'a str,
}

/// When the school is open, every day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchoolDay {
    from: Time,
    to: Time,
}

/// No two times, or the second is not the later one.
#[derive(Debug, thiserror::Error)]
#[error("write the hours of the school as 08:00-16:30")]
pub struct BadSchoolDay;

impl FromStr for SchoolDay {
    type Err = BadSchoolDay;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = |text: &str| Time::strptime("%H:%M", text).map_err(|_| BadSchoolDay);
        let (from, to) = text.split_once('-').ok_or(BadSchoolDay)?;
        let day = Self {
            from: time(from)?,
            to: time(to)?,
        };
        if day.from < day.to { Ok(day) } else { Err(BadSchoolDay) }
    }
}

impl SchoolDay {
    /// A calendar that speaks of the next year.
    fn calendar(self) -> SchoolCalendar {
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        SchoolCalendar {
            last_day: today.saturating_add(Span::new().days(365)),
            hours: vec![SchoolHours {
                days: vec![
                    Day::Monday,
                    Day::Tuesday,
                    Day::Wednesday,
                    Day::Thursday,
                    Day::Friday,
                    Day::Saturday,
                    Day::Sunday,
                ],
                from: self.from,
                to: self.to,
            }],
            holidays: Vec::new(),
            exceptions: Vec::new(),
        }
    }
}

/// The plan of the simulated municipality; the school's camera follows a calendar where there are hours for it.
pub fn plan(controller: ControllerId, cameras: &[Installed<'_>], school: Option<SchoolDay>) -> SitePlan {
    let camera = |installed: &Installed<'_>| {
        let site = installed.site;
        CameraPlan {
            id: site.id.clone(),
            number: site.number,
            name: site.name.clone(),
            place: site.place.clone(),
            controller: controller.clone(),
            kind: site.kind,
            onvif: installed.onvif.to_owned(),
            // A camera that does not move has no range of positions, and its masks are in its picture.
            lens: (site.kind == CameraKind::Dome).then(|| site.make.lens(site.lens.clone())),
            masks: site.masks.clone(),
            limits: site.limits.clone(),
            motion: site.motion.clone(),
            ground: ground(site),
            school: school.filter(|_| site.place == SCHOOL).map(SchoolDay::calendar),
            personal_users: false,
            view: None,
            orientation: turned_orientation(site),
            habits: (site.kind == CameraKind::Dome)
                .then(|| site.make.habits())
                .unwrap_or_default(),
            return_home: None,
            critical: Vec::new(),
        }
    };
    SitePlan {
        version: 1,
        controllers: vec![Controller {
            id: controller.clone(),
            name: "Comune di Borgo Vedetta".to_owned(),
            istat: "999001".to_owned(),
        }],
        cameras: cameras.iter().map(camera).collect(),
        critical: Vec::new(),
    }
}

/// The height of a dome's pole and the width of its largest picture, which turn its zoom into pixels per metre.
fn ground(site: &CameraSite) -> Option<Ground> {
    let widest = site.streams.iter().map(|stream| stream.width).max()?;
    (site.kind == CameraKind::Dome).then_some(Ground {
        height_m: site.mount.position_m[2],
        picture_width_px: widest,
    })
}

/// Writes both files into `dir`, which is made if it is not there.
///
/// # Errors
/// The error of the file system.
pub fn write(dir: &Path, plan: &SitePlan, cameras: &[Installed<'_>]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join(SITE_FILE), toml::to_string(plan).map_err(io::Error::other)?)?;
    let accounts = Accounts {
        camera: cameras.iter().map(|c| accounts(c.site, c.credentials)).collect(),
    };
    let text = toml::to_string(&accounts).map_err(io::Error::other)?;
    let path = dir.join(CAMERAS_FILE);
    if path.exists() {
        fs::remove_file(&path)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

fn accounts<'a>(site: &'a CameraSite, credentials: &'a Credentials) -> CameraAccounts<'a> {
    CameraAccounts {
        id: &site.id,
        user: &credentials.user,
        password: credentials.password.expose_secret(),
        figures_user: &credentials.figures_user,
        figures_password: credentials.figures_password.expose_secret(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::town::Town;

    #[test]
    fn the_plan_reads_back_with_its_masks() {
        let town = Town::generate(3, 6, 2);
        let credentials = Credentials {
            user: "a".into(),
            password: "b".to_owned().into(),
            figures_user: "c".into(),
            figures_password: "d".to_owned().into(),
        };
        let cameras: Vec<_> = town
            .sites
            .iter()
            .map(|site| Installed {
                site,
                onvif: "http://127.0.0.1:1/onvif/device_service",
                credentials: &credentials,
            })
            .collect();
        let day: SchoolDay = "08:00-16:30".parse().unwrap();
        let plan = plan("borgo-vedetta".parse().unwrap(), &cameras, Some(day));
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &plan, &cameras).unwrap();
        let back: SitePlan = toml::from_str(&fs::read_to_string(dir.path().join(SITE_FILE)).unwrap()).unwrap();
        assert_eq!(back, plan);
        assert_eq!(back.check(), []);
        assert!(back.cameras.iter().any(|camera| !camera.masks.is_empty()));
        assert_eq!(back.cameras.iter().filter(|camera| camera.school.is_some()).count(), 1);
        assert!("16:30-08:00".parse::<SchoolDay>().is_err() && "8-16".parse::<SchoolDay>().is_err());
        let accounts = fs::read_to_string(dir.path().join(CAMERAS_FILE)).unwrap();
        assert_eq!(accounts.matches("[[camera]]").count(), 6);
    }
}
