#!/usr/bin/env bash
# Measures the audit path and writes target/bench/audit.json, beside a plain batched insert of the same bytes into the
# same database (the floor). `--quick` ends within three minutes; `--rows N` sets how many rows are verified and searched
# (1,000,000 when not given; the full figure of the search wants 10,000,000 and some 12 GB of disk).
# Everything is the development profile (opt-level 1), programs and load alike, on the same cores.
set -euo pipefail
cd "$(dirname "$0")/.."

rows=1000000 batches=100 backlog=3840
while [ $# -gt 0 ]; do
  case $1 in
    --quick) rows=150000 batches=25 backlog=200; shift ;;
    --rows) rows=$2; shift 2 ;;
    *) echo "Opzione sconosciuta: $1 (si può usare --quick, --rows)" >&2; exit 2 ;;
  esac
done

rm -f target/bench/audit-*.json
export AUDIT_ROWS=$rows AUDIT_BATCHES=$batches AUDIT_BACKLOG=$backlog
cargo test --quiet --test suite audit_figures -- --ignored --test-threads=1
cargo test --quiet --lib station::outbox::figures -- --ignored --test-threads=1
python3 - <<'PY'
import json, os, pathlib

here = pathlib.Path("target/bench")
parts = {p.stem.removeprefix("audit-"): json.loads(p.read_text()) for p in sorted(here.glob("audit-*.json"))}
parts["machine"] = {"cores": os.cpu_count(), "profile": "dev, opt-level 1"}
(here / "audit.json").write_text(json.dumps(parts, indent=1))
print(json.dumps(parts, indent=1))
PY
