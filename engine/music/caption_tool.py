"""Ask the music service about a sound: `python -P -m engine.music.caption_tool SOUND OUT`.

A program of its own, because it opens a connection (to this machine alone) and the daemon opens
none. OUT becomes JSON: `answer` as the service gives it, or `error` with its name, message and
hint. The service need not run: that is an answer too.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from engine.music import client, prompts
from engine.music.errors import MusicError

MOST_TOKENS = 200  # of two sentences and a little more


def ask(sound: Path) -> dict[str, Any]:
    """Return the service's answer about a sound, or its error."""
    try:
        service = client.find()
        number = service.upload(sound)
        try:
            answer = service.infer(
                text=prompts.STRETCH,
                audio_file_id=number,
                policy="truncate",
                measure=True,
                parameters={"max_new_tokens": MOST_TOKENS},
            )
        finally:
            with contextlib.suppress(MusicError):
                service.forget(number)
    except MusicError as error:
        return {"error": {"name": error.reason, "message": str(error), "hint": error.hint}}
    return {"answer": answer}


def main(sound: str, out: str) -> None:
    """Write what the service answers."""
    part = f"{out}.part"
    with open(part, "w", encoding="utf-8") as target:
        json.dump(ask(Path(sound)), target)
    os.replace(part, out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
