#!/usr/bin/env bash
# Evidence cut without encoding: GStreamer shows not one picture of an MP4 whose hidden beginning is as long as what it shows, or longer.
#
# Versions: GStreamer 1.22.0 of Debian 12 (gstreamer1.0-plugins-good 1.22.0-5+deb12u4, qtdemux); cut by FFmpeg 5.1.9 of Debian 12 and by
#   9.0.2 in PyPI's imageio-ffmpeg 0.8.1; PyPI av 18.1.0 and mkvtoolnix 74.0.0 as other readers.
# Expected: a piece that is copied has to begin at the key picture before it. FFmpeg puts that key picture and what follows it into the
#   file and an edit list in front, which says from where to show (ISO/IEC 14496-12 8.6.6). A player decodes these and shows the rest.
# Seen, key pictures each 10 s, pieces of 3 s with 30 pictures, begun s seconds after a key picture; pictures shown:
#     s                                        0     1     2.9    3     5
#     FFmpeg, av                               30    30    30     30    30
#     GStreamer, playbin or filesrc            30    30    30      0     0
#     GStreamer, fdsrc                         30    30    30     30    30
#     Matroska, by mkvmerge from these files   30    40    59     60    80
#   There is no error: playbin is told a length of 3 s, plays, and is at the end. A seek to the beginning does not help. Where the
#   bytes come one after the other, as from fdsrc, the same plugin takes another way and shows all. mkvmerge leaves the edit list out.
# Why it matters: cameras that save space set key pictures 4 to 10 s apart, and a transit at a crossing is a piece of 3 s. Which export is
#   empty depends on where it begins: the receiver says that there is nothing, and the next one is whole. And what was not to be seen
#   is in the file all the same; another container shows up to 10 s from before the time that was cleared.
# What to do: begin at a key picture and say so on the receipt, or encode the piece anew where the limit has to hold; in a GStreamer player
#   read the file by fdsrc. Test exports with key pictures that are further apart than the piece is long.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg gir1.2-gstreamer-1.0 gstreamer1.0-libav gstreamer1.0-plugins-base gstreamer1.0-plugins-good mkvtoolnix python3-gi \
  python3-venv; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' ffmpeg gstreamer1.0-plugins-good mkvtoolnix
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install av==18.1.0 imageio-ffmpeg==0.8.1
newer=$("$work/venv/bin/python" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')

cat >"$work/count.py" <<'PYTHON'
import sys
import av

for name in sys.argv[1:]:
    with av.open(name) as file:
        print(sum(1 for _ in file.decode(video=0)))
PYTHON
cat >"$work/try.py" <<'PYTHON'
import os, subprocess, sys
import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

Gst.init(None)
RATE, APART, SHOWN = 10, 10, 3
programs = {"FFmpeg": "ffmpeg", "newer FFmpeg": sys.argv[1]}


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout


def by_ffmpeg(name):
    counted = run("ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames",
                  "-of", "csv=p=0", name)
    return int(counted.strip(","))


def by_av(name):
    return int(run("venv/bin/python", "count.py", name))


def counting():
    sink, shown = Gst.ElementFactory.make("fakesink"), []
    sink.set_property("sync", False)
    sink.set_property("signal-handoffs", True)
    sink.connect("handoff", lambda *_: shown.append(1))
    return sink, shown


def watch(player, shown, seek=False):
    if seek:
        player.set_state(Gst.State.PAUSED)
        assert player.get_state(20 * Gst.SECOND)[0] == Gst.StateChangeReturn.SUCCESS
        assert player.query_duration(Gst.Format.TIME) == (True, SHOWN * Gst.SECOND)
        shown.clear()
        assert player.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE, 0)
    player.set_state(Gst.State.PLAYING)
    end = player.get_bus().timed_pop_filtered(20 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.WARNING)
    player.set_state(Gst.State.NULL)
    assert end and end.type == Gst.MessageType.EOS, end and end.get_structure().to_string()
    return len(shown)


def by_playbin(name):
    player, (sink, shown) = Gst.ElementFactory.make("playbin"), counting()
    player.set_property("uri", f"file://{os.path.abspath(name)}")
    player.set_property("video-sink", sink)
    return watch(player, shown)


def by_pipeline(source, seek=False):
    player, (sink, shown) = Gst.parse_launch(f"{source} ! decodebin name=decoded"), counting()
    player.add(sink)
    player.get_by_name("decoded").connect("pad-added", lambda _, pad: pad.link(sink.get_static_pad("sink")))
    return watch(player, shown, seek)


def by_fdsrc(name):
    with open(name, "rb") as file:
        return by_pipeline(f"fdsrc fd={file.fileno()}")


def by_mkvmerge(name):
    run("mkvmerge", "-q", "-o", "merged.mkv", name)
    return by_ffmpeg("merged.mkv")


keys = f"keyint={APART * RATE}:min-keyint={APART * RATE}:scenecut=0:bframes=0"
run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size=160x120:rate={RATE}", "-t", "20", "-pix_fmt", "yuv420p",
    "-c:v", "libx264", "-preset", "ultrafast", "-x264-params", keys, "recording.mp4")
changed = []
for version, program in programs.items():
    for after in (0, 1, 2.9, 3, 5):
        run(program, "-y", "-v", "error", "-ss", str(APART + after), "-i", "recording.mp4", "-t", str(SHOWN), "-c", "copy", "piece.mp4")
        whole, hidden = SHOWN * RATE, round(after * RATE)
        empty = 0 if hidden >= whole else whole
        found = {
            "FFmpeg": (by_ffmpeg("piece.mp4"), whole),
            "av": (by_av("piece.mp4"), whole),
            "playbin": (by_playbin("piece.mp4"), empty),
            "filesrc": (by_pipeline("filesrc location=piece.mp4"), empty),
            "filesrc and a seek": (by_pipeline("filesrc location=piece.mp4", seek=True), empty),
            "fdsrc": (by_fdsrc("piece.mp4"), whole),
            "Matroska": (by_mkvmerge("piece.mp4"), whole + hidden),
        }
        print(f"{version}, {after:g} s after a key picture:", ", ".join(f"{name} {seen}" for name, (seen, _) in found.items()))
        changed += [f"{version} {after:g} {name}" for name, (seen, expected) in found.items() if seen != expected]
if changed:
    sys.exit("how pieces of MP4 are shown has changed: " + "; ".join(changed))
PYTHON
cd "$work"
timeout 180 /usr/bin/python3 try.py "$newer"
