"""Run the product's own engine over a list of words, or over a transcript file."""

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

#: Segments of this many words, cut anywhere, as Whisper's are.
SEGMENT_WORDS = 12
WORDS_PER_SECOND_SPOKEN = 2.5


@dataclass(slots=True)
class Guided:
    """An engine with a loaded model; `seconds` and `words` add up over all calls."""

    client: ModelClient
    seconds: float = 0.0
    words: int = 0

    def transcript(self, data: bytes, name: str) -> list[EnhancedWord]:
        """Enhance a transcript file as the product does, cleaning left out."""
        profile = Profile(cleaning="off", language="en")
        plan = pipeline.prepare(data, name=name, profile=profile, info=self.client.info)
        started = time.monotonic()
        out: list[EnhancedWord] = []
        for part in pipeline.run(plan, self.client.enhance):
            if part.status != "enhanced":
                raise RuntimeError(f"part {part.index} of {name} was not enhanced: {part.status}")
            out.extend(part.words)
        self.seconds += time.monotonic() - started
        self.words += len(out)
        return out

    def text(
        self, words: Sequence[str], speakers: Sequence[str | None] | None = None
    ) -> list[EnhancedWord]:
        """Enhance bare words; `speakers` holds one label per word where they are known."""
        segments = []
        start = 0
        while start < len(words):
            stop = min(len(words), start + SEGMENT_WORDS)
            speaker = speakers[start] if speakers else None
            if speakers:
                while speakers[stop - 1] != speaker:
                    stop -= 1
            segment = {
                "id": len(segments),
                "start": start / WORDS_PER_SECOND_SPOKEN,
                "end": stop / WORDS_PER_SECOND_SPOKEN,
                "text": " " + " ".join(words[start:stop]),
            }
            if speaker is not None:
                segment["speaker"] = speaker
            segments.append(segment)
            start = stop
        data = {"text": " ".join(words), "segments": segments, "language": "en"}
        out = self.transcript(json.dumps(data).encode(), "words.json")
        if len(out) != len(words):
            raise RuntimeError(f"{len(words)} words in, {len(out)} words out")
        return out

    @property
    def words_per_second(self) -> float:
        """Words per second of the guided path, without loading the model."""
        return round(self.words / self.seconds, 1) if self.seconds else 0.0


@contextmanager
def guided(model: Path | str, bias: dict[str, float] | None = None) -> Iterator[Guided]:
    """Load `model` (a folder or a name) into an engine; `bias` overrules its own."""
    info = describe(str(model))
    if bias is not None:
        info = replace(info, bias={**info.bias, **bias})
    client = ModelClient(info)
    try:
        client.start()
        yield Guided(client)
    finally:
        client.close()
