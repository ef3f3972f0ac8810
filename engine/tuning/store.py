"""The folder of a run, below the home: what was prepared, trained and measured, for its user alone.

var/tuning/NAME/recordings.jsonl   what is learnt from, word by word
                proposals.toml     pairs for the glossary
                report.json        what was taken, and why not
                run/               checkpoints of the training
                training.json      how the training went, and of which recordings
                model/             the model that was made last
                evaluation.json    how good it is
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import OutputError
from engine.models.catalog import EMBEDDED, FORMER_NAMES
from engine.tuning import records
from engine.tuning.errors import NoSuchRun, RunMismatch, TuningError
from engine.tuning.records import Part, Recording

ROOT: Final = Path("var") / "tuning"
#: What makes a file of the folder, and what was done then.
STEPS: Final = {
    "report.json": ("prepare", "prepared"),
    "training.json": ("train", "trained"),
    "evaluation.json": ("evaluate", "measured"),
}
_NAME: Final = re.compile(r"[\w][\w.@+-]{0,63}")


@dataclass(frozen=True, slots=True)
class Run:
    """The folder of one run."""

    name: str
    folder: Path

    @classmethod
    def of(cls, base: Path, name: str) -> Run:
        """Return the run of a name in the home `base`; raises `TuningError` for a bad name."""
        if name == EMBEDDED or name in FORMER_NAMES:
            raise TuningError(
                f"{name} is the embedded model, which stays as it is.", hint="Take another name."
            )
        if not _NAME.fullmatch(name) or name.endswith("."):
            raise TuningError(
                f"{name!r} cannot be the name of a run.",
                hint="Use letters, digits, dots, hyphens and underscores.",
            )
        return cls(name, base / ROOT / name)

    @property
    def recordings(self) -> Path:
        """Return the file of recordings."""
        return self.folder / "recordings.jsonl"

    @property
    def training(self) -> Path:
        """Return the folder of checkpoints."""
        return self.folder / "run"

    @property
    def model(self) -> Path:
        """Return the folder of the model that was made."""
        return self.folder / "model"

    def make(self) -> None:
        """Make the folder, for its user alone."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            raise OutputError(f"cannot make {self.folder}: {error.strerror}") from error

    def write(self, name: str, text: str) -> Path:
        """Write a file of the folder whole or not at all, for its user alone."""
        path = self.folder / name
        temporary = path.with_name(f".{name}.{os.getpid()}.tmp")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(descriptor)
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise OutputError(f"cannot write {path}: {error.strerror}") from error
        return path

    def write_json(self, name: str, data: Mapping[str, Any]) -> Path:
        """Write a JSON file of the folder."""
        return self.write(name, json.dumps(data, ensure_ascii=False, indent=1) + "\n")

    def read_json(self, name: str) -> dict[str, Any]:
        """Read a JSON file of the folder; raises `NoSuchRun` where it is not there."""
        path = self.folder / name
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            if not self.recordings.is_file():
                raise self.missing() from None
            command, done = STEPS[name]
            raise NoSuchRun(
                f"The run {self.name} was not {done} yet.",
                hint=f"That is what `llasa-cli tune {command} {self.name}` does.",
            ) from None
        except (OSError, ValueError) as error:
            raise NoSuchRun(f"{path} cannot be read: {error}") from None
        return data if isinstance(data, dict) else {}

    def write_recordings(self, parted: Iterable[tuple[Recording, Part]]) -> None:
        """Write what is learnt from, a recording a line."""
        lines = (json.dumps(records.to_json(*pair), ensure_ascii=False) for pair in parted)
        self.write(self.recordings.name, "".join(f"{line}\n" for line in lines))

    def read_recordings(self) -> list[tuple[Recording, Part]]:
        """Read the recordings back; raises `NoSuchRun`."""
        try:
            with self.recordings.open(encoding="utf-8") as lines:
                return [records.from_json(json.loads(line)) for line in lines]
        except FileNotFoundError:
            raise self.missing() from None
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise NoSuchRun(f"{self.recordings} cannot be read: {error}") from None

    def digest(self) -> str:
        """Return a hash of the recordings; raises `NoSuchRun`."""
        try:
            return hashlib.sha256(self.recordings.read_bytes()).hexdigest()[:16]
        except OSError:
            raise self.missing() from None

    def fits(self, data: Mapping[str, Any]) -> bool:
        """Return whether what was trained or measured is of the recordings of now."""
        return bool(data.get("recordings") == self.digest())

    def check(self, data: Mapping[str, Any]) -> None:
        """Raise `RunMismatch` for other recordings: the model may have learnt from those of now."""
        if not self.fits(data):
            raise RunMismatch(
                f"The run {self.name} was prepared again after it was trained.",
                hint=f"`llasa-cli tune train {self.name} --restart` begins again.",
            )

    def missing(self) -> NoSuchRun:
        """Return the error that there is no such run."""
        return NoSuchRun(
            f"There is no run {self.name}.",
            hint=f"Begin with `llasa-cli tune prepare {self.name}`.",
        )

    def of_part(self, part: Part) -> list[Recording]:
        """Return the recordings of one side of the split."""
        return [recording for recording, own in self.read_recordings() if own == part]


def runs(base: Path) -> list[Run]:
    """Return the runs of a home."""
    root = base / ROOT
    if not root.is_dir():
        return []
    names = sorted(path.name for path in root.iterdir() if (path / "recordings.jsonl").is_file())
    return [Run(name, root / name) for name in names]
