"""A language model as a reader: how likely it finds each way to go on after a text.

All ways that are asked for go through the network in one pass, each a row on top of the one cache
that holds the text: a row sees of the cache what lies before its place, and its tokens count on
from there. A network whose cache is of another kind reads the text again with every row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from engine.guided.model import Model

if TYPE_CHECKING:
    import mlx.core as mx

#: Tokens of text before a row, for a network that reads it again with every row.
_SHOWN: Final = 96
#: Stands before a text where the tokenizer puts nothing there.
_OPENING: Final = b"\n"
#: How much longer one of two rows may be that are read together where something is learnt.
_LONGER: Final = 1.5


@dataclass(frozen=True, slots=True)
class Row:
    """A way to go on: the tokens of the text that it stands after, and its own."""

    before: int
    tokens: tuple[int, ...]


class Reader:
    """Scores ways to go on after a text; the text is read once and kept from call to call."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._opening = _opening(model)
        self._cache: Any = None
        self._read: list[int] = []  # tokens in the cache
        self._shares: bool | None = None  # whether rows share the cache; None: not tried yet
        self.passes = 0

    def score(
        self, text: Sequence[bytes], ways: Sequence[tuple[int, Sequence[Sequence[bytes]]]]
    ) -> list[list[float]]:
        """Return the log probability of every way to go on, of all of its tokens together.

        `text` and each way are pieces: a word with what stands before it. A group of ways stands
        after the given number of pieces of `text`. Raises `CannotSpell`.
        """
        tokens, ends = self.spell_text(text)
        rows = [Row(ends[place], self.spell(way)) for place, group in ways for way in group]
        furthest = max((row.before for row in rows), default=0)
        scores = iter(self._score(tokens[:furthest], rows) if rows else ())
        return [[next(scores) for _ in group] for _, group in ways]

    def surprise(self, text: Sequence[bytes]) -> float:
        """Return how surprising a text is to the model, as a share of blind guessing.

        1.0 is a model that finds every token as likely as any other. Raises `CannotSpell`.
        """
        ids = self.spell(text)
        if not ids:
            return 1.0
        (score,) = self._score(list(self._opening), [Row(len(self._opening), ids)])
        return -score / len(ids) / math.log(self._model.vocabulary.size)

    def spell(self, pieces: Sequence[bytes]) -> tuple[int, ...]:
        """Return the tokens of pieces; raises `CannotSpell`."""
        spell = self._model.vocabulary.spell_rest
        return tuple(token for piece in pieces for token in spell(piece, 0))

    def spell_text(self, pieces: Sequence[bytes]) -> tuple[list[int], list[int]]:
        """Return the tokens of a text from its beginning, and how many stand before each piece.

        The last number is that of all of them. Raises `CannotSpell`.
        """
        tokens, ends = list(self._opening), [len(self._opening)]
        for piece in pieces:
            tokens += self.spell([piece])
            ends.append(len(tokens))
        return tokens, ends

    def learnable(self, text: Sequence[int], rows: Sequence[Row]) -> mx.array:
        """Return the log probability of rows as `score` does, to be derived by the weights.

        Nothing is kept from call to call, since the weights may have changed.
        """
        if not self.shares:
            return self._sums(self._behind(text, rows), rows, None)
        import mlx.core as mx
        from mlx_lm.models.cache import make_prompt_cache

        cache = make_prompt_cache(self._model.network)
        if seen := list(text[: max(row.before for row in rows) - 1]):
            self._model.network(mx.array(seen)[None], cache=cache)
        found = mx.zeros(len(rows))
        for group in _alike(rows):
            scores = self._on_top(cache, text, [rows[n] for n in group])
            found = found.at[mx.array(group)].add(scores)
        return found

    @property
    def shares(self) -> bool:
        """Return whether rows can share a cache; tried once."""
        if self._shares is None:
            self._shares = self._tries_sharing()
        return self._shares

    def _score(self, text: list[int], rows: Sequence[Row]) -> list[float]:
        """Return the log probability of rows; the first token of each is scored by the text's."""
        if self.shares:
            self._hold(text[:-1])
            found = self._on_top(self._cache, text, rows)
        else:
            found = self._sums(self._behind(text, rows), rows, None)
        self.passes += 1
        return _listed(found)

    def _on_top(self, cache: Any, text: Sequence[int], rows: Sequence[Row]) -> mx.array:
        """Score rows on top of one cache; the last token before a row is read with it."""
        begins = [row.before - 1 for row in rows]
        shown = [[text[begin], *row.tokens] for begin, row in zip(begins, rows, strict=True)]
        return self._sums(shown, rows, [_Shared(layer, begins) for layer in cache])

    def _behind(self, text: Sequence[int], rows: Sequence[Row]) -> list[list[int]]:
        """Return rows each with the text before it, or with the end of a long one."""
        return [[*text[max(0, row.before - _SHOWN) : row.before], *row.tokens] for row in rows]

    def _sums(self, shown: Sequence[Sequence[int]], rows: Sequence[Row], cache: Any) -> mx.array:
        """Run one pass over what is shown and sum up the scores of each row's own tokens."""
        import mlx.core as mx

        longest = max(map(len, shown))
        inputs = mx.array([[*ids, *[0] * (longest - len(ids))] for ids in shown])
        places = [
            (n, len(ids) - len(row.tokens) + k - 1, token)
            for n, (row, ids) in enumerate(zip(rows, shown, strict=True))
            for k, token in enumerate(row.tokens)
        ]
        numbers = mx.array([n for n, _, _ in places])
        return mx.zeros(len(rows)).at[numbers].add(self._logs(inputs, cache, places))

    def _tries_sharing(self) -> bool:
        """Return whether rows can share a cache: it keeps every token, and a trial comes out."""
        from mlx_lm.models.cache import make_prompt_cache

        self._cache = make_prompt_cache(self._model.network)
        if any(type(layer).__name__ != "KVCache" for layer in self._cache):
            return False
        text, rows = [1, 2, 3], [Row(3, (1, 2)), Row(2, (3,))]
        try:
            self._hold(text[:-1])
            together = _listed(self._on_top(self._cache, text, rows))
        except (TypeError, ValueError, AttributeError, RuntimeError):
            return False
        apart = _listed(self._sums(self._behind(text, rows), rows, None))
        pairs = zip(together, apart, strict=True)
        return all(math.isclose(a, b, rel_tol=0.02, abs_tol=0.1) for a, b in pairs)

    def _logs(self, inputs: Any, cache: Any, places: Sequence[tuple[int, int, int]]) -> mx.array:
        """Return the log probability of a token after each (row, column) of one pass."""
        import mlx.core as mx

        rows, columns, tokens = (mx.array(list(of)) for of in zip(*places, strict=True))
        model = self._model
        if model.head is None:
            logits = model.network(inputs, cache=cache)[rows, columns]
        else:
            logits = model.head(model.network.model(inputs, cache=cache)[rows, columns])
        logits = logits.astype(mx.float32)
        picked = mx.take_along_axis(logits, tokens[:, None], axis=-1)[:, 0]
        return picked - mx.logsumexp(logits, axis=-1)

    def _hold(self, text: Sequence[int]) -> None:
        """Make the cache hold a text; what it has in common with the text before is kept."""
        import mlx.core as mx
        from mlx_lm.models.cache import trim_prompt_cache

        common = 0
        while common < min(len(text), len(self._read)) and text[common] == self._read[common]:
            common += 1
        if len(self._read) > common:
            trim_prompt_cache(self._cache, len(self._read) - common)
        del self._read[common:]
        while len(self._read) < len(text):
            chunk = text[len(self._read) :][: self._model.prefill_tokens]
            self._model.network(mx.array(list(chunk))[None], cache=self._cache)
            mx.eval([layer.state for layer in self._cache])
            self._read.extend(chunk)
            self.passes += 1


class _Shared:
    """One layer's cache as the rows of a pass see it: each up to its own place, then itself."""

    def __init__(self, layer: Any, places: Sequence[int]) -> None:
        import mlx.core as mx

        held = layer.keys_and_values() if layer.offset else (None, None)
        self._keys: Any = held[0]
        self._values: Any = held[1]
        self._held = 0 if self._keys is None else int(self._keys.shape[2])
        self._places = list(places)
        self.offset = mx.array(self._places)

    def update_and_fetch(self, keys: Any, values: Any) -> tuple[Any, Any]:
        """Return the keys and values of the shared text and, after them, of the rows."""
        import mlx.core as mx

        if self._keys is None:
            return keys, values

        def joined(held: Any, own: Any) -> Any:
            return mx.concatenate(
                [mx.broadcast_to(held, (own.shape[0], *held.shape[1:])), own], axis=2
            )

        return joined(self._keys, keys), joined(self._values, values)

    def make_mask(self, count: int, **_: Any) -> Any:
        """Return what each of `count` tokens of every row sees."""
        import mlx.core as mx

        rows = len(self._places)
        held = mx.arange(self._held)[None, :] < mx.array(self._places)[:, None]
        of_text = mx.broadcast_to(held[:, None, None, :], (rows, 1, count, self._held))
        own = mx.arange(count)[:, None] >= mx.arange(count)[None, :]
        return mx.concatenate(
            [of_text, mx.broadcast_to(own[None, None], (rows, 1, count, count))], axis=-1
        )


def _alike(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Yield the indices of rows that are hardly longer than each other: little is filled up."""
    group: list[int] = []
    for n in sorted(range(len(rows)), key=lambda n: len(rows[n].tokens)):
        if group and len(rows[n].tokens) > _LONGER * len(rows[group[0]].tokens):
            yield group
            group = []
        group.append(n)
    yield group


def _listed(scores: mx.array) -> list[float]:
    return cast("list[float]", scores.tolist())


def _opening(model: Model) -> list[int]:
    """Return what stands before every text: the tokenizer's own beginning, or a line break."""
    found = model.vocabulary.opening_ids()
    return found or list(model.vocabulary.spell_rest(_OPENING, 0))
