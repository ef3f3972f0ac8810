"""Measure search by meaning: `uv run --extra search python -m tests.benchmarks.ask_meaning HOME`.

The home is made, filled and embedded the first time; a run that is stopped goes on where it was.
Printed: recall of the passage with the answer, by words, by vectors and by both, for the thirty
questions of tests/ask_questions.json whose words are there and the thirty whose words are not, and
what the cosine says of questions whose answer is not there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from daemon.operations import asking
from daemon.operations import search as searching
from daemon.operations.meaning import CANDIDATES
from daemon.operations.search import Limits
from daemon.operations.session import Session
from daemon.work.embedding import PassageEmbedder
from engine.ask import stored, tokens
from engine.ask.evidence import Found, Retrieved, weigh
from engine.child.embedder import EmbedderClient
from engine.models.embedders import PACKAGED, describe
from state.library.library import Library
from state.library.opening import open_library
from state.library.records import Filters, PassageRow
from state.library.vectors import write_vectors
from tests import ask_set
from tests.ask_set import Asked

FIRST = 5
Cosines = dict[str, list[tuple[int, float]]]  # of each question: passages, the nearest first


def embed(place: Path, *, limit_s: float) -> bool:
    """Give the passages of a home their vectors; return whether all have one."""
    config = ask_set.make_home(place, fill=not place.is_dir())
    config.home.settings.write_text(f'embedding_model = "{PACKAGED}"\n')
    session = Session(str(place))
    embedder = PassageEmbedder(session.config, structlog.get_logger(), clock=time.monotonic)
    begun = time.monotonic()
    more = True
    with open_library(config.home.library, stored.indexed, form=tokens.VERSION) as library:
        while more and time.monotonic() - begun < limit_s:
            more = embedder.step(library)
    embedder.close()
    return not more


def ranked(session: Session, questions: Sequence[Asked], kept: Path) -> Cosines:
    """Return the cosines of all passages to each question; they are kept in a file."""
    found: Cosines = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    client = EmbedderClient(describe(PACKAGED, base=session.home.path))
    with searching.opened(session) as library, tempfile.NamedTemporaryFile() as file:
        ids = write_vectors(library, client.info.identity, Filters(), file)
        file.flush()
        for asked in questions:
            if asked.question not in found:
                near = client.nearest(asked.question, Path(file.name), limit=len(ids))
                found[asked.question] = [(ids[row], cosine) for row, cosine in near]
    client.close()
    kept.write_text(json.dumps(found), encoding="utf-8")
    return found


def place_of(asked: Asked, found: Sequence[Retrieved | PassageRow]) -> int:
    """Return at which place the answer is, counted from 1; 0: nowhere."""
    for place, one in enumerate(found, start=1):
        if isinstance(one, Retrieved):
            known = one.file, one.passage.start_s, one.passage.end_s
        else:
            known = one.path, one.start_s, one.end_s
        if asked.is_in(*known):
            return place
    return 0


def recall(places: Sequence[int]) -> str:
    """Return how many are first, and among the first five."""
    first = sum(place == 1 for place in places)
    among = sum(1 <= place <= FIRST for place in places)
    return f"@1 {first}, @{FIRST} {among} of {len(places)}"


def by_both(session: Session, asked: Asked, near: Sequence[tuple[int, float]] | None) -> Found:
    """Return what is found for a question, with the vectors that are nearest or without any."""

    def nearest(library: Library, text: str, filters: Filters) -> list[tuple[int, float]]:
        return list(near or ())[:CANDIDATES]

    how = None if near is None else nearest
    return asking.find(session, asked.question, limits=Limits(), nearest=how)


def measure(session: Session, cosines: Cosines, *, verbose: bool) -> None:
    """Print recall by words, by vectors and by both."""
    sets: dict[str, list[Asked]] = {
        "its words are there": [q for q in ask_set.questions() if q.kind == "answerable"],
        "in other words": [q for q in ask_set.paraphrased() if q.language == "en"],
        "in another language": [q for q in ask_set.paraphrased() if q.language != "en"],
    }
    for name, questions in sets.items():
        rows: dict[str, list[int]] = {"words": [], "vectors": [], "both": []}
        for asked in questions:
            near = cosines[asked.question]
            with searching.opened(session) as library:
                passages = list(searching.in_order(library, [number for number, _ in near]))
            rows["words"].append(place_of(asked, by_both(session, asked, None).passages))
            rows["vectors"].append(place_of(asked, passages))
            rows["both"].append(place_of(asked, by_both(session, asked, near).passages))
            if verbose:
                print({key: found[-1] for key, found in rows.items()}, asked.question)
        for key, places in rows.items():
            print(f"{name}, by {key}: {recall(places)}")


def signals(cosines: Cosines) -> dict[str, Callable[[Asked], float]]:
    """Return what may tell that the answer is not there, by the cosines of a question."""

    def best(asked: Asked) -> float:
        return cosines[asked.question][0][1]

    def margin(asked: Asked) -> float:
        return best(asked) - statistics.median(c for _, c in cosines[asked.question])

    return {"best cosine": best, "margin over the median": margin}


def refuse(session: Session, cosines: Cosines) -> None:
    """Print how well a signal parts questions with an answer from those without one."""
    there = [q for q in ask_set.questions() if q.kind == "answerable"] + ask_set.paraphrased()
    absent = [q for q in ask_set.questions() if q.kind == "absent"]
    rows = [(asked, True) for asked in there] + [(asked, False) for asked in absent]
    for name, signal in signals(cosines).items():
        values = [(signal(asked), is_there) for asked, is_there in rows]
        pairs = [(a > b) + (a == b) / 2 for a, t in values if t for b, f in values if not f]
        print(f"{name}: above an absent one in {sum(pairs) / len(pairs):.2f} of all pairs")
        for kind in ("answerable", "paraphrased", "absent"):
            own = sorted(value for (value, _), (q, _) in zip(values, rows, strict=True)
                         if q.kind == kind)  # fmt: skip
            print(f"  {kind}: {own[0]:.3f} to {own[-1]:.3f}, median {statistics.median(own):.3f}")
        for begin in (0, 1):
            floor = _floor(values[begin::2])
            other = values[1 - begin :: 2]
            right = sum((value >= floor) == is_there for value, is_there in other)
            refused = sum(value < floor for value, is_there in other if not is_there)
            print(
                f"  floor {floor:.3f} from one half: {right} of {len(other)} right in the other,"
                f" {refused} of {sum(not f for _, f in other)} absent ones refused"
            )
    answered = {
        asked.question: weigh(found.asked, found.passages).status == "answered"
        for asked in [*ask_set.questions(), *ask_set.paraphrased()]
        for found in [by_both(session, asked, cosines[asked.question])]
    }
    for kind in ("answerable", "paraphrased", "absent", "trap"):
        asks = [q for q in [*ask_set.questions(), *ask_set.paraphrased()] if q.kind == kind]
        count = sum(answered[q.question] for q in asks)
        print(f"answered by words: {count} of {len(asks)} {kind}")


def _floor(values: Sequence[tuple[float, bool]]) -> float:
    """Return the floor with which most are right, in the middle of the best ones."""
    edges = sorted({value for value, _ in values})
    counts = {
        edge: sum((value >= edge) == is_there for value, is_there in values) for edge in edges
    }
    best = [edge for edge in edges if counts[edge] == max(counts.values())]
    return best[len(best) // 2]


def main() -> None:
    """Embed what has no vector, and measure where all have one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--limit", type=float, default=3_600.0, help="seconds of embedding")
    options = parser.parse_args()
    if not embed(options.home, limit_s=options.limit):
        print("Not all passages have a vector yet: run this again.")
        return
    session = Session(str(options.home))
    questions = [*ask_set.questions(), *ask_set.paraphrased()]
    cosines = ranked(session, questions, options.home / "cosines.json")
    measure(session, cosines, verbose=options.verbose)
    refuse(session, cosines)


if __name__ == "__main__":
    main()
