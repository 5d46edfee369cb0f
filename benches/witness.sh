#!/usr/bin/env bash
# The picture as a witness of motion beside OpenCV, on the same pictures and one thread each; writes target/bench/witness.json.
# Needs PyPI: OpenCV and numpy go into a temporary folder, pinned. Takes about two minutes when everything is built.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p target/bench
# The profile the programs are built in.
cargo bench --profile dev --bench witness -- "$folder"
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$folder/python/bin/python" benches/witness/opencv.py "$folder" target/bench/witness.json
