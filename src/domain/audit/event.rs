//! The body of an event (R-AUD-1): who did what where, and what came of it.
//!
//! Invariant: what happened gets into a body through [`Body::say`] and out of it through [`Body::said`], nowhere else.
//! Deliberately absent: images, plates, faces, passwords. A body says who did what where, never what was seen.

use super::details::any_operation::Why;
use super::details::{Details, Parameters};
pub use super::operation::{Operation, Outcome, RetentionClass};
use crate::domain::camera::{CameraId, ControllerId, StationId, StreamRole};
use crate::domain::people::{Level, Purpose};
use serde::{Deserialize, Serialize};

/// The body of an event: what the leaf commits to. Stored byte for byte as first encoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Account name; empty only for what nobody signed in for (a refused sign-in keeps the name that was typed out).
    pub person: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<Level>,
    /// Agency of the person.
    #[serde(rename = "body", skip_serializing_if = "String::is_empty", default)]
    pub agency: String,
    /// Session identifier given by the server.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub session: String,
    pub station: StationId,
    /// Unique for an intent and repeated by its outcome, so the two can be joined.
    pub act: uuid::Uuid,
    pub operation: Operation,
    pub result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub camera: Option<CameraId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stream: Option<StreamRole>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub purpose: Option<Purpose>,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub protocol_no: String,
    /// Figures and short words that belong to the operation: written by [`Body::say`], read by [`Body::said`].
    #[serde(skip_serializing_if = "Parameters::is_empty", default)]
    pub parameters: Parameters,
    /// Version of the site plan in force.
    pub policy_version: u64,
    /// Time range of recorded media, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub media_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub media_to: Option<String>,
}

impl Body {
    /// What happened at a station in an act, and how it came out; of nobody, on no camera, under no purpose and no plan.
    pub fn new(station: StationId, act: uuid::Uuid, what: impl Into<Details>, result: Outcome) -> Self {
        let what = what.into();
        let mut body = Self {
            person: String::new(),
            level: None,
            agency: String::new(),
            session: String::new(),
            station,
            act,
            operation: what.kind.operation(),
            result,
            camera: None,
            stream: None,
            purpose: None,
            protocol_no: String::new(),
            parameters: Parameters::default(),
            policy_version: 0,
            media_from: None,
            media_to: None,
        };
        body.say(what);
        body
    }

    /// Says what happened: the operation, and its parameters over those the body has already.
    pub fn say(&mut self, what: impl Into<Details>) {
        let details = what.into();
        self.operation = details.kind.operation();
        self.parameters.add(&details);
    }

    /// Adds why it was refused, failed or ended to what the body says.
    pub fn because(&mut self, why: impl Into<Why>) {
        self.parameters.add_why(why.into());
    }

    /// What the body says. Parameters this program does not know, or in another form than it writes, are passed on by
    /// [`Body::say`] as they are.
    pub fn said(&self) -> Details {
        Details::read(self.operation, &self.parameters)
    }
}

/// An event as the outbox takes it: body and where it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The controller whose log takes it: the camera's, or the workstation's own when there is no camera.
    pub log: ControllerId,
    pub class: RetentionClass,
    pub body: Body,
}
