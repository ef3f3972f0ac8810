"""How long the next draft should be, to decide the most tokens a second.

A pass of n tokens costs about a + b * n seconds. Both are fitted to the passes as they happen, so
they are those of this machine under its present load. Of a draft of k tokens about
p + p**2 + ... + p**k are accepted, and the pass decides one more. The text never depends on k; only
the time does.
"""

from __future__ import annotations

FIRST = 16
CHOICES = (2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128)
# A pass of 16 tokens cost twice a pass of one on two cores with OpenBLAS: assumed until measured.
_PRIOR = ((1, 1.0), (16, 2.0), (64, 5.0))
_FORGET = 0.98  # the weight of an observation, multiplied at each later one
_FORGET_ACCEPTANCE = 0.97


class DraftLength:
    """Chooses the length, from what passes cost and how often drafts are right."""

    def __init__(self) -> None:
        self._drafted = 20.0
        self._refused = 2.0
        self._sums: list[float] | None = None  # of 1, n, n*n, t, n*t

    def note_pass(self, tokens: int, seconds: float) -> None:
        """Note how long a pass of so many tokens took."""
        if self._sums is None:
            # The prior, in units of this first pass: only its shape is assumed.
            unit = seconds / _prior_cost(tokens)
            self._sums = [0.0] * 5
            for n, cost in _PRIOR:
                self._add(n, cost * unit)
        self._sums = [value * _FORGET for value in self._sums]
        self._add(tokens, seconds)

    def note_draft(self, drafted: int, accepted: int) -> None:
        """Note how much of a draft was accepted."""
        if drafted == 0:
            return
        self._drafted = self._drafted * _FORGET_ACCEPTANCE + min(drafted, accepted + 1)
        self._refused = self._refused * _FORGET_ACCEPTANCE + (accepted < drafted)

    @property
    def acceptance(self) -> float:
        """Return the share of accepted tokens among the drafted ones that were compared."""
        return 1.0 - self._refused / self._drafted

    def choose(self) -> int:
        """Return the length of the next draft."""
        if self._sums is None:
            return FIRST
        base_s, each_s = self._fit()
        p = min(self.acceptance, 0.999)

        def rate(k: int) -> float:
            expected = (1.0 - p ** (k + 1)) / (1.0 - p)
            return expected / (base_s + each_s * (k + 1))

        return max(CHOICES, key=rate)

    def _add(self, tokens: int, seconds: float) -> None:
        assert self._sums is not None
        for n, value in enumerate((1.0, tokens, tokens * tokens, seconds, tokens * seconds)):
            self._sums[n] += value

    def _fit(self) -> tuple[float, float]:
        """Return seconds per pass and per token, neither below a small share of the other."""
        assert self._sums is not None
        count, n, nn, t, nt = self._sums
        spread = count * nn - n * n
        each_s = (count * nt - n * t) / spread if spread > 0 else 0.0
        each_s = max(each_s, 1e-3 * t / max(n, 1.0))
        base_s = max((t - each_s * n) / count, 0.1 * each_s)
        return base_s, each_s


def _prior_cost(tokens: int) -> float:
    (first, low), *_, (last, high) = _PRIOR
    return low + (high - low) * (min(max(tokens, first), 4 * last) - first) / (last - first)
