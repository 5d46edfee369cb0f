//! What an account on a camera can do beyond what it is for, tried and not asked (ONVIF Core §5.9.4: the levels are the device's own).
//!
//! Invariant: nothing is changed on the device, nothing is played and no picture is read; a question that failed is told and is never
//! «no». Deliberately absent: RTSP (whoever asks brings it), words for people, whether the camera may be saved.

use super::users::{DeviceUser, Users};
use super::{Camera, Endpoint, Limits, OnvifError, OnvifErrorKind};
use std::fmt::Display;

/// Streams that are tried before an account is taken to open none.
const MOST_TRIED: usize = 4;

/// What an account of a camera is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountUse {
    /// Live video and, for want of another way, recordings.
    Pictures,
    /// Figures without any picture (R-MNT-1).
    Figures,
}

/// Something that an account can do and its use does not need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Reads the users of the device, and so may make and remove some.
    Administers,
    Streams,
    Snapshots,
    Replays,
}

/// An RTSP address that is tried with the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt<'a> {
    Live(&'a str),
    Replay(&'a str),
}

/// The findings about one account.
#[derive(Debug, Clone)]
pub struct AccountTrial {
    pub user: String,
    pub used_for: AccountUse,
    pub excesses: Vec<Excess>,
    /// Users of the device; empty where the account may not read them.
    pub users: Vec<DeviceUser>,
    /// What could not be tried, and why, for the log.
    pub untried: Vec<(&'static str, String)>,
}

impl AccountTrial {
    /// Whether the account must not be kept: one for figures that can do more.
    pub fn is_refused(&self) -> bool {
        self.used_for == AccountUse::Figures && !self.excesses.is_empty()
    }

    fn missed(&mut self, what: &'static str, error: impl Display) {
        self.untried.push((what, error.to_string()));
    }

    /// Takes in one attempt: whether it worked.
    fn tried<E: Display>(&mut self, what: &'static str, excess: Excess, answer: Result<bool, E>) {
        match answer {
            Ok(true) if !self.excesses.contains(&excess) => self.excesses.push(excess),
            Ok(_) => {}
            Err(error) => self.missed(what, error),
        }
    }
}

/// Tries what an account must not be able to do. `opens` tries an RTSP address with it.
///
/// # Errors
/// [`OnvifError`] when the camera does not answer or refuses the account: nothing was tried then.
pub async fn try_account<E: Display>(
    endpoint: Endpoint,
    limits: Limits,
    used_for: AccountUse,
    opens: impl AsyncFn(Attempt<'_>) -> Result<bool, E>,
) -> Result<AccountTrial, OnvifError> {
    let mut trial = AccountTrial {
        user: endpoint.user.clone(),
        used_for,
        excesses: Vec::new(),
        users: Vec::new(),
        untried: Vec::new(),
    };
    let users = Users::at(endpoint.clone(), limits)?;
    let camera = Camera::connect(endpoint, limits).await?;
    match users.list().await {
        Ok(users) => {
            let own = users.iter().find(|user| user.name == trial.user);
            // Who is let in by this question without being listed is no lesser user.
            let administers = own.is_none_or(DeviceUser::is_administrator);
            trial.tried("users", Excess::Administers, Ok::<_, OnvifError>(administers));
            trial.users = users;
        }
        Err(error) if is_no(&error) => {}
        Err(error) => trial.missed("users", error),
    }
    if used_for == AccountUse::Figures {
        pictures(&mut trial, &camera, &opens).await;
    }
    match camera.first_replay().await {
        Ok(Some(uri)) => {
            let answer = opens(Attempt::Replay(&uri)).await;
            trial.tried("replay", Excess::Replays, answer);
        }
        Ok(None) => {}
        Err(error) if is_no(&error) => {}
        Err(error) => trial.missed("replay", error),
    }
    Ok(trial)
}

/// Tries live video and snapshots.
async fn pictures<E: Display>(
    trial: &mut AccountTrial,
    camera: &Camera,
    opens: &impl AsyncFn(Attempt<'_>) -> Result<bool, E>,
) {
    let offers = match camera.all_streams().await {
        Ok(offers) => offers,
        Err(error) if is_no(&error) => return,
        Err(error) => return trial.missed("streams", error),
    };
    for offer in offers.iter().take(MOST_TRIED) {
        let answer = opens(Attempt::Live(&offer.uri)).await;
        trial.tried("streams", Excess::Streams, answer);
        match camera.snapshot_opens(&offer.profile).await {
            Err(error) if is_no(&error) => {}
            answer => trial.tried("snapshots", Excess::Snapshots, answer),
        }
    }
}

/// Whether the device said that this account may not, or that nobody can.
fn is_no(error: &OnvifError) -> bool {
    matches!(
        error.kind(),
        OnvifErrorKind::WrongPassword | OnvifErrorKind::NotSupported
    )
}
