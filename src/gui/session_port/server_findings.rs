//! Server findings: what is wrong with the audit server, for the system administrator.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::doctor::Finding;
use crate::station::Session;

/// What is wrong with the audit server.
pub trait ServerFindings: SignedIn {
    /// Whether this person may see it.
    fn sees_findings(&self) -> bool;
    /// What is wrong with the server and what is worth knowing, looked at now.
    fn findings(&self) -> Answer<Vec<Finding>>;
}

impl ServerFindings for Session {
    fn sees_findings(&self) -> bool {
        Session::may_see_findings(self)
    }

    fn findings(&self) -> Answer<Vec<Finding>> {
        act(self, async move |session| session.findings().await)
    }
}
