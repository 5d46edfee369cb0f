//! Users on cameras, over ONVIF: what the server is given, since it speaks to no camera itself.
//!
//! Deliberately absent: which users there are, and for how long (the server).

use futures::FutureExt as _;
use std::time::Duration;
use vedetta::onvif::users::{UserLevel, Users};
use vedetta::onvif::{Endpoint, Limits, OnvifError, OnvifErrorKind};
use vedetta::server::camera_users::{CameraUserError, CameraUsers, Keeper, NewUser, Told};

/// Cameras, spoken to from this machine.
pub struct OverOnvif;

fn at(keeper: Keeper) -> Result<Users, CameraUserError> {
    let limits = Limits {
        connect: Duration::from_secs(2),
        total: Duration::from_secs(4),
        ..Limits::default()
    };
    Users::at(Endpoint::new(keeper.onvif, keeper.user, keeper.password), limits).map_err(|error| sorted(&error))
}

fn sorted(error: &OnvifError) -> CameraUserError {
    match error.kind() {
        OnvifErrorKind::Busy => CameraUserError::Full,
        OnvifErrorKind::Unreachable | OnvifErrorKind::Timeout => CameraUserError::Away(error.to_string()),
        OnvifErrorKind::WrongPassword
        | OnvifErrorKind::ClockWrong
        | OnvifErrorKind::Nonsense
        | OnvifErrorKind::TooLarge
        | OnvifErrorKind::TooDeep
        | OnvifErrorKind::Fault
        | OnvifErrorKind::NotSupported
        | OnvifErrorKind::SeveralViews
        | OnvifErrorKind::ViewGone => CameraUserError::Refused(error.to_string()),
    }
}

impl CameraUsers for OverOnvif {
    fn list(&self, keeper: Keeper) -> Told<Vec<String>> {
        async move {
            let users = at(keeper)?.list().await.map_err(|error| sorted(&error))?;
            Ok(users.into_iter().map(|user| user.name).collect())
        }
        .boxed()
    }

    fn create(&self, keeper: Keeper, new: NewUser) -> Told<()> {
        let level = if new.moves {
            UserLevel::Operator
        } else {
            UserLevel::User
        };
        async move {
            let made = at(keeper)?.create(&new.name, &new.password, level).await;
            made.map_err(|error| sorted(&error))
        }
        .boxed()
    }

    fn delete(&self, keeper: Keeper, name: String) -> Told<()> {
        async move { at(keeper)?.delete(&name).await.map_err(|error| sorted(&error)) }.boxed()
    }
}
