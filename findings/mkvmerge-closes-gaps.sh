#!/usr/bin/env bash
# Fragmented MP4: mkvmerge closes every gap of a recording and moves the sound by up to 0.2 s; MediaInfo tells the same wrong length.
#
# Versions: MKVToolNix 74.0.0 and MediaInfo 23.04 of Debian 12; FFmpeg 5.1.9 as writer and reader, GStreamer 1.22.0 as the other reader.
# Expected: each fragment says when it begins (tfdt). If that is later than the samples before it last, the last of them is extended, so
#   "a fragment containing a time-gap" can be made (ISO/IEC 14496-12 8.8.12). Matroska has a time for each picture, so nothing need be lost.
# Seen, 30 fragments of 2 s as FFmpeg cuts them for HLS, those kept put together, 25 pictures a second and AAC at 8 kHz:
#                              FFmpeg, GStreamer       mkvmerge                MediaInfo   in mkvmerge's file the sound
#     kept                     first to last picture   first to last picture   length      is, against the picture,
#     all                      0 to 60 s               0 to 60 s               60 s        right
#     8, as motion had it      0 to 44 s               0 to 16 s               16 s        32 ms early
#     all but one              0 to 60 s               0 to 58 s               58 s        80 ms late
#     the last 20              20 to 60 s              0 to 40 s               40 s        224 ms early
#   mkvmerge adds up durations and does not read tfdt. Sound has frames of 128 ms here, so its fragments are not exactly 2 s long, and
#   sound and picture lose different amounts at each gap. No warning, exit code 0; every picture and every frame of sound is there.
# Why it matters: a recorder that keeps only what moved, or whose link broke, has such files. Turned into Matroska by a tool known not
#   to touch the pictures, three scenes 14 s apart follow each other at once, and the start of the file plus the player's time is not
#   the time of day. Who compares the length with MediaInfo finds it right; whole recordings, as one tests with, are right.
# What to do: copy with FFmpeg (-c copy), or compare the last picture's time before and after; put the gaps into the list that goes with
#   the file.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg mkvtoolnix mediainfo gstreamer1.0-tools gstreamer1.0-plugins-good python3; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' ffmpeg mkvtoolnix mediainfo gstreamer1.0-plugins-good

cat >"$work/gaps.py" <<'PYTHON'
import pathlib, re, shlex, subprocess, sys

FRAGMENTS, SECONDS = 30, 2


def run(command):
    return subprocess.run(shlex.split(command), stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout


def times(file, kind):
    seen = run(f"ffprobe -v error -select_streams {kind} -show_entries packet=pts_time -of csv=p=0 {file}")
    return [float(time.strip(",")) for time in seen.split()]


def by_gstreamer(file):
    seen = run(f"gst-launch-1.0 -v filesrc location={file} ! qtdemux ! video/x-h264 ! identity silent=false ! fakesink")
    return [int(hours) * 3600 + int(minutes) * 60 + float(seconds)
            for hours, minutes, seconds in re.findall(r"chain .*pts: (\d+):(\d+):([\d.]+)", seen)]


run("ffmpeg -nostdin -v error -f lavfi -i testsrc=size=128x96:rate=25 -f lavfi -i sine=sample_rate=8000 "
    f"-t {FRAGMENTS * SECONDS} -c:v libx264 -threads 1 -bf 0 -g {25 * SECONDS} -c:a aac -f hls -hls_time {SECONDS} -hls_list_size 0 "
    "-hls_segment_type fmp4 -hls_segment_filename %02d.m4s list.m3u8")
parts = [pathlib.Path("init.mp4").read_bytes()] + [pathlib.Path(f"{number:02}.m4s").read_bytes() for number in range(FRAGMENTS)]

changed = []
for name, kept, expected in (
    ("all", range(30), "0-60, 0-60, 0-60, 60 s, 0 ms"),
    ("8, as motion had it", (0, 1, 2, 10, 11, 12, 20, 21), "0-44, 0-44, 0-16, 16 s, -32 ms"),
    ("all but one", (number for number in range(30) if number != 5), "0-60, 0-60, 0-58, 58 s, 80 ms"),
    ("the last 20", range(10, 30), "20-60, 20-60, 0-40, 40 s, -224 ms"),
):
    pathlib.Path("kept.mp4").write_bytes(b"".join([parts[0]] + [parts[1 + number] for number in kept]))
    said = run("mkvmerge -o kept.mkv kept.mp4")
    if "arning" in said:
        changed.append(f"{name}: it warns")
    before, after = ({kind: times(file, kind) for kind in "va"} for file in ("kept.mp4", "kept.mkv"))
    if any(len(before[kind]) != len(after[kind]) for kind in "va"):
        changed.append(f"{name}: packets are missing")
    other = by_gstreamer("kept.mp4")
    length = int(run("mediainfo --Inform='General;%Duration%' kept.mp4")) / 1000
    moved = {kind: after[kind][-1] - before[kind][-1] for kind in "va"}
    spans = [f"{pictures[0]:.0f}-{pictures[-1]:.0f}" for pictures in (before["v"], other, after["v"])]
    seen = f"{', '.join(spans)}, {length:.0f} s, {round(1000 * (moved['a'] - moved['v']))} ms"
    print(f"{name}: FFmpeg, GStreamer, mkvmerge, MediaInfo, sound: {seen}")
    if seen != expected:
        changed.append(name)
if changed:
    sys.exit("what becomes of gaps in fragmented MP4 has changed: " + "; ".join(changed))
PYTHON
(cd "$work" && timeout 300 python3 gaps.py)
