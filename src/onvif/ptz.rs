//! PTZ service: our own thin operations, as oxvif sends no timeout, no space and always every axis.
//!
//! Invariant: commands leave one after the other in the order of the calls, so no late movement lands after a stop;
//! only the commanded axes are sent; a position the device gives is `None` unless it lies in a declared range.
//!
//! Deliberately absent: whether a movement is allowed (`domain::ptz`), and repeating a stop until the device is idle.

use super::device::{Service, Services, is_final};
use super::error::OnvifError;
use super::media;
use super::profile::Profile;
use super::ptz_response::{read_field_of_view, read_new_preset, read_presets, read_status, read_time};
use super::ptz_spaces::Spaces;
use super::soap_channel::Channel;
use super::{view, xml_guard};
use crate::domain::camera::NormalisedPosition;
use crate::domain::site::VideoView;
use oxvif::soap::XmlNode;
use reqwest::Url;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub use super::ptz_response::{MoveState, Preset, PtzStatus};

/// Speed or step of each commanded axis, −1..1 (right, up, in positive). `None`: the axis is not part of the command.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Velocity {
    pub pan: Option<f64>,
    pub tilt: Option<f64>,
    pub zoom: Option<f64>,
}

impl Velocity {
    fn pan_tilt(self) -> Option<(f64, f64)> {
        (self.pan.is_some() || self.tilt.is_some()).then(|| (self.pan.unwrap_or(0.0), self.tilt.unwrap_or(0.0)))
    }
}

/// The motors of a camera. Cheap to clone. Commands go out one after the other in the order of the calls; a continuous
/// movement overtaken by a later command before it left is not sent.
#[derive(Clone)]
pub struct Ptz(Arc<Inner>);

struct Inner {
    channel: Channel,
    url: Url,
    /// Profile token, escaped.
    profile: String,
    spaces: Spaces,
    /// Keeps commands in order; held while one is under way.
    order: tokio::sync::Mutex<()>,
    /// The number of the last command asked for.
    last: AtomicU64,
    /// Which [`TimeoutForm`] the device accepts.
    timeout_form: AtomicU8,
}

/// How the timeout of a movement is written: some devices refuse fractions, some refuse it at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeoutForm {
    Exact,
    WholeSeconds,
    Absent,
}

impl TimeoutForm {
    const ALL: [Self; 3] = [Self::Exact, Self::WholeSeconds, Self::Absent];

    fn write(self, timeout: Duration) -> String {
        let seconds = match self {
            Self::Exact => format!("{:.3}", timeout.as_secs_f64()),
            Self::WholeSeconds => timeout.as_secs_f64().ceil().max(1.0).to_string(),
            Self::Absent => return String::new(),
        };
        format!("<tptz:Timeout>PT{seconds}S</tptz:Timeout>")
    }
}

impl Ptz {
    /// Finds the motors of the view's video source: the profile that carries them, or where none does the node the device
    /// lists. `None` when the device says that this source has none: no PTZ service, no configuration and no node.
    ///
    /// A profile with a PTZ configuration is steered even where every question about spaces is refused: speeds then go out
    /// in the Generic space, and positions stay unknown.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange: whether there are motors is not known then; `View` when the view cannot be told.
    pub async fn find(
        channel: &Channel,
        services: &Services,
        planned: Option<&VideoView>,
    ) -> Result<Option<Self>, OnvifError> {
        let Some(url) = services.find(Service::Ptz) else {
            return Ok(None);
        };
        let (_, profiles) = media::profiles(channel, services).await?;
        let chosen = view::chosen(&profiles, planned)?;
        let Some(profile) = view::with_motors(&profiles, chosen.as_ref()) else {
            return Ok(None);
        };
        let asked = nodes(channel, url).await;
        let spaces = match (asked, &profile.ptz) {
            (Err(error), _) if is_final(&error) => return Err(error),
            (Err(error), None) => return Err(error),
            (Ok(nodes), ptz) if !nodes.is_empty() || ptz.is_none() => match choose(nodes, profile) {
                Some(spaces) => spaces,
                None => return Ok(None),
            },
            (answer, Some(configuration)) => {
                tracing::info!(device = %channel.device(), error = ?answer.err(), "no PTZ nodes");
                match configuration_spaces(channel, url, &configuration.token).await {
                    Ok(spaces) => spaces,
                    Err(error) if is_final(&error) => return Err(error),
                    Err(error) => {
                        tracing::info!(device = %channel.device(), %error, "no PTZ spaces: steered in the Generic space");
                        Spaces::default()
                    }
                }
            }
            (Ok(_), None) => return Ok(None),
        };
        Ok(Some(Self::new(channel.clone(), url.clone(), &profile.token, spaces)))
    }

    /// The motors behind a known profile.
    pub fn new(channel: Channel, url: Url, profile: &str, spaces: Spaces) -> Self {
        Self(Arc::new(Inner {
            channel,
            url,
            profile: xml_guard::escape(profile).into_owned(),
            spaces,
            order: tokio::sync::Mutex::default(),
            last: AtomicU64::new(0),
            timeout_form: AtomicU8::new(0),
        }))
    }

    /// The spaces the node declares.
    pub fn spaces(&self) -> &Spaces {
        &self.0.spaces
    }

    /// Moves until `timeout`, which is sent to the device as its own limit.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `NotSupported` when no axis is commanded.
    pub async fn continuous(&self, velocity: Velocity, timeout: Duration) -> Result<(), OnvifError> {
        let vector = self.0.spaces.velocity_vector(velocity.pan_tilt(), velocity.zoom);
        let vector = vector.ok_or_else(|| OnvifError::not_supported("a movement of no axis"))?;
        let number = self.number();
        let _turn = self.0.order.lock().await;
        if self.0.last.load(Ordering::SeqCst) != number {
            return Ok(());
        }
        let known = usize::from(self.0.timeout_form.load(Ordering::Relaxed));
        let mut trouble = None;
        for (at, form) in TimeoutForm::ALL.into_iter().enumerate().skip(known) {
            let rest = format!("<tptz:Velocity>{vector}</tptz:Velocity>{}", form.write(timeout));
            match self.command("ContinuousMove", &rest).await {
                Ok(_) => {
                    self.0
                        .timeout_form
                        .store(u8::try_from(at).unwrap_or(0), Ordering::Relaxed);
                    return Ok(());
                }
                Err(error) if may_mean_timeout(&error) => trouble = Some(error),
                Err(error) => return Err(error),
            }
            if self.0.last.load(Ordering::SeqCst) != number {
                break;
            }
        }
        Err(trouble.unwrap_or_else(|| OnvifError::not_supported("continuous movement")))
    }

    /// Stops every axis the node has. One request; repeating it until idle is the caller's (`domain::ptz`).
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn stop(&self) -> Result<(), OnvifError> {
        let undeclared = !self.0.spaces.has_pan_tilt() && !self.0.spaces.has_zoom();
        self.stop_axes(
            undeclared || self.0.spaces.has_pan_tilt(),
            undeclared || self.0.spaces.has_zoom(),
        )
        .await
    }

    /// Stops some axes.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn stop_axes(&self, pan_tilt: bool, zoom: bool) -> Result<(), OnvifError> {
        let rest = format!("<tptz:PanTilt>{pan_tilt}</tptz:PanTilt><tptz:Zoom>{zoom}</tptz:Zoom>");
        self.in_turn("Stop", &rest).await
    }

    /// Goes to a position, by the axes for which the node declares an absolute range.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; `NotSupported` when it declares none.
    pub async fn absolute(&self, to: NormalisedPosition) -> Result<(), OnvifError> {
        let vector = self.0.spaces.position_vector(to);
        let vector = vector.ok_or_else(|| OnvifError::not_supported("the camera declares no absolute positions"))?;
        self.in_turn("AbsoluteMove", &format!("<tptz:Position>{vector}</tptz:Position>"))
            .await
    }

    /// The dome's status. Not kept in order with commands: it may be asked while one is under way.
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange; a status without position or movement is an answer, not an error.
    pub async fn status(&self) -> Result<PtzStatus, OnvifError> {
        let sent = Instant::now();
        let answer = self.command("GetStatus", "").await?;
        let (position, moving) = read_status(&answer, &self.0.spaces)?;
        Ok(PtzStatus {
            position,
            moving,
            hfov_deg: read_field_of_view(&answer),
            utc_ms: read_time(&answer),
            sent,
            received: Instant::now(),
        })
    }

    /// At most 300 presets.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn presets(&self) -> Result<Vec<Preset>, OnvifError> {
        let answer = self.ask("GetPresets", "", self.0.channel.limits().total).await?;
        Ok(read_presets(&answer, &self.0.spaces))
    }

    /// Calls a preset.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn goto_preset(&self, token: &str) -> Result<(), OnvifError> {
        let token = xml_guard::escape(token);
        self.in_turn("GotoPreset", &format!("<tptz:PresetToken>{token}</tptz:PresetToken>"))
            .await
    }

    /// Saves the present position; gives the token the device chose. A device that refuses the name gets it without blanks,
    /// and then the preset without a name, which is optional (PTZ 5.4.1).
    ///
    /// # Errors
    /// [`OnvifError`] of the exchange, that of the name as given when every form is refused; `Nonsense` when it gives no
    /// token.
    pub async fn set_preset(&self, name: &str) -> Result<String, OnvifError> {
        let mut refused = None;
        for name in preset_names(name) {
            let rest = match &name {
                Some(name) => format!("<tptz:PresetName>{}</tptz:PresetName>", xml_guard::escape(name)),
                None => String::new(),
            };
            match self.ask("SetPreset", &rest, self.0.channel.limits().total).await {
                Ok(answer) => return read_new_preset(&answer),
                Err(error @ OnvifError::Fault { .. }) => {
                    // The dome moves, or its memory is full: another name does not help.
                    let of_name = error.to_string().to_ascii_lowercase().contains("name");
                    tracing::info!(device = %self.0.channel.device(), %error, "a preset's name is refused");
                    let first = refused.get_or_insert(error).clone();
                    if !of_name {
                        return Err(first);
                    }
                }
                Err(error) => return Err(refused.unwrap_or(error)),
            }
        }
        Err(refused.unwrap_or_else(|| OnvifError::not_supported("presets")))
    }

    /// Deletes a preset.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn remove_preset(&self, token: &str) -> Result<(), OnvifError> {
        let rest = format!("<tptz:PresetToken>{}</tptz:PresetToken>", xml_guard::escape(token));
        self.ask("RemovePreset", &rest, self.0.channel.limits().total)
            .await
            .map(drop)
    }

    /// Goes to the home position.
    ///
    /// # Errors
    /// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
    /// what the standard says.
    pub async fn home(&self) -> Result<(), OnvifError> {
        self.in_turn("GotoHomePosition", "").await
    }

    fn number(&self) -> u64 {
        self.0.last.fetch_add(1, Ordering::SeqCst) + 1
    }

    async fn in_turn(&self, operation: &str, rest: &str) -> Result<(), OnvifError> {
        self.number();
        let _turn = self.0.order.lock().await;
        self.command(operation, rest).await.map(drop)
    }

    async fn command(&self, operation: &str, rest: &str) -> Result<XmlNode, OnvifError> {
        self.ask(operation, rest, self.0.channel.limits().ptz).await
    }

    async fn ask(&self, operation: &str, rest: &str, total: Duration) -> Result<XmlNode, OnvifError> {
        let Inner {
            channel, url, profile, ..
        } = &*self.0;
        let body = format!("<tptz:ProfileToken>{profile}</tptz:ProfileToken>{rest}");
        request(channel, url, operation, &body, total).await
    }
}

/// The forms of a name that are tried, in order: as given, without blanks, none.
fn preset_names(name: &str) -> Vec<Option<String>> {
    let closed: String = name.split_whitespace().collect::<Vec<_>>().join("_");
    let mut forms = vec![Some(name.to_owned())];
    if closed != name && !closed.is_empty() {
        forms.push(Some(closed));
    }
    forms.push(None);
    forms
}

async fn request(
    channel: &Channel,
    url: &Url,
    operation: &str,
    content: &str,
    total: Duration,
) -> Result<XmlNode, OnvifError> {
    let action = format!("http://www.onvif.org/ver20/ptz/wsdl/{operation}");
    let body = format!("<tptz:{operation}>{content}</tptz:{operation}>");
    channel
        .call_within(url, &action, "", &body, &format!("{operation}Response"), total)
        .await
}

/// GetNodes: token and spaces of each.
///
/// # Errors
/// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
/// what the standard says.
pub async fn nodes(channel: &Channel, url: &Url) -> Result<Vec<(String, Spaces)>, OnvifError> {
    let answer = request(channel, url, "GetNodes", "", channel.limits().total).await?;
    let read = |node: &XmlNode| {
        let spaces = node.child("SupportedPTZSpaces").map(Spaces::read).unwrap_or_default();
        (node.attr("token").unwrap_or_default().to_owned(), spaces)
    };
    Ok(answer.children_named("PTZNode").take(64).map(read).collect())
}

/// GetConfigurationOptions: the spaces of a configuration.
///
/// # Errors
/// [`OnvifError`]: the device does not answer in time, refuses the account, answers a fault, or not
/// what the standard says.
pub async fn configuration_spaces(channel: &Channel, url: &Url, configuration: &str) -> Result<Spaces, OnvifError> {
    let token = xml_guard::escape(configuration);
    let content = format!("<tptz:ConfigurationToken>{token}</tptz:ConfigurationToken>");
    let answer = request(
        channel,
        url,
        "GetConfigurationOptions",
        &content,
        channel.limits().total,
    )
    .await?;
    let spaces = answer.path(&["PTZConfigurationOptions", "Spaces"]);
    spaces
        .map(Spaces::read)
        .ok_or_else(|| OnvifError::missing("PTZConfigurationOptions/Spaces"))
}

/// The node the profile's configuration names, or else the first.
fn choose(nodes: Vec<(String, Spaces)>, profile: &Profile) -> Option<Spaces> {
    let wanted = profile.ptz.as_ref().and_then(|ptz| ptz.node.as_deref());
    let at = nodes
        .iter()
        .position(|(token, _)| Some(token.as_str()) == wanted)
        .unwrap_or(0);
    nodes.into_iter().nth(at).map(|(_, spaces)| spaces)
}

/// Whether a refusal may be meant for the timeout: most devices only say that some argument is wrong.
fn may_mean_timeout(error: &OnvifError) -> bool {
    match error {
        OnvifError::Fault { .. } => true,
        OnvifError::NotSupported { detail } => detail.to_ascii_lowercase().contains("timeout"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_written_in_the_form_the_device_takes() {
        let timeout = Duration::from_millis(600);
        let all = TimeoutForm::ALL.map(|form| form.write(timeout));
        assert_eq!(
            all,
            [
                "<tptz:Timeout>PT0.600S</tptz:Timeout>",
                "<tptz:Timeout>PT1S</tptz:Timeout>",
                ""
            ]
        );
    }
}
