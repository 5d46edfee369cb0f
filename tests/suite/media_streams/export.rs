//! Export: the pictures of the range, bit for bit, in a file that ffprobe reads; nothing is left of a failure.

use super::recorder::{GROUP, Habits, PASSWORD, Recorder, Recording, START_MS, USER};
use super::replay::{recording, wait_until};
use sha2::Digest;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use vedetta::media::error::LiveErrorKind;
use vedetta::media::export::{self, ExportError, ExportReport, ExportRequest};

async fn run(recorder: &Recorder, path: &Path, from_ms: i64, to_ms: i64) -> Result<ExportReport, ExportError> {
    let request = ExportRequest {
        url: recorder.url(),
        user: USER.to_owned(),
        password: PASSWORD.to_owned().into(),
        from_ms,
        to_ms,
        path: path.to_owned(),
    };
    export::run(request, |_| {}).await
}

/// The coded slices of an Annex B stream, in order (parameter sets and the like are the container's business).
fn slices(stream: &[u8], h265: bool) -> Vec<Vec<u8>> {
    let mut starts: Vec<usize> = Vec::new();
    for i in 0..stream.len().saturating_sub(3) {
        if stream[i..i + 3] == [0, 0, 1] {
            starts.push(i + 3);
        }
    }
    let mut units: Vec<Vec<u8>> = Vec::new();
    for (n, start) in starts.iter().enumerate() {
        let end = starts.get(n + 1).map_or(stream.len(), |next| next - 3);
        let unit: Vec<u8> = stream[*start..end].to_vec();
        let unit = unit[..unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)].to_vec();
        let slice = if h265 {
            unit[0] >> 1 & 0x3f <= 21
        } else {
            matches!(unit[0] & 0x1f, 1 | 5)
        };
        if slice {
            units.push(unit);
        }
    }
    units
}

fn output(program: &str, args: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn check(path: &Path, report: &ExportReport, recording: &Recording, first: usize, last: usize, h265: bool) {
    let file = path.to_str().unwrap();
    let shown = String::from_utf8(output(
        "ffprobe",
        &[
            "-v",
            "error",
            "-count_frames",
            "-select_streams",
            "v",
            "-show_entries",
            "stream=codec_name,nb_read_frames,duration",
            "-of",
            "csv=p=0",
            file,
        ],
    ))
    .unwrap();
    let fields: Vec<&str> = shown.trim().split(',').collect();
    let frames = last - first + 1;
    assert_eq!(fields[0], if h265 { "hevc" } else { "h264" }, "{shown}");
    assert_eq!(fields[2], frames.to_string(), "{shown}");
    let seconds: f64 = fields[1].parse().unwrap();
    assert!((seconds - frames as f64 / 25.0).abs() < 0.1, "{shown}");
    assert_eq!(report.frames, frames as u64);
    assert_eq!(
        (report.first_ms, report.last_ms),
        (Recording::at(first), Recording::at(last))
    );
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(report.bytes, bytes.len() as u64);
    assert_eq!(report.sha256, hex::encode(sha2::Sha256::digest(&bytes)));
    // The same slices, bit for bit.
    let (format, filter) = if h265 {
        ("hevc", "hevc_mp4toannexb")
    } else {
        ("h264", "h264_mp4toannexb")
    };
    let stream = output(
        "ffmpeg",
        &[
            "-v", "error", "-i", file, "-c", "copy", "-bsf:v", filter, "-f", format, "-",
        ],
    );
    let source: Vec<u8> = recording.units[first..=last]
        .iter()
        .flat_map(|unit| unit.bytes.clone())
        .collect();
    let (got, expected) = (slices(&stream, h265), slices(&source, h265));
    assert_eq!(got.len(), expected.len());
    assert!(got == expected, "the coded pictures are not the recorded ones");
}

#[tokio::test]
async fn r_exp_1_a_range_is_exported_bit_for_bit_from_the_key_frame_before_it() {
    let recorder = Recorder::start(recording(), Habits::default());
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.mp4");
    let report = run(&recorder, &path, START_MS + 1_300, START_MS + 5_000).await.unwrap();
    check(&path, &report, &recording(), 30, 125, false);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
    wait_until(|| recorder.teardowns.load(Ordering::SeqCst) == 1).await;
    assert!(matches!(
        run(&recorder, &path, START_MS, START_MS + 1_000).await,
        Err(ExportError::Exists)
    ));
}

#[tokio::test]
async fn r_exp_1_h265_is_exported_too() {
    let recording = Arc::new(Recording::make("H265", 60, 0));
    let recorder = Recorder::start(Arc::clone(&recording), Habits::default());
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.mp4");
    let report = run(&recorder, &path, START_MS, START_MS + 60_000).await.unwrap();
    check(&path, &report, &recording, 0, 59, true);
}

#[tokio::test]
async fn r_exp_1_reordered_pictures_keep_their_order_and_times() {
    let recording = Arc::new(Recording::make("H264", 60, 2));
    let recorder = Recorder::start(Arc::clone(&recording), Habits::default());
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.mp4");
    let report = run(&recorder, &path, START_MS, START_MS + 60_000).await.unwrap();
    check(&path, &report, &recording, 0, 59, false);
    let times = output(
        "ffprobe",
        &[
            "-v",
            "error",
            "-select_streams",
            "v",
            "-show_entries",
            "frame=pts_time",
            "-of",
            "csv=p=0",
            path.to_str().unwrap(),
        ],
    );
    let times = String::from_utf8(times).unwrap();
    let times: Vec<f64> = times
        .split(['\n', ','])
        .filter(|text| !text.is_empty())
        .map(|t| t.parse().unwrap())
        .collect();
    assert!(
        times.windows(2).all(|pair| (pair[1] - pair[0] - 0.04).abs() < 0.002),
        "{times:?}"
    );
}

#[tokio::test]
async fn a_recorder_that_breaks_off_leaves_no_file() {
    let habits = Habits {
        breaks_off_after: Some(50),
        ..Habits::default()
    };
    let recorder = Recorder::start(recording(), habits);
    let place = tempfile::tempdir().unwrap();
    let error = run(&recorder, &place.path().join("a.mp4"), START_MS, START_MS + 9_000)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ExportError::Stream(e) if e.kind == LiveErrorKind::BrokenStream),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_range_without_pictures_is_nothing_recorded() {
    let recorder = Recorder::start(recording(), Habits::default());
    let place = tempfile::tempdir().unwrap();
    let after = START_MS + 3_600_000;
    let error = run(&recorder, &place.path().join("a.mp4"), after, after + 1_000)
        .await
        .unwrap_err();
    assert!(matches!(error, ExportError::NothingRecorded), "{error}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_cancelled_export_leaves_nothing() {
    let recorder = Recorder::start(
        recording(),
        Habits {
            silent_end: true,
            ..Habits::default()
        },
    );
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.mp4");
    let request = ExportRequest {
        url: recorder.url(),
        user: USER.to_owned(),
        password: PASSWORD.to_owned().into(),
        from_ms: START_MS,
        to_ms: START_MS + 60_000,
        path: path.clone(),
    };
    let seen = Arc::new(Mutex::new(0));
    let told = Arc::clone(&seen);
    let task = tokio::spawn(export::run(request, move |progress| {
        *told.lock().unwrap() = progress.bytes
    }));
    wait_until(|| *seen.lock().unwrap() > 0).await;
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "the partial file");
    task.abort();
    wait_until(|| std::fs::read_dir(place.path()).unwrap().count() == 0).await;
    assert!(recording().units.len() > 2 * GROUP);
}
