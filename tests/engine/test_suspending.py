"""Ctrl-Z: a command does something first, is suspended, and goes on."""

import os
import signal
import subprocess
import sys

_COMMAND = """
import sys
from engine.cli.suspending import before_suspension
with before_suspension(lambda: print("given back", flush=True)):
    print("ready", flush=True)
    for line in sys.stdin:
        print("heard", line.strip(), flush=True)
"""


def test_a_command_acts_before_every_suspension_and_goes_on() -> None:
    """It is really stopped, as a shell sees it, and reads on afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", _COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,  # else a session without a terminal would not let it be stopped
    ) as command:
        assert command.stdin is not None
        assert command.stdout is not None
        assert command.stdout.readline() == "ready\n"
        for word in ("one", "two"):
            command.send_signal(signal.SIGTSTP)
            assert command.stdout.readline() == "given back\n"
            _, status = os.waitpid(command.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            command.send_signal(signal.SIGCONT)
            command.stdin.write(f"{word}\n")
            command.stdin.flush()
            assert command.stdout.readline() == f"heard {word}\n"
        command.stdin.close()
        assert command.stdout.read() == ""
    assert command.returncode == 0


def test_a_command_that_ignores_ctrl_z_still_does() -> None:
    """As one that was started so by its parent."""
    code = (
        "import signal; signal.signal(signal.SIGTSTP, signal.SIG_IGN)\n"
        "from engine.cli.suspending import before_suspension\n"
        "with before_suspension(lambda: print('given back')):\n"
        "    signal.raise_signal(signal.SIGTSTP)\n"
        "print('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "went on\n"
