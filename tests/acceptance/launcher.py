"""llasad as the acceptance tests start it: the real daemon, told by a file how to be disturbed.

`python launcher.py SPEC [llasad's arguments]`. SPEC is a JSON file; every key may be missing:

    child     command of another model child (the lock's path is added)
    silence_s seconds without progress before a child is ended
    steps     file to which every named step is appended as a line
    kill_at   [step, n]: SIGKILL ourselves at the n-th time (from 1) that the step is told
    deaf      true: no file event is ever heard
    boot_id   what the machine says of this boot
    caps      false: give up root's right to read and write everything
    patches   {"module.NAME": value}: other waits than the real ones
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PR_CAPBSET_DROP = 24
_READ_AND_WRITE_EVERYTHING = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


def main() -> None:
    """Apply the spec, then be llasad."""
    if sys.argv[1:] == ["--fork"]:
        serve_forks()
        return
    spec: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if spec.get("caps") is False and not os.environ.get("LLASA_TEST_CAPS_DROPPED"):
        _drop_capabilities()
    run(spec, sys.argv[2:])


def serve_forks() -> None:
    """Be a llasad in a process of its own for every line of standard input, and tell its pid.

    A line is a JSON list: the spec's file, the file for its output, llasad's arguments. Everything
    is imported once, so that a start costs milliseconds; a second list, `["wait", pid]`, answers
    with the exit code.
    """
    import sqlite_utils  # noqa: F401

    from daemon import service, start  # noqa: F401 - imported before the forks
    from daemon.control import figures  # noqa: F401

    for line in sys.stdin:
        first, *rest = json.loads(line)
        if first == "wait":
            answer = os.waitstatus_to_exitcode(os.waitpid(rest[0], 0)[1])
        elif (answer := os.fork()) == 0:
            os.setsid()
            output = os.open(rest[0], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            quiet = os.open(os.devnull, os.O_RDONLY)
            for number, descriptor in enumerate((quiet, output, output)):
                os.dup2(descriptor, number)
            try:
                run(json.loads(Path(first).read_text(encoding="utf-8")), rest[1:])
            except SystemExit as end:
                os._exit(int(end.code or 0))
            finally:
                os._exit(70)
        print(answer, flush=True)


def run(spec: dict[str, Any], arguments: list[str]) -> None:
    """Disturb this process as the spec says, and be llasad."""
    sys.argv = ["llasad", *arguments]

    from daemon import child, service, start, watch
    from engine.client import ModelClient

    for name, value in spec.get("patches", {}).items():
        module, _, attribute = name.rpartition(".")
        found = importlib.import_module(module)
        if not hasattr(found, attribute):
            raise SystemExit(f"launcher: there is no {name}")
        setattr(found, attribute, tuple(value) if isinstance(value, list) else value)

    if "child" in spec:

        def client(keeper: Any, info: Any) -> ModelClient:
            return ModelClient(
                info,
                silence_s=spec.get("silence_s", 60.0),
                log=keeper._child_said,
                lock_path=keeper._config.home.model_lock,
                command=spec["child"],
            )

        setattr(child.ModelKeeper, "_real_client", client)  # noqa: B010 - a method of the product
    if spec.get("deaf"):
        setattr(watch.Handler, "dispatch", lambda _handler, _event: None)  # noqa: B010
    if "boot_id" in spec:
        setattr(service, "boot_id", lambda: spec["boot_id"])  # noqa: B010
    if "steps" in spec:
        step = _steps(Path(spec["steps"]), spec.get("kill_at"))
        real = importlib.import_module("daemon.decoding").Surroundings
        setattr(service, "Surroundings", functools.partial(real, step=step))  # noqa: B010
    start.main()


def _steps(path: Path, kill_at: list[Any] | None) -> Callable[[str], None]:
    told: Counter[str] = Counter()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def step(name: str) -> None:
        told[name] += 1
        os.write(descriptor, f"{name}\n".encode())
        if kill_at is not None and [name, told[name]] == kill_at:
            os.write(descriptor, b"KILLED\n")
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def _drop_capabilities() -> None:
    """Start again as a root who is bound by file modes, as every other user is."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in _READ_AND_WRITE_EVERYTHING:
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.environ["LLASA_TEST_CAPS_DROPPED"] = "1"
    os.execv(sys.executable, [sys.executable, *sys.argv])


if __name__ == "__main__":
    main()
