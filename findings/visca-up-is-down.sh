#!/usr/bin/env bash
# Cameras steered by VISCA: with PyPI's visca-over-ip up is down and left is right, with pyvisca one step down is 37 steps.
#
# Versions: PyPI visca-over-ip 0.5.2 and pyvisca 0.1.9.
# Expected: what Sony's list has (SRG-300H, "Pan-tiltDrive"): 06 01 with speeds 01 to 18 hex, then 01 left or 02 right, 01 up or 02 down;
#   06 03 by a relative position, four nibbles an axis, in two's complement, tilt upwards positive; gains in two nibbles, 0p 0q.
# Seen, what goes out, and what it says by that list:
#     visca-over-ip: pantilt(5, 5), "positive numbers cause a left pan", "an upward tilt"   right, down
#     visca-over-ip: pantilt(5, 5, 100, 100, relative=True), the same signs                 up
#     visca-over-ip: decrease_blue_gain()                                                   RED gain down
#     visca-over-ip: set_red_gain(200), set_red_gain(255); 0 to 255 are allowed             byte C8 for 0C 08; byte FF, the end mark
#     pyvisca: relative_position, one step left and down                                    5 left, 37 down
#     pyvisca: the same with pan speed 18 of 24                                             speed 24: decimal digits as hexadecimal
#     pyvisca: set_pan(-100)                                                                -101
#     pyvisca: get_pan() of a camera at -100                                                65436, which set_pan refuses
#   Nothing raises, and but for the last line nothing is said.
# Why it matters: a stick's "up" turns the dome down onto the street; a way there and back by single steps ends 36 steps lower each time,
#   so presets and masks made from such moves lie beside the place. Steps up and right are exact: a test in one direction passes.
# What to do: compare bytes with the maker's list, each axis in both directions and speeds above 9; take signs from a picture that
#   moved, not from a description.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg -s python3-venv >"$work/found" 2>&1 ||
  { apt-get -q update && apt-get -qy install --no-install-recommends python3-venv; } >"$work/apt" 2>&1
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install visca-over-ip==0.5.2 pyvisca==0.1.9

cat >"$work/steer.py" <<'PYTHON'
import os, pty, queue, socket, threading, tty
from pyvisca.visca import PTZ
from visca_over_ip import Camera

CONTROL, REPLY = b"\x02\x00", b"\x01\x11"
END = b"\xff"
PAN, TILT = {1: "left", 2: "right", 3: "no pan"}, {1: "up", 2: "down", 3: "no tilt"}


def nibbles(data):
    """A signed number of VISCA."""
    value = int.from_bytes(bytes(high << 4 | low for high, low in zip(data[::2], data[1::2])), "big")
    return value - 65536 if value > 32767 else value


def by_the_list(message):
    command = message[1:4]
    if command == b"\x01\x06\x01":
        return f"{PAN[message[6]]}, {TILT[message[7]]}"
    if command in (b"\x01\x06\x02", b"\x01\x06\x03"):
        return f"speed {message[4]}, pan {nibbles(message[6:10]):+}, tilt {nibbles(message[10:14]):+}"
    return message[3:].hex(" ")


def over_ip():
    """A camera of this library that acknowledges whatever comes, and what came."""
    came = queue.Queue()
    camera = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    camera.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the library wants the same port on its own side
    camera.bind(("127.0.0.1", 0))

    def answer():
        while True:
            packet, client = camera.recvfrom(64)
            if packet[:2] == CONTROL:
                camera.sendto(b"\x02\x01\x00\x01" + packet[4:8] + b"\x01", client)
                continue
            came.put(packet[8:])
            camera.sendto(REPLY + b"\x00\x03" + packet[4:8] + b"\x90\x41" + END, client)

    threading.Thread(target=answer, daemon=True).start()
    client = Camera("127.0.0.1", camera.getsockname()[1])
    came.get(timeout=10)  # what it sends when it connects
    return client, came


def serial(pan, tilt):
    """A camera on a line, at that place, and what came."""
    came, waiting = queue.Queue(), b""
    line, far_end = pty.openpty()
    for end in (line, far_end):
        tty.setraw(end)

    def spread(value):
        return bytes(value >> shift & 15 for shift in (12, 8, 4, 0))

    def answer():
        nonlocal waiting
        while True:
            waiting += os.read(line, 64)
            while END in waiting:
                message, waiting = waiting.split(END, 1)
                if message == b"\x81\x09\x06\x12":
                    os.write(line, b"\x90\x50" + spread(pan) + spread(tilt) + END)
                else:
                    came.put(message + END)

    threading.Thread(target=answer, daemon=True).start()
    return PTZ(os.ttyname(far_end)), came


camera, came = over_ip()
for name, act in {
    "pantilt(5, 5)": lambda: camera.pantilt(5, 5),
    "pantilt(-5, -5)": lambda: camera.pantilt(-5, -5),
    "pantilt(5, 5, 100, 100, relative=True)": lambda: camera.pantilt(5, 5, 100, 100, relative=True),
    "decrease_blue_gain()": camera.decrease_blue_gain,
    "set_red_gain(200)": lambda: camera.set_red_gain(200),
    "set_red_gain(255)": lambda: camera.set_red_gain(255),
}.items():
    act()
    print(f"visca-over-ip {name}:", by_the_list(came.get(timeout=10)))

ptz, came = serial(-100, 0)
for name, act in {
    "relative_position(5, 5, 1, 1)": lambda: ptz.relative_position(5, 5, 1, 1),
    "relative_position(5, 5, 1, 1, -1, -1)": lambda: ptz.relative_position(5, 5, 1, 1, -1, -1),
    "relative_position(18, 5, 1, 1)": lambda: ptz.relative_position(18, 5, 1, 1),
    "set_pan(-100)": lambda: ptz.set_pan(-100),
}.items():
    act()
    print(f"pyvisca {name}:", by_the_list(came.get(timeout=10)))
place = ptz.get_pan()
print("pyvisca get_pan() at -100:", place, ptz.set_pan(place))
PYTHON
seen=$(timeout 120 "$work/venv/bin/python" "$work/steer.py")
expected="visca-over-ip pantilt(5, 5): right, down
visca-over-ip pantilt(-5, -5): left, up
visca-over-ip pantilt(5, 5, 100, 100, relative=True): speed 5, pan +100, tilt +100
visca-over-ip decrease_blue_gain(): 03 03 ff
visca-over-ip set_red_gain(200): 43 00 00 c8 ff
visca-over-ip set_red_gain(255): 43 00 00 ff ff
pyvisca relative_position(5, 5, 1, 1): speed 5, pan +1, tilt +1
pyvisca relative_position(5, 5, 1, 1, -1, -1): speed 5, pan -5, tilt -37
pyvisca relative_position(18, 5, 1, 1): speed 24, pan +1, tilt +1
pyvisca set_pan(-100): speed 5, pan -101, tilt +0
Invalid absolute pan value
pyvisca get_pan() at -100: 65436 False"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "what these libraries send to a camera has changed" >&2; exit 1; }
