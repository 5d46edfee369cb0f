#!/usr/bin/env bash
# Installs what is missing and runs every test. Extra arguments go to the test runner (a filter, for instance).
set -euo pipefail
cd "$(dirname "$0")/.."

bash packaging/debian-packages.sh test
tools=$PWD/target/tools
export PATH="$tools/bin:$PATH"

# Public tools of the Rust world, built once into target/ where they are missing.
command -v cargo-nextest >/dev/null || cargo install --quiet --locked --root "$tools" cargo-nextest
command -v cargo-deny >/dev/null || cargo install --quiet --locked --root "$tools" cargo-deny
bash packaging/outside-clients.sh

cargo deny --all-features check bans licenses sources
cargo build --workspace --bins
if [ -z "${VEDETTA_ONVIF_REPLIES:-}" ]; then
  echo "VEDETTA_ONVIF_REPLIES non è impostata: si provano le risposte ONVIF scritte a mano (tests/replies), non quelle registrate da telecamere vere." >&2
fi
cargo nextest run --workspace "$@"
