//! What a server and a workstation write is for their own account alone, under the usual umask (022).
//!
//! Deliberately absent: how single files are made (their own tests), the unit of systemd, which has a umask of its own.

use crate::station_audit::{open, sign_in};
use crate::town::Town;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Files that others could read if the folder let them in: nothing in them is secret.
const PUBLIC: [&str; 7] = [
    "address",
    "ca.pem",
    "cert.pem",
    "plan_key",
    "server.pem",
    "server.toml",
    "station.toml",
];

/// Below a folder, the files that more than the owner may read or write, but for public ones; how many files there are.
fn open_to_others(folder: &Path) -> (Vec<String>, usize) {
    let (mut open, mut files) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let (below, count) = open_to_others(&path);
            open.extend(below);
            files += count;
            continue;
        }
        files += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        if mode(&path) & 0o077 != 0 && !PUBLIC.contains(&name) {
            open.push(path.display().to_string());
        }
    }
    (open, files)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_server_and_workstation_are_their_accounts_alone_under_the_usual_umask() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let hall = Town::new().open().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("postazione");
    let station = open(&hall, "sala-operativa", &data).await;
    let session = sign_in(&hall, &station, "operatore").await;
    for folder in [
        &hall.data(),
        &hall.data().join("keys"),
        &hall.data().join("signer"),
        &data,
    ] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    let (open, files) = open_to_others(&hall.data());
    assert!(open.is_empty() && files > 10, "{files} files: {open:#?}");
    let (open, files) = open_to_others(&data);
    assert!(open.is_empty() && files > 1, "{files} files: {open:#?}");
    session.sign_out().await.unwrap();
}
