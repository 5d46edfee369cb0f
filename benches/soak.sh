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
cargo build --bins
bin=${CARGO_TARGET_DIR:-target}/debug

out=target/bench place=target/bench/soak
rm -rf "$place" "$out/soak.json" "$out/soak.png"
mkdir -p "$place/site" "$out"
umask 077

started=()
end() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap end EXIT INT TERM

# Waits for the one line that a program prints when it is ready.
ready() { # file pid what seconds
  for _ in $(seq $(( $4 * 10 ))); do
    [ -s "$1" ] && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  echo "$3 non è partito: vedere $place" >&2
  return 1
}

"$bin/vedetta-sim" --cameras "$tiles" --domes 0 --seed 7 --plan "$place/site" --cache target/demo-cache \
  >"$place/sim.json" 2>"$place/sim.log" &
started+=($!)
ready "$place/sim.json" $! "Il simulatore" 300
"$bin/vedetta-audit" demo --data "$place/server" --site "$place/site/site.toml" --cameras "$place/site/cameras.toml" \
  2>"$place/audit-demo.log"
# Nobody touches a key for the whole time: the workstation would lock itself, and the run look at its lock.
sed -i '1i lock_minutes = 0' "$place/server/server.toml"
"$bin/vedetta-audit" serve --data "$place/server" --listen 127.0.0.1:0 >"$place/audit.json" 2>"$place/audit.log" &
started+=($!)
ready "$place/audit.json" $! "Il server degli accessi" 30
Xvfb -displayfd 3 -screen 0 1920x1080x24 -nolisten tcp -noreset 3>"$place/display" >"$place/xvfb.log" 2>&1 &
started+=($!)
ready "$place/display" $! "Xvfb" 30
display=$(tr -d '[:space:]' <"$place/display")

limit=$(awk "BEGIN { print int($minutes * 60 + 420) }")
good=0
DISPLAY=:$display RUST_LOG=${RUST_LOG:-warn,vedetta::station=info} timeout "$limit" "$bin/vedetta" \
  --enrolment "$place/server/stations/sala-operativa" --data "$place/station" --evidence "$place/evidence" --secrets file \
  --people "$place/server/people.toml" --sign-in operatore --tour "$out" --sim-ready "$place/sim.json" --soak "$minutes" \
  2>"$place/client.log" || good=1
if [ ! -s "$out/soak.json" ]; then
  echo "La prova non è arrivata alla fine: vedere $place/client.log" >&2
  exit 1
fi
cat "$out/soak.json"
exit $good
