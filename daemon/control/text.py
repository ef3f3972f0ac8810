"""Numbers, moments and jobs in words, as they are shown on a screen."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from daemon.operations.reasons import meaning
from state.job import Job, Status

STYLES: Final = {
    Status.QUEUED: "cyan",
    Status.RUNNING: "bold cyan",
    Status.DONE: "green",
    Status.PARTIAL: "yellow",
    Status.FAILED: "bold red",
    Status.INVALID: "red",
    Status.IGNORED: "dim",
    Status.SUPERSEDED: "dim",
    Status.CANCELLED: "dim",
}
BESIDE: Final = "beside a file that was edited"  # said of an output


def remark(job: Job) -> str:
    """Return what a list shows about a job beside its status, "" for nothing."""
    edited = any(output.displaced for output in job.outputs)
    remarks = (meaning(job.reason), "an edited output was kept" if edited else "")
    return "; ".join(filter(None, remarks))


def written_line(path: str, *, displaced: bool) -> str:
    """Return the line about an output that was written now; `path` is safe to print."""
    return f"written: {path}" + (f"  ({BESIDE})" if displaced else "")


def span(seconds: float) -> str:
    """Return a duration in its two largest units: "45 s", "3 min", "2 h 05 min"."""
    whole = max(0, round(seconds))
    if whole < 100:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} days"


def size(count: int) -> str:
    """Return a number of bytes in words: "812 bytes", "3.4 MB"."""
    if count < 1000:
        return f"{count} bytes"
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    if count < 10_000_000:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"


def rate(words_per_s: float) -> str:
    """Return words per second, with as many digits as mean something."""
    return f"{words_per_s:.0f} words/s" if words_per_s >= 10 else f"{words_per_s:.1f} words/s"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: "1 job", "1,200 jobs"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def clock(iso: str | None) -> str:
    """Return a UTC moment of the database as local date and time (today: time), "" for none."""
    if not iso:
        return ""
    try:
        moment = datetime.fromisoformat(iso).astimezone()
    except ValueError:
        return iso
    now = datetime.now().astimezone()
    return moment.strftime("%H:%M:%S" if moment.date() == now.date() else "%Y-%m-%d %H:%M")


def shorten(text: str, width: int) -> str:
    """Return text that is no longer than the width, shortened in its middle."""
    if len(text) <= width:
        return text
    tail = (width - 1) * 2 // 3
    return text[: width - 1 - tail] + "…" + text[-tail:]
