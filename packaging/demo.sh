#!/usr/bin/env bash
# The main job on real input: simulated town, audit server, client. With a display the window opens, already signed in
# as the demo operator, and stays. Without one a scripted tour runs under Xvfb and leaves screenshots, report.json and
# the verified audit log in target/demo/.
#
#   bash packaging/demo.sh [--cameras N] [--domes M] [--seed S] [--tour]
#
# --tour runs the tour even where there is a display.
# Deliberately absent: anything that outlives the demo. Every process started here ends with it.
set -euo pipefail
cd "$(dirname "$0")/.."

cameras=9 domes='' seed=7 tour=no
while [ $# -gt 0 ]; do
  case $1 in
    --cameras) cameras=$2; shift 2 ;;
    --domes) domes=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --tour) tour=yes; shift ;;
    *) echo "Opzione sconosciuta: $1 (si può usare --cameras, --domes, --seed, --tour)" >&2; exit 2 ;;
  esac
done
[ -n "$domes" ] || domes=$(( (cameras + 3) / 4 ))
[ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || tour=yes
if [ "$tour" = yes ]; then unset DISPLAY WAYLAND_DISPLAY; fi

bash packaging/install.sh run
cargo build --bins
bin=${CARGO_TARGET_DIR:-target}/debug

out=target/demo
rm -rf "$out"
mkdir -p "$out"
# The town's clips are kept from one demo to the next.
cache=target/demo-cache
log=$out/log
mkdir -p "$log" "$out/site"
# Secrets of the demo (certificates, passwords, camera accounts) are readable by this account only.
umask 077

started=()
end() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap end EXIT INT TERM

# Waits for the one line of JSON that a program prints when it is ready.
ready() { # file pid what seconds
  for _ in $(seq $(( $4 * 10 ))); do
    [ -s "$1" ] && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  echo "$3 non è partito: vedere $log" >&2
  return 1
}

echo "Preparo il paese simulato: $cameras telecamere, di cui $domes dome."
"$bin/vedetta-sim" --cameras "$cameras" --domes "$domes" --seed "$seed" --plan "$out/site" --cache "$cache" \
  >"$out/sim.json" 2>"$log/sim.log" &
started+=($!)
ready "$out/sim.json" $! "Il simulatore" 180

"$bin/vedetta-audit" demo --data "$out/server" --site "$out/site/site.toml" --cameras "$out/site/cameras.toml" \
  2>"$log/audit-demo.log"
"$bin/vedetta-audit" serve --data "$out/server" --listen 127.0.0.1:0 >"$out/audit.json" 2>"$log/audit.log" &
started+=($!)
server=$!
ready "$out/audit.json" $server "Il server degli accessi" 30

client=("$bin/vedetta" --enrolment "$out/server/stations/sala-operativa" --data "$out/station" --evidence "$out/evidence"
  --secrets file --people "$out/server/people.toml")

if [ "$tour" = no ]; then
  echo "Apro la parete. Chiudere la finestra per finire."
  "${client[@]}" --sign-in operatore 2>"$log/client.log"
  exit
fi

# A display of our own, on a number the X server chooses.
Xvfb -displayfd 3 -screen 0 1920x1080x24 -nolisten tcp -noreset 3>"$out/display" >"$log/xvfb.log" 2>&1 &
started+=($!)
ready "$out/display" $! "Xvfb" 30
display=$(tr -d '[:space:]' <"$out/display")
rm "$out/display"

echo "Faccio il giro: accesso, parete, dome, limiti, foto, riproduzione, esportazione, manutentore."
good=0
DISPLAY=:$display timeout 900 "${client[@]}" --tour "$out" --sim-ready "$out/sim.json" \
  2>"$log/client.log" || good=$?

kill -TERM "$server"
wait "$server" || true
"$bin/vedetta-audit" log verify --data "$out/server" --json >"$out/audit-verify.json" || good=1
"$bin/vedetta-audit" log export --data "$out/server" "$out/audit-log" || good=1

if [ "$good" -ne 0 ]; then
  echo "Il giro non è riuscito: vedere $out/report.json e $log" >&2
  exit 1
fi
echo "Fatto: $out/report.json, schermate in $out/, registro verificato in $out/audit-log/"
