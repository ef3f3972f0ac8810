"""A stretch of prepared sound -> what the music service says of it; a process of its own asks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from engine.audio import tool
from engine.audio.prepare import Sound
from engine.errors import ToolFailed
from engine.music.errors import MusicError, NotAudio
from engine.music.records import Span
from engine.music.stretches import SHORTEST_S, Stretch
from engine.music.windows import cut
from engine.records import HeardSound

LIMIT_S: Final = 3_700.0  # for an answer; the program itself waits for an hour
MOST_CHARACTERS: Final = 2_000  # of a description
_CLAIM: Final = ("about", "said", "measured", "unit", "confidence", "agrees", "remark")


def caption(
    sound: Sound,
    stretch: Stretch,
    folder: Path,
    *,
    check: Callable[[], None] = lambda: None,
) -> HeardSound | None:
    """Return what the model says of a stretch, None where it says nothing.

    `folder` is for the tool; `check` is called several times a second and raises to stop it.

    Raises `MusicError` with the service's own name for it: `service_missing` where none runs,
    `not_audio` where the recording ends before the stretch; and `ToolError`.
    """
    end_s = min(stretch.end_s, sound.duration_s)
    if end_s - stretch.start_s < SHORTEST_S:
        raise NotAudio(
            f"The recording lasts {sound.duration_s:.0f} s, and the transcript has music at "
            f"{stretch.start_s:.0f} s.",
            hint="Is it the recording of this transcript?",
        )
    piece, out = folder / "stretch.wav", folder / "heard.json"
    out.unlink(missing_ok=True)
    cut(sound.path, Span(stretch.start_s, end_s), piece)
    command = [sys.executable, "-P", "-m", "engine.music.caption_tool", str(piece), str(out)]
    try:
        tool.run(command, check=check, silence_s=LIMIT_S)
        made = json.loads(out.read_bytes())
        if error := made.get("error"):
            raise MusicError(
                str(error["message"]), hint=str(error["hint"]), reason=str(error["name"])
            )
        return _heard(made["answer"], stretch)
    except ToolFailed as error:
        raise error.named("the program that asks the music service") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolFailed(code=0, said="it wrote no answer", name="the music service") from error
    finally:
        piece.unlink(missing_ok=True)


def _heard(answer: Mapping[str, Any], stretch: Stretch) -> HeardSound | None:
    text = " ".join(str(answer["text"]).split())
    if not text:
        return None
    spans = answer["heard"]
    return HeardSound(
        start_s=stretch.start_s,
        end_s=stretch.end_s,
        text=text[:MOST_CHARACTERS],
        model=str(answer["model"]),
        heard_start_s=stretch.start_s + float(spans[0]["from_s"]),
        heard_end_s=stretch.start_s + float(spans[-1]["to_s"]),
        found_by=stretch.found_by,
        cut_off=answer["finish_reason"] != "stop" or len(text) > MOST_CHARACTERS,
        claims=tuple({key: claim[key] for key in _CLAIM} for claim in answer["claims"]),
    )


def to_json(heard: HeardSound) -> dict[str, Any]:
    """Return a description as it is kept."""
    return {
        "start_s": heard.start_s,
        "end_s": heard.end_s,
        "text": heard.text,
        "model": heard.model,
        "heard": [heard.heard_start_s, heard.heard_end_s],
        "found_by": heard.found_by,
        "cut_off": heard.cut_off,
        "claims": [dict(claim) for claim in heard.claims],
    }


def from_json(kept: Mapping[str, Any]) -> HeardSound:
    """Return a description that was kept; raises `KeyError`, `TypeError` or `ValueError`."""
    start_s, end_s = kept["heard"]
    return HeardSound(
        start_s=float(kept["start_s"]),
        end_s=float(kept["end_s"]),
        text=str(kept["text"]),
        model=str(kept["model"]),
        heard_start_s=float(start_s),
        heard_end_s=float(end_s),
        found_by="loop" if kept["found_by"] == "loop" else "tag",
        cut_off=bool(kept["cut_off"]),
        claims=tuple(dict(claim) for claim in kept["claims"]),
    )
