"""Say figures and reasons in words."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from state.job import Job, Reason, Status

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

_RETRY: Final = "llasactl retry JOB"
_REDO: Final = "llasactl retry JOB, when the cause is mended"
_AGAIN: Final = "write it again with your Whisper tool; it is taken by itself"
_LOG: Final = "look at the log, then llasactl retry JOB"

# What a reason means, and what to do; None where nothing is to be done.
EXPLAINED: Final[dict[str, tuple[str, str | None]]] = {
    Reason.SOURCE_GONE: ("the file was removed before it was read", "put it back"),
    Reason.SOURCE_CHANGED: ("the file has other content by now", None),
    Reason.UNREADABLE: ("the file cannot be read", "check its permissions, then " + _RETRY),
    Reason.NOT_DOWNLOADED: ("its content is in iCloud", "download it in the Finder"),
    Reason.NOT_A_FILE: ("not a regular file", None),
    Reason.TOO_LARGE: ("larger than max_bytes", "raise max_bytes in llasa.toml"),
    Reason.NAME_TOO_LONG: ("its name leaves no room for the outputs'", "rename it"),
    Reason.NOT_JSON: ("it is not JSON", _AGAIN),
    "empty_file": ("there is nothing in it", _AGAIN),
    "bad_encoding": ("its text is in no known encoding", _AGAIN),
    "truncated": ("it ends too early", _AGAIN),
    "too_deep": ("nested beyond all measure", None),
    "too_complex": ("more in it than memory should hold", None),
    "wrong_types": ("a transcript's keys with something else in them", _AGAIN),
    "bad_subtitles": ("no subtitle in it can be read", _AGAIN),
    "foreign_service": ("another speech service's format", None),
    "own_output": ("one of our own outputs", None),
    Reason.NOT_A_TRANSCRIPT: ("no Whisper tool writes this", None),
    Reason.OURS: ("one of our own outputs", None),
    Reason.NO_SPEECH: ("nothing was said", None),
    Reason.UNCOVERED_LANGUAGE: ("the model does not know the language", "set another model"),
    Reason.CANNOT_SPELL: ("the model cannot write this text", "set another model"),
    Reason.TOO_LONG: ("too long for the model", "set another model"),
    Reason.PARTS_FELL_BACK: ("some parts are the source's own text", _RETRY),
    "part_unusable": ("a part cannot be decoded", "please report this"),
    Reason.ALIGNMENT: ("the words did not fit", "please report this"),
    Reason.MODEL_MISSING: ("the model is not on this machine", "download it or set another"),
    Reason.MODEL_REFUSED: ("the model cannot be used", "set another model"),
    "model_locked": ("another process has a model loaded", "end it; it goes on by itself"),
    Reason.MODEL_UNUSABLE: ("the model cannot be used", "set another model"),
    Reason.MODEL_CHILD_DIED: ("the model's process ended", _LOG),
    Reason.MODEL_CHILD_SILENT: ("the model's process hung", _LOG),
    Reason.MODEL_CHILD_FAILED: ("the model's process failed", _LOG),
    Reason.REPETITION: ("the model wrote on without end", "set another model"),
    Reason.MODEL_OUT_OF_MEMORY: ("the model did not fit into memory", "set a smaller model"),
    Reason.GPU_TIMEOUT: (
        "the system took the GPU away from the model",
        "let the display sleep while it works, or set a smaller model",
    ),
    Reason.RESTART_DURING_JOB: ("the machine went down with it twice", None),
    Reason.ATTEMPTS_EXHAUSTED: ("tried too often without one finished part", _LOG),
    Reason.KILLED_WHILE_FINISHING: (
        "the daemon was killed again and again before its outputs were written",
        _LOG,
    ),
    Reason.OUTPUT_UNWRITABLE: ("its outputs cannot be written", _REDO),
    Reason.DISK_FULL: ("the disk is full", "make room; it goes on by itself"),
    Reason.FOLDER_UNREADABLE: ("the watched folder is not there", "it goes on when it is back"),
    Reason.STOPPED: ("given back when the daemon stopped", None),
    Reason.HELD: ("waits until the queue is no longer held", None),
    Reason.PAUSED: ("waits until the pause ends", "llasactl resume"),
    Reason.BAD_PROFILE: ("its profile is not in llasa.toml", _REDO),
    Reason.BAD_SPEAKERS: ("a speakers.toml has a mistake", "mend it, then " + _RETRY),
    Reason.ENGINE_ERROR: ("the engine failed", _LOG),
    Reason.INTERNAL_ERROR: ("a bug in llasa", "please report it with the log"),
    Reason.OTHER: ("see the detail", None),
}


def reason_of(job: Job) -> str | None:
    """Return why a job stands where it stands; a reason new to the database is in its detail."""
    if (
        job.reason is Reason.OTHER
        and job.detail
        and (word := job.detail.split(":")[0]) in EXPLAINED
    ):
        return word
    return str(job.reason) if job.reason else None


def meaning(reason: str | None) -> str:
    """Return what a reason means, "" for none."""
    return EXPLAINED.get(reason or "", ("", None))[0]


def remark(job: Job) -> str:
    """Return what a list says of a job beside its status, "" for nothing."""
    edited = any(output.displaced for output in job.outputs)
    told = (meaning(reason_of(job)), "an edited output was kept" if edited else "")
    return "; ".join(filter(None, told))


def written(place: str, *, displaced: bool) -> str:
    """Return the line that tells of an output written now; `place` is safe to print."""
    return f"written: {place}" + ("  (beside a file that was edited)" if displaced else "")


def advice(reason: str | None, job_id: int) -> str | None:
    """Return what a person can do about a job's reason, None where there is nothing."""
    text = EXPLAINED.get(reason or "", ("", None))[1]
    return text.replace("JOB", str(job_id)) if text else None


def span(seconds: float) -> str:
    """Return a length of time in its two largest units: "45 s", "3 min", "2 h 05 min"."""
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
    """Return words a second with as many digits as mean something."""
    return f"{words_per_s:.0f} words/s" if words_per_s >= 10 else f"{words_per_s:.1f} words/s"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: "1 job", "1,200 jobs"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def clock(iso: str | None) -> str:
    """Return a UTC moment of the database as local date and time, "" for none."""
    if not iso:
        return ""
    try:
        moment = datetime.fromisoformat(iso).astimezone()
    except ValueError:
        return iso
    now = datetime.now().astimezone()
    return moment.strftime("%H:%M:%S" if moment.date() == now.date() else "%Y-%m-%d %H:%M")


def shorten(text: str, width: int) -> str:
    """Return text that is no longer than the width, its middle left out."""
    if len(text) <= width:
        return text
    tail = (width - 1) * 2 // 3
    return text[: width - 1 - tail] + "…" + text[-tail:]
