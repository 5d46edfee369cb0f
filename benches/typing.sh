#!/usr/bin/env bash
# Typing fast on a busy machine: simulated town, audit server and the real client under Xvfb, beside two processes that take all
# of the processor they get.
#
# 1. The client is started N times with cold caches, and signed in by keys as soon as its first screen is there.
# 2. One running client has its sign-in screen filled in M times at 5 ms a key (name, Tab, password, Tab, arrows over the
#    purposes, Tab, protocol number, Tab, note) and emptied again by Shift+Tab; each 25th time the sign-in is finished and the
#    purpose changed in its dialogue, as fast.
#
# Each time every field must hold what was typed for it, and in the end the register must have each protocol number and note
# once, as typed. Writes target/bench/typing.json.
#
#   bash benches/typing.sh [--cold N] [--times M]
#
# Caches are dropped where this account may (/proc/sys/vm/drop_caches); the report says whether they were.
# Deliberately absent: anything that outlives it.
set -euo pipefail
cd "$(dirname "$0")/.."

cold=50 times=500
while [ $# -gt 0 ]; do
  case $1 in
    --cold) cold=$2; shift 2 ;;
    --times) times=$2; shift 2 ;;
    *) echo "Opzione sconosciuta: $1 (si può usare --cold, --times)" >&2; exit 2 ;;
  esac
done
cargo build --bins
bin=${CARGO_TARGET_DIR:-target}/debug

out=target/bench place=target/bench/typing
log=$place
rm -rf "$place" "$out/typing.json"
mkdir -p "$place" target/demo-cache
umask 077

. packaging/start.sh

start_town "$place" --cameras 1 --domes 0 --seed 7
make_audit_data "$place"
sed -i '1i lock_minutes = 0' "$place/server/server.toml"
start_audit "$place"
start_display "$place" 1366x768

for _ in 1 2; do
  timeout 3600 sh -c 'while :; do :; done' &
  started+=($!)
done

dropped=true
forget() { # Drops the system's caches, where it may.
  sync
  { echo 3 >/proc/sys/vm/drop_caches; } 2>/dev/null || dropped=false
}

types() { # name times seconds
  mkdir -p "$place/$1"
  DISPLAY=:$display RUST_LOG=${RUST_LOG:-warn} timeout "$3" "$bin/vedetta" \
    --enrolment "$place/server/stations/sala-operativa" --data "$place/station" --evidence "$place/evidence" --secrets file \
    --people "$place/server/people.toml" --tour "$place/$1" --sim-ready "$place/sim.json" --typing "$2" \
    2>"$place/$1/client.log"
}

right=0
for n in $(seq "$cold"); do
  forget
  if types "cold-$n" 1 300; then right=$((right + 1)); else echo "Avvio $n: vedere $place/cold-$n" >&2; fi
done

warm=true
types warm "$times" $((times * 10 + 300)) || warm=false

kill -TERM "$audit"
wait "$audit" || true
"$bin/vedetta-audit" log export --data "$place/server" "$place/log" >/dev/null

good=0
python3 - "$place" "$cold" "$right" "$times" "$dropped" "$warm" >"$out/typing.json" <<'PY' || good=1
import collections, glob, json, os, sys, tomllib
place, cold, right, times, dropped, warm = sys.argv[1:]
runs = []
for report in glob.glob(f"{place}/*/typing-run.json"):
    with open(report) as file:
        runs.append((os.path.basename(os.path.dirname(report)), json.load(file)))
# What the server itself wrote down: each sign-in and each change of purpose once, in the name that was typed.
def stated(body):
    return body["operation"], body["person"], body.get("protocol_no", ""), body["parameters"].get("note", "")

with open(f"{place}/server/people.toml", "rb") as file:
    user = next(p["user"] for p in tomllib.load(file)["person"] if p["level"] == "supervisor")
bodies = []
for file in glob.glob(f"{place}/log/*/bodies.jsonl"):
    with open(file) as lines:
        bodies += [json.loads(json.loads(line)["body"]) for line in lines]
ours = [b for b in bodies if b["station"] == "server" and b["operation"] in ("sign_in", "purpose_change")]
kept = collections.Counter(map(stated, ours))
wanted = collections.Counter()
for _, run in runs:
    for f in run["finished"]:
        wanted["sign_in", user, f["sign_in_protocol_no"], f["sign_in_note"]] += 1
        wanted["purpose_change", user, f["change_protocol_no"], f["change_note"]] += 1
of = dict(runs)
report = {
    "cold_starts": int(cold),
    "cold_starts_right": int(right),
    "caches_dropped": dropped == "true",
    "times": int(times),
    "typed": of.get("warm", {}).get("typed", 0),
    "keys": sum(run["keys"] for _, run in runs),
    "finished": sum(len(run["finished"]) for _, run in runs),
    "astray": [{"run": name, **astray} for name, run in runs for astray in run["astray"]],
    "in_the_register": sum((wanted & kept).values()),
    "not_in_the_register": [list(key) for key in (wanted - kept).elements()],
    "in_the_register_and_not_typed": [list(key) for key in (kept - wanted).elements()],
}
good = warm == "true" and right == cold and wanted == kept and report["typed"] == int(times)
print(json.dumps(report, indent=1, ensure_ascii=False))
sys.exit(0 if good else 1)
PY
cat "$out/typing.json"
exit $good
