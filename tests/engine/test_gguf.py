"""A GGUF file becomes a model folder that the engine reads and mlx-lm answers with."""

from __future__ import annotations

import json

from tokenizers import Tokenizer

from tests.chat_model import smollm2


def test_the_folder_says_what_the_file_said() -> None:
    """Sizes, quantisation and end token come from the metadata of the file."""
    config = json.loads((smollm2() / "config.json").read_text())
    assert config["num_hidden_layers"] == 30
    assert config["quantization"] == {
        "group_size": 32,
        "bits": 4,
        "model.embed_tokens": {"group_size": 32, "bits": 8},
    }
    assert config["eos_token_id"] == 2


def test_the_model_of_a_file_writes_sense() -> None:
    """With query and key in the wrong order, a model writes noise."""
    from mlx_lm import generate, load

    model, tokenizer = load(str(smollm2()))[:2]
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
    assert "Paris" in generate(model, tokenizer, prompt=prompt, max_tokens=12)


def test_figures_are_tokens_of_their_own() -> None:
    """The pre-tokenizer of the file splits every figure off, as training did."""
    tokenizer = Tokenizer.from_file(str(smollm2() / "tokenizer.json"))
    assert tokenizer.encode("in 1984").tokens == ["in", "Ġ", "1", "9", "8", "4"]
