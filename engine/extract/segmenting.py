"""Blocks of terms -> topic boundaries, by lexical cohesion.

The best segmentation is the most probable one under a model in which every topic draws its words
from its own distribution, with the distributions integrated out (Dirichlet compound multinomial):
Eisenstein and Barzilay, "Bayesian Unsupervised Topic Segmentation", EMNLP 2008, which grew out of
Utiyama and Isahara, ACL 2001. It is found exactly by dynamic programming. The prior is not flat
but the text's own word frequencies, so that a word said everywhere counts little.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

CONCENTRATION = 1000.0  # strength of the text's own frequencies against a topic's
CHANGE_COST = 4.0  # nats that a boundary must earn


def boundaries(
    blocks: Sequence[Sequence[str]],
    sizes: Sequence[float],
    *,
    usual: float,
    least: float,
    most: float,
    concentration: float = CONCENTRATION,
    change_cost: float = CHANGE_COST,
) -> list[int]:
    """Return the indices of blocks that open a topic, 0 excluded.

    `sizes` gives each block's length in any unit (seconds, words). A topic is `least` to `most`
    long, and about `usual` where the words do not decide. Time is linear in the number of terms
    times the terms in `most`.
    """
    count = len(blocks)
    if count < 2:
        return []
    totals = Counter(term for block in blocks for term in block)
    # A term said once shows nothing about where a topic ends.
    index = {term: i for i, term in enumerate(t for t, c in totals.items() if c > 1)}
    all_terms = sum(totals[term] for term in index) or 1
    base = [concentration * totals[term] / all_terms for term in index]
    coded = [[index[term] for term in block if term in index] for block in blocks]
    longest = sum(len(block) for block in coded)
    log_total = [math.log(n + concentration) for n in range(longest + 1)]
    ends = [0.0]
    for size in sizes:
        ends.append(ends[-1] + size)
    best = [0.0] + [-math.inf] * count
    back = [0] * (count + 1)
    log = math.log
    for start in range(count):
        before = best[start]
        if before == -math.inf:
            continue
        seen = [0] * len(base)
        likelihood = 0.0
        drawn = 0
        for end in range(start, count):
            for term in coded[end]:
                # log(base[term] / concentration) is the same in all segmentations.
                likelihood += log(1.0 + seen[term] / base[term]) - log_total[drawn]
                seen[term] += 1
                drawn += 1
            length = ends[end + 1] - ends[start]
            if length > most and end > start:
                break
            if length < least and not (start == 0 and end == count - 1):
                continue
            score = before + likelihood - change_cost * (1 + 0.5 * log(length / usual) ** 2)
            if score > best[end + 1]:
                best[end + 1] = score
                back[end + 1] = start
    if best[count] == -math.inf:
        return []
    found = []
    at = count
    while at:
        at = back[at]
        found.append(at)
    return [i for i in reversed(found) if i]
