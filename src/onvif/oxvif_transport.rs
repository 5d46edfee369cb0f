//! oxvif's operations over our own conversation.
//!
//! Invariant: oxvif never opens a connection, never holds a credential and never sees an answer that was not checked;
//! our own error comes back, not oxvif's retelling of it.
//!
//! Deliberately absent: oxvif's HTTP transport, its clock handling and its digest authentication.

use super::error::{OnvifError, quote};
use super::soap_channel::Channel;
use super::xaddr;
use oxvif::OnvifClient;
use oxvif::transport::{Transport, TransportError};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// Runs one operation of oxvif.
pub(super) async fn run<T, F, R>(channel: &Channel, anonymous: bool, operation: F) -> Result<T, OnvifError>
where
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

/// The transport of oxvif's operations: each goes through [`Channel`].
struct Bridge {
    channel: Channel,
    anonymous: bool,
    /// Why it failed, as oxvif's own error has no room for it.
    failed: Mutex<Option<OnvifError>>,
}

impl Bridge {
    async fn carry(&self, url: &str, action: &str, envelope: String) -> Result<String, OnvifError> {
        let url = xaddr::parse(url)?;
        if self.anonymous {
            self.channel.anonymous(&url, action, envelope).await
        } else {
            self.channel
                .exchange(&url, action, &envelope, self.channel.limits().total)
                .await
        }
    }
}

impl Transport for Bridge {
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
