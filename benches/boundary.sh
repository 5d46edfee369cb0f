#!/usr/bin/env bash
# What it would cost to decode in worker processes: the same pictures decoded in one process, and decoded in a worker that
# hands them over through shared memory (GStreamer's shmsink and shmsrc; the sink's pool is the shared memory, so a picture
# is copied once). CPU of all processes per picture, and memory per stream. The decision is in src/media/live.rs.
#
#   bash benches/boundary.sh [--streams N]
set -euo pipefail
cd "$(dirname "$0")/.."

streams=16
[ "${1:-}" = --streams ] && streams=$2
place=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$place"' EXIT

pictures=6000
gst-launch-1.0 -q videotestsrc num-buffers=$pictures pattern=ball ! video/x-raw,format=I420,width=640,height=360,framerate=25/1 \
  ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bitrate=1000 threads=1 ! h264parse ! mp4mux \
  ! filesink location="$place/in.mp4"
source="filesrc location=$place/in.mp4 ! qtdemux ! h264parse ! avdec_h264 max-threads=1"
caps="video/x-raw,format=I420,width=640,height=360,framerate=25/1"

seconds() { # CPU seconds of a command and its children, on standard output
  local t="$place/time.$RANDOM"
  /usr/bin/time -o "$t" -f '%U %S' "$@" >/dev/null 2>&1 || true
  awk 'END { print $1 + $2 }' "$t"
}

inside=$(seconds gst-launch-1.0 -q $source ! fakesink sync=false)
seconds gst-launch-1.0 -q $source ! shmsink socket-path="$place/s" shm-size=16000000 wait-for-connection=true sync=false \
  >"$place/worker" &
for _ in $(seq 100); do [ -S "$place/s" ] && break; sleep 0.05; done
client=$(seconds timeout 60 gst-launch-1.0 -q shmsrc socket-path="$place/s" num-buffers=$pictures ! "$caps" ! fakesink sync=false)
wait $!
worker=$(cat "$place/worker")

# Memory: proportional share of every process, while all streams run at their pace.
pss() { awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"; }
one=()
for n in $(seq "$streams"); do one+=($source ! fakesink sync=true); done
gst-launch-1.0 -q "${one[@]}" & together=$!; pids+=($together)
sleep 8; all_inside=$(pss $together); kill $together; wait $together 2>/dev/null || true
workers=()
for n in $(seq "$streams"); do
  gst-launch-1.0 -q $source ! fakesink sync=true & workers+=($!); pids+=($!)
done
sleep 8; all_workers=0
for pid in "${workers[@]}"; do all_workers=$((all_workers + $(pss "$pid"))); done

awk -v i="$inside" -v w="$worker" -v c="$client" -v p=$pictures -v mi="$all_inside" -v mw="$all_workers" -v n="$streams" 'BEGIN {
  printf "{\"pictures\": %d, \"inside_us_per_picture\": %.0f, \"worker_us_per_picture\": %.0f, \"of_that_client_us\": %.0f,\n", p, i*1e6/p, (w+c)*1e6/p, c*1e6/p
  printf " \"streams\": %d, \"inside_mib_per_stream\": %.1f, \"worker_mib_per_stream\": %.1f}\n", n, mi/1024/n, mw/1024/n }'
