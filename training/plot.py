"""Draw loss and dev F1 over tokens; needs matplotlib, which only this command uses."""

from __future__ import annotations

import json
from pathlib import Path

STYLES = ("speech-prepared", "speech-qa", "speech-meeting", "speech-radio", "prose")


def plot(log: Path, out: Path) -> None:
    """Draw the log of a run as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [json.loads(line) for line in log.read_text().splitlines()]
    losses = [(r["tokens"] / 1e6, r["loss"]) for r in rows if "loss" in r]
    dev = [r for r in rows if "dev" in r]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    left.plot(*zip(*losses, strict=True), color="0.7", lw=0.8, label="training")
    for style in STYLES:
        points = [(r["tokens"] / 1e6, r["dev"][style]["loss"]) for r in dev]
        left.plot(*zip(*points, strict=True), lw=1.2, label=style)
        points = [(r["tokens"] / 1e6, r["dev"][style]["overall"]) for r in dev]
        right.plot(*zip(*points, strict=True), lw=1.2, label=style)
    left.set(xlabel="million tokens", ylabel="loss", yscale="log", title="Loss")
    right.set(
        xlabel="million tokens",
        ylabel="F1, %",
        ylim=(0, 100),
        title="Dev F1 of separators (lower case, teacher-forced)",
    )
    left.legend(fontsize=7)
    right.legend(fontsize=7)
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(out, dpi=110)
