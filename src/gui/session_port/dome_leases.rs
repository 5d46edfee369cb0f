//! Dome leases: who steers which dome, and how a dome passes from one to another.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::camera::CameraId;
use crate::domain::ptz::lease::Asking;
use crate::domain::reason::Reason;
use crate::station::{Holder, Refusal, Session};

/// The leases of the domes.
pub trait DomeLeases: SignedIn {
    /// Leases of the domes: holder, whether that is the person at this desk, and who asks.
    fn leases(&self) -> Vec<DomeLease>;
    /// Domes that did not go back to their place by themselves, and why; each once.
    fn not_returned(&self) -> Vec<(CameraId, Refusal)>;
    /// Asks the holder for a dome.
    fn ask_for_dome(&self, camera: CameraId, reason: Reason) -> Answer<()>;
    /// Passes a dome to somebody who asked for it.
    fn hand_over(&self, camera: CameraId, to: Holder) -> Answer<()>;
    /// Refuses a dome to somebody who asked for it.
    fn decline(&self, camera: CameraId, to: Holder) -> Answer<()>;
    /// Takes a dome from its holder, as a supervisor may.
    fn take_over(&self, camera: CameraId, reason: Reason) -> Answer<()>;
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

impl DomeLeases for Session {
    fn leases(&self) -> Vec<DomeLease> {
        let user = &Session::person(self).user;
        let leases = Session::leases(self);
        let leases = leases.borrow();
        leases
            .iter()
            .map(|leased| DomeLease {
                camera: leased.camera.clone(),
                display_name: leased.holder.display_name.clone(),
                agency: leased.holder.agency.clone(),
                ours: &leased.holder.user == user,
                asking: leased.asking.clone(),
                passes_to: leased.passes_to.clone(),
            })
            .collect()
    }

    fn not_returned(&self) -> Vec<(CameraId, Refusal)> {
        Session::take_not_returned(self)
    }

    fn ask_for_dome(&self, camera: CameraId, reason: Reason) -> Answer<()> {
        act(self, async move |session| session.ask_for_dome(&camera, reason).await)
    }

    fn hand_over(&self, camera: CameraId, to: Holder) -> Answer<()> {
        act(self, async move |session| session.hand_over(&camera, to).await)
    }

    fn decline(&self, camera: CameraId, to: Holder) -> Answer<()> {
        act(self, async move |session| session.decline(&camera, to).await)
    }

    fn take_over(&self, camera: CameraId, reason: Reason) -> Answer<()> {
        act(self, async move |session| session.take_over(&camera, reason).await)
    }
}
