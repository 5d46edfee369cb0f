//! The office of whoever keeps cameras and the site plan: the list, looking for cameras, testing one, saving, and what
//! waits for a second person.
//!
//! The workstation looks and tests, because it stands where cameras are reached from; the server decides, keeps and signs.
//! Invariant: the one decision is asked here before the server; what is about to reach a camera or the network is durable
//! in the outbox first. Deliberately absent: masks, ceilings, calendars (they have their own way).

use super::authorised_act::Parameters;
use super::refusal::{CameraTrouble, Refusal};
use super::session::Session;
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::camera::CameraId;
use crate::domain::people::AdminRight;
use crate::domain::refusal::RefusalKind;
use crate::domain::site::change::{SiteFault, is_address};
use crate::onvif::discovery::{self, Found};
use crate::onvif::{Endpoint, Limits, camera_test};
use crate::protocol::{CameraAccount, CameraView, Changed, PutCamera, Removal, SiteProposal, Verdict};
use std::net::Ipv4Addr;
use std::time::Duration;

/// How long answers of cameras are waited for.
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
    /// «H264 1280×720», largest first.
    pub streams: Vec<String>,
    pub ptz: bool,
    /// How many masks of its own it takes; `None`: none, or it does not say.
    pub masks: Option<usize>,
}

impl Session {
    /// Whether cameras are this person's to add, change and remove, here and now.
    pub fn keeps_cameras(&self) -> bool {
        self.office(AdminRight::KeepCameras).is_ok()
    }

    /// Whether changes that need two are this person's to approve.
    pub fn approves_cameras(&self) -> bool {
        self.office(AdminRight::ApproveCameras).is_ok()
    }

    /// Every camera of the controllers that this person looks after.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn kept_cameras(&self) -> Result<Vec<CameraView>, Refusal> {
        Ok(self.0.station.server.cameras(&self.0.facts.token).await?)
    }

    /// Looks for cameras on the network of this workstation. Recorded first.
    ///
    /// # Errors
    /// Who refuses, or the network cannot be used.
    pub async fn find_cameras(&self) -> Result<Vec<FoundCamera>, Refusal> {
        self.office(AdminRight::KeepCameras)?;
        self.record_siting("cameras_sought", "").await?;
        let found = discovery::probe(Ipv4Addr::UNSPECIFIED, LISTEN).await?;
        Ok(found.into_iter().filter_map(first_address).collect())
    }

    /// Tests a camera that need not be in the plan. Recorded first.
    ///
    /// # Errors
    /// Who refuses, or what is wrong with the camera.
    pub async fn try_camera(&self, onvif: String, account: CameraAccount) -> Result<CameraReport, Refusal> {
        self.office(AdminRight::KeepCameras)?;
        if !is_address(&onvif) {
            return Err(Refusal::Kind(RefusalKind::Site(SiteFault::Address)));
        }
        self.record_siting("camera_tested", &onvif).await?;
        let endpoint = Endpoint::new(onvif, account.user, account.password);
        let found = camera_test::test(endpoint, Limits::default())
            .await
            .map_err(|error| Refusal::Camera(CameraTrouble::from(error)))?;
        let streams = found.streams.unwrap_or_default();
        Ok(CameraReport {
            clock_offset_s: found.clock_offset_s,
            streams: streams
                .iter()
                .map(|stream| format!("{} {}×{}", stream.codec, stream.width, stream.height))
                .collect(),
            ptz: found.ptz,
            masks: found.masks.map(|options| options.most_masks),
        })
    }

    /// Adds a camera or changes one; the server records it, with before and after.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn put_camera(&self, put: &PutCamera) -> Result<Changed, Refusal> {
        self.office(AdminRight::KeepCameras)?;
        Ok(self.0.station.server.put_camera(&self.0.facts.token, put).await?)
    }

    /// Takes a camera out of the plan.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn remove_camera(&self, camera: &CameraId, reason: String) -> Result<Changed, Refusal> {
        self.office(AdminRight::KeepCameras)?;
        let (server, removal) = (&self.0.station.server, Removal { reason });
        Ok(server.remove_camera(&self.0.facts.token, camera, &removal).await?)
    }

    /// Changes of the plan that wait for a second person.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn site_proposals(&self) -> Result<Vec<SiteProposal>, Refusal> {
        Ok(self.0.station.server.site_proposals(&self.0.facts.token).await?)
    }

    /// Approves or declines one of them, or takes one's own back.
    ///
    /// # Errors
    /// Who refuses, or the server is away.
    pub async fn decide_site(&self, id: u64, verdict: Verdict) -> Result<(), Refusal> {
        let decided = self.0.station.server.decide_site(&self.0.facts.token, id, verdict);
        Ok(decided.await?)
    }

    async fn record_siting(&self, change: &str, onvif: &str) -> Result<(), Refusal> {
        let mut parameters = Parameters::new();
        parameters.insert("change".into(), change.into());
        if !onvif.is_empty() {
            parameters.insert("onvif".into(), onvif.into());
        }
        self.0
            .record(Operation::ConfigurationChange, Outcome::Intent, parameters)
            .await?;
        Ok(())
    }
}

fn first_address(found: Found) -> Option<FoundCamera> {
    Some(FoundCamera {
        onvif: found.addresses.into_iter().find(|address| is_address(address))?,
        name: found.name,
    })
}
