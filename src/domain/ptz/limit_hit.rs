//! The limit that stopped a PTZ command (R-PTZ-1, R-PTZ-2).
//!
//! Invariant: a hit names one limit and what is needed to say it. Deliberately absent: the gates that find it (`limits`,
//! `ceiling_by_place`).

/// Which limit stopped a command. Several at once: the first of zoom, pan, tilt is named.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum LimitHit {
    #[error("zoom beyond the ceiling of {ceiling:.1}×")]
    ZoomCeiling { ceiling: f64 },
    #[error("zoom beyond {ceiling:.1}× here: more than {px_m:.0} pixels per metre at the ground")]
    DensityCeiling { px_m: f64, ceiling: f64 },
    /// `sector` counts in [`Limits::sectors`](crate::domain::site::Limits::sectors).
    #[error("zoom beyond {ceiling:.1}×, the ceiling of sector {sector}")]
    SectorCeiling { sector: usize, ceiling: f64 },
    #[error("sector {sector} must not be looked at")]
    NoLook { sector: usize },
    #[error("beyond the pan limit")]
    PanLimit,
    #[error("beyond the tilt limit")]
    TiltLimit,
    #[error("the pose is not known, and a limit depends on it")]
    PoseNotKnown,
}

impl LimitHit {
    /// The magnification it allows, if it is a ceiling.
    pub fn ceiling(&self) -> Option<f64> {
        match self {
            Self::ZoomCeiling { ceiling }
            | Self::DensityCeiling { ceiling, .. }
            | Self::SectorCeiling { ceiling, .. } => Some(*ceiling),
            Self::NoLook { .. } | Self::PanLimit | Self::TiltLimit | Self::PoseNotKnown => None,
        }
    }
}
