"""An answer by a model that can only quote what was said; each sentence of it is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.ask import writing
from engine.ask.answer import Answer
from engine.ask.asked import stops_for
from engine.ask.evidence import Found
from engine.child.client import ModelClient
from engine.errors import PromptTooLong

_LEAST: Final = 1  # passages that a model is shown where its context has room for no more


def answer(
    plain: Answer,
    found: Found,
    client: ModelClient,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> Answer:
    """Return the answer that a model writes around quotations; `plain` where it quotes nothing.

    Fewer passages are shown where its context has no room. Raises `ModelError`, `ChildError`,
    `ChatError`.
    """
    shown = writing.sources(plain, found)
    while True:
        pieces: list[str] = []
        try:
            client.write(
                writing.messages(plain.question, shown),
                options={"max_tokens": writing.MOST_TOKENS},
                on_text=pieces.append,
                cancelled=cancelled,
                quotable={
                    "passages": writing.quotable(shown),
                    "not_there": writing.NOT_THERE,
                },
            )
            break
        except PromptTooLong:
            if len(shown) <= _LEAST:
                raise
            shown = shown[: len(shown) // 2]
    texts = " ".join(one.passage.text for one in shown)
    return writing.read(
        "".join(pieces),
        plain,
        shown,
        asked=found.asked,
        model=client.info.name,
        stops=stops_for(f"{plain.question} {texts}", ()),
    )
