//! Cameras and the site plan: the administrator's list, changes, a plan from a file, what waits for a second person.
//!
//! Invariant: who may is the one decision's, over the controllers a camera belongs to; a camera's password goes into the
//! vault and into no event; its change is durable in the log before it is kept. Deliberately absent: what a change may be
//! (`domain::site::change`), the release of accounts (`cameras`).

use super::client_auth::Person;
use super::responses::{Answer, Bounded, Refused};
use super::state::SiteState;
use crate::domain::audit::details::configuration::{CameraAccountChanged, CameraAccountWord, CameraProbe, ProbeWord};
use crate::domain::audit::details::plan::AccountNeed;
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{CameraId, ControllerId};
use crate::domain::people::second_person::{GIVEN_LATELY_MS, is_author, may_approve};
use crate::domain::people::{AdminRight, Rule};
use crate::domain::site::change::{CameraSettings, Difference, SiteChange, SiteFault, is_address};
use crate::protocol::{
    CameraAccount, CameraTestReport, CameraView, Changed, CredentialNeed, PlanImport, PutCamera, RefusalKind, Removal,
    SiteProposal, Verdict,
};
use crate::server::log::recorder::{Act, Recorder};
use crate::server::now::now_ms;
use crate::server::people::accounts::By;
use crate::server::store::Store;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use secrecy::ExposeSecret as _;
use std::sync::Arc;

/// Longest name and password of a camera's account, bytes.
const MOST_ACCOUNT: usize = 128;
/// Longest reason, characters.
const MOST_REASON: usize = 500;

/// What both offices may read.
async fn may_read(recorder: &Recorder, person: &Person) -> Answer<()> {
    if person.may_administer(AdminRight::ApproveCameras) {
        return Ok(());
    }
    person
        .authorise_admin(recorder, AdminRight::KeepCameras)
        .await
        .map(drop)
}

/// Cameras of the controllers in the person's care.
///
/// # Errors
/// [`RefusalKind::Rule`], recorded, when the level may not administer cameras; [`RefusalKind::Unavailable`] when the store or
/// the log does not answer.
pub async fn list(
    State(site): State<Arc<SiteState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
) -> Answer<Json<Vec<CameraView>>> {
    may_read(&recorder, &person).await?;
    let accounts = store.cameras_with_accounts().await?;
    let has = |camera: &CameraId, need: &str| {
        let mut all = accounts.iter();
        all.any(|(id, kept)| id == camera.as_str() && kept == need)
    };
    let plan = site.plans.current();
    let kept = plan
        .cameras
        .iter()
        .filter(|camera| person.who.person.keeps(&camera.controller));
    let views = kept.map(|camera| CameraView {
        settings: CameraSettings::of(camera),
        masks: camera.masks.len(),
        picture_account: has(&camera.id, "picture"),
        figures_account: has(&camera.id, "figures"),
    });
    Ok(Json(views.collect()))
}

fn fits(account: &CameraAccount) -> bool {
    let password = account.password.expose_secret();
    let sound = |text: &str| !text.is_empty() && text.len() <= MOST_ACCOUNT && !text.chars().any(char::is_control);
    sound(&account.user) && sound(password)
}

/// Adds a camera or changes one, with its accounts.
///
/// # Errors
/// [`RefusalKind::Rule`], recorded, when the level may not; [`RefusalKind::Malformed`] for an account that does not fit;
/// [`RefusalKind::Site`] when the plan would make no sense, or nothing changes; [`RefusalKind::Unavailable`] when the store or
/// the log does not answer.
pub async fn put(
    State(site): State<Arc<SiteState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Bounded(put): Bounded<PutCamera>,
) -> Answer<Json<Changed>> {
    person.authorise_admin(&recorder, AdminRight::KeepCameras).await?;
    let PutCamera {
        settings,
        picture,
        figures,
        reason,
        tested,
    } = put;
    let accounts = [(CredentialNeed::Picture, picture), (CredentialNeed::Figures, figures)];
    let accounts: Vec<_> = accounts
        .into_iter()
        .filter_map(|(need, account)| Some((need, account?)))
        .collect();
    if !accounts.iter().all(|(_, account)| fits(account)) {
        return Err(Refused::malformed("an account of the camera"));
    }
    let (camera, controller) = (settings.id.clone(), settings.controller.clone());
    let change = SiteChange::Put(settings);
    let changed = site
        .plans
        .change_site(&person.who, change, (&reason, Some(tested)), now_ms())
        .await;
    let changed = match changed.map_err(Refused::from) {
        // Only its accounts change.
        Err(refused) if refused.is(&RefusalKind::Site(SiteFault::Nothing)) && !accounts.is_empty() => {
            Changed::InForce {
                version: site.plans.current().version,
            }
        }
        other => other?,
    };
    for (need, account) in accounts {
        keep_account(
            &site,
            &recorder,
            &store,
            &person,
            (&controller, &camera),
            (need, account),
            &reason,
        )
        .await?;
    }
    Ok(Json(changed))
}

async fn keep_account(
    site: &SiteState,
    recorder: &Recorder,
    store: &Store,
    person: &Person,
    (controller, camera): (&ControllerId, &CameraId),
    (need, account): (CredentialNeed, CameraAccount),
    reason: &str,
) -> Answer<()> {
    let (need_word, place) = match need {
        CredentialNeed::Picture => (AccountNeed::Picture, format!("{camera}/picture")),
        CredentialNeed::Figures => (AccountNeed::Figures, format!("{camera}/figures")),
    };
    let before = store.account(camera, need).await?.map(|row| row.user);
    let sealed = site.vault.seal(&place, account.password.expose_secret());
    let sealed = sealed.map_err(|_| Refused::new(RefusalKind::Unavailable, "a secret cannot be sealed"))?;
    let changed = CameraAccountChanged {
        change: Some(CameraAccountWord::CameraAccount),
        need: Some(need_word),
        reason: Some(reason.chars().take(MOST_REASON).collect()),
        before: Some(before),
        after: Some(account.user.clone()),
    };
    let act = Act {
        camera: Some(camera),
        ..by(person).act()
    };
    recorder.record(controller, changed, Outcome::Done, act).await?;
    Ok(store.add_account(camera, need, &account.user, &sealed).await?)
}

pub async fn remove(
    State(site): State<Arc<SiteState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(camera): Path<String>,
    Bounded(Removal { reason }): Bounded<Removal>,
) -> Answer<Json<Changed>> {
    let plan = site.plans.current();
    let found = plan.cameras.iter().find(|found| found.id.as_str() == camera);
    let controller = found.map(|found| std::slice::from_ref(&found.controller));
    person
        .authorise_admin_over(&recorder, AdminRight::KeepCameras, controller, ("camera", &camera))
        .await?;
    let camera = CameraId::try_from(camera).map_err(|_| Refused::not_found("camera"))?;
    let change = SiteChange::Remove(camera.clone());
    let changed = site
        .plans
        .change_site(&person.who, change, (&reason, None), now_ms())
        .await?;
    store.remove_accounts(&camera).await?;
    Ok(Json(changed))
}

pub async fn import(
    State(site): State<Arc<SiteState>>,
    State(recorder): State<Recorder>,
    person: Person,
    Bounded(PlanImport { plan, reason }): Bounded<PlanImport>,
) -> Answer<Json<Changed>> {
    person.authorise_admin(&recorder, AdminRight::KeepCameras).await?;
    let change = SiteChange::Import(Box::new(plan));
    let changed = site.plans.change_site(&person.who, change, (&reason, None), now_ms());
    Ok(Json(changed.await?))
}

/// Whoever tests a camera says so before it hears anything.
pub async fn trial(
    State(recorder): State<Recorder>,
    person: Person,
    Bounded(CameraTestReport { onvif }): Bounded<CameraTestReport>,
) -> Answer<StatusCode> {
    person.authorise_admin(&recorder, AdminRight::KeepCameras).await?;
    if !is_address(&onvif) {
        return Err(RefusalKind::Site(SiteFault::Address).into());
    }
    let probe = CameraProbe {
        change: Some(ProbeWord::CameraTested),
        onvif: Some(onvif),
    };
    let act = by(&person).act();
    recorder
        .record(&person.station.home, probe, Outcome::Intent, act)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes of the plan that wait, of the controllers in the person's care.
///
/// # Errors
/// [`RefusalKind::Rule`], recorded, when the level may not administer cameras; [`RefusalKind::Unavailable`] when the store or
/// the log does not answer.
pub async fn proposals(
    State(site): State<Arc<SiteState>>,
    State(recorder): State<Recorder>,
    person: Person,
) -> Answer<Json<Vec<SiteProposal>>> {
    may_read(&recorder, &person).await?;
    Ok(Json(site.plans.site_proposals(&person.who.person).await?))
}

/// Approves, declines or withdraws a change of the plan.
///
/// # Errors
/// [`RefusalKind::Rule`], recorded, when the level may not or it takes another person; [`RefusalKind::NotFound`] when there is
/// none; [`RefusalKind::Site`] when the plan changed meanwhile; [`RefusalKind::Unavailable`] when the store or the log does not
/// answer.
pub async fn decide(
    State(site): State<Arc<SiteState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(id): Path<u64>,
    Bounded(verdict): Bounded<Verdict>,
) -> Answer<StatusCode> {
    may_read(&recorder, &person).await?;
    let waiting = site.plans.site_proposals(&person.who.person).await?;
    let proposal = waiting.into_iter().find(|proposal| proposal.id == id);
    let own = proposal
        .as_ref()
        .is_some_and(|it| is_author(&person.who.person, &it.author));
    let office = if own && verdict == Verdict::Decline {
        AdminRight::KeepCameras
    } else {
        AdminRight::ApproveCameras
    };
    let author = proposal
        .as_ref()
        .map(|it| (it.author.user.clone(), it.author.display_name.clone()));
    let all = proposal.iter().flat_map(|proposal| &proposal.differences);
    let new = all.filter(|difference| difference.before.is_none());
    let new: Vec<CameraId> = new.map(|difference| difference.camera.clone()).collect();
    let controllers = proposal.map(|proposal| {
        let all = proposal.differences.iter().flat_map(Difference::controllers);
        all.cloned().collect::<Vec<_>>()
    });
    let number = id.to_string();
    person
        .authorise_admin_over(&recorder, office, controllers.as_deref(), ("proposal", &number))
        .await?;
    let now = now_ms();
    let givers = store
        .givers(&person.who.person.user, now.saturating_sub(GIVEN_LATELY_MS))
        .await?;
    let approves = |(user, name): &(String, String)| may_approve(&person.who.person, &givers, (user, name), now);
    let may = author.as_ref().map_or(Ok(()), approves);
    if may.is_err() && verdict == Verdict::Approve {
        person.refuse_admin(&recorder, office, Rule::FourEyes, &number).await?;
        return Err(RefusalKind::Rule(Rule::FourEyes).into());
    }
    site.plans.decide_site(id, &person.who, verdict, now_ms()).await?;
    // Accounts came with the proposal of a camera that is not to be.
    for camera in new.into_iter().filter(|_| verdict == Verdict::Decline) {
        store.remove_accounts(&camera).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn by(person: &Person) -> By<'_> {
    By {
        station: &person.station,
        who: &person.who,
    }
}
