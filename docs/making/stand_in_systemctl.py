"""Replace `systemctl --user`: start, stop and describe the one unit that llasactl installs."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(os.environ["XDG_CONFIG_HOME"]) / "systemd" / "user"
PID = Path(os.environ["XDG_CONFIG_HOME"]) / "stand-in.pid"


def main() -> int:
    """Run the subset of verbs that llasactl uses."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    verb, units = words[0], words[1:]
    pid = _pid()
    if verb == "show" and not units:
        sys.stdout.write("Version=255\n")
    elif verb == "show":
        state = "active" if pid else "inactive"
        sys.stdout.write(f"ActiveState={state}\nSubState=running\nMainPID={pid}\nResult=success\n")
    if (verb in ("stop", "restart") or (verb == "disable" and "--now" in sys.argv)) and pid:
        _stop(pid)
    if verb in ("start", "restart") and not _pid():
        _start(FOLDER / units[0])
    return 0


def _pid() -> int:
    try:
        pid = int(PID.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return 0
    return pid


def _start(unit: Path) -> None:
    (line,) = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    command = shlex.split(line.removeprefix("ExecStart=").lstrip(":"))
    process = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    PID.write_text(str(process.pid))


def _stop(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    with contextlib.suppress(ProcessLookupError):
        for _ in range(200):
            os.kill(pid, 0)
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
