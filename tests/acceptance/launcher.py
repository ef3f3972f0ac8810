"""llasad as the acceptance tests start it: the real daemon, disturbed as a file says.

`python launcher.py SPEC [llasad's arguments]`. SPEC is a JSON file; every key is optional:

    child     command of another model child (the lock's path is added)
    silence_s seconds without progress before a child is ended
    steps     file to which every named step is appended, one a line
    kill_at   [step, n]: SIGKILL this process when the step is reached for the n-th time (from 1)
    stop_at   [step, n]: SIGSTOP it there, so that the test can act at that moment
    deaf      true: no file event ever arrives
    boot_id   what the machine reports as this boot
    caps      false: drop root's right to read and write everything
    environ   {"NAME": value}: environment variables, for places other than the user's
    patches   {"module.NAME": value}: other values of constants, such as shorter waits
    noop      ["module.function"]: functions to disable, to see that a test notices
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_READ_AND_WRITE_EVERYTHING = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


def main() -> None:
    """Apply the spec, then run llasad."""
    if sys.argv[1:] == ["--fork"]:
        serve_forks()
        return
    spec: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if spec.get("caps") is False and not os.environ.get("LLASA_TEST_CAPS_DROPPED"):
        _drop_capabilities()
    run(spec, sys.argv[2:])


def serve_forks() -> None:
    """For every line of standard input fork a llasad and print its pid.

    A line is a JSON list: the spec's file, the file for its output, the umask, the folder to work
    in, llasad's arguments. Everything is imported once, so that a start takes milliseconds. The
    daemon is a grandchild whose parent has ended, so it becomes a child of our subreaper.
    """
    import sqlite_utils  # noqa: F401

    from daemon import service, start  # noqa: F401 - imported before the forks
    from daemon.operations import status  # noqa: F401

    for line in sys.stdin:
        told, tell = os.pipe()
        between = os.fork()
        if between == 0:
            between = os.getpid()
            daemon = os.fork()
            if daemon == 0:
                _end_with_the_tests(between)
                _be_forked(*json.loads(line))
            os.write(tell, str(daemon).encode())
            os._exit(0)
        os.waitpid(between, 0)  # from here on the daemon belongs to the subreaper
        print(os.read(told, 20).decode(), flush=True)
        os.close(told)
        os.close(tell)


def _end_with_the_tests(between: int) -> None:
    """Have the daemon killed when our subreaper ends: an aborted test run leaves none."""
    while os.getppid() == between:
        time.sleep(0.001)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _be_forked(spec_file: str, output: str, umask: int, folder: str, *arguments: str) -> None:
    os.closerange(3, 64)
    os.setsid()
    os.umask(umask)
    os.chdir(folder)
    written = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    quiet = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((quiet, written, written)):
        os.dup2(descriptor, number)
    code = 70
    try:
        spec = json.loads(Path(spec_file).read_text(encoding="utf-8"))
        if spec.get("caps") is False:  # only an exec drops the rights
            os.execv(sys.executable, [sys.executable, "-P", __file__, spec_file, *arguments])
        run(spec, list(arguments))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run(spec: dict[str, Any], arguments: list[str]) -> None:
    """Disturb this process as the spec says, and run llasad."""
    sys.argv = ["llasad", *arguments]
    os.environ.update(spec.get("environ", {}))

    from daemon import service, start
    from daemon.intake import inbox
    from daemon.work import child, loop
    from engine.child.client import ModelClient

    for name, value in spec.get("patches", {}).items():
        module, _, attribute = name.rpartition(".")
        found = importlib.import_module(module)
        if not hasattr(found, attribute):
            raise SystemExit(f"launcher: there is no {name}")
        setattr(found, attribute, tuple(value) if isinstance(value, list) else value)

    for name in spec.get("noop", []):
        module, _, attribute = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), attribute)), name
        setattr(importlib.import_module(module), attribute, lambda *_, **__: None)

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
        setattr(inbox.Handler, "dispatch", lambda _handler, _event: None)  # noqa: B010
    if "boot_id" in spec:
        setattr(service, "boot_id", lambda: spec["boot_id"])  # noqa: B010
    if "steps" in spec:
        signals = {signal.SIGKILL: spec.get("kill_at"), signal.SIGSTOP: spec.get("stop_at")}
        step = _steps(Path(spec["steps"]), signals)
        context = functools.partial(loop.WorkerContext, step=step)
        setattr(loop, "WorkerContext", context)  # noqa: B010 - a class of the product
    start.main()


def _steps(path: Path, signals: dict[signal.Signals, list[Any] | None]) -> Callable[[str], None]:
    told: Counter[str] = Counter()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def step(name: str) -> None:
        told[name] += 1
        os.write(descriptor, f"{name}\n".encode())
        for number, moment in signals.items():
            if moment == [name, told[name]]:
                os.write(descriptor, b"KILLED\n" if number is signal.SIGKILL else b"STOPPED\n")
                os.kill(os.getpid(), number)
                time.sleep(0.5)  # another thread may take the signal first

    return step


def _drop_capabilities() -> None:
    """Start again as a root that file modes apply to, as to every other user."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in _READ_AND_WRITE_EVERYTHING:
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.environ["LLASA_TEST_CAPS_DROPPED"] = "1"
    os.execv(sys.executable, [sys.executable, "-P", *sys.argv])


if __name__ == "__main__":
    main()
