#!/usr/bin/env bash
# Interlaced H.264 in the browser: mux.js takes 1920x1080 for 1920x1084, since rows that are cut off count double in fields.
#
# Versions: npm mux.js 7.1.0; FFmpeg 5.1.9 of Debian 12 as encoder and as the other reader.
# Expected: the height is that of the coded picture less the rows cut off, which are counted in units of 2 rows, and of 4 where
#   fields are coded (CropUnitY = SubHeightC x (2 - frame_mbs_only_flag), H.264 7.4.2.1.1, chroma 4:2:0).
# Seen, size in the parameter sets:
#                               ffprobe      mux.js
#     1920x1080 progressive     1920x1080    1920x1080
#     1920x1080 interlaced      1920x1080    1920x1084
#     640x360 interlaced        640x360      640x372
#     720x576 interlaced        720x576      720x576     nothing is cut off: analogue PAL passes
#   mux.js always counts 2: of 8 rows cut off it takes away 4, of 24 it takes away 12. No word.
# Why it matters: the MP4 that it makes for a web page is described by this size. Masks, plates and points computed with a height
#   that the picture does not have lie elsewhere than on the workstation, and only with interlaced cameras and encoders.
# What to do: take the size from the decoder (videoWidth, videoHeight), not from the parameter sets as mux.js reads them; test with
#   1080 interlaced lines.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in ffmpeg npm; do
  command -v "$tool" >"$work/found" || { apt-get -q update && apt-get -qy install --no-install-recommends "$tool"; } >"$work/apt" 2>&1
done
npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts mux.js@7.1.0

cat >"$work/size.js" <<'JAVASCRIPT'
const { H264Stream } = require("mux.js/lib/codecs/h264");

const data = require("node:fs").readFileSync(process.argv[2]);
const stream = new H264Stream();
stream.on("data", ({ config }) => config && console.log(`${config.width}x${config.height}`));
stream.push({ type: "video", trackId: 1, pts: 0, dts: 0, data });
stream.flush();
JAVASCRIPT
changed=
while read -r size kind options expected; do
  ffmpeg -nostdin -v error -y -f lavfi -i "color=size=$size:rate=25" -frames:v 1 -pix_fmt yuv420p -c:v libx264 -threads 1 \
    -x264opts "$options" -f h264 "$work/one.h264"
  right=$(ffprobe -v error -show_entries stream=width,height -of csv=p=0:s=x "$work/one.h264")
  seen=$(node "$work/size.js" "$work/one.h264")
  echo "$size $kind: ffprobe $right, mux.js $seen"
  [ "$right $seen" = "$size $expected" ] || changed="$changed $size $kind;"
done <<'TEXT'
1920x1080 progressive tff=0 1920x1080
1920x1080 interlaced tff=1 1920x1084
640x360 interlaced tff=1 640x372
720x576 interlaced tff=1 720x576
TEXT
[ -z "$changed" ] || { echo "the sizes have changed:$changed" >&2; exit 1; }
