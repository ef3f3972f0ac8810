"""Access to the machine: commands, files and a clock, each replaceable in a test."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launchd.errors import CommandFailed, FileUnwritable, ManagerMissing
from launchd.records import Step
from launchd.spec import temporary

COMMAND_TIMEOUT_S = 120  # longer than a service may take to stop
TIMED_OUT = 124  # the exit status of timeout(1)


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that has ended."""

    argv: tuple[str, ...]
    code: int  # its exit status
    output: str = ""  # standard output
    error: str = ""  # standard error

    @property
    def messages(self) -> str:
        """Return everything that it printed, standard error first."""
        return (self.error.strip() + "\n" + self.output.strip()).strip()


Runner = Callable[[Sequence[str]], Completed]


@dataclass(frozen=True, slots=True)
class Host:
    """Everything that this room needs of the machine."""

    uid: int  # of the user whose services these are
    home: Path  # the user's home, not llasa's
    environment: Mapping[str, str]
    run: Runner
    code: Path = field(default=Path(__file__))  # a file of this package
    interpreter: str = sys.executable
    now: Callable[[], float] = time.monotonic  # seconds
    sleep: Callable[[float], None] = time.sleep  # seconds


def this_host() -> Host:
    """Return the machine that we run on, for the current user."""
    environment = dict(os.environ)
    uid = os.getuid()
    environment.setdefault("XDG_RUNTIME_DIR", "")
    runtime = Path(f"/run/user/{uid}")
    # `su` and cron do not set it, and systemctl then fails although the manager runs.
    if not environment["XDG_RUNTIME_DIR"] and runtime.is_dir():
        environment["XDG_RUNTIME_DIR"] = str(runtime)
    return Host(uid=uid, home=Path.home(), environment=environment, run=command_runner(environment))


def command_runner(environment: Mapping[str, str]) -> Runner:
    """Return a runner of real commands, which print their messages in English."""
    settings = {k: v for k, v in environment.items() if v or k != "XDG_RUNTIME_DIR"}
    settings |= {"LC_ALL": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}

    def run(argv: Sequence[str]) -> Completed:
        try:
            done = subprocess.run(
                list(argv),
                capture_output=True,
                check=False,
                encoding="utf-8",
                env=settings,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=COMMAND_TIMEOUT_S,
            )
        except (FileNotFoundError, PermissionError):
            raise ManagerMissing(f"`{argv[0]}` is not on this machine") from None
        except subprocess.TimeoutExpired:
            return Completed(tuple(argv), TIMED_OUT, error=f"no answer in {COMMAND_TIMEOUT_S} s")
        return Completed(tuple(argv), done.returncode, done.stdout, done.stderr)

    return run


class Actions:
    """Carries out actions and records them as steps; a dry run only records them."""

    def __init__(self, host: Host, *, dry_run: bool = False) -> None:
        self.host = host
        self.dry_run = dry_run
        self._steps: list[Step] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the steps so far, in order."""
        return tuple(self._steps)

    def note(self, sentence: str) -> None:
        """Record a sentence for the user."""
        self._steps.append(Step("note", sentence))

    def note_temporary_home(self, home: Path) -> None:
        """Warn that the home may be deleted; unlike a temporary program, that is allowed."""
        why = temporary(home, self.host.environment)
        if why:
            self.note(f"The home {home} lies in {why}: the system may delete it.")

    def make_folder(self, path: Path, *, mode: int) -> None:
        """Create a folder and its parents if it is missing."""
        if path.is_dir():
            return
        self._steps.append(Step("create", str(path)))
        if not self.dry_run:
            try:
                path.mkdir(mode=mode, parents=True, exist_ok=True)
            except OSError as error:
                raise _unwritable(path, error) from error

    def write(self, path: Path, data: bytes, *, mode: int) -> None:
        """Replace a file atomically, so that no manager ever reads half of it."""
        self._steps.append(Step("write", str(path)))
        if not self.dry_run:
            try:
                _replace(path, data, mode)
            except OSError as error:
                raise _unwritable(path, error) from error

    def remove(self, path: Path) -> None:
        """Remove a file or a link if it exists."""
        if not os.path.lexists(path):
            return
        self._steps.append(Step("remove", str(path)))
        if not self.dry_run:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise _unwritable(path, error) from error

    def run(
        self, argv: Sequence[str], *, accept: Collection[int] | None = (0,), hint: str = ""
    ) -> Completed:
        """Run a command that changes something; raise CommandFailed for a code not in `accept`.

        With None for `accept`, every code is accepted.
        """
        self._steps.append(Step("run", shlex.join(argv)))
        if self.dry_run:
            return Completed(tuple(argv), 0)
        done = self.host.run(argv)
        if accept is not None and done.code not in accept:
            raise CommandFailed(argv, done.code, done.messages, hint=hint)
        return done


def same_file(path: Path, data: bytes, *, mode: int) -> bool:
    """Return whether a regular file has exactly this content and this mode."""
    try:
        held = path.read_bytes()
        return held == data and path.lstat().st_mode == (0o100000 | mode)
    except OSError:
        return False


def _replace(path: Path, data: bytes, mode: int) -> None:
    # The name ends in neither .plist nor .service: a manager that lists the folder ignores it.
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temp.unlink(missing_ok=True)
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temp, path)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unwritable(path: Path, error: OSError) -> FileUnwritable:
    return FileUnwritable(f"{path}: {error.strerror or error}")
