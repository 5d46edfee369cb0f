#!/usr/bin/env bash
# Motion JPEG over RTP: FFmpeg sends a picture 2592 wide as one 544 wide, GStreamer as one 0 wide, and neither says so.
#
# Versions: ffmpeg 5.1 and GStreamer 1.22.0 of Debian 12.
# Expected: RFC 2435 has one byte for width / 8 and one for height / 8, so 2040 is the most. A larger picture is refused by the
#   sender, or goes out as ONVIF has it: with the JPEG's own headers, and so its size, in an RTP header extension.
# Seen, first packet of a picture, width x height in the RTP/JPEG header and the header extension's bit:
#     1920x1080     ffmpeg 1920x1080 no extension     GStreamer 1920x1080 no extension
#     2592x1944     ffmpeg  544x1944 no extension     GStreamer    0x0    no extension
#   ffmpeg keeps the lower eight bits of 2592 / 8 = 324: the receiver builds a picture header of 544x1944 around data of another
#   size. GStreamer writes 0, and puts the size into a field of its own, a=x-dimensions, of the session description.
#   Both end with status 0, without a word at their level of errors.
# Why it matters: cameras of 5 megapixels offer Motion JPEG to clients without H.264. A simulated camera made with either tool
#   is not like them, and a receiver tested against it learns the wrong thing; a proxy on ffmpeg shows a slanted strip.
# What to do: test large JPEG with packets that carry ONVIF's extension; refuse 0x0 and sizes that differ from those declared.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good python3; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done

cat >"$work/receive.py" <<'PYTHON'
import socket, subprocess


def ffmpeg(width, height, port):
    return ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc=size={width}x{height}:rate=5", "-frames:v", "2",
            "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-huffman", "default", "-q:v", "8", "-f", "rtp", f"rtp://127.0.0.1:{port}"]


def gstreamer(width, height, port):
    return ["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=2", "!",
            f"video/x-raw,format=I420,width={width},height={height},framerate=5/1", "!", "jpegenc", "quality=50", "!",
            "rtpjpegpay", "!", "udpsink", "host=127.0.0.1", f"port={port}", "sync=false"]


def sent(sender, width, height):
    """Width, height and extension bit of the first packet of a picture; the sender has to end well."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        subprocess.run(sender(width, height, receiver.getsockname()[1]), check=True, capture_output=True, timeout=60)
        packet = receiver.recv(65536)
    sources, extension = packet[0] & 15, packet[0] >> 4 & 1
    jpeg = packet[12 + 4 * sources:]
    return jpeg[6] * 8, jpeg[7] * 8, extension


expected = {
    (1920, 1080): {ffmpeg: (1920, 1080, 0), gstreamer: (1920, 1080, 0)},
    (2592, 1944): {ffmpeg: (544, 1944, 0), gstreamer: (0, 0, 0)},
}
changed = False
for size, senders in expected.items():
    for sender, outcome in senders.items():
        seen = sent(sender, *size)
        print(f"{size[0]}x{size[1]} by {sender.__name__}: {seen[0]}x{seen[1]}, extension {seen[2]}")
        changed |= seen != outcome
raise SystemExit("what goes out for a JPEG wider than 2040 pixels has changed" if changed else 0)
PYTHON
python3 "$work/receive.py"
