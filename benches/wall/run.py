"""The benchmark of the wall: runs the client, the floor and the peers in turn and compares them.

Invariant: one program at a time on the same streams; every figure was measured in this run. A peer counts as best only if it
shows the wall: at least nine tenths of the pictures of the camera rate, by the same eye.
Deliberately absent: targets and verdicts (README.md).
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from client import AuditServer, Client, Town, empty_memory_mb
from peers import ENVIRONMENT, NEVER_ROOT, PEERS
from processes import Broken, Display, Program, cores

LAYOUT_KEYS = {1: 2, 4: 3, 9: 4, 16: 5, 25: 7, 36: 8, 64: 9}
ALONE = 11
# The client with a plan that covers nothing.
UNMASKED = "vedetta-unmasked"
CAMERA_FPS = 25


def settings():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--tiles", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--only", type=lambda text: text.split(","), help=f"floor, vedetta, {UNMASKED}, " + ", ".join(PEERS))
    parser.add_argument("--seconds", type=float, help="how long each program is measured")
    parser.add_argument("--quick", action="store_true", help="16 tiles, short measurements: within 5 minutes")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="the client alone for so long")
    parser.add_argument("--out", type=Path, default=Path("target/bench"))
    given = parser.parse_args()
    given.bin = given.bin.resolve()
    given.tiles = given.tiles or ([16] if given.quick or given.soak else [16, 36, 64])
    given.seconds = given.seconds or (10 if given.quick else 15)
    if bad := [n for n in given.tiles if n not in LAYOUT_KEYS]:
        parser.error(f"no wall of {bad[0]} tiles; there are {', '.join(map(str, LAYOUT_KEYS))}")
    return given


class Eye:
    """The eye program on a display."""

    def __init__(self, bin, town, tiles, display, seams):
        self.bin, self.display, self.display_env = bin / "examples/wall-eye", display, display.env
        self.rest = ["--ready", town.ready, "--tiles", tiles] + (["--seams"] if seams else [])

    def __call__(self, *what, seconds=90):
        command = [str(part) for part in [self.bin, *what, *self.rest]]
        try:
            done = subprocess.run(command, env={**os.environ, **self.display_env}, capture_output=True, text=True,
                                  timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Broken(f"no answer to «{what[0]}»") from None
        if done.returncode != 0:
            raise Broken(f"{what[0]}: {done.stderr.strip()}")
        return json.loads(done.stdout)


def sources(town):
    """The sub streams with their accounts and clocks."""
    accounts = {camera["id"]: camera for camera in tomllib.loads((town.folder / "site/cameras.toml").read_text())["camera"]}
    cameras = json.loads(town.ready.read_text())["cameras"]
    def url(camera):
        account = accounts[camera["id"]]
        return camera["rtsp_sub"].replace("rtsp://", f"rtsp://{account['user']}:{account['password']}@")
    return [{"url": url(camera), "clock": camera["clock"]} for camera in cameras]


def watch(program, display, eye, seconds, others=()):
    """Processor, memory and what is really shown, over the same seconds."""
    watched = [program, display, *others]
    before, began = [p.cpu_seconds() for p in watched], time.monotonic()
    shown = eye("watch", seconds, seconds=seconds + 60)
    after, took = [p.cpu_seconds() for p in watched], time.monotonic() - began
    figures = cores(before[0], after[0], took)
    figures |= {"x_server": cores(before[1], after[1], took)["total"], **shown,
                "memory_mb": program.memory_mb(), "thread_count": program.threads()}
    for other, a, b in zip(others, before[2:], after[2:]):
        figures["audit_server_cores"] = cores(a, b, took)["total"]
    return figures


def measure_floor(given, town, folder):
    urls = folder / "urls.json"
    urls.touch(0o600)
    urls.write_text(json.dumps(sources(town)))
    line = folder / "floor.json"
    with Program([given.bin / "examples/wall-floor", urls, given.seconds + 1], folder / "floor.log", stdout=line) as floor:
        for _ in range(600):
            if line.read_text().startswith("playing") or not floor.runs():
                break
            time.sleep(0.1)
        before, began = floor.cpu_seconds(), time.monotonic()
        time.sleep(given.seconds)
        figures = cores(before, floor.cpu_seconds(), time.monotonic() - began)
        figures["memory_mb"] = floor.memory_mb()
        if floor.child.wait(30) != 0:
            raise Broken(f"the floor failed: see {floor.log}")
    return figures | json.loads(line.read_text().splitlines()[-1])


def measure_client(given, town, folder, tiles, masks=True):
    with AuditServer(given.bin, town, masks) as server, Display(folder) as display:
        empty = empty_memory_mb(given.bin, town, server, display)
        with Client(given.bin, town, server, display) as client:
            eye = Eye(given.bin, town, tiles, display, seams=True)
            time.sleep(4)
            eye("press", ALONE)
            eye("wait")
            eye("press", LAYOUT_KEYS[1])
            time.sleep(2)
            opened = eye("open", LAYOUT_KEYS[tiles])
            time.sleep(4)
            figures = watch(client, display, eye, given.seconds, [server.program])
            figures |= opened | eye("keys", 40 if given.quick else 120) | {"empty_memory_mb": empty}
            figures |= eye("photo", folder / f"{'vedetta' if masks else UNMASKED}.png")
            if given.soak:
                figures["soak"] = soak(given, client, display, eye)
    return figures


def soak(given, client, display, eye):
    """One reading a minute: memory, latency, shown pictures."""
    readings = []
    for minute in range(int(given.soak) + 1):
        reading = watch(client, display, eye, 10)
        kept = ("memory_mb", "thread_count", "total", "shown_fps", "shown_fps_slowest", "tiles_seen")
        readings.append({"minute": minute, **{k: reading[k] for k in kept}, "latency_ms": reading["latency_ms"]})
        print(f"  minute {minute}: {reading['memory_mb']:.0f} MB, latency {reading['latency_ms']['p50']} ms, "
              f"{reading['shown_fps']:.1f} fps", flush=True)
        if minute < int(given.soak):
            time.sleep(50)
    return readings


def measure_peer(given, town, folder, tiles, name):
    urls = [source["url"] for source in sources(town)]
    command = PEERS[name](urls)
    # A home of its own: some peers refuse root and run as nobody, who cannot look into `folder`.
    with tempfile.TemporaryDirectory() as home, Display(folder) as display:
        if isinstance(command, dict):
            file = Path(home) / command["file"]
            file.touch(0o600)
            file.write_text(command["text"])
            command = command["command"](str(file))
        if name in NEVER_ROOT and os.geteuid() == 0:
            for path in [Path(home), *Path(home).iterdir()]:
                shutil.chown(path, "nobody", "nogroup")
            command = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--", *command]
        env = {**display.env, **ENVIRONMENT.get(name, {}), "XDG_RUNTIME_DIR": home, "HOME": home}
        return watch_peer(given, town, folder, tiles, name, Program(command, folder / f"{name}.log", env=env), display)


def watch_peer(given, town, folder, tiles, name, program, display):
    with program as peer:
        eye = Eye(given.bin, town, tiles, display, seams=False)
        deadline = time.monotonic() + 25
        while True:
            try:
                eye("wait", "--share", "0.9", seconds=max(3, deadline - time.monotonic()))
                break
            except Broken as broken:
                if time.monotonic() > deadline or not peer.runs():
                    if peer.runs():
                        eye("photo", folder / f"{name}.png")
                    raise Broken(f"shows no wall ({broken}); see {peer.log}") from None
        time.sleep(3)
        figures = watch(peer, display, eye, given.seconds)
        eye("photo", folder / f"{name}.png")
    return figures


def compare(raw):
    """The figures that have a target. `None` where something needed was not measured."""
    client, floor = raw.get("vedetta", {}), raw.get("floor", {})
    showing = {name: peer["total"] for name, peer in raw.items()
               if name in PEERS and peer.get("shown_fps", 0) >= 0.9 * CAMERA_FPS}
    best = min(showing, key=showing.get, default=None)
    def known(calculate):
        try:
            return round(calculate(), 3)
        except (KeyError, TypeError, ZeroDivisionError):
            return None
    return {
        "best_peer": best,
        "total_vs_best_peer": known(lambda: client["total"] / showing[best]),
        "without_rasteriser_vs_floor": known(lambda: client["without_rasteriser"] / floor["total"]),
        "masks_cost": known(lambda: client["total"] / raw[UNMASKED]["total"]),
        "mb_per_tile": known(lambda: (client["memory_mb"] - client["empty_memory_mb"]) / raw["tiles"]),
        "first_picture_ms": known(lambda: client["first_picture_ms"]["max"]),
        "latency_above_floor_ms_p50": known(lambda: client["latency_ms"]["p50"] - floor["latency_ms"]["p50"]),
        "latency_above_floor_ms_p99": known(lambda: client["latency_ms"]["p99"] - floor["latency_ms"]["p50"]),
        "key_to_pixel_ms_p50": known(lambda: client["key_to_pixel_ms"]["p50"]),
        "key_to_pixel_ms_p99": known(lambda: client["key_to_pixel_ms"]["p99"]),
    }


def row(name, raw):
    if "failed" in raw:
        print(f"{name:16}  {raw['failed']}")
    else:
        latency = raw["latency_ms"]
        shown = [raw.get("shown_fps", raw.get("decoded_fps", 0)), raw.get("shown_fps_slowest", 0)]
        print(f"{name:16}{raw['total']:8.2f}{raw['rasteriser']:8.2f}{raw['without_rasteriser']:8.2f}"
              f"{raw.get('x_server', 0):8.2f}{shown[0]:8.1f}{shown[1]:8.1f}"
              f"{latency['p50'] or 0:8}{latency['p99'] or 0:8}{raw['memory_mb']:8.0f}")
    sys.stdout.flush()


def table(result):
    print(f"\n{result['tiles']} tiles of 640×360 at {CAMERA_FPS} fps, cores used")
    print(f"{'':16}{'total':>8}{'raster':>8}{'rest':>8}{'X':>8}{'shown':>8}{'slowest':>8}{'lat 50':>8}{'lat 99':>8}{'MB':>8}")
    for name, raw in result["raw"].items():
        row(name, raw)
    for name, value in result.items():
        if name not in ("raw", "tiles"):
            print(f"  {name:32} {value}")
    sys.stdout.flush()


def main():
    # Told to end, the harness leaves through its `with` blocks, which end what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    given = settings()
    cache = given.out / "clips"
    cache.mkdir(parents=True, exist_ok=True)
    wanted = given.only or (["vedetta"] if given.soak else ["floor", "vedetta", *PEERS])
    results = []
    for tiles in given.tiles:
        folder = (given.out / str(tiles)).resolve()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.chmod(folder, 0o700)
        raw = {}
        with Town(given.bin, folder, cache.resolve(), tiles) as town:
            for name in wanted:
                try:
                    if name == "floor":
                        raw[name] = measure_floor(given, town, folder)
                    elif name in ("vedetta", UNMASKED):
                        raw[name] = measure_client(given, town, folder, tiles, masks=name != UNMASKED)
                    else:
                        raw[name] = measure_peer(given, town, folder, tiles, name)
                except Broken as broken:
                    raw[name] = {"failed": str(broken)}
                row(name, raw[name])
        results.append({"tiles": tiles, **compare(raw | {"tiles": tiles}), "raw": raw})
        table(results[-1])
        machine = {"cores": os.cpu_count(), "seconds": given.seconds, "when": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        (given.out / "wall.json").write_text(json.dumps({"machine": machine, "walls": results}, indent=1) + "\n")
    print(f"\n{given.out / 'wall.json'}")


if __name__ == "__main__":
    main()
