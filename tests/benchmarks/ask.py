"""Measure questions over real transcripts: `uv run python -m tests.benchmarks.ask [--model] [-v]`.

Sixty questions over ten files (tests/ask_set.py): 30 whose answer is there, 15 whose answer is not,
and 15 traps (another speaker, a negation, another number). Printed: recall of the passage with the
answer among the first five, how often what is called an answer is one and what is refused is none,
and whether every quotation stands in the JSON of its source, by a check that knows nothing of
passages. `--folds` calibrates the floor on one half of the questions and measures the other. With
`--model` that model answers what is answered (`--most` of it), in the grammar and by a plain prompt
with the same passages (tests/benchmarks/ask_written.py); its answers are kept in `--lines`.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from daemon.operations import asking
from daemon.operations.meaning import Nearest
from daemon.operations.search import Limits
from daemon.operations.session import Session
from engine.ask import evidence, writing
from engine.ask.evidence import Evidence, Found, Retrieved
from tests import ask_set
from tests.ask_set import Asked
from tests.benchmarks import ask_written

FIRST = 5


def letters(text: str) -> str:
    """Return what is heard of a text."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c)[0] == "M")


def said(value: Any) -> Iterable[tuple[float, str | None, str]]:
    """Yield start, speaker and text of every segment of a source, read with `json` alone."""
    rows = value if isinstance(value, list) else value.get("speakers") or value["segments"]
    for row in rows:
        start = row["timestamp"][0] if "timestamp" in row else row["start"]
        yield float(start or 0.0), row.get("speaker"), str(row["text"])


class Sources:
    """The files as they are on the disk."""

    def __init__(self) -> None:
        self._of: dict[str, list[tuple[float, str | None, str]]] = {}
        for file in ask_set.FILES:
            data = json.loads((ask_set.WHISPER / file).read_bytes())
            self._of[Path(file).name] = list(said(data))

    def has(self, file: str, text: str) -> bool:
        """Return whether a file says a text, in one go."""
        name = os.path.basename(file)
        return letters(text) in letters("".join(text for _, _, text in self._of[name]))


def find(session: Session, asked: Asked, nearest: Nearest | None) -> Found:
    """Return what is found for a question."""
    return asking.find(session, asked.question, limits=Limits(), nearest=nearest)


def has_answer(asked: Asked, passages: Sequence[Retrieved]) -> bool:
    """Return whether one of some passages is where the answer is."""
    return any(asked.is_in(one.file, one.passage.start_s, one.passage.end_s) for one in passages)


def is_right(asked: Asked, found: Evidence) -> bool:
    """Return whether a question was answered from the right place, or rightly not answered."""
    if asked.kind == "answerable":
        return found.status == "answered" and has_answer(asked, [q.source for q in found.quotes])
    return found.status != "answered"


def calibrated(rows: Sequence[tuple[Asked, Found]]) -> float:
    """Return the floor with which most of some questions are right."""
    floors = [step / 50 for step in range(10, 46)]
    measured = [(asked, evidence.measure(found.asked, found.passages)) for asked, found in rows]

    def right(floor: float) -> int:
        return sum(
            is_right(asked, evidence.judge(weighed, floor=floor)) for asked, weighed in measured
        )

    counts = {floor: right(floor) for floor in floors}
    best = max(counts.values())
    good = [floor for floor in floors if counts[floor] == best]
    return good[len(good) // 2]


def report(rows: Sequence[tuple[Asked, Found]], sources: Sources, *, verbose: bool) -> None:
    """Print the table of one way to find passages."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    recalled = quotes = real = 0
    for asked, found in rows:
        weighed = evidence.weigh(found.asked, found.passages)
        kind = asked.kind if asked.kind != "trap" else f"trap: {asked.trap}"
        total[kind] += 1
        right[kind] += is_right(asked, weighed)
        if asked.kind == "answerable":
            recalled += has_answer(asked, found.passages[:FIRST])
        for quote in weighed.quotes:
            quotes += 1
            real += sources.has(quote.source.file, quote.text)
        if verbose:
            mark = "  " if is_right(asked, weighed) else "X "
            there = "*" if has_answer(asked, found.passages[:FIRST]) else " "
            print(
                f"{mark}{there}{weighed.signal:.2f} {weighed.status}/{weighed.why} {kind}:"
                f" {asked.question} missing={weighed.missing}"
            )
            for quote in weighed.quotes[:1]:
                print(
                    f"       {os.path.basename(quote.source.file)} {quote.start_s}"
                    f" {quote.speaker}: {quote.text[:160]}"
                )
    print(f"recall@{FIRST}: {recalled} of {total['answerable']}")
    for kind in sorted(total):
        print(f"right, {kind}: {right[kind]} of {total[kind]}")
    print(f"quotations that stand in their source: {real} of {quotes}")


def folds(rows: Sequence[tuple[Asked, Found]]) -> None:
    """Print how many are right where the floor was found on the other half."""
    halves = (rows[::2], rows[1::2])
    for own, other in (halves, halves[::-1]):
        floor = calibrated(other)
        right = sum(
            is_right(asked, evidence.weigh(found.asked, found.passages, floor=floor))
            for asked, found in own
        )
        print(f"floor {floor:.2f} from one half: {right} of {len(own)} right in the other")


def main() -> None:
    """Fill a library in a temporary home and ask."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--folds", action="store_true")
    parser.add_argument("--model", help="a chat model that answers, too")
    parser.add_argument("--most", type=int, default=30, help="questions that it answers")
    parser.add_argument("--shown", type=int, default=writing.SHOWN, help="passages it reads")
    parser.add_argument("--lines", default="ask.jsonl", help="where its answers are kept")
    parser.add_argument("--home", help="a folder in which the library is kept for the next time")
    options = parser.parse_args()
    sources = Sources()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(options.home or folder) / "home"
        config = ask_set.make_home(place, fill=not place.is_dir())
        session = Session(str(config.home.path))
        begun = time.process_time()
        rows = [(asked, find(session, asked, None)) for asked in ask_set.questions()]
        spent_ms = 1e3 * (time.process_time() - begun) / len(rows)
        print(f"lexical, {spent_ms:.0f} ms of the processor a question")
        report(rows, sources, verbose=options.verbose)
        if options.folds:
            folds(rows)
        if options.model:
            ask_written.write(
                rows,
                model=options.model,
                file=Path(options.lines),
                most=options.most,
                shown=options.shown,
            )


if __name__ == "__main__":
    main()
