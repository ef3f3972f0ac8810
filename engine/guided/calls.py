"""Tool calls under their schema: what may be written between the marks of a call.

llguidance knows the grammar. What the marks themselves are made of may not appear inside a call, so
that whoever reads the text finds where it ends.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import ToolRefused
from engine.guided.vocabulary import Vocabulary

# One way to write a value, the one that `json.dumps` has: no endless white space.
FORM: Final = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


@dataclass(frozen=True, slots=True)
class Restriction:
    """What may be written next: certain tokens, or one of those that a mask allows."""

    forced: tuple[int, ...] = ()
    mask: NDArray[np.bool_] | None = None  # over the vocabulary; None where `forced` says it all


class CallGrammar:
    """The tokens of a vocabulary as llguidance and as the search for marks need them."""

    def __init__(self, vocabulary: Vocabulary, end_id: int) -> None:
        import llguidance

        self.vocabulary = vocabulary
        self.tokenizer = llguidance.LLTokenizer(
            llguidance.TokenizerWrapper(_Tokens(vocabulary, end_id))
        )
        self._sorted = sorted((data, token) for token, data in vocabulary.bytes_of.items())

    def beginning_with(self, data: bytes, *, longer: bool) -> list[int]:
        """Return the tokens whose bytes begin with these; `longer`: and go on after them."""
        start = bisect.bisect_left(self._sorted, (data, -1))
        found: list[int] = []
        for text, token in self._sorted[start:]:
            if not text.startswith(data):
                break
            if not longer or len(text) > len(data):
                found.append(token)
        return found

    def matcher(self, tools: Sequence[Mapping[str, Any]]) -> Any:
        """Return a matcher of a call of one of the tools; raises `ToolRefused`."""
        from llguidance import LLMatcher

        for tool in tools:
            self._check(tool)
        return LLMatcher(self.tokenizer, _grammar(tools), log_level=0)

    def _check(self, tool: Mapping[str, Any]) -> None:
        from llguidance import LLMatcher

        failed, said = LLMatcher.validate_grammar_with_warnings(_grammar([tool]), self.tokenizer)
        if failed:
            what = said[0].splitlines()[0] if said else "no reason is known"
            raise ToolRefused(
                f"The arguments of the tool {tool['name']} cannot be checked while they are "
                f"written: {what}"
            )


class CallGuide:
    """Follows one answer and says what may be written next."""

    def __init__(
        self,
        grammar: CallGrammar,
        tools: Sequence[Mapping[str, Any]],
        *,
        call_marks: tuple[str, str],
        thinking: tuple[str, str] | None,
    ) -> None:
        self._grammar = grammar
        self._matcher = grammar.matcher(tools)
        self._open, self._close = call_marks
        self._thinking = thinking
        self._hidden = [mark.encode() for mark in (*call_marks, *(thinking or ()))]
        self._written: bytes | None = None  # of the call that is being written

    def opening(self, *, thinks: bool) -> Restriction:
        """Return the mark that begins a call; what the model thinks ends before it."""
        ended = [self._thinking[1]] if thinks and self._thinking else []
        return self._spelled(*ended, self._open)

    def after(self, tokens: Sequence[int], text: str) -> Restriction | None:
        """Return what may follow these tokens, the last of `text`; None: anything."""
        if self._written is not None:
            vocabulary = self._grammar.vocabulary
            self._written += b"".join(vocabulary.bytes_of[token] for token in tokens)
            consumed = self._matcher.consume_tokens(list(tokens))
            assert consumed, f"a call left its grammar: {self._matcher.get_error()}"
            return self._inside()
        if self._thinks(text):
            return None
        if text.endswith(self._open):
            self._matcher.reset()
            self._written = b""
            return self._inside()
        return self._whole_mark(text.encode("utf-8", "replace")[-len(self._open.encode()) :])

    def _inside(self) -> Restriction:
        """Return what may follow inside a call; its end is certain."""
        assert self._written is not None
        if self._matcher.is_accepting():
            self._written = None
            return self._spelled(self._close)
        if forced := self._matcher.compute_ff_tokens():
            return Restriction(tuple(forced))
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        mask = np.unpackbits(bits, bitorder="little").astype(np.bool_)
        assert mask.any(), f"a call cannot go on: {self._matcher.get_error()}"
        for mark in self._hidden:
            for rest in _rests(mark, self._written):
                closing = mask.copy()
                closing[self._grammar.beginning_with(rest, longer=False)] = False
                mask = closing if closing.any() else mask
        return Restriction(mask=mask)

    def _whole_mark(self, tail: bytes) -> Restriction | None:
        """Return that no token may hold the end of the opening mark and something after it."""
        banned: list[int] = []
        for rest in _rests(self._open.encode(), tail):
            banned += self._grammar.beginning_with(rest, longer=True)
        if not banned:
            return None
        mask = np.ones(self._grammar.vocabulary.size, dtype=np.bool_)
        mask[banned] = False
        return Restriction(mask=mask)

    def _thinks(self, text: str) -> bool:
        """Return whether the text ends inside what the model thinks."""
        if self._thinking is None:
            return False
        return text.rfind(self._thinking[0]) > text.rfind(self._thinking[1])

    def _spelled(self, *marks: str) -> Restriction:
        encode = self._grammar.vocabulary.encode_mark
        return Restriction(tuple(token for mark in marks for token in encode(mark)))


class _Tokens:
    """What llguidance needs to know about a vocabulary: control tokens cannot be written."""

    def __init__(self, vocabulary: Vocabulary, end_id: int) -> None:
        self._vocabulary = vocabulary
        self.tokens = [b""] * vocabulary.size
        for token, data in vocabulary.bytes_of.items():
            self.tokens[token] = data
        self.tokens[end_id] = b"\xff<end>"
        self.special_token_ids = [end_id]
        self.bos_token_id = None
        self.eos_token_id = end_id

    def __call__(self, data: bytes | str) -> list[int]:
        """Return the model's own tokens of a text inside a text."""
        return list(self._vocabulary.spell(data.encode() if isinstance(data, str) else data)[0])


def _grammar(tools: Sequence[Mapping[str, Any]]) -> str:
    """Return the grammar of a call as `conversation.call_text` writes it."""
    lines = ["start: " + " | ".join(f"call{n}" for n in range(len(tools)))]
    for n, tool in enumerate(tools):
        name = json.dumps(str(tool["name"]), ensure_ascii=False)
        schema = json.dumps({"type": "object", **tool["parameters"], "x-guidance": FORM})
        head = json.dumps(f'\n{{"name": {name}, "arguments": ')
        lines.append(f'call{n}: {head} %json {schema} "}}\\n"')
    return "\n".join(lines)


def _rests(mark: bytes, written: bytes) -> Iterator[bytes]:
    """Yield what is missing of a mark of which a part, or nothing, has been written."""
    for size in range(len(mark)):
        if written.endswith(mark[:size]):
            yield mark[size:]
