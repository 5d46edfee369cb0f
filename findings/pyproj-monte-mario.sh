#!/usr/bin/env bash
# Places from Italian maps: the datum Monte Mario is moved by 79 m, by nothing, or by two amounts in one village, without a word.
#
# Versions: PyPI pyproj 3.7.2 (PROJ 9.5.1, EPSG 11.022), no grid files, no network.
# Expected: EPSG:4265 (Monte Mario, longitudes from Greenwich) and EPSG:4806 (the same datum and ellipsoid, longitudes from Rome)
#   differ by a constant of 12 deg 27' 08.4"; the same point comes out at the same place. Within one system neighbours stay
#   neighbours. What cannot be transformed is an error or a warning.
# Seen, as distance from where EPSG:4265 puts the same point:
#     EPSG:4806, Milano      79.3 m    all of the datum shift is missing: degrees are passed on as they are ("ballpark")
#     EPSG:4806, Roma        73.1 m    the same
#     EPSG:4806, Cagliari     4.3 m    the one transformation known for it is Sardinia's
#   No warning, no exception; only the accuracy, if asked for, reads -1, which means unknown.
#     EPSG:4265, two poles 87 m apart on one parallel at Scilla (15.710 and 15.711 E): the second comes out 2.0 m further south.
#     For each point PROJ chooses among twelve transformations by rectangles on the map; Sicily's takes in the tip of Calabria
#     and ends there.
# Why it matters: camera places and masks drawn on the map of the municipality (Gauss-Boaga, cadastre) land on the neighbour's
#   house, or two cameras that look at one crossing disagree by more than a mask's margin.
# What to do: give the transformation, not the two systems (TransformerGroup, one for the whole site), refuse accuracy -1, and
#   check one surveyed point per site.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -s python3-venv >"$work/found" 2>&1 ||
  { apt-get -q update && apt-get -qy install --no-install-recommends python3-venv; } >"$work/apt" 2>&1
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install pyproj==3.7.2

cat >"$work/shift.py" <<'PYTHON'
import warnings
from pyproj import Geod, Transformer

warnings.simplefilter("error")
ROME = 12 + 27 / 60 + 8.4 / 3600
EARTH = Geod(ellps="WGS84")
greenwich = Transformer.from_crs(4265, 4326, always_xy=True)
rome = Transformer.from_crs(4806, 4326, always_xy=True)
failures = []


def check(name, seen, expected):
    print(f"{name}: {seen:.1f} m")
    if abs(seen - expected) > 0.15:
        failures.append(name)


for place, east, north, lost in (("Milano", 9.19, 45.46, 79.3), ("Roma", 12.49, 41.89, 73.1), ("Cagliari", 9.11, 39.22, 4.3)):
    right, other = greenwich.transform(east, north), rome.transform(east - ROME, north)
    check(f"EPSG:4806 against EPSG:4265, {place}", EARTH.inv(*right, *other)[2], lost)

first, second = greenwich.transform(15.710, 38.25), greenwich.transform(15.711, 38.25)
check("EPSG:4265, step in latitude between two poles on one parallel", (first[1] - second[1]) * 111_000, 2.0)
if failures:
    raise SystemExit("how PROJ moves Monte Mario has changed: " + ", ".join(failures))
PYTHON
PROJ_NETWORK=OFF "$work/venv/bin/python" "$work/shift.py"
