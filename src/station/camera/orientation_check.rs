//! The orientation of a watched camera's picture against that of the plan (R-PRV-1): at each connection, when the camera says
//! that its configuration changed, and every half minute.
//!
//! Invariant: of a camera whose plan has an orientation nothing masked is shown before the two were compared over the
//! present connection, nor after they differed; of one whose plan says nothing of it, nothing once its picture was seen not to be
//! upright, and of a dome nothing before it was asked. A difference is said once in the log. Deliberately absent: what is
//! compared (`domain::site::orientation`), covering (`watched`).

use super::connection::{Connection, Connections};
use super::watched::Watched;
use crate::domain::site::CameraPlan;
use crate::onvif::{Camera, Event, OnvifErrorKind, Subscription};
use crate::station::refusal::Refusal;
use std::sync::Weak;
use std::time::Duration;

/// Between two looks without a word from the camera.
const LOOK: Duration = Duration::from_secs(30);
/// After a look that failed.
const TROUBLED: Duration = Duration::from_secs(2);
/// How long a subscription to events lives without being pulled.
const LIFETIME: Duration = Duration::from_secs(120);

/// Compares a camera over a connection, unless that was done over the same one.
///
/// # Errors
/// [`Refusal::Camera`] when the camera does not say how its picture lies.
pub async fn at_connection(connection: &Connection, camera: &Watched) -> Result<(), Refusal> {
    if camera.orientation().is_of(connection.number) {
        return Ok(());
    }
    compare(connection, camera).await
}

/// Whether a camera says now that its picture lies otherwise than planned, or does not say how it lies although the plan does.
pub async fn is_turned(camera: &Camera, plan: &CameraPlan) -> bool {
    match camera.orientation().await {
        Ok(seen) => {
            let planned = plan.orientation.clone().unwrap_or_else(|| seen.upright());
            !planned.differences(&seen).is_empty()
        }
        Err(error) => {
            tracing::debug!(camera = %plan.id, %error, "its orientation is not known");
            plan.orientation.is_some()
        }
    }
}

/// Compares as long as somebody watches the camera and the session lasts.
pub async fn follow(connections: Weak<Connections>, watched: Weak<Watched>) {
    let mut events: Option<(u64, Option<Subscription>)> = None;
    loop {
        let (number, connection) = {
            let (Some(connections), Some(camera)) = (connections.upgrade(), watched.upgrade()) else {
                return;
            };
            if connections.has_ended() {
                return;
            }
            match look(&connections, &camera).await {
                Ok((number, device)) => (number, Some(device)),
                Err(refusal) => {
                    tracing::debug!(camera = %camera.plan.id, %refusal, "its orientation is not known");
                    (0, None)
                }
            }
        };
        let Some(device) = connection else {
            tokio::time::sleep(TROUBLED).await;
            continue;
        };
        if events.as_ref().is_none_or(|(of, _)| *of != number) {
            // A camera that has no free slot, or no events at all, is asked again by time only.
            events = Some((number, device.subscribe(LIFETIME).await.ok()));
        }
        match &mut events {
            Some((_, Some(subscription))) => until_configured(subscription).await,
            _ => tokio::time::sleep(LOOK).await,
        }
    }
}

async fn look(connections: &Connections, camera: &Watched) -> Result<(u64, Camera), Refusal> {
    let connection = connections.connection(&camera.plan, camera.proof()).await?;
    compare(&connection, camera).await?;
    Ok((connection.number, connection.camera.clone()))
}

async fn compare(connection: &Connection, camera: &Watched) -> Result<(), Refusal> {
    let planned = camera.planned_orientation();
    let seen = match connection.camera.orientation().await {
        Ok(seen) => seen,
        Err(error) => {
            if matches!(error.kind(), OnvifErrorKind::Unreachable | OnvifErrorKind::Timeout) {
                camera.orientation().forget();
            } else if planned.is_none() {
                camera.orientation().take_silence(connection.number);
                return Ok(());
            }
            return Err(error.into());
        }
    };
    let planned = planned.unwrap_or_else(|| seen.upright());
    let differences = camera.orientation().take(&planned, &seen, connection.number);
    if !differences.is_empty() {
        tracing::warn!(camera = %camera.plan.id, ?differences, "the picture lies otherwise than planned: covered whole");
    }
    Ok(())
}

/// Waits for a word about a configuration, for [`LOOK`] at most.
async fn until_configured(events: &mut Subscription) {
    let told = async {
        loop {
            match events.pull(LOOK).await {
                Ok(found) if found.iter().any(is_about_configuration) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "no events of the camera's configuration");
                    return tokio::time::sleep(LOOK).await;
                }
            }
        }
    };
    let _ = tokio::time::timeout(LOOK, told).await;
}

/// Media 5.22.1: `tns1:Configuration/VideoSourceConfiguration/…`, `tns1:Configuration/PTZConfiguration`.
fn is_about_configuration(event: &Event) -> bool {
    let mut steps = event.topic.split('/');
    steps.next() == Some("Configuration")
        && matches!(
            steps.next(),
            Some("VideoSourceConfiguration" | "PTZConfiguration" | "Profile")
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_configurations_are_told_from_others() {
        let about = |topic: &str| {
            is_about_configuration(&Event {
                topic: topic.into(),
                at_ms: None,
                operation: String::new(),
                source: Vec::new(),
                data: Vec::new(),
            })
        };
        assert!(about("Configuration/VideoSourceConfiguration/MediaService"));
        assert!(about("Configuration/PTZConfiguration"));
        assert!(!about("Configuration/AudioSourceConfiguration") && !about("RuleEngine/PTZConfiguration"));
    }
}
