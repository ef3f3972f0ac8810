"""Let a chat model answer freely: prompt, cache, sampling, and calls under their schema."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from engine.errors import ChatError, ModelRefused, PromptTooLong
from engine.guided import conversation
from engine.guided.calls import CallGrammar, CallGuide, Restriction
from engine.guided.chat_cache import ChatCache, room
from engine.guided.chat_tokenizer import ChatTokenizer
from engine.guided.forms import FormGuide
from engine.guided.model import Model
from engine.guided.quoting import QuoteGuide

# Freed buffers that MLX may keep for later; without a limit they grow from turn to turn.
_FREED_BYTES: Final = 256 << 20
Finish = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class Options:
    """How an answer is written."""

    max_tokens: int = 1_000
    temperature: float = 0.0  # 0: always the likeliest token
    top_p: float = 1.0
    seed: int | None = None
    think: bool = False  # where the model can
    force_tool: bool = False  # the answer begins with a call
    schema: Mapping[str, Any] | None = None  # the answer is JSON that fits it, and nothing else


@dataclass(frozen=True, slots=True)
class Quotable:
    """What an answer may quote."""

    passages: Sequence[Sequence[Sequence[str]]]  # of each its turns, of each turn its sentences
    not_there: str  # what is written where they do not answer; "": they must be quoted


@dataclass(frozen=True, slots=True)
class Answer:
    """What writing an answer took."""

    prompt_tokens: int
    cached_tokens: int  # of the prompt, read in an earlier turn
    tokens: int  # written
    read_s: float
    write_s: float
    memory_bytes: int  # peak of MLX
    finish: Finish


@dataclass(frozen=True, slots=True)
class Facts:
    """What a chat model can do."""

    context: int  # tokens, prompt and answer together
    thinking: tuple[str, str] | None
    tools: bool  # its template shows them
    call_marks: tuple[str, str]


class Writer:
    """A chat model that answers conversations; it keeps the cache of the last one."""

    def __init__(self, model: Model) -> None:
        import mlx.core as mx

        if not model.info.converses:
            raise ModelRefused(f"{model.info.name} punctuates and does nothing else.")
        mx.set_cache_limit(_FREED_BYTES)
        self._model = model
        self._tokenizer = model.chat or ChatTokenizer(Path(model.info.path))
        self._cache = ChatCache(model.network)
        self._grammar: CallGrammar | None = None
        self.facts = Facts(
            context=min(self._tokenizer.context, room(model.network)),
            thinking=self._tokenizer.thinking,
            tools=self._tokenizer.shows_tools,
            call_marks=self._tokenizer.call_marks,
        )

    def prompt(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] = (),
        *,
        think: bool = False,
    ) -> list[int]:
        """Return the tokens of a conversation, up to where its answer begins."""
        if not messages:
            return []
        shown = [{"type": "function", "function": dict(tool)} for tool in tools]
        return conversation.encode(
            messages,
            render=lambda turns: self._tokenizer.render(turns, tools=shown, think=think),
            vocabulary=self._model.vocabulary,
            shows_tools=self.facts.tools,
            call_marks=self.facts.call_marks,
        )

    def write(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        options: Options,
        on_text: Callable[[str], None],
        on_read: Callable[[int], None] = lambda tokens: None,
        cancelled: Callable[[], bool] = lambda: False,
        quotable: Quotable | None = None,
    ) -> Answer:
        """Write an answer; `on_text` gets its pieces as they come, `on_read` the tokens read.

        With `quotable` the answer is made of quotations, and a sentence after each.
        What the model thinks stands between its marks, also where the prompt ends inside them. What
        stands between the marks of a call outside of that is a call that its tool's schema allows.
        Raises `ChatError` (`PromptTooLong`, `ToolRefused`), `ModelRefused`.
        """
        from mlx_lm.generate import wired_limit

        if not messages:
            raise ChatError("There is no message to answer.")
        prompt = self.prompt(messages, tools, think=options.think)
        most = min(options.max_tokens, self._room_after(prompt))
        guide = self._guide_of(tools, options, quotable)
        text = _Text(self._tokenizer, on_text)
        thinks = self._thinking_mark(prompt)
        text.say(f"{thinks}\n" if thinks else "")
        started = time.monotonic()
        cached = self._cache.keep(prompt)
        try:
            with wired_limit(self._model.network):
                logits, whole = self._cache.read(
                    prompt[cached:], self._model.prefill_tokens, _going_on(on_read, cancelled)
                )
                read_s = time.monotonic() - started
                tokens, finish = 0, "cancelled"
                if whole:
                    forced = options.force_tool or quotable or options.schema is not None
                    first = guide.opening(thinks=bool(thinks)) if guide and forced else None
                    run = _Run(self._cache, self._tokenizer.end_ids, text, guide, options)
                    tokens, finish = run.write(logits, most, first, cancelled)
        except BaseException:
            self._cache.forget()  # nobody knows what it holds
            raise
        return self._answer(len(prompt), cached, tokens, read_s, started, finish)

    def _room_after(self, prompt: Sequence[int]) -> int:
        """Return how many tokens an answer may have; raises `PromptTooLong` if none."""
        left = self.facts.context - len(prompt)
        if left < 1:
            raise PromptTooLong(
                f"The conversation has {len(prompt):,} tokens; the model reads and writes "
                f"{self.facts.context:,} in all."
            )
        return left

    def _answer(
        self, prompt: int, cached: int, tokens: int, read_s: float, started: float, finish: Any
    ) -> Answer:
        import mlx.core as mx

        mx.clear_cache()
        return Answer(
            prompt_tokens=prompt,
            cached_tokens=cached,
            tokens=tokens,
            read_s=read_s,
            write_s=time.monotonic() - started - read_s,
            memory_bytes=mx.get_peak_memory(),
            finish=finish,
        )

    def _guide_of(
        self,
        tools: Sequence[Mapping[str, Any]],
        options: Options,
        quotable: Quotable | None,
    ) -> CallGuide | FormGuide | QuoteGuide | None:
        """Return what restricts an answer: quotations, a schema, or the tools that it may call."""
        if quotable is not None:
            return self._quote_guide(quotable)
        return self._guide(tools) if options.schema is None else self._form(options.schema)

    def _quote_guide(self, quotable: Quotable) -> QuoteGuide:
        return QuoteGuide(
            self._grammar_of_tokens(),
            quotable.passages,
            not_there=quotable.not_there,
            thinking=self.facts.thinking,
        )

    def _guide(self, tools: Sequence[Mapping[str, Any]]) -> CallGuide | None:
        if not tools:
            return None
        return CallGuide(
            self._grammar_of_tokens(),
            tools,
            call_marks=self.facts.call_marks,
            thinking=self.facts.thinking,
        )

    def _form(self, schema: Mapping[str, Any]) -> FormGuide:
        return FormGuide(self._grammar_of_tokens(), schema, thinking=self.facts.thinking)

    def _grammar_of_tokens(self) -> CallGrammar:
        if self._grammar is None:
            self._grammar = CallGrammar(self._model.vocabulary, self._tokenizer.end_id())
        return self._grammar

    def _thinking_mark(self, prompt: Sequence[int]) -> str:
        """Return the mark inside which the prompt ends, "": it ends outside."""
        if self.facts.thinking is None:
            return ""
        opened, closed = (
            tuple(self._model.vocabulary.encode_template(mark)) for mark in self.facts.thinking
        )
        return self.facts.thinking[0] if _last(prompt, opened) > _last(prompt, closed) else ""


class _Text:
    """The text of the tokens written so far, passed on piece by piece."""

    def __init__(self, tokenizer: ChatTokenizer, on_text: Callable[[str], None]) -> None:
        self._detokenizer = tokenizer.loaded.detokenizer
        self._on_text = on_text
        self.text = ""

    def add(self, tokens: Sequence[int]) -> None:
        for token in tokens:
            self._detokenizer.add_token(token)
        self.say(self._detokenizer.last_segment)

    def end(self) -> None:
        self._detokenizer.finalize()
        self.say(self._detokenizer.last_segment)

    def say(self, piece: str) -> None:
        if piece:
            self.text += piece
            self._on_text(piece)


class _Run:
    """The loop that chooses one token after another."""

    def __init__(
        self,
        cache: ChatCache,
        end_ids: frozenset[int],
        text: _Text,
        guide: CallGuide | FormGuide | QuoteGuide | None,
        options: Options,
    ) -> None:
        import mlx.core as mx
        from mlx_lm.sample_utils import make_sampler

        if options.temperature:
            mx.random.seed(options.seed if options.seed is not None else secrets.randbits(32))
        self._sampler = make_sampler(temp=options.temperature, top_p=options.top_p)
        self._cache, self._end_ids, self._text, self._guide = cache, end_ids, text, guide

    def write(
        self, logits: Any, most: int, first: Restriction | None, cancelled: Callable[[], bool]
    ) -> tuple[int, Finish]:
        """Write at most so many tokens; return how many, and why no more.

        The machine computes a token ahead. It is thrown away where the text so far restricts it.
        """
        import mlx.core as mx

        begin: Any = mx.async_eval
        written, restriction, ahead = 0, first, None
        finish: Finish = "length"
        while written < most:
            if cancelled():
                finish = "cancelled"
                break
            if restriction is not None and restriction.forced:
                tokens = list(restriction.forced[: most - written])
                logits = self._cache.feed(tokens)
                ahead = None
            else:
                chosen = self._choose(logits, restriction) if ahead is None else ahead
                logits = self._cache.feed_array(chosen)
                ahead = self._choose(logits, None)
                begin(ahead)
                tokens = [int(chosen.item())]
                self._cache.note(tokens)
                if tokens[0] in self._end_ids:
                    finish = "stop"
                    break
            written += len(tokens)
            self._text.add(tokens)
            restriction = self._guide.after(tokens, self._text.text) if self._guide else None
            if restriction is not None:
                ahead = None
        self._text.end()
        return written, finish

    def _choose(self, logits: Any, restriction: Restriction | None) -> Any:
        import mlx.core as mx

        if restriction is not None and restriction.mask is not None:
            mask = restriction.mask
            width = logits.shape[-1]
            allowed = mx.array(mask[:width])
            if mask.size < width:  # a vocabulary is often padded
                allowed = mx.pad(allowed, (0, width - mask.size))
            logits = mx.where(allowed, logits, -mx.inf)
        return self._sampler(logits - mx.logsumexp(logits, axis=-1, keepdims=True))


def _going_on(
    on_read: Callable[[int], None], cancelled: Callable[[], bool]
) -> Callable[[int], bool]:
    def go_on(tokens: int) -> bool:
        on_read(tokens)
        return not cancelled()

    return go_on


def _last(tokens: Sequence[int], wanted: Sequence[int]) -> int:
    """Return where a sequence stands for the last time, -1: nowhere."""
    for start in range(len(tokens) - len(wanted), -1, -1):
        if tuple(tokens[start : start + len(wanted)]) == tuple(wanted):
            return start
    return -1
