//! oxvif's operations over our own conversation.
//!
//! Invariant: oxvif never opens a connection, never holds a credential and never sees an answer that was not checked;
//! our own error comes back, not oxvif's retelling of it.
//!
//! Deliberately absent: oxvif's HTTP transport, its clock handling and its digest authentication.

use super::error::{OnvifError, quote};
use super::xaddr;
use oxvif::OnvifClient;
use oxvif::transport::{Transport, TransportError};
use reqwest::Url;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// A conversation with one device that carries the envelopes of oxvif. Cheap to clone.
pub(super) trait Exchange: Clone + Send + Sync + 'static {
    /// The address of the device service.
    fn device(&self) -> &Url;

    /// Sends an envelope with credentials, or without (`anonymous`), and returns the checked answer; faults are errors.
    ///
    /// # Errors
    /// Any [`OnvifError`].
    fn carry(
        &self,
        anonymous: bool,
        url: &Url,
        action: &str,
        envelope: String,
    ) -> impl Future<Output = Result<String, OnvifError>> + Send;
}

/// Runs one operation of oxvif over a conversation, with its credentials or `anonymous`.
///
/// # Errors
/// Any [`OnvifError`]; what oxvif misses in an answer is `Nonsense`.
pub(super) async fn run<C, T, F, R>(channel: &C, anonymous: bool, operation: F) -> Result<T, OnvifError>
where
    C: Exchange,
    F: FnOnce(OnvifClient) -> R,
    R: Future<Output = Result<T, oxvif::OnvifError>>,
{
    let bridge = Arc::new(Bridge {
        channel: channel.clone(),
        anonymous,
        failed: Mutex::default(),
    });
    let client = OnvifClient::new(channel.device().as_str()).with_transport(bridge.clone());
    operation(client).await.map_err(|error| {
        let ours = bridge.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        ours.unwrap_or_else(|| OnvifError::nonsense(quote(&error.to_string())))
    })
}

/// The transport that oxvif is given: every operation of it goes through an [`Exchange`].
struct Bridge<C> {
    channel: C,
    anonymous: bool,
    /// Why it failed, as oxvif's own error has no room for it.
    failed: Mutex<Option<OnvifError>>,
}

impl<C: Exchange> Bridge<C> {
    async fn carry(&self, url: &str, action: &str, envelope: String) -> Result<String, OnvifError> {
        let url = xaddr::parse(url)?;
        self.channel.carry(self.anonymous, &url, action, envelope).await
    }
}

impl<C: Exchange> Transport for Bridge<C> {
    fn soap_post<'a, 'b, 'c, 'f>(
        &'a self,
        url: &'b str,
        action: &'c str,
        body: String,
    ) -> Pin<Box<dyn Future<Output = Result<String, TransportError>> + Send + 'f>>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            self.carry(url, action, body).await.map_err(|error| {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                TransportError::HttpStatus {
                    status: 0,
                    body: String::new(),
                }
            })
        })
    }
}
