"""Draw loss and dev F1 over tokens; needs matplotlib, which only this command uses."""

from __future__ import annotations

import json
from pathlib import Path


def plot(log: Path, out: Path) -> None:
    """Draw the log of a run as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [json.loads(line) for line in log.read_text().splitlines()]
    dev = [r for r in rows if "dev" in r]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for kind, grey in (("chosen", "0.4"), ("whole", "0.6"), ("reading", "0.8")):
        losses = [(r["tokens"] / 1e6, r[kind]) for r in rows if kind in r]
        if losses:
            left.plot(*zip(*losses, strict=True), color=grey, lw=0.8, label=f"training, {kind}")
    styles = dict.fromkeys(style for row in dev for style in row["dev"])  # one may come later
    for style in styles:
        rows = [(r["tokens"] / 1e6, r["dev"][style]) for r in dev if style in r["dev"]]
        for axes, figure_of in ((left, "loss"), (right, "overall")):
            points = [(tokens, scores[figure_of]) for tokens, scores in rows]
            axes.plot(*zip(*points, strict=True), lw=1.2, label=style)
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
