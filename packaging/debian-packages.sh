#!/usr/bin/env bash
# Installs what Vedetta needs to build and run on Debian 12 and is not there yet. Takes one argument, the purpose:
# `run` (build and run), or `test` (that and what only the tests use).
# Deliberately absent: a Rust toolchain; the README says where it comes from.
set -euo pipefail
purpose=${1:-run}

packages=(
  build-essential clang mold cmake pkg-config git ca-certificates
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstrtspserver-1.0-dev
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
  gstreamer1.0-libav gstreamer1.0-tools gstreamer1.0-rtsp
  libvulkan1 mesa-vulkan-drivers libgl1-mesa-dri libegl1 libxkbcommon0 libxkbcommon-x11-0 libx11-6 libx11-xcb1
  libxcursor1 libxi6 libxrandr2 libwayland-client0 libdbus-1-3
)
[ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || packages+=(xvfb)
if [ "$purpose" = test ]; then
  packages+=(xvfb ffmpeg dbus gnome-keyring python3 python3-venv nodejs postgresql-15 pgbouncer strace)
  command -v npm >/dev/null || packages+=(npm)
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "Mancano pacchetti di sistema: rieseguire come root, oppure installare: ${missing[*]}" >&2; exit 1; }
    sudo=(sudo)
  fi
  echo "Installo: ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

if ! command -v cargo >/dev/null; then
  echo "Manca la toolchain di Rust (1.95 o più recente): installarla da https://rustup.rs e rieseguire." >&2
  exit 1
fi
