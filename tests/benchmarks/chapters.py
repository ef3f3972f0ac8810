"""Measure chapters against known joins: Pk and WindowDiff, beside an even split.

    uv run python tests/benchmarks/chapters.py [CORPUS]

CORPUS is a `.jsonl.gz` of `{"id", "style", "text"}` whose texts part paragraphs by a blank line
(default: ../shared/data/corpus/dev.jsonl.gz). Excerpts of different documents are joined and the
joins looked for. Lower is better; the even split is told the true number of chapters. The settings
were chosen on other joins of the same corpus (seeds below 1,100).
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import time
from pathlib import Path

from engine.extract.chapters import stretches
from engine.extract.lexicon import lexicon_for
from engine.records import Document, EnhancedWord, Word

CORPUS = Path(__file__).parents[3] / "shared/data/corpus/dev.jsonl.gz"
SIZES = {"2 to 4": (2, 4, 40), "5 to 12": (5, 12, 40), "30 to 45": (30, 45, 10)}
SEED = 90_000


def join_excerpts(texts: list[str], rng: random.Random, count: int) -> tuple[list[str], set[int]]:
    """Return the paragraphs of `count` excerpts of 400 to 1,800 words, and where each opens."""
    paragraphs: list[str] = []
    opens: set[int] = set()
    for text in rng.sample(texts, count):
        whole = text.split("\n\n")
        for _ in range(20):
            start = end = rng.randrange(len(whole))
            wanted, words = rng.randint(500, 1800), 0
            while end < len(whole) and words < wanted:
                words += len(whole[end].split())
                end += 1
            if words >= 400:
                break
        if words >= 300:
            opens.add(len(paragraphs))
            paragraphs += whole[start:end]
    return paragraphs, opens - {0}


def document_of(paragraphs: list[str]) -> Document:
    """Return the paragraphs as a document without times."""
    words = tuple(tuple(EnhancedWord(Word(w), w) for w in p.split()) for p in paragraphs)
    return Document(tuple(p for p in words if p), "en", None, False, "none")


def labels(opens: set[int], lengths: list[int]) -> list[int]:
    """Return for every word the number of its chapter."""
    chapter, found = 0, []
    for number, length in enumerate(lengths):
        chapter += number in opens
        found += [chapter] * length
    return found


def pk(truth: list[int], found: list[int], k: int) -> float:
    """Return how often two words `k` apart are judged wrongly (Beeferman et al. 1999)."""
    n = len(truth) - k
    wrong = ((truth[i] == truth[i + k]) != (found[i] == found[i + k]) for i in range(n))
    return sum(wrong) / n


def window_diff(truth: list[int], found: list[int], k: int) -> float:
    """Return how often the number of joins in `k` words is wrong (Pevzner and Hearst 2002)."""
    n = len(truth) - k
    wrong = (truth[i + k] - truth[i] != found[i + k] - found[i] for i in range(n))
    return sum(wrong) / n


def main() -> None:
    """Print the table."""
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    print(
        "| excerpts joined | words | Pk | WindowDiff | even split Pk | WindowDiff | found - true |"
    )
    print("|---|---|---|---|---|---|---|")
    spent = spoken = 0.0
    for name, (least, most, runs) in SIZES.items():
        rows = []
        for run in range(runs):
            rng = random.Random(SEED + run)
            paragraphs, opens = join_excerpts(texts, rng, rng.randint(least, most))
            document = document_of(paragraphs)
            lengths = [len(p) for p in document.paragraphs]
            began = time.perf_counter()
            found = {s.first for s in stretches(document, lexicon_for(document), unspaced=False)}
            spent += time.perf_counter() - began
            truth, guess = labels(opens, lengths), labels(found - {0}, lengths)
            count, size = len(opens) + 1, len(truth)
            even = [i * count // size for i in range(size)]
            k = max(2, round(size / count / 2))
            spoken += size
            rows.append(
                (
                    size,
                    pk(truth, guess, k),
                    window_diff(truth, guess, k),
                    pk(truth, even, k),
                    window_diff(truth, even, k),
                    len(found) - count,
                )
            )
        size, *scores, more = (sum(column) / runs for column in zip(*rows, strict=True))
        cells = " | ".join(f"{score:.3f}" for score in scores)
        print(f"| {name} | {size:,.0f} | {cells} | {more:+.1f} |")
    print(f"\n{spoken / spent:,.0f} words/s")


if __name__ == "__main__":
    main()
