//! What the desk without a station says of cameras and the site plan.
//!
//! Deliberately absent: what becomes of a change.

use super::Fake;
use vedetta::domain::camera::CameraId;
use vedetta::domain::people::Level;
use vedetta::domain::site::change::{CameraSettings, Difference, SiteChange};
use vedetta::domain::site::{SitePlan, VideoView};
use vedetta::gui::session_port::{Answer, CameraAdmin};
use vedetta::station::{
    CameraAccount, CameraReport, CameraView, Changed, FoundCamera, PutCamera, SiteProposal, Verdict,
};

/// Every camera; the third has no account yet.
pub fn views(plan: &SitePlan) -> Vec<CameraView> {
    let view = |(at, camera)| CameraView {
        settings: CameraSettings::of(camera),
        masks: camera.masks.len(),
        picture_account: at != 2,
        figures_account: at != 2,
    };
    plan.cameras.iter().enumerate().map(view).collect()
}

/// Two cameras that answer on the network.
pub fn found() -> Vec<FoundCamera> {
    [("192.0.2.31", Some("Via Verdi")), ("192.0.2.32", None)]
        .map(|(host, name)| FoundCamera {
            onvif: format!("http://{host}/onvif/device_service"),
            name: name.map(str::to_owned),
        })
        .to_vec()
}

/// A camera with everything.
pub fn report() -> CameraReport {
    CameraReport {
        clock_offset_s: Some(-42),
        streams: vec!["H265 2592×1520".to_owned(), "H264 640×360".to_owned()],
        views: Vec::new(),
        ptz: Some(true),
        masks: Some(8),
        troubles: Vec::new(),
        searches_people: false,
    }
}

/// A new camera waits for the supervisor.
pub fn proposals(plan: &SitePlan) -> Vec<SiteProposal> {
    let (Some(like), Some(author)) = (plan.cameras.first(), super::takeover::officer()) else {
        return Vec::new();
    };
    let mut settings = CameraSettings::of(like);
    let Ok(id) = "cam-17".parse() else { return Vec::new() };
    (settings.id, settings.number, settings.name) = (id, 17, "Via Verdi".to_owned());
    let mut camera = like.clone();
    (camera.id, camera.number) = (settings.id.clone(), settings.number);
    camera.name.clone_from(&settings.name);
    let difference = Difference {
        camera: settings.id.clone(),
        before: None,
        after: Some(camera),
    };
    vec![SiteProposal {
        id: 3,
        author,
        at_ms: 1_795_000_000_000,
        reason: "nuovo palo".to_owned(),
        change: SiteChange::Put(settings),
        differences: vec![difference],
    }]
}

impl CameraAdmin for Fake {
    fn administers_cameras(&self) -> bool {
        self.level == Level::SystemAdministrator
    }

    fn approves_cameras(&self) -> bool {
        self.level == Level::Supervisor
    }

    fn administered_cameras(&self) -> Answer<Vec<CameraView>> {
        let views = views(&self.plan);
        Box::pin(async move { Ok(views) })
    }

    fn find_cameras(&self) -> Answer<Vec<FoundCamera>> {
        self.note("find cameras".to_owned());
        Box::pin(async { Ok(found()) })
    }

    fn try_camera(&self, onvif: String, account: CameraAccount, _: Option<VideoView>) -> Answer<CameraReport> {
        self.note(format!("try {onvif} {}", account.user));
        Box::pin(async { Ok(report()) })
    }

    fn put_camera(&self, put: PutCamera) -> Answer<Changed> {
        self.note(format!("put {} tested {}", put.settings.id, put.tested));
        Box::pin(async { Ok(Changed::Waits { proposal: 4 }) })
    }

    fn remove_camera(&self, camera: CameraId, reason: String) -> Answer<Changed> {
        self.note(format!("remove {camera} {reason}"));
        Box::pin(async { Ok(Changed::InForce { version: 8 }) })
    }

    fn site_proposals(&self) -> Answer<Vec<SiteProposal>> {
        let waiting = proposals(&self.plan);
        Box::pin(async move { Ok(waiting) })
    }

    fn decide_site(&self, id: u64, verdict: Verdict) -> Answer<()> {
        self.note(format!("decide site {id} {verdict:?}"));
        Box::pin(async { Ok(()) })
    }
}
