//! The commands on cameras and on the site plan.
//!
//! Invariant: as for every command, who may is decided by the running server, which records it. Deliberately absent: ONVIF
//! (the program tests and looks for cameras itself, after the server recorded that it does).

use super::AdminClient;
use crate::domain::camera::CameraId;
use crate::domain::site::{SitePlan, signed_form};
use crate::protocol::{
    CameraTestReport, CameraView, Changed, PlanImport, PutCamera, Removal, SignedPlan, SiteProposal, Verdict,
};
use crate::server::causes::causes;
use crate::server::error::ServerError;
use crate::server::log_read::{ask, remote, send};

impl AdminClient {
    /// Every camera of the controllers that this person looks after.
    ///
    /// # Errors
    /// As [`AdminClient::people`], here and below.
    pub async fn cameras(&self) -> Result<Vec<CameraView>, ServerError> {
        ask(self.of(self.client.get(self.url("/v1/cameras")))).await
    }

    /// Adds a camera or changes one.
    ///
    /// # Errors
    /// As [`AdminClient::people`].
    pub async fn put_camera(&self, put: &PutCamera) -> Result<Changed, ServerError> {
        ask(self.of(self.client.post(self.url("/v1/cameras"))).json(put)).await
    }

    /// Takes a camera out of the plan.
    ///
    /// # Errors
    /// As [`AdminClient::people`].
    pub async fn remove_camera(&self, camera: &CameraId, removal: &Removal) -> Result<Changed, ServerError> {
        let url = self.url(&format!("/v1/cameras/{camera}/removal"));
        ask(self.of(self.client.post(url)).json(removal)).await
    }

    /// Says that a camera is about to be tested.
    ///
    /// # Errors
    /// As [`AdminClient::people`].
    pub async fn begin_trial(&self, trial: &CameraTestReport) -> Result<(), ServerError> {
        send(self.of(self.client.post(self.url("/v1/site/trials"))).json(trial))
            .await
            .map(drop)
    }

    /// The plan in force, as far as this person has to do with it. It is brought back from a file, so nothing of it is passed over.
    ///
    /// # Errors
    /// As [`AdminClient::people`].
    pub async fn plan(&self) -> Result<SitePlan, ServerError> {
        let signed: SignedPlan = ask(self.of(self.client.get(self.url("/v1/plan")))).await?;
        signed_form::read_whole(&signed.plan).map_err(|error| remote(causes(&error)))
    }

    /// Brings a plan from a file.
    ///
    /// # Errors
    /// As [`AdminClient::people`].
    pub async fn import(&self, import: &PlanImport) -> Result<Changed, ServerError> {
        ask(self.of(self.client.post(self.url("/v1/site"))).json(import)).await
    }

    /// Changes that wait for a second person.
    ///
    /// # Errors
    /// As [`AdminClient::people`].
    pub async fn site_proposals(&self) -> Result<Vec<SiteProposal>, ServerError> {
        ask(self.of(self.client.get(self.url("/v1/site/proposals")))).await
    }

    /// Answers one of them.
    ///
    /// # Errors
    /// As [`AdminClient::people`].
    pub async fn decide_site(&self, id: u64, verdict: Verdict) -> Result<(), ServerError> {
        let url = self.url(&format!("/v1/site/proposals/{id}"));
        send(self.of(self.client.post(url)).json(&verdict)).await.map(drop)
    }
}
