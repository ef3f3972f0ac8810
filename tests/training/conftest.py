"""A tiny corpus, prepared as the real one is."""

import gzip
import json
import random
from pathlib import Path

import pytest

SENTENCES = [
    "Good morning, everyone.", "We have, as you know, 35 rovers.", "Do they work?", "They do!",
    "Here is why: they were built well; nobody hurried.", "I think that Mars, the planet, waits.",
]  # fmt: skip


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A tiny corpus, prepared by the command."""
    rng = random.Random(1)
    for part in ("train", "dev"):
        with gzip.open(tmp_path / f"{part}.jsonl.gz", "wt") as file:
            for style in ("speech-prepared", "prose"):
                chunks = [" ".join(rng.choices(SENTENCES, k=8)) for _ in range(12)]
                record = {"id": f"{part}/{style}", "style": style, "speakers": None,
                          "text": "\n\n".join(chunks)}  # fmt: skip
                file.write(json.dumps(record) + "\n")
    run(tmp_path, tmp_path / "data")
    return tmp_path


def run(corpus: Path, out: Path) -> None:
    """Prepare `corpus` into `out`."""
    from engine.training.__main__ import main

    main(["prepare", "--corpus", str(corpus), "--out", str(out), "--vocabulary", "400",
          "--tokenizer-windows", "50"])  # fmt: skip
