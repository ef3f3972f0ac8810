"""Decode a part: draft from the source, decide many tokens in one pass, keep what agrees.

This is input-guided aggressive decoding (Sun et al. 2021, arXiv 2106.04970): the source itself is
the draft. Here the guide decides what may be written at all. `decide` is the one rule for
step-by-step and for drafted decoding, so both write the same text.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.guided import prompts
from engine.guided.guide import END, Allowed, DraftPlan, Guide, State
from engine.guided.model import Model
from engine.records import EnhancedPart, EnhancedWord, Part

# Passes of different length differ by rounding (5e-5 measured on a CPU with OpenBLAS). Within this
# band of logits the source's own reading wins, so that rounding cannot change the text.
TIE_BAND = 1e-3

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Step:
    """A state of the draft, the choice that it leaves, and the token that was drafted for it."""

    state: State
    allowed: Allowed | None  # None: there is nothing to choose
    token: int | None  # None: the draft ends here


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What one pass decided."""

    state: State  # after all of it
    drafted: int  # tokens of the draft that stand
    own: tuple[int, ...] = ()  # the token that the model chose after them, if it chose one
    ended: bool = False  # the model chose to end the text
    ties: int = 0  # decisions inside the tie band


def decide(scores: NDArray[np.float32], allowed: Allowed) -> tuple[int, bool]:
    """Return the token to write, and whether it was a tie that the source's own reading decided.

    `scores` are logits, one per id of `allowed`. The best reading under the grammar wins, with the
    model's bias added; within `TIE_BAND` of it, the source's own.
    """
    adjusted = scores + np.asarray(allowed.bias, dtype=np.float32)
    best = int(np.argmax(adjusted))
    own = allowed.own
    if own >= 0 and own != best and adjusted[best] - adjusted[own] <= TIE_BAND:
        return allowed.ids[own], True
    return allowed.ids[best], False


def decode(
    model: Model,
    part: Part,
    tail: Sequence[EnhancedWord],
    *,
    draft_tokens: int | None = None,
    on_progress: Progress | None = None,
) -> EnhancedPart:
    """Decode every word of a part; `draft_tokens` = 0 decides one token per pass, None adapts.

    `on_progress` gets the number of tokens decided so far, once per pass. Raises `CannotSpell`.
    """
    started = time.monotonic()
    passes_before = model.passes
    guide = Guide(part, tail, model.info, model.vocabulary)
    plan = guide.source_plan()
    state = guide.start
    unread = model.begin(
        prompts.build(
            part, tail, info=model.info, template=model.template, vocabulary=model.vocabulary
        )
    )
    tokens = ties = 0
    ended = False
    while not ended and not guide.is_done(state):
        limit = model.draft_length.choose() if draft_tokens is None else draft_tokens
        steps = _draft(guide, state, plan, limit)
        feed = [*unread, *(step.token for step in steps if step.token is not None)]
        accepted = _accept(guide, steps, _scores(model, feed, steps), plan)
        model.draft_length.note_draft(len(steps) - 1, accepted.drafted)
        read_again = model.keep(feed, len(unread) + accepted.drafted)
        unread = [*read_again, *accepted.own]
        state, ended = accepted.state, accepted.ended
        tokens += accepted.drafted + len(accepted.own)
        ties += accepted.ties
        if not unread and not ended and not guide.is_done(state):
            # The draft ended inside a word: its next token is certain and needs no pass.
            forced = guide.forced(state)
            assert forced, "nothing to read and nothing to write"
            unread = [forced[0]]
            state = guide.advance(state, forced[0])
            tokens += 1
        if on_progress is not None:
            on_progress(tokens)
    return EnhancedPart(
        index=part.index,
        status="enhanced",
        words=guide.enhanced(state),
        tokens=tokens,
        passes=model.passes - passes_before,
        decode_s=time.monotonic() - started,
        ties=ties,
    )


def _draft(guide: Guide, state: State, plan: DraftPlan, limit: int) -> list[_Step]:
    """Return a step for each of at most `limit` drafted tokens, and a last one without a token."""
    steps: list[_Step] = []
    while len(steps) < limit and not guide.is_done(state):
        forced = guide.forced(state)
        tokens = forced or guide.draft(state, plan)[:1]
        if not tokens:
            break
        for token in tokens[: limit - len(steps)]:
            steps.append(_Step(state, None if forced else guide.allowed(state), token))
            state = guide.advance(state, token)
    certain = guide.is_done(state) or guide.forced(state)
    steps.append(_Step(state, None if certain else guide.allowed(state), None))
    return steps


def _scores(model: Model, feed: Sequence[int], steps: Sequence[_Step]) -> list[NDArray[np.float32]]:
    """Run one pass over `feed` and return the logits of the tokens that every step allows.

    The last token of `feed` is the one before the last step.
    """
    rows: list[int] = []
    columns: list[int] = []
    sizes: list[int] = []
    for row, step in enumerate(steps, start=len(feed) - len(steps)):
        ids = step.allowed.ids if step.allowed is not None else ()
        rows.extend([row] * len(ids))
        columns.extend(model.template.end_id if token == END else token for token in ids)
        sizes.append(len(ids))
    logits = model.forward(feed, rows or [len(feed) - 1], columns or [0])
    ends = itertools.accumulate(sizes)
    return [logits[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _accept(
    guide: Guide, steps: Sequence[_Step], scores: Sequence[NDArray[np.float32]], plan: DraftPlan
) -> _Accepted:
    """Follow the draft as far as the model agrees with it, and one decision further.

    Where the model disagrees, what it decided from there on changes the plan of the next draft.
    """
    ties = 0
    for n, step in enumerate(steps):
        if step.allowed is None:
            continue
        token, tie = decide(scores[n], step.allowed)
        ties += tie
        if token == END:
            return _Accepted(step.state, n, ended=True, ties=ties)
        if token != step.token:
            guide.note_decision(step.state, token, plan)
            _note_rest(guide, steps[n + 1 : -1], scores[n + 1 : -1], plan)
            return _Accepted(guide.advance(step.state, token), n, (token,), ties=ties)
    return _Accepted(steps[-1].state, len(steps) - 1, ties=ties)


def _note_rest(
    guide: Guide,
    steps: Sequence[_Step],
    scores: Sequence[NDArray[np.float32]],
    plan: DraftPlan,
) -> None:
    """Use what a pass decided beyond its first disagreement for the next draft."""
    for step, values in zip(steps, scores, strict=True):
        if step.allowed is not None:
            token, _ = decide(values, step.allowed)
            if token != END:
                guide.note_decision(step.state, token, plan)
