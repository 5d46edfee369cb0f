//! The workstation without a screen: session, camera sessions, outbox, courier, use cases.
//!
//! Invariant: every act is authorised in one way: intent → `domain::people` decides → event durable in the outbox → act →
//! outcome as a second event. Nothing else in the program can reach a camera, a recorder or an export file.
//!
//! Imports go from the bottom of this table to its top and never back, nor in a circle (`tests/suite/architecture/circles.rs`):
//! record ← machine ← camera ← session ← act, admin.
//!
//! | wing | what |
//! |---|---|
//! | [`record`] | the audit path: outbox, courier, trusted checkpoints, calls to the server, health |
//! | `machine` | this machine: enrolment, certificate, secrets, saved walls, and the [`Station`] that runs them |
//! | `camera` | what a session knows of its cameras: connection, plan in force, pose and cover, lease of a dome |
//! | `session` | a signed-in person: sign-in and sign-out, takeover, clearances, and the authorised act every use case passes |
//! | `act` | views, PTZ, presets, snapshots, playback, export, declared events, requests for a dome or a clearance |
//! | `admin` | accounts, workstations, cameras, proposed masks, masks inside cameras, diagnosis |
//!
//! `refusal` tells why an act was not done, for all of them; it reads the errors of `record`.
//!
//! A service of `camera` takes the narrow thing it needs (a link to the server under the session's token, the plan in force),
//! never the session; `session` puts the services together, and an act takes a [`Session`].
//! Deliberately absent: iced, widgets, words for the screen (`gui::i18n` has them; here are enums).

mod act;
mod admin;
mod camera;
mod machine;
pub mod record;
mod refusal;
mod session;
#[cfg(test)]
mod tests;

pub use crate::protocol::{
    AccountAnswer, AccountChange, AccountState, AccountView, AskStep, Asks, CameraAccount, CameraView, Changed,
    ClearanceState, EnrolmentCode, Holder, Knock, LetInAlone, MaskChange, MaskProposal, NewCode, ProposedMask,
    PutCamera, SessionView, SiteProposal, StationView, Verdict, Watching,
};
pub use act::export::{ExportProgress, ExportReason, Exported, Obscured};
pub use act::playback::{Playback, PlaybackState, RecordedSpan};
pub use act::presets::Preset;
pub use act::ptz_control::Gesture;
pub use act::view::LiveView;
pub use act::view_stream::{StreamFigures, ViewState};
pub use admin::camera_admin::{CameraReport, FoundCamera, OfferedView};
pub use admin::camera_drift::MaskSyncState;
pub use admin::diagnosis::{DeclaredStream, Diagnosis};
pub use camera::dome_lease::LeasedDome;
pub use camera::plan_in_force::DeclaredEvent;
pub use machine::config::{SecretsChoice, SecretsError, SecretsTrouble, StationConfig, StationError};
pub use machine::enrol::{EnrolError, enrol_machine};
pub use machine::keys_toml::{KeysTomlError, read_keys_toml};
pub use machine::pose_source::{Beside, PoseSource, TrackedPose};
pub use machine::saved_walls::{SavedWalls, SavedWallsError};
pub use machine::workstation::Station;
pub use record::contact::ServerState;
pub use record::health::{AuditState, Delivery, Health};
pub use record::trusted_checkpoints::BegunAnew;
pub use refusal::{CameraTrouble, Refusal, TroubleKind};
pub use session::account_takeover::AskedFor;
pub use session::ask_ticket::AskTicket;
pub use session::sign_in::Claim;
pub use session::sign_in_error::SignInError;
pub use session::signed_in::Session;
