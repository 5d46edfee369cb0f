//! A connected camera or recorder: the services put together.
//!
//! Invariant: a `Camera` exists only after its credentials were accepted for something that needs them, or the device
//! asked for none. Deliberately absent: reconnecting and timing (`station`), pictures (`media`).

use super::device::{self, Services};
use super::ptz_spaces::Spaces;
use super::soap_channel::Channel;
use super::{
    ConfiguredLimits, DeviceFacts, Endpoint, Limits, Masks, OnvifError, Ptz, RecordedPosition, Recording, StreamOffer,
    Subscription, events, media, recording,
};
use std::sync::Arc;
use std::time::Duration;

/// A connected camera or recorder. Cheap to clone; safe to use from any task.
#[derive(Clone)]
pub struct Camera(Arc<Inner>);

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
        Ok(Self(Arc::new(Inner {
            channel,
            facts,
            services,
        })))
    }

    /// The device's own facts, as read while connecting.
    pub fn facts(&self) -> &DeviceFacts {
        &self.0.facts
    }

    /// Every stream it offers, largest picture first.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn streams(&self) -> Result<Vec<StreamOffer>, OnvifError> {
        media::streams(&self.0.channel, &self.0.services).await
    }

    /// Its motors; `None` for a fixed camera.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn ptz(&self) -> Result<Option<Ptz>, OnvifError> {
        Ptz::find(&self.0.channel, &self.0.services).await
    }

    /// Its own privacy masks; `None` when it cannot be asked for them.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn masks(&self) -> Result<Option<Masks>, OnvifError> {
        Masks::find(&self.0.channel, &self.0.services).await
    }

    /// Its own pan, tilt and zoom limits; `None` when it has none that could be set.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn configured_limits(&self) -> Result<Option<ConfiguredLimits>, OnvifError> {
        ConfiguredLimits::find(&self.0.channel, &self.0.services).await
    }

    /// The recordings of a recorder (Profile G), oldest first.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `NotSupported` when it is no recorder.
    pub async fn recordings(&self) -> Result<Vec<Recording>, OnvifError> {
        recording::list(&self.0.channel, &self.0.services).await
    }

    /// The RTSP address that plays a recording back, on the device's host and without credentials.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn replay_uri(&self, recording: &str) -> Result<String, OnvifError> {
        recording::replay_uri(&self.0.channel, &self.0.services, recording)
            .await
            .map(String::from)
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
        let Inner { channel, services, .. } = &*self.0;
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
        media::synchronise(&self.0.channel, &self.0.services, profile).await
    }

    /// A pull point for events, for `lifetime` at a time.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `Busy` when the device has no free slot.
    pub async fn subscribe(&self, lifetime: Duration) -> Result<Subscription, OnvifError> {
        events::subscribe(&self.0.channel, &self.0.services, lifetime).await
    }

    /// Reads the device's clock now; device minus ours, seconds. The cheapest sign of life: it needs no credentials.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn clock_offset(&self) -> Result<i64, OnvifError> {
        self.0.channel.read_clock().await
    }
}
