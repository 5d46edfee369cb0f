#!/usr/bin/env bash
# Recordings cut by FFmpeg: in the night when the clocks go back, an hour of files is written over, also with -n, and exit code 0.
#
# Versions: FFmpeg 5.1.9 of Debian 12, muxers segment and hls; faketime 0.9.10 of Debian 12 to have that night in half a minute.
# Expected: "-n never overwrite output files" (ffmpeg -h): it stops at a file that is there, as it does with -f matroska.
# Seen, one run from 01:45 summer time on, 93 minutes, a file every ten, named by -strftime 1 in Europe/Rome, 25 October 2026:
#     name                            pieces    files    02:00 to 02:20 summer time    the list has                FFmpeg says
#     segment, %Y-%m-%d_%H-%M         10        8        gone: the later hour is in    both, under one name        nothing
#                                                        the files of that name
#     hls, %Y-%m-%d_%H-%M             10        8        gone, likewise                both, under one name, with  "Duplicated segment
#                                                                                      +0200 and with +0100        filename detected"
#     segment, %Y-%m-%d_%H-%M%z       10        10       there                         both                        nothing
#   These two muxers open their files themselves and ask nobody: -n has no say even for a first piece that is there. The playlist tells
#   the right time of day for both pieces and plays the later one twice.
# Why it matters: it goes on until 03:00, so the hour from 02:00 to 03:00 summer time is lost each year, in the night to a Sunday, and
#   nothing is missing by name: 02-00 to 02-50 are all there. A piece that is cut short by a restart takes the place of a whole one.
#   Frigate lost that hour so (its issue 4270, 2022) and moved to UTC.
# What to do: TZ=UTC for the process that records, or %z in the name; compare the number of pieces in the list with the files; test with
#   this night.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg faketime tzdata python3; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done

mkdir "$work/night"
cd "$work/night"
echo kept >there.mkv
echo kept >there-0.mkv
try=(-nostdin -v quiet -n -f lavfi -i testsrc=rate=1:size=64x48 -t 1 -c:v mpeg4)
if ffmpeg "${try[@]}" there.mkv || [ "$(cat there.mkv)" != kept ]; then echo "-n lets a file be written over" >&2; exit 1; fi
ffmpeg "${try[@]}" -f segment there-%d.mkv
if [ "$(head -c 4 there-0.mkv)" = kept ]; then echo "-n holds for segment now" >&2; exit 1; fi
minute='%Y-%m-%d_%H-%M'
coder=(-map 0:v -c:v mpeg4 -g 1 -threads 1)
TZ=Europe/Rome timeout 100 faketime -f '@2026-10-25 01:45:00 x240' ffmpeg -nostdin -v warning -n -re -t 5580 \
  -f lavfi -i testsrc=rate=1:size=64x48 \
  "${coder[@]}" -f segment -segment_time 600 -segment_atclocktime 1 -strftime 1 -segment_list local.csv "local_$minute.mkv" \
  "${coder[@]}" -f segment -segment_time 600 -segment_atclocktime 1 -strftime 1 -segment_list zone.csv "zone_$minute%z.mkv" \
  "${coder[@]}" -f hls -hls_time 600 -strftime 1 -hls_list_size 0 -hls_flags program_date_time -hls_segment_filename "hls_$minute.ts" \
  live.m3u8 >../said 2>&1

cat >../look.py <<'PYTHON'
import csv, pathlib, re, subprocess, sys


def first_picture(file):
    out = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", file],
                         stdout=subprocess.PIPE, text=True, check=True, timeout=30).stdout
    return float(out.split()[0].strip(","))


def look(what, pieces):
    """pieces: name and beginning, in seconds since the recording began, of each piece in the list."""
    began = {}
    for name, begin in pieces:
        began.setdefault(name, []).append(begin)
    twice = {name: times for name, times in began.items() if len(times) > 1}
    files = sorted(path.name for path in pathlib.Path(".").glob(f"{what}_*"))
    for name, times in began.items():
        print(f"  {name}: in the list from {', '.join(f'{time:.0f}' for time in times)} s; the file is from {first_picture(name):.0f} s")
    later = all(abs(first_picture(name) - times[-1]) < 3 and times[1] - times[0] > 3000 for name, times in twice.items())
    print(f"{what}: {len(pieces)} pieces, {len(files)} files, {len(twice)} names twice, the later piece in each: {later}")
    return len(pieces) - len(files), len(twice), later and sorted(began) == files


lists = {what: [(row[0], float(row[1])) for row in csv.reader(open(f"{what}.csv"))] for what in ("local", "zone")}
playlist = open("live.m3u8").read()
lists["hls"] = [(name, 600 * count + 1.4) for count, name in enumerate(re.findall(r"^hls_.*", playlist, re.M))]  # TS begins at 1.4 s
seen = {what: look(what, pieces) for what, pieces in lists.items()}
zones = {}
for zone, name in re.findall(r"DATE-TIME:\S+([+-]\d{4})\n(\S+)", playlist):
    zones.setdefault(name, []).append(zone)
both = [told for told in zones.values() if len(told) > 1]
print("hls: time zones told for a name that stands twice:", both)
said = open("../said").read().splitlines()
print("\n".join(["FFmpeg says:", *said]))
warned = [line.split("detected: ")[-1] for line in said if "hls muxer" in line and "Duplicated segment filename detected" in line]
LOST = ((2, 2, True), (3, 3, True))  # a third where the machine was slow
if seen["zone"] != (0, 0, True) or seen["local"] not in LOST or seen["hls"] not in LOST or len(said) != len(warned) or \
        len(warned) != seen["hls"][1] or any(told != ["+0200", "+0100"] for told in both):
    sys.exit("what becomes of the hour that comes twice has changed")
PYTHON
python3 ../look.py
