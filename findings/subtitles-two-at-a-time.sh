#!/usr/bin/env bash
# Subtitles, two at a time: GStreamer drops those that lie inside a longer one, FFmpeg's MP4 shows the longer one for a microsecond.
#
# Versions: GStreamer 1.22.0 of Debian 12 (gstreamer1.0-plugins-base, subparse); FFmpeg 5.1.9 of Debian 12, and 9.0.2 in PyPI's
#   imageio-ffmpeg 0.8.1; mkvtoolnix 74.0.0 of Debian 12.
# Expected: subtitles may overlap. WebVTT asks that the beginnings are in order and even has a name for files whose cues nest; SubRip
#   never forbade it; players put one above the other. In MP4 a track has one sample at a time (ISO/IEC 14496-12 8.6.1), so who
#   writes one cuts overlapping cues into pieces that hold both texts, as ISO/IEC 14496-30 has it for WebVTT.
# Seen: 10 s with the case's title throughout, a clock with one text a second, a transit from 2.5 to 6.5 s; seconds that each is seen:
#                                               title    clock    transit
#     as written, .srt and .vtt                 10       10       4
#     in Matroska, FFmpeg or mkvmerge           10       10       4
#     GStreamer's reader, .srt and .vtt         10        1       0        the last clock is left: what ends before the title does is gone
#     the same without the title                 -        7       4        12:00:03 to 12:00:05 are gone
#     FFmpeg to MP4 (mov_text), both versions    0        9.5     0.5      the title lasts 1 microsecond
#     cut into pieces beforehand                10       10       4        in all of them
#   In GStreamer whatever ends earlier than a text before it is dropped, in FFmpeg's MP4 each text lasts until the next begins. Status 0
#   and no warning from any.
# Why it matters: the time of day and the plate are written beside evidence as subtitles, because they do not change the picture. With a
#   long text among them the clock stands still or is not there, the plate flashes by, and that in one player or copy and not in the other.
#   A test with texts that follow one another shows nothing of it.
# What to do: cut the texts at every beginning and end before writing, so that one text is on at a time and has all lines; or keep them in
#   Matroska, where they last as long as they were meant to.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg gir1.2-gstreamer-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good mkvtoolnix python3-gi python3-venv; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' ffmpeg gstreamer1.0-plugins-base mkvtoolnix
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install imageio-ffmpeg==0.8.1
newer=$("$work/venv/bin/python" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')

cat >"$work/try.py" <<'PYTHON'
import subprocess, sys
import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

Gst.init(None)
newer = sys.argv[1]
TITLE, TRANSIT = "Pratica 12", "Transito AB123CD"
CLOCK = [(second, second + 1, f"12:00:{second:02}") for second in range(10)]
ALL = sorted([(0, 10, TITLE), *CLOCK, (2.5, 6.5, TRANSIT)], key=lambda cue: cue[0])
SHORT = [cue for cue in ALL if cue[2] != TITLE]
edges = sorted({edge for cue in ALL for edge in cue[:2]})
PIECES = [(start, end, "\n".join(text for begin, over, text in ALL if begin <= start and end <= over))
          for start, end in zip(edges, edges[1:])]


def stamp(seconds, mark):
    return f"00:00:{int(seconds):02}{mark}{round(seconds % 1 * 1000):03}"


def write(name, cues):
    with open(name, "w") as out:
        vtt = name.endswith("vtt")
        out.write("WEBVTT\n\n" if vtt else "")
        for number, (start, end, text) in enumerate(cues, 1):
            mark = "." if vtt else ","
            out.write(f"{number}\n{stamp(start, mark)} --> {stamp(end, mark)}\n{text}\n\n")
    return name


def seconds(text):
    hours, minutes, rest = text.strip().replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def by_ffmpeg(name, program="ffmpeg"):
    text = subprocess.run([program, "-v", "warning", "-i", name, "-f", "srt", "-"], stdout=subprocess.PIPE, check=True, text=True).stdout
    cues = []
    for block in text.strip().split("\n\n"):
        _, times, *lines = block.split("\n")
        start, end = map(seconds, times.split("-->"))
        cues.append((start, end, "\n".join(lines)))
    return cues


def copied(name, target, program, *options):
    said = subprocess.run([program, "-y", "-v", "warning", "-i", name, *options, target], check=True, capture_output=True, text=True)
    assert not said.stderr, said.stderr
    return by_ffmpeg(target, program)


def by_mkvmerge(name):
    subprocess.run(["mkvmerge", "-q", "-o", "merged.mkv", name], check=True)
    return by_ffmpeg("merged.mkv")


def by_gstreamer(name):
    pipeline = Gst.parse_launch(f"filesrc location={name} ! subparse ! text/x-raw,format=utf8 ! appsink name=end sync=false")
    sink, cues = pipeline.get_by_name("end"), []
    pipeline.set_state(Gst.State.PLAYING)
    while sample := sink.emit("pull-sample"):
        buffer = sample.get_buffer()
        start, text = buffer.pts / Gst.SECOND, buffer.extract_dup(0, buffer.get_size()).decode()
        cues.append((start, start + buffer.duration / Gst.SECOND, text))
    error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR | Gst.MessageType.WARNING)
    assert error is None, error
    pipeline.set_state(Gst.State.NULL)
    return cues


def seen(cues):
    return tuple(round(sum(end - start for start, end, text in cues if part in text), 3) for part in (TITLE, "12:00:", TRANSIT))


changed = []


def check(name, cues, expected):
    found = seen(cues)
    print(f"{name}: title {found[0]:g}, clock {found[1]:g}, transit {found[2]:g}")
    if found != expected:
        changed.append(name)


for kind in ("srt", "vtt"):
    whole, short, pieces = (write(f"{name}.{kind}", cues) for name, cues in (("whole", ALL), ("short", SHORT), ("pieces", PIECES)))
    check(f"{kind}, as written", by_ffmpeg(whole), (10, 10, 4))
    check(f"{kind}, Matroska by FFmpeg", copied(whole, "copy.mkv", "ffmpeg", "-c:s", "srt"), (10, 10, 4))
    if kind == "srt":
        check(f"{kind}, Matroska by mkvmerge", by_mkvmerge(whole), (10, 10, 4))
    check(f"{kind}, GStreamer", by_gstreamer(whole), (10, 1, 0))
    check(f"{kind}, GStreamer, without the title", by_gstreamer(short), (0, 7, 4))
    check(f"{kind}, GStreamer, in pieces", by_gstreamer(pieces), (10, 10, 4))
    for version, program in (("FFmpeg", "ffmpeg"), ("newer FFmpeg", newer)):
        check(f"{kind}, MP4 by {version}", copied(whole, "copy.mp4", program, "-c:s", "mov_text"), (0, 9.5, 0.5))
        check(f"{kind}, MP4 by {version}, in pieces", copied(pieces, "copy.mp4", program, "-c:s", "mov_text"), (10, 10, 4))

copied("whole.srt", "copy.mp4", "ffmpeg", "-c:s", "mov_text")
lasts = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "packet=duration_time", "-of", "csv=p=0", "copy.mp4"],
                       stdout=subprocess.PIPE, check=True, text=True).stdout.split()
print("MP4 by FFmpeg, the first samples last", lasts[:2])
if lasts[0] != "0.000001":
    changed.append("the title's length in MP4")
if changed:
    sys.exit("how overlapping subtitles are treated has changed: " + "; ".join(changed))
PYTHON
cd "$work"
timeout 120 /usr/bin/python3 try.py "$newer"
