"""Starting programs and reading what they cost from /proc.

Invariant: every program started here ends with the harness; a figure is read from the system, never from the program.
Deliberately absent: what is started (`client`, `peers`), what the figures mean (`run`).
"""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
RASTERISER = "llvmpipe-"
DRIVER = next(iter(sorted(Path("/usr/share/vulkan/icd.d").glob("lvp_icd*.json"))), None)


class Broken(Exception):
    """A program did not start, or did not do what it should; a sentence."""


class Program:
    """A started program and all processes below it."""

    def __init__(self, command, log, env=None, stdout=None):
        self.log = Path(log)
        with open(log, "wb") as errors:
            self.child = subprocess.Popen(
                [str(part) for part in command],
                stdout=open(stdout, "wb") if stdout else errors,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    def processes(self):
        """Process ids of the tree."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                fields = stat_fields(entry / "stat")
                if fields:
                    parents.setdefault(int(fields[1]), []).append(int(entry.name))
        tree, todo = [], [self.child.pid]
        while todo:
            pid = todo.pop()
            tree.append(pid)
            todo += parents.get(pid, [])
        return tree

    def cpu_seconds(self):
        """Seconds of processor by thread name, without the numbers at its end; `total` is of the processes."""
        by_name, total = {}, 0.0
        for pid in self.processes():
            fields = stat_fields(Path(f"/proc/{pid}/stat"))
            if not fields:
                continue
            total += sum(map(int, fields[11:15])) / TICK
            for task in Path(f"/proc/{pid}/task").glob("*"):
                thread = stat_fields(task / "stat")
                if thread:
                    name = re.sub(r"[\d:_.+]+$", "", comm(task)) or "?"
                    by_name[name] = by_name.get(name, 0.0) + sum(map(int, thread[11:13])) / TICK
        by_name["total"] = total
        return by_name

    def memory_mb(self):
        """Proportional set size of the tree, MB."""
        kilobytes = 0
        for pid in self.processes():
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                kilobytes += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
            except (OSError, AttributeError):
                pass
        return kilobytes / 1000

    def threads(self):
        return sum(len(list(Path(f"/proc/{pid}/task").glob("*"))) for pid in self.processes())

    def runs(self):
        return self.child.poll() is None

    def end(self):
        for sent in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.child.pid, sent)
            except ProcessLookupError:
                pass
            try:
                self.child.wait(10)
                return
            except subprocess.TimeoutExpired:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def stat_fields(path):
    """Fields of a stat file from the state on (proc(5), field 3 onwards)."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return None


def comm(task):
    try:
        return (task / "comm").read_text().strip()
    except OSError:
        return "?"


def cores(before, after, seconds):
    """Cores in use between two readings: in all, of the rasteriser, by thread name."""
    used = {name: (after[name] - before.get(name, 0.0)) / seconds for name in after}
    total = used.pop("total")
    raster = sum(cores for name, cores in used.items() if name.startswith(RASTERISER.rstrip("-")))
    names = {name: round(value, 4) for name, value in sorted(used.items(), key=lambda kv: -kv[1]) if value >= 0.002}
    return {"total": total, "rasteriser": raster, "without_rasteriser": total - raster, "threads": names}


def wait_for_line(path, program, what, seconds):
    """The first line that a program writes when it is ready."""
    for _ in range(seconds * 20):
        text = Path(path).read_text() if Path(path).exists() else ""
        if text.endswith("\n"):
            return text
        if not program.runs():
            break
        time.sleep(0.05)
    raise Broken(f"{what} did not start: see {program.log}")


class Display(Program):
    """An X server of its own with one screen of 1920×1080, drawn by the processor."""

    def __init__(self, folder):
        read, write = os.pipe()
        with open(folder / "xvfb.log", "wb") as log:
            self.child = subprocess.Popen(
                ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"],
                stdout=log, stderr=log, pass_fds=[write], start_new_session=True,
            )
        os.close(write)
        with os.fdopen(read) as line:
            self.env = {"DISPLAY": ":" + line.readline().strip(), "WAYLAND_DISPLAY": "", "XDG_SESSION_TYPE": "x11"}
        if DRIVER:
            self.env["VK_DRIVER_FILES"] = self.env["VK_ICD_FILENAMES"] = str(DRIVER)
        self.env["LIBGL_ALWAYS_SOFTWARE"] = "1"
