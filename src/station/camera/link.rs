//! What a service of a session needs to ask the server on its behalf, and to know when the session is over.
//!
//! Invariant: a [`CameraLink`] keeps neither the session nor the workstation alive; the token in it is good for nothing
//! once the session has ended. Deliberately absent: the person and what they may do (`session`).

use crate::station::record::contact::Contact;
use crate::station::record::server_client::ServerClient;
use secrecy::SecretString;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// The server under a session's token, and the end of that session. Cheap to clone.
#[derive(Clone)]
pub struct CameraLink {
    pub server: ServerClient,
    pub contact: Arc<Contact>,
    pub token: SecretString,
    pub ended: SessionEnd,
    /// For work that begins where there is no runtime: a view dropped by the screen.
    pub runtime: Handle,
}

/// Whether a session is over, as everybody who serves it learns. Clones share one state.
#[derive(Clone)]
pub struct SessionEnd(watch::Sender<bool>);

impl Default for SessionEnd {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl SessionEnd {
    /// Whether nothing may be begun any more.
    pub fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends the session here: every view and gesture notices.
    pub fn end(&self) {
        self.0.send_replace(true);
    }

    /// Waits until the session ends. Cancel-safe.
    pub async fn wait(&self) {
        let mut ended = self.0.subscribe();
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// A receiver that becomes true when the session ends.
    pub fn subscribe(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}
