"""The guided loop: draft from the source, decide many words in one pass, keep what agrees.

Input-guided aggressive decoding (Sun et al. 2021, arXiv 2106.04970): the source itself is the
draft. Here the grammar of `guide.py` decides what may be written at all, and `decide` is the one
rule for step-by-step and for drafted decoding, so that both write the same text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.guided import prompts
from engine.guided.guide import END, Allowed, Guide, State
from engine.guided.model import Model
from engine.records import EnhancedPart, EnhancedWord, Part

# Passes of different length differ by rounding (5e-5 measured on a CPU with OpenBLAS). Within this
# band of logits the source's own reading wins, so that rounding cannot change the text.
TIE_BAND = 1e-3

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Step:
    """A drafted token: the state before it, and the choice it answers (None: nothing to choose)."""

    token: int
    state: State
    allowed: Allowed | None


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
    """Decide every word of a part; `draft_tokens` = 0 decides one token per pass, None adapts.

    `on_progress` hears the number of tokens decided so far, once per pass. Raises `CannotSpell`.
    """
    started = time.monotonic()
    passes_before = model.passes
    guide = Guide(part, tail, model.info, model.vocabulary)
    state = guide.start
    wanted = [(0, 0)] * (len(part.words) + 1)
    prompt = prompts.build(
        part, tail, info=model.info, frame=model.frame, vocabulary=model.vocabulary
    )
    pending = model.begin(prompt)
    tokens = ties = 0
    ended = False
    while not ended and not guide.is_done(state):
        limit = model.pace.choose() if draft_tokens is None else draft_tokens
        steps, bonus_state = _draft(guide, state, wanted, limit)
        feed = [*pending, *(step.token for step in steps)]
        bonus = _choice(guide, bonus_state)
        choices = [*(step.allowed for step in steps), bonus]
        scores = _scores(model, feed, len(pending) - 1, choices)
        accepted = 0
        pending_next: list[int] = []
        for n, allowed in enumerate(choices):
            if allowed is None:
                if n == len(steps):
                    break
                state = guide.advance(state, steps[n].token)
                accepted += 1
                continue
            token, tie = decide(scores[n], allowed)
            ties += tie
            if token == END:
                ended = True
                break
            if n < len(steps) and token == steps[n].token:
                state = guide.advance(state, token)
                accepted += 1
                continue
            guide.learn(state, token, wanted)
            state = guide.advance(state, token)
            pending_next = [token]
            _recycle(guide, steps[n + 1 :], scores[n + 1 :], wanted)
            break
        tokens += accepted + len(pending_next)
        model.pace.note_draft(len(steps), accepted)
        again = model.keep(feed, len(pending) + accepted)
        pending = [*again, *pending_next]
        if not pending and not ended and not guide.is_done(state):
            forced = guide.forced(state)
            assert forced, "nothing to read and nothing to write"
            pending = [forced[0]]
            state = guide.advance(state, forced[0])
            tokens += 1
        if on_progress is not None:
            on_progress(tokens)
    return EnhancedPart(
        index=part.index,
        status="enhanced",
        words=guide.enhanced(guide.choices(state)),
        tokens=tokens,
        passes=model.passes - passes_before,
        decode_s=time.monotonic() - started,
        ties=ties,
    )


def _choice(guide: Guide, state: State) -> Allowed | None:
    """Return what may come next, or None where the state leaves nothing to choose."""
    if guide.is_done(state) or guide.forced(state):
        return None
    return guide.allowed(state)


def _draft(
    guide: Guide, state: State, wanted: Sequence[tuple[int, int]], limit: int
) -> tuple[list[_Step], State]:
    """Return up to `limit` drafted tokens, and the state after them."""
    steps: list[_Step] = []
    while len(steps) < limit and not guide.is_done(state):
        forced = guide.forced(state)
        if forced:
            for token in forced[: limit - len(steps)]:
                steps.append(_Step(token, state, None))
                state = guide.advance(state, token)
            continue
        drafted = guide.draft(state, wanted)
        if not drafted:
            break
        after = guide.advance(state, drafted[0])
        if not after:
            break
        steps.append(_Step(drafted[0], state, guide.allowed(state)))
        state = after
    return steps, state


def _scores(
    model: Model, feed: Sequence[int], first_row: int, choices: Sequence[Allowed | None]
) -> list[NDArray[np.float32]]:
    """Run one pass and return the logits of every choice's tokens, in order."""
    rows: list[int] = []
    columns: list[int] = []
    for n, allowed in enumerate(choices):
        if allowed is not None:
            rows.extend([first_row + n] * len(allowed.ids))
            columns.extend(model.frame.end_id if token == END else token for token in allowed.ids)
    flat = model.forward(feed, rows or [len(feed) - 1], columns or [0])
    out: list[NDArray[np.float32]] = []
    at = 0
    for allowed in choices:
        size = 0 if allowed is None else len(allowed.ids)
        out.append(flat[at : at + size])
        at += size
    return out


def _recycle(
    guide: Guide,
    steps: Sequence[_Step],
    scores: Sequence[NDArray[np.float32]],
    wanted: list[tuple[int, int]],
) -> None:
    """Use what a pass decided beyond its first disagreement for the next draft."""
    for step, values in zip(steps, scores, strict=False):
        if step.allowed is not None:
            token, _ = decide(values, step.allowed)
            if token != END:
                guide.learn(step.state, token, wanted)
