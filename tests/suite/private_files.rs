//! What a server and a workstation write is for their own account alone, under the usual umask (022); no program leaves a dump of its
//! memory, and none takes a password from where others read it.
//!
//! Deliberately absent: how single files are made (their own tests), the unit of systemd, which has a umask of its own.

use crate::audit_outside::witness;
use crate::station_audit::{open, sign_in};
use crate::town::Town;
use crate::town_hall::log_vkey;
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

/// Largest core file of a running program, soft and hard limit, as the system has them.
fn core_limits(process: u32) -> Vec<String> {
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
    line.unwrap().split_whitespace().take(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn server_and_witness_leave_no_dump_of_their_memory() {
    let mut hall = Town::new().prepared();
    hall.start_with("ulimit -Sc unlimited; exec \"$0\" \"$@\"").await;
    let witness = witness(&hall, &[log_vkey(&hall).to_string()]).await;
    for process in [hall.pid(), witness.child.id().unwrap()] {
        assert_eq!(core_limits(process), ["0", "0"]);
    }
    hall.stop().await;
}

#[test]
fn a_password_of_a_database_on_the_command_line_is_refused_and_nothing_is_begun() {
    let hall = Town::new().prepared();
    let address = "postgres://vedetta_server:segreta@127.0.0.1:1/vedetta";
    let folder = hall.dir.path().join("nuova");
    let refused = hall.command(
        &["serve", "--data", folder.to_str().unwrap(), "--database", address],
        None,
    );
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("VEDETTA_DATABASE") && !said.contains("segreta"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert!(!folder.exists());
}
