"""What a chat model writes about real transcripts, and how much of it holds.

    uv run python -m tests.benchmarks.write MODEL FILE... > figures.jsonl

Every file is written about as the daemon does it, on the text as its source has it. One line of
JSON for each, with the figures, what was published, and what an independent checker finds. What the
model answered goes to the standard error, one line of JSON a request.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine import pipeline
from engine.chat import describing
from engine.chat.local import LocalBackend
from engine.chat.records import BackendFacts, Message, Tool, WritingOptions, Written
from engine.child.client import ModelClient
from engine.models import catalog
from engine.records import Profile
from engine.text.prose import join
from engine.written.material import speakers_in_order
from engine.written.records import Writing
from engine.written.requests import PROMPT
from tests.written_checker import unsupported


def main() -> None:
    """Write about the files of the command line."""
    model, *files = sys.argv[1:]
    client = ModelClient(catalog.describe(model), silence_s=1800)
    backend = _Recorded(LocalBackend(client))
    for name in files:
        print(json.dumps(_write(Path(name), client, backend), ensure_ascii=False), flush=True)
    client.close()


class _Recorded:
    """The backend, and what it answered on the standard error."""

    def __init__(self, backend: LocalBackend) -> None:
        self._backend = backend
        self.tokens = 0
        self.requests = 0

    @property
    def facts(self) -> BackendFacts:
        """Return what the model can do."""
        return self._backend.facts

    def count(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Return the tokens of a conversation."""
        return self._backend.count(messages, tools)

    def write(self, messages: Sequence[Message], **options: Any) -> Written:
        """Write an answer and record it."""
        done = self._backend.write(messages, **options)
        self.tokens += done.tokens
        self.requests += 1
        said = {
            "prompt_tokens": done.prompt_tokens,
            "cached_tokens": done.cached_tokens,
            "tokens": done.tokens,
            "read_s": round(done.read_s, 1),
            "write_s": round(done.write_s, 1),
            "finish": done.finish,
            "messages": len(messages),
            "asked": messages[-1].content[-400:],
            "answer": done.text,
        }
        print(json.dumps(said, ensure_ascii=False), file=sys.stderr, flush=True)
        return done


def _write(path: Path, client: ModelClient, backend: _Recorded) -> dict[str, object]:
    info = catalog.describe(catalog.EMBEDDED)
    plan = pipeline.prepare(path.read_bytes(), name=path.name, profile=Profile(), info=info)
    parts = [pipeline.keep(part, "uncovered") for part in plan.parts]
    document = pipeline.join(plan, parts)
    material = pipeline.material_of(plan, document, pipeline.quoted(plan, document))
    if material is None:
        return {"file": path.name, "language": document.language}
    before = backend.tokens, backend.requests
    begun = time.monotonic()
    done = describing.describe(
        backend,
        material,
        options=WritingOptions(),
        on_progress=lambda at: print(path.name, at.done, at.total, file=sys.stderr, flush=True),
    )
    spent_s = time.monotonic() - begun
    names = speakers_in_order(material)
    writing = Writing(client.info.name, client.info.revision, done, PROMPT, names)
    found = pipeline.finish(
        plan, parts, load_s=0, total_s=0, created_at=datetime.now(UTC), writing=writing
    ).metadata
    texts = [
        f"{paragraph[0].word.speaker or ''} {join(paragraph)}" for paragraph in document.paragraphs
    ]
    generation = found["generation"]
    return {
        "file": path.name,
        "words": sum(len(paragraph) for paragraph in document.paragraphs),
        "requests": len(done),
        "spent_s": round(spent_s, 1),
        **{key: generation[key] for key in ("sentences", "rewritten", "dropped", "withheld")},
        "origin": found["origin"],
        "tokens": backend.tokens - before[0],
        "answers": backend.requests - before[1],
        "verbatim": sum(_is_quoted(cited, texts) for cited in generation["cited"]),
        "unsupported": unsupported(found, texts),
        "title": found["title"],
        "tags": found["tags"],
        "cited": generation["cited"],
    }


def _is_quoted(cited: dict[str, Any], texts: Sequence[str]) -> bool:
    """Return whether a sentence stands word for word in a paragraph that it cites."""

    def plain(text: str) -> str:
        return " ".join(re.findall(r"\w+", text.casefold()))

    said = plain(cited["text"])
    return any(said in plain(texts[number]) for number in cited["paragraphs"])


if __name__ == "__main__":
    main()
