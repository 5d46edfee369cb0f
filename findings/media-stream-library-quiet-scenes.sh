#!/usr/bin/env bash
# Live H.264 in the browser: Axis's media-stream-library drops small pictures that a sender packs together; a quiet scene stands still.
#
# Versions: npm media-stream-library 13.1.1 (media-stream-player is made of it); FFmpeg 5.1.9 and GStreamer 1.22.0 of Debian 12 as
#   senders; GStreamer's rtph264depay as the other reader, of the same packets.
# Expected: with packetization-mode=1 a sender may use single NAL units, STAP-A (several small units in one packet) and FU-A (RFC 6184
#   6.3); no line of the description says which. FFmpeg makes STAP-A of whatever fits, GStreamer does with aggregate-mode=zero-latency.
# Seen, 50 pictures in 2 s, a key picture each second, with a delimiter (AUD) in front of each as MPEG-TS has it, sent on by RTP:
#     scene                         sender                       pictures as sent: GStreamer    media-stream-library         last one at
#     quiet, pictures under 1 KiB   FFmpeg -c copy               50                             2 of 2: the key pictures     0.04 s
#     the same                      GStreamer, zero-latency      50                             2 of 2                       0.04 s
#     the same                      GStreamer, none              50                             50 of 50                     1.96 s
#     something passes by           FFmpeg -c copy               50                             2 of 6                       0.88 s
#     moving, pictures over 4 KiB   FFmpeg -c copy               50                             50 of 50                     1.96 s
#     quiet, four slices, no AUD    FFmpeg -c copy               50                             2 of 2                       0.04 s
#   It reads types 1, 5 and 28; a packet of type 24 is put away with the picture in it, and nothing is said unless DEBUG is set. A key
#   picture is large and comes as FU-A, so there is a picture. Those whose predecessors were dropped are shown all the same, wrong.
#   After a gap the next picture gets the time of the one that is missing: the second key picture, sent at 1 s, stands at 0.04 s.
# Why it matters: the better the coder and the quieter the street, the more is missing: at night the wall has one picture per key
#   picture, and of what passes only pieces on an old background, at a wrong time. By day, as one tests it, all is there; and with a
#   camera itself, but not behind a server that passes on what it has by MPEG-TS, or from a camera that codes in slices.
# What to do: test with a quiet scene and with the sender that is used; send with aggregate-mode=none; where the sender is not in one's
#   hands, take a player that reads STAP-A.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg npm gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad; do
  dpkg -s "$package" >"$work/found" 2>&1 || { [ $package = npm ] && command -v npm >"$work/found"; } ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts media-stream-library@13.1.1

cat >"$work/receive.js" <<'JAVASCRIPT'
// Receives on a port of its own what a sender sends, gives it to the library, and keeps the packets in the framing of RFC 4571.
const { spawn } = require("node:child_process");
const { createSocket } = require("node:dgram");
const { readFileSync, writeFileSync } = require("node:fs");
const { components, utils } = require("media-stream-library");

const [sdp, film, packets, ...sender] = process.argv.slice(2);
const depay = new components.H264Depay();
const muxer = new components.Mp4Muxer();
const boxes = [];
const kept = [];
depay.incoming.pipe(muxer.incoming);
muxer.incoming.on("data", ({ type, data }) => type === components.MessageType.ISOM && boxes.push(data));
depay.incoming.write(utils.messageFromBuffer(readFileSync(sdp)));
const socket = createSocket("udp4");
socket.on("message", (data) => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(data.length);
  kept.push(length, data);
  depay.incoming.write({ type: components.MessageType.RTP, channel: 0, data });
});
socket.bind(0, "127.0.0.1", () => {
  const command = sender.map((word) => word.replace("PORT", socket.address().port));
  spawn(command[0], command.slice(1), { stdio: ["ignore", "ignore", "inherit"] }).on("close", () => setTimeout(() => {
    writeFileSync(film, Buffer.concat(boxes));
    writeFileSync(packets, Buffer.concat(kept));
    process.exit();
  }, 500));
});
JAVASCRIPT

cd "$work"
coded() { # file, picture, settings of the coder
  ffmpeg -nostdin -v error -f lavfi -i "$2" -frames:v 50 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -tune zerolatency -threads 1 \
    -x264-params "keyint=25:scenecut=0:bframes=0:sliced-threads=0:repeat-headers=1:$3" "$1"
}
coded quiet.ts "testsrc=size=320x180:rate=25" aud=1
coded passing.ts "testsrc=size=320x180:rate=25,noise=alls=12:allf=t:enable='between(n,15,20)'" aud=1
coded moving.ts "testsrc2=size=320x180:rate=25,noise=alls=8:allf=t" aud=1
coded slices.h264 "testsrc=size=320x180:rate=25" slices=4

pictures() { ffmpeg -nostdin -v error -i "$1" -fps_mode passthrough -f framemd5 - 2>>decoder | sed -n 's/^[0-9].*, *//p'; }
by_ffmpeg() { # file, more options
  local rate=()
  [ "${1##*.}" = ts ] || rate=(-r 25)
  echo ffmpeg -nostdin -v error "${@:2}" "${rate[@]}" -i "$1" -c copy -f rtp -sdp_file sdp 'rtp://127.0.0.1:PORT?pkt_size=1400'
}
by_gstreamer() { # file, how to aggregate
  echo gst-launch-1.0 -q filesrc "location=$1" ! tsdemux ! h264parse ! rtph264pay "aggregate-mode=$2" pt=96 mtu=1400 ! \
    udpsink host=127.0.0.1 port=PORT
}
seen=
trial() { # name, file, command of the sender
  read -ra describe <<<"$(by_ffmpeg "$2" -t 0.1)"
  "${describe[@]/PORT/9}"  # for the description of this file; nobody listens there
  read -ra sender <<<"$3"
  timeout 60 node receive.js sdp film.mp4 packets "${sender[@]}"
  gst-launch-1.0 -q filesrc location=packets ! "application/x-rtp-stream,media=video,clock-rate=90000,encoding-name=H264,payload=96" ! \
    rtpstreamdepay ! rtph264depay ! h264parse ! video/x-h264,stream-format=byte-stream ! filesink location=other.h264
  pictures "$2" >sent
  pictures other.h264 >other
  pictures film.mp4 >got
  local line
  line="$1: GStreamer $(grep -cxFf sent other), media-stream-library $(grep -cxFf sent got) of $(wc -l <got), last at "
  line+=$(ffprobe -v error -show_entries packet=pts_time -of csv=p=0 film.mp4 | sed -n '$s/0*,*$//p')
  echo "$line"
  seen+="$line
"
}
trial "quiet, FFmpeg" quiet.ts "$(by_ffmpeg quiet.ts -re)"
trial "quiet, GStreamer zero-latency" quiet.ts "$(by_gstreamer quiet.ts zero-latency)"
trial "quiet, GStreamer none" quiet.ts "$(by_gstreamer quiet.ts none)"
trial "passing, FFmpeg" passing.ts "$(by_ffmpeg passing.ts -re)"
trial "moving, FFmpeg" moving.ts "$(by_ffmpeg moving.ts -re)"
trial "four slices, FFmpeg" slices.h264 "$(by_ffmpeg slices.h264 -re)"
expected="quiet, FFmpeg: GStreamer 50, media-stream-library 2 of 2, last at 0.04
quiet, GStreamer zero-latency: GStreamer 50, media-stream-library 2 of 2, last at 0.04
quiet, GStreamer none: GStreamer 50, media-stream-library 50 of 50, last at 1.96
passing, FFmpeg: GStreamer 50, media-stream-library 2 of 6, last at 0.88
moving, FFmpeg: GStreamer 50, media-stream-library 50 of 50, last at 1.96
four slices, FFmpeg: GStreamer 50, media-stream-library 2 of 2, last at 0.04
"
[ "$seen" = "$expected" ] || { echo "what is made of small pictures has changed" >&2; exit 1; }
