"""What became of an archive, counted as it comes: memory does not grow with the files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.archive.records import STATES, Outcome

_MOST_NODES = 10_000


@dataclass(slots=True)
class Worked:
    """What one worker did."""

    files: int = 0
    words: int = 0
    busy_s: float = 0.0

    @property
    def words_per_s(self) -> float | None:
        """Return its speed while it worked, None where it did nothing."""
        return self.words / self.busy_s if self.busy_s > 0 and self.words else None


@dataclass(slots=True)
class Tally:
    """Counts of outcomes."""

    files: int = 0
    size_bytes: int = 0
    words: int = 0  # enhanced in this run
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)  # by state and reason
    nodes: dict[str, Worked] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.files += 1
        self.size_bytes += outcome.size_bytes
        self.reasons[outcome.state, outcome.reason or ""] += 1
        if len(self.nodes) >= _MOST_NODES and outcome.node not in self.nodes:
            return
        worked = self.nodes.setdefault(outcome.node, Worked())
        worked.files += 1
        if outcome.state in {"done", "partial"}:
            self.words += outcome.words or 0
            worked.words += outcome.words or 0
            worked.busy_s += outcome.busy_s

    def count(self, state: str) -> int:
        """Return how many files ended in a state."""
        return sum(n for (found, _), n in self.reasons.items() if found == state)

    def rows(self) -> Sequence[tuple[str, str, int]]:
        """Return state, reason and number, in the order of the states, the most frequent first."""
        order: dict[str, int] = {state: n for n, state in enumerate(STATES)}
        pairs = sorted(
            self.reasons.items(), key=lambda pair: (order.get(pair[0][0], 9), -pair[1], pair[0][1])
        )
        return [(state, reason, n) for (state, reason), n in pairs]
