//! What `vedetta-sim` says at a terminal to somebody who asked for what there is not.
//!
//! Invariant: nothing is started. Deliberately absent: what it does when it runs (`sim_town`, `sim_onvif_faults`).

use std::process::Command;

/// What is said, and the status it ends with, in a language.
fn said(language: &str, arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vedetta-sim"));
    let ended = command
        .env_remove("LC_MESSAGES")
        .env("LC_ALL", language)
        .args(arguments)
        .output()
        .unwrap();
    (String::from_utf8(ended.stderr).unwrap(), ended.status.code())
}

#[test]
fn a_make_that_nobody_builds_is_refused_in_the_language_of_the_terminal() {
    let wrong = ["--make", "storta"];
    let (italian, status) = said("it_IT.UTF-8", &wrong);
    assert!(italian.contains("«storta» non è un tipo di dome"), "{italian}");
    assert!(italian.contains("i tipi sono"), "{italian}");
    assert_eq!(status, Some(2));
    let (english, _) = said("en_GB.UTF-8", &wrong);
    assert!(english.contains("«storta» is no make of dome"), "{english}");
}

#[test]
fn a_camera_that_cannot_be_or_is_no_dome_is_refused_in_words() {
    let (text, _) = said("it", &["--make", "Cam 3!=preciso"]);
    assert!(
        text.contains("«Cam 3!» non può essere il nome di una telecamera"),
        "{text}"
    );
    let (text, status) = said("it", &["--cameras", "2", "--domes", "1", "--make", "cam-01=preciso"]);
    assert!(text.contains("la città non ha nessuna dome «cam-01»"), "{text}");
    assert_eq!(status, Some(1));
}
