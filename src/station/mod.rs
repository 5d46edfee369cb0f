//! The workstation without a screen: session, camera sessions, outbox, courier, use cases.
//!
//! Invariant: every act takes one road: intent → `domain::people` decides → event durable in the outbox → act →
//! outcome as a second event. Nothing else in the program can reach a camera, a recorder or an export file.
//!
//! | file | what |
//! |---|---|
//! | [`Station`] (`workstation`), `enrolment`, `enrol`, `secrets` | what this machine is and where it keeps things |
//! | `outbox`, `courier`, `trusted_checkpoints`, `server_client` | events: durable here, then provably in the server's log |
//! | `sign_in`, [`Session`] (`session`), `authorised_act` | who is here, and the one road every act takes |
//! | `plan_in_force`, `recorded_cover` | the plan in force as it changes, declared events, the school calendar; what it lets be seen of recordings |
//! | `camera_connection`, `pose_tracking`, `pushed_ptz_status`, `dome_lease` | one ONVIF session per camera, what is known of a dome's pose, who holds it |
//! | `saved_walls` | the walls each person keeps on this machine |
//! | `view`, `view_stream`, `ptz_control`, `presets`, `snapshot`, `clearance`, `playback`, `export`, `diagnosis`, `camera_mask_sync` | the acts |
//! | `account_admin`, `camera_admin` | people, cameras and the site plan, looked after |
//!
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
    AccountChange, AccountState, AccountView, AskStep, Asks, CameraAccount, CameraView, Changed, ClearanceState,
    EnrolmentCode, Holder, Knock, MaskChange, MaskProposal, NewCode, ProposedMask, PutCamera, SessionView,
    SiteProposal, StationView, Verdict, Watching,
};
pub use act::export::{ExportProgress, ExportReason, Exported, Obscured};
pub use act::playback::{Playback, PlaybackState, RecordedSpan};
pub use act::presets::Preset;
pub use act::ptz_control::Gesture;
pub use act::view::LiveView;
pub use act::view_stream::{StreamFigures, ViewState};
pub use admin::camera_admin::{CameraReport, FoundCamera};
pub use admin::camera_mask_sync::MaskSyncState;
pub use admin::diagnosis::Diagnosis;
pub use camera::dome_lease::Held;
pub use camera::plan_in_force::DeclaredEvent;
pub use machine::config::{SecretsChoice, StationConfig, StationError, Uncertainty};
pub use machine::enrol::{EnrolError, enrol_machine};
pub use machine::saved_walls::{SavedWalls, SavedWallsError};
pub use machine::workstation::Station;
pub use record::contact::ServerState;
pub use record::health::{AuditState, Delivery, Health};
pub use refusal::{CameraTrouble, Refusal, TroubleKind};
pub use session::account_takeover::AskedFor;
pub use session::ask_ticket::AskTicket;
pub use session::sign_in::Claim;
pub use session::sign_in_error::SignInError;
pub use session::signed_in::Session;
