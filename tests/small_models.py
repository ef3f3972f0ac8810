"""Small models with random weights: they know nothing and must keep every word."""

from __future__ import annotations

import itertools
import json
import string
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

LETTERS = string.ascii_lowercase
LLAMA3_TEMPLATE = (
    "<|begin_of_text|>{% for message in messages %}<|start_header_id|>{{ message['role'] }}"
    "<|end_header_id|>\n\n{{ message['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
QWEN3_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"
    "{% endif %}"
)
GEMMA_TEMPLATE = (
    "<bos>{% for message in messages %}{% if message['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "<start_of_turn>{{ message['role'] }}\n{{ message['content'] }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
# Shows tools, gives calls as JSON between marks, and opens the marks of thinking in the prompt.
TOOLS_TEMPLATE = (
    "{% if tools %}<|im_start|>system\n<tools>{% for tool in tools %}\n{{ tool | tojson }}"
    "{% endfor %}\n</tools><|im_end|>\n{% endif %}"
    "{% for message in messages %}"
    "{% if message['role'] == 'tool' %}<|im_start|>user\n<tool_response>\n{{ message['content'] }}"
    "\n</tool_response><|im_end|>\n{% else %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "{% for tool_call in message.tool_calls or [] %}<tool_call>\n{{ tool_call.name }}"
    "</tool_call>{% endfor %}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% if enable_thinking %}<think>\n"
    "{% endif %}{% endif %}"
)
LLAMA3_TOKENS = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
QWEN3_TOKENS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
QWEN3_PLAIN_ADDED = ["<think>", "</think>"]
TOOLS_PLAIN_ADDED = ["<tool_call>", "</tool_call>"]
GEMMA_TOKENS = ["<unk>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"]


def byte_level_tokenizer(size: int, *, nfc: bool = False) -> Tokenizer:
    """Return a byte-level BPE of about `size` entries: groups of letters and UTF-8 pairs."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {char: n for n, char in enumerate(alphabet)}
    merges: list[tuple[str, str]] = []

    def add(left: str, right: str) -> None:
        if len(vocabulary) < size and left + right not in vocabulary:
            vocabulary[left + right] = len(vocabulary)
            merges.append((left, right))

    add("Ċ", "Ċ")
    for mark in ".?!":
        add(mark, "ĊĊ")
    high = [char for char in alphabet if ord(char) > 0xA0]
    for left, right in itertools.product(["ã", "ä", "å", "Ð", "Ñ", "×", "Ø", "à", "ð"], high):
        add(left, right)
    for left in ["Ġ", *LETTERS, *string.ascii_uppercase]:
        for right in LETTERS:
            add(left, right)
    for left in string.ascii_uppercase:
        add("Ġ", left)
    pairs = ["".join(pair) for pair in itertools.product(LETTERS, LETTERS)]
    for pair, right in itertools.product(pairs, LETTERS):
        add(pair, right)
    for left, pair in itertools.product(LETTERS, pairs):
        add("Ġ" + left, pair)
    for left, right in itertools.product(pairs, pairs):
        add(left, right)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def sentencepiece_tokenizer() -> Tokenizer:
    """Return a SentencePiece-like BPE: spaces as U+2581, unknown characters as bytes."""
    pieces = [*GEMMA_TOKENS, *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "\n", "\n\n"]
    pieces += [*string.ascii_letters, *string.digits, *".,?!:;'\"-"]
    merges: list[tuple[str, str]] = [("\n", "\n")]
    for left, right in itertools.product("▁" + LETTERS, LETTERS):
        pieces.append(left + right)
        merges.append((left, right))
    vocabulary = {piece: n for n, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, byte_fallback=True, unk_token="<unk>")
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return tokenizer


def write_model(
    folder: Path,
    tokenizer: Tokenizer,
    *,
    template: str | None,
    end: str,
    config: dict[str, Any] | None = None,
    seed: int = 0,
) -> Path:
    """Write a random model in Hugging Face layout and return its folder."""
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.utils import _get_classes

    folder.mkdir(parents=True, exist_ok=True)
    full: dict[str, Any] = {
        "model_type": "llama",
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "intermediate_size": 64,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5,
        "vocab_size": tokenizer.get_vocab_size(),
        "tie_word_embeddings": True,
        "rope_theta": 10000.0,
        **(config or {}),
    }
    mx.random.seed(seed)
    model_class, arguments = _get_classes(full)
    network = model_class(arguments.from_dict(full))
    network.set_dtype(mx.float32)
    weights = {
        name: mx.random.normal(values.shape) * 0.5 if values.ndim > 1 else values
        for name, values in tree_flatten(network.parameters())
    }
    mx.save_safetensors(str(folder / "model.safetensors"), weights, {"format": "mlx"})
    (folder / "config.json").write_text(json.dumps(full))
    tokenizer.save(str(folder / "tokenizer.json"))
    settings: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": end,
        "clean_up_tokenization_spaces": False,
    }
    if template is not None:
        settings["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def llama3_like(folder: Path, *, entries: int = 100_500, seed: int = 0) -> Path:
    """Write a Llama-3-shaped model with a byte-level vocabulary of 100,000 entries and more."""
    tokenizer = byte_level_tokenizer(entries)
    tokenizer.add_special_tokens(LLAMA3_TOKENS)
    return write_model(folder, tokenizer, template=LLAMA3_TEMPLATE, end="<|eot_id|>", seed=seed)


def qwen3_like(folder: Path, *, seed: int = 0) -> Path:
    """Write a Qwen3-shaped model: a normaliser, and thinking tokens that are not special."""
    tokenizer = byte_level_tokenizer(8_000, nfc=True)
    tokenizer.add_special_tokens(QWEN3_TOKENS)
    tokenizer.add_tokens(QWEN3_PLAIN_ADDED)
    return write_model(
        folder,
        tokenizer,
        template=QWEN3_TEMPLATE,
        end="<|im_end|>",
        config={"model_type": "qwen3", "head_dim": 8, "max_position_embeddings": 4096},
        seed=seed,
    )


def sentencepiece_like(folder: Path, *, seed: int = 0) -> Path:
    """Write a model with a SentencePiece-like tokenizer and a template without a system turn."""
    tokenizer = sentencepiece_tokenizer()
    tokenizer.add_special_tokens(GEMMA_TOKENS)
    return write_model(folder, tokenizer, template=GEMMA_TEMPLATE, end="<end_of_turn>", seed=seed)


def punct_like(folder: Path, *, seed: int = 0) -> Path:
    """Write a model with the template of the decoder that llasa carried before its tagger."""
    tokenizer = byte_level_tokenizer(400)
    tokenizer.add_special_tokens(["<|user|>", "<|assistant|>", "<|end|>"])
    write_model(folder, tokenizer, template=None, end="<|end|>", seed=seed)
    (folder / "llasa.json").write_text(json.dumps({"template": "punct", "languages": ["en"]}))
    return folder


def _qwen_tokenizer() -> Tokenizer:
    tokenizer = byte_level_tokenizer(4_000)
    tokenizer.add_special_tokens(QWEN3_TOKENS)
    return tokenizer


def rotating_like(folder: Path, *, seed: int = 0) -> Path:
    """Write a Gemma-3-shaped model: its windows of 32 tokens are full before a part ends."""
    return write_model(
        folder,
        _qwen_tokenizer(),
        template=QWEN3_TEMPLATE,
        end="<|im_end|>",
        config={
            "model_type": "gemma3_text",
            "head_dim": 8,
            "query_pre_attn_scalar": 8,
            "sliding_window": 32,
            "sliding_window_pattern": 2,
        },
        seed=seed,
    )


def convolution_like(folder: Path, *, seed: int = 0) -> Path:
    """Write an LFM2-shaped model: every other layer has a state that cannot be cut."""
    return write_model(
        folder,
        _qwen_tokenizer(),
        template=QWEN3_TEMPLATE,
        end="<|im_end|>",
        config={
            "model_type": "lfm2",
            "max_position_embeddings": 4096,
            "norm_eps": 1e-5,
            "conv_bias": False,
            "conv_L_cache": 3,
            "block_dim": 32,
            "block_multiple_of": 8,
            "block_ffn_dim_multiplier": 1.0,
            "block_auto_adjust_ff_dim": False,
            "layer_types": ["conv", "full_attention"],
        },
        seed=seed,
    )


def recurrent_like(folder: Path, *, seed: int = 0) -> Path:
    """Write a Qwen3.5-shaped model: linear attention with a running state."""
    return write_model(
        folder,
        _qwen_tokenizer(),
        template=QWEN3_TEMPLATE,
        end="<|im_end|>",
        config={
            "model_type": "qwen3_5",
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "linear_num_value_heads": 4,
            "linear_num_key_heads": 2,
            "linear_key_head_dim": 8,
            "linear_value_head_dim": 8,
            "full_attention_interval": 2,
            "max_position_embeddings": 4096,
        },
        seed=seed,
    )


def tools_like(folder: Path, *, seed: int = 0) -> Path:
    """Write a Qwen2.5-shaped model whose template shows tools and wants calls as JSON."""
    tokenizer = byte_level_tokenizer(8_000, nfc=True)
    tokenizer.add_special_tokens(QWEN3_TOKENS)
    tokenizer.add_tokens([*QWEN3_PLAIN_ADDED, *TOOLS_PLAIN_ADDED])
    return write_model(
        folder,
        tokenizer,
        template=TOOLS_TEMPLATE,
        end="<|im_end|>",
        config={"model_type": "qwen2", "max_position_embeddings": 2048},
        seed=seed,
    )
