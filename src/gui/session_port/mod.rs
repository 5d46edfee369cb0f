//! The station as the screens see it: one trait for each capability, so that a screen names what it needs and can be driven without
//! cameras.
//!
//! | port | what |
//! |---|---|
//! | [`SignedIn`] | who is signed in at this workstation, and what is in force for them |
//! | [`SessionLife`] | the life of a session: stated purpose, lock, request for the account, sign-out |
//! | [`Watch`] | live pictures: open a view, go on without the audit server for the grace |
//! | [`PtzControl`] | PTZ control: moves and presets of a dome |
//! | [`DomeLeases`] | dome leases: who steers which dome, and how a dome passes from one to another |
//! | [`Record`] | recordings and copies: snapshot, playback, export |
//! | [`Clear`] | clearances for recordings: requests, and a supervisor's answers |
//! | [`DeclaredEvents`] | declared events: masks or ceilings lifted for minutes, in one's own name |
//! | [`Masks`] | masks and limits: drafts, proposals for two people, and a camera's own copy of them |
//! | [`Maintain`] | diagnostics: what a maintainer sees of a camera, no picture |
//! | [`Accounts`] | accounts and sessions of the people, looked after by supervisor and system administrator |
//! | [`WorkstationAdmin`] | workstations: enrolment and revocation, by the system administrator |
//! | [`ServerFindings`] | server findings: what is wrong with the audit server, for the system administrator |
//! | [`CameraAdmin`] | cameras and the site plan: add, test, change, remove, and approve what needs two people |
//! | [`Desk`] | all of them, for the root, the windows and the wall |
//!
//! Invariant: nothing here decides or records; [`Session`] does both behind every call.
//! Deliberately absent: signing in (only `app` does that).

mod accounts;
mod camera_admin;
mod clear;
mod declared_events;
mod dome_leases;
mod maintain;
mod masks;
mod ptz_control;
mod record;
mod server_findings;
mod session_life;
mod signed_in;
mod watch;
mod workstations;

pub use accounts::Accounts;
pub use camera_admin::CameraAdmin;
pub use clear::Clear;
pub use declared_events::{DeclaredEvents, InForce};
pub use dome_leases::{DomeLease, DomeLeases};
pub use maintain::Maintain;
pub use masks::Masks;
pub use ptz_control::{PtzControl, PtzDrive};
pub use record::{ExportWish, Record, Reel};
pub use server_findings::ServerFindings;
pub use session_life::SessionLife;
pub use signed_in::SignedIn;
pub use watch::{Feed, Watch};
pub use workstations::WorkstationAdmin;

use crate::station::{Refusal, Session};
use futures::future::BoxFuture;
use std::future::Future;

/// The answer of an act.
pub type Answer<T> = BoxFuture<'static, Result<T, Refusal>>;

/// Declares [`Desk`] as all of these ports, and whatever has all of them as a desk.
macro_rules! desk {
    ($first:ident $(+ $port:ident)*) => {
        /// Every port of a signed-in person's session.
        pub trait Desk: $first $(+ $port)* {}

        impl<T: $first $(+ $port)*> Desk for T {}
    };
}

desk!(
    SessionLife
        + Watch
        + PtzControl
        + DomeLeases
        + Record
        + Clear
        + DeclaredEvents
        + Masks
        + Maintain
        + Accounts
        + WorkstationAdmin
        + ServerFindings
        + CameraAdmin
);

/// Boxes an act of the session, which the answer keeps alive.
fn act<T, F>(session: &Session, act: impl FnOnce(Session) -> F) -> Answer<T>
where
    F: Future<Output = Result<T, Refusal>> + Send + 'static,
{
    Box::pin(act(session.clone()))
}
