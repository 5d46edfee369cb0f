//! A signed-in person: signing in and out, what is in force meanwhile, and the one decision every act passes.
//!
//! Deliberately absent: the acts themselves (`act`, `admin`).

pub(in crate::station) mod account_takeover;
pub(in crate::station) mod authorised_act;
pub(in crate::station) mod change_purpose;
pub(in crate::station) mod clearance;
pub(in crate::station) mod sign_in;
pub(in crate::station) mod sign_out;
pub(in crate::station) mod signed_in;
