"""A process that borrows the model of a home, step by step as its standard input says.

`python asker.py SPEC`. SPEC is a JSON file: `home`, `who`, `model` (a folder), `child` (the command
of another model child, or null), `idle_s`, `patches` ({"module.NAME": value}).

Commands, one a line: `turn` begins a turn, `load` starts the model, `say TEXT` has it write a few
words, `rest` ends the turn, `end` ends. Each is answered by a line of JSON with its `event`; what
is waited for is reported too, and so is an error.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from daemon.errors import DaemonError
from daemon.home import Home
from daemon.operations import lending
from engine.child.client import ModelClient
from engine.errors import EngineError
from engine.models import catalog


def report(event: str, **more: Any) -> None:
    """Write one line of JSON."""
    print(json.dumps({"event": event, **more}), flush=True)


def main() -> None:
    """Do what standard input says, until its end."""
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for name, value in spec["patches"].items():
        module, _, attribute = name.rpartition(".")
        setattr(importlib.import_module(module), attribute, value)
    home = Home(Path(spec["home"]), "--home")
    try:
        with lending.Lease(
            home,
            who=spec["who"],
            on_wait=lambda waiting: report("waiting", reason=waiting.reason),
            idle_s=spec["idle_s"],
        ) as lease:
            follow(lease, spec)
    except (DaemonError, EngineError) as error:
        report("error", kind=type(error).__name__, message=str(error))


def follow(lease: lending.Lease, spec: dict[str, Any]) -> None:
    """Do one command after the other."""
    client = ModelClient(
        catalog.describe(spec["model"]), lock_path=lease.lock_path, command=spec["child"]
    )
    lease.attach(client.close)
    with contextlib.ExitStack() as stack:
        for line in sys.stdin:
            command, _, text = line.strip().partition(" ")
            if command == "turn":
                stack.enter_context(lease.turn())
                report("turn")
            elif command == "load":
                report("load", pid=client.start().pid)
            elif command == "say":
                written: list[str] = []
                message = {"role": "user", "content": text}
                client.write([message], options={"max_tokens": 8}, on_text=written.append)
                report("say", text="".join(written))
            elif command == "rest":
                stack.close()
                report("rest")
            elif command == "end":
                break
    report("end")


if __name__ == "__main__":
    main()
