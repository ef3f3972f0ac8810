"""systemd's side of the interface: every call of systemctl(1) and loginctl(1) is in this file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from launchd import systemd
from launchd.errors import InvalidSpec, ManagerMissing, NoSession, NotInstalled, first_line
from launchd.host import Actions, Completed, Host, same_file
from launchd.records import ServiceState, Step
from launchd.spec import LABEL, AgentSpec, check_program

_SYSTEMCTL = ("systemctl", "--user")


@dataclass(frozen=True, slots=True)
class SystemdManager:
    """The systemd of the user's session."""

    host: Host
    label: str = LABEL

    @property
    def unit(self) -> str:
        """Return the unit's name."""
        return systemd.unit_name(self.label)

    @property
    def path(self) -> Path:
        """Return the path of our unit, in the folder of the user's units."""
        configured = self.host.environment.get("XDG_CONFIG_HOME", "")
        base = Path(configured) if os.path.isabs(configured) else self.host.home / ".config"
        return base / "systemd/user" / self.unit

    def install(self, spec: AgentSpec, *, dry_run: bool = False) -> tuple[Step, ...]:
        """Write the unit, enable it and start it; an unchanged running unit is left alone."""
        if spec.label != self.label:
            raise InvalidSpec(f"this manager serves {self.label}, not {spec.label}")
        data = systemd.build(spec).encode()
        check_program(spec, code=self.host.code, environment=self.host.environment)
        self._require_manager()
        unchanged = same_file(self.path, data, mode=systemd.MODE)
        actions = Actions(self.host, dry_run=dry_run)
        actions.make_folder(spec.log_dir, mode=0o700)
        actions.make_folder(self.path.parent, mode=0o755)
        if not unchanged:
            actions.write(self.path, data, mode=systemd.MODE)
        actions.run([*_SYSTEMCTL, "daemon-reload"])
        actions.run([*_SYSTEMCTL, "enable", self.unit])
        self._start(actions, "start" if unchanged else "restart")
        if not self._lingers():
            actions.note(
                "The service ends when you log out, and starts when you log in. To keep it "
                f"running, run `loginctl enable-linger {self.host.uid}` (may need sudo)."
            )
        actions.note_temporary_home(spec.home)
        return actions.steps

    def uninstall(self, *, dry_run: bool = False) -> tuple[Step, ...]:
        """Stop and disable the unit and remove its file; the file even without a manager."""
        actions = Actions(self.host, dry_run=dry_run)
        answers = self._answers()
        if answers and self.path.exists():
            actions.run([*_SYSTEMCTL, "disable", "--now", self.unit], hint=self._hint)
        elif answers and self.state().running:
            actions.run([*_SYSTEMCTL, "stop", self.unit], hint=self._hint)
        # `disable` removes the link; without a manager, or if the file was gone, we remove it.
        if not answers or not self.path.exists():
            actions.remove(self.path.parent / "default.target.wants" / self.unit)
        actions.remove(self.path)
        if answers and actions.steps:
            actions.run([*_SYSTEMCTL, "daemon-reload"])
            actions.run([*_SYSTEMCTL, "reset-failed", self.unit], accept=None)
        return actions.steps

    def start(self) -> tuple[Step, ...]:
        """Start the unit if it does not run."""
        self._require_installed()
        actions = Actions(self.host)
        self._start(actions, "start")
        return actions.steps

    def stop(self) -> tuple[Step, ...]:
        """Stop the unit and wait for its end."""
        actions = Actions(self.host)
        if self.state().running:
            actions.run([*_SYSTEMCTL, "stop", self.unit], hint=self._hint)
        return actions.steps

    def restart(self) -> tuple[Step, ...]:
        """Stop the running process, if there is one, and start a new one."""
        self._require_installed()
        actions = Actions(self.host)
        self._start(actions, "restart")
        return actions.steps

    def state(self) -> ServiceState:
        """Return the state that systemd reports."""
        installed = self.path.exists()
        try:
            done = self._show(self.unit, "ActiveState,SubState,MainPID,Result")
        except ManagerMissing:
            return ServiceState(installed, False, None, "systemctl is not on this machine")
        if done.code != 0:
            return ServiceState(installed, False, None, "systemd does not run for this user")
        facts = dict(line.split("=", 1) for line in done.output.splitlines() if "=" in line)
        number = facts.get("MainPID", "")
        pid = int(number) if number.isdecimal() and number != "0" else None
        if pid is not None:
            return ServiceState(installed, True, pid, f"running as process {pid}")
        if not installed:
            return ServiceState(False, False, None, "not installed")
        detail = f"{facts.get('ActiveState', 'unknown')} ({facts.get('SubState', 'unknown')})"
        if facts.get("Result", "success") != "success":
            detail += f"; last result: {facts['Result']}"
        return ServiceState(True, False, None, detail)

    def _start(self, actions: Actions, verb: str) -> None:
        # After five failed starts systemd refuses every further one until the count is reset.
        actions.run([*_SYSTEMCTL, "reset-failed", self.unit], accept=None)
        actions.run([*_SYSTEMCTL, verb, self.unit], hint=self._hint)

    @property
    def _hint(self) -> str:
        return f"Run `journalctl --user -u {self.unit} -n 50` to see its messages."

    def _require_installed(self) -> None:
        if not self.path.exists():
            raise NotInstalled(f"{self.path} does not exist")
        self._require_manager()

    def _require_manager(self) -> None:
        if self.host.uid == 0 and self.host.environment.get("SUDO_USER"):
            raise NoSession(
                "under sudo the service would be installed for root",
                hint="Run the command as yourself, without sudo.",
            )
        done = self._show(None, "Version")
        if done.code != 0:
            raise NoSession(
                f"systemd does not run for this user ({first_line(done.messages)})",
                hint="Log in as this user directly, not with su or sudo; for a user who never logs "
                f"in, run `sudo loginctl enable-linger {self.host.uid}` first. In a container "
                f"without systemd, run `{self.unit.removesuffix('.service')}` under your own "
                "supervisor.",
            )

    def _answers(self) -> bool:
        try:
            return self._show(None, "Version").code == 0
        except ManagerMissing:
            return False

    def _lingers(self) -> bool:
        argv = ["loginctl", "show-user", str(self.host.uid), "--property=Linger", "--value"]
        try:
            return self.host.run(argv).output.strip() == "yes"
        except ManagerMissing:
            return False

    def _show(self, unit: str | None, properties: str) -> Completed:
        target = [unit] if unit else []
        return self.host.run([*_SYSTEMCTL, "show", *target, f"--property={properties}"])
