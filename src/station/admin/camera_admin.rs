//! Administration of cameras and the site plan: the list, discovery, the test of a camera, saving, and changes that wait
//! for a second person.
//!
//! The workstation looks and tests, because it stands where cameras are reached from; the server decides, stores and signs.
//! Invariant: the one decision is asked here before the server; what is about to reach a camera or the network is durable
//! in the outbox first. Deliberately absent: masks (`mask_proposals`), ceilings, calendars.

use crate::domain::audit::details::configuration::{CameraProbe, ProbeWord};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::CameraId;
use crate::domain::people::AdminRight;
use crate::domain::refusal::RefusalKind;
use crate::domain::site::VideoView;
use crate::domain::site::change::{SiteFault, is_address};
use crate::onvif::discovery::{self, Found};
use crate::onvif::{Endpoint, Limits, TestReport, camera_test};
use crate::protocol::{CameraAccount, CameraView, Changed, PutCamera, Removal, SiteProposal, Verdict};
use crate::station::refusal::{CameraTrouble, Refusal};
use crate::station::session::signed_in::Session;
use std::net::Ipv4Addr;
use std::time::Duration;

/// How long discovery waits for answers of cameras.
const LISTEN: Duration = Duration::from_secs(4);

/// A camera that answered on the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCamera {
    pub onvif: String,
    pub name: Option<String>,
}

/// What a test of a camera found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraReport {
    /// Camera's clock minus ours, seconds.
    pub clock_offset_s: Option<i64>,
    /// «H264 1280×720», largest first: of the tested view, or of every view where it cannot be told which is meant.
    pub streams: Vec<String>,
    /// Every view of the device, with its streams; one or none when there is nothing to choose.
    pub views: Vec<OfferedView>,
    /// Whether it has motors; `None`: the question failed.
    pub ptz: Option<bool>,
    /// How many masks of its own it takes; `None`: none, or it does not say.
    pub masks: Option<usize>,
    /// Questions that failed, with the camera's words, for the log.
    pub troubles: Vec<String>,
    /// Its users may search recordings by words or by pictures.
    pub searches_people: bool,
}

/// A view that a device offers, with its streams: «H264 1280×720», largest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedView {
    pub view: VideoView,
    pub streams: Vec<String>,
}

impl CameraReport {
    fn new(found: TestReport) -> Self {
        let troubles = found
            .troubles()
            .into_iter()
            .map(|(what, error)| format!("{what}: {error}"));
        let troubles = troubles.collect();
        let streams = found.streams.unwrap_or_default();
        let of = |view: Option<&VideoView>| {
            let mine = streams
                .iter()
                .filter(|stream| view.is_none() || stream.view.as_ref() == view);
            mine.map(|stream| format!("{} {}×{}", stream.codec, stream.width, stream.height))
                .collect()
        };
        Self {
            clock_offset_s: found.clock_offset_s,
            streams: of(found.view.as_ref()),
            views: found
                .views
                .iter()
                .map(|view| OfferedView {
                    view: view.clone(),
                    streams: of(Some(view)),
                })
                .collect(),
            ptz: found.ptz.ok(),
            masks: found.masks.ok().flatten().map(|options| options.most_masks),
            troubles,
            searches_people: found.searches_people == Some(true),
        }
    }
}

impl Session {
    /// Whether this person may add, change and remove cameras, here and now.
    pub fn may_change_cameras(&self) -> bool {
        self.check_admin(AdminRight::KeepCameras).is_ok()
    }

    /// Whether this person may approve changes that need two people, here and now.
    pub fn may_approve_cameras(&self) -> bool {
        self.check_admin(AdminRight::ApproveCameras).is_ok()
    }

    /// Every camera of the controllers whose cameras this person administers.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing, what else the server refuses with; [`Refusal::ServerAway`].
    pub async fn administered_cameras(&self) -> Result<Vec<CameraView>, Refusal> {
        Ok(self.0.station.server.cameras(&self.0.facts.token).await?)
    }

    /// Discovers cameras on the network of this workstation (WS-Discovery, 4 s). Recorded first.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`], [`Refusal::NotRecorded`], or [`Refusal::Camera`] when the network cannot be used.
    pub async fn find_cameras(&self) -> Result<Vec<FoundCamera>, Refusal> {
        self.check_admin(AdminRight::KeepCameras)?;
        self.record_probe(ProbeWord::CamerasSought, None).await?;
        let found = discovery::probe(Ipv4Addr::UNSPECIFIED, LISTEN).await?;
        Ok(found.into_iter().filter_map(first_address).collect())
    }

    /// Tests a camera that need not be in the plan, through one of its views (`None`: its only one). Recorded first.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`], [`RefusalKind::Site`] when the address is none, [`Refusal::NotRecorded`], or [`Refusal::Camera`] with
    /// what is wrong with it.
    pub async fn try_camera(
        &self,
        onvif: String,
        account: CameraAccount,
        view: Option<VideoView>,
    ) -> Result<CameraReport, Refusal> {
        self.check_admin(AdminRight::KeepCameras)?;
        if !is_address(&onvif) {
            return Err(Refusal::Kind(RefusalKind::Site(SiteFault::Address)));
        }
        self.record_probe(ProbeWord::CameraTested, Some(&onvif)).await?;
        let endpoint = Endpoint::new(onvif, account.user, account.password);
        let found = camera_test::test(endpoint, Limits::default(), view)
            .await
            .map_err(|error| Refusal::Camera(CameraTrouble::from(error)))?;
        Ok(CameraReport::new(found))
    }

    /// Adds a camera or changes one; the server records it, with before and after.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing, what else the server refuses with; [`Refusal::ServerAway`].
    pub async fn put_camera(&self, put: &PutCamera) -> Result<Changed, Refusal> {
        self.check_admin(AdminRight::KeepCameras)?;
        Ok(self.0.station.server.put_camera(&self.0.facts.token, put).await?)
    }

    /// Takes a camera out of the plan.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing, what else the server refuses with; [`Refusal::ServerAway`].
    pub async fn remove_camera(&self, camera: &CameraId, reason: String) -> Result<Changed, Refusal> {
        self.check_admin(AdminRight::KeepCameras)?;
        let (server, removal) = (&self.0.station.server, Removal { reason });
        Ok(server.remove_camera(&self.0.facts.token, camera, &removal).await?)
    }

    /// Changes of the plan that wait for a second person.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing, what else the server refuses with; [`Refusal::ServerAway`].
    pub async fn site_proposals(&self) -> Result<Vec<SiteProposal>, Refusal> {
        Ok(self.0.station.server.site_proposals(&self.0.facts.token).await?)
    }

    /// Approves or declines a change that waits for a second person, or withdraws one's own.
    ///
    /// # Errors
    /// [`RefusalKind::Rule`] when the right is missing, what else the server refuses with; [`Refusal::ServerAway`].
    pub async fn decide_site(&self, id: u64, verdict: Verdict) -> Result<(), Refusal> {
        let decided = self.0.station.server.decide_site(&self.0.facts.token, id, verdict);
        Ok(decided.await?)
    }

    async fn record_probe(&self, change: ProbeWord, onvif: Option<&str>) -> Result<(), Refusal> {
        let probe = CameraProbe {
            change: Some(change),
            onvif: onvif.map(str::to_owned),
        };
        self.0.record(probe, Outcome::Intent).await?;
        Ok(())
    }
}

fn first_address(found: Found) -> Option<FoundCamera> {
    Some(FoundCamera {
        onvif: found.addresses.into_iter().find(|address| is_address(address))?,
        name: found.name,
    })
}
