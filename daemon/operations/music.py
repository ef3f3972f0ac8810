"""What a chat may ask of the recordings of a home: measured, and heard by the music service.

A service that does not run, or a recording that cannot be heard, is an answer that says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from daemon.files.spelling import resolved
from daemon.operations.errors import NothingToShow
from daemon.operations.session import Session
from engine.audio.prepare import prepare
from engine.audio.work_folder import work_folder
from engine.chat.records import Tool
from engine.errors import SoundError
from engine.music import client, measure
from engine.music.errors import MusicError
from engine.music.prompts import PROMPTS

_SHOWN_ONSETS: Final = 20
_RECORDING: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": 200,
    "description": "The file of a recording in a watched folder, such as song.mp3.",
}


def tools(session: Session) -> list[Tool]:
    """Return the tools for recordings; what they need is looked for when they run."""
    return [
        Tool(
            "measure_audio",
            "Measure a recording: tempo, key, loudness, pitch range and onsets, each with its "
            "method and a confidence from 0 to 1.",
            {
                "type": "object",
                "properties": {"recording": _RECORDING},
                "required": ["recording"],
                "additionalProperties": False,
            },
            lambda given: measured(session, given),
        ),
        Tool(
            "analyze_music",
            "Ask a model that hears music about a recording. `claims` holds what it says of tempo "
            "and key against what was measured; `remark` says how much was heard.",
            {
                "type": "object",
                "properties": {
                    "recording": _RECORDING,
                    "question": {
                        "type": "string",
                        "maxLength": 500,
                        "description": "What to ask; without it, `prompt` is asked.",
                    },
                    "prompt": {
                        "type": "string",
                        "enum": [name for name in PROMPTS if name != "compare"],
                        "maxLength": 20,
                    },
                },
                "required": ["recording"],
                "additionalProperties": False,
            },
            lambda given: analyzed(session, given),
        ),
    ]


def measured(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return measurements of a recording, or why there are none."""
    recording = _recording(session, given["recording"])
    python = session.config.audio_python
    try:
        with work_folder() as folder:
            sound = prepare(recording, folder, python=python)
            made = measure.measure(sound, folder, python=python)
    except SoundError as error:
        return _absent(error)
    shown = made.to_json()
    shown["onsets"]["times_s"] = shown["onsets"].get("times_s", [])[:_SHOWN_ONSETS]
    return {"available": True, "duration_s": made.duration_s, "measurements": shown}


def analyzed(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the music service hears in a recording, or why it does not."""
    recording = _recording(session, given["recording"])
    question = given.get("question", "")
    prompt = given.get("prompt") or (None if question else "describe")
    try:
        service = client.find()
        number = service.upload(recording)
        try:
            made = service.infer(text=question, prompt=prompt, audio_file_id=number, measure=True)
        finally:
            with contextlib.suppress(MusicError):
                service.forget(number)
    except SoundError as error:
        return _absent(error)
    kept = ("text", "finish_reason", "remark", "truncated", "model", "claims", "not_measured")
    return {"available": True, **{key: made.get(key) for key in kept}}


def _absent(error: SoundError) -> dict[str, Any]:
    return {"available": False, "why": str(error), "what_to_do": error.hint, "name": error.reason}


def _recording(session: Session, name: str) -> Path:
    """Return the file of a watched folder that a name means; files elsewhere are never read."""
    for root in session.config.watch:
        path = resolved(root / name)
        if path.is_relative_to(resolved(root)) and path.is_file():
            return path
    raise NothingToShow(
        f"There is no recording {name} in the watched folders.",
        hint="Give the name of a file there, with its ending.",
    )
