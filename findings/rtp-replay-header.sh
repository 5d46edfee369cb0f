#!/usr/bin/env bash
# ONVIF replay over RTP: three readers hand out the header extension as picture, or cut the picture's first bytes off.
#
# Versions: PyPI dpkt 1.9.8 (the RTP reader under aiortsp 1.4.0); npm rtp-parser 1.0.0, yellowstone 2.1.0, werift-rtp 0.8.9.
# Expected: RTP's header extension (RFC 3550 5.3.1) is skipped by every reader even where it knows no kind of it: its length
#   stands in front of it. Each packet of an ONVIF replay has one (profile 0xABAC, three words: time of the picture and flags).
# Seen: payload of one and the same 6 bytes of H.264, 65 88 84 00 01 02,
#                      plain packet        packet of a replay
#     werift-rtp       whole               whole
#     dpkt             whole               16 bytes of extension in front
#     rtp-parser       whole               16 bytes of extension in front
#     yellowstone      first 4 BYTES GONE  12 bytes of extension in front
#   dpkt and rtp-parser read the extension's bit, show it as a field, and leave the extension in the data. yellowstone shifts
#   the first byte left as if it had 8 bits, so that its bit is always set, and then takes every header for 16 bytes.
#   No error anywhere: as H.264 the byte 0xAB is "end of stream" (type 11), so a decoder shows nothing or the last picture.
# Why it matters: live view works and playback of the same camera is grey; one looks for the fault in the recorder.
# What to do: skip (count of sources) x 4 and 4 + 4 x (length) bytes oneself, and test with a packet that has both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in npm python3-venv; do
  command -v "$tool" >"$work/found" || dpkg -s "$tool" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$tool"; } >"$work/apt" 2>&1
done
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install dpkt==1.9.8
npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts rtp-parser@1.0.0 yellowstone@2.1.0 werift-rtp@0.8.9

cat >"$work/read.py" <<'PYTHON'
import sys
import dpkt

for packet in sys.argv[1:]:
    print("dpkt", dpkt.rtp.RTP(bytes.fromhex(packet)).data.hex())
PYTHON
cat >"$work/read.js" <<'JAVASCRIPT'
const { RtpPacket } = require("werift-rtp");
const { parseRtpPacket } = require("rtp-parser");
const { parseRTPPacket } = require("./node_modules/yellowstone/lib/util.js"); // what its client calls for each packet
for (const hex of process.argv.slice(2)) {
  const packet = Buffer.from(hex, "hex");
  console.log("werift-rtp", RtpPacket.deSerialize(packet).payload.toString("hex"));
  console.log("rtp-parser", parseRtpPacket(packet).payload.toString("hex"));
  console.log("yellowstone", parseRTPPacket(packet).payload.toString("hex"));
}
JAVASCRIPT

picture=658884000102
extension=abac0003ea0000018000000080070000
plain=80e003e800015f9000001234$picture
replay=90e003e800015f9000001234$extension$picture
seen=$(cd "$work" && { venv/bin/python read.py $plain $replay && node read.js $plain $replay; } | sort)
expected=$(sort <<TEXT
dpkt $picture
dpkt $extension$picture
rtp-parser $picture
rtp-parser $extension$picture
werift-rtp $picture
werift-rtp $picture
yellowstone ${picture:8}
yellowstone ${extension:8}$picture
TEXT
)
echo "$seen"
[ "$seen" = "$expected" ] || { echo "what the readers make of an RTP header extension has changed" >&2; exit 1; }
