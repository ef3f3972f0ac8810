"""Whether the settings let work go on now: hours, power, and whether somebody uses the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from daemon.config import Config
from daemon.power import system
from daemon.power.records import Reading

LOOK_S: Final = 10.0  # between two questions to the system


@dataclass(frozen=True, slots=True)
class Wait:
    """What the work waits for."""

    rule: Literal["hours", "power", "idle"]
    until: float | None  # seconds since the epoch; None where nobody knows

    def to_json(self) -> dict[str, Any]:
        """Return the wait as the service row keeps it."""
        return asdict(self)


class Gate:
    """The rule: outside `hours` nothing is done; then `work` decides.

    `on_power` waits while the machine draws from a battery. `idle` waits for that too, and until
    nobody has used the machine for `idle_after_s`. What a system does not say keeps nothing: a
    machine without a battery is on power, and one that nobody sits at is not used.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Callable[[], float],
        wall: Callable[[], float],
        read: Callable[[], Reading] = system.read,
        always: bool = False,
    ) -> None:
        """Make the gate.

        Args:
            config: The settings.
            clock: Monotonic seconds.
            wall: Seconds since the epoch.
            read: Asks the system.
            always: Let everything through: the user asked for the work by hand.
        """
        self._config = config
        self._clock = clock
        self._wall = wall
        self._read = read
        self._open = always or not (config.hours or config.work != "always")
        self._due = float("-inf")
        self._wait: Wait | None = None

    def wait(self) -> Wait | None:
        """Return what the work waits for, None when it may go on; cheap to ask often."""
        if self._open:
            return None
        now = self._clock()
        if now >= self._due:
            self._due = now + LOOK_S
            self._wait = self._look()
        return self._wait

    def _look(self) -> Wait | None:
        config, wall = self._config, self._wall()
        if not config.hours.cover(wall):
            return Wait("hours", config.hours.next_change(wall))
        if config.work == "always":
            return None
        reading = self._read()
        if reading.on_power is False:
            return Wait("power", None)
        if config.work == "idle" and reading.unused_s is not None:
            used = reading.unused_s < config.idle_after_s
            return Wait("idle", None) if used else None
        return None
