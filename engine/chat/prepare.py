"""A conversation -> the messages that the model is shown: whole turns, as many as fit.

The order is kept and the system message is the first. Old turns are left out whole; of the newest,
if it alone is too long, the oldest calls with their results. An assistant's calls and their results
are one block. What is pinned stays, and so does the newest block. Tokens are counted by the model's
own tokenizer and template: each message once, as an estimate, and the result once, as the truth.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from engine.chat import inject
from engine.chat.records import Backend, BackendFacts, Message, Tool, WritingOptions
from engine.errors import PromptTooLong

_REMEMBERED: Final = 10_000  # counts of messages
_OVERHEAD: Final = 6  # tokens of a template around a message; the final count corrects it


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the model is shown."""

    messages: tuple[Message, ...]
    tokens: int  # of the whole prompt, tools included
    limit: int  # tokens that a prompt may have here
    left_out: int  # turns of which something is not shown


def prompt_limit(facts: BackendFacts, options: WritingOptions) -> int:
    """Return the tokens that a prompt may have: the context without a reserve for the answer.

    The reserve is what the answer may have, and at most half of the context.
    """
    return facts.context - min(options.max_tokens, facts.context // 2)


class Preparer:
    """Prepares conversations for one backend and remembers what their messages count."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._counts: OrderedDict[str, int] = OrderedDict()

    def prepare(
        self, messages: Sequence[Message], tools: Sequence[Tool], options: WritingOptions
    ) -> Prepared:
        """Return what the model is shown of a conversation; raises PromptTooLong."""
        limit = prompt_limit(self._backend.facts, options)
        choices = _choices(messages)
        estimates = self._estimates(messages, tools, choices)
        at = _first_within(estimates, limit)
        shown, tokens = self._count(messages, tools, choices[: at + 1])
        if tokens <= limit:
            # The estimate may have been too high: try what fits by what it was wrong.
            better = _first_within(estimates, limit - (tokens - estimates[at]))
            if better < at:
                more, counted = self._count(messages, tools, choices[: better + 1])
                if counted <= limit:
                    at, shown, tokens = better, more, counted
        while tokens > limit:
            if at + 1 == len(choices):
                raise PromptTooLong(
                    f"The newest message and what is pinned have {tokens:,} tokens; "
                    f"{limit:,} fit beside an answer."
                )
            fitting = _first_within(estimates, estimates[at] - (tokens - limit))
            at = max(at + 1, fitting)
            shown, tokens = self._count(messages, tools, choices[: at + 1])
        return Prepared(tuple(shown), tokens, limit, choices[at].left_out)

    def _count(
        self, messages: Sequence[Message], tools: Sequence[Tool], choices: Sequence[_Choice]
    ) -> tuple[list[Message], int]:
        """Return what the last choice shows, and its tokens as the template writes it."""
        without = {n for choice in choices for n in choice.freed}
        chosen = [message for n, message in enumerate(messages) if n not in without]
        shown = _in_roles(inject.shown(chosen, tools, self._backend.facts))
        return shown, self._backend.count(shown, tools)

    def _estimates(
        self, messages: Sequence[Message], tools: Sequence[Tool], choices: Sequence[_Choice]
    ) -> list[int]:
        """Return about how many tokens each choice has; they never grow."""
        described = (json.dumps(tool.schema(), ensure_ascii=False) for tool in tools)
        costs = [self._cost(_text(message)) for message in messages]
        total = sum(costs) + sum(map(self._cost, described))
        freed = accumulate(sum(costs[n] for n in choice.freed) for choice in choices)
        return [total - each for each in freed]

    def _cost(self, text: str) -> int:
        """Return about how many tokens a text costs in a prompt."""
        known = self._counts.get(text)
        if known is None:
            known = self._plain(text) - self._plain("")
            self._counts[text] = known
            if len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
        return known + _OVERHEAD

    def _plain(self, text: str) -> int:
        if text:
            return self._backend.count([Message("user", text)])
        if "" not in self._counts:
            self._counts[""] = self._backend.count([Message("user", "")])
        return self._counts[""]


@dataclass(frozen=True, slots=True)
class _Choice:
    """One way to shorten a conversation; each leaves out what the one before does, and more."""

    freed: tuple[int, ...]  # messages that the one before shows, by number
    left_out: int  # turns of which something is missing


def _choices(messages: Sequence[Message]) -> list[_Choice]:
    """Return the ways to shorten a conversation, the whole of it first."""
    choices = [_Choice((), 0)]

    def shorten(numbers: Sequence[int], left_out: int) -> None:
        if numbers:
            choices.append(_Choice(tuple(numbers), left_out))

    *old, newest = _turns(messages)
    left_out = 0
    for turn in old:
        numbers = _loose(messages, turn)
        left_out += bool(numbers)
        shorten(numbers, left_out)
    blocks = _blocks(messages, newest)
    for block in blocks[:-1]:
        if messages[block[0]].role != "user" and not any(messages[n].pinned for n in block):
            shorten(block, left_out + 1)
    return choices


def _turns(messages: Sequence[Message]) -> list[list[int]]:
    """Return the messages of each turn, by number; a turn begins where the user begins to speak."""
    turns: list[list[int]] = []
    before = ""
    for n, message in enumerate(messages):
        if n == 0 and message.role == "system":
            continue
        begins = message.role == "user" and before != "user"
        if begins or not turns:
            turns.append([])
        turns[-1].append(n)
        before = message.role
    return turns or [[]]


def _blocks(messages: Sequence[Message], turn: Sequence[int]) -> list[list[int]]:
    """Return what of a turn belongs together: a message, and the results of its calls."""
    blocks: list[list[int]] = []
    for n in turn:
        if messages[n].role == "tool" and blocks:
            blocks[-1].append(n)
        else:
            blocks.append([n])
    return blocks


def _loose(messages: Sequence[Message], turn: Sequence[int]) -> list[int]:
    """Return what of an old turn may be left out: all but the pinned blocks.

    A pinned answer keeps the question that it answers.
    """
    blocks = _blocks(messages, turn)
    kept = [block for block in blocks if any(messages[n].pinned for n in block)]
    answers = any(messages[block[0]].role != "user" for block in kept)
    return [
        n
        for block in blocks
        if block not in kept and not (answers and messages[block[0]].role == "user")
        for n in block
    ]


def _in_roles(messages: Sequence[Message]) -> list[Message]:
    """Return messages as every template takes them.

    Only the first may be of the system, and messages of the user that follow each other are one.
    """
    out: list[Message] = []
    for n, message in enumerate(messages):
        if n and message.role == "system":
            message = Message("user", message.content)
        if out and message.role == "user" == out[-1].role:
            out[-1] = replace(out[-1], content=f"{out[-1].content}\n\n{message.content}")
        else:
            out.append(message)
    return out


def _text(message: Message) -> str:
    """Return what of a message costs tokens."""
    calls = (json.dumps([call.name, dict(call.arguments)]) for call in message.calls)
    return "\n".join([message.content, *calls])


def _first_within(estimates: Sequence[int], limit: int) -> int:
    """Return the first estimate within a limit, else the last."""
    return next((n for n, each in enumerate(estimates) if each <= limit), len(estimates) - 1)
