//! Requests for a dome that somebody else steers: asking, handing over, declining, taking over (R-PTZ-3).
//!
//! Invariant: a dome is handed over only after nothing moves it here any more. Deliberately absent: the lease of this
//! workstation (`camera::dome_lease`), steering (`ptz_control`).

use crate::domain::camera::CameraId;
use crate::domain::reason::Reason;
use crate::protocol::{Holder, LeaseRequest, Watching};
use crate::station::camera::dome_lease::LeasedDome;
use crate::station::refusal::Refusal;
use crate::station::session::signed_in::Session;
use tokio::sync::watch;

impl Session {
    /// Every lease of a dome, and who asks for it, as the server last said.
    pub fn leases(&self) -> watch::Receiver<Vec<LeasedDome>> {
        self.0.leases.seen()
    }

    /// Domes that did not go back to their place by themselves, and why; each once.
    pub fn take_not_returned(&self) -> Vec<(CameraId, Refusal)> {
        self.0.take_not_returned()
    }

    /// Who watches what, as the server last said.
    pub fn watching(&self) -> watch::Receiver<Vec<Watching>> {
        self.0.leases.watching()
    }

    /// Asks the holder of a dome's lease for it.
    ///
    /// # Errors
    /// [`Refusal::Kind(RefusalKind::NotFound)`] when nobody has the lease any more; [`Refusal::ServerAway`].
    pub async fn ask_for_dome(&self, camera: &CameraId, reason: Reason) -> Result<(), Refusal> {
        self.0
            .leases
            .request(camera, &LeaseRequest::Ask { reason })
            .await
            .map(drop)
    }

    /// Hands the lease of a dome over to one who asked; this workstation has stopped moving the dome before the server hears
    /// of it.
    ///
    /// # Errors
    /// [`Refusal::LeaseEnded`] when this session has no lease of it; [`Refusal::Kind(RefusalKind::NotFound)`] when they do not ask any more;
    /// [`Refusal::ServerAway`].
    pub async fn hand_over(&self, camera: &CameraId, to: Holder) -> Result<(), Refusal> {
        let fence = self.0.leases.stand_back_for(camera, &to).await?;
        let request = LeaseRequest::HandOver { to, fence };
        self.0.leases.request(camera, &request).await.map(drop)
    }

    /// Declines the request of one who asked for a dome.
    ///
    /// # Errors
    /// [`Refusal::Kind(RefusalKind::NotFound)`] when they do not ask any more; [`Refusal::ServerAway`].
    pub async fn decline(&self, camera: &CameraId, to: Holder) -> Result<(), Refusal> {
        self.0
            .leases
            .request(camera, &LeaseRequest::Decline { to })
            .await
            .map(drop)
    }

    /// Takes the lease of a dome from its holder, by level and for a stated reason. It passes as soon as they release it or
    /// are not heard any more.
    ///
    /// # Errors
    /// [`RefusalKind::LevelTooLow`] when the holder's level is not lower; [`Refusal::ServerAway`].
    pub async fn take_over(&self, camera: &CameraId, reason: Reason) -> Result<(), Refusal> {
        self.0
            .leases
            .request(camera, &LeaseRequest::TakeOver { reason })
            .await
            .map(drop)
    }
}
