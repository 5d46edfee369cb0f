#!/usr/bin/env bash
# Steering: the real client under Xvfb with one dome of the simulated town on its full screen, driven by synthetic keys and
# mouse past masked houses, beside the simulator's truth. For each make of dome: held pans at 1× and 4× by arrows and by the pad
# of the panel, short taps, clicks, wheel notches, boxes, presets, and a walker at 4°/s followed by arrows, by clicks, by the button
# held on the picture and by the pad, which has the stick's rule. What is covered is counted on the window's pixels at least ten
# times a second, and every look is searched for the hue that only private windows have.
#
#   bash benches/steering.sh [--make NAME[,NAME…]|all] [--rows ROW[,ROW…]] [--seconds N] [--seed S] [--window WxH] [--strips]
#
# Makes: vedetta-sim --make (src/sim/makes.rs); by default «comune» with every row, and of preciso, medio, lento, grossolano,
# scalino and digitale only the walker by arrows. Rows: tap, pan, click, notch, box, preset, follow-arrows, follow-click,
# follow-pointer, pad, follow-stick. --seconds: how long a walker is followed (20). --strips: also leave
# strip-pan.png, strip-click.png and strip-notch.png in target/bench/steering/MAKE/shots, to be looked at. One make with every row
# takes about nine minutes.
#
# Writes target/bench/steering.json. Fails when something leaked or a row could not be run.
# Deliberately absent: targets; anything that outlives it.
set -euo pipefail
cd "$(dirname "$0")/.."

makes='' rows='' seconds=20 seed=2 window=1024x640 strips=()
while [ $# -gt 0 ]; do
  case $1 in
    --make) makes=$2; shift 2 ;;
    --rows) rows=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --window) window=$2; shift 2 ;;
    --strips) strips=(--strips); shift ;;
    *) echo "unknown option: $1 (known: --make, --rows, --seconds, --seed, --window, --strips)" >&2; exit 2 ;;
  esac
done
unset DISPLAY WAYLAND_DISPLAY

cargo build --workspace --bins
bin=${CARGO_TARGET_DIR:-target}/debug
out=target/bench/steering
rm -rf "$out" target/bench/steering.json
mkdir -p "$out" target/demo-cache
umask 077

. packaging/start.sh

every=tap,pan,click,notch,box,preset,follow-arrows,follow-click,follow-pointer,pad,follow-stick
good=0

run() { # make rows
  local make=$1 wanted=$2
  local folder=$out/$make
  log=$folder/log
  mkdir -p "$log" "$folder/shots"
  echo "Steering «$make»: $wanted"
  start_town "$folder" --cameras 1 --domes 1 --seed "$seed" --make "$make" --sight-test
  make_audit_data "$folder"
  sed -i '1i lock_minutes = 0' "$folder/server/server.toml"
  start_audit "$folder"
  start_display "$folder" "$window"
  # Every row ends by itself within three minutes.
  DISPLAY=:$display timeout 1500 "$bin/vedetta-check" \
    --enrolment "$folder/server/stations/sala-operativa" --data "$folder/station" --evidence "$folder/evidence" \
    --people "$folder/server/people.toml" steering "$folder/shots" --sim-ready "$folder/sim.json" \
    --rows "$wanted" --seconds "$seconds" "${strips[@]}" 2>"$log/client.log" || good=1
  end_started
}

case $makes in
  '')
    run comune "${rows:-$every}"
    for make in preciso medio lento grossolano scalino digitale; do run "$make" "${rows:-follow-arrows}"; done ;;
  all)
    known=$("$bin/vedetta-sim" --list-makes)
    for make in $known; do run "$make" "${rows:-$every}"; done ;;
  *) for make in ${makes//,/ }; do run "$make" "${rows:-$every}"; done ;;
esac

python3 - "$out" "$window" "$(git describe --always --dirty 2>/dev/null || echo unknown)" >target/bench/steering.json <<'PY'
import glob, json, os, sys
out, window, tree = sys.argv[1:]
makes = {}
for folder in sorted(glob.glob(f"{out}/*/"), key=os.path.getmtime):
    name = os.path.basename(os.path.dirname(folder))
    report = f"{folder}shots/steering-run.json"
    if os.path.exists(report):
        with open(report) as file:
            makes[name] = json.load(file)
    else:
        makes[name] = {"trouble": f"no report: see {folder}log"}
print(json.dumps({
    "tree": tree,
    "window": window,
    "leaked_pixels": sum(make.get("leaked_pixels", 0) for make in makes.values()),
    "makes": makes,
}, indent=1, ensure_ascii=False))
PY
cat target/bench/steering.json
exit $good
