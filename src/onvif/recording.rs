//! Profile G: what a recorder holds, where to play it back, and where domes looked while it recorded.
//!
//! Invariant: times the recorder does not say are `None`; a list is whole, or an error (`recording_search`).
//! Deliberately absent: playback itself (`media::replay`), changing or deleting recordings.

use super::device::{Service, Services, is_final};
use super::error::{OnvifError, quote};
use super::ptz_spaces::Spaces;
use super::recording_search::{NAMESPACE, Search};
use super::soap_channel::Channel;
use super::xaddr;
use super::xml_guard::{self, text_of, unix_ms};
use crate::domain::camera::NormalisedPosition;
use oxvif::soap::XmlNode;
use reqwest::Url;
use std::collections::HashSet;

const MAX_RECORDINGS: usize = 1000;
const MAX_POSITIONS: usize = 20_000;

/// One recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub token: String,
    /// Name of the source, as the recorder says.
    pub source: String,
    /// Identifier of the source, chosen by whoever set up the recording.
    pub source_id: String,
    /// Video source token, where the recorder says it (25.12).
    pub video_source: Option<String>,
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
    let search = Search {
        channel,
        url,
        find: "FindRecordings",
        results: "GetRecordingSearchResults",
        batch: 100,
        most: MAX_RECORDINGS,
    };
    let mut all = Vec::new();
    // No MaxMatches: it ends a search without a word that there was more.
    let question = "<tse:Scope/><tse:KeepAliveTime>PT60S</tse:KeepAliveTime>";
    search
        .run(question, |list| {
            let before = all.len();
            all.extend(list.children_named("RecordingInformation").filter_map(read_information));
            all.len() - before
        })
        .await?;
    all.truncate(MAX_RECORDINGS);
    Ok(all)
}

/// Reads a `tt:RecordingInformation`; `None` without a token.
fn read_information(node: &XmlNode) -> Option<Recording> {
    let source = node.child("Source");
    let of_source = |name| source.and_then(|source| text_of(source, name));
    let time = |name| node.child(name).and_then(|time| unix_ms(time.text()));
    Some(Recording {
        token: text_of(node, "RecordingToken")?,
        source: quote(&of_source("Name").unwrap_or_default()),
        source_id: quote(&of_source("SourceId").unwrap_or_default()),
        video_source: of_source("VideoSourceToken"),
        from_ms: time("EarliestRecording"),
        to_ms: time("LatestRecording"),
        running: text_of(node, "RecordingStatus").is_some_and(|status| status.eq_ignore_ascii_case("Recording")),
    })
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
            source_id: quote(&item.source.source_id),
            video_source: None,
            running: false,
            token: item.token,
        }
    };
    Ok(items.into_iter().take(MAX_RECORDINGS).map(recording).collect())
}

/// Whether words or pictures can be searched for (GetServiceCapabilities of the search service, 26.06): every account that
/// may see recordings may then look for a face in them. `None`: the recorder does not say.
pub(super) async fn searches_people(channel: &Channel, services: &Services) -> Option<bool> {
    let url = services.find(Service::Search)?;
    let action = format!("{NAMESPACE}/GetServiceCapabilities");
    let asked = channel.call(
        url,
        &action,
        "<tse:GetServiceCapabilities/>",
        "GetServiceCapabilitiesResponse",
    );
    let answer = asked.await.ok()?;
    Some(read_searches_people(answer.child("Capabilities")?))
}

fn read_searches_people(capabilities: &XmlNode) -> bool {
    let offers = |name| matches!(capabilities.attr(name).map(str::trim), Some("true" | "1"));
    offers("NLSearch") || offers("ImageSearch")
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

/// FindPTZPosition over the whole range of positions (ONVIF Recording Search 5.11), in time order. `to_ms` before `from_ms`
/// asks backwards from `from_ms` on: where a dome at rest stands in the recording, for it says nothing more while it rests
/// (Streaming 5.1.2.1.1).
///
/// # Errors
/// [`OnvifError`] of the exchange; `NotSupported` without a search service; `Timeout` when the recorder is still looking.
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
    let question = format!(
        "<tse:StartPoint>{}</tse:StartPoint><tse:EndPoint>{}</tse:EndPoint>\
         <tse:Scope><tt:IncludedRecordings>{token}</tt:IncludedRecordings></tse:Scope>\
         <tse:SearchFilter><tt:MinPosition>{lowest}</tt:MinPosition><tt:MaxPosition>{highest}</tt:MaxPosition>\
         <tt:EnterOrExit>false</tt:EnterOrExit></tse:SearchFilter>\
         <tse:KeepAliveTime>PT60S</tse:KeepAliveTime>",
        timestamp(from_ms)?,
        timestamp(to_ms)?,
    );
    let search = Search {
        channel,
        url,
        find: "FindPTZPosition",
        results: "GetPTZPositionSearchResults",
        batch: 1000,
        most: MAX_POSITIONS,
    };
    let mut found = Vec::new();
    search
        .run(&question, |list| {
            let positions = read_positions(list, spaces, recording);
            found.extend(positions);
            list.children_named("Result").count()
        })
        .await?;
    found.truncate(MAX_POSITIONS);
    found.retain(|position| (from_ms.min(to_ms)..=from_ms.max(to_ms)).contains(&position.at_ms));
    found.sort_by_key(|position| position.at_ms);
    Ok(found)
}

/// Reads one batch of positions; those of other recordings, without a readable time or outside a declared range are
/// left out.
pub fn read_positions(list: &XmlNode, spaces: &Spaces, recording: &str) -> Vec<RecordedPosition> {
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
    list.children_named("Result").filter_map(read).collect()
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
            "<ResultList><SearchState>Searching</SearchState>{}{}{}{}</ResultList>",
            result("a", "2026-11-22T10:00:00.250Z", "0.5"),
            result("b", "2026-11-22T10:00:00Z", "0.5"),
            result("a", "yesterday", "0.5"),
            result("a", "2026-11-22T10:00:00Z", "7"),
        );
        let found = read_positions(&XmlNode::parse(&xml).unwrap(), &Spaces::generic(), "a");
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
    fn a_recorder_that_searches_by_words_or_pictures_is_noticed() {
        let read = |xml: &str| read_searches_people(&XmlNode::parse(xml).unwrap());
        for yes in [
            "<Capabilities NLSearch='true'/>",
            "<Capabilities MetadataSearch='true' ImageSearch='1'/>",
        ] {
            assert!(read(yes), "{yes}");
        }
        for no in [
            "<Capabilities/>",
            "<Capabilities MetadataSearch='true' NLSearch='false' ImageSearch='0'/>",
        ] {
            assert!(!read(no), "{no}");
        }
    }

    #[test]
    fn a_time_survives_the_way_there_and_back() {
        assert_eq!(unix_ms(&timestamp(1_795_341_600_250).unwrap()), Some(1_795_341_600_250));
        assert!(timestamp(i64::MAX).is_err());
    }
}
