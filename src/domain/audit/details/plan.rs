//! Events of masks and of accounts of cameras: what the plan says, what a camera keeps of it, whom it is opened to.
//!
//! Invariant: accounts are named, their passwords never. Deliberately absent: other administration (`configuration`).

use super::field::{parameters, words};
use serde_json::Value;

words! {
    /// A step of changing a mask or a lens.
    MaskStep {
        Proposed = "proposed",
        Approved = "approved",
        Declined = "declined",
    }
}

parameters! {
    /// A mask, a lens, speeds or delays of a dome are proposed (`intent`), approved (`done`), declined or not theirs to decide (`refused`) (R-PRV-1).
    MaskChange by "S" {
        /// Step that was taken
        step: MaskStep,
        /// Name of the mask
        mask: String,
        /// Camera whose lens it is
        lens: String,
        /// Dome whose speeds they are
        speeds: String,
        /// Dome whose delays they are
        delays: String,
        /// Reason, in the author's words
        reason: String,
        /// The mask, lens, speeds or delays as the plan has them; `null` where there is none
        before: Value,
        /// The mask, lens, speeds or delays as they would be; `null` where a mask goes
        after: Value,
        /// Findings at the camera, where there are any: `orientation` of the picture, `habits` of a dome by its self-test
        found: Value,
        /// Account name of who drew it
        author: String,
        /// Version of the plan that has it
        plan: u64,
    }
}

parameters! {
    /// Masks and limits are written to a camera: before, and after (R-PRV-3).
    CameraWritten by "W" {
        /// Whether the camera still differs from the plan
        drifts: bool,
        /// Parts of the plan it cannot keep: `masks`, `limits`, or both with a comma; empty where it can
        cannot: String,
    }
}

parameters! {
    /// A camera is compared with the plan, and, as `failed`, every time it differs (R-PRV-3).
    CameraDrift by "W" {
        /// Whether the camera differs from the plan
        drifts: bool,
        /// Parts of the plan it cannot keep: `masks`, `limits`, or both with a comma; empty where it can
        cannot: String,
        /// Pairs of number of a mask and share of it that is open, 0 to 1
        open_masks: Vec<(usize, f64)>,
        /// Whether its limits let more than the plan
        wider_limits: bool,
        /// Parts in which the picture lies otherwise than in the plan; absent where it does not
        orientation: Value,
    }
}

words! {
    /// The purpose of an account of a camera.
    AccountNeed {
        Picture = "picture",
        Figures = "figures",
    }
}

words! {
    /// Pictures that the calendar of a school refused.
    SchoolPictures {
        Credential = "credential",
        Live = "live",
        Playback = "playback",
        Export = "export",
    }
}

words! {
    /// What becomes of a user on a camera apart from giving it out.
    UserStep {
        Removed = "removed",
        Unknown = "unknown",
    }
}

parameters! {
    /// A camera's account is given to a session, or refused; a personal user is made or removed; a camera has a user that nobody here
    /// made. Refused with `asked_for`: a camera that is nothing to the person.
    CredentialReleased by "S" {
        /// Purpose of the account
        need: AccountNeed,
        /// Pictures that the school's calendar refused
        pictures: SchoolPictures,
        /// Name of the user that is made, removed or found
        personal: String,
        /// Act on that user apart from making it; `unknown`: found on the camera, and neither made nor entered here
        step: UserStep,
    }
}
