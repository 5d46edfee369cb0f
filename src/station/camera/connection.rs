//! One ONVIF connection per camera and session, shared by every view, gesture and question.
//!
//! Invariant: nobody gets a connection without proof of a durable intent; credentials are in memory only.
//! Deliberately absent: retrying (whoever needs the camera tries again), RTSP.

use super::link::CameraLink;
use crate::domain::camera::{CameraId, StreamRole};
use crate::domain::live::stream_selection::{Pixels, smallest_for_a_tile};
use crate::domain::site::{CameraPlan, VideoView};
use crate::onvif::{Camera, Endpoint, Limits, Ptz, StreamOffer};
use crate::protocol::{CameraCredential, CredentialNeed};
use crate::station::record::outbox::Recorded;
use crate::station::refusal::{Refusal, TroubleKind};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// The connections of a session, made on demand and shared by camera.
pub struct Connections {
    link: CameraLink,
    need: CredentialNeed,
    open: Mutex<HashMap<CameraId, Arc<OnceCell<Arc<Connection>>>>>,
    credentials: Mutex<HashMap<CameraId, CameraCredential>>,
    lost: Arc<AtomicUsize>,
    made: AtomicU64,
}

/// Counts one lost stream until dropped.
pub struct Lost(Arc<AtomicUsize>);

impl Lost {
    /// The number of streams lost now beside this one.
    pub fn others(&self) -> usize {
        self.0.load(Ordering::Relaxed).saturating_sub(1)
    }
}

impl Drop for Lost {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connected camera with what was asked once.
pub struct Connection {
    /// Counts the connections of a session, so that what was found over one is not believed over the next.
    pub number: u64,
    /// Address and view of the plan it was made by.
    planned: (String, Option<VideoView>),
    pub camera: Camera,
    pub credential: CameraCredential,
    streams: OnceCell<Vec<StreamOffer>>,
    ptz: OnceCell<Option<Ptz>>,
}

impl Connection {
    /// The stream of a role in the planned view; when the view has but one, that one. Of several sub streams the smallest
    /// that fills a tile.
    ///
    /// # Errors
    /// [`Refusal::NotSupported`] when the view offers no stream that can be decoded; [`Refusal::Camera`] when the camera does
    /// not answer, or does not let it be told which view is meant.
    pub async fn stream(&self, role: StreamRole) -> Result<&StreamOffer, Refusal> {
        let streams = self.streams().await?;
        let of_role = |wanted| {
            streams
                .iter()
                .filter(move |offer| offer.role == wanted && is_decodable(offer))
        };
        let fitting = match role {
            StreamRole::Main => of_role(role).next(),
            StreamRole::Sub => {
                let subs: Vec<&StreamOffer> = of_role(role).collect();
                let sizes: Vec<Pixels> = subs.iter().map(|offer| size(offer)).collect();
                smallest_for_a_tile(&sizes).map(|at| subs[at])
            }
        };
        fitting
            .or_else(|| streams.iter().find(|offer| is_decodable(offer)))
            .ok_or(Refusal::NotSupported)
    }

    /// Every stream of the planned view, asked for once.
    ///
    /// # Errors
    /// [`Refusal::Camera`] when the camera does not answer, or does not let it be told which view is meant.
    pub async fn streams(&self) -> Result<&[StreamOffer], Refusal> {
        Ok(self.streams.get_or_try_init(|| self.camera.streams()).await?)
    }

    /// The camera's PTZ service, asked for once.
    ///
    /// # Errors
    /// [`Refusal::NotSupported`] when the camera has no motors; [`Refusal::Camera`] when it does not answer.
    pub async fn ptz(&self) -> Result<Ptz, Refusal> {
        self.ptz
            .get_or_try_init(|| self.camera.ptz())
            .await?
            .clone()
            .ok_or(Refusal::NotSupported)
    }
}

/// Whether the declared codec is one that is shown; cameras also offer JPEG profiles. Nothing declared: try.
fn is_decodable(offer: &StreamOffer) -> bool {
    offer.codec.is_empty() || offer.codec.starts_with("H26")
}

fn size(offer: &StreamOffer) -> Pixels {
    Pixels {
        width: offer.width,
        height: offer.height,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connections {
    /// No connection yet. `need`: what the session asks credentials for (R-MNT-1).
    pub fn new(link: CameraLink, need: CredentialNeed) -> Self {
        Self {
            link,
            need,
            open: Mutex::default(),
            credentials: Mutex::default(),
            lost: Arc::default(),
            made: AtomicU64::new(0),
        }
    }

    /// Whether the session is over.
    pub fn has_ended(&self) -> bool {
        self.link.ended.has_come()
    }

    /// The connection of a camera; connects when there is none. Two callers at once share one connection. Asks for the
    /// credential of the camera when it is not in memory.
    ///
    /// # Errors
    /// [`Refusal::ServerAway`], [`RefusalKind::SessionEnded`] or the rule by which the server does not give the credential;
    /// [`Refusal::Camera`] when the camera does not answer as it should.
    pub async fn connection(&self, camera: &CameraPlan, _proof: &Recorded) -> Result<Arc<Connection>, Refusal> {
        let cell = {
            let mut open = lock(&self.open);
            let cell = open.entry(camera.id.clone()).or_default();
            // The plan names another device or another view since: pictures of the old one must not go on under its name.
            let same = |(onvif, view): &(String, Option<VideoView>)| *onvif == camera.onvif && *view == camera.view;
            if cell.get().is_some_and(|connection| !same(&connection.planned)) {
                *cell = Arc::default();
            }
            Arc::clone(cell)
        };
        cell.get_or_try_init(|| self.connect(camera)).await.cloned()
    }

    async fn connect(&self, camera: &CameraPlan) -> Result<Arc<Connection>, Refusal> {
        let credential = self.credential(&camera.id).await?;
        let endpoint = Endpoint::new(
            camera.onvif.clone(),
            credential.user.clone(),
            credential.password.clone(),
        );
        let connected = Camera::connect(endpoint, Limits::default())
            .await
            .map_err(Refusal::from);
        if let Err(Refusal::Camera(trouble)) = &connected
            && trouble.kind == TroubleKind::WrongPassword
        {
            self.forget_credential(&camera.id);
        }
        Ok(Arc::new(Connection {
            number: self.made.fetch_add(1, Ordering::Relaxed) + 1,
            planned: (camera.onvif.clone(), camera.view.clone()),
            camera: connected?.showing(camera.view.clone()),
            credential,
            streams: OnceCell::new(),
            ptz: OnceCell::new(),
        }))
    }

    async fn credential(&self, camera: &CameraId) -> Result<CameraCredential, Refusal> {
        let known = lock(&self.credentials).get(camera).cloned();
        if let Some(credential) = known {
            return Ok(credential);
        }
        let link = &self.link;
        let given = link.server.credential(&link.token, camera, self.need).await;
        if let Err(error) = &given {
            if error.is_away() {
                link.contact.away();
            } else if error.is_session_ended() {
                link.ended.end();
            }
        }
        let credential = given?;
        self.remember_credential(camera, credential.clone());
        Ok(credential)
    }

    /// Counts a stream as lost until the value is dropped.
    pub fn lost(&self) -> Lost {
        self.lost.fetch_add(1, Ordering::Relaxed);
        Lost(Arc::clone(&self.lost))
    }

    /// Forgets a connection, so that the next question connects afresh.
    pub fn forget(&self, camera: &CameraId) {
        lock(&self.open).remove(camera);
    }

    /// Stores a camera's credential in memory for this session.
    pub fn remember_credential(&self, camera: &CameraId, credential: CameraCredential) {
        lock(&self.credentials).insert(camera.clone(), credential);
    }

    /// Forgets a camera's connection and its credential: it was refused, and the server may have a newer one.
    pub fn forget_credential(&self, camera: &CameraId) {
        self.forget(camera);
        lock(&self.credentials).remove(camera);
    }
}
