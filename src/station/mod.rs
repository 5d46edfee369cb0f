//! The workstation without a screen: session, camera sessions, outbox, courier, use cases.
//!
//! Invariant: every act takes one road: intent → `domain::people` decides → event durable in the outbox → act →
//! outcome as a second event. Nothing else in the program can reach a camera, a recorder or an export file.
//!
//! | file | what |
//! |---|---|
//! | [`Station`] (`workstation`), `enrolment`, `enrolling`, `secrets` | what this machine is and where it keeps things |
//! | `outbox`, `courier`, `pins`, `server_client` | events: durable here, then provably in the server's log |
//! | `sign_in`, [`Session`] (`session`), `road` | who is here, and the one road every act takes |
//! | `policy`, `recorded_sight` | the plan in force as it changes, declared events, the school calendar; what it lets be seen of recordings |
//! | `cameras`, `dome`, `sent_status`, `hold` | one ONVIF session per camera, what is known of a dome's pose, who holds it |
//! | `saved_walls` | the walls each person keeps on this machine |
//! | `view`, `view_stream`, `gesture`, `presets`, `snapshot`, `clearance`, `playback`, `export`, `diagnosis`, `drift` | the acts |
//! | `office`, `siting` | people, cameras and the site plan, looked after |
//!
//! Deliberately absent: iced, widgets, words for the screen (`gui::i18n` has them; here are enums).

mod asking;
mod cameras;
mod clearance;
pub mod courier;
mod diagnosis;
mod dome;
mod drift;
mod enrolling;
mod enrolment;
mod export;
mod gesture;
pub mod health;
mod hold;
mod leaving;
mod office;
pub mod outbox;
pub mod pins;
mod playback;
mod policy;
mod presets;
mod purpose;
mod recorded_sight;
mod refusal;
mod road;
mod saved_walls;
mod secrets;
mod sent_status;
pub mod server_client;
mod session;
mod sign_in;
mod siting;
mod snapshot;
#[cfg(test)]
mod tests;
mod view;
mod view_stream;
mod workstation;

pub use crate::protocol::{
    AccountChange, AccountState, AccountView, AskStep, Asks, CameraAccount, CameraView, Changed, ClearanceState,
    EnrolmentCode, Holder, Knock, MaskChange, MaskProposal, NewCode, ProposedMask, PutCamera, SessionView,
    SiteProposal, StationView, Verdict, Watching,
};
pub use asking::{AskTicket, AskedFor};
pub use diagnosis::Diagnosis;
pub use drift::Kept;
pub use enrolling::{EnrolError, enrol_machine};
pub use export::{ExportProgress, ExportReason, Exported, Obscured};
pub use gesture::Gesture;
pub use health::{AuditState, Delivery, Health, ServerState};
pub use hold::Held;
pub use playback::{Playback, PlaybackState, RecordedSpan};
pub use policy::DeclaredEvent;
pub use presets::Preset;
pub use refusal::{CameraTrouble, Refusal, TroubleKind};
pub use saved_walls::{SavedWalls, SavedWallsError};
pub use session::Session;
pub use sign_in::{Claim, SignInError};
pub use siting::{CameraReport, FoundCamera};
pub use view::{LiveView, StreamFigures, ViewState};
pub use workstation::{SecretsChoice, Station, StationConfig, StationError, Uncertainty};
