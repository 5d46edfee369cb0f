#!/usr/bin/env bash
# H.265 for Apple's players: with -tag:v hvc1 new FFmpeg drops a camera's later parameter sets; what follows a change is shattered, no word.
#
# Versions: FFmpeg 9.0.2 in PyPI's imageio-ffmpeg 0.8.1; PyPI av 18.1.0 (its own FFmpeg, libavformat 62.12); FFmpeg 5.1.9 of Debian 12,
#   which does not do it, as encoder and reader; GStreamer 1.22.0 of Debian 12 as the other reader.
# Expected: a copy changes no picture. MP4 has two names for H.265 (ISO/IEC 14496-15 8.3.2): with hev1 parameter sets may lie among the
#   pictures, with hvc1 only in the sample entry; a stream that changes them needs another entry, or is refused, or stays hev1.
# Seen, 2 s before and 2 s after a change, from MPEG-TS or a bare stream, "-c copy", pictures that are as they were sent:
#                                           5.1.9, hev1 or hvc1   9.0.2 and av, hev1   9.0.2 and av, hvc1    what a reader says
#     the same parameter sets again         100 of 100            100 of 100           100 of 100            nothing
#     other quality of colours              100 of 100            100 of 100           50 of 100             nothing
#     turned by 90 degrees                  100 of 100            100 of 100           50 of 100             nothing
#     smaller blocks                        100 of 100            100 of 100           50 of 100             one line for 50 pictures
#   Every parameter set after the first is taken out of the pictures, whether it is like the first or not, and no second entry is made.
#   FFmpeg writes 100 pictures and the right length, warns of nothing, exit code 0; decoded with the old sets the rest is coloured
#   rubble of the old size, in GStreamer too. From MP4 or Matroska to MP4 the same command keeps them: what is lost depends on the
#   container it comes from.
# Why it matters: hvc1 is what one is told to add, because Apple's players open nothing else. A camera that is turned, restarted with
#   other settings or set to another profile at night sends new parameter sets in the same session. A test with one setting passes, the
#   length is right, and what was recorded after the change cannot be had back: the sets are nowhere in the file.
# What to do: keep recordings as hev1, MPEG-TS or Matroska; make hvc1 of them afterwards, one file for each set; compare the pictures'
#   hashes (-f framemd5) of both before the first is given away.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in ffmpeg python3-venv gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav; do
  dpkg -s "$package" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$package"; } >"$work/apt" 2>&1
done
/usr/bin/python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install imageio-ffmpeg==0.8.1 av==18.1.0

cat >"$work/change.py" <<'PYTHON'
import pathlib, shlex, subprocess, sys
import av, imageio_ffmpeg

NEW = imageio_ffmpeg.get_ffmpeg_exe()
CODER = "log-level=none:keyint=25:min-keyint=25:scenecut=0:bframes=0:repeat-headers=1:pools=none:frame-threads=1"


def run(command):
    """What it says; whatever fails ends the trial."""
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, timeout=60)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr}")
    return done.stdout, done.stderr


def coded(name, size, more=""):
    run(f"ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size={size}:rate=25 -frames:v 50 -pix_fmt yuv420p -c:v libx265 "
        f"-preset ultrafast -x265-params {CODER}{more} {name}.hevc")
    return pathlib.Path(f"{name}.hevc").read_bytes()


def pictures(file):
    """Hash of each picture that FFmpeg 5.1 decodes, and what it says."""
    out, said = run(f"ffmpeg -nostdin -v error -i {file} -fps_mode passthrough -f framemd5 -")
    return [line.split(",")[-1].strip() for line in out.splitlines() if line[:1].isdigit()], said


def by_gstreamer(file):
    """Bytes of each picture as GStreamer gives it, with the size it has."""
    run(f"gst-launch-1.0 -q filesrc location={file} ! qtdemux ! h265parse ! avdec_h265 ! filesink location=raw")
    data, size = pathlib.Path("raw").read_bytes(), 320 * 192 * 3 // 2
    return [data[at:at + size] for at in range(0, len(data), size)]


def by_av(source, tag, target):
    with av.open(source) as read, av.open(target, "w") as write:
        video = write.add_stream_from_template(read.streams.video[0])
        video.codec_context.codec_tag = tag
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                write.mux(packet)
    return ""


def by_ffmpeg(which):
    return lambda source, tag, target: run(f"{which} -nostdin -v warning -y -i {source} -c copy -tag:v {tag} {target}")[1]


def sets(stream):
    """Its parameter sets, NAL units 32 to 34."""
    return {unit for unit in stream.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:] if 32 <= unit[0] >> 1 <= 34}


before = coded("before", "320x192")
after = {
    "same": before,
    "colours": coded("colours", "320x192", ":cbqpoffs=8:crqpoffs=-8"),
    "turned": coded("turned", "192x320"),
    "blocks": coded("blocks", "320x192", ":ctu=16:max-tu-size=16"),
}
WRITERS = {"5.1.9": by_ffmpeg("ffmpeg"), "9.0.2": by_ffmpeg(NEW), "av": by_av}
for change, rest in after.items():
    pathlib.Path("sent.hevc").write_bytes(before + rest)
    run("ffmpeg -nostdin -v error -y -r 25 -i sent.hevc -c copy sent.ts")
    sent, _ = pictures("sent.hevc")
    later = sets(rest) - sets(before)

    def compared(copied):
        got, said = pictures(copied)
        right = sum(mine == theirs for mine, theirs in zip(got, sent))
        kept = sum(unit in pathlib.Path(copied).read_bytes() for unit in later)
        return f"{right} of {len(got)}, reader says {len(said.splitlines())}, {kept} of {len(later)} new sets in the file"

    for writer, copy in WRITERS.items():
        for tag in ("hev1", "hvc1"):
            warned = copy("sent.ts", tag, f"{tag}.mp4")
            print(f"{change}, {writer}, {tag}: {compared(f'{tag}.mp4')}{', a warning' * bool(warned)}")
    by_ffmpeg(NEW)("sent.hevc", "hvc1", "bare.mp4")
    print(f"{change}, bare stream, 9.0.2, hvc1: {compared('bare.mp4')}")
    if change == "colours":  # hev1.mp4 and hvc1.mp4 are those of av
        kept, dropped = by_gstreamer("hev1.mp4"), by_gstreamer("hvc1.mp4")
        print(f"colours, GStreamer: {sum(one == other for one, other in zip(kept, dropped))} of {len(dropped)}")
    for source in ("kept.mp4", "kept.mkv"):
        run(f"{NEW} -nostdin -v error -y -i sent.ts -c copy {source}")
        by_ffmpeg(NEW)(source, "hvc1", "copy.mp4")
        print(f"{change}, {source}, 9.0.2, hvc1: {compared('copy.mp4')}")
PYTHON
seen=$(cd "$work" && timeout 200 venv/bin/python change.py)
expected=$(
  for change in same colours turned blocks; do
    sets=1 said=0
    case $change in same) sets=0 ;; blocks) said=1 ;; esac
    kept="100 of 100, reader says 0, $sets of $sets new sets in the file"
    dropped="50 of 100, reader says $said, 0 of 1 new sets in the file"
    [ $change != same ] || dropped=$kept
    printf "$change, %s\n" "5.1.9, hev1: $kept" "5.1.9, hvc1: $kept" "9.0.2, hev1: $kept" "9.0.2, hvc1: $dropped" "av, hev1: $kept" \
      "av, hvc1: $dropped" "bare stream, 9.0.2, hvc1: $dropped"
    [ $change != colours ] || echo "colours, GStreamer: 50 of 100"
    printf "$change, %s\n" "kept.mp4, 9.0.2, hvc1: $kept" "kept.mkv, 9.0.2, hvc1: $kept"
  done
)
echo "$seen"
[ "$seen" = "$expected" ] || { echo "what becomes of a change of parameter sets has changed" >&2; exit 1; }
