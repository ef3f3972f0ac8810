"""Music Flamingo and Audio Flamingo 3 by transformers, in a process of their own."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from engine.audio.backends import OFFLINE
from engine.audio.python import interpreter_with
from engine.models import places
from engine.music import errors
from engine.music.errors import MusicError, MusicFailed, MusicModelMissing, MusicUnavailable
from engine.music.records import Facts, Item, Parameters, Wrote
from engine.music.settings import MusicSettings

_ENDING_S: Final = 5.0
SLICE_S: Final = 0.2  # between two looks at whether to go on
_BY_NAME: Final[dict[str, type[MusicError]]] = {
    kind.reason: kind
    for kind in (
        errors.BadQuestion,
        errors.MusicModelMissing,
        errors.MusicNoMemory,
        errors.MusicUnavailable,
        errors.TooLong,
    )
}


class Flamingo:
    """A model process; it is started at the first question and after it has died."""

    def __init__(self, settings: MusicSettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._facts: Facts | None = None
        self._number = 0
        self._rest = b""

    def start(self) -> Facts:
        """Load the model in a process, unless it is there."""
        if self._facts is not None and self._process is not None and self._process.poll() is None:
            return self._facts
        self.close()
        folder = model_folder(self._settings.model)
        python = interpreter_with("torch", "transformers", named=self._settings.python)
        if python is None:
            raise MusicUnavailable(
                "No Python here has torch and transformers.",
                hint="Make an environment with them and name it: `audio_python` in llasa.toml, or "
                "LLASA_MUSIC_PYTHON. docs/music.md has the commands.",
            )
        script = Path(__file__).with_name("flamingo_tool.py")
        self._process = subprocess.Popen(
            [python, "-P", str(script), str(folder), self._settings.device, self._settings.dtype],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **OFFLINE, "PYTHONUNBUFFERED": "1"},
            bufsize=0,
        )
        self._rest = b""
        line: dict[str, Any] = {}
        while not line.keys() & {"ready", "error"}:
            line = self._line(lambda: None)
        if "error" in line:
            self.close()
            raise _error(line)
        self._facts = Facts("transformers", str(self._settings.model), **line["ready"])
        return self._facts

    def write(
        self,
        items: Sequence[Item],
        parameters: Parameters,
        *,
        on_text: Callable[[str], None],
        cancelled: Callable[[], bool],
    ) -> list[Wrote]:
        """Have the process write; one question at a time."""
        self.start()
        self._number += 1
        number = self._number
        asked = [
            {
                "messages": [{"role": turn.role, "text": turn.text} for turn in item.messages],
                "sound": None if item.sound is None else str(item.sound),
            }
            for item in items
        ]
        self._send({"id": number, "items": asked, "parameters": parameters.to_json()})
        told = False

        def look() -> None:
            nonlocal told
            if not told and cancelled():
                told = True
                self._send({"cancel": number})

        while True:
            line = self._line(look)
            if line.get("id") != number:
                continue
            if "text" in line:
                on_text(line["text"])
            elif "done" in line:
                return [Wrote(**answer) for answer in line["done"]]
            elif "error" in line:
                raise _error(line)

    def close(self) -> None:
        """End the process: it does so when its standard input is closed."""
        process, self._process, self._facts = self._process, None, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _send(self, line: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise self._died() from error

    def _line(self, look: Callable[[], None]) -> dict[str, Any]:
        """Return the next line; `look` is called several times a second until it comes."""
        assert self._process is not None
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        while b"\n" not in self._rest:
            look()
            if not select.select([stream], [], [], SLICE_S)[0]:
                continue
            data = os.read(stream, 1 << 16)
            if not data:
                raise self._died()
            self._rest += data
        text, _, self._rest = self._rest.partition(b"\n")
        try:
            made = json.loads(text)
        except ValueError:
            return {}  # something that a library printed
        return made if isinstance(made, dict) else {}

    def _died(self) -> MusicError:
        assert self._process is not None
        code = self._process.wait()
        self.close()
        if code in (-9, 137):
            return errors.MusicNoMemory(
                "The system ended the model's process, most likely for lack of memory."
            )
        return MusicFailed(f"The model's process ended with exit code {code}.")


def model_folder(model: str | None) -> Path:
    """Return the folder of a model; raises `MusicModelMissing`. Nothing is downloaded."""
    if not model:
        raise MusicModelMissing("No model is named.")
    path = Path(model).expanduser()
    if (path / "config.json").is_file():
        return path
    if model.count("/") == 1 and not model.startswith((".", "~", "/")):
        found = places.snapshot(model)
        if found is not None and (found[0] / "config.json").is_file():
            return found[0]
    raise MusicModelMissing(f"The model {model} is not on this machine.")


def _error(line: dict[str, Any]) -> MusicError:
    return _BY_NAME.get(line["error"], MusicFailed)(str(line.get("message", "")))
