#!/usr/bin/env bash
# A long look at the wall while cameras fail: simulated town, audit server and the real client under Xvfb. Every few
# seconds a random camera fails in a random way (reboot, dropped connection, silence, other size, other codec, no free
# session, 401 after a clock jump, nonsense); at the end every tile must show a picture of that moment, read off its
# pixels. Writes target/bench/soak.json (memory samples, faults, recoveries, the slowest recovery) and soak.png.
#
#   bash benches/soak.sh [--minutes N] [--tiles T]
#
# Deliberately absent: anything that outlives it.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=30 tiles=16
while [ $# -gt 0 ]; do
  case $1 in
    --minutes) minutes=$2; shift 2 ;;
    --tiles) tiles=$2; shift 2 ;;
    *) echo "Opzione sconosciuta: $1 (si può usare --minutes, --tiles)" >&2; exit 2 ;;
  esac
done
cargo build --workspace --bins
bin=${CARGO_TARGET_DIR:-target}/debug

out=target/bench place=target/bench/soak
log=$place
rm -rf "$place" "$out/soak.json" "$out/soak.png"
mkdir -p "$place" "$out" target/demo-cache
umask 077

. packaging/start.sh

start_town "$place" --cameras "$tiles" --domes 0 --seed 7
make_audit_data "$place"
# Nobody touches a key for the whole time: the workstation would lock itself, and the run look at its lock.
sed -i '1i lock_minutes = 0' "$place/server/server.toml"
start_audit "$place"
start_display "$place" 1920x1080

limit=$(awk "BEGIN { print int($minutes * 60 + 420) }")
good=0
DISPLAY=:$display RUST_LOG=${RUST_LOG:-warn,vedetta::station=info} timeout "$limit" "$bin/vedetta-check" \
  --enrolment "$place/server/stations/sala-operativa" --data "$place/station" --evidence "$place/evidence" \
  --people "$place/server/people.toml" soak "$out" --sim-ready "$place/sim.json" --sign-in operatore --minutes "$minutes" \
  2>"$place/client.log" || good=1
if [ ! -s "$out/soak.json" ]; then
  echo "La prova non è arrivata alla fine: vedere $place/client.log" >&2
  exit 1
fi
cat "$out/soak.json"
exit $good
