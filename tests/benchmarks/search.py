"""Measure the library: `uv run python -m tests.benchmarks.search [PASSAGES] [--meaning]`.

Passages are made of words whose frequencies fall as in a language (Zipf); 100,000 of them are about
2,500 hours of speech. Printed: how long indexing takes and how much memory, how large the index is
beside the text, and how long searches take; all times are of the processor. `--meaning` (with the
extra search) gives every passage a random vector and measures the wall time of a question by
meaning: the vectors are written to a file, the child embeds the question and compares it with all.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from daemon.operations.search import in_order, passage_of, ranked, telling
from engine.ask import stored, tokens
from engine.ask.passages import Passage, Spoken, Turn
from engine.ask.query import matches, parse
from engine.child.embedder import EmbedderClient
from engine.models.embedders import PACKAGED, describe
from state.library.library import Library
from state.library.opening import open_library, open_library_readonly
from state.library.records import Filters, NewPassage, NewTranscript
from state.library.vectors import put_vectors, write_vectors

VOCABULARY = 40_000
WORDS = 210  # of a passage
EACH = 400  # passages of a transcript: ten hours
SEARCHES = 200
DIMENSIONS = 384  # of multilingual-e5-small


def vocabulary(source: random.Random) -> list[str]:
    """Return different words, short ones first, as in a language."""
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        size = min(12, 2 + len(words) // 400) if len(words) < 4_000 else source.randint(4, 12)
        words["".join(source.choices("etaoinshrdlucmfwypvbgk", k=size))] = None
    return list(words)


def made(words: list[str], source: random.Random, count: int) -> Iterator[Passage]:
    """Yield passages of two turns, 90 seconds each."""
    weights: list[float] = []
    total = 0.0
    for place in range(len(words)):
        total += 1 / (place + 2.7)
        weights.append(total)
    for position in range(count):
        at = 90.0 * position
        chosen = source.choices(words, cum_weights=weights, k=WORDS)
        spoken = [Spoken(word, at + 0.42 * n, False) for n, word in enumerate(chosen)]
        half = WORDS // 2
        turns = (Turn("Ada", tuple(spoken[:half]), 0), Turn("Bob", tuple(spoken[half:]), 1))
        yield Passage(position, turns, at, at + 89.0)


def memory_mb() -> float:
    """Return the largest memory of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def fill(library: Library, words: list[str], source: random.Random, count: int) -> int:
    """Put passages in, a transcript at a time, and return the bytes of their text."""
    text_bytes = 0
    spent_s = 0.0
    for number in range(count // EACH):
        found = list(made(words, source, EACH))
        text_bytes += sum(len(passage.text.encode()) for passage in found)
        rows = [
            NewPassage(
                position=passage.position,
                start_s=passage.start_s,
                end_s=passage.end_s,
                words=WORDS,
                speakers=" ada \n bob ",
                body=stored.dump(passage),
            )
            for passage in found
        ]
        begun = time.process_time()
        library.put(NewTranscript(path=f"/talks/{number}.json", job_id=number, stamp=""), rows)
        spent_s += time.process_time() - begun
        if (number + 1) % max(1, count // EACH // 4) == 0:
            done = (number + 1) * EACH
            print(f"{done:>8,} passages  {spent_s:6.1f} s  {memory_mb():.0f} MB", flush=True)
    return text_bytes


def sizes(library: Library, text_bytes: int) -> None:
    """Print how large the parts of the file are beside the text."""
    query = library.database.query
    bodies = query("SELECT sum(length(body)) FROM passages")[0][0]
    index = query("SELECT sum(length(block)) FROM passage_index_data")[0][0]
    index += query("SELECT sum(length(sz)) FROM passage_index_docsize")[0][0]
    file = os.path.getsize(library.database.path)
    print(f"text {text_bytes / 1e6:.0f} MB; words with times {bodies / text_bytes:.2f} of it")
    print(f"index {index / text_bytes:.2f}; whole file {file / text_bytes:.2f}")


def search(library: Library, words: list[str], source: random.Random) -> None:
    """Print how long searches take, from the typed words to five passages with their matches."""
    for name, first, last in (("rare", 2_000, 20_000), ("usual", 100, 2_000), ("frequent", 0, 100)):
        costs_ms = []
        for _ in range(SEARCHES):
            typed = " ".join(source.choices(words[first:last], k=source.randint(1, 4)))
            begun = time.process_time()
            asked = parse(typed)
            query = telling(library, asked)
            ids = ranked(library, asked, query, Filters(), limit=50)
            for row in in_order(library, ids[:5]):
                matches(query, passage_of(row).words)
            costs_ms.append(1e3 * (time.process_time() - begun))
        costs_ms.sort()
        print(
            f"{name:>8} words: median {statistics.median(costs_ms):.1f} ms,"
            f" 95% {costs_ms[int(0.95 * len(costs_ms))]:.1f} ms, longest {costs_ms[-1]:.1f} ms"
        )


def meaning(library: Library, folder: Path) -> None:
    """Give every passage a vector, and ask a question of the real model."""
    client = EmbedderClient(describe(PACKAGED))
    source = np.random.default_rng(17)
    ids = [int(row[0]) for row in library.database.query("SELECT id FROM passages")]
    begun = time.monotonic()
    for start in range(0, len(ids), 1_000):
        rows = source.standard_normal((len(ids[start : start + 1_000]), DIMENSIONS))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        halves = [row.tobytes() for row in rows.astype(np.float16)]
        stored_rows = zip(ids[start : start + 1_000], halves, strict=True)
        put_vectors(library, client.info.identity, stored_rows)
    print(f"{len(ids):,} vectors stored in {time.monotonic() - begun:.1f} s, {memory_mb():.0f} MB")
    for turn in ("first", "second", "third"):
        begun = time.monotonic()
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            write_vectors(library, client.info.identity, Filters(), file)
            file.flush()
            written_s = time.monotonic() - begun
            client.nearest("where did they anchor for the night", Path(file.name), limit=50)
        spent_s = time.monotonic() - begun
        print(f"{turn} question: {written_s:.2f} s to write the vectors, {spent_s:.2f} s in all")
    client.close()


def main() -> None:
    """Fill a library in a temporary folder and search it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("passages", type=int, nargs="?", default=100_000)
    parser.add_argument("--meaning", action="store_true")
    options = parser.parse_args()
    count = options.passages
    source = random.Random(17)
    words = vocabulary(source)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state" / "library.db"
        with open_library(path, stored.indexed, form=tokens.VERSION) as library:
            text_bytes = fill(library, words, source, count)
            sizes(library, text_bytes)
            if options.meaning:
                meaning(library, Path(folder))
        with open_library_readonly(path, stored.indexed, form=tokens.VERSION) as library:
            search(library, words, source)


if __name__ == "__main__":
    main()
