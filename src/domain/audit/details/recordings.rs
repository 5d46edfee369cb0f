//! Events of recordings: clearances, searching, playing back, exporting; and the technical figures of a camera.
//!
//! Invariant: moments are Unix milliseconds. Deliberately absent: what was recorded.

use super::field::{Typed, parameters, words};
use crate::domain::camera::CameraId;
use crate::domain::people::clearance::Step;
use serde::{Deserialize, Serialize};

/// Recordings that somebody asked for without a clearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AskedRecordings {
    /// To be seen. Unix milliseconds.
    Playback { from_ms: i64, to_ms: i64 },
    /// To be copied. Unix milliseconds.
    Export { from_ms: i64, to_ms: i64 },
}

impl Typed for AskedRecordings {
    const VALUE: &'static str = "`playback` or `export` with `from_ms`, `to_ms`";
}

parameters! {
    /// A step of a clearance (R-REC-1), or recordings asked for without one.
    Clearance by "S" {
        /// Number of the clearance
        clearance: u64,
        /// Step that was taken
        step: Step,
        /// Account name of who asked for it
        asked_by: String,
        /// Cameras it covers
        cameras: Vec<CameraId>,
        /// Beginning of the range, Unix milliseconds
        from_ms: i64,
        /// End of the range, Unix milliseconds
        to_ms: i64,
        /// Whether copies are included
        export: bool,
        /// Reason, in the words of who asked
        reason: String,
        /// Protocol number of the request behind it; empty where there is none
        protocol_no: String,
        /// End of the validity, Unix milliseconds
        until_ms: i64,
        /// Moment by which a supervisor has to ratify what was opened at once, Unix milliseconds
        ratify_by_ms: i64,
        /// Reason of the refusal, in the words of who refused, or did not ratify
        refused_because: String,
        /// Reason of the withdrawal, in the words of who withdrew it
        withdrawn_because: String,
        /// Recordings that were asked for without one, Unix milliseconds
        pictures: AskedRecordings,
    }
}

parameters! {
    /// The recorder is asked what it has: before, and after.
    RecordingSearch by "W" {
        /// Number of pieces of recording that were offered
        spans: u64,
    }
}

parameters! {
    /// A recording is asked for: before, and how it came out.
    PlaybackOpen by "W" {
        /// Number of the clearance it is under
        clearance: u64,
    }
}

parameters! {
    /// Another moment is to be played: before it is.
    PlaybackSeek by "W" {
        /// Number of the clearance it is under
        clearance: u64,
        /// Moment to be played, Unix milliseconds
        to_ms: i64,
    }
}

parameters! {
    /// A playback ends.
    PlaybackClose by "W" {
        /// Number of the clearance it was under
        clearance: u64,
        /// Moment of the last picture, Unix milliseconds
        position_ms: i64,
        /// Number of pictures that came
        frames: u64,
    }
}

words! {
    /// The kind of an exported copy.
    CopyWord {
        Original = "original",
        Obscured = "obscured",
    }
}

parameters! {
    /// A copy is made: before the recorder is asked (`intent`), and at the end (`done`) once the file has its name (R-EXP-1).
    ExportStart by "W" {
        /// Whether anything in it is covered
        copy: CopyWord,
        /// Whether the pictures were decoded and encoded again
        re_encoded: bool,
        /// Version of the plan whose masks it has
        plan_version: u64,
        /// Reason, in the person's words
        reason: String,
        /// Number of the clearance it is under
        clearance: u64,
    }
}

parameters! {
    /// A copy is complete; the file gets its name only after this is durable.
    ExportEnd by "W" {
        /// Whether anything in it is covered
        copy: CopyWord,
        /// Whether the pictures were decoded and encoded again
        re_encoded: bool,
        /// Version of the plan whose masks it has
        plan_version: u64,
        /// Reason, in the person's words
        reason: String,
        /// Number of the clearance it is under
        clearance: u64,
        /// Name of the file
        file: String,
        /// SHA-256 of the file, hexadecimal
        sha256: String,
        /// Size of the file, bytes
        bytes: u64,
        /// Number of pictures
        frames: u64,
        /// Moment of the first picture, Unix milliseconds
        first_ms: i64,
        /// Moment of the last picture, Unix milliseconds
        last_ms: i64,
        /// Pictures of an obscured copy that are covered wholly
        covered_whole: u64,
        /// Pictures of an obscured copy that are covered in part
        covered_partly: u64,
    }
}

parameters! {
    /// A camera is asked for technical figures (R-MNT-1): before, and how it came out.
    DiagnosticsOpen by "W" {}
}

parameters! {
    /// A camera was asked for technical figures: after.
    DiagnosticsClose by "W" {
        /// Whether the camera answered
        reachable: bool,
    }
}
