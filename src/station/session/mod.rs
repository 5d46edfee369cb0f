//! A signed-in person: signing in and out, what is in force meanwhile, and the one decision every act passes.
//!
//! Invariant: `SessionInner` has its methods here and nowhere else; services take the narrow thing they need (`camera::link`,
//! `Policy`), acts take a session. Deliberately absent: the acts themselves (`act`, `admin`).

pub(in crate::station) mod account_takeover;
pub(in crate::station) mod ask_ticket;
pub(in crate::station) mod authorised_act;
pub(in crate::station) mod change_purpose;
pub(in crate::station) mod clearance;
pub(in crate::station) mod server_watch;
pub(in crate::station) mod sign_in;
pub(in crate::station) mod sign_in_error;
pub(in crate::station) mod sign_out;
pub(in crate::station) mod signed_in;
pub(in crate::station) mod trusted_plan;
