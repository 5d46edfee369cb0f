#!/usr/bin/env bash
# Test cameras by gst-rtsp-server: who leaves one of two streams gets, by chance, no sender report ever, and PLAY after PAUSE is refused.
#
# Versions: gst-rtsp-server 1.22.0 (Debian 12: libgstrtspserver-1.0-0 1.22.0-2) with GStreamer 1.22.0 and its plugins of Debian 12.
# Expected: a client sets up the streams it wants (RFC 2326 10.4). A sender tells by RTCP sender reports which time of the clock its time
#   stamps mean (RFC 3550 6.4.1), the first after 1 to 3 s here, and then about every 5 s. After PAUSE, PLAY goes on (RFC 2326 10.6).
# Seen, live H.264 of ten pictures a second, sessions of 6 s, in three runs; RTP came in all, and every request before that PLAY got 200:
#     offered                           set up    without any report   PLAY after PAUSE
#     picture                           picture   0, 0, 0 of 24        200 in all
#     picture, metadata                 both      0, 0, 0 of 24        200 in all
#     picture, metadata                 picture   12, 11, 8 of 24      503 in all
#     picture, sound                    picture   10, 10, 9 of 24      503 in all
#     the same by UDP                   picture   8, 9, 7 of 24        503 in all
#     picture, metadata by errorignore  picture   0, 0, 0 of 24        200 in all
#   A session that has no report gets none later: 4 of 8 had none in 100 s. It is the same with a JPEG picture, with shared media, and for
#   who takes the sound alone. The stream that is left has no sink: at PLAY its source meets "not-linked" and posts an error, which puts
#   the media into its error state, hence the 503. If the error comes while the pipeline is on its way to PLAYING, the way ends there: the
#   RTP sink plays already, the RTCP sink stays paused. The client is told nothing, and the server writes nothing without GST_DEBUG
#   (there: "Internal data stream error").
# Why it matters: a viewer that takes the time of a picture from the reports, as it should, has pictures without a time in one session of
#   two to four, and in the next all is well: it looks like a fault of the viewer. It begins on the day on which a test camera gets a
#   second stream, and who sets up all streams, as rtspsrc and FFmpeg do unless told otherwise, never sees it.
# What to do: in a server put "errorignore ignore-notlinked=true convert-to=ok" (gstreamer1.0-plugins-bad) behind the source of each stream
#   that may be left. A client should do without reports, by another clock that is marked as such, and set up anew if PLAY is refused.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-bad gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
  gstreamer1.0-plugins-ugly python3-gi; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' libgstrtspserver-1.0-0 libgstreamer1.0-0 gstreamer1.0-plugins-good

cat >"$work/sessions.py" <<'PYTHON'
import os, re, socket, struct, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
SECONDS = 6  # of a session
AT_ONCE, ROUNDS, MOST = 8, 3, 20  # sessions at a time, how often, and how often at most where one without a report has to be seen
SENDER_REPORT = 200

PICTURE = ("videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=10/1,format=I420 ! "
           "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 pt=96")
METADATA = ("appsrc name=source is-live=true format=time do-timestamp=true "
            "caps=application/x-rtp,media=application,payload=107,clock-rate=90000,encoding-name=VND.ONVIF.METADATA ! identity name=pay1")
SPARED = METADATA.replace("identity", "errorignore ignore-notlinked=true convert-to=ok")
SOUND = "audiotestsrc is-live=true ! mulawenc ! rtppcmupay name=pay1"
CASES = {  # what is offered, what is set up, whether by UDP; whether sessions are without a report, and the answer to PLAY after PAUSE
    "picture": ([PICTURE], [0], False, False, "200"),
    "picture and metadata": ([PICTURE, METADATA], [0, 1], False, False, "200"),
    "picture, not metadata": ([PICTURE, METADATA], [0], False, True, "503"),
    "picture, not sound": ([PICTURE, SOUND], [0], False, True, "503"),
    "picture, not sound, by UDP": ([PICTURE, SOUND], [0], True, True, "503"),
    "picture, not metadata by errorignore": ([PICTURE, SPARED], [0], False, False, "200"),
}


def feed(source):
    """A document every tenth of a second, for a minute at most."""
    for number in range(600):
        packet = struct.pack(">BBHII", 0x80, 107 | 128, number, number * 9000, 7) + b"<tt:MetadataStream/>"
        if source.emit("push-buffer", Gst.Buffer.new_wrapped(packet)) != Gst.FlowReturn.OK:
            return
        time.sleep(0.1)


def configure(_, media):
    source = media.get_element().get_by_name("source")
    if source:
        threading.Thread(target=feed, args=(source,), daemon=True).start()


def serve():
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    server.get_thread_pool().set_max_threads(2 * AT_ONCE)
    for number, (streams, *_) in enumerate(CASES.values()):
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {' '.join(streams)} )")
        factory.connect("media-configure", configure)
        server.get_mount_points().add_factory(f"/{number}", factory)
    assert server.attach(None)
    threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
    return server


class Session:
    def __init__(self, port, path):
        self.address = f"rtsp://127.0.0.1:{port}/{path}"
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.connection.settimeout(0.2)
        self.waiting, self.id, self.asked, self.sockets = b"", "", 0, {}
        self.packets, self.reports = {}, {}  # by stream

    def came(self, channel, packet):
        if channel % 2 == 0:
            self.packets[channel // 2] = self.packets.get(channel // 2, 0) + 1
        elif packet[1] == SENDER_REPORT:
            self.reports[channel // 2] = self.reports.get(channel // 2, 0) + 1

    def take(self, seconds):
        """Takes what comes until then, or until an answer is complete."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.waiting[:1] == b"$":
                size = 4 + int.from_bytes(self.waiting[2:4], "big")
                if len(self.waiting) >= max(size, 4):
                    self.came(self.waiting[1], self.waiting[4:size])
                    self.waiting = self.waiting[size:]
                    continue
            elif b"\r\n\r\n" in self.waiting:
                head, rest = self.waiting.split(b"\r\n\r\n", 1)
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                size = int(length[1]) if length else 0
                if len(rest) >= size:
                    self.waiting = rest[size:]
                    return head.decode(), rest[:size].decode()
            for channel, receiver in self.sockets.items():
                try:
                    for _ in range(100):
                        self.came(channel, receiver.recv(4096))
                except BlockingIOError:
                    pass
            try:
                data = self.connection.recv(65536)
            except socket.timeout:
                continue
            if not data:
                raise ConnectionError("the server has left")
            self.waiting += data
        return None

    def ask(self, method, address=None, more=""):
        self.asked += 1
        known = f"Session: {self.id}\r\n" if self.id else ""
        self.connection.sendall(f"{method} {address or self.address} RTSP/1.0\r\nCSeq: {self.asked}\r\n{known}{more}\r\n".encode())
        answer = self.take(25)
        if answer is None:
            raise TimeoutError(method)
        return answer[0].split()[1], *answer

    def need(self, *request):
        status, head, body = self.ask(*request)
        if status != "200":
            raise ValueError(f"{request[0]} was answered {status}")
        return head, body

    def set_up(self, stream, control, by_udp):
        transport = f"RTP/AVP/TCP;unicast;interleaved={2 * stream}-{2 * stream + 1}"
        if by_udp:
            ports = []
            for channel in (2 * stream, 2 * stream + 1):
                receiver = self.sockets[channel] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                receiver.bind(("127.0.0.1", 0))
                receiver.setblocking(False)
                ports.append(str(receiver.getsockname()[1]))
            transport = f"RTP/AVP;unicast;client_port={'-'.join(ports)}"
        address = control if "://" in control else f"{self.address}/{control}"
        head, _ = self.need("SETUP", address, f"Transport: {transport}\r\n")
        self.id = re.search(r"(?i)session: *([^;\r\n]+)", head)[1]

    def play(self, streams, by_udp):
        """Whether each stream has come with a report, and the answer to PLAY after PAUSE."""
        _, description = self.need("DESCRIBE")
        controls = re.findall(r"m=.*?a=control:(\S+)", description, re.S)
        for stream in streams:
            self.set_up(stream, controls[stream], by_udp)
        self.need("PLAY")
        self.take(SECONDS)
        assert self.packets.get(streams[0], 0) > 5 * SECONDS, f"only {self.packets} packets"
        reported = all(stream in self.reports for stream in streams)
        self.need("PAUSE")
        again = self.ask("PLAY")[0]
        self.ask("TEARDOWN")
        return reported, again

    def close(self):
        for each in (self.connection, *self.sockets.values()):
            each.close()


def session(server, name):
    _, streams, by_udp, *_ = CASES[name]
    client = Session(server.get_bound_port(), list(CASES).index(name))
    try:
        return client.play(streams, by_udp)
    finally:
        client.close()


server = serve()
changed = []
with ThreadPoolExecutor(AT_ONCE) as pool:
    for name, (_, _, _, lacking, after) in CASES.items():
        seen = []
        for count in range(MOST):
            without = sum(not reported for reported, _ in seen)
            if count >= ROUNDS and not (lacking and without == 0):
                break
            seen += pool.map(lambda name: session(server, name), [name] * AT_ONCE)
        without = sum(not reported for reported, _ in seen)
        answers = sorted({again for _, again in seen})
        print(f"{name}: {without} of {len(seen)} without a report, PLAY after PAUSE {' '.join(answers)}", flush=True)
        if (without > 0) != lacking or answers != [after]:
            changed.append(name)
if changed:
    print("what becomes of sender reports has changed: " + "; ".join(changed), file=sys.stderr, flush=True)
os._exit(1 if changed else 0)  # the server's threads do not end by themselves
PYTHON
cd "$work"
timeout 900 /usr/bin/python3 sessions.py 2>"$work/errors" || { grep -v '^sys:1: Warning' "$work/errors" >&2; exit 1; }
