"""A process that borrows the model of a home in a fault test; see asker.py."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from state.database import open_readonly
from state.lending import LendingRows, ModelRequest
from tests.acceptance import starting
from tests.acceptance.harness import HERE, Home, runs, wait_for

LONG_S = 180.0  # of patience: a real model takes its time to load on a busy machine
TEND_S = 0.1


class Asker:
    """A running asker.py; it is killed at the end of the `with` block if it still runs."""

    def __init__(
        self,
        home: Home,
        who: str = "llasa-cli chat",
        *,
        model: Path | None = None,
        idle_s: int = 20,
    ) -> None:
        folder = home.folder / "askers"
        folder.mkdir(exist_ok=True)
        name = who.replace(" ", "-")
        light = [sys.executable, "-P", str(HERE / "light_child.py"), str(home.script_file)]
        spec = {
            "home": str(home.path),
            "who": who,
            "model": str(model or home.path / "models" / "light"),
            "child": light if model is None else None,
            "idle_s": idle_s,
            "patches": {"daemon.operations.lending.TEND_S": TEND_S},
        }
        (folder / f"{name}.json").write_text(json.dumps(spec))
        self._output = folder / f"{name}.out"
        self._read = 0
        self.model_child: int | None = None
        with open(self._output, "ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(HERE / "asker.py"), str(folder / f"{name}.json")],
                env={
                    **starting.environment(),
                    "LLASA_TEST_STRICT_LOCK": "1",
                    "PYTHONPATH": str(HERE.parents[1]),
                },
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        self.pid = self.process.pid

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def tell(self, command: str) -> None:
        """Give it a command and do not wait."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()

    def does(self, command: str) -> dict[str, Any]:
        """Give it a command and return its answer."""
        self.tell(command)
        return self.hears(command.partition(" ")[0])

    def hears(self, event: str) -> dict[str, Any]:
        """Return its next report of an event; fail when it reports an error instead."""

        def look() -> dict[str, Any] | None:
            lines = self._output.read_text("utf-8").splitlines()
            while self._read < len(lines):
                found = json.loads(lines[self._read])
                self._read += 1
                assert found["event"] != "error", found
                if found["event"] == event:
                    return dict(found)
            return None

        found = wait_for(look, what=f"{event} of {self._output.name}", patience_s=LONG_S)
        if event == "load":
            self.model_child = found["pid"]
        return found

    def signal(self, number: int) -> None:
        """Send a signal to it and to its model child."""
        os.killpg(self.pid, number)

    def kill(self) -> None:
        """Kill it alone, and wait until its model child is gone too."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        child = self.model_child
        if child is not None:
            wait_for(lambda: not runs(child), what="the model child ends with its parent")

    def end(self) -> int:
        """Let it end by itself and return its exit code."""
        self.does("end")
        return self.process.wait(LONG_S)


def requests(home: Home) -> list[ModelRequest]:
    """Return the requests in the database of a home."""
    with open_readonly(home.places.database) as database:
        return LendingRows(database).requests()


def asked(home: Home, number: int) -> list[ModelRequest]:
    """Wait until there are so many requests, and return them."""

    def look() -> list[ModelRequest] | None:
        found = requests(home)
        return found if len(found) == number else None

    return wait_for(look, what=f"{number} requests", patience_s=LONG_S)
