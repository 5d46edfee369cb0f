//! What the screens need of the station, as traits, so that a screen can be driven without cameras.
//!
//! Invariant: nothing here decides or records; [`Session`] does both behind every call.
//! Deliberately absent: signing in (only `app` does that).

use crate::domain::camera::{CameraId, StationId, StreamRole};
use crate::domain::live::stream_selection::Attention;
use crate::domain::people::clearance::{self, Wish};
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::{Circumstances, Person};
use crate::domain::privacy::declared_event::{Change, Declaration};
use crate::domain::privacy::{Cover, PoseKnowledge};
use crate::domain::ptz::lease::Asking;
use crate::domain::ptz::limits::AllowedZoom;
use crate::domain::reason::Reason;
use crate::domain::site::{Mask, SitePlan};
use crate::media::frame::FrameSlot;
use crate::station::{
    AccountChange, AccountView, CameraAccount, CameraReport, CameraView, Changed, ClearanceState, Delivery, Diagnosis,
    EnrolmentCode, ExportProgress, ExportReason, Exported, FoundCamera, Gesture, Health, Holder, Knock, LiveView,
    MaskProposal, MaskSyncState, NewCode, Playback, PlaybackState, Preset, ProposedMask, PutCamera, RecordedSpan,
    Refusal, Session, SessionView, SiteProposal, StationView, StreamFigures, Verdict, ViewState, Watching,
};
use futures::future::BoxFuture;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The answer of an act.
pub type Answer<T> = BoxFuture<'static, Result<T, Refusal>>;

/// A signed-in person's desk. One method for each act of [`Session`].
pub trait Desk: Send + Sync {
    fn person(&self) -> Person;
    /// The purpose in force, with note and protocol number.
    fn stated(&self) -> Stated;
    /// Another purpose from now on.
    fn change_purpose(&self, stated: Stated) -> Answer<()>;
    /// Where and when something would be asked now.
    fn circumstances(&self) -> Circumstances;
    fn plan(&self) -> Arc<SitePlan>;
    fn health(&self) -> Health;
    /// Whether the audit path lets live pictures be seen now.
    fn may_watch(&self) -> bool;
    /// Goes on in one's own name for a quarter of an hour although the audit path says no.
    fn go_on(&self, reason: String) -> Answer<()>;
    /// Who holds which dome, whether that is the person at this desk, and who asks for it.
    fn holds(&self) -> Vec<DomeLease>;
    /// Who has live pictures of what open.
    fn watching(&self) -> Vec<Watching>;
    fn ask_for_dome(&self, camera: CameraId, reason: Reason) -> Answer<()>;
    fn hand_over(&self, camera: CameraId, to: Holder) -> Answer<()>;
    fn decline(&self, camera: CameraId, to: Holder) -> Answer<()>;
    fn take_over(&self, camera: CameraId, reason: Reason) -> Answer<()>;
    /// One's own clearances and those that wait for this person's answer.
    fn clearances(&self) -> Vec<ClearanceState>;
    fn request_clearance(&self, wish: Wish) -> Answer<()>;
    fn answer_clearance(&self, id: u64, verdict: clearance::Verdict) -> Answer<()>;
    fn sign_out(&self) -> Answer<Delivery>;
    /// The same, and the account passes to the workstation that asks for it.
    fn yield_account(&self) -> Answer<Delivery>;
    /// Says no to the workstation that asks for the account.
    fn keep_account(&self) -> Answer<()>;
    /// When a moment of the server's clock, Unix ms, is here.
    fn moment(&self, server_ms: i64) -> Instant;
    fn view(&self, camera: CameraId, stream: StreamRole) -> Answer<Arc<dyn Feed>>;
    fn steer(&self, camera: CameraId) -> Answer<Box<dyn PtzDrive>>;
    fn presets(&self, camera: CameraId) -> Answer<Vec<Preset>>;
    fn call_preset(&self, camera: CameraId, preset: String) -> Answer<()>;
    fn save_preset(&self, camera: CameraId, name: String) -> Answer<()>;
    fn snapshot(&self, feed: Arc<dyn Feed>) -> Answer<PathBuf>;
    fn recorded(&self, camera: CameraId, from_ms: i64, to_ms: i64) -> Answer<Vec<RecordedSpan>>;
    fn play(&self, camera: CameraId, from_ms: i64, to_ms: i64) -> Answer<Arc<dyn Reel>>;
    fn export(&self, wish: ExportWish, progress: watch::Sender<ExportProgress>) -> Answer<Exported>;
    fn diagnose(&self, camera: CameraId) -> Answer<Diagnosis>;
    /// How a camera's own masks and limits stand to the plan.
    fn check_camera(&self, camera: CameraId) -> Answer<MaskSyncState>;
    /// Writes them to the camera and reads them back.
    fn write_to_camera(&self, camera: CameraId) -> Answer<MaskSyncState>;
    /// Declared events in force.
    fn declared(&self) -> Vec<InForce>;
    fn declare(&self, camera: CameraId, what: Declaration) -> Answer<()>;
    fn end_declared(&self, id: u64) -> Answer<()>;
    /// Covers a mask that is being drawn, beside those in force.
    fn draft_mask(&self, camera: CameraId, mask: Option<Mask>);
    fn propose_mask(&self, camera: CameraId, proposal: MaskProposal) -> Answer<()>;
    fn proposals(&self) -> Answer<Vec<ProposedMask>>;
    fn decide_proposal(&self, id: u64, verdict: Verdict) -> Answer<()>;
    /// The server ended the session, or it was signed out.
    fn has_ended(&self) -> bool;
    /// The workstation that tries to use this person's account now.
    fn knock(&self) -> Option<Knock>;
    /// Without a hand for so long, the workstation locks.
    fn lock_after(&self) -> Option<Duration>;
    fn record_lock(&self, by_itself: bool) -> Answer<()>;
    fn unlock(&self, password: SecretString) -> Answer<()>;
    /// Whether the list of people is this person's business.
    fn keeps_people(&self) -> bool;
    fn people(&self) -> Answer<Vec<AccountView>>;
    fn change_account(&self, user: String, change: AccountChange) -> Answer<()>;
    fn sessions(&self) -> Answer<Vec<SessionView>>;
    fn end_session(&self, user: String, reason: Reason) -> Answer<()>;
    /// Whether this person may enrol and revoke workstations.
    fn keeps_stations(&self) -> bool;
    fn workstations(&self) -> Answer<Vec<StationView>>;
    fn enrolment_code(&self, new: NewCode) -> Answer<EnrolmentCode>;
    fn revoke_workstation(&self, station: StationId, reason: Reason) -> Answer<()>;
    /// Whether cameras are this person's to add, change and remove.
    fn keeps_cameras(&self) -> bool;
    /// Whether changes that need two are this person's to approve.
    fn approves_cameras(&self) -> bool;
    fn kept_cameras(&self) -> Answer<Vec<CameraView>>;
    /// Looks for cameras on the network.
    fn find_cameras(&self) -> Answer<Vec<FoundCamera>>;
    /// Tests a camera that need not be in the plan.
    fn try_camera(&self, onvif: String, account: CameraAccount) -> Answer<CameraReport>;
    fn put_camera(&self, put: PutCamera) -> Answer<Changed>;
    fn remove_camera(&self, camera: CameraId, reason: String) -> Answer<Changed>;
    fn site_proposals(&self) -> Answer<Vec<SiteProposal>>;
    fn decide_site(&self, id: u64, verdict: Verdict) -> Answer<()>;
}

/// A declared event in force.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    pub id: u64,
    pub camera: CameraId,
    pub change: Change,
    pub display_name: String,
    pub ends: Instant,
}

/// What to export and why.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportWish {
    pub camera: CameraId,
    pub from_ms: i64,
    pub to_ms: i64,
    pub reason: ExportReason,
}

/// Who holds a dome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomeLease {
    pub camera: CameraId,
    pub display_name: String,
    pub agency: String,
    /// The person at this desk holds it.
    pub ours: bool,
    /// Who asked for it, in order.
    pub asking: Vec<Asking<Holder>>,
    /// Who is taking it over.
    pub passes_to: Option<Holder>,
}

/// An open live view.
pub trait Feed: Send + Sync {
    fn stream(&self) -> StreamRole;
    fn slot(&self) -> &FrameSlot;
    fn state(&self) -> ViewState;
    fn cover(&self, now: Instant) -> Arc<Cover>;
    fn pose(&self, now: Instant) -> PoseKnowledge;
    /// What of a `wanted` digital zoom may be shown of the frame drawn at `now`.
    fn digital_zoom(&self, now: Instant, wanted: f64) -> AllowedZoom;
    fn figures(&self) -> StreamFigures;
    /// How much of the stream is decoded from now on; the session goes on in any case.
    fn attend(&self, attention: Attention);
    /// The station's own view, when there is one behind this feed.
    fn live(&self) -> Option<&LiveView>;
}

/// A hand on a dome. Dropping it stops the dome.
pub trait PtzDrive: Send + Sync {
    fn velocity(&self, pan: f64, tilt: f64, zoom: f64) -> BoxFuture<'_, Result<(), Refusal>>;
    fn centre_on(&self, x: f64, y: f64) -> BoxFuture<'_, Result<(), Refusal>>;
    fn zoom_by(&self, factor: f64) -> BoxFuture<'_, Result<(), Refusal>>;
    fn end(self: Box<Self>) -> Answer<()>;
}

/// A playback. Dropping it stops and records the close.
pub trait Reel: Send + Sync {
    fn slot(&self) -> &FrameSlot;
    fn state(&self) -> PlaybackState;
    fn cover(&self, recorded_ms: Option<i64>) -> Arc<Cover>;
    fn pause(&self, paused: bool);
    fn seek(&self, to_ms: i64) -> BoxFuture<'_, Result<(), Refusal>>;
}

impl Desk for Session {
    fn person(&self) -> Person {
        Session::person(self).clone()
    }

    fn stated(&self) -> Stated {
        Session::stated(self)
    }

    fn change_purpose(&self, stated: Stated) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::change_purpose(&session, stated).await })
    }

    fn circumstances(&self) -> Circumstances {
        Session::circumstances(self)
    }

    fn plan(&self) -> Arc<SitePlan> {
        Session::plan(self)
    }

    fn health(&self) -> Health {
        Session::health(self).borrow().clone()
    }

    fn may_watch(&self) -> bool {
        Session::may_watch(self)
    }

    fn go_on(&self, reason: String) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::go_on(&session, &reason).await })
    }

    fn holds(&self) -> Vec<DomeLease> {
        let user = &Session::person(self).user;
        let holds = Session::holds(self);
        let held = holds.borrow();
        held.iter()
            .map(|held| DomeLease {
                camera: held.camera.clone(),
                display_name: held.holder.display_name.clone(),
                agency: held.holder.agency.clone(),
                ours: &held.holder.user == user,
                asking: held.asking.clone(),
                passes_to: held.passes_to.clone(),
            })
            .collect()
    }

    fn watching(&self) -> Vec<Watching> {
        Session::watching(self).borrow().clone()
    }

    fn ask_for_dome(&self, camera: CameraId, reason: Reason) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::ask_for_dome(&session, &camera, reason).await })
    }

    fn hand_over(&self, camera: CameraId, to: Holder) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::hand_over(&session, &camera, to).await })
    }

    fn decline(&self, camera: CameraId, to: Holder) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::decline(&session, &camera, to).await })
    }

    fn take_over(&self, camera: CameraId, reason: Reason) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::take_over(&session, &camera, reason).await })
    }

    fn clearances(&self) -> Vec<ClearanceState> {
        Session::clearances(self).borrow().clone()
    }

    fn request_clearance(&self, wish: Wish) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::request_clearance(&session, wish).await })
    }

    fn answer_clearance(&self, id: u64, verdict: clearance::Verdict) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::answer_clearance(&session, id, verdict).await })
    }

    fn sign_out(&self) -> Answer<Delivery> {
        Box::pin(Session::sign_out(self.clone()))
    }

    fn yield_account(&self) -> Answer<Delivery> {
        Box::pin(Session::yield_account(self.clone()))
    }

    fn keep_account(&self) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::keep_account(&session).await })
    }

    fn moment(&self, server_ms: i64) -> Instant {
        Session::moment(self, server_ms)
    }

    fn view(&self, camera: CameraId, stream: StreamRole) -> Answer<Arc<dyn Feed>> {
        let session = self.clone();
        Box::pin(async move {
            let view = Session::view(&session, &camera, stream).await?;
            Ok(Arc::new(view) as Arc<dyn Feed>)
        })
    }

    fn steer(&self, camera: CameraId) -> Answer<Box<dyn PtzDrive>> {
        let session = self.clone();
        Box::pin(async move {
            let gesture = Session::steer(&session, &camera).await?;
            Ok(Box::new(gesture) as Box<dyn PtzDrive>)
        })
    }

    fn presets(&self, camera: CameraId) -> Answer<Vec<Preset>> {
        let session = self.clone();
        Box::pin(async move { Session::presets(&session, &camera).await })
    }

    fn call_preset(&self, camera: CameraId, preset: String) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::call_preset(&session, &camera, &preset).await })
    }

    fn save_preset(&self, camera: CameraId, name: String) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::save_preset(&session, &camera, &name).await })
    }

    fn snapshot(&self, feed: Arc<dyn Feed>) -> Answer<PathBuf> {
        let session = self.clone();
        Box::pin(async move {
            match feed.live() {
                Some(view) => Session::snapshot(&session, view).await,
                None => Err(Refusal::NotSupported),
            }
        })
    }

    fn recorded(&self, camera: CameraId, from_ms: i64, to_ms: i64) -> Answer<Vec<RecordedSpan>> {
        let session = self.clone();
        Box::pin(async move { Session::recorded(&session, &camera, from_ms, to_ms).await })
    }

    fn play(&self, camera: CameraId, from_ms: i64, to_ms: i64) -> Answer<Arc<dyn Reel>> {
        let session = self.clone();
        Box::pin(async move {
            let playback = Session::play(&session, &camera, from_ms, to_ms).await?;
            Ok(Arc::new(playback) as Arc<dyn Reel>)
        })
    }

    fn export(&self, wish: ExportWish, progress: watch::Sender<ExportProgress>) -> Answer<Exported> {
        let session = self.clone();
        Box::pin(async move {
            Session::export(&session, &wish.camera, wish.from_ms, wish.to_ms, wish.reason, progress).await
        })
    }

    fn diagnose(&self, camera: CameraId) -> Answer<Diagnosis> {
        let session = self.clone();
        Box::pin(async move { Session::diagnose(&session, &camera).await })
    }

    fn check_camera(&self, camera: CameraId) -> Answer<MaskSyncState> {
        let session = self.clone();
        Box::pin(async move { Session::check_camera(&session, &camera).await })
    }

    fn write_to_camera(&self, camera: CameraId) -> Answer<MaskSyncState> {
        let session = self.clone();
        Box::pin(async move { Session::write_to_camera(&session, &camera).await })
    }

    fn declared(&self) -> Vec<InForce> {
        let now = Instant::now();
        let declared = Session::declared(self);
        let declared = declared.borrow();
        let in_force = declared.iter().filter(|event| event.ends > now);
        in_force
            .map(|event| InForce {
                id: event.id,
                camera: event.camera.clone(),
                change: event.declaration.change.clone(),
                display_name: event.by.display_name.clone(),
                ends: event.ends,
            })
            .collect()
    }

    fn declare(&self, camera: CameraId, what: Declaration) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::declare(&session, &camera, what).await.map(drop) })
    }

    fn end_declared(&self, id: u64) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::end_declared(&session, id).await })
    }

    fn draft_mask(&self, camera: CameraId, mask: Option<Mask>) {
        Session::draft_mask(self, &camera, mask);
    }

    fn propose_mask(&self, camera: CameraId, proposal: MaskProposal) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::propose_mask(&session, &camera, proposal).await.map(drop) })
    }

    fn proposals(&self) -> Answer<Vec<ProposedMask>> {
        let session = self.clone();
        Box::pin(async move { Session::proposals(&session).await })
    }

    fn decide_proposal(&self, id: u64, verdict: Verdict) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::decide_proposal(&session, id, verdict).await })
    }

    fn has_ended(&self) -> bool {
        *Session::ended(self).borrow()
    }

    fn knock(&self) -> Option<Knock> {
        Session::knock(self)
    }

    fn lock_after(&self) -> Option<Duration> {
        Session::lock_after(self)
    }

    fn record_lock(&self, by_itself: bool) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::record_lock(&session, by_itself).await })
    }

    fn unlock(&self, password: SecretString) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::unlock(&session, password).await })
    }

    fn keeps_people(&self) -> bool {
        Session::keeps_people(self)
    }

    fn people(&self) -> Answer<Vec<AccountView>> {
        let session = self.clone();
        Box::pin(async move { Session::people(&session).await })
    }

    fn change_account(&self, user: String, change: AccountChange) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::change_account(&session, &user, &change).await })
    }

    fn sessions(&self) -> Answer<Vec<SessionView>> {
        let session = self.clone();
        Box::pin(async move { Session::sessions(&session).await })
    }

    fn end_session(&self, user: String, reason: Reason) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::end_session(&session, &user, reason).await })
    }

    fn keeps_stations(&self) -> bool {
        Session::keeps_stations(self)
    }

    fn workstations(&self) -> Answer<Vec<StationView>> {
        let session = self.clone();
        Box::pin(async move { Session::workstations(&session).await })
    }

    fn enrolment_code(&self, new: NewCode) -> Answer<EnrolmentCode> {
        let session = self.clone();
        Box::pin(async move { Session::enrolment_code(&session, &new).await })
    }

    fn revoke_workstation(&self, station: StationId, reason: Reason) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::revoke_workstation(&session, &station, reason).await })
    }

    fn keeps_cameras(&self) -> bool {
        Session::keeps_cameras(self)
    }

    fn approves_cameras(&self) -> bool {
        Session::approves_cameras(self)
    }

    fn kept_cameras(&self) -> Answer<Vec<CameraView>> {
        let session = self.clone();
        Box::pin(async move { Session::kept_cameras(&session).await })
    }

    fn find_cameras(&self) -> Answer<Vec<FoundCamera>> {
        let session = self.clone();
        Box::pin(async move { Session::find_cameras(&session).await })
    }

    fn try_camera(&self, onvif: String, account: CameraAccount) -> Answer<CameraReport> {
        let session = self.clone();
        Box::pin(async move { Session::try_camera(&session, onvif, account).await })
    }

    fn put_camera(&self, put: PutCamera) -> Answer<Changed> {
        let session = self.clone();
        Box::pin(async move { Session::put_camera(&session, &put).await })
    }

    fn remove_camera(&self, camera: CameraId, reason: String) -> Answer<Changed> {
        let session = self.clone();
        Box::pin(async move { Session::remove_camera(&session, &camera, reason).await })
    }

    fn site_proposals(&self) -> Answer<Vec<SiteProposal>> {
        let session = self.clone();
        Box::pin(async move { Session::site_proposals(&session).await })
    }

    fn decide_site(&self, id: u64, verdict: Verdict) -> Answer<()> {
        let session = self.clone();
        Box::pin(async move { Session::decide_site(&session, id, verdict).await })
    }
}

impl Feed for LiveView {
    fn stream(&self) -> StreamRole {
        LiveView::stream(self)
    }
    fn slot(&self) -> &FrameSlot {
        LiveView::slot(self)
    }
    fn state(&self) -> ViewState {
        LiveView::state(self).borrow().clone()
    }
    fn cover(&self, now: Instant) -> Arc<Cover> {
        LiveView::cover(self, now)
    }
    fn pose(&self, now: Instant) -> PoseKnowledge {
        LiveView::pose(self, now)
    }
    fn digital_zoom(&self, now: Instant, wanted: f64) -> AllowedZoom {
        LiveView::digital_zoom(self, now, wanted)
    }
    fn figures(&self) -> StreamFigures {
        LiveView::figures(self)
    }
    fn attend(&self, attention: Attention) {
        LiveView::attend(self, attention);
    }
    fn live(&self) -> Option<&LiveView> {
        Some(self)
    }
}

impl PtzDrive for Gesture {
    fn velocity(&self, pan: f64, tilt: f64, zoom: f64) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(Gesture::velocity(self, pan, tilt, zoom))
    }
    fn centre_on(&self, x: f64, y: f64) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(Gesture::centre_on(self, x, y))
    }
    fn zoom_by(&self, factor: f64) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(Gesture::zoom_by(self, factor))
    }
    fn end(self: Box<Self>) -> Answer<()> {
        Box::pin(Gesture::end(*self))
    }
}

impl Reel for Playback {
    fn slot(&self) -> &FrameSlot {
        Playback::slot(self)
    }
    fn state(&self) -> PlaybackState {
        Playback::state(self).borrow().clone()
    }
    fn cover(&self, recorded_ms: Option<i64>) -> Arc<Cover> {
        Playback::cover(self, recorded_ms)
    }
    fn pause(&self, paused: bool) {
        Playback::pause(self, paused);
    }
    fn seek(&self, to_ms: i64) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(Playback::seek(self, to_ms))
    }
}
