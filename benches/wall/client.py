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


class AuditServer:
    """The audit server of that town."""

    def __init__(self, bin, town):
        self.data = town.folder / "server"
        with Program([bin / "vedetta-audit", "demo", "--data", self.data, "--site", town.folder / "site/site.toml",
                      "--cameras", town.folder / "site/cameras.toml"], town.folder / "audit-demo.log") as demo:
            if demo.child.wait(60) != 0:
                raise Broken(f"the audit server's data could not be made: see {demo.log}")
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
        name = "client" if signed_in else "client-empty"
        command = [bin / "vedetta", "--enrolment", server.data / "stations/sala-operativa", "--data", town.folder / name,
                   "--secrets", "file", "--people", server.data / "people.toml"]
        super().__init__(command + (["--sign-in", "operatore"] if signed_in else []), town.folder / f"{name}.log",
                         env=display.env)


def empty_memory_mb(bin, town, server, display):
    """Memory of a client that shows no picture."""
    with Client(bin, town, server, display, signed_in=False) as client:
        time.sleep(6)
        if not client.runs():
            raise Broken(f"the client did not stay: see {client.log}")
        return client.memory_mb()
