#!/usr/bin/env bash
# Video of full range in MP4: GStreamer makes black of every grey up to 16 and white of all from 235; in Matroska it is right.
#
# Versions: GStreamer 1.22.0 of Debian 12 (gstreamer1.0-plugins-good 1.22.0-5+deb12u4, gstreamer1.0-libav 1.22.0-2); FFmpeg 5.1.9.
# Expected: video_full_range_flag stands in the stream (H.264 E.2.1) and once more in the colr box of MP4 (nclx, ISO/IEC 14496-12 12.1.5).
#   Both say 1; nothing is left to guess, and the container makes no difference.
# Seen, a ramp of 256 greys, how many are left of it, and what becomes of 4, 12, 100, 240, 250:
#                                           FFmpeg                       GStreamer (decodebin)
#     H.264 in Matroska, MPEG-TS            256: 4 12 100 240 250        256: 4 12 100 240 250
#     the same, copied to MP4 by ffmpeg     256: 4 12 100 240 250        220: 0 0 96 255 255
#     the same, by GStreamer's mp4mux       256: 4 12 100 240 250        220: 0 0 96 255 255
#     H.265 in MP4                          256: 4 12 100 240 250        220: 0 0 96 255 255
#   qtdemux takes matrix and curves from the box but not the flag and calls the result "bt709", which is limited; the parser lets that
#   stand against the stream. mp4mux does write the flag: GStreamer does not read what GStreamer wrote. No warning.
# Why it matters: cameras that send full range are common, and exports are MP4. In a viewer on GStreamer what lies in the shadow (a
#   plate, a face under a roof) is one black: the expert sees less than the officer saw live, where there is no box.
# What to do: look at MP4 with a player on FFmpeg; in a pipeline set colorimetry=1:3:5:1 behind qtdemux with capssetter; test with a
#   ramp of greys, not with colour bars.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-{base,good,bad} gstreamer1.0-libav python3; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' ffmpeg gstreamer1.0-libav gstreamer1.0-plugins-good

cd "$work"
ramp="nullsrc=size=256x64:rate=5,format=yuvj420p,geq=lum=X:cb=128:cr=128"
ffmpeg -v error -f lavfi -i "$ramp" -frames:v 5 -threads 1 -c:v libx264 -preset ultrafast -qp 2 \
  -x264opts fullrange=on:colorprim=bt709:transfer=bt709:colormatrix=bt709 h264.mkv
ffmpeg -v error -f lavfi -i "$ramp" -frames:v 5 -c:v libx265 -preset ultrafast -tag:v hvc1 -color_range pc \
  -color_primaries bt709 -color_trc bt709 -colorspace bt709 -x265-params log-level=error:qp=2:pools=1:frame-threads=1 h265.mp4 2>log
for container in ts mp4; do ffmpeg -v error -i h264.mkv -c copy h264.$container; done
gst-launch-1.0 -q filesrc location=h264.mkv ! matroskademux ! h264parse ! mp4mux ! filesink location=h264-by-mp4mux.mp4

cat >read.py <<'PYTHON'
import subprocess, sys

WIDTH, ROW, GREYS = 256, 32, (4, 12, 100, 240, 250)


def by_ffmpeg(path):
    return ["ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]


def by_gstreamer(path):
    return ["gst-launch-1.0", "-q", "filesrc", f"location={path}", "!", "decodebin", "!", "videoconvert", "!",
            "video/x-raw,format=RGB", "!", "fdsink"]


def greys(command):
    """How many levels are left of the ramp, and what some of them have become."""
    red = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout[::3]
    row = red[ROW * WIDTH:(ROW + 1) * WIDTH]
    return len(set(row)), tuple(row[grey] for grey in GREYS)


WHOLE, CUT = (256, GREYS), (220, (0, 0, 96, 255, 255))
expected = {"h264.mkv": WHOLE, "h264.ts": WHOLE, "h264.mp4": CUT, "h264-by-mp4mux.mp4": CUT, "h265.mp4": CUT}
changed = False
for path, outcome in expected.items():
    flagged = b"nclx\0\1\0\1\0\1\x80" in open(path, "rb").read()
    seen = greys(by_ffmpeg(path)), greys(by_gstreamer(path))
    print(f"{path}: full range in the box {flagged}; FFmpeg {seen[0]}; GStreamer {seen[1]}")
    for (levels, values), (wanted, wanted_values) in zip(seen, (WHOLE, outcome)):
        changed |= abs(levels - wanted) > 2 or any(abs(a - b) > 1 for a, b in zip(values, wanted_values))
    changed |= flagged != path.endswith("mp4")
raise SystemExit("what is read of full range in MP4 has changed" if changed else 0)
PYTHON
python3 read.py
