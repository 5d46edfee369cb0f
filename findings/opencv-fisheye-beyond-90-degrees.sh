#!/usr/bin/env bash
# Fisheye lenses: OpenCV's fisheye model puts what lies beyond 90 degrees on the opposite side of the picture.
#
# Versions: PyPI opencv-python-headless 5.0.0.93 (4.12.0.88 does the same).
# Expected: cv2.fisheye is the model of Kannala and Brandt, radius = f x angle, made for lenses beyond 180 degrees: an angle of
#   95 degrees from the axis lies a little further out than one of 85, and goes back the same way.
# Seen, f = 300 pixels, no distortion, centre 640:
#     angle    projectPoints, column (angle read back from it)     undistortPoints of the column where it belongs
#     85       1085.1 ( 85)                                         85
#     89       1106.0 ( 89)                                         89
#     91        174.0 (-89)  the other side of the picture          90
#     95        194.9 (-85)                                         90
#     100       221.1 (-80)                                         90
#   projectPoints works on x/z, so a point behind the plane of the lens is the mirror image of one in front of it; undistortPoints
#   stops at 90, so that whatever is seen between 90 and the rim is one and the same direction. No error, no mark.
# Why it matters: ceiling domes of 185 to 200 degrees are common. A mask with one corner above the horizon (a window upstairs) is
#   drawn across the whole picture or beside the window; a direction that comes out of the rim points at the wrong place.
# What to do: compute the angle with atan2(hypot(x, y), z) and go on from there oneself; test with angles past 90.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -s python3-venv >"$work/found" 2>&1 ||
  { apt-get -q update && apt-get -qy install --no-install-recommends python3-venv; } >"$work/apt" 2>&1
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install opencv-python-headless==5.0.0.93

cat >"$work/lens.py" <<'PYTHON'
import cv2
import numpy

FOCUS, CENTRE = 300.0, 640.0
CAMERA = numpy.array([[FOCUS, 0, CENTRE], [0, FOCUS, CENTRE], [0, 0, 1]])
NONE, STRAIGHT = numpy.zeros((4, 1)), numpy.zeros(3)


def projected(degrees):
    angle = numpy.radians(degrees)
    point = numpy.array([[[numpy.sin(angle), 0.0, numpy.cos(angle)]]])
    column = cv2.fisheye.projectPoints(point, STRAIGHT, STRAIGHT, CAMERA, NONE)[0][0, 0, 0]
    return column, numpy.degrees((column - CENTRE) / FOCUS)


def seen_at(degrees):
    column = CENTRE + FOCUS * numpy.radians(degrees)
    return numpy.degrees(numpy.arctan(cv2.fisheye.undistortPoints(numpy.array([[[column, CENTRE]]]), CAMERA, NONE)[0, 0, 0]))


changed = False
for degrees, there, back in ((85, 85, 85), (89, 89, 89), (91, -89, 90), (95, -85, 90), (100, -80, 90)):
    column, read = projected(degrees)
    print(f"{degrees:3} degrees: column {column:6.1f}, which is {read:.0f} degrees; back from its own column: {seen_at(degrees):.0f}")
    changed |= abs(read - there) > 0.5 or abs(seen_at(degrees) - back) > 0.5
raise SystemExit("what OpenCV's fisheye model does past 90 degrees has changed" if changed else 0)
PYTHON
"$work/venv/bin/python" "$work/lens.py"
