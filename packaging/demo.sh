#!/usr/bin/env bash
# The main job on real input: simulated town, audit server, client. With a display the window opens, already signed in
# as the demo operator, and stays. Without one a scripted tour runs under Xvfb and leaves screenshots, report.json and
# the verified audit log in target/demo/.
#
#   bash packaging/demo.sh [--cameras N] [--domes M] [--seed S] [--make [CAMERA=]MAKE]… [--tour]
#
# --make hangs domes of another make (src/sim/makes.rs). --tour runs the tour even where there is a display.
# Deliberately absent: anything that outlives the demo. Every process started here ends with it.
set -euo pipefail
cd "$(dirname "$0")/.."

cameras=9 domes='' seed=7 tour=no makes=()
while [ $# -gt 0 ]; do
  case $1 in
    --cameras) cameras=$2; shift 2 ;;
    --domes) domes=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --make) makes+=(--make "$2"); shift 2 ;;
    --tour) tour=yes; shift ;;
    *) echo "Opzione sconosciuta: $1 (si può usare --cameras, --domes, --seed, --make, --tour)" >&2; exit 2 ;;
  esac
done
[ -n "$domes" ] || domes=$(( (cameras + 3) / 4 ))
[ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || tour=yes
if [ "$tour" = yes ]; then unset DISPLAY WAYLAND_DISPLAY; fi

bash packaging/debian-packages.sh run
if [ "$tour" = yes ]; then
  cargo build --workspace --bins
else
  cargo build --bins
fi
bin=${CARGO_TARGET_DIR:-target}/debug

out=target/demo
rm -rf "$out"
mkdir -p "$out"
log=$out/log
mkdir -p "$log" target/demo-cache
# Secrets of the demo (certificates, passwords, camera accounts) are readable by this account only.
umask 077

. packaging/start.sh

echo "Preparo il paese simulato: $cameras telecamere, di cui $domes dome."
start_town "$out" --cameras "$cameras" --domes "$domes" --seed "$seed" "${makes[@]}"
make_audit_data "$out"
start_audit "$out"

workstation=(--enrolment "$out/server/stations/sala-operativa" --data "$out/station" --evidence "$out/evidence"
  --people "$out/server/people.toml")

if [ "$tour" = no ]; then
  echo "Apro la parete. Chiudere la finestra per finire."
  "$bin/vedetta" "${workstation[@]}" --secrets file --sign-in operatore 2>"$log/client.log"
  exit
fi

start_display "$out" 1920x1080
rm "$out/display"

echo "Faccio il giro: accesso, parete, dome, limiti, foto, riproduzione, esportazione, manutentore."
good=0
DISPLAY=:$display timeout 900 "$bin/vedetta-check" "${workstation[@]}" tour "$out" --sim-ready "$out/sim.json" \
  2>"$log/client.log" || good=$?

kill -TERM "$audit"
wait "$audit" || true
"$bin/vedetta-audit" log verify --data "$out/server" --json >"$out/audit-verify.json" || good=1
"$bin/vedetta-audit" log export --data "$out/server" "$out/audit-log" || good=1

if [ "$good" -ne 0 ]; then
  echo "Il giro non è riuscito: vedere $out/report.json e $log" >&2
  exit 1
fi
echo "Fatto: $out/report.json, schermate in $out/, registro verificato in $out/audit-log/"
