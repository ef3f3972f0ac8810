"""Load a language model and run passes over it. MLX must be loaded and used on one thread."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from engine.errors import ModelRefused
from engine.guided import prompts
from engine.guided.chat_tokenizer import ChatTokenizer
from engine.guided.device import settle_device
from engine.guided.draft_length import DraftLength
from engine.guided.vocabulary import Vocabulary
from engine.models.device import Device, use_fast_blas
from engine.records import ModelInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A vocabulary this small costs less than a second pass when every prompt row gets its logits.
_SMALL_VOCABULARY: Final = 16_384
PREFILL_TOKENS: Final = 512


@dataclass(slots=True)
class Model:
    """A loaded model with its vocabulary, prompt template and key-value cache."""

    info: ModelInfo
    network: Any
    vocabulary: Vocabulary
    template: prompts.Template
    device_path: str  # what computes, in words
    load_s: float
    head: Callable[[Any], Any] | None = None  # hidden rows -> logits, where this step stands alone
    prefill_tokens: int = PREFILL_TOKENS  # read in one pass
    chat: ChatTokenizer | None = None  # of a model with a chat template
    passes: int = 0
    draft_length: DraftLength = field(default_factory=DraftLength)
    _cache: Any = None
    _prefix: list[int] = field(default_factory=list)  # tokens that the cache holds
    _trims: bool = False
    _kept: tuple[Any, list[int]] | None = None  # the cache as it was before the draft
    _opening: Any = None  # a cache that holds the instructions, for caches that cannot be cut

    def begin(self, prompt: Sequence[int]) -> list[int]:
        """Make the cache hold the first tokens of `prompt` and return those still to be read.

        At least the last token is left: reading it gives the first logits.
        """
        from mlx_lm.models.cache import make_prompt_cache

        fixed = len(self.template.before)
        if self._cache is None:
            self._cache = make_prompt_cache(self.network)
            self._trims = all(type(layer).__name__ == "KVCache" for layer in self._cache)
        elif self._trims:
            self._trim(max(0, len(self._prefix) - fixed))
        elif self._opening is not None:
            self._cache, self._prefix = copy.deepcopy(self._opening), list(self.template.before)
        else:
            self._cache, self._prefix = make_prompt_cache(self.network), []
        if not self._trims and self._opening is None and fixed > 1:
            rest = list(self.template.before)
            while rest:
                rest = self._prefill(rest)
            self._opening = copy.deepcopy(self._cache)
        rest = list(prompt[len(self._prefix) :])
        if self.vocabulary.size > _SMALL_VOCABULARY:
            *rest, last = rest
            while rest:
                rest = self._prefill(rest)
            return [last]
        return rest

    def _prefill(self, rest: list[int]) -> list[int]:
        """Read the first of these tokens, whose logits are not needed; return the others."""
        import mlx.core as mx

        chunk = rest[: self.prefill_tokens]
        self.network(mx.array(chunk)[None], cache=self._cache)
        mx.eval([layer.state for layer in self._cache])
        self._prefix.extend(chunk)
        self.passes += 1
        return rest[len(chunk) :]

    def forward(
        self, tokens: Sequence[int], rows: Sequence[int], columns: Sequence[int]
    ) -> NDArray[np.float32]:
        """Run one pass over `tokens` and return the logits at (row, column) pairs, float32.

        The cache holds all of `tokens` afterwards; `keep` removes the rejected ones.
        """
        import mlx.core as mx

        started = time.perf_counter()
        if not self._trims:
            self._kept = (copy.deepcopy(self._cache), list(self._prefix))
        inputs = mx.array(list(tokens))[None]
        if self.head is None:
            logits = self.network(inputs, cache=self._cache)[0]
            places = list(rows)
        else:
            # Only the rows that are asked for go through the head: it is as wide as the vocabulary.
            wanted = sorted(set(rows))
            hidden = self.network.model(inputs, cache=self._cache)[0]
            logits = self.head(hidden[mx.array(wanted)])
            at = {row: n for n, row in enumerate(wanted)}
            places = [at[row] for row in rows]
        self._prefix.extend(tokens)
        self.passes += 1
        picked = logits[mx.array(places), mx.array(list(columns))].astype(mx.float32)
        mx.eval(picked)
        self.draft_length.note_pass(len(tokens), time.perf_counter() - started)
        return np.array(picked)

    def keep(self, tokens: Sequence[int], kept: int) -> list[int]:
        """Keep the first `kept` tokens of the last pass in the cache; return those to read again.

        A cache that cannot be cut is restored as it was before the pass.
        """
        if kept == len(tokens):
            return []
        if self._trims:
            self._trim(len(tokens) - kept)
            return []
        assert self._kept is not None
        self._cache, self._prefix = self._kept
        return list(tokens[:kept])

    def _trim(self, count: int) -> None:
        from mlx_lm.models.cache import trim_prompt_cache

        if count:
            trimmed = trim_prompt_cache(self._cache, count)
            assert trimmed == count, f"asked to trim {count} tokens, trimmed {trimmed}"
            del self._prefix[len(self._prefix) - count :]


def load(
    info: ModelInfo, *, device: Device = "auto", prefill_tokens: int = PREFILL_TOKENS
) -> Model:
    """Load the weights and the tokenizer of a model folder; raises `ModelRefused`."""
    started = time.monotonic()
    fast_blas = use_fast_blas()
    os.environ["HF_HUB_OFFLINE"] = "1"
    import mlx.core as mx
    from mlx_lm.utils import load_model

    folder = Path(info.path)
    try:
        network, _ = load_model(folder)
    except (ValueError, FileNotFoundError, KeyError, TypeError) as error:
        raise ModelRefused(f"MLX cannot load {folder}: {error}") from error
    network.eval()
    device_path = settle_device(network, device, fast_blas=fast_blas)
    mx.eval(network.parameters())
    vocabulary = Vocabulary.load(folder)
    chat = None if info.template == "punct" else ChatTokenizer(folder)
    return Model(
        info=info,
        network=network,
        vocabulary=vocabulary,
        template=_template(vocabulary, chat),
        device_path=device_path,
        load_s=time.monotonic() - started,
        head=_find_head(network),
        prefill_tokens=prefill_tokens,
        chat=chat,
    )


def _find_head(network: Any) -> Callable[[Any], Any] | None:
    """Return the model's last step alone, if it is a plain one. A trial pass checks that it is."""
    import mlx.core as mx

    body = getattr(network, "model", None)
    if body is None:
        return None
    embedding = getattr(body, "embed_tokens", None)
    candidates: list[Any] = [
        getattr(network, "lm_head", None),
        getattr(embedding, "as_linear", None),
    ]
    for head in candidates:
        if head is None:
            continue
        probe = mx.array([[1]])
        try:
            same = mx.array_equal(head(body(probe)), network(probe))
        except (TypeError, ValueError, AttributeError):
            continue
        if same.item():
            return cast(Callable[[Any], Any], head)
    return None


def _template(vocabulary: Vocabulary, chat: ChatTokenizer | None) -> prompts.Template:
    if chat is None:
        return prompts.punct_template(vocabulary)
    return prompts.chat_template(vocabulary, chat.render, chat.end_id())
