//! Profile G: what a recorder holds, where to play it back, and where domes looked while it recorded.
//!
//! Invariant: times the recorder does not say are `None`; searches are bounded in rounds and results and always ended.
//! Deliberately absent: playback itself (`media::replay`), changing or deleting recordings.

use super::device::{Service, Services, is_final};
use super::error::{OnvifError, quote};
use super::ptz_spaces::Spaces;
use super::soap_channel::Channel;
use super::xaddr;
use super::xml_guard::{self, text_of, unix_ms};
use crate::domain::camera::NormalisedPosition;
use oxvif::soap::XmlNode;
use reqwest::Url;
use std::collections::HashSet;

const MAX_RECORDINGS: u32 = 1000;
const MAX_POSITIONS: usize = 20_000;
const MAX_ROUNDS: usize = 40;
const SEARCH: &str = "http://www.onvif.org/ver10/search/wsdl";

/// One recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub token: String,
    /// Name of the source, as the recorder says.
    pub source: String,
    /// First recorded moment, Unix milliseconds; `None` when the recorder does not say.
    pub from_ms: Option<i64>,
    /// Last recorded moment, Unix milliseconds; `None` when the recorder does not say.
    pub to_ms: Option<i64>,
    /// Whether the recording is still being written.
    pub running: bool,
}

/// Where a dome looked at a moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedPosition {
    /// Unix milliseconds.
    pub at_ms: i64,
    pub position: NormalisedPosition,
}

/// All recordings, oldest first: by the search service, and without one by the recording service.
///
/// # Errors
/// [`OnvifError`] of the exchange; `NotSupported` when the device records nothing at all.
pub async fn list(channel: &Channel, services: &Services) -> Result<Vec<Recording>, OnvifError> {
    let mut found = match services.find(Service::Search) {
        Some(url) => match searched(channel, url).await {
            Err(error) if !is_final(&error) && services.find(Service::Recording).is_some() => {
                tracing::info!(device = %channel.device(), %error, "search is of no use, listing recordings");
                listed(channel, services.need(Service::Recording)?).await?
            }
            other => other?,
        },
        None => listed(channel, services.need(Service::Recording)?).await?,
    };
    let mut seen = HashSet::new();
    found.retain(|recording| !recording.token.is_empty() && seen.insert(recording.token.clone()));
    found.sort_by_key(|recording| recording.from_ms);
    Ok(found)
}

async fn searched(channel: &Channel, url: &Url) -> Result<Vec<Recording>, OnvifError> {
    let url = url.to_string();
    let search = channel.typed(|client| async move { client.search_recordings(&url, Some(MAX_RECORDINGS)).await });
    let recording = |found: oxvif::RecordingInformation| Recording {
        source: quote(&found.source_name),
        from_ms: found.earliest_recording.as_deref().and_then(unix_ms),
        to_ms: found.latest_recording.as_deref().and_then(unix_ms),
        running: found.recording_status.eq_ignore_ascii_case("Recording"),
        token: found.recording_token,
    };
    Ok(search
        .await?
        .into_iter()
        .take(MAX_RECORDINGS as usize)
        .map(recording)
        .collect())
}

async fn listed(channel: &Channel, url: &Url) -> Result<Vec<Recording>, OnvifError> {
    let url = url.to_string();
    let items = channel
        .typed(|client| async move { client.get_recordings(&url).await })
        .await?;
    let recording = |item: oxvif::RecordingItem| {
        let times = |pick: fn(&oxvif::RecordingTrack) -> Option<&String>| {
            item.tracks
                .iter()
                .filter_map(pick)
                .filter_map(|text| unix_ms(text))
                .collect::<Vec<_>>()
        };
        Recording {
            from_ms: times(|track| track.data_from.as_ref()).into_iter().min(),
            to_ms: times(|track| track.data_to.as_ref()).into_iter().max(),
            source: quote(&item.source.name),
            running: false,
            token: item.token,
        }
    };
    Ok(items.into_iter().take(MAX_RECORDINGS as usize).map(recording).collect())
}

/// GetReplayUri: the RTSP address of a recording, made safe.
///
/// # Errors
/// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
/// what the standard says.
pub async fn replay_uri(channel: &Channel, services: &Services, recording: &str) -> Result<Url, OnvifError> {
    let (url, token) = (services.need(Service::Replay)?.to_string(), recording.to_owned());
    let asked = channel.typed(|client| async move { client.get_replay_uri(&url, &token, "RTP-Unicast", "RTSP").await });
    xaddr::stream(channel.device(), &asked.await?)
}

/// FindPTZPosition over the whole range of positions (ONVIF Search 5.10), in time order.
///
/// # Errors
/// [`OnvifError`] of the exchange; `NotSupported` without a search service.
pub async fn positions(
    channel: &Channel,
    services: &Services,
    spaces: &Spaces,
    recording: &str,
    from_ms: i64,
    to_ms: i64,
) -> Result<Vec<RecordedPosition>, OnvifError> {
    let url = services.need(Service::Search)?;
    let token = xml_guard::escape(recording);
    let vector = |pan: f64, tilt: f64, zoom: f64| spaces.position_vector(NormalisedPosition { pan, tilt, zoom });
    let (lowest, highest) = (
        vector(-1.0, -1.0, 0.0).unwrap_or_default(),
        vector(1.0, 1.0, 1.0).unwrap_or_default(),
    );
    let body = format!(
        "<tse:FindPTZPosition><tse:StartPoint>{}</tse:StartPoint><tse:EndPoint>{}</tse:EndPoint>\
         <tse:Scope><tt:IncludedRecordings>{token}</tt:IncludedRecordings></tse:Scope>\
         <tse:SearchFilter><tt:MinPosition>{lowest}</tt:MinPosition><tt:MaxPosition>{highest}</tt:MaxPosition>\
         <tt:EnterOrExit>false</tt:EnterOrExit></tse:SearchFilter>\
         <tse:KeepAliveTime>PT60S</tse:KeepAliveTime></tse:FindPTZPosition>",
        timestamp(from_ms)?,
        timestamp(to_ms)?,
    );
    let started = channel
        .call(
            url,
            &format!("{SEARCH}/FindPTZPosition"),
            &body,
            "FindPTZPositionResponse",
        )
        .await?;
    let search = text_of(&started, "SearchToken").ok_or_else(|| OnvifError::missing("SearchToken"))?;
    let search = xml_guard::escape(&search).into_owned();
    let found = collect_positions(channel, url, spaces, recording, &search).await;
    let end = format!("<tse:EndSearch><tse:SearchToken>{search}</tse:SearchToken></tse:EndSearch>");
    if let Err(error) = channel
        .call(url, &format!("{SEARCH}/EndSearch"), &end, "EndSearchResponse")
        .await
    {
        tracing::debug!(device = %channel.device(), %error, "search not ended");
    }
    let mut found = found?;
    found.retain(|position| (from_ms..=to_ms).contains(&position.at_ms));
    found.sort_by_key(|position| position.at_ms);
    Ok(found)
}

async fn collect_positions(
    channel: &Channel,
    url: &Url,
    spaces: &Spaces,
    recording: &str,
    search: &str,
) -> Result<Vec<RecordedPosition>, OnvifError> {
    let body = format!(
        "<tse:GetPTZPositionSearchResults><tse:SearchToken>{search}</tse:SearchToken>\
         <tse:MaxResults>1000</tse:MaxResults><tse:WaitTime>PT3S</tse:WaitTime></tse:GetPTZPositionSearchResults>"
    );
    let mut all = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let action = format!("{SEARCH}/GetPTZPositionSearchResults");
        let answer = channel
            .call(url, &action, &body, "GetPTZPositionSearchResultsResponse")
            .await?;
        let (completed, positions) = read_positions(&answer, spaces, recording);
        all.extend(positions);
        if completed || all.len() >= MAX_POSITIONS {
            break;
        }
    }
    all.truncate(MAX_POSITIONS);
    Ok(all)
}

/// Reads one batch of positions; those of other recordings, without a readable time or outside a declared range are
/// left out.
pub fn read_positions(answer: &XmlNode, spaces: &Spaces, recording: &str) -> (bool, Vec<RecordedPosition>) {
    let list = answer.child("ResultList").unwrap_or(answer);
    let completed = list
        .child("SearchState")
        .is_none_or(|state| state.text().eq_ignore_ascii_case("Completed"));
    let read = |node: &XmlNode| {
        text_of(node, "RecordingToken")
            .is_none_or(|token| token == recording)
            .then_some(())?;
        let at_ms = node.child("Time").and_then(|time| unix_ms(time.text()))?;
        Some(RecordedPosition {
            at_ms,
            position: spaces.normalise(node.child("Position")?)?,
        })
    };
    (completed, list.children_named("Result").filter_map(read).collect())
}

fn timestamp(ms: i64) -> Result<String, OnvifError> {
    let at = jiff::Timestamp::from_millisecond(ms);
    at.map(|at| at.to_string())
        .map_err(|e| OnvifError::not_supported(format!("time {ms}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAN_TILT: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace";
    const ZOOM: &str = "http://www.onvif.org/ver10/tptz/ZoomSpaces/PositionGenericSpace";

    #[test]
    fn positions_come_only_from_the_recording_and_from_declared_ranges() {
        let result = |token: &str, time: &str, x: &str| {
            format!(
                "<Result><RecordingToken>{token}</RecordingToken><Time>{time}</Time>\
                 <Position><PanTilt x='{x}' y='0' space='{PAN_TILT}'/><Zoom x='0.5' space='{ZOOM}'/></Position></Result>"
            )
        };
        let xml = format!(
            "<R><ResultList><SearchState>Searching</SearchState>{}{}{}{}</ResultList></R>",
            result("a", "2026-11-22T10:00:00.250Z", "0.5"),
            result("b", "2026-11-22T10:00:00Z", "0.5"),
            result("a", "yesterday", "0.5"),
            result("a", "2026-11-22T10:00:00Z", "7"),
        );
        let (completed, found) = read_positions(&XmlNode::parse(&xml).unwrap(), &Spaces::generic(), "a");
        assert!(!completed);
        let position = NormalisedPosition {
            pan: 0.5,
            tilt: 0.0,
            zoom: 0.5,
        };
        assert_eq!(
            found,
            [RecordedPosition {
                at_ms: 1_795_341_600_250,
                position
            }]
        );
    }

    #[test]
    fn a_time_survives_the_way_there_and_back() {
        assert_eq!(unix_ms(&timestamp(1_795_341_600_250).unwrap()), Some(1_795_341_600_250));
        assert!(timestamp(i64::MAX).is_err());
    }
}
