#!/usr/bin/env bash
# ONVIF replay: GStreamer's rtponvifparse knows the recorded time of a picture only if the picture fits into one packet.
#
# Versions: GStreamer 1.22.0 of Debian 12 (gstreamer1.0-plugins-bad 1.22.0-4+deb12u8).
# Expected: a recorder has to send the replay extension "in the first packet of every access unit" (Streaming 6.3); it is true for
#   all packets of the picture. The extension of JPEG may follow in the same header, whose length is then above 3.
# Seen: the element writes the recorded time (since 1900, some 1,111,611 hours) over a packet's time where the extension is, leaves
#   other packets as they came, and a picture gets the time of its last packet. Times behind rtph264depay and h264parse, r the
#   recorded one, - the one of arrival or none:
#     packets in each picture               10 1 1 1 9 1 1 1
#     extension in every packet             r  r r r r r r r     what GStreamer's own rtponviftimestamp sends
#     extension in the first packet         -  r r r - r r r     the key pictures are 127 years before the others
#     no extension                          -  - - - - - - -
#   JPEG, one packet each: r r r; with JPEG's empty extension FFD8 0000 behind, - - -. No warning, no error.
# Why it matters: against a server made with GStreamer all is well; with a recorder the times jump at every key picture, and a seek,
#   a label or an export range is compared with a mixture of 2026 and of nothing. In an empty street at night, where pictures are
#   small, most are right.
# What to do: read the extension before the depayloader and keep its time by RTP time stamp, for all packets of that stamp; look at
#   the first three words whatever the length.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in gstreamer1.0-tools gstreamer1.0-plugins-{base,good,bad,ugly} python3; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' gstreamer1.0-plugins-bad

cat >"$work/times.py" <<'PYTHON'
import collections, pathlib, re, shlex, struct, subprocess, sys

START = 4_001_802_233  # seconds since 1900
H264 = ("videotestsrc num-buffers=8 pattern=checkers-8 ! video/x-raw,width=320,height=240,framerate=25/1 ! "
        "x264enc key-int-max=4 bframes=0 aud=false speed-preset=ultrafast ! rtph264pay mtu=1200 aggregate-mode=none")
JPEG = "videotestsrc num-buffers=3 pattern=black ! video/x-raw,format=I420,width=64,height=64,framerate=25/1 ! jpegenc ! rtpjpegpay"


def run(pipeline, *options):
    return subprocess.run(["gst-launch-1.0", *options, *shlex.split(pipeline)], stdout=subprocess.PIPE, check=True, timeout=60).stdout


def sent(pictures):
    """The packets of a replay, each with the extension in bytes 12 to 27."""
    stream = run(f"{pictures} ! rtponviftimestamp ntp-offset={START}000000000 ! rtpstreampay ! fdsink", "-q")
    packets = []
    while stream:
        end = 2 + struct.unpack(">H", stream[:2])[0]
        packets.append(stream[2:end])
        stream = stream[end:]
    assert all(packet[0] & 0x10 and packet[12:16].hex() == "abac0003" for packet in packets)
    return packets


def without(packet):
    return bytes([packet[0] & ~0x10]) + packet[1:12] + packet[28:]


def with_empty_jpeg_extension(packet):
    return packet[:14] + struct.pack(">H", 4) + packet[16:28] + bytes.fromhex("ffd80000") + packet[28:]


def in_first_packets(packets):
    known = set()
    for packet in packets:
        time = packet[4:8]
        yield without(packet) if time in known else packet
        known.add(time)


def times(packets, encoding, after):
    for old in pathlib.Path().glob("*.rtp"):
        old.unlink()
    for number, packet in enumerate(packets):
        pathlib.Path(f"{number:04}.rtp").write_bytes(packet)
    said = run(
        "multifilesrc location=%04d.rtp do-timestamp=true "
        f"caps=application/x-rtp,media=video,clock-rate=90000,encoding-name={encoding},payload=96 ! "
        f"rtponvifparse ! {after} identity name=pictures silent=false ! fakesink sync=false", "-v").decode()
    found = re.findall(r"pictures:sink\) \(\d+ bytes, dts: \S+ pts: (\S+),", said)
    return " ".join("r" if time.startswith(f"{START // 3600}:") else "-" for time in found)


changed = []


def check(name, seen, expected):
    print(f"{name}: {seen}")
    if seen != expected:
        changed.append(name)


packets = sent(H264)
counted = collections.Counter(packet[4:8] for packet in packets).values()
check("several packets in a picture", " ".join("+" if count > 1 else "1" for count in counted), "+ 1 1 1 + 1 1 1")
after = "rtph264depay ! h264parse ! video/x-h264,alignment=au !"
check("H.264, extension in every packet", times(packets, "H264", after), "r r r r r r r r")
check("H.264, extension in first packets", times(list(in_first_packets(packets)), "H264", after), "- r r r - r r r")
check("H.264, no extension", times([without(packet) for packet in packets], "H264", after), "- - - - - - - -")
packets = sent(JPEG)
check("JPEG, extension", times(packets, "JPEG", ""), "r r r")
check("JPEG, extension and JPEG's own", times([with_empty_jpeg_extension(packet) for packet in packets], "JPEG", ""), "- - -")
if changed:
    sys.exit("what rtponvifparse makes of the replay extension has changed: " + "; ".join(changed))
PYTHON
(cd "$work" && timeout 300 python3 times.py)
