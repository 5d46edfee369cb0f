#!/usr/bin/env bash
# Mirrored video in MP4: OpenCV turns it upside down, and every tool that tells the rotation calls it rotated by 180 degrees.
#
# Versions: PyPI opencv-python-headless 5.0.0.93, av 18.1.0 and, as writer, the FFmpeg 7.0.2 in imageio-ffmpeg 0.6.0; FFmpeg 5.1.9 and
#   GStreamer 1.22.0 of Debian 12.
# Expected: the track header has a matrix of nine numbers (ISO/IEC 14496-12 8.3.2): -1 0 0 1 mirrors left and right, -1 0 0 -1 turns by
#   180 degrees. They differ in one sign. OpenCV applies the orientation by itself (CAP_PROP_ORIENTATION_AUTO).
# Seen, a picture of Red and Green above Blue and White, copied without encoding anew, and the rotation as it is told:
#     written by FFmpeg 7 with    matrix       ffmpeg, GStreamer    OpenCV                rotation by OpenCV, PyAV, ffprobe
#     -display_hflip              -1 0 0  1    GR WB, mirrored      WB GR, on its head    180, -180, -180
#     -display_vflip               1 0 0 -1    BW RG, head down     RG BW, untouched      0, 0, 0
#     -display_rotation 180       -1 0 0 -1    WB GR, turned        WB GR                 180, -180, -180
#   The rotation is the angle of one column of the matrix; OpenCV turns by it and never mirrors. No error and no mark.
# Why it matters: a witness's video that a telephone's front camera or an editor mirrored this way is right in the players of FFmpeg and
#   GStreamer and upside down in the analysis; a mask drawn on what ffmpeg shows lies at the other end of the picture for OpenCV.
# What to do: look at the matrix (PyAV's frame.side_data has its nine numbers), refuse what is none of the eight positions and turn the
#   picture oneself, with CAP_PROP_ORIENTATION_AUTO off; never decide by "rotation".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-{base,good,bad} gstreamer1.0-libav python3-venv; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install opencv-python-headless==5.0.0.93 av==18.1.0 imageio-ffmpeg==0.6.0

cd "$work"
above="color=red:s=64x64,pad=128:64:0:0:green[above]"
below="color=blue:s=64x64,pad=128:64:0:0:white[below]"
ffmpeg -v error -f lavfi -i "$above;$below;[above][below]vstack" -frames:v 3 -c:v libx264 -threads 1 -pix_fmt yuv420p stored.mp4
cat >turn.py <<'PYTHON'
import subprocess
import av, cv2, imageio_ffmpeg, numpy

SIZE = 128
COLOURS = {(1, 0, 0): "R", (0, 1, 0): "G", (0, 0, 1): "B", (1, 1, 1): "W"}
WAYS = {"mirrored": ["-display_hflip"], "head down": ["-display_vflip"], "turned": ["-display_rotation:v", "180"]}


def copied(name, options):
    """A copy of the file with the same picture data and another matrix."""
    path = name.replace(" ", "-") + ".mp4"
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *options, "-i", "stored.mp4", "-c", "copy", path], check=True)
    return path


def corners(picture):
    quarter = (SIZE // 4, 3 * SIZE // 4)
    rows = ("".join(COLOURS[tuple(int(value > 90) for value in picture[y, x])] for x in quarter) for y in quarter)
    return " ".join(rows)


def raw(command):
    out = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return numpy.frombuffer(out[:3 * SIZE * SIZE], numpy.uint8).reshape(SIZE, SIZE, 3)


def by_ffmpeg(path):
    return raw(["ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"])


def by_gstreamer(path):
    return raw(["gst-launch-1.0", "-q", "filesrc", f"location={path}", "!", "qtdemux", "!", "h264parse", "!", "avdec_h264", "!",
                "videoconvert", "!", "videoflip", "video-direction=auto", "!", "video/x-raw,format=RGB", "!", "fdsink"])


def told_by_ffprobe(path):
    out = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream_side_data=rotation", "-of", "default=nw=1:nk=1", path],
                         check=True, capture_output=True, text=True).stdout
    return int(out)


seen = {}
for name, options in WAYS.items():
    path = copied(name, options)
    video = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
    picture = video.read()[1][:, :, ::-1]
    with av.open(path) as container:
        told = next(container.decode(video=0)).rotation
    seen[name] = (corners(by_ffmpeg(path)), corners(by_gstreamer(path)), corners(picture),
                  int(video.get(cv2.CAP_PROP_ORIENTATION_META)), told, told_by_ffprobe(path))
    print(f"{name}: ffmpeg {seen[name][0]}, GStreamer {seen[name][1]}, OpenCV {seen[name][2]}, rotation", *seen[name][3:])
expected = {
    "mirrored": ("GR WB", "GR WB", "WB GR", 180, -180, -180),
    "head down": ("BW RG", "BW RG", "RG BW", 0, 0, 0),
    "turned": ("WB GR", "WB GR", "WB GR", 180, -180, -180),
}
raise SystemExit("what is made of a mirrored video has changed" if seen != expected else 0)
PYTHON
venv/bin/python turn.py
