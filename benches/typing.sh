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

python3 - "$place" "$cold" "$right" "$times" "$dropped" "$warm" >"$out/typing.json" <<'PY'
import glob, json, os, sys
place, cold, right, times, dropped, warm = sys.argv[1:]
runs = []
for report in glob.glob(f"{place}/*/typing-run.json"):
    with open(report) as file:
        runs.append((os.path.basename(os.path.dirname(report)), json.load(file)))
entries = [json.loads(line) for file in glob.glob(f"{place}/log/**/*.jsonl", recursive=True) for line in open(file)]

def texts(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value

kept = [set(texts(entry)) for entry in entries]
missing = []
for name, run in runs:
    for stated in run["finished"]:
        for kind in ("sign_in", "change"):
            wanted = {stated[f"{kind}_protocol_no"], stated[f"{kind}_note"]}
            if not any(wanted <= have for have in kept):
                missing.append({"run": name, "wanted": sorted(wanted)})
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
    "not_in_the_register": missing,
    "register_entries": len(entries),
}
good = warm == "true" and right == cold and not missing and report["typed"] == int(times)
print(json.dumps(report, indent=1, ensure_ascii=False))
sys.exit(0 if good else 1)
PY
cat "$out/typing.json"
