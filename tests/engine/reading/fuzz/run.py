"""Running cases: one after another by their number, and what came of them by kind."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.engine.reading.fuzz import clocks, cues, growing, keys, letters
from tests.engine.reading.fuzz.case import CannotApply, Case, Fault, made
from tests.engine.reading.fuzz.promises import Broken, outcome
from tests.engine.reading.fuzz.talks import talk

FAULTS: tuple[Fault, ...] = (*letters.FAULTS, *clocks.FAULTS, *keys.FAULTS, *cues.FAULTS)
KINDS = "ABCDEFGHIJ"
TRIES = 200


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case."""

    number: int
    kind: str
    faults: str
    shape: str
    talk: str
    ended: str  # "read", "in doubt", "undecided", "refused: ...", or "BROKEN: ..."

    @property
    def broken(self) -> bool:
        """Return whether a promise was not kept."""
        return self.ended.startswith("BROKEN")


def case_of(seed: int, number: int) -> tuple[str, Case]:
    """Return the kind and the case of this number: kinds in turn, one fault or several."""
    kind = KINDS[number % len(KINDS)]
    for attempt in range(TRIES):
        rng = random.Random(f"{seed}:{number}:{attempt}")
        first = rng.choice([fault for fault in FAULTS if fault.kind == kind])
        shape = rng.choice(sorted(first.shapes))
        chosen = {first.name: first}
        for _ in range(rng.choice((0, 0, 1, 2))):
            other = rng.choice([fault for fault in FAULTS if shape in fault.shapes])
            chosen.setdefault(other.name, other)
        try:
            return kind, made(rng, talk(rng), shape, [*chosen.values()])
        except (CannotApply, KeyError, TypeError, AttributeError, IndexError):
            continue  # these faults do not go together
    raise AssertionError(f"no case for {seed}:{number}")


def results(seed: int, numbers: Iterator[int] | range) -> Iterator[Result]:
    """Yield what comes of each case."""
    for number in numbers:
        if KINDS[number % len(KINDS)] == "I":
            yield Result(number, "I", "written live", "srt", "made", _ended_growing(seed, number))
            continue
        kind, case = case_of(seed, number)
        try:
            ended = outcome(case)
        except Broken as error:
            ended = f"BROKEN: {error}"
        except Exception as error:  # the promise is that there is no other
            ended = f"BROKEN: unnamed exception: {type(error).__name__}: {error}"
        yield Result(number, kind, " + ".join(case.faults), case.shape, case.talk.name, ended)


def _ended_growing(seed: int, number: int) -> str:
    try:
        growing.watch(random.Random(f"{seed}:{number}"))
    except Broken as error:
        return f"BROKEN: {error}"
    return "read"


def table(found: Counter[tuple[str, str]]) -> str:
    """Return how the cases of each kind ended."""
    endings = sorted({ended for _, ended in found})
    lines = []
    for kind in KINDS:
        counts = [f"{ended} {found[kind, ended]}" for ended in endings if found[kind, ended]]
        total = sum(n for (k, _), n in found.items() if k == kind)
        lines.append(f"{kind} {total:6}  " + ", ".join(counts))
    return "\n".join(lines)
