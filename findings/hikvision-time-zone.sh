#!/usr/bin/env bash
# Hikvision's time zone: it looks like POSIX TZ and is read as one without an error, three hours wrong all summer.
#
# Versions: the element timeZone of ISAPI/System/time, as recorded replies and public clients have it for central Europe:
#   CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00; readers: glibc 2.36 (date of Debian 12), crate jiff 0.2.46, PyPI
#   python-dateutil 2.9.0.post0.
# Expected: letters, offsets and M3.5.0 rules are those of POSIX, west counted positive, so any reader of TZ strings will do,
#   and one that does not understand the text refuses it.
# Seen: what follows DST is the AMOUNT by which the clock is put forward (one hour), where POSIX has the offset that holds
#   in summer (-2). Read by POSIX it says: in summer one hour BEHIND UTC.
#                          15 January 12:00 UTC     15 July 12:00 UTC
#     meant                13:00 +0100              14:00 +0200
#     glibc, jiff          13:00 +0100              11:00 -0100
#     dateutil             ValueError: unknown string format
#   Without summer time (CST-1:00:00) all agree, and in winter too: tests written from November to March pass.
# Why it matters: ISAPI and plate events carry local times, some without an offset. From the last Sunday of March a transit at
#   the gate is filed three hours late, and recordings are looked for where they are not.
# What to do: write a reader of one's own for this dialect (standard offset minus what follows DST); compare with localTime,
#   which carries the offset; test with a date in July.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -s python3-venv >"$work/found" 2>&1 ||
  { apt-get -q update && apt-get -qy install --no-install-recommends python3-venv; } >"$work/apt" 2>&1
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install python-dateutil==2.9.0.post0

mkdir -p "$work/reader/src"
cat >"$work/reader/Cargo.toml" <<'TOML'
[package]
name = "reader"
version = "0.0.0"
edition = "2021"

[dependencies]
jiff = { version = "=0.2.46", default-features = false, features = ["std"] }

[profile.dev]
debug = false
TOML
cat >"$work/reader/src/main.rs" <<'RUST'
fn main() {
    let mut words = std::env::args().skip(1);
    let zone = jiff::tz::TimeZone::posix(&words.next().expect("a zone")).expect("a zone that jiff reads");
    for time in words {
        let time: jiff::Timestamp = time.parse().expect("a time");
        println!("{}", time.to_zoned(zone.clone()).strftime("%H:%M %z"));
    }
}
RUST
cargo build -q --manifest-path "$work/reader/Cargo.toml" --target-dir "$work/target"

device="CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00"
posix="CET-1CEST,M3.5.0/02:00:00,M10.5.0/03:00:00"
winter=2026-01-15T12:00:00Z
summer=2026-07-15T12:00:00Z
changed=
expect() { # what, seen, expected
  echo "$1: $2"
  [ "$2" = "$3" ] || changed="$changed $1;"
}
read_by_glibc() { TZ=$1 date -d "$2" '+%H:%M %z'; }
read_by_jiff() { "$work/target/debug/reader" "$1" "$2"; }
for reader in glibc jiff; do
  expect "$reader, what is meant, winter" "$("read_by_$reader" "$posix" $winter)" "13:00 +0100"
  expect "$reader, what is meant, summer" "$("read_by_$reader" "$posix" $summer)" "14:00 +0200"
  expect "$reader, as the device writes it, winter" "$("read_by_$reader" "$device" $winter)" "13:00 +0100"
  expect "$reader, as the device writes it, summer" "$("read_by_$reader" "$device" $summer)" "11:00 -0100"
done
cat >"$work/read.py" <<'PYTHON'
import sys
from dateutil.tz import tzstr

tzstr(sys.argv[1])
try:
    print(tzstr(sys.argv[2]))
except ValueError as refused:
    print("refused:", refused)
PYTHON
expect "dateutil, as the device writes it" "$("$work/venv/bin/python" "$work/read.py" "$posix" "$device")" \
  "refused: unknown string format"
[ -z "$changed" ] || { echo "how this zone is read has changed:$changed" >&2; exit 1; }
