#!/usr/bin/env bash
# Live video: a camera that sets its clock moves FFmpeg's picture times by hours, but only if it offers a second track.
#
# Versions: FFmpeg 5.1.9 of Debian 12; PyPI av 18.1.0 (its own FFmpeg, 8.1.2).
# Expected: the RTP time stamps go on by 40 ms from picture to picture, so the pictures do, whatever the clock on the wall says.
#   The wall clock in the sender reports is there to bring two tracks into step; here one track is of interest.
# Seen: with one track in the description FFmpeg never uses the sender reports. With two it computes every time from the last
#   report, on each track for itself, also when the second track is metadata that nobody reads (-map 0:v). 30 s, clock set at 12 s:
#     clock set           video alone    video and ONVIF metadata, step between two pictures
#     1 h forward         40 ms          3600.04 s
#     2 min back          40 ms          47601.899 s, that is 13 h FORWARD: the difference wraps at 32 bits of 90 kHz
#     half a second back  40 ms          -0.46 s
#   Copied to MP4 (-c copy) the middle one gives a file of 15 s: the 375 pictures after the change lie within 5 ms, where nobody
#   sees them. Half a second back: 12 pictures on one spot. FFmpeg exits 0; words about time stamps are all there is.
# Why it matters: many cameras start in 1970 and set the clock when the network is up, later by fractions of a second a day.
#   The recording of one camera is whole, that of the next one, where somebody ticked "microphone" or "analytics", has lost
#   minutes or is a day long. It looks like tampering, and no test with one track shows it.
# What to do: ask for one kind only (-allowed_media_types video), or compare each picture's step with the RTP time stamps and
#   begin a new file where they part.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg python3-venv; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' ffmpeg
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install av==18.1.0

cat >"$work/camera.py" <<'PYTHON'
import re, socket, struct, subprocess, sys, threading
import av

START, CHANGE, END = 1_800_000_000, 12, 30  # Unix time; seconds of video
KINDS = {  # RTP payload type, lines of the description
    "video": (96, "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"),
    "metadata": (107, "m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n"),
}
DOCUMENT = b'<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"/>'


def picture():
    """The NAL units of one picture that needs no other."""
    stream = subprocess.run(
        "ffmpeg -loglevel error -f lavfi -i color=black:size=64x64:rate=25 -frames:v 1 -c:v libx264 -bf 0 -g 1 -f h264 -".split(),
        stdout=subprocess.PIPE, check=True).stdout
    units = [unit for unit in re.split(b"\0\0\0?\1", stream) if unit]
    return [unit for unit in units if unit[0] & 31 in (5, 7, 8)]


class Track:
    def __init__(self, connection, channel, kind, source):
        self.connection, self.channel, self.kind, self.source = connection, channel, kind, source
        self.packets = self.octets = 0

    def write(self, channel, packet):
        self.connection.sendall(b"$" + struct.pack(">BH", channel, len(packet)) + packet)

    def send(self, payloads, time):
        for number, payload in enumerate(payloads):
            last = number == len(payloads) - 1
            self.write(self.channel, struct.pack(
                ">BBHII", 0x80, self.kind | last << 7, self.packets, time, self.source) + payload)
            self.packets, self.octets = self.packets + 1, self.octets + len(payload)

    def report(self, clock, time):
        wall = int((clock + 2_208_988_800) * 2**32)
        sender = struct.pack(">BBHIQIII", 0x80, 200, 6, self.source, wall, time, self.packets, self.octets)
        name = struct.pack(">BBHIBB", 0x81, 202, 3, self.source, 1, 6) + b"camera"
        self.write(self.channel + 1, sender + name)


def camera(listener, kinds, step):
    connection = listener.accept()[0]
    lines = connection.makefile("rb")
    here = f"rtsp://127.0.0.1:{listener.getsockname()[1]}/"
    tracks = {}
    method = ""
    while method != "PLAY":
        method, address = lines.readline().decode().split()[:2]
        head = dict(line.decode().strip().split(": ", 1) for line in iter(lines.readline, b"\r\n"))
        more, body = "", ""
        if method == "DESCRIBE":
            more = f"Content-Type: application/sdp\r\nContent-Base: {here}\r\n"
            body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n" + "".join(
                f"{KINDS[kind][1]}a=control:{kind}\r\n" for kind in kinds)
        elif method == "SETUP":
            channel = int(re.search(r"interleaved=(\d+)", head["Transport"])[1])
            kind = address.rsplit("/", 1)[1]
            tracks[kind] = Track(connection, channel, KINDS[kind][0], 1 + channel)
            more = f"Transport: {head['Transport']}\r\nSession: 1\r\n"
        connection.sendall(
            f"RTSP/1.0 200 OK\r\nCSeq: {head['CSeq']}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    units = picture()
    for number in range(END * 25):
        seconds, time = number / 25, 1000 + number * 3600
        if number % 125 == 0:
            for track in tracks.values():
                track.report(START + seconds + (step if seconds >= CHANGE else 0), time)
        tracks["video"].send(units, time)
        if number % 25 == 0 and "metadata" in tracks:
            tracks["metadata"].send([DOCUMENT], time)
    connection.close()


def watch(kinds, step, read):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=camera, args=(listener, kinds, step), daemon=True).start()
        return read(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live")


def by_ffprobe(address, *options):
    seen = subprocess.run(
        ["ffprobe", "-loglevel", "error", *options, "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0",
         address], stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout
    return [float(time.strip(",")) for time in seen.split() if "N/A" not in time]


def live(address):
    return by_ffprobe(address, "-rtsp_transport", "tcp")


def video_only(address):
    return by_ffprobe(address, "-rtsp_transport", "tcp", "-allowed_media_types", "video")


def inside_av(address):
    with av.open(address, options={"rtsp_transport": "tcp"}) as stream:
        return [float(packet.pts * packet.time_base)
                for packet in stream.demux(video=0) if packet.pts is not None]


def copied(address):
    subprocess.run(
        ["ffmpeg", "-y", "-loglevel", "quiet", "-rtsp_transport", "tcp", "-i", address, "-map", "0:v", "-c", "copy", "copy.mp4"],
        check=True, timeout=60)
    return sorted(by_ffprobe("copy.mp4"))


changed = []


def check(name, seen, expected):
    print(f"{name}: {seen}")
    if seen != expected:
        changed.append(name)


def steps(times):
    assert len(times) > 740, len(times)
    return [round(after - before, 3) for before, after in zip(times, times[1:]) if abs(after - before - 0.04) > 0.001]


for step, expected in ((0, []), (3600, [3600.04]), (-120, [47601.899]), (-0.5, [-0.46])):
    for name, reader in (("FFmpeg", live), ("FFmpeg in av", inside_av)):
        check(f"clock {step:+} s, video alone, {name}", steps(watch(["video"], step, reader)), [])
        check(f"clock {step:+} s, and metadata, {name}", steps(watch(["video", "metadata"], step, reader)), expected)
    check(f"clock {step:+} s, only video asked for", steps(watch(["video", "metadata"], step, video_only)), [])
for step, expected in ((0, 0), (-120, 375), (-0.5, 12)):
    times = watch(["video", "metadata"], step, copied)
    check(f"clock {step:+} s, copied to MP4, pictures within 1 ms of another", sum(
        after - before < 0.001 for before, after in zip(times, times[1:])), expected)
if changed:
    sys.exit("how FFmpeg takes a camera's clock has changed: " + "; ".join(changed))
PYTHON
(cd "$work" && timeout 300 venv/bin/python camera.py)
