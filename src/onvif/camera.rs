//! A connected camera or recorder: the services put together.
//!
//! Invariant: a `Camera` exists only after its credentials were accepted for something that needs them, or the device
//! asked for none. Deliberately absent: reconnecting and timing (`station`), pictures (`media`).

use super::device::{self, Services};
use super::ptz_spaces::Spaces;
use super::soap_channel::Channel;
use super::{
    ConfiguredLimits, DeviceFacts, Endpoint, Limits, Masks, OnvifError, Ptz, RecordedPosition, Recording, StreamOffer,
    Subscription, events, media, orientation, recording, recording_source, view,
};
use crate::domain::site::{Orientation, VideoView};
use std::sync::Arc;
use std::time::Duration;

/// A connected camera or recorder. Cheap to clone; safe to use from any task.
#[derive(Clone)]
pub struct Camera {
    device: Arc<Inner>,
    /// The view of the plan; `None`: the only one.
    view: Option<VideoView>,
}

struct Inner {
    channel: Channel,
    facts: DeviceFacts,
    services: Services,
}

impl Camera {
    /// Reads clock, services and device information; a device whose clock is wrong is spoken to in its own time.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn connect(endpoint: Endpoint, limits: Limits) -> Result<Self, OnvifError> {
        let channel = Channel::new(endpoint, limits)?;
        let (facts, services) = device::introduce(&channel).await?;
        Ok(Self {
            device: Arc::new(Inner {
                channel,
                facts,
                services,
            }),
            view: None,
        })
    }

    /// The device, of which pictures, motors, masks and recordings are from now on those of the planned view; `None`: of the
    /// only one it has.
    pub fn showing(self, view: Option<VideoView>) -> Self {
        Self { view, ..self }
    }

    /// The device's own facts, as read while connecting.
    pub fn facts(&self) -> &DeviceFacts {
        &self.device.facts
    }

    /// The streams of its view, largest picture first.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `View` when the view cannot be told.
    pub async fn streams(&self) -> Result<Vec<StreamOffer>, OnvifError> {
        media::streams(&self.device.channel, &self.device.services, self.view.as_ref()).await
    }

    /// The streams of every view that the device has, largest picture first.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn all_streams(&self) -> Result<Vec<StreamOffer>, OnvifError> {
        media::all_streams(&self.device.channel, &self.device.services).await
    }

    /// How its view is turned, mirrored and cropped now, and which way its motors take a command.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `View` when the view cannot be told.
    pub async fn orientation(&self) -> Result<Orientation, OnvifError> {
        let Inner { channel, services, .. } = &*self.device;
        let (_, profiles) = media::profiles(channel, services).await?;
        let chosen = view::chosen(&profiles, self.view.as_ref())?;
        let motors = view::with_motors(&profiles, chosen.as_ref()).and_then(|profile| profile.ptz.clone());
        let shown = view::showing(profiles, chosen.as_ref()).into_iter().next();
        let spaces = self.ptz().await?.map(|ptz| orientation::spaces(ptz.spaces()));
        let (e_flip, reverse) = motors.map(|motors| (motors.e_flip, motors.reverse)).unwrap_or_default();
        Ok(Orientation {
            e_flip,
            reverse,
            spaces: spaces.unwrap_or_default(),
            ..shown.map(|profile| profile.orientation).unwrap_or_default()
        })
    }

    /// Its motors; `None` for a fixed camera.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn ptz(&self) -> Result<Option<Ptz>, OnvifError> {
        Ptz::find(&self.device.channel, &self.device.services, self.view.as_ref()).await
    }

    /// Its own privacy masks; `None` when it cannot be asked for them.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn masks(&self) -> Result<Option<Masks>, OnvifError> {
        Masks::find(&self.device.channel, &self.device.services, self.view.as_ref()).await
    }

    /// Its own pan, tilt and zoom limits; `None` when it has none that could be set.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn configured_limits(&self) -> Result<Option<ConfiguredLimits>, OnvifError> {
        ConfiguredLimits::find(&self.device.channel, &self.device.services, self.view.as_ref()).await
    }

    /// The recordings (Profile G) of its view's video source, oldest first.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `NotSupported` when it is no recorder; `View` when it does not say which recordings
    /// are of this source.
    pub async fn recordings(&self) -> Result<Vec<Recording>, OnvifError> {
        let Inner { channel, services, .. } = &*self.device;
        let all = recording::list(channel, services).await?;
        recording_source::of_view(channel, services, all, self.view.as_ref()).await
    }

    /// The RTSP address that plays a recording back, on the device's host and without credentials.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn replay_uri(&self, recording: &str) -> Result<String, OnvifError> {
        recording::replay_uri(&self.device.channel, &self.device.services, recording)
            .await
            .map(String::from)
    }

    /// Whether the device answers its account's GET for a snapshot of this profile with content, of which nothing is read.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `NotSupported` when the device has no snapshots.
    pub async fn snapshot_opens(&self, profile: &str) -> Result<bool, OnvifError> {
        let Inner { channel, services, .. } = &*self.device;
        let uri = media::snapshot_uri(channel, services, profile).await?;
        channel.may_get(&uri).await
    }

    /// The RTSP address that plays back a recording of any view; `None` when there is none.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `NotSupported` when it is no recorder.
    pub async fn first_replay(&self) -> Result<Option<String>, OnvifError> {
        let Inner { channel, services, .. } = &*self.device;
        match recording::list(channel, services).await?.first() {
            Some(found) => self.replay_uri(&found.token).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether the device lets its users search recordings by words or by pictures (`NLSearch`, `ImageSearch` of the search
    /// service's capabilities, 26.06); `None` where it does not say, or records nothing.
    pub async fn searches_people(&self) -> Option<bool> {
        recording::searches_people(&self.device.channel, &self.device.services).await
    }

    /// Where a dome looked while it recorded (FindPTZPosition), Unix milliseconds, in time order.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `NotSupported` when the recorder cannot say.
    pub async fn recorded_positions(
        &self,
        recording: &str,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<RecordedPosition>, OnvifError> {
        let Inner { channel, services, .. } = &*self.device;
        let spaces = self
            .ptz()
            .await?
            .map_or_else(Spaces::generic, |ptz| ptz.spaces().clone());
        recording::positions(channel, services, &spaces, recording, from_ms, to_ms).await
    }

    /// Asks for a key frame on a profile's streams.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn synchronise(&self, profile: &str) -> Result<(), OnvifError> {
        media::synchronise(&self.device.channel, &self.device.services, profile).await
    }

    /// A pull point for events, for `lifetime` at a time.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `Busy` when the device has no free slot.
    pub async fn subscribe(&self, lifetime: Duration) -> Result<Subscription, OnvifError> {
        events::subscribe(&self.device.channel, &self.device.services, lifetime).await
    }

    /// Reads the device's clock now; device minus ours, seconds. The cheapest sign of life: it needs no credentials.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn clock_offset(&self) -> Result<i64, OnvifError> {
        self.device.channel.read_clock().await
    }
}
