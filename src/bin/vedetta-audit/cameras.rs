//! The commands on cameras: arguments, looking for them on the network, testing, tables, JSON.
//!
//! A camera is tested from this machine, over ONVIF, before it is saved; the running server records the test before the
//! camera hears anything. Passwords of cameras are read from the environment or the keyboard, never from arguments.
//! Deliberately absent: who may, and what a change may be (the running server).

use super::account_admin::{By, as_administrator, lines};
use super::account_trials::AccountTrials;
use super::questions::secret;
use super::{say, sentences};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::net::Ipv4Addr;
use std::time::Duration;
use vedetta::domain::camera::{CameraId, CameraKind, ControllerId, StreamRole};
use vedetta::domain::site::change::{CameraSettings, SiteChange};
use vedetta::domain::site::{ReturnHome, VideoView};
use vedetta::gui::i18n::fl;
use vedetta::onvif::account_trial::AccountUse;
use vedetta::onvif::discovery::{Found, probe, probe_at};
use vedetta::onvif::{Endpoint, Limits, OnvifError, StreamOffer, TestReport, camera_test};
use vedetta::protocol::{
    CameraAccount, CameraTestReport, CameraView, Changed, PutCamera, Removal, SiteProposal, Verdict,
};
use vedetta::server::administer::AdminClient;
use vedetta::server::error::ServerError;

#[derive(Subcommand)]
pub enum CamerasCommand {
    #[command(about = fl!("help-cameras-list"))]
    List {
        #[command(flatten)]
        by: By,
    },
    #[command(about = fl!("help-cameras-discover"))]
    Discover {
        #[arg(help = fl!("help-discover-interface"), long, default_value = "0.0.0.0")]
        interface: Ipv4Addr,
        #[arg(help = fl!("help-discover-at"), long)]
        at: Option<std::net::SocketAddr>,
        #[arg(help = fl!("help-discover-seconds"), long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=30))]
        seconds: u64,
        #[arg(help = fl!("help-json"), long)]
        json: bool,
    },
    #[command(about = fl!("help-cameras-test"))]
    Test {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-onvif"), long)]
        onvif: String,
        #[arg(help = fl!("help-test-account"), long)]
        account: String,
        #[arg(help = fl!("help-camera-figures-account"), long)]
        figures_account: Option<String>,
        #[command(flatten)]
        view: ViewText,
    },
    #[command(about = fl!("help-cameras-add"))]
    Add {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-camera"), long)]
        camera: CameraId,
        #[arg(help = fl!("help-camera-number"), long)]
        number: u32,
        #[arg(help = fl!("help-camera-name"), long)]
        name: String,
        #[arg(help = fl!("help-camera-place"), long)]
        place: String,
        #[arg(help = fl!("help-controller"), long)]
        controller: ControllerId,
        #[arg(help = fl!("help-camera-kind"), long, value_enum, default_value = "fissa")]
        kind: KindText,
        #[arg(help = fl!("help-onvif"), long)]
        onvif: String,
        #[command(flatten)]
        extras: Extras,
    },
    #[command(about = fl!("help-cameras-change"))]
    Change {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-camera"), long)]
        camera: CameraId,
        #[arg(help = fl!("help-camera-number"), long)]
        number: Option<u32>,
        #[arg(help = fl!("help-camera-name"), long)]
        name: Option<String>,
        #[arg(help = fl!("help-camera-place"), long)]
        place: Option<String>,
        #[arg(help = fl!("help-controller"), long)]
        controller: Option<ControllerId>,
        #[arg(help = fl!("help-camera-kind"), long, value_enum)]
        kind: Option<KindText>,
        #[arg(help = fl!("help-onvif"), long)]
        onvif: Option<String>,
        #[command(flatten)]
        extras: Extras,
    },
    #[command(about = fl!("help-cameras-remove"))]
    Remove {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-camera"), long)]
        camera: CameraId,
        #[arg(help = fl!("help-reason"), long)]
        reason: String,
    },
    #[command(about = fl!("help-cameras-waiting"))]
    Waiting {
        #[command(flatten)]
        by: By,
    },
    #[command(about = fl!("help-cameras-approve"))]
    Approve {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-proposal"))]
        proposal: u64,
    },
    #[command(about = fl!("help-cameras-decline"))]
    Decline {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-proposal"))]
        proposal: u64,
    },
}

/// Arguments of both adding and changing.
#[derive(Args)]
pub struct Extras {
    #[arg(help = fl!("help-camera-account"), long)]
    account: Option<String>,
    #[arg(help = fl!("help-camera-figures-account"), long)]
    figures_account: Option<String>,
    #[arg(help = fl!("help-camera-personal-users"), long)]
    personal_users: Option<bool>,
    #[command(flatten)]
    view: ViewText,
    #[arg(help = fl!("help-camera-return"), long, value_name = "MIN [PRESET]", value_parser = return_home)]
    return_home: Option<ReturnText>,
    #[arg(help = fl!("help-camera-untested"), long)]
    untested: bool,
    #[arg(help = fl!("help-reason"), long)]
    reason: String,
}

/// The return of a dome, as an argument; `None`: never.
#[derive(Debug, Clone, PartialEq)]
struct ReturnText(Option<ReturnHome>);

fn return_home(text: &str) -> Result<ReturnText, String> {
    if text.trim().eq_ignore_ascii_case("no") {
        return Ok(ReturnText(None));
    }
    let home = text.parse().map_err(|_| fl!("answer-return"))?;
    Ok(ReturnText(Some(home)))
}

/// The view of a device that has several.
#[derive(Args)]
pub struct ViewText {
    #[arg(help = fl!("help-video-source"), long, requires = "video_view")]
    video_source: Option<String>,
    #[arg(help = fl!("help-video-view"), long, requires = "video_source")]
    video_view: Option<String>,
}

impl ViewText {
    fn planned(&self) -> Option<VideoView> {
        Some(VideoView {
            source: self.video_source.clone()?,
            configuration: self.video_view.clone()?,
        })
    }
}

/// Kind of camera, as an argument.
#[derive(Clone, Copy, ValueEnum)]
pub enum KindText {
    Fissa,
    Dome,
    Mobile,
}

impl From<KindText> for CameraKind {
    fn from(kind: KindText) -> Self {
        match kind {
            KindText::Fissa => Self::Fixed,
            KindText::Dome => Self::Dome,
            KindText::Mobile => Self::Mobile,
        }
    }
}

fn kind(kind: CameraKind) -> &'static str {
    match kind {
        CameraKind::Fixed => "fissa",
        CameraKind::Dome => "dome",
        CameraKind::Mobile => "mobile",
    }
}

fn account(user: Option<String>, variable: &str) -> Result<Option<CameraAccount>, ServerError> {
    let Some(user) = user else { return Ok(None) };
    let password = secret(variable, &fl!("ask-camera-user-password", user = user.as_str()))?;
    Ok(Some(CameraAccount { user, password }))
}

/// `cameras`.
pub async fn cameras(command: CamerasCommand) -> Result<(), ServerError> {
    match command {
        CamerasCommand::List { by } => {
            as_administrator(by, AdminClient::cameras, |rows, json| lines(rows, json, camera_line)).await
        }
        CamerasCommand::Discover {
            interface,
            at,
            seconds,
            json,
        } => discover(interface, at, Duration::from_secs(seconds), json).await,
        CamerasCommand::Test {
            by,
            onvif,
            account: user,
            figures_account,
            view,
        } => {
            let password = secret("VEDETTA_CAMERA_PASSWORD", &fl!("ask-camera-password"))?;
            let picture = CameraAccount { user, password };
            let figures = account(figures_account, "VEDETTA_FIGURES_PASSWORD")?;
            let (view, mut is_refused) = (view.planned(), false);
            let test = async |office: &AdminClient| {
                let found = tried(office, &onvif, &picture, view.clone()).await?;
                let mut accounts = AccountTrials::default();
                // One that lets nobody in is asked once, so that no account is locked by a test.
                if found.is_ok() {
                    accounts.add(&onvif, &picture, AccountUse::Pictures).await;
                }
                if let Some(figures) = &figures {
                    accounts.add(&onvif, figures, AccountUse::Figures).await;
                }
                Ok((found, accounts))
            };
            let show = |(found, accounts): &(Result<TestReport, OnvifError>, AccountTrials), json: bool| {
                is_refused = accounts.is_refused();
                show_trial(found, accounts, json);
            };
            as_administrator(by, test, show).await?;
            if is_refused {
                return Err(ServerError::Answer(fl!("answer-account-too-much")));
            }
            Ok(())
        }
        CamerasCommand::Add {
            by,
            camera,
            number,
            name,
            place,
            controller,
            kind,
            onvif,
            extras,
        } => {
            let settings = CameraSettings {
                id: camera,
                number,
                name,
                place,
                controller,
                kind: kind.into(),
                onvif,
                personal_users: extras.personal_users.unwrap_or(false),
                view: extras.view.planned(),
                return_home: extras.return_home.clone().and_then(|home| home.0),
            };
            as_administrator(
                by,
                async |office| save(office, settings, None, extras).await,
                show_changed,
            )
            .await
        }
        CamerasCommand::Change {
            by,
            camera,
            number,
            name,
            place,
            controller,
            kind,
            onvif,
            extras,
        } => {
            let put = async |office: &AdminClient| {
                let all = office.cameras().await?;
                let found = all.into_iter().find(|row| row.settings.id == camera);
                let was = found.ok_or(ServerError::Refused(vedetta::protocol::RefusalKind::NotFound))?;
                let was = was.settings;
                let before = was.clone();
                let settings = CameraSettings {
                    id: was.id,
                    number: number.unwrap_or(was.number),
                    name: name.unwrap_or(was.name),
                    place: place.unwrap_or(was.place),
                    controller: controller.unwrap_or(was.controller),
                    kind: kind.map_or(was.kind, CameraKind::from),
                    onvif: onvif.unwrap_or(was.onvif),
                    personal_users: extras.personal_users.unwrap_or(was.personal_users),
                    view: extras.view.planned().or(was.view),
                    return_home: extras.return_home.clone().map_or(was.return_home, |home| home.0),
                };
                save(office, settings, Some(before), extras).await
            };
            as_administrator(by, put, show_changed).await
        }
        CamerasCommand::Remove { by, camera, reason } => {
            let removal = Removal { reason };
            as_administrator(
                by,
                async |office| office.remove_camera(&camera, &removal).await,
                show_changed,
            )
            .await
        }
        CamerasCommand::Waiting { by } => {
            as_administrator(by, AdminClient::site_proposals, |rows, json| {
                lines(rows, json, proposal_line)
            })
            .await
        }
        CamerasCommand::Approve { by, proposal } => decide(by, proposal, Verdict::Approve, "approved").await,
        CamerasCommand::Decline { by, proposal } => decide(by, proposal, Verdict::Decline, "declined").await,
    }
}

async fn decide(by: By, proposal: u64, verdict: Verdict, word: &'static str) -> Result<(), ServerError> {
    let act = async |office: &AdminClient| office.decide_site(proposal, verdict).await;
    as_administrator(by, act, super::account_admin::done(word)).await
}

/// Tests where there is an account to test with, and saves.
async fn save(
    office: &AdminClient,
    mut settings: CameraSettings,
    was: Option<CameraSettings>,
    extras: Extras,
) -> Result<Changed, ServerError> {
    let picture = account(extras.account, "VEDETTA_CAMERA_PASSWORD")?;
    let figures = account(extras.figures_account, "VEDETTA_FIGURES_PASSWORD")?;
    let (mut tested, mut accounts) = (false, AccountTrials::default());
    if let Some(account) = picture.as_ref().filter(|_| !extras.untested) {
        let view = settings.view.clone();
        let found = tried(office, &settings.onvif, account, view).await?;
        eprintln!("{}", sentences::trial(&found));
        match &found {
            Err(_) => return Err(ServerError::Answer(fl!("answer-untested"))),
            // Which picture is meant cannot be told: a camera is not saved so.
            Ok(trial) if trial.views.len() > 1 && trial.view.is_none() => {
                return Err(ServerError::Answer(fl!("test-several-views")));
            }
            Ok(trial) => {
                if was.is_none() {
                    settings.view = settings.view.or_else(|| trial.view.clone());
                }
            }
        }
        tested = true;
        accounts.add(&settings.onvif, account, AccountUse::Pictures).await;
    }
    if let Some(account) = figures.as_ref().filter(|_| !extras.untested) {
        if !tested {
            begin_trial(office, &settings.onvif).await?;
        }
        accounts.add(&settings.onvif, account, AccountUse::Figures).await;
    }
    for sentence in accounts.sentences(settings.personal_users) {
        eprintln!("{sentence}");
    }
    if accounts.is_refused() {
        return Err(ServerError::Answer(fl!("answer-account-too-much")));
    }
    let put = PutCamera {
        settings,
        picture,
        figures,
        reason: extras.reason,
        tested,
    };
    office.put_camera(&put).await
}

async fn begin_trial(office: &AdminClient, onvif: &str) -> Result<(), ServerError> {
    let onvif = onvif.to_owned();
    office.begin_trial(&CameraTestReport { onvif }).await
}

async fn tried(
    office: &AdminClient,
    onvif: &str,
    account: &CameraAccount,
    view: Option<VideoView>,
) -> Result<Result<TestReport, OnvifError>, ServerError> {
    begin_trial(office, onvif).await?;
    let endpoint = Endpoint::new(onvif, &account.user, account.password.clone());
    Ok(camera_test::test(endpoint, Limits::default(), view).await)
}

fn show_trial(found: &Result<TestReport, OnvifError>, accounts: &AccountTrials, json: bool) {
    if !json {
        say(&sentences::trial(found));
        accounts.sentences(false).iter().for_each(|sentence| say(sentence));
        return;
    }
    let mut line = match found {
        Ok(trial) => trial_json(trial),
        Err(error) => json!({
            "reachable": sentences::answered(error), "signed_in": false, "trouble": error.to_string(),
        }),
    };
    line["accounts"] = accounts.json();
    line["strangers"] = accounts.strangers().into();
    say(&line.to_string());
}

/// A test as JSON. `null`: the question failed, and is among the troubles.
fn trial_json(trial: &TestReport) -> serde_json::Value {
    let role = |role| match role {
        StreamRole::Main => "main",
        StreamRole::Sub => "sub",
    };
    let profiles = trial.streams.as_ref().ok().map(|streams| {
        let profile = |stream: &StreamOffer| {
            json!({
                "profile": stream.profile, "codec": stream.codec, "width": stream.width, "height": stream.height,
                "fps": stream.fps, "role": role(stream.role), "uri": stream.uri,
                "source": stream.view.as_ref().map(|view| &view.source),
                "view": stream.view.as_ref().map(|view| &view.configuration),
            })
        };
        streams.iter().map(profile).collect::<Vec<_>>()
    });
    let troubles = trial.troubles().into_iter();
    let troubles: Vec<_> = troubles
        .map(|(asked, error)| json!({"asked": asked, "trouble": error.to_string()}))
        .collect();
    json!({
        "reachable": true, "signed_in": true, "clock_offset_s": trial.clock_offset_s,
        "ptz": trial.ptz.as_ref().ok(),
        "manufacturer": trial.manufacturer, "model": trial.model,
        "masks": trial.masks.as_ref().ok().and_then(|masks| masks.as_ref()).map(|masks| masks.most_masks),
        "profiles": profiles, "views": trial.views, "view": trial.view,
        "orientation": trial.orientation.as_ref().ok(),
        "searches_people": trial.searches_people,
        "troubles": troubles,
    })
}

async fn discover(
    interface: Ipv4Addr,
    at: Option<std::net::SocketAddr>,
    listen: Duration,
    json: bool,
) -> Result<(), ServerError> {
    let found = match at {
        Some(target) => probe_at(interface, target, listen).await,
        None => probe(interface, listen).await,
    };
    let found = found.map_err(|error| ServerError::Answer(fl!("answer-network", why = error.to_string())))?;
    let line = |device: &Found| {
        format!(
            "{}\t{}\t{}",
            device.addresses.first().map_or("-", String::as_str),
            device.name.as_deref().unwrap_or("-"),
            device.hardware.as_deref().unwrap_or("-")
        )
    };
    if json {
        let rows: Vec<_> = found
            .iter()
            .map(|device| json!({"addresses": device.addresses, "name": device.name, "hardware": device.hardware}))
            .collect();
        say(&serde_json::Value::from(rows).to_string());
    } else {
        found.iter().for_each(|device| say(&line(device)));
    }
    Ok(())
}

fn camera_line(row: &CameraView) -> String {
    let camera = &row.settings;
    let account = match (row.picture_account, row.figures_account) {
        (true, true) => fl!("camera-accounts-both"),
        (true, false) => fl!("camera-accounts-no-figures"),
        (false, _) => fl!("camera-accounts-none"),
    };
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{account}",
        camera.number,
        camera.id,
        kind(camera.kind),
        camera.name,
        camera.place,
        camera.controller,
        camera.onvif,
        fl!("camera-mask-count", n = row.masks.to_string())
    )
}

fn proposal_line(row: &SiteProposal) -> String {
    let what = match &row.change {
        SiteChange::Put(_) => fl!("change-put"),
        SiteChange::Remove(_) => fl!("change-remove"),
        SiteChange::Import(_) => fl!("change-import"),
    };
    let differences: Vec<String> = row.differences.iter().map(sentences::difference).collect();
    format!(
        "{}\t{what}\t{} ({})\t{}\t{}",
        row.id,
        row.author.display_name,
        row.author.user,
        row.reason,
        differences.join("; ")
    )
}

/// What became of a change.
pub fn show_changed(changed: &Changed, json: bool) {
    if json {
        say(&serde_json::to_string(changed).unwrap_or_default());
        return;
    }
    match changed {
        Changed::InForce { version } => say(&fl!("change-in-force", version = version.to_string())),
        Changed::Waits { proposal } => say(&fl!("change-waits", proposal = proposal.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_is_written_as_in_the_form_and_no_is_none() {
        let home = |text: &str| Some(ReturnText(text.parse().ok()));
        assert_eq!(return_home("10").ok(), home("10"));
        assert_eq!(return_home("10 Ingresso").ok(), home("10 Ingresso"));
        assert_eq!(return_home("No").ok(), Some(ReturnText(None)));
        for wrong in ["", "mai", "0", "1441"] {
            assert!(return_home(wrong).is_err(), "{wrong}");
        }
    }
}
