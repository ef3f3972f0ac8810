"""Files that are written while somebody speaks: kind I, with the daemon's own rule and no clock."""

from __future__ import annotations

import math
import random

from daemon.intake.growing import Growing
from daemon.intake.settle import Settled
from state.job import Fingerprint, Origin
from tests.engine.reading.fuzz.promises import Broken
from tests.engine.reading.fuzz.shapes import content
from tests.engine.reading.fuzz.talks import Line

SETTLE_S = 2.0


def watch(rng: random.Random) -> None:
    """Write a file cue by cue, with pauses; raises `Broken` if its end is not taken, or too often.

    A file that is written without long pauses is taken once. With them, each pause makes the next
    one wait four times as long, so it is taken a few times. What was written last is always taken.
    """
    longest = rng.choice((3.0, 8.0, 40.0, 200.0))
    pauses = [rng.uniform(0.5, longest) for _ in range(rng.randrange(3, 60))]
    now = 1_000.0
    growing = Growing(settle_s=SETTLE_S, wall=lambda: now)
    shape = rng.choice(("srt", "vtt"))
    lines: list[Line] = []
    taken: list[int] = []
    for pause in [*pauses, math.inf]:
        at = now - 1_000.0
        lines.append(Line(f"Sentence number {len(lines) + 1}.", at, at + 2.5))
        data = content(shape, lines).encode()
        mark = Fingerprint(1, 2, len(data), int(now * 1e9), int(now * 1e9))
        settled = Settled("live." + shape, mark, Origin.EVENT, False, SETTLE_S, at)
        wanted = growing.quiet_s(settled, data)
        if wanted <= pause:
            growing.taken(settled.path, data, wanted)
            taken.append(len(lines))
        if pause < math.inf:
            now += pause
    if not taken or taken[-1] != len(lines):
        raise Broken("the end of a growing file is not taken")
    most = 1 if max(pauses) < 6 * SETTLE_S else 6
    if len(taken) > most:
        raise Broken(f"a growing file is taken {len(taken)} times")
