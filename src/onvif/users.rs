//! Accounts of a device (Device service, ONVIF Core §8.4): GetUsers, CreateUsers, DeleteUsers. Own thin operations.
//!
//! Invariant: a password leaves only inside a request to the device, and is in no error. Deliberately absent: which users
//! there should be, and for how long (the server).

use super::endpoint::{Endpoint, Limits};
use super::error::{OnvifError, quote};
use super::soap_channel::Channel;
use super::xml_guard::{self, text_of};
use oxvif::soap::XmlNode;
use secrecy::{ExposeSecret as _, SecretString};

/// Users read from one answer.
const MAX_USERS: usize = 256;

/// The levels of a user (ONVIF Core §5.9.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserLevel {
    /// Sees.
    User,
    /// Sees and moves.
    Operator,
}

/// A user that a device has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceUser {
    pub name: String,
    /// The device's own word: `Administrator`, `Operator`, `User`, `Anonymous` or `Extended`; empty when it says none.
    pub level: String,
}

impl DeviceUser {
    /// Whether the user may make and remove others.
    pub fn is_administrator(&self) -> bool {
        self.level == "Administrator"
    }
}

/// The accounts of one device, administered with an administrator's account there.
pub struct Users(Channel);

impl Users {
    /// Prepares; nothing is sent.
    ///
    /// # Errors
    /// `Nonsense` when the address is no URL, `NotSupported` when it is not HTTP.
    pub fn at(endpoint: Endpoint, limits: Limits) -> Result<Self, OnvifError> {
        Channel::new(endpoint, limits).map(Self)
    }

    /// The device's users.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn list(&self) -> Result<Vec<DeviceUser>, OnvifError> {
        let answer = self.ask("GetUsers", "").await?;
        let users = answer.children_named("User").take(MAX_USERS);
        let user = |user| {
            Some(DeviceUser {
                name: quote(&text_of(user, "Username")?),
                level: quote(&text_of(user, "UserLevel").unwrap_or_default()),
            })
        };
        Ok(users.filter_map(user).collect())
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange: `Busy` when the device has no room for one more, `Fault` when its rules for names or passwords
    /// refuse it.
    pub async fn create(&self, name: &str, password: &SecretString, level: UserLevel) -> Result<(), OnvifError> {
        let level = match level {
            UserLevel::User => "User",
            UserLevel::Operator => "Operator",
        };
        let content = format!(
            "<tds:User><tt:Username>{}</tt:Username><tt:Password>{}</tt:Password>\
             <tt:UserLevel>{level}</tt:UserLevel></tds:User>",
            xml_guard::escape(name),
            xml_guard::escape(password.expose_secret()),
        );
        self.ask("CreateUsers", &content).await.map(drop)
    }

    /// Removes a user; that the user is gone already is no error.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn delete(&self, name: &str) -> Result<(), OnvifError> {
        let content = format!("<tds:Username>{}</tds:Username>", xml_guard::escape(name));
        match self.ask("DeleteUsers", &content).await {
            Err(OnvifError::Fault { code, .. }) if code.contains("UsernameMissing") => Ok(()),
            other => other.map(drop),
        }
    }

    async fn ask(&self, operation: &str, content: &str) -> Result<XmlNode, OnvifError> {
        let action = format!("http://www.onvif.org/ver10/device/wsdl/{operation}");
        let body = format!("<tds:{operation}>{content}</tds:{operation}>");
        let tag = format!("{operation}Response");
        let device = self.0.device().clone();
        self.0.call(&device, &action, &body, &tag).await
    }
}
