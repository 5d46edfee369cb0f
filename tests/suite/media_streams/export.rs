//! Export: the pictures of the range, bit for bit, in a file that ffprobe reads, or each under its cover; nothing is left of a
//! failure.

use super::recorder::{GROUP, Habits, PASSWORD, Recorder, Recording, START_MS, USER};
use super::replay::{recording, wait_until};
use sha2::Digest;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use vedetta::domain::privacy::{Cover, Polygon, WholeReason};
use vedetta::media::error::LiveErrorKind;
use vedetta::media::export::{self, CopyKind, ExportError, ExportReport, ExportRequest, Obscure};

fn request(recorder: &Recorder, path: &Path, from_ms: i64, to_ms: i64, copy: CopyKind) -> ExportRequest {
    ExportRequest {
        url: recorder.url(),
        user: USER.to_owned(),
        password: PASSWORD.to_owned().into(),
        from_ms,
        to_ms,
        path: path.to_owned(),
        copy,
    }
}

async fn run(recorder: &Recorder, path: &Path, from_ms: i64, to_ms: i64) -> Result<ExportReport, ExportError> {
    let request = request(recorder, path, from_ms, to_ms, CopyKind::Original);
    let (report, file) = export::run(request, |_| {}).await?;
    file.keep()?;
    Ok(report)
}

/// The error of an export of so much from the beginning, of a recorder with these habits; no file is left of it.
async fn refused(habits: Habits, within_ms: i64) -> ExportError {
    let recorder = Recorder::start(recording(), habits);
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.mp4");
    let run = run(&recorder, &path, START_MS, START_MS + within_ms).await;
    let error = run.unwrap_err();
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    error
}

/// An obscured copy under these covers.
fn obscured(cover: impl Fn(i64) -> Cover + Send + Sync + 'static) -> CopyKind {
    CopyKind::Obscured(Obscure {
        cover: Arc::new(cover),
        remark: "Obscured copy, plan version 7".into(),
    })
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
    let error = refused(habits, 9_000).await;
    assert!(
        matches!(&error, ExportError::Stream(e) if e.kind == LiveErrorKind::BrokenStream),
        "{error}"
    );
}

#[tokio::test]
async fn a_clock_that_was_put_back_inside_the_range_is_refused_and_named_and_leaves_no_file() {
    for seconds in [1, 10] {
        let habits = Habits {
            clock_set_back: Some((50, seconds * 1_000)),
            ..Habits::default()
        };
        let error = refused(habits, 7_000).await;
        let (before, after) = (Recording::at(49), Recording::at(50) - seconds * 1_000);
        assert!(
            matches!(error, ExportError::ClockSetBack { at_ms, to_ms } if (at_ms, to_ms) == (before, after)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn r_exp_1_an_export_across_a_hole_is_refused_and_both_its_ends_are_named() {
    for (seconds, within_ms) in [(3, 7_000), (600, 700_000)] {
        let habits = Habits {
            hole: Some((50, seconds * 1_000)),
            ..Habits::default()
        };
        let error = refused(habits, within_ms).await;
        let ends = (Recording::at(49), Recording::at(50) + seconds * 1_000);
        assert!(
            matches!(error, ExportError::Hole { from_ms, to_ms } if (from_ms, to_ms) == ends),
            "{error}"
        );
        // Before it there is everything.
        let (recorder, place) = (Recorder::start(recording(), habits), tempfile::tempdir().unwrap());
        let whole = run(&recorder, &place.path().join("a.mp4"), START_MS, START_MS + 1_500).await;
        assert_eq!(whole.unwrap().frames, 38);
    }
}

#[tokio::test]
async fn a_new_source_at_every_group_and_packets_of_strangers_give_the_same_pictures() {
    let habits = Habits {
        new_source_every: Some(GROUP),
        ..Habits::default()
    };
    let recorder = Recorder::start(recording(), habits);
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.mp4");
    let report = run(&recorder, &path, Recording::at(12), Recording::at(57))
        .await
        .unwrap();
    check(&path, &report, &recording(), GROUP, 57, false);
}

#[tokio::test]
async fn a_marker_on_every_packet_gives_the_same_pictures() {
    let habits = Habits {
        marker_everywhere: true,
        ..Habits::default()
    };
    let mut frames = Vec::new();
    for habits in [Habits::default(), habits] {
        let recorder = Recorder::start(recording(), habits);
        let place = tempfile::tempdir().unwrap();
        let report = run(&recorder, &place.path().join("a.mp4"), START_MS, START_MS + 2_000).await;
        frames.push(report.unwrap().frames);
    }
    assert_eq!(frames[0], frames[1]);
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
    let request = request(&recorder, &path, START_MS, START_MS + 60_000, CopyKind::Original);
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

/// Every picture of a film as I420, 320 × 240, with its time in seconds.
fn pictures(path: &Path) -> Vec<(f64, Vec<u8>)> {
    let file = path.to_str().unwrap();
    let args = [
        "-v",
        "error",
        "-i",
        file,
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "yuv420p",
        "-",
    ];
    let raw = output("ffmpeg", &args);
    let args = [
        "-v",
        "error",
        "-select_streams",
        "v",
        "-show_entries",
        "frame=pts_time",
        "-of",
        "csv=p=0",
        file,
    ];
    let times = String::from_utf8(output("ffprobe", &args)).unwrap();
    let times = times.split(['\n', ',']).filter(|text| !text.is_empty());
    let pictures = raw.chunks_exact(320 * 240 * 3 / 2).map(<[u8]>::to_vec);
    times.map(|time| time.parse().unwrap()).zip(pictures).collect()
}

/// Samples of the left and the right half of a picture that differ from the cover's grey by more than coding explains.
fn not_grey(picture: &[u8]) -> [usize; 2] {
    let mut count = [0; 2];
    for (i, luma) in picture[..320 * 240].iter().enumerate() {
        count[usize::from(i % 320 >= 160)] += usize::from(luma.abs_diff(57) > 6);
    }
    count
}

#[tokio::test]
async fn r_prv_1_every_picture_of_an_obscured_copy_has_the_cover_of_its_own_time() {
    for (codec, b_frames, first) in [("H264", 0, 25), ("H264", 2, 25), ("H265", 0, 0)] {
        let recording = Arc::new(Recording::make(codec, 100, b_frames));
        let recorder = Recorder::start(Arc::clone(&recording), Habits::default());
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.mp4");
        let left = |right: f32| Polygon::from(vec![[0.0, 0.0], [right, 0.0], [right, 1.0], [0.0, 1.0]]);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        // The left half, from the 50th frame on everything; three frames without any.
        let cover = move |at_ms: i64| {
            noted.lock().unwrap().push(at_ms);
            match at_ms - START_MS {
                ..1_400 => Cover::Parts(vec![left(0.5)]),
                1_400..1_500 => Cover::Parts(vec![]),
                1_500..2_000 => Cover::Parts(vec![left(0.5)]),
                _ => Cover::Whole(WholeReason::PoseNotKnown),
            }
        };
        let wanted = request(
            &recorder,
            &path,
            Recording::at(first),
            START_MS + 2_400,
            obscured(cover),
        );
        let (report, file) = export::run(wanted, |_| {}).await.unwrap();
        file.keep().unwrap();
        assert_eq!(
            (report.first_ms, report.last_ms),
            (Recording::at(first), Recording::at(60)),
            "{codec}"
        );
        assert_eq!(
            (report.frames, report.covered.whole, report.covered.partly),
            (61 - first as u64, 11, 47 - first as u64),
            "{codec}"
        );
        assert_eq!(
            *asked.lock().unwrap(),
            (first..=60).map(Recording::at).collect::<Vec<_>>()
        );
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(
            (report.bytes, report.sha256),
            (bytes.len() as u64, hex::encode(sha2::Sha256::digest(&bytes)))
        );
        let film = pictures(&path);
        assert_eq!(film.len(), 61 - first, "{codec}");
        for (i, (time, picture)) in film.iter().enumerate() {
            assert!(
                (time - i as f64 * 0.04).abs() < 0.002,
                "{codec}: picture {i} at {time} s"
            );
            let [left, right] = not_grey(picture);
            let expected = match first + i {
                35..=37 => [true, true],
                50.. => [false, false],
                _ => [false, true],
            };
            // It is black but for a ball.
            let seen = [left, right].map(|count| count > 500);
            assert_eq!(seen, expected, "{codec}: picture {i} shows {left} and {right}");
            assert!(expected[0] || left < 50, "{codec}: {left} samples of picture {i} show");
        }
        let args = [
            "-v",
            "error",
            "-show_entries",
            "format_tags=comment:stream=codec_name",
            "-of",
            "csv=p=0",
        ];
        let said = String::from_utf8(output("ffprobe", &[&args[..], &[path.to_str().unwrap()]].concat())).unwrap();
        assert!(
            said.contains("h264") && said.contains("Obscured copy, plan version 7"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_cancelled_obscured_copy_leaves_nothing_even_while_its_encoder_is_full() {
    let recorder = Recorder::start(recording(), Habits::default());
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.mp4");
    // The third cover does not come before the copy is cancelled.
    let (gate, asked) = (
        Arc::new((Mutex::new(false), Condvar::new())),
        Arc::new(AtomicUsize::new(0)),
    );
    let (shut, counted) = (Arc::clone(&gate), Arc::clone(&asked));
    let cover = move |_| {
        if counted.fetch_add(1, Ordering::SeqCst) >= 2 {
            let opened = shut.0.lock().unwrap();
            drop(shut.1.wait_while(opened, |opened| !*opened).unwrap());
        }
        Cover::Parts(vec![])
    };
    let wanted = request(&recorder, &path, START_MS, START_MS + 60_000, obscured(cover));
    let task = tokio::spawn(export::run(wanted, |_| {}));
    wait_until(|| asked.load(Ordering::SeqCst) == 3).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    wait_until(|| std::fs::read_dir(place.path()).unwrap().count() == 0).await;
}
