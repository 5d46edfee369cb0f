//! One HTTP exchange with a device, bounded in time and size.
//!
//! Invariant: a body is read piece by piece and given up at the limit; the time limit counts from the first byte sent
//! to the last byte received, so a device that drips is no different from one that is silent; redirects and proxies are
//! never followed, compressed bodies never asked for.
//!
//! Deliberately absent: authentication (`soap_channel`) and any look into the body (`xml_guard`).

use super::endpoint::{Limits, Trust};
use super::error::OnvifError;
use reqwest::{Client, Url, header};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// Pooled connections to one device.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    limits: Limits,
}

/// An answer as it came, body bounded, nothing looked into.
#[derive(Debug)]
pub struct RawReply {
    pub status: u16,
    /// Every `WWW-Authenticate` header, in order.
    pub challenges: Vec<String>,
    /// The `Date` header, as a hint at the device's clock.
    pub date: Option<String>,
    pub body: Vec<u8>,
}

impl Http {
    /// # Errors
    /// [`OnvifError::Unreachable`] when this system cannot offer TLS at all.
    pub fn new(device: &Url, trust: Trust, limits: Limits) -> Result<Self, OnvifError> {
        let builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .http1_only()
            .http1_title_case_headers()
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .tcp_nodelay(true)
            .connect_timeout(limits.connect)
            .pool_idle_timeout(Duration::from_secs(20))
            .pool_max_idle_per_host(4);
        let builder = match trust {
            // No TLS will happen: spare the loading of this system's authorities, once per camera.
            _ if device.scheme() == "http" => builder.tls_certs_only([]),
            Trust::Authority => builder,
            Trust::SelfSigned => builder.tls_danger_accept_invalid_certs(true),
        };
        let client = builder.build().map_err(|e| OnvifError::Unreachable {
            detail: "the HTTP client cannot be set up".to_owned(),
            source: Some(Arc::new(e)),
        })?;
        Ok(Self { client, limits })
    }

    /// Posts one SOAP envelope.
    ///
    /// # Errors
    /// `Unreachable`, `Timeout`, `TooLarge`, or `Nonsense` when the answer is no HTTP or breaks off.
    pub async fn post(
        &self,
        url: &Url,
        action: &str,
        authorization: Option<&str>,
        envelope: String,
        total: Duration,
    ) -> Result<RawReply, OnvifError> {
        let content_type = format!("application/soap+xml; charset=utf-8; action=\"{action}\"");
        let mut request = self
            .client
            .post(url.clone())
            .header(header::CONTENT_TYPE, content_type)
            .header("SOAPAction", format!("\"{action}\""))
            .header(header::USER_AGENT, concat!("vedetta/", env!("CARGO_PKG_VERSION")))
            .body(envelope);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        match tokio::time::timeout(total, self.receive(request)).await {
            Ok(reply) => reply,
            Err(_) => Err(OnvifError::Timeout { after: total }),
        }
    }

    /// Status of a GET, and every `WWW-Authenticate` header; the content is left unread.
    ///
    /// # Errors
    /// `Unreachable`, `Timeout`, or `Nonsense` when the answer is no HTTP.
    pub async fn status(
        &self,
        url: &Url,
        authorization: Option<&str>,
        total: Duration,
    ) -> Result<(u16, Vec<String>), OnvifError> {
        let mut request = self.client.get(url.clone());
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let response = match tokio::time::timeout(total, request.send()).await {
            Ok(response) => response.map_err(|e| self.failed(e))?,
            Err(_) => return Err(OnvifError::Timeout { after: total }),
        };
        let challenges = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
        let challenges = challenges.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Ok((response.status().as_u16(), challenges.collect()))
    }

    async fn receive(&self, request: reqwest::RequestBuilder) -> Result<RawReply, OnvifError> {
        let mut response = request.send().await.map_err(|e| self.failed(e))?;
        let text = |name: header::HeaderName| {
            let all = response.headers().get_all(name);
            all.iter()
                .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
                .collect::<Vec<_>>()
        };
        let mut reply = RawReply {
            status: response.status().as_u16(),
            challenges: text(header::WWW_AUTHENTICATE),
            date: text(header::DATE).pop(),
            body: Vec::new(),
        };
        while let Some(piece) = response.chunk().await.map_err(|e| self.failed(e))? {
            if reply.body.len() + piece.len() > self.limits.body {
                return Err(OnvifError::TooLarge {
                    limit: self.limits.body,
                    unit: "bytes",
                });
            }
            reply.body.extend_from_slice(&piece);
        }
        Ok(reply)
    }

    fn failed(&self, error: reqwest::Error) -> OnvifError {
        let error = error.without_url();
        let cause = innermost(&error);
        if error.is_connect() {
            return OnvifError::Unreachable {
                detail: cause,
                source: Some(Arc::new(error)),
            };
        }
        if error.is_timeout() {
            return OnvifError::Timeout {
                after: self.limits.total,
            };
        }
        if error.is_builder() {
            return OnvifError::nonsense(format!("the request cannot be formed: {cause}"));
        }
        if error.is_body() || error.is_decode() {
            return OnvifError::nonsense(format!("the answer breaks off: {cause}"));
        }
        if cause.contains("invalid") || cause.contains("parse") {
            return OnvifError::nonsense(format!("the answer is not HTTP: {cause}"));
        }
        OnvifError::Unreachable {
            detail: cause,
            source: Some(Arc::new(error)),
        }
    }
}

fn innermost(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    super::error::quote(&last.to_string())
}
