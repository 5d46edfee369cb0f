//! Cameras and the site plan: add, test, change, remove, and approve what needs two people.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::camera::CameraId;
use crate::domain::site::VideoView;
use crate::station::{
    CameraAccount, CameraReport, CameraView, Changed, FoundCamera, PutCamera, Session, SiteProposal, Verdict,
};

/// The cameras of the site plan.
pub trait CameraAdmin: SignedIn {
    /// Whether cameras are this person's to add, change and remove.
    fn administers_cameras(&self) -> bool;
    /// Whether changes that need two are this person's to approve.
    fn approves_cameras(&self) -> bool;
    /// Cameras of the plan, with what is looked after of each.
    fn administered_cameras(&self) -> Answer<Vec<CameraView>>;
    /// Looks for cameras on the network.
    fn find_cameras(&self) -> Answer<Vec<FoundCamera>>;
    /// Tests a camera that need not be in the plan, through one of its views.
    fn try_camera(&self, onvif: String, account: CameraAccount, view: Option<VideoView>) -> Answer<CameraReport>;
    /// Adds a camera or changes its settings.
    fn put_camera(&self, put: PutCamera) -> Answer<Changed>;
    /// Removes a camera from the plan.
    fn remove_camera(&self, camera: CameraId, reason: String) -> Answer<Changed>;
    /// Changes of the plan that wait for a second person.
    fn site_proposals(&self) -> Answer<Vec<SiteProposal>>;
    /// Approves or declines a change of the plan.
    fn decide_site(&self, id: u64, verdict: Verdict) -> Answer<()>;
}

impl CameraAdmin for Session {
    fn administers_cameras(&self) -> bool {
        Session::may_change_cameras(self)
    }

    fn approves_cameras(&self) -> bool {
        Session::may_approve_cameras(self)
    }

    fn administered_cameras(&self) -> Answer<Vec<CameraView>> {
        act(self, async move |session| session.administered_cameras().await)
    }

    fn find_cameras(&self) -> Answer<Vec<FoundCamera>> {
        act(self, async move |session| session.find_cameras().await)
    }

    fn try_camera(&self, onvif: String, account: CameraAccount, view: Option<VideoView>) -> Answer<CameraReport> {
        act(self, async move |session| {
            session.try_camera(onvif, account, view).await
        })
    }

    fn put_camera(&self, put: PutCamera) -> Answer<Changed> {
        act(self, async move |session| session.put_camera(&put).await)
    }

    fn remove_camera(&self, camera: CameraId, reason: String) -> Answer<Changed> {
        act(self, async move |session| session.remove_camera(&camera, reason).await)
    }

    fn site_proposals(&self) -> Answer<Vec<SiteProposal>> {
        act(self, async move |session| session.site_proposals().await)
    }

    fn decide_site(&self, id: u64, verdict: Verdict) -> Answer<()> {
        act(self, async move |session| session.decide_site(id, verdict).await)
    }
}
