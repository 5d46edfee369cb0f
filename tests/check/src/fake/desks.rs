//! The fake desks that tests and the `screens` example sit at: who is at the desk, and what is special about its plan.
//!
//! Invariant: each is whole when it is given; what happens at it later goes through the methods of [`Fake`]. Deliberately absent: what the
//! desk answers, which stands beside this file by capability.

use super::{Fake, plan};
use std::sync::Arc;
use vedetta::domain::people::Level;

/// The desk of an operator, with test pictures.
pub fn desk(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake::at(plan(cameras, domes)))
}

/// The desk of an operator at a workstation that cannot keep up.
pub fn overloaded(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake {
        slow: true,
        ..Fake::at(plan(cameras, domes))
    })
}

/// The desk of a supervisor.
pub fn supervisor(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake {
        level: Level::Supervisor,
        ..Fake::at(plan(cameras, domes))
    })
}

/// The desk of a supervisor in the morning after recordings were opened at once.
pub fn at_night(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake {
        level: Level::Supervisor,
        by_night: true,
        ..Fake::at(plan(cameras, domes))
    })
}

/// The desk of a system administrator.
pub fn administrator(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake {
        level: Level::SystemAdministrator,
        ..Fake::at(plan(cameras, domes))
    })
}

/// The desk of a maintainer.
pub fn maintainer(cameras: usize, domes: usize) -> Arc<Fake> {
    Arc::new(Fake {
        level: Level::Maintainer,
        ..Fake::at(plan(cameras, domes))
    })
}

/// The desk of an operator, where the second camera is at a school: in school hours, or out of them.
pub fn school(cameras: usize, domes: usize, in_hours: bool) -> Arc<Fake> {
    let mut plan = plan(cameras, domes);
    // Without hours the pictures are always open; with a last day that is over, never.
    let last_day = if in_hours { "2020-01-01" } else { "9000-01-01" };
    let calendar = serde_json::from_value(serde_json::json!({"last_day": last_day, "hours": []}));
    if let Some(camera) = plan.cameras.get_mut(1) {
        camera.school = calendar.ok();
    }
    Arc::new(Fake {
        school_is_open: in_hours,
        ..Fake::at(plan)
    })
}

/// The desk of an operator, where the second camera has a mask.
pub fn masked(cameras: usize, domes: usize) -> Arc<Fake> {
    let mut plan = plan(cameras, domes);
    let mask = serde_json::from_value(serde_json::json!({
        "id": "finestre", "name": "Finestre di via Roma 4",
        "shape": {"picture": [[0.1, 0.1], [0.4, 0.1], [0.4, 0.5], [0.1, 0.5]]},
    }));
    if let Some(camera) = plan.cameras.get_mut(1) {
        camera.masks.extend(mask.ok());
    }
    Arc::new(Fake::at(plan))
}
