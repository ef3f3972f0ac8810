"""Sixty questions over ten real transcripts, and a home whose library holds these.

The transcripts lie beside the checkout where there are any, and are not part of it. They are put
into the library as their sources punctuate them: all ten have marks, and no model is needed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from daemon.config import Config
from daemon.home import Home, make_folders
from daemon.work.contents import speaker_key
from engine import pipeline
from engine.ask import passages, stored, tokens
from engine.ask.passages import Passage
from engine.models import catalog
from engine.records import Document, Profile
from state.library.opening import open_library
from state.library.records import NewPassage, NewTranscript

WHISPER: Final = Path(__file__).parents[2] / "shared" / "data" / "whisper"
_SET: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "ask_questions.json").read_text(encoding="utf-8")
)
FILES: Final[tuple[str, ...]] = tuple(_SET["files"])
SPEAKERS: Final[dict[str, dict[str, str]]] = _SET["speakers"]
needs_files = pytest.mark.skipif(
    not all((WHISPER / file).is_file() for file in FILES),
    reason=f"the transcripts are not at {WHISPER}",
)

Kind = Literal["answerable", "absent", "trap", "paraphrased"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the set."""

    kind: Kind
    question: str
    file: str = ""  # whose passage has the answer, or what the trap twists
    from_s: float = 0.0
    to_s: float = 0.0
    trap: str = ""  # speaker, negation or number
    language: str = "en"  # of the question

    def is_in(self, file: str, start_s: float | None, end_s: float | None) -> bool:
        """Return whether a stretch of a file is where the answer is."""
        if not self.file or not file.endswith(Path(self.file).name):
            return False
        if start_s is None or end_s is None:
            return False
        return start_s < self.to_s and end_s > self.from_s


def questions() -> list[Asked]:
    """Return all sixty."""
    return [Asked(**entry) for entry in _SET["questions"]]


def paraphrased() -> list[Asked]:
    """Return thirty that share no telling word with the passage that answers them."""
    return [Asked(**entry) for entry in _SET["paraphrased"]]


def make_home(folder: Path, *, files: Sequence[str] = FILES, fill: bool = True) -> Config:
    """Return the settings of a home whose library has the transcripts; `fill`: put them in."""
    folder.mkdir(parents=True, exist_ok=True)
    home = Home(folder.resolve(), "--home")
    make_folders(home)
    config = Config(home=home, watch=(home.transcripts,))
    if not fill:
        return config
    with open_library(home.library, stored.indexed, form=tokens.VERSION) as library:
        for number, file in enumerate(files, start=1):
            name = Path(file).name
            document = _document((WHISPER / file).read_bytes(), name)
            found = passages.of_document(document, SPEAKERS.get(name, {}))
            library.put(
                NewTranscript(
                    path=str(home.transcripts / name),
                    job_id=number,
                    stamp="as punctuated by its source",
                    language=document.language,
                ),
                map(_stored, found),
            )
    return config


def _document(data: bytes, name: str) -> Document:
    plan = pipeline.prepare(data, name=name, profile=Profile(), info=catalog.describe("punct"))
    return pipeline.join(plan, [pipeline.keep(part, "fallback") for part in plan.parts])


def _stored(passage: Passage) -> NewPassage:
    return NewPassage(
        position=passage.position,
        start_s=passage.start_s,
        end_s=passage.end_s,
        words=len(passage.words),
        speakers="\n".join(speaker_key(name) for name in passage.speakers),
        body=stored.dump(passage),
    )
