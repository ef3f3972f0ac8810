"""Answers that quote: every quotation is a path through an automaton of the passages.

The automaton is llguidance's, of all runs of consecutive pieces of a text; the pieces are whole
sentences of one speaker. Its number follows a quotation by force, and after it the model may write
one sentence, in which nothing can be quoted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from engine.errors import ChatError
from engine.guided.calls import CallGrammar, Restriction

MOST_BLOCKS: Final = 3  # quotations in an answer
#: Characters of a quotation of several sentences. A weak model never ends one by itself: it would
#: quote a whole passage, and have no tokens left for the end.
LONGEST: Final = 400
#: A sentence of the model with the number that it must have, as one regular expression: the lexer
#: does not go back to where a sentence may have ended.
_OWN: Final = r'/[^\s"\[\]“”„«»][^"\n\[\]“”„«»]{7,200}[.!?] \[%d\]\n/'


class QuoteGuide:
    """Follows one answer and says what may be written next; it restricts every token."""

    def __init__(
        self,
        grammar: CallGrammar,
        passages: Sequence[Sequence[Sequence[str]]],
        *,
        not_there: str,
        thinking: tuple[str, str] | None,
    ) -> None:
        """Prepare the automaton.

        Args:
            grammar: The tokens of the model.
            passages: Of each passage its turns, of each turn its sentences.
            not_there: What the model writes if the passages do not answer; "": it must quote.
            thinking: The marks around what it thinks.
        """
        from llguidance import LLMatcher

        self._grammar = grammar
        self._thinking = thinking
        text = quote_grammar(passages, not_there)
        failed, said = LLMatcher.validate_grammar_with_warnings(text, grammar.tokenizer)
        if failed:
            what = said[0].splitlines()[0][:200] if said else "no reason is known"
            raise ChatError(f"These passages cannot be made quotable: {what}")
        self._skipped = False  # what the model thinks has just been ended
        self._matcher: Any = LLMatcher(grammar.tokenizer, text, log_level=0)

    def opening(self, *, thinks: bool) -> Restriction:
        """Return what the answer may begin with; what the model thinks ends before it."""
        if thinks and self._thinking:
            self._skipped = True
            return Restriction(tuple(self._grammar.vocabulary.encode_mark(self._thinking[1])))
        return self._next()

    def after(self, tokens: Sequence[int], text: str) -> Restriction:
        """Return what may follow these tokens, the last of `text`."""
        if self._skipped:
            self._skipped = False
            return self._next()
        consumed = self._matcher.consume_tokens(list(tokens))
        assert consumed, f"an answer left its grammar: {self._matcher.get_error()}"
        return self._next()

    def _next(self) -> Restriction:
        if not self._matcher.is_accepting() and (forced := self._matcher.compute_ff_tokens()):
            return Restriction(tuple(forced))
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        mask = np.unpackbits(bits, bitorder="little").astype(np.bool_)
        assert mask.any(), f"an answer cannot go on: {self._matcher.get_error()}"
        return Restriction(mask=mask)


def quote_grammar(passages: Sequence[Sequence[Sequence[str]]], not_there: str) -> str:
    """Return the grammar of an answer: quotations with their numbers, a sentence after each."""
    lines: list[str] = []
    blocks: list[str] = []
    for number, turns in enumerate(passages, start=1):
        names = []
        for place, sentences in enumerate(turns):
            if not any(sentence.strip() for sentence in sentences):
                continue
            name = f"T{number}_{place}"
            pieces = [f" {sentence}" for sentence in sentences]  # so words are spelled as inside
            lines.append(f"R{name}: %regex {json.dumps({'substring_chunks': pieces})}")
            most = max(LONGEST, *map(len, pieces))
            # A run may be empty, a quotation not.
            lines.append(f"{name}: R{name} & /(.|\\n){{1,{most}}}/")
            names.append(name)
        if names:
            close = json.dumps(f'" [{number}]\n')
            lines.append(f"OWN{number}: {_OWN % number}")
            lines.append(f"q{number}: ({' | '.join(names)}) {close} OWN{number}?")
            blocks.append(f"q{number}")
    refusal = f"{json.dumps(not_there)} | " if not_there else ""
    start = f"start: {refusal}block{{1,{MOST_BLOCKS}}}"
    block = f'block: "\\"" ({" | ".join(blocks)})'
    return "\n".join([start, block, *lines])
