#!/usr/bin/env bash
# H.265 over RTP: FFmpeg sends every larger picture as one of the lowest temporal layer, and what is received is not what was sent.
#
# Versions: FFmpeg 5.1.9 and GStreamer 1.22.0 of Debian 12; PyPI av 18.1.0 (its own FFmpeg, libavformat 62.12).
# Expected: a NAL unit that is cut into fragments (type 49) keeps its layer: F, LayerId and TID of the payload header "MUST be
#   equal" to those of the unit (RFC 7798 4.4.3). A copy changes no bit of the coded pictures; so it is with GStreamer.
# Seen, 24 pictures of a stream with two temporal layers, 11 of them in the upper one, -c copy; layers after RTP:
#                                  as encoded     FFmpeg 5.1, av 18.1     GStreamer
#     type 1 (TRAIL_R)             0              0                       0
#     type 2 (TSA_N)               1              0                       1
#   FFmpeg writes layer 0 into every fragment; a receiver puts the unit together from there (FFmpeg's own too). What it records has
#   another second byte in 11 of 24 pictures. TSA_N at layer 0 is not allowed (H.265 7.4.2.2), but FFmpeg's decoder does not mind:
#   the picture is right, no word, status 0. Units that fit into one packet keep their layer: small pictures show nothing.
# Why it matters: with a proxy or a simulated camera on FFmpeg the video is not bit for bit the camera's: ONVIF's signed video
#   covers those bytes too, a comparison of hashes fails, and who thins a stream out by layers finds only one.
# What to do: send with GStreamer or with packets of one's own; behind a proxy compare the NAL units' bytes, not the pictures.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad python3-venv; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install av==18.1.0

ffmpeg -v error -f lavfi -i testsrc2=size=640x480:rate=25,noise=alls=30:allf=t -frames:v 24 -c:v libx265 -preset ultrafast -threads 1 \
  -x265-params temporal-layers=1:bframes=3:b-pyramid=1:pools=1:frame-threads=1:log-level=error -f hevc "$work/sent.h265" 2>"$work/log"

cat >"$work/send.py" <<'PYTHON'
import sys
import av

source, target = av.open(sys.argv[1]), av.open(sys.argv[2], "w", format="rtp")
stream = target.add_stream_from_template(source.streams.video[0])
for number, packet in enumerate(one for one in source.demux() if one.size):
    packet.stream = stream
    packet.pts = packet.dts = number * int(0.04 / packet.time_base)
    target.mux(packet)
target.close()
PYTHON
cat >"$work/receive.py" <<'PYTHON'
import re, socket, subprocess, sys

PICTURES = (1, 2)
AGGREGATE, FRAGMENT = 48, 49
source, python, send = sys.argv[1:]


def in_file():
    return [unit for unit in re.split(b"\0\0\1|\0\0\0\1", open(source, "rb").read()) if unit]


def received(command):
    """The NAL units of a sender that ends well, put together as RFC 7798 has it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        receiver.bind(("127.0.0.1", 0))
        port = receiver.getsockname()[1]
        subprocess.run([part.replace("PORT", str(port)) for part in command], check=True, capture_output=True, timeout=60)
        receiver.settimeout(1)
        units = []
        for _ in range(100_000):
            try:
                payload = receiver.recv(65536)[12:]
            except TimeoutError:
                break
            kind = payload[0] >> 1 & 63
            if kind == AGGREGATE:
                at = 2
                while at < len(payload):
                    length = int.from_bytes(payload[at:at + 2], "big")
                    units.append(payload[at + 2:at + 2 + length])
                    at += 2 + length
                continue
            if kind != FRAGMENT:
                units.append(payload)
                continue
            if payload[2] & 0x80:
                units.append(bytes([payload[0] & 0x81 | (payload[2] & 63) << 1, payload[1]]))
            units[-1] += payload[3:]
    return units


def layers(units):
    found = {kind: set() for kind in PICTURES}
    for unit in units:
        kind = unit[0] >> 1 & 63
        if kind in found:
            found[kind].add((unit[1] & 7) - 1)
    return found


pictures = lambda units: [unit for unit in units if unit[0] >> 1 & 63 in PICTURES]
sent = pictures(in_file())
upper = sum(unit[1] & 7 == 2 for unit in sent)
print("file", layers(sent), f"{upper} upper")
changed = layers(sent) != {1: {0}, 2: {1}}
for name, lost, command in (
    ("ffmpeg", True, ["ffmpeg", "-v", "error", "-re", "-i", source, "-c", "copy", "-f", "rtp", "rtp://127.0.0.1:PORT"]),
    ("av", True, [python, send, source, "rtp://127.0.0.1:PORT"]),
    ("GStreamer", False, ["gst-launch-1.0", "-q", "filesrc", f"location={source}", "!", "h265parse", "!", "rtph265pay", "!",
                          "udpsink", "host=127.0.0.1", "port=PORT", "sync=false"]),
):
    came = pictures(received(command))
    same = [unit[2:].rstrip(b"\0") for unit in came] == [unit[2:] for unit in sent]  # zeros may follow a unit in a byte stream
    different = sum(a[:2] != b[:2] for a, b in zip(came, sent))
    print(name, layers(came), f"{different} headers changed, the rest the same: {same}")
    changed |= not same or different != (upper if lost else 0)
raise SystemExit("what becomes of the temporal layers over RTP has changed" if changed else 0)
PYTHON
python3 "$work/receive.py" "$work/sent.h265" "$work/venv/bin/python" "$work/send.py"
