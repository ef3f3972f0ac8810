"""What a writing model is asked about a transcript: every sentence is held against it.

One request is written, checked, and what is wrong in it is written once more. What is still wrong
is dropped. `describe` does all requests of a transcript.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from engine.chat.records import Backend, Message, WritingOptions
from engine.chat.stream import split
from engine.claims.checks import Checker, alike
from engine.claims.records import Problem
from engine.written.material import Material, sentences_of
from engine.written.plan import Progress, progress
from engine.written.records import Cited, Outcome
from engine.written.requests import Request
from engine.written.shape import is_subject, misshapen, stands_alone

_SHARE: Final = 3  # of the context that a request may show: one in so many
_MOST_TOKENS: Final = 3_000  # that a request shows; more makes small models forget
_PROBED_BYTES: Final = 20_000  # of a transcript, to see how many bytes a token has
_TEMPLATE_TOKENS: Final = 32


class Cancelled(Exception):
    """The writing was cancelled; nothing of the request in hand is kept."""


def most_bytes(backend: Backend, material: Material) -> int:
    """Return how much text a request may show, by the model's own tokens for this transcript.

    The same for the same model and transcript, so that requests are the same when they go on later.
    Raises what the backend raises.
    """
    text = " ".join(paragraph.text for paragraph in material.paragraphs)[:_PROBED_BYTES]
    tokens = max(1, backend.count([Message("user", text)]) - _TEMPLATE_TOKENS)
    most = min(backend.facts.context // _SHARE, _MOST_TOKENS)
    return int(most * max(1.0, len(text.encode()) / tokens))


def describe(
    backend: Backend,
    material: Material,
    *,
    options: WritingOptions,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[str, Outcome]:
    """Do all requests of a transcript; raises what the backend raises, and Cancelled."""
    checker = Checker(material.paragraphs, material.known)
    size = most_bytes(backend, material)
    done: dict[str, Outcome] = {}
    while (at := progress(material, done, most_bytes=size)).request is not None:
        on_progress(at)
        done[at.request.key] = fulfil(
            backend, at.request, checker, options=options, cancelled=cancelled
        )
    return done


def fulfil(
    backend: Backend,
    request: Request,
    checker: Checker,
    *,
    options: WritingOptions,
    on_text: Callable[[str], None] = lambda text: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Have one request written and return what of it holds.

    Raises what the backend raises, and Cancelled.
    """
    if not request.shown:
        return Outcome()

    def write(messages: Sequence[Message], schema: Mapping[str, Any]) -> tuple[str, Any]:
        own = replace(options, max_tokens=request.most_tokens, schema=schema, think=False)
        written = backend.write(messages, options=own, on_text=on_text, cancelled=cancelled)
        if written.finish == "cancelled" or cancelled():
            raise Cancelled
        answer = split(written.text, backend.facts).answer.strip()
        return answer, _parsed(answer)

    asked = [Message("user", request.message())]
    answer, value = write(asked, request.schema())
    if request.kind == "tags":
        return _tags(value, request, checker)
    drafts = _sentences(value, request, checker)
    good, bad = _sorted_out(drafts, [], request, checker)
    if not bad:
        return Outcome(tuple(good), written=len(drafts))
    # Not more than were asked for: a weak model puts six sentences where one should be.
    worst = bad[: max(1, request.most - len(good))]
    told = [*asked, Message("assistant", answer), Message("user", request.again(worst))]
    _, value = write(told, request.schema(exactly=len(worst)))
    again = _sentences(value, request, checker)[: len(worst)]
    better, _ = _sorted_out(again, good, request, checker)
    return Outcome(
        tuple([*good, *better][: request.most]),
        written=len(drafts),
        rewritten=len(worst),
        dropped=max(0, len(bad) - len(better)),
    )


def _sorted_out(
    drafts: Sequence[Cited], before: Sequence[Cited], request: Request, checker: Checker
) -> tuple[list[Cited], list[tuple[Cited, Problem]]]:
    """Return the sentences that hold, and those that do not with what is wrong."""
    good: list[Cited] = []
    bad: list[tuple[Cited, Problem]] = []
    for cited in drafts:
        title = request.kind == "title"
        problem = checker.check(cited.text, cited.cites, title=title)
        earlier = [*before, *good]
        if problem is None and not title:
            alone = stands_alone(request.key, first=not earlier)
            problem = misshapen(cited.text, checker.known, alone=alone)
        if problem is None and any(alike(cited.text, o.text, checker.known) for o in earlier):
            problem = Problem("repeated", "it says again what another sentence says")
        if problem is None:
            good.append(cited)
        else:
            bad.append((cited, problem))
    return good, bad


def _sentences(value: Any, request: Request, checker: Checker) -> list[Cited]:
    """Return the sentences of an answer; one that holds several is taken apart."""
    found: list[Cited] = []
    entries = value.get("sentences", []) if isinstance(value, dict) else []
    for entry in entries:
        text = " ".join(str(entry["text"]).split())
        cites = tuple(dict.fromkeys(n for n in entry["cites"] if n in request.citable))
        if request.kind == "title":
            found.append(Cited(text.rstrip(".").strip("\"'“”„«»"), cites))
            continue
        parts = sentences_of(text, checker.known.code) or [text]
        found += [Cited(part, cites) for part in parts]
    return found


def _tags(value: Any, request: Request, checker: Checker) -> Outcome:
    """Return the tags of an answer; new ones must be words of the transcript."""
    if not isinstance(value, dict):
        return Outcome()
    chosen = tuple(dict.fromkeys(str(tag) for tag in value.get("tags", [])))
    drafts = list(dict.fromkeys(" ".join(str(tag).split()) for tag in value.get("new", [])))
    everything = request.citable
    good = [
        Cited(tag, everything[:1])
        for tag in drafts
        if len(tag.split()) <= 3
        and is_subject(tag, checker.known)
        and checker.check(tag, everything, title=True) is None
    ]
    dropped = len(drafts) - len(good)
    return Outcome(tuple(good), written=len(drafts), dropped=dropped, chosen=chosen)


def _parsed(answer: str) -> Any:
    try:
        return json.loads(answer)
    except ValueError:  # cut off at the limit of tokens
        return None
