"""Draw loss and F1 on dev over the pieces read; needs matplotlib, which only this command uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read(log: Path) -> list[dict[str, Any]]:
    """Return the rows of a log by their steps; what a resumed run did again is left out."""
    rows: dict[tuple[int, bool], dict[str, Any]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        rows.setdefault((row["step"], "dev" in row), row)
    return [rows[key] for key in sorted(rows)]


def plot(log: Path, out: Path) -> None:
    """Draw the log of a run as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = read(log)
    measured = [row for row in rows if "dev" in row]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for kind, grey in (("mark", "0.1"), ("case", "0.45"), ("paragraph", "0.7")):
        losses = [(row["pieces"] / 1e6, row[kind]) for row in rows if kind in row]
        if losses:
            left.plot(*zip(*losses, strict=True), color=grey, lw=0.8, label=kind)
    names = dict.fromkeys(name for row in measured for name in row["dev"])
    colours = pyplot.get_cmap("tab20")
    for number, name in enumerate(names):
        points = [
            (row["pieces"] / 1e6, row["dev"][name]["overall"]["f1"])
            for row in measured
            if name in row["dev"]
        ]
        right.plot(
            *zip(*points, strict=True), lw=1.2, marker=".", label=name, color=colours(number)
        )
    left.set(xlabel="million pieces", ylabel="loss", yscale="log", title="Loss in training")
    right.set(
        xlabel="million pieces", ylabel="F1, %", title="F1 of marks on dev, lower case, no bias"
    )
    for axes in (left, right):
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize=7, ncols=2)
    figure.savefig(out, dpi=110)
