"""Load a model and run it: with `decode.py` the only place that knows MLX. Lives in the child.

MLX wants to be loaded and used on one thread. On Linux the MLX wheel brings a slow reference
BLAS; where the system has OpenBLAS, its symbols are put in front before MLX is imported.
"""

from __future__ import annotations

import copy
import ctypes
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from engine.errors import ModelRefused
from engine.guided import prompts
from engine.guided.pace import Pace
from engine.guided.vocabulary import Vocabulary
from engine.records import ModelInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

Device = Literal["auto", "quantized", "float32"]

# Weights that would fill more of the memory than this stay as they are.
_FLOAT32_MEMORY_SHARE = 0.5
# Freed buffers that a GPU keeps for later: no pass is as long as the one before, and without a
# limit they grow until the memory is full.
_CACHE_BYTES = 256 * 1024 * 1024
# A vocabulary this small costs less than a second pass when every prompt row gets its logits.
_SMALL_VOCABULARY = 16_384
PREFILL_TOKENS = 512


def use_fast_blas() -> bool:
    """Load OpenBLAS for everybody to see, if this is Linux and it is there; before MLX is imported.

    Returns whether it is in use.
    """
    if sys.platform != "linux":
        return False
    for name in ("libopenblas.so.0", "libopenblas.so"):
        try:
            ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return True
    return False


@dataclass(slots=True)
class Model:
    """A loaded model with its vocabulary, prompt frame and key-value cache."""

    info: ModelInfo
    network: Any
    vocabulary: Vocabulary
    frame: prompts.Frame
    device_path: str  # what computes, in words
    load_s: float
    head: Callable[[Any], Any] | None = None  # hidden rows -> logits, where the two come apart
    prefill_tokens: int = PREFILL_TOKENS  # read in one pass
    passes: int = 0
    pace: Pace = field(default_factory=Pace)
    _cache: Any = None
    _prefix: list[int] = field(default_factory=list)  # tokens that the cache holds
    _trims: bool = False
    _kept: tuple[Any, list[int]] | None = None  # the cache as it was before the draft
    _opening: Any = None  # a cache that holds the instructions, for caches that cannot be cut

    def begin(self, prompt: Sequence[int]) -> list[int]:
        """Make the cache hold a beginning of `prompt` and return what is still to be read.

        At least the last token is left, so that it yields the first logits.
        """
        from mlx_lm.models.cache import make_prompt_cache

        fixed = len(self.frame.before)
        if self._cache is None:
            self._cache = make_prompt_cache(self.network)
            self._trims = all(type(layer).__name__ == "KVCache" for layer in self._cache)
        elif self._trims:
            self._trim(max(0, len(self._prefix) - fixed))
        elif self._opening is not None:
            self._cache, self._prefix = copy.deepcopy(self._opening), list(self.frame.before)
        else:
            self._cache, self._prefix = make_prompt_cache(self.network), []
        if not self._trims and self._opening is None and fixed > 1:
            rest = list(self.frame.before)
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
        """Read tokens whose logits nobody needs."""
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

        The cache holds all of `tokens` afterwards; `keep` takes the rejected ones out again.
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
            # Only rows that somebody asks for go through the head, which is as wide as the
            # vocabulary.
            wanted = sorted(set(rows))
            hidden = self.network.model(inputs, cache=self._cache)[0]
            logits = self.head(hidden[mx.array(wanted)])
            at = {row: n for n, row in enumerate(wanted)}
            places = [at[row] for row in rows]
        self._prefix.extend(tokens)
        self.passes += 1
        picked = logits[mx.array(places), mx.array(list(columns))].astype(mx.float32)
        mx.eval(picked)
        self.pace.note_pass(len(tokens), time.perf_counter() - started)
        return np.array(picked)

    def keep(self, tokens: Sequence[int], kept: int) -> list[int]:
        """Keep the first `kept` of the tokens of the last pass; return those to be read again.

        A cache that cannot be cut is put back as it was before the pass.
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
    device_path = _settle_device(network, device, fast_blas=fast_blas)
    mx.eval(network.parameters())
    vocabulary = Vocabulary.load(folder)
    return Model(
        info=info,
        network=network,
        vocabulary=vocabulary,
        frame=_frame(info, folder, vocabulary),
        device_path=device_path,
        load_s=time.monotonic() - started,
        head=_find_head(network),
        prefill_tokens=prefill_tokens,
    )


def _find_head(network: Any) -> Callable[[Any], Any] | None:
    """Return the model's last step alone, if it is a plain one; checked, not assumed."""
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
        probe = mx.array([[1, 2, 3]])
        try:
            same = mx.array_equal(head(body(probe)), network(probe))
        except (TypeError, ValueError, AttributeError):
            continue
        if same.item():
            return cast(Callable[[Any], Any], head)
    return None


def _settle_device(network: Any, device: Device, *, fast_blas: bool) -> str:
    """Turn packed weights into float32 where their arithmetic is slow: on a CPU."""
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.utils import dequantize_model

    on_cpu = mx.default_device().type == mx.DeviceType.cpu
    quantized = any("scales" in name for name, _ in tree_flatten(network.parameters()))
    if not on_cpu:
        mx.set_cache_limit(_CACHE_BYTES)
        return f"GPU, {'quantized' if quantized else 'float'} weights"
    blas = "OpenBLAS" if fast_blas else "MLX's own BLAS"
    if device == "quantized" and quantized:
        return "CPU, quantized weights"
    packed = {
        f"{name}.weight": int(module.bits)
        for name, module in network.named_modules()
        if hasattr(module, "bits")
    }
    count = sum(
        int(values.size) * 32 // packed.get(name, 32)
        for name, values in tree_flatten(network.parameters())
    )
    if device == "auto" and count * 4 > _memory_bytes() * _FLOAT32_MEMORY_SHARE:
        return f"CPU, {'quantized' if quantized else 'stored'} weights (float32 would not fit)"
    if quantized:
        dequantize_model(network)
    network.set_dtype(mx.float32)
    return f"CPU, float32 weights, {blas}"


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _frame(info: ModelInfo, folder: Path, vocabulary: Vocabulary) -> prompts.Frame:
    if info.template == "punct":
        return prompts.punct_frame(vocabulary)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    end_id = tokenizer.eos_token_id
    if end_id is None:
        end_id = json.loads((folder / "config.json").read_text()).get("eos_token_id")
    if isinstance(end_id, list):
        end_id = end_id[0] if end_id else None
    if end_id is None:
        raise ModelRefused("The model has no token that ends a text.")

    def render(messages: list[dict[str, str]]) -> str:
        text = tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return str(text)

    return prompts.chat_frame(vocabulary, render, int(end_id))
