//! A search of the search service from its start to its end: FindRecordings, FindPTZPosition and their results (ONVIF
//! Recording Search 5.3, 5.8, 5.11).
//!
//! Invariant: a list is only given when the recorder said `Completed`: «still looking» is never told as «nothing there».
//! Rounds are bounded by the clock and paced, whatever the recorder does with WaitTime, and every search is ended.
//! Deliberately absent: what is searched for.

use super::error::OnvifError;
use super::soap_channel::Channel;
use super::xml_guard::{self, text_of};
use oxvif::soap::XmlNode;
use reqwest::Url;
use std::time::{Duration, Instant};

pub(super) const NAMESPACE: &str = "http://www.onvif.org/ver10/search/wsdl";
/// A search that is not over by then will not be.
const LONGEST: Duration = Duration::from_secs(25);
/// After an answer that brought nothing and came before its WaitTime was over.
const PACE: Duration = Duration::from_millis(300);
/// The WaitTime, which the recorder should take before it answers with nothing.
const WAIT: &str = "PT3S";

/// A search: the operations that begin it and fetch its results.
pub(super) struct Search<'a> {
    pub channel: &'a Channel,
    pub url: &'a Url,
    /// `FindRecordings` or `FindPTZPosition`.
    pub find: &'static str,
    /// `GetRecordingSearchResults` or `GetPTZPositionSearchResults`.
    pub results: &'static str,
    /// Results asked for at once.
    pub batch: usize,
    /// More results than this are not read.
    pub most: usize,
}

impl Search<'_> {
    /// Runs the search with the content of its question; `read` takes the results of each answer and says how many they are.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `Timeout` when the recorder was still looking after [`LONGEST`].
    pub async fn run(&self, question: &str, read: impl FnMut(&XmlNode) -> usize) -> Result<(), OnvifError> {
        let body = format!("<tse:{0}>{question}</tse:{0}>", self.find);
        let started = self.ask(self.find, &body).await?;
        let token = text_of(&started, "SearchToken").ok_or_else(|| OnvifError::missing("SearchToken"))?;
        let token = xml_guard::escape(&token).into_owned();
        let outcome = self.collect(&token, read).await;
        let end = format!("<tse:EndSearch><tse:SearchToken>{token}</tse:SearchToken></tse:EndSearch>");
        if let Err(error) = self.ask("EndSearch", &end).await {
            tracing::debug!(device = %self.channel.device(), %error, "search not ended");
        }
        outcome
    }

    async fn collect(&self, token: &str, mut read: impl FnMut(&XmlNode) -> usize) -> Result<(), OnvifError> {
        let body = format!(
            "<tse:{0}><tse:SearchToken>{token}</tse:SearchToken><tse:MaxResults>{1}</tse:MaxResults>\
             <tse:WaitTime>{WAIT}</tse:WaitTime></tse:{0}>",
            self.results, self.batch
        );
        let (begun, mut all) = (Instant::now(), 0);
        loop {
            let answer = self.ask(self.results, &body).await?;
            let list = answer.child("ResultList").unwrap_or(&answer);
            let found = read(list);
            all += found;
            if is_complete(list) || all >= self.most {
                return Ok(());
            }
            if begun.elapsed() >= LONGEST {
                return Err(OnvifError::Timeout { after: LONGEST });
            }
            if found == 0 {
                tokio::time::sleep(PACE).await;
            }
        }
    }

    async fn ask(&self, operation: &str, body: &str) -> Result<XmlNode, OnvifError> {
        let (action, tag) = (format!("{NAMESPACE}/{operation}"), format!("{operation}Response"));
        self.channel.call(self.url, &action, body, &tag).await
    }
}

/// Whether everything was delivered. A list without a state is from a recorder that gives all at once.
fn is_complete(list: &XmlNode) -> bool {
    let state = list.child("SearchState");
    state.is_none_or(|state| state.text().eq_ignore_ascii_case("Completed"))
}
