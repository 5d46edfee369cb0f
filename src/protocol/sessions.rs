//! Sessions as they travel: asking for one, asking for an account that is active elsewhere, those running now.
//!
//! Invariant: a secret that travels here is a redacting type. Deliberately absent: behaviour.

use super::accounts::expose_some;
use super::{LogKey, expose};
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::stated_purpose::{NoProtocolNumber, Stated};
use crate::domain::people::takeover::Unanswered;
use crate::domain::people::{Grant, Level, Person, Purpose, StationKind};
use crate::domain::reason::Reason;
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Asks for a session in the shortest way, as the console's commands do: the rest of a [`SessionRequest`] is empty.
#[derive(Debug, Serialize, Deserialize)]
pub struct SignIn {
    pub user: String,
    #[serde(serialize_with = "expose")]
    pub password: SecretString,
    /// The code of the second factor, when the account has one.
    #[serde(serialize_with = "expose_some", skip_serializing_if = "Option::is_none", default)]
    pub code: Option<SecretString>,
    /// Purpose of live viewing, chosen at sign-in.
    pub purpose: Purpose,
}

/// Asks for a session.
#[derive(Debug, Serialize, Deserialize)]
pub struct SessionRequest {
    pub user: String,
    #[serde(serialize_with = "expose")]
    pub password: SecretString,
    /// The code of the second factor, when the account has one.
    #[serde(serialize_with = "expose_some", skip_serializing_if = "Option::is_none", default)]
    pub code: Option<SecretString>,
    /// Purpose of live viewing, chosen at sign-in.
    pub purpose: Purpose,
    /// What is noted beside it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Protocol number of the request behind it; some purposes need one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub protocol_no: String,
    /// Made up by the workstation: what it asks with when the account turns out to be active elsewhere, so that password
    /// and code are shown once.
    #[serde(serialize_with = "expose_some", skip_serializing_if = "Option::is_none", default)]
    pub ticket: Option<SecretString>,
}

impl SessionRequest {
    /// The purpose with note and number.
    ///
    /// # Errors
    /// It needs a number and has none.
    pub fn stated(&self) -> Result<Stated, NoProtocolNumber> {
        Stated::new(self.purpose, &self.note, &self.protocol_no)
    }
}

/// A session, given.
#[derive(Debug, Serialize, Deserialize)]
pub struct SessionGrant {
    /// Public identifier, written into events.
    pub session: String,
    #[serde(serialize_with = "expose")]
    pub token: SecretString,
    /// Without grants that are not known here: what is not understood is not granted.
    #[serde(deserialize_with = "known_grants")]
    pub person: Person,
    /// Log public keys by controller: the C2SP verifier keys to pin (`origin+hash+key`).
    pub log_keys: Vec<LogKey>,
    /// The controller whose log takes the workstation's own events.
    pub home: ControllerId,
    /// Seconds the workstation may go on when the server is away.
    pub grace_s: u64,
    /// What this workstation is for.
    pub kind: StationKind,
    /// Seconds without a hand after which the workstation locks; 0: never by itself.
    pub lock_after_s: u64,
    /// Supervisors' accounts that came into use lately without another supervisor; everybody is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub let_in_alone: Vec<LetInAlone>,
}

fn known_grants<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Person, D::Error> {
    let mut person = Value::deserialize(deserializer)?;
    if let Some(Value::Array(grants)) = person.get_mut("grants") {
        grants.retain(|grant| Grant::deserialize(grant).is_ok());
    }
    Person::deserialize(person).map_err(D::Error::custom)
}

/// A supervisor's account that was let into use at the server's console, without another supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetInAlone {
    pub user: String,
    /// Unix ms.
    pub at_ms: i64,
    /// In the words of whoever sat at the console.
    pub reason: String,
}

/// Somebody knocks: the right password, at another workstation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knock {
    pub station: StationId,
    /// When, Unix ms by the server's clock.
    pub at_ms: i64,
    /// The account is asked for; `None`: a sign-in was only tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Asks>,
}

impl Knock {
    /// Whether it is the same one, whatever became of it.
    pub fn is_same(&self, other: &Self) -> bool {
        self.station == other.station && self.at_ms == other.at_ms
    }
}

/// An account is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asks {
    /// Until when it may be answered, Unix ms by the server's clock.
    pub until_ms: i64,
    /// What becomes of it then.
    pub unanswered: Unanswered,
}

/// The workstation that wants an account which is active elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub struct AccountAsk {
    /// The one of its [`SessionRequest`].
    #[serde(serialize_with = "expose")]
    pub ticket: SecretString,
    pub step: AskStep,
}

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskStep {
    /// Only wants to know how it stands.
    Look,
    Ask,
    GiveUp,
}

/// How it stands.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskState {
    /// Not asked yet: where the account is active.
    ActiveAt { station: StationId },
    /// Asked there; milliseconds it may still be answered, and what becomes of it then.
    Waiting {
        station: StationId,
        left_ms: u64,
        unanswered: Unanswered,
    },
    /// The account stays there; `answered`: because somebody said so.
    Kept { station: StationId, answered: bool },
    /// The account is this workstation's now.
    Granted(Box<SessionGrant>),
}

/// The answer of the end that has the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskAnswer {
    /// The session ends and the account passes.
    pub yields: bool,
}

/// Why something is ended or revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    pub reason: Reason,
}

/// A session that runs now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionView {
    pub user: String,
    pub display_name: String,
    #[serde(rename = "body")]
    pub agency: String,
    pub level: Level,
    pub station: StationId,
    pub purpose: Purpose,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub protocol_no: String,
    /// Unix ms, as the others.
    pub begun_ms: i64,
    pub seen_ms: i64,
    pub expires_ms: i64,
}
