"""The client under test, as an officer starts it: enrolled, signed in, with its audit server.

The audit server runs because the client records every view before it opens one; it is the municipality's machine, so its
cost is not the client's: it is read apart (`audit_server_cores`).
Deliberately absent: any mode of the client for benchmarks; the harness presses keys.
"""

import time

from processes import Broken, Program, wait_for_line


class Town:
    """A running simulated town of N cameras."""

    def __init__(self, bin, folder, cache, cameras):
        self.folder, self.ready = folder, folder / "sim.json"
        self.program = Program(
            [bin / "vedetta-sim", "--cameras", cameras, "--domes", 0, "--alike", "--plan", folder / "site", "--cache", cache],
            folder / "sim.log", stdout=self.ready)
        wait_for_line(self.ready, self.program, "the simulated town", 300)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.end()


def without_masks(plan):
    """A site plan that covers nothing, to see what covering costs."""
    kept, inside = [], False
    for line in plan.splitlines():
        if line.startswith("["):
            inside = line.strip("[]").startswith("cameras.masks")
        if not inside and not line.startswith("masks ="):
            kept += [line, "masks = []"] if line == "[[cameras]]" else [line]
    return "\n".join(kept) + "\n"


class AuditServer:
    """The audit server of that town; its plan may leave the masks out."""

    def __init__(self, bin, town, masks=True):
        self.data = town.folder / ("server" if masks else "server-unmasked")
        site = town.folder / "site/site.toml"
        if not masks:
            plan = without_masks(site.read_text())
            site = town.folder / "site/site-unmasked.toml"
            site.write_text(plan)
        with Program([bin / "vedetta-audit", "demo", "--data", self.data, "--site", site,
                      "--cameras", town.folder / "site/cameras.toml"], town.folder / "audit-demo.log") as demo:
            if demo.child.wait(60) != 0:
                raise Broken(f"the audit server's data could not be made: see {demo.log}")
        # Nobody touches a key for long: the workstation would lock itself, and the eye look at its lock.
        settings = self.data / "server.toml"
        settings.write_text("lock_minutes = 0\n" + settings.read_text())
        line = town.folder / "audit.json"
        self.program = Program([bin / "vedetta-audit", "serve", "--data", self.data, "--listen", "127.0.0.1:0"],
                               town.folder / "audit.log", stdout=line)
        wait_for_line(line, self.program, "the audit server", 30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.end()


class Client(Program):
    """The client; signed in or at its sign-in screen."""

    def __init__(self, bin, town, server, display, signed_in=True):
        # A folder of its own for each server: it keeps that server's plan.
        name = f"{server.data.name}-{'client' if signed_in else 'client-empty'}"
        command = [bin / "vedetta", "--enrolment", server.data / "stations/sala-operativa", "--data", town.folder / name,
                   "--secrets", "file"]
        demo = ["--people", server.data / "people.toml", "--sign-in", "operatore"]
        super().__init__(command + (demo if signed_in else []), town.folder / f"{name}.log", env=display.env)


def empty_memory_mb(bin, town, server, display):
    """Memory of a client that shows no picture."""
    with Client(bin, town, server, display, signed_in=False) as client:
        time.sleep(6)
        if not client.runs():
            raise Broken(f"the client did not stay: see {client.log}")
        return client.memory_mb()
