"""What a guided chat model decides in a part, and what would have been right: examples to learn.

Most tokens of an answer are certain, because the guide admits one reading of a word, so nothing can
be learnt of them. Where it admits several, the loss is that of the tokens that write the right one
among those that may follow, with the bias that the decoder adds: a model learns what it is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from engine.guided import prompts
from engine.guided.guide import END, Guide, State, options_of
from engine.records import EnhancedWord, ModelInfo, Part
from engine.records import Word as SourceWord
from engine.text.readings import Join
from engine.tuning.words import NO_BREAK, TURN, Word

if TYPE_CHECKING:
    from engine.guided.vocabulary import Vocabulary

#: What a token may write, as the model's biases name it.
KEYS: Final = (",", ".", "?", "paragraph", "raise")
_UNKNOWN: Final = -1
_CLOSERS: Final = "\"'”’»)]"


@dataclass(frozen=True, slots=True)
class Decision:
    """One choice between tokens."""

    place: int  # index into the ids of the example: the token after which it is made
    ids: tuple[int, ...]  # the tokens that may follow
    bias: tuple[float, ...]  # what the decoder adds to their logits
    right: tuple[int, ...]  # indices of those that write what is right, in whatever spelling
    written: tuple[tuple[bool, ...], ...] = ()  # of each of `KEYS`, which tokens write it


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and its answer as token ids, with the choices in it."""

    ids: tuple[int, ...]
    prompt: int  # ids of the prompt
    decisions: tuple[Decision, ...]
    language: str = ""
    marked: bool = False  # whether the source has marks of its own


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a word should be written."""

    word: Word
    after: int  # what follows it: NO_BREAK, PARAGRAPH or TURN
    asked: bool  # False: nothing is learnt of it

    def written(self, source: SourceWord) -> EnhancedWord:
        """Return the word as it stands before the next part."""
        mark = "—" if self.word.mark == "-" else self.word.mark
        text = self.word.opening + self.word.core + mark
        return EnhancedWord(source, text, paragraph=self.after not in (NO_BREAK, TURN))


def example(
    part: Part,
    tail: Sequence[EnhancedWord],
    wanted: Sequence[Wanted],
    *,
    info: ModelInfo,
    template: prompts.Template,
    vocabulary: Vocabulary,
    keys: bool = False,
) -> Example:
    """Return what a model reads and writes in a part whose words should be as `wanted`.

    `wanted` has the words of the part and the one after it, if there is one. What the lattice does
    not offer is written as the source has it, and nothing is learnt of it. `keys`: whether to tell
    what each token writes.
    """
    guide = Guide(part, tail, info, vocabulary)
    marking = [_marking(part, tail, info, vocabulary, key) for key in KEYS if keys]
    right = _right_options(guide, wanted)
    plan = [max(0, option) for option in right]
    ids = prompts.build(part, tail, info=info, template=template, vocabulary=vocabulary)
    prompt = len(ids)
    decisions = []
    state = guide.start
    while not guide.is_done(state):
        certain = guide.forced(state)
        token = certain[0] if certain else next(iter(guide.draft(state, plan)), END)
        following = guide.advance(state, token) if token != END else ()
        if not certain:
            allowed = guide.allowed(state)
            fits = tuple(
                place
                for place, one in enumerate(allowed.ids)
                if _is_right(right, state, () if one == END else guide.advance(state, one))
            )
            if 0 < len(fits) < len(allowed.ids):
                tokens = tuple(template.end_id if one == END else one for one in allowed.ids)
                written = tuple(
                    tuple(bias > 0 for bias in one.allowed(state).bias) for one in marking
                )
                decisions.append(Decision(len(ids) - 1, tokens, allowed.bias, fits, written))
        if token == END:
            break
        ids.append(token)
        state = following
    language, marked = part.language or "", guide.lattice.marked
    return Example(tuple(ids), prompt, tuple(decisions), language, marked)


def _marking(
    part: Part, tail: Sequence[EnhancedWord], info: ModelInfo, vocabulary: Vocabulary, key: str
) -> Guide:
    """Return the guide of a part whose biases say which tokens write a key."""
    only = {key: 1.0}
    return Guide(part, tail, replace(info, bias=only, bias_marked=only, biases={}), vocabulary)


def _right_options(guide: Guide, wanted: Sequence[Wanted]) -> list[int]:
    """Return the right option of every node, `_UNKNOWN` where none is offered or nobody knows."""
    lattice = guide.lattice
    out = [0]
    for own, readings, joins in zip(wanted, lattice.readings, lattice.joins, strict=False):
        out.append(_right_reading(own, [reading.text for reading in readings]))
        out.append(_right_join(own, [weighed.join for weighed in joins]))
    if lattice.stops:
        known = len(wanted) > len(lattice.readings)
        out.append(_right_reading(wanted[-1], lattice.stops) if known else _UNKNOWN)
    return out


def _right_reading(own: Wanted, readings: Sequence[str]) -> int:
    text = own.word.opening + own.word.core
    return readings.index(text) if own.asked and text in readings else _UNKNOWN


def _right_join(own: Wanted, joins: Sequence[Join]) -> int:
    """Return the join with the right mark and break; a break that nobody knows is none."""
    breaks = own.after != NO_BREAK and own.word.paragraph_known
    fits = [n for n, join in enumerate(joins) if join.trail.strip(_CLOSERS) == own.word.mark]
    for number in fits if own.asked else ():
        other = any(joins[n].paragraph != joins[number].paragraph for n in fits)
        if joins[number].paragraph == breaks or not other:
            return number if own.word.paragraph_known or not other else _UNKNOWN
    return _UNKNOWN


def _is_right(right: Sequence[int], state: State, following: State) -> bool:
    """Return whether a token writes what is right at all nodes that it decides or begins."""
    first = min(position.node for position in state)
    for position in following or state:
        options = options_of(position)
        if all(options[node] == right[node] for node in range(first, len(options))):
            return True
    return False
