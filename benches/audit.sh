#!/usr/bin/env bash
# Measures the audit path and writes target/bench/audit.json, beside a plain batched insert of the same bytes into the
# same database (the floor). `--quick` ends within three minutes. `--rows N` sets how many leaves are verified (1,000,000
# when not given), `--searched N` how many are searched (10,000,000: about 12 GB of disk). `--part NAME` measures one part
# only (ingest_sqlite, ingest_postgres, one_event, included, backlog, search, verify, outbox) and leaves the figures of the
# others, so that what takes long need not be measured together with what wants a quiet machine. `--against PROGRAM` measures
# ingest on SQLite three times with this build's server and three times with another `vedetta-audit`, in turns.
# Everything is the development profile (opt-level 1), programs and load alike, on the same cores.
set -euo pipefail
cd "$(dirname "$0")/.."

rows=1000000 searched=10000000 batches=100 backlog=3840 part= against=
while [ $# -gt 0 ]; do
  case $1 in
    --quick) rows=150000 searched=150000 batches=25 backlog=200; shift ;;
    --rows) rows=$2; shift 2 ;;
    --searched) searched=$2; shift 2 ;;
    --part) part=$2; shift 2 ;;
    --against) against=$(realpath "$2"); shift 2 ;;
    *) echo "Opzione sconosciuta: $1 (si può usare --quick, --rows, --searched, --part, --against)" >&2; exit 2 ;;
  esac
done

if [ -z "$part" ]; then rm -f target/bench/audit-*.json; fi
export AUDIT_ROWS=$rows AUDIT_SEARCHED=$searched AUDIT_BATCHES=$batches AUDIT_BACKLOG=$backlog
if [ -n "$against" ]; then
  own=$(realpath "${CARGO_TARGET_DIR:-target}/debug/vedetta-audit")
  rm -f target/bench/audit-ingest-sqlite*.json
  for turn in 1 2 3; do
    for program in "" "$against"; do
      VEDETTA_AUDIT_PROGRAM=${program:-$own} \
        cargo test --quiet --test suite audit_figures::ingest_sqlite -- --ignored --test-threads=1
      mv target/bench/audit-ingest-sqlite.json "target/bench/audit-ingest-sqlite-${program:+other-}$turn.json"
    done
  done
elif [ "$part" != outbox ]; then
  cargo test --quiet --test suite "audit_figures::$part" -- --ignored --test-threads=1
fi
if [ -z "$against" ] && { [ -z "$part" ] || [ "$part" = outbox ]; }; then
  cargo test --quiet --lib station::record::outbox::figures -- --ignored --test-threads=1
fi
python3 - <<'PY'
import json, os, pathlib

here = pathlib.Path("target/bench")
parts = {p.stem.removeprefix("audit-"): json.loads(p.read_text()) for p in sorted(here.glob("audit-*.json"))}
parts["machine"] = {"cores": os.cpu_count(), "profile": "dev, opt-level 1"}
(here / "audit.json").write_text(json.dumps(parts, indent=1))
print(json.dumps(parts, indent=1))
PY
