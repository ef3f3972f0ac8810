"""What `llasa-cli tune` shows: a report of what was taken, a bar while it learns, Ctrl-C."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import FrameType, TracebackType
from typing import Any, Final

import click

from engine.terminal import safe
from engine.tuning.client import Learning

#: Seconds between two lines where standard error is no terminal.
_LINE_S: Final = 30.0
_BAR: Final = 24
_LEAST_BAR: Final = 6
_LOOK_S: Final = 10.0  # between two looks whether the daemon or a command waits
_WAITS: Final = "; others wait for the model (Ctrl-C: go on later)"
_WAITS_SHORT: Final = "; others wait"
_ORIGINS: Final = {
    "edited": "edited by hand",
    "review": "corrected on the review page",
    "text": "texts without a transcript",
}


def report_lines(report: Mapping[str, Any]) -> Sequence[str]:
    """Return what was taken and why not, as lines."""
    lines = []
    for part, label in (
        ("train", "to learn from"),
        ("valid", "to end the training"),
        ("test", "to judge by"),
    ):
        own = report["parts"][part]
        lines.append(f"{label:20} {own['recordings']:5} recordings {own['words']:9,} words")
    origins = ", ".join(f"{count} {_ORIGINS[name]}" for name, count in report["origins"].items())
    lines.append(f"{'of these':20} {origins}; languages: {', '.join(report['languages'])}")
    if report["corrections"]:
        lines.append(f"{'corrections':20} {report['corrections']:5} of marks, case and paragraphs")
    if report["proposals"]:
        lines.append(f"{'for the glossary':20} {report['proposals']:5} proposals in proposals.toml")
    if report["words_not_asked"]:
        lines.append(
            f"{'not learnt':20} {report['words_not_asked']:5} words beyond the first and last "
            "correction, or rewritten"
        )
    if report["words_left_out"]:
        lines.append(f"{'left out':20} {report['words_left_out']:5} words (headings, rewritten)")
    reasons = Counter(one["reason"] for one in report["refused"])
    for reason, count in reasons.most_common():
        lines.append(f"{'not taken':20} {count:5} because {reason}")
    return lines


class Interrupts:
    """Notes Ctrl-C instead of raising it; the second one ends the command."""

    def __init__(self) -> None:
        self._count = 0
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Have Ctrl-C mean what it meant before."""
        signal.signal(signal.SIGINT, self._before)

    def asked(self) -> bool:
        """Return whether to stop."""
        return self._count > 0

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count > 1:
            raise KeyboardInterrupt


class Bar:
    """Loss, steps and the time that is left: one line on a terminal, a line now and then else."""

    def __init__(self, label: str, *, wanted: Callable[[], bool] = lambda: False) -> None:
        """Make it; `wanted` says whether others wait for the model."""
        self._label = label
        self._wanted, self._asked_at, self._waits = wanted, 0.0, False
        self._live = sys.stderr.isatty()
        self._first: tuple[int, float] | None = None  # the first step that was seen, and when
        self._said_at = 0.0

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the line."""
        if self._live and self._said_at:
            click.echo(err=True)

    def show(self, learning: Learning) -> None:
        """Show where a run stands."""
        now = time.monotonic()
        if not learning.stage and self._first is None:
            self._first = learning.step, now
        ends = not learning.stage and learning.step == learning.steps
        if not self._live and self._said_at and now - self._said_at < _LINE_S and not ends:
            return
        self._said_at = now
        if now - self._asked_at >= _LOOK_S:
            self._asked_at, self._waits = now, self._wanted()
        left_s = None if learning.stage else self._left_s(learning, now)
        columns = shutil.get_terminal_size().columns - 1 if self._live else None
        text = line(self._label, learning, left_s, waits=self._waits, columns=columns)
        if self._live:
            click.echo(f"\r\x1b[2K{text}", nl=False, err=True)
        else:
            click.echo(text, err=True)

    def _left_s(self, learning: Learning, now: float) -> float | None:
        first, since = self._first or (0, now)
        done, left = learning.step - first, learning.steps - learning.step
        return left * (now - since) / done if done and left else None


def line(
    label: str, learning: Learning, left_s: float | None, *, waits: bool, columns: int | None
) -> str:
    """Return where a run stands in a line of `columns` at most: a longer one could not be replaced.

    A narrow terminal gets a shorter text and then no bar; what is no terminal (None) gets no bar.
    """
    label, memory = safe(label), f"{learning.memory_bytes / 1e6:,.0f} MB"
    if learning.stage:
        stage = f"{safe(learning.stage)} ({learning.done + 1} of {learning.of})"
        return _cut(f"{label}: {stage}, {memory}", columns)
    steps = f"{learning.step}/{learning.steps} loss {learning.loss:.4f}"
    kept = f"kept apart {learning.valid:.4f}"
    best = f" (best {learning.best_valid:.4f} at {learning.best_step})"
    left = f"{_clock(left_s)} left at most, " if left_s is not None else ""
    full = f"{steps}, {kept}{best}, {left}{memory}{_WAITS if waits else ''}"
    if columns is None:
        return f"{label}: {full}"
    short = f"{steps}, {kept}, {left}{memory}{_WAITS_SHORT if waits else ''}"
    for text in (full, short):
        room = min(_BAR, columns - len(f"{label}: [] {text}"))
        if room >= _LEAST_BAR:
            filled = round(room * learning.step / max(1, learning.steps))
            return f"{label}: [{'=' * filled}{' ' * (room - filled)}] {text}"
    return _cut(f"{label}: {short}", columns)


def _cut(text: str, columns: int | None) -> str:
    return text if columns is None or len(text) <= columns else f"{text[: columns - 1]}…"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
