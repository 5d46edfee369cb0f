#!/usr/bin/env bash
# Pictures of the screens without a display, with test pictures instead of cameras: every screen in Italian and English at the sizes
# and scales that must work, as FOLDER/SIZE@SCALE/LANGUAGE/SCREEN.png. Each is to be looked at by a person.
#
#   bash packaging/screens.sh FOLDER [SCREEN…]
#   SIZES='1366x768@1.5' LANGUAGES=en bash packaging/screens.sh target/screens wall help
#
# Deliberately absent: comparing pictures with earlier ones.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:?folder of the pictures}
shift
sizes=${SIZES:-1366x768@1 1366x768@1.25 1366x768@1.5 1280x1024@1 1920x1080@2}
languages=${LANGUAGES:-it en}
cargo build -p vedetta-check --example screens
screens=${CARGO_TARGET_DIR:-target}/debug/examples/screens

mkdir -p "$folder"
log=$folder
missing=()
. packaging/start.sh
read -ra names <<<"${*:-$("$screens" --list | tr '\n' ' ')}"

for size in $sizes; do
  start_display "$folder" "${size%@*}"
  for language in $languages; do
    mkdir -p "$folder/$size/$language"
    for name in "${names[@]}"; do
      picture=$folder/$size/$language/$name.png
      rm -f "$picture"
      DISPLAY=:$display WINIT_X11_SCALE_FACTOR=${size#*@} timeout 60 \
        "$screens" "$name" "$language" --picture "$picture" 2>>"$folder/screens.log" || true
      [ -s "$picture" ] || { missing+=("$name ($size, $language)"); echo "no picture of ${missing[-1]}" >&2; }
    done
  done
  end_started
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "${#missing[@]} pictures are missing: see $folder/screens.log" >&2
  exit 1
fi
