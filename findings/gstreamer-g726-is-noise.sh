#!/usr/bin/env bash
# Sound of cameras: GStreamer turns standard G.726 into noise in both directions, and with GStreamer at both ends it is clear.
#
# Versions: GStreamer 1.22.0 of Debian 12 (gstreamer1.0-plugins-good, gstreamer1.0-libav), FFmpeg 5.1.9.
# Expected: RTP's G726-16, -24, -32 and -40 put the first code word into the LOWEST bits of the first byte (RFC 3551 4.5.4); the
#   other order has names of its own (AAL2-G726-32). ONVIF's example of talk-back offers these four. FFmpeg keeps to both.
# Seen: share of a tone of 1000 Hz in what comes out, 1.00 is clear:
#                                                  16 kbit/s  24     32     40
#     packets of RFC 3551, rtpg726depay as it is   0.46       0.01   0.66   0.00
#     packets of RFC 3551, force-aal2=false        0.99       0.00   1.00   0.00
#     packets of AAL2, rtpg726depay as it is       0.99       1.00   1.00   1.00
#     rtpg726pay as it is, read by RFC 3551        0.61       0.02   0.00   0.00
#   force-aal2 is on unless one turns it off, in both directions, and rtpg726pay calls its packets "G726-32" all the same. Turned
#   off, 24 and 40 kbit/s stay noise. No warning; decodebin takes the element as it is.
# Why it matters: an emergency call pillar in the park cannot be understood, and an announcement from the control room is noise in
#   the square. A test with GStreamer at both ends is clear at all four rates.
# What to do: choose G.711 on the camera; else set force-aal2=false and offer 16 and 32 kbit/s only. Test with FFmpeg as the peer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-libav python3; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' ffmpeg gstreamer1.0-plugins-good

cat >"$work/sound.py" <<'PYTHON'
import math, shlex, struct, subprocess, sys

TONE, RATE, SECONDS = 1000, 8000, 2


def run(command, given=b""):
    return subprocess.run(shlex.split(command), input=given, stdout=subprocess.PIPE, check=True, timeout=60).stdout


def encoded(order, bits):
    return run(f"ffmpeg -loglevel error -f lavfi -i sine=frequency={TONE}:sample_rate={RATE}:duration={SECONDS} "
               f"-c:a {order} -b:a {bits * 8}k -f {order} -")


def decoded(order, bits, words):
    return run(f"ffmpeg -loglevel error -f {order} -code_size {bits} -i - -f s16le -", words)


def lowest_first(words, bits):
    """RFC 3551: code words in AAL2's order, put into bytes from the lowest bit on."""
    stream = "".join(f"{byte:08b}" for byte in words)
    out = position = 0
    for start in range(0, len(stream) - bits + 1, bits):
        out |= int(stream[start:start + bits], 2) << position
        position += bits
    return out.to_bytes(position // 8, "little")


def packets(words, bits):
    """RTP packets of 20 ms, with their lengths in front (RFC 4571)."""
    size = bits * 20
    return b"".join(
        struct.pack(">HBBHII", 12 + size, 0x80, 97, number, number * 160, 1) + words[number * size:(number + 1) * size]
        for number in range(len(words) // size))


def payloads(stream):
    out = b""
    while stream:
        length = struct.unpack(">H", stream[:2])[0]
        out, stream = out + stream[14:2 + length], stream[2 + length:]
    return out


def heard(words, bits, name, option=""):
    open("packets", "wb").write(packets(words, bits))
    return run(f"gst-launch-1.0 -q filesrc location=packets ! application/x-rtp-stream,media=audio,clock-rate={RATE},"
               f"encoding-name={name}-{bits * 8},payload=97 ! rtpstreamdepay ! rtpg726depay {option} ! avdec_g726 ! audioconvert ! "
               "audio/x-raw,format=S16LE ! fdsink")


def sent(bits):
    return payloads(run(
        f"gst-launch-1.0 -q audiotestsrc freq={TONE} volume=0.125 samplesperbuffer=160 num-buffers={SECONDS * 50} ! "
        f"audio/x-raw,format=S16LE,rate={RATE},channels=1 ! avenc_g726 bitrate={bits * 8000} ! rtpg726pay ! "
        f"application/x-rtp,encoding-name=G726-{bits * 8} ! rtpstreampay ! fdsink"))


def share(sound):
    """How much of the sound's power is the tone's, after the first tenth of a second."""
    samples = [sample for sample, in struct.iter_unpack("<h", sound)][RATE // 10:RATE // 10 + RATE]
    turns = [2 * math.pi * TONE * number / RATE for number in range(len(samples))]
    parts = [sum(sample * wave(turn) for sample, turn in zip(samples, turns)) for wave in (math.sin, math.cos)]
    return round(2 * sum(part * part for part in parts) / len(samples) / sum(sample * sample for sample in samples), 2)


changed = []


def check(name, seen, expected):
    print(f"{name:>48}: " + "  ".join(f"{value:.2f}" for value in seen))
    if any(abs(value - other) > 0.02 for value, other in zip(seen, expected)):
        changed.append(name)


ALL = (2, 3, 4, 5)  # bits in a code word: 16, 24, 32 and 40 kbit/s
aal2 = {bits: encoded("g726", bits) for bits in ALL}
standard = {bits: lowest_first(aal2[bits], bits) for bits in ALL}
for bits in ALL:
    if encoded("g726le", bits)[:len(standard[bits])] != standard[bits]:
        sys.exit("FFmpeg's g726le is not the order of RFC 3551")
clear = (0.99, 1.00, 1.00, 1.00)
check("FFmpeg, packed by RFC 3551", [share(decoded("g726le", bits, standard[bits])) for bits in ALL], clear)
check("GStreamer, packed by RFC 3551", [share(heard(standard[bits], bits, "G726")) for bits in ALL], (0.46, 0.01, 0.66, 0.00))
check("GStreamer, packed by RFC 3551, force-aal2=false",
      [share(heard(standard[bits], bits, "G726", "force-aal2=false")) for bits in ALL], (0.99, 0.00, 1.00, 0.00))
check("GStreamer, packed by AAL2", [share(heard(aal2[bits], bits, "AAL2-G726")) for bits in ALL], clear)
spoken = {bits: sent(bits) for bits in ALL}
check("from GStreamer, read by RFC 3551", [share(decoded("g726le", bits, spoken[bits])) for bits in ALL], (0.61, 0.02, 0.00, 0.00))
check("from GStreamer, read by AAL2", [share(decoded("g726", bits, spoken[bits])) for bits in ALL], clear)
if changed:
    sys.exit("what GStreamer makes of G.726 has changed: " + "; ".join(changed))
PYTHON
(cd "$work" && timeout 300 python3 sound.py)
