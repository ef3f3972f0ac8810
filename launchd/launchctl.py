"""launchd's side of the interface: every call of launchctl(1) is in this file.

A GUI session is required before anything is changed. The output of `print` is "NOT API in any
sense at all" (launchctl(1)): only its exit code tells whether a job is loaded, its text is used for
the process id alone, and the daemon's own database shows what the daemon does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from launchd import plist
from launchd.errors import (
    CommandFailed,
    InvalidSpec,
    NoSession,
    NotInstalled,
    StillStopping,
    first_line,
)
from launchd.host import Actions, Completed, Host, same_file
from launchd.records import ServiceState, Step
from launchd.spec import LABEL, STOP_TIMEOUT_S, AgentSpec, check_program, privacy_program, protected

# launchctl's exit codes are error numbers; those above 106 are launchd's own.
NO_SUCH_PROCESS, IO_ERROR, IN_PROGRESS, ALREADY = 3, 5, 36, 37
NO_DOMAIN, NOT_FOUND, DISABLED, WRONG_DOMAIN = 112, 113, 119, 125

RETRY_DELAYS_S = (0.5, 1.0, 2.0, 4.0, 8.0)  # launchd drops a job some time after `bootout`
POLL_S = 0.25
GONE_TIMEOUT_S = STOP_TIMEOUT_S + 15

_PID = re.compile(r"^\s*pid = (\d+)\s*$", re.MULTILINE)
_LAST_EXIT = re.compile(r"^\s*last exit (?:code|reason) = (.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LaunchdManager:
    """The user's launchd, in the domain of the GUI login."""

    host: Host
    label: str = LABEL

    @property
    def path(self) -> Path:
        """Return the path of our plist, in the folder of the user's agents."""
        return self.host.home / "Library/LaunchAgents" / f"{self.label}.plist"

    @property
    def domain(self) -> str:
        """Return the domain target of the user's GUI session."""
        return f"gui/{self.host.uid}"

    @property
    def target(self) -> str:
        """Return the service target of our job."""
        return f"{self.domain}/{self.label}"

    def install(self, spec: AgentSpec, *, dry_run: bool = False) -> tuple[Step, ...]:
        """Write the plist, load it and start the job; an unchanged running job is left alone."""
        if spec.label != self.label:
            raise InvalidSpec(f"this manager serves {self.label}, not {spec.label}")
        data = plist.build(spec)
        check_program(spec, code=self.host.code, environment=self.host.environment)
        self._require_session()
        unchanged = same_file(self.path, data, mode=plist.MODE)
        loaded = self._loaded()
        actions = Actions(self.host, dry_run=dry_run)
        actions.make_folder(spec.log_dir, mode=0o700)
        actions.make_folder(self.path.parent, mode=0o755)
        if not unchanged:
            actions.write(self.path, data, mode=plist.MODE)
        if loaded and not unchanged:
            self._bootout(actions)
            loaded = False
        self._start(actions, loaded=loaded)
        program = Path(spec.program_arguments[0])
        for path, instead in (
            (program, "install llasa elsewhere, for instance with `uv tool install`"),
            (spec.home, "choose another home"),
        ):
            if protected(path, self.host.home):
                actions.note(
                    f"{path} is guarded by macOS: allow {privacy_program(self.host.interpreter)} "
                    "in System Settings > Privacy & Security > Full Disk Access (again after every "
                    f"update of Python), or {instead}."
                )
        actions.note_temporary_home(spec.home)
        return actions.steps

    def uninstall(self, *, dry_run: bool = False) -> tuple[Step, ...]:
        """Stop the job and remove its plist; do nothing if it is not installed."""
        actions = Actions(self.host, dry_run=dry_run)
        if self._loaded():
            self._bootout(actions)
        actions.remove(self.path)
        return actions.steps

    def start(self) -> tuple[Step, ...]:
        """Load the job if it is not loaded, and start it."""
        self._require_installed()
        self._require_session()
        actions = Actions(self.host)
        self._start(actions, loaded=self._loaded())
        return actions.steps

    def stop(self) -> tuple[Step, ...]:
        """Unload the job and wait for its end: launchd could start a loaded job again."""
        actions = Actions(self.host)
        if self._loaded():
            self._bootout(actions)
        return actions.steps

    def restart(self) -> tuple[Step, ...]:
        """Unload the job, wait for its end and load it again.

        `kickstart -k` would be one command, but no manual says whether it asks the process to end
        or kills it, and launchd keeps its old data about a program that was replaced since.
        """
        self._require_installed()
        self._require_session()
        actions = Actions(self.host)
        if self._loaded():
            self._bootout(actions)
        self._start(actions, loaded=False)
        return actions.steps

    def state(self) -> ServiceState:
        """Return the state that launchd reports."""
        installed = self.path.exists()
        done = self._print(self.target)
        if done.code != 0:
            if self._print(self.domain).code != 0:
                detail = "nobody is logged in at the screen"
            else:
                detail = "not loaded" if installed else "not installed"
            return ServiceState(installed, False, None, detail)
        pid = _PID.search(done.output)
        if pid:
            return ServiceState(installed, True, int(pid[1]), f"running as process {pid[1]}")
        ended = _LAST_EXIT.search(done.output)
        detail = "loaded, not running" + (f"; last exit: {ended[1]}" if ended else "")
        return ServiceState(installed, False, None, detail)

    def _start(self, actions: Actions, *, loaded: bool) -> None:
        # A job that was disabled once cannot be loaded until it is enabled.
        actions.run(["launchctl", "enable", self.target])
        if not loaded:
            self._bootstrap(actions)
        # Without -k a running job is left alone; a loaded one is not always started by RunAtLoad.
        actions.run(["launchctl", "kickstart", self.target], accept=(0, ALREADY))

    def _bootstrap(self, actions: Actions) -> None:
        argv = ["launchctl", "bootstrap", self.domain, str(self.path)]
        for delay_s in (*RETRY_DELAYS_S, None):
            done = actions.run(argv, accept=None)
            if done.code == 0:
                return
            if _no_session(done):
                raise self._session_missing(done)
            if done.code not in (IO_ERROR, ALREADY) or delay_s is None:
                raise CommandFailed(argv, done.code, done.messages, hint=self._hint(done.code))
            # The same code means that a job of this name is loaded, or has not ended yet.
            if self._loaded():
                self._bootout(actions)
            self.host.sleep(delay_s)

    def _bootout(self, actions: Actions) -> None:
        argv = ["launchctl", "bootout", self.target]
        gone_or_ending = (0, NO_SUCH_PROCESS, IO_ERROR, IN_PROGRESS, NOT_FOUND)
        done = actions.run(argv, accept=gone_or_ending)
        if actions.dry_run:
            return
        # It returns before the job is gone, and `bootstrap` fails until then.
        deadline = self.host.now() + GONE_TIMEOUT_S
        while self._loaded():
            if self.host.now() >= deadline:
                raise StillStopping(
                    argv,
                    done.code,
                    done.messages,
                    message=f"{self.label} has not ended in {GONE_TIMEOUT_S} s",
                )
            self.host.sleep(POLL_S)

    def _hint(self, code: int) -> str:
        if code == DISABLED:
            return "Allow llasa in System Settings > General > Login Items & Extensions."
        return (
            f"Check the file with `plutil -lint '{self.path}'`, and that llasa is allowed in "
            "System Settings > General > Login Items & Extensions; then try again."
        )

    def _require_installed(self) -> None:
        if not self.path.exists():
            raise NotInstalled(f"{self.path} does not exist")

    def _require_session(self) -> None:
        if self.host.uid == 0:
            raise NoSession(
                "launchd keeps agents for users, not for root",
                hint="Run the command as yourself, without sudo.",
            )
        done = self._print(self.domain)
        if done.code != 0:
            raise self._session_missing(done)

    def _session_missing(self, done: Completed) -> NoSession:
        return NoSession(
            f"nobody is logged in at this Mac's screen as user {self.host.uid}, and launchd "
            f"starts agents only for such a login ({done.code}: {first_line(done.messages)})",
            hint="Log in at the screen (or turn on automatic login), then try again; until then "
            "you can run `" + self.label.rpartition(".")[2] + "` in a terminal, over ssh too.",
        )

    def _loaded(self) -> bool:
        return self._print(self.target).code == 0

    def _print(self, target: str) -> Completed:
        return self.host.run(["launchctl", "print", target])


def _no_session(done: Completed) -> bool:
    return (
        done.code in (NO_DOMAIN, WRONG_DOMAIN)
        or "Domain does not support specified action" in done.messages
        or "Could not find domain" in done.messages
    )
