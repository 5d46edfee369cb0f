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

mod account_admin;
mod account_takeover;
mod authorised_act;
mod camera_admin;
mod camera_connection;
mod camera_mask_sync;
mod change_purpose;
mod clearance;
pub mod courier;
mod diagnosis;
mod dome_lease;
mod enrol;
mod enrolment;
mod export;
pub mod health;
mod key_file;
pub mod outbox;
mod plan_in_force;
mod playback;
mod pose_tracking;
mod presets;
mod ptz_control;
mod pushed_ptz_status;
mod recorded_cover;
mod refusal;
mod saved_walls;
mod secrets;
pub mod server_client;
mod session;
mod sign_in;
mod sign_out;
mod snapshot;
#[cfg(test)]
mod tests;
pub mod trusted_checkpoints;
mod view;
mod view_stream;
mod workstation;

pub use crate::protocol::{
    AccountChange, AccountState, AccountView, AskStep, Asks, CameraAccount, CameraView, Changed, ClearanceState,
    EnrolmentCode, Holder, Knock, MaskChange, MaskProposal, NewCode, ProposedMask, PutCamera, SessionView,
    SiteProposal, StationView, Verdict, Watching,
};
pub use account_takeover::{AskTicket, AskedFor};
pub use camera_admin::{CameraReport, FoundCamera};
pub use camera_mask_sync::MaskSyncState;
pub use diagnosis::Diagnosis;
pub use dome_lease::Held;
pub use enrol::{EnrolError, enrol_machine};
pub use export::{ExportProgress, ExportReason, Exported, Obscured};
pub use health::{AuditState, Delivery, Health, ServerState};
pub use key_file::{KeyFileError, read_key_file};
pub use plan_in_force::DeclaredEvent;
pub use playback::{Playback, PlaybackState, RecordedSpan};
pub use presets::Preset;
pub use ptz_control::Gesture;
pub use refusal::{CameraTrouble, Refusal, TroubleKind};
pub use saved_walls::{SavedWalls, SavedWallsError};
pub use session::Session;
pub use sign_in::{Claim, SignInError};
pub use view::{LiveView, StreamFigures, ViewState};
pub use workstation::{SecretsChoice, Station, StationConfig, StationError, Uncertainty};
