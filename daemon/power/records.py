"""What the system says of its power and its user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Run = Callable[[Sequence[str]], str | None]  # a command's output; None where it failed


@dataclass(frozen=True, slots=True)
class Reading:
    """One look; None where the system does not say."""

    on_power: bool | None  # not on a battery
    unused_s: float | None  # since the last key, click or movement of a user
