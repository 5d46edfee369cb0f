//! Which recordings are of a camera's video source, on a device that has several: by the source they name (25.12), by the
//! recording job that writes them (ONVIF Recording Control 5.4), or by their source identifier.
//!
//! Invariant: a recording of which it is not known is never taken for the camera's. Deliberately absent: asking for
//! recordings (`recording`).

use super::device::{Service, Services, is_final};
use super::error::OnvifError;
use super::media;
use super::profile::Profile;
use super::recording::Recording;
use super::soap_channel::Channel;
use super::view;
use super::xml_guard::text_of;
use crate::domain::site::VideoView;
use crate::domain::site::video_view::ViewError;
use oxvif::soap::XmlNode;
use std::collections::BTreeSet;

/// Jobs read from one answer.
const MAX_JOBS: usize = 1000;

/// A recording job: what it writes into and where from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Job {
    recording: String,
    /// Profile tokens.
    profiles: Vec<String>,
}

/// The recordings of the planned view's video source, or all of a device that has one source.
///
/// # Errors
/// [`OnvifError`] of the exchange; `View` when the view cannot be told, or not which recordings are of its source.
pub(super) async fn of_view(
    channel: &Channel,
    services: &Services,
    all: Vec<Recording>,
    planned: Option<&VideoView>,
) -> Result<Vec<Recording>, OnvifError> {
    let profiles = match media::profiles(channel, services).await {
        Ok((_, profiles)) => profiles,
        // A recorder without live pictures has nothing to mistake for another.
        Err(OnvifError::NotSupported { .. }) if planned.is_none() => return Ok(all),
        Err(error) => return Err(error),
    };
    let sources: BTreeSet<&str> = profiles.iter().map(|profile| profile.source.as_str()).collect();
    if sources.len() <= 1 && planned.is_none() {
        return Ok(all);
    }
    let chosen = view::chosen(&profiles, planned)?;
    let Some(chosen) = chosen.filter(|_| sources.len() > 1) else {
        return Ok(all);
    };
    let jobs = match jobs(channel, services).await {
        Ok(jobs) => jobs,
        Err(error) if is_final(&error) => return Err(error),
        Err(error) => {
            tracing::info!(device = %channel.device(), %error, "no recording jobs");
            Vec::new()
        }
    };
    of_source(all, &chosen.source, &profiles, &jobs).ok_or(OnvifError::View(ViewError::Several(sources.len())))
}

async fn jobs(channel: &Channel, services: &Services) -> Result<Vec<Job>, OnvifError> {
    const ACTION: &str = "http://www.onvif.org/ver10/recording/wsdl/GetRecordingJobs";
    let url = services.need(Service::Recording)?;
    let answer = channel
        .call(url, ACTION, "<trc:GetRecordingJobs/>", "GetRecordingJobsResponse")
        .await?;
    Ok(answer
        .children_named("JobItem")
        .take(MAX_JOBS)
        .filter_map(read_job)
        .collect())
}

fn read_job(node: &XmlNode) -> Option<Job> {
    let job = node.child("JobConfiguration")?;
    // A token of a receiver names no profile of this device.
    let local = |source: &&XmlNode| source.attr("Type").is_none_or(|kind| kind.ends_with("/Profile"));
    let sources = job
        .children_named("Source")
        .filter_map(|source| source.child("SourceToken"));
    Some(Job {
        recording: text_of(job, "RecordingToken")?,
        profiles: sources
            .filter(local)
            .filter_map(|source| text_of(source, "Token"))
            .collect(),
    })
}

/// Those of a source; `None` when there are recordings and none of them says that it is, or is not, of this source.
fn of_source(all: Vec<Recording>, source: &str, profiles: &[Profile], jobs: &[Job]) -> Option<Vec<Recording>> {
    let source_of = |profile: &str| {
        profiles
            .iter()
            .find(|known| known.token == profile)
            .map(|p| p.source.as_str())
    };
    let said = |recording: &Recording| {
        if let Some(named) = &recording.video_source {
            return Some(named == source);
        }
        let written = jobs.iter().filter(|job| job.recording == recording.token);
        let from: Vec<&str> = written
            .flat_map(|job| &job.profiles)
            .filter_map(|token| source_of(token))
            .collect();
        if !from.is_empty() {
            return Some(from.iter().all(|from| *from == source));
        }
        let known = profiles.iter().any(|profile| profile.source == recording.source_id);
        (known && !recording.source_id.is_empty()).then_some(recording.source_id == source)
    };
    let told = all.is_empty() || all.iter().any(|recording| said(recording).is_some());
    told.then(|| {
        all.into_iter()
            .filter(|recording| said(recording) == Some(true))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(token: &str) -> Recording {
        Recording {
            token: token.into(),
            source: String::new(),
            source_id: String::new(),
            video_source: None,
            from_ms: None,
            to_ms: None,
            running: false,
        }
    }

    fn channels() -> Vec<Profile> {
        let profile = |token: &str, source: &str| Profile {
            token: token.into(),
            source: source.into(),
            ..Profile::default()
        };
        vec![profile("p1", "ch-1"), profile("p2", "ch-2"), profile("p2-sub", "ch-2")]
    }

    fn tokens(found: Option<Vec<Recording>>) -> Option<Vec<String>> {
        found.map(|found| found.into_iter().map(|recording| recording.token).collect())
    }

    #[test]
    fn r_prv_1_only_recordings_that_are_said_to_be_of_the_source_are_its_own() {
        let mut by_name = recording("named");
        by_name.video_source = Some("ch-2".into());
        let mut by_id = recording("id");
        by_id.source_id = "ch-2".into();
        let mut other = recording("other");
        other.source_id = "ch-1".into();
        let mut mixed = recording("mixed");
        mixed.source_id = "ch-2".into();
        let jobs = [
            Job {
                recording: "job".into(),
                profiles: vec!["p2-sub".into()],
            },
            Job {
                recording: "mixed".into(),
                profiles: vec!["p1".into(), "p2".into()],
            },
        ];
        let all = vec![by_name, by_id, other, mixed, recording("job"), recording("silent")];
        let found = tokens(of_source(all, "ch-2", &channels(), &jobs));
        assert_eq!(found, Some(vec!["named".into(), "id".into(), "job".into()]));
    }

    #[test]
    fn a_recorder_that_says_nothing_of_sources_gives_none() {
        let all = vec![recording("a"), recording("b")];
        assert_eq!(of_source(all, "ch-2", &channels(), &[]), None);
        assert_eq!(of_source(Vec::new(), "ch-2", &channels(), &[]), Some(Vec::new()));
    }

    #[test]
    fn a_job_is_read_with_its_profiles_and_without_its_receivers() {
        let xml = "<JobItem><JobConfiguration><RecordingToken>r</RecordingToken>\
                   <Source><SourceToken Type='http://www.onvif.org/ver10/schema/Profile'><Token>p1</Token></SourceToken></Source>\
                   <Source><SourceToken Type='http://www.onvif.org/ver10/schema/Receiver'><Token>p2</Token></SourceToken></Source>\
                   </JobConfiguration></JobItem>";
        let job = read_job(&XmlNode::parse(xml).unwrap()).unwrap();
        assert_eq!((job.recording.as_str(), job.profiles), ("r", vec!["p1".to_owned()]));
    }
}
