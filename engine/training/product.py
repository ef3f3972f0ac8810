"""Enhance words or a transcript file with the product's own engine, as its users have it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine import pipeline
from engine.child.client import ModelClient
from engine.models.catalog import describe
from engine.records import EnhancedWord, Profile
from engine.training.evaluate import Written

#: Segments of this many words, cut anywhere, as Whisper's are.
SEGMENT_WORDS = 12
WORDS_PER_SECOND_SPOKEN = 2.5


class NotMeasuredError(RuntimeError):
    """The engine did not enhance what it was given."""


@dataclass(slots=True)
class Product:
    """An engine with a loaded model of any kind; `seconds` and `words` add up over all calls."""

    client: ModelClient
    language: str  # ISO 639-1
    seconds: float = 0.0
    words: int = 0

    def transcript(self, data: bytes, name: str) -> list[EnhancedWord]:
        """Enhance a transcript file as the product does, cleaning left out."""
        profile = Profile(cleaning="off", language=self.language)
        plan = pipeline.prepare(data, name=name, profile=profile, info=self.client.info)
        if plan.reason == "uncovered_language":
            raise NotMeasuredError(f"{self.client.info.name} does not know {self.language!r}.")
        started = time.monotonic()
        out: list[EnhancedWord] = []
        for part in pipeline.run(plan, self.client.enhance):
            if part.status != "enhanced":
                raise NotMeasuredError(f"Part {part.index} of {name} has status {part.status}.")
            out.extend(part.words)
        self.seconds += time.monotonic() - started
        self.words += len(out)
        return out

    def enhance(self, words: Sequence[str], turns: Sequence[bool]) -> list[Written]:
        """Enhance the words of one text; `turns` says where another speaker begins."""
        data = {
            "text": " ".join(words),
            "segments": list(_segments(words, turns)),
            "language": self.language,
        }
        out = self.transcript(json.dumps(data).encode(), "words.json")
        if len(out) != len(words):
            raise NotMeasuredError(f"{len(words)} words went in, {len(out)} came out.")
        return [Written(word.text, word.paragraph) for word in out]

    @property
    def words_per_second(self) -> float:
        """Return the speed of the whole path, without loading the model."""
        return round(self.words / self.seconds, 1) if self.seconds else 0.0


def _segments(words: Sequence[str], turns: Sequence[bool]) -> Iterator[dict[str, object]]:
    """Yield segments of some words of one speaker; no speaker is named where there is one alone."""
    speaker, start = 0, 0
    while start < len(words):
        speaker += turns[start]
        stop = start + 1
        while stop < min(len(words), start + SEGMENT_WORDS) and not turns[stop]:
            stop += 1
        segment: dict[str, object] = {
            "start": start / WORDS_PER_SECOND_SPOKEN,
            "end": stop / WORDS_PER_SECOND_SPOKEN,
            "text": " " + " ".join(words[start:stop]),
        }
        if any(turns):
            segment["speaker"] = "AB"[speaker % 2]
        yield segment
        start = stop


@contextmanager
def product(
    model: Path | str, language: str, *, bias: dict[str, float] | None = None
) -> Iterator[Product]:
    """Load `model`, a folder or a name, into an engine; `bias` overrules its own."""
    info = describe(str(model))
    if bias is not None:
        own = {**info.biases.get(language, {}), **bias}  # a tagger's; a decoder has but one
        info = replace(info, bias={**info.bias, **bias}, biases={**info.biases, language: own})
    client = ModelClient(info)
    try:
        client.start()
        yield Product(client, language)
    finally:
        client.close()
