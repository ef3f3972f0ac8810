"""What was uploaded: prepared for the model at once, so that what is no sound is said at once."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.audio.prepare import Sound, prepare
from engine.errors import BadSound, ConverterMissing
from engine.music.errors import AudioMissing, NotAudio, TooLong

MOST: Final = 64  # uploads; the one that was used longest ago is forgotten first


@dataclass(frozen=True, slots=True)
class Upload:
    """A recording that can be asked about."""

    id: str
    name: str  # as whoever uploaded it calls it
    sound: Sound

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "audio_file_id": self.id,
            "name": self.name,
            "duration_s": round(self.sound.duration_s, 3),
            "format": self.sound.format,
            "damage": self.sound.damage,
        }


class Uploads:
    """The recordings of a running service, in a folder that is removed at its end."""

    def __init__(self, folder: Path, *, most_bytes: int, python: str | None = None) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._python = python
        self._kept: OrderedDict[str, Upload] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, name: str, read: Callable[[int], bytes]) -> Upload:
        """Keep what `read` gives, block by block; raises `NotAudio`, `TooLong`."""
        number = secrets.token_hex(8)
        place = self._folder / number
        place.mkdir(mode=0o700)
        original = place / "original"
        try:
            size = 0
            with open(original, "wb") as target:
                while block := read(1 << 20):
                    size += len(block)
                    if size > self._most_bytes:
                        raise TooLong(
                            f"The upload is larger than {self._most_bytes} bytes.",
                            hint="Raise most_upload_bytes under [music] in llasa.toml, or cut it.",
                        )
                    target.write(block)
            sound = prepare(original, place, python=self._python)
        except (BadSound, ConverterMissing) as error:
            _remove(place)
            raise NotAudio(str(error), hint=error.hint) from error
        except BaseException:
            _remove(place)
            raise
        if sound.path != original:
            original.unlink()
        upload = Upload(number, name, sound)
        with self._lock:
            self._kept[number] = upload
            while len(self._kept) > MOST:
                _, oldest = self._kept.popitem(last=False)
                _remove(self._folder / oldest.id)
        return upload

    def get(self, number: str) -> Upload:
        """Return an upload; raises `AudioMissing`."""
        with self._lock:
            upload = self._kept.get(number)
            if upload is None:
                raise AudioMissing(f"There is no upload {number!r}.")
            self._kept.move_to_end(number)
            return upload

    def remove(self, number: str) -> None:
        """Forget an upload; raises `AudioMissing`."""
        with self._lock:
            if self._kept.pop(number, None) is None:
                raise AudioMissing(f"There is no upload {number!r}.")
        _remove(self._folder / number)

    def __len__(self) -> int:
        return len(self._kept)


def _remove(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
