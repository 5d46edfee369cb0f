//! Events of live pictures and domes: views, gestures, presets, the lease of a dome, declared events, snapshots.
//!
//! Invariant: a pose is in degrees, a magnification in times. Deliberately absent: the picture.

use super::field::{parameters, words};
use crate::domain::camera::StationId;

parameters! {
    /// A view opens: before a stream is asked for, and how it came out.
    ViewOpen by "W" {}
}

parameters! {
    /// A view is open still: every 60 s, so that a crash bounds how long it can have lasted.
    ViewPulse by "W" {}
}

parameters! {
    /// A view ends.
    ViewClose by "W" {
        /// Duration of the view, seconds
        seconds: u64,
        /// Number of pictures that came
        frames: u64,
    }
}

parameters! {
    /// A PTZ gesture begins: before its first command, and how it came out. A command that is refused on the way writes
    /// another one with `refused` or `failed`.
    PtzStart by "W" {
        /// Number of the lease it happens under
        fence: u64,
    }
}

parameters! {
    /// A PTZ gesture ended and the dome is at rest, or is not.
    PtzEnd by "W" {
        /// Number of commands sent
        commands: u64,
        /// Largest magnification, times, to two decimals
        highest_zoom: f64,
        /// Pan, degrees, to two decimals; absent where the camera does not say where it looks, as the next two
        pan_deg: f64,
        /// Tilt, degrees, to two decimals
        tilt_deg: f64,
        /// Horizontal angle of the picture, degrees, to two decimals
        hfov_deg: f64,
    }
}

parameters! {
    /// A preset or the home position is called: before, and after; `failed` also where the dome was seen to stand elsewhere.
    PresetCall by "W" {
        /// Token of the preset in the camera; `HomePosition` for the home position
        preset: String,
    }
}

parameters! {
    /// The present pose is saved as a preset: before, and after.
    PresetSave by "W" {
        /// Name of the preset
        preset: String,
    }
}

words! {
    /// A step of holding a dome.
    HoldStep {
        Taken = "taken",
        Released = "released",
        Expired = "expired",
        HeldByOther = "held_by_other",
        Asked = "asked",
        Declined = "declined",
        HandedOver = "handed_over",
        TakeOver = "take_over",
        TakenOver = "taken_over",
    }
}

parameters! {
    /// Who holds a dome changes, or is asked to (R-PTZ-3).
    DomeHold by "S" {
        /// Step that was taken; `take_over`: an urgent takeover begins, or is refused
        hold: HoldStep,
        /// Account name of the other person
        other: String,
        /// Workstation of the other person
        other_station: StationId,
        /// Number of the lease
        fence: u64,
        /// Reason for asking or taking over, in the person's words
        reason: String,
    }
}

parameters! {
    /// An event raises the ceilings of a camera or opens a school camera; also a right to pictures that the server refuses.
    EventDeclared by "S" {
        /// `ceilings` or `school`
        change: String,
        /// Reason, at most 500 characters
        reason: String,
        /// Protocol number of the request behind it, at most 500 characters; empty where there is none
        protocol_no: String,
        /// Duration, minutes
        minutes: u32,
    }
}

parameters! {
    /// A liftable mask is lifted for minutes.
    MaskLift by "S" {
        /// `mask` and the mask's name
        change: String,
        /// Reason, at most 500 characters
        reason: String,
        /// Protocol number of the request behind it, at most 500 characters; empty where there is none
        protocol_no: String,
        /// Duration, minutes
        minutes: u32,
    }
}

words! {
    /// The cause by which a declared event ended.
    Ending {
        ByAPerson = "by a person",
        ByItself = "by itself",
    }
}

parameters! {
    /// One of the two above is over.
    EventEnded by "S" {
        /// `ceilings`, `school`, or `mask` and the mask's name
        change: String,
        /// Account name of who declared it
        declared_by: String,
        /// Cause of the end
        ended: Ending,
    }
}

parameters! {
    /// A picture is saved: before it is written, and after.
    Snapshot by "W" {
        /// Name of the file
        file: String,
        /// SHA-256 of the file, hexadecimal
        sha256: String,
    }
}
