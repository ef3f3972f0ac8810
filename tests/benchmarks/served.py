"""A model on a server, bound to a pattern and asked plainly, beside the embedded model alone.

    uv run python -m tests.benchmarks.served [--parts 6] [--model FOLDER]

The model is SmolLM2-135M behind a server of the tests that binds with llguidance, and behind the
same server without a pattern. The text is TED talks (--bench), lower case
and without marks, English. Printed: words that the answer decided, parts that are
no reading, F1 of marks. It shows what the two ways lose with a model that is far too small.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.child.serving import ServingDecider
from engine.models import catalog
from engine.records import EnhancedPart, EnhancedWord, Part, Word
from engine.served.ask import Asker
from engine.served.http import Endpoint
from engine.tagger.tag import Tagger
from engine.text import scores
from tests.bound_server import bound_server
from tests.chat_model import smollm2

BENCH = Path(__file__).parents[3] / "shared/data/bench/iwslt2012_dev.tsv.gz"


def read(path: Path, parts: int, size: int) -> tuple[list[Part], list[list[str]]]:
    """Return parts of the benchmark and the label of each of their words."""
    rows: list[list[str]] = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            word, label = line.rstrip("\n").split("\t")
            if word.startswith("'") and rows:  # contractions are split there
                rows[-1] = [rows[-1][0] + word, label]
            elif word:
                rows.append([word, label])
            if len(rows) == (parts + 1) * size:
                break
    words = [Word(word) for word, _ in rows]
    made, right = [], []
    for n in range(parts):
        at = n * size
        after = tuple(words[at + size : at + size + 24])
        made.append(Part(n, tuple(words[at : at + size]), after=after, language="en"))
        right.append([label for _, label in rows[at : at + size]])
    return made, right


def row(
    parts: Sequence[Part], right: Sequence[Sequence[str]], enhance: Any, tail_words: int
) -> dict[str, Any]:
    """Return the figures of one way."""
    began = time.monotonic()
    tail: tuple[EnhancedWord, ...] = ()
    done: list[EnhancedPart] = []
    for part in parts:
        done.append(enhance(part, tail))
        tail = done[-1].words[-tail_words:]
    guess = [scores.label(word.text) for part in done for word in part.words]
    truth = [label for labels in right for label in labels]
    reasons = Counter(part.served.reason or "taken" for part in done if part.served is not None)
    return {
        "words": len(guess),
        "f1": {name: one["f1"] for name, one in scores.punctuation(truth, guess).items()},
        "answers": dict(reasons),
        "words_by_server": sum(part.served.taken for part in done if part.served is not None),
        "wall_s": round(time.monotonic() - began, 1),
    }


def main() -> None:
    """Print a line of JSON for each way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parts", type=int, default=6)
    parser.add_argument("--size", type=int, default=190)
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    parts, right = read(options.bench, options.parts, options.size)
    embedded = Tagger.load(catalog.describe(catalog.EMBEDDED))
    tail_words = embedded.info.tail_words
    print(json.dumps({"embedded": row(parts, right, embedded.enhance, tail_words)}), flush=True)
    with bound_server(options.model or smollm2()) as address:
        info = catalog.describe(address)
        assert info.server is not None
        for mode in ("structured_outputs", "plain"):
            asker = Asker(info.server, Endpoint(info.server))
            asker.begin()
            if mode == "plain":
                asker.mode = "plain"
            deciding = ServingDecider(info, asker, embedded)
            found = row(parts, right, deciding.enhance, tail_words)
            print(json.dumps({asker.mode: found}), flush=True)


if __name__ == "__main__":
    main()
