#!/usr/bin/env bash
# Metadata streams: FFmpeg keeps an RTSP session alive only while data comes, so a camera with nothing to report ends it, exit code 0.
#
# Versions: FFmpeg 5.1.9 of Debian 12; PyPI av 18.1.0 (its own FFmpeg, 8.1.2); GStreamer 1.22.0.
# Expected: "an RTSP client is required to keep the RTSP session alive" (ONVIF Streaming, on keeping a session alive; RFC 2326 12.37), by its own clock: a
#   request or an RTCP receiver report before the time of the Session header is over. A server may end the session of a client of whom
#   it hears nothing (RFC 2326 A.2). FFmpeg does send GET_PARAMETER at half that time, and every test shows it.
# Seen, session of 10 s by TCP, a metadata document at 0 and 1 s and, if there still is a session, at 20 s:
#                                             FFmpeg 5.1, av 18.1         GStreamer
#     a document every second                 to the end                  to the end
#     nothing from 1 s to 20 s                over after 10 s, 2 of 3     to the end, 3 of 3
#     the same, sender reports go on          over after 10 s, 2 of 3     to the end, 3 of 3
#     the same, and sound in the session      to the end, 3 of 3          to the end, 3 of 3
#   It looks at the clock when it has got a packet of RTP, and otherwise waits for one; the camera's sender reports do not wake it, and it
#   sends no receiver reports then. What follows looks like the end of a file: no line at -v error, ffprobe exits 0, av's loop ends.
# Why it matters: events come rarely; at night a minute without any is the rule, and 60 s is the usual time. Who takes the metadata by a
#   session of their own (-allowed_media_types data) lose the first alarm after every quiet minute. By day, or with an analytics
#   module that describes each picture, all is well.
# What to do: keep the session alive by a clock of one's own (or by GStreamer); with FFmpeg take metadata together with picture or
#   sound. Take the end of a live stream for a fault: open it again and ask for a synchronization point, so that states are told anew.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good python3-venv; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' ffmpeg gstreamer1.0-plugins-good
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install av==18.1.0

cat >"$work/camera.py" <<'PYTHON'
import re, socket, struct, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
import av

TIMEOUT, END = 10, 24  # seconds
METADATA, SOUND = 107, 0  # payload types
LINES = {
    METADATA: "m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n",
    SOUND: "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
}
PAYLOADS = {METADATA: b'<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"/>', SOUND: b"\xff" * 160}
RATES = {METADATA: 90000, SOUND: 8000}


class Camera:
    """Serves one client, and ends the session as soon as it has heard nothing from it for TIMEOUT."""

    def __init__(self, plans, reports):
        self.plans = {kind: list(times) for kind, times in plans.items()}  # when to send what
        self.reports = reports
        self.sent = dict.fromkeys(plans, 0)
        self.channels, self.began, self.ended = {}, None, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"rtsp://127.0.0.1:{self.listener.getsockname()[1]}/"

    def frame(self, channel, packet):
        self.connection.sendall(b"$" + struct.pack(">BH", channel, len(packet)) + packet)

    def answer(self, method, address, head):
        more = body = ""
        if method == "OPTIONS":
            more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n"
        elif method == "DESCRIBE":
            more = f"Content-Type: application/sdp\r\nContent-Base: {self.address}\r\n"
            body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n" + "".join(
                f"{LINES[kind]}a=control:{kind}\r\n" for kind in self.plans)
        elif method == "SETUP":
            self.channels[int(address.rsplit("/", 1)[1])] = int(re.search(r"interleaved=(\d+)", head["transport"])[1])
            more = f"Transport: {head['transport']}\r\nSession: 1;timeout={TIMEOUT}\r\n"
        else:
            more = "Session: 1\r\n"
        self.connection.sendall(
            f"RTSP/1.0 200 OK\r\nCSeq: {head['cseq']}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        if method == "PLAY":
            self.began = time.monotonic()

    def listen(self):
        """Takes what the client has sent; true if it was a sign of life."""
        try:
            data = self.connection.recv(4096)
        except socket.timeout:
            return False
        if not data:
            raise ConnectionError("the client has left")
        self.waiting += data
        alive = False
        while self.waiting:
            if self.waiting[0] == 0x24:
                size = 4 + int.from_bytes(self.waiting[2:4], "big")
                if len(self.waiting) < max(size, 4):
                    break
                self.waiting = self.waiting[size:]
            elif b"\r\n\r\n" in self.waiting:
                head, self.waiting = self.waiting.split(b"\r\n\r\n", 1)
                first, *lines = head.decode().split("\r\n")
                fields = dict(line.split(": ", 1) for line in lines)
                self.answer(*first.split()[:2], {name.lower(): value for name, value in fields.items()})
            else:
                break
            alive = True
        return alive

    def send(self, now):
        for kind, times in self.plans.items():
            while times and times[0] <= now:
                stamp = int(times.pop(0) * RATES[kind])
                self.frame(self.channels[kind], struct.pack(">BBHII", 0x80, kind | 128, self.sent[kind], stamp, 7) + PAYLOADS[kind])
                self.sent[kind] += 1
            if self.reports and now >= self.reported + 2:
                self.reported = now
                wall = int((time.time() + 2_208_988_800) * 2**32)
                self.frame(self.channels[kind] + 1, struct.pack(
                    ">BBHIQIII", 0x80, 200, 6, 7, wall, int(now * RATES[kind]), self.sent[kind], 0)
                    + struct.pack(">BBHIBB", 0x81, 202, 3, 7, 1, 6) + b"camera")

    def serve(self):
        self.connection, self.waiting, self.reported = self.listener.accept()[0], b"", -2
        self.connection.settimeout(0.1)
        heard = time.monotonic()
        try:
            while self.ended is None:
                if self.listen():
                    heard = time.monotonic()
                if self.began is None:
                    continue
                now = time.monotonic() - self.began
                if time.monotonic() - heard > TIMEOUT:
                    self.ended = f"over after {int(now)} s"
                elif now > END:
                    self.ended = "to the end"
                else:
                    self.send(now)
        except OSError as error:
            self.ended = str(error)
        self.connection.close()
        self.listener.close()


def ffmpeg(address):
    seen = subprocess.run(
        ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_entries", "packet=codec_type", "-of", "csv=p=0", address],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=END + 30)
    kinds = seen.stdout.replace(",", " ").split()
    if seen.returncode or not set(kinds) <= {"data", "audio"}:
        sys.exit(f"ffprobe has something to say: {seen}")
    return kinds.count("data")


def inside_av(address):
    with av.open(address, options={"rtsp_transport": "tcp"}) as stream:
        return sum(1 for packet in stream.demux() if packet.stream.type == "data" and packet.size)


def gstreamer(address):
    """It does not stop by itself when the camera is silent, and counts nothing."""
    subprocess.run(["timeout", str(END + 4), "gst-launch-1.0", "-q", "rtspsrc", f"location={address}", "protocols=tcp", "name=source",
                    "source.", "!", "fakesink", "source.", "!", "fakesink"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return None


RARE = (0, 1, 20)
OFTEN = range(END)
WHOLE, CUT = "to the end, 3 of 3", "over after 10 s, 2 of 3"
CASES = {  # what the camera sends, whether with sender reports, and what comes of it with FFmpeg and with GStreamer
    "a document every second": ({METADATA: OFTEN}, False, "to the end, 24 of 24", "to the end, 24 of 24"),
    "nothing from 1 s to 20 s": ({METADATA: RARE}, False, CUT, WHOLE),
    "the same, sender reports go on": ({METADATA: RARE}, True, CUT, WHOLE),
    "the same, and sound in the session": ({METADATA: RARE, SOUND: OFTEN}, False, WHOLE, WHOLE),
}


def watch(reader, name):
    camera = Camera(*CASES[name][:2])
    serving = threading.Thread(target=camera.serve, daemon=True)
    serving.start()
    came = reader(camera.address)
    serving.join(10)
    sent = camera.sent[METADATA]
    if came not in (None, sent):
        return f"{camera.ended}, {sent} sent and {came} received"
    return f"{camera.ended}, {sent} of {len(CASES[name][0][METADATA])}"


pairs = [(reader, name) for reader in (ffmpeg, inside_av, gstreamer) for name in CASES]
with ThreadPoolExecutor(len(pairs)) as pool:
    results = list(pool.map(lambda pair: watch(*pair), pairs))
changed = []
for (reader, name), seen in zip(pairs, results):
    print(f"{name}: {reader.__name__} {seen}")
    if seen != CASES[name][3 if reader is gstreamer else 2]:
        changed.append(f"{name} {reader.__name__}")
if changed:
    sys.exit("how RTSP sessions are kept alive has changed: " + "; ".join(changed))
PYTHON
(cd "$work" && timeout 120 venv/bin/python camera.py)
