"""What each reason means in words, and what the user can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from state.job import Reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """A reason in words."""

    meaning: str  # a clause without a capital and a full stop
    advice: str | None = None  # what to do, JOB standing for the id; None where nothing is to do


_RETRY: Final = "llasactl retry JOB"
_FIX_THEN_RETRY: Final = "fix the cause, then run: llasactl retry JOB"
_WRITE_AGAIN: Final = "write it again with your Whisper tool; it is then picked up automatically"
_READ_LOG: Final = "read the log (llasactl logs --job JOB), then run: llasactl retry JOB"
_OTHER_MODEL: Final = "set another model in llasa.toml"

EXPLAINED: Final[dict[Reason, Explanation]] = {
    # the source
    Reason.SOURCE_GONE: Explanation("the file was removed before it was read", "put it back"),
    Reason.SOURCE_CHANGED: Explanation("the file has other content by now"),
    Reason.UNREADABLE: Explanation(
        "the file cannot be read", "check its permissions, then run: " + _RETRY
    ),
    Reason.NOT_DOWNLOADED: Explanation("its content is in iCloud", "download it in the Finder"),
    Reason.NOT_A_FILE: Explanation("not a regular file"),
    Reason.TOO_LARGE: Explanation("larger than max_bytes", "raise max_bytes in llasa.toml"),
    Reason.NAME_TOO_LONG: Explanation(
        "the name is too long to write outputs beside it", "rename the file"
    ),
    Reason.NOT_JSON: Explanation(
        "the file is not JSON", "let the tool write SRT or WebVTT, or tell its authors"
    ),
    Reason.EMPTY_FILE: Explanation("the file is empty", _WRITE_AGAIN),
    Reason.BAD_ENCODING: Explanation(
        "its text is not UTF-8, and the encoding is not clear", "save the file as UTF-8"
    ),
    Reason.TRUNCATED: Explanation("the file ends too early", _WRITE_AGAIN),
    Reason.TOO_DEEP: Explanation("nested too deeply to be a transcript"),
    Reason.TOO_COMPLEX: Explanation("too many objects in it to fit into memory"),
    Reason.WRONG_TYPES: Explanation(
        "the file has a transcript's keys with other types of values", _WRITE_AGAIN
    ),
    Reason.BAD_SUBTITLES: Explanation("no subtitle in it can be read", _WRITE_AGAIN),
    Reason.NOT_A_TRANSCRIPT: Explanation("no Whisper tool writes this"),
    Reason.SEVERAL_TRANSCRIPTS: Explanation(
        "the file holds more than one transcript", "put each into a file of its own"
    ),
    Reason.FORMAT_NOT_READ: Explanation(
        "a format that llasa does not read", "export it as SRT, WebVTT or JSON"
    ),
    Reason.FOREIGN_SERVICE: Explanation("another speech service's format"),
    Reason.OURS: Explanation("one of our own outputs"),
    Reason.OWN_OUTPUT: Explanation("one of our own outputs"),
    # the text
    Reason.NO_SPEECH: Explanation("nothing was said"),
    Reason.UNCOVERED_LANGUAGE: Explanation("the model does not know the language", _OTHER_MODEL),
    Reason.IMPLAUSIBLE: Explanation(
        "what the model wrote for some parts was not plausible; the embedded model's text or the "
        "source's stands there",
        _OTHER_MODEL,
    ),
    Reason.SERVER_UNANSWERED: Explanation(
        "the server of the model gave no answer for some parts; the embedded model's text or the "
        "source's stands there",
        "start the server, then `llasactl retry JOB`",
    ),
    Reason.CANNOT_SPELL: Explanation("the model cannot write this text", _OTHER_MODEL),
    Reason.TOO_LONG: Explanation("too long for the model", _OTHER_MODEL),
    Reason.PARTS_FELL_BACK: Explanation("some parts are the source's own text", _RETRY),
    Reason.PART_UNUSABLE: Explanation("a part cannot be decoded", "please report this"),
    Reason.ALIGNMENT: Explanation(
        "the model's text did not match the source word for word", "please report this"
    ),
    # a recording
    Reason.HAS_TRANSCRIPT: Explanation(
        "a transcript lies beside it", "to transcribe it all the same, run: llasactl redo JOB"
    ),
    Reason.BAD_SOUND: Explanation(
        "nothing can be heard in this file", "play it; if that fails too, export it again"
    ),
    Reason.CONVERTER_MISSING: Explanation(
        "no tool here reads this format", "install ffmpeg, then run: " + _RETRY
    ),
    Reason.TRANSCRIBER_MISSING: Explanation(
        "no Whisper tool with a model is here",
        "llasactl doctor says how to get one; then run: " + _RETRY,
    ),
    Reason.DIARIZER_MISSING: Explanation(
        "nothing here tells speakers apart", "llasactl doctor says how to get it"
    ),
    Reason.RECORDING_MISSING: Explanation(
        "no recording lies beside the transcript", "put it there, with the same name"
    ),
    Reason.TOOL_FAILED: Explanation("the tool for sound failed", _READ_LOG),
    Reason.TOOL_SILENT: Explanation("the tool for sound made no progress", _READ_LOG),
    # the model
    Reason.MODEL_MISSING: Explanation(
        "the model is not on this machine", "download it, or set another in llasa.toml"
    ),
    Reason.MODEL_REFUSED: Explanation("the model cannot be used", _OTHER_MODEL),
    Reason.MODEL_LOCKED: Explanation(
        "another process has a model loaded", "end that process; work then goes on by itself"
    ),
    Reason.MODEL_UNUSABLE: Explanation("the model cannot be used", _OTHER_MODEL),
    Reason.MODEL_CHILD_DIED: Explanation("the model's process ended", _READ_LOG),
    Reason.MODEL_CHILD_SILENT: Explanation("the model's process hung", _READ_LOG),
    Reason.MODEL_CHILD_FAILED: Explanation("the model's process failed", _READ_LOG),
    Reason.REPETITION: Explanation("the model did not stop writing", _OTHER_MODEL),
    Reason.MODEL_OUT_OF_MEMORY: Explanation(
        "the model did not fit into memory", "set a smaller model in llasa.toml"
    ),
    Reason.GPU_TIMEOUT: Explanation(
        "the system took the GPU away from the model",
        "let the display sleep while it works, or set a smaller model in llasa.toml",
    ),
    # the machine
    Reason.RESTART_DURING_JOB: Explanation("the machine restarted twice in the middle of it"),
    Reason.ATTEMPTS_EXHAUSTED: Explanation("tried too often without one finished part", _READ_LOG),
    Reason.KILLED_WHILE_FINISHING: Explanation(
        "the daemon was killed again and again before its outputs were written", _READ_LOG
    ),
    Reason.OUTPUT_UNWRITABLE: Explanation("its outputs cannot be written", _FIX_THEN_RETRY),
    Reason.OUTPUT_MISSING: Explanation(
        "the folder for its outputs is not there", "work goes on when it is back"
    ),
    Reason.DISK_FULL: Explanation("the disk is full", "free some space; work then goes on"),
    Reason.FOLDER_UNREADABLE: Explanation(
        "the watched folder is not there", "work goes on when it is back"
    ),
    Reason.STOPPED: Explanation("the daemon was stopped in the middle of it"),
    Reason.HELD: Explanation("waits until the queue is no longer held"),
    Reason.PAUSED: Explanation("waits until the pause ends", "llasactl resume"),
    Reason.WAITING: Explanation(
        "waits for the hours or the power that llasa.toml names", "llasactl status says for what"
    ),
    Reason.LENT: Explanation("waits until the model is given back", "llasactl status says by whom"),
    # ourselves
    Reason.BAD_PROFILE: Explanation("its profile is not in llasa.toml", _FIX_THEN_RETRY),
    Reason.BAD_CORRECTIONS: Explanation(
        "the corrections beside the file cannot be used",
        "fix or move the file, then run: llasactl render JOB",
    ),
    Reason.BAD_SPEAKERS: Explanation(
        "a speakers.toml has a mistake", "fix it, then run: " + _RETRY
    ),
    Reason.ENGINE_ERROR: Explanation("the engine failed", _READ_LOG),
    Reason.INTERNAL_ERROR: Explanation("a bug in llasa", "please report it with the log"),
    Reason.OTHER: Explanation("see the detail"),
}


def meaning(reason: Reason | None) -> str:
    """Return what a reason means, "" for none."""
    return EXPLAINED[reason].meaning if reason is not None else ""


def advice(reason: Reason | None, job_id: int) -> str | None:
    """Return what the user can do about a job's reason, None where there is nothing to do."""
    text = EXPLAINED[reason].advice if reason is not None else None
    return text.replace("JOB", str(job_id)) if text else None
