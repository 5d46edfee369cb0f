//! Playback: range, times, pause, seek, end, and a recorder's bad habits.

use super::recorder::{FPS, Habits, PASSWORD, Recorder, Recording, START_MS, USER};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use vedetta::media::error::{LiveError, LiveErrorKind};
use vedetta::media::replay::{self, ReplayPhase, ReplayRequest, ReplaySession};

const LIMIT: Duration = Duration::from_secs(15);

pub fn recording() -> Arc<Recording> {
    static MADE: OnceLock<Arc<Recording>> = OnceLock::new();
    Arc::clone(MADE.get_or_init(|| Arc::new(Recording::make("H264", 250, 0))))
}

fn open(recorder: &Recorder, password: &str, from_ms: i64, to_ms: i64) -> ReplaySession {
    replay::open(ReplayRequest {
        url: recorder.url(),
        user: USER.to_owned(),
        password: password.to_owned().into(),
        from_ms,
        to_ms,
    })
}

/// The times of the next frames that are seen, until `enough`.
async fn watch(session: &ReplaySession, mut enough: impl FnMut(&[i64]) -> bool) -> Vec<i64> {
    let mut times = Vec::new();
    let mut state = session.state();
    let mut seen = 0;
    let waited = tokio::time::timeout(LIMIT, async {
        while !enough(&times) {
            let phase = state.borrow_and_update().phase.clone();
            if let ReplayPhase::Failed(error) = phase {
                panic!("failed: {error}");
            }
            tokio::select! {
                () = session.slot().changed(seen) => {}
                changed = state.changed() => changed.unwrap(),
            }
            if session.slot().count() != seen {
                seen = session.slot().count();
                times.push(session.slot().latest().unwrap().recorded_ms.unwrap());
            }
        }
    });
    if waited.await.is_err() {
        panic!("too few frames: {times:?} {:?}", session.state().borrow());
    }
    times
}

async fn reach(session: &ReplaySession, what: impl Fn(&ReplayPhase) -> bool) {
    let mut state = session.state();
    let waited = tokio::time::timeout(LIMIT, state.wait_for(|state| what(&state.phase))).await;
    assert!(waited.is_ok(), "{:?}", session.state().borrow());
}

async fn failure(session: &ReplaySession) -> LiveError {
    reach(session, |phase| matches!(phase, ReplayPhase::Failed(_))).await;
    match &session.state().borrow().phase {
        ReplayPhase::Failed(error) => error.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_range_plays_from_its_start_in_real_time_to_its_end() {
    let recorder = Recorder::start(recording(), Habits::default());
    let (from, to) = (START_MS + 1_300, START_MS + 3_300);
    let begun = Instant::now();
    let session = open(&recorder, PASSWORD, from, to);
    let times = watch(&session, |times| times.last().is_some_and(|last| last + 40 > to)).await;
    reach(&session, |phase| *phase == ReplayPhase::Ended).await;
    let took = begun.elapsed();
    assert!(
        times
            .iter()
            .all(|time| (from..=to).contains(time) && (time - START_MS) % 40 == 0),
        "{times:?}"
    );
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    assert!(times[0] < from + 200 && times.len() > 40, "{times:?}");
    assert_eq!(session.slot().count(), 50, "1,320 to 3,280 milliseconds");
    assert!(
        took > Duration::from_millis(1_800) && took < Duration::from_millis(4_500),
        "{took:?}"
    );
    assert_eq!(session.state().borrow().position_ms, START_MS + 3_280);
    drop(session);
    wait_until(|| recorder.teardowns.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn a_pause_holds_the_picture_and_a_seek_moves_it_also_while_paused() {
    let recorder = Recorder::start(recording(), Habits::default());
    let session = open(&recorder, PASSWORD, START_MS, START_MS + 9_900);
    watch(&session, |times| times.len() > 5).await;
    session.pause(true);
    reach(&session, |phase| *phase == ReplayPhase::Paused).await;
    let held = session.state().borrow().position_ms;
    let quiet = tokio::time::timeout(
        Duration::from_millis(600),
        session.slot().changed(session.slot().count()),
    )
    .await;
    assert!(quiet.is_err(), "a frame came during the pause");
    session.seek(START_MS + 6_000);
    let mut state = session.state();
    let moved = state.wait_for(|state| state.position_ms >= START_MS + 6_000);
    tokio::time::timeout(LIMIT, moved).await.unwrap().unwrap();
    wait_until(|| session.slot().latest().unwrap().recorded_ms == Some(START_MS + 6_000)).await;
    assert!(held < START_MS + 3_000);
    session.pause(false);
    watch(&session, |times| {
        times.last().is_some_and(|last| *last > START_MS + 6_400)
    })
    .await;
    session.seek(START_MS + 2_000);
    let times = watch(&session, |times| {
        times.iter().filter(|time| **time < START_MS + 3_000).count() > 5
    })
    .await;
    let back = times.iter().position(|time| *time < START_MS + 6_000).unwrap();
    assert!(
        times[back..]
            .iter()
            .all(|time| (START_MS + 2_000..START_MS + 3_000).contains(time)),
        "{times:?}"
    );
    assert_eq!(recorder.plays.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn after_the_end_a_seek_plays_again() {
    let recorder = Recorder::start(recording(), Habits::default());
    let session = open(&recorder, PASSWORD, START_MS, START_MS + 600);
    reach(&session, |phase| *phase == ReplayPhase::Ended).await;
    session.seek(START_MS + 200);
    reach(&session, |phase| *phase == ReplayPhase::Playing).await;
    reach(&session, |phase| *phase == ReplayPhase::Ended).await;
    assert_eq!(session.state().borrow().position_ms, START_MS + 600);
}

#[tokio::test]
async fn a_recorder_with_bad_habits_is_lived_with() {
    for habits in [
        Habits {
            no_session: true,
            only_session_control: true,
            ..Habits::default()
        },
        Habits {
            no_rtpmap: true,
            sha256: true,
            ..Habits::default()
        },
        Habits {
            no_extension: true,
            ..Habits::default()
        },
    ] {
        let recorder = Recorder::start(recording(), habits);
        let session = open(&recorder, PASSWORD, START_MS + 1_300, START_MS + 5_000);
        let times = watch(&session, |times| times.len() > 10).await;
        assert!(times[0] >= START_MS + 1_300 && times[0] < START_MS + 1_500, "{times:?}");
        assert!(
            times.iter().all(|time| (time - START_MS) % (1000 / FPS) == 0),
            "{times:?}"
        );
    }
}

#[tokio::test]
async fn each_failure_of_a_replay_is_named() {
    let recorder = Recorder::start(recording(), Habits::default());
    let session = open(&recorder, "wrong", START_MS, START_MS + 1_000);
    assert_eq!(failure(&session).await.kind, LiveErrorKind::WrongPassword);

    let refusing = Recorder::start(
        recording(),
        Habits {
            refuses_feature: true,
            ..Habits::default()
        },
    );
    let error = failure(&open(&refusing, PASSWORD, START_MS, START_MS + 1_000)).await;
    assert_eq!(error.kind, LiveErrorKind::NotSupported);
    assert!(error.detail.contains("onvif-replay"), "{error}");

    let breaking = Recorder::start(
        recording(),
        Habits {
            breaks_off_after: Some(20),
            ..Habits::default()
        },
    );
    let error = failure(&open(&breaking, PASSWORD, START_MS, START_MS + 9_000)).await;
    assert_eq!(error.kind, LiveErrorKind::BrokenStream);

    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let dead = Recorder {
        port,
        plays: Arc::default(),
        teardowns: Arc::default(),
    };
    assert_eq!(
        failure(&open(&dead, PASSWORD, START_MS, START_MS + 1_000)).await.kind,
        LiveErrorKind::Unreachable
    );
}

#[tokio::test]
async fn damaged_packets_never_end_the_process_and_never_show_a_frame_outside_the_range() {
    for every in [1, 2, 7] {
        let recorder = Recorder::start(
            recording(),
            Habits {
                damages_every: Some(every),
                ..Habits::default()
            },
        );
        let (from, to) = (START_MS, START_MS + 2_000);
        let session = open(&recorder, PASSWORD, from, to);
        reach(&session, |phase| {
            matches!(phase, ReplayPhase::Failed(_) | ReplayPhase::Ended)
        })
        .await;
        if let Some(frame) = session.slot().latest() {
            assert!((from..=to).contains(&frame.recorded_ms.unwrap()));
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_rtsp_or_never_ends_an_answer_is_a_clear_error() {
    use std::io::Write;
    for junk in [
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        [b"RTSP/1.0 200 OK\r\nX: ".to_vec(), vec![b'a'; 400_000]].concat(),
    ] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(&junk).ok();
            std::io::copy(&mut stream, &mut std::io::sink()).ok();
        });
        let server = Recorder {
            port,
            plays: Arc::default(),
            teardowns: Arc::default(),
        };
        let error = failure(&open(&server, PASSWORD, START_MS, START_MS + 1_000)).await;
        assert_eq!(error.kind, LiveErrorKind::BrokenStream, "{error}");
    }
}

pub async fn wait_until(condition: impl Fn() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    let waited = tokio::time::timeout(LIMIT, async {
        while !condition() {
            tick.tick().await;
        }
    });
    assert!(waited.await.is_ok(), "it does not come");
}
