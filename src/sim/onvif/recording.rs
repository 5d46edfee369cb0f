//! The least of Profile G: one recording with one video track (Recording, Search and Replay services).
//!
//! Invariant: what is found is what the recorder holds at that moment; the replay URI carries no credentials.
//! Deliberately absent: several recordings, recording jobs, events in the past; searches that are open (`search`), positions (`positions`).

use super::search::{self, Finds, RECORDING_TOKEN, TRACK};
use super::soap::{Fault, Request, date_time, read_date_time, unix_ms};
use super::xml::{Element, leaf, node};
use super::{Camera, identity, positions};
use crate::sim::device::Recorded;

/// The capabilities of the Recording service.
pub fn recording_capabilities() -> Element {
    node("trc:Capabilities", [])
        .with("DynamicRecordings", false)
        .with("DynamicTracks", false)
        .with("Encoding", "H264")
        .with("MaxRecordings", 1)
        .with("Options", false)
}

/// The capabilities of the Search service.
pub fn search_capabilities() -> Element {
    node("tse:Capabilities", [])
        .with("MetadataSearch", false)
        .with("GeneralStartEvents", false)
}

/// The capabilities of the Replay service.
pub fn replay_capabilities() -> Element {
    node("trp:Capabilities", [])
        .with("ReversePlayback", false)
        .with("SessionTimeoutRange", "10 60")
        .with("RTP_RTSP_TCP", true)
}

/// The three services in the older `GetCapabilities`.
pub fn old_capabilities(camera: &Camera) -> Element {
    let xaddr = |path| leaf("tt:XAddr", camera.xaddr(path));
    let no = |name| leaf(name, false);
    node(
        "tt:Extension",
        [
            node(
                "tt:Recording",
                [
                    xaddr("recording_service"),
                    no("tt:ReceiverSource"),
                    leaf("tt:MediaProfileSource", true),
                    no("tt:DynamicRecordings"),
                    no("tt:DynamicTracks"),
                    leaf("tt:MaxStringLength", 256),
                ],
            ),
            node("tt:Search", [xaddr("search_service"), no("tt:MetadataSearch")]),
            node("tt:Replay", [xaddr("replay_service")]),
        ],
    )
}

/// Answers one operation of the three services.
pub fn answer(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    let operation = &request.operation;
    let recorded = camera.device.recorded();
    Ok(match (operation.namespace.as_str(), operation.name.as_str()) {
        (super::RECORDING, "GetServiceCapabilities") => {
            node("trc:GetServiceCapabilitiesResponse", [recording_capabilities()])
        }
        (super::SEARCH, "GetServiceCapabilities") => {
            node("tse:GetServiceCapabilitiesResponse", [search_capabilities()])
        }
        (super::REPLAY, "GetServiceCapabilities") => {
            node("trp:GetServiceCapabilitiesResponse", [replay_capabilities()])
        }
        (super::RECORDING, "GetRecordings") => node(
            "trc:GetRecordingsResponse",
            recorded.iter().map(|_| recording_item(camera)),
        ),
        (super::RECORDING, "GetRecordingConfiguration") => {
            check_recording(request, recorded.as_ref())?;
            let configuration = configuration(camera, "trc:RecordingConfiguration");
            node("trc:GetRecordingConfigurationResponse", [configuration])
        }
        (super::SEARCH, "GetRecordingSummary") => {
            let (from, to) = recorded
                .as_ref()
                .map_or((0, 0), |recorded| (recorded.from_ms, recorded.to_ms));
            let summary = [
                leaf("tt:DataFrom", date_time(unix_ms(from))),
                leaf("tt:DataUntil", date_time(unix_ms(to))),
                leaf("tt:NumberRecordings", recorded.iter().len()),
            ];
            node("tse:GetRecordingSummaryResponse", [node("tse:Summary", summary)])
        }
        (super::SEARCH, "GetRecordingInformation") => {
            let recorded = check_recording(request, recorded.as_ref())?;
            let information = information(camera, recorded, "tse:RecordingInformation");
            node("tse:GetRecordingInformationResponse", [information])
        }
        (super::SEARCH, "GetMediaAttributes") => media_attributes(camera, request, recorded.as_ref())?,
        (super::SEARCH, "FindRecordings") => {
            let found = search::is_in_scope(camera, request)?.then_some(recorded).flatten();
            let token = search::open(camera, request, Finds::Recording(found))?;
            node("tse:FindRecordingsResponse", [leaf("tse:SearchToken", token)])
        }
        (super::SEARCH, "FindPTZPosition") if camera.is_dome() => positions::find(camera, request, recorded)?,
        (super::SEARCH, "GetPTZPositionSearchResults") if camera.is_dome() => positions::results(camera, request)?,
        (super::SEARCH, "GetRecordingSearchResults") => results(camera, request)?,
        (super::SEARCH, "EndSearch") => {
            search::end(camera, request)?;
            let end = recorded.map_or(0, |recorded| recorded.to_ms);
            node("tse:EndSearchResponse", [leaf("tse:Endpoint", date_time(unix_ms(end)))])
        }
        (super::REPLAY, "GetReplayUri") => {
            let recorded = check_recording(request, recorded.as_ref())?;
            node(
                "trp:GetReplayUriResponse",
                [leaf("trp:Uri", camera.rtsp(&recorded.rtsp_path))],
            )
        }
        (super::REPLAY, "GetReplayConfiguration") => {
            let configuration = node("trp:Configuration", [leaf("tt:SessionTimeout", "PT60S")]);
            node("trp:GetReplayConfigurationResponse", [configuration])
        }
        _ => return Err(Fault::unknown(operation)),
    })
}

fn check_recording<'a>(request: &Request, recorded: Option<&'a Recorded>) -> Result<&'a Recorded, Fault> {
    let known = request.required("RecordingToken")? == RECORDING_TOKEN;
    recorded.filter(|_| known).ok_or_else(|| {
        Fault::sender(
            &["ter:InvalidArgVal", "ter:NoRecording"],
            "The recording token does not exist",
        )
    })
}

fn source(camera: &Camera) -> Element {
    let site = camera.device.site();
    node(
        "tt:Source",
        [
            leaf("tt:SourceId", identity::endpoint(site.id.as_str())),
            leaf("tt:Name", &site.name),
            leaf("tt:Location", &site.place),
            leaf("tt:Description", "Main stream"),
            leaf("tt:Address", camera.xaddr("device_service")),
        ],
    )
}

fn configuration(camera: &Camera, name: &'static str) -> Element {
    node(
        name,
        [
            source(camera),
            leaf("tt:Content", "Continuous"),
            leaf("tt:MaximumRetentionTime", "P7D"),
        ],
    )
}

fn recording_item(camera: &Camera) -> Element {
    let track = node(
        "tt:Configuration",
        [leaf("tt:TrackType", "Video"), leaf("tt:Description", "Main stream")],
    );
    node(
        "trc:RecordingItem",
        [
            leaf("tt:RecordingToken", RECORDING_TOKEN),
            configuration(camera, "tt:Configuration"),
            node("tt:Tracks", [node("tt:Track", [leaf("tt:TrackToken", TRACK), track])]),
        ],
    )
}

fn information(camera: &Camera, recorded: &Recorded, name: &'static str) -> Element {
    node(
        name,
        [
            leaf("tt:RecordingToken", RECORDING_TOKEN),
            source(camera),
            leaf("tt:EarliestRecording", date_time(unix_ms(recorded.from_ms))),
            leaf("tt:LatestRecording", date_time(unix_ms(recorded.to_ms))),
            leaf("tt:Content", "Continuous"),
            track(recorded, "tt:Track"),
            leaf("tt:RecordingStatus", "Recording"),
        ],
    )
}

fn track(recorded: &Recorded, name: &'static str) -> Element {
    node(
        name,
        [
            leaf("tt:TrackToken", TRACK),
            leaf("tt:TrackType", "Video"),
            leaf("tt:Description", "Main stream"),
            leaf("tt:DataFrom", date_time(unix_ms(recorded.from_ms))),
            leaf("tt:DataTo", date_time(unix_ms(recorded.to_ms))),
        ],
    )
}

/// The attributes of a track at a moment.
fn media_attributes(camera: &Camera, request: &Request, recorded: Option<&Recorded>) -> Result<Element, Fault> {
    let at = read_date_time(request.required("Time")?).ok_or_else(|| Fault::invalid_argument("Time is not a time"))?;
    let within = recorded.filter(|recorded| (unix_ms(recorded.from_ms)..=unix_ms(recorded.to_ms)).contains(&at));
    let attributes = within.zip(camera.largest()).map(|(recorded, stream)| {
        let video = node(
            "tt:VideoAttributes",
            [
                leaf("tt:Bitrate", stream.bitrate_kbit),
                leaf("tt:Width", stream.width),
                leaf("tt:Height", stream.height),
                leaf("tt:Encoding", super::profiles::codec2(stream.codec)),
                leaf("tt:Framerate", stream.fps),
            ],
        );
        let track = node("tt:TrackAttributes", [track(recorded, "tt:TrackInformation"), video]);
        node(
            "tse:MediaAttributes",
            [
                leaf("tt:RecordingToken", RECORDING_TOKEN),
                track,
                leaf("tt:From", date_time(unix_ms(recorded.from_ms))),
                leaf("tt:Until", date_time(unix_ms(recorded.to_ms))),
            ],
        )
    });
    Ok(node("tse:GetMediaAttributesResponse", attributes))
}

fn results(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    let found = search::proceed(camera, request, |finds| match finds {
        Finds::Recording(found) => Some(found.take()),
        Finds::Positions(_) => None,
    })?;
    let state = leaf("tt:SearchState", "Completed");
    let found = found.map(|recorded| information(camera, &recorded, "tt:RecordingInformation"));
    let list = node("tse:ResultList", std::iter::once(state).chain(found));
    Ok(node("tse:GetRecordingSearchResultsResponse", [list]))
}
