"""The learning curve is drawn from the log alone."""

from __future__ import annotations

import json
from pathlib import Path

from engine.training.plot import read


def test_steps_that_a_resumed_run_did_again_are_drawn_once(tmp_path: Path) -> None:
    """In the order of the steps, figures on dev beside the losses."""
    rows = [
        {"step": 20, "mark": 0.9},
        {"step": 40, "mark": 0.5},
        {"step": 40, "mark": 0.4},
        {"step": 40, "dev": {}},
        {"step": 30, "mark": 0.6},
    ]
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [(row["step"], row.get("mark")) for row in read(log)] == [
        (20, 0.9), (30, 0.6), (40, 0.5), (40, None),
    ]  # fmt: skip
