"""The KV cache of a conversation, kept from turn to turn: only what is new is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

# What a conversation's cache may take where every token adds to it.
_CACHE_BYTES: Final = 1 << 30
_CONTEXT_AT_LEAST: Final = 4_096


class ChatCache:
    """A KV cache, and the tokens that it holds."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._layers: Any = None
        self._tokens: list[int] = []

    def keep(self, prompt: Sequence[int]) -> int:
        """Keep what the cache shares with the start of a prompt; return how many tokens that is.

        At least the last token is left to be read: it gives the first logits. A cache that cannot
        be cut is begun again.
        """
        from mlx_lm.models.cache import can_trim_prompt_cache, make_prompt_cache, trim_prompt_cache

        shared = 0
        for ours, theirs in zip(self._tokens, prompt[:-1], strict=False):
            if ours != theirs:
                break
            shared += 1
        extra = len(self._tokens) - shared
        if self._layers is None or not shared:
            self._layers, shared = make_prompt_cache(self._network), 0
        elif extra and can_trim_prompt_cache(self._layers):
            trimmed = trim_prompt_cache(self._layers, extra)
            assert trimmed == extra, f"asked to trim {extra} tokens, trimmed {trimmed}"
        elif extra:
            self._layers, shared = make_prompt_cache(self._network), 0
        self._tokens = list(prompt[:shared])
        return shared

    def read(
        self, tokens: Sequence[int], size: int, go_on: Callable[[int], bool]
    ) -> tuple[Any, bool]:
        """Read tokens, `size` in a pass; return the logits after the last, and whether all is read.

        `go_on` gets the number of tokens read so far after each pass, and returns whether to read
        on.
        """
        import mlx.core as mx

        *rest, last = tokens
        for start in range(0, len(rest), size):
            chunk = rest[start : start + size]
            self._network(mx.array(chunk)[None], cache=self._layers)
            mx.eval([layer.state for layer in self._layers])
            self._tokens += chunk
            if not go_on(start + len(chunk)):
                return None, False
        logits = self.feed([last])
        mx.eval(logits)
        return logits, True

    def feed(self, tokens: Sequence[int]) -> Any:
        """Read a few tokens in one pass and return the logits after the last, not yet computed."""
        import mlx.core as mx

        logits = self.feed_array(mx.array(list(tokens)))
        self.note(tokens)
        return logits

    def feed_array(self, tokens: Any) -> Any:
        """Read tokens that may not be computed yet; `note` tells later which they were."""
        return self._network(tokens[None], cache=self._layers)[:, -1, :]

    def note(self, tokens: Sequence[int]) -> None:
        """Note which tokens were read."""
        self._tokens += tokens

    def forget(self) -> None:
        """Begin again with the next prompt."""
        self._layers, self._tokens = None, []


def room(network: Any) -> int:
    """Return how many tokens a cache of this network may hold, by the bytes that one takes."""
    import mlx.core as mx
    from mlx_lm.models.cache import make_prompt_cache

    layers = make_prompt_cache(network)
    network(mx.array([[0]]), cache=layers)
    mx.eval([layer.state for layer in layers])
    bytes_per_token: int = sum(
        (layer.keys.nbytes + layer.values.nbytes) // layer.keys.shape[-2]
        for layer in layers
        if type(layer).__name__ == "KVCache"
    )
    if not bytes_per_token:
        return 1 << 30
    return max(_CONTEXT_AT_LEAST, _CACHE_BYTES // bytes_per_token)
