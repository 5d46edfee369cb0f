#!/usr/bin/env bash
# BagIt: the Library of Congress's bagit.py calls a package by RFC 8493 incomplete as soon as a name has a percent sign in it.
#
# Versions: bagit (PyPI) 1.9.0 of the Library of Congress; sha256sum of coreutils 9.1.
# Expected: RFC 8493 2.1.3: where a path has a line end or a percent sign, these and only these are written as %0A, %0D and %25 in
#   the manifest of a bag "BagIt-Version: 1.0". One who reads turns them back. "coda 50%.mp4" stands there as "coda 50%25.mp4".
# Seen: it knows %0A and %0D and not %25, in both directions.
#     bag                                                             bagit.py says
#     as the RFC has it, "coda 50%25.mp4" for a file coda 50%.mp4     incomplete: "coda 50%25.mp4" is not there, and "coda 50%.mp4"
#                                                                     is there and not in the manifest
#     made by itself, file coda 50%.mp4                               valid; the manifest has the bare "%", against the RFC
#     made by itself, file porta%0Aest.mp4 (as many recorders'        INCOMPLETE: it looks for a name with a line end in it,
#     web pages call their downloads)                                 in the bag it made a moment before
#   sha256sum -c reads the RFC's manifest as plain names too, and misses the same file.
# Why it matters: an expert checks a copy of evidence with the tool that everybody knows and reads that files are missing and that
#   unknown ones were added, of a package that is whole.
# What to do: give the files of a package names without percent signs and line ends, so that every reading is the same; the name
#   that the file came with stands in a document inside.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -s python3-venv >"$work/found" 2>&1 ||
  { apt-get -q update && apt-get -qy install --no-install-recommends python3-venv; } >"$work/apt" 2>&1
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install bagit==1.9.0

cat >"$work/try.py" <<'PYTHON'
import hashlib, logging, pathlib, sys
import bagit

logging.disable(logging.CRITICAL)
place = pathlib.Path(sys.argv[1])


def verdict(folder):
    try:
        bagit.Bag(str(folder)).validate()
        return "valid"
    except bagit.BagValidationError as error:
        return "; ".join(sorted(str(one).replace("\n", "<line end>") for one in error.details))


def by_hand(name, written):
    """A bag as the RFC has it, with one file, whose name stands in the manifest as `written`."""
    folder = place / "hand"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / name).write_bytes(b"picture")
    (folder / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    (folder / "manifest-sha256.txt").write_text(f"{hashlib.sha256(b'picture').hexdigest()}  data/{written}\n")
    return folder


def by_itself(name):
    folder = place / f"self-{len(list(place.iterdir()))}"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b"picture")
    bagit.make_bag(str(folder), checksums=["sha256"])
    return folder


print("hand", verdict(by_hand("coda 50%.mp4", "coda 50%25.mp4")))
own = by_itself("coda 50%.mp4")
print("own", verdict(own), (own / "manifest-sha256.txt").read_text().split("  ")[1].strip())
print("web", verdict(by_itself("porta%0Aest.mp4")))
PYTHON

"$work/venv/bin/python" "$work/try.py" "$work/bags" >"$work/seen"
cat >"$work/expected" <<'TEXT'
hand data/coda 50%.mp4 exists on filesystem but is not in the manifest; data/coda 50%25.mp4 exists in manifest but was not found on filesystem
own valid data/coda 50%.mp4
web data/porta%0Aest.mp4 exists on filesystem but is not in the manifest; data/porta<line end>est.mp4 exists in manifest but was not found on filesystem
TEXT
diff "$work/expected" "$work/seen"
if (cd "$work/bags/hand" && sha256sum --strict -c manifest-sha256.txt) >"$work/sum" 2>&1; then
  echo "sha256sum reads %25 now" >&2
  exit 1
fi
cat "$work/seen"
echo "As described: bagit.py reads and writes a percent sign bare."
