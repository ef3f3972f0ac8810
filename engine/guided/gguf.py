"""GGUF file -> model folder as mlx-lm reads it. Llama models with a byte-level tokenizer.

MLX keeps the matrices of Q4_0, Q4_1 and Q8_0 files quantised as they are, in groups of 32; what it
does not know (Q6_K and others) it reads as float16. llama.cpp stores the rows of query and key in
another order than mlx-lm computes with; they are put back.

Run as `python -m engine.guided.gguf FILE FOLDER`: MLX stays out of the asking process.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.errors import ModelRefused

GROUP_SIZE: Final = 32
_CONTROL: Final = 3  # of `tokenizer.ggml.token_type`
#: Pre-tokenizers of llama.cpp that split every figure off and are GPT-2's otherwise.
_SPLIT_FIGURES: Final = ("smollm",)
_PLAIN: Final = ("gpt-2", "default")
_NAMES: Final = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def convert(source: Path, folder: Path) -> None:
    """Write the model of a GGUF file as a folder, in one move; raises `ModelRefused`."""
    import mlx.core as mx

    loaded: Any = mx.load(str(source), format="gguf", return_metadata=True)
    weights, facts = loaded
    facts = {name: _plain(value) for name, value in facts.items()}
    if facts.get("general.architecture") != "llama":
        raise ModelRefused(f"{source.name} is not a Llama model.")
    heads = {
        "attn_q": int(facts["llama.attention.head_count"]),
        "attn_k": int(facts["llama.attention.head_count_kv"]),
    }
    renamed = {}
    for name, value in weights.items():
        *layer, block, kind = name.split(".")
        prefix = f"model.layers.{layer[1]}." if layer else ""
        if block in heads:
            value = _put_back(value, heads[block])
        renamed[f"{prefix}{_NAMES[block]}.{kind}"] = value
    temporary = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    temporary.mkdir(parents=True)
    mx.save_safetensors(str(temporary / "model.safetensors"), renamed, {"format": "mlx"})
    _write(temporary / "config.json", _config(facts, renamed))
    _write(temporary / "tokenizer.json", _tokenizer(facts))
    _write(temporary / "tokenizer_config.json", _tokenizer_config(facts))
    (temporary / "README.md").write_text(_card(facts), encoding="utf-8")
    try:
        temporary.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(temporary)
        if not (folder / "config.json").exists():
            raise


def _plain(value: Any) -> Any:
    """Return a value of the metadata as Python has it; long lists stay lists."""
    return value.tolist() if hasattr(value, "tolist") else value


def _put_back(value: Any, heads: int) -> Any:
    """Return the rows of a head in two halves, where llama.cpp has them in pairs."""
    rows, *rest = value.shape
    pairs = value.reshape(heads, rows // heads // 2, 2, *rest)
    return pairs.swapaxes(1, 2).reshape(rows, *rest)


def _config(facts: Mapping[str, Any], weights: Mapping[str, Any]) -> dict[str, Any]:
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": facts["llama.embedding_length"],
        "num_hidden_layers": facts["llama.block_count"],
        "intermediate_size": facts["llama.feed_forward_length"],
        "num_attention_heads": facts["llama.attention.head_count"],
        "num_key_value_heads": facts["llama.attention.head_count_kv"],
        "rms_norm_eps": facts["llama.attention.layer_norm_rms_epsilon"],
        "vocab_size": facts["llama.vocab_size"],
        "max_position_embeddings": facts["llama.context_length"],
        "rope_theta": facts["llama.rope.freq_base"],
        "tie_word_embeddings": "lm_head.weight" not in weights,
        "bos_token_id": facts["tokenizer.ggml.bos_token_id"],
        "eos_token_id": facts["tokenizer.ggml.eos_token_id"],
    }
    packed = weights["model.layers.0.self_attn.q_proj.weight"]
    if "model.layers.0.self_attn.q_proj.scales" in weights:
        bits = 32 * packed.shape[1] // config["hidden_size"]
        config["quantization"] = {"group_size": GROUP_SIZE, "bits": bits, **_others(weights, bits)}
    return config


def _others(weights: Mapping[str, Any], bits: int) -> dict[str, dict[str, int]]:
    """Return the matrices that have other bits than most, as the table of pieces often has."""
    found = {}
    for name, scales in weights.items():
        stem = name.removesuffix(".scales")
        if stem == name:
            continue
        own = 32 * weights[f"{stem}.weight"].shape[1] // (scales.shape[1] * GROUP_SIZE)
        if own != bits:
            found[stem] = {"group_size": GROUP_SIZE, "bits": own}
    return found


def _tokenizer(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return `tokenizer.json`: GPT-2's bytes, the merges, and the control tokens."""
    kind = facts.get("tokenizer.ggml.pre", "default")
    if facts.get("tokenizer.ggml.model") != "gpt2" or kind not in (*_SPLIT_FIGURES, *_PLAIN):
        raise ModelRefused(f"A tokenizer of the kind {kind} is not read from a GGUF file.")
    tokens = facts["tokenizer.ggml.tokens"]
    types = facts["tokenizer.ggml.token_type"]
    by_byte = {
        "type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True
    }  # fmt: skip
    steps = [{"type": "Digits", "individual_digits": True}] if kind in _SPLIT_FIGURES else []
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": n, "content": token, "special": True, "normalized": False,
                "single_word": False, "lstrip": False, "rstrip": False,
            }
            for n, (token, type_) in enumerate(zip(tokens, types, strict=True))
            if type_ == _CONTROL
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*steps, by_byte]},
        "post_processor": None,
        "decoder": by_byte,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": {token: n for n, token in enumerate(tokens)},
            "merges": [merge.split(" ") for merge in facts["tokenizer.ggml.merges"]],
        },
    }  # fmt: skip


def _tokenizer_config(facts: Mapping[str, Any]) -> dict[str, Any]:
    tokens = facts["tokenizer.ggml.tokens"]
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": tokens[facts["tokenizer.ggml.bos_token_id"]],
        "eos_token": tokens[facts["tokenizer.ggml.eos_token_id"]],
        "model_max_length": facts["llama.context_length"],
        "clean_up_tokenization_spaces": False,
        "chat_template": facts.get("tokenizer.chat_template"),
    }


def _card(facts: Mapping[str, Any]) -> str:
    """Return a model card with the licence and the languages that the file names."""
    card = {
        "license": facts.get("general.license"),
        "language": facts.get("general.languages"),
    }
    named = [f"{key}: {json.dumps(value)}" for key, value in card.items() if value]
    return "\n".join(("---", *named, "---", "", "Made by llasa of a GGUF file.", ""))


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def main() -> int:
    """Convert a file; the last line on standard error says why it could not be done."""
    source = Path(sys.argv[1])
    try:
        convert(source, Path(sys.argv[2]))
    except ModelRefused as error:
        sys.stderr.write(f"{error}\n")
    except LookupError as error:
        sys.stderr.write(f"{source.name} is not a complete GGUF model: {error} is missing.\n")
    except OSError as error:
        sys.stderr.write(f"{source.name} cannot be converted: {error.strerror or error}.\n")
    else:
        return 0
    return 3


if __name__ == "__main__":
    sys.exit(main())
