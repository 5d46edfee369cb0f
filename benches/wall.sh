#!/usr/bin/env bash
# The wall against everything else on this machine: starts the simulated town, the client and each peer in turn on the
# same streams and the same window (1920×1080, a display of its own, software drawing), prints a table and writes
# target/bench/wall.json. Options: --quick (within 5 minutes), --tiles 16,36,64, --only NAME,…, --seconds S,
# --soak MINUTES. What each figure means: benches/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

bash packaging/debian-packages.sh run
peers=(xvfb mpv ffmpeg vlc-bin vlc-plugin-base vlc-plugin-video-output gstreamer1.0-tools gstreamer1.0-x python3)
missing=()
for package in "${peers[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  echo "Installo i concorrenti: ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

cargo build --workspace --bins --example wall-eye --example wall-floor
exec python3 benches/wall/run.py --bin "${CARGO_TARGET_DIR:-target}/debug" "$@"
