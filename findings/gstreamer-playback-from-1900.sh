#!/usr/bin/env bash
# RTSP playback: GStreamer asks a recorder that offers a time of day for second 4,001,877,059, and a live camera for the year 1900.
#
# Versions: GStreamer 1.22.0 of Debian 12 (gstreamer1.0-plugins-good 1.22.0-5+deb12u4); FFmpeg 5.1.9.
# Expected: the description says what there is and in which unit: a=range:clock= is the time of day (RFC 2326 3.7), npt= counts from the
#   beginning of the presentation, which is 0.0, and npt=now- is live (3.6). A player asks in that unit, or leaves the range out.
# Seen, Range of the first PLAY; T0 is 20261025T003059.75Z, T1 is 20261025T003109.75Z:
#     a=range           rtspsrc (is-live=true)              the same, onvif-mode=true                    ffprobe
#     npt=0-60          npt=0-60                            clock=19000101T000000Z-19000101T000100Z      npt=0.000-
#     npt=now-          npt=now-                            clock=19000101T000000Z-                      npt=0.000-
#     clock=T0-T1       npt=4001877059.75-4001877069.75     clock=T0-T1                                  npt=0.000-
#   rtspsrc keeps every range as seconds since 1900 and writes them in the unit of its own setting, whatever the description has. No
#   warning; GStreamer's own server offers npt, so a test with GStreamer at both ends is right.
# Why it matters: a recorder that takes the request at its word has nothing at second 4,001,877,059: it refuses, or plays nothing, and
#   FFmpeg plays the same address. With onvif-mode, which one sets for the times of the pictures, the live streams of the same device
#   are asked for from 1900.
# What to do: read a=range before (an own DESCRIBE) and set onvif-mode for clock, not for a make of camera; or put the range into the
#   request in the signal before-send.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-good python3; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' gstreamer1.0-plugins-good

cat >"$work/recorder.py" <<'PYTHON'
import os, re, socket, subprocess, threading

CLOCK = "clock=20261025T003059.75Z-20261025T003109.75Z"
RTSPSRC = ["gst-launch-1.0", "-q", "rtspsrc", "protocols=tcp", "is-live=true"]


def rtspsrc(address):
    return [*RTSPSRC, f"location={address}", "!", "fakesink"]


def rtspsrc_onvif(address):
    return [*RTSPSRC, "onvif-mode=true", f"location={address}", "!", "fakesink"]


def ffprobe(address):
    return ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", address]


def serve(connection, offered, asked):
    """Answers one client up to its first PLAY, whose range goes into `asked`."""
    description = ("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n" f"a=range:{offered}\r\n"
                   "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n")
    answers = {
        "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n",
        "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(description)}\r\n\r\n{description}",
        "SETUP": "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
    }
    waiting = b""
    for _ in range(20):
        while b"\r\n\r\n" not in waiting:
            more = connection.recv(4096)
            if not more:
                return
            waiting += more
        head, waiting = waiting.split(b"\r\n\r\n", 1)
        head = head.decode()
        method = head.split()[0]
        if method == "PLAY":
            asked.append(re.search(r"(?im)^range:\s*(.*?)\s*$", head).group(1))
            return
        number = re.search(r"(?im)^cseq:\s*(\d+)", head).group(1)
        connection.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{answers[method]}".encode())


def asks(client, offered):
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        player = subprocess.Popen(client(f"rtsp://127.0.0.1:{server.getsockname()[1]}/tape"), env={**os.environ, "LC_ALL": "C"},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(20)
                serve(connection, offered, asked)
        finally:
            player.kill()
            player.wait()
    return asked[0] if asked else "nothing"


clients = (rtspsrc, rtspsrc_onvif, ffprobe)
expected = {
    "npt=0-60": ("npt=0-60", "clock=19000101T000000Z-19000101T000100Z", "npt=0.000-"),
    "npt=now-": ("npt=now-", "clock=19000101T000000Z-", "npt=0.000-"),
    CLOCK: ("npt=4001877059.75-4001877069.75", CLOCK, "npt=0.000-"),
}
changed = False
for offered, outcomes in expected.items():
    seen = tuple(asks(client, offered) for client in clients)
    print(f"{offered}:", ", ".join(f"{client.__name__} {said}" for client, said in zip(clients, seen)))
    changed |= seen != outcomes
raise SystemExit("the ranges that RTSP players ask for have changed" if changed else 0)
PYTHON
python3 "$work/recorder.py"
