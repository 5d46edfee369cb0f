#!/usr/bin/env bash
# Sound of door stations (SIP, SDP): FFmpeg reads packets of the first format in a media line with the codec of the last one, noise.
#
# Versions: FFmpeg 5.1.9 of Debian 12; PyPI av 18.1.0 (its own FFmpeg, 8.1.2); GStreamer 1.22.0.
# Expected: each a=rtpmap says what ONE payload type is (RFC 8866 6.6), each packet names its type, and a line with several types means
#   that any of them may come, the first one preferred (RFC 8866 5.14, RFC 3264 5.1). That is how every SIP phone describes its sound.
# Seen, a tone sent as the first type of the line; its share of what comes out, 1.00 is clear:
#     types in the line, as a=rtpmap names them       sent      FFmpeg 5.1, av 18.1                   GStreamer
#     8 PCMA                                          A-law     1.00                                  1.00
#     8 PCMA, 101 telephone-event                     A-law     1.00                                  1.00
#     8 PCMA, 0 PCMU, 101 telephone-event             A-law     0.90  as u-law                        1.00
#     9 G722, 8 PCMA, 0 PCMU, 101 telephone-event     G.722     0.08  as u-law                        1.00
#     8 PCMA, 9 G722                                  A-law     0.00  as G.722, 16 kHz                1.00
#     8 PCMA, 96 opus/48000/2                         A-law     0.00  as A-law, 48 kHz, two channels  1.00
#     8 and 0, without any a=rtpmap                   A-law     1.00                                  1.00
#   Each a=rtpmap is put over the one before it, whatever type it is for; a name that FFmpeg does not know (telephone-event) leaves the
#   codec alone. No message, exit code 0, and ffprobe names the wrong codec as if it were the right one.
# Why it matters: at the gate one hears noise in place of the caller. With u-law for A-law, the usual pair, speech is rough but can be
#   understood: nobody looks for a fault, and so it is recorded. A test with a description of one type, as cameras give it, is clear.
# What to do: give FFmpeg a description with the type that was agreed on and its a=rtpmap only, or let GStreamer read it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad \
  gstreamer1.0-libav python3-venv; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' ffmpeg gstreamer1.0-plugins-bad gstreamer1.0-plugins-good
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install av==18.1.0

cat >"$work/sound.py" <<'PYTHON'
import math, os, pathlib, shlex, socket, struct, subprocess, sys, threading, time, wave
from concurrent.futures import ThreadPoolExecutor
import av

TONE, SECONDS, PART = 400, 30, 160  # PART: bytes in a packet of 20 ms, in G.711 and in G.722
CODECS = {8: "alaw", 9: "g722"}
PCMA, PCMU, G722 = "8 PCMA/8000", "0 PCMU/8000", "9 G722/8000"
KEYS, OPUS = "101 telephone-event/8000", "96 opus/48000/2"


def run(command):
    return subprocess.run(shlex.split(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True, timeout=60).stdout


def free_ports():
    """Even ports with the next one free as well, below those that the system deals out by itself."""
    for port in range(20000 + os.getpid() % 1000 * 10, 32000, 2):
        try:
            for one in (port, port + 1):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
                    tried.bind(("127.0.0.1", one))
        except OSError:
            continue
        yield port


def send(port, kind, stop):
    data = sound[kind]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for number in range(len(data) // PART):
            if stop.wait(0.02):
                break
            header = struct.pack(">BBHII", 0x80, kind, number, number * 160, 1)
            peer.sendto(header + data[number * PART:(number + 1) * PART], ("127.0.0.1", port))


def share(samples, rate):
    """How much of the sound's power is the tone's, after the first tenth of a second."""
    samples = samples[rate // 10:rate // 10 + rate // 2]
    turns = [2 * math.pi * TONE * number / rate for number in range(len(samples))]
    parts = [sum(sample * part_of(turn) for sample, turn in zip(samples, turns)) for part_of in (math.sin, math.cos)]
    return 2 * sum(part * part for part in parts) / len(samples) / sum(sample * sample for sample in samples)


def heard(file):
    with wave.open(file) as sound_file:
        rate, channels = sound_file.getframerate(), sound_file.getnchannels()
        data = sound_file.readframes(sound_file.getnframes())
    samples = [sample for sample, in struct.iter_unpack("<h", data)][::channels]
    return f"{rate} Hz, {channels} ch, {share(samples, rate):.2f}"


def ffmpeg(description, file):
    said = run(f"ffmpeg -nostdin -v error -protocol_whitelist file,udp,rtp -i {description} -t 1 -c:a pcm_s16le {file}")
    return heard(file) + said.decode()


def inside_av(description, file):
    with av.open(description, options={"protocol_whitelist": "file,udp,rtp"}) as stream:
        codec, samples = stream.streams.audio[0].codec_context, []
        linear = av.AudioResampler(format="s16")  # rate and channels stay
        for frame in (part for given in stream.decode(audio=0) for part in linear.resample(given)):
            channels = frame.layout.nb_channels
            data = bytes(frame.planes[0])[:frame.samples * channels * 2]
            samples += [sample for sample, in struct.iter_unpack("<h", data)][::channels]
            if len(samples) >= frame.rate:
                break
        return f"{codec.name}, {frame.rate} Hz, {channels} ch, {share(samples, frame.rate):.2f}"


def gstreamer(description, file):
    run(f"gst-launch-1.0 -q filesrc location={description} ! sdpdemux ! decodebin ! audioconvert ! audio/x-raw,format=S16LE ! "
        f"identity eos-after=50 ! wavenc ! filesink location={file}")
    return heard(file)


CASES = (  # lines of the description, type that is sent, what FFmpeg 5.1 hears, and the codec that av names
    ((PCMA,), 8, "8000 Hz, 1 ch, 1.00", "pcm_alaw"),
    ((PCMA, KEYS), 8, "8000 Hz, 1 ch, 1.00", "pcm_alaw"),
    ((PCMA, PCMU, KEYS), 8, "8000 Hz, 1 ch, 0.90", "pcm_mulaw"),
    ((G722, PCMA, PCMU, KEYS), 9, "8000 Hz, 1 ch, 0.08", "pcm_mulaw"),
    ((PCMA, G722), 8, "16000 Hz, 1 ch, 0.00", "g722"),
    ((PCMA, OPUS), 8, "48000 Hz, 2 ch, 0.00", "pcm_alaw"),
    (("8", "0"), 8, "8000 Hz, 1 ch, 1.00", "pcm_alaw"),
)


def listen(reader, case, port):
    number = f"{reader.__name__}{CASES.index(case)}"
    stop = threading.Event()
    types = " ".join(line.split()[0] for line in case[0])
    pathlib.Path(f"{number}.sdp").write_text(
        f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=door\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {types}\r\n"
        + "".join(f"a=rtpmap:{line}\r\n" for line in case[0] if " " in line))
    sender = threading.Thread(target=send, args=(port, case[1], stop))
    sender.start()
    try:
        return reader(f"{number}.sdp", f"{number}.wav")
    finally:
        stop.set()
        sender.join()


sound = {kind: run(f"ffmpeg -nostdin -v error -f lavfi -i sine=frequency={TONE}:sample_rate={16000 if codec == 'g722' else 8000}"
                   f":duration={SECONDS} -f {codec} -") for kind, codec in CODECS.items()}
pairs = [(reader, case) for case in CASES for reader in (ffmpeg, inside_av, gstreamer)]
ports = free_ports()
sessions = [(*pair, next(ports)) for pair in pairs]
with ThreadPoolExecutor(4) as pool:
    results = list(pool.map(lambda session: listen(*session), sessions))
changed = []
for (reader, case), seen in zip(pairs, results):
    lines, kind, wrong, codec = case
    right = f"{'16000' if kind == 9 else '8000'} Hz, 1 ch, 1.00"
    expected = {ffmpeg: wrong, inside_av: f"{codec}, {wrong}", gstreamer: right}[reader]
    print(f"{', '.join(lines)}: {reader.__name__} {seen}")
    if seen != expected:
        changed.append(f"{lines} {reader.__name__}")
if changed:
    sys.exit("which format a packet is read in has changed: " + "; ".join(changed))
PYTHON
(cd "$work" && timeout 300 venv/bin/python sound.py)
