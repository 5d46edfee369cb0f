#!/usr/bin/env bash
# ONVIF recording search: oxvif ends after twenty answers and says Ok, so a slow recorder has fewer recordings than it has.
#
# Versions: crate oxvif 0.17.0.
# Expected: ONVIF Recording Search (GetRecordingSearchResults): an answer comes when enough was found, when WaitTime is over or when
#   the search is Completed, and holds what was found since the last one; a client asks again until Completed. A recorder that
#   wakes its disks or finds one recording in each WaitTime is slow and right. What is not Completed is not all.
# Seen: search_recordings() asks at most 20 times (WaitTime PT5S) and returns what it has as the whole; the state is not handed on.
#     recorder with 40 recordings that finds, in each wait       asked    returned    result
#     10                                                         4        40          Ok
#     1                                                          20       20          Ok, 20 are missing
#     none in the first 20 ("Searching")                         20       0           Ok, the recorder is empty
#   (The recorder below does not sit the waits out: only the number of answers counts.)
# Why it matters: "no recordings of that night" is told to an authority, and nobody knows that the question was not answered. Which
#   ones are missing is chance: the order of a search's results is undefined.
# What to do: call find_recordings() and get_recording_search_results() oneself until Completed, with a deadline of one's own and
#   an error when it passes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "search"
version = "0.1.0"
edition = "2021"

[dependencies]
oxvif = "=0.17.0"
tokio = { version = "=1.47.1", features = ["rt", "macros", "time"] }
TOML
cat >"$work/src/main.rs" <<'RUST'
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

const RECORDINGS: usize = 40;

/// A recorder that gives `each` recordings an answer, after `idle` answers that have none yet.
fn recorder(each: usize, idle: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("port");
    let address = format!("http://{}/search", listener.local_addr().expect("address"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("caller");
            let mut reader = BufReader::new(stream.try_clone().expect("stream"));
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).expect("head") == 0 || line.trim().is_empty() {
                    break;
                }
                if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = said.trim().parse().expect("length");
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("body");
            let body = String::from_utf8(body).expect("text");
            let answer = if body.contains("GetRecordingSearchResults") {
                let before = count.fetch_add(1, SeqCst);
                let first = before.saturating_sub(idle) * each;
                let last = if before < idle { 0 } else { (first + each).min(RECORDINGS) };
                let state = if last == RECORDINGS { "Completed" } else { "Searching" };
                let found: String = (first..last)
                    .map(|number| format!("<t:RecordingInformation><t:RecordingToken>R{number}</t:RecordingToken></t:RecordingInformation>"))
                    .collect();
                format!("<s:GetRecordingSearchResultsResponse><s:ResultList><t:SearchState>{state}</t:SearchState>{found}</s:ResultList></s:GetRecordingSearchResultsResponse>")
            } else if body.contains("EndSearch") {
                "<s:EndSearchResponse><s:Endpoint>2026-11-30T00:00:00Z</s:Endpoint></s:EndSearchResponse>".to_owned()
            } else {
                "<s:FindRecordingsResponse><s:SearchToken>S</s:SearchToken></s:FindRecordingsResponse>".to_owned()
            };
            let xml = format!(
                "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:s=\"http://www.onvif.org/ver10/search/wsdl\" xmlns:t=\"http://www.onvif.org/ver10/schema\"><e:Body>{answer}</e:Body></e:Envelope>"
            );
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{xml}", xml.len()).expect("answer");
        }
    });
    (address, asked)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for (each, idle) in [(10, 0), (1, 0), (10, 20)] {
        let (address, asked) = recorder(each, idle);
        let client = oxvif::OnvifClient::new(&address);
        let said = match client.search_recordings(&address, None).await {
            Ok(found) => format!("Ok {}", found.len()),
            Err(error) => format!("Err {error}"),
        };
        println!("{each} an answer after {idle}: asked {}, {said}", asked.load(SeqCst));
    }
}
RUST
CARGO_TARGET_DIR=$work/target cargo run -q --manifest-path "$work/Cargo.toml" >"$work/seen"
cat >"$work/expected" <<'TEXT'
10 an answer after 0: asked 4, Ok 40
1 an answer after 0: asked 20, Ok 20
10 an answer after 20: asked 20, Ok 0
TEXT
diff "$work/expected" "$work/seen"
cat "$work/seen"
echo "As described: twenty answers, then Ok."
