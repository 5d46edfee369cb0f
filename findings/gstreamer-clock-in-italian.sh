#!/usr/bin/env bash
# RTSP times: in a program that speaks Italian GStreamer cuts the fraction of a second off every time of day, reading and writing.
#
# Versions: GStreamer 1.22.0 of Debian 12 (libgstrtsp-1.0, gir1.2-gst-plugins-base-1.0 1.22.0-3+deb12u7).
# Expected: the times of a protocol are the same in all languages. RFC 2326 3.7 writes fractions of a second with a point,
#   clock=19961108T143720.25Z-, and ONVIF replay asks by such times.
# Seen, what gst_rtsp_range_parse reads and gst_rtsp_range_to_string makes of it:
#                                     LC_ALL=C                            LC_ALL=it_IT.UTF-8
#     clock=20261025T003059.75Z-      59.75 s, written as it came         59.0 s, written clock=20261025T003059Z-
#     clock=20261025T003059.05Z-      59.05 s, written as it came         59.0 s, written clock=20261025T003059Z-
#     npt=7.25-9.5                    7.25 s, written as it came          7.25 s, written as it came
#   Only the time of day is read by a C function that wants the comma of the language; at the point it stops, and the answer is "read".
# Why it matters: programs with windows of GTK or Qt, and gst-launch-1.0, take the user's language on at their start; tests run in C. From
#   the Italian desk a replay or an export begins up to 999 ms before the time that was cleared, and two requests within one second
#   are one. With npt, as in most tests, all is well.
# What to do: setlocale(LC_NUMERIC, "C") after the windows' library has started, or read and write these ranges oneself; run one test in
#   Italian.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in gir1.2-gst-plugins-base-1.0 locales python3-gi; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
dpkg-query -W -f '${Package} ${Version}\n' gir1.2-gst-plugins-base-1.0
mkdir "$work/languages"
localedef -i it_IT -f UTF-8 "$work/languages/it_IT.UTF-8"

cat >"$work/read.py" <<'PYTHON'
import locale, sys
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import Gst, GstRtsp

Gst.init(None)
locale.setlocale(locale.LC_ALL, "")
for text in ("clock=20261025T003059.75Z-", "clock=20261025T003059.05Z-", "npt=7.25-9.5"):
    result, found = GstRtsp.RTSPRange.parse(text)
    print(f"{result.value_nick} {text}: {found.min.seconds % 60:g} s, {GstRtsp.RTSPRange.to_string(found)}")
PYTHON
seen=$(
  for language in C it_IT.UTF-8; do
    LOCPATH=$work/languages LC_ALL=$language /usr/bin/python3 "$work/read.py" | sed "s/^/$language: /"
  done
)
expected="C: ok clock=20261025T003059.75Z-: 59.75 s, clock=20261025T003059.75Z-
C: ok clock=20261025T003059.05Z-: 59.05 s, clock=20261025T003059.05Z-
C: ok npt=7.25-9.5: 7.25 s, npt=7.25-9.5
it_IT.UTF-8: ok clock=20261025T003059.75Z-: 59 s, clock=20261025T003059Z-
it_IT.UTF-8: ok clock=20261025T003059.05Z-: 59 s, clock=20261025T003059Z-
it_IT.UTF-8: ok npt=7.25-9.5: 7.25 s, npt=7.25-9.5"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "how GStreamer reads the times of RTSP in two languages has changed" >&2; exit 1; }
