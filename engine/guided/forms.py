"""Answers under a JSON schema: the whole of an answer is one value that fits it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.errors import ToolRefused
from engine.guided.calls import FORM, CallGrammar, Restriction


class FormGuide:
    """Follows one answer and says what may be written next; the end of the answer is certain."""

    def __init__(
        self,
        grammar: CallGrammar,
        schema: Mapping[str, Any],
        *,
        thinking: tuple[str, str] | None,
    ) -> None:
        """Make the guide; raises `ToolRefused` for a schema that cannot be followed."""
        from llguidance import LLMatcher

        text = f"start: %json {json.dumps({**schema, 'x-guidance': FORM})}"
        failed, said = LLMatcher.validate_grammar_with_warnings(text, grammar.tokenizer)
        if failed:
            what = said[0].splitlines()[0] if said else "no reason is known"
            raise ToolRefused(f"The form of the answer cannot be followed: {what}")
        self._grammar = grammar
        self._thinking = thinking
        self._matcher = LLMatcher(grammar.tokenizer, text, log_level=0)
        self._before = 0  # tokens that are written before the answer begins

    def opening(self, *, thinks: bool) -> Restriction:
        """Return what may be written first; what the model thinks ends before it."""
        if thinks and self._thinking:
            mark = tuple(self._grammar.vocabulary.encode_mark(self._thinking[1]))
            self._before = len(mark)
            return Restriction(mark)
        return self._next()

    def after(self, tokens: Sequence[int], _: str) -> Restriction:
        """Return what may follow these tokens."""
        skipped = min(self._before, len(tokens))
        self._before -= skipped
        own = list(tokens[skipped:])
        consumed = not own or self._matcher.consume_tokens(own)
        assert consumed, f"an answer left its form: {self._matcher.get_error()}"
        return self._next()

    def _next(self) -> Restriction:
        if not self._matcher.is_accepting() and (forced := self._matcher.compute_ff_tokens()):
            return Restriction(tuple(forced))
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        mask = np.unpackbits(bits, bitorder="little").astype(np.bool_)
        assert mask.any(), f"an answer cannot go on: {self._matcher.get_error()}"
        return Restriction(mask=mask)
