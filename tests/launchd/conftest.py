"""A fake machine: a clock that advances by sleeping, and managers that follow their manuals."""

from __future__ import annotations

import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from launchd.host import Completed, Host
from launchd.spec import AgentSpec

LABEL = "llasa.llasad"


@dataclass
class FakeClock:
    """Time that passes only by sleeping."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Return the time."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.seconds += seconds


@dataclass
class FakeManager(ABC):
    """Records the commands; `answers` (pattern -> answers in order) overrides the behaviour."""

    clock: FakeClock
    calls: list[str] = field(default_factory=list)
    answers: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def __call__(self, argv: Sequence[str]) -> Completed:
        """Answer a command."""
        line = shlex.join(argv)
        self.calls.append(line)
        for pattern, answers in self.answers.items():
            if answers and re.search(pattern, line):
                code, text = answers.pop(0)
                return Completed(tuple(argv), code, error=text)
        return self.behave(tuple(argv))

    @abstractmethod
    def behave(self, argv: tuple[str, ...]) -> Completed:
        """Answer as in the manual."""

    @property
    def changes(self) -> list[str]:
        """Return the commands that change something."""
        reading = r"launchctl print|systemctl --user show|loginctl show-user"
        return [line for line in self.calls if not re.match(reading, line)]


@dataclass
class FakeLaunchd(FakeManager):
    """launchd as described by launchctl(1) and by field reports."""

    session: bool = True  # the user is logged in at the screen
    loaded: bool = False
    pid: int | None = None
    next_pid: int = 4242
    drain_s: float = 0.0  # how long an ended job keeps its name
    gone_at: float | None = None  # when a draining job is gone
    disabled: bool = False

    def behave(self, argv: tuple[str, ...]) -> Completed:
        """Answer as in the manual."""
        if self.gone_at is not None and self.clock.now() >= self.gone_at:
            self.loaded, self.gone_at = False, None
        verb, target = argv[1], argv[-1]
        if not self.session:
            text = "Domain does not support specified action"
            return Completed(argv, 125, error=f"{verb} failed: 125: {text}")
        if verb == "enable":
            self.disabled = False
            return Completed(argv, 0)
        if verb == "print" and target == "gui/501":
            return Completed(argv, 0, "gui/501 = {\n}\n")
        if verb == "bootstrap":
            if self.loaded:
                return Completed(argv, 5, error="Bootstrap failed: 5: Input/output error")
            if self.disabled:
                return Completed(argv, 119, error="Bootstrap failed: 119: Service is disabled")
            self.loaded = True
            self._run()
            return Completed(argv, 0)
        if not self.loaded:
            if verb == "bootout":
                return Completed(argv, 3, error="Boot-out failed: 3: No such process")
            return Completed(argv, 113, error=f'Could not find service "{LABEL}" in domain')
        return self._with_loaded(argv, verb)

    def _with_loaded(self, argv: tuple[str, ...], verb: str) -> Completed:
        if verb == "print":
            state = "running" if self.pid else "not running"
            lines = [f"gui/501/{LABEL} = {{", f"\tstate = {state}"]
            lines += [f"\tpid = {self.pid}"] if self.pid else ["\tlast exit code = 1"]
            return Completed(argv, 0, "\n".join([*lines, "}", ""]))
        if verb == "kickstart":
            if self.pid is None:
                self._run()
            return Completed(argv, 0)
        if verb == "bootout":
            self.pid = None
            self.gone_at = self.clock.now() + self.drain_s
            if self.drain_s == 0:
                self.loaded, self.gone_at = False, None
            return Completed(argv, 0)
        return Completed(argv, 64, error="Unrecognized subcommand")

    def _run(self) -> None:
        self.pid = self.next_pid
        self.next_pid += 1


@dataclass
class FakeSystemd(FakeManager):
    """systemd as described by systemctl(1)."""

    bus: bool = True
    active: bool = False
    enabled: bool = False
    failed: bool = False
    linger: bool = False

    def behave(self, argv: tuple[str, ...]) -> Completed:
        """Answer as in the manual."""
        if argv[0] == "loginctl":
            return Completed(argv, 0, "yes\n" if self.linger else "no\n")
        if not self.bus:
            return Completed(argv, 1, error="Failed to connect to bus: No medium found")
        verb = argv[2]
        if verb == "show":
            active = "active" if self.active else "failed" if self.failed else "inactive"
            sub = {"active": "running", "failed": "failed", "inactive": "dead"}[active]
            result = "exit-code" if self.failed else "success"
            pid = "77" if self.active else "0"
            text = f"MainPID={pid}\nResult={result}\nActiveState={active}\nSubState={sub}\n"
            return Completed(argv, 0, text)
        if verb in ("enable", "disable"):
            self.enabled = verb == "enable"
            self.active = self.active and verb == "enable"
        if verb == "reset-failed":
            self.failed = False
        if verb in ("start", "restart"):
            if self.failed:
                return Completed(argv, 1, error="Job failed: start request repeated too quickly.")
            self.active = True
        if verb == "stop":
            self.active = False
        return Completed(argv, 0)


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that has not advanced."""
    return FakeClock()


@pytest.fixture
def launchd(clock: FakeClock) -> FakeLaunchd:
    """Return a launchd with a login at the screen and nothing loaded."""
    return FakeLaunchd(clock)


@pytest.fixture
def systemd(clock: FakeClock) -> FakeSystemd:
    """Return a systemd that runs for the user and has no unit."""
    return FakeSystemd(clock)


@pytest.fixture
def make_host(tmp_path: Path, clock: FakeClock) -> Callable[..., Host]:
    """Return a function that makes hosts whose user home is the test's folder."""

    def make(run: FakeManager, **changes: object) -> Host:
        settings: dict[str, object] = {
            "uid": 501,
            "home": tmp_path,
            "environment": {},
            "run": run,
            "code": Path("/opt/llasa/lib/launchd/host.py"),
            "now": clock.now,
            "sleep": clock.sleep,
        }
        return Host(**(settings | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def spec(tmp_path: Path) -> AgentSpec:
    """Return a spec whose program exists on every machine."""
    return AgentSpec(
        program_arguments=("/usr/bin/env", "llasad", "--home", str(tmp_path / "llasa")),
        home=tmp_path / "llasa",
        log_dir=tmp_path / "llasa/var/log",
    )


@pytest.fixture
def golden_spec() -> AgentSpec:
    """Return the spec from which the golden files were made."""
    return AgentSpec(
        program_arguments=(
            "/Users/ada/.local/share/uv/tools/llasa/bin/llasad",
            "--home",
            "/Users/ada/Llasa & Söhne",
        ),
        home=Path("/Users/ada/Llasa & Söhne"),
        log_dir=Path("/Users/ada/Llasa & Söhne/var/log"),
        environment={"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1"},
    )
