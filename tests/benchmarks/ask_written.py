"""What a chat model writes to the questions of `tests.benchmarks.ask`, kept line by line.

Each question is answered from the same passages as the product asks it, by a plain prompt, and,
where the model says that the passages do not answer, in a grammar in which it must quote. The
prompt is read once. A line of JSON is written for each question as it is done, so that a run can be
stopped and goes on where it was; `tests.benchmarks.ask_check` reads the lines and checks every
quotation with other code.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.ask import evidence, writing
from engine.ask.answer import Answer, extractive
from engine.ask.asked import stops_for
from engine.ask.evidence import Found, Retrieved
from engine.chat import quoting
from engine.child.client import ModelClient
from engine.models import catalog
from tests.ask_set import Asked

PLAIN_TOKENS = 120  # of an answer by a plain prompt


class Heard:
    """A client that keeps what its model wrote, and what that took."""

    def __init__(self, client: ModelClient) -> None:
        self._client = client
        self.info = client.info
        self.text = ""
        self.took: dict[str, Any] = {}

    def write(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        options: Mapping[str, Any],
        on_text: Callable[[str], None] = lambda piece: None,
        **others: Any,
    ) -> dict[str, Any]:
        """Let the model answer; see `ModelClient.write`."""
        pieces: list[str] = []

        def hear(piece: str) -> None:
            pieces.append(piece)
            on_text(piece)

        begun = time.monotonic()
        took = self._client.write(messages, options=options, on_text=hear, **others)
        self.text = "".join(pieces)
        keys = ("prompt_tokens", "cached_tokens", "tokens", "read_s", "write_s", "finish")
        self.took = {key: took[key] for key in keys} | {"s": time.monotonic() - begun}
        print(f"  {self.took['s']:.0f} s, {took['tokens']} tokens", flush=True)
        return self.took


def write(
    rows: Sequence[tuple[Asked, Found]], *, model: str, file: Path, most: int, shown: int
) -> None:
    """Answer questions that the file does not have yet; the first ones are those answered.

    Reading the prompt is most of the work on a CPU: `shown` passages instead of four bound it.
    """
    client = ModelClient(catalog.describe(model), silence_s=3_600)
    begun = time.monotonic()
    client.start()
    print(f"{client.info.name}: loaded in {time.monotonic() - begun:.0f} s", flush=True)
    judged = [(asked, found, evidence.weigh(found.asked, found.passages)) for asked, found in rows]
    judged.sort(key=lambda row: row[2].status != "answered")
    for asked, found, weighed in judged[:most]:
        if any(line["question"] == asked.question for line in lines(file)):
            continue
        plain = extractive(found, weighed)
        passages = tuple(writing.sources(plain, found)[:shown])
        known = {one.id for one in passages}
        quotes = tuple(quote for quote in plain.quotes if quote.source.id in known)
        line = _line(
            Heard(client),
            asked,
            replace(found, passages=passages),
            replace(plain, quotes=quotes),
        )
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
        print(f"{asked.kind} {asked.question}", flush=True)
    client.close()


def lines(file: Path) -> list[dict[str, Any]]:
    """Return what was written so far."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _line(heard: Heard, asked: Asked, found: Found, plain: Answer) -> dict[str, Any]:
    shown = writing.sources(plain, found)
    line: dict[str, Any] = {
        "kind": asked.kind,
        "question": asked.question,
        "file": asked.file,
        "from_s": asked.from_s,
        "to_s": asked.to_s,
        "extractive": plain.to_json(),
        "shown": [
            {
                "file": one.file,
                "from_s": one.passage.start_s,
                "to_s": one.passage.end_s,
                "text": one.passage.text,
            }
            for one in shown
        ],
    }
    if plain.status == "answered":  # else no model is asked
        answer = quoting.answer(plain, found, heard)  # type: ignore[arg-type]
        line["guided"] = {"answer": answer.to_json(), "wrote": heard.text, **heard.took}
        if answer.written is not None and answer.written.refused:
            line["quoting"] = _must_quote(heard, plain, shown, found)
    heard.write(writing.messages(asked.question, shown), options={"max_tokens": PLAIN_TOKENS})
    line["plain"] = {"wrote": heard.text, **heard.took}
    return line


def _must_quote(
    heard: Heard, plain: Answer, shown: Sequence[Retrieved], found: Found
) -> dict[str, Any]:
    """Return what a model writes that may not say that the passages do not answer."""
    heard.write(
        writing.messages(plain.question, shown),
        options={"max_tokens": writing.MOST_TOKENS},
        quotable={"passages": writing.quotable(shown), "not_there": ""},
    )
    texts = " ".join(one.passage.text for one in shown)
    stops = stops_for(f"{plain.question} {texts}", ())
    answer = writing.read(heard.text, plain, shown, asked=found.asked, model="", stops=stops)
    return {"answer": answer.to_json(), "wrote": heard.text, **heard.took}
