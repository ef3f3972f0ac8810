"""A text far longer than the model can hold at once: every word comes out, in order."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from state.job import Status
from tests.acceptance.harness import EMBEDDED, Home, spoken
from tests.acceptance.invariants import check

TIMES = 4
PROSE = """
    and the of we they you said that what people time water house river many small first morning
    letter after before without never always because again against kind quiet letters windows
    children money question answer remember carried walking yesterday London Mary however
"""


def test_a_text_of_four_contexts_keeps_every_word(tmp_path: Path) -> None:
    """The embedded model sees a part at a time; the coverage says that none is missing."""
    if not (EMBEDDED / "model.safetensors").exists():
        pytest.skip("the embedded model is not there")
    context = json.loads((EMBEDDED / "config.json").read_text())["positions"]
    words, chance = PROSE.split(), random.Random(9)
    said = [chance.choice(words) for _ in range(TIMES * context + 7)]  # a token each at least
    home = Home(tmp_path, model="punct")
    segments = [" ".join(said[n : n + 9]) for n in range(0, len(said), 9)]
    path = home.drop("long.json", spoken(*segments))
    assert home.drain(patience_s=250).returncode == 0
    job = home.ended(path)
    assert (job.status, job.reason) == (Status.DONE, None)
    assert job.words_done == job.words_total == len(said)
    coverage = job.figures["coverage"]
    assert coverage["words_in"] == coverage["words_out"] == len(said)
    assert coverage["parts"]["enhanced"] == coverage["parts"]["total"] > TIMES
    assert job.figures["timings"]["tokens"] > TIMES * context
    check(home)  # word for word, in order
